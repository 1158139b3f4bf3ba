"""The training loop: what it learns, what it keeps, what it says, when it stops."""

import math
import time

import pytest
import torch
from line_task import SETTINGS, Checkpoints, Line, fit, raising, raising_signal, weights, without_seconds

from verso.errors import Interrupted, VersoError
from verso.machine.hardware import Device
from verso.training import loop, progress
from verso.training.loop import HISTORY
from verso.training.loop import fit as fit_every


def test_a_training_learns_and_its_history_has_a_row_an_epoch(tmp_path):
    task = Line()
    outcome = fit(task, {**SETTINGS, "epochs": 60}, Checkpoints(tmp_path, "a"))
    assert [row["epoch"] for row in outcome.history] == list(range(1, 61))
    assert all(tuple(row) == (*HISTORY, "slope") for row in outcome.history), "what the task observed comes behind"
    assert outcome.history[-1]["slope"] == pytest.approx(3, abs=0.5)
    assert outcome.history[-1]["step"] == 360
    assert outcome.history[-1]["tokens"] == outcome.hardware["tokens"] == 3600
    assert outcome.history[-1]["validation_loss"] < 0.1 < outcome.history[0]["validation_loss"]


def test_the_best_weights_are_kept_not_the_last(tmp_path):
    task = Line(validation=[3.0, 1.0, 2.0, 4.0])
    kept = []
    original = task.validate
    task.validate = lambda: (kept.append(weights(task)), original())[1]
    outcome = fit(task, SETTINGS, Checkpoints(tmp_path, "a"))
    assert [row["best"] for row in outcome.history] == [1, 1, 0, 0]
    for name, tensor in weights(task).items():
        assert torch.equal(tensor, kept[1][name])


class Graded(Line):
    """Losses fall for ever, while what is asked for has its highest value in the second epoch."""

    grades = (0.0, 0.6, 0.5, 0.6, 0.3, 0.2)

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options, validation=[6.0, 5.0, 4.0, 3.0, 2.0, 1.0])
        self.kept = []

    def validate(self):
        self.loss_now = super().validate()
        return self.loss_now

    def observed(self):
        self.kept.append(weights(self))
        return {"grade": self.grades[6 - int(self.loss_now)]}


def test_what_is_highest_decides_where_a_task_says_so_and_not_the_loss(tmp_path):
    task = Graded()
    outcome = fit(task, {**SETTINGS, "epochs": 6, "early_stopping": 3}, Checkpoints(tmp_path, "a"), highest="grade")
    assert [row["best"] for row in outcome.history] == [1, 1, 0, 0, 0], "as good as the best is no better"
    for name, tensor in weights(task).items():
        assert torch.equal(tensor, task.kept[1][name])


def test_a_resumed_training_knows_the_highest_value_before_it(tmp_path):
    settings = {**SETTINGS, "epochs": 6}
    with pytest.raises(KeyboardInterrupt):
        fit(Graded(raising(KeyboardInterrupt(), 21)), settings, Checkpoints(tmp_path, "a"), 0, highest="grade")
    task = Graded()
    for _ in range(3):  # of the epochs before
        next(task.validation)
    outcome = fit(task, settings, Checkpoints(tmp_path, "a"), highest="grade")
    assert [(row["grade"], row["best"]) for row in outcome.history] == [(0, 1), (0.6, 1), (0.5, 0), (0.6, 0), (0.3, 0), (0.2, 0)]


def test_early_stopping_waits_for_its_patience_and_no_longer(tmp_path):
    task = Line(validation=[3.0, 2.0, 2.5, 1.0, 1.5, 1.2, 1.1, 0.5])
    outcome = fit(task, {**SETTINGS, "epochs": 8, "early_stopping": 2}, Checkpoints(tmp_path, "a"))
    assert [row["epoch"] for row in outcome.history] == [1, 2, 3, 4, 5, 6]


def test_what_is_measured_within_an_epoch_has_its_rows_and_the_start_too(tmp_path):
    rows = fit(Line(measured=(0, 2, 4)), SETTINGS, Checkpoints(tmp_path, "a")).history
    usual = fit(Line(), SETTINGS, Checkpoints(tmp_path, "b")).history
    assert [row["epoch"] for row in rows[:7]] == [0, 0.3333, 0.6667, 1, 1.3333, 1.6667, 2]
    assert [row["step"] for row in rows] == list(range(0, 25, 2))
    assert [rows[0][key] for key in ("tokens", "train_loss", "learning_rate", "gradient_norm")] == [0, None, None, None]
    assert [row["validation_loss"] for row in rows[3::3]] == [row["validation_loss"] for row in usual], "looking changes nothing"
    for place, row in enumerate(usual):  # the means of an epoch are those of its three thirds
        thirds = rows[1 + 3 * place : 4 + 3 * place]
        for name in ("train_loss", "gradient_norm"):
            assert sum(third[name] for third in thirds) / 3 == pytest.approx(row[name])


def test_the_best_weights_may_come_in_the_middle_of_an_epoch_or_be_those_of_the_start(tmp_path):
    for place in (0, 4):
        losses = [2.0] * 13
        losses[place] = 1.0
        task, kept = Line(validation=losses, measured=(0, 2, 4)), []
        original = task.validate
        task.validate = lambda kept=kept, original=original, task=task: (kept.append(weights(task)), original())[1]
        outcome = fit(task, SETTINGS, Checkpoints(tmp_path, f"{place}"))
        assert max(row["epoch"] for row in outcome.history if row["best"]) == outcome.history[place]["epoch"]
        for name, tensor in weights(task).items():
            assert torch.equal(tensor, kept[place][name])


@pytest.mark.parametrize(
    ("losses", "epochs"),
    [([1.0, 2.0, 2.0, 2.0, 2.0], 2), ([3.0, 2.0, 2.5, 2.5, 2.5, 2.5, 2.5], 3), ([3.0, 2.0, 1.0, 2.0, 2.0, 2.0, 2.0, 2.0], 3)],
    ids=["the start was best", "the middle of the first epoch", "the end of the first epoch"],
)
def test_patience_counts_whole_epochs_without_a_better_loss(tmp_path, losses, epochs):
    task = Line(validation=losses, measured=(0, 3))
    outcome = fit(task, {**SETTINGS, "epochs": 8, "early_stopping": 2}, Checkpoints(tmp_path, "a"))
    assert outcome.history[-1]["epoch"] == epochs


@pytest.mark.parametrize("at", range(1, 12))
def test_a_stop_at_any_step_loses_no_measurement(tmp_path, at):
    settings = {**SETTINGS, "epochs": 2}
    whole = fit(Line(measured=(0, 3)), settings, Checkpoints(tmp_path, "whole"))
    with pytest.raises(Interrupted):
        fit(Line(raising_signal(at), measured=(0, 3)), settings, Checkpoints(tmp_path, "cut"))
    cut = fit(Line(measured=(0, 3)), settings, Checkpoints(tmp_path, "cut"))
    assert without_seconds(cut.history) == without_seconds(whole.history)


def test_steps_that_overflow_in_float16_are_counted(tmp_path):
    class Overflowing(Line):
        def loss(self, x):
            loss, count = super().loss(x)
            return loss * (1e36 if len(self.seen) in (3, 4, 9) else 1), count  # finite until it is scaled up

    settings = {**SETTINGS, "schedule": {**SETTINGS["schedule"], "name": "constant"}}
    half = Device(torch.device("cpu"), torch.float16, "a test")
    outcome = fit_every(Overflowing(), settings, half, Checkpoints(tmp_path, "a"), 3600, lambda progress: None)
    assert outcome.hardware["skipped_steps"] == 3


def test_a_validation_part_never_teaches_the_schedule_twice_an_epoch(tmp_path):
    outcome = fit(Line(validation=[3.0, 3.0, 3.0, 3.0]), SETTINGS, Checkpoints(tmp_path, "a"))
    assert [row["learning_rate"] for row in outcome.history] == [0.05, 0.05, 0.025, 0.0125]


def test_a_loss_that_is_no_number_stops_with_epoch_step_and_what_to_try(tmp_path):
    task = Line()
    learn = task.loss
    task.loss = lambda x: (learn(x)[0] * (math.nan if len(task.seen) == 9 else 1.0), len(x))
    checkpoints = Checkpoints(tmp_path, "a")
    with pytest.raises(VersoError, match=r"epoch 2, at or before step 9.*learning_rate \(now 0.05\)"):
        fit(task, SETTINGS, checkpoints, seconds=0)
    state = checkpoints.newest()
    assert state["at"]["step"] == 8
    assert all(tensor.isfinite().all() for tensor in state["model"].values())


def test_a_validation_loss_that_is_no_number_stops_too(tmp_path):
    with pytest.raises(VersoError, match="validation loss is nan"):
        fit(Line(validation=[math.nan]), SETTINGS, Checkpoints(tmp_path, "a"))


def test_when_its_minutes_are_over_a_training_validates_and_ends_well(tmp_path, caplog):
    caplog.set_level("INFO")
    task = Line()
    outcome = fit(task, {**SETTINGS, "minutes": 1e-9}, Checkpoints(tmp_path, "a"))
    assert len(task.seen) == 1
    assert [(row["epoch"], row["step"], row["best"]) for row in outcome.history] == [(0.1667, 1, 1)]
    assert "cannot be repeated bit by bit" in caplog.text


def test_gradients_are_clipped_and_their_mean_norm_is_reported_unclipped(tmp_path):
    task = Line()
    outcome = fit(task, {**SETTINGS, "optimiser": "adamw", "clip": 1e-3, "epochs": 1}, Checkpoints(tmp_path, "a"))
    assert outcome.history[0]["gradient_norm"] > 0.1
    norm = math.sqrt(sum(float((parameter.grad**2).sum()) for parameter in task.model.parameters()))
    assert norm == pytest.approx(1e-3, rel=0.01)


PROGRESS = {"epoch", "epochs", "step", "steps", "train_loss", "validation_loss", "seconds_left", "finished", "history"}


def test_progress_is_reported_with_the_losses_of_the_last_finished_epoch(tmp_path, monkeypatch):
    monkeypatch.setattr(progress, "REPORT_SECONDS", 0.0)
    reported = []
    outcome = fit(Line(), SETTINGS, Checkpoints(tmp_path, "a"), report=reported.append)
    assert all(set(progress) == PROGRESS for progress in reported)
    assert {(progress["epochs"], progress["steps"]) for progress in reported} == {(4, 24)}
    first = next(progress for progress in reported if progress["step"] == 6 and progress["train_loss"] is not None)
    assert all(progress["history"] is outcome.history for progress in reported)
    assert {**reported[0], "seconds_left": 0, "history": []} == {
        "epoch": 1, "epochs": 4, "step": 1, "steps": 24, "train_loss": None, "validation_loss": None, "seconds_left": 0,
        "finished": False, "history": [],
    }  # fmt: skip
    assert (first["train_loss"], first["validation_loss"]) == tuple(
        outcome.history[0][key] for key in ("train_loss", "validation_loss")
    )
    assert first["epoch"] == 2
    assert all(progress["seconds_left"] > 0 for progress in reported[:-1] if progress["step"] < 24)
    assert (reported[-1]["epoch"], reported[-1]["step"], reported[-1]["seconds_left"], reported[-1]["finished"]) == (
        4,
        24,
        0.0,
        True,
    )


def test_progress_is_reported_at_most_once_a_second_and_with_each_row(tmp_path):
    reported = []

    def report(progress):
        reported.append((progress["step"], len(progress["history"])))

    fit(Line(), {**SETTINGS, "epochs": 2}, Checkpoints(tmp_path, "a"), report=report)  # some hundredths of a second
    assert {(6, 1), (12, 2)} <= set(reported) <= {(1, 0), (6, 1), (12, 2)}


def test_what_a_report_raises_ends_the_training_and_its_checkpoints_stay(tmp_path):
    def report(progress):
        if progress["history"]:
            raise KeyError("enough")

    with pytest.raises(KeyError):
        fit(Line(), SETTINGS, Checkpoints(tmp_path, "a"), seconds=0, report=report)
    assert list(tmp_path.rglob("*.ckpt"))
    assert len(fit(Line(), SETTINGS, Checkpoints(tmp_path, "a")).history) == 4


def test_the_time_left_follows_the_speed_of_this_life_and_not_of_the_one_before(tmp_path, monkeypatch):
    monkeypatch.setattr(progress, "REPORT_SECONDS", 0.0)
    with pytest.raises(RuntimeError):
        fit(Line(raising(RuntimeError(), 13)), SETTINGS, Checkpoints(tmp_path, "a"), seconds=0)
    clock = iter(range(1000))
    monkeypatch.setattr(loop.time, "perf_counter", lambda: float(next(clock)))  # every look is a second on, whatever the machine
    reported = []
    fit(Line(), SETTINGS, Checkpoints(tmp_path, "a"), report=reported.append)
    assert reported[0]["step"] == 14
    assert reported[0]["seconds_left"] % 10 == 0  # ten steps, each of the whole seconds that the first one here took
    assert 10 <= reported[0]["seconds_left"] <= 100


def test_minutes_bound_the_time_left(tmp_path, monkeypatch):
    monkeypatch.setattr(progress, "REPORT_SECONDS", 0.0)
    reported = []
    slow = Line(lambda number: time.sleep(0.01))
    fit(slow, {**SETTINGS, "epochs": 10_000, "minutes": 0.2 / 60}, Checkpoints(tmp_path, "a"), report=reported.append)
    assert max(progress["seconds_left"] for progress in reported) <= 0.2
