"""What comparisons and the page are given: of each run the files that its task, its family and itself have."""

import os

import pytest
from whole_config import CLASSIFIERS, described, made, of_run

from verso.contract import MODEL
from verso.errors import VersoError
from verso.registry import TASK, TASKS

CLASSIFICATION, MODELLING = TASK["classification"], TASK["language_modelling"]
ASKED, LSTM, TUNED = ("reviews", "asked", 1), ("songs", "lstm-char", 1), ("songs", "tuned", 1)
MAJORITY, UNSEEN = ("reviews", "majority", 1), ("games", "majority", 1)


def compared(run, **options):
    given = described(**options)
    (row,) = given.compared_runs(given.runs.task(run), [run])
    return row


def keys(row):
    return {key for key, value in row.items() if isinstance(value, str) and value.startswith("results/")}


def test_a_comparison_reads_of_a_run_what_its_task_and_its_family_and_itself_say():
    task = {"scores", "architecture", "history", "hardware", "scoring"}
    assert keys(compared(MAJORITY)) == task, "what predicting own texts took is measured where a pretrained model did it"
    assert keys(compared(ASKED)) == keys(compared(("reviews", "encoder", 1))) == task | {"probes_scoring"}
    assert keys(compared(UNSEEN)) == task
    modelling = {"scores", "measures", "architecture", "history", "hardware"}
    assert keys(compared(LSTM)) == modelling | {"predictions", "frequencies", "latencies"}
    predictions = {"predictions", "frequencies", "latencies"}
    assert keys(compared(TUNED)) == modelling | predictions | {"scoring_hardware", "sampling_hardware", "measuring_hardware"}


def test_a_run_is_described_by_what_the_config_says_of_its_model():
    row = compared(ASKED)
    told = {key: row[key] for key in ("corpus", "model", "seed", "family", "baseline", "unit", "miniature", "pretrained")}
    assert told == {
        "corpus": "reviews", "model": "asked", "seed": 1, "family": "prompt", "baseline": "", "unit": None, "miniature": False,
        "pretrained": "mistral",
    }  # fmt: skip
    lucky = [compared(run)["luck"] for run in (ASKED, LSTM, TUNED, MAJORITY)]
    assert lucky == [True, True, True, False], (
        "a reply is drawn by the seed, and a training begins by it; counting labels does not"
    )
    assert (compared(MAJORITY)["baseline"], compared(MAJORITY)["pretrained"]) == ("below_majority", None)
    assert (compared(("songs", "base", 1))["miniature"], compared(("songs", "gru-word", 1))["unit"]) == (True, "word")
    assert row["architecture"] == f"results/runs/reviews/asked/seed-1/{MODEL}"


def test_all_that_a_comparison_is_given_is_among_its_inputs_once():
    given = described()
    for task in TASKS:
        own = given.runs.of_task(task, given.runs.all)
        files = given.compared_files(task, own)
        assert len(files) == len(set(files))
        of_runs = {row[key] for row in given.compared_runs(task, own) for key in keys(row)}
        of_corpora = {path for row in given.corpora_of(task, own) for key, path in row.items() if key != "name"}
        assert set(files) == of_runs | of_corpora


def test_corpora_are_described_with_the_files_that_they_have():
    given = described()
    assert given.corpora_of(CLASSIFICATION, [MAJORITY, ASKED, UNSEEN]) == [
        {"name": "reviews", "labels": "results/corpora/reviews/labels.json", "test": "results/corpora/reviews/test.jsonl"},
        {"name": "games", "labels": "results/corpora/games/labels.json", "test": "results/corpora/games/test.jsonl"},
    ]
    assert given.corpora_of(MODELLING, [LSTM]) == [{"name": "songs"}]
    shown = given.sections([MAJORITY, ASKED, UNSEEN, LSTM])
    own_texts = {row["name"]: row.get("own_texts") for section in shown.values() for row in section["corpora"]}
    assert own_texts == {"songs": None, "reviews": "results/corpora/reviews/probes.jsonl", "games": None}
    assert "results/corpora/reviews/probes.jsonl" not in given.compared_files(CLASSIFICATION, [MAJORITY]), (
        "no comparison reads it"
    )


def test_the_page_shows_samples_and_replies_and_predictions_of_own_texts():
    given = described()
    sections = given.sections(given.runs.all)
    assert list(sections) == [task.name for task in TASKS]
    rows = {(row["corpus"], row["model"], row["seed"]): row for section in sections.values() for row in section["runs"]}
    assert set(rows) == set(given.runs.all)
    assert keys(rows[LSTM]) == keys(rows[TUNED]) == {"samples"}
    assert keys(rows[MAJORITY]) == {"own_texts"}
    assert keys(rows[ASKED]) == {"own_texts", "replies"}
    assert keys(rows[UNSEEN]) == set()
    assert rows[ASKED]["own_texts"] == "results/runs/reviews/asked/seed-1/probes.csv"
    shown = given.shown_files(given.runs.all)
    assert {row[key] for row in rows.values() for key in keys(row)} <= set(shown)
    assert "results/corpora/reviews/probes.jsonl" in shown
    assert len(shown) == len(set(shown))


def test_tables_and_figures_are_of_what_there_is_among_the_runs():
    given = described()
    every = given.tables_and_figures(given.runs.all)
    assert every["classifiers"] == "results/tables/classifiers.csv"
    assert every["confusion_matrices_figure"] == "results/figures/confusion_matrices.svg"
    assert every["pretrained_models"] == "results/tables/pretrained_models.csv"
    expected = {name for task in TASKS for name in (*task.tables, *(f"{figure}_figure" for figure in task.figures))}
    assert set(every) == expected | {"pretrained_models"}
    own = given.tables_and_figures([MAJORITY])
    assert set(own) == {*CLASSIFICATION.tables, *(f"{name}_figure" for name in CLASSIFICATION.figures)}
    assert given.latex(CLASSIFICATION)["classifiers_tex"] == "results/tables/classifiers.tex"


def test_pretrained_models_are_those_that_runs_start_from():
    given = described()
    assert given.manifests(given.runs.all) == [
        f"results/pretrained/{name}/pretrained.json" for name in ("bert", "mistral", "toy")
    ]
    assert given.manifests([LSTM, MAJORITY]) == []
    found = given.models_by_pretrained(given.runs.all)
    assert {start: sorted(models) for start, models in found.items()} == {
        "mistral": ["asked", "tuned"], "bert": ["encoder"], "toy": ["base"],
    }  # fmt: skip


def test_fingerprints_are_of_the_code_that_made_the_model():
    given = described()
    found = given.fingerprints(given.runs.all)
    assert len(found) == len(given.runs.all)
    assert found["songs lstm-char seed 1"] == "code of train_recurrent_lm"
    assert found["reviews asked seed 1"] == found["songs base seed 1"] == "code of describe_base"


def test_experiments_models_and_corpora_of_the_page():
    given = described()
    assert [(row["name"], row["models"], row["seeds"]) for row in given.experiments(given.runs.all)] == [
        ("lyrics", ["tuned", "lstm-char", "base", "gru-word"], [2, 1]),
        ("again", ["lstm-char"], [1, 10]),
        ("polarity", CLASSIFIERS, [1]),
        ("wild", ["majority"], [1]),
    ]
    assert [row["name"] for row in given.experiments([LSTM])] == ["lyrics", "again"]
    assert given.experiments([LSTM])[0] == {"name": "lyrics", "corpus": "songs", "models": ["lstm-char"], "seeds": [1]}
    assert set(given.models([LSTM, MAJORITY])) == {"lstm-char", "majority"}
    assert "needs" not in given.models([LSTM])["lstm-char"]
    assert given.statistics([LSTM, MAJORITY]) == [f"results/corpora/{name}/statistics.json" for name in ("reviews", "songs")]
    assert given.title(given.runs.all) == "All families"


# --- so far ---


@pytest.fixture
def so_far(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return described(so_far=True)


def test_of_all_runs_inputs_are_values_and_so_far_they_wait_for_the_job(so_far):
    whole = described()
    assert whole.of(whole.title) == "All families"
    later = so_far.of(so_far.title)
    with pytest.raises(VersoError, match="No run is finished yet"):
        later(of_run())
    made(*so_far.runs.results([LSTM, MAJORITY]))
    assert later(of_run()) == f"All families: 2 of {len(so_far.runs.all)} runs"
    assert so_far.of_task(MODELLING, so_far.histories)(of_run()) == [
        {"corpus": "songs", "model": "lstm-char", "seed": 1, "path": "results/runs/songs/lstm-char/seed-1/history.csv"}
    ]


def test_so_far_all_goes_into_a_folder_of_its_own(so_far):
    whole = described()
    mine, its = ({*given.tables(MODELLING).values(), *given.figures(MODELLING).values()} for given in (so_far, whole))
    assert not mine & its
    assert all(path.startswith("results/so_far/") for path in mine)


def test_so_far_predictions_of_own_texts_that_a_finished_run_lacks_are_left_out(so_far):
    made(*so_far.runs.results([MAJORITY, ASKED]))
    assert not [path for path in so_far.compared_files(CLASSIFICATION, [MAJORITY, ASKED]) if "probes" in path]
    assert not [path for path in so_far.shown_files([MAJORITY, ASKED]) if "probes" in path], "nothing waits for what is not there"
    made("results/corpora/reviews/probes.jsonl", "results/runs/reviews/asked/seed-1/probes_scoring.json")
    rows = {row["model"]: row for row in so_far.compared_runs(CLASSIFICATION, [MAJORITY, ASKED])}
    assert rows["asked"]["probes_scoring"] == "results/runs/reviews/asked/seed-1/probes_scoring.json"
    assert "own_texts" not in keys(so_far.sections([ASKED])["classification"]["runs"][0])
    assert not [path for path in so_far.shown_files([MAJORITY, ASKED]) if path.endswith("probes.csv")]
    made("results/runs/reviews/majority/seed-1/probes.csv")
    shown = {row["model"]: keys(row) for row in so_far.sections([MAJORITY, ASKED])["classification"]["runs"]}
    assert shown == {"majority": {"own_texts"}, "asked": {"replies"}}
    assert so_far.sections([MAJORITY])["classification"]["corpora"][0]["own_texts"] == "results/corpora/reviews/probes.jsonl"
    whole = described()
    assert len([path for path in whole.shown_files([MAJORITY, ASKED]) if path.endswith("probes.csv")]) == 2, "the report waits"


def test_so_far_predictions_of_other_own_texts_than_there_are_now_are_left_out(so_far):
    """They would be shown beside texts that they are not of."""
    predicted = [f"results/runs/reviews/{model}/seed-1/probes.csv" for model in ("majority", "asked")]
    made(*so_far.runs.results([MAJORITY, ASKED]), "results/corpora/reviews/probes.jsonl", *predicted)
    os.utime("results/corpora/reviews/probes.jsonl", (1000, 1000))
    for model in ("majority", "asked"):
        os.utime(f"results/runs/reviews/{model}/seed-1/model/architecture.json", (1000, 1000))
    os.utime(predicted[0], (999, 999))
    os.utime(predicted[1], (1001, 1001))
    assert [path for path in so_far.shown_files([MAJORITY, ASKED]) if path.endswith("probes.csv")] == predicted[1:]
    section = so_far.sections([MAJORITY])["classification"]
    assert "own_texts" not in section["runs"][0]
    assert "own_texts" not in section["corpora"][0]


def test_so_far_predictions_that_were_not_measured_or_are_of_an_older_model_are_left_out(so_far):
    """A finished run of an older version is reported without them."""
    made(*so_far.runs.results([LSTM]))
    measured = [f"results/runs/songs/lstm-char/seed-1/{name}" for name in ("predictions.json", "latency.json")]
    assert not set(measured) & set(so_far.compared_files(MODELLING, [LSTM]))
    made(*measured)
    os.utime("results/runs/songs/lstm-char/seed-1/model/architecture.json", (1000, 1000))
    os.utime(measured[0], (999, 999))
    assert set(measured) & set(so_far.compared_files(MODELLING, [LSTM])) == {measured[1]}


def test_so_far_what_every_finished_run_has_is_never_left_out(so_far):
    """Or a comparison would be of other columns, and nobody would know why."""
    made(*so_far.runs.results([MAJORITY]))
    assert keys(so_far.compared_runs(CLASSIFICATION, [MAJORITY])[0]) == {
        "scores", "architecture", "history", "hardware", "scoring",
    }  # fmt: skip
