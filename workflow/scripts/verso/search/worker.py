"""One worker of a search: it trains trial after trial, each by the family's own training, until there is nothing left to try.

A worker that is killed, or out of time, is started again and goes on with the same trial from its checkpoint.
"""

import gc
import logging
import math
import os
import signal
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from optuna.trial import Trial, TrialState

from verso.errors import Interrupted
from verso.files import read_csv, sha256_of, write_json
from verso.jobs.causes import cause_of_error
from verso.jobs.event_files import EventFiles
from verso.jobs.run_lease import Stop, stop_signals
from verso.search.drawing import settings_of, value_of
from verso.search.lease import Place
from verso.search.study import FINISHED, LateWord, Study, Turn, late_words, seconds_of
from verso.settings.paths import with_values
from verso.training.run import TrainingRun

log = logging.getLogger(__name__)

OF_THE_TRIAL = ("fault", "bug", "out_of_memory", "cuda_out_of_memory")  # causes that are the trial's; all else ends the worker
REASON = 300  # characters kept of an error
PAUSE_SECONDS = 1.0


class Pruned(Exception):
    """The pruner has ended a trial."""


@dataclass(frozen=True)
class SearchJob:
    """What a worker is given.

    search: "space", "by", "higher_is_better", "sampler", "pruner", "seed", and the budget: "trials", "minutes". settings: those
    that every trial has. files, further: the training's inputs and what else it is given; another content is another search.
    checkpoints: a folder that survives a failed job. found: the file to write when there is nothing left to try. event_files:
    whether each trial gets event files for TensorBoard. earlier: why the earlier attempts of this job ended. The others are those
    of a TrainingRun.
    """

    worker: int
    workers: int
    search: Mapping[str, Any]
    settings: Mapping[str, Any]
    max_retries: int
    fingerprint: str
    files: Sequence[str]
    further: Mapping[str, Any]
    checkpoints: Path
    found: Path
    event_files: bool
    earlier: Sequence[str]
    checkpoint_seconds: float
    started: float
    gpus: int
    requested: dict[str, int]
    report: Callable[[dict[str, Any]], None]


def work(job: SearchJob, train: Callable[[Path, TrainingRun], None]) -> None:
    """Train trials until the search has as many as it wants, then write `found`.

    train: trains one model by a TrainingRun; its first argument is the folder for the model's files.

    Raises Interrupted after a signal, or when a later start of Snakemake takes this worker's place, once a checkpoint is saved;
    VersoError when too many trials fail; whatever ends a training and is not the trial's fault, such as a full disk.
    """
    with stop_signals() as stop, Place(job.checkpoints, job.worker, job.started) as place:
        budget = {"trials", "minutes"}
        recipe = {key: value for key, value in job.search.items() if key not in budget}
        recipe |= {"settings": dict(job.settings), "code": job.fingerprint, "files": [sha256_of(path) for path in job.files]}
        recipe |= {"further": dict(job.further)}
        study = Study(job.checkpoints, recipe)
        _clear_what_is_over(study)
        holder = {"host": socket.gethostname(), "pid": os.getpid(), "job": os.environ.get("SLURM_JOB_ID")}

        def pause() -> None:
            time.sleep(PAUSE_SECONDS)
            _end_if_wanted(stop, place)

        turn = Turn(
            job.worker, job.workers, (job.search["trials"], job.search["minutes"]), job.max_retries, place,
            (holder, job.earlier, job.requested.get("mem_mb", 0)), pause,
        )  # fmt: skip
        trained = []
        while (trial := study.claim(turn)) is not None:
            _Life(job, study, trial, stop, place).run(train)
            trained.append(trial.number)
            _end_if_wanted(stop, place)
        states = [found.state for found in study.trials()]
        counts = {state.name.lower(): states.count(state) for state in (TrialState.COMPLETE, TrialState.PRUNED)}
        counts["failed"] = states.count(TrialState.FAIL)
        log.info("nothing left to try: %s", ", ".join(f"{count} {state}" for state, count in counts.items()))
        write_json(job.found, {"worker": job.worker, "study": study.key, "trials": counts, "trained": trained})


def _end_if_wanted(stop: Stop, place: Place) -> None:
    if place.wanted():
        raise Interrupted("a later start of Snakemake takes this worker's place and goes on with its search", "handed_over")
    if stop.received:
        raise Interrupted(f"stopped by {stop.received} between two trials; start again to go on", "stopped")


def _clear_what_is_over(study: Study) -> None:
    """Remove what a worker that was killed between a trial's end and this left."""
    for trial in study.trials():
        if trial.state in FINISHED:
            study.clear(trial)


class _Life:
    """One process's work on a trial."""

    def __init__(self, job: SearchJob, study: Study, trial: Trial, stop: Stop, place: Place) -> None:
        self._job, self._study, self._trial, self._stop, self._place = job, study, trial, stop, place
        self._by = job.search["by"]
        self._folder = study.folder_of(trial)
        self._reported = max(study.trials()[trial.number].intermediate_values, default=0)
        self._seconds = 0.0  # of training, over all lives
        self._events = EventFiles(self._folder / "history.csv", job.event_files)
        self._over, self._left = self._so_far()

    def run(self, train: Callable[[Path, TrainingRun], None]) -> None:
        """Train, and say how the trial ended. Raises what is not the trial's fault."""
        trial, study, began = self._trial, self._study, time.perf_counter()
        values = settings_of(trial.params, study.dimensions)
        log.info("trial %d: %s", trial.number, ", ".join(f"{path} {value}" for path, value in values.items()))
        run = TrainingRun(
            settings=with_values(self._job.settings, values),
            seed=self._job.search["seed"],
            fingerprint=self._job.fingerprint,
            architecture=self._folder / "model" / "architecture.json",
            history=self._folder / "history.csv",
            hardware=self._folder / "hardware.json",
            checkpoints=self._folder / "checkpoints",
            checkpoint_seconds=self._job.checkpoint_seconds,
            started=self._job.started,
            gpus=self._job.gpus,
            requested=self._job.requested,
            micro_batches=1,
            report=self._follow,
        )
        try:
            try:
                train(self._folder / "model", run)
                self._complete()
            except Pruned:
                study.prune(trial.number, self._seconds)
                log.info("trial %d: pruned after epoch %d", trial.number, self._reported)
            except Interrupted:
                _end_if_wanted(self._stop, self._place)
                raise
            except LateWord:
                raise
            except Exception as error:
                cause = cause_of_error(error)
                if cause not in OF_THE_TRIAL:
                    raise
                if cause == "bug":
                    log.exception("trial %d", trial.number)
                said = " ".join(str(error).split())[:REASON] or type(error).__name__
                reason = said if cause == "fault" else f"{cause}: {type(error).__name__}: {said}"
                study.fail(trial.number, reason, self._seconds or time.perf_counter() - began)
                log.warning("trial %d: failed, %s", trial.number, reason)
        except LateWord as word:
            log.warning("trial %d was taken for lost and given to another worker, so what this one has is refused (%s)",
                        trial.number, word)  # fmt: skip
            return
        study.clear(trial)
        if self._job.gpus:
            gc.collect()  # the next trial's model needs this one's memory

    def _complete(self) -> None:
        rows = read_csv(self._folder / "history.csv")
        self._report_rows(rows, decided=True)
        value = value_of(rows, self._by)
        if not math.isfinite(value):
            self._study.fail(self._trial.number, f"its {self._by} is {value}", self._seconds)
            return
        self._study.complete(self._trial.number, value, self._seconds)
        self._events.complete()
        log.info("trial %d: %s %.4f", self._trial.number, self._by, value)

    def _follow(self, progress: dict[str, Any]) -> None:
        """Report a training's progress; raises Pruned when the pruner ends the trial."""
        if (self._stop.received or self._place.wanted()) and threading.current_thread() is threading.main_thread():
            signal.raise_signal(signal.SIGTERM)  # the training listens itself, and saves a checkpoint after this step
        rest = (progress["seconds_left"] or 0.0) + self._left
        self._job.report({**progress, **self._over, "trial": self._trial.number, "seconds_left": rest})
        self._events.follow(progress["history"])
        self._report_rows(progress["history"], progress["finished"])

    def _report_rows(self, rows: Sequence[Mapping[str, Any]], decided: bool) -> None:
        """Report the whole epochs of a history that the study does not have. decided: no epoch follows, so nothing is pruned."""
        for row in rows:
            epoch = float(row["epoch"])
            if not epoch.is_integer() or epoch < max(1, self._reported):
                continue
            self._seconds = float(row["seconds"])
            with late_words():
                if epoch > self._reported:
                    self._trial.report(float(row[self._by]), int(epoch))
                    self._reported = int(epoch)
            if not decided and self._trial.should_prune():
                raise Pruned

    def _so_far(self) -> tuple[dict[str, Any], float]:
        """What is known of the search when this trial begins, and how long the trials after it may take."""
        trials, wanted = self._study.trials(), self._job.search["trials"]
        ended = [trial for trial in trials if trial.state in FINISHED]
        values = [trial.value for trial in ended if trial.state == TrialState.COMPLETE and trial.value is not None]
        best = (max if self._job.search["higher_is_better"] else min)(values, default=None)
        known = {
            "trials": wanted,
            "trials_done": len(ended),
            "trials_pruned": sum(trial.state == TrialState.PRUNED for trial in trials),
            "trials_failed": sum(trial.state == TrialState.FAIL for trial in trials),
            "best": best,
            "by": self._by,
        }
        mean = sum(map(seconds_of, ended)) / len(ended) if ended else 0.0
        return known, mean * max(0, wanted - len(ended) - self._job.workers) / self._job.workers
