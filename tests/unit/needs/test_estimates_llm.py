"""What tuning and using a pretrained model will take: enough, not much more, and growing with what makes it grow."""

import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verso.contract import CorpusSize
from verso.corpora.songs.kind import SongsCorpus
from verso.files import write_json
from verso.language_modelling.causal_llm import estimate
from verso.language_modelling.causal_llm.estimate import vram_mb
from verso.language_modelling.causal_llm.family import FAMILY, CausalLLM
from verso.machine.speeds import CUDA_CONTEXT_MB
from verso.needs import request
from verso.needs.history import EarlierRuns, EvaluationSize, evaluation_size
from verso.needs.request import SNAKEMAKES_MB, expected_seconds
from verso.pretrained.estimate import SEVEN_BILLION, architecture, vram_mb_of_use, weights_mb
from verso.pretrained.model_config import UNKNOWN, configuration_of
from verso.pretrained.settings import Hub, Miniature

ROOT = Path(__file__).parents[3]
CONFIGURATION = ROOT / "resources/architectures/mistral-7b-instruct-v0.3.json"
SONGS = CorpusSize(characters=820_993, words=157_910, vocabulary_char=157, vocabulary_word=19_107)
ON_A_CARD = {"gpus": 1}
SMALL = {
    "vocab_size": 320, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4,
    "num_key_value_heads": 2,
}  # fmt: skip


def model(**settings):
    return CausalLLM.model_validate({"family": "causal_llm", "pretrained": "mistral", "needs": ON_A_CARD, **settings})


def needs_of_training(entry, size, earlier=None, **others):
    return request.needs_of_training(FAMILY, entry, size, earlier, **others)


def needs_of_inference(entry, configuration, causes=()):
    return request.needs_of_inference(FAMILY, entry, configuration, causes)


def needs_of_merging(configuration, causes=()):
    return request.needs_of_work(FAMILY.works["merge_causal_llm"], model(), configuration, Path("nowhere"), None, causes)


# --- whose sizes ---


def test_the_sizes_are_those_of_the_configuration_that_ships():
    assert architecture(json.loads(CONFIGURATION.read_text())) == SEVEN_BILLION
    assert SEVEN_BILLION.parameters == 7_248_023_552
    assert SEVEN_BILLION.adapters(32, model().lora.target_modules) == 83_886_080
    assert SEVEN_BILLION.adapters(8, ["q_proj", "v_proj"]) == 32 * 8 * ((4096 + 4096) + (4096 + 1024))


def test_what_a_configuration_leaves_out_follows_from_the_rest():
    found = architecture({"hidden_size": 64, "num_attention_heads": 8, "num_key_value_heads": None, "head_dim": None})
    assert (found.num_key_value_heads, found.head_dim) == (8, 8)
    assert architecture({**SMALL, "head_dim": 16}).shapes["q_proj"] == (32, 64)
    tied, untied = (architecture({**SMALL, "tie_word_embeddings": tied}) for tied in (True, False))
    assert untied.parameters - tied.parameters == 320 * 32


HUB = {"type": "hub", "repository": "mistralai/Mistral-7B-Instruct-v0.3", "revision": "0" * 40, "licence": "Apache-2.0"}
MINIATURE = Miniature(
    type="miniature", architecture="mistral", corpus="songs", vocabulary=320,
    configuration={key: value for key, value in SMALL.items() if key != "vocab_size"},
)  # fmt: skip


def hub(**more):
    return Hub.model_validate({**HUB, **more})


def test_a_miniature_is_known_before_it_is_made(tmp_path):
    assert configuration_of(MINIATURE, tmp_path / "nowhere") == {"model_type": "mistral", **SMALL}


def test_a_model_of_the_hub_is_known_by_its_configuration_file_and_else_taken_for_the_largest(tmp_path):
    (tmp_path / "small.json").write_text(json.dumps(SMALL))
    assert configuration_of(hub(configuration=str(tmp_path / "small.json")), tmp_path / "nowhere") == SMALL
    assert configuration_of(hub(), tmp_path / "nowhere") == {}
    assert architecture({}) == SEVEN_BILLION
    assert configuration_of(hub(configuration=str(tmp_path / "gone.json")), tmp_path / "nowhere") == {}


@pytest.mark.parametrize("entry", [MINIATURE, hub(configuration=str(CONFIGURATION))], ids=["miniature", "hub"])
def test_what_was_fetched_or_made_speaks_for_itself(tmp_path, entry):
    (tmp_path / "config.json").write_text(json.dumps({**SMALL, "num_hidden_layers": 7}))
    assert configuration_of(entry, tmp_path)["num_hidden_layers"] == 7


@pytest.mark.parametrize("content", ["", "{", "[]", "3", "\x00"])
def test_a_broken_configuration_is_as_if_it_were_not_there(tmp_path, content):
    (tmp_path / "config.json").write_text(content)
    assert configuration_of(MINIATURE, tmp_path) == {"model_type": "mistral", **SMALL}


# --- memory of a card ---


def test_the_reports_tuning_fits_a_card_of_twelve_gigabytes():
    found = vram_mb(model(), SEVEN_BILLION)  # batch 2 x 2048, r 32, 4 bits, activations computed twice
    assert weights_mb(model(), SEVEN_BILLION) + CUDA_CONTEXT_MB < found < 12_288
    assert weights_mb(model(), SEVEN_BILLION) == pytest.approx(4_140, rel=0.01)
    assert weights_mb(model(quantisation="none"), SEVEN_BILLION) == pytest.approx(2 * 7_248, rel=0.001)


SIZES = {"batch": st.integers(1, 8), "max_length": st.integers(16, 4096), "r": st.integers(1, 64)}
GROWTH = st.sampled_from(list(SIZES)).flatmap(lambda key: st.tuples(st.just(key), st.integers(1, 1000)))


def recipe(batch, max_length, r, **settings):
    return model(batch=batch, max_length=max_length, lora={"r": r}, scoring={"stride": 1}, **settings)


@given(sizes=st.fixed_dictionaries(SIZES), growth=GROWTH, twice=st.booleans())
def test_more_texts_longer_ones_and_higher_ranks_ask_for_more(sizes, growth, twice):
    key, more = growth
    larger = {**sizes, key: sizes[key] + more}
    small, large = (recipe(**found, gradient_checkpointing=twice) for found in (sizes, larger))
    assert vram_mb(small, SEVEN_BILLION) < vram_mb(large, SEVEN_BILLION)
    assert needs_of_training(small, SONGS, None)["vram_mb"] <= needs_of_training(large, SONGS, None)["vram_mb"]


@pytest.mark.parametrize(
    "larger", [{"quantisation": "none"}, {"gradient_checkpointing": False}, {"optimiser": "adamw"}, {"batch": 4}]
)
def test_what_saves_memory_is_known_to(larger):
    assert vram_mb(model(**larger), SEVEN_BILLION) > vram_mb(model(), SEVEN_BILLION)


def test_to_use_a_model_takes_less_than_to_tune_it_and_more_than_its_weights():
    assert weights_mb(model(), SEVEN_BILLION) + CUDA_CONTEXT_MB < vram_mb_of_use(model(), SEVEN_BILLION)
    assert vram_mb_of_use(model(), SEVEN_BILLION) < vram_mb(model(), SEVEN_BILLION)
    assert vram_mb(model(tuning="none"), SEVEN_BILLION) == vram_mb_of_use(model(), SEVEN_BILLION)


# --- requests ---


def test_a_tuning_requests_what_its_architecture_is_estimated_to_take():
    found = needs_of_training(model(), SONGS, None)
    assert found["vram_mb"] == pytest.approx(vram_mb(model(), SEVEN_BILLION), abs=1)
    assert found["cards"] == 1
    small = needs_of_training(model(), SONGS, None, configuration=SMALL)
    assert small["vram_mb"] < found["vram_mb"] / 5
    assert small["mem_mb"] < found["mem_mb"]
    assert small["expected_seconds"] < found["expected_seconds"] / 1000
    assert needs_of_training(model(needs={**ON_A_CARD, "vram_mb": 16_000}), SONGS, None)["vram_mb"] == 16_000
    earlier = EarlierRuns(seconds=3000.0, peak_ram_mb=9000.0, peak_vram_reserved_mb=8000.0, cards=1, asked_vram_mb=None)
    assert needs_of_training(model(), SONGS, earlier)["vram_mb"] == CUDA_CONTEXT_MB + 1.2 * 8000


def test_what_unsloth_moves_off_the_card_is_requested_in_main_memory():
    plain, maybe = (estimate.memory_mb(model(backend=backend), SEVEN_BILLION) for backend in ("transformers", "auto"))
    assert maybe - plain == pytest.approx(2 * 2048 * 4096 * 2 * 32 / 1e6)
    once = [model(backend=backend, gradient_checkpointing=False) for backend in ("transformers", "auto")]
    assert len({estimate.memory_mb(found, SEVEN_BILLION) for found in once}) == 1


def test_without_a_card_main_memory_holds_it_all():
    found = needs_of_training(model(needs={}), SONGS, None)
    assert (found["vram_mb"], found["cards"]) == (0, 0)
    assert found["mem_mb"] > 2 * weights_mb(model(needs={}), SEVEN_BILLION)


def test_a_merge_requests_the_base_in_halves_and_no_card():
    found = needs_of_merging(UNKNOWN)
    assert 2 * 7_248 < found["mem_mb"] < 1.5 * 2 * 7_248
    assert (found["vram_mb"], found["cards"]) == (0, 0)
    assert found["mem_mb"] > 3 * needs_of_merging(SMALL)["mem_mb"]
    grown = needs_of_merging(UNKNOWN, ["out_of_memory", "time_out"])
    assert grown["mem_mb"] == pytest.approx(1.5 * found["mem_mb"], rel=1e-3)
    assert grown["runtime"] == 2 * found["runtime"]


def test_a_base_that_nobody_tunes_takes_no_time():
    assert estimate.seconds(model(tuning="none"), SEVEN_BILLION, SONGS) == 0
    assert estimate.seconds(model(), SEVEN_BILLION, SONGS) == pytest.approx(
        3 * estimate.seconds(model(epochs=1), SEVEN_BILLION, SONGS)
    )


def test_inference_requests_its_own_memory_unless_the_config_says_what_the_model_needs():
    found = needs_of_inference(model(), UNKNOWN)
    assert set(found) == {"mem_mb", "runtime", "vram_mb", "cards"}
    assert found["vram_mb"] == pytest.approx(vram_mb_of_use(model(), SEVEN_BILLION), abs=1)
    assert found["mem_mb"] == pytest.approx(estimate.memory_mb(model(), SEVEN_BILLION) + SNAKEMAKES_MB, abs=1)
    for said in (5_000, 24_000):  # a person who knows better than the estimate may say less, and more
        assert needs_of_inference(model(needs={**ON_A_CARD, "vram_mb": said}), UNKNOWN)["vram_mb"] == said
    assert needs_of_inference(model(needs={"mem_mb": 2000}), UNKNOWN) | {"runtime": 0} == {
        "mem_mb": 2000, "vram_mb": 0, "cards": 0, "runtime": 0,
    }  # fmt: skip


@given(causes=st.lists(st.sampled_from(["out_of_memory", "time_out", "lost", "stopped"]), max_size=4))
def test_each_cause_grows_what_a_use_was_short_of(causes):
    first, later = needs_of_inference(model(), UNKNOWN), needs_of_inference(model(), UNKNOWN, causes)
    assert later["mem_mb"] == pytest.approx(first["mem_mb"] * 1.5 ** causes.count("out_of_memory"), rel=1e-3)
    assert later["runtime"] == first["runtime"] * 2 ** causes.count("time_out")
    assert (later["vram_mb"], later["cards"]) == (first["vram_mb"], first["cards"])


def test_scoring_is_expected_to_take_its_tokens_twice_and_writing_its_texts_side_by_side():
    sizes, on_a_card = SEVEN_BILLION, model()
    loading = estimate.seconds_of_scoring(on_a_card, sizes, 0)
    assert estimate.seconds_of_scoring(on_a_card, sizes, 300_000) - loading == pytest.approx(
        2 * 100_000 * 2 * sizes.parameters / 25e12
    )
    written = {texts: estimate.seconds_of_sampling(on_a_card, sizes, texts, 256) - loading for texts in (1, 16, 17)}
    assert written[1] == written[16] == pytest.approx(256 * 32 * 2e-3)
    assert written[17] == pytest.approx(2 * written[16])


def test_a_use_takes_as_long_as_it_took_before_on_as_many_cards(tmp_path):
    def expected(rule="score_causal_llm"):
        return expected_seconds(FAMILY.works[rule], (tmp_path, "songs", "mistral"), model(), UNKNOWN, corpus)

    def measured(seed, seconds, cards):
        path = tmp_path / "runs" / "songs" / "mistral" / f"seed-{seed}" / "scoring_hardware.json"
        write_json(path, {"wall_seconds": seconds, "asked": {"cards": cards}})
        return path

    sampling = "sample_causal_llm"
    settings = {"kind": "songs", "source": {"path": "x"}, "sampling": {"per_group": 4, "max_tokens": {"subword": 256}}}
    corpus = SongsCorpus.model_validate(settings)
    unprepared = expected()
    parts = {"test": {"characters": 60_000}, "train": {"groups": {"Ada": {}, "Bo": {}, "Cy": {}}}}
    write_json(tmp_path / "corpora" / "songs" / "statistics.json", {"parts": parts})
    scoring, writing = expected(), expected(sampling)
    assert scoring == math.ceil(estimate.seconds_of_scoring(model(), SEVEN_BILLION, 60_000)) < unprepared
    assert writing == math.ceil(estimate.seconds_of_sampling(model(), SEVEN_BILLION, 12, 256))
    measured(1, 70.5, 1)
    slowest = measured(2, 90.5, 1)
    measured(3, 5000.0, 0)
    assert (expected(), expected(sampling)) == (91, writing)
    slowest.write_text("{")
    assert expected() == 71, "a broken file is as if it were not there"


def test_what_is_scored_and_requested_is_counted_by_the_statistics(tmp_path):
    assert evaluation_size(tmp_path) is None
    parts = {"test": {"characters": 900}, "train": {"groups": {"Ada": {}, "Bo": {}}}}
    write_json(tmp_path / "statistics.json", {"parts": parts})
    assert evaluation_size(tmp_path) == EvaluationSize(900, 2)
