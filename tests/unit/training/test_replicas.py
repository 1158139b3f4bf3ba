"""A training on several devices: what it learns is what it would have learnt on one, whatever the number of shares."""

import gc
import weakref
from contextlib import suppress

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from line_task import SETTINGS, Checkpoints, raising_signal, weights, without_seconds

from verso.errors import Interrupted
from verso.machine.hardware import Device
from verso.training.loop import fit
from verso.training.replicas import Replicas

CPU = torch.device("cpu")


def network(dropout=0.0):
    torch.manual_seed(3)
    return torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.Tanh(), torch.nn.Dropout(dropout), torch.nn.Linear(8, 1))


def cost(model, share):
    x, all_rows = share
    return ((model(x) - x.sum(1, keepdim=True)) ** 2).sum() / all_rows, len(x)


def gradients(model, devices, rows, share, step=lambda shares: shares):
    """Of one step over `rows` texts in shares of at most `share`, by the loop's own way through `losses`."""
    x = torch.linspace(-1, 1, rows * 4).reshape(rows, 4)
    replicas, targets = Replicas(model, [CPU] * devices), 0
    for loss, counted in replicas.losses(step([(part, rows) for part in x.split(share)]), cost):
        loss.backward()
        targets += counted
    assert targets == rows
    return {name: weight.grad for name, weight in model.named_parameters()}, replicas


@settings(deadline=None, max_examples=30)
@given(st.integers(1, 3), st.integers(1, 9), st.integers(1, 4), st.booleans())
def test_a_step_s_gradient_does_not_depend_on_the_number_of_devices(devices, rows, share, frozen):
    """More shares than devices, fewer, a last turn that leaves devices idle; all weights, or adapters above a frozen base."""
    one, several = network(), network()
    for model in (one, several):
        model[0].requires_grad_(not frozen)
    alone, _ = gradients(one, 1, rows, rows)
    together, replicas = gradients(several, devices, rows, share)
    for name, gradient in alone.items():
        assert (gradient is None) == (together[name] is None) == (frozen and name.startswith("0."))
        if gradient is not None:
            torch.testing.assert_close(together[name], gradient)
    assert all(weight.grad is None for replica in replicas._models[1:] for weight in replica.parameters())


def test_dropout_on_the_cpu_is_drawn_in_the_order_of_the_shares():
    found = []
    for devices in (1, 2, 3):
        model = network(dropout=0.5)
        torch.manual_seed(11)
        found.append(gradients(model, devices, 9, 2)[0])
    for name, gradient in found[0].items():
        torch.testing.assert_close(found[1][name], gradient)
        torch.testing.assert_close(found[2][name], gradient)


class Shared:
    """Learn a sum through dropout, each step in shares; all devices but the first are too small for more than `most` rows."""

    steps = 5

    def __init__(self, devices, dropout=0.2, most=99, after_step=lambda number: None):
        self.model = network(dropout)
        self.model[0].bias.requires_grad_(False)  # as the base of adapters
        self.replicas = Replicas(self.model, [CPU] * devices)
        self.micro_batches, self.most, self.after_step = 1, most, after_step
        self.x = torch.linspace(-1, 1, 5 * 24).reshape(30, 4)
        self.taken = 0

    def batches(self, epoch, first):
        for number, rows in enumerate(self.x.split(6)):
            if number >= first:
                yield rows
                self.taken += 1
                self.after_step(self.taken)

    def losses(self, batch):
        return self.replicas.losses([(part, len(batch)) for part in batch.split(max(1, 2 // self.micro_batches))], self.cost)

    def cost(self, model, share):
        if len(share[0]) > self.most and model is not self.model:
            raise torch.OutOfMemoryError("a replica's card is full")
        return cost(model, share)

    def halve(self):
        self.micro_batches *= 2
        return self.micro_batches <= 2

    def measured_after(self, done):
        return False

    def validate(self):
        return float(((self.model(self.x) - self.x.sum(1, keepdim=True)) ** 2).mean())

    def observed(self):
        return {}

    def carried(self):
        return None

    def restore(self, carried):
        pass


def trained(task, folder):
    device = Device(CPU, torch.float32, "a test", len(task.replicas._models))
    return fit(task, SETTINGS, device, Checkpoints(folder, "a"), 3600, lambda progress: None)


@pytest.mark.parametrize("devices", [2, 3])
def test_a_whole_training_ends_as_it_would_on_one_device(tmp_path, devices):
    alone, together = (trained(Shared(number), tmp_path / str(number)) for number in (1, devices))
    assert together.history[-1]["validation_loss"] == pytest.approx(alone.history[-1]["validation_loss"], rel=1e-3)
    assert together.history[-1]["tokens"] == alone.history[-1]["tokens"]
    assert together.hardware["batch_parts"] == alone.hardware["batch_parts"] == 1
    assert alone.history[-1]["validation_loss"] < 0.5 * alone.history[0]["validation_loss"]


def test_replicas_compute_with_the_weights_of_the_step_before(tmp_path):
    task = Shared(2)
    trained(task, tmp_path)
    task.model.eval()
    rows = task.x[:4]
    turns = list(task.replicas.losses([(rows, 4), (rows, 4)], cost))
    alone = cost(task.model, (rows, 4))[0].item()
    assert [loss.item() for loss, _ in turns] == pytest.approx([2 * alone])  # in evaluation too: no dropout


def test_a_replica_s_card_that_is_too_small_halves_all_shares(tmp_path):
    task = Shared(2, dropout=0.0, most=1)
    outcome = trained(task, tmp_path / "halved")
    whole = trained(Shared(2, dropout=0.0), tmp_path / "whole")
    assert (task.micro_batches, outcome.hardware["batch_parts"]) == (2, 2)
    assert outcome.history[-1]["validation_loss"] == pytest.approx(whole.history[-1]["validation_loss"], rel=1e-3)
    assert outcome.history[-1]["tokens"] == whole.history[-1]["tokens"]


def test_what_filled_a_replica_s_card_is_let_go_before_the_next_try():
    class Large:
        """Stands for memory of a card."""

    held = []

    def full(model, share):
        large = Large()
        held.append(weakref.ref(large))
        raise torch.OutOfMemoryError("full")

    gc.disable()  # nobody may wait for it: the next try comes at once
    try:
        with suppress(torch.OutOfMemoryError):  # pytest.raises would keep the error
            next(Replicas(network(), [CPU, CPU]).losses([1, 2], full))
        assert [reference() for reference in held] == [None, None]
    finally:
        gc.enable()


@pytest.mark.parametrize("at", [2, 7])
def test_a_training_on_two_devices_that_was_stopped_ends_with_the_same_bits(tmp_path, at):
    undisturbed = Shared(2)
    whole = trained(undisturbed, tmp_path / "whole")
    with pytest.raises(Interrupted):
        trained(Shared(2, after_step=raising_signal(at)), tmp_path / "stopped")
    again = Shared(2)
    resumed = trained(again, tmp_path / "stopped")
    assert without_seconds(resumed.history) == without_seconds(whole.history)
    for name, weight in weights(undisturbed).items():
        assert torch.equal(weights(again)[name], weight), name
