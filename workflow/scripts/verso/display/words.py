"""The report's texts in English and Spanish: what it says, never what it found."""

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
}
