"""Texts that a user wrote by hand, to see which labels classifiers predict for them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from verso.errors import VersoError
from verso.files import write_json_lines
from verso.text.labels import Labels


def write(corpus: str, own_texts: Sequence[Mapping[str, Any]], labels: str | Path, documents: str | Path) -> None:
    """Write `own_texts` ({"text", "label"}) as JSON lines such as those of the test, numbered from 1.

    labels: the corpus's labels.json. Raises VersoError that lists every text whose label is none of these.
    """
    known = Labels.load(labels).names
    faults = [
        f'\n  corpora.{corpus}.own_texts[{place}].label  "{text["label"]}" is none of {", ".join(known)}'
        for place, text in enumerate(own_texts)
        if str(text["label"]) not in known
    ]
    if faults:
        raise VersoError(f"{labels}: the texts written by hand have labels that the corpus has not:{''.join(faults)}")
    write_json_lines(
        documents,
        (
            {"id": f"{number}", "text": text["text"], "group": str(text["label"]), "metadata": {}}
            for number, text in enumerate(own_texts, 1)
        ),
    )
