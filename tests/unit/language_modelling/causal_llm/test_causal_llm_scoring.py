"""Scores of a pretrained model: each token once, after as much context as there is, and no document knows another."""

import json
import math
import time

import pytest
import torch
from calls import ASKED, ignore
from hypothesis import given
from hypothesis import strategies as st
from tiny_llm import INSTRUCTION, SETTINGS, documents, with_random_adapters, write

from verso.errors import VersoError
from verso.files import read_csv, read_json
from verso.jobs import logs
from verso.language_modelling.causal_llm.scoring import COLUMNS, log_likelihood, score, windows
from verso.pretrained import causal_llm
from verso.pretrained.adapters import learnt_weights
from verso.pretrained.backends import described
from verso.pretrained.chat import prompt_of

WINDOWS = st.integers(2, 60).flatmap(lambda window: st.tuples(st.just(window), st.integers(1, window - 1)))


@given(tokens=st.integers(2, 400), sizes=WINDOWS)
def test_every_token_but_the_first_is_scored_once_after_enough_context(tokens, sizes):
    window, stride = sizes
    found = windows(tokens, window, stride)
    assert [place for _, first, end in found for place in range(first, end)] == list(range(1, tokens))
    for begin, first, end in found:
        assert 0 <= begin < first < end <= tokens, "a token would be scored after nothing"
        assert end - begin <= window
        assert first - begin >= (window - stride if begin else 1)
    assert all(end - begin == window for begin, _, end in found[1:] or [])


def test_windows_by_hand():
    assert windows(5, 10, 4) == [(0, 1, 5)]
    assert windows(10, 10, 4) == [(0, 1, 10)]
    assert windows(11, 10, 4) == [(0, 1, 10), (1, 10, 11)]
    assert windows(17, 10, 4) == [(0, 1, 10), (4, 10, 14), (7, 14, 17)]
    assert windows(12, 4, 3) == [(0, 1, 4), (3, 4, 7), (6, 7, 10), (8, 10, 12)]


@pytest.fixture(scope="module")
def model(tiny):
    return with_random_adapters(tiny.tunable()).eval()


@pytest.fixture(scope="module")
def song(tiny):
    return next(json.loads(line) for line in tiny.part("test").open())


def by_hand(model, tokens, first):
    """Of the tokens from `first` on, in one pass."""
    with torch.no_grad():
        likelihoods = model(input_ids=torch.tensor([tokens])).logits[0].double().log_softmax(-1)
    return sum(float(likelihoods[place - 1, tokens[place]]) for place in range(first, len(tokens)))


def test_a_text_within_the_window_costs_what_one_pass_says_its_end_included_and_its_prompt_not(model, chat, song):
    alone = chat.without_prompt(song["text"], "song")
    asked = chat.with_prompt(prompt_of(song, INSTRUCTION), song["text"], "song")
    for example in (alone, asked):
        expected = by_hand(model, example.tokens, example.prompt)
        for window, stride in ((256, 128), (len(example.tokens), 1), (len(example.tokens), len(example.tokens) - 1)):
            assert log_likelihood(model, example, window, stride) == pytest.approx(expected, abs=1e-3)
    without_end = by_hand(model, alone.tokens[:-1], 1)
    assert without_end > log_likelihood(model, alone, 256, 128), "the end of the text costs nothing"


@pytest.mark.parametrize(("window", "stride"), [(32, 16), (32, 31), (32, 1), (50, 20)])
def test_of_a_long_text_each_token_is_judged_by_the_window_that_holds_it(model, chat, song, window, stride):
    for example in (
        chat.without_prompt(song["text"], "song"),
        chat.with_prompt(prompt_of(song, INSTRUCTION), song["text"], "song"),
    ):
        expected = 0.0
        for begin, first, end in windows(len(example.tokens), window, stride):
            for place in range(max(first, example.prompt), end):
                expected += by_hand(model, example.tokens[begin : place + 1], place - begin)
        assert log_likelihood(model, example, window, stride) == pytest.approx(expected, abs=1e-3)


def test_a_prompt_longer_than_the_window_is_not_counted(model, chat, song):
    asked = chat.with_prompt("Sing of the sea. " * 10, song["text"], "song")
    assert asked.prompt > 32
    total = by_hand(model, asked.tokens, 1)
    found = log_likelihood(model, asked, 32, 16)
    assert total < found < 0


# --- scores.csv ---


@pytest.fixture(scope="module")
def run(tiny, model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("run") / "model"
    folder.mkdir()
    causal_llm.save_adapters(model, folder)
    settings = {**SETTINGS, "quantisation": "none"}
    causal_llm.write_architecture(folder / "architecture.json", tiny.manifest, settings, causal_llm.parameter_counts(model))
    return folder


def scored(tiny, run, folder, part=None, report=ignore, **settings):
    path, used = folder / "scores.csv", folder / "scoring_hardware.json"
    how = {"prompt": "with", "stride": 128, **settings}
    score(part or tiny.part("test"), run, tiny.manifest, INSTRUCTION, how, path, used, report, ASKED)
    return read_csv(path)


def test_what_scoring_used_is_measured_and_how_far_it_is_is_reported(tiny, chat, run, tmp_path, monkeypatch):
    monkeypatch.setattr(logs, "REPORT_SECONDS", 0.0)
    begin, told = time.perf_counter(), []
    rows = scored(tiny, run, tmp_path, report=told.append)
    elapsed = time.perf_counter() - begin
    used = read_json(tmp_path / "scoring_hardware.json")
    alone = sum(
        chat.without_prompt(document["text"], "song").completion for document in map(json.loads, tiny.part("test").open())
    )
    assert used["tokens"] == sum(int(row["tokens"]) for row in rows) + alone, "each text is scored twice"
    assert elapsed / 2 < used["wall_seconds"] < elapsed
    assert (used["device"], used["asked"], used["gpu_hours"]) == ("cpu", ASKED, 0.0)
    assert [(word["texts_done"], word["texts"]) for word in told] == [(done, len(rows)) for done in range(1, len(rows) + 1)]
    assert told[-1]["seconds_left"] == 0
    assert used["backend"] == described("transformers")


def test_a_row_a_document_with_the_bytes_of_its_text(tiny, chat, model, run, tmp_path):
    rows = scored(tiny, run, tmp_path)
    texts = [json.loads(line) for line in tiny.part("test").open()]
    assert [tuple(row) for row in rows] == [COLUMNS] * len(texts)
    for row, document in zip(rows, texts, strict=True):
        text = document["text"]
        asked = chat.with_prompt(prompt_of(document, INSTRUCTION), text, "song")
        alone = chat.without_prompt(text, "song")
        assert (row["document"], row["group"]) == (document["id"], document["group"])
        counts = tuple(int(row[key]) for key in ("tokens", "unknown_tokens", "words", "characters", "bytes"))
        assert counts == (asked.completion, 0, len(text.split()), len(text), len(text.encode()))
        assert float(row["log_likelihood_prompted"]) == pytest.approx(by_hand(model, asked.tokens, asked.prompt), abs=1e-3)
        assert float(row["log_likelihood_reset"]) == pytest.approx(by_hand(model, alone.tokens, 1), abs=1e-3)
        assert (row["log_likelihood_carried"], float(row["spelling_log_likelihood"])) == ("", 0.0)
    assert any(int(row["bytes"]) > int(row["characters"]) for row in rows), "no text here has a letter of two bytes"


def test_either_cost_is_compared_and_both_are_written(tiny, tokenizer, run, tmp_path):
    with_it, without = (scored(tiny, run, tmp_path, prompt=prompt) for prompt in ("with", "without"))
    for asked, alone in zip(with_it, without, strict=True):
        assert (asked["state"], alone["state"]) == ("prompted", "reset")
        assert asked["log_likelihood"] == asked["log_likelihood_prompted"] == alone["log_likelihood_prompted"]
        assert alone["log_likelihood"] == alone["log_likelihood_reset"] == asked["log_likelihood_reset"]
        assert asked["log_likelihood"] != alone["log_likelihood"]
        assert int(asked["tokens"]) in (int(alone["tokens"]), int(alone["tokens"]) + 1)  # the template's space


def test_a_document_costs_the_same_whatever_stands_beside_it(tiny, run, tmp_path):
    texts = [json.loads(line) for line in tiny.part("test").open()]
    long = documents("Marea Alta", 1, 30, "long")
    all_of_them = scored(tiny, run, tmp_path / "all", write(tmp_path / "all.jsonl", [*long, *reversed(texts)]))
    for document in (*long, texts[0]):
        (alone,) = scored(tiny, run, tmp_path / "one", write(tmp_path / "one.jsonl", [document]))
        assert alone in all_of_them


def test_what_decides_the_figure_stands_beside_it_and_how_many_texts_it_touched(tiny, chat, run, tmp_path):
    texts = [json.loads(line) for line in tiny.part("test").open()]
    long = documents("Marea Alta", 1, 30, "long")
    for prompt, stride in (("with", 128), ("without", 200)):
        rows = scored(tiny, run, tmp_path, write(tmp_path / "part.jsonl", [*texts, *long]), prompt=prompt, stride=stride)
        assert {(row["window"], row["stride"]) for row in rows} == {("256", str(stride))}
        for row, document in zip(rows, [*texts, *long], strict=True):
            asked = chat.with_prompt(prompt_of(document, INSTRUCTION), document["text"], "song")
            example = asked if prompt == "with" else chat.without_prompt(document["text"], "song")
            assert int(row["windows"]) == len(windows(len(example.tokens), 256, stride))
        assert [int(row["windows"]) > 1 for row in rows] == [False] * len(texts) + [True]


def test_weights_that_are_no_numbers_give_an_error_and_no_scores(tiny, run, tmp_path):
    model = tiny.tunable()
    with torch.no_grad():
        for name, parameter in learnt_weights(model):
            if "layers.1.self_attn.o_proj" in name:
                parameter.fill_(math.nan)
    folder = tmp_path / "model"
    folder.mkdir()
    causal_llm.save_adapters(model, folder)
    (folder / "architecture.json").write_bytes((run / "architecture.json").read_bytes())
    with pytest.raises(VersoError, match=r"Marea Alta 2 0: its log-likelihood is nan; the weights are not finite"):
        scored(tiny, folder, tmp_path)
    assert not (tmp_path / "scores.csv").exists()
    assert not (tmp_path / "scoring_hardware.json").exists()


def test_the_base_itself_is_scored_like_a_tuned_model(tiny, run, tmp_path):
    about = json.loads((run / "architecture.json").read_text())
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "architecture.json").write_text(json.dumps({**about, "tuning": "none", "quantisation": "nf4"}))
    base, tuned = (scored(tiny, model, tmp_path) for model in (folder, run))
    assert [row["bytes"] for row in base] == [row["bytes"] for row in tuned]
    assert all(a["log_likelihood"] != b["log_likelihood"] for a, b in zip(base, tuned, strict=True))
