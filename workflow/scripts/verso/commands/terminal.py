"""Text for a terminal: tables, durations, lines that fit, and removal of control characters."""

import argparse
import io
import math
import os
import re
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from verso.errors import STOPPED, VersoError

COLUMNS = 130


class Options(argparse.ArgumentParser):
    """A command line that make calls: what is wrong with it is a line, with the name that was typed there, as N of `--n`."""

    def error(self, message: str) -> NoReturn:
        """End with the message and exit code 2."""
        said = re.sub(r"^argument --([a-z]+)", lambda found: found[1].upper(), message)
        self.exit(2, f"{said}\n")


def whole_number(text: str) -> int:
    """An option's value. Raises ArgumentTypeError for what is no whole number."""
    if not re.fullmatch(r"-?\d{1,18}", text):
        raise argparse.ArgumentTypeError(f"found {text}; must be a whole number")
    return int(text)


def path_of(text: str) -> Path:
    """An option's value; `~` is the user's home, which some shells leave to the program."""
    return Path(text).expanduser()


def table(header: Sequence[str], rows: Sequence[Sequence[str]], colours: Mapping[str, str] | None = None) -> list[str]:
    """Aligned lines of at most COLUMNS characters, the header first; columns of numbers to the right.

    The last cell of a row shorter than the header fills the rest of its line. colours: ANSI codes by the whole text of a cell.
    """
    colours = colours or {}
    cells = [[printable(cell) for cell in row] for row in [header, *rows]]
    full = [row if len(row) == len(header) else row[:-1] for row in cells]
    columns = [[row[i] for row in full if i < len(row)] for i in range(len(header))]
    widths = [max(map(len, column)) for column in columns]
    while sum(widths) + 2 * (len(widths) - 1) > COLUMNS:
        widths[widths.index(max(widths))] -= 1
    right = [all(re.fullmatch(r"[\d,.?]*", cell) for cell in column[1:]) for column in columns]
    lines = []
    for row in cells:
        text, left = "", COLUMNS
        for i, cell in enumerate(row):
            spans = i == len(row) - 1 < len(header) - 1
            width = left if spans else widths[i]
            shown = cut(cell, width)
            padded = shown if spans else shown.rjust(width) if right[i] else shown.ljust(width)
            text += (f"\x1b[{colours[cell]}m{padded}\x1b[0m" if cell in colours else padded) + "  "
            left -= width + 2
        lines.append(text.rstrip())
    return lines


def cut(text: str, width: int) -> str:
    """The beginning of a text that is longer than `width`, with a sign that it goes on."""
    return text if len(text) <= width else text[: width - 1] + "…"


def said_on_the_screen(work: Callable[[], int]) -> int:
    """The exit code of a command's work, which prints: 1 with the message of what is wrong, 130 after Ctrl-C."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a terminal that is not UTF-8 shows a question mark
    try:
        code = work()
        sys.stdout.flush()  # here, where a reader that is gone is no error
        return code
    except VersoError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nstopped by you", file=sys.stderr)
        return STOPPED
    except BrokenPipeError:  # `| head` has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:  # a folder that may not be written, a file that is gone meanwhile
        print(f"{error.filename}: {error.strerror}" if error.filename else error, file=sys.stderr)
        return 1


def printable(text: str) -> str:
    """Text without control characters, which could redraw the terminal; each becomes a blank."""
    return "".join(character if character.isprintable() else " " for character in text)


def typed(path: object) -> str:
    """A path as it is typed on a command line: quoted where it holds a blank or the like."""
    return shlex.quote(str(path))


def printable_lines(text: str) -> list[str]:
    """The lines of a text without control characters, which could redraw the terminal."""
    return [printable(line) for line in text.split("\n")]


def bars(counts: Sequence[tuple[str, int]], total: int, width: int = 30) -> list[str]:
    """A line for each name with its count, its share of the total and a bar, the longest `width` characters long."""
    most = max((count for _, count in counts), default=0)
    names = [printable(name)[: COLUMNS // 3] for name, _ in counts]
    wide = max(map(len, names), default=0)
    digits = len(f"{most:,}")
    return [
        f"{name:<{wide}}  {count:>{digits},}  {count / max(1, total):>4.0%}  {'█' * _length(count, most, width)}".rstrip()
        for name, (_, count) in zip(names, counts, strict=True)
    ]


def _length(count: int, most: int, width: int) -> int:
    """Of a bar: at least one character for what is there at all."""
    return max(1, round(width * count / most)) if count else 0


def counted(number: int, what: str) -> str:
    """A number of things: "1 job", "2 jobs"."""
    return f"{number:,} {what}{'s' * (number != 1)}"


def duration(seconds: float) -> str:
    """A time in its two largest units: 3 min 20 s, 2 h 5 min, 1 d 4 h."""
    if not math.isfinite(seconds):
        return "?"
    whole = max(0, round(seconds))
    for unit, size, lower, part in (("d", 86400, "h", 3600), ("h", 3600, "min", 60), ("min", 60, "s", 1)):
        if whole >= size:
            return f"{whole // size} {unit} {whole % size // part} {lower}"
    return f"{whole} s"
