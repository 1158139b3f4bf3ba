"""What the page says: the same in both languages, nothing that nobody says, and no word of one task in another's mouth."""

import re
import string
from pathlib import Path

import pytest

from verso.display import words as frame
from verso.display.words import LANGUAGES
from verso.language_modelling import words_en
from verso.language_modelling.figures import FIGURE_MEASURES
from verso.registry import FAMILIES
from verso.report import words
from verso.report.sections import SECTIONS
from verso.search import section as searches

ROOT = Path(__file__).parents[3] / "workflow"
TEMPLATES = ROOT / "report" / "templates"
ROOMS = ROOT / "scripts" / "verso"
WORDS = {"frame": frame.WORDS, **{task: section.words for task, section in SECTIONS.items()}, words.SEARCH: searches.WORDS}
LABELS = {
    "frame": frame.FIGURE_LABELS,
    **{task: section.figure_labels for task, section in SECTIONS.items()},
    words.SEARCH: searches.FIGURE_LABELS,
}
PARTS = [*SECTIONS, words.SEARCH]


def read(*paths):
    return "".join(path.read_text(encoding="utf-8") for path in paths)


def fields(text):
    return sorted(name for _, name, _, _ in string.Formatter().parse(text) if name)


@pytest.mark.parametrize("of", WORDS)
def test_both_languages_say_the_same_things(of):
    english, spanish = (WORDS[of][language] for language in LANGUAGES)
    assert list(english) == list(spanish)
    assert {key: fields(text) for key, text in english.items()} == {key: fields(text) for key, text in spanish.items()}
    assert all(text.strip() for text in (*english.values(), *spanish.values()))
    assert list(LABELS[of]["en"]) == list(LABELS[of]["es"])


@pytest.mark.parametrize("task", PARTS)
def test_a_task_has_words_of_its_own_alone(task):
    """What it shares with others is the frame's, so that nobody can mean two things by it on one page."""
    assert set(WORDS[task]["en"]) & set(frame.WORDS["en"]) == set()
    assert set(LABELS[task]["en"]) & set(frame.FIGURE_LABELS["en"]) == set()
    for language in LANGUAGES:
        assert words.words_of(language, task) == {**frame.WORDS[language], **WORDS[task][language]}


@pytest.mark.parametrize("task", PARTS)
def test_no_label_of_a_figure_is_put_into_spanish_in_two_ways(task):
    both = [(LABELS[of]["en"][key], LABELS[of]["es"][key]) for of in ("frame", task) for key in LABELS[of]["en"]]
    assert dict(both).items() == set(both)


def spoken(texts):
    """Whatever stands in quotes in these files, and what stands in quotes before a part that is put in later."""
    whole = set(re.findall(r"""["'](\w+)["']""", texts))
    begun = re.findall(r"""["'](\w+_)["'] ~""", texts) + re.findall(r"""f["'](\w+_)\{""", texts)
    return whole, tuple(begun)


@pytest.mark.parametrize("task", PARTS)
def test_a_section_has_no_word_that_nobody_says_and_says_none_that_there_is_not(task):
    own = read(*(TEMPLATES / task).glob("*.j2"))
    whole, begun = spoken(own + read(ROOMS / task / "section.py"))  # which names the parts, and columns
    of_baselines = {family.baseline for family in FAMILIES if family.task == task and family.baseline}
    assert of_baselines <= set(WORDS[task]["en"])
    said = {key for key in WORDS[task]["en"] if key in whole | of_baselines or key.startswith(begun)}
    works = {key for key in WORDS[task]["en"] if key.startswith("work_")}  # by the frame, in the table of jobs
    assert set(WORDS[task]["en"]) - said - works == set()
    assert set(re.findall(r"""say\(["'](\w+)["'][,)]""", own)) <= set(words.words_of("en", task))
    whole, begun = spoken(read(*(ROOMS / task).glob("*figures.py")))
    drawn = set(FIGURE_MEASURES) if task == "language_modelling" else set()
    labels = [key for key in LABELS[task]["en"] if key not in whole | drawn and not key.startswith(begun)]
    assert set(labels) <= set(words_en.MEASURES)


def test_the_frame_has_no_word_that_nobody_says_and_none_of_a_task():
    whole, begun = spoken(read(*TEMPLATES.rglob("*.j2")))
    assert [key for key in frame.WORDS["en"] if key not in whole and not key.startswith(begun)] == []
    own = read(*TEMPLATES.glob("*.j2"))
    assert set(re.findall(r"""\bsay\(["'](\w+)["'][,)]""", own)) <= set(frame.WORDS["en"])
    whole, begun = spoken(read(ROOMS / "display" / "drawing.py", ROOMS / "display" / "curves.py"))
    assert [key for key in frame.FIGURE_LABELS["en"] if key not in whole and not key.startswith(begun)] == []


def test_a_word_of_the_frame_is_said_by_the_frame_or_by_more_than_one_task():
    frames = spoken(read(*TEMPLATES.glob("*.j2")))
    tasks = [spoken(read(*(TEMPLATES / task).glob("*.j2"))) for task in PARTS]
    for key in frame.WORDS["en"]:
        by = [key in whole or key.startswith(begun) for whole, begun in (frames, *tasks)]
        assert by[0] or sum(by) > 1, f"{key} is one task's word"


def test_every_measure_that_is_drawn_has_a_name():
    assert set(FIGURE_MEASURES) <= set(words_en.MEASURES)
