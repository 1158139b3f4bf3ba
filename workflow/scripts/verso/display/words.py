"""The languages of the page, and what it says in them whatever its tasks are."""

from verso.display import words_en, words_es

LANGUAGES = ("en", "es")
WORDS = {"en": words_en.WORDS, "es": words_es.WORDS}
# What a figure says; figures are drawn in English, and the page puts these labels into Spanish.
FIGURE_LABELS = {"en": words_en.FIGURE_LABELS, "es": words_es.FIGURE_LABELS}
