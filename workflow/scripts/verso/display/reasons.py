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
    r"its label has fewer than (\d+) texts": r"su etiqueta tiene menos de \1 textos",
    r"in another language \((\w+)\)": r"en otro idioma (\1)",
    r"of a split that is not taken: (.+)": r"de una parte que no se toma: \1",
    r"shorter than (\d+) characters once cleaned": r"de menos de \1 caracteres una vez limpio",
    r"instrumental": "instrumental",
    r"shorter than (\d+) characters": r"de menos de \1 caracteres",
    r"a redirect": "una redirección",
    r"a disambiguation page": "una página de desambiguación",
    r"no article, but a page of another namespace": "no es un artículo, sino una página de otro espacio de nombres",
    r"no article, but a page of namespace (-?\d+)": r"no es un artículo, sino una página del espacio de nombres \1",
    r"not written in wikitext": "no está escrita en wikitexto",
    r"a list, by its title": "una lista, por su título",
    r"a list: more than (\d+)% of its text is in items": r"una lista: más del \1 % de su texto está en listas",
    r"a stub": "un esbozo",
    r"its markup cannot be taken apart": "su marcado no se puede analizar",
    r"no HTML of it: (.+)": r"no hay HTML de él: \1",
    r"deleted since the wiki listed it": "borrado desde que la wiki lo listó",
    r"its revision was deleted": "su revisión se borró",
    r"its redirects lead round in a circle": "sus redirecciones llevan en círculo",
    r"leads to another wiki": "lleva a otra wiki",
    r"the wiki says nothing of it": "la wiki no dice nada de él",
    r"no title that the wiki accepts \((.+)\)": r"no es un título que la wiki acepte (\1)",
    r"no article of that title": "no hay ningún artículo con ese título",
    r"the same article as another title": "el mismo artículo que otro título",
    r"(\d+) other reasons, in set_aside.jsonl": r"otras \1 razones, en set_aside.jsonl",
}


def reason(text: str, language: str) -> str:
    """A reason in a language of the page."""
    for english, spanish in SPANISH.items() if language == "es" else ():
        if found := re.fullmatch(english, text):
            return found.expand(spanish)
    return text
