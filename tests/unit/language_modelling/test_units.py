"""What is expected of a unit before its vocabulary is built: requests of memory and time follow from it."""

from pathlib import Path

import pytest
from pydantic import BaseModel

from verso.contract import CorpusSize
from verso.files import read_json, read_json_lines, write_json_lines
from verso.language_modelling.units import UnitKind, VocabularySize, tokens_and_vocabulary, unit_of, vocabulary_file
from verso.text.vocabulary import build

SONGS = Path(__file__).parents[3] / "resources" / "demo" / "songs.jsonl"


class Entry(BaseModel):
    unit: UnitKind
    vocabulary: VocabularySize = None


@pytest.mark.parametrize(
    ("entry", "unit"),
    [
        (Entry(unit="char"), "char"),
        (Entry(unit="word"), "word"),
        (Entry(unit="word", vocabulary=5000), "word-5000"),
        (Entry(unit="bpe", vocabulary=300), "bpe-300"),
    ],
)
def test_a_unit_is_called_as_its_file(entry, unit):
    assert (unit_of(entry), vocabulary_file(entry)) == (unit, f"vocab_{unit}.json")


def test_tokens_and_vocabulary_are_near_those_of_the_vocabulary_that_is_built(tmp_path):
    texts = [row["lyrics"] for row in read_json_lines(SONGS)]
    write_json_lines(tmp_path / "train.jsonl", ({"text": text} for text in texts))
    words = sum(len(text.split()) + text.count("\n") for text in texts)
    size = CorpusSize(sum(map(len, texts)), words, 99, 2000, len(texts))
    assert tokens_and_vocabulary(Entry(unit="char"), size) == (size.characters, 99)
    assert tokens_and_vocabulary(Entry(unit="word"), size) == (size.words, 2000)
    for entry in (Entry(unit="word", vocabulary=90), *(Entry(unit="bpe", vocabulary=n) for n in (256, 300, 1000))):
        build(tmp_path / "train.jsonl", unit_of(entry), 2, tmp_path / "vocabulary.json")
        built = read_json(tmp_path / "vocabulary.json")
        tokens, vocabulary = tokens_and_vocabulary(entry, size)
        assert vocabulary == len(built["tokens"])
        assert tokens == pytest.approx(built["training_tokens"], rel=0.2)
