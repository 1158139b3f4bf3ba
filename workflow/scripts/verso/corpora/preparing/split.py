"""Split: which cluster goes into which part, stratified by group, and one text cut by position."""

import math
import unicodedata
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from verso.corpora.parts import PARTS, TEST, TRAIN, VALIDATION
from verso.errors import VersoError

CUT_ANYWHERE = (
    100  # characters of the smaller side from which a text without line breaks and blanks is cut between two characters
)


def stratified(
    groups: NDArray[np.int32],
    clusters: NDArray[np.int32],
    keys: NDArray[np.uint64],
    names: Sequence[str],
    settings: dict[str, Any],
    held_out: Sequence[int] = (TEST, VALIDATION),
    each_group: bool = False,
) -> tuple[NDArray[np.uint8], list[str]]:
    """(n,) the part of each document as an index of PARTS, and the names of the groups that are in train only.

    groups: (n,) index into names. clusters: (n,) position of the first document of the cluster. keys: (n,) a seeded random
    number of each document, made of its id: the order of the file decides nothing. settings: {"validation", "test"} shares.

    No cluster straddles parts; its group is its most frequent member's. test is that share of all documents, validation that
    share of what is left. Each group gives its share, rounded so that the sums come out right. A group of fewer clusters than
    parts stays in train. held_out: the parts that are taken out of train. each_group: every group that is split has a document
    in every part, though its share may be none. Raises VersoError when a part would be empty.
    """
    fewest = 1 + len(held_out)
    roots, member_of = np.unique(clusters, return_inverse=True)
    sizes = np.bincount(member_of)
    group_of = _most_frequent(groups, member_of, names)
    key_of = np.full(len(roots), np.iinfo(np.uint64).max, dtype=np.uint64)
    np.minimum.at(key_of, member_of, keys)

    parts = np.full(len(roots), TRAIN, dtype=np.uint8)
    order = np.argsort(key_of, kind="stable")
    by_group: dict[int, list[int]] = {group: [] for group in sorted(range(len(names)), key=lambda group: names[group])}
    for number in order:
        by_group[int(group_of[number])].append(int(number))
    split_up = [members for members in by_group.values() if len(members) >= fewest]
    for still_to_come, part in zip(range(len(held_out))[::-1], held_out, strict=True):
        left = [[member for member in members if parts[member] == TRAIN] for members in split_up]
        # Train keeps one cluster, and before validation is taken there must be one for that too.
        spare = [len(members) - 1 - still_to_come for members in left]
        targets = _targets([int(sizes[members].sum()) for members in left], settings[PARTS[part]])
        if each_group:
            targets = [max(1, target) for target in targets]
        for members, target, most in zip(left, targets, spare, strict=True):
            parts[_take(members, sizes, target)[:most]] = part

    chosen = parts[member_of]
    counts = np.bincount(chosen, minlength=len(PARTS))
    if not counts[[TRAIN, *held_out]].all():
        found = ", ".join(f"{name} {count}" for name, count in zip(PARTS, counts, strict=True))
        raise VersoError(
            f"fewer documents than the split needs: {len(groups)} documents ({len(roots)} when near-duplicates count as one) in "
            f"{len(names)} groups give {found}. At least one group must have {fewest} documents that differ, and split.test "
            f"(now {settings['test']}) and split.validation (now {settings['validation']}) must be above 0"
        )
    everywhere = np.bincount(groups, minlength=len(names))
    in_train = np.bincount(groups[chosen == TRAIN], minlength=len(names))
    return chosen, [names[group] for group in by_group if everywhere[group] and in_train[group] == everywhere[group]]


def _most_frequent(groups: NDArray[np.int32], member_of: NDArray[Any], names: Sequence[str]) -> NDArray[np.int64]:
    """For each cluster the group most of its members have; of several the first by name."""
    by_name = np.array(sorted(range(len(names)), key=lambda group: names[group]))
    rank = np.empty(len(names), dtype=np.int64)
    rank[by_name] = np.arange(len(names))
    pairs, counts = np.unique(member_of.astype(np.int64) * len(names) + rank[groups], return_counts=True)
    owner, group = np.divmod(pairs, len(names))
    order = np.lexsort((group, -counts, owner))  # by cluster, then the most frequent, then the first by name
    first = np.unique(owner[order], return_index=True)[1]
    return by_name[group[order][first]]


def _targets(sizes: Sequence[int], share: float) -> list[int]:
    """Whole numbers near share * size, each less than 1 off, that add up to share * all: sizes 3, 3, 3 at .2 give 1, 0, 1."""
    targets: list[int] = []
    exact = 0.0
    for size in sizes:
        exact += share * size
        targets.append(math.floor(exact + 0.5) - sum(targets))
    if share > 0 and sizes and not any(targets):
        targets[sizes.index(max(sizes))] = 1  # rounded away: one document is better than an empty part
    return targets


def _take(members: list[int], sizes: NDArray[Any], target: int) -> list[int]:
    """Clusters, in their order, that together hold at most `target` documents; the smallest one where even that holds more."""
    taken: list[int] = []
    room = target
    for member in members:
        if sizes[member] <= room:
            taken.append(member)
            room -= int(sizes[member])
    return taken if taken or target < 1 else [min(members, key=lambda member: sizes[member])]


def held_out_first(first_of: NDArray[np.int32], parts: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """(n,) which documents must leave their given part, so that no two that are alike lie in different ones.

    first_of: (n,) of each document the position of the first that it is alike with. parts: (n,) given, as indices of PARTS. Test
    stays as it was given, validation gives way to test and train to both: what is measured on stays comparable with others'.
    """
    most_held_out = np.zeros(len(parts), dtype=np.uint8)
    np.maximum.at(most_held_out, first_of, parts)
    return np.asarray(parts < most_held_out[first_of])


def by_position(text: str, settings: dict[str, Any]) -> tuple[str, str, str]:
    """One text as train, validation, test: test is its end, validation the end of what is left, cut at the nearest line breaks.

    settings: {"validation", "test"} shares of characters. Where no line break is near, as in a text of one line, the cut is at
    the nearest blank, and where that is missing too, between two characters. The line breaks or the blank at a cut
    belong to neither side; nothing else is lost. Raises VersoError when a part would be empty.
    """
    train, test = _cut(text, round(len(text) * (1 - settings["test"])))
    train, validation = _cut(train, round(len(train) * (1 - settings["validation"])))
    if not (train and validation and test):
        raise VersoError(
            f"a text of {len(text)} characters cannot be split into train, validation {settings['validation']} and test "
            f"{settings['test']}: each needs a word of its own, and a share above 0"
        )
    return train, validation, test


def _cut(text: str, at: int) -> tuple[str, str]:
    """The text before and after the line break, else the blank, else the character that is nearest to position `at`.

    Nearest, but not farther than half of the smaller side: that side would have another size than it was given. A short text is
    cut at no character: where it has no blank, one side is empty.
    """
    smaller = min(at, len(text) - at)
    for separator in ("\n", " "):
        if (border := _nearest(text, separator, at, smaller // 2)) is not None:
            return _around(text, border)
    if smaller >= CUT_ANYWHERE:
        while (
            at < len(text) and unicodedata.category(text[at])[0] == "M"
        ):  # an accent or a vowel sign belongs to the letter before
            at += 1
        return text[:at], text[at:]
    borders = [border for separator in "\n " if (border := _nearest(text, separator, at, len(text))) is not None]
    return _around(text, min(borders, key=lambda border: abs(border - at))) if borders else (text, "")


def _nearest(text: str, separator: str, at: int, reach: int) -> int | None:
    before, after = text.rfind(separator, max(0, at - reach), at + 1), text.find(separator, at, at + reach + 1)
    return min((border for border in (before, after) if border >= 0), key=lambda border: abs(border - at), default=None)


def _around(text: str, border: int) -> tuple[str, str]:
    if text[border] == " ":
        return text[:border], text[border + 1 :]
    return text[:border].rstrip("\n"), text[border:].lstrip("\n")
