"""Labelled texts in their parts: given splits are kept, no text is on two sides, every class is in each."""

import collections
import csv
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from labelled_texts import PARTS, SPLIT, Labelled, given_rows_of, lines, review, reviews

from verso.corpora.sources.file.labelled import LabelledFile
from verso.errors import VersoError
from verso.files import read_json

GOOD, BAD = review("a good one"), review("a bad one")


@pytest.fixture
def corpus(tmp_path):
    return Labelled(tmp_path)


def table(path, rows, header=("text", "label"), delimiter=",", encoding="utf-8"):
    with path.open("w", encoding=encoding, newline="") as out:
        csv.writer(out, delimiter=delimiter).writerows([header, *rows])
    return path


# --- given splits ---


def given_rows():
    return given_rows_of({"1": 30, "2": 20}, validation=6, test=8)


def texts(rows):
    return {row["text"] for row in rows}


def written(tmp_path, way, rows):
    """The same given splits in each of the ways that a source may give them; the path and the options that go with it."""
    if way == "json":
        (tmp_path / "r.json").write_text(json.dumps(rows))
        return tmp_path / "r.json", {}
    if way == "column":
        flat = [{**row, "part": {"validation": "dev"}.get(part, part)} for part in rows for row in rows[part]]
        named = {"train": "train", "validation": "dev", "test": "test"}
        return lines(tmp_path / "r.jsonl", flat), {"split": "part", "splits": {p: named[p] for p in rows}}
    folder = tmp_path / "folder"
    folder.mkdir()
    for part, of_part in rows.items():
        if way == "files":
            table(folder / f"{part}.csv", [row.values() for row in of_part])
        else:
            for number, row in enumerate(of_part):
                (folder / part / row["label"]).mkdir(parents=True, exist_ok=True)
                (folder / part / row["label"] / f"{number}.txt").write_text(row["text"])
    return folder, {"splits": {part: f"{part}.csv" if way == "files" else part for part in rows}}


@pytest.mark.parametrize("way", ["json", "column", "files", "folders"])
def test_given_splits_are_kept(tmp_path, corpus, way):
    rows = given_rows()
    path, options = written(tmp_path, way, rows)
    _, aside = corpus.acquired(path, **options)
    parts, statistics = corpus.prepared()
    assert aside == []
    assert {part: texts(parts[part]) for part in PARTS} == {part: texts(rows[part]) for part in PARTS}
    assert statistics["given_splits"] == [*PARTS]
    assert corpus.duplicates() == []


@pytest.mark.parametrize("way", ["json", "column", "files", "folders"])
@pytest.mark.parametrize("missing", ["validation", "test"])
def test_a_part_that_is_not_given_is_taken_out_of_train(tmp_path, corpus, way, missing):
    rows = given_rows()
    rows["train"] += rows.pop(missing)
    path, options = written(tmp_path, way, rows)
    corpus.acquired(path, **options)
    parts, statistics = corpus.prepared()
    other = {"validation": "test", "test": "validation"}[missing]
    assert texts(parts[other]) == texts(rows[other])
    assert texts(parts["train"]) | texts(parts[missing]) == texts(rows["train"])
    assert len(parts[missing]) == round(SPLIT[missing] * len(rows["train"]))
    assert statistics["given_splits"] == ["train", other]


@pytest.mark.parametrize("way", ["json", "column"])
def test_a_given_split_that_is_missing_lists_those_found(tmp_path, corpus, way):
    rows = given_rows()
    path, options = written(tmp_path, way, rows)
    found = {"json": r"train \(36 rows\), validation \(6 rows\)", "column": r"train \(36 rows\), dev \(6 rows\)"}[way]
    with pytest.raises(VersoError, match=rf"no rows of a split 'eval' \(source.splits.validation\); found: {found}"):
        corpus.acquired(path, **options | {"splits": {"train": "train", "validation": "eval", "test": "test"}})
    assert not (tmp_path / "documents.jsonl").exists()


def test_a_file_of_a_split_that_is_missing_lists_what_lies_there(tmp_path, corpus):
    folder, _ = written(tmp_path, "files", given_rows())
    with pytest.raises(
        VersoError, match=r"holds no dev.csv \(source.splits.test\); it holds: test.csv, train.csv, validation.csv"
    ):
        corpus.acquired(folder, splits={"train": "train.csv", "test": "dev.csv"})


def test_a_json_object_without_train_lists_its_keys(tmp_path, corpus):
    (tmp_path / "r.json").write_text(json.dumps({"version": "1.0", "entrenamiento": [{"text": GOOD, "label": 1}], "test": []}))
    with pytest.raises(VersoError, match=r"no rows of a split 'train'.*version \(0 rows\), entrenamiento \(1 rows\), test"):
        corpus.acquired(tmp_path / "r.json")
    documents, _ = corpus.acquired(tmp_path / "r.json", splits={"train": "entrenamiento"})
    assert [(row["text"], row["split"]) for row in documents] == [(GOOD, "train")]


def test_splits_that_nothing_tells_apart_say_what_is_needed(tmp_path, corpus):
    path = lines(tmp_path / "r.jsonl", [{"text": GOOD, "label": 1}])
    with pytest.raises(VersoError, match=r"source.fields.split\), a folder with a file of each part, or as `path` the file"):
        corpus.acquired(path, splits={"train": "train", "test": "test"})


def test_a_row_of_a_split_that_nobody_wants_is_set_aside(tmp_path, corpus):
    rows = [{"text": GOOD, "label": 1, "part": "train"}, {"text": BAD, "label": 1, "part": "extra"}, {"text": BAD, "label": 1}]
    _, aside = corpus.acquired(lines(tmp_path / "r.jsonl", rows), split="part")
    assert [reason for _, reason in aside] == ["of a split that is not taken: extra", "no part"]


@pytest.mark.parametrize("written", [0, 0.0, "0", "0.0", " 0 "])
@pytest.mark.parametrize("named", [0, 0.0, "0", "0.0"])
def test_a_split_is_the_same_number_however_file_and_config_write_it(tmp_path, corpus, written, named):
    splits = LabelledFile.model_validate({"path": "r.jsonl", "splits": {"train": named, "test": "1"}}).splits.model_dump()
    rows = [{"text": GOOD, "label": 1, "fold": written}, {"text": BAD, "label": 1, "fold": 1}]
    documents, _ = corpus.acquired(lines(tmp_path / "r.jsonl", rows), split="fold", splits=splits)
    assert [row["split"] for row in documents] == ["train", "test"]


@pytest.mark.parametrize(("column", "said"), [("split", True), ("Split", True), ("part", False)])
def test_a_column_called_split_that_the_config_does_not_name_is_named(tmp_path, corpus, caplog, column, said):
    rows = [{**row, column: part} for part, of_part in given_rows().items() for row in of_part]
    corpus.acquired(lines(tmp_path / "r.jsonl", rows))
    assert (f"fields: {{split: {column}}}" in caplog.text) is said


def test_a_column_called_split_that_is_read_is_not_named(tmp_path, corpus, caplog):
    rows = [{**row, "split": part} for part, of_part in given_rows().items() for row in of_part]
    corpus.acquired(lines(tmp_path / "r.jsonl", rows), split="split")
    assert "is not read" not in caplog.text


def test_an_object_of_splits_is_as_strict_as_a_list(tmp_path, corpus):
    (tmp_path / "r.json").write_text(
        json.dumps({"train": [5, ["x"], {"text": GOOD, "label": 1, "more": [{"a": [1]}]}, {"text": "", "label": 1}]})
    )
    documents, aside = corpus.acquired(tmp_path / "r.json")
    assert [row["text"] for row in documents] == [GOOD]
    assert aside == [
        ("r.json train item 1", "not a JSON object"),
        ("r.json train item 2", "not a JSON object"),
        ("r.json train item 4", "no text"),
    ]
    (tmp_path / "r.json").write_text('{"train": [\n{"text" "x"}]}')
    with pytest.raises(VersoError, match="broken JSON at line 2"):
        corpus.acquired(tmp_path / "r.json")


# --- duplicates ---


def test_a_test_row_that_is_also_in_train_leaves_train(tmp_path, corpus):
    rows = given_rows()
    in_both, in_validation = rows["test"][0], rows["validation"][0]
    rows["train"] += [in_both, {**in_validation, "label": "1" if in_validation["label"] == "2" else "2"}]
    rows["validation"] += [rows["test"][1]]
    (tmp_path / "r.json").write_text(json.dumps(rows))
    corpus.acquired(tmp_path / "r.json")
    parts, statistics = corpus.prepared()
    expected = given_rows()
    assert {part: texts(parts[part]) for part in PARTS} == {part: texts(expected[part]) for part in PARTS}
    assert statistics["exact_duplicates"] == 3
    assert statistics["exact_duplicates_of_another_label"] == 1
    assert all(reason.startswith("same text as ") for _, reason in corpus.duplicates())


def test_a_near_duplicate_of_a_test_row_leaves_train_and_the_test_stays_as_given(tmp_path, corpus):
    rows = given_rows()
    expected = texts(rows["test"]) | {rows["test"][0]["text"] + " again"}
    rows["train"] += [{**rows["test"][0], "text": rows["test"][0]["text"] + " indeed"}]
    rows["test"] += [{**rows["test"][0], "text": rows["test"][0]["text"] + " again"}]
    (tmp_path / "r.json").write_text(json.dumps(rows))
    corpus.acquired(tmp_path / "r.json")
    parts, statistics = corpus.prepared()
    assert texts(parts["test"]) == expected
    assert len(parts["train"]) == 36
    assert statistics["near_duplicates_of_held_out"] == 1
    (duplicate,) = corpus.duplicates()
    assert duplicate[1].startswith("near-duplicate of the held-out ")
    assert statistics["near_duplicates"]["documents"] == 2


def test_near_duplicates_are_on_one_side_and_exact_ones_are_there_once(corpus):
    rows = reviews({"1": 60, "2": 40})
    near = [{**row, "text": row["text"] + " indeed"} for row in rows[:30]]
    parts, statistics = corpus.of([*rows, *near, *rows[:10]])
    side = {row["text"]: part for part in PARTS for row in parts[part]}
    assert all(side[row["text"]] == side[row["text"] + " indeed"] for row in rows[:30])
    assert len(side) == sum(map(len, parts.values())) == 130
    assert statistics["exact_duplicates"] == 10


@given(
    st.lists(st.tuples(st.integers(0, 12), st.sampled_from("ab"), st.sampled_from(PARTS)), min_size=1, max_size=40),
    st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_no_text_and_no_near_duplicate_is_ever_on_two_sides(tmp_path_factory, drawn, kept):
    """Whatever is given: copies, near copies, contradicting labels, in any parts."""
    corpus = Labelled(tmp_path_factory.mktemp("any"))
    rows = {part: reviews({"a": 4, "b": 4}) for part in PARTS}
    for part in PARTS:
        rows[part] = [{**row, "text": f"{part} {row['text']}"} for row in rows[part]]  # near-duplicates in all three
    for number, label, part in drawn:
        rows[part].append({"text": review(number // 2) + (" indeed" if number % 2 else ""), "label": label})
    rows["train"] += reviews({"a": 9, "b": 9})[-10:]
    source = rows if kept else {"train": [row for part in PARTS for row in rows[part]]}
    (corpus.folder / "r.json").write_text(json.dumps(source))
    corpus.acquired(corpus.folder / "r.json")
    try:
        parts, _ = corpus.prepared()
    except VersoError:  # too little is left of a part or a class; other tests say when
        assert not any(path.exists() for path in corpus.outputs.values() if path != corpus.outputs["set_aside"])
        return
    clusters, seen = collections.defaultdict(set), collections.Counter()
    for part in PARTS:
        for row in parts[part]:
            clusters[row["cluster"]].add(part)
            seen[row["text"]] += 1
    assert all(len(sides) == 1 for sides in clusters.values())
    assert set(seen.values()) == {1}


# --- classes ---


def test_every_class_has_its_share_of_every_part(corpus):
    parts, statistics = corpus.of(reviews({"1": 160, "2": 180, "3": 200, "4": 220, "5": 240}))
    found = {part: collections.Counter(row["group"] for row in parts[part]) for part in PARTS}
    assert found["test"] == {"1": 32, "2": 36, "3": 40, "4": 44, "5": 48}
    assert {part: len(rows) for part, rows in parts.items()} == {"train": 720, "validation": 80, "test": 200}
    assert read_json(corpus.outputs["labels"]) == {"names": ["1", "2", "3", "4", "5"], "ordered": True}
    assert statistics["labels_not_in_every_part"] == []


def test_a_rare_class_is_in_every_part_though_its_share_is_none(corpus):
    parts, _ = corpus.of(reviews({"common": 200, "rare": 3, "seldom": 4}))
    assert all({row["group"] for row in parts[part]} == {"common", "rare", "seldom"} for part in PARTS)


def test_the_split_does_not_depend_on_the_order_of_the_rows(tmp_path, corpus):
    rows = reviews({"1": 40, "2": 40})
    one, other = (corpus.of(order)[0] for order in (rows, rows[::-1]))
    assert {part: texts(one[part]) for part in PARTS} == {part: texts(other[part]) for part in PARTS}


def test_a_balanced_subset_is_drawn_by_the_seed_whatever_the_order_of_the_rows(corpus):
    rows = reviews({"1": 40, "2": 100, "3": 400})
    one, statistics = corpus.of(rows, texts_per_label=50)
    other, _ = corpus.of(rows[::-1], texts_per_label=50)
    assert {part: texts(one[part]) for part in PARTS} == {part: texts(other[part]) for part in PARTS}
    assert {name: found["documents"] for name, found in statistics["total"]["groups"].items()} == {"1": 40, "2": 50, "3": 50}
    assert statistics["over_texts_per_label"] == 400
    places = [number for number, row in enumerate(row for row in rows if row["label"] == "3") if row["text"] in drawn(one)]
    assert max(places) > 300, "the first rows of the file were taken"


def drawn(parts):
    return set().union(*map(texts, parts.values()))


def test_of_given_splits_train_alone_is_made_smaller(tmp_path, corpus):
    rows = given_rows()
    (tmp_path / "r.json").write_text(json.dumps(rows))
    corpus.acquired(tmp_path / "r.json")
    parts, statistics = corpus.prepared(texts_per_label=5)
    assert collections.Counter(row["group"] for row in parts["train"]) == {"1": 5, "2": 5}
    assert (texts(parts["test"]), texts(parts["validation"])) == (texts(rows["test"]), texts(rows["validation"]))
    assert statistics["over_texts_per_label"] == 26


def test_one_class_only_is_nothing_to_learn(corpus):
    with pytest.raises(VersoError, match="all 20 texts have one label, 5: there is nothing to distinguish"):
        corpus.of(reviews({"5": 20}))
    assert not corpus.outputs["train"].exists()


def test_a_class_with_fewer_rows_than_parts_is_named_with_what_to_do(corpus):
    rows = reviews({"1": 20, "2": 20, "3": 2, "4": 1})
    with pytest.raises(VersoError, match=r"2 of 4 labels have fewer than 3 texts that differ.*'3' \(2\), '4' \(1\).*`labels`"):
        corpus.of(rows)
    corpus.acquired(corpus.folder / "rows.jsonl", labels={"1": "1", "2": "2"})
    parts, statistics = corpus.prepared(labels={"1": "1", "2": "2"})
    assert sum(map(len, parts.values())) == 40
    assert statistics["set_aside"] == {"label is none of the corpus's labels": 3}


def test_a_class_of_copies_is_smaller_than_it_looks(corpus):
    near = [{"text": review("one") + f" {number}", "label": "2"} for number in range(8)]
    with pytest.raises(VersoError, match=r"'2' \(8\)") as caught:
        corpus.of([*reviews({"1": 30}), *near])
    assert "fewer than 3 texts that are no near-duplicates of each other" in str(caught.value)
    with pytest.raises(VersoError, match="fewer than 3 texts that differ"):
        corpus.of([*reviews({"1": 30}), *[{"text": GOOD, "label": "2"}] * 8])


def test_a_column_of_free_text_is_not_taken_for_labels(corpus):
    rows = [{**row, "label": f"name {number}"} for number, row in enumerate(reviews({"1": 50}))]
    with pytest.raises(VersoError, match=r"50 of 50 labels .* and 40 more.*is source.fields.label the right column"):
        corpus.of(rows)


def test_a_label_that_never_occurs_is_said(corpus):
    with pytest.raises(VersoError, match="no text is labelled 3, which `labels` names; found: 1, 2"):
        corpus.of(reviews({"1": 10, "2": 10}), labels={"1": "1", "2": "2", "3": "3"})


def test_a_class_that_train_never_shows_is_refused_and_one_that_test_lacks_is_reported(tmp_path, corpus):
    rows = given_rows()
    rows["test"] += reviews({"3": 5})
    (tmp_path / "r.json").write_text(json.dumps(rows))
    corpus.acquired(tmp_path / "r.json")
    with pytest.raises(VersoError, match="train holds no text labelled 3, so no model could ever name it"):
        corpus.prepared()
    rows = given_rows()
    rows["train"] += reviews({"3": 5})
    (tmp_path / "r.json").write_text(json.dumps(rows))
    corpus.acquired(tmp_path / "r.json")
    assert corpus.prepared()[1]["labels_not_in_every_part"] == ["3"]


def test_the_order_of_the_classes_is_the_configs(corpus):
    rows = reviews({"1": 12, "2": 12, "3": 12})
    mapping = {"3": "good", "2": "bad", "1": "bad"}
    corpus.acquired(lines(corpus.folder / "rows.jsonl", rows), labels=mapping)
    corpus.prepared(labels=mapping)
    assert read_json(corpus.outputs["labels"]) == {"names": ["good", "bad"], "ordered": False}
    corpus.prepared(labels=mapping, ordered=True)
    assert read_json(corpus.outputs["labels"])["ordered"] is True


# --- statistics and rows ---


def test_rows_have_the_label_as_their_group_and_lengths_are_those_of_the_vocabularys_tokens(corpus):
    rows = [*reviews({"1": 20, "2": 20}), {"text": "¡Muy, MUY bueno! x2 ... 👍", "label": "2"}]
    parts, statistics = corpus.of(rows)
    row = next(row for part in parts.values() for row in part if "MUY" in row["text"])
    assert (row["group"], row["metadata"]) == ("2", {"label": "2"})
    assert sorted(row) == ["cluster", "group", "id", "metadata", "text"]
    total = statistics["total"]
    assert total["tokens_per_document"] == {"min": 4, "mean": 19.61, "median": 20.0, "p95": 20.0, "p99": 20.0, "max": 20}
    assert total["tokens"] == 40 * 20 + 4
    assert total["groups"]["2"]["tokens_per_document"]["min"] == 4
    assert total["groups"]["1"]["tokens_per_document"]["min"] == 20
    for part in PARTS:
        found = statistics["parts"][part]
        assert found["tokens"] == sum(group["tokens"] for group in found["groups"].values())
        assert found["documents"] == len(parts[part])
