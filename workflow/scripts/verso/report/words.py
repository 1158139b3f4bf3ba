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
    "control_line": "dot: mean of the samples ± one standard error; grey tick: held-out texts of the same length",
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
    "control_line": "punto: media de las muestras ± un error estándar; marca gris: textos reservados de la misma longitud",
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

TEXTS: dict[str, dict[str, str]] = {
    "en": {
        "other_language": "Español",
        "switch_theme": "Light / dark",
        "contents": "Contents",
        "skip": "Skip to the report",
        "made_by": "Made by Verso {version} on {date}",
        "demo_banner": "Laptop demo: miniature models and a toy corpus; these numbers say nothing about real songs.",
        "miniature_banner": "Some models are miniatures (the same architecture, tiny): their numbers say nothing about the "
        "real ones.",
        "miniature": "miniature",
        "demo": "demo",
        "summary": "In short",
        "experiments": "What was run",
        "corpora": "The texts",
        "learning": "Learning curves",
        "models": "Perplexity and bits per byte",
        "comparisons": "Which differences the test texts decide",
        "samples": "Samples",
        "measures": "The samples in numbers",
        "hardware": "Time, memory, energy",
        "provenance": "Versions and fingerprints",
        # summary
        "best": "<strong>{model}</strong> predicts the held-out text of <em>{corpus}</em> best: <strong>{value} bits per "
        "byte</strong>{interval}.",
        "only": "<strong>{model}</strong> predicts the held-out text of <em>{corpus}</em> with <strong>{value} bits per "
        "byte</strong>{interval}.",
        "interval": " (95 % interval {low} to {high})",
        "margin_decided": "It beats the next, {second}, by {difference} bits per byte{interval}, corrected p {p}: more than "
        "the choice of test documents explains.",
        "margin_undecided": "Its lead over {second}, {difference} bits per byte{interval}, corrected p {p}, is <strong>not "
        "decided</strong> by {documents} test documents.",
        "margin_untested": "Its lead over {second}, {difference} bits per byte, cannot be tested on a single test document.",
        "caution_seed_noise": "<strong>But it is within seed noise</strong> (standard error over seeds {noise}): other "
        "seeds might turn the order round.",
        "caution_one_seed": "<strong>But one seed does not show the luck of training</strong>: other seeds might turn the "
        "order round.",
        "perplexities": "Lowest perplexity: {models}. These are per token, so units are not comparable with each other.",
        "perplexity_only": "Perplexity: {models}.",
        "perplexity_char": "{model} with {value} per character{spelling}",
        "perplexity_word": "{model} with {value} per word token{spelling}",
        "spelling": " with the spelling of unknown tokens ({without} without it)",
        "tied": "Not told apart from the best: {models}.",
        "all_pairs": "The test texts tell {decided} of {pairs} pairs of models apart.",
        "cautious_pairs": "Of these, perhaps by the luck of training: {count} (within seed noise, or one seed only).",
        "one_seed": "One seed: the luck of training is unknown.",
        "some_one_seed": "Where there is one seed, the luck of training is unknown.",
        "some_seeds": "Models have {low} to {high} seeds.",
        "seeds": "{seeds} seeds, averaged; the tables give the spread over them.",
        "interval_scope": "The intervals cover the choice of test documents, not the luck of training.",
        "few_documents": "Only {documents} test documents: intervals are wide, and resampling so few makes them narrower "
        "than they should be.",
        "one_document": "One test document: it allows no interval and no test.",
        "improving": "Best at the last epoch, so perhaps not done learning: {models}. Longer training may change the order.",
        "state_carried": "The hidden state is carried from one test document to the next.",
        "state_reset": "The hidden state is reset before each test document.",
        # what was run
        "experiments_text": "An experiment is a corpus, the models tried on it and their seeds. A run that belongs to two "
        "experiments was made once.",
        "experiment": "Experiment",
        "corpus": "Corpus",
        "model": "Model",
        "model_plural": "Models",
        "seed": "Seed",
        "seed_plural": "Seeds",
        "settings": "Settings of each model",
        "setting": "Setting",
        # corpora
        "corpora_text": "Every document is in one part only; near-duplicates (the same text with few changes) stay "
        "together, so none straddles a split.",
        "corpora_text_manual": "One text, cut in three by position: training, then validation, then test.",
        "part": "Part",
        "train": "training",
        "validation": "validation",
        "test": "test",
        "documents": "Documents",
        "groups": "Groups",
        "words": "Words",
        "characters": "Characters",
        "bytes": "Bytes",
        "group": "Artist or label",
        "total": "total",
        "median_words": "Words of the median document",
        "most_words": "… of the longest",
        "parts_caption": "Parts of the corpus (kind: {kind}; split: {method})",
        "exact_duplicates": "Exact duplicates set aside: {count}.",
        "near_duplicates": "Near-duplicates: {documents} documents in {clusters} clusters, each kept in one part.",
        "groups_only_in_train": "Too small to split, so only in training: {groups}.",
        "by_group": "By artist or label ({count})",
        "section_tags": "Most frequent section tags:",
        "set_aside_none": "No row of the source was set aside.",
        "set_aside_some": "Rows of the source set aside: {count}, listed in set_aside.jsonl of the corpus’s folder. Reasons:",
        # curves, tables
        "learning_text": "Loss by epoch, every seed a line of its own: validation solid, training dashed (with dropout, so "
        "it may lie above). "
        "The dot marks the epoch whose weights were kept. Characters and words have a panel each: a nat per character and a "
        "nat per word cannot be compared.",
        "models_text": "<strong>Bits per byte</strong> is the cost of the same test bytes, whatever a model's tokens are, so "
        "all models of a corpus may be compared by it; lower is better. "
        "<strong>Perplexity</strong> is per token, so it may be compared only between models of the same unit. "
        "Unknown words pay for their spelling; “without spelling” leaves that out and flatters a model with many unknown "
        "words.",
        "models_caption": "Language models on the held-out text of {corpus}. Best in bold; best perplexity within each unit.",
        "models_caption_only": "The language model on the held-out text of {corpus}.",
        "models_note": "{documents} test documents, {bytes} bytes. {state} 95 % intervals: bootstrap over test documents.",
        "models_note_one": "One test document, {bytes} bytes.",
        "unit": "Unit",
        "unit_char": "character",
        "unit_word": "word",
        "parameters": "Parameters",
        "perplexity": "Perplexity per token",
        "perplexity_without_spelling": "… without spelling",
        "bits_per_byte": "Bits per byte",
        "interval_heading": "95 % interval",
        "seed_deviation": "Standard deviation over seeds",
        "unknown": "Unknown tokens",
        "carried": "Bits per byte, state carried",
        "reset": "Bits per byte, state reset",
        "nats_per_character": "Nats per character",
        "epochs": "Epochs (best)",
        "training_time": "Training time",
        "comparisons_text": "Difference in bits per byte of two models on the same documents: row minus column in the "
        "figure, a minus b in the table; below zero the first is better. Intervals: paired bootstrap over documents, not "
        "corrected for the number of pairs. p: sign-flip permutation test; p corrected: by Holm for the number of pairs of "
        "the corpus, decided below 0.05.",
        "comparisons_scope": "p and interval are about these trained models, their seeds averaged, on other texts of this "
        "kind; they say nothing about training again with other seeds. For that, <strong>seed noise</strong> is the "
        "standard error of the difference over seeds: a difference below twice its size is flagged, which with two or "
        "three seeds is itself a rough line.",
        "comparisons_caption": "All pairs of models on {corpus}",
        "model_a": "a",
        "model_b": "b",
        "difference": "a − b, bits per byte",
        "p": "p",
        "p_corrected": "p corrected",
        "verdict": "Verdict",
        "verdict_undecided": "undecided",
        "verdict_better": "{model} better",
        "seed_noise": "Seed noise",
        "flag_seed_noise": "but within seed noise",
        "flag_one_seed": "one seed: training luck unknown",
        "no_pairs": "There is only one model: nothing to compare.",
        # samples
        "samples_text": "Short excerpts, at most {lines} lines or {words} words each; the whole texts are in samples.jsonl "
        "of each run. The prompt is in grey, and how it was decoded stands below.",
        "more_samples": "{count} more by {model}",
        "no_samples": "No sample was asked for.",
        "primed": "after reading {document}",
        "stopped_end": "ended by itself",
        "stopped_length": "cut at {tokens} tokens",
        "temperature": "temperature",
        "repetition_penalty": "repetition penalty",
        "measures_text": "The same measures on the samples and on held-out text that no model saw, so that each has its "
        "yardstick. A run of words or an n-gram found in the training texts is memorisation only where it exceeds what "
        "held-out text shares with them.",
        "measures_caption": "Means over the samples of {corpus}; in grey the held-out text, cut to the length of that "
        "model’s samples",
        "texts": "Texts",
        "held_out": "held-out text",
        # hardware, provenance
        "hardware_text": "Measured while training. Energy is given where the machine tells it.",
        "hardware_caption": "What each run used",
        "device": "Device",
        "dtype": "Type",
        "threads": "Threads",
        "wall": "Time",
        "ram": "Peak RAM",
        "vram": "Peak VRAM",
        "tokens_per_second": "Tokens per second",
        "energy": "Energy",
        "provenance_text": "A fingerprint stands for the code that trained a run, comments and layout apart: with the same "
        "settings, data and versions it gives the same run.",
        "config": "Configuration",
        "commit": "Git commit",
        "commit_none": "not under git",
        "run": "Runs",
        "all_runs": "the same for all runs ({count})",
        "fingerprint": "Fingerprint",
        "figure_learning": "Learning curves of every model by epoch; the figures behind them are in history.csv of each run.",
        "figure_bits": "Bits per byte of every model with its 95 % interval; the values are in the table below.",
        "figure_comparisons": "Grid of differences between models; the values are in the table below.",
        "figure_measures": "Measures of the samples of every model against held-out text; the values are in the table below.",
    },
    "es": {
        "other_language": "English",
        "switch_theme": "Claro / oscuro",
        "contents": "Contenido",
        "skip": "Ir al informe",
        "made_by": "Hecho por Verso {version} el {date}",
        "demo_banner": "Demostración en un portátil: modelos en miniatura y un corpus de juguete; estas cifras no dicen nada "
        "sobre canciones reales.",
        "miniature_banner": "Algunos modelos son miniaturas (la misma arquitectura, diminuta): sus cifras no dicen nada de "
        "los verdaderos.",
        "miniature": "miniatura",
        "demo": "demostración",
        "summary": "En breve",
        "experiments": "Qué se ejecutó",
        "corpora": "Los textos",
        "learning": "Curvas de aprendizaje",
        "models": "Perplejidad y bits por byte",
        "comparisons": "Qué diferencias deciden los textos de prueba",
        "samples": "Muestras",
        "measures": "Las muestras en cifras",
        "hardware": "Tiempo, memoria, energía",
        "provenance": "Versiones y huellas",
        "best": "<strong>{model}</strong> es quien mejor predice el texto reservado de <em>{corpus}</em>: <strong>{value} "
        "bits por byte</strong>{interval}.",
        "only": "<strong>{model}</strong> predice el texto reservado de <em>{corpus}</em> con <strong>{value} bits por "
        "byte</strong>{interval}.",
        "interval": " (intervalo del 95 %: de {low} a {high})",
        "margin_decided": "Supera al siguiente, {second}, en {difference} bits por byte{interval}, p corregida {p}: más de "
        "lo que explica la elección de los documentos de prueba.",
        "margin_undecided": "Su ventaja sobre {second}, {difference} bits por byte{interval}, p corregida {p}, <strong>no "
        "queda decidida</strong> con {documents} documentos de prueba.",
        "margin_untested": "Su ventaja sobre {second}, {difference} bits por byte, no puede comprobarse con un solo "
        "documento de prueba.",
        "caution_seed_noise": "<strong>Pero está dentro del ruido entre semillas</strong> (error estándar entre semillas "
        "{noise}): otras semillas podrían invertir el orden.",
        "caution_one_seed": "<strong>Pero con una sola semilla no se conoce la suerte del entrenamiento</strong>: otras "
        "semillas podrían invertir el orden.",
        "perplexities": "Menor perplejidad: {models}. Son por unidad, así que unidades distintas no se comparan entre sí.",
        "perplexity_only": "Perplejidad: {models}.",
        "perplexity_char": "{model} con {value} por carácter{spelling}",
        "perplexity_word": "{model} con {value} por palabra{spelling}",
        "spelling": " con la ortografía de las unidades desconocidas ({without} sin ella)",
        "tied": "No se distinguen del mejor: {models}.",
        "all_pairs": "Los textos de prueba distinguen {decided} de {pairs} pares de modelos.",
        "cautious_pairs": "De ellos, quizá por suerte del entrenamiento: {count} (dentro del ruido entre semillas, o una sola "
        "semilla).",
        "one_seed": "Una sola semilla: no se conoce la suerte del entrenamiento.",
        "some_one_seed": "Donde hay una sola semilla, no se conoce la suerte del entrenamiento.",
        "some_seeds": "Los modelos tienen de {low} a {high} semillas.",
        "seeds": "{seeds} semillas, promediadas; las tablas dan su dispersión.",
        "interval_scope": "Los intervalos cubren la elección de los documentos de prueba, no la suerte del entrenamiento.",
        "few_documents": "Solo {documents} documentos de prueba: los intervalos son anchos, y con tan pocos el remuestreo "
        "los deja más estrechos de lo debido.",
        "one_document": "Un solo documento de prueba: no permite ni intervalo ni contraste.",
        "improving": "Mejores en la última época, así que quizá aún aprendían: {models}. Un entrenamiento más largo puede "
        "cambiar el orden.",
        "state_carried": "El estado oculto pasa de un documento de prueba al siguiente.",
        "state_reset": "El estado oculto se reinicia antes de cada documento de prueba.",
        "experiments_text": "Un experimento es un corpus, los modelos que se prueban en él y sus semillas. Una ejecución de "
        "dos experimentos se hizo una sola vez.",
        "experiment": "Experimento",
        "corpus": "Corpus",
        "model": "Modelo",
        "model_plural": "Modelos",
        "seed": "Semilla",
        "seed_plural": "Semillas",
        "settings": "Ajustes de cada modelo",
        "setting": "Ajuste",
        "corpora_text": "Cada documento está en una sola parte; los casi duplicados (el mismo texto con pocos cambios) van "
        "juntos, así que ninguno cruza la división.",
        "corpora_text_manual": "Un solo texto, cortado en tres por posición: entrenamiento, luego validación, luego prueba.",
        "part": "Parte",
        "train": "entrenamiento",
        "validation": "validación",
        "test": "prueba",
        "documents": "Documentos",
        "groups": "Grupos",
        "words": "Palabras",
        "characters": "Caracteres",
        "bytes": "Bytes",
        "group": "Artista o etiqueta",
        "total": "total",
        "median_words": "Palabras del documento mediano",
        "most_words": "… del más largo",
        "parts_caption": "Partes del corpus (clase: {kind}; división: {method})",
        "exact_duplicates": "Duplicados exactos apartados: {count}.",
        "near_duplicates": "Casi duplicados: {documents} documentos en {clusters} grupos, cada uno en una sola parte.",
        "groups_only_in_train": "Demasiado pequeños para dividirse, solo en entrenamiento: {groups}.",
        "by_group": "Por artista o etiqueta ({count})",
        "section_tags": "Marcas de sección más frecuentes:",
        "set_aside_none": "No se apartó ninguna fila de la fuente.",
        "set_aside_some": "Filas de la fuente apartadas: {count}, listadas en set_aside.jsonl de la carpeta del corpus. Motivos:",
        "learning_text": "Pérdida por época, cada semilla con su línea: validación continua, entrenamiento discontinua (con "
        "dropout, por lo que puede quedar por encima). "
        "El punto marca la época cuyos pesos se guardaron. Caracteres y palabras tienen su propio panel: un nat por carácter "
        "y un nat por palabra no se comparan.",
        "models_text": "<strong>Bits por byte</strong> es el coste de los mismos bytes de prueba, sean cuales sean las "
        "unidades del modelo: sirve para comparar todos los modelos de un corpus; menos es mejor. "
        "La <strong>perplejidad</strong> es por unidad, así que solo se compara entre modelos de la misma unidad. "
        "Las palabras desconocidas pagan su ortografía; «sin ortografía» la omite y favorece al modelo con muchas palabras "
        "desconocidas.",
        "models_caption": "Modelos de lenguaje sobre el texto reservado de {corpus}. El mejor en negrita; la mejor "
        "perplejidad dentro de cada unidad.",
        "models_caption_only": "El modelo de lenguaje sobre el texto reservado de {corpus}.",
        "models_note": "{documents} documentos de prueba, {bytes} bytes. {state} Intervalos del 95 %: bootstrap sobre los "
        "documentos de prueba.",
        "models_note_one": "Un documento de prueba, {bytes} bytes.",
        "unit": "Unidad",
        "unit_char": "carácter",
        "unit_word": "palabra",
        "parameters": "Parámetros",
        "perplexity": "Perplejidad por unidad",
        "perplexity_without_spelling": "… sin ortografía",
        "bits_per_byte": "Bits por byte",
        "interval_heading": "Intervalo del 95 %",
        "seed_deviation": "Desviación típica entre semillas",
        "unknown": "Unidades desconocidas",
        "carried": "Bits por byte, estado conservado",
        "reset": "Bits por byte, estado reiniciado",
        "nats_per_character": "Nats por carácter",
        "epochs": "Épocas (mejor)",
        "training_time": "Tiempo de entrenamiento",
        "comparisons_text": "Diferencia en bits por byte de dos modelos en los mismos documentos: fila menos columna en la "
        "figura, a menos b en la tabla; por debajo de cero gana el primero. Intervalos: bootstrap pareado sobre los "
        "documentos, sin corregir por el número de pares. p: prueba de permutación de signos; p corregida: según Holm por "
        "los pares del corpus, decidido por debajo de 0,05.",
        "comparisons_scope": "p e intervalo tratan de estos modelos entrenados, con sus semillas promediadas, en otros "
        "textos de esta clase; no dicen nada de volver a entrenar con otras semillas. Para eso, el <strong>ruido entre "
        "semillas</strong> es el error estándar de la diferencia entre semillas: se señala toda diferencia menor que su "
        "doble, un límite que con dos o tres semillas es aproximado.",
        "comparisons_caption": "Todos los pares de modelos en {corpus}",
        "model_a": "a",
        "model_b": "b",
        "difference": "a − b, bits por byte",
        "p": "p",
        "p_corrected": "p corregida",
        "verdict": "Veredicto",
        "verdict_undecided": "sin decidir",
        "verdict_better": "{model} mejor",
        "seed_noise": "Ruido entre semillas",
        "flag_seed_noise": "pero dentro del ruido entre semillas",
        "flag_one_seed": "una semilla: suerte del entrenamiento desconocida",
        "no_pairs": "Hay un solo modelo: nada que comparar.",
        "samples_text": "Extractos breves, de {lines} líneas o {words} palabras como mucho; los textos enteros están en "
        "samples.jsonl de cada ejecución. La entrada va en gris, y debajo cómo se decodificó.",
        "more_samples": "{count} más de {model}",
        "no_samples": "No se pidió ninguna muestra.",
        "primed": "tras leer {document}",
        "stopped_end": "terminó por sí mismo",
        "stopped_length": "cortado a las {tokens} unidades",
        "temperature": "temperatura",
        "repetition_penalty": "penalización por repetición",
        "measures_text": "Las mismas medidas en las muestras y en texto reservado que ningún modelo vio, para que cada una "
        "tenga su vara de medir. Una serie de palabras o un n-grama de los textos de entrenamiento es memorización solo si "
        "supera lo que el texto reservado comparte con ellos.",
        "measures_caption": "Medias de las muestras de {corpus}; en gris el texto reservado, cortado a la longitud de las "
        "muestras de ese modelo",
        "texts": "Textos",
        "held_out": "texto reservado",
        "hardware_text": "Medido durante el entrenamiento. La energía se da donde la máquina la indica.",
        "hardware_caption": "Qué consumió cada ejecución",
        "device": "Dispositivo",
        "dtype": "Tipo",
        "threads": "Hilos",
        "wall": "Tiempo",
        "ram": "RAM máxima",
        "vram": "VRAM máxima",
        "tokens_per_second": "Unidades por segundo",
        "energy": "Energía",
        "provenance_text": "Una huella representa el código con que se entrenó una ejecución, sin comentarios ni formato: "
        "con los mismos ajustes, datos y versiones da el mismo resultado.",
        "config": "Configuración",
        "commit": "Commit de git",
        "commit_none": "sin git",
        "run": "Ejecuciones",
        "all_runs": "la misma en todas las ejecuciones ({count})",
        "fingerprint": "Huella",
        "figure_learning": "Curvas de aprendizaje de cada modelo por época; las cifras están en history.csv de cada ejecución.",
        "figure_bits": "Bits por byte de cada modelo con su intervalo del 95 %; los valores están en la tabla de abajo.",
        "figure_comparisons": "Cuadrícula de diferencias entre modelos; los valores están en la tabla de abajo.",
        "figure_measures": "Medidas de las muestras de cada modelo frente al texto reservado; los valores están en la "
        "tabla de abajo.",
    },
}
