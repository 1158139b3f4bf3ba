"""Names of the measures of samples in English and Spanish."""

# Columns of sample_measures.csv (verso.language_modelling.sample_measures): the heading in each language.
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
