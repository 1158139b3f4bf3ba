"""Exports of a labelled corpus: the files that the original report's scripts read."""

import csv
import json
import uuid
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path

from verso.files import atomic_text, read_json, read_json_lines, write_json
from verso.jobs.logs import progress

COLUMNS = ("text", "label", "uuid")
# Of the uuids: made of a document's id, so that the same text has the same one in every export
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "verso:labelled")


def export_labelled(prepared: Mapping[str, str | Path], exports: Mapping[str, str | Path]) -> None:
    """Write all texts as one JSON file and as a CSV file a part, the vocabulary, and the lengths.

    prepared: the corpus's train, validation, test, statistics, labels and vocabulary (of tokens). exports: the files to write:
    everything ({"train", "validation", "test"} of {"text", "label", "uuid"}; label: the class, from 0), train_csv,
    validation_csv, test_csv (the same), vocabulary ({token: id}) and statistics. Streams, a text at a time.
    """
    names = read_json(prepared["labels"])["names"]
    parts = {part: (prepared[part], exports[f"{part}_csv"]) for part in ("train", "validation", "test")}
    with atomic_text(exports["everything"]) as whole:
        whole.write("{")
        for number, (part, (documents, table)) in enumerate(parts.items()):
            whole.write(("" if number == 0 else ",") + f'\n"{part}": [')
            with ExitStack() as stack:
                writer = csv.DictWriter(stack.enter_context(atomic_text(table)), COLUMNS, lineterminator="\n")
                writer.writeheader()
                before = "\n"
                for row in progress(_records(documents, names), f"export {part}", unit="texts"):
                    writer.writerow(row)
                    whole.write(before + json.dumps(row, ensure_ascii=False))
                    before = ",\n"
            whole.write("\n]")
        whole.write("\n}\n")
    tokens = read_json(prepared["vocabulary"])["tokens"]
    write_json(exports["vocabulary"], {token: number for number, token in enumerate(tokens)})
    counted = read_json(prepared["statistics"])
    write_json(
        exports["statistics"],
        {
            "labels": names,
            "vocabulary_size": len(tokens),
            "texts": {part: counted["parts"][part]["documents"] for part in parts},
            "texts_by_label": {
                part: [counted["parts"][part]["groups"].get(name, {"documents": 0})["documents"] for name in names]
                for part in parts
            },
            "lengths_in_tokens": {
                **{part: counted["parts"][part]["tokens_per_document"] for part in parts},
                "all": counted["total"]["tokens_per_document"],
            },
            "split": counted["settings"]["split"],
        },
    )


def _records(documents: str | Path, names: list[str]) -> Iterator[dict[str, str | int]]:
    classes = {name: number for number, name in enumerate(names)}
    for row in read_json_lines(documents):
        yield {"text": row["text"], "label": classes[row["group"]], "uuid": str(uuid.uuid5(NAMESPACE, row["id"]))}
