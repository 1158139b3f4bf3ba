"""What an objective gives the loop: its batches, its losses in one part and in several, its validation."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from verso.errors import VersoError
from verso.language_modelling.recurrent_lm.model import detach
from verso.language_modelling.recurrent_lm.training import EveryToken, LastToken, Texts, build
from verso.machine.hardware import Device
from verso.training import checkpoints as module
from verso.training import loop
from verso.training.order import row_slices

CPU = Device(torch.device("cpu"), torch.float32, "a test")
SETTINGS = {
    "family": "recurrent_lm", "cell": "lstm", "unit": "char", "embedding": 8, "hidden": 16, "layers": 2, "dropout": 0.2,
    "tie_weights": False, "softmax": "plain", "cutoffs": [1000, 5000], "objective": "every_token", "window": 10, "stride": 1,
    "batch": 4, "epochs": 3, "optimiser": "adam", "learning_rate": 0.01, "weight_decay": 0.0, "clip": 5.0,
    "schedule": {"name": "plateau", "factor": 0.5, "patience": 2, "warmup": 0.0},
    "early_stopping": None, "minutes": None,
}  # fmt: skip


def Checkpoints(root, fingerprint):  # noqa: N802 - a start that these tests do not care about
    return module.Checkpoints(root, fingerprint, 0.0)


def ignore(progress):
    """Nobody asks how far these trainings are."""


def fit(task, settings, device, checkpoints, seconds):
    return loop.fit(task, settings, device, checkpoints, seconds, ignore)


def make(objective, documents, validation=None, parts=1, **changes):
    settings = {**SETTINGS, **changes}
    torch.manual_seed(0)
    model = build(settings, 30)
    return objective(model, Texts(documents, validation or documents, 1, 0, "train.jsonl"), settings, 5, parts)


def documents(count=6, length=40):
    torch.manual_seed(2)
    frame = [torch.tensor([1]), torch.tensor([2])]
    return [torch.cat([frame[0], torch.randint(3, 30, (length,)), frame[1]]) for _ in range(count)]


def test_a_lane_s_state_goes_on_from_window_to_window_and_no_gradient_with_it():
    task = make(EveryToken, documents(), dropout=0.0)
    seen = list(task.batches(1, 0))
    whole = torch.cat([inputs for inputs, _ in seen], dim=1)
    assert all(torch.equal(targets[:, :-1], inputs[:, 1:]) for inputs, targets in seen)
    for batch in seen:
        loss, counted = task.loss(batch)
        loss.backward()  # would fail, or reach back, if the last window's graph were still held
        assert counted == batch[1].numel()
    _, expected = task.model(whole, task.model.initial_state(task.lanes))
    torch.testing.assert_close(task.state, detach(expected))
    assert not task.state[0].requires_grad


def test_every_epoch_reads_all_songs_in_another_order_and_begins_without_memory():
    task = make(EveryToken, documents(), batch=1)
    first = torch.cat([inputs for inputs, _ in task.batches(1, 0)], dim=1)
    task.state = None
    second = torch.cat([inputs for inputs, _ in task.batches(2, 0)], dim=1)
    assert not torch.equal(first, second)
    assert (first == 1).sum() == (second == 1).sum() == 6
    assert not task.state[0].any()
    assert len(list(task.batches(1, 0))) == task.steps


def test_a_last_token_target_is_the_token_after_its_window_and_all_are_drawn_once():
    songs = documents(count=2, length=20)
    task = make(LastToken, songs, stride=1, batch=4)
    stream = torch.cat(songs).tolist()
    drawn = [(inputs[i].tolist(), targets[i].item()) for inputs, targets in task.batches(1, 0) for i in range(len(inputs))]
    expected = [(stream[i : i + 10], stream[i + 10]) for i in range(len(stream) - 10)]
    assert drawn != expected
    assert sorted(drawn) == sorted(expected)
    assert task.steps == math.ceil(len(expected) / 4)
    inputs, targets = next(task.batches(1, 0))
    loss, counted = task.loss((inputs, targets))
    assert counted == 4  # one target a window
    assert loss.item() > 0


def test_validation_in_lanes_counts_the_tokens_that_one_lane_counts():
    held_out = documents(count=20, length=60)
    one = make(EveryToken, documents(), held_out, batch=1)
    many = make(EveryToken, documents(), held_out, batch=8)
    assert len(many._inputs) == 8
    with torch.no_grad():
        assert many.validate() == pytest.approx(one.validate(), rel=0.01)


def test_a_model_that_guesses_pays_log_v_on_the_validation_part():
    task = make(EveryToken, documents())
    torch.nn.init.zeros_(task.model.output.weight)
    torch.nn.init.zeros_(task.model.output.bias)
    with torch.no_grad():
        assert task.validate() == pytest.approx(math.log(30))


def test_a_token_is_predicted_right_when_it_is_the_most_probable_and_known():
    """A model that always says 7, on "<start> 7 7 8 <end>": two of four; where 7 is the unknown token, none."""
    text = [torch.tensor([1, 7, 7, 8, 2])]
    for unknown, accuracy in ((0, 0.5), (7, 0.0), (None, 0.5)):
        task = EveryToken(build(SETTINGS, 30), Texts(documents(), text, 1, unknown, "train.jsonl"), SETTINGS, 5)
        torch.nn.init.zeros_(task.model.output.weight)
        with torch.no_grad():
            task.model.output.bias.copy_(torch.eye(30)[7])
            task.validate()
        assert task.observed() == {"validation_accuracy": accuracy}


@pytest.mark.parametrize("objective", [EveryToken, LastToken])
def test_a_text_shorter_than_a_window_is_reported_before_training(objective):
    with pytest.raises(VersoError, match=r"train\.jsonl: 6 tokens do not fill one window of 10"):
        make(objective, [torch.tensor([1, 5, 6, 7, 8, 9, 2])])


def test_a_small_model_learns_a_tiny_text_by_heart(tmp_path):
    song = torch.tensor([1, *(3 + i * i % 23 for i in range(60)), 2])
    task = make(EveryToken, [song] * 4, [song], dropout=0.0, embedding=16, hidden=64, batch=2, window=31)
    outcome = fit(task, {**SETTINGS, "epochs": 80, "learning_rate": 0.02}, CPU, Checkpoints(tmp_path, "a"), 3600)
    assert outcome.history[-1]["validation_loss"] < 0.1


def gradients(task, batches):
    """Of some steps after each other, without learning: losses, targets, gradients, and the state at the end."""
    seen = []
    for batch in batches:
        task.model.zero_grad()
        losses, targets = [], 0
        for loss, counted in task.losses(batch):
            loss.backward()
            losses.append(loss.item())
            targets += counted
        seen.append((sum(losses), targets, len(losses), [parameter.grad.clone() for parameter in task.model.parameters()]))
    return seen, task.state


def by_hand(task, batches):
    """The same as it was before there were parts."""
    seen = []
    for batch in batches:
        task.model.zero_grad()
        loss, targets = task.loss(batch)
        loss.backward()
        seen.append((loss.item(), targets, 1, [parameter.grad.clone() for parameter in task.model.parameters()]))
    return seen, task.state


def flat(state):
    return torch.cat([part.flatten() for part in ((state,) if isinstance(state, torch.Tensor) else state)])


@pytest.mark.parametrize("objective", [EveryToken, LastToken])
@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
@pytest.mark.parametrize("softmax", ["plain", "adaptive"])
@pytest.mark.parametrize("parts", [2, 4, 99])
def test_in_micro_batches_a_batch_gives_the_same_loss_gradient_and_state(objective, cell, softmax, parts):
    changes = {"cell": cell, "softmax": softmax, "cutoffs": [10], "dropout": 0.0, "batch": 5, "stride": 7}
    whole, cut = make(objective, documents(), **changes), make(objective, documents(), parts=parts, **changes)
    expected, state = by_hand(whole, list(whole.batches(1, 0))[:6])
    found, cut_state = gradients(cut, list(cut.batches(1, 0))[:6])
    for (loss, targets, _, grads), (cut_loss, cut_targets, count, cut_grads) in zip(expected, found, strict=True):
        assert cut_loss == pytest.approx(loss, abs=1e-5)
        assert cut_targets == targets
        assert count == min(parts, 5)  # never more parts than rows
        for one, other in zip(grads, cut_grads, strict=True):
            torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6)
    if objective is EveryToken:
        assert flat(state).abs().max() > 0.01
        torch.testing.assert_close(flat(cut_state), flat(state), rtol=1e-5, atol=1e-6)
    else:
        assert cut_state is None


@pytest.mark.parametrize("objective", [EveryToken, LastToken])
@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_in_one_part_the_bits_are_those_of_the_whole_batch(objective, cell):
    one, other = make(objective, documents(), cell=cell, stride=7), make(objective, documents(), cell=cell, stride=7)
    torch.manual_seed(6)
    expected, state = by_hand(one, one.batches(1, 0))
    torch.manual_seed(6)
    found, found_state = gradients(other, other.batches(1, 0))
    for (loss, *_, grads), (found_loss, *_, found_grads) in zip(expected, found, strict=True):
        assert found_loss == loss
        assert all(torch.equal(a, b) for a, b in zip(grads, found_grads, strict=True))
    assert state is found_state is None or torch.equal(flat(state), flat(found_state))


def test_lanes_of_one_part_know_nothing_of_another_part_s_lanes():
    task = make(EveryToken, documents(), parts=2, dropout=0.0)
    batch = next(iter(task.batches(1, 0)))
    list(task.losses(batch))
    before = [part.clone() for part in task.state]
    inputs, targets = batch
    inputs = inputs.clone()
    inputs[-1] = 3  # another text in the last lane
    next(iter(task.batches(1, 0)))  # the epoch anew
    list(task.losses((inputs, targets)))
    for old, new in zip(before, task.state, strict=True):
        assert torch.equal(old[:, :-1], new[:, :-1])
        assert not torch.equal(old[:, -1], new[:, -1])


@settings(max_examples=50)
@given(rows=st.integers(1, 200), parts=st.integers(1, 300))
def test_the_micro_batches_hold_each_row_once_and_are_of_one_size_give_or_take_one(rows, parts):
    slices = row_slices(rows, parts)
    assert [row for part in slices for row in range(rows)[part]] == list(range(rows))
    sizes = [part.stop - part.start for part in slices]
    assert len(sizes) == min(rows, parts)
    assert max(sizes) - min(sizes) <= 1


def test_a_validation_in_micro_batches_measures_the_same():
    held_out = documents(count=20, length=60)
    whole, cut = (make(EveryToken, documents(), held_out, parts=parts, batch=8, dropout=0.0) for parts in (1, 4))
    with torch.no_grad():
        assert cut.validate() == pytest.approx(whole.validate(), rel=1e-6)
