import json
import math

import pytest
import torch

from verso.errors import VersoError
from verso.language_modelling.recurrent_lm.model import RecurrentLM, detach, load, parameter_counts, save

REPORT = {"embedding": 128, "hidden": 256, "layers": 2, "dropout": 0.3, "tie_weights": False, "softmax": "plain", "cutoffs": []}
SMALL = {"embedding": 8, "hidden": 16, "layers": 2, "dropout": 0.3, "tie_weights": False, "softmax": "plain", "cutoffs": []}
KINDS = [
    {},
    {"softmax": "adaptive", "cutoffs": [4, 9]},
    {"tie_weights": True},
    {"tie_weights": True, "embedding": 16},
    {"layers": 1},
]


def small(cell="lstm", size=17, **changes):
    torch.manual_seed(7)
    return RecurrentLM(size, cell, **{**SMALL, **changes}).eval()


@pytest.mark.parametrize(
    ("size", "cell", "parameters"),
    [
        (19107, "rnn", 7_586_595),
        (19107, "lstm", 8_277_795),
        (19107, "gru", 8_047_395),
        (157, "rnn", 290_845),
        (157, "lstm", 982_045),
        (157, "gru", 751_645),
    ],
)
def test_the_report_s_models_have_the_report_s_parameters(size, cell, parameters):
    with torch.device("meta"):
        model = RecurrentLM(size, cell, **REPORT)
    assert sum(parameter_counts(model).values()) == parameters


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
@pytest.mark.parametrize("changes", KINDS)
def test_a_later_token_never_changes_an_earlier_output(cell, changes):
    model = small(cell, **changes)
    tokens = torch.randint(17, (3, 10))
    changed = tokens.clone()
    changed[:, 6:] = (changed[:, 6:] + 1) % 17
    before, _ = model(tokens, model.initial_state(3))
    after, _ = model(changed, model.initial_state(3))
    assert torch.equal(model.log_probabilities(before)[:, :6], model.log_probabilities(after)[:, :6])
    assert not torch.equal(before[:, 6:], after[:, 6:])


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_reading_in_pieces_with_the_state_carried_is_reading_at_once(cell):
    model, tokens = small(cell), torch.randint(17, (3, 10))
    whole, last = model(tokens, model.initial_state(3))
    first, state = model(tokens[:, :4], model.initial_state(3))
    second, state = model(tokens[:, 4:], detach(state))
    torch.testing.assert_close(torch.cat([first, second], dim=1), whole)
    torch.testing.assert_close(state, last)


@pytest.mark.parametrize("changes", KINDS)
def test_every_distribution_sums_to_one_and_agrees_with_loss_and_likelihoods(changes):
    model, tokens = small(**changes), torch.randint(17, (3, 10))
    targets = torch.randint(17, (3, 10))
    features, _ = model(tokens, model.initial_state(3))
    distributions = model.log_probabilities(features)
    assert distributions.shape == (3, 10, 17)
    torch.testing.assert_close(distributions.exp().sum(-1), torch.ones(3, 10))
    likelihoods = model.target_log_likelihoods(features, targets)
    assert likelihoods.shape == (3, 10)
    torch.testing.assert_close(likelihoods, distributions.gather(-1, targets[..., None]).squeeze(-1))
    torch.testing.assert_close(model.loss(features, targets), -likelihoods.mean())
    flat, chosen = features.reshape(30, -1), targets.reshape(30)
    scored, likeliest = model.scored(flat, chosen)
    torch.testing.assert_close(scored, likelihoods.reshape(30))
    assert torch.equal(likeliest, distributions.reshape(30, 17).argmax(dim=1))


def test_a_model_that_knows_nothing_costs_the_logarithm_of_the_vocabulary():
    model = small()
    torch.nn.init.zeros_(model.output.weight)
    torch.nn.init.zeros_(model.output.bias)
    features, _ = model(torch.randint(17, (2, 5)), model.initial_state(2))
    assert model.loss(features, torch.randint(17, (2, 5))).item() == pytest.approx(math.log(17))


@pytest.mark.parametrize("changes", [{}, *KINDS[2:4]])
def test_an_untrained_model_costs_about_a_uniform_guess(changes):
    model = small(size=200, **changes)
    features, _ = model(torch.randint(200, (8, 20)), model.initial_state(8))
    assert model.loss(features, torch.arange(160).view(8, 20)).item() == pytest.approx(math.log(200), rel=0.2)


@pytest.mark.parametrize("embedding", [8, 16])
def test_a_tied_output_is_the_embedding_itself(embedding):
    model = small(tie_weights=True, embedding=embedding)
    counts = parameter_counts(model)
    assert counts["embedding"] == 17 * embedding
    assert counts["output"] == 17  # the bias alone
    assert counts.get("projection", 0) == (0 if embedding == 16 else 16 * 8)
    features = torch.randn(1, 16)
    before = model.log_probabilities(features)
    with torch.no_grad():
        model.embedding.weight[3] += 1.0
    assert not torch.equal(model.log_probabilities(features), before)


def test_cutoffs_beyond_the_vocabulary_are_dropped_and_a_softmax_without_any_is_plain(caplog):
    caplog.set_level("INFO")
    assert small(softmax="adaptive", cutoffs=[4, 5000]).output.cutoffs == [4, 17]
    assert isinstance(small(softmax="adaptive", cutoffs=[17, 5000]).output, torch.nn.Linear)
    assert "softmax: plain" in caplog.text


def test_tying_with_an_adaptive_softmax_is_refused():
    with pytest.raises(VersoError, match="tie_weights"):
        small(tie_weights=True, softmax="adaptive", cutoffs=[4])


def test_an_unknown_cell_is_refused_with_the_known_ones():
    with pytest.raises(VersoError, match="rnn, lstm, gru"):
        small(cell="elman")


def test_dropout_works_in_training_alone_and_a_single_layer_has_none(recwarn):
    tokens = torch.randint(17, (2, 6))
    model = small(dropout=0.5)
    assert torch.equal(model(tokens, model.initial_state(2))[0], model(tokens, model.initial_state(2))[0])
    model.train()
    assert not torch.equal(model(tokens, model.initial_state(2))[0], model(tokens, model.initial_state(2))[0])
    small(layers=1, dropout=0.5)
    assert not recwarn.list  # PyTorch warns of a dropout that lies nowhere


@pytest.mark.parametrize("changes", KINDS)
def test_a_saved_model_comes_back_with_the_same_outputs_and_the_same_bytes(tmp_path, changes):
    model, tokens = small(**changes), torch.randint(17, (2, 6))
    save(model, tmp_path / "a")
    again = load(tmp_path / "a", "cpu")
    save(again, tmp_path / "b")
    assert not again.training
    features, _ = model(tokens, model.initial_state(2))
    other, _ = again(tokens, again.initial_state(2))
    assert torch.equal(model.log_probabilities(features), again.log_probabilities(other))
    for name in ("weights.safetensors", "architecture.json"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    described = json.loads((tmp_path / "a/architecture.json").read_text())
    assert described["parameters"] == sum(described["parameters_by_part"].values()) == sum(p.numel() for p in model.parameters())


def test_a_model_that_is_missing_or_does_not_fit_is_reported_in_one_sentence(tmp_path):
    with pytest.raises(VersoError, match="not found"):
        load(tmp_path, "cpu")
    save(small(), tmp_path)
    described = json.loads((tmp_path / "architecture.json").read_text())
    (tmp_path / "architecture.json").write_text(json.dumps({**described, "hidden": 17}))
    with pytest.raises(VersoError, match="do not make a model"):
        load(tmp_path, "cpu")
    (tmp_path / "weights.safetensors").write_bytes(b"broken")
    with pytest.raises(VersoError, match="do not make a model"):
        load(tmp_path, "cpu")
