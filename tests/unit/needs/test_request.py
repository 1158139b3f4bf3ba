"""What a job requests: not less than it uses, not many times as much, and more of what was short."""

import json
import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verso.contract import CorpusSize
from verso.corpora.preparing.texts import prepare
from verso.files import write_json, write_json_lines
from verso.language_modelling.recurrent_lm.family import FAMILY, RecurrentLM
from verso.needs import history as known
from verso.needs import request as needs
from verso.needs.history import EarlierRuns, corpus_size, earlier_runs
from verso.needs.request import needs_of_light_work
from verso.text import vocabulary

POETS = CorpusSize(characters=490_934, words=103_330, vocabulary_char=83, vocabulary_word=6667)
OF_TRAINING = {"mem_mb", "runtime", "vram_mb", "cards", "checkpoint_seconds", "expected_seconds"}


def model(**settings):
    return RecurrentLM.model_validate({"family": "recurrent_lm", "cell": "lstm", "unit": "char", **settings})


def needs_of_training(entry, corpus, earlier, causes=()):
    return needs.needs_of_training(FAMILY, entry, corpus, earlier, causes)


def size(unit="char", tokens=60_000, types=150):
    return CorpusSize(tokens, tokens, types, types) if unit == "char" else CorpusSize(6 * tokens, tokens, 150, types)


def test_what_the_config_says_is_requested_whatever_was_learnt():
    settings = {"gpus": 1, "vram_mb": 3000, "mem_mb": 4000, "runtime": 90, "checkpoint_seconds": 5}
    found = needs_of_training(model(needs=settings), POETS, EarlierRuns(9e4, 9e4, 9e4))
    expected = {"mem_mb": 4000, "runtime": 90, "vram_mb": 3000, "cards": 1, "checkpoint_seconds": 5}
    assert {key: found[key] for key in expected} == expected
    assert set(found) == OF_TRAINING


def test_without_a_card_no_memory_of_one_is_requested():
    found = needs_of_training(model(needs={"gpus": 0, "vram_mb": 3000}), POETS, EarlierRuns(100.0, 500.0, 800.0))
    assert found["vram_mb"] == found["cards"] == 0


# Peak resident memory of real trainings on a CPU (PyTorch 2.13, one thread), in MB
WORD = {"unit": "word"}
ADAPTIVE = {"unit": "word", "softmax": "adaptive"}
SMALL = {"embedding": 64, "hidden": 128, "batch": 16}
MEASURED = [
    ({"cell": "rnn"}, size(), 439),
    ({"cell": "gru"}, size(), 554),
    ({}, size(), 546),
    ({"cell": "rnn", **SMALL}, size(), 348),
    ({"cell": "gru", **SMALL}, size(), 363),
    (SMALL, size(), 393),
    ({"hidden": 512}, size(), 748),
    ({"layers": 4}, size(), 652),
    ({"batch": 16}, size(), 440),
    ({"batch": 256}, size(), 955),
    ({"objective": "last_token"}, size(), 535),
    (WORD, size("word", 60_000, 6600), 989),
    (WORD, size("word", 200_000, 19_000), 2029),
    (ADAPTIVE, size("word", 60_000, 6600), 728),
    ({**ADAPTIVE, **SMALL, "batch": 8, "window": 50, "cutoffs": [500, 2000]}, size("word", 15_431, 1522), 371),
    ({"cell": "rnn"}, POETS, 497),  # sixteen epochs of real text, as all below: the heap has fragmented
    ({"cell": "gru"}, POETS, 660),
    ({}, POETS, 598),
    ({"cell": "rnn", **ADAPTIVE}, POETS, 667),
    ({"cell": "gru", **ADAPTIVE}, POETS, 785),
    (ADAPTIVE, POETS, 775),
]


@pytest.mark.parametrize(("settings", "corpus", "used"), MEASURED)
def test_memory_requested_holds_the_training_and_two_snakemakes_and_is_not_wasted(settings, corpus, used):
    asked = needs_of_training(model(**settings), corpus, None)["mem_mb"]
    assert used + needs.SNAKEMAKES_MB <= asked <= 2 * used + needs.SNAKEMAKES_MB


SPEEDS = [  # tokens a second of real trainings on a quiet core or two, batch 64 x 100, embedding 128, hidden 256, 2 layers
    ({}, 157, 12_800),
    ({"needs": {"cpus": 2}}, 157, 19_900),
    ({"cell": "gru"}, 157, 14_500),
    ({"cell": "gru", "needs": {"cpus": 2}}, 157, 23_000),
    ({"cell": "rnn"}, 157, 35_000),
    ({"cell": "rnn", "needs": {"cpus": 2}}, 157, 50_000),
    (WORD, 19_107, 1300),
    ({**WORD, "needs": {"cpus": 2}}, 19_107, 2400),
    ({**ADAPTIVE, "cell": "rnn"}, 6667, 11_000),
    ({"objective": "last_token"}, 150, 131),  # targets: the report's protocol learns a hundredth as many a second
]


@pytest.mark.parametrize(("settings", "types", "speed"), SPEEDS)
def test_expected_time_is_that_of_the_measured_speed_within_a_quarter(settings, types, speed):
    tokens = 2_000_000
    recipe = model(epochs=3, **settings)
    found = needs_of_training(recipe, size(recipe.unit, tokens, types), None)
    assert found["expected_seconds"] == pytest.approx(3 * tokens / speed, rel=0.25)
    assert found["runtime"] == pytest.approx(3 * found["expected_seconds"] / 60 + 10, abs=1)


def test_an_adaptive_softmax_requests_less_than_a_plain_one():
    plain, adaptive = (needs_of_training(model(**settings), size("word", 200_000, 19_107), None) for settings in (WORD, ADAPTIVE))
    assert 3 * adaptive["expected_seconds"] < plain["expected_seconds"]
    assert adaptive["mem_mb"] < plain["mem_mb"]


@pytest.mark.parametrize("larger", [{"hidden": 2048}, {"batch": 512}, {"unit": "word"}, {"layers": 12}])
def test_a_larger_model_requests_more(larger):
    for corpus in (None, POETS):
        card = {"needs": {"gpus": 1}}
        assert needs_of_training(model(**larger), corpus, None)["mem_mb"] > needs_of_training(model(), corpus, None)["mem_mb"]
        small, large = (needs_of_training(model(**card, **more), corpus, None) for more in ({}, larger))
        assert large["vram_mb"] > small["vram_mb"]


def test_a_card_is_expected_to_be_twenty_times_as_fast():
    corpus = size(tokens=10_000_000)
    thread, card = (needs_of_training(model(needs={"gpus": gpus}), corpus, None)["expected_seconds"] for gpus in (0, 1))
    assert thread == pytest.approx(20 * card, rel=0.01)


def test_twice_the_stride_is_half_the_time_where_one_token_a_window_is_learnt():
    one, two = (
        needs_of_training(model(objective="last_token", stride=stride), POETS, None)["expected_seconds"] for stride in (1, 2)
    )
    assert one == pytest.approx(2 * two, rel=0.01)


def test_a_training_with_a_clock_requests_its_minutes_and_no_margin():
    long = size(tokens=100_000_000)
    found = needs_of_training(model(minutes=30), long, None)
    assert (found["runtime"], found["expected_seconds"]) == (40, 1800)
    short = needs_of_training(model(minutes=3000, epochs=1), POETS, None)
    assert short == needs_of_training(model(epochs=1), POETS, None)
    assert needs_of_training(model(minutes=30), None, None)["runtime"] == 40


def test_a_corpus_that_nobody_has_counted_gets_the_safe_defaults():
    found = needs_of_training(model(), None, None)
    assert found["runtime"] == 240
    assert found["mem_mb"] >= needs_of_training(model(), POETS, None)["mem_mb"]
    longer = needs_of_training(model(epochs=40), None, None)
    assert longer["expected_seconds"] == pytest.approx(2 * found["expected_seconds"], abs=1)  # to start the longest first


def test_what_was_learnt_takes_the_place_of_the_estimate():
    found = needs_of_training(model(needs={"gpus": 1}), POETS, EarlierRuns(6000.0, 1000.0, 2000.0))
    assert found["expected_seconds"] == 6000
    assert found["runtime"] == 150 + 10
    assert found["mem_mb"] == 1200 + needs.SNAKEMAKES_MB
    assert found["vram_mb"] == 600 + 2400
    assert needs_of_training(model(), None, EarlierRuns(6000.0, 1000.0, None))["runtime"] == 160
    assert needs_of_training(model(), POETS, EarlierRuns(3.0, 400.0, None))["runtime"] == 15


def test_a_peak_of_an_unknown_recipe_raises_a_request_and_never_lowers_it():
    estimate = needs_of_training(model(), POETS, None)
    assert needs_of_training(model(), POETS, EarlierRuns(None, 10.0, None)) == estimate
    assert needs_of_training(model(), POETS, EarlierRuns(None, 5000.0, None)) == estimate | {"mem_mb": 6000 + needs.SNAKEMAKES_MB}


def test_a_training_that_moves_to_a_card_or_away_does_not_trust_the_other_s_time():
    for gpus in (0, 1):
        here = model(needs={"gpus": gpus})
        assert needs_of_training(here, POETS, EarlierRuns(9e5, 100.0, 9e3, 1 - gpus)) == needs_of_training(here, POETS, None)
        assert needs_of_training(here, POETS, EarlierRuns(9e5, 100.0, 9e3, gpus))["expected_seconds"] == 9e5


def test_the_example_of_the_manual_is_what_is_asked():
    manual = (Path(__file__).parents[3] / "docs" / "needs.md").read_text(encoding="utf-8")
    foreseen = needs_of_training(model(epochs=16), POETS, None)
    grown = [needs_of_training(model(epochs=16), POETS, None, ["out_of_memory"] * times)["mem_mb"] for times in (1, 2)]
    known = needs_of_training(model(epochs=16), POETS, EarlierRuns(1367.6, 598.6, None))
    for said in (
        f"= **{foreseen['mem_mb']:,}** (the process",
        f"= **{foreseen['expected_seconds']}** (1,124",
        f"= **{foreseen['runtime']} minutes**",
        f"So {foreseen['mem_mb']:,} MB become {grown[0]:,} and then {grown[1]:,}.",
        f"= {known['mem_mb']:,} MB, and 1.5 × 1,368 s + 10 min = {known['runtime']} minutes",
    ):
        assert said in manual


ENDS = ["out_of_memory", "time_out", "lost", "stopped", "cuda_out_of_memory", "disk_full"]


@given(st.lists(st.sampled_from(ENDS), max_size=6), st.booleans())
def test_each_cause_grows_what_was_short_and_nothing_else(causes, given_in_config):
    settings = {"needs": {"mem_mb": 1000, "runtime": 20}} if given_in_config else {}
    for ask in (lambda *args: needs_of_training(model(**settings), POETS, None, *args), needs_of_light_work):
        first, later = ask(), ask(causes)
        assert later["mem_mb"] == pytest.approx(first["mem_mb"] * 1.5 ** causes.count("out_of_memory"), rel=2e-3)
        assert later["runtime"] == first["runtime"] * 2 ** causes.count("time_out")
        assert {key: later[key] for key in later if key not in ("mem_mb", "runtime")} == {
            key: first[key] for key in first if key not in ("mem_mb", "runtime")
        }


def test_light_work_is_light():
    assert needs_of_light_work() == {"mem_mb": 2000, "runtime": 30, "vram_mb": 0, "cards": 0}


# --- corpora ---


@pytest.fixture
def prepared(tmp_path):
    """A corpus of twelve songs, prepared by the pipeline's own code."""
    folder = tmp_path / "songs"
    rows = [
        {"id": str(number), "text": f"la luna {number}\nsale y canta sola", "metadata": {"artist": "Ada", "title": str(number)}}
        for number in range(12)
    ]
    write_json_lines(folder / "documents.jsonl", rows)
    write_json_lines(folder / "set_aside.jsonl", [])
    settings = {
        "split": {"method": "stratified", "test": 0.2, "validation": 0.1, "seed": 1},
        "near_duplicates": {"threshold": 1.0, "shingle_words": 50, "permutations": 16},
    }
    outputs = {name: folder / f"{name}.jsonl" for name in ("train", "validation", "test")}
    outputs |= {"statistics": folder / "statistics.json", "set_aside": folder / "twice.jsonl"}
    prepare(folder / "documents.jsonl", "songs", settings, folder / "set_aside.jsonl", outputs)
    return folder


def test_a_prepared_corpus_is_counted_as_its_vocabularies_count_it(prepared):
    before = corpus_size(prepared)
    for unit in ("char", "word"):
        vocabulary.build(prepared / "train.jsonl", unit, 1, prepared / f"vocab_{unit}.json")
    char, word = (json.loads((prepared / f"vocab_{unit}.json").read_text()) for unit in ("char", "word"))
    found = corpus_size(prepared)
    vocabularies = len(char["tokens"]), len(word["tokens"])
    assert found == (
        char["training_tokens"],
        word["training_tokens"],
        *vocabularies,
        9,
    )  # of twelve songs two are the test, one validates
    assert before[:2] == found[:2]
    assert before.vocabulary_char > found.vocabulary_char  # while nobody has counted, on the safe side
    assert before.vocabulary_word > found.vocabulary_word


def test_a_corpus_that_is_prepared_again_is_read_again(prepared):
    before = corpus_size(prepared)
    statistics = json.loads((prepared / "statistics.json").read_text())
    statistics["parts"]["train"]["characters"] = 10 * before.characters
    write_json(prepared / "statistics.json", statistics)
    assert corpus_size(prepared).characters == 10 * before.characters
    (prepared / "statistics.json").unlink()
    assert corpus_size(prepared) is None


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe", b'{"parts": 3}', b'{"parts": {"train": {"words": "many"}}}'])
def test_broken_statistics_are_as_if_there_were_none(tmp_path, content):
    (tmp_path / "statistics.json").write_bytes(content)
    assert corpus_size(tmp_path) is None


# --- earlier runs ---


def ended(results, seed, **report):
    write_json(results / "runs" / "songs" / "lstm" / f"seed-{seed}" / "hardware.json", {"settings_key": "this", **report})


def record(results, seed, *attempts):
    path = results / "logs" / "train_recurrent_lm" / "songs" / "lstm" / f"seed-{seed}.job.json"
    write_json(path, {"rule": "train_recurrent_lm", "attempts": [{"snakemake": 1.0, **attempt} for attempt in attempts]})


def test_the_largest_of_all_seeds_is_learnt(tmp_path):
    ended(tmp_path, 1, wall_seconds=50.0, peak_ram_mb=900.0, peak_vram_reserved_mb=None, asked={"cards": 0})
    ended(tmp_path, 2, wall_seconds=70.0, peak_ram_mb=800.0, peak_vram_reserved_mb=300.0, asked={"cards": 1})
    assert earlier_runs(tmp_path, "songs", "lstm", "this")[:4] == (70.0, 900.0, 300.0, 1)
    assert earlier_runs(tmp_path, "songs", "gru", "this") is None
    assert earlier_runs(tmp_path, "poems", "lstm", "this") is None


def test_another_recipe_teaches_nothing(tmp_path):
    ended(tmp_path, 1, wall_seconds=50.0, peak_ram_mb=900.0, settings_key="another")
    write_json(tmp_path / "runs" / "songs" / "lstm" / "seed-2" / "hardware.json", {"wall_seconds": 5.0})  # of an older Verso
    assert earlier_runs(tmp_path, "songs", "lstm", "this") is None
    ended(tmp_path, 3, wall_seconds=10.0, peak_ram_mb=400.0)
    known._earlier_runs.cache_clear()
    assert earlier_runs(tmp_path, "songs", "lstm", "this")[:4] == (10.0, 400.0, None, None)


def test_a_record_teaches_the_peak_of_a_run_that_is_made_again(tmp_path):
    older = {"peak_ram_mb": 9000.0, "cause": "done"}
    record(tmp_path, 1, older, {"peak_ram_mb": 700.0, "cause": "done"}, {"peak_ram_mb": 800.0, "cause": "lost"})
    assert earlier_runs(tmp_path, "songs", "lstm", "this")[:4] == (None, 800.0, None, None)


def test_an_attempt_of_this_very_start_grows_requests_once_and_not_twice(tmp_path, monkeypatch):
    monkeypatch.setenv("VERSO_STARTED", "1.0")
    record(tmp_path, 1, {"peak_ram_mb": 700.0, "cause": "out_of_memory"})
    assert earlier_runs(tmp_path, "songs", "lstm", "this") is None
    record(tmp_path, 2, {"peak_ram_mb": 600.0, "cause": "out_of_memory", "snakemake": 0.5})
    known._earlier_runs.cache_clear()
    assert earlier_runs(tmp_path, "songs", "lstm", "this")[:4] == (None, 600.0, None, None)


@pytest.mark.parametrize("content", ["", "{", "[]", "3", '{"attempts": 3}', '{"attempts": [3, {"peak_ram_mb": "much"}]}'])
def test_a_broken_file_is_as_if_it_were_not_there(tmp_path, content):
    ended(tmp_path, 1, wall_seconds=math.nan, peak_ram_mb=True)
    record(tmp_path, 1)
    ended(tmp_path, 2)
    record(tmp_path, 2)
    for path in (*tmp_path.glob("runs/*/*/seed-2/*"), *tmp_path.glob("logs/*/*/*/seed-2*")):
        path.write_text(content)
    assert earlier_runs(tmp_path, "songs", "lstm", "this") is None
    ended(tmp_path, 3, wall_seconds=4.0, peak_ram_mb=400.0)
    known._earlier_runs.cache_clear()
    assert earlier_runs(tmp_path, "songs", "lstm", "this")[:4] == (4.0, 400.0, None, None)


def test_a_run_that_ended_never_requests_more_of_a_card_than_held_it():
    on_a_card = model(needs={"gpus": 1})
    greedy = EarlierRuns(seconds=100.0, peak_ram_mb=900.0, peak_vram_reserved_mb=21_000.0, cards=1, asked_vram_mb=23_000.0)
    assert needs_of_training(on_a_card, None, greedy)["vram_mb"] == 23_000, "PyTorch reserves what it finds"
    assert needs_of_training(on_a_card, None, greedy._replace(peak_vram_reserved_mb=1_000.0))["vram_mb"] == 1_800
