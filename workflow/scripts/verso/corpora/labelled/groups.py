"""Groups of texts that stay in one part: those of an author, of a dialogue (`source.fields.group`)."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from verso.corpora.preparing.cleaned_documents import Cleaned
from verso.errors import VersoError
from verso.jobs.logs import announce


def grouped(cleaned: Cleaned, kept: NDArray[np.int64], documents: str | Path) -> NDArray[np.int32]:
    """(kept,) of each document the position of the first of its group; one without a group is a group of its own.

    Raises VersoError where the source gives the parts itself, or no row has a group.
    """
    if cleaned.splits:
        raise VersoError(
            f"{documents}: the source gives {', '.join(sorted(cleaned.splits))} itself, and source.fields.group keeps texts "
            "together where Verso draws the parts; leave it out, or take a source without parts"
        )
    first: dict[str, int] = {}
    found = np.arange(len(kept), dtype=np.int32)
    without = 0
    for position, row in enumerate(cleaned.read(kept)):
        group = row["metadata"].get("group")
        if group is None:
            without += 1
        else:
            found[position] = first.setdefault(group, position)
    if not first:
        raise VersoError(f"{documents}: no row has a group; is source.fields.group the right column?")
    if without:
        corpus = Path(documents).parent.name
        announce(f"corpora.{corpus}: {without:,} texts have no group (source.fields.group); each is one of its own")
    return found


def joined(clusters: NDArray[np.int32], groups: NDArray[np.int32]) -> NDArray[np.int32]:
    """(n,) of each document the position of the first that it must stay with: of its cluster, its group, or through others.

    clusters, groups: (n,) positions of the first document of each.
    """
    found = np.minimum(clusters, groups)
    while True:
        lowest = found.copy()
        for parts in (clusters, groups):  # every document takes the lowest of all in its cluster, and in its group
            of_part = np.full(len(found), len(found), dtype=np.int32)
            np.minimum.at(of_part, parts, lowest)
            lowest = of_part[parts]
        if np.array_equal(lowest, found):
            return found
        found = lowest
