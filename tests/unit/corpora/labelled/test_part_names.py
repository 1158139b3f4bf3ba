"""Parts by the names that people use: recognised wherever a source says them, and what is no part is named, never lost."""

import csv
import json
import re
from collections import Counter

import pytest
from labelled_texts import PARTS, Labelled, given_rows_of, lines, review
from pydantic import ValidationError

from verso.corpora.sources.file.labelled import LabelledFile
from verso.corpora.sources.file.part_names import is_ignored
from verso.errors import VersoError

LABELS = {"neg": 30, "pos": 30}


@pytest.fixture
def corpus(tmp_path):
    return Labelled(tmp_path)


def table(path, rows):
    with path.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows([("text", "label"), *(row.values() for row in rows)])
    return path


def folder_of_texts(folder, rows):
    for number, row in enumerate(rows):
        (folder / row["label"]).mkdir(parents=True, exist_ok=True)
        (folder / row["label"] / f"{number}.txt").write_text(row["text"], encoding="utf-8")


def written(folder, way, rows):
    """Rows by the source's own name of each part, in one of the ways in which a source gives them; the path and its options."""
    place = folder / "source"
    place.mkdir()
    if way == "json":
        (place / "r.json").write_text(json.dumps(rows))
        return place / "r.json", {}
    if way == "column":
        return lines(place / "r.jsonl", [{**row, "part": name} for name in rows for row in rows[name]]), {"split": "part"}
    for name, of_part in rows.items():
        if way == "files":
            table(place / f"{name}.csv", of_part)
        elif way == "folders":
            folder_of_texts(place / name, of_part)
    return place, {}


WAYS = ["json", "column", "files", "folders"]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("held_out", ["validation", "val", "valid", "dev", "eval", "Dev"])
def test_a_validation_part_is_known_by_the_names_that_people_use(tmp_path, corpus, way, held_out):
    rows = given_rows_of(LABELS, validation=8, test=10)
    path, options = written(tmp_path, way, {"Train": rows["train"], held_out: rows["validation"], "TEST": rows["test"]})
    documents, aside = corpus.acquired(path, **options)
    assert aside == []
    assert Counter(row["split"] for row in documents) == {"train": 42, "validation": 8, "test": 10}
    parts, _ = corpus.prepared()
    assert {part: {row["text"] for row in parts[part]} for part in PARTS} == {
        part: {row["text"] for row in rows[part]} for part in PARTS
    }


@pytest.mark.parametrize("by_path", [False, True])
def test_a_test_without_labels_stops_with_what_to_write(tmp_path, corpus, by_path):
    rows = given_rows_of(LABELS, test=10, validation=8)
    train = table(tmp_path / "train.csv", rows["train"] + rows["validation"])
    test = tmp_path / "test.csv"
    test.write_text("id,text\n" + "".join(f"{number},{row['text']}\n" for number, row in enumerate(rows["test"])))
    path = {"train": str(train), "test": str(test)} if by_path else tmp_path
    with pytest.raises(VersoError, match=r"test\.csv: no column label; its header has id, text") as caught:
        corpus.acquired(path)
    assert f"If the test has no labels, leave it out: source.path: {{train: {train}}}" in str(caught.value)
    corpus.acquired({"train": str(train)})


@pytest.mark.parametrize("way", ["json", "column", "folders"])
def test_rows_under_another_name_are_set_aside_and_told(tmp_path, corpus, caplog, way):
    rows = given_rows_of(LABELS, test=10, validation=8)
    path, options = written(tmp_path, way, {"train": rows["train"], "test": rows["test"], "unsup": rows["validation"]})
    documents, aside = corpus.acquired(path, **options)
    assert Counter(row["split"] for row in documents) == {"train": 42, "test": 10}
    assert Counter(reason for _, reason in aside) == {"of a split that is not taken: unsup": 8}
    assert re.search(r"8 other rows not taken:\n  8 .*of a split that is not taken: unsup", caplog.text)
    corpus.prepared()  # what nobody wants is no loss


def test_other_files_beside_those_of_parts_are_named(tmp_path, corpus, caplog):
    rows = given_rows_of(LABELS, test=10)
    path, _ = written(tmp_path, "files", {**rows, "sample_submission": rows["test"]})
    documents, _ = corpus.acquired(path)
    assert len(documents) == 60
    assert "not read, for they are no parts: sample_submission.csv" in caplog.text


@pytest.mark.parametrize("way", WAYS)
def test_two_names_of_one_part_are_not_guessed_between(tmp_path, corpus, way):
    rows = given_rows_of(LABELS, validation=8, test=10)
    path, options = written(tmp_path, way, {"train": rows["train"], "dev": rows["validation"], "val": rows["test"]})
    with pytest.raises(VersoError, match=r"both 'dev' and 'val' would be the validation part. Name those that there are under"):
        corpus.acquired(path, **options)


def test_a_folder_of_files_that_are_called_like_no_part_lists_them(tmp_path, corpus):
    path, _ = written(tmp_path, "files", {"reviews_a": [], "reviews_b": []})
    with pytest.raises(
        VersoError, match=r"no .txt file, but reviews_a.csv, reviews_b.csv: name one, or that of each part, as source.path"
    ):
        corpus.acquired(path)


def test_two_files_of_one_name_are_not_guessed_between(tmp_path, corpus):
    rows = given_rows_of(LABELS, test=10)
    path, _ = written(tmp_path, "files", rows)
    lines(path / "train.jsonl", rows["test"])
    with pytest.raises(
        VersoError, match=r"train.csv and train.jsonl would both be the train part. Name those that there are under"
    ):
        corpus.acquired(path)


# --- a path for each part ---


def test_each_part_may_have_a_path_of_its_own(tmp_path, corpus):
    rows = given_rows_of(LABELS, validation=8, test=10)
    folder_of_texts(tmp_path / "held out", rows["validation"])
    paths = {"train": table(tmp_path / "a.csv", rows["train"]), "test": lines(tmp_path / "b.jsonl", rows["test"])}
    documents, aside = corpus.acquired(paths | {"validation": tmp_path / "held out"})
    assert aside == []
    assert Counter(row["split"] for row in documents) == {"train": 42, "validation": 8, "test": 10}
    assert {row["text"] for row in documents if row["split"] == "test"} == {row["text"] for row in rows["test"]}


def test_a_path_for_each_part_goes_by_the_usual_names():
    source = LabelledFile.model_validate({"path": {"test": "c.csv", "Dev": "b.csv", "train": "a.csv"}})
    assert source.path == {"train": "a.csv", "validation": "b.csv", "test": "c.csv"}
    assert source.paths() == ["a.csv", "b.csv", "c.csv"]


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ({"path": {"train": "a.csv", "extra": "b.csv"}}, "extra is no part; known: train, validation, val"),
        ({"path": {"dev": "a.csv", "test": "b.csv"}}, "must name train"),
        ({"path": {"train": "a.csv", "dev": "b.csv", "val": "c.csv"}}, "validation and test once at most"),
        ({"path": {"train": "a.csv", "test": "a.csv"}}, "two parts are one file"),
        ({"path": {"train": "a.csv", "test": "b.pages"}}, "path ends in .pages"),
        ({"path": {"train": "a.csv", "test": "b.csv"}, "fields": {"split": "part"}}, "leave out splits and fields.split"),
        ({"path": {"train": {"text": "a.txt"}, "test": "b.csv"}}, "train: must be a path, or text and label"),
    ],
)
def test_paths_that_are_wrong_are_named(source, message):
    with pytest.raises(ValidationError, match=re.escape(message)):
        LabelledFile.model_validate(source)


# --- texts in one file, labels in another ---


def beside(folder, name, rows, end="\n"):
    paths = {"text": folder / f"{name}_text.txt", "label": folder / f"{name}_labels.txt"}
    for key, path in paths.items():
        path.write_text("".join(f"{row[key]}{end}" for row in rows), encoding="utf-8", newline="")
    return {key: str(path) for key, path in paths.items()}


def test_a_file_of_labels_beside_a_file_of_texts_is_read_line_by_line(tmp_path, corpus):
    rows = given_rows_of(LABELS, test=10)
    paths = {"train": beside(tmp_path, "train", rows["train"], end="\r\n"), "test": beside(tmp_path, "test", rows["test"])}
    source = LabelledFile.model_validate({"path": paths})
    assert source.paths() == [*paths["train"].values(), *paths["test"].values()]
    documents, aside = corpus.acquired(source.path)
    assert aside == []
    assert Counter(row["split"] for row in documents) == {"train": 50, "test": 10}
    expected = [(row["text"], row["label"]) for part in ("train", "test") for row in rows[part]]
    assert [(row["text"], row["metadata"]["label"]) for row in documents] == expected
    alone, _ = corpus.acquired(paths["train"])
    assert [row["text"] for row in alone] == [row["text"] for row in rows["train"]]


def test_lines_without_a_partner_stop_and_empty_ones_are_set_aside(tmp_path, corpus):
    rows = [{"text": review("a"), "label": 1}, {"text": "", "label": 1}, {"text": review("b"), "label": ""}]
    _, aside = corpus.acquired(beside(tmp_path, "x", rows))
    assert aside == [("x_text.txt line 2", "no text"), ("x_text.txt line 3", "no label")]
    paths = beside(tmp_path, "x", rows)
    (tmp_path / "x_labels.txt").write_text("1\n1\n")
    with pytest.raises(VersoError, match=r"x_text.txt has 3 lines and .*x_labels.txt 2: each text needs a label"):
        corpus.acquired(paths)


# --- parts of which nothing is left ---


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("named", [False, True])
def test_a_given_part_of_which_nothing_is_left_stops(tmp_path, corpus, way, named):
    rows = given_rows_of(LABELS, test=10)
    rows["test"] = [{**row, "text": " "} for row in rows["test"]]
    path, options = written(tmp_path, way, rows)
    if named:
        options["splits"] = {part: f"{part}.csv" if way == "files" else part for part in ("train", "test")}
    with pytest.raises(
        VersoError, match=r"nothing is left of the given test \(10 set aside: no text\). Mend its rows, or leave it out"
    ):
        corpus.acquired(path, **options)
    assert not (tmp_path / "documents.jsonl").exists()


def test_a_test_whose_labels_are_secret_stops_until_it_is_left_out(tmp_path, corpus):
    rows = given_rows_of(LABELS, test=10)
    rows["test"] = [{**row, "label": None} for row in rows["test"]]
    path, options = written(tmp_path, "column", rows)
    with pytest.raises(VersoError, match=r"nothing is left of the given test \(10 set aside: no label\)"):
        corpus.acquired(path, **options)
    documents, aside = corpus.acquired(path, **options, splits={"train": "train"})
    assert (len(documents), {reason for _, reason in aside}) == (50, {"of a split that is not taken: test"})


# --- folders ---


@pytest.mark.parametrize("name", [".ipynb_checkpoints", "._pos", "__MACOSX", "~$neg", ".git"])
def test_what_a_system_or_an_editor_left_is_no_label(tmp_path, corpus, name):
    folder_of_texts(tmp_path / "s", given_rows_of(LABELS)["train"])
    folder_of_texts(tmp_path / "s" / name, [{"label": "pos", "text": review("hidden")}])
    (tmp_path / "s" / name / "x.txt").write_text(review("hidden, too"))
    for hidden in (".x.txt", "._0.txt", "~$0.txt"):
        (tmp_path / "s" / "pos" / hidden).write_text(review(hidden))
    documents, aside = corpus.acquired(tmp_path / "s")
    assert (Counter(row["metadata"]["label"] for row in documents), aside) == ({"neg": 30, "pos": 30}, [])


def test_only_such_names_are_passed_over():
    assert not any(map(is_ignored, ["pos", "_pos", "~", "a.b", "__init__", "Thumbs"]))
    assert all(map(is_ignored, [".DS_Store", "Thumbs.db", "desktop.ini"]))


def test_folders_train_and_test_that_hold_no_labels_are_refused_unless_they_are_the_labels(tmp_path, corpus):
    for name in ("train", "test", "bus"):
        folder_of_texts(tmp_path / "s", [{"label": name, "text": review(f"{name} {number}")} for number in range(9)])
    with pytest.raises(VersoError, match=r"test and train are names of parts|train and test are names of parts"):
        corpus.acquired(tmp_path / "s")
    documents, _ = corpus.acquired(tmp_path / "s", labels={name: name for name in ("train", "test", "bus")})
    assert len(documents) == 27


def test_texts_two_folders_deep_under_other_names_are_refused_with_the_right_config(tmp_path, corpus):
    rows = given_rows_of(LABELS, test=10)
    folder_of_texts(tmp_path / "s" / "entrenamiento", rows["train"])
    folder_of_texts(tmp_path / "s" / "prueba", rows["test"])
    with pytest.raises(VersoError, match=r"two folders deep: entrenamiento, prueba hold the same folders \(neg, pos\). Name"):
        corpus.acquired(tmp_path / "s")
    documents, _ = corpus.acquired(tmp_path / "s", splits={"train": "entrenamiento", "test": "prueba"})
    assert Counter(row["split"] for row in documents) == {"train": 50, "test": 10}


def test_a_label_called_train_among_others_is_a_label(tmp_path, corpus):
    for name in ("train", "bus"):
        folder_of_texts(tmp_path / "s", [{"label": name, "text": review(f"{name} {number}")} for number in range(9)])
    documents, _ = corpus.acquired(tmp_path / "s")
    assert Counter(row["metadata"]["label"] for row in documents) == {"train": 9, "bus": 9}
