"""Reviews made up on the spot for tests of labelled corpora, and what acquires and prepares them."""

import json
import random

from verso.corpora.acquire import acquire
from verso.corpora.labelled.prepare import prepare_labelled
from verso.files import read_json, read_json_lines

PARTS = ("train", "validation", "test")
NEAR = {"threshold": 0.7, "shingle_words": 3, "permutations": 64}
SPLIT = {"validation": 0.1, "test": 0.2, "seed": 42}


def review(number, words=20):
    """A text that shares hardly three words in a row with another."""
    chance = random.Random(number)
    return " ".join(f"w{chance.randrange(5000)}" for _ in range(words))


def reviews(counts):
    """Rows of {"text", "label"}: so many of each label, in turns."""
    rows = [{"text": review(f"{label}-{number}"), "label": label} for label, count in counts.items() for number in range(count)]
    random.Random(1).shuffle(rows)
    return rows


def given_rows_of(counts, **held_out):
    """The same in given parts: train, and of each part that is named so many."""
    rows, parts = reviews(counts), {}
    for part, count in held_out.items():
        parts[part], rows = rows[-count:], rows[:-count]
    return {"train": rows, **parts}


def lines(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


class Labelled:
    """A corpus in a folder: its source, and what comes of it."""

    def __init__(self, folder):
        self.folder = folder
        self.outputs = {part: folder / f"{part}.jsonl" for part in PARTS}
        self.outputs |= {name: folder / f"{name}.json" for name in ("statistics", "labels")}
        self.outputs["set_aside"] = folder / "set_aside_duplicates.jsonl"

    def acquired(self, path, labels=None, language=None, splits=None, form="auto", maximum=200_000, **fields):
        """The documents of a source, and what was set aside as (where, reason)."""
        source = {
            "type": "file",
            "kind": "labelled",
            "columns": ["text", "label"],
            "text_key": "text",
            "whole_files": False,
            "path": path if isinstance(path, dict) else str(path),
            "format": form,
            "fields": {"text": "text", "label": "label", "split": None} | fields,
            "maximum_characters": maximum,
            "labels": labels,
            "language": language,
            "splits": splits and dict.fromkeys(PARTS) | splits,
        }
        acquire(source, path, self.folder / "documents.jsonl", self.folder / "set_aside.jsonl")
        aside = [(row["where"], row["reason"]) for row in read_json_lines(self.folder / "set_aside.jsonl")]
        return list(read_json_lines(self.folder / "documents.jsonl")), aside

    def prepared(self, labels=None, ordered=None, near=NEAR, texts_per_label=None, set_aside_limit=None):
        """The parts of what was acquired, by name, and the statistics."""
        settings = {"split": SPLIT, "near_duplicates": near, "labels": labels, "ordered": ordered}
        settings |= {"texts_per_label": texts_per_label, "set_aside_limit": set_aside_limit}
        prepare_labelled(self.folder / "documents.jsonl", settings, self.folder / "set_aside.jsonl", self.outputs)
        return {part: list(read_json_lines(self.outputs[part])) for part in PARTS}, read_json(self.outputs["statistics"])

    def duplicates(self):
        return [(row["where"], row["reason"]) for row in read_json_lines(self.outputs["set_aside"])]

    def of(self, rows, **options):
        """Rows through both steps."""
        self.acquired(lines(self.folder / "rows.jsonl", rows))
        return self.prepared(**options)
