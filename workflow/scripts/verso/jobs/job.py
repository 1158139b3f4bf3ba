"""A job's life: its log, its record beside the log, the card that it holds.

The record is what is left when a job dies without a word: `make status` reads it, and what the next attempt requests
follows from it (verso.jobs.records, verso.jobs.causes, verso.needs.request). It says where, since when, how far, how large, and
why it ended.
"""

import logging
import os
import signal
import socket
import threading
import time
import traceback
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from verso.errors import VersoError
from verso.files import read_json, write_json
from verso.jobs.causes import HOPELESS, cause_of_error
from verso.jobs.earlier import Earlier
from verso.jobs.event_files import EventFiles
from verso.jobs.logs import announce, to_log
from verso.jobs.no_assistants import import_no_assistants
from verso.jobs.no_compiler import import_no_compiler
from verso.jobs.records import earlier_causes, read_record, record_path, start_of_snakemake
from verso.machine.memory import peak_ram_mb
from verso.settings.paths import with_values

log = logging.getLogger(__name__)

KEPT = 20  # attempts in a record
HEARTBEAT = 10.0  # seconds
MESSAGE = 4000  # characters kept of an error: its end, where Python says what happened
OFFLINE = {"HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "TOKENIZERS_PARALLELISM": "false"}
PUT_BACK = "made before"  # message of an attempt that was done by that
ASKED = ("mem_mb", "runtime", "vram_mb", "cards")


class Job:
    """What a driver is given: how to report its progress, and what earlier attempts ended by."""

    def __init__(
        self, path: Path, head: dict[str, Any], attempt: dict[str, Any], earlier: list[str], events: EventFiles | None
    ) -> None:
        self.earlier = earlier
        self.started: float = attempt["snakemake"]
        self.requested: dict[str, Any] = attempt["asked"]
        self._path, self._head, self._attempt, self._events = path, head, attempt, events
        self._lock = threading.RLock()  # a signal comes while the main thread reports
        self._over = threading.Event()
        self._written = 0.0

    def report(self, progress: dict[str, Any]) -> None:
        """How far the job is; the next heartbeat writes it. A training's "history" goes into its event files instead."""
        with self._lock:
            self._attempt["progress"] = {key: value for key, value in progress.items() if key != "history"}
        if self._events:
            self._events.follow(progress.get("history", ()))

    def _beat(self) -> None:
        """Record memory that has grown each second and a heartbeat each tenth: a peak is recorded before it kills the job."""
        while not self._over.wait(1):
            with self._lock:
                before, now = self._attempt["peak_ram_mb"], peak_ram_mb()
                if now > 1.05 * before or time.time() - self._written >= HEARTBEAT:
                    self._write()

    def _write(self) -> None:
        self._attempt.update(alive=time.time(), peak_ram_mb=round(peak_ram_mb(), 1))
        self._written = time.time()
        # Read anew: a successor that this one hands over to has written its own attempt since
        attempts = read_record(self._path).get("attempts", [])
        same = [place for place, other in enumerate(attempts) if _is_same(other, self._attempt)]
        place = same[-1] if same else len(attempts)
        attempts[place : place + 1] = [self._attempt]
        attempts.sort(key=lambda attempt: attempt.get("start") or 0)
        try:
            write_json(self._path, {**self._head, "attempts": attempts[-KEPT:]})
        except (OSError, VersoError) as error:  # a full disk: the work matters more than its record
            log.warning("%s: cannot be written (%s); the job goes on", self._path, error)

    def _end(self, cause: str, message: str) -> None:
        self._over.set()
        with self._lock:
            self._attempt.update(end=time.time(), cause=cause, message=message[-MESSAGE:])
            self._write()


class _Restored(SystemExit):
    """Ends the driver's process well, before its block."""


@contextmanager
def job_of(snakemake: Any, online: bool = False) -> Iterator[Job]:
    """Run a driver's call: everything it prints goes to its log, its errors become clear messages, its record is kept.

    snakemake: the object that Snakemake gives to a script. online: the job fetches from the hub; for every other one the hub's
    libraries are offline (they read the environment when they are imported, so a driver imports within this block).
    An attempt after one that ended by a bug or a fault is refused: it would end the same way. Where the same recipe made the
    outputs before, they are put back, and the process ends well before the block: there is nothing to do.
    """
    with to_log(snakemake.log[0]), _environment(OFFLINE if not online else {}), ExitStack() as stack:
        import_no_compiler()
        import_no_assistants()
        path = record_path(snakemake.log[0])
        record = read_record(path)
        started = start_of_snakemake()
        earlier = earlier_causes(record.get("attempts", []), started)
        number = len(earlier) + 1
        _refuse_the_hopeless(record, number, started)
        requested = {key: snakemake.resources.get(key, 0) for key in ASKED} | {"threads": snakemake.threads}
        attempt = {
            "attempt": number,
            "snakemake": started,
            "start": time.time(),
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "slurm_job": os.environ.get("SLURM_JOB_ID"),
            "asked": requested,
            "alive": time.time(),
            "peak_ram_mb": 0.0,
            "progress": None,
            "end": None,
            "cause": None,
            "message": "",
        }
        head = {"rule": snakemake.rule, "wildcards": dict(snakemake.wildcards.items())}
        if earlier:
            log.info("attempt %d; earlier ones ended by: %s", number, ", ".join(earlier))
        events = EventFiles.of_job(snakemake)
        job = Job(path, head, attempt, earlier, events)
        job._write()
        threading.Thread(target=job._beat, daemon=True).start()
        try:
            stack.enter_context(_stopped_by_a_signal(job))
            if chosen := snakemake.input.get("chosen"):  # what a search found; in params from here on, as if the config said it
                settings = snakemake.params.settings  # changed in place: `params` is made anew whenever it is read
                settings |= with_values(settings, read_json(chosen))
            earlier_results = Earlier.of_job(snakemake)
            if earlier_results and earlier_results.restore(started):
                if events:
                    events.complete()
                announce(f"{_name(head)}: this recipe made these results before; they are put back, and nothing is made again")
                raise _Restored(0)
            site = snakemake.config.get("site")
            if requested["cards"] and site:
                stack.enter_context(_cards(site, requested["cards"], requested["vram_mb"]))
            yield job
            if earlier_results:
                earlier_results.keep(snakemake.resources.kept_recipes, snakemake.resources.kept_mb)
            if events:
                events.complete()
        except _Restored:
            job._end("done", PUT_BACK)
            raise
        except BaseException as error:
            message = str(error) if isinstance(error, VersoError) else traceback.format_exc()
            job._end(cause_of_error(error), message)
            raise
        job._end("done", "")


def _name(head: Mapping[str, Any]) -> str:
    return " ".join([head["rule"], *map(str, head["wildcards"].values())])


@contextmanager
def _stopped_by_a_signal(job: Job) -> Iterator[None]:
    """SIGTERM ends the process as ever, yet the record says so: a training listens itself, but only once it has begun."""

    def stop(number: int, _: FrameType | None) -> None:
        job._end("stopped", f"{signal.Signals(number).name} came; what was not saved begins anew")
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    if threading.current_thread() is not threading.main_thread():  # only the main thread may install handlers
        yield
        return
    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    """These environment variables within the block, and what was there before after it."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextmanager
def _cards(block: Any, count: int, vram_mb: int) -> Iterator[None]:
    """Cards of this machine with so much memory each, where the site shares them by leases."""
    from verso.machine.card_leases import lease  # only where there are cards
    from verso.machine.site import read_site
    from verso.machine.visible_cards import use_cards, visible_cards

    site = read_site(block)
    if site is None or not site.leases:
        yield
        return
    cards = [card.vram_mb for card in site.cards for _ in range(card.count)] or visible_cards()
    if not cards:  # a machine without a card: the training says that it runs on the CPU
        yield
        return
    with lease(cards, vram_mb, count) as indices:
        use_cards(indices)
        yield


def _is_same(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return all(one.get(key) == other.get(key) for key in ("host", "pid", "start"))


def _refuse_the_hopeless(record: Mapping[str, Any], number: int, started: float) -> None:
    last = (record.get("attempts") or [{}])[-1]
    if number > 1 and last.get("snakemake") == started and last.get("cause") in HOPELESS:
        raise VersoError(
            f"attempt {number} is not made: the one before ended by a {last['cause']}, and this one would too. "
            f"Mend it and start again. It said:\n{last.get('message', '')}"
        )
