"""A study: all trials of one search, and which is whose turn.

    search/checkpoints/<study>/journal.log       the trials
    search/checkpoints/<study>/turn.lock         held by the worker that looks what is to be done, so that no trial is done twice
    search/checkpoints/<study>/trial-<number>/   checkpoints of a trial that is not over; history.csv, tensorboard/ of one that is

A study is named by all that its trials follow from. More trials, other workers and another limit of time continue it; with
another space, metric, corpus or code another begins, and as many of those before stay beside it as `history.recipes` says.
"""

import hashlib
import json
import logging
import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import optuna
from optuna.exceptions import UpdateFinishedTrialError
from optuna.trial import FrozenTrial, Trial, TrialState

from verso.errors import VersoError
from verso.files import refuse_link
from verso.search.drawing import Grid, distributions, pruner_of, sampler_of
from verso.search.journal import held, lock_of, opened
from verso.search.lease import LOST_SECONDS, Place
from verso.search.space import Dimension

log = logging.getLogger(__name__)

NAME = "search"
FORM = 1  # of what Verso writes into a study
LEAST_FAILED = 5  # so many may fail, however few are wanted
FINISHED = (TrialState.COMPLETE, TrialState.PRUNED)


class LateWord(Exception):
    """A trial was taken from its worker, which seemed lost; what it says of it now is refused."""


class Study:
    """The study in a folder, opened and mended.

    recipe: all that its trials follow from, as JSON values: "space", "by", "sampler", "pruner", "seed", "higher_is_better",
    "settings" (those of every trial) and whatever else names it. Raises VersoError where the folder holds another's.
    """

    def __init__(self, checkpoints: Path, recipe: Mapping[str, Any]) -> None:
        facts = {"form": FORM, "optuna": optuna.__version__, **recipe}
        self.key = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]
        self.folder, self.recipe = checkpoints / self.key, recipe
        refuse_link(self.folder)
        self.dimensions = [Dimension.of_json(found) for found in recipe["space"]]
        self._storage = opened(self.folder / "journal.log")
        self._turn = lock_of(self.folder / "turn", patience=3)  # its holder may wait for the journal's
        pruner = pruner_of(recipe["pruner"], recipe["settings"]["epochs"])
        with held(self._turn):
            self._study = self._loaded("maximize" if recipe["higher_is_better"] else "minimize", pruner)
            found = self._study.user_attrs.get("recipe")
            if found is None and not self.trials():
                self._study.set_user_attr("recipe", facts)
            elif found != facts:
                raise VersoError(
                    f"{self.folder}: holds a study of another version or recipe; move the folder away, and the search begins anew"
                )

    def _loaded(self, direction: Literal["minimize", "maximize"], pruner: optuna.pruners.BasePruner) -> optuna.Study:
        try:
            return optuna.load_study(study_name=NAME, storage=self._storage, pruner=pruner)
        except KeyError:
            return optuna.create_study(study_name=NAME, storage=self._storage, pruner=pruner, direction=direction)

    def trials(self) -> list[FrozenTrial]:
        """All trials by number, as they are now."""
        return list(self._study.get_trials(deepcopy=False))

    def folder_of(self, trial: FrozenTrial | Trial) -> Path:
        """Where a trial trains: one that tries another's settings again goes on in its folder."""
        number = trial.number
        trials = self.trials()
        while (before := trials[number].user_attrs.get("retry_of")) is not None:
            number = before
        return self.folder / f"trial-{number:04d}"

    # --- whose turn it is ---

    def claim(self, turn: "Turn") -> Trial | None:
        """The next trial of a worker: the one that it began before, or a new one; None when there is nothing to do.

        Waits, with turn.pause between two looks, where all that is left are trials of lost workers which may come back. Raises
        VersoError when too many trials have failed.
        """
        while True:
            with held(self._turn):
                trial, waits = self._claimed(turn)
            if trial is not None or not waits:
                return trial
            turn.pause()

    def _claimed(self, turn: "Turn") -> tuple[Trial | None, bool]:
        for begun in self._running():
            if _owner(begun) not in (turn.worker, None):
                continue
            if turn.was_out_of_memory() and self._is_too_large(begun, turn):
                continue
            return self._resumed(begun, turn), False
        for begun in self._running():
            if _owner(begun) > turn.workers and turn.place.silent_for(_owner(begun)) > LOST_SECONDS:
                self._give_up(begun, turn)
        trials = self.trials()
        finished = sum(trial.state in FINISHED for trial in trials)
        self._refuse_hopeless(trials, finished, turn)
        running = [trial for trial in trials if trial.state == TrialState.RUNNING]
        if finished + len(running) < turn.trials and not self._is_over(trials, turn):
            return self._asked(turn), False
        silences = [(trial, turn.place.silent_for(_owner(trial))) for trial in running]
        for trial, seconds in silences:
            if seconds > LOST_SECONDS:
                self._give_up(trial, turn)
        return None, any(seconds for _, seconds in silences)

    def _is_over(self, trials: Sequence[FrozenTrial], turn: "Turn") -> bool:
        """Whether no further trial begins though fewer than wanted are finished: the time is over, or the grid."""
        if any(trial.state == TrialState.WAITING for trial in trials):
            return False
        if turn.minutes is not None and sum(seconds_of(trial) for trial in trials) >= turn.minutes * 60:
            log.info("minutes: %g are over; no further trial begins", turn.minutes)
            return True
        drawn = sum("retry_of" not in trial.user_attrs for trial in trials)
        return self.recipe["sampler"] == "grid" and drawn >= len(Grid(self.dimensions, 0))

    def _running(self) -> Iterator[FrozenTrial]:
        return (trial for trial in self.trials() if trial.state == TrialState.RUNNING)

    def _resumed(self, begun: FrozenTrial, turn: "Turn") -> Trial:
        self._study.sampler = self._sampler(begun.number)
        trial = Trial(self._study, begun._trial_id)
        self._draw(trial)
        trial.set_user_attr("lease", turn.lease())
        return trial

    def _asked(self, turn: "Turn") -> Trial:
        trial = self._study.ask()  # draws nothing yet; its number is known only now, for a turn may be taken over
        self._study.sampler = self._sampler(trial.number)
        self._draw(trial)
        trial.set_user_attr("lease", turn.lease())
        return trial

    def _sampler(self, number: int) -> optuna.samplers.BaseSampler:
        return sampler_of(self.recipe["sampler"], self.dimensions, self.recipe["seed"], number)

    def _draw(self, trial: Trial) -> None:
        """Draw what a trial has not drawn yet: a worker may die between two keys."""
        for path, wanted in distributions(self.dimensions).items():
            if isinstance(wanted, optuna.distributions.CategoricalDistribution):
                trial.suggest_categorical(path, wanted.choices)
            elif isinstance(wanted, optuna.distributions.IntDistribution):
                trial.suggest_int(path, wanted.low, wanted.high, step=wanted.step, log=wanted.log)
            elif isinstance(wanted, optuna.distributions.FloatDistribution):
                trial.suggest_float(path, wanted.low, wanted.high, step=wanted.step, log=wanted.log)

    def _is_too_large(self, begun: FrozenTrial, turn: "Turn") -> bool:
        """Count that a trial's worker ran out of memory; fail the trial where it did so more often than it may."""
        times = begun.user_attrs.get("out_of_memory", 0) + 1
        self._storage.set_trial_user_attr(begun._trial_id, "out_of_memory", times)
        if times <= turn.max_retries:
            return False
        self.fail(begun.number, f"out_of_memory: its worker was killed {times} times, with {turn.memory_mb:,} MB the last time")
        self.clear(begun)
        return True

    def _give_up(self, begun: FrozenTrial, turn: "Turn") -> None:
        """Fail the trial of a lost worker, and let its settings be tried again: from its checkpoint, in its folder."""
        before, times = begun, 0
        while (earlier := before.user_attrs.get("retry_of")) is not None:
            before, times = self.trials()[earlier], times + 1
        again = times < turn.max_retries
        who = f"worker {_owner(begun)} on {begun.user_attrs['lease']['host']}"
        reason = f"{who} was lost; {'its settings are tried again' if again else f'tried {times + 1} times'}"
        log.warning("trial %d: %s", begun.number, reason)
        try:
            self.fail(begun.number, reason, retried=again)
        except LateWord:  # it ended just now, after all
            return
        if again:
            self._study.enqueue_trial(begun.params, user_attrs={"retry_of": begun.number})
        else:
            self.clear(begun)

    def _refuse_hopeless(self, trials: Sequence[FrozenTrial], finished: int, turn: "Turn") -> None:
        failed = [end for trial in trials if trial.state == TrialState.FAIL and not (end := end_of(trial)).get("retried")]
        if len(failed) < (LEAST_FAILED if not finished else max(LEAST_FAILED, turn.trials)):
            return
        reasons = list(dict.fromkeys(str(end.get("reason", "")).partition("\n")[0] for end in failed))
        raise VersoError(
            "\n".join(
                [
                    f"{len(failed)} trials failed, and {finished} finished; the search ends here. They failed by:",
                    *(f"  {reason}" for reason in reasons[:10]),
                    f"Change the space or the model; to try the same again, delete {self.folder} first.",
                ]
            )
        )

    # --- how a trial ends ---

    def complete(self, number: int, value: float, seconds: float) -> None:
        """A trial's value. Raises LateWord where it was taken from this worker."""
        self._end(number, TrialState.COMPLETE, {"seconds": seconds}, value)

    def prune(self, number: int, seconds: float) -> None:
        """Its pruner ended it; its last reported value stays. Raises LateWord."""
        self._end(number, TrialState.PRUNED, {"seconds": seconds}, None)

    def fail(self, number: int, reason: str, seconds: float = 0.0, retried: bool = False) -> None:
        """It has no value. reason: for a person; retried: another trial tries its settings again. Raises LateWord."""
        self._end(number, TrialState.FAIL, {"seconds": seconds, "reason": reason, "retried": retried}, None)

    def _end(self, number: int, state: TrialState, end: Mapping[str, Any], value: float | None) -> None:
        trial_id = self.trials()[number]._trial_id
        with late_words():
            self._storage.set_trial_user_attr(trial_id, "end", dict(end))
            self._study.tell(number, values=value, state=state)

    def clear(self, trial: FrozenTrial | Trial) -> None:
        """Remove the weights and checkpoints of a trial that is over."""
        folder = self.folder_of(trial)
        for name in ("model", "checkpoints"):
            refuse_link(folder / name)
            shutil.rmtree(folder / name, ignore_errors=True)


class Turn:
    """What a study is given of the worker whose turn it is.

    trials, minutes: the budget. earlier: why the earlier attempts of its job ended. pause: waits a while, and raises Interrupted
    where the worker is to stop.
    """

    def __init__(
        self,
        worker: int,
        workers: int,
        budget: tuple[int, float | None],
        max_retries: int,
        place: Place,
        job: tuple[Mapping[str, Any], Sequence[str], int],
        pause: Callable[[], None],
    ) -> None:
        self.worker, self.workers, self.max_retries, self.place, self.pause = worker, workers, max_retries, place, pause
        self.trials, self.minutes = budget
        self._holder, self._earlier, self.memory_mb = job
        self._first = True

    def lease(self) -> dict[str, Any]:
        """Who trains a trial."""
        return {"worker": self.worker, "since": time.time(), **self._holder}

    def was_out_of_memory(self) -> bool:
        """Whether this worker's last attempt was killed for its memory; True once."""
        first, self._first = self._first, False
        return first and bool(self._earlier) and self._earlier[-1] == "out_of_memory"


@contextmanager
def late_words() -> Iterator[None]:
    """Within this block, Optuna's refusal to change a trial that is over becomes a LateWord."""
    try:
        yield
    except UpdateFinishedTrialError as error:
        raise LateWord(str(error)) from error
    except ValueError as error:
        if "Cannot tell a" not in str(error):
            raise
        raise LateWord(str(error)) from error


def end_of(trial: FrozenTrial) -> dict[str, Any]:
    """How a trial ended: seconds, and of a failed one reason and retried; empty while it runs."""
    return dict(trial.user_attrs.get("end", {}))


def seconds_of(trial: FrozenTrial) -> float:
    """Seconds of training, over all lives of the trial; 0 while it runs."""
    return float(end_of(trial).get("seconds", 0.0))


def _owner(trial: FrozenTrial) -> Any:
    """The number of the place that a trial belongs to; None where its worker died before it said so."""
    return trial.user_attrs.get("lease", {}).get("worker")
