import copy
import io

import pytest
import torch

from verso.training.muon import MuonWithAdamW
from verso.training.schedules import Schedule


def model():
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Embedding(7, 6), torch.nn.Linear(6, 8), torch.nn.Tanh(), torch.nn.Linear(8, 7))


def groups(network):
    matrices = [network[1].weight]
    others = [weight for weight in network.parameters() if weight is not network[1].weight]
    return [
        {"params": matrices, "muon": True, "rate_factor": 4.0, "momentum": 0.9, "weight_decay": 0.1},
        {"params": others, "betas": (0.8, 0.9)},
    ]


def learn(network, optimiser, steps, seed=0):
    drawn = torch.Generator().manual_seed(seed)
    for _ in range(steps):
        tokens = torch.randint(0, 7, (5,), generator=drawn)
        optimiser.zero_grad(set_to_none=True)
        torch.nn.functional.cross_entropy(network(tokens), tokens).backward()
        optimiser.step()


def test_it_does_what_the_two_optimisers_do_apart():
    one, other = model(), model()
    learn(one, MuonWithAdamW(groups(one), lr=0.01, weight_decay=0.02), 5)
    (matrices, rest) = groups(other)
    parts = [
        torch.optim.Muon(matrices["params"], lr=0.01, momentum=0.9, weight_decay=0.1),
        torch.optim.AdamW(rest["params"], lr=0.01, betas=(0.8, 0.9), weight_decay=0.02),
    ]

    class Both:
        def zero_grad(self, set_to_none):
            other.zero_grad(set_to_none)

        def step(self):
            for part in parts:
                part.step()

    learn(other, Both(), 5)
    for first, second in zip(one.parameters(), other.parameters(), strict=True):
        assert torch.equal(first, second)
    assert not torch.equal(one[1].weight, model()[1].weight)


@pytest.mark.parametrize("restored", [False, True])
def test_a_schedule_moves_both_rates(restored):
    network = model()
    optimiser = MuonWithAdamW(groups(network), lr=0.01, weight_decay=0.0)
    if restored:
        learn(network, optimiser, 1)
        optimiser.load_state_dict(copy.deepcopy(optimiser.state_dict()))
    Schedule(optimiser, {"name": "linear", "warmup": 0.0}, 0.01, 10).before_step(5)
    assert [group["lr"] for group in optimiser.param_groups] == [pytest.approx(0.02), pytest.approx(0.005)]
    assert [part.param_groups[0]["lr"] for part in optimiser._parts.values()] == [pytest.approx(0.02), pytest.approx(0.005)]


def test_a_restored_state_goes_on_with_the_same_bits():
    whole, cut = model(), model()
    learn(whole, MuonWithAdamW(groups(whole), lr=0.01, weight_decay=0.0), 3, seed=1)
    first = MuonWithAdamW(groups(cut), lr=0.01, weight_decay=0.0)
    learn(cut, first, 3, seed=1)
    stored = io.BytesIO()
    torch.save({"optimiser": first.state_dict(), "model": cut.state_dict()}, stored)
    learn(cut, first, 4, seed=2)
    stored.seek(0)
    saved = torch.load(stored, weights_only=True)  # as a checkpoint is read
    again = model()
    again.load_state_dict(saved["model"])
    second = MuonWithAdamW(groups(again), lr=0.01, weight_decay=0.0)
    second.load_state_dict(saved["optimiser"])
    learn(again, second, 4, seed=2)
    for one, other in zip(cut.parameters(), again.parameters(), strict=True):
        assert torch.equal(one, other)


def test_a_vector_is_no_matrix():
    network = model()
    with pytest.raises(ValueError, match="2D"):
        MuonWithAdamW([{"params": [network[1].bias], "muon": True}, {"params": [network[1].weight]}], 0.1, 0.0)


def test_a_gradient_that_overflowed_is_skipped_by_both():
    """As in float16 on a card: PyTorch's scaler sees both parts as one optimiser."""
    network = model()
    optimiser = MuonWithAdamW(groups(network), lr=0.01, weight_decay=0.0)
    scaler = torch.amp.GradScaler("cpu", init_scale=4.0)
    before = [parameter.clone() for parameter in network.parameters()]
    for worth in (torch.inf, 1.0):
        optimiser.zero_grad(set_to_none=True)
        scaler.scale(network(torch.tensor([1, 2])).sum() * worth).backward()
        scaler.unscale_(optimiser)
        scaler.step(optimiser)
        scaler.update()
        same = [torch.equal(one, other) for one, other in zip(before, network.parameters(), strict=True)]
        assert all(same) if worth == torch.inf else not any(same)
