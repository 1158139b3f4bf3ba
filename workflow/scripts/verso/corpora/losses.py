"""Losses: how many rows of a source became no document, for which reason and of which label or artist; when they are too many."""

import math
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from verso.errors import VersoError

LIMIT = 0.02  # of all rows, where the config says nothing
FEWEST = 5  # rows; fewer stop nothing, where the config says no limit of its own
TIMES = 3  # as large a share lost of one label as of another
CHANCE = 0.05  # that even losses are taken for uneven ones
GROUPS_SHOWN = 4
REASONS_NAMED = 12  # there may be as many as rows, where the wrong column is named as that of the parts


@dataclass
class Losses:
    """Counts of rows by label or artist, "" where it is not known.

    documents: rows that became documents. lost: by reason, rows that could not be read as they were meant. unwanted: by reason,
    rows that the config does not want (another label, language or part), or that fetching passed over.
    """

    documents: Counter[str] = field(default_factory=Counter)
    lost: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    unwanted: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))

    def add(self, row: Mapping[str, Any]) -> None:
        """Count a row that is set aside, as set_aside.jsonl has it."""
        (self.lost if row.get("lost") else self.unwanted)[row["reason"]][row.get("group") or ""] += 1

    def as_dict(self) -> dict[str, Any]:
        """What statistics.json says: rows and lost ones in all, of each label or artist, and by reason."""
        lost = sum((of_reason for of_reason in self.lost.values()), Counter[str]())
        rows = self.documents + lost
        return {
            "rows": rows.total(),
            "lost": lost.total(),
            "groups": {group: {"rows": count, "lost": lost[group]} for group, count in sorted(rows.items()) if group},
            "lost_by_reason": _by_reason(self.lost),
            "unwanted_by_reason": _by_reason(self.unwanted),
        }


def _by_reason(found: Mapping[str, Counter[str]]) -> dict[str, dict[str, int]]:
    by_size = sorted(found.items(), key=lambda pair: -pair[1].total())
    named = {reason: dict(groups.most_common()) for reason, groups in by_size[:REASONS_NAMED]}
    if others := by_size[REASONS_NAMED:]:
        rest = sum((groups for _, groups in others), Counter[str]())
        named[f"{len(others)} other reasons, in set_aside.jsonl"] = dict(rest.most_common())
    return named


def sentences(found: Mapping[str, Any]) -> list[str]:
    """What to say of losses (Losses.as_dict) on a screen: how many, then a line for each reason; nothing where there are none."""
    said = []
    if found["lost"]:
        said.append(f"{found['lost']:,} of {found['rows']:,} rows set aside ({found['lost'] / found['rows']:.1%}):")
        said += [f"  {of_groups(groups)}  {reason}" for reason, groups in found["lost_by_reason"].items()]
    if unwanted := found["unwanted_by_reason"]:
        said.append(f"{sum(sum(groups.values()) for groups in unwanted.values()):,} other rows not taken:")
        said += [f"  {of_groups(groups)}  {reason}" for reason, groups in unwanted.items()]
    return said


def of_groups(groups: Mapping[str, int], unknown: str = "unknown", more: str = "{count} more") -> str:
    """A count and those of the labels or artists in it, the largest: "67 (neg: 60, pos: 7)"."""
    shown = [f"{group or unknown}: {count:,}" for group, count in list(groups.items())[:GROUPS_SHOWN]]
    if len(groups) > GROUPS_SHOWN:
        shown.append(more.format(count=len(groups) - GROUPS_SHOWN))
    total = f"{sum(groups.values()):,}"
    return total if list(groups) == [""] else f"{total} ({', '.join(shown)})"


def refuse_too_many(found: Mapping[str, Any], limit: float | None, corpus: str, listed_in: str) -> None:
    """Raise VersoError when more rows are lost than `limit` allows, or (None) more than LIMIT, or one label loses far more.

    found: Losses.as_dict. limit: share of all rows; a label or artist that loses more than that, and TIMES as much of its rows as
    another, is too much as well. corpus: its name; listed_in: the file of the rows.
    """
    if not found["lost"]:
        return
    share, most = found["lost"] / found["rows"], LIMIT if limit is None else limit
    if found["lost"] < FEWEST and (limit is None or share <= limit):
        return
    uneven = _uneven(found["groups"], 0.0 if limit is None else limit)
    if share <= most and not uneven:
        return
    needed = max(share, uneven[1] if uneven else 0.0)
    counted, *by_reason = sentences({**found, "unwanted_by_reason": {}})
    message = [f"corpora.{corpus}: {counted[:-1]}, more than is allowed:", *by_reason]
    if uneven:
        worst, of_worst, best, of_best = uneven
        message.append(f"Of {worst} {of_worst:.1%} are lost, of {best} {of_best:.1%}: that would change the balance.")
    message.append(
        f"Allowed is {most:.2g} of all rows (set_aside_limit), and no label or artist may lose {TIMES} times another's share.\n"
        f"The rows, with line and reason: {listed_in}. Mend them, or, if the rest is the corpus that you want, "
        f"say under corpora.{corpus}: set_aside_limit: {min(1.0, needed + 0.01):.2f}"
    )
    raise VersoError("\n".join(message))


def _uneven(groups: Mapping[str, Mapping[str, int]], above: float) -> tuple[str, float, str, float] | None:
    """The group that loses the largest share and one that loses less than a third of that, each with its share; None if even.

    Only what chance does not explain, by a test of two proportions, for as many pairs as there are (Bonferroni): of two labels of
    the same size one must lose seven rows at least, where the other loses none.
    """
    shares = {group: counts["lost"] / counts["rows"] for group, counts in groups.items()}
    worst = max(groups, key=lambda group: shares[group], default="")
    if not groups or shares[worst] <= above or groups[worst]["lost"] < FEWEST:
        return None
    needed = math.sqrt(2 * math.log(max(1, math.comb(len(groups), 2)) / CHANCE))
    others = [
        group
        for group, counts in groups.items()
        if shares[worst] >= TIMES * shares[group] and _deviations(groups[worst], counts) > needed
    ]
    best = min(others, key=lambda group: shares[group], default=None)
    return None if best is None else (worst, shares[worst], best, shares[best])


def _deviations(one: Mapping[str, int], other: Mapping[str, int]) -> float:
    """By how many standard deviations the shares of two groups differ."""
    rows = one["rows"] + other["rows"]
    pooled = (one["lost"] + other["lost"]) / rows
    deviation = math.sqrt(pooled * (1 - pooled) * (1 / one["rows"] + 1 / other["rows"]))
    return (one["lost"] / one["rows"] - other["lost"] / other["rows"]) / deviation if deviation else 0.0
