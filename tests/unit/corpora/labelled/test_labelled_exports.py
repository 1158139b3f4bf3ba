"""Exports of labelled texts: the report's files, read back as its scripts would read them."""

import csv
import json
import uuid

import pytest
from labelled_texts import PARTS, Labelled, reviews

from verso.corpora.labelled.exports import export_labelled
from verso.files import read_json
from verso.text.vocabulary import build


def exports_in(folder):
    """The files to write, by name."""
    files = {"everything": "r.json", "vocabulary": "r_vocab.json", "statistics": "r_stats.json"}
    return {name: folder / file for name, file in files.items()} | {f"{part}_csv": folder / f"r_{part}.csv" for part in PARTS}


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    corpus = Labelled(tmp_path_factory.mktemp("corpus"))
    rows = [*reviews({"1": 40, "2": 60, "10": 30}), {"text": 'two lines, "quoted"\nañadido 👍', "label": "10"}]
    parts, statistics = corpus.of(rows)
    folder = corpus.folder
    build(corpus.outputs["train"], "token", 2, folder / "vocab_token.json")
    export_labelled(corpus.outputs | {"vocabulary": folder / "vocab_token.json"}, exports_in(folder))
    return parts, statistics, folder


def test_the_json_holds_every_text_with_its_class_from_0_and_a_uuid(exported):
    parts, _, folder = exported
    everything = json.loads((folder / "r.json").read_text())
    assert list(everything) == [*PARTS]
    classes = {"1": 0, "2": 1, "10": 2}
    for part in PARTS:
        assert [(row["text"], row["label"]) for row in everything[part]] == [
            (row["text"], classes[row["group"]]) for row in parts[part]
        ]
        assert all(list(row) == ["text", "label", "uuid"] for row in everything[part])
    uuids = [row["uuid"] for part in PARTS for row in everything[part]]
    assert len(set(map(uuid.UUID, uuids))) == len(uuids) == 131


@pytest.mark.parametrize("part", PARTS)
def test_the_csv_files_hold_the_same_as_the_json(exported, part):
    _, _, folder = exported
    with (folder / f"r_{part}.csv").open(encoding="utf-8", newline="") as stream:
        rows = [{**row, "label": int(row["label"])} for row in csv.DictReader(stream)]
    assert rows == json.loads((folder / "r.json").read_text())[part]


def test_the_vocabulary_maps_tokens_to_ids(exported):
    _, _, folder = exported
    vocabulary = read_json(folder / "r_vocab.json")
    assert (vocabulary["<PAD>"], vocabulary["<UNK>"]) == (0, 1)
    assert list(vocabulary) == read_json(folder / "vocab_token.json")["tokens"]
    assert list(vocabulary.values()) == list(range(len(vocabulary)))


def test_the_statistics_say_lengths_and_classes(exported):
    parts, statistics, folder = exported
    stats = read_json(folder / "r_stats.json")
    assert stats["labels"] == ["1", "2", "10"]
    assert stats["texts"] == {part: len(parts[part]) for part in PARTS}
    assert [sum(of_class) for of_class in zip(*stats["texts_by_label"].values(), strict=True)] == [40, 60, 31]
    assert set(stats["lengths_in_tokens"]["all"]) == {"min", "max", "mean", "median", "p95", "p99"}
    assert stats["lengths_in_tokens"]["train"] == statistics["parts"]["train"]["tokens_per_document"]


def test_the_same_texts_have_the_same_uuids_in_another_export(exported, tmp_path):
    _, _, folder = exported
    corpus = Labelled(tmp_path)
    corpus.of([json.loads(line) for line in (folder / "rows.jsonl").read_text().splitlines()][::-1])
    export_labelled(corpus.outputs | {"vocabulary": folder / "vocab_token.json"}, exports_in(tmp_path))
    uuids = [{row["uuid"] for row in json.loads((own / "r.json").read_text())["test"]} for own in (folder, tmp_path)]
    assert uuids[0] == uuids[1]
