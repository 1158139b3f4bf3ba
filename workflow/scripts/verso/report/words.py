"""The texts of the page: of its frame, and of each task's section."""

from collections.abc import Mapping

from verso.display import words
from verso.report.sections import SECTIONS


def words_of(language: str, task: str | None = None) -> Mapping[str, str]:
    """The texts of the frame, or those available in one task's section."""
    own = SECTIONS[task].words[language] if task else {}
    return {**words.WORDS[language], **own}


def spanish_labels(task: str) -> Mapping[str, str]:
    """The Spanish texts of a task's figures by the English ones."""
    spanish: dict[str, str] = {}
    for labels in (words.FIGURE_LABELS, SECTIONS[task].figure_labels):
        spanish |= {english: labels["es"][key] for key, english in labels["en"].items()}
    return spanish
