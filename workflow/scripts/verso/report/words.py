"""What the page can say: in the frame its own words, in a task's section the task's words too."""

from collections.abc import Mapping

from verso.display import words
from verso.report.sections import SECTIONS


def words_of(language: str, task: str | None = None) -> Mapping[str, str]:
    """The words of the frame, or of one task's section."""
    own = SECTIONS[task].words[language] if task else {}
    return {**words.WORDS[language], **own}


def spanish_labels(task: str) -> Mapping[str, str]:
    """What the figures of a task say in Spanish, by what they say in English."""
    spanish: dict[str, str] = {}
    for labels in (words.FIGURE_LABELS, SECTIONS[task].figure_labels):
        spanish |= {english: labels["es"][key] for key, english in labels["en"].items()}
    return spanish
