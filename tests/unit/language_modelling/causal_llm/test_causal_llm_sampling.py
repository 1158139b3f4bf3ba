"""Texts that a pretrained model writes: asked by name, drawn by numbers of their own, ended where they end."""

import copy
import json

import pytest
import torch
from calls import ASKED, ignore
from hypothesis import given, settings
from hypothesis import strategies as st
from tiny_llm import ARTISTS, SETTINGS, with_random_adapters

from verso.errors import VersoError
from verso.files import read_json, read_json_lines
from verso.jobs import logs
from verso.language_modelling.causal_llm import sampling as module
from verso.language_modelling.causal_llm.sampling import sample, write_batch
from verso.language_modelling.sampling import Request, own_draws
from verso.pretrained import causal_llm
from verso.pretrained.backends import described
from verso.pretrained.chat import Chat
from verso.pretrained.generation import Draw

DECODING = {"temperature": 1.0, "top_p": 1.0, "top_k": 0, "repetition_penalty": 1.0}
SAMPLING = {
    "seed": 42, "per_group": 3, "prime": "group", "prompts": ["not for these models"],
    "instructions": ["Write lyrics in the style of {group}.", "Sing, {group}!"], "decoding": DECODING,
    "max_tokens": {"char": 5, "word": 5, "subword": 24}, "groups": {},
}  # fmt: skip


# --- the draw ---


def test_a_model_that_gives_no_numbers_is_said_to_do_so():
    """Else a card ends by an assertion about an index, and after it answers nothing more."""
    scores = torch.tensor([[0.5, 0.5], [torch.nan, 0.5]]).log()
    with pytest.raises(VersoError, match="float16 overflowed"):
        Draw(torch.zeros(2, 1, dtype=torch.float64), 1)(torch.zeros(2, 1, dtype=torch.long), scores)


PROBABILITIES = st.lists(st.integers(0, 50), min_size=2, max_size=12).filter(sum)


@given(weights=PROBABILITIES, uniform=st.floats(0, 1, exclude_max=True))
def test_a_draw_inverts_the_distribution_the_likeliest_first(weights, uniform):
    scores = torch.tensor([weights], dtype=torch.float64).log()
    found = Draw(torch.tensor([[uniform]], dtype=torch.float64), 7)(torch.zeros(1, 7, dtype=torch.long), scores)
    token = int(found.isfinite().nonzero()[0, 1])
    assert found[0, token] == 0
    assert int(found.isfinite().sum()) == 1
    order = sorted(range(len(weights)), key=lambda place: -weights[place])
    before = sum(weights[place] for place in order[: order.index(token)]) / sum(weights)
    assert weights[token] > 0, "a token that cannot be was drawn"
    assert before - 1e-9 <= uniform <= before + weights[token] / sum(weights) + 1e-9


def test_as_many_draws_fall_on_a_token_as_its_probability_says():
    uniforms = torch.arange(1000, dtype=torch.float64)[:, None] / 1000
    scores = torch.tensor([0.5, 0.3, 0.0, 0.2], dtype=torch.float64).log().expand(1000, 4)
    found = Draw(uniforms, 1)(torch.zeros(1000, 1, dtype=torch.long), scores).argmax(dim=-1)
    counts = torch.bincount(found, minlength=4).tolist()
    assert counts[2] == 0
    assert all(abs(count - right) <= 1 for count, right in zip(counts, (500, 300, 0, 200), strict=True))


def test_each_place_of_a_text_has_its_own_number():
    uniforms = torch.tensor([[0.0, 0.999, 0.0]])
    scores = torch.tensor([[0.6, 0.4]]).log()
    found = [int(Draw(uniforms, 4)(torch.zeros(1, 4 + step, dtype=torch.long), scores).argmax()) for step in range(3)]
    assert found == [0, 1, 0]


# --- texts ---


@pytest.fixture(scope="module")
def model(tiny):
    return with_random_adapters(tiny.tunable()).eval()


def request(group="Marea Alta", number=0, prompt="Sing, {group}!", **decoding):
    return Request(group, number, prompt, {**DECODING, **decoding}, None)


def reference(model, chat, one, seed, limit):
    """The same text token by token, without cache, batch or transformers' generate."""
    tokens = chat.question(one.prompt.replace("{group}", one.group))
    written = []
    for uniform in own_draws(seed, one, limit).tolist():
        with torch.no_grad():
            scores = model(input_ids=torch.tensor([tokens])).logits[0, -1].double()
        seen = torch.tensor(sorted(set(tokens)))
        penalty = one.decoding["repetition_penalty"]
        scores[seen] = torch.where(scores[seen] < 0, scores[seen] * penalty, scores[seen] / penalty)
        scores /= one.decoding["temperature"]
        probabilities, order = scores.softmax(-1).sort(descending=True)
        if one.decoding["top_k"]:
            probabilities[one.decoding["top_k"] :] = 0
            probabilities /= probabilities.sum()
        before = probabilities.cumsum(0) - probabilities
        probabilities[before >= one.decoding["top_p"]] = 0
        place = int((probabilities.cumsum(0) <= uniform * probabilities.sum()).sum())
        token = int(order[place])
        if token == chat.tokenizer.eos_token_id:
            return written, "end"
        written.append(token)
        tokens.append(token)
    return written, "length"


@pytest.mark.parametrize(
    "decoding",
    [
        {},
        {"temperature": 0.5},
        {"top_k": 5},
        {"top_p": 0.7},
        {"repetition_penalty": 1.5},
        {"temperature": 0.8, "top_p": 0.9, "top_k": 40, "repetition_penalty": 1.3},
    ],
    ids=["as it is", "cold", "top-k", "top-p", "penalty", "all"],
)
def test_a_text_is_drawn_as_the_settings_say(model, chat, decoding):
    for number in range(3):
        one = request(number=number, **decoding)
        (row,) = write_batch(model, chat, [one], 42, 16)
        tokens, stopped = reference(model, chat, one, 42, 16)
        assert row["text"] == chat.tokenizer.decode(tokens, skip_special_tokens=True).strip()
        assert (row["tokens"], row["stopped"]) == (len(tokens), stopped)
        assert row["decoding"] == {**one.decoding, "max_tokens": 16, "seed": 42}


def test_what_the_makers_of_the_base_recommend_is_not_added_to_what_the_config_says(model, chat):
    (expected,) = write_batch(model, chat, [request()], 42, 16)
    kept = model.generation_config
    try:
        model.generation_config = type(kept)(
            do_sample=True, repetition_penalty=3.0, no_repeat_ngram_size=1, min_new_tokens=16, temperature=0.1, top_k=1
        )
        assert write_batch(model, chat, [request()], 42, 16) == [expected]
    finally:
        model.generation_config = kept


@pytest.mark.parametrize("padded_by_end", [False, True], ids=["a padding token", "padding by the end token"])
@pytest.mark.parametrize("penalty", [1.0, 1.5])
def test_a_text_does_not_depend_on_the_texts_beside_it(model, chat, penalty, padded_by_end):
    if padded_by_end:
        tokenizer = copy.deepcopy(chat.tokenizer)
        tokenizer.pad_token = None
        chat = Chat(tokenizer)
        assert chat.padding == tokenizer.eos_token_id
    some = [
        request("Marea Alta", 0, repetition_penalty=penalty),
        request("The Slow Tide", 0, "Please, " * 6 + "sing like {group}.", repetition_penalty=penalty),
        request("Marea Alta", 1, repetition_penalty=penalty),
        request("X", 0, "Go.", repetition_penalty=penalty),
    ]
    together = write_batch(model, chat, some, 42, 20)
    alone = [row for one in some for row in write_batch(model, chat, [one], 42, 20)]
    assert together == alone
    assert len({row["text"] for row in together}) == len(some)


def test_a_card_that_cannot_hold_so_many_texts_writes_fewer_at_a_time_and_the_same_ones(model, chat, monkeypatch, caplog):
    some = [request("Marea Alta", number) for number in range(7)]
    expected = write_batch(model, chat, some, 42, 8)
    sizes, write = [], module.write_batch

    def on_a_small_card(model, chat, batch, seed, limit):
        sizes.append(len(batch))
        if len(batch) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return write(model, chat, batch, seed, limit)

    monkeypatch.setattr(module, "write_batch", on_a_small_card)
    assert list(module.write_many(model, chat, some, 42, 8)) == expected
    assert sizes == [7, 7, 4, 2, 2, 2, 1]
    assert "texts are written 2 at a time" in caplog.text


def ending(tokenizer, after):
    """Scores that make a model end its text at the place `after`, and say [INST] before that; for the first text alone."""

    def look(self, input_ids, scores):
        found = torch.full_like(scores, -torch.inf)
        step = input_ids.shape[1] - self._longest
        found[:, tokenizer.convert_tokens_to_ids("[INST]") if step == 1 else 40] = 0.0
        if step >= after:
            found[0] = -torch.inf
            found[0, tokenizer.eos_token_id] = 0.0
        return found

    return look


@pytest.mark.parametrize("after", [0, 3, 5])
def test_a_text_ends_where_the_model_ends_it_and_else_at_the_limit(model, chat, monkeypatch, after):
    monkeypatch.setattr(Draw, "__call__", ending(chat.tokenizer, after))
    first, second = write_batch(model, chat, [request(), request(number=1)], 42, 6)
    assert (first["stopped"], first["tokens"]) == ("end", after)
    assert (second["stopped"], second["tokens"]) == ("length", 6)
    letter = chat.tokenizer.decode([40])
    assert first["text"] == (letter * (after - 1 if after > 1 else after)).strip()
    assert "[INST]" not in second["text"]


# --- samples.jsonl ---


@pytest.fixture(scope="module")
def run(tiny, model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("run") / "model"
    folder.mkdir()
    causal_llm.save_adapters(model, folder)
    about = {**SETTINGS, "quantisation": "none"}
    causal_llm.write_architecture(folder / "architecture.json", tiny.manifest, about, causal_llm.parameter_counts(model))
    return folder


def samples(tiny, run, folder, report=ignore, **changes):
    path = folder / "samples.jsonl"
    sample(
        tiny.part("train"), run, tiny.manifest, {**SAMPLING, **changes}, path, folder / "sampling_hardware.json", report, ASKED
    )
    return list(read_json_lines(path))


def test_every_group_gets_its_texts_requested_by_its_name_with_the_instructions_in_turn(tiny, run, tmp_path, monkeypatch):
    told = []
    monkeypatch.setattr(logs, "REPORT_SECONDS", 0.0)
    rows = samples(tiny, run, tmp_path, report=told.append)
    assert [(word["texts_done"], word["texts"]) for word in told] == [(done, 6) for done in range(1, 7)]
    assert [row["id"] for row in rows] == [f"{artist}-{number}" for artist in sorted(ARTISTS) for number in (1, 2, 3)]
    for row in rows:
        number = int(row["id"][-1])
        wanted = f"Sing, {row['group']}!" if number == 2 else f"Write lyrics in the style of {row['group']}."
        assert (row["instruction"], row["prompt"]) == (wanted, ""), "a text does not go on from what it was asked by"
        assert row["tokens"] <= 24
        assert row["text"] == row["continuation"]
        assert row["primed_with"] is None
    assert json.dumps(rows)


def test_what_writing_used_is_measured(tiny, run, tmp_path):
    rows = samples(tiny, run, tmp_path)
    used = read_json(tmp_path / "sampling_hardware.json")
    assert (used["tokens"], used["device"], used["asked"]) == (sum(row["tokens"] for row in rows), "cpu", ASKED)
    assert used["wall_seconds"] > 0
    assert used["backend"] == described("transformers")


def test_a_group_is_decoded_and_asked_in_its_own_way_and_the_other_s_texts_stay(tiny, run, tmp_path, monkeypatch):
    usual = {row["id"]: row for row in samples(tiny, run, tmp_path)}
    monkeypatch.setattr(module, "BATCH", 2)
    own = {"Marea Alta": {"temperature": 0.1, "instructions": ["Canta: {group}"], "prompts": None, "top_p": None}}
    rows = {row["id"]: row for row in samples(tiny, run, tmp_path, groups=own)}
    assert set(rows) == set(usual)
    for name, row in rows.items():
        if row["group"] == "Marea Alta":
            assert (row["instruction"], row["decoding"]["temperature"], row["decoding"]["top_p"]) == (
                "Canta: Marea Alta",
                0.1,
                1.0,
            )
        else:
            assert row == usual[name]


def test_a_group_that_is_not_there_is_an_error_and_no_file(tiny, run, tmp_path):
    with pytest.raises(VersoError, match=r'"Marea Baja": no group .* did you mean "Marea Alta"?'):
        samples(tiny, run, tmp_path, groups={"Marea Baja": {"temperature": 0.5}})
    assert not (tmp_path / "samples.jsonl").exists()


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 1000))
def test_the_same_seed_writes_the_same_text(model, chat, seed):
    one, two = (write_batch(model, chat, [request()], seed, 4) for _ in range(2))
    assert one == two
