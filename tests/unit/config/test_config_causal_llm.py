"""Config of pretrained causal language models: what is refused, and that it says what would be right."""

import copy
import datetime

import pytest

from verso.config.load import load
from verso.errors import VersoError

LLM = {"family": "causal_llm", "pretrained": "mistral"}
MINIATURE = {"type": "miniature", "architecture": "mistral", "corpus": "songs"}
SOUND = {
    "corpora": {
        "songs": {"kind": "songs", "source": {"path": "songs.jsonl"}},
        "book": {"kind": "manual", "source": {"path": "book.txt"}},
        "reviews": {"kind": "labelled", "source": {"path": "reviews.csv"}},
    },
    "pretrained": {"mistral": MINIATURE},
    "models": {"tuned": LLM, "base": {**LLM, "tuning": "none"}},
    "experiments": {"lyrics": {"corpus": "songs", "models": ["tuned", "base"]}},
}


def faults(change):
    """The fault lines that loading a changed sound config gives, as {path: message}."""
    raw = copy.deepcopy(SOUND)
    change(raw)
    with pytest.raises(VersoError) as caught:
        load(raw, "config/config.yaml")
    _, *lines = str(caught.value).splitlines()
    return {path: message.strip() for path, message in (line.strip().split("  ", 1) for line in lines)}


def of_tuned(**settings):
    return lambda raw: raw["models"]["tuned"].update(settings)


def test_a_sound_model_is_the_report_s():
    found = load(SOUND, "x").models["tuned"]
    assert (found.quantisation, found.max_length, found.batch, found.accumulation, found.epochs) == ("nf4", 2048, 2, 8, 3)
    assert (found.lora.r, found.lora.lora_alpha, found.lora.lora_dropout) == (32, 64, 0)
    assert len(found.lora.target_modules) == 7
    assert (found.learning_rate, found.weight_decay, found.optimiser) == (2e-4, 0.01, "adamw_8bit")
    assert (found.schedule.name, found.schedule.warmup) == ("linear", 5)


def test_an_unknown_base_is_named_with_the_one_that_was_meant():
    found = faults(of_tuned(pretrained="mistrl"))
    assert 'did you mean "mistral"?' in found["models.tuned.pretrained"]


@pytest.mark.parametrize("stride", [2048, 2049, 100_000])
def test_a_stride_that_leaves_a_token_without_context_is_refused(stride):
    assert (
        f"scoring.stride ({stride}) must be less than max_length (2048)"
        in faults(of_tuned(scoring={"stride": stride}))["models.tuned"]
    )


def test_the_usual_stride_is_within_a_short_window_too():
    assert load({**SOUND, "models": {**SOUND["models"], "tuned": {**LLM, "max_length": 1025}}}, "x")


def test_a_manual_is_not_learnt_by_its_first_window_alone():
    def on_a_manual(raw):
        raw["experiments"]["lyrics"] |= {"corpus": "book", "models": ["tuned"]}

    assert "set long_texts: split" in faults(on_a_manual)["experiments.lyrics.models[0]"]
    raw = copy.deepcopy(SOUND)
    on_a_manual(raw)
    raw["models"]["tuned"]["long_texts"] = "split"
    assert load(raw, "x")


def test_a_base_that_learns_nothing_may_score_a_manual():
    raw = copy.deepcopy(SOUND)
    raw["experiments"]["lyrics"] |= {"corpus": "book", "models": ["base"]}
    assert load(raw, "x")


def test_it_runs_on_no_corpus_of_labels():
    found = faults(lambda raw: raw["experiments"]["lyrics"].update(corpus="reviews"))
    assert (
        '"tuned" is of family causal_llm, which cannot run on a corpus of kind labelled' in found["experiments.lyrics.models[0]"]
    )


@pytest.mark.parametrize(
    ("settings", "where", "what"),
    [
        ({"lora": {"r": 0}}, "models.tuned.lora.r", "greater than or equal to 1"),
        ({"lora": {"alpha": 3}}, "models.tuned.lora.alpha", 'did you mean "lora_alpha"?'),
        ({"lora": {"target_modules": ["q_proj", "q_proj"]}}, "models.tuned", "names a layer more than once"),
        ({"lora": {"target_modules": []}}, "models.tuned.lora.target_modules", "at least 1"),
        ({"quantisation": "int8"}, "models.tuned.quantisation", "'nf4' or 'none'"),
        ({"tuning": "full"}, "models.tuned.tuning", "'lora' or 'none'"),
        ({"neftune_noise_alpha": 0}, "models.tuned.neftune_noise_alpha", "greater than 0"),
        ({"needs": {"gpus": 2}}, "models.tuned.needs.gpus", "less than or equal to 1"),
    ],
)
def test_a_fault_names_the_key_and_what_is_right(settings, where, what):
    found = faults(of_tuned(**settings))
    assert any(path.startswith(where) and what in message for path, message in found.items()), found


def test_unsloth_with_adapters_that_it_does_not_know_is_refused_before_anything_runs():
    found = faults(of_tuned(backend="unsloth", lora={"use_dora": True}))
    assert "backend: unsloth computes no DoRA" in found["models.tuned"]
    raw = copy.deepcopy(SOUND)
    of_tuned(backend="auto", lora={"use_dora": True})(raw)
    assert load(raw, "x").models["tuned"].backend == "auto"


def test_a_base_that_nobody_tuned_cannot_be_merged():
    found = faults(of_tuned(tuning="none", merge=True))
    assert "merge: true wants adapters to merge" in found["models.tuned"]


# --- what a chat template is told ---


def test_the_day_of_a_template_is_fixed_whether_it_is_quoted_or_not():
    for written in ("2026-01-05", datetime.date(2026, 1, 5)):  # YAML reads a bare one as a day
        raw = copy.deepcopy(SOUND)
        of_tuned(chat_template={"date": written})(raw)
        assert load(raw, "x").models["tuned"].chat_template.date == "2026-01-05"
    found = faults(of_tuned(chat_template={"date": "5 January"}))
    assert found["models.tuned.chat_template.date"] == '"5 January" is no day; write year-month-day, such as "2024-07-26"'


def test_reasoning_is_off_unless_the_config_says_otherwise_and_the_conversation_is_no_variable():
    for written, variables in (
        ({}, {"enable_thinking": False}),
        ({"a": 1, "enable_thinking": True}, {"enable_thinking": True, "a": 1}),
    ):
        raw = copy.deepcopy(SOUND)
        of_tuned(chat_template={"variables": written})(raw)
        assert load(raw, "x").models["tuned"].chat_template.variables == variables
    found = faults(of_tuned(chat_template={"variables": {"messages": []}}))
    assert found["models.tuned.chat_template.variables"] == "messages cannot be set: Verso gives the template these itself"
