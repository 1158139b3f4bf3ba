"""Articles from a file to the exports: every row is in one part or set aside with its reason; each article is attributed."""

import csv
import json
import random
import uuid
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from whole_config import sources_of

from verso.corpora.acquire import acquire
from verso.corpora.articles.exports import ARTICLE_END, ARTICLE_START, ATTRIBUTION, export_articles
from verso.corpora.articles.prepare import prepare_articles
from verso.errors import VersoError
from verso.files import read_json, read_json_lines
from verso.text.vocabulary import build

PARTS = ("train", "validation", "test")
ORIGIN = {"url": "url", "revision": "revision", "licence": "licence", "history": "history"}
HOSTILE = '=1+1;"/../☃ <script>'


class Of:
    """Wildcards of the corpus."""

    corpus = "articles"


def article(number, words=110):
    chance = random.Random(number)
    return " ".join(f"w{chance.randrange(900)}" for _ in range(words))


def row(number, **others):
    known = {
        "url": f"https://x.example/{number}",
        "revision": 1000 + number,
        "licence": "CC BY-SA 4.0",
        "history": "https://x.example/h",
    }
    return {"title": f"Título {number}", "text": article(number), **known, **others}


@pytest.fixture
def made(tmp_path):
    """Acquire, prepare and export rows as a run does; gives back parts, statistics and the folder."""

    def run(rows, name="out", fields=ORIGIN, **keys):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")

        def change(raw):
            raw["corpora"]["articles"] |= {"source": {"path": str(folder / "a.jsonl"), "fields": fields}, **keys}

        sources = sources_of(change)
        outputs = {part: folder / f"{part}.jsonl" for part in PARTS}
        outputs |= {"statistics": folder / "statistics.json", "set_aside": folder / "set_aside_articles.jsonl"}
        acquire(sources.reading(Of), sources.path(Of), folder / "documents.jsonl", folder / "set_aside.jsonl")
        prepare_articles(folder / "documents.jsonl", sources.preparation(Of), folder / "set_aside.jsonl", outputs)
        return {part: list(read_json_lines(outputs[part])) for part in PARTS}, read_json(outputs["statistics"]), folder

    return run


def exported(folder, words=50):
    prepared = {part: folder / f"{part}.jsonl" for part in PARTS} | {"statistics": folder / "statistics.json"}
    prepared["vocab_word"] = folder / "vocab_word.json"
    build(prepared["train"], "word", 1, prepared["vocab_word"])
    exports = {f"{part}_text": folder / f"{part}.txt" for part in PARTS}
    exports |= {"vocabulary": folder / "vocab.json", "dataset_info": folder / "dataset_info.json"}
    export_articles(prepared, "articles", words, exports | {"attribution": folder / "attribution.csv"})
    with (folder / "attribution.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_a_thousand_articles_are_split_700_150_150_whatever_their_order(made):
    rows = [row(number, text=article(number, 20)) for number in range(1000)]
    parts, statistics, _ = made(rows, minimum_characters=10)
    assert [len(parts[part]) for part in PARTS] == [700, 150, 150]
    assert [statistics["parts"][part]["documents"] for part in PARTS] == [700, 150, 150]
    again, _, _ = made(rows[::-1], "again", minimum_characters=10)
    assert all({one["id"] for one in parts[part]} == {one["id"] for one in again[part]} for part in PARTS)


def test_what_is_known_of_an_article_stays_with_it_and_what_was_done_to_it_is_said(made):
    rows = [row(number) for number in range(12)]
    rows[3] |= {"text": article(3) + "[1] fin", "title": HOSTILE}
    parts, statistics, folder = made(rows)
    found = {one["metadata"]["title"]: one for part in PARTS for one in parts[part]}
    assert found["Título 5"]["metadata"] == {
        "title": "Título 5", "url": "https://x.example/5", "revision": "1005", "licence": "CC BY-SA 4.0", "history": "https://x.example/h",
    }  # fmt: skip
    assert found[HOSTILE]["metadata"]["changed"] == "cleaned: references 1"
    assert found[HOSTILE]["text"] == article(3) + " fin"
    assert {one["group"] for one in found.values()} == {""}
    assert statistics["cleaning"]["changed"] == 1
    attribution = exported(folder)
    assert tuple(attribution[0]) == ATTRIBUTION
    by_title = {line["title"]: line for line in attribution}
    assert len(attribution) == len(by_title) == 12
    assert (by_title[HOSTILE]["changed"], by_title["Título 5"]["changed"]) == ("cleaned: references 1", "no")
    assert (by_title["Título 5"]["url"], by_title["Título 5"]["revision"]) == ("https://x.example/5", "1005")
    assert {line["id"]: line["part"] for line in attribution} == {one["id"]: part for part in PARTS for one in parts[part]}


def test_numbers_and_dates_become_signs_are_counted_and_said_and_the_articles_stay_the_same(made):
    rows = [row(number) for number in range(12)]
    rows[3] |= {"text": article(3) + " Fue el 12 de octubre de 1492, con 3 naves.[1]"}
    replace = {"replace": {"numbers": "<num>", "dates": "<date>"}, "sampling": {"prompts": ["En el año <num>,"]}}
    before, _, _ = made(rows)
    parts, statistics, _ = made(rows, "replaced", **replace)
    assert {part: [one["id"] for one in parts[part]] for part in PARTS} == {
        part: [one["id"] for one in before[part]] for part in PARTS
    }
    found = next(one for part in PARTS for one in parts[part] if one["metadata"]["title"] == "Título 3")
    assert found["text"].endswith(" Fue el <date>, con <num> naves.")
    assert found["metadata"]["changed"] == "cleaned: references 1; replaced: dates 1, numbers 1"
    steps = statistics["cleaning"]["steps"]
    assert (steps["dates"]["found"], steps["numbers"]["found"]) == (1, 1)


def test_a_file_without_origin_is_attributed_as_far_as_anything_is_known(made):
    parts, _, folder = made([{"title": f"T{n}", "text": article(n)} for n in range(9)], fields={})
    assert all(set(one["metadata"]) == {"title"} for part in PARTS for one in parts[part])
    assert {(line["url"], line["licence"], line["changed"]) for line in exported(folder)} == {("", "", "no")}


def test_what_is_missing_unreadable_or_endless_of_an_origin_costs_no_article(made):
    rows = [row(n) for n in range(8)]
    del rows[0]["url"]
    rows[1] |= {"url": None, "licence": 4, "history": ["x"], "revision": "x" * 3000}
    rows[2]["url"] = "half \ud800 a pair"
    parts, _, _ = made(rows)
    found = {one["metadata"]["title"]: one["metadata"] for part in PARTS for one in parts[part]}
    assert "url" not in found["Título 0"]
    assert found["Título 1"] == {"title": "Título 1", "licence": "4"}
    assert found["Título 2"]["url"] == "half ? a pair"


def test_short_articles_and_copies_are_set_aside_and_counted_with_their_reason(made):
    rows = [row(n) for n in range(10)]
    rows += [
        row(20, text="Breve.[1]"),
        row(21, text="{{solo}}"),
        row(22, text=article(0) + " [2]"),
        row(23, text=""),
        row(24, title=""),
    ]
    rows += [row(25, text=article(1) + " y algo más")]
    parts, statistics, folder = made(rows)
    aside = list(read_json_lines(folder / "set_aside_articles.jsonl"))
    reasons = [one["reason"] for one in aside]
    (first,) = (one["id"] for part in PARTS for one in parts[part] if one["metadata"]["title"] == "Título 0")
    assert reasons == ["shorter than 500 characters once cleaned"] * 2 + [f"same text as {first}"]
    assert [one["excerpt"] for one in aside[:2]] == ["Breve.", ""]
    assert statistics["set_aside"] == {"no text": 1, "no title": 1}
    assert statistics["losses"]["unwanted_by_reason"] == {"shorter than 500 characters once cleaned": {"": 2}}
    assert statistics["losses"]["lost_by_reason"] == {"no text": {"": 1}, "no title": {"": 1}}
    assert statistics["exact_duplicates"] == 1
    assert statistics["near_duplicates"]["documents"] == 2
    total = sum(len(parts[part]) for part in PARTS)
    assert total + len(aside) + sum(statistics["set_aside"].values()) == len(rows)
    two = {part for part in PARTS for one in parts[part] if one["metadata"]["title"] in ("Título 1", "Título 25")}
    assert len(two) == 1


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([row(1)], "1 of 1 articles are long enough and differ, and train, validation and test need one each"),
        ([row(1), row(2), row(1, title="Copia")], "2 of 3 articles are long enough and differ"),
        (
            [row(n, text="Breve.") for n in range(3)],
            "none of 3 articles has 500 characters once cleaned; lower",
        ),
        ([row(n, text="") for n in range(3)], "no usable row for a corpus of kind articles"),
    ],
)
def test_a_corpus_of_which_too_little_is_left_is_refused_in_words(made, rows, said):
    with pytest.raises(VersoError, match=said):
        made(rows)


def test_exports_are_the_parts_the_reports_vocabulary_and_what_is_in_them(made):
    rows = [row(n, text=article(n) + " [PAD] de de [EOS]") for n in range(20)]
    parts, statistics, folder = made(rows)
    exported(folder, words=5)
    for part in PARTS:
        text = (folder / f"{part}.txt").read_text(encoding="utf-8")
        texts = [block.removesuffix(f"\n{ARTICLE_END}\n") for block in text.split(f"{ARTICLE_START}\n")[1:]]
        assert texts == [one["text"] for one in parts[part]]
    vocabulary = read_json(folder / "vocab.json")
    assert list(vocabulary.items())[:5] == [("[PAD]", 0), ("[UNK]", 1), ("[BOS]", 2), ("[EOS]", 3), ("de", 4)]
    assert sorted(vocabulary.values()) == list(range(4 + 5)), "a word that is spelt like a special token takes no place"
    info = read_json(folder / "dataset_info.json")
    assert info["articles"] == {part: len(parts[part]) for part in PARTS} == {"train": 14, "validation": 3, "test": 3}
    assert info["licences"] == {"CC BY-SA 4.0": 20}
    counts = Counter(word for one in parts["train"] for word in one["text"].split())
    exported_words = list(vocabulary)[4:]
    assert info["vocabulary"]["words"] == len(exported_words)
    assert min(counts[word] for word in exported_words) >= max(count for word, count in counts.items() if word not in vocabulary)
    covered = sum(counts[word] for word in exported_words) / counts.total()
    assert info["vocabulary"]["covers_of_train"] == pytest.approx(covered, abs=1e-4)
    assert info["cleaning"]["texts"] == statistics["cleaning"]["texts"] == 20


def test_markers_within_a_text_are_none_in_the_exports(made):
    hostile = f"{article(30)}\n{ARTICLE_END}\n{ARTICLE_START}\n<{ARTICLE_START} fin"
    parts, _, folder = made([*(row(n) for n in range(8)), row(30, text=hostile)])
    exported(folder)
    written = "".join((folder / f"{part}.txt").read_text(encoding="utf-8") for part in PARTS)
    assert written.count(ARTICLE_START) == written.count(ARTICLE_END) == sum(len(parts[part]) for part in PARTS) == 9
    assert "\n< |article_end|>\n< |article_start|>\n<< |article_start|> fin\n" in written
    assert read_json(folder / "dataset_info.json")["articles_with_markers"] == 1
    assert any(ARTICLE_START in one["text"] for part in PARTS for one in parts[part]), "models read the text as it is"


ENDINGS = st.sampled_from(["", "[1]", " ★", " y más", "x" * 40])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 12), ENDINGS), min_size=1, max_size=30))
def test_every_row_is_in_one_part_or_set_aside_and_no_text_on_two_sides(made, drawn):
    rows = [row(n, text=(article(n, 12) if n < 11 else "") + ending) for n, ending in drawn]
    try:
        parts, statistics, folder = made(rows, uuid.uuid4().hex, minimum_characters=40)
    except VersoError:
        return
    aside = list(read_json_lines(folder / "set_aside_articles.jsonl"))
    assert sum(len(parts[part]) for part in PARTS) + len(aside) + sum(statistics["set_aside"].values()) == len(rows)
    sides = {}
    for part in PARTS:
        for one in parts[part]:
            assert sides.setdefault(one["text"], part) == part
            assert len(one["text"]) >= 40


def test_a_folder_of_texts_is_a_corpus_whose_titles_are_the_files(tmp_path):
    for number in range(6):
        (tmp_path / f"Río {number}.txt").write_text(article(number), encoding="utf-8")

    def change(raw):
        raw["corpora"]["articles"]["source"] = {"path": str(tmp_path)}

    sources = sources_of(change)
    acquire(sources.reading(Of), sources.path(Of), tmp_path / "documents.jsonl", tmp_path / "set_aside.jsonl")
    assert [one["metadata"] for one in read_json_lines(tmp_path / "documents.jsonl")] == [{"title": f"Río {n}"} for n in range(6)]
    (tmp_path / "one.txt").write_text("Uno", encoding="utf-8")
    with pytest.raises(VersoError, match="names no title; give a folder of them, one for each, or kind: manual"):
        acquire(sources.reading(Of), tmp_path / "one.txt", tmp_path / "d.jsonl", tmp_path / "s.jsonl")
