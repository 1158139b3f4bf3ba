"""Plausible mistakes of a person who writes a first config of an encoder: each is told what is meant."""

import copy

import pytest
from config_faults import faults_of

HUB = {"type": "hub", "repository": "microsoft/mdeberta-v3-base", "revision": "0" * 40, "licence": "mit"}
SOUND = {
    "corpora": {"reviews": {"kind": "labelled", "source": {"path": "reviews.csv"}, "labels": [1, 2, 3]}},
    "pretrained": {"mdeberta": HUB},
    "models": {"encoder": {"family": "encoder", "pretrained": "mdeberta", "tuning": "lora"}},
    "experiments": {"polarity": {"corpus": "reviews", "models": ["encoder"]}},
}


@pytest.mark.parametrize(
    ("where", "value", "path", "told"),
    [
        ("models.encoder.backend", "unsloth", "", "unknown key; it is one of causal_llm, and this is encoder"),
        ("models.encoder.window", 9, "", "it is one of recurrent_lm, gpt, and this is encoder"),
        ("models.encoder.lora_alpha", 16, "", 'did you mean "lora.lora_alpha"?'),
        ("models.encoder.gpus", 1, "", 'did you mean "needs.gpus"?'),
        ("models.encoder.warmup_ratio", 0.1, "", 'did you mean "schedule.warmup"?'),
        ("models.encoder.per_device_train_batch_size", 8, "", 'did you mean "batch"?'),
        ("models.encoder.num_train_epochs", 3, "", 'did you mean "epochs"?'),
        ("models.encoder.max_lenght", 3, "", 'did you mean "max_length"?'),
        ("models.encoder.family", "encodr", "", "found 'encodr' (did you mean \"encoder\"?); must be one of recurrent_lm"),
        ("models.encoder.bf16", True, "", "unknown key; known: accumulation, batch"),
        ("models.encoder.schedule", "cosine", "", "found 'cosine'; must be a block of keys: name, factor, patience, warmup"),
        ("models.encoder.needs", {"vram_mb": 8000}, "", "vram_mb is memory of a card, and gpus is 0 by default"),
        ("models.encoder.pretrained", "microsoft/mdeberta-v3-base", "", 'did you mean "mdeberta"?'),
        ("models.encoder.pretrained", "google/bert", "", "is a name of the hub; give it an entry under `pretrained`"),
        ("corpora.reviews.language", "es", "", "must be a block of keys: keep, confidence"),
        ("corpora.reviews.sampling", {}, "", "unknown key; it is one of songs, manual, articles, and this is labelled"),
        (
            "corpora.reviews.own_texts",
            [{"text": "Fine.", "label": 4}],
            "corpora.reviews",
            "own_texts[0].label is 4; this corpus has: 1, 2, 3",
        ),
        ("experiments.polarity.models", "encoder", "", "found 'encoder'; must be a list, [encoder]"),
        ("pretrained.mdeberta.revision", None, "", "is missing: A commit of 40 hexadecimal digits"),
    ],
)
def test_a_plausible_mistake_is_reported_with_what_is_meant(where, value, path, told):
    raw = copy.deepcopy(SOUND)
    *blocks, key = where.split(".")
    block = raw
    for name in blocks:
        block = block[name]
    block[key] = value
    if value is None:
        del block[key]
    assert told in faults_of(raw)[path or where]
