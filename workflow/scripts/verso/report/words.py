"""The page's texts in English and Spanish: the general ones and those of the tasks."""

from verso.classification import words_en as classification_en
from verso.classification import words_es as classification_es
from verso.display import words
from verso.display.words_en import ENGLISH
from verso.display.words_es import SPANISH
from verso.language_modelling.words import MEASURES

TEXTS = {"en": ENGLISH | classification_en.ENGLISH, "es": SPANISH | classification_es.SPANISH}

FIGURE_LABELS = words.FIGURE_LABELS | classification_en.FIGURE_LABELS
FIGURE_LABELS_ES = words.FIGURE_LABELS_ES | classification_es.FIGURE_LABELS
# What a figure says, in Spanish by what it says in English
SPANISH_LABELS = {english: FIGURE_LABELS_ES[key] for key, english in FIGURE_LABELS.items()} | {
    label["en"]: label["es"] for label in MEASURES.values()
}
