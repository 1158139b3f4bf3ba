"""Tables of contents and indices: lines that lead to a page, and lists of the headings that come below."""

import re
from collections.abc import Sequence

from verso.corpora.manual.document import Line
from verso.corpora.manual.headings import folded

# Without a page number at least five dots: three end a sentence of prose
LEADER = re.compile(r"(?:\s?[.…·]){5,}\s*$|(?:\s?[.…·]){3,}\s*(?:[\divxlc]+(?:\s*[,–-]\s*[\divxlc]+)*)\s*$", re.IGNORECASE)
TO_A_LINE = re.compile(r"\(line\s+\d+\)\s*$")  # an index of Texinfo's
FEWEST = 4  # lines of a list; three may stand in a text
GAP = 3  # lines between two that lead somewhere: a title in two lines, the letter of an index
LONGEST_BETWEEN = 90  # characters of such a line
NAMES = {
    folded(name)
    for name in (
        "contents", "table of contents", "short contents", "index", "índice", "índice general", "contenido", "contenidos",
        "tabla de contenidos", "tabla de contenido", "sumario", "* menu:",
    )
}  # fmt: skip


def contents_lines(lines: Sequence[Line]) -> set[int]:
    """The numbers of the lines of tables of contents and indices, with their title where it names them."""
    titles = {folded(line.text) for line in lines if line.level} - {""}
    leading = [
        number
        for number, line in enumerate(lines)
        if not line.level and not line.code and (_leads(line.text) or folded(line.text) in titles)
    ]
    found: set[int] = set()
    for run in _runs(lines, leading):
        if len(run) < FEWEST:
            continue
        found.update(range(run[0], run[-1] + 1))
        above = next((number for number in range(run[0] - 1, -1, -1) if lines[number].text.strip()), None)
        if above is not None and folded(lines[above].text) in NAMES:
            found.add(above)
    return {number for number in found if not lines[number].level}


def _leads(text: str) -> bool:
    return bool(LEADER.search(text) or TO_A_LINE.search(text))


def _runs(lines: Sequence[Line], leading: Sequence[int]) -> list[list[int]]:
    """Lines that lead somewhere with only a few short ones between them."""
    runs: list[list[int]] = []
    for number in leading:
        between = [line for line in lines[runs[-1][-1] + 1 : number] if line.text.strip()] if runs else []
        if (
            runs
            and len(between) <= GAP
            and not any(line.code or line.level or len(line.text) > LONGEST_BETWEEN for line in between)
        ):
            runs[-1].append(number)
        else:
            runs.append([number])
    return runs
