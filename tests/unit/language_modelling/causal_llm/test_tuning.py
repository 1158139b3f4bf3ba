"""What a tuning learns from: the right tokens, counted alike whatever the batch, the padding and the parts."""

import itertools
import json
import math
import random

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tiny_llm import CPU, INSTRUCTION, SETTINGS, documents, with_random_adapters, write
from torch.nn import functional

from verso.errors import VersoError
from verso.language_modelling.causal_llm.training import RECITED_TOKENS, Tuning, beyond_window, examples
from verso.machine.hardware import pick_device_for_llm
from verso.pretrained.adapters import learnt_weights
from verso.pretrained.chat import Example, prompt_of

FEW = settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def model(tiny):
    return with_random_adapters(tiny.tunable()).eval()


@pytest.fixture(scope="module")
def songs(tiny, chat):
    """Of different lengths: cut at one line, two, three and so on."""
    found = []
    for number, line in enumerate(tiny.part("train").open()):
        document = json.loads(line)
        text = "\n".join(document["text"].splitlines()[: 1 + number % 6])
        found.append(chat.with_prompt(prompt_of(document, INSTRUCTION), text, document["id"]))
    return found


def task(model, train, validation=None, padding=5, parts=1, **changes):
    return Tuning(model, train, validation or train, {**SETTINGS, **changes}, 1, padding, CPU, parts)


def by_hand(model, example, first):
    """Summed nats of one text alone, without any padding, from the token `first` on."""
    tokens = torch.tensor([example.tokens])
    with torch.no_grad():
        likelihoods = model(input_ids=tokens).logits[0].double().log_softmax(-1)
    return -sum(float(likelihoods[place - 1, example.tokens[place]]) for place in range(first, len(example.tokens)))


def loss_and_gradient(tuning, batch):
    tuning.model.zero_grad()
    total, targets, shares = 0.0, 0, 0
    for share, counted in tuning.losses(batch):
        share.backward()
        total, targets, shares = total + float(share.detach()), targets + counted, shares + 1
    gradient = {name: parameter.grad.clone() for name, parameter in learnt_weights(tuning.model)}
    return total, targets, shares, gradient


# --- which tokens ---


@pytest.mark.parametrize("padding", [5, 2], ids=["a padding token", "padding by the end token"])
def test_the_loss_is_of_the_text_and_its_end_and_of_nothing_else(model, songs, padding):
    batch = songs[:5]
    found, targets, _, _ = loss_and_gradient(task(model, batch, padding=padding, batch=5, accumulation=1), batch)
    assert targets == sum(example.completion for example in batch)
    expected = sum(by_hand(model, example, example.prompt) for example in batch)
    assert found == pytest.approx(expected / targets, rel=1e-5)
    without_end = sum(by_hand(model, Example("", e.tokens[:-1], e.prompt), e.prompt) for e in batch)
    assert found > without_end / targets * (1 + 1e-4), "nobody learns to stop"


def test_the_prompt_is_learnt_only_where_the_settings_say_so(model, songs):
    batch = songs[:3]
    found, targets, _, _ = loss_and_gradient(task(model, batch, completion_only=False), batch)
    assert targets == sum(len(example.tokens) - 1 for example in batch)
    assert found == pytest.approx(sum(by_hand(model, example, 1) for example in batch) / targets, rel=1e-5)


@FEW
@given(order=st.permutations(range(12)), size=st.integers(1, 12), at_once=st.integers(1, 5), parts=st.integers(1, 3))
def test_the_mean_loss_and_its_gradient_are_the_same_in_any_micro_batches(model, songs, order, size, at_once, parts):
    batch = [songs[index] for index in order[:size]]
    in_parts = task(model, batch, batch=at_once, accumulation=-(-size // at_once), parts=parts)
    found, targets, shares, gradient = loss_and_gradient(in_parts, batch)
    whole, all_targets, one, expected = loss_and_gradient(task(model, batch, batch=size, accumulation=1), batch)
    assert (targets, one) == (all_targets, 1)
    assert shares == -(-size // max(1, at_once // parts))
    assert found == pytest.approx(whole, rel=1e-4)
    for name, tensor in gradient.items():
        assert torch.allclose(tensor, expected[name], rtol=1e-3, atol=1e-5), name


@FEW
@given(chosen=st.lists(st.integers(0, 19), min_size=2, max_size=6, unique=True), padding=st.integers(0, 319))
def test_padding_never_changes_a_loss(model, songs, chosen, padding):
    batch = [songs[index] for index in chosen]
    with torch.no_grad():
        summed, _ = task(model, batch, padding=padding)._summed_loss(batch)
    expected = sum(by_hand(model, example, example.prompt) for example in batch)
    assert float(summed) == pytest.approx(expected, rel=1e-5)


def test_the_validation_loss_is_the_mean_over_its_targets_whatever_is_computed_at_once(model, songs):
    expected = sum(by_hand(model, e, e.prompt) for e in songs[:7]) / sum(e.completion for e in songs[:7])
    with torch.no_grad():
        for at_once in (1, 2, 7):
            assert task(model, songs, songs[:7], batch=at_once).validate() == pytest.approx(expected, rel=1e-5)


def test_an_epoch_reads_every_text_once_in_an_order_of_its_own_and_goes_on_where_it_stopped(model, songs):
    tuning = task(model, songs, batch=2, accumulation=3)
    first, second = (list(tuning.batches(epoch, 0)) for epoch in (1, 2))
    assert [len(batch) for batch in first] == [6, 6, 6, 2]
    assert len(first) == tuning.steps
    names = [[example.document for batch in epoch for example in batch] for epoch in (first, second)]
    assert sorted(names[0]) == sorted(names[1]) == sorted(example.document for example in songs)
    assert names[0] != names[1]
    assert list(tuning.batches(1, 2)) == first[2:]


# --- NEFTune ---


def test_noise_is_on_the_embeddings_while_training_alone_and_of_the_right_size(tiny, songs):
    model = tiny.tunable()
    tuning = task(model, songs, neftune_noise_alpha=5.0)
    embeddings = model.get_input_embeddings()
    tokens = torch.tensor([songs[5].tokens])
    length, size = tokens.shape[1], embeddings.weight.shape[1]
    bound = 5.0 / math.sqrt(length * size)
    model.eval()
    assert torch.equal(embeddings(tokens), functional.embedding(tokens, embeddings.weight))
    model.train()
    noise = embeddings(tokens) - functional.embedding(tokens, embeddings.weight)
    assert 0.95 * bound < noise.abs().max() <= bound * 1.001
    assert noise.std() == pytest.approx(bound / math.sqrt(3), rel=0.1)  # of a uniform distribution
    assert not torch.equal(embeddings(tokens), embeddings(tokens)), "the same noise each time"
    with torch.no_grad():
        assert tuning.validate() != tuning.validate()  # the loop validates in evaluation mode, where it is silent
        model.eval()
        assert tuning.validate() == tuning.validate()


# --- by heart ---


def test_recited_is_the_share_of_fifty_tokens_before_the_first_error(model, songs):
    """The greedy text itself is recited whole; with an error at the k-th of the fifty, k - 1 of them are."""
    start = songs[0].tokens[: songs[0].prompt]
    chance = random.Random(1)
    opening = [*start, *(chance.randrange(6, 320) for _ in range(RECITED_TOKENS))]
    tokens = list(opening)
    with torch.no_grad():
        while len(tokens) < len(opening) + RECITED_TOKENS:
            tokens.append(int(model(input_ids=torch.tensor([tokens])).logits[0, -1].argmax()))
    end = [9] * 5  # what comes behind is not asked for
    whole = Example("a", [*tokens, *end], len(start))
    shares = []
    for wrong in (0, 1, 20, RECITED_TOKENS - 1):
        other = list(whole.tokens)
        place = len(opening) + wrong
        other[place] = (other[place] + 1) % 320
        shares.append(Example("b", other, len(start)))
    short = Example("c", whole.tokens[: len(opening) + RECITED_TOKENS], len(start))  # too short to tell
    with torch.no_grad():
        assert task(model, [whole]).observed()["train_recited"] == 1.0
        for example, expected in zip(shares, (0.0, 0.02, 0.4, 0.98), strict=True):
            assert task(model, [example]).observed()["train_recited"] == pytest.approx(expected)
        both = task(model, [whole, shares[2], short], [short]).observed()
    assert both["train_recited"] == pytest.approx(0.7)
    assert math.isnan(both["validation_recited"])


# --- texts longer than the window ---


@pytest.fixture
def long_songs(tmp_path):
    return write(tmp_path / "train.jsonl", [*documents("Marea Alta", 2, 40, "long"), *documents("The Slow Tide", 1, 1, "short")])


def whole_of(path, chat):
    rows = [json.loads(line) for line in path.open()]
    return {row["id"]: chat.with_prompt(prompt_of(row, INSTRUCTION), row["text"], row["id"]) for row in rows}


def test_a_text_longer_than_the_window_is_cut_and_the_log_says_how_much_is_lost(long_songs, chat, caplog):
    found = examples(long_songs, chat, INSTRUCTION, {**SETTINGS, "max_length": 128})
    whole = whole_of(long_songs, chat)
    assert [example.document for example in found] == list(whole)
    assert [example.tokens for example in found] == [example.tokens[:128] for example in whole.values()]
    lost = sum(max(0, len(example.tokens) - 128) for example in whole.values())
    assert f"2 texts are longer than the window of 128 tokens; {lost} tokens beyond it are not learnt" in caplog.text
    assert beyond_window(found, "cut") == (2, lost)


@pytest.mark.parametrize("window", [100, 128, 129, 200])
def test_a_text_that_is_split_is_learnt_to_its_end_each_token_once(long_songs, chat, caplog, window):
    found = examples(long_songs, chat, INSTRUCTION, {**SETTINGS, "max_length": window, "long_texts": "split"})
    assert "2 texts are longer than the window" in caplog.text
    assert "they are learnt in pieces" in caplog.text
    assert beyond_window(found, "split") == (2, 0)
    assert all(len(example.tokens) <= window for example in found)
    for name, example in whole_of(long_songs, chat).items():
        pieces = [piece for piece in found if piece.document == name]
        assert all(piece.tokens[: piece.prompt] == example.tokens[: example.prompt] for piece in pieces)
        learnt = itertools.chain.from_iterable(piece.tokens[piece.prompt :] for piece in pieces)
        assert list(learnt) == example.tokens[example.prompt :]


def test_a_prompt_that_fills_the_window_is_an_error_that_names_the_document(long_songs, chat):
    instruction = {"instruction": "Sing of the sea. " * 20, "input": "{artist}"}
    longest = max(example.prompt for example in whole_of(long_songs, chat).values())
    least = {**SETTINGS, "max_length": longest + 2}
    assert min(example.completion for example in examples(long_songs, chat, INSTRUCTION, least)) == 2
    with pytest.raises(VersoError, match=f"its prompt takes {longest} of the window's {longest + 1} tokens"):
        examples(long_songs, chat, INSTRUCTION, {**SETTINGS, "max_length": longest + 1})
    with pytest.raises(VersoError, match=r"Marea Alta long 0: its prompt takes \d+ of the window's 64 tokens"):
        examples(long_songs, chat, instruction, {**SETTINGS, "max_length": 64})


def test_a_part_without_texts_is_an_error(tmp_path, chat):
    with pytest.raises(VersoError, match=r"empty.jsonl: no document"):
        examples(write(tmp_path / "empty.jsonl", []), chat, INSTRUCTION, SETTINGS)


# --- number types ---


@pytest.mark.parametrize(
    ("capability", "dtype"),
    [((7, 5), torch.float16), ((8, 0), torch.bfloat16), ((9, 0), torch.bfloat16), ((7, 0), torch.float16)],
)
def test_a_card_computes_in_the_halves_that_it_has_whatever_pytorch_says(monkeypatch, capability, dtype):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda: True)  # by emulation, on cards before sm_80
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda *device: capability)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda *device: "A card")
    assert pick_device_for_llm(1).dtype is dtype
    assert pick_device_for_llm(0).device.type == "cpu"


def test_a_card_that_was_requested_and_is_not_there_is_said_before_days_on_a_cpu(monkeypatch):
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)
    with pytest.raises(VersoError, match=r"gpus: 1.*there is none"):
        pick_device_for_llm(1)


def test_without_a_card_all_is_float32():
    found = pick_device_for_llm(0)
    assert (found.device.type, found.dtype) == ("cpu", torch.float32)
