import math
import os
import signal
import time

import pytest
import torch

from verso.errors import Interrupted, VersoError
from verso.hardware import Device
from verso.training import checkpoints as module
from verso.training import loop
from verso.training.batches import permutation
from verso.training.loop import HISTORY
from verso.training.loop import fit as fit_every

CPU = Device(torch.device("cpu"), torch.float32, "a test")
SETTINGS = {
    "epochs": 4,
    "optimiser": "adam",
    "learning_rate": 0.05,
    "weight_decay": 0.0,
    "clip": 5.0,
    "schedule": {"name": "plateau", "factor": 0.5, "patience": 0, "warmup": 0.0},
    "early_stopping": None,
    "minutes": None,
}


def Checkpoints(root, fingerprint, started=0.0):  # noqa: N802 - a start that most of these tests do not care about
    return module.Checkpoints(root, fingerprint, started)


class Line:
    """Learn y = 3x + 1 through dropout, with something carried from step to step: all that a resume must bring back."""

    def __init__(self, after_step=None, validation=None, measured=()):
        torch.manual_seed(5)
        self.model = torch.nn.Sequential(torch.nn.Linear(1, 8), torch.nn.Dropout(0.2), torch.nn.Linear(8, 1))
        self.steps, self.accumulation = 6, 1
        self.x = torch.linspace(-1, 1, 60)[:, None]
        self.memory = torch.zeros(1)
        self.after_step = after_step or (lambda number: None)
        self.validation = iter(validation) if validation else None
        self.seen = []
        self.measured = measured

    parts = 1

    def halve(self):
        return False

    def measured_after(self, done):
        return done in self.measured

    def batches(self, epoch, first):
        if first == 0:
            self.memory = torch.zeros(1)
        for number, rows in enumerate(permutation(60, 1, epoch).split(10)):
            if number >= first:
                self.seen.append((epoch, number))
                yield self.x[rows]
                self.after_step(len(self.seen))

    def loss(self, x):
        loss = ((self.model(x) + 0.01 * self.memory - 3 * x - 1) ** 2).mean()
        self.memory = loss.detach().reshape(1)
        return loss, len(x)

    def losses(self, x):
        yield self.loss(x)

    def validate(self):
        assert not self.model.training
        assert not torch.is_grad_enabled()
        if self.validation:
            return next(self.validation)
        return float(((self.model(self.x) - 3 * self.x - 1) ** 2).mean())

    def observed(self):
        assert not torch.is_grad_enabled()
        return {"slope": float(self.model(torch.ones(1, 1)) - self.model(torch.zeros(1, 1)))}

    def carried(self):
        return self.memory

    def restore(self, carried):
        self.memory = carried


def fit(task, settings, checkpoints, seconds=3600, tell=lambda progress: None, highest=None):
    return fit_every(task, settings, CPU, checkpoints, seconds, tell, highest)


def weights(task):
    return {name: tensor.clone() for name, tensor in task.model.state_dict().items()}


def without_seconds(history):
    return [{key: value for key, value in row.items() if key != "seconds"} for row in history]


def raising(error, at):
    def stop(number):
        if number == at:
            raise error

    return stop


def raising_signal(at):
    return lambda number: os.kill(os.getpid(), signal.SIGTERM) if number == at else None


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


@pytest.mark.parametrize("at", [1, 5, 6, 7, 13, 23])
def test_a_training_that_died_after_any_step_ends_with_the_same_bits(tmp_path, at):
    undisturbed = Line()
    expected = fit(undisturbed, SETTINGS, Checkpoints(tmp_path / "whole", "a"))
    with pytest.raises(RuntimeError, match="power cut"):
        fit(Line(raising(RuntimeError("power cut"), at)), SETTINGS, Checkpoints(tmp_path / "cut", "a"), seconds=0)
    resumed = Line()
    torch.manual_seed(999)  # whatever the new process's random state is
    outcome = fit(resumed, SETTINGS, Checkpoints(tmp_path / "cut", "a"))
    assert len(resumed.seen) == 24 - at  # no batch is learnt twice, none is left out
    assert without_seconds(outcome.history) == without_seconds(expected.history)
    for name, tensor in weights(undisturbed).items():
        assert torch.equal(tensor, weights(resumed)[name])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_the_step_end_saves_and_gives_the_handlers_back(tmp_path, number):
    before = [signal.getsignal(kind) for kind in (signal.SIGTERM, signal.SIGINT)]
    expected = fit(Line(), SETTINGS, Checkpoints(tmp_path / "whole", "a"))

    task = Line()
    learn = task.loss
    task.loss = lambda x: (os.kill(os.getpid(), number) if len(task.seen) == 8 else None, learn(x))[1]
    with pytest.raises(Interrupted, match="epoch 2, after step 8; a checkpoint is saved") as caught:
        fit(task, SETTINGS, Checkpoints(tmp_path / "cut", "a"))
    assert caught.value.cause == "stopped"
    assert [signal.getsignal(kind) for kind in (signal.SIGTERM, signal.SIGINT)] == before

    resumed = Line()
    outcome = fit(resumed, SETTINGS, Checkpoints(tmp_path / "cut", "a"))
    assert resumed.seen[0] == (2, 2)
    assert without_seconds(outcome.history) == without_seconds(expected.history)


def test_a_signal_during_validation_is_not_lost(tmp_path):
    task = Line()
    measure = task.validate
    task.validate = lambda: (os.kill(os.getpid(), signal.SIGTERM), measure())[1]
    with pytest.raises(Interrupted):
        fit(task, SETTINGS, Checkpoints(tmp_path, "a"))
    resumed = Line()
    outcome = fit(resumed, SETTINGS, Checkpoints(tmp_path, "a"))
    assert resumed.seen[0] == (2, 0)
    assert len(outcome.history) == 4


def test_a_finished_training_whose_outputs_were_lost_learns_nothing_again(tmp_path):
    first, again = Line(), Line()
    expected = fit(first, SETTINGS, Checkpoints(tmp_path, "a"))
    outcome = fit(again, SETTINGS, Checkpoints(tmp_path, "a"))
    assert again.seen == []
    assert outcome.history == expected.history
    assert torch.equal(weights(first)["0.weight"], weights(again)["0.weight"])


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


def test_minutes_of_an_earlier_life_count(tmp_path):
    settings = {**SETTINGS, "minutes": 60.0}
    checkpoints = Checkpoints(tmp_path, "a")
    with pytest.raises(RuntimeError):
        fit(Line(raising(RuntimeError(), 8)), settings, checkpoints, seconds=0)
    state = checkpoints.newest()
    state["meter"]["wall_seconds"] = 3600.0
    checkpoints.save(8, state)
    task = Line()
    fit(task, settings, checkpoints)
    assert len(task.seen) == 1


def test_gradients_are_clipped_and_their_mean_norm_is_told_unclipped(tmp_path):
    task = Line()
    outcome = fit(task, {**SETTINGS, "optimiser": "adamw", "clip": 1e-3, "epochs": 1}, Checkpoints(tmp_path, "a"))
    assert outcome.history[0]["gradient_norm"] > 0.1
    norm = math.sqrt(sum(float((parameter.grad**2).sum()) for parameter in task.model.parameters()))
    assert norm == pytest.approx(1e-3, rel=0.01)


PROGRESS = {"epoch", "epochs", "step", "steps", "train_loss", "validation_loss", "seconds_left"}


def test_progress_is_told_with_the_losses_of_the_last_finished_epoch(tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "TELL_SECONDS", 0.0)
    told = []
    outcome = fit(Line(), SETTINGS, Checkpoints(tmp_path, "a"), tell=told.append)
    assert all(set(progress) == PROGRESS for progress in told)
    assert {(progress["epochs"], progress["steps"]) for progress in told} == {(4, 24)}
    first = next(progress for progress in told if progress["step"] == 6 and progress["train_loss"] is not None)
    assert told[0] | {"seconds_left": 0} == {
        "epoch": 1, "epochs": 4, "step": 1, "steps": 24, "train_loss": None, "validation_loss": None, "seconds_left": 0,
    }  # fmt: skip
    assert (first["train_loss"], first["validation_loss"]) == tuple(
        outcome.history[0][key] for key in ("train_loss", "validation_loss")
    )
    assert first["epoch"] == 2
    assert all(progress["seconds_left"] > 0 for progress in told[:-1] if progress["step"] < 24)
    assert (told[-1]["epoch"], told[-1]["step"], told[-1]["seconds_left"]) == (4, 24, 0.0)


def test_progress_is_told_at_most_once_a_second(tmp_path):
    told = []
    fit(Line(), {**SETTINGS, "epochs": 2}, Checkpoints(tmp_path, "a"), tell=told.append)  # some hundredths of a second
    assert 1 <= len(told) <= 2


def test_the_time_left_follows_the_speed_of_this_life_and_not_of_the_one_before(tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "TELL_SECONDS", 0.0)
    with pytest.raises(RuntimeError):
        fit(Line(raising(RuntimeError(), 13)), SETTINGS, Checkpoints(tmp_path, "a"), seconds=0)
    clock = iter(range(1000))
    monkeypatch.setattr(loop.time, "perf_counter", lambda: float(next(clock)))  # every look is a second on, whatever the machine
    told = []
    fit(Line(), SETTINGS, Checkpoints(tmp_path, "a"), tell=told.append)
    assert told[0]["step"] == 14
    assert told[0]["seconds_left"] % 10 == 0  # ten steps, each of the whole seconds that the first one here took
    assert 10 <= told[0]["seconds_left"] <= 100


def test_minutes_bound_the_time_left(tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "TELL_SECONDS", 0.0)
    told = []
    slow = Line(lambda number: time.sleep(0.01))
    fit(slow, {**SETTINGS, "epochs": 10_000, "minutes": 0.2 / 60}, Checkpoints(tmp_path, "a"), tell=told.append)
    assert max(progress["seconds_left"] for progress in told) <= 0.2


class Claimed(module.Checkpoints):
    """Checkpoints that a later start wants after so many looks."""

    def __init__(self, root, looks):
        super().__init__(root, "a", 0.0)
        self.looks = looks

    def wanted(self):
        self.looks -= 1
        return self.looks < 0

    successor = "process 4711 on gpu02"


@pytest.mark.parametrize("looks", [0, 7, 20])
def test_a_wanted_training_saves_says_who_takes_over_and_the_successor_ends_with_the_same_bits(tmp_path, looks):
    undisturbed, resumed = Line(), Line()
    expected = fit(undisturbed, SETTINGS, Checkpoints(tmp_path / "whole", "a"))
    before = Line()
    with pytest.raises(
        Interrupted, match="a checkpoint is saved, and a later start goes on from it: process 4711 on gpu02"
    ) as caught:
        fit(before, SETTINGS, Claimed(tmp_path / "cut", looks))
    assert caught.value.cause == "handed_over"
    outcome = fit(resumed, SETTINGS, Checkpoints(tmp_path / "cut", "a"))
    assert len(before.seen) + len(resumed.seen) == 24
    assert without_seconds(outcome.history) == without_seconds(expected.history)
    for name, tensor in weights(undisturbed).items():
        assert torch.equal(tensor, weights(resumed)[name])


class InParts(Line):
    """The same, its batches of ten computed row by row."""

    parts = 10

    def losses(self, x):
        for rows in x.tensor_split(self.parts):
            loss, counted = self.loss(rows)
            yield loss * counted / len(x), counted


def test_a_batch_in_parts_counts_its_targets_once_and_the_report_says_how_many_parts(tmp_path):
    outcome = fit(InParts(), SETTINGS, Checkpoints(tmp_path, "a"))
    assert outcome.hardware["batch_parts"] == 10
    assert outcome.history[-1]["tokens"] == 240
    assert fit(Line(), SETTINGS, Checkpoints(tmp_path / "whole", "a")).hardware["batch_parts"] == 1


def test_a_training_goes_on_in_other_parts_and_says_so(tmp_path):
    with pytest.raises(RuntimeError):
        fit(Line(raising(RuntimeError(), 8)), SETTINGS, Checkpoints(tmp_path, "a"), seconds=0)
    resumed = InParts()
    assert fit(resumed, SETTINGS, Checkpoints(tmp_path, "a")).hardware["batch_parts"] == 10
    assert len(resumed.seen) == 16


class SmallCard(InParts):
    """A card that holds so many rows."""

    def __init__(self, holds, after_step=None):
        super().__init__(after_step)
        self.holds, self.parts, self.refused, self.memories = holds, 1, 0, []

    def halve(self):
        before, self.parts = self.parts, 2 * self.parts
        return before < 10

    def loss(self, rows):
        self.memories.append(self.memory)
        if len(rows) > self.holds:
            self.refused += 1
            raise torch.OutOfMemoryError("CUDA out of memory")
        return super().loss(rows)


def test_a_batch_that_the_card_cannot_hold_is_halved_until_it_can_and_nothing_else_changes(tmp_path, caplog):
    task = SmallCard(holds=3)
    outcome = fit(task, SETTINGS, Checkpoints(tmp_path, "a"))
    assert (outcome.hardware["batch_parts"], task.refused) == (4, 2)
    assert "the batch is computed in 4 parts from step 1 on" in caplog.text
    assert [row["tokens"] for row in outcome.history] == [60, 120, 180, 240]
    assert all(float(memory) == 0 for memory in task.memories[:3]), "what was carried is that of the batch that failed"
    assert outcome.history[-1]["validation_loss"] < outcome.history[0]["validation_loss"]


def test_a_later_start_remembers_that_the_card_was_too_small(tmp_path):
    with pytest.raises(RuntimeError):
        fit(SmallCard(3, raising(RuntimeError(), 8)), SETTINGS, Checkpoints(tmp_path, "a"), seconds=0)
    task = SmallCard(3)
    assert fit(task, SETTINGS, Checkpoints(tmp_path, "a")).hardware["batch_parts"] == 4
    assert task.refused == 0


def test_a_row_that_the_card_cannot_hold_comes_through(tmp_path):
    with pytest.raises(torch.OutOfMemoryError):
        fit(SmallCard(holds=0), SETTINGS, Checkpoints(tmp_path, "a"))


def test_too_little_memory_in_mid_step_saves_nothing_and_comes_through(tmp_path):
    task = InParts()
    learn, calls = task.loss, iter(range(1000))
    error = torch.OutOfMemoryError("CUDA out of memory")

    def loss(rows):
        if next(calls) == 65:  # within the seventh batch
            raise error
        return learn(rows)

    task.loss = loss
    checkpoints = Checkpoints(tmp_path, "a")
    with pytest.raises(torch.OutOfMemoryError) as caught:
        fit(task, SETTINGS, checkpoints, seconds=0)
    assert caught.value is error
    assert checkpoints.newest()["at"]["step"] == 6
