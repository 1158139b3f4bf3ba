"""What the page says of searches in Spanish."""

FIGURE_LABELS: dict[str, str] = {
    "complete": "completo",
    "pruned": "podado",
    "failed": "fallido",
    "best_line": "mejor hasta ahora",
    "state": "ensayo",
    "number": "ensayo, por número",
    "importance": "parte de la varianza entre ensayos completos",
    "importance_line": "barra: media entre bosques aleatorios; línea gris: del menor al mayor; naranja: el 95 % de los "
    "bosques con valores barajados queda por debajo",
    "parallel_line": "una línea por ensayo completo, cuanto más intensa mejor; naranja: lo seleccionado",
    "slices_line": "un punto por ensayo; hueco: podado, con el último valor comunicado; naranja: lo seleccionado",
    "minutes": "minutos desde que empezó el primer ensayo",
    "worker": "proceso",
    "trial_curves_line": "una línea por ensayo; discontinua: podado o fallido; naranja: lo seleccionado",
}
WORDS: dict[str, str] = {
    "searches": "Búsqueda de hiperparámetros",
    "searches_text": "Cada ensayo entrena con otros ajustes y se juzga en la parte de validación; los ajustes del mejor "
    "ensayo completo son los <strong>seleccionados</strong>. Con ellos se entrena el modelo de nuevo, una vez por semilla, y "
    "se puntúa en la parte de prueba, que ningún ensayo lee. El valor del ensayo seleccionado es el mejor de muchos y por eso "
    "demasiado bueno: no estima la puntuación en otros textos y no puede compararse con las de prueba.",
    "overview_caption": "Todas las búsquedas. <em>Seleccionado</em>: el valor de validación del ensayo seleccionado, el mejor de "
    "muchos; al lado, las medidas de la prueba. Diferencia: ajustado menos sin ajustar, con su intervalo del 95 %. Lo mismo en "
    "<code>tables/searches.csv</code> y <code>.tex</code>",
    "overview_trials": "Completos / podados / fallidos",
    "overview_score": "Medida de la prueba",
    "overview_tuned": "Ajustado",
    "overview_difference": "Diferencia",
    "overview_cost": "Coste",
    "overview_helped": "ayudó",
    "overview_harmed": "empeoró",
    "overview_helped_weights": "estos pesos, mejores",
    "overview_harmed_weights": "estos pesos, peores",
    "overview_undecided": "sin decidir",
    "overview_untested": "no se puede probar",
    "overview_no_twin": "sin gemelo sin ajustar",
    "overview_twin_unfinished": "gemelo sin terminar",
    "tuning_helped": "<strong>Ajustar ayudó</strong> a {model} en <em>{corpus}</em>. {score}: <strong>{tuned}</strong> con "
    "los ajustes seleccionados, {untuned} sin ajustar ({twin}); diferencia {difference}{interval}, p corregida {p}.",
    "tuning_harmed": "<strong>Ajustar perjudicó</strong> a {model} en <em>{corpus}</em>. {score}: <strong>{tuned}</strong> "
    "con los ajustes seleccionados, {untuned} sin ajustar ({twin}); diferencia {difference}{interval}, p corregida {p}.",
    "tuning_helped_weights": "<strong>Los pesos ajustados de {model} son mejores</strong> en <em>{corpus}</em>. {score}: "
    "<strong>{tuned}</strong> con los ajustes seleccionados, {untuned} sin ajustar ({twin}); diferencia "
    "{difference}{interval}, p corregida {p}.",
    "tuning_harmed_weights": "<strong>Los pesos ajustados de {model} son peores</strong> en <em>{corpus}</em>. {score}: "
    "<strong>{tuned}</strong> con los ajustes seleccionados, {untuned} sin ajustar ({twin}); diferencia "
    "{difference}{interval}, p corregida {p}.",
    "tuning_undecided": "<strong>Ajustar no supuso ninguna diferencia significativa</strong> para {model} en "
    "<em>{corpus}</em>. {score}: {tuned} con los ajustes seleccionados, {untuned} sin ajustar ({twin}); diferencia "
    "{difference}{interval}, p corregida {p}.",
    "tuning_untested": "<strong>No puede comprobarse si ajustar ayudó a {model} en <em>{corpus}</em></strong> con un solo "
    "documento de prueba. {score}: {tuned} con los ajustes seleccionados, {untuned} sin ajustar ({twin}).",
    "tuning_no_twin": "<strong>No se sabe si ajustar ayudó a {model} en <em>{corpus}</em></strong>. {score}: {tuned} con los "
    "ajustes seleccionados; su experimento no tiene ningún modelo sin ajustar con que compararlo. Añada uno: una copia de la "
    "entrada de {model} con otro nombre y sin su <code>search</code>.",
    "tuning_twin_unfinished": "<strong>Aún no se sabe si ajustar ayudó a {model} en <em>{corpus}</em></strong>. {score}: "
    "{tuned} con los ajustes seleccionados; su gemelo sin ajustar, {twin}, no ha terminado.",
    "search_cost": "La búsqueda llevó {hours} para {trials} ensayos, tanto como {times} entrenamientos de este modelo ({each} "
    "cada uno, media entre semillas).",
    "search_cost_alone": "La búsqueda llevó {hours} para {trials} ensayos.",
    "amount_gpu_hours": "{hours} horas de GPU",
    "amount_cpu_hours": "{hours} horas de CPU",
    "selected_value": "Lo seleccionado: el ensayo {trial}, con <code>{by}</code> {value} en la parte de validación, el mejor "
    "de {complete} ensayos completos.",
    "trials_tied": "{tied} ensayos tienen este valor; se selecciona el primero.",
    "all_tied": "Son todos los completos, así que la búsqueda no decidió nada: la parte de validación quizá sea demasiado "
    "pequeña, los ensayos demasiado cortos o la métrica demasiado gruesa.",
    "trial_counts": "Ensayos: {complete} completos, {pruned} podados, {failed} fallidos. Muestreo: {sampler}; poda: {pruner}; "
    "semilla: {seed}; procesos: {workers}.",
    "workers_differ": "Con varios procesos, los ajustes ensayados dependen de qué ensayo acaba antes: otra búsqueda puede "
    "ensayar otros.",
    "few_trials": "<strong>Demasiado pocos ensayos para ordenar las claves</strong>: {complete} ensayos completos para {keys} "
    "claves; hacen falta unas {wanted}. Las importancias son, como mucho, un indicio.",
    "beyond_chance": "Más importantes de lo que explica el azar: {keys}.",
    "within_chance": "Ninguna clave es más importante de lo que explica el azar.",
    "importances_text": "Importancia según {evaluator}: la parte de la varianza entre los {trials} ensayos completos que una "
    "clave explica por sí sola en un bosque aleatorio, media de {seeds} bosques. Azar: los mismos bosques con los mismos "
    "ajustes y los valores barajados.",
    "importances_missing": "Las importancias necesitan al menos dos ensayos completos con valores distintos.",
    "history_text": "El valor de validación de cada ensayo, y el mejor completo hasta entonces.",
    "slices_text": "El valor de validación según cada clave, en la escala en que se buscó.",
    "parallel_text": "Los ajustes de cada ensayo completo a través de todas las claves, y su valor en el último eje.",
    "trial_curves_text": "El valor de validación de cada ensayo por época.",
    "timeline_text": "Qué proceso hizo qué ensayo, y cuándo. Un ensayo interrumpido y reanudado incluye su pausa.",
    "selected_caption": "Ajustes de {model} en {corpus}: lo ensayado, lo seleccionado y lo que valdría sin la búsqueda",
    "key": "Clave",
    "tried": "Ensayado",
    "selected": "Seleccionado",
    "untuned": "Sin búsqueda",
    "range": "de {low} a {high}",
    "caution_one_seed": "<strong>Esto se refiere a estos pesos, en textos como estos</strong>: al menos uno de los dos "
    "tiene una sola semilla, así que no se sabe qué receta es mejor.",
    "caution_two_seeds": "Al menos uno de los dos tiene solo dos semillas, lo que apenas muestra cuánto de la diferencia es "
    "azar.",
    "range_log": "de {low} a {high}, logarítmico",
    "range_step": ", cada {step}",
    "all_trials": "Todos los ensayos: {count}",
    "trials_caption": "Ensayos de {model} en {corpus}; valor: <code>{by}</code> en la parte de validación",
    "trial": "Ensayo",
    "trial_value": "Valor",
    "trial_state": "Estado",
    "state_complete": "completo",
    "state_pruned": "podado",
    "state_failed": "fallido",
    "is_selected": "seleccionado",
    "again": "otra vez el {trial}",
    "trial_worker": "Proceso",
    "trial_reason": "Motivo",
    "figure_history": "Valor de validación de cada ensayo y el mejor hasta entonces, {model} en {corpus}; los valores están "
    "en la tabla de ensayos.",
    "figure_importances": "Importancia de cada clave, {model} en {corpus}; los valores están en importances.csv de la búsqueda.",
    "figure_slices": "Valor de validación según cada clave, {model} en {corpus}; los valores están en la tabla de ensayos.",
    "figure_parallel": "Ajustes de cada ensayo completo, {model} en {corpus}; los valores están en la tabla de ensayos.",
    "figure_trial_curves": "Valor de validación de cada ensayo por época, {model} en {corpus}; los valores están en "
    "curves.csv de la búsqueda.",
    "figure_timeline": "Ensayos de cada proceso en el tiempo, {model} en {corpus}; los tiempos están en trials.csv de la "
    "búsqueda.",
}
