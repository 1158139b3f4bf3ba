"""Texts that a user wrote by hand, to see what classifiers take them for."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from verso.errors import VersoError
from verso.files import write_json_lines
from verso.text.labels import Labels


def write(corpus: str, probes: Sequence[Mapping[str, Any]], labels: str | Path, documents: str | Path) -> None:
    """Write `probes` ({"text", "label"}) as JSON lines such as those of the test, numbered from 1.

    labels: the corpus's labels.json. Raises VersoError that lists every probe whose label is none of these.
    """
    known = Labels.load(labels).names
    faults = [
        f'\n  corpora.{corpus}.probes[{place}].label  "{probe["label"]}" is none of {", ".join(known)}'
        for place, probe in enumerate(probes)
        if str(probe["label"]) not in known
    ]
    if faults:
        raise VersoError(f"{labels}: the texts written by hand have labels that the corpus has not:{''.join(faults)}")
    write_json_lines(
        documents,
        (
            {"id": f"{number}", "text": probe["text"], "group": str(probe["label"]), "metadata": {}}
            for number, probe in enumerate(probes, 1)
        ),
    )
