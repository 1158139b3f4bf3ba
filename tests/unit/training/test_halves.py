"""Training in float16: what is too large for a half is left out and tried smaller, and where nothing helps, it is said."""

import pytest
import torch

from verso.errors import VersoError
from verso.machine.hardware import Device
from verso.training.checkpoints import Checkpoints
from verso.training.loop import fit

HALF = Device(torch.device("cpu"), torch.float16, "a test")
SETTINGS = {
    "epochs": 4, "optimiser": "adamw", "learning_rate": 0.01, "weight_decay": 0.0, "clip": 1.0,
    "schedule": {"name": "constant", "factor": 0.5, "patience": 0, "warmup": 0.0}, "early_stopping": None, "minutes": None,
}  # fmt: skip
LARGEST = 65504  # of float16


class Steep:
    """A weight that must become 0.02; the gradient of its loss is multiplied by `slope` twice, in halves."""

    micro_batches = 1

    def __init__(self, slope, after_step=lambda number: None):
        torch.manual_seed(1)
        self.model = torch.nn.Linear(1, 1, bias=False)
        torch.nn.init.constant_(self.model.weight, 0.1)
        self.steps, self.slope, self.after_step, self.taken = 10, slope, after_step, 0

    def batches(self, epoch, first):
        for _ in range(first, self.steps):
            yield None
            self.taken += 1
            self.after_step(self.taken)

    def loss(self):
        steep = self.model.weight.half() * self.slope * self.slope  # float32 would hold it
        return (steep.float() / self.slope**2 - 0.02).abs().sum() * self.slope**2

    def losses(self, batch):
        yield self.loss(), 1

    def measured_after(self, done):
        return False

    def halve(self):
        return False

    def validate(self):
        return float(self.loss())

    def observed(self):
        return {}

    def carried(self):
        return None

    def restore(self, carried):
        pass


def tuned(task, folder, seconds=3600):
    return fit(task, SETTINGS, HALF, Checkpoints(folder, "a", 0.0), seconds, lambda progress: None)


def test_a_weight_learns_once_the_loss_is_scaled_down_to_what_a_half_can_hold(tmp_path):
    task = Steep(16)  # 65536 x 256 is beyond LARGEST: the first steps overflow
    outcome = tuned(task, tmp_path)
    losses = [row["validation_loss"] for row in outcome.history]
    assert losses[-1] < 0.5 * 16**2 * 0.08, "it has learnt nothing"
    assert all(0 <= row["gradient_norm"] < float("inf") for row in outcome.history)
    state = Checkpoints(tmp_path, "a", 0.0).newest()
    assert 1 <= state["scaler"]["scale"] * 16**2 <= LARGEST
    assert outcome.history[0]["gradient_norm"] < outcome.history[1]["gradient_norm"]  # steps left out count as nothing


def test_a_step_that_overflows_changes_no_weight(tmp_path):
    def look(number):
        if number <= 8:
            assert float(task.model.weight.detach()) == pytest.approx(0.1), f"step {number} was taken though it overflowed"

    task = Steep(16, look)
    tuned(task, tmp_path)
    assert float(task.model.weight.detach()) < 0.1


def test_overflow_without_end_is_named_and_says_what_would_help(tmp_path):
    task = Steep(256)  # the gradient is 65536, which no half holds
    with pytest.raises(
        VersoError, match=r"training diverged in epoch 2.*every step overflows in float16.*sm_80 on computes in bf"
    ):
        tuned(task, tmp_path)
    assert 16 <= task.taken <= 18  # from 65536 down to less than 1


@pytest.mark.parametrize("at", [3, 12, 25])
def test_a_training_in_halves_dies_and_ends_with_the_same_bits(tmp_path, at):
    def power_cut(number):
        if number == at:
            raise RuntimeError("power cut")

    whole, again = Steep(16), Steep(16)
    expected = tuned(whole, tmp_path / "whole")
    with pytest.raises(RuntimeError, match="power cut"):
        tuned(Steep(16, power_cut), tmp_path / "cut", seconds=0)
    outcome = tuned(again, tmp_path / "cut")
    assert torch.equal(whole.model.weight, again.model.weight)
    assert [row["gradient_norm"] for row in outcome.history] == [row["gradient_norm"] for row in expected.history]


def test_a_training_begun_in_bfloat16_goes_on_where_there_is_only_float16(tmp_path):
    class Killed(Exception):
        pass

    def kill(number):
        if number == 15:
            raise Killed

    whole = Device(torch.device("cpu"), torch.bfloat16, "another card")
    with pytest.raises(Killed):
        fit(Steep(2.0, kill), SETTINGS, whole, Checkpoints(tmp_path, "a", 0.0), 0, lambda progress: None)
    task = Steep(2.0)
    assert tuned(task, tmp_path).history[-1]["epoch"] == 4
    assert task.taken < 40, "it began anew"
