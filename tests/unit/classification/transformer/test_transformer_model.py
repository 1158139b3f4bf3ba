"""A Transformer classifier: padding never counts, positions do, and the report's model has the size that arithmetic gives it."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional as F

from verso.classification.text_classifier import parameter_counts
from verso.classification.transformer.estimate import weights
from verso.classification.transformer.family import TransformerClassifier
from verso.classification.transformer.model import Block, build
from verso.contract import CorpusSize
from verso.text.tokens import PADDING

REPORT = TransformerClassifier(family="transformer_classifier").model_dump()
SMALL = {**REPORT, "embedding": 8, "heads": 2, "feed_forward": 12, "dense": [10, 6], "length": 14, "layers": 2}
VOCABULARY = 30
ALL = [
    {"pooling": pooling, "positions": positions}
    for pooling in ("flatten", "mean", "first")
    for positions in ("sinusoidal", "learnt")
]


def small(seed=0, labels=5, **changes):
    torch.manual_seed(seed)
    return build({**SMALL, **changes}, VOCABULARY, labels).eval()


def named(changes):
    return "-".join(changes.values())


def block_of(width, inner):
    """Query, key, value and output; both feed-forward layers; two norms, with their biases."""
    return 4 * (width * width + width) + (width * inner + inner) + (inner * width + width) + 2 * 2 * width


@pytest.mark.parametrize("positions", ["sinusoidal", "learnt"])
@pytest.mark.parametrize(("pooling", "inputs"), [("flatten", 350 * 128), ("mean", 128), ("first", 128)])
@pytest.mark.parametrize("layers", [1, 2])
def test_the_report_s_model_has_the_parameters_of_its_layers(pooling, inputs, positions, layers):
    tokens, labels = 5000, 19
    with torch.device("meta"):
        model = build({**REPORT, "pooling": pooling, "positions": positions, "layers": layers}, tokens, labels)
    expected = {
        "embedding": tokens * 128,
        "blocks": layers * block_of(128, 512),  # 198,272 each
        "dense": inputs * 512 + 512 + 512 * 256 + 256,
        "output": 256 * labels + labels,
    } | ({"positions": 350 * 128} if positions == "learnt" else {})
    assert parameter_counts(model) == expected


def test_the_report_s_model_is_its_first_dense_layer_for_the_most_part():
    with torch.device("meta"):
        model = build(REPORT, 3901, 19)  # of the conversations, whose 350 texts give 3,901 tokens
    counts = parameter_counts(model)
    assert counts == {"embedding": 499_328, "blocks": 198_272, "dense": 23_069_440, "output": 4_883}
    assert sum(counts.values()) == 23_771_923


@pytest.mark.parametrize("changes", ALL, ids=named)
def test_the_estimate_counts_the_weights(changes):
    entry = TransformerClassifier(family="transformer_classifier", tokens="word", **changes)
    size = CorpusSize(100_000, 20_000, 80, 5000, 400)
    with torch.device("meta"):
        model = build(entry.model_dump(), 5000, 19)
    own = sum(parameter_counts(model).values())
    assert weights(entry, size) == pytest.approx(own, rel=0.01)


@pytest.mark.parametrize("changes", ALL, ids=named)
@settings(max_examples=12, deadline=None)
@given(data=st.data())
def test_predictions_are_equal_whatever_is_padded_behind(changes, data):
    """Behind each text stand neighbours' lengths, any number of places, and even tokens that are no padding."""
    model = small(**changes)
    texts = data.draw(st.lists(st.lists(st.integers(1, VOCABULARY - 1), min_size=1, max_size=9), min_size=1, max_size=4))
    wide = max(map(len, texts)) + data.draw(st.integers(0, 14 - max(map(len, texts))))
    lengths = torch.tensor([len(text) for text in texts])
    padded = torch.tensor([text + [PADDING] * (wide - len(text)) for text in texts])
    together = model(padded, lengths)
    for row, text in enumerate(texts):
        alone = model(torch.tensor([text]), lengths[row : row + 1])
        torch.testing.assert_close(together[row : row + 1], alone, rtol=1e-5, atol=1e-6)
    junk = torch.where(torch.arange(wide) < lengths[:, None], padded, torch.randint(1, VOCABULARY, padded.shape))
    torch.testing.assert_close(model(junk, lengths), together, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("changes", ALL, ids=named)
def test_every_token_counts_and_so_does_its_place(changes):
    model, text, length = small(**changes), torch.tensor([[4, 9, 2, 17, 8, 21, 5]]), torch.tensor([7])
    embedded = model.embedding(text).detach().requires_grad_()
    model.features(embedded, length)[0].square().sum().backward()
    assert (embedded.grad.abs().sum(dim=2)[0] > 0).all()
    turned = torch.tensor([[4, 9, 17, 2, 8, 21, 5]])
    assert not torch.allclose(model(text, length), model(turned, length))


def test_learnt_positions_are_as_many_as_a_text_has_places():
    """The report has as many as its vocabulary has tokens."""
    assert tuple(small(positions="learnt").positions.weight.shape) == (14, 8)
    model = small(positions="learnt", pooling="flatten")
    assert model(torch.ones(2, 14, dtype=torch.int64), torch.tensor([14, 14])).isfinite().all()


def test_a_block_is_pytorch_s_encoder_layer():
    torch.manual_seed(1)
    block = Block(8, 2, 12, 0.0).eval()
    theirs = torch.nn.TransformerEncoderLayer(8, 2, 12, 0.0, batch_first=True).eval()
    read = [block.query, block.key, block.value]
    theirs.self_attn.in_proj_weight.data.copy_(torch.cat([layer.weight for layer in read]))
    theirs.self_attn.in_proj_bias.data.copy_(torch.cat([layer.bias for layer in read]))
    for ours, other in (
        (block.out, theirs.self_attn.out_proj), (block.inner, theirs.linear1), (block.outer, theirs.linear2),
        (block.after_attention, theirs.norm1), (block.after_feed_forward, theirs.norm2),
    ):  # fmt: skip
        other.load_state_dict(ours.state_dict())
    x, counts = torch.randn(3, 5, 8), torch.arange(5) < torch.tensor([[5], [1], [3]])
    found, expected = block(x, counts), theirs(x, src_key_padding_mask=~counts)
    torch.testing.assert_close(found[counts], expected[counts])


def test_the_loss_is_the_cross_entropy_of_logits():
    """The report feeds log-probabilities to a loss that takes their logarithm again."""
    model, tokens, lengths = small(), torch.randint(1, VOCABULARY, (3, 6)), torch.tensor([6, 2, 4])
    logits = model.output(model.features(model.embedding(tokens), lengths))
    classes = torch.tensor([0, 3, 1])
    torch.testing.assert_close(-model(tokens, lengths)[range(3), classes], F.cross_entropy(logits, classes, reduction="none"))


@pytest.mark.parametrize("layers", [1, 2])
def test_attention_is_shared_among_the_tokens_of_a_text_alone(layers):
    model, tokens, lengths = small(layers=layers), torch.randint(1, VOCABULARY, (2, 6)), torch.tensor([6, 2])
    shares = model.attention(tokens, lengths)
    torch.testing.assert_close(shares.sum(dim=1), torch.ones(2))
    assert (shares[1, 2:] == 0).all()
    torch.testing.assert_close(shares[1:, :2], model.attention(tokens[1:, :2], lengths[1:]))


def test_attention_s_weights_are_those_that_the_block_uses():
    torch.manual_seed(2)
    block, x, counts = Block(8, 2, 12, 0.0), torch.randn(2, 4, 8), torch.arange(4) < torch.tensor([[4], [3]])
    values = block._in_heads(block.value(x))
    mixed = block.out((block.weights(x, counts) @ values).transpose(1, 2).flatten(2))
    inner = block.after_attention(x + mixed)
    torch.testing.assert_close(block.after_feed_forward(inner + block.outer(F.relu(block.inner(inner)))), block(x, counts))
