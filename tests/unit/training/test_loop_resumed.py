"""The training loop over several lives: killed, stopped, handed over, gone on with to the same bits."""

import os
import signal

import pytest
import torch
from line_task import SETTINGS, Checkpoints, Line, fit, raising, weights, without_seconds

from verso.errors import Interrupted
from verso.training import checkpoints as module


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
