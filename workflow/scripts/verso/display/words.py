"""The languages of the page, and its texts that do not depend on the tasks."""

from verso.display import words_en, words_es

LANGUAGES = ("en", "es")
WORDS = {"en": words_en.WORDS, "es": words_es.WORDS}
# Texts in figures: drawn in English, translated to Spanish by the page.
FIGURE_LABELS = {"en": words_en.FIGURE_LABELS, "es": words_es.FIGURE_LABELS}
