"""Labels that have enough texts (`minimum_texts_per_label`); the others are set aside, counted by label."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from verso.corpora.labelled.labels import in_order
from verso.corpora.losses import of_groups
from verso.corpora.preparing.cleaned_documents import Cleaned
from verso.errors import VersoError
from verso.jobs.logs import announce


@dataclass(frozen=True)
class Frequent:
    """Which documents stay. before: texts of each label as read, doubles among them. few: those of labels that are set aside.

    stays: (n,) of each document whether its label stays. minimum: None where none is set aside.
    """

    minimum: int | None
    before: Mapping[str, int]
    few: Mapping[str, int]
    stays: NDArray[np.bool_]

    @classmethod
    def of(cls, cleaned: Cleaned, minimum: int | None, documents: str | Path) -> "Frequent":
        """Those of a corpus. Raises VersoError when fewer than two labels stay."""
        counts = np.bincount(cleaned.groups, minlength=len(cleaned.names))
        before = {name: int(counts[cleaned.names.index(name)]) for name in in_order(cleaned.names)}
        few = {name: count for name, count in before.items() if minimum is not None and count < minimum}
        if few and len(before) - len(few) < 2:
            most = sorted(before.values())[-2:][0]
            raise VersoError(
                f"{documents}: minimum_texts_per_label: {minimum} leaves {len(before) - len(few)} of {len(before)} labels, and a "
                f"classifier needs two; the second most frequent has {most} texts"
            )
        if few:
            by_size = dict(sorted(few.items(), key=lambda pair: -pair[1]))
            announce(
                f"corpora.{Path(documents).parent.name}: minimum_texts_per_label: {minimum} sets {len(few)} of {len(before)} "
                f"labels aside with {of_groups(by_size)} texts"
            )
        return cls(minimum, before, few, ~np.isin(cleaned.groups, [cleaned.names.index(name) for name in few]))

    @property
    def reason(self) -> str:
        """Why a text is set aside."""
        return f"its label has fewer than {self.minimum} texts"

    def losses(self, found: dict[str, Any]) -> dict[str, Any]:
        """What became of the rows (verso.corpora.losses.Losses.as_dict), these among those that the config does not want."""
        if not self.few:
            return found
        unwanted = {self.reason: dict(sorted(self.few.items(), key=lambda pair: -pair[1])), **found["unwanted_by_reason"]}
        groups = {name: counted for name, counted in found["groups"].items() if name not in self.few}
        rows = found["rows"] - sum(self.few.values())
        return {**found, "rows": rows, "groups": groups, "unwanted_by_reason": unwanted}

    def rows_set_aside(self, cleaned: Cleaned) -> Iterator[dict[str, str]]:
        """Rows of the texts that are set aside, for a file that says why."""
        left = np.flatnonzero(~self.stays)
        return cleaned.set_aside(left, left, lambda own: f"{self.reason}: {own['group']}")

    @property
    def statistics(self) -> dict[str, Any]:
        """What statistics.json says of it."""
        return {} if self.minimum is None else {"texts_by_label_before": dict(self.before), "labels_set_aside": dict(self.few)}
