import json
import math
from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from verso.errors import VersoError
from verso.language_modelling.gpt import model as gpt
from verso.language_modelling.gpt.attention import attended, block_mask
from verso.language_modelling.gpt.model import GPT, UNCOUNTED, Shape, parameter_counts
from verso.language_modelling.gpt.norms import rms_norm

REPORT = Shape(
    vocabulary_size=11, width=8, layers=2, heads=2, feed_forward=4, window=12, positions="sinusoidal", norm="layer",
    qk_norm=False, activation="gelu", biases=True, zero_projections=False, tie_weights=False, pairs=0, dropout=0.1,
)  # fmt: skip
LEARNT = replace(REPORT, positions="learnt", tie_weights=True)
MODERN = replace(
    REPORT, positions="rotary", norm="rms", qk_norm=True, activation="squared_relu", biases=False, zero_projections=True,
    dropout=0.0,
)  # fmt: skip
PAIRS = replace(MODERN, pairs=50)  # fewer rows than the 121 pairs
SHAPES = pytest.mark.parametrize("shape", [REPORT, LEARNT, MODERN, PAIRS], ids=["report", "learnt", "modern", "pairs"])


def strong(shape, seed=0):
    """A model whose every weight counts, in evaluation mode."""
    torch.manual_seed(seed)
    model = GPT(shape).eval()
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    return model


def tokens(*shape, seed=1):
    return torch.randint(0, 11, shape, generator=torch.Generator().manual_seed(seed))


def logits(model, *read):
    return model.log_probabilities(model(*read))


@SHAPES
@settings(max_examples=10, deadline=None)
@given(st.integers(1, 11), st.integers(0, 10))
def test_a_later_token_never_changes_an_earlier_logit(shape, place, other):
    model, read = strong(shape), tokens(2, 12)
    changed = read.clone()
    changed[:, place] = other
    with torch.no_grad():
        assert torch.equal(logits(model, read)[:, :place], logits(model, changed)[:, :place])


@SHAPES
def test_an_earlier_token_changes_every_later_logit(shape):
    """What the test above needs to mean anything: the past is read, and its order too."""
    model, read = strong(shape), tokens(1, 12)
    changed = read.clone()
    changed[:, 0] = (read[:, 0] + 1) % 11
    swapped = read.clone()
    swapped[:, :2] = torch.tensor([3, 7])
    read[:, :2] = torch.tensor([7, 3])
    with torch.no_grad():
        assert (logits(model, read) - logits(model, changed)).abs().amax(dim=2).min() > 1e-4
        assert (logits(model, read) - logits(model, swapped)).abs().amax(dim=2)[:, 2:].min() > 1e-4


@SHAPES
def test_documents_of_a_window_never_see_each_other(shape):
    model, read = strong(shape), tokens(2, 12)
    documents = torch.tensor([[0] * 5 + [1] * 7, [3] * 9 + [4] + [7] * 2])
    with torch.no_grad():
        packed = model(read, documents)
        for row, begin, end in ((0, 0, 5), (0, 5, 12), (1, 0, 9), (1, 9, 10), (1, 10, 12)):
            alone = model(read[row : row + 1, begin:end])[0]
            assert torch.allclose(packed[row, begin:end], alone, atol=1e-5)
        assert not torch.allclose(packed[0, 5:], model(read)[0, 5:], atol=1e-3)


@SHAPES
def test_padding_never_changes_a_loss(shape):
    """Behind a text, whatever it is filled with: neither the texts' losses nor their number."""
    model, read = strong(shape), tokens(3, 12)
    targets = tokens(3, 12, seed=2)
    targets[0, 7:] = targets[2, 1:] = UNCOUNTED
    with torch.no_grad():
        whole = model.summed_loss(model(read), targets)
        alone = sum(
            model.summed_loss(model(read[row : row + 1, :end]), targets[row : row + 1, :end])
            for row, end in ((0, 7), (1, 12), (2, 1))
        )
        assert whole.item() == pytest.approx(alone.item(), rel=1e-5)
        read[0, 7:] = read[2, 1:] = 0
        assert model.summed_loss(model(read), targets).item() == pytest.approx(whole.item(), rel=1e-6)
        assert (model.target_log_likelihoods(model(read), targets)[targets == UNCOUNTED] == 0).all()
        assert model.summed_loss(model(read), torch.full_like(targets, UNCOUNTED)) == 0


def test_the_smoothed_loss_by_hand_and_its_floor():
    """Uniform over V it is log V, whatever the smoothing; over 5,000 tokens and .1 none is under 1.177 nats."""
    model = strong(replace(REPORT, vocabulary_size=5000))
    targets = torch.tensor([3, 7])
    with torch.no_grad():
        model.head.weight.zero_()
        model.head.bias.zero_()
        features = torch.zeros(2, 8)
        for smoothing in (0.0, 0.1):
            assert model.summed_loss(features, targets, smoothing).item() == pytest.approx(2 * math.log(5000), rel=1e-5)
        model.head.bias[3] = math.log((0.9 + 0.1 / 5000) / (0.1 / 5000))  # the smoothed target itself
        floor = model.summed_loss(features[:1], targets[:1], 0.1).item()
        assert floor == pytest.approx(1.177, abs=5e-4)
        for bias in (8.0, 9.0, 12.0, 20.0):
            model.head.bias[3] = bias
            assert model.summed_loss(features[:1], targets[:1], 0.1).item() > floor


@SHAPES
def test_likelihoods_losses_and_distributions_agree(shape):
    model, read, targets = strong(shape), tokens(2, 12), tokens(2, 12, seed=2)
    with torch.no_grad():
        features = model(read)
        whole = model.log_probabilities(features)
        assert torch.allclose(whole.exp().sum(dim=2), torch.ones(2, 12), atol=1e-5)
        chosen = whole.gather(2, targets[..., None])[..., 0]
        assert torch.allclose(model.target_log_likelihoods(features, targets), chosen, atol=1e-5)
        assert model.summed_loss(features, targets).item() == pytest.approx(-chosen.sum().item(), rel=1e-5)


def test_learnt_positions_are_as_many_as_the_window():
    model = strong(LEARNT)
    assert model.positions.weight.shape == (12, 8)
    model(tokens(1, 12))
    with pytest.raises(IndexError):
        model(tokens(1, 13))
    assert parameter_counts(strong(REPORT)).get("positions") is None  # sinusoids and rotations are not learnt
    assert parameter_counts(strong(MODERN)).get("positions") is None


@pytest.mark.parametrize(("width", "layers"), [(256, 2), (256, 3), (512, 2)])
def test_parameters_of_the_published_models_by_hand(width, layers):
    """Of 5,000 words and three special tokens; a block: attention 4 W W + 4 W, feed-forward 8 W W + 5 W, two norms 4 W."""
    shape = replace(REPORT, vocabulary_size=5003, width=width, layers=layers, heads=4, window=128)
    expected = {
        "embedding": 5003 * width,
        "blocks": layers * (12 * width * width + 13 * width),
        "norm": 2 * width,
        "head": 5003 * width + 5003,
    }
    counts = parameter_counts(GPT(shape))
    assert counts == expected
    totals = {(256, 2): 4_146_571, (256, 3): 4_936_331, (512, 2): 11_433_867}
    assert sum(counts.values()) == totals[width, layers]


def test_parameters_of_the_modern_block_by_hand():
    counts = parameter_counts(GPT(replace(MODERN, width=128, layers=4, heads=4, vocabulary_size=70)))
    assert counts == {"embedding": 70 * 128, "blocks": 4 * 12 * 128 * 128, "head": 70 * 128}
    tied = parameter_counts(GPT(replace(MODERN, tie_weights=True)))
    assert "head" not in tied
    assert parameter_counts(GPT(LEARNT))["head"] == 11  # the biases


def test_a_block_of_zero_projections_begins_as_the_identity_and_guesses_uniformly():
    torch.manual_seed(0)
    model = GPT(MODERN).eval()
    read = tokens(1, 12)
    with torch.no_grad():
        embedded = model.after_embedding(model.embedding(read))
        assert torch.equal(model(read), model.norm(embedded))
        assert torch.allclose(logits(model, read), torch.full((1, 12, 11), -math.log(11)), atol=1e-6)


@SHAPES
def test_a_fresh_model_guesses_about_uniformly(shape):
    torch.manual_seed(0)
    model = GPT(shape).eval()
    read, targets = tokens(8, 12), tokens(8, 12, seed=3)
    assert model.summed_loss(model(read), targets).item() / 96 == pytest.approx(math.log(11), abs=0.3)


def test_rotations_depend_on_distance_alone():
    """A rotary model reads the same text in the same way, wherever in a window it begins."""
    model, read = strong(MODERN), tokens(1, 6)
    before = tokens(1, 6, seed=5)
    documents = torch.tensor([[0] * 6 + [1] * 6])
    with torch.no_grad():
        shifted = model(torch.cat([before, read], dim=1), documents)[:, 6:]
        assert torch.allclose(shifted, model(read), atol=1e-5)


@pytest.mark.parametrize("masked", [False, True])
def test_attention_by_plain_products_is_pytorchs_own(masked):
    torch.manual_seed(0)
    queries, keys, values = (torch.randn(2, 3, 5, 4, requires_grad=True) for _ in range(3))
    mask = block_mask(torch.tensor([[0, 0, 1, 1, 1], [0, 1, 1, 1, 2]])) if masked else None
    expected = torch.nn.functional.scaled_dot_product_attention(queries, keys, values, attn_mask=mask, is_causal=not masked)
    found = attended(queries, keys, values, mask, 0.0)
    assert torch.allclose(found, expected, atol=1e-6)
    weights = torch.randn(2, 3, 5, 4)
    for one, other in zip(
        torch.autograd.grad((found * weights).sum(), (queries, keys, values)),
        torch.autograd.grad((expected * weights).sum(), (queries, keys, values)),
        strict=True,
    ):
        assert torch.allclose(one, other, atol=1e-5)


def test_our_rms_norm_and_its_gradient_are_pytorchs_own():
    torch.manual_seed(0)
    x = torch.randn(3, 4, 5, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(rms_norm, (x,))
    read = torch.randn(2, 7, 6, requires_grad=True)
    weights = torch.randn(2, 7, 6)
    found, expected = rms_norm(read), torch.nn.functional.rms_norm(read, (6,))
    assert torch.allclose(found, expected, atol=1e-6)
    ours, theirs = (torch.autograd.grad((y * weights).sum(), read)[0] for y in (found, expected))
    assert torch.allclose(ours, theirs, atol=1e-5)
    assert torch.equal(rms_norm(torch.zeros(1, 6)), torch.zeros(1, 6))
    assert rms_norm(read.bfloat16()).dtype is torch.bfloat16


def test_each_token_has_an_embedding_with_the_one_before_it():
    model = strong(replace(MODERN, pairs=1000))
    read, documents = torch.tensor([[3, 4, 5, 6]]), torch.tensor([[0, 0, 1, 1]])
    places = torch.arange(4)[None]
    rows = model._rows_of_pairs(read, places, None)
    assert rows.tolist() == [[3, 3 * 11 + 4, 4 * 11 + 5, 5 * 11 + 6]]
    apart = model._rows_of_pairs(read, torch.tensor([[0, 1, 0, 1]]), None)  # nothing of another document
    assert apart.tolist() == [[3, 3 * 11 + 4, 5, 5 * 11 + 6]]
    assert model(read, documents).shape == (1, 4, 8)
    assert parameter_counts(model)["pairs"] == 8000


@SHAPES
def test_hidden_matrices_are_those_of_the_blocks(shape):
    model = GPT(shape)
    matrices = model.hidden_matrices()
    assert len(matrices) == 2 * 6
    assert all(matrix.ndim == 2 for matrix in matrices)
    ids = {id(matrix) for matrix in matrices}
    assert id(model.embedding.weight) not in ids
    assert model.head is None or id(model.head.weight) not in ids


@SHAPES
def test_a_saved_model_is_the_same_model(tmp_path, shape):
    model, read = strong(shape), tokens(2, 12)
    gpt.save(model, tmp_path)
    again = gpt.load(tmp_path, "cpu")
    assert again.shape == shape
    assert torch.equal(model(read), again(read))
    described = json.loads((tmp_path / "architecture.json").read_text())
    assert described["parameters"] == sum(parameter.numel() for parameter in model.parameters())


def test_a_model_without_its_files_or_with_others_is_refused(tmp_path):
    with pytest.raises(VersoError, match=r"weights\.safetensors: not found; train the model first"):
        gpt.load(tmp_path, "cpu")
    gpt.save(strong(REPORT), tmp_path)
    gpt.save_architecture(strong(LEARNT), tmp_path / "architecture.json")
    with pytest.raises(VersoError, match="weights and architecture do not make a model"):
        gpt.load(tmp_path, "cpu")
