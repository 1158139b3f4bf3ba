"""Cleaning of a manual: each step takes out what it says, counts it, and nothing else."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from verso.corpora.manual.cleaning import LEADERS, STEPS, cleaned
from verso.corpora.manual.document import Document, Line
from verso.corpora.manual.read_text import read_markdown, read_plain
from verso.corpora.preparing.clean import clean

ALL = dict.fromkeys(STEPS, True)
NONE = dict.fromkeys(STEPS, False)


def of(text, **settings):
    return cleaned(read_plain(text, "t", "t.txt"), NONE | settings)


def paged(*pages):
    lines = [Line(line) for page in pages for line in page]
    starts = [sum(map(len, pages[:number])) for number in range(len(pages))]
    return Document("t", "t.pdf", lines, starts)


TEXTS = some.text(some.sampled_from("aá1. -\n\t#=*`´\u200b\u0301…\f"), max_size=200)


@settings(max_examples=50)
@given(TEXTS, some.sampled_from([read_plain, read_markdown]))
def test_a_cleaned_text_is_in_the_form_that_language_models_read_and_headings_stand_where_they_are_said(text, read):
    document = read(text, "t", "t")
    for line in document.lines:
        line.code = False
    found = cleaned(document, ALL)
    assert clean(found.text).split("\n") == [line.strip() for line in found.text.split("\n")]
    for heading in found.headings:
        end = found.text.find("\n", heading["start"])
        line = found.text[heading["start"] : end if end >= 0 else None]
        assert heading["title"] in " ".join(line.split())
    assert [heading["start"] for heading in found.headings] == sorted({heading["start"] for heading in found.headings})


@settings(max_examples=50)
@given(TEXTS)
def test_without_any_step_no_visible_character_is_lost(text):
    assert clean(of(text).text).split() == clean(text).split()


def test_page_numbers_are_those_that_count_with_the_pages():
    pages = [[f"text {letter}", "42", str(number)] for number, letter in enumerate("abcd", start=11)]
    found = cleaned(paged(*pages), NONE | {"page_numbers": True})
    assert found.text == "text a\n42\ntext b\n42\ntext c\n42\ntext d\n42"
    assert found.found["page_numbers"] == 4
    roman = cleaned(paged(["i", "one"], ["ii", "two"], ["iii", "three"], ["iv", "four"]), NONE | {"page_numbers": True})
    assert roman.text == "one\ntwo\nthree\nfour"


def test_running_headers_come_again_on_many_pages_and_code_at_their_edges_stays():
    pages = [
        [f"Chapter {1 + number // 4}: Shells {number}", f"line {letter} of the text", "done"]
        for number, letter in enumerate("abcdefgh")
    ]
    found = cleaned(paged(*pages), NONE | {"running_headers": True})
    assert found.text == "\n".join(f"line {letter} of the text\ndone" for letter in "abcdefgh")
    assert found.found["running_headers"] == 8
    assert of("ROMEO:\nAy.\n" * 50, running_headers=True, page_numbers=True).text == ("ROMEO:\nAy.\n" * 50).strip()


def test_sentences_that_trail_off_are_no_table_of_contents():
    prose = "\n".join(["Wait...", "Bueno...", "alias name ...", "And so on…", "Nothing more . . ."])
    assert of(prose, contents=True).text == prose


def test_a_heading_below_a_hyphen_keeps_its_words():
    lines = [Line("Options begin with a well-known-"), Line("getopts", level=2), Line("reads them.")]
    found = cleaned(Document("t", "t.pdf", lines, [0]), NONE | {"hyphenation": True})
    assert [heading["title"] for heading in found.headings] == ["getopts"]


def test_leaders_are_looked_for_where_a_run_of_blanks_begins_and_not_again_at_each_of_its_blanks():
    assert LEADERS.match("a   .... 7", 1)
    assert not LEADERS.match("a   .... 7", 2)
    assert of(" " * 100_000 + "x", dot_leaders=True).text.strip() == "x"


def test_contents_and_indices_go_and_three_such_lines_in_a_text_stay():
    lines = [
        "1 Uno . . . . . . 1",
        "1.1 A long title that goes on",
        "in two lines . . . . 2",
        "2 Dos. . . . . 3",
        "A ..... iv, 7",
    ]
    contents = "\n".join(["Índice General", *lines, ""])
    found = of(contents + "\n1 Uno\n=====\n\nText.", contents=True)
    assert found.text == "1 Uno\n=====\n\nText."
    assert found.found["contents"] == 6
    assert found.headings == [{"level": 1, "title": "1 Uno", "start": 0}]
    three = "a . . . . 1\nb . . . . 2\nc . . . . 3"
    assert of(three, contents=True).text == three
    own = "".join(f"{number} {title}\n" for number, title in enumerate(["Uno", "Dos", "Tres", "Cuatro"], start=1))
    chapters = "".join(f"\n{line}\n{'*' * len(line)}\n\ntext\n" for line in own.splitlines())
    assert of(own + chapters, contents=True).text == chapters.strip()


def test_dot_leaders_become_a_blank_and_three_points_stay():
    found = of("Uno . . . . . 12\nwait... and …\na.....b", dot_leaders=True)
    assert (found.text, found.found["dot_leaders"]) == ("Uno 12\nwait... and …\na b", 2)


def test_words_cut_at_the_end_of_a_line_are_joined_across_pages_and_compounds_keep_their_hyphen():
    pages = [["a ver-"], ["sion of GPL-", "Licence and a sub-", "shell, well-known, well-", "known and vice-", "versa-x"]]
    found = cleaned(paged(*pages), NONE | {"hyphenation": True})
    assert found.text == "a version\nof GPL-\nLicence and a subshell,\nwell-known, well-known\nand viceversa-x"
    assert found.found["hyphenation"] == 4
    assert of("a ver-\nsion", hyphenation=True).text == "a ver-\nsion"  # a text without pages is not typeset


def test_code_keeps_its_indentation_and_other_blanks_become_one():
    text = "# T\n\n  a \t b\n\n```\nif x:\n    y  # 1\n```\n"
    found = cleaned(read_markdown(text, "t", "t.md"), ALL)
    assert found.text == "# T\n\n  a b\n\n```\nif x:\n    y  # 1\n```"
    assert cleaned(read_markdown(text, "t", "t.md"), NONE).text == "# T\n\n  a \t b\n\n```\nif x:\n    y  # 1\n```"


@pytest.mark.parametrize("step", STEPS)
def test_a_text_with_nothing_to_clean_is_left_as_it_is_by_each_step(step):
    text = "First Citizen:\nBefore we proceed any further, hear me speak.\n\nAll:\nSpeak, speak."
    found = of(text, **{step: True})
    assert (found.text, sum(found.found.values()), sum(found.characters.values())) == (text, 0, 0)
