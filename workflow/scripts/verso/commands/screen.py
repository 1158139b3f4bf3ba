"""What a person sees while Snakemake works, and how it ends.

    bare snakemake   Snakemake's own lines, cut to a length that can be read: ShortLines
    make run         a line for each training and how far it is: verso.commands.run_lines
    make plan        Snakemake's own lines, whole, for it reads them

Snakemake's file of the run (.snakemake/log) keeps every line whole. Only what Snakemake documents for plugins is used: the
`event` of a log record and the fields of it; where a later Snakemake has other ones, its own lines are shown.
"""

import copy
import logging
import os
import re
import signal
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any

from verso.commands.terminal import cut
from verso.errors import STOPPED

SCREEN = "VERSO_SCREEN"  # environment variable by which our commands choose what the Snakefile shows on the screen
WHOLE, LINES = "whole", "lines"
LONGEST = 240  # characters of a line
FILES = 3  # of a list of files that are named
TAIL = 12  # lines of a failed job's log
NO_CORES = "cores have to be specified"
EXIT = re.compile(
    r"RuleException:\s+CalledProcessError in .*?(returned non-zero exit status \d+|died with <Signals\.\w+)", re.DOTALL
)
ENDS = "At least one job did not complete successfully"  # the last word of a Snakemake that failed or was stopped


def stream_handler(logger: logging.Logger) -> logging.Handler | None:
    """Snakemake's handler of the screen; None where a plugin of the user's shows its lines."""
    return next((handler for handler in logger.handlers if handler.name == "DefaultStreamHandler"), None)


class Stop:
    """Whether a person, or a machine that shuts down, has stopped Snakemake, and by which signal."""

    def __init__(self) -> None:
        self.by: str | None = None
        self._begun = False

    def listen(self, begun: bool) -> None:
        """From now on, notice SIGINT and SIGTERM; at the first of each Snakemake does what it does.

        begun: whether jobs run; a Snakemake that has not begun ends at once. A second Ctrl-C would end Snakemake in the midst of
        its own end, so nothing but a line comes of it.
        """
        self._begun = begun
        if threading.current_thread() is threading.main_thread():
            if signal.getsignal(signal.SIGINT) != signal.SIG_IGN:  # a shell's script in the background is not meant by its Ctrl-C
                signal.signal(signal.SIGINT, self._interrupted)
            terminated = signal.getsignal(signal.SIGTERM)
            if begun and callable(terminated):
                signal.signal(signal.SIGTERM, self._terminated(terminated))

    def _interrupted(self, number: int, frame: FrameType | None) -> None:
        if self.by == "SIGINT":
            _say_at_once("Verso: it is stopping; jobs save themselves.")
            return
        self.by = "SIGINT"
        if self._begun:
            _say_at_once("Verso: stopping; trainings save a checkpoint first.")
            raise KeyboardInterrupt
        _say_at_once("Verso: stopped by you, before anything began.")
        raise SystemExit(STOPPED)

    def _terminated(self, before: Callable[..., Any]) -> Callable[[int, FrameType | None], None]:
        def handler(number: int, frame: FrameType | None) -> None:
            if self.by is None:
                self.by = "SIGTERM"
                _say_at_once("Verso: SIGTERM: jobs at work go on to their end, and no other begins. Ctrl-C stops them now.")
            before(number, frame)

        return handler


def _say_at_once(line: str) -> None:
    """From a signal's handler: past Python's buffer, whose writing this may have interrupted; the terminal may be gone."""
    with suppress(OSError):
        os.write(2, f"\n{line}\n".encode())


class ShortLines(logging.Formatter):
    """Snakemake's own lines with lists of files and reasons cut, and of a failed job's log its end.

    whole: Snakemake's formatter. stop: once it got a signal to stop, jobs that end are no errors and are left out.
    """

    def __init__(self, whole: logging.Formatter, stop: Stop) -> None:
        super().__init__()
        self._whole, self._stop = whole, stop
        self._shows_logs = bool(getattr(whole, "show_failed_logs", False))
        if self._shows_logs:
            whole.show_failed_logs = False  # type: ignore[attr-defined]  # whole logs: thousands of lines of one that trained for long

    def format(self, record: logging.LogRecord) -> str:
        """The text of a record; empty where nothing is to be shown."""
        event = getattr(record, "event", None)
        if self._stop.by and (event in ("job_error", "group_error") or EXIT.search(str(record.msg)) or ENDS in str(record.msg)):
            return ""
        text = self._whole.format(_shortened(record))
        if event in (None, "error"):
            text = plain(text)
        lines = [cut(line, LONGEST) for line in text.splitlines()]
        if event == "job_error" and self._shows_logs:
            lines += [f"    {line}" for path in record.__dict__.get("log", ()) for line in end_of_log(path)]
        return "\n".join(lines)


def _shortened(record: logging.LogRecord) -> logging.LogRecord:
    """A copy of the record of a job with short lists."""
    fields = record.__dict__
    if "rule_name" not in fields and "job_error_info" not in fields:
        return record
    short = copy.copy(record)
    _shorten(short.__dict__)
    if "job_error_info" in fields:
        short.__dict__["job_error_info"] = [_shorten(dict(job)) for job in fields["job_error_info"]]
    return short


def _shorten(fields: dict[str, Any]) -> dict[str, Any]:
    for key in ("input", "output"):
        if isinstance(fields.get(key), Iterable):
            fields[key] = _few([str(item) for item in fields[key]])
    if "reason" in fields:
        fields["reason"] = "; ".join(", ".join(_few(part.split(", "))) for part in str(fields["reason"]).split("; "))
    if fields.get("event") == "job_error":
        fields["msg"] = fields.get("rule_msg") or ""  # else Snakemake writes "message: None"
    return fields


def _few(items: list[str]) -> list[str]:
    return items if len(items) <= FILES + 1 else [*items[:FILES], f"and {len(items) - FILES} more"]


def plain(text: str) -> str:
    """A message of Snakemake's for the person who gets it.

    An error of Verso's that it wraps, alone; how a job's process ended; the profiles that there are, where none is given.
    """
    wrapped = re.search(r"^ *(?:\w+\.)*VersoError: (.*?)(?=^Wildcards:|^Traceback|\Z)", text, re.MULTILINE | re.DOTALL)
    if wrapped:
        return wrapped[1].rstrip()
    if ended := EXIT.search(text):  # the driver of a job, whose path and options say nothing to a person
        return f"The process of a job {ended[1].replace('<Signals.', '')}."
    if NO_CORES in text:
        return f"{text}\nOr give a profile: --profile profiles/local (this machine), --profile profiles/slurm (a cluster)"
    return text


def end_of_log(path: str | Path) -> list[str]:
    """The last lines of a job's log, with its path; the path alone where it says nothing."""
    try:
        with Path(path).open("rb") as stream:
            stream.seek(max(0, os.fstat(stream.fileno()).st_size - TAIL * 1000))
            lines = stream.read().decode("utf-8", errors="replace").splitlines()
    except OSError:
        return [f"{path}: there is no log"]
    shown = [cut(line, LONGEST) for line in lines if line.strip()][-TAIL:]
    return [f"{path} ends:", *(f"  {line}" for line in shown)] if shown else [f"{path} is empty"]


def show_short_lines(logger: logging.Logger, environment: Mapping[str, str], stop: Stop) -> None:
    """Have Snakemake's lines on the screen cut, but for one of our commands that reads them."""
    handler = stream_handler(logger)
    if handler is not None and handler.formatter is not None and environment.get(SCREEN) != WHOLE:
        handler.setFormatter(ShortLines(handler.formatter, stop))
