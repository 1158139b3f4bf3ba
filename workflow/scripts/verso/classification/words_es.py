"""What the page says of classifiers in Spanish."""

FIGURE_LABELS: dict[str, str] = {
    "f1_macro": "F1 macro de los textos de prueba (más es mejor)",
    "f1_line": "barra horizontal: intervalo del 95 %; marca gris: una semilla",
    "f1_line_grouped": "barra horizontal: intervalo del 95 %; marca gris: una semilla; las recetas con un punto en una "
    "misma barra no difieren significativamente",
    "curves_line": "F1 macro de los textos de validación por época, una línea por semilla; punto: pesos guardados; "
    "punteado: el más alto",
    "groups": "grupos",
    "true_label": "etiqueta verdadera",
    "predicted_label": "etiqueta predicha",
    "invalid": "no válida",
    "confusion_line": "número de textos, media entre semillas; más oscuro: mayor parte de los textos con esa etiqueta verdadera",
}
WORDS: dict[str, str] = {
    "classifiers": "Clasificadores",
    "classifier_learning": "Curvas de aprendizaje de los clasificadores",
    "classifier_pairs": "Comparaciones entre clasificadores",
    "classifier_labels": "Resultados por etiqueta",
    "classifier_cost": "Coste de los clasificadores",
    "classifier_errors": "Errores con más confianza",
    "probes": "Textos escritos por el usuario",
    "classifier_best": "<strong>{model}</strong> tiene la F1 macro más alta en los textos de prueba de <em>{corpus}</em>: "
    "<strong>{value}</strong>{interval}, exactitud {accuracy}.",
    "classifier_only": "<strong>{model}</strong> predice las etiquetas de <em>{corpus}</em> con <strong>F1 macro "
    "{value}</strong>{interval}, exactitud {accuracy}.",
    "classifier_lead_decided": "Supera al segundo, {second}, en {difference}{interval}; p corregida {p}. Es improbable que lo "
    "expliquen la elección de los textos de prueba o el azar del entrenamiento.",
    "classifier_lead_decided_weights": "Su ventaja sobre {second}, {difference}{interval}, es significativa para "
    "<strong>estos pesos, en textos como estos</strong>; p corregida {p}. Al menos uno de los dos tiene una sola semilla: "
    "otra podría invertir el orden.",
    "classifier_lead_undecided": "Su ventaja sobre {second}, {difference}{interval}, <strong>no es significativa</strong> con "
    "{documents} textos de prueba; p corregida {p}.",
    "classifier_lead_undecided_weights": "Su ventaja sobre {second}, {difference}{interval}, <strong>no es "
    "significativa</strong> con {documents} textos de prueba, ni siquiera solo para estos pesos; p corregida {p}.",
    "classifier_lead_untested": "Su ventaja sobre {second}, {difference}, no puede comprobarse con un solo texto de prueba.",
    "test_size": "Con {documents} textos de prueba, una exactitud se conoce con ±{points} puntos (95 %).",
    "test_size_few": "<strong>Demasiado pocos textos de prueba para detectar diferencias pequeñas: {documents}.</strong> Una "
    "exactitud solo se conoce con ±{points} puntos (95 %), así que clasificadores que difieren menos pueden ser igual de buenos.",
    "few_of_label": "Etiquetas con pocos textos de prueba, cuya F1 es muy incierta: {labels}.",
    "no_baseline": "Entre los modelos no hay ninguna referencia (la etiqueta más frecuente, una bolsa de palabras) con que "
    "comparar estas cifras.",
    "below_majority": "No significativamente mejores que predecir siempre la etiqueta más frecuente ({baseline}): {models}.",
    "below_tfidf": "No significativamente mejores que una bolsa de palabras ({baseline}): {models}.",
    "invalid_replies": "Respuestas que no son ninguna etiqueta, contadas como errores: {models}.",
    "classifiers_text": "<strong>F1 macro</strong> es la media de las F1 de las etiquetas, todas con el mismo peso: predecir "
    "siempre la etiqueta más frecuente puede dar una exactitud alta, pero da una F1 macro baja. Una respuesta que no es ninguna "
    "etiqueta cuenta como error y como predicción de ninguna etiqueta. Todas las cifras son medias entre semillas.",
    "classifiers_text_ordered": "Para etiquetas que son pasos de una escala: la <strong>puntuación de polaridad</strong> "
    "(Rest-Mex) es la F1 media de todas las etiquetas de la escala; el error absoluto es el número de pasos entre la etiqueta "
    "verdadera y la predicha; la kappa cuadrática es 1 con acuerdo perfecto y 0 con el del azar. Una respuesta no válida cuenta "
    "como el mayor error que permite la escala.",
    "classifiers_text_calibration": "El error de calibración es la distancia entre las probabilidades predichas y la proporción "
    "de aciertos (15 tramos); 0 es lo mejor.",
    "classifiers_caption": "Clasificadores en los textos de prueba de {corpus}, por F1 macro; lo mejor de cada columna en "
    "negrita.",
    "group_note": "Las recetas que comparten una letra no difieren significativamente. Un modelo con una sola semilla "
    "no tiene letra ni supera a ninguno, salvo que sus cifras no dependan de ninguna semilla.",
    "classifiers_caption_only": "El clasificador en los textos de prueba de {corpus}.",
    "classifiers_note": "{documents} textos de prueba, {labels} etiquetas. Intervalos del 95 %: bootstrap sobre los textos "
    "de prueba.",
    "f1_macro": "F1 macro",
    "f1_weighted": "F1 ponderada",
    "accuracy": "Exactitud",
    "precision_macro": "Precisión macro",
    "recall_macro": "Exhaustividad macro",
    "precision_weighted": "Precisión ponderada",
    "recall_weighted": "Exhaustividad ponderada",
    "polarity_score": "Puntuación de polaridad",
    "mean_absolute_error": "Error absoluto, pasos",
    "quadratic_kappa": "Kappa cuadrática",
    "matthews_correlation": "Correlación de Matthews",
    "calibration_error": "Error de calibración",
    "invalid": "No válidas",
    "group_letter": "Grupo",
    "beats": "Supera a",
    "classifier_learning_text": "F1 macro de los textos de validación durante el entrenamiento: un panel por modelo, primero el "
    "mejor en los textos de prueba, y una línea por semilla. El punto marca los pesos que se conservaron. Todos los paneles de "
    "un corpus tienen la misma escala de F1; la de épocas es propia de cada panel. Una línea que aún sube al final quizá se "
    "detuvo demasiado pronto; la distancia entre líneas es el efecto de la semilla. Los modelos sin épocas (referencias, "
    "instrucciones) no tienen panel.",
    "classifier_pairs_text": "Diferencia de F1 macro entre dos modelos en los mismos textos de prueba: fila menos columna en "
    "la figura, a menos b en la tabla; por encima de cero es mejor el primero. La F1 macro no es una media entre textos, "
    "así que cada texto cuenta por su valor de jackknife. Las exactitudes se comparan igual; a su lado está la p de la "
    "prueba exacta de McNemar, que toma los pesos como son y no decide nada. F1 macro y exactitud son dos familias de "
    "pruebas: cada una se corrige según Holm por el número de pares del corpus y es significativa por debajo de 0,05 (si "
    "no, sin decidir). Si nada difiere, la probabilidad de que alguna de las dos familias decida un par es como mucho del "
    "10 %.",
    "classifier_difference": "a − b, F1 macro",
    "accuracy_difference": "a − b, exactitud",
    "only_one_right": "Solo acierta a / solo b",
    "accuracy_p_corrected": "p corregida, exactitud",
    "mcnemar_p": "p de McNemar, estos pesos",
    "classifier_labels_text": "F1 de cada etiqueta con su intervalo del 95 % debajo; las cabeceras dan el número de textos de "
    "prueba con esa etiqueta.",
    "classifier_labels_caption": "F1 por etiqueta en {corpus}",
    "precision_and_recall": "Precisión y exhaustividad de cada etiqueta",
    "confusion_tables": "Matrices de confusión como tablas",
    "confusion_caption": "{model} en {corpus}: textos por etiqueta verdadera (filas) y predicha (columnas), media entre semillas",
    "precision": "Precisión",
    "recall": "Exhaustividad",
    "f1": "F1",
    "predicted_times": "Textos predichos",
    "classifier_cost_text": "Medias entre semillas. Los minutos son los del entrenamiento o, en un modelo al que solo se dan "
    "instrucciones, los de predecir la prueba. Los textos por segundo son los de predecir, del texto a la etiqueta. El tiempo y "
    "la memoria de GPU y la energía incluyen entrenar y predecir, donde se midió la predicción. La energía se da solo donde se "
    "conoce entera. Lo que solicitó y usó cada ejecución está en «{hardware}».",
    "classifier_cost_caption": "Coste de los clasificadores de {corpus}",
    "minutes": "Minutos",
    "gpu_minutes": "Minutos de GPU",
    "texts_per_second": "Textos por segundo",
    "f1_per_gpu_minute": "F1 macro por minuto de GPU",
    "classifier_errors_text": "Los textos de prueba en que cada modelo se equivocó con más confianza, {count} por etiqueta "
    "verdadera como mucho; aquí aparecen también los textos que el propio corpus etiqueta mal. La confianza es la probabilidad "
    "de la etiqueta errónea. Los textos se cortan a las {words} palabras.",
    "classifier_errors_caption": "Errores con más confianza en {corpus}",
    "show_model": "Modelo:",
    "show_label": "Etiqueta verdadera:",
    "all": "todas",
    "text": "Texto",
    "true_label": "Etiqueta verdadera",
    "predicted_label": "Etiqueta predicha",
    "confidence": "Confianza",
    "wrong_in": "Error en",
    "wrong_of_seeds": "{wrong} de {seeds} semillas",
    "invalid_text": "Respuestas de modelos de chat que no son ninguna etiqueta, de {count} textos por modelo como mucho: todas "
    "las respuestas al texto, por orden. Un texto así cuenta como error y como predicción de ninguna etiqueta.",
    "invalid_caption": "Respuestas que no son ninguna etiqueta",
    "replied": "Respuestas",
    "no_errors": "Ningún texto de prueba se clasificó mal.",
    "never_predicted": "Etiquetas que {model} no predice para ningún texto de prueba: {labels}.",
    "classifier_reading": "Unidades de los clasificadores",
    "classifier_reading_text": "Cómo leen los textos los modelos que aprenden sus propias unidades. Una unidad con un espacio "
    "delante es el comienzo de una palabra; ↵ es un salto de línea. En las predicciones, cuanto más oscura es una unidad, más "
    "atención recibe en el último bloque (media sobre cabezas y unidades); eso es lo que lee el modelo, no por qué decide. El "
    "número de cada unidad aparece al señalarla.",
    "tokens_learnt": "{model} lee {vocabulary} unidades, entre ellas el relleno y los 256 bytes, aprendidas de {texts} textos "
    "de entrenamiento.",
    "tokens_of_corpus": "{model} lee {vocabulary} unidades, las palabras del corpus.",
    "tokens_caption": "Vocabulario de {model} en {corpus}: unidades por su número",
    "tokens_first": "Primeras",
    "tokens_middle": "Centrales",
    "tokens_last": "Últimas",
    "lengths_caption": "Longitud de los textos en unidades de {model}",
    "tokens_mean": "Media",
    "tokens_cut": "Cortados tras {length}",
    "first_predictions": "Primeras {count} predicciones de la prueba, unidad por unidad (semilla {seed})",
    "first_errors": "Primeros {count} errores de la prueba, unidad por unidad (semilla {seed})",
    "probability": "Probabilidad",
    "tokens": "Unidades",
    "more_tokens": "… {count} más",
    "probes_text": "Textos que el usuario escribió en la configuración, cada uno con la etiqueta prevista y lo que predice cada "
    "modelo: la predicción más frecuente entre semillas, con su probabilidad. Se eligieron, no se sortearon: muestran cómo "
    "yerran los modelos, no con qué frecuencia.",
    "probes_caption": "Textos escritos por el usuario para {corpus}",
    "meant_label": "Etiqueta prevista",
    "figure_f1": "F1 macro de cada clasificador con su intervalo del 95 %; los valores están en la tabla de abajo.",
    "classifier_courses_text": "Pérdida, exactitud en los textos de validación, tasa de aprendizaje y norma media del gradiente "
    "antes de recortarlo: una fila por modelo. La pérdida de entrenamiento es la que se optimizó (con dropout, y con pesos de "
    "clase si los hay). Una línea por semilla: validación continua, entrenamiento discontinua; el punto marca los pesos que se "
    "conservaron.",
    "figure_classifier_courses": "Pérdida, exactitud, tasa de aprendizaje y norma del gradiente de cada clasificador entrenado "
    "por épocas; los valores están en history.csv de cada ejecución.",
    "figure_classifier_learning": "F1 macro de los textos de validación por época de cada clasificador entrenado por épocas; los "
    "valores están en history.csv de cada ejecución.",
    "figure_classifier_pairs": "Cuadrícula de diferencias de F1 macro entre clasificadores; los valores están en la tabla "
    "de abajo.",
    "figure_confusion": "Matriz de confusión de cada clasificador; los valores están en las tablas de abajo.",
    "work_probes": "textos del usuario",
}
