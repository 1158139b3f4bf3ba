"""The sections of the page: one line per task, in the page's order."""

from verso.classification import section as classification
from verso.display.section import Section
from verso.language_modelling import section as language_modelling

SECTIONS: dict[str, Section] = {
    "language_modelling": language_modelling.SECTION,
    "classification": classification.SECTION,
}
