"""Exports of a labelled corpus: the files that the report's own scripts read."""

import csv
import json
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from verso.files import atomic_text, read_json, read_json_lines, write_json
from verso.jobs.logs import progress

COLUMNS = ("text", "label", "uuid")
# Of the uuids: made of a document's id, so that the same text has the same one in every export
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "verso:labelled")


def export_labelled(
    train: str | Path,
    validation: str | Path,
    test: str | Path,
    statistics: str | Path,
    labels: str | Path,
    vocabulary: str | Path,
    everything: str | Path,
    train_csv: str | Path,
    validation_csv: str | Path,
    test_csv: str | Path,
    vocabulary_export: str | Path,
    statistics_export: str | Path,
) -> None:
    """Write `everything`, {"train", "validation", "test"} of {"text", "label", "uuid"}, the same as a CSV file a part, the
    vocabulary as {token: id}, and the lengths. label: the class, from 0. Streams, a text at a time.
    """
    names = read_json(labels)["names"]
    parts = {"train": (train, train_csv), "validation": (validation, validation_csv), "test": (test, test_csv)}
    with atomic_text(everything) as whole:
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
    tokens = read_json(vocabulary)["tokens"]
    write_json(vocabulary_export, {token: number for number, token in enumerate(tokens)})
    counted = read_json(statistics)
    write_json(
        statistics_export,
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
