"""What classifiers cost: training, and telling labels where that was measured, each once."""

from statistics import fmean

import pytest
from fabricate_classifiers import fabricate_classifier, fabricate_labelled, fabricate_tables

from verso.display.hardware_table import totals
from verso.files import read_csv, read_json, write_json

ON_A_CARD = {"device": "cuda", "peak_vram_mb": 280, "peak_vram_reserved_mb": 300, "energy_joules": 100, "wall_seconds": 7.2}


@pytest.fixture
def corpus(tmp_path):
    return fabricate_labelled(tmp_path, "reviews", documents=30)


def cost_of(folder, corpus, *runs):
    """The only row of the table of models, and the rows of jobs."""
    csvs = fabricate_tables(folder, [corpus], runs)
    (row,) = read_csv(csvs["classifiers"])
    return row, read_csv(csvs["classifier_jobs"])


def measured(run, **used):
    """A run whose scoring was a job of its own, 0.002 hours on a card."""
    found = read_json(run["hardware"]) | read_json(run["scoring"]) | ON_A_CARD | {"gpu_hours": 0.002} | used
    write_json(run["scoring"], found)
    return run


def test_what_a_model_costs_is_its_mean_run(tmp_path, corpus):
    runs = [fabricate_classifier(tmp_path, corpus, "mdeberta", seed) for seed in (1, 2)]
    row, jobs = cost_of(tmp_path, corpus, *runs)
    used = [read_json(run["hardware"]) for run in runs]
    assert float(row["minutes"]) == pytest.approx(fmean(found["wall_seconds"] for found in used) / 60)
    assert float(row["gpu_minutes"]) == pytest.approx(0.6)
    assert float(row["f1_macro_per_gpu_minute"]) == pytest.approx(float(row["f1_macro"]) / 0.6)
    assert float(row["peak_vram_mb"]) == 195
    assert (row["parameters"], row["trainable"], row["epochs"], row["best_epoch"]) == ("1260000", "2000", "5.0", "4.0")
    assert [job["work"] for job in jobs] == ["training", "training"], "telling labels took moments and was no job"


def test_what_computed_on_no_card_has_no_share_of_one(tmp_path, corpus):
    row, _ = cost_of(tmp_path, corpus, fabricate_classifier(tmp_path, corpus, "tfidf", 1))
    assert row["f1_macro_per_gpu_minute"] == row["peak_vram_mb"] == row["epochs"] == ""
    assert float(row["documents_per_second"]) > 0


def test_a_scoring_on_a_card_counts_beside_the_training(tmp_path, corpus):
    run = measured(fabricate_classifier(tmp_path, corpus, "mdeberta", 1))
    row, jobs = cost_of(tmp_path, corpus, run)
    assert float(row["gpu_minutes"]) == pytest.approx(60 * (0.01 + 0.002))
    assert float(row["peak_vram_mb"]) == 300, "the card must hold the greater of the two"
    assert float(row["energy_joules"]) == 900 + 100
    assert float(row["minutes"]) == pytest.approx(read_json(run["hardware"])["wall_seconds"] / 60)
    assert row["scoring_device"] == "cuda"
    assert [(job["work"], float(job["gpu_hours"])) for job in jobs] == [("training", 0.01), ("scoring", 0.002)]


def test_texts_by_hand_count_in_the_study_and_not_among_the_costs_of_the_model(tmp_path, corpus):
    run = measured(fabricate_classifier(tmp_path, corpus, "mdeberta", 1))
    before, _ = cost_of(tmp_path, corpus, run)
    write_json(tmp_path / "p.json", read_json(run["scoring"]) | {"gpu_hours": 0.5, "energy_joules": 7000})
    row, jobs = cost_of(tmp_path, corpus, run | {"probes_scoring": str(tmp_path / "p.json")})
    assert row == before
    assert [job["work"] for job in jobs] == ["training", "scoring", "probes"]
    found = totals(jobs)
    assert (found["gpu_hours"], found["energy_joules"]) == (pytest.approx(0.01 + 0.002 + 0.5), 900 + 100 + 7000)


def test_half_of_an_energy_is_not_told_as_the_whole(tmp_path, corpus):
    run = measured(fabricate_classifier(tmp_path, corpus, "mdeberta", 1), energy_joules=None)
    assert cost_of(tmp_path, corpus, run)[0]["energy_joules"] == ""


def test_what_asking_a_chat_model_costs_is_its_scoring_alone(tmp_path, corpus):
    run = fabricate_classifier(tmp_path, corpus, "zero-shot", 1)
    row, jobs = cost_of(tmp_path, corpus, run)
    assert [job["work"] for job in jobs] == ["scoring"]
    assert float(row["minutes"]) == pytest.approx(read_json(run["scoring"])["wall_seconds"] / 60)
    assert (float(row["gpu_minutes"]), float(row["peak_vram_mb"]), row["trainable"]) == (pytest.approx(12), 6100, "0")
    assert float(row["f1_macro_per_gpu_minute"]) == pytest.approx(float(row["f1_macro"]) / 12)
    assert (row["epochs"], row["documents_per_second"]) == ("", "1.5")
