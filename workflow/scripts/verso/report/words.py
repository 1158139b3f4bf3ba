"""The report's texts in English and Spanish: what it says, never what it found."""

from verso.report import words_classifiers_en, words_classifiers_es
from verso.report.words_en import ENGLISH
from verso.report.words_es import SPANISH

LANGUAGES = ("en", "es")

# What a figure says; figures are drawn in English and the page puts these labels into Spanish.
FIGURE_LABELS = {
    "nothing": "nothing to draw: too few models or measures",
    "model": "model",
    "epoch": "epoch",
    "part": "part",
    "train": "training",
    "validation": "validation",
    "loss_char": "loss, nats per character",
    "loss_word": "loss, nats per word token",
    "loss_subword": "loss, nats per sub-word token",
    "unit_subword": "sub-words",
    "recited": "recited, share of 50 tokens",
    "unit_char": "characters",
    "unit_word": "words",
    "bits_per_byte": "bits per byte of the test texts (lower is better)",
    "row_model": "row",
    "column_model": "column",
    "verdict": "after correction",
    "row": "row better",
    "column": "column better",
    "undecided": "undecided",
    "caution": "* decided on the test texts only: within seed noise, or one seed",
    "control_line": "dot: mean of the samples ± one standard error; grey tick: held-out texts, cut to at most that length",
    **words_classifiers_en.FIGURE_LABELS,
}
FIGURE_LABELS_ES = {
    "nothing": "nada que dibujar: muy pocos modelos o medidas",
    "model": "modelo",
    "epoch": "época",
    "part": "parte",
    "train": "entrenamiento",
    "validation": "validación",
    "loss_char": "pérdida, nats por carácter",
    "loss_word": "pérdida, nats por palabra",
    "loss_subword": "pérdida, nats por subpalabra",
    "unit_subword": "subpalabras",
    "recited": "recitado, parte de 50 unidades",
    "unit_char": "caracteres",
    "unit_word": "palabras",
    "bits_per_byte": "bits por byte de los textos de prueba (menos es mejor)",
    "row_model": "fila",
    "column_model": "columna",
    "verdict": "tras la corrección",
    "row": "fila mejor",
    "column": "columna mejor",
    "undecided": "sin decidir",
    "caution": "* decidido solo en los textos de prueba: dentro del ruido entre semillas, o una sola semilla",
    "control_line": "punto: media de las muestras ± un error estándar; marca gris: textos reservados, cortados a esa "
    "longitud como mucho",
    **words_classifiers_es.FIGURE_LABELS,
}

# Columns of sample_measures.csv (verso.evaluation.measures): the heading in each language.
MEASURES: dict[str, dict[str, str]] = {
    "words": {"en": "words", "es": "palabras"},
    "characters": {"en": "characters", "es": "caracteres"},
    "lines": {"en": "lines of text", "es": "líneas de texto"},
    "words_per_line": {"en": "words per line", "es": "palabras por línea"},
    "distinct_1": {"en": "distinct words, share", "es": "palabras distintas, proporción"},
    "distinct_2": {"en": "distinct word pairs, share", "es": "pares de palabras distintos, proporción"},
    "distinct_3": {"en": "distinct word triples, share", "es": "tríos de palabras distintos, proporción"},
    "repetition": {"en": "repeated 4-grams, share", "es": "4-gramas repetidos, proporción"},
    "longest_loop_words": {"en": "longest loop, words", "es": "bucle más largo, palabras"},
    "section_tags": {"en": "section tags", "es": "marcas de sección"},
    "section_tag_validity": {"en": "valid section tags, share", "es": "marcas de sección válidas, proporción"},
    "unknown_words": {"en": "words not in training, share", "es": "palabras ajenas al entrenamiento, proporción"},
    "rhyme_density": {"en": "rhyme density, vowels per word", "es": "densidad de rima, vocales por palabra"},
    "longest_run_words": {"en": "longest verbatim run, words", "es": "copia literal más larga, palabras"},
    "longest_run_characters": {"en": "longest verbatim run, characters", "es": "copia literal más larga, caracteres"},
    "containment_5": {"en": "5-grams found in training, share", "es": "5-gramas del entrenamiento, proporción"},
    "containment_8": {"en": "8-grams found in training, share", "es": "8-gramas del entrenamiento, proporción"},
}
# The measures that answer the usual remarks on such samples: loops, collapse, no structure, no rhyme, copied.
FIGURE_MEASURES = (
    "distinct_2", "repetition", "longest_loop_words", "words_per_line", "section_tag_validity", "unknown_words",
    "rhyme_density", "longest_run_words", "containment_5",
)  # fmt: skip

TEXTS = {"en": ENGLISH | words_classifiers_en.ENGLISH, "es": SPANISH | words_classifiers_es.SPANISH}
