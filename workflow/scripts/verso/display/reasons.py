"""Reasons why rows of a source are not in a corpus, in the page's languages; files and logs have them in English."""

import re

# The whole of a reason; names in it stay. One that is not listed stays English.
SPANISH = {
    r'no label: "(.+)" means none, unless `labels` names it': r"sin etiqueta: «\1» no lo es, salvo que esté en `labels`",
    r'no (?:text|lyrics): "(.+)" means none': r"sin texto: «\1» significa que no hay",
    r'no artist: "(.+)" means none': r"sin artista: «\1» significa que no hay",
    r"no text": "sin texto",
    r"no lyrics": "sin letra",
    r"no label": "sin etiqueta",
    r"no artist": "sin artista",
    r"no title": "sin título",
    r"not UTF-8": "no es UTF-8",
    r"(\w+) longer than (\d+) characters": r"\1 de más de \2 caracteres",
    r"longer than (\d+) bytes": r"más de \1 bytes",
    r"broken JSON": "JSON roto",
    r"broken CSV": "CSV roto",
    r"not a JSON object": "no es un objeto JSON",
    r"fewer cells than the header has columns": "menos celdas que columnas en el encabezado",
    r"more cells than the header has columns": "más celdas que columnas en el encabezado",
    r"(\w+) is not text": r"\1 no es texto",
    r"label is none of the corpus's labels": "su etiqueta no es ninguna de las del corpus",
    r"in another language \((\w+)\)": r"en otro idioma (\1)",
    r"of a split that is not taken: (.+)": r"de una parte que no se toma: \1",
    r"shorter than (\d+) characters once cleaned": r"de menos de \1 caracteres una vez limpio",
    r"instrumental": "instrumental",
    r"(\d+) other reasons, in set_aside.jsonl": r"otras \1 razones, en set_aside.jsonl",
}


def reason(text: str, language: str) -> str:
    """A reason in a language of the page."""
    for english, spanish in SPANISH.items() if language == "es" else ():
        if found := re.fullmatch(english, text):
            return found.expand(spanish)
    return text
