"""Files that go wrong in every way that we know, read for as many rows as are wanted: every line must be accounted for.

    .venv/bin/python tests/fuzz_readers.py --rows 1000000

Each file is made of rows whose fate is known: sound ones come out as they were written, faulty ones are set aside, and only
a quote that nothing closes may stop the reading. The unit tests of the reader of CSV read a few of them in the suite.
"""

import argparse
import random
import re
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "workflow/scripts"))

from verso.corpora.sources.file.opened import Reading
from verso.corpora.sources.file.readers import Fault, Row
from verso.corpora.sources.file.readers_csv import read_csv
from verso.errors import VersoError

LINE = re.compile(rb"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")
WORDS = [
    "la",
    "niña",
    "dijo",
    'un "sí"',
    "corazón",
    "5'",
    "a,b",
    "x;y",
    "p|q",
    "\tq",
    "''",
    "–",
    "€",
    "𝄞",
    "no",
    "=1+1",
    "\\",
    " ",
]
LABELS = ["neg", "pos", "neutral"]
BAD = b"\xff\xfe\x92"  # no UTF-8, and in no encoding that is recognised


@dataclass
class Case:
    """A file and what must come of it: texts of its sound rows, how many are set aside, whether the reading may stop."""

    data: bytes
    texts: list[str] = field(default_factory=list)
    set_aside: int = 0
    may_stop: bool = False


def lines_of(data: bytes) -> int:
    """How many lines bytes have, whichever way they end."""
    return len(LINE.findall(data))


def case_of(draw: random.Random, rows: int, open_quotes: bool) -> Case:
    """A CSV file of so many rows, with a share of faulty ones that is drawn, too."""
    end, delimiter = draw.choice(["\n", "\r\n", "\r"]), draw.choice(",;\t|")
    faulty, quotes_all = draw.choice([0, 0.02, 0.3]), draw.random() < 0.5
    case = Case(b"")
    out: list[bytes] = [b"\xef\xbb\xbf"] if draw.random() < 0.2 else []
    out += [f"sep={delimiter}{end}".encode()] if draw.random() < 0.1 else []

    def written(*cells: str) -> bytes:  # csv.writer leaves a "\n" unquoted where lines end in "\r"
        special = re.compile(f'^ |[\r\n"{delimiter}]')
        quoted = ('"' + cell.replace('"', '""') + '"' if quotes_all or special.search(cell) else cell for cell in cells)
        return (delimiter.join(quoted) + end).encode()

    out.append(written("id", "text", "ñandú", "label"))
    for number in range(rows):
        text = "".join(draw.choices([*WORDS, "\n", "\r\n", " "], k=draw.randint(1, 12))) + "."
        row = written(str(number), text, "", draw.choice(LABELS))
        kind = draw.choice(["few", "many", "stray", "blank", "cut", "bytes"]) if draw.random() < faulty else "sound"
        if open_quotes and number == rows // 2:
            kind = "open"
        if kind == "sound":
            case.texts.append(text)
        elif kind == "bytes":  # they come out with a mark in their place, and the document is set aside
            row = row.replace(b".", BAD + b".", 1)
            case.texts.append(text[: text.index(".")] + "\ufdef\ufdef\ufdef" + text[text.index(".") :])
        elif kind == "blank":
            row = draw.choice([b"", b"  "]) + end.encode()
        elif kind == "open":
            case.may_stop = True
            row = f'{number}{delimiter}"a text{delimiter}{delimiter}neg{end}'.encode()
        else:
            case.set_aside += 1
            row = {
                "few": written(str(number), text),
                "many": written(str(number), text, "", "neg", "more"),
                "stray": f'{number}{delimiter}"he said "no" to me"{delimiter}{delimiter}neg{end}'.encode(),
                "cut": f"{number}{delimiter}{end}".encode(),
            }[kind]
        out.append(row)
    case.data = b"".join(out)
    return case


@dataclass
class Outcome:
    """What came of a file: its rows, or the message with which the reading stopped."""

    rows: list[Row | Fault]
    stopped: str = ""


def read(path: Path, reading: Reading) -> Outcome:
    """Read a CSV file. Raises AssertionError when a line of it is in no row, in two, or in no count."""
    rows: list[Row | Fault] = []
    try:
        rows.extend(read_csv(path, reading))
    except VersoError as error:
        stopped = str(error)
    else:
        stopped = ""
    if stopped:
        assert str(path) in stopped
        assert len(stopped) < 3000 + len(str(path)), "a message that nobody can read"
        return Outcome(rows, stopped)
    (account,) = reading.accounts
    assert account.balances, account
    assert sum(isinstance(row, Row) for row in rows) == account.rows
    assert sum(isinstance(row, Fault) for row in rows) == account.set_aside
    assert sum(row.lines for row in rows) == account.rows + account.set_aside + account.continued
    at = account.header
    for row in rows:  # each begins behind the one before; only blank lines lie between
        first = int(re.search(r" line (\d+)", row.where)[1])  # type: ignore[index]
        assert first > at, row
        at = first + row.lines - 1
    assert account.lines is not None
    assert at <= account.lines
    return Outcome(rows)


def check(folder: Path, case: Case) -> Outcome:
    """Read a case. Raises AssertionError when a row that is sound was lost or changed, or the reading stopped without reason."""
    path = folder / "case.csv"
    path.write_bytes(case.data)
    reading = Reading(100_000, frozenset({"text", "label", "ñandú"}), encoding="utf-8")
    outcome = read(path, reading)
    if outcome.stopped:
        assert case.may_stop, outcome.stopped
        return outcome
    assert reading.accounts[0].lines == lines_of(case.data.removeprefix(b"\xef\xbb\xbf"))
    if not case.may_stop:
        texts = [row.values["text"].lstrip(" ") for row in outcome.rows if isinstance(row, Row)]
        assert texts == [text.lstrip(" ") for text in case.texts]
        assert sum(isinstance(row, Fault) for row in outcome.rows) == case.set_aside
    return outcome


def main() -> None:
    """Read so many rows, and say what came of them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    draw, counts, begun = random.Random(given.seed), Counter[str](), time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        while counts["rows"] < given.rows:
            case = case_of(draw, size := draw.choice([1, 5, 50, 1000]), open_quotes=draw.random() < 0.1)
            seed_of_failure = f"seed {given.seed}, file {counts['files'] + 1}"
            try:
                outcome = check(Path(folder), case)
            except AssertionError as error:
                Path("failed.csv").write_bytes(case.data)
                sys.exit(f"{seed_of_failure} (kept as failed.csv): {error}")
            counts.update(rows=size, files=1, stopped=bool(outcome.stopped), with_open_quote=case.may_stop)
            counts.update(lines=lines_of(case.data), read=sum(isinstance(row, Row) for row in outcome.rows))
            counts.update(set_aside=sum(isinstance(row, Fault) for row in outcome.rows))
    print(dict(counts), f"in {time.perf_counter() - begun:.0f} s: every line accounted for")


if __name__ == "__main__":
    main()
