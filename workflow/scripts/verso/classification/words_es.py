"""What the page says of classifiers in Spanish."""

FIGURE_LABELS: dict[str, str] = {
    "f1_macro": "F1 macro de los textos de prueba (más es mejor)",
    "f1_line": "barra horizontal: intervalo del 95 %; marca gris: una semilla; los modelos de una misma barra no se distinguen",
    "curves_line": "F1 macro de los textos de validación por época, una línea por semilla; punto: pesos guardados; "
    "punteado: el más alto",
    "groups": "no se distinguen",
    "true_label": "etiqueta verdadera",
    "predicted_label": "etiqueta predicha",
    "invalid": "no válida",
    "confusion_line": "textos, media entre semillas; más intenso: mayor parte de los textos de la etiqueta verdadera",
}
WORDS: dict[str, str] = {
    "classifiers": "Clasificadores",
    "classifier_learning": "Cómo aprendieron los clasificadores",
    "classifier_pairs": "Qué clasificadores distinguen los textos de prueba",
    "classifier_labels": "Etiqueta por etiqueta",
    "classifier_cost": "Qué cuesta un clasificador",
    "classifier_errors": "Errores con confianza",
    "probes": "Textos escritos a mano",
    "classifier_best": "<strong>{model}</strong> es quien mejor acierta las etiquetas de <em>{corpus}</em>: <strong>F1 "
    "macro {value}</strong>{interval}, exactitud {accuracy}.",
    "classifier_only": "<strong>{model}</strong> acierta las etiquetas de <em>{corpus}</em> con <strong>F1 macro "
    "{value}</strong>{interval}, exactitud {accuracy}.",
    "classifier_lead_decided": "Supera al siguiente, {second}, en {difference}{interval}, p corregida {p}: más de lo que "
    "explica la elección de los textos de prueba.",
    "classifier_lead_undecided": "Su ventaja sobre {second}, {difference}{interval}, p corregida {p}, <strong>no queda "
    "decidida</strong> con {documents} textos de prueba.",
    "classifier_lead_untested": "Su ventaja sobre {second}, {difference}, no puede comprobarse con un solo texto de prueba.",
    "test_size": "{documents} textos de prueba: una exactitud se conoce con ±{points} puntos.",
    "test_size_few": "<strong>Demasiado pocos para decidir diferencias pequeñas: {documents} textos de prueba.</strong> "
    "Una exactitud solo se conoce con ±{points} puntos, así que clasificadores a menor distancia pueden ser igual de "
    "buenos.",
    "few_of_label": "Etiquetas con pocos textos de prueba, cuya F1 apenas se conoce: {labels}.",
    "no_baseline": "Entre los modelos no están ni la etiqueta más frecuente ni una bolsa de palabras: no se sabe cuánto "
    "valen estas cifras.",
    "below_majority": "No se muestran mejores que la etiqueta más frecuente por sí sola ({baseline}): {models}.",
    "below_tfidf": "No se muestran mejores que una bolsa de palabras ({baseline}): {models}.",
    "below_baseline": "No se muestran mejores que la referencia {baseline}: {models}.",
    "invalid_replies": "Respuestas que no son ninguna etiqueta, contadas como errores: {models}.",
    "classifiers_text": "<strong>F1 macro</strong> es la media de las F1 de las etiquetas, todas con el mismo peso: quien "
    "siempre dice la etiqueta más frecuente acierta a menudo y puntúa poco. Una respuesta que no es ninguna etiqueta es un "
    "error, y de ninguna etiqueta. Todas las cifras son medias entre semillas.",
    "classifiers_text_ordered": "Donde las etiquetas son pasos de una escala: la <strong>puntuación de polaridad</strong> "
    "(Rest-Mex) es la F1 media de todas sus etiquetas; el error absoluto cuenta los pasos entre la verdadera y la "
    "predicha; la kappa cuadrática es 1 si todo acierta y 0 como el azar. Una respuesta no válida queda tan lejos como "
    "permite la escala.",
    "classifiers_text_calibration": "El error de calibración es cuánto se apartan las probabilidades predichas de la "
    "frecuencia con que aciertan (15 tramos); 0 es lo mejor.",
    "classifiers_caption": "Clasificadores en los textos de prueba de {corpus}, el mejor primero; lo mejor de cada columna "
    "en negrita. Los modelos que comparten una letra no se distinguen.",
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
    "mejor en los textos de prueba, y en él una línea por semilla. El punto marca cuándo se alcanzaron los pesos guardados. "
    "Los paneles de un corpus comparten la escala de F1; las épocas de cada uno son suyas. Una línea que aún sube al final "
    "quizá se detuvo demasiado pronto; líneas muy separadas son la suerte de la semilla. Los modelos sin épocas (referencias, "
    "instrucciones) no tienen panel.",
    "classifier_pairs_text": "Diferencia de F1 macro de dos modelos en los mismos textos de prueba: fila menos columna en "
    "la figura, a menos b en la tabla; por encima de cero gana el primero. Intervalos y p: bootstrap pareado sobre los "
    "textos de prueba, 10 000 remuestras. Exactitudes: prueba exacta de McNemar; con varias semillas cada texto cuenta "
    "según cuántas lo acertaron. Cada prueba se corrige según Holm por los pares del corpus, decidido por debajo de 0,05; "
    "los intervalos no se corrigen.",
    "classifier_difference": "a − b, F1 macro",
    "accuracy_difference": "a − b, exactitud",
    "only_one_right": "Solo acierta a / solo b",
    "accuracy_p_corrected": "p corregida, exactitud",
    "classifier_labels_text": "F1 de cada etiqueta, con su intervalo del 95 % debajo; en la cabecera, cuántos textos de "
    "prueba la llevan.",
    "classifier_labels_caption": "F1 por etiqueta en {corpus}",
    "precision_and_recall": "Precisión y exhaustividad de cada etiqueta",
    "confusion_tables": "Matrices de confusión como tablas",
    "confusion_caption": "{model} en {corpus}: textos por etiqueta verdadera (filas) y predicha (columnas), media entre semillas",
    "precision": "Precisión",
    "recall": "Exhaustividad",
    "f1": "F1",
    "predicted_times": "Predicha, textos",
    "classifier_cost_text": "Media entre semillas. Los minutos son los del entrenamiento o, en un modelo al que solo se "
    "pregunta, los de etiquetar la prueba; los textos por segundo son de esto último, del texto a la etiqueta. El tiempo y la "
    "memoria de las tarjetas y la energía cuentan ambas cosas donde se midió la evaluación. La energía aparece donde se conoce "
    "entera. Lo que pidió y usó cada ejecución está en «{hardware}».",
    "classifier_cost_caption": "Qué costaron los clasificadores de {corpus}",
    "minutes": "Minutos",
    "gpu_minutes": "Minutos de GPU",
    "texts_per_second": "Textos por segundo",
    "f1_per_gpu_minute": "F1 macro por minuto de GPU",
    "classifier_errors_text": "Los textos de prueba en que cada modelo se equivocó con más confianza, {count} de cada "
    "etiqueta verdadera como mucho; aquí asoma también lo que el propio corpus etiqueta mal. La confianza es la "
    "probabilidad de la etiqueta errónea. Los textos se cortan a las {words} palabras.",
    "classifier_errors_caption": "Los errores con más confianza en {corpus}",
    "show_model": "Modelo:",
    "show_label": "Etiqueta verdadera:",
    "all": "todas",
    "text": "Texto",
    "true_label": "Etiqueta verdadera",
    "predicted_label": "Etiqueta predicha",
    "confidence": "Confianza",
    "wrong_in": "Errado en",
    "wrong_of_seeds": "{wrong} de {seeds} semillas",
    "invalid_text": "Respuestas de modelos de chat que no son ninguna etiqueta, de {count} textos de cada modelo como mucho: "
    "todo lo que respondió al texto, por turno. Un texto así cuenta como error, y de ninguna etiqueta.",
    "invalid_caption": "Respuestas que no son ninguna etiqueta",
    "replied": "Respondió",
    "no_errors": "Ningún texto de prueba se etiquetó mal.",
    "probes_text": "Textos de la configuración que escribió el usuario, cada uno con la etiqueta que quería decir, "
    "etiquetados por todos los modelos: la respuesta más frecuente entre semillas y la probabilidad que se le dio. Se "
    "eligieron, no se sortearon: enseñan cómo yerran los modelos, no cuánto.",
    "probes_caption": "Textos escritos para {corpus}",
    "meant_label": "Se quería decir",
    "figure_f1": "F1 macro de cada clasificador con su intervalo del 95 %; los valores están en la tabla de abajo.",
    "figure_classifier_learning": "F1 macro de los textos de validación por época de cada clasificador "
    "entrenado por épocas; las cifras están en history.csv de cada ejecución.",
    "figure_classifier_pairs": "Cuadrícula de diferencias de F1 macro entre clasificadores; los valores están en la tabla "
    "de abajo.",
    "figure_confusion": "Matriz de confusión de cada clasificador; los valores están en las tablas de abajo.",
    "work_probes": "textos a mano",
}
