"""What the page says of the measured predictions of language models in Spanish."""

FIGURE_LABELS: dict[str, str] = {
    "gap": "brecha, nats por unidad",
    "total_variation": "sesgo, variación total",
    "divergence": "sesgo, divergencia KL en nats",
    "bleu_1": "BLEU-1 de continuaciones sorteadas",
    "bleu_2": "BLEU-2 de continuaciones sorteadas",
    "bleu_3": "BLEU-3 de continuaciones sorteadas",
    "bleu_4": "BLEU-4 de continuaciones sorteadas",
    "floor_line": "barra: el modelo, media de las semillas; marca gris: por azar (sesgo) y palabras al azar según su "
    "frecuencia (BLEU)",
    "too_much": "predicho de más",
    "too_little": "predicho de menos",
    "percentage_points": "puntos porcentuales",
    "milliseconds": "milisegundos",
    "time_of_token": "tiempo de una unidad",
    "time_of_sequence": "tiempo de una secuencia",
    "box_line": "línea blanca: mediana; caja: la mitad de los tiempos; bigote: del 5 al 95 %",
}

WORDS: dict[str, str] = {
    "predictions": "Medidas de las predicciones",
    "predictions_text": "Cómo predicen los modelos, medido tras el entrenamiento, sin dropout, en los mismos documentos de "
    "cada parte (como mucho {characters} caracteres, repartidos por igual; cada documento se lee por separado). La "
    "<strong>pérdida</strong> es el coste medio de una unidad en nats, nunca suavizada, con la ortografía de las palabras "
    "desconocidas; la perplejidad es su exponencial. Las pérdidas por unidad de unidades distintas no se comparan. "
    "La <strong>brecha</strong> es la pérdida de validación menos la de entrenamiento; si no pasa de dos "
    "de sus errores estándar, puede ser azar. El cociente de ambas pérdidas, que algunos informes imprimen, no tiene escala: "
    "crece sin límite cuando la pérdida de entrenamiento se acerca a 0.",
    "predictions_caption": "Pérdida y perplejidad de los modelos de {corpus} en cada parte, y la brecha entre entrenamiento y "
    "validación",
    "predictions_note": "Medido: {documents}. Medias de las semillas; ± desviación típica entre semillas. La pérdida de "
    "entrenamiento optimizada es la de la época cuyos pesos se conservaron, con dropout.",
    "predictions_pretrained": "Preentrenado ({models}): medido en las unidades de su propio tokenizador, tras la petición del "
    "texto si así se comparan sus puntuaciones; la petición no se predice. No se sabe con qué textos se preentrenó, y pueden "
    "incluir las tres partes.",
    "predictions_untuned": "{models} no aprendió nada de la parte de entrenamiento: la brecha es la diferencia entre dos textos "
    "y no indica sobreajuste.",
    "part_documents": "{part} {measured} de {all} documentos",
    "of_train": "entrenamiento",
    "of_validation": "validación",
    "of_test": "prueba",
    "part_loss": "Pérdida, {part}",
    "part_accuracy": "Exactitud, {part}",
    "part_perplexity": "Perplejidad, {part}",
    "part_unknown": "Desconocidas, {part}",
    "gap_heading": "Brecha, nats",
    "gap_error": "… error estándar entre documentos",
    "gap_without_spelling": "… sin ortografía",
    "ratio": "Cociente, sin ortografía",
    "optimised": "Pérdida de entrenamiento optimizada",
    "smoothed_note": "{model} se entrenó con suavizado de etiquetas {smoothing}: la pérdida optimizada no puede bajar de "
    "{least} nats con {vocabulary} unidades, por bueno que sea el modelo. Suavizada, su pérdida de prueba es de {loss} nats.",
    "accuracy_text": "La <strong>exactitud</strong> es la parte de las unidades cuya predicción más probable acierta; no "
    "hay relleno entre ellas, y una unidad desconocida cuenta como error, porque predecir «desconocida» no nombra ninguna. "
    "La última columna es la exactitud, en el texto de prueba, de predecir siempre la unidad más frecuente del "
    "entrenamiento. Las exactitudes de unidades distintas no se comparan.",
    "accuracy_caption": "Exactitud por unidad y unidades desconocidas de los modelos de {corpus}",
    "commonest": "Solo la más frecuente",
    "bias_text": "El <strong>sesgo</strong> compara la probabilidad media predicha de cada unidad con su parte del texto de "
    "prueba: por variación total (0: las mismas partes, 1: ninguna en común) y por divergencia de Kullback-Leibler. Un "
    "modelo perfecto no obtiene 0 con un texto finito; «por azar» es lo que dan textos sorteados de las propias "
    "predicciones del modelo (media; el 95 % queda por debajo del valor entre paréntesis). Solo lo que lo supera es sesgo.",
    "bias_caption": "Frecuencias predichas y reales de las unidades en el texto de prueba de {corpus}",
    "tv": "Variación total",
    "kl": "Divergencia KL, nats",
    "by_chance": "por azar",
    "bleu_text": "<strong>BLEU</strong> de las continuaciones: cada modelo recibe {prompt} palabras de un texto de prueba y "
    "lo continúa; sus {words} palabras siguientes se comparan con las del texto, sobre todo el corpus, de 0 a 100. BLEU-n "
    "cuenta todos los n-gramas hasta n. Un texto admite muchas continuaciones, así que el número dice poco si no supera "
    "claramente los suelos: la continuación de otro pasaje y palabras sorteadas por su frecuencia. Las palabras de la "
    "continuación verdadera en orden aleatorio muestran cuánto valen solo las palabras correctas. No se da "
    "intervalo: las diferencias pequeñas no deciden nada.",
    "bleu_caption": "BLEU de las continuaciones de {count} pasajes de prueba de {corpus}",
    "bleu_note": "sacrebleu, {signature}; sin suavizado ni orden efectivo.",
    "bleu_pretrained": "Los modelos preentrenados ({models}) continúan solo las palabras, sin petición, como en su "
    "preentrenamiento.",
    "no_passages": "Ningún texto de prueba de {corpus} da para un pasaje que continuar.",
    "continuation": "Continuación",
    "what_greedy": "unidades más probables",
    "what_drawn": "sorteada del modelo",
    "what_exchanged": "de otro pasaje",
    "what_shuffled": "palabras verdaderas en orden aleatorio",
    "what_unigram": "palabras por frecuencia",
    "brevity": "Penalización por brevedad",
    "latency_text": "<strong>Latencia</strong>: tiempo para leer una unidad más y hallar la siguiente, y para leer una "
    "secuencia entera, medido muchas veces tras un calentamiento, un texto cada vez, en el procesador (un modelo "
    "preentrenado: en el dispositivo de su trabajo). Depende de la máquina y de lo que además se ejecute; los tiempos de dos "
    "dispositivos no se comparan.",
    "latency_caption": "Latencia y memoria de los modelos de {corpus}",
    "latency_note": "De {times} tiempos por unidad y {sequences} por secuencia, tras {warm} y {warm_sequences} que no "
    "cuentan. La memoria máxima es la de todo el proceso, que también contiene el programa y los textos.",
    "cache": "Conserva del texto anterior",
    "cache_keys and values": "claves y valores",
    "cache_recurrent state": "su estado",
    "token_median": "Unidad, mediana, ms",
    "sequence_median": "Secuencia, mediana, ms",
    "high_time": "95 % por debajo, ms",
    "sequence_tokens": "Unidades de la secuencia",
    "weights_memory": "Pesos, MB",
    "peak_memory": "Memoria máxima",
    "figure_predictions": "Brecha de generalización, sesgo y BLEU de cada modelo; los valores están en las tablas de abajo.",
    "figure_token_bias": "Las unidades que cada modelo predice de más y de menos; todas están en token_frequencies.csv de "
    "cada ejecución.",
    "figure_latency": "Latencia de cada modelo; los valores están en la tabla de abajo.",
}
