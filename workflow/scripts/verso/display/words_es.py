"""The page's texts in Spanish."""

SPANISH: dict[str, str] = {
    "other_language": "English",
    "switch_theme": "Claro / oscuro",
    "contents": "Contenido",
    "skip": "Ir al informe",
    "made_by": "Hecho por Verso {version} el {date}",
    "demo_banner": "Demostración en un portátil: modelos en miniatura y un corpus de juguete; estas cifras no dicen nada "
    "sobre textos reales.",
    "miniature_banner": "Algunos modelos son miniaturas (la misma arquitectura, diminuta): sus cifras no dicen nada de "
    "los verdaderos.",
    "miniature": "miniatura",
    "demo": "demostración",
    "summary": "En breve",
    "experiments": "Qué se ejecutó",
    "corpora": "Los textos",
    "learning": "Curvas de aprendizaje",
    "pretrained": "Modelos preentrenados",
    "memorisation": "Aprender de memoria",
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
    "perplexity_subword": "{model} con {value} por subpalabra de {pretrained}{spelling}",
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
    "near_duplicates": "Casi duplicados: {documents} documentos (grupos: {clusters}), cada grupo en una sola parte.",
    "groups_only_in_train": "Demasiado pequeños para dividirse, solo en entrenamiento: {groups}.",
    "by_group": "Por artista o etiqueta ({count})",
    "section_tags": "Marcas de sección más frecuentes:",
    "set_aside_none": "No se apartó ninguna fila de la fuente.",
    "set_aside_some": "Filas de la fuente apartadas: {count}, listadas en set_aside.jsonl de la carpeta del corpus. Motivos:",
    "pretrained_text": "De qué parten los modelos preentrenados, según el manifiesto de cada uno; sus archivos quedan "
    "fijados por el commit y comprobados por sus sumas de verificación. Los modelos de un repositorio público han leído "
    "textos que nadie enumera, quizá también estos textos de prueba. Las fechas y descargas son las de la página del modelo el "
    "día en que se consultó, las descargas de los 30 días anteriores; un modelo que no se descargó de allí, o hecho aquí, no "
    "las tiene.",
    "pretrained_caption": "Cada modelo preentrenado, y los modelos que parten de él",
    "name": "Nombre",
    "repository": "Repositorio",
    "model_commit": "Commit",
    "licence": "Licencia",
    "architecture": "Arquitectura",
    "used_by": "Usado por",
    "made_here": "miniatura, hecha aquí",
    "licence_on_hub": "el repositorio dice: {licence}",
    "created": "Creado",
    "last_change": "Último cambio",
    "downloads": "Descargas en 30 días",
    "looked_up": "Consultado",
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
    "learnt": "{count} aprendidos",
    "parameters": "Parámetros",
    "perplexity": "Perplejidad por unidad",
    "perplexity_without_spelling": "… sin ortografía",
    "bits_per_byte": "Bits por byte",
    "interval_heading": "Intervalo del 95 %",
    "seed_deviation": "Desviación típica entre semillas",
    "unknown": "Unidades desconocidas",
    "given": "Se da",
    "given_carried": "los textos anteriores",
    "given_reset": "nada",
    "given_prompted": "su petición",
    "carried": "Bits por byte, estado conservado",
    "reset": "Bits por byte, sin dar nada",
    "prompted": "Bits por byte, dada la petición",
    "nats_per_character": "Nats por carácter",
    "epochs": "Épocas (mejor)",
    "training_time": "Tiempo de entrenamiento",
    "comparisons_text": "Diferencia en bits por byte de dos modelos en los mismos documentos: fila menos columna en la "
    "figura, a menos b en la tabla; por debajo de cero gana el primero. Intervalos: bootstrap pareado sobre los "
    "documentos, sin corregir por el número de pares. p: prueba de permutación de signos; p corregida: según Holm por "
    "los pares del corpus, decidido por debajo de 0,05.",
    "comparisons_scope": "p e intervalo tratan de estos modelos entrenados, con sus semillas promediadas, en otros "
    "textos de esta clase; no dicen nada de volver a entrenar con otras semillas. Para eso, el <strong>ruido entre "
    "semillas</strong> es el error estándar de la diferencia entre semillas: se señala toda diferencia menor que ese "
    "error por la t de Student (95 %; 4,3 con dos semillas cada uno): otro entrenamiento podría invertirla.",
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
    "texts": "Textos",
    "held_out": "texto reservado",
    "hardware_text": "Medido durante el entrenamiento, y mientras se evaluaba un modelo preentrenado y "
    "este escribía (los pequeños lo hacen en un momento, y no se mide), junto a lo que el trabajo había pedido: la barra "
    "es la parte usada. En un clúster el propio Snakemake ocupa hasta 400 MB de la memoria pedida. Un tiempo mayor que el "
    "pedido es el de varios intentos "
    "juntos. La VRAM es la reservada, sin contar la del controlador. La energía es la de toda la tarjeta, o la de los "
    "procesadores de toda la máquina, donde hay un contador. Las ejecuciones pudieron compartir la máquina con otras: solo por "
    "eso pueden variar los tiempos entre semillas de un modelo.",
    "hardware_caption": "Qué consumió cada ejecución, y qué parte de lo que había pedido",
    "work": "Trabajo",
    "work_training": "entrenamiento",
    "work_scoring": "evaluación",
    "work_sampling": "muestras",
    "work_probes": "textos a mano",
    "of_asked": "{share} de {asked}",
    "in_all": "en total",
    "gpu_hours": "Horas de GPU",
    "cpu_hours": "Horas de CPU",
    "totals": "En total: {gpu} horas de GPU, {cpu} horas de CPU, energía {energy}; ejecuciones: {runs}.",
    "totals_no_energy": "En total: {gpu} horas de GPU, {cpu} horas de CPU; ejecuciones: {runs}. No pudo leerse ningún contador "
    "de energía, así que la energía no se conoce.",
    "totals_some_energy": "Trabajos sin contador de energía: {count} de {jobs}. La energía es solo la de los demás.",
    "totals_shares": "Usado como máximo de la memoria pedida: {memory}; del tiempo pedido: {time}.",
    "totals_vram": "De la memoria de tarjeta pedida: {vram}.",
    "totals_unrecorded": "Trabajos de antes de que se anotara lo pedido: {count}. Faltan aquí sus horas de GPU y sus peticiones.",
    "totals_miniatures": "Miniaturas entre estas ejecuciones: {count}. Lo que consumieron no dice nada de los "
    "modelos verdaderos.",
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
    "figure_memorisation": "Pérdida de validación y parte recitada de los modelos ajustados por época; las cifras "
    "están en history.csv.",
    "figure_bits": "Bits por byte de cada modelo con su intervalo del 95 %; los valores están en la tabla de abajo.",
    "figure_comparisons": "Cuadrícula de diferencias entre modelos; los valores están en la tabla de abajo.",
    "figure_measures": "Medidas de las muestras de cada modelo frente al texto reservado; los valores están en la "
    "tabla de abajo.",
}
