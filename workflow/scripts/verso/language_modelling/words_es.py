"""What the page says of language models in Spanish."""

FIGURE_LABELS: dict[str, str] = {
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
    "control_line": "punto: media de las muestras ± un error estándar; marca gris: textos reservados, cortados a esa "
    "longitud como mucho",
}
# Measures of samples, by the columns of sample_measures.csv (verso.language_modelling.sample_measures)
MEASURES: dict[str, str] = {
    "words": "palabras",
    "characters": "caracteres",
    "lines": "líneas de texto",
    "words_per_line": "palabras por línea",
    "distinct_1": "palabras distintas, proporción",
    "distinct_2": "pares de palabras distintos, proporción",
    "distinct_3": "tríos de palabras distintos, proporción",
    "repetition": "4-gramas repetidos, proporción",
    "longest_loop_words": "bucle más largo, palabras",
    "section_tags": "marcas de sección",
    "section_tag_validity": "marcas de sección válidas, proporción",
    "unknown_words": "palabras ajenas al entrenamiento, proporción",
    "rhyme_density": "densidad de rima, vocales por palabra",
    "longest_run_words": "copia literal más larga, palabras",
    "longest_run_characters": "copia literal más larga, caracteres",
    "containment_5": "5-gramas del entrenamiento, proporción",
    "containment_8": "8-gramas del entrenamiento, proporción",
}
WORDS: dict[str, str] = {
    **{f"measure_{name}": heading for name, heading in MEASURES.items()},
    "learning": "Curvas de aprendizaje",
    "memorisation": "Aprender de memoria",
    "models": "Perplejidad y bits por byte",
    "comparisons": "Qué diferencias deciden los textos de prueba",
    "samples": "Muestras",
    "measures": "Las muestras en cifras",
    "best": "<strong>{model}</strong> es quien mejor predice el texto reservado de <em>{corpus}</em>: <strong>{value} "
    "bits por byte</strong>{interval}.",
    "only": "<strong>{model}</strong> predice el texto reservado de <em>{corpus}</em> con <strong>{value} bits por "
    "byte</strong>{interval}.",
    "margin_decided": "Supera al siguiente, {second}, en {difference} bits por byte{interval}, p corregida {p}: más de "
    "lo que explica la elección de los documentos de prueba.",
    "margin_undecided": "Su ventaja sobre {second}, {difference} bits por byte{interval}, p corregida {p}, <strong>no "
    "queda decidida</strong> con {documents} documentos de prueba.",
    "margin_untested": "Su ventaja sobre {second}, {difference} bits por byte, no puede comprobarse con un solo "
    "documento de prueba.",
    "perplexities": "Menor perplejidad: {models}. Son por unidad, así que unidades distintas no se comparan entre sí.",
    "perplexity_only": "Perplejidad: {models}.",
    "perplexity_char": "{model} con {value} por carácter{spelling}",
    "perplexity_word": "{model} con {value} por palabra{spelling}",
    "perplexity_subword": "{model} con {value} por subpalabra de {pretrained}{spelling}",
    "spelling": " con la ortografía de las unidades desconocidas ({without} sin ella)",
    "few_documents": "Solo {documents} documentos de prueba: con tan pocos el remuestreo deja los intervalos más estrechos "
    "de lo debido, y el contraste puede no decidir nada (con menos de 6, nunca).",
    "one_document": "Un solo documento de prueba: no permite ni intervalo ni contraste.",
    "improving": "Mejores en la última época, así que quizá aún aprendían: {models}. Un entrenamiento más largo puede "
    "cambiar el orden.",
    "state_carried": "Los modelos recurrentes llevan su estado oculto de un documento de prueba al siguiente.",
    "state_reset": "Donde no se da nada, cada documento de prueba se lee solo.",
    "state_prompted": "Un modelo preentrenado lee cada documento solo, tras la petición que lo pide y nombra a su "
    "artista; la petición "
    "no se paga. No sabe nada de los documentos anteriores, y un estado que pasa sí: las tablas dan ambos costes "
    "de cada modelo.",
    "learning_text": "Pérdida por época, cada semilla con su línea: validación continua, entrenamiento discontinua (con "
    "dropout, por lo que puede quedar por encima). "
    "El punto marca cuándo se alcanzaron los pesos guardados; 0 es antes de entrenar. "
    "Caracteres y palabras tienen su propio panel: un nat por carácter "
    "y un nat por palabra no se comparan. En palabras compárense solo líneas de la misma clase: las desconocidas cuentan aquí "
    "sin su ortografía, y el texto reservado tiene más, lo que basta para dejar la validación por debajo del entrenamiento.",
    "memorisation_text": "Varias veces por época, y antes del ajuste (0: la base), se da a un modelo el comienzo de un "
    "texto, su petición y 50 unidades, y sigue con las "
    "más probables: la parte de las 50 siguientes que recita antes de su primer error. En los textos de "
    "entrenamiento (línea continua) es aprender de memoria si supera esa misma parte en los reservados (a trazos). "
    "Puede subir antes de que la pérdida de validación sea la menor, así que guardar esos pesos (punto) no protege.",
    "models_text": "<strong>Bits por byte</strong> es el coste de los mismos bytes de prueba, sean cuales sean las "
    "unidades del modelo: sirve para comparar todos los modelos de un corpus; menos es mejor. "
    "La <strong>perplejidad</strong> es por unidad, así que solo se compara entre modelos de la misma unidad: las "
    "subpalabras de dos modelos preentrenados son dos unidades. "
    "Las palabras desconocidas pagan su ortografía; «sin ortografía» la omite y favorece al modelo con muchas palabras "
    "desconocidas.",
    "models_caption": "Modelos de lenguaje sobre el texto reservado de {corpus}. El mejor en negrita; la mejor "
    "perplejidad dentro de cada unidad.",
    "models_caption_only": "El modelo de lenguaje sobre el texto reservado de {corpus}.",
    "models_note": "{documents} documentos de prueba, {bytes} bytes. Intervalos del 95 %: bootstrap sobre los "
    "documentos de prueba.",
    "models_note_one": "Un documento de prueba, {bytes} bytes.",
    "unit": "Unidad",
    "unit_char": "carácter",
    "unit_word": "palabra",
    "unit_subword": "subpalabra",
    "windows_caption": "Cómo se evaluaron los modelos preentrenados en {corpus}: qué se les dio al compararlos con otros, "
    "el coste con ello y sin ello, y cuánto ven a la vez",
    "window": "Ventana, unidades",
    "stride": "Paso, unidades",
    "test_texts_longer": "Textos de prueba más largos que la ventana",
    "train_texts_longer": "Textos de entrenamiento más largos que la ventana",
    "tokens_not_learnt": "Unidades de entrenamiento omitidas",
    "windows_note": "La ventana y el paso deciden la cifra. Un texto de prueba más largo se lee en ventanas que empiezan "
    "a un paso una de otra; cada unidad se puntúa una sola vez, en la primera ventana que la contiene, y tiene ahí menos "
    "contexto que en una ventana mayor. La ventana contiene también la petición, donde se da una.",
    "perplexity": "Perplejidad por unidad",
    "perplexity_without_spelling": "… sin ortografía",
    "bits_per_byte": "Bits por byte",
    "unknown": "Unidades desconocidas",
    "given": "Se da",
    "given_carried": "los textos anteriores",
    "given_reset": "nada",
    "given_prompted": "su petición",
    "carried": "Bits por byte, estado conservado",
    "reset": "Bits por byte, sin dar nada",
    "prompted": "Bits por byte, dada la petición",
    "nats_per_character": "Nats por carácter",
    "training_time": "Tiempo de entrenamiento",
    "comparisons_text": "Diferencia en bits por byte de dos modelos en los mismos documentos: fila menos columna en la "
    "figura, a menos b en la tabla; por debajo de cero gana el primero. Intervalos: bootstrap pareado sobre los "
    "documentos, sin corregir por el número de pares. p: prueba de permutación de signos; p corregida: según Holm por "
    "los pares del corpus, decidido por debajo de 0,05.",
    "difference": "a − b, bits por byte",
    "samples_text": "Extractos breves, de {lines} líneas o {words} palabras como mucho; los textos enteros están en "
    "samples.jsonl de cada ejecución. Son las primeras de cada grupo, sin escoger. La entrada va en gris, encima lo "
    "que se pidió a un modelo preentrenado, y debajo cómo se decodificó.",
    "asked": "Se le pidió: {instruction}",
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
    "measures_caption": "Medias de las muestras de {corpus}; en gris el texto reservado, cortado como mucho a la longitud de las "
    "muestras de ese modelo",
    "held_out": "texto reservado",
    "work_sampling": "muestras",
    "figure_learning": "Curvas de aprendizaje de cada modelo por época; las cifras están en history.csv de cada ejecución.",
    "figure_memorisation": "Pérdida de validación y parte recitada de los modelos ajustados por época; las cifras "
    "están en history.csv.",
    "figure_bits": "Bits por byte de cada modelo con su intervalo del 95 %; los valores están en la tabla de abajo.",
    "figure_comparisons": "Cuadrícula de diferencias entre modelos; los valores están en la tabla de abajo.",
    "figure_measures": "Medidas de las muestras de cada modelo frente al texto reservado; los valores están en la "
    "tabla de abajo.",
}
