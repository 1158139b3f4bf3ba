"""What encoders and prompted models request: weights counted to the last one, and enough memory, not many times it."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from verso.classification.encoder.estimate import (
    IMPORTED_MB,
    MDEBERTA,
    SAVED_BYTES,
    architecture,
    memory_mb,
    seconds,
    vram_mb,
    vram_mb_of_use,
)
from verso.contract import CorpusSize, EvaluationSize
from verso.files import write_json
from verso.machine.speeds import CUDA_CONTEXT_MB
from verso.needs import request
from verso.needs.request import SNAKEMAKES_MB, expected_seconds
from verso.pretrained.estimate import SEVEN_BILLION, weights_mb
from verso.pretrained.model_config import UNKNOWN, configuration_of
from verso.pretrained.settings import Miniature
from verso.registry import FAMILY

DEBERTA = {**MDEBERTA, "vocab_size": 128_100}
ROBERTA = {"model_type": "roberta", "vocab_size": 50_265, "max_position_embeddings": 514, "type_vocab_size": 1}
SMALL = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "vocab_size": 320}
ODD = {  # all that a DeBERTa may have besides
    **SMALL, "model_type": "deberta-v2", "relative_attention": True, "pos_att_type": ["c2p", "p2c"], "conv_kernel_size": 3,
    "norm_rel_ebd": "layer_norm", "type_vocab_size": 2, "max_position_embeddings": 100,
}  # fmt: skip
REVIEWS = CorpusSize(characters=7_000_000, words=1_200_000, vocabulary_char=100, vocabulary_word=30_000, documents=17_000)
ON_A_CARD = {"gpus": 1}


def model(**settings):
    return FAMILY["encoder"].settings.model_validate({"family": "encoder", "pretrained": "base", **settings})


def prompt(**settings):
    return FAMILY["prompt"].settings.model_validate({"family": "prompt", "pretrained": "qwen", "needs": ON_A_CARD, **settings})


def needs_of_training(entry, size, **others):
    return request.needs_of_training(FAMILY[entry.family], entry, size, None, **others)


def needs_of_inference(entry, configuration, causes=()):
    return request.needs_of_inference(FAMILY[entry.family], entry, configuration, causes)


# --- weights ---


@pytest.mark.parametrize(
    ("configuration", "labels", "weights"),
    [
        (MDEBERTA, 5, 278_813_189),
        (DEBERTA, 2, 184_423_682),
        (ROBERTA, 2, 124_647_170),
        ({"model_type": "bert"}, 3, None),
        ({"model_type": "deberta-v2"}, 2, None),
        (ODD, 4, None),
        ({"model_type": "xlm-roberta", "vocab_size": 250_002, "max_position_embeddings": 514, "type_vocab_size": 1}, 5, None),
    ],
    ids=lambda value: value.get("model_type") if isinstance(value, dict) else None,
)
def test_all_weights_are_counted(configuration, labels, weights):
    from transformers import AutoConfig, AutoModelForSequenceClassification

    with torch.device("meta"):
        built = AutoModelForSequenceClassification.from_config(AutoConfig.for_model(**configuration, num_labels=labels))
    assert sum(weight.numel() for weight in built.parameters()) == architecture(configuration).parameters(labels)
    assert weights in (None, architecture(configuration).parameters(labels))


@pytest.mark.parametrize(
    ("r", "targets", "deberta", "roberta"),
    [(8, "", 296_450, 887_042), (8, "qkv", 443_906, 1_034_498), (4, "qkv", 222_722, 813_314), (4, "", 148_994, 739_586)],
)
def test_the_reports_tries_of_adapters_learn_as_many_weights(r, targets, deberta, roberta):
    names = {"q": "query", "k": "key", "v": "value"}
    for configuration, end, expected in ((DEBERTA, "_proj", deberta), (ROBERTA, "", roberta)):
        lora = {"r": r, "target_modules": [names[letter] + end for letter in targets] or None}
        assert architecture(configuration).trainable(model(tuning="lora", lora=lora), 2) == expected
    assert architecture(DEBERTA).trainable(model(tuning="lora", lora={"train_pooler": True}), 2) == 887_042
    dense = model(tuning="lora", lora={"target_modules": ["dense"], "r": 1})
    assert architecture(SMALL).trainable(dense, 2) == 2 * (64 + 96 + 96) + 32 * 2 + 2


def test_what_nobody_knows_yet_is_taken_for_mdeberta_and_a_miniature_has_the_sizes_of_its_entry(tmp_path):
    assert architecture(UNKNOWN) == architecture(MDEBERTA)
    configuration = {key: value for key, value in ODD.items() if key not in ("vocab_size", "model_type")}
    entry = Miniature(
        type="miniature", architecture="deberta-v2", purpose="masked_lm", corpus="reviews", vocabulary=320,
        configuration=configuration,
    )  # fmt: skip
    assert architecture(configuration_of(entry, tmp_path)) == architecture(ODD)
    assert architecture({"model_type": "nobody-knows"}).parameters(2) > 109_000_000


# --- memory and time ---

# MB that a step of forward, back, clipping and AdamW held beside the imports, and its seconds, on one busy core
RELATIVE = {key: value for key, value in MDEBERTA.items() if key not in SMALL}
MEASURED = [
    ("bert", 128, 512, 2, 2, 128, 600, 67, 0.052),
    ("bert", 256, 1024, 4, 4, 256, 8000, 451, 0.663),
    ("roberta", 256, 1024, 4, 4, 128, 8000, 225, 0.310),
    ("deberta-v2", 128, 512, 2, 2, 128, 600, 113, 0.164),
    ("deberta-v2", 256, 1024, 4, 4, 256, 8000, 759, 1.459),
    ("deberta-v2", 256, 1024, 4, 4, 128, 8000, 350, 0.426),
]


@pytest.mark.parametrize(("kind", "hidden", "inner", "layers", "heads", "length", "vocabulary", "held", "took"), MEASURED)
def test_on_a_cpu_memory_and_time_are_near_what_was_measured(kind, hidden, inner, layers, heads, length, vocabulary, held, took):
    sizes = {
        "hidden_size": hidden, "intermediate_size": inner, "num_hidden_layers": layers, "num_attention_heads": heads,
        "vocab_size": vocabulary,
    }  # fmt: skip
    found = architecture({**(RELATIVE if kind == "deberta-v2" else {}), **sizes, "model_type": kind})
    entry = model(max_length=length, batch=8, accumulation=1, epochs=1, measurements=1, optimiser="adamw")
    foreseen = memory_mb(entry, found) - found.trainable(entry, 5) * SAVED_BYTES / 1e6
    assert 500 + held <= foreseen + 30  # 500 MB are imports
    assert foreseen <= IMPORTED_MB + 1.5 * held
    texts = CorpusSize(characters=10 * length * 8000, words=1, vocabulary_char=1, vocabulary_word=1, documents=8000)
    assert took / 2 <= seconds(entry, found, texts) / 1000 <= 2 * took


def test_mdeberta_is_tuned_whole_on_a_card_of_the_reports():
    """Batches of 8 texts of 512 tokens. The report measured 24.4 GB on two cards, 12.2 each."""
    whole = vram_mb(model(needs=ON_A_CARD), architecture(MDEBERTA))
    assert 8_000 < whole < 12_500
    assert vram_mb(model(needs=ON_A_CARD, optimiser="adamw_8bit"), architecture(MDEBERTA)) < whole - 1_500
    assert vram_mb(model(needs=ON_A_CARD, tuning="lora"), architecture(MDEBERTA)) < whole - 1_500
    assert vram_mb(model(needs=ON_A_CARD, gradient_checkpointing=True), architecture(MDEBERTA)) < whole - 1_500
    assert CUDA_CONTEXT_MB + 4 * 278 < vram_mb_of_use(model(needs=ON_A_CARD), architecture(MDEBERTA)) < whole


@given(st.sampled_from(["batch", "max_length"]), st.integers(1, 64), st.integers(8, 256), st.sampled_from([MDEBERTA, ROBERTA]))
def test_more_and_longer_texts_ask_for_more(key, batch, length, configuration):
    sizes = {"batch": batch, "max_length": length}
    small, large = (model(needs=ON_A_CARD, **found) for found in (sizes, {**sizes, key: 2 * sizes[key]}))
    found = architecture(configuration)
    assert vram_mb(small, found) <= vram_mb(large, found)
    assert vram_mb_of_use(small, found) < vram_mb_of_use(large, found)


def test_two_cards_ask_for_as_much_of_each_and_less_time():
    one, two = (needs_of_training(model(needs={"gpus": gpus}), REVIEWS, configuration=MDEBERTA) for gpus in (1, 2))
    assert (one["vram_mb"], one["cards"], two["cards"]) == (two["vram_mb"], 1, 2)
    assert 0.5 * one["expected_seconds"] < two["expected_seconds"] < 0.7 * one["expected_seconds"]


# --- use ---


def test_labels_are_predicted_on_one_card_however_many_trained_and_on_none_where_none_did():
    uses = [needs_of_inference(model(needs={"gpus": gpus}), MDEBERTA) for gpus in (0, 1, 2)]
    assert [found["cards"] for found in uses] == [0, 1, 1]
    assert uses[0]["vram_mb"] == 0 < uses[1]["vram_mb"] == uses[2]["vram_mb"]
    assert uses[0]["mem_mb"] > 2 * 4 * 278 + SNAKEMAKES_MB


def test_a_prompted_model_learns_nothing_and_takes_a_card_for_its_use():
    assert needs_of_training(prompt(), REVIEWS) == {
        "mem_mb": 2000, "runtime": 30, "vram_mb": 0, "cards": 0, "checkpoint_seconds": 300, "expected_seconds": 0,
    }  # fmt: skip
    found = needs_of_inference(prompt(), UNKNOWN)
    assert found["vram_mb"] > CUDA_CONTEXT_MB + weights_mb(prompt(), SEVEN_BILLION)
    assert needs_of_inference(prompt(batch=2), UNKNOWN)["vram_mb"] < found["vram_mb"] < 24_000
    assert needs_of_inference(prompt(max_length=1024), UNKNOWN)["vram_mb"] < found["vram_mb"]
    without = needs_of_inference(prompt(needs={}), UNKNOWN)
    assert (without["vram_mb"], without["cards"]) == (0, 0)
    assert without["mem_mb"] > 4 * 7_248
    assert needs_of_inference(prompt(), UNKNOWN, ["time_out", "out_of_memory"])["runtime"] == 2 * found["runtime"]


@pytest.mark.parametrize(
    ("entry", "rule"), [(model(), "predict_encoder"), (prompt(), "answer_prompts")], ids=["encoder", "prompt"]
)
@pytest.mark.parametrize("ending", ["", "_and_own_texts"])
def test_predicting_labels_is_expected_to_take_what_it_took_for_another_seed(tmp_path, entry, rule, ending):
    work = FAMILY[entry.family].works[rule + ending]

    def expected():
        return expected_seconds(work, (tmp_path, "reviews", "m"), entry, UNKNOWN, None)

    unprepared = expected()
    parts = {"test": {"characters": 40_000, "documents": 100}, "train": {"groups": {label: {} for label in "12345"}}}
    write_json(tmp_path / "corpora/reviews/statistics.json", {"parts": parts})
    assert 10 < expected() < unprepared
    few = work.seconds(entry, UNKNOWN, EvaluationSize(characters=26, groups=5, documents=2), None)
    assert 10 < few < expected(), "a few texts are little beside the loading"
    used = {"wall_seconds": 77.2, "asked": {"cards": entry.needs.gpus}}
    write_json(tmp_path / "runs/reviews/m/seed-1/scoring.json", used)
    assert expected() == 78
