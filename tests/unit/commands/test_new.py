"""A config for a file that nobody has described: of the right kind, sound, commented, and never over a file that is there."""

import csv
import json
import random

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pdf_files import pdf

from verso.commands.new import main
from verso.config.load import load
from verso.registry import FAMILIES
from verso.text.names import plain_name


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write_csv(path, header, rows):
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([header, *rows])


def review(number):
    """A text that shares hardly three words in a row with another."""
    chance = random.Random(number)
    return " ".join(f"w{chance.randrange(5000)}" for _ in range(20)) + " and so on"


def reviews(labels, each=6):
    return [[review(number), labels[number % len(labels)]] for number in range(each * len(labels))]


def config_of(path):
    """What was written, read and checked as a run does."""
    raw = yaml.safe_load(path.read_text(encoding="utf-8"))
    load(raw, str(path))
    return raw


def corpus_of(path):
    (corpus,) = config_of(path)["corpora"].values()
    return corpus


def test_labelled_texts_are_known_by_their_columns_and_all_small_classifiers_begin(here):
    write_csv(here / "Mi lista.csv", ["Fecha", "Reseña", "Polaridad"], [["2020", *row] for row in reviews(["buena", "mala"])])
    assert main(["--data", "Mi lista.csv"]) == 0
    assert corpus_of(here / "mi-lista.yaml") == {
        "kind": "labelled",
        "source": {"path": "Mi lista.csv", "fields": {"text": "Reseña", "label": "Polaridad"}},
    }
    config = config_of(here / "mi-lista.yaml")
    starters = {starter.name for family in FAMILIES if "labelled" in family.kinds for starter in family.starters}
    assert set(config["models"]) == set(config["experiments"]["first"]["models"]) == starters
    assert "majority" in starters
    text = (here / "mi-lista.yaml").read_text(encoding="utf-8")
    assert "# labels: buena (6), mala (6)" in text
    assert "12 rows; columns: Fecha, Reseña, Polaridad" in text


def test_songs_are_known_by_their_columns(here):
    songs = [{"Artist": f"Band {n % 2}", "Song": f"Song {n}", "lyrics": review(n)} for n in range(8)]
    (here / "songs.json").write_text(json.dumps(songs))
    assert main(["--data", "songs.json", "--name", "mine"]) == 0
    assert corpus_of(here / "mine.yaml") == {
        "kind": "songs",
        "source": {"path": "songs.json", "fields": {"artist": "Artist", "title": "Song"}},
    }
    assert "# artists: Band 0 (4), Band 1 (4)" in (here / "mine.yaml").read_text()


def test_one_long_text_is_a_manual_whose_samples_begin_with_a_line(here):
    (here / "book.txt").write_text("It was a dark night.\n" * 50)
    assert main(["--data", "book.txt"]) == 0
    assert corpus_of(here / "book.yaml")["kind"] == "manual"
    assert corpus_of(here / "book.yaml")["sampling"]["prompts"] == ["\n"]


def test_a_pdf_and_a_folder_of_documents_are_manuals(here):
    (here / "guide.pdf").write_bytes(pdf([f"Line {number} of a guide to the shell" for number in range(40)]))
    (here / "docs").mkdir()
    for number in range(9):
        (here / "docs" / f"{number}.md").write_text(f"# Part {number}\n\n{prose(number)}")
    for data, remark in (("guide.pdf", "# one text of 1,"), ("docs", "# 9 documents of ")):
        assert main(["--data", data]) == 0
        written = (here / f"{data.removesuffix('.pdf')}.yaml").read_text()
        assert yaml.safe_load(written)["corpora"][data.removesuffix(".pdf")]["kind"] == "manual"
        assert remark in written


def prose(number, words=120):
    chance = random.Random(number)
    return " ".join(f"w{chance.randrange(5000)}" for _ in range(words)) + "."


def test_articles_are_known_by_titles_and_long_texts_and_keep_their_origin(here):
    rows = [[f"T{n}", "Foz", prose(n), f"https://x.example/{n}", str(n), "CC BY-SA 4.0"] for n in range(12)]
    write_csv(here / "wiki.csv", ["Title", "Editor", "texto", "URL", "revid", "License"], rows)
    assert main(["--data", "wiki.csv"]) == 0
    fields = {"text": "texto", "title": "Title", "url": "URL", "revision": "revid", "licence": "License"}
    assert corpus_of(here / "wiki.yaml") == {"kind": "articles", "source": {"path": "wiki.csv", "fields": fields}}
    assert "# 12 articles of " in (here / "wiki.yaml").read_text()


def test_chapters_of_an_author_are_articles_and_songs_of_one_are_not(here):
    chapters = [{"title": f"T{n}", "author": "Foz", "text": prose(n, 1500)} for n in range(9)]
    (here / "chapters.json").write_text(json.dumps(chapters))
    assert main(["--data", "chapters.json"]) == 0
    assert corpus_of(here / "chapters.yaml")["kind"] == "articles"
    (here / "songs.json").write_text(json.dumps([{**row, "text": row["text"][:1500]} for row in chapters]))
    assert main(["--data", "songs.json"]) == 0
    assert corpus_of(here / "songs.yaml")["kind"] == "songs"


@pytest.mark.parametrize("more", [{"stars": "5"}, {"sentiment": "pos"}])
def test_long_reviews_with_titles_are_labelled(here, more):
    (label,) = more
    rows = [{"title": f"T{n}", "text": prose(n), label: ["1", more[label]][n % 2]} for n in range(12)]
    (here / "a.json").write_text(json.dumps(rows))
    assert main(["--data", "a.json"]) == 0
    assert corpus_of(here / "a.yaml")["kind"] == "labelled"


def test_a_folder_of_texts_without_subfolders_is_of_articles(here):
    (here / "texts").mkdir()
    for number in range(4):
        (here / "texts" / f"{number}.txt").write_text(prose(number))
    assert main(["--data", "texts"]) == 0
    assert corpus_of(here / "texts.yaml") == {"kind": "articles", "source": {"path": "texts"}}


@pytest.mark.parametrize(
    ("kind", "names"), [("songs", ["Ada Lovelace", "The Tide"]), ("labelled", ["pos", "neg"]), ("labelled", ["1", "5"])]
)
def test_a_folder_of_texts_is_of_labels_where_its_subfolders_are_called_like_labels_else_of_songs(here, kind, names):
    for name in names:
        (here / "texts" / name).mkdir(parents=True)
        for number in range(4):
            (here / "texts" / name / f"{number}.txt").write_text(review(f"{name} {number}"))
    assert main(["--data", "texts"]) == 0
    assert corpus_of(here / "texts.yaml") == {"kind": kind, "source": {"path": "texts"}}
    assert main(["--data", "texts", "--kind", "labelled", "--name", "other"]) == 0
    assert corpus_of(here / "other.yaml")["kind"] == "labelled"


def test_columns_that_are_called_like_nothing_are_known_by_what_they_hold(here):
    rows = [[str(number), random.Random(number).choice("ABC"), review(number)] for number in range(60)]
    write_csv(here / "a.csv", ["q1", "q2", "q3"], rows)
    assert main(["--data", "a.csv"]) == 0
    assert corpus_of(here / "a.yaml")["source"]["fields"] == {"text": "q3", "label": "q2"}


def test_a_label_of_too_few_texts_is_left_out_and_said_so(here):
    write_csv(here / "a.csv", ["text", "label"], [*reviews(["1", "2"]), ["An odd one, quite alone here.", "7"]])
    assert main(["--data", "a.csv"]) == 0
    assert corpus_of(here / "a.yaml")["labels"] == [1, 2]
    assert "left out, for they have fewer than 3 texts: 7 (1)" in (here / "a.yaml").read_text()


def test_parts_that_a_column_names_are_kept(here):
    rows = [[*row, part] for row, part in zip(reviews(["a", "b"], 12), ["train"] * 16 + ["dev"] * 4 + ["test"] * 4, strict=True)]
    write_csv(here / "a.csv", ["text", "label", "split"], rows)
    assert main(["--data", "a.csv"]) == 0
    assert corpus_of(here / "a.yaml")["source"] == {"path": "a.csv", "fields": {"split": "split"}}


def test_parts_that_a_folder_or_the_keys_of_json_give_are_kept(here):
    (here / "tables").mkdir()
    write_csv(here / "tables/train.csv", ["text", "stars"], reviews(["1", "2"]))
    write_csv(here / "tables/test.csv", ["text", "stars"], [[review(f"test {n}"), str(1 + n % 2)] for n in range(6)])
    assert main(["--data", "tables"]) == 0
    assert corpus_of(here / "tables.yaml")["source"] == {"path": "tables", "fields": {"label": "stars"}}
    assert "parts that the source gives: train (12), test (6)" in (here / "tables.yaml").read_text()
    for part in ("train", "test"):
        for label in ("pos", "neg"):
            (here / "texts" / part / label).mkdir(parents=True)
            for number in range(3):
                (here / "texts" / part / label / f"{number}.txt").write_text(review(f"{part} {label} {number}"))
    assert main(["--data", "texts"]) == 0
    assert corpus_of(here / "texts.yaml") == {"kind": "labelled", "source": {"path": "texts"}}
    rows = [{"text": text, "label": label} for text, label in reviews(["a", "b"], 10)]
    (here / "given.json").write_text(json.dumps({"train": rows[:12], "dev": rows[12:16], "test": rows[16:]}))
    assert main(["--data", "given.json"]) == 0
    assert "parts that the source gives: train (12), validation (4), test (4)" in (here / "given.yaml").read_text()


def test_data_that_a_run_would_stop_on_is_named_at_once_and_the_config_is_there_to_be_changed(here, capsys):
    write_csv(here / "a.csv", ["text", "label"], [*reviews(["x", "y"], 30), *[[review(f"NA {n}"), "NA"] for n in range(9)]])
    assert main(["--data", "a.csv"]) == 1
    assert "set_aside_limit" in capsys.readouterr().err
    assert corpus_of(here / "a.yaml")["kind"] == "labelled"
    write_csv(here / "b.csv", ["text", "label", "label"], [[*row, row[1]] for row in reviews(["x", "y"])])
    assert main(["--data", "b.csv"]) == 1
    assert "columns 2 and 3 are all called label" in capsys.readouterr().err


def test_nothing_is_ever_overwritten_and_no_study_shares_its_results_with_another(here, capsys):
    write_csv(here / "a.csv", ["text", "label"], reviews(["x", "y"]))
    (here / "a.yaml").write_text("mine")
    (here / "results-b").mkdir()
    assert main(["--data", "a.csv"]) == 1
    assert "a.yaml is there already" in capsys.readouterr().err
    assert (here / "a.yaml").read_text() == "mine"
    assert main(["--data", "a.csv", "--name", "b"]) == 0
    assert config_of(here / "b.yaml")["results"] == "results-b-2"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.csv", "x,y\n1,2\n3,4\n", "2 rows, columns: x, y. What a corpus wants:"),
        ("a.csv", "", "the file is empty"),
        ("a.csv", "text,label\n", "no row that can be read"),
        ("a.csv", "text,label\nonly one label here,a\nand the same again,a\n", "labelled  a column of texts and one of labels"),
        ("a.docx", "x", "docx"),
        ("b.csv", None, "no such file or folder"),
    ],
)
def test_a_file_that_makes_no_corpus_is_refused_with_what_it_has_and_nothing_is_written(here, capsys, name, content, said):
    if content is not None:
        (here / name).write_text(content)
    assert main(["--data", name]) == 1
    assert said in capsys.readouterr().err
    assert list(here.glob("*.yaml")) == []


def test_a_kind_that_there_is_not_is_refused_with_those_that_there_are(here, capsys):
    write_csv(here / "a.csv", ["text", "label"], reviews(["x", "y"]))
    assert main(["--data", "a.csv", "--kind", "labeled"]) == 1
    assert 'did you mean "labelled"' in capsys.readouterr().err
    assert main(["--data", "a.csv", "--kind", "songs"]) == 1
    assert "songs     columns of artist, title and lyrics" in capsys.readouterr().err


NAMES = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cf", "Cs", "Z"]), min_size=1, max_size=8)


@given(
    st.lists(NAMES, min_size=2, max_size=2, unique_by=lambda name: name.casefold()),
    st.lists(NAMES, min_size=2, max_size=4, unique=True),
)
@example(["0", "\uf900"], ["0", "00"])  # a sign that NFC writes as another: names are compared in NFC
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_whatever_columns_and_labels_are_called_the_config_is_sound_or_refused_in_words(here, columns, labels):
    for path in here.glob("a.*"):
        path.unlink()
    write_csv(here / "a.csv", columns, reviews(labels))
    if main(["--data", "a.csv"]) == 0:
        source = corpus_of(here / "a.yaml")["source"]
        assert {source.get("fields", {}).get(key, key) for key in ("text", "label")} <= set(map(plain_name, columns))


@pytest.mark.parametrize("labels", [["0", "4"], ["good", "bad"]])
def test_a_table_without_a_header_loses_no_row(here, labels, capsys):
    """Its first review became the names of its columns, in silence."""
    rows = [[label, text] for text, label in reviews(labels)]
    write_csv(here / "bare.csv", rows[0], rows[1:])
    assert main(["--data", "bare.csv"]) == 0
    source = corpus_of(here / "bare.yaml")["source"]
    assert (source["header"], source["fields"]) == ("none", {"text": "column2", "label": "column1"})
    assert "12 rows" in (said := capsys.readouterr().out)
    assert "the first row is taken for data" in said


def test_a_header_whose_name_comes_again_below_is_a_header(here):
    write_csv(here / "named.csv", ["spam", "text"], [[["spam", "ham"][n % 2], review(n)] for n in range(12)])
    assert main(["--data", "named.csv"]) == 0
    assert "header" not in (here / "named.yaml").read_text(encoding="utf-8")


def test_commands_that_are_shown_can_be_typed_as_they_stand(here, capsys):
    write_csv(here / "a.csv", ["text", "label"], reviews(["a", "b"]))
    assert main(["--data", "a.csv", "--name", "my own"]) == 0
    assert "make check CONFIG='my own.yaml'" in capsys.readouterr().out


def test_a_home_that_the_shell_left_as_it_is_is_found(here, monkeypatch):
    monkeypatch.setenv("HOME", str(here))
    write_csv(here / "a.csv", ["text", "label"], reviews(["a", "b"]))
    assert main(["--data", "~/a.csv"]) == 0
    assert corpus_of(here / "a.yaml")["source"]["path"] == str(here / "a.csv")
