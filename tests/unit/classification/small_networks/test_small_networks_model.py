"""Recurrent classifiers and TextCNN: what stands behind a text never counts, and the report's sizes are the report's."""

import json
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from verso.classification.label_heads import conditional_log_probabilities
from verso.classification.small_networks.files import build
from verso.classification.small_networks.recurrent import mirrored
from verso.classification.text_classifier import parameter_counts
from verso.classification.text_classifier_files import load, write_architecture
from verso.errors import VersoError
from verso.text.tokens import PADDING
from verso.training.weights import save_weights

REPORT = {
    "rnn": {"family": "recurrent_classifier", "cell": "rnn"},
    "gru": {"family": "recurrent_classifier", "cell": "gru"},
    "lstm": {"family": "recurrent_classifier", "cell": "lstm"},
    "textcnn": {"family": "textcnn"},
}
FULL = {
    "embedding": 128, "hidden": 256, "layers": 2, "dropout": 0.3, "bidirectional": False, "pooling": "last", "filters": 100,
    "widths": [3, 4, 5], "head": "softmax",
}  # fmt: skip
SMALL = {**FULL, "embedding": 8, "hidden": 12, "filters": 6}
VOCABULARY = 30
RECURRENT = [
    {"family": "recurrent_classifier", "cell": cell, "bidirectional": both, "pooling": pooling}
    for cell in ("rnn", "lstm", "gru")
    for both in (False, True)
    for pooling in ("last", "mean", "max")
]
ALL = [*RECURRENT, {"family": "textcnn"}]


def small(seed=0, labels=5, **changes):
    torch.manual_seed(seed)
    return build({**SMALL, **changes}, VOCABULARY, labels).eval()


def named(model):
    return "-".join(str(value) for value in model.values())


# 8,033 tokens, five labels, embedding 128, hidden 256. A recurrent layer of input I has g (256 I + 256 x 256 + 2 x 256) weights,
# g = 1 gate for an RNN, 3 for a GRU, 4 for an LSTM: with I = 128 then 256 that is g (98,816 + 131,584) = g x 230,400.
EMBEDDING = 8033 * 128  # 1,028,224
RECURRENT_OUTPUT = 256 * 5 + 5
CONVOLUTIONS = (3 + 4 + 5) * 128 * 100 + 3 * 100  # 153,900


@pytest.mark.parametrize(
    ("name", "parts", "total", "claimed"),
    [
        ("rnn", {"embedding": EMBEDDING, "recurrent": 230_400, "output": RECURRENT_OUTPUT}, 1_259_909, 1.26),
        ("gru", {"embedding": EMBEDDING, "recurrent": 691_200, "output": RECURRENT_OUTPUT}, 1_720_709, 1.72),
        ("lstm", {"embedding": EMBEDDING, "recurrent": 921_600, "output": RECURRENT_OUTPUT}, 1_951_109, 1.95),
        ("textcnn", {"embedding": EMBEDDING, "convolutions": CONVOLUTIONS, "output": 300 * 5 + 5}, 1_183_629, 1.18),
    ],
)
def test_the_report_s_classifiers_have_the_report_s_parameters(name, parts, total, claimed):
    with torch.device("meta"):
        counts = parameter_counts(build({**FULL, **REPORT[name]}, 8033, 5))
    assert sorted(counts.items()) == sorted(parts.items())
    assert sum(counts.values()) == total
    assert round(total / 1e6, 2) == claimed


@pytest.mark.parametrize("changes", ALL, ids=named)
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_logits_are_equal_whatever_is_padded_behind(changes, data):
    """Behind each text stand neighbours' lengths, any number of places, and even tokens that are no padding."""
    model = small(**changes)
    texts = data.draw(st.lists(st.lists(st.integers(1, VOCABULARY - 1), min_size=1, max_size=9), min_size=1, max_size=4))
    wide = max(map(len, texts)) + data.draw(st.integers(0, 12))
    lengths = torch.tensor([len(text) for text in texts])
    padded = torch.tensor([text + [PADDING] * (wide - len(text)) for text in texts])
    together = model(padded, lengths)
    for row, text in enumerate(texts):
        alone = model(torch.tensor([text]), lengths[row : row + 1])
        torch.testing.assert_close(together[row : row + 1], alone, rtol=1e-5, atol=1e-6)
    if changes["family"] == "recurrent_classifier" or min(map(len, texts)) >= 5:  # a short text is read with zeros behind it
        junk = torch.where(torch.arange(wide) < lengths[:, None], padded, torch.randint(1, VOCABULARY, padded.shape))
        torch.testing.assert_close(model(junk, lengths), together, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("changes", ALL, ids=named)
def test_every_token_of_a_text_counts(changes):
    model, text = small(**changes), torch.tensor([[4, 9, 2, 17, 8, 21, 5]])
    embedded = model.embedding(text).detach().requires_grad_()
    model.features(embedded, torch.tensor([7])).sum().backward()
    reached = embedded.grad.abs().sum(dim=2)[0] > 0
    if changes.get("pooling") != "max" and changes["family"] != "textcnn":  # a maximum may come of some tokens alone
        assert reached.all()
    assert reached.any()


@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_both_directions_are_what_pytorch_computes_of_packed_texts(cell):
    model = small(cell=cell, family="recurrent_classifier", bidirectional=True, layers=2)
    whole = {"rnn": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru": torch.nn.GRU}[cell](
        8, 12, 2, batch_first=True, bidirectional=True
    )
    for number, layer in enumerate(model.recurrent):
        for direction, ending in (("ahead", ""), ("back", "_reverse")):
            for name, value in layer[direction].named_parameters():
                getattr(whole, name.replace("_l0", f"_l{number}{ending}")).data.copy_(value)
    tokens, lengths = torch.randint(1, VOCABULARY, (4, 9)), torch.tensor([9, 1, 4, 6])
    embedded = model.embedding(tokens)
    packed = torch.nn.utils.rnn.pack_padded_sequence(embedded, lengths, batch_first=True, enforce_sorted=False)
    last = whole(packed)[1]
    last = last[0] if cell == "lstm" else last  # (layers x directions, B, H)
    torch.testing.assert_close(model.features(embedded, lengths), torch.cat([last[-2], last[-1]], dim=1))


def test_textcnn_is_the_highest_response_of_each_filter_on_the_text_alone():
    model = small(family="textcnn")
    text = torch.tensor([[4, 9, 2, 17, 8, 21]])
    embedded = model.embedding(text)[0]  # (T, E)
    by_hand = []
    for convolution, width in zip(model.convolutions, (3, 4, 5), strict=True):
        windows = [embedded[at : at + width] for at in range(6 - width + 1)]
        responses = [(convolution.weight * window.T).sum(dim=(1, 2)) + convolution.bias for window in windows]
        by_hand.append(torch.stack(responses).amax(dim=0).relu())
    torch.testing.assert_close(model.features(embedded[None], torch.tensor([6]))[0], torch.cat(by_hand))


def test_reading_from_the_end_twice_is_reading_as_it_stands():
    places = mirrored(torch.tensor([3, 1, 4]), 5)
    assert places.tolist() == [[2, 1, 0, 3, 4], [0, 1, 2, 3, 4], [3, 2, 1, 0, 4]]
    assert torch.equal(places.gather(1, places), torch.arange(5).expand(3, 5))


@pytest.mark.parametrize("head", ["softmax", "corn"])
@pytest.mark.parametrize("labels", [2, 5])
def test_probabilities_sum_to_one_with_either_head(head, labels):
    model = small(family="textcnn", head=head, labels=labels)
    log_probabilities = model(torch.randint(1, VOCABULARY, (6, 8)), torch.full((6,), 8))
    assert log_probabilities.shape == (6, labels)
    torch.testing.assert_close(log_probabilities.exp().sum(dim=1), torch.ones(6))
    assert set(model.predictions(log_probabilities).tolist()) <= set(range(labels))


def test_an_ordinal_head_multiplies_steps_as_corn_s_authors_do():
    """Scores 0: each step is a coin. Above the first with 1/2, above the second with 1/4."""
    torch.testing.assert_close(conditional_log_probabilities(torch.zeros(1, 2)).exp(), torch.tensor([[0.5, 0.25, 0.25]]))
    scores, labels = torch.randn(7, 4), torch.tensor([0, 1, 2, 3, 4, 4, 0])
    costs = torch.zeros(7)
    for step in range(4):  # Shi, Cao & Raschka 2021, equation 6: step j learns from the texts that are above the one before
        asked = labels > step - 1
        true = (labels > step).float()
        costs += asked * F.binary_cross_entropy_with_logits(scores[:, step], true, reduction="none")
    found = -conditional_log_probabilities(scores).gather(1, labels[:, None])[:, 0]
    torch.testing.assert_close(found, costs)


def test_an_ordinal_head_predicts_the_median():
    model = small(family="textcnn", head="corn")
    told = model.predictions(
        torch.tensor([[0.3, 0.1, 0.15, 0.2, 0.25], [0.6, 0.1, 0.1, 0.1, 0.1], [0.1, 0.1, 0.1, 0.1, 0.6]]).log()
    )
    assert told.tolist() == [2, 0, 4]  # of the first the likeliest is 0, yet as many say above 2 as below


@pytest.mark.parametrize("changes", [{"family": "textcnn"}, RECURRENT[4], {**RECURRENT[0], "head": "corn"}], ids=named)
def test_a_saved_classifier_is_read_back_whole(changes, tmp_path):
    model = small(**changes)
    save_weights(model, tmp_path / "weights.safetensors")
    write_architecture(model, ["1", "2", "3", "4", "5"], 128, tmp_path / "architecture.json")
    tokens, lengths = torch.randint(1, VOCABULARY, (3, 8)), torch.tensor([8, 2, 5])
    assert torch.equal(load(tmp_path, "cpu", build)[0](tokens, lengths), model(tokens, lengths))
    described = json.loads((tmp_path / "architecture.json").read_text())
    assert described["family"] == changes["family"]
    assert described["labels"] == ["1", "2", "3", "4", "5"]
    assert described["parameters"] == described["trainable"] == sum(described["parameters_by_part"].values())


def test_weights_of_another_architecture_are_refused(tmp_path):
    save_weights(small(family="textcnn"), tmp_path / "weights.safetensors")
    write_architecture(small(family="textcnn", filters=7), ["1", "2", "3", "4", "5"], 128, tmp_path / "architecture.json")
    with pytest.raises(VersoError, match="do not make a model"):
        load(tmp_path, "cpu", build)
    with pytest.raises(VersoError, match="train the model first"):
        load(tmp_path / "nowhere", "cpu", build)


def test_pretrained_vectors_are_taken_and_learnt_on_unless_they_are_frozen():
    vectors = {3: np.full(8, 0.25, np.float32), 7: np.full(8, -0.25, np.float32)}
    for frozen in (False, True):
        model = small(family="textcnn")
        model.take_vectors(vectors, frozen)
        weight = model.embedding.weight
        assert weight[3].tolist() == [0.25] * 8
        assert weight[7].tolist() == [-0.25] * 8
        assert weight[PADDING].tolist() == [0.0] * 8
        others = weight.detach()[[row for row in range(1, VOCABULARY) if row not in (3, 7)]]
        assert float(others.std()) == pytest.approx(math.sqrt(16 / 15) / 4, rel=0.2)  # as wide as the vectors are
        assert weight.requires_grad is not frozen
