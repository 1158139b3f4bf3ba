"""The tables: numbers worked out by hand, and that nothing is counted twice or compared on other documents."""

import math

import pytest
from fabricate import HISTORY_COLUMNS, TABLES, fabricate_run, in_latex, scores_row

from verso.display.comparisons import HELD_OUT, caution
from verso.display.hardware_table import totals, uses
from verso.display.latex import escape
from verso.errors import VersoError
from verso.files import read_csv, read_json, write_csv, write_json
from verso.language_modelling import tables


def compare(folder, runs):
    paths = {name: folder / f"{name}.csv" for name in TABLES}
    tables.compare(runs, 42, paths | in_latex(folder, TABLES))
    return {name: read_csv(path) for name, path in paths.items()}


def bits(per_byte, size=100):
    """The log-likelihood (nats) of a text of `size` bytes at this cost."""
    return -per_byte * size * math.log(2)


def rows(costs, **others):
    return [scores_row(f"song-{index}", bits(cost), **others) for index, cost in enumerate(costs)]


def test_perplexity_and_bits_per_byte_are_those_of_the_arithmetic(tmp_path):
    scores = rows([2.0, 4.0], unknown_tokens=1, spelling_log_likelihood=-5.0)
    found = compare(tmp_path, [fabricate_run(tmp_path, "songs", "lstm-word", 0, scores)])["language_models"][0]
    assert float(found["bits_per_byte"]) == pytest.approx(3.0)
    assert float(found["perplexity"]) == pytest.approx(2 ** (600 / 20))  # 600 bits over 20 tokens
    assert float(found["perplexity_without_spelling"]) == pytest.approx(math.exp((600 * math.log(2) - 10) / 20))
    assert float(found["nats_per_character"]) == pytest.approx(3 * math.log(2))
    assert (found["tokens"], found["unknown_tokens"], found["bytes"], found["documents"]) == ("20", "2", "200", "2")


def test_a_long_document_weighs_as_much_as_its_bytes(tmp_path):
    scores = [scores_row("short", bits(1.0, 100), 100), scores_row("long", bits(3.0, 300), 300)]
    found = compare(tmp_path, [fabricate_run(tmp_path, "songs", "gru-char", 0, scores)])["language_models"][0]
    assert float(found["bits_per_byte"]) == pytest.approx(2.5)


def test_perplexity_is_the_mean_of_the_seeds_perplexities_not_the_perplexity_of_the_mean(tmp_path):
    runs = [fabricate_run(tmp_path, "songs", "gru-char", seed, rows([cost, cost])) for seed, cost in enumerate((0.1, 0.3))]
    found = compare(tmp_path, runs)["language_models"][0]
    assert float(found["perplexity"]) == pytest.approx((2**1 + 2**3) / 2)
    assert float(found["bits_per_byte"]) == pytest.approx(0.2)
    assert float(found["seed_standard_deviation"]) == pytest.approx(math.sqrt(0.02))
    assert found["seeds"] == "2"


def test_a_run_of_two_experiments_counts_once(tmp_path):
    run = fabricate_run(tmp_path, "songs", "gru-char", 0, rows([1.0, 2.0]))
    found = compare(tmp_path, [run, dict(run)])
    assert [row["seeds"] for row in found["language_models"]] == ["1"]
    assert len(found["hardware"]) == 1


def test_the_first_columns_are_those_that_others_read(tmp_path):
    compare(tmp_path, [fabricate_run(tmp_path, "songs", "gru-char", 0)])
    head = (tmp_path / "language_models.csv").read_text().splitlines()[0]
    assert head.startswith("corpus,model,seeds,parameters,tokens,perplexity,bits_per_byte,bits_per_byte_low,bits_per_byte_high,")


def test_a_clear_difference_is_decided_and_its_sign_says_who_won(tmp_path):
    costs = [1.5 + 0.1 * index for index in range(12)]
    runs = [
        fabricate_run(tmp_path, "songs", "good", 0, rows(costs)),
        fabricate_run(tmp_path, "songs", "bad", 0, rows([cost + 0.2 + 0.01 * index for index, cost in enumerate(costs)])),
        fabricate_run(tmp_path, "songs", "twin", 0, rows(costs)),
    ]
    pairs = {(row["model_a"], row["model_b"]): row for row in compare(tmp_path, runs)["comparisons"]}
    assert pairs["good", "bad"]["verdict"] == "a better"
    assert pairs["bad", "twin"]["verdict"] == "b better"
    assert pairs["good", "twin"]["verdict"] == "undecided"
    assert float(pairs["good", "bad"]["difference"]) == pytest.approx(-0.255)
    p, corrected = (float(pairs["good", "bad"][key]) for key in ("p", "p_corrected"))
    assert p == pytest.approx(2 / 2**12)  # all signs flipped or none
    assert corrected == pytest.approx(3 * p)  # the smallest of three
    assert pairs["good", "bad"]["about"] == "weights"


def test_corpora_are_corrected_apart(tmp_path):
    costs = [1.5 + 0.1 * index for index in range(12)]
    runs = [
        fabricate_run(tmp_path, corpus, model, 0, rows([cost + shift for cost in costs]))
        for corpus in ("one", "two")
        for model, shift in (("a", 0.0), ("b", 0.3))
    ]
    for row in compare(tmp_path, runs)["comparisons"]:
        assert row["p"] == row["p_corrected"]


def test_one_document_gives_no_interval_and_no_verdict(tmp_path):
    runs = [fabricate_run(tmp_path, "manual", model, 0, rows([cost])) for model, cost in (("a", 1.0), ("b", 2.0))]
    found = compare(tmp_path, runs)
    assert found["language_models"][0]["bits_per_byte_low"] == ""
    assert (found["comparisons"][0]["p"], found["comparisons"][0]["verdict"]) == ("", "undecided")


def test_seed_noise_is_the_standard_error_of_the_difference_over_seeds(tmp_path):
    runs = [fabricate_run(tmp_path, "songs", "a", seed, rows([cost])) for seed, cost in enumerate((1.0, 1.2))]
    runs += [fabricate_run(tmp_path, "songs", "b", seed, rows([cost])) for seed, cost in enumerate((1.4, 1.6, 1.8))]
    runs += [fabricate_run(tmp_path, "songs", "c", 0, rows([1.3]))]
    pairs = {(row["model_a"], row["model_b"]): row for row in compare(tmp_path, runs)["comparisons"]}
    assert float(pairs["a", "b"]["seed_noise"]) == pytest.approx(math.sqrt(0.02 / 2 + 0.04 / 3))
    assert pairs["a", "c"]["seed_noise"] == pairs["b", "c"]["seed_noise"] == ""  # one seed says nothing about another


def test_a_lead_that_other_seeds_might_turn_round_is_not_decided_and_one_seed_decides_about_weights(tmp_path):
    costs = [1.5 + 0.1 * index for index in range(12)]
    seeds = {"near": (0.0, 0.02), "close": (0.015, 0.035), "far": (1.0, 1.02), "once": (2.0,), "base": (3.0,)}
    runs = [
        fabricate_run(tmp_path, "songs", name, seed, rows([cost + shift for cost in costs])) | {"luck": name != "base"}
        for name, shifts in seeds.items()
        for seed, shift in enumerate(shifts)
    ]
    pairs = {(row["model_a"], row["model_b"]): row for row in compare(tmp_path, runs)["comparisons"]}
    said = {names: (row["verdict"], row["about"], caution(row)) for names, row in pairs.items()}
    assert said["near", "close"] == ("undecided", "recipes", "two_seeds")  # 0.015 apart, standard error 0.014
    assert said["near", "far"] == ("a better", "recipes", "two_seeds")
    assert said["near", "once"] == said["once", "base"] == ("a better", "weights", "one_seed")
    assert said["near", "base"] == ("a better", "recipes", "two_seeds"), "another seed gives an untuned base no other score"
    text = (tmp_path / "comparisons.tex").read_text()
    assert "a better, these weights" in text
    assert r"a better \\" in text, "of recipes without more words"


def test_models_scored_on_other_documents_are_not_compared(tmp_path):
    runs = [fabricate_run(tmp_path, "songs", "a", 0, rows([1.0, 2.0])), fabricate_run(tmp_path, "songs", "b", 0, rows([1.0]))]
    with pytest.raises(VersoError, match="other documents than in"):
        compare(tmp_path, runs)


def test_scores_without_a_document_say_so(tmp_path):
    with pytest.raises(VersoError, match="no document was scored"):
        compare(tmp_path, [fabricate_run(tmp_path, "songs", "a", 0, [])])


def test_scores_of_an_older_version_say_which_column_is_missing(tmp_path):
    run = fabricate_run(tmp_path, "songs", "a", 0)
    write_csv(run["scores"], [{"document": "x", "tokens": 3}], ("document", "tokens"))
    with pytest.raises(VersoError, match="no column"):
        compare(tmp_path, [run])


def test_the_best_epoch_is_the_last_that_improved(tmp_path):
    run = fabricate_run(tmp_path, "songs", "a", 0)
    empty = dict.fromkeys(HISTORY_COLUMNS, 0)
    write_csv(run["history"], [empty | {"epoch": epoch, "best": int(epoch in (1, 3))} for epoch in (1, 2, 3, 4)], HISTORY_COLUMNS)
    found = compare(tmp_path, [run])["language_models"][0]
    assert (float(found["epochs"]), float(found["best_epoch"])) == (4, 3)


def test_each_held_out_song_counts_once_and_an_empty_cell_not_at_all(tmp_path):
    runs = [fabricate_run(tmp_path, "songs", model, 0) for model in ("a", "b")]
    columns = ("source", "document", "group", "rhyme_density")
    for run, value in zip(runs, (1.0, 3.0), strict=True):
        write_csv(
            run["measures"],
            [
                {"source": "sample", "document": "s1", "group": "Ada", "rhyme_density": 0.5},
                {"source": "sample", "document": "s2", "group": "Ada", "rhyme_density": ""},
                {"source": "held_out", "document": "song-1", "group": "Ada", "rhyme_density": value},
            ],
            columns,
        )
    found = compare(tmp_path, runs)["samples"]
    assert [(row["model"], row["rhyme_density"], row["rhyme_density_count"]) for row in found] == [
        ("a", "0.5", "1"),
        ("b", "0.5", "1"),
        (HELD_OUT, "2.0", "1"),
    ]
    assert [row["rhyme_density_control"] for row in found] == ["1.0", "3.0", ""]


def test_names_cannot_give_latex_commands(tmp_path):
    compare(tmp_path, [fabricate_run(tmp_path, "songs_1", r"\input{x}&50%", 0)])
    text = (tmp_path / "language_models.tex").read_text()
    assert r"\textbackslash{}input\{x\}\&50\%" in text
    assert r"songs\_1" in text
    assert escape("a\nb") == "a b"
    body = text.split("\\midrule")[1].split("\\bottomrule")[0].strip().splitlines()
    assert len(body) == 1
    assert body[0].replace(r"\&", "").count("&") == len(tables.LANGUAGE_MODELS_TEX) - 1


def test_tables_do_not_depend_on_the_order_of_the_runs_seeds(tmp_path):
    runs = [fabricate_run(tmp_path, "songs", "a", seed) for seed in (0, 1)]
    first, second = compare(tmp_path, runs), compare(tmp_path, runs[::-1])
    assert float(first["language_models"][0]["bits_per_byte"]) == pytest.approx(
        float(second["language_models"][0]["bits_per_byte"])
    )


def used(run, **facts):
    """The run, once its hardware.json says these facts; None takes a key away."""
    told = read_json(run["hardware"]) | facts
    write_json(run["hardware"], {key: value for key, value in told.items() if key not in facts or value is not None})
    return run


ON_A_CARD = {
    "device": "cuda", "wall_seconds": 7200.0, "peak_ram_mb": 1500.0, "peak_vram_mb": 700.0, "peak_vram_reserved_mb": 900.0,
    "energy_joules": 1.8e6, "gpu_hours": 2.0,
    "asked": {"mem_mb": 3000, "runtime": 240, "vram_mb": 3600, "cards": 1, "threads": 4},
}  # fmt: skip
ON_A_CPU = {
    "wall_seconds": 3600.0, "peak_ram_mb": 500.0, "energy_source": "none: no RAPL counter on this machine", "gpu_hours": 0.0,
    "asked": {"mem_mb": 1000, "runtime": 30, "vram_mb": 0, "cards": 0, "threads": 2},
}  # fmt: skip


def test_what_was_used_is_set_against_what_was_requested(tmp_path):
    runs = [
        used(fabricate_run(tmp_path, "songs", "large", 0), **ON_A_CARD),
        used(fabricate_run(tmp_path, "songs", "small", 0), **ON_A_CPU),
    ]
    rows = compare(tmp_path, runs)["hardware"]
    first, second = rows
    assert {key: use["share"] for key, use in uses(first).items()} == {"memory": 0.5, "time": 0.5, "vram": 0.25}
    assert {key: use["share"] for key, use in uses(second).items()} == {"memory": 0.5, "time": 2.0, "vram": None}
    assert [float(first[key]) for key in ("gpu_hours", "cpu_hours", "energy_kwh")] == [2.0, 8.0, 0.5]
    assert [float(second[key]) for key in ("gpu_hours", "cpu_hours")] == [0.0, 2.0]
    assert second["energy_kwh"] == ""  # unknown is not nothing
    found = totals(rows)
    assert [found[key] for key in ("runs", "recorded", "metered", "miniatures")] == [2, 2, 1, 0]
    assert [found[key] for key in ("wall_seconds", "gpu_hours", "cpu_hours", "energy_joules")] == [10800.0, 2.0, 10.0, 1.8e6]
    assert found["memory"] == {"used": 2000.0, "requested": 4000.0, "share": 0.5}
    assert found["vram"] == {"used": 900.0, "requested": 3600.0, "share": 0.25}  # a run that asked for no card wasted none
    last = (tmp_path / "hardware.tex").read_text().split("\\bottomrule")[0].splitlines()[-1]
    assert last.startswith("in all & 2 runs & -- &  & 1 without an energy counter & 10\\,800 & 270 &")
    assert "& 2.00 & 10.00 & 0.500 &" in last


def test_a_run_from_before_requests_were_recorded_is_read_and_left_blank(tmp_path):
    old = dict.fromkeys(("asked", "gpu_hours", "batch_parts", "settings_key", "peak_vram_reserved_mb"))
    runs = [
        used(fabricate_run(tmp_path, "songs", "old", 0), **old, threads="2 + 4"),
        used(fabricate_run(tmp_path, "songs", "new", 0), **ON_A_CPU),
    ]
    rows = compare(tmp_path, runs)["hardware"]
    blank = ("asked_mem_mb", "asked_runtime", "asked_vram_mb", "asked_cards", "asked_threads", "gpu_hours", "cpu_hours")
    assert {rows[0][key] for key in blank} == {""}  # of threads that changed nobody knows the hours
    found = totals(rows)
    assert (found["runs"], found["recorded"]) == (2, 1)
    assert found["memory"] == {"used": 500.0, "requested": 1000.0, "share": 0.5}  # of the one that says both
    assert "None" not in (tmp_path / "hardware.tex").read_text()


def test_a_miniature_is_called_one_where_its_use_is_reported(tmp_path):
    rows = compare(tmp_path, [fabricate_run(tmp_path, "songs", "toy", 0, miniature=True)])["hardware"]
    assert totals(rows)["miniatures"] == 1
    assert "toy (miniature)" in (tmp_path / "hardware.tex").read_text()


def test_a_pretrained_model_is_compared_by_the_bytes_and_says_what_it_was_given(tmp_path):
    alone = {"log_likelihood_carried": None, "log_likelihood_reset": bits(1.5), "log_likelihood_prompted": bits(1.0)}
    runs = [
        fabricate_run(tmp_path, "songs", "gru-char", 0, rows([2.0, 2.0])),
        fabricate_run(tmp_path, "songs", "mistral-base", 0, rows([1.5, 1.5], **alone | {"state": "reset"})),
        fabricate_run(tmp_path, "songs", "mistral-qlora", 0, rows([1.0, 1.0], **alone | {"state": "prompted"})),
    ]
    recurrent, base, tuned = compare(tmp_path, runs)["language_models"]
    assert [float(row["bits_per_byte"]) for row in (recurrent, base, tuned)] == pytest.approx([2.0, 1.5, 1.0])
    assert [row["state"] for row in (recurrent, base, tuned)] == ["carried", "reset", "prompted"]
    assert (tuned["bits_per_byte_carried"], recurrent["bits_per_byte_prompted"]) == ("", "")
    assert float(tuned["bits_per_byte_reset"]) == pytest.approx(1.5)
    assert (base["epochs"], base["best_epoch"]) == ("0.0", "0.0"), "nothing was taught to it"
    assert tuned["trainable"] == "83886080"
    assert recurrent["trainable"] == recurrent["parameters"], "all of it was learnt"


RECURRENT = [f"{cell}-{unit}" for unit in ("char", "word") for cell in ("rnn", "lstm", "gru")]


def test_six_recurrent_models_a_base_and_its_tuned_one_stand_in_one_table_with_paired_intervals(tmp_path):
    runs = [fabricate_run(tmp_path, "songs", model, seed) for model in RECURRENT for seed in (0, 1)]
    runs += [fabricate_run(tmp_path, "songs", model, 3407) for model in ("mistral-base", "mistral-qlora")]
    found = compare(tmp_path, runs)
    models = found["language_models"]
    assert [row["model"] for row in models] == [*RECURRENT, "mistral-base", "mistral-qlora"]
    assert {(row["documents"], row["bytes"]) for row in models} == {("40", models[0]["bytes"])}, "not the same test texts"
    for row in models:
        assert float(row["bits_per_byte_low"]) < float(row["bits_per_byte"]) < float(row["bits_per_byte_high"])
        assert bool(row["bits_per_byte_prompted"]) == row["model"].startswith("mistral")
        assert row["bits_per_byte_reset"], "without its prompt"
    pairs = {(row["model_a"], row["model_b"]): row for row in found["comparisons"]}
    assert len(pairs) == 8 * 7 / 2
    for row in pairs.values():
        assert float(row["low"]) < float(row["difference"]) < float(row["high"])
        assert float(row["p_corrected"]) >= float(row["p"]), "by Holm, for all 28 pairs of the corpus"
    tuned = pairs["mistral-base", "mistral-qlora"]
    assert (tuned["documents"], tuned["seeds_a"], tuned["seeds_b"], tuned["seed_noise"]) == ("40", "1", "1", "")
    assert tuned["verdict"] == "b better"
    in_latex = (tmp_path / "language_models.tex").read_text()
    assert all(row["model"] in in_latex for row in models)


def test_what_decides_a_pretrained_model_s_figure_stands_beside_it(tmp_path):
    runs = [fabricate_run(tmp_path, "songs", model, 0) for model in ("gru-char", "mistral-base", "mistral-qlora")]
    rows_of = {row["model"]: row for row in compare(tmp_path, runs)["language_models"]}
    columns = ("pretrained", "window", "stride", "test_texts_longer", "train_texts_longer", "tokens_not_learnt")
    assert [rows_of["mistral-qlora"][key] for key in columns] == ["mistral", "2048", "1024", "3", "7", "1234"]
    assert [rows_of["mistral-base"][key] for key in columns] == ["mistral", "2048", "1024", "3", "", ""], (
        "nothing was taught to it"
    )
    assert [rows_of["gru-char"][key] for key in columns] == [""] * 6


def test_scoring_and_sampling_of_a_pretrained_model_are_counted(tmp_path):
    tuned = used(fabricate_run(tmp_path, "songs", "mistral-qlora", 0), **ON_A_CARD)
    for key in ("scoring_hardware", "sampling_hardware"):
        used({"hardware": tuned[key]}, **ON_A_CARD | {"wall_seconds": 1800.0, "gpu_hours": 0.5, "energy_joules": 3.6e5})
    base = fabricate_run(tmp_path, "songs", "mistral-base", 0)
    for key in ("scoring_hardware", "sampling_hardware"):
        used({"hardware": base[key]}, **ON_A_CPU)
    rows = compare(tmp_path, [tuned, base, used(fabricate_run(tmp_path, "songs", "gru-char", 0), **ON_A_CPU)])["hardware"]
    works = [(row["model"], row["work"]) for row in rows]
    assert works == [
        *(("mistral-qlora", work) for work in ("training", "scoring", "sampling")),
        *(("mistral-base", work) for work in ("scoring", "sampling")),  # nothing was taught to it
        ("gru-char", "training"),
    ]
    assert [row["backend"] for row in rows[:2]] == ["", "transformers 9.9, peft 9.9"]
    found = totals(rows)
    assert [found[key] for key in ("jobs", "runs", "recorded", "metered")] == [6, 3, 6, 3]
    assert [found[key] for key in ("gpu_hours", "energy_joules")] == [3.0, 1.8e6 + 2 * 3.6e5]
    assert found["wall_seconds"] == 7200 + 2 * 1800 + 3 * 3600
