"""Texts that the user wrote become documents, and a label that there is not is refused before anything is told."""

import pytest

from verso.corpora.labelled.own_texts import write
from verso.errors import VersoError
from verso.files import read_json_lines, write_json


@pytest.fixture
def labels(tmp_path):
    write_json(tmp_path / "labels.json", {"names": ["1", "2"], "ordered": True})
    return tmp_path / "labels.json"


def test_they_are_documents_like_those_of_the_test_numbered_from_1(tmp_path, labels):
    write("reviews", [{"text": "Fine.", "label": 2}, {"text": "Cold.", "label": "1"}], labels, tmp_path / "probes.jsonl")
    assert list(read_json_lines(tmp_path / "probes.jsonl")) == [
        {"id": "1", "text": "Fine.", "group": "2", "metadata": {}},
        {"id": "2", "text": "Cold.", "group": "1", "metadata": {}},
    ]


def test_every_label_that_there_is_not_is_listed_and_nothing_is_written(tmp_path, labels):
    probes = [{"text": "Fine.", "label": 3}, {"text": "Cold.", "label": 1}, {"text": "So so.", "label": "two"}]
    with pytest.raises(VersoError) as error:
        write("reviews", probes, labels, tmp_path / "probes.jsonl")
    assert 'corpora.reviews.own_texts[0].label  "3" is none of 1, 2' in str(error.value)
    assert 'corpora.reviews.own_texts[2].label  "two" is none of 1, 2' in str(error.value)
    assert not (tmp_path / "probes.jsonl").exists()
