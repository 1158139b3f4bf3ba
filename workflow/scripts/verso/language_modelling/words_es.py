"""What the page says of language models in Spanish."""

from verso.language_modelling import prediction_words_es

FIGURE_LABELS: dict[str, str] = {
    **prediction_words_es.FIGURE_LABELS,
    "part": "parte",
    "train": "entrenamiento",
    "validation": "validación",
    "loss_char": "pérdida, nats por carácter",
    "loss_word": "pérdida, nats por palabra",
    "loss_bpe": "pérdida, nats por subpalabra BPE",
    "loss_subword": "pérdida, nats por subpalabra",
    "unit_bpe": "subpalabras BPE",
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
    "function_words": "palabras funcionales, proporción",
    "rhyme_density": "densidad de rima, vocales por palabra",
    "longest_run_words": "copia literal más larga, palabras",
    "longest_run_characters": "copia literal más larga, caracteres",
    "containment_5": "5-gramas del entrenamiento, proporción",
    "containment_8": "8-gramas del entrenamiento, proporción",
}
WORDS: dict[str, str] = {
    **prediction_words_es.WORDS,
    **{f"measure_{name}": heading for name, heading in MEASURES.items()},
    "learning": "Curvas de aprendizaje",
    "memorisation": "Memorización",
    "models": "Perplejidad y bits por byte",
    "comparisons": "Comparaciones entre modelos de lenguaje",
    "samples": "Muestras",
    "measures": "Medidas de las muestras",
    "best": "<strong>{model}</strong> predice el texto reservado de <em>{corpus}</em> con el menor coste: <strong>{value} "
    "bits por byte</strong>{interval}.",
    "only": "<strong>{model}</strong> predice el texto reservado de <em>{corpus}</em> con <strong>{value} bits por "
    "byte</strong>{interval}.",
    "margin_decided": "Supera al segundo, {second}, en {difference} bits por byte{interval}; p corregida {p}. Es improbable "
    "que lo expliquen la elección de los documentos de prueba o el azar del entrenamiento.",
    "margin_decided_weights": "Su ventaja sobre {second}, {difference} bits por byte{interval}, es significativa para "
    "<strong>estos pesos, en textos como estos</strong>; p corregida {p}. Al menos uno de los dos tiene una sola semilla: "
    "otra podría invertir el orden.",
    "margin_undecided": "Su ventaja sobre {second}, {difference} bits por byte{interval}, <strong>no es significativa</strong> "
    "con {documents} documentos de prueba; p corregida {p}.",
    "margin_undecided_weights": "Su ventaja sobre {second}, {difference} bits por byte{interval}, <strong>no es "
    "significativa</strong> con {documents} documentos de prueba, ni siquiera solo para estos pesos; p corregida {p}.",
    "margin_untested": "Su ventaja sobre {second}, {difference} bits por byte, no puede comprobarse con un solo "
    "documento de prueba.",
    "perplexities": "Menor perplejidad: {models}. La perplejidad es por unidad, así que no se comparan unidades distintas.",
    "perplexity_only": "Perplejidad: {models}.",
    "perplexity_char": "{model} con {value} por carácter{spelling}",
    "perplexity_word": "{model} con {value} por palabra{spelling}",
    "perplexity_word_sized": "{model} con {value} por palabra de {size}{spelling}",
    "perplexity_bpe_sized": "{model} con {value} por subpalabra BPE de {size}",
    "perplexity_subword": "{model} con {value} por subpalabra de {pretrained}{spelling}",
    "spelling": " con la ortografía de las unidades desconocidas ({without} sin ella)",
    "few_documents": "Solo {documents} documentos de prueba: con tan pocos, el bootstrap da al intervalo de un modelo menos "
    "anchura de la debida, y el veredicto puede ser incapaz de hallar una diferencia.",
    "one_document": "Un solo documento de prueba: no es posible ningún intervalo ni contraste.",
    "improving": "Mejores en la última época, así que quizá les falte entrenamiento: {models}. Un entrenamiento más largo puede "
    "cambiar el orden.",
    "state_carried": "Un estado conservado conoce los documentos de prueba anteriores: los modelos recurrentes llevan su estado "
    "oculto de uno al siguiente, y la ventana de un Transformer que aprendió así contiene el final del anterior.",
    "state_reset": "Un modelo sin contexto lee cada documento de prueba por separado.",
    "state_prompted": "Un modelo preentrenado lee cada documento por separado, tras la instrucción que lo solicita y que, si es "
    "una canción, nombra a su artista; las unidades de la instrucción no se puntúan. Un estado conservado conoce los documentos "
    "anteriores y una instrucción no: las tablas dan el coste de cada modelo con su contexto y sin él.",
    "learning_text": "Pérdida por época, una línea por semilla: validación continua, entrenamiento discontinua (con dropout, y "
    "con suavizado de etiquetas si el modelo lo tiene, por lo que puede quedar por encima). El punto marca los pesos que se "
    "conservaron; 0 es antes de entrenar. Cada unidad tiene su panel, porque los nats por carácter y los nats por palabra no se "
    "comparan. En palabras compárense solo líneas de la misma clase: las palabras desconocidas cuentan aquí sin su ortografía, "
    "y el texto reservado tiene más, lo que basta para dejar la validación por debajo del entrenamiento.",
    "memorisation_text": "Antes del ajuste (0: el modelo base) y varias veces por época, el modelo recibe la instrucción y las "
    "primeras 50 unidades de un texto y continúa con las más probables. La figura muestra la parte de las 50 siguientes que "
    "reproduce antes de su primer error. Donde esa parte es mayor en los textos de entrenamiento (línea continua) que en los "
    "reservados (a trazos), el modelo ha memorizado. Puede subir antes de que la pérdida de validación llegue a su mínimo, así "
    "que conservar los pesos de ese mínimo (punto) no impide la memorización.",
    "models_text": "<strong>Bits por byte</strong> es el coste de los mismos bytes de prueba, sean cuales sean las unidades "
    "del modelo, así que compara todos los modelos de un corpus; menos es mejor. La <strong>perplejidad</strong> es por "
    "unidad, así que solo compara modelos de la misma unidad; las subpalabras de dos modelos preentrenados son dos unidades, y "
    "también los vocabularios de dos tamaños. El coste de una palabra desconocida incluye su ortografía; «sin ortografía» la "
    "omite, lo que favorece a los modelos con muchas palabras desconocidas.",
    "models_caption": "Modelos de lenguaje sobre el texto reservado de {corpus}. El mejor en negrita; la mejor "
    "perplejidad dentro de cada unidad.",
    "models_caption_only": "El modelo de lenguaje sobre el texto reservado de {corpus}.",
    "models_note": "{documents} documentos de prueba, {bytes} bytes. Intervalos del 95 %: bootstrap sobre los "
    "documentos de prueba.",
    "models_note_one": "Un documento de prueba, {bytes} bytes.",
    "unit": "Unidad",
    "unit_char": "carácter",
    "unit_word": "palabra",
    "unit_bpe": "subpalabra BPE",
    "unit_subword": "subpalabra",
    "windows_caption": "Cómo se evaluaron los modelos con ventana en {corpus}: su contexto en las comparaciones, el coste con "
    "él y sin él, y el tamaño de la ventana",
    "window": "Ventana, unidades",
    "stride": "Paso, unidades",
    "test_texts_longer": "Textos de prueba más largos que la ventana",
    "train_texts_longer": "Textos de entrenamiento más largos que la ventana",
    "tokens_not_learnt": "Unidades de entrenamiento omitidas",
    "windows_note": "El resultado depende de la ventana y del paso. Un texto de prueba más largo que la ventana se lee en "
    "ventanas que empiezan a un paso una de otra; cada unidad se puntúa una sola vez, en la primera ventana que la contiene, y "
    "tiene ahí menos contexto que en una ventana mayor. La ventana incluye la instrucción, si la hay.",
    "perplexity": "Perplejidad por unidad",
    "perplexity_without_spelling": "… sin ortografía",
    "bits_per_byte": "Bits por byte",
    "unknown": "Unidades desconocidas",
    "given": "Contexto",
    "given_carried": "textos anteriores",
    "given_reset": "ninguno",
    "given_prompted": "instrucción",
    "carried": "Bits por byte, estado conservado",
    "reset": "Bits por byte, sin contexto",
    "prompted": "Bits por byte, con instrucción",
    "nats_per_character": "Nats por carácter",
    "training_time": "Tiempo de entrenamiento",
    "comparisons_text": "Diferencia en bits por byte entre dos modelos en los mismos documentos: fila menos columna en la "
    "figura, a menos b en la tabla; por debajo de cero es mejor el primero. p corregida: según Holm por el número de pares "
    "del corpus, significativa por debajo de 0,05 (si no, sin decidir).",
    "difference": "a − b, bits por byte",
    "samples_text": "Extractos breves, de {lines} líneas o {words} palabras como mucho; los textos completos están en "
    "samples.jsonl de cada ejecución. Son las primeras muestras de cada grupo, no una selección. La entrada va en gris; encima "
    "está la instrucción dada a un modelo preentrenado, y debajo los ajustes de decodificación.",
    "asked": "Instrucción: {instruction}",
    "more_samples": "{count} más de {model}",
    "no_samples": "No se solicitaron muestras.",
    "primed": "tras leer {document}",
    "stopped_end": "terminó por sí mismo",
    "stopped_length": "cortado a las {tokens} unidades",
    "temperature": "temperatura",
    "repetition_penalty": "penalización por repetición",
    "measures_text": "Las mismas medidas para las muestras y, como referencia, para texto reservado que no se usó para entrenar. "
    "Una serie de palabras o un n-grama que también aparece en los textos de entrenamiento es memorización solo donde supera lo "
    "que el texto reservado comparte con ellos.",
    "measures_caption": "Medias de las muestras de {corpus}; en gris el texto reservado, cortado como mucho a la longitud de las "
    "muestras de ese modelo",
    "held_out": "texto reservado",
    "work_sampling": "muestras",
    "work_measuring": "medidas de las predicciones",
    "figure_learning": "Curvas de aprendizaje de cada modelo por época; los valores están en history.csv de cada ejecución.",
    "courses_text": "Perplejidad por unidad de la parte de validación (palabras desconocidas sin su ortografía), la proporción "
    "de sus unidades que un modelo predice bien si su familia la mide, tasa de aprendizaje y norma media del gradiente antes de "
    "recortarlo. Una línea por semilla; el punto marca los pesos que se conservaron.",
    "figure_courses": "Perplejidad de validación, exactitud, tasa de aprendizaje y norma del gradiente de cada modelo por "
    "época; los valores están en history.csv de cada ejecución.",
    "figure_memorisation": "Pérdida de validación y parte recitada de los modelos ajustados por época; los valores están en "
    "history.csv de cada ejecución.",
    "figure_bits": "Bits por byte de cada modelo con su intervalo del 95 %; los valores están en la tabla de abajo.",
    "figure_comparisons": "Cuadrícula de diferencias entre modelos; los valores están en la tabla de abajo.",
    "figure_measures": "Medidas de las muestras de cada modelo frente al texto reservado; los valores están en la "
    "tabla de abajo.",
}
