"""What a status page says of records and results; times are given, so nothing waits."""

import copy
import html
import json
import os
import time
from collections import Counter

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from verso.commands.status import read_config, status
from verso.commands.terminal import COLUMNS
from verso.corpora.losses import Losses
from verso.errors import VersoError
from verso.files import write_json
from verso.graph.descriptions import Descriptions
from verso.graph.inputs import Inputs
from verso.graph.paths import Paths
from verso.graph.runs import Runs
from verso.jobs.job import PUT_BACK
from verso.provenance import key_of_study

NOW = 1_763_800_000.0
CONFIG = {
    "corpora": {"songs": {"kind": "songs", "source": {"path": "songs.jsonl"}}},
    "models": {name: {"family": "recurrent_lm", "cell": "lstm", "unit": "char"} for name in ("a", "b")},
    "experiments": {
        "lyrics": {"corpus": "songs", "models": ["a", "b"], "seeds": [2, 10]},
        "again": {"corpus": "songs", "models": ["a"], "seeds": [2]},
    },
}
BASE = {"type": "hub", "repository": "owner/model", "revision": "0" * 40, "licence": "mit"}
PROGRESS = {
    "epoch": 3,
    "epochs": 10,
    "step": 410,
    "steps": 1200,
    "train_loss": 1.9,
    "validation_loss": None,
    "seconds_left": 95.0,
}


def attempt(**changes):
    return {
        "attempt": 1,
        "snakemake": NOW - 1000,
        "start": NOW - 900,
        "host": "gpu01",
        "pid": 4711,
        "slurm_job": "17",
        "asked": {"mem_mb": 2000, "runtime": 30, "vram_mb": 0, "cards": 0, "threads": 1},
        "alive": NOW - 5,
        "peak_ram_mb": 812.4,
        "progress": None,
        "end": None,
        "cause": None,
        "message": "",
        **changes,
    }


def ended(cause, **changes):
    return attempt(**{"end": NOW - 100, "alive": NOW - 100, "cause": cause, **changes})


class Study:
    """A results folder with records and results, and the page made of it."""

    def __init__(self, folder):
        self.folder = folder
        self.config = folder / "config.yaml"
        self.config.write_text(yaml.safe_dump({**CONFIG, "results": str(folder / "results")}))

    def record(self, rule, wildcards, *attempts):
        names = [value if key != "seed" else f"seed-{value}" for key, value in wildcards.items()] or ["all"]
        path = self.folder.joinpath("results", "logs", rule, *names[:-1], f"{names[-1]}.job.json")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"rule": rule, "wildcards": wildcards, "attempts": attempts}))

    def change_config(self, **changes):
        config = yaml.safe_load(self.config.read_text())
        self.config.write_text(yaml.safe_dump({**config, **changes}))

    def report(self, at, study=None, config=None):
        """A page as the report's template begins, of this config unless another key or name is given."""
        runs = Runs(read_config(self.config), Paths(str(self.folder / "results")))
        described = Descriptions(runs, Inputs(runs), code_of=str)
        key = study or key_of_study(runs.config.title, described.experiments(runs.all), described.models(runs.all))
        path = self.folder / "results" / "report.html"
        path.parent.mkdir(exist_ok=True)
        name = html.escape(config or str(self.config))
        path.write_text(f'<meta name="verso-study" content="{key}">\n<meta name="verso-config" content="{name}">\n')
        os.utime(path, (at, at))

    def of_classifiers(self, **model):
        """The runs are on labelled texts; model: the entry of "a"."""
        labelled = {"songs": {"kind": "labelled", "source": {"path": "reviews.csv"}}}
        self.change_config(corpora=labelled, pretrained={"base": BASE}, models={"a": model, "b": {"family": "textcnn"}})

    def of_a_pretrained_model(self, **model):
        """The model "a" starts from a pretrained one."""
        models = {"a": {"family": "causal_llm", "pretrained": "base", **model}, "b": CONFIG["models"]["b"]}
        self.change_config(pretrained={"base": BASE}, models=models)

    def run(self, rule, *attempts, model="a", seed=2, family="recurrent_lm"):
        self.record(f"{rule}_{family}", {"corpus": "songs", "model": model, "seed": str(seed)}, *attempts)

    def made(self, *names, model="a", seed=2, at=NOW - 500):
        for name in names:
            path = self.folder / "results" / "runs" / "songs" / model / f"seed-{seed}" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
            os.utime(path, (at, at))

    def page(self):
        return status(read_config(self.config), NOW, str(self.config))

    def row(self, model="a", seed=2):
        return next(line for line in self.page().splitlines() if line.split()[:3] == ["songs", model, str(seed)])

    def state(self):
        return self.row().split()[3]


@pytest.fixture
def study(tmp_path):
    return Study(tmp_path)


MODEL, SCORES, MEASURES = "model/architecture.json", "scores.csv", "sample_measures.csv"


def test_what_a_corpus_lost_stands_below_the_runs_by_reason_and_label(study):
    losses = Losses(Counter(neg=133, pos=200), {"not UTF-8": Counter(neg=67)}, {"in another language (fr)": Counter(pos=3)})
    acquired = study.folder / "results" / "corpora" / "songs" / "acquired.json"
    write_json(acquired, {"losses": losses.as_dict()})
    said = ["songs: 67 of 400 rows set aside (16.8%):", "  67 (neg: 67)  not UTF-8", "3 other rows not taken:"]
    assert "\n".join(["", *said, "  3 (pos: 3)  in another language (fr)", ""]) in study.page()
    for old in ({}, {"losses": None}, []):
        write_json(acquired, old)
        assert "rows" not in study.page()


def test_every_run_has_one_line_before_anything_was_started_seeds_in_the_order_of_numbers(study):
    lines = study.page().splitlines()
    assert [line.split() for line in lines[1:5]] == [["songs", m, s, "not", "started"] for m in "ab" for s in ("2", "10")]
    assert lines[-1] == "0 of 1 corpora prepared. 4 runs: 4 not started. There is no report yet."


def test_a_training_reports_how_far_it_is(study):
    study.run("train", attempt(progress=PROGRESS))
    row = study.row()
    for part in ("running", "epoch 3/10, 34%", "1.900 / -", "1 min 35 s left", "gpu01 job 17", "812 / 2,000"):
        assert part in row


def test_a_run_is_done_when_its_results_stand_with_or_without_records(study):
    study.made(MODEL, SCORES, MEASURES)
    assert study.state() == "done"
    study.run("train", ended("done", end=NOW - 840))
    assert "took 1 min 0 s" in study.row()
    study.run("train", ended("done", message=PUT_BACK))
    assert PUT_BACK in study.row(), "nothing was trained: what it took would be a moment"


def test_a_pretrained_base_is_done_without_any_training(study):
    study.of_a_pretrained_model(tuning="none")
    run = {"corpus": "songs", "model": "a", "seed": "2"}
    study.record("describe_base", run, attempt())
    assert study.row().split()[3:7] == ["running", "describing", "the", "base"]
    study.made(MODEL, SCORES, MEASURES)
    study.record("describe_base", run, ended("done", end=NOW - 840))
    assert study.state() == "done"
    assert "took" not in study.row(), "nothing was trained"


def test_a_classifier_is_done_once_its_labels_are_predicted_for_it_samples_nothing(study):
    study.of_classifiers(family="majority")
    study.made(MODEL)
    assert "not yet scored" in study.row()
    assert "sampled" not in study.row()
    study.record("predict_baseline", {"corpus": "songs", "model": "a", "seed": "2"}, attempt())
    assert "trained, predicting" in study.row()
    study.made(SCORES)
    study.record("predict_baseline", {"corpus": "songs", "model": "a", "seed": "2"}, ended("done"))
    assert study.state() == "done"


@pytest.mark.parametrize("family", ["majority", "textcnn"])
def test_a_failed_predicting_of_the_user_s_own_texts_is_seen_though_the_test_was_predicted_before(study, family):
    """One job predicts both, the test first; it may die beside scores.csv."""
    study.of_classifiers(family=family)
    rule = {"majority": "predict_baseline_and_own_texts", "textcnn": "predict_small_network_and_own_texts"}[family]
    run = {"corpus": "songs", "model": "a", "seed": "2"}
    study.made(MODEL)
    study.made(SCORES, at=NOW - 101)
    study.record(rule, run, ended("bug", message="KeyError"))
    assert study.state() == "failed"
    assert "predicting: bug: KeyError" in study.row()
    study.record(rule, run, ended("done"))
    study.made(SCORES, "probes.csv", at=NOW + 1)
    assert study.state() == "done"


def test_what_was_wrong_with_own_texts_is_history_once_scores_are_newer(study):
    """The config has no own texts any more: the rule that predicts the test alone has made scores.csv since."""
    study.of_classifiers(family="majority")
    study.made(MODEL)
    study.record("predict_baseline_and_own_texts", {"corpus": "songs", "model": "a", "seed": "2"}, ended("bug"))
    assert study.state() == "failed"
    study.made(SCORES, at=NOW + 1)
    assert study.state() == "done"


def test_a_prompted_model_is_never_said_to_be_trained_while_it_is_prompted(study):
    study.of_classifiers(family="prompt", pretrained="base")
    run = {"corpus": "songs", "model": "a", "seed": "2"}
    study.record("describe_base", run, attempt())
    assert study.row().split()[3:7] == ["running", "describing", "the", "base"]
    study.record("describe_base", run, ended("done"))
    study.made(MODEL)
    study.record("answer_prompts", run, attempt())
    assert study.row().split()[3:5] == ["running", "predicting"]
    progress = {"texts": 1339, "texts_done": 120, "again": False, "seconds_left": 245.0}
    study.record("answer_prompts", run, attempt(progress=progress))
    for part in ("predicting 120 of 1,339 texts ", "4 min 5 s left"):
        assert part in study.row()
    study.record("answer_prompts", run, attempt(progress={**progress, "texts": 70, "texts_done": 8, "again": True}))
    assert "predicting 8 of 70 texts again" in study.row()


def test_between_training_and_done_it_says_what_is_missing_or_at_work(study):
    study.made(MODEL)
    assert study.state() == "trained"
    assert "not yet scored nor sampled" in study.row()
    study.run("evaluate", attempt())
    assert "trained, scoring and sampling" in study.row()
    study.run("evaluate", ended("done"))
    study.made(SCORES, "samples.jsonl")
    assert "not yet sampled" in study.row()
    study.record("measure_samples", {"corpus": "songs", "model": "a", "seed": "2"}, attempt())
    assert "trained, measuring the samples" in study.row()


def test_two_jobs_of_a_run_at_once_are_reported_together(study):
    study.of_a_pretrained_model()
    study.made(MODEL)
    study.run("score", attempt(), family="causal_llm")
    assert "trained, scoring" in study.row()
    study.run("sample", attempt(), family="causal_llm")
    assert "sampling and scoring" in study.row()
    study.run("score", attempt(progress={"texts": 60, "texts_done": 3, "seconds_left": 50.0}), family="causal_llm")
    study.run("sample", attempt(progress={"texts": 8, "texts_done": 2, "seconds_left": 70.0}), family="causal_llm")
    assert "sampling 2/8 and scoring 3/60 " in study.row()
    assert "1 min 10 s left" in study.row(), "the run is done when the slower of the two is"


def test_sixty_seconds_without_a_heartbeat_are_a_death(study):
    study.run("train", attempt(alive=NOW - 60))
    assert study.state() == "running"
    study.run("train", attempt(alive=NOW - 61))
    assert study.state() == "lost"
    assert "seed-2.log" in study.page()


def test_a_silent_death_near_the_memory_requested_says_so(study):
    study.run("train", attempt(alive=NOW - 99, peak_ram_mb=1900.0))
    assert "probably out_of_memory" in study.row()


def test_a_failure_shows_its_cause_message_and_log(study):
    study.run("train", ended("fault", message="\nmodels.a: found 3\nmust be 4"))
    page = study.page()
    assert ": models.a: found 3" in study.row()
    assert "fault" not in study.row()
    assert f"    log: {study.folder}/results/logs/train_recurrent_lm/songs/a/seed-2.log" in page.splitlines()
    assert "1 failed" in page


def test_a_bug_shows_what_happened_not_that_a_traceback_follows(study):
    study.run("train", ended("bug", message="Traceback (most recent call last):\n  File x\nKeyError: 'hidden'\n"))
    assert "bug: KeyError: 'hidden'" in study.row()


def test_what_snakemake_tries_again_is_retrying_while_it_lives_and_failed_after(study):
    study.run("train", ended("out_of_memory"))
    study.run("train", attempt(), model="b")
    assert study.state() == "retrying"
    study.run("train", ended("bug"))
    assert study.state() == "failed"  # the next attempt would end the same way
    study.run("train", ended("out_of_memory"))
    study.run("train", attempt(alive=NOW - 3600), model="b")
    assert study.state() == "failed"


def test_a_second_attempt_that_runs_says_so(study):
    study.run("train", ended("out_of_memory"), attempt(attempt=2))
    assert study.state() == "running"
    assert "attempt 2" in study.row()


def test_a_failure_of_an_earlier_start_is_queued_again_while_a_later_start_is_at_work(study):
    study.run("train", ended("fault", message="no such file"))
    study.run("train", attempt(snakemake=NOW - 50), model="b")
    assert study.state() == "queued"
    assert "no such file" in study.row()


def test_what_a_person_stopped_is_no_failure(study):
    study.run("train", ended("stopped"))
    assert study.state() == "stopped"
    assert "checkpoint" in study.row()


def test_a_failed_scoring_is_seen_though_sampling_went_on_and_forgotten_once_it_is_mended(study):
    study.of_a_pretrained_model()
    study.made(MODEL)
    study.made(MEASURES, at=NOW - 10)
    study.run("score", ended("bug", message="KeyError"), family="causal_llm")
    assert study.state() == "failed"
    assert "scoring: bug: KeyError" in study.row()
    study.made(SCORES, at=NOW - 10)
    assert study.state() == "done"


def test_a_failed_evaluating_is_seen_until_its_samples_are_newer(study):
    study.made(MODEL, SCORES)
    study.run("evaluate", ended("bug", message="KeyError"))
    assert "failed  scoring and sampling: bug: KeyError" in study.row()
    study.made(SCORES, "samples.jsonl", MEASURES, at=NOW - 10)
    assert study.state() == "done"


def test_light_jobs_that_run_or_failed_are_listed_and_no_others(study):
    study.record("prepare_corpus", {"corpus": "songs"}, ended("fault", message="songs.jsonl is empty"))
    study.record("compare", {}, attempt())
    study.record("acquire_corpus", {"corpus": "songs"}, ended("done"))
    study.record("prepare_corpus", {"corpus": "another"}, ended("fault", message="history"))
    page = study.page()
    assert "prepare_corpus songs  failed   songs.jsonl is empty" in page
    assert "compare               running" in page
    assert "acquire_corpus" not in page
    assert "history" not in page


def test_a_failure_of_a_rule_of_an_earlier_version_is_history_once_all_results_stand(study):
    study.run("score", ended("bug"))  # score_recurrent_lm: one rule scores and samples now
    study.made(MODEL, SCORES)
    assert study.state() == "failed"
    study.made(MEASURES)
    assert study.state() == "done"


def test_whether_the_report_stands(study):
    study.made(MODEL, SCORES, MEASURES, at=NOW - 50)
    study.report(at=NOW)
    assert "The report stands" in study.page()
    study.report(at=NOW - 99)
    assert "The report is older than the newest results" in study.page()


def test_a_report_of_another_config_is_not_called_this_ones(study):
    study.report(at=NOW, study="0" * 16, config="config/<demo>.yaml")
    assert "is the report of another config (config/<demo>.yaml): there is none of this one yet" in study.page()
    study.report(at=NOW)
    study.change_config(title="Another title")
    assert "is of this config as it was before it was changed" in study.page()
    (study.folder / "results" / "report.html").write_text("<html>")
    assert "does not say what it was made of" in study.page()


def test_another_recipe_makes_another_report_and_more_memory_does_not(study):
    study.report(at=NOW)
    models = copy.deepcopy(CONFIG["models"])
    models["a"]["needs"] = {"mem_mb": 5000}
    study.change_config(models=models)
    assert "The report stands" in study.page()
    models["a"]["hidden"] = 17
    study.change_config(models=models)
    assert "before it was changed" in study.page()


def test_what_was_never_started_is_said_to_be(study):
    assert study.state() == "not"
    assert f"Nothing of {study.config} has been started yet: `make run CONFIG={study.config}` begins." in study.page()
    study.run("train", ended("stopped"))
    page = study.page()
    assert "Nothing of" not in page
    assert "3 not started, 1 stopped" in page


def test_what_a_start_at_work_will_come_to_is_queued(study):
    study.run("train", attempt(progress=PROGRESS))
    assert "1 running, 3 queued" in study.page()


def test_corpora_are_counted_too(study):
    assert "0 of 1 corpora prepared. 4 runs" in study.page()
    write_json(study.folder / "results" / "corpora" / "songs" / "statistics.json", {})
    assert "1 of 1 corpora prepared. 4 runs" in study.page()


@pytest.mark.parametrize(
    "text", ["", '{"rule": "tra', "[]", "7", "{}", '{"rule": "x", "wildcards": {}, "attempts": []}', "\x00\xff", "[" * 100_000]
)
def test_a_record_that_cannot_be_read_is_named_and_costs_no_other(study, text):
    study.run("train", attempt(progress=PROGRESS))
    path = study.folder / "results" / "logs" / "broken.job.json"
    path.write_text(text, encoding="latin-1")
    page = study.page()
    assert f"{path} is skipped" in page
    assert "epoch 3/10" in page


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from(sorted(attempt())), VALUES, VALUES)
def test_no_value_in_a_record_breaks_the_page(tmp_path_factory, key, value, other):
    study = Study(tmp_path_factory.mktemp("study"))
    study.run(
        "train",
        attempt(progress={**PROGRESS, "step": other, "seconds_left": other}, **({key: value} if key != "progress" else {})),
    )
    assert len(study.row()) <= COLUMNS


@pytest.mark.parametrize("key", ["step", "steps", "epoch", "seconds_left", "train_loss", "texts", "texts_done"])
def test_no_number_is_too_large(study, key):
    study.run("train", attempt(progress={**PROGRESS, key: 10**400}))
    study.run("train", attempt(asked={"mem_mb": 10**400, "runtime": 10**400}), model="b")
    assert len(study.row()) <= COLUMNS
    assert "running" in study.row("b")


def test_text_of_a_record_cannot_redraw_the_terminal(study):
    study.run("train", ended("fault", message="\x1b]0;owned\x07\x1b[2J" + "x" * 500))
    study.record("bad\x1brule", {"corpus": "songs"}, attempt(host="\x1b[31m"))
    page = study.page()
    assert all(line.isprintable() for line in page.splitlines())
    assert "owned" in page
    assert len(study.row()) <= COLUMNS


@pytest.mark.parametrize("text", ["a: [", "- 1", "", "titel: x", None])
def test_a_wrong_config_is_named(tmp_path, text):
    path = tmp_path / "config.yaml"
    if text is not None:
        path.write_text(text)
    with pytest.raises(VersoError, match=r"config\.yaml"):
        read_config(path)


def test_a_thousand_runs_are_read_in_a_moment(tmp_path):
    study = Study(tmp_path)
    seeds = list(range(500))
    config = {**CONFIG, "results": str(tmp_path / "results")}
    config["experiments"] = {"lyrics": {"corpus": "songs", "models": ["a", "b"], "seeds": seeds}}
    study.config.write_text(yaml.safe_dump(config))
    for seed in seeds:
        for model in "ab":
            for rule in ("train", "evaluate"):
                study.run(rule, attempt(progress=PROGRESS), model=model, seed=seed)
            study.record("measure_samples", {"corpus": "songs", "model": model, "seed": str(seed)}, attempt())
    start = time.perf_counter()
    assert "1000 runs: 1000 running" in study.page()
    assert time.perf_counter() - start < 20  # about 1 s; a quadratic reading would take minutes
