"""Labels with too few texts are set aside and counted; texts of one group stay in one part."""

import collections
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from labelled_texts import NEAR, PARTS, SPLIT, Labelled, lines, review, reviews

from verso.config.load import load
from verso.corpora.labelled.groups import joined
from verso.corpora.labelled.kind import KIND
from verso.corpora.labelled.prepare import prepare_labelled
from verso.errors import VersoError
from verso.files import read_json, read_json_lines

PLAIN = {"split": SPLIT, "near_duplicates": NEAR, "labels": None, "ordered": None, "texts_per_label": None}


@pytest.fixture
def corpus(tmp_path):
    return Labelled(tmp_path)


def prepared(corpus, rows=None, **settings):
    if rows is not None:
        corpus.acquired(lines(corpus.folder / "rows.jsonl", rows))
    given_settings = {**PLAIN, "set_aside_limit": None, **settings}
    prepare_labelled(corpus.folder / "documents.jsonl", given_settings, corpus.folder / "set_aside.jsonl", corpus.outputs)
    return {part: list(read_json_lines(corpus.outputs[part])) for part in PARTS}, read_json(corpus.outputs["statistics"])


def test_labels_with_fewer_texts_are_set_aside_counted_by_label_and_listed(corpus):
    rows = reviews({"a": 40, "b": 30, "c": 29, "d": 2})
    parts, statistics = prepared(corpus, rows, minimum_texts_per_label=30)
    assert collections.Counter(row["group"] for part in PARTS for row in parts[part]) == {"a": 40, "b": 30}
    assert read_json(corpus.outputs["labels"])["names"] == ["a", "b"]
    assert statistics["texts_by_label_before"] == {"a": 40, "b": 30, "c": 29, "d": 2}
    assert statistics["labels_set_aside"] == {"c": 29, "d": 2}
    assert {name: found["documents"] for name, found in statistics["total"]["groups"].items()} == {"a": 40, "b": 30}
    losses = statistics["losses"]
    assert losses["unwanted_by_reason"] == {"its label has fewer than 30 texts": {"c": 29, "d": 2}}
    assert (losses["rows"], losses["lost"], set(losses["groups"])) == (70, 0, {"a", "b"})
    aside = [row["reason"] for row in read_json_lines(corpus.outputs["set_aside"])]
    assert collections.Counter(aside) == {"its label has fewer than 30 texts: c": 29, "its label has fewer than 30 texts: d": 2}


def test_doubles_count_as_the_report_counts_rows(corpus):
    rows = [*reviews({"a": 30, "b": 29}), {"text": review("b-0"), "label": "b"}]
    parts, statistics = prepared(corpus, rows, minimum_texts_per_label=30)
    assert (statistics["labels_set_aside"], statistics["exact_duplicates"]) == ({}, 1)
    assert sum(map(len, parts.values())) == 59


def test_the_other_labels_are_split_as_if_the_few_had_never_been_there(tmp_path):
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
    rows = reviews({"a": 40, "b": 30, "c": 10})
    one, _ = prepared(Labelled(tmp_path / "one"), rows, minimum_texts_per_label=20)
    other, statistics = prepared(Labelled(tmp_path / "other"), [row for row in rows if row["label"] != "c"])
    assert one == other
    assert "labels_set_aside" not in statistics


def test_fewer_than_two_labels_are_no_corpus(corpus):
    with pytest.raises(VersoError, match=r"minimum_texts_per_label: 35 leaves 1 of 3 labels.*second most frequent has 30 texts"):
        prepared(corpus, reviews({"a": 40, "b": 30, "c": 10}), minimum_texts_per_label=35)


def test_a_loss_of_a_label_that_is_set_aside_stops_nothing(corpus):
    rows = [*reviews({"a": 60, "b": 60, "c": 5}), *({"text": "", "label": "c"} for _ in range(20))]
    corpus.acquired(lines(corpus.folder / "rows.jsonl", rows))
    with pytest.raises(VersoError, match="20 of 140 rows set aside"):
        prepared(corpus, minimum_texts_per_label=20)  # rows that could not be read are lost, whatever their label
    parts, _ = prepared(corpus, minimum_texts_per_label=20, set_aside_limit=0.2)
    assert sum(map(len, parts.values())) == 120


def test_an_entry_without_the_keys_is_prepared_and_read_as_before():
    def settings_of(**keys):
        source = {"path": "r.csv"} | ({"fields": keys.pop("fields")} if "fields" in keys else {})
        raw = {"corpora": {"r": {"kind": "labelled", "source": source, **keys}}, "models": {"m": {"family": "majority"}}}
        entry = load({**raw, "experiments": {"e": {"corpus": "r", "models": ["m"]}}}, "x").corpora["r"]
        return KIND.preparation(entry), KIND.reading(entry), entry.source.model_dump()["fields"]

    preparation, reading, fields = settings_of()
    assert set(preparation) == {"split", "near_duplicates", "set_aside_limit", "texts_per_label", "labels", "ordered"}
    assert (set(reading), set(fields)) == ({"labels", "language"}, {"text", "label", "split"})
    preparation, reading, fields = settings_of(minimum_texts_per_label=9, fields={"group": "author"})
    assert (preparation["minimum_texts_per_label"], preparation["grouped"], reading["origin"]) == (9, True, ["group"])
    assert fields["group"] == "author"


# --- groups ---


def of_authors(authors=30, each=4):
    """Texts of two labels, so many of each author, who writes of one of them for the most part."""
    return [
        {"text": review(f"{author} {number}"), "label": "ab"[(author + (number == 0)) % 2], "author": author}
        for author in range(authors)
        for number in range(each)
    ]


def acquired(corpus, rows, group="author"):
    path = lines(corpus.folder / "rows.jsonl", rows)
    source = {
        "type": "file", "kind": "labelled", "columns": ["text", "label"], "text_key": "text",
        "whole_files": False, "format": "auto",
        "fields": {"text": "text", "label": "label", "split": None, "group": group}, "maximum_characters": 9999, "labels": None,
        "language": None, "splits": None, "origin": ["group"],
    }  # fmt: skip
    from verso.corpora.acquire import acquire

    acquire(source, str(path), corpus.folder / "documents.jsonl", corpus.folder / "set_aside.jsonl")
    return corpus


def test_texts_of_one_group_stay_in_one_part_and_labels_keep_their_shares(corpus):
    parts, statistics = prepared(acquired(corpus, of_authors()), grouped=True)
    authors = {part: {row["metadata"]["group"] for row in parts[part]} for part in PARTS}
    assert all(authors.values())
    assert sum(map(len, authors.values())) == len(set.union(*authors.values())) == 30
    assert statistics["groups_kept_together"] == 30
    assert statistics["near_duplicates"]["clusters"] == 0, "texts of one author are no near-duplicates"
    assert 20 <= len(parts["test"]) <= 28
    assert {row["group"] for row in parts["test"]} == {"a", "b"}


def test_texts_without_a_group_are_on_their_own_and_no_group_at_all_is_a_fault(corpus):
    rows = of_authors()
    for row in rows[:10]:
        del row["author"]
    _, statistics = prepared(acquired(corpus, rows), grouped=True)
    assert statistics["groups_kept_together"] == 10 + 28  # two of the authors are among the ten, one half
    with pytest.raises(VersoError, match="no row has a group"):
        prepared(acquired(corpus, of_authors(), group="writer"), grouped=True)


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=20))
def test_what_a_cluster_or_a_group_joins_stays_together(pairs):
    def first_of(values):
        return np.array([list(values).index(value) for value in values], dtype=np.int32)

    clusters, groups = (first_of(values) for values in zip(*pairs, strict=True))
    found = joined(clusters, groups)
    expected = list(range(len(pairs)))  # by hand: merge until nothing changes
    for _ in pairs:
        for one, (cluster, group) in enumerate(pairs):
            for other, (c, g) in enumerate(pairs):
                if cluster == c or group == g:
                    expected[one] = expected[other] = min(expected[one], expected[other])
    assert found.tolist() == expected


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ({"path": "r.csv", "fields": {"group": "author", "split": "part"}}, "keeps texts together where Verso draws the parts"),
        ({"path": {"train": "a.csv", "test": "b.csv"}, "fields": {"group": "author"}}, "path names files of parts"),
        ({"type": "hub", "repository": "a/b", "revision": "main", "fields": {"group": "author"}}, "say `join`"),
        ({"type": "hub", "repository": "a/b", "revision": "main", "join": ["x", "x"]}, "join names a split twice: x, x"),
        (
            {"type": "hub", "repository": "a/b", "revision": "main", "join": ["x"], "splits": {"train": "x"}},
            "join reads splits as one, and splits keeps them",
        ),
    ],
)
def test_groups_and_given_parts_exclude_each_other(source, what):
    raw = {"corpora": {"r": {"kind": "labelled", "source": source}}, "models": {"m": {"family": "majority"}}}
    with pytest.raises(VersoError) as caught:
        load({**raw, "experiments": {"e": {"corpus": "r", "models": ["m"]}}}, "x")
    assert what in str(caught.value)


def test_groups_of_the_documents_are_in_their_metadata(corpus):
    acquired(corpus, of_authors(3, 2))
    rows = [json.loads(line) for line in (corpus.folder / "documents.jsonl").read_text().splitlines()]
    assert [row["metadata"]["group"] for row in rows] == ["0", "0", "1", "1", "2", "2"]
