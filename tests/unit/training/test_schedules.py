import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from verso.training.schedules import Schedule


def schedule(name, total=100, warmup=0.0, factor=0.5, patience=2, rate=0.1):
    optimiser = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=rate)
    return Schedule(optimiser, {"name": name, "factor": factor, "patience": patience, "warmup": warmup}, rate, total), optimiser


def test_a_linear_rate_falls_to_nothing_and_a_cosine_is_half_way_down_in_the_middle():
    linear, _ = schedule("linear")
    cosine, _ = schedule("cosine")
    assert [linear.rate(step) for step in (0, 50, 100)] == pytest.approx([0.1, 0.05, 0.0])
    assert [cosine.rate(step) for step in (0, 50, 100)] == pytest.approx([0.1, 0.05, 0.0])
    assert cosine.rate(25) == pytest.approx(0.1 * 0.5 * (1 + math.cos(math.pi / 4)))


@pytest.mark.parametrize("name", ["constant", "linear", "cosine", "plateau"])
def test_warm_up_climbs_from_a_little_to_the_whole_rate(name):
    rates = [schedule(name, warmup=0.1)[0].rate(step) for step in range(10)]
    assert rates == pytest.approx([0.01 * (step + 1) for step in range(10)])


@given(st.sampled_from(["constant", "linear", "cosine", "plateau"]), st.integers(1, 300), st.floats(0, 1), st.integers(0, 400))
def test_no_rate_is_ever_negative_or_above_the_one_requested(name, total, warmup, step):
    assert 0.0 <= schedule(name, total, warmup)[0].rate(step) <= 0.1


def test_the_optimiser_is_given_the_rate():
    linear, optimiser = schedule("linear")
    linear.before_step(75)
    assert optimiser.param_groups[0]["lr"] == pytest.approx(0.025)


def test_a_group_of_weights_has_its_own_share_of_the_rate():
    groups = [
        {"params": [torch.nn.Parameter(torch.zeros(1))], "rate_factor": 0.5},
        {"params": [torch.nn.Parameter(torch.zeros(1))]},
    ]
    optimiser = torch.optim.SGD(groups, lr=0.1)
    Schedule(optimiser, {"name": "linear", "factor": 0.5, "patience": 2, "warmup": 0.0}, 0.1, 100).before_step(50)
    assert [group["lr"] for group in optimiser.param_groups] == pytest.approx([0.025, 0.05])


@given(st.lists(st.floats(0.1, 10), max_size=30), st.integers(0, 4))
def test_a_plateau_lowers_the_rate_exactly_when_pytorch_would(losses, patience):
    ours, _ = schedule("plateau", patience=patience)
    optimiser = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.1)
    theirs = torch.optim.lr_scheduler.ReduceLROnPlateau(optimiser, factor=0.5, patience=patience, eps=0.0)
    for loss in losses:
        ours.after_epoch(loss)
        theirs.step(loss)
        assert ours.rate(0) == pytest.approx(optimiser.param_groups[0]["lr"])


def test_a_schedule_taken_from_a_checkpoint_goes_on_as_if_never_stopped():
    whole, _ = schedule("plateau", patience=1)
    first, _ = schedule("plateau", patience=1)
    second, _ = schedule("plateau", patience=1)
    losses = [3.0, 2.0, 2.0, 2.0, 2.5, 2.5, 1.0, 1.0, 1.0]
    for loss in losses:
        whole.after_epoch(loss)
    for loss in losses[:4]:
        first.after_epoch(loss)
    second.load_state_dict(first.state_dict())
    for loss in losses[4:]:
        second.after_epoch(loss)
    assert second.state_dict() == whole.state_dict()
    assert whole.rate(0) == pytest.approx(0.1 * 0.5**3)
