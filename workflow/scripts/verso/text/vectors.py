"""Reads pretrained word vectors in the text format of word2vec and fastText.

[count dimensions]                      the first line; GloVe has none
word number number ...                  one line per word; a word may contain blanks, so numbers are read from the right
"""

import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from verso.errors import VersoError
from verso.jobs.logs import progress

Vectors = dict[int, NDArray[np.float32]]


def read_vectors(path: str | Path, ids: Mapping[str, int], size: int) -> Vectors:
    """Read the vectors (size,) of the file's words that are in `ids`, by id; the first vector of a repeated word.

    Streams: only vectors of known words are kept. Raises VersoError when the vectors have another size, a number is invalid,
    or no word is known.
    """
    found: Vectors = {}
    with Path(path).open(encoding="utf-8", errors="replace", newline="\n") as stream:
        for number, line in enumerate(progress(stream, "Pretrained vectors", unit="word"), start=1):
            fields = line.rstrip(" \r\n").split(" ")
            if number == 1 and len(fields) == 2 and all(field.isdecimal() for field in fields):
                _must_be_of_size(path, 1, int(fields[1]), size)
                continue
            if not 1 <= len(fields) - size <= MOST_PARTS:
                _must_be_of_size(path, number, len(fields) - 1, size)
            id_ = ids.get(" ".join(fields[:-size]))
            if id_ is not None and id_ not in found:
                found[id_] = _numbers(path, number, fields[-size:])
    if not found:
        raise VersoError(f"{path}: not one of its words is among the {len(ids)} of the corpus; another language, or cased?")
    return found


MOST_PARTS = 4  # for words with blanks ("san antonio"); a line with more numbers than the model's vectors is an error


def _must_be_of_size(path: str | Path, line: int, size: int, wanted: int) -> None:
    if size != wanted:
        raise VersoError(f"{path}: line {line} gives {size} numbers a word; the model's `embedding` is {wanted}: make them equal")


def _numbers(path: str | Path, line: int, fields: list[str]) -> NDArray[np.float32]:
    try:
        vector = np.array(fields, dtype=np.float32)
    except ValueError as error:
        raise VersoError(f"{path}: line {line} holds what is no number ({error})") from error
    if not math.isfinite(float(np.abs(vector).sum())):
        raise VersoError(f"{path}: line {line} holds a number that is not finite")
    return vector
