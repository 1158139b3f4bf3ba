"""Labelled texts: what is wrong in a source is said or set aside, given splits are kept, and no text is on two sides."""

import csv
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from labelled_texts import Labelled, lines, review, reviews

from verso.corpora.preparing.clean import repair_encoding
from verso.errors import VersoError

GOOD, BAD = review("a good one"), review("a bad one")


@pytest.fixture
def corpus(tmp_path):
    return Labelled(tmp_path)


def table(path, rows, header=("text", "label"), delimiter=",", encoding="utf-8"):
    with path.open("w", encoding=encoding, newline="") as out:
        csv.writer(out, delimiter=delimiter).writerows([header, *rows])
    return path


# --- the source ---


def test_the_same_reviews_come_out_of_every_format(tmp_path, corpus):
    rows = [{"text": GOOD, "label": 5}, {"text": BAD, "label": 1}]
    (tmp_path / "r.json").write_text(json.dumps(rows))
    table(tmp_path / "r.csv", [row.values() for row in rows])
    for row in rows:
        (tmp_path / "folder" / str(row["label"])).mkdir(parents=True)
        (tmp_path / "folder" / str(row["label"]) / "x.txt").write_text(row["text"])
    expected, aside = corpus.acquired(lines(tmp_path / "r.jsonl", rows))
    assert [(row["text"], row["metadata"]) for row in expected] == [(GOOD, {"label": "5"}), (BAD, {"label": "1"})]
    assert aside == []
    for name in ("r.json", "r.csv"):
        assert corpus.acquired(tmp_path / name) == (expected, [])
    assert sorted(row["id"] for row in corpus.acquired(tmp_path / "folder")[0]) == sorted(row["id"] for row in expected)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (float("nan"), "no label"),
        ("", "no label"),
        (None, "no label"),
        ("6", "label is none of the corpus's labels"),
        (5.5, "label is none of the corpus's labels"),
        ("five", "label is none of the corpus's labels"),
        (["5"], "label is not text"),
    ],
)
def test_a_label_that_is_none_is_set_aside_with_its_reason(tmp_path, corpus, value, reason):
    rows = [{"text": GOOD, "label": "5"}, {"text": BAD, "label": value}, {"text": BAD, "label": "1"}]
    documents, aside = corpus.acquired(lines(tmp_path / "r.jsonl", rows), labels={"1": "1", "5": "5"})
    assert [row["metadata"]["label"] for row in documents] == ["5", "1"]
    assert aside == [("r.jsonl line 2", reason)]


def test_labels_that_no_row_has_are_reported_with_one_that_a_row_has(tmp_path, corpus):
    rows = lines(tmp_path / "r.jsonl", [{"text": GOOD, "label": "5"}, {"text": BAD, "label": "1"}])
    with pytest.raises(VersoError, match=r"2 set aside: label is none of the corpus's .*first: r.jsonl line 1, labelled \"5\""):
        corpus.acquired(rows, labels={"good": "good", "bad": "bad"})


def test_codes_that_yaml_read_as_numbers_are_named_in_words(tmp_path, corpus):
    path = lines(tmp_path / "r.jsonl", [{"text": review(number), "label": f"0{number % 2 + 1}"} for number in range(40)])
    with pytest.raises(VersoError, match="YAML reads 01 as a number: put such labels in quotes"):
        corpus.acquired(path, labels={"1": "1", "2": "2"})


@pytest.mark.parametrize("value", ["5 ", 5.0, 5, "5.0"])
def test_a_label_that_is_written_otherwise_is_the_same_label(tmp_path, corpus, value):
    rows = [{"text": GOOD, "label": "5"}, {"text": BAD, "label": value}]
    documents, aside = corpus.acquired(lines(tmp_path / "r.jsonl", rows), labels={"1": "1", "5": "5"})
    assert [row["metadata"]["label"] for row in documents] == ["5", "5"]
    assert aside == []


def test_labels_take_the_names_that_the_config_gives_them(tmp_path, corpus):
    rows = [{"text": GOOD, "label": True}, {"text": BAD, "label": False}]
    documents, _ = corpus.acquired(lines(tmp_path / "r.jsonl", rows), labels={"false": "negative", "true": "positive"})
    assert [row["metadata"]["label"] for row in documents] == ["positive", "negative"]
    assert documents[0]["id"].startswith("positive-")


@pytest.mark.parametrize("text", ["", "  \n", "\u200b", None, float("nan")])
def test_an_empty_text_is_set_aside(tmp_path, corpus, text):
    documents, aside = corpus.acquired(lines(tmp_path / "r.jsonl", [{"text": text, "label": 1}, {"text": GOOD, "label": 1}]))
    assert len(documents) == 1
    assert aside == [("r.jsonl line 1", "no text")]


@pytest.mark.parametrize("form", ["jsonl", "json", "csv"])
def test_a_missing_column_lists_the_columns_found(tmp_path, corpus, form):
    path = tmp_path / f"r.{form}"
    row = {"id": "1", "Review": GOOD, "Polarity": "5"}
    if form == "csv":
        table(path, [row.values()], row.keys())
    else:
        path.write_text(json.dumps([row] if form == "json" else row))
    with pytest.raises(VersoError, match="id, Review, Polarity") as caught:
        corpus.acquired(path, text="Review", label="stars")
    assert "stars" in str(caught.value)
    assert "source.fields" in str(caught.value)
    assert len(corpus.acquired(path, text="Review", label="Polarity")[0]) == 1


def test_rows_of_several_encodings_in_one_file_are_repaired_or_set_aside_and_none_is_spoilt(tmp_path, corpus):
    sound = "El café estaba riquísimo, volveré mañana"
    path = tmp_path / "r.csv"
    encoded = [sound.encode(), sound.encode("latin-1"), sound.encode().decode("latin-1").encode(), sound.encode("utf-16")]
    path.write_bytes(b"text,label\n" + b"".join(b'"%s",5\n' % data for data in encoded[:3]) + b"plain,4\n")
    documents, aside = corpus.acquired(path)
    assert [row["text"] for row in documents] == [sound, sound, "plain"]
    assert aside == [("r.csv line 3, byte 8 is 0xE9 (é in Windows-1252)", "not UTF-8")]


def test_a_review_of_100000_characters_is_read_whole(tmp_path, corpus):
    long = review("long", 20_000)
    assert len(long) > 100_000
    rows = [*reviews({"1": 20, "2": 20}), {"text": long, "label": "1"}]
    corpus.acquired(table(tmp_path / "r.csv", [row.values() for row in rows]), language={"keep": ["en"], "confidence": 1.0})
    parts, statistics = corpus.prepared()
    assert long in {row["text"] for part in parts.values() for row in part}
    assert statistics["total"]["tokens_per_document"]["max"] == 20_000
    _, aside = corpus.acquired(tmp_path / "r.csv", maximum=50_000)
    assert aside == [("r.csv line 42", "text longer than 50000 characters")]


# --- mojibake ---


def as_the_report_repairs(text):
    return text.encode("latin-1", errors="ignore").decode("utf-8", errors="ignore")


SOUND = "Señor, ¡qué año! Comimos por 20 € en «Ñam» 🎉 — “riquísimo”…"


def test_the_reports_recipe_deletes_sound_characters_and_ours_does_not():
    assert as_the_report_repairs(SOUND) == "Seor, qu ao! Comimos por 20  en am   riqusimo"
    assert repair_encoding(SOUND) == SOUND
    broken = "comÃ\xada espaÃ±ola"
    assert repair_encoding(broken) == as_the_report_repairs(broken) == "comía española"
    both = f"{broken} {SOUND}"  # in one line: the recipe mends one half and spoils the other
    assert len(as_the_report_repairs(both)) < len(both) - 10
    assert repair_encoding(f"{broken}\n{SOUND}") == f"comía española\n{SOUND}"


WRITTEN = st.sampled_from(
    ["año", "CAFÉ", "“¡OLÉ!”", "ÑAM", "1º", "2ª", "20", "la", "niño", "a", "É", "Ñ", "mamá", "PIQUÉ", "×", "🎉"]
)
SIGNS = st.sampled_from([" ", "", "€", " €", "…", "”", "»", "«", "—", "º", "ª", "°", "™", "¡", "¿", "’", "·", "\n"])


@given(st.lists(st.tuples(SIGNS, WRITTEN, SIGNS).map("".join), max_size=12).map("".join))
@settings(max_examples=300)
def test_no_sound_spanish_is_ever_changed(text):
    """Letters beside signs look like another alphabet's bytes: "Ñ€" like a Cyrillic letter, "»á" like one from a Macintosh."""
    text = "\n".join(f"la comida estuvo buena {line}" for line in text.split("\n"))
    assert repair_encoding(text) == text


@pytest.mark.parametrize(
    "sound", ["привет, как дела?", "שלום לכם חברים", "Gdańsk, łódź", "日本語のレビュー", "5 ★ 🎉", "cafe\u0301 y jamo\u0301n"]
)
def test_other_alphabets_are_repaired_too(sound):
    assert repair_encoding(sound.encode().decode("latin-1")) == sound
    assert repair_encoding(sound) == sound


# --- language ---

SPANISH = "El hotel estaba muy limpio y la comida fue deliciosa, volveremos el año que viene con toda la familia."
GERMAN = "Das Hotel war sehr sauber und das Essen köstlich, wir kommen nächstes Jahr mit der ganzen Familie wieder."


def test_another_language_is_set_aside_and_a_short_text_stays(tmp_path, corpus):
    rows = [{"text": text, "label": 1} for text in (SPANISH, GERMAN, "Excelente", "ok", "10/10", "👍")]
    documents, aside = corpus.acquired(lines(tmp_path / "r.jsonl", rows), language={"keep": ["es"], "confidence": 0.8})
    assert [row["text"] for row in documents] == [SPANISH, "Excelente", "ok", "10/10", "👍"]
    assert aside == [("r.jsonl line 2", "in another language (de)")]
    both, _ = corpus.acquired(lines(tmp_path / "r.jsonl", rows), language={"keep": ["es", "de"], "confidence": 0.8})
    assert len(both) == 6


def test_an_unknown_language_is_said_before_anything_is_read(tmp_path, corpus):
    with pytest.raises(VersoError, match=r"language.keep: xx is no language that can be recognised; known: .*en, .*es"):
        corpus.acquired(lines(tmp_path / "r.jsonl", [{"text": GOOD, "label": 1}]), language={"keep": ["xx"], "confidence": 0.8})


def test_what_tables_write_for_none_is_no_label_and_the_word_is_named(tmp_path, corpus):
    written = ["NA", "NaN", "", None, "pos", "null", "neg"]
    rows = lines(tmp_path / "r.jsonl", [{"text": review(number), "label": label} for number, label in enumerate(written)])
    documents, aside = corpus.acquired(rows)
    assert [row["metadata"]["label"] for row in documents] == ["pos", "neg"]
    means = [f'no label: "{word}" means none, unless `labels` names it' for word in ("NA", "NaN", "null")]
    assert [reason for _, reason in aside] == [*means[:2], "no label", "no label", means[2]]
    documents, _ = corpus.acquired(rows, labels={"NA": "nothing", "pos": "pos"})
    assert [row["metadata"]["label"] for row in documents] == ["nothing", "pos"]


def test_what_tables_write_for_none_is_no_text(tmp_path, corpus):
    words = ["NA", " NaN ", "null", "None", "<NA>", "#N/A", "Na", "none of it", "nano"]
    documents, aside = corpus.acquired(lines(tmp_path / "r.jsonl", [{"text": word, "label": 1} for word in words]))
    assert [row["text"] for row in documents] == words[6:]
    assert [reason for _, reason in aside] == [f'no text: "{word.strip()}" means none' for word in words[:6]]


def test_a_number_in_json_is_its_text(tmp_path, corpus):
    documents, aside = corpus.acquired(
        lines(tmp_path / "r.jsonl", [{"text": 1999, "label": 1}, {"text": float("nan"), "label": 1}])
    )
    assert [row["text"] for row in documents] == ["1999"]
    assert [reason for _, reason in aside] == ["no text"]


@pytest.mark.parametrize(
    ("named", "written", "word"), [(["false", "true"], ["no", "yes"], "no"), (["1", "2"], ["01", "02"], "01")]
)
def test_labels_that_yaml_changed_are_named_with_the_quotes_that_they_want(corpus, named, written, word):
    rows = lines(corpus.folder / "r.jsonl", reviews(dict.fromkeys([*written, "more"], 10)))
    labels = {name: name for name in [*named, "more"]}
    corpus.acquired(rows, labels=labels)
    corpus.acquired(rows)
    with pytest.raises(VersoError, match=rf'which `labels` names.*put such labels in quotes, "{word}"'):
        corpus.prepared(labels=labels)


def test_labels_that_yaml_changed_all_of_are_named_before_anything_is_written(corpus):
    rows = lines(corpus.folder / "r.jsonl", reviews({"no": 10, "yes": 10}))
    with pytest.raises(VersoError, match=r'no usable row[\s\S]*put such labels in quotes, "no"'):
        corpus.acquired(rows, labels={"false": "a", "true": "b"})
