"""The texts of the page: of its frame, of each task's section, and of the searches."""

from collections.abc import Mapping

from verso.display import words
from verso.display.section import Texts
from verso.report.sections import SECTIONS
from verso.search import section as searches

SEARCH = "search"  # the part of the page that is no task's


def words_of(language: str, part: str | None = None) -> Mapping[str, str]:
    """The texts of the frame, or those available in one part: a task's section, or the searches."""
    own = _words(part)[language] if part else {}
    return {**words.WORDS[language], **own}


def spanish_labels(part: str) -> Mapping[str, str]:
    """The Spanish texts of a part's figures by the English ones."""
    spanish: dict[str, str] = {}
    for labels in (words.FIGURE_LABELS, searches.FIGURE_LABELS if part == SEARCH else SECTIONS[part].figure_labels):
        spanish |= {english: labels["es"][key] for key, english in labels["en"].items()}
    return spanish


def _words(part: str) -> Texts:
    return searches.WORDS if part == SEARCH else SECTIONS[part].words
