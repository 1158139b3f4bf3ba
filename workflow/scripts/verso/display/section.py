"""A task's part of the page: its sections, their texts, and the tables that the page's frame reads."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Row = Mapping[str, str]  # of a table, as read from its CSV
Tables = Mapping[str, Sequence[Row]]  # by name
Given = Mapping[str, Sequence[Mapping[str, Any]]]  # "runs" and "corpora" of a task, with the files that its section shows
Texts = Mapping[str, Mapping[str, str]]  # by language and key


@dataclass(frozen=True)
class Compares:
    """What a task compares its models by.

    pairs: name of the table of pairs, as verso.display.comparisons reads it. score: what it compares, a column of the table of
    models; the word of that key names it.
    """

    pairs: str
    score: str


@dataclass(frozen=True)
class Section:
    """A task's part of the page. Its templates are <task>/summary.html.j2 and <task>/section.html.j2.

    found: makes the templates' values (tasks.<task>) from all tables of the page, the task's runs and corpora, and the settings
    of the page's models by name; independent of language. Under "parts" it lists the ids of the <section>s that
    section.html.j2 makes, in their order; the word of that key is the heading.
    words: the texts of say(key) in these templates besides the page's own (verso.display.words), and as work_<name> the name of
    a job in the table of jobs. figure_labels: the texts in the task's figures, in English as drawn.
    models: name of the table with a row for each corpus and model, with at least "model" and "miniature"; they have the colours
    of verso.display.palette. jobs: name of the table of jobs' resources (verso.display.hardware_table).
    compares: how two of its models are compared.
    """

    found: Callable[[Tables, Given, Mapping[str, Mapping[str, Any]]], dict[str, Any]]
    words: Texts
    figure_labels: Texts
    models: str
    jobs: str
    compares: Compares
