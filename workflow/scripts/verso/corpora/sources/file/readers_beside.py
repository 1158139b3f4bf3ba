"""Texts in one file and their labels in another, line beside line."""

from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import BinaryIO, NamedTuple

from verso.corpora.sources.file.opened import Account, Reading, opened
from verso.corpora.sources.file.readers import Row
from verso.errors import VersoError


class Beside(NamedTuple):
    """The files of texts and of labels: line n of one belongs to line n of the other."""

    texts: Path
    labels: Path

    def __str__(self) -> str:
        return f"{self.texts} beside {self.labels}"


def read_beside(files: Beside, reading: Reading, text: str, label: str) -> Iterator[Row]:
    """A row for each line, empty ones too. Raises VersoError when one file is missing, or has more lines than the other."""
    for path in files:
        if not path.is_file():
            raise VersoError(f"{path}: no such file; give the corpus's source.path")
    with opened(files.texts, reading) as (texts, of_texts), opened(files.labels, reading) as (labels, of_labels):
        pairs = zip_longest(_lines(texts, of_texts, reading.limit), _lines(labels, of_labels, reading.limit))
        for number, (first, second) in enumerate(pairs, start=1):
            if first is not None and second is not None:
                yield Row(f"{files.texts.name} line {number}", {text: first, label: second})
        if of_texts.lines != of_labels.lines:
            raise VersoError(
                f"{files.texts} has {of_texts.lines:,} lines and {files.labels} {of_labels.lines:,}: each text needs a label in "
                "the line of the same number"
            )


def _lines(stream: BinaryIO, account: Account, limit: int) -> Iterator[str]:
    """The lines of a stream without their ends; of a longer one than `limit` bytes the beginning, which is too long as well."""
    assert account.lines is not None
    while line := stream.readline(limit + 1):
        rest = line
        while not rest.endswith(b"\n") and (rest := stream.readline(limit + 1)):
            pass
        account.lines += 1
        account.rows += 1
        yield line.decode("utf-8", errors="verso.bad_bytes").rstrip("\r\n")
