"""The screen of `make run`: a line for each training and how far it is, in place of Snakemake's own lines.

    12:31:07  1/1 corpora, 2/6 trainings, 4 min left   lstm-char seed 2 (songs): epoch 3/10, 27%, 1.904 / 2.011, 1 min 20 s left

Which jobs run, ended or failed, Snakemake's events say; how far one is, its record does (verso.jobs.job).
"""

import logging
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from verso.commands.bars import step_of
from verso.commands.job_lines import complaint, progress_of
from verso.commands.outcome import last_of, name_of
from verso.commands.screen import ENDS, EXIT, LINES, LONGEST, SCREEN, Stop, plain, stream_handler
from verso.commands.searches import CHOOSING, TRYING, outcome_of
from verso.commands.terminal import counted, cut, duration, printable
from verso.jobs.states import Job
from verso.registry import FAMILIES, KINDS, SOURCES, TASKS

PREPARING = {kind.prepared_by for kind in KINDS}
FETCHING = {*(source.fetch_rule for source in SOURCES if source.fetch_rule), "fetch_pretrained"}
WORKS = [*(family.works for family in FAMILIES), *(task.works for task in TASKS)]
DOING = {rule: work.doing for works in WORKS for rule, work in works.items()}
FIRST_SECONDS, LAST_SECONDS = 10.0, 120.0  # between two words on how far the jobs are: seldom in a long study
SHARE = 0.05  # of the time so far, in between
TELLING = 10.0  # expected seconds of a job that shows how fast this machine is: a shorter one only starts and ends
SHOWN = 8  # jobs at work, each with a line
OURS = (1, 75, 130)  # exit codes of jobs that have said why themselves
NOTHING, TRIED_AGAIN, LOOK_ABOVE = "Nothing to be done", "Trying to restart job ", "Exiting because a job execution failed"


class Planned(NamedTuple):
    """A job that is to run. seconds: expected, None where nothing is. made: its first output."""

    rule: str
    wildcards: Mapping[str, str]
    log: str | None
    seconds: float | None
    made: str = ""

    @property
    def trains(self) -> bool:
        """Whether it makes a run's model by training."""
        return self.rule.startswith("train_") and "seed" in self.wildcards

    @property
    def searches(self) -> bool:
        """Whether it is a worker of a search."""
        return self.rule.startswith(TRYING) and {"corpus", "model", "worker"} <= self.wildcards.keys()

    @property
    def name(self) -> str:
        """What it is for: model, seed and corpus of a run, model, worker and corpus of a search, else the rule."""
        if self.searches:
            return printable("search of {model}, worker {worker} ({corpus})".format(**self.wildcards))
        if {"corpus", "model", "seed"} <= self.wildcards.keys():
            return printable("{model} seed {seed} ({corpus})".format(**self.wildcards))
        return name_of(self.rule, self.wildcards)


def planned(jobs: Iterable[Any]) -> dict[int, Planned]:
    """Snakemake's jobs by their numbers, without targets, which only wait for others."""
    found = {}
    for job in jobs:
        if job.output:
            log = str(job.log[0]) if job.log else None
            seconds = _seconds(job.resources)
            found[job.jobid] = Planned(job.rule.name, dict(job.wildcards_dict), log, seconds, str(job.output[0]))
    return found


def _seconds(resources: Any) -> float | None:
    value = resources.get("expected_seconds")
    return float(value) if isinstance(value, int | float) else None


class RunLines(logging.Handler):
    """Snakemake's handler of the screen. started: when Snakemake did. nothing: what is said when there is nothing to do.
    stop: once Snakemake got a signal to stop, jobs that end are no errors.
    """

    def __init__(self, started: float, nothing: str, stop: Stop) -> None:
        super().__init__(logging.INFO)
        self._started, self._nothing, self._stop = started, nothing, stop
        self._jobs: dict[int, Planned] = {}
        self._ended: dict[int, Planned] = {}  # well
        self._at_work: dict[int, Planned] = {}  # or in the queue of a cluster
        self._took: dict[int, float] = {}  # seconds of jobs that ended
        self._begun, self._lost = set[int](), set[int]()
        self._more = ""
        self._most = 1  # jobs with an expected time that ran at once
        self._look: Callable[[], Iterable[Any]] = tuple
        self._stale, self._over = False, threading.Event()

    # --- Snakemake's thread ---

    def begin(self, look: Callable[[], Iterable[Any]]) -> None:
        """Snakemake has made its plan. look: gives the jobs that it needs, ended ones too; only events call it."""
        self._look = look
        self._jobs = planned(look())
        threading.Thread(target=self._tell_again_and_again, daemon=True).start()

    def end(self) -> None:
        """Say nothing more."""
        self._over.set()

    def emit(self, record: logging.LogRecord) -> None:
        """Say what an event means for the person who waits; most mean nothing."""
        if self._over.is_set():
            return
        fields, message = record.__dict__, str(record.msg)
        event = str(fields.get("event") or "")
        if event == "job_info":
            self._submitted(fields)
        elif event == "job_finished":
            self._finished(fields["job_id"])
        elif event == "job_error":
            if not self._stop.by:
                self._failed(fields)
        elif event == "job_started" and self._stale:  # a checkpoint ended: Snakemake has looked anew at what follows
            self._stale, jobs = False, planned(self._look())
            self._jobs = {**jobs, **self._ended, **self._at_work}
        elif message.startswith(NOTHING):
            print(self._nothing, flush=True)
        elif message.startswith(TRIED_AGAIN):
            number = message.removeprefix(TRIED_AGAIN).rstrip(".")
            if number.isdigit() and (job := self._jobs.get(int(number))):
                self._say(f"{job.name}: is tried again")
        elif record.levelno >= logging.WARNING and event != "group_error" and not self._is_noise(message):
            print("\n".join(cut(line, LONGEST) for line in plain(message).splitlines()), file=sys.stderr, flush=True)

    def _submitted(self, fields: Mapping[str, Any]) -> None:
        if not fields["output"]:
            return
        log = str(fields["log"][0]) if fields["log"] else None
        seconds, made = _seconds(fields["resources"]), str(fields["output"][0])
        job = Planned(fields["rule_name"], dict(fields["wildcards"]), log, seconds, made)
        self._jobs[fields["jobid"]] = self._at_work[fields["jobid"]] = job
        self._begun.discard(fields["jobid"])
        self._lost.discard(fields["jobid"])
        if job.rule in FETCHING:
            self._say(f"{job.name}: begins")

    def _finished(self, number: int) -> None:
        job = self._at_work.pop(number, None)
        if job is None:
            return
        self._ended[number] = job
        self._stale |= job.rule in PREPARING or job.rule == CHOOSING  # the checkpoints
        last = last_of(job.log, self._started) if job.log else None
        if last is not None:
            self._took[number] = last.last.last_sign - last.last.start
        took = f" in {duration(self._took[number])}" if self._took.get(number, 0) >= 1 else ""
        if job.trains:
            self._say(f"{job.name}: trained{took}")
        elif job.rule == CHOOSING:
            self._say("search of {model} ({corpus}): {said}".format(**job.wildcards, said=outcome_of(Path(job.made))))
        elif job.rule in PREPARING or job.rule in FETCHING or job.searches or (job.rule in DOING and "seed" in job.wildcards):
            self._say(f"{job.name}: {' '.join(filter(None, [DOING.get(job.rule), 'done']))}{took}")

    def _failed(self, fields: Mapping[str, Any]) -> None:
        job = self._at_work.pop(fields["jobid"], None)
        if job is None:
            return
        self._lost.add(fields["jobid"])
        last = last_of(job.log, self._started) if job.log else None
        said = complaint(last) if last is not None else str(fields.get("rule_msg") or "")
        self._say(f"{job.name}: {' '.join(filter(None, [DOING.get(job.rule), 'failed']))}{': ' if said else ''}{said}")

    def _is_noise(self, message: str) -> bool:
        """Whether a message of Snakemake's says again what a job said itself, or what the end says."""
        ended = EXIT.search(message)
        said = ended is not None and (self._stop.by is not None or any(ended[1].endswith(f" status {code}") for code in OURS))
        return said or message.startswith(LOOK_ABOVE) or ENDS in message

    # --- a thread of its own ---

    def _tell_again_and_again(self) -> None:
        """Say each second which trainings have begun, and at growing intervals how far all are."""
        shown_at = begun = time.monotonic()
        while not self._over.wait(1):
            running = self._running()
            for number, (job, last) in running.items():
                if job.trains and last is not None and last.state == "running" and number not in self._begun:
                    self._begun.add(number)
                    where = f" on {last.last.host}" if last.last.slurm_job else ""
                    self._say(f"{job.name}: training begins{where}")
            now = time.monotonic()
            if now - shown_at >= min(max(FIRST_SECONDS, SHARE * (now - begun)), LAST_SECONDS):
                shown_at = now
                self._tell(running)

    def _running(self) -> dict[int, tuple[Planned, Job | None]]:
        with self._locked():
            jobs = dict(self._at_work)
        running = {number: (job, last_of(job.log, self._started) if job.log else None) for number, job in jobs.items()}
        expected = sum(_is_at_work(last) for job, last in running.values() if job.seconds is not None)
        self._most = max(self._most, expected)
        return running

    def _tell(self, running: Mapping[int, tuple[Planned, Job | None]]) -> None:
        """A line for each job at work that trains or has taken a while: first those that train."""
        at_work = [(job, last) for job, last in running.values() if last is not None and _is_at_work(last)]
        waiting = sum(last is None for _, last in running.values())
        at_work = [(job, last) for job, last in at_work if job.trains or time.time() - last.last.start >= FIRST_SECONDS]
        at_work.sort(key=lambda one: (not one[0].trains, one[0].name))
        for job, last in at_work[:SHOWN]:
            doing = [DOING.get(job.rule, "at work"), "" if job.trains else step_of(job.log or "")]
            self._say(f"{job.name}: {progress_of(last, ', '.join(filter(None, doing)), time.time())}", running)
        others = len(at_work) - SHOWN
        more = [f"{others} more {'is' if others == 1 else 'are'} at work"] * (others > 0)
        more += [f"{counted(waiting, 'job')} {'waits' if waiting == 1 else 'wait'} for a place"] * (waiting > 0)
        said, self._more = self._more, ", ".join(more)
        if more and self._more != said and (others > 0 or not at_work):  # a queue may stand for hours
            self._say(self._more, running)

    # --- what is said ---

    @contextmanager
    def _locked(self) -> Iterator[None]:
        """Snakemake's thread gives events meanwhile."""
        self.acquire()
        try:
            yield
        finally:
            self.release()

    def counts(self, running: Mapping[int, tuple[Planned, Job | None]] | None = None) -> str:
        """How many corpora and trainings are done, and how long the rest will take."""
        parts = []
        for what, belongs in (("corpora", lambda job: job.rule in PREPARING), ("trainings", lambda job: job.trains)):
            if count := sum(map(belongs, self._jobs.values())):
                parts.append(f"{sum(map(belongs, self._ended.values()))}/{count} {what}")
        if not parts:
            parts.append(f"{len(self._ended)}/{len(self._jobs)} jobs")
        left = self._seconds_left(self._running() if running is None else running)
        return ", ".join([*parts, f"{duration(left)} left"] if left is not None else parts)

    def _seconds_left(self, running: Mapping[int, tuple[Planned, Job | None]]) -> float | None:
        """Seconds until the last job with an expected time ends; None before anything shows how fast this machine is.

        What was expected is corrected by what the jobs took that ended, and by what those at work foresee of themselves.
        """
        expected = real = longest = rest = 0.0
        for number, took in list(self._took.items()):
            job = self._ended.get(number)
            if job and job.seconds is not None and job.seconds >= TELLING:
                expected, real = expected + job.seconds, real + took
        foreseen = {}
        for number, (job, last) in running.items():
            progress = last.last.progress if last is not None and last.state == "running" else None
            if last is not None and progress is not None and progress.seconds_left is not None:
                foreseen[number] = progress.seconds_left
                if job.seconds is not None and job.seconds >= TELLING:
                    expected, real = expected + job.seconds, real + progress.seconds_left + last.last.last_sign - last.last.start
        if not expected:
            return max(foreseen.values(), default=None)
        for number, job in list(self._jobs.items()):
            last = running[number][1] if number in running else None
            if (
                number in self._ended
                or number in self._lost
                or job.seconds is None
                or (last is not None and last.state == "done")
            ):
                continue
            gone = last.last.last_sign - last.last.start if last is not None and last.state == "running" else 0.0
            seconds = foreseen.get(number, max(0.0, job.seconds * real / expected - gone))
            rest, longest = rest + seconds, max(longest, seconds)
        return max(longest, rest / self._most) if rest else None

    def _say(self, text: str, running: Mapping[int, tuple[Planned, Job | None]] | None = None) -> None:
        with self._locked():
            counts = self.counts(running)
        clear = "\r\x1b[K" if sys.stdout.isatty() else ""  # a progress bar that a job draws begins anew below
        line = f"{time.strftime('%H:%M:%S')}  {counts}   {printable(text)}"
        print(clear + cut(line, LONGEST), flush=True)


def _is_at_work(last: Job | None) -> bool:
    return last is not None and last.state == "running"


def show_run_lines(
    logger: logging.Logger, environment: Mapping[str, str], started: float, nothing: str, stop: Stop
) -> RunLines | None:
    """Put these lines on the screen in place of Snakemake's; None where it was not `make run` that started it."""
    handler = stream_handler(logger)
    if handler is None or environment.get(SCREEN) != LINES:
        return None
    logger.removeHandler(handler)
    lines = RunLines(started, nothing, stop)
    logger.addHandler(lines)
    return lines
