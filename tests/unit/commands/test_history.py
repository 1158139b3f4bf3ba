"""The recipes that runs have had, before beside after, and the removal of what is kept of them."""

import os

import pytest
from fabricate import scores_row

from verso.classification.predictions import read_predictions
from verso.classification.runs import scores_of
from verso.commands.clean_history import clean
from verso.commands.history import history
from verso.config.load import load
from verso.files import write_csv
from verso.jobs.earlier import Earlier, kept_in
from verso.language_modelling.likelihood_statistics import corpus_bits_per_byte
from verso.registry import TASK
from verso.text.labels import Labels

CONFIG = {
    "corpora": {"songs": {"kind": "songs", "source": {"path": "songs.jsonl"}}},
    "models": {name: {"family": "recurrent_lm", "cell": "lstm", "unit": "char"} for name in ("a", "b")},
    "experiments": {"lyrics": {"corpus": "songs", "models": ["a", "b"]}},
}


class Study:
    """Results in which runs are trained and scored, by the words that each recipe puts into its model."""

    def __init__(self, folder):
        self.results = folder / "results"
        self.config = load({**CONFIG, "results": os.path.relpath(self.results)}, "my.yaml")
        self.train = folder / "train.jsonl"
        self.train.write_text("text\n")

    def run(self, model="a"):
        return self.results / "runs/songs" / model / "seed-1"

    def trained(self, log_likelihood=-100.0, model="a", size=10, **settings):
        folder = self.run(model)
        weights, history, scores = (folder / name for name in ("model/weights.safetensors", "history.csv", "scores.csv"))
        for path in (weights, history, scores):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.unlink(missing_ok=True)  # as Snakemake does
        weights.write_bytes(repr(settings).encode() * size)
        history.write_text("epoch\n1\n")
        keep("train_recurrent_lm", folder, [weights, history], {"settings": settings, "code": "c"}, {"train": [str(self.train)]})
        rows = [scores_row(f"text-{number}", log_likelihood * number, size=100 * number) for number in (1, 2)]
        write_csv(scores, rows, rows[0])
        keep("evaluate_recurrent_lm", folder, [scores], {}, {"weights": [str(weights)]})
        return corpus_bits_per_byte([row["log_likelihood"] for row in rows], [row["bytes"] for row in rows])[0]

    def lines(self):
        return history(self.config).splitlines()


def keep(*job):
    Earlier(*job).keep(recipes=3, megabytes=100)


@pytest.fixture
def study(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return Study(tmp_path)


def test_each_recipe_stands_with_what_changed_and_its_scores_before_beside_after(study):
    before = study.trained(-100.0, learning_rate=0.002, schedule={"name": "plateau"})
    after = study.trained(-90.0, learning_rate=0.001, schedule={"name": "linear"})
    title, header, first, second, *rest = study.lines()
    assert title == "songs a seed 1"
    assert "bits per byte, before  bits per byte, after  what changed" in header
    assert first.split()[2:] == [f"{before:.4f}", *["the", "first", "that", "is", "kept"]]
    assert second.split()[2:5] == ["now", f"{before:.4f}", f"{after:.4f}"]
    assert second.endswith("learning_rate: 0.002 → 0.001; schedule.name: plateau → linear")
    assert rest[-1].startswith("Nothing is kept of songs b seed 1:")


def test_a_recipe_that_was_gone_back_to_is_the_one_that_stands(study):
    study.trained(learning_rate=1)
    study.trained(learning_rate=2)
    study.trained(learning_rate=1)
    assert [" now " in line for line in study.lines()[2:4]] == [False, True]


def test_a_changed_input_and_scores_that_are_missing_are_said(study):
    study.trained(learning_rate=1)
    study.train.write_text("another text\n")
    study.trained(learning_rate=1)
    assert study.lines()[3].endswith("train.jsonl has another content")
    for kept in kept_in(study.run()):
        if kept.rule == "evaluate_recurrent_lm":
            (kept.folder / "scores.csv").unlink()
    assert [line.split()[2:] for line in study.lines()[2:4]] == [
        ["the", "first", "that", "is", "kept"],
        ["now", "train.jsonl", "has", "another", "content"],
    ]


def test_what_is_kept_holds_no_control_characters_for_a_terminal(study):
    study.trained(name="a")
    study.trained(name="\x1b[2Jb")
    assert "\x1b" not in history(study.config)


def test_cleaning_frees_the_space_of_earlier_recipes_and_leaves_what_stands(study):
    study.trained(size=200_000, rate=1)
    study.trained(size=200_000, rate=2)
    standing = {path: path.read_bytes() for path in study.run().rglob("*") if path.is_file() and "earlier" not in path.parts}
    said = clean(study.results)
    assert "removed the results of 2 earlier recipes; that frees 2." in said
    assert said.endswith(" MB")
    assert {path: path.read_bytes() for path in standing} == standing
    assert {kept.stands for kept in kept_in(study.run())} == {True}
    assert "nothing to remove" in clean(study.results)


def test_cleaning_follows_no_link_and_says_which_it_leaves(study, tmp_path):
    study.trained(rate=1)
    study.trained(rate=2)
    outside = tmp_path / "outside"
    study.run().rename(outside)
    study.run().symlink_to(outside)
    study.trained(model="b", rate=1)
    (study.run("b") / "earlier").rename(tmp_path / "more")
    (study.run("b") / "earlier").symlink_to(tmp_path / "more")
    files = sorted(path for folder in (outside, tmp_path / "more") for path in folder.rglob("*"))
    said = clean(study.results).splitlines()
    assert sum("is a link, and is left alone" in line for line in said) == 2
    assert sorted(path for folder in (outside, tmp_path / "more") for path in folder.rglob("*")) == files


def test_a_search_beside_the_runs_of_a_model_is_neither_a_run_nor_cleaned(study):
    study.trained(rate=1)
    study.trained(rate=2)
    before = study.lines()
    search = study.run().parent / "search"
    for name in ("best.json", "checkpoints/0123/journal.log", "checkpoints/0123/trial-0000/history.csv"):
        (search / name).parent.mkdir(parents=True, exist_ok=True)
        (search / name).write_text("{}\n")
    assert study.lines() == before
    clean(study.results)
    assert len([path for path in search.rglob("*") if path.is_file()]) == 3


def test_a_results_folder_that_is_not_there_is_nothing_to_clean(tmp_path):
    assert "nothing to remove" in clean(tmp_path / "results")


def test_the_headline_of_a_classifier_is_its_macro_f1_and_accuracy_as_in_its_table(tmp_path):
    shares = {"probability_0": 0.5, "probability_1": 0.3, "probability_2": 0.2}
    told = [("bad", "bad"), ("bad", "good"), ("good", "good"), ("fair", ""), ("fair", "fair")]
    rows = [{"document": str(n), "label": label, "prediction": said, **shares} for n, (label, said) in enumerate(told)]
    write_csv(tmp_path / "scores.csv", rows, rows[0])
    labels = Labels(["bad", "fair", "good"], ordered=False)
    expected = scores_of(read_predictions(tmp_path / "scores.csv", labels), labels)
    headline = TASK["classification"].headline(tmp_path / "scores.csv")
    assert headline == pytest.approx({"macro F1": expected["f1_macro"], "accuracy": expected["accuracy"]})
