"""A file of questions in SQuAD's schema as documents: each passage is one, under the title of its article.

Source: Rajpurkar et al. 2016 and 2018; {"data": [{"title", "paragraphs": [{"context", "qas": [...]}]}]}.
"""

import json
from collections.abc import Iterator
from typing import Any

from verso.corpora.manual.document import Document, as_lines, lines_of
from verso.errors import VersoError

SCHEMA = '{"data": [{"title": ..., "paragraphs": [{"context": ..., "qas": [...]}]}]}'


def read_squad(text: str, title: str, source: str) -> Iterator[Document]:
    """The passages of a file. Raises VersoError with the place where something is missing."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise VersoError(f"{source}: is no JSON ({error}); a .json of a manual is in SQuAD's schema: {SCHEMA}") from error
    articles = _list_of(data, "data", source, "")
    for number, article in enumerate(articles):
        place = f"data[{number}]"
        for below, paragraph in enumerate(_list_of(article, "paragraphs", source, place)):
            where = f"{place}.paragraphs[{below}]"
            context = paragraph.get("context") if isinstance(paragraph, dict) else None
            if not isinstance(context, str):
                raise VersoError(f"{source}: {where} has no text under `context`; SQuAD's schema is {SCHEMA}")
            yield Document(str(article.get("title") or title), f"{source} {where}", as_lines(lines_of(context)))


def _list_of(value: Any, key: str, source: str, place: str) -> list[Any]:
    found = value.get(key) if isinstance(value, dict) else None
    if not isinstance(found, list) or not found:
        raise VersoError(f"{source}: {place or 'the file'} has no list `{key}`; SQuAD's schema is {SCHEMA}")
    return found
