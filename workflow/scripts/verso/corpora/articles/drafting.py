"""Whether a file holds articles, and the entry of a corpus for it."""

from verso.corpora.columns import LABEL_COLUMNS, mean_length, named
from verso.drafts import Draft, Found

TITLE = ("title", "page_title", "article_title", "headline", "name", "título")
TEXT = ("text", "article", "body", "content", "maintext", "plaintext", "texto", "artículo", "cuerpo", "contenido")
ORIGIN = {
    "url": ("url", "uri", "link", "page_url", "source_url", "enlace", "dirección"),
    "revision": ("revision", "revision_id", "revid", "rev_id", "oldid", "revisión"),
    "licence": ("licence", "license", "licencia"),
    "history": ("history", "history_url", "historial"),
}
FEWEST_CHARACTERS = 500  # of an article, on average: shorter texts with a title are news, reviews, posts
LEFT_OUT = (
    "minimum_characters: 500  # shorter articles are left out",
    "cleaning: {line_breaks: joined}  # an article is one line",
)


def drafted(found: Found) -> Draft | None:
    """An entry for a file with a column of titles and one of long texts, or for a folder of .txt files without subfolders."""
    if found.documents or found.parts:
        return None
    if found.is_folder:
        folder = named(found, ["folder"])
        return None if folder is not None else Draft({}, {}, (f"{found.rows:,} articles, one a file",), LEFT_OUT)
    text, title = named(found, TEXT), named(found, TITLE)
    if text is None or title is None or named(found, LABEL_COLUMNS) or mean_length(text) < FEWEST_CHARACTERS:
        return None
    fields = {key: column.name for key, column in (("text", text), ("title", title)) if column.name != key}
    fields |= {key: column.name for key, names in ORIGIN.items() if (column := named(found, names)) is not None}
    remark = f"{found.rows:,} articles of {mean_length(text):,.0f} characters on average"
    return Draft({"fields": fields} if fields else {}, {}, (remark,), LEFT_OUT)
