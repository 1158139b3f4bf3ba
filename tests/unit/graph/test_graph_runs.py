"""The runs of a config: tasks and results follow from the families, patterns hold the models and corpora that suit a rule."""

import re

import pytest
from project import ROOT
from whole_config import CLASSIFIERS, made, of_run, runs_of

from verso.config.load import targets
from verso.contract import MODEL
from verso.errors import VersoError
from verso.graph.runs import NONE, any_of, fetching_rules, reporting_rules, rule_of_task
from verso.registry import FAMILIES, SOURCES, TASKS

MODELLING, CLASSIFYING = ("songs", "lstm-char", 1), ("reviews", "tfidf", 1)


def names(pattern):
    return set() if pattern == NONE else set(pattern.split("|"))


def test_every_run_of_every_experiment_is_there_once_seeds_as_numbers():
    runs = runs_of()
    assert [run for run in runs.all if run[1] == "lstm-char"] == [("songs", "lstm-char", seed) for seed in (1, 2, 10)]
    assert len(runs.all) == len(set(runs.all)) == 4 * 2 + 1 + 8 + 1
    assert runs.of_experiments("wild") == [("games", "majority", 1)]
    assert runs.of_experiments("lyrics", "again") == [run for run in runs.all if run[0] == "songs"]


def test_a_run_s_task_is_that_of_its_model_s_family():
    runs = runs_of()
    for run in runs.all:
        assert runs.task(run).name == ("classification" if run[1] in CLASSIFIERS else "language_modelling")
        assert runs.family(run[1]).name == runs.config.models[run[1]].family
    assert runs.tasks(runs.all) == list(TASKS), "in the registry's order, which is the page's"
    assert [task.name for task in runs.tasks([CLASSIFYING])] == ["classification"]
    assert runs.tasks([]) == []
    of_tasks = [runs.of_task(task, runs.all) for task in TASKS]
    assert sorted(run for own in of_tasks for run in own) == runs.all
    assert {model for _, model, _ in of_tasks[1]} == set(CLASSIFIERS)


def test_what_runs_are_for_is_their_model_and_their_task_s_results():
    runs = runs_of()
    assert runs.results([MODELLING]) == [
        f"results/runs/songs/lstm-char/seed-1/{name}" for name in (MODEL, "scores.csv", "sample_measures.csv")
    ]
    assert runs.results([CLASSIFYING]) == [f"results/runs/reviews/tfidf/seed-1/{name}" for name in (MODEL, "scores.csv")]


def test_finished_are_those_whose_results_all_stand(tmp_path):
    runs = runs_of(results=str(tmp_path))
    with pytest.raises(VersoError, match="No run is finished yet"):
        runs.finished()
    made(*runs.results([CLASSIFYING]), *runs.results([MODELLING])[:-1])
    assert runs.finished() == [CLASSIFYING]
    made(*runs.results([MODELLING]))
    assert runs.finished() == sorted([CLASSIFYING, MODELLING])


def test_a_toy_is_one_by_its_own_entry_or_by_what_it_starts_from():
    runs = runs_of()
    assert [name for name in runs.config.models if runs.is_miniature(name)] == ["gru-word", "base"]
    assert (runs.pretrained("tuned"), runs.pretrained("lstm-char")) == ("mistral", None)


# --- patterns ---


def test_each_model_is_made_by_one_rule_and_the_patterns_of_these_rules_hold_it_alone():
    runs = runs_of()
    rules = {rule for family in FAMILIES for rule in family.works} | {"train_nothing"}
    found = {rule: names(runs.made_by(rule)) for rule in rules if names(runs.made_by(rule))}
    assert found == {
        "train_recurrent_lm": {"lstm\\-char", "gru\\-word"},
        "train_gpt": {"gpt"},
        "train_causal_llm": {"tuned"},
        "describe_base": {"base", "asked"},
        "train_classifier": {"lstm", "textcnn"},
        "train_transformer": {"transformer", "transformer\\-words"},
        "train_tfidf": {"tfidf"},
        "train_majority": {"majority"},
        "train_encoder": {"encoder"},
    }
    assert sum(map(len, found.values())) == len(runs.config.models)
    assert runs.made_by("train_nothing") == NONE


def test_a_rule_that_uses_models_may_have_those_of_its_families_whose_entries_suit():
    runs = runs_of()
    assert names(runs.with_work("score_causal_llm")) == {"tuned", "base"}
    assert names(runs.with_work("merge_causal_llm", where=lambda entry: entry.merge)) == {"tuned"}
    assert names(runs.with_work("predict_baseline")) == {"tfidf", "majority"}
    for ending in ("", "_and_own_texts"):
        assert names(runs.with_work(f"predict_small_network{ending}")) == {"lstm", "textcnn"}
        assert names(runs.with_work(f"predict_encoder{ending}")) == {"encoder"}
        assert names(runs.with_work(f"answer_prompts{ending}")) == {"asked"}
    assert runs.with_work("no_such_rule") == NONE


def test_patterns_of_corpora_and_pretrained_models():
    runs = runs_of()
    assert names(runs.corpora(lambda corpus: getattr(corpus, "own_texts", []))) == {"reviews"}
    assert names(runs.corpora()) == set(runs.config.corpora)
    assert names(runs.pretrained_of_type("hub")) == {"mistral", "bert"}
    assert names(runs.pretrained_of_type("hub", "miniature")) == {"mistral", "bert", "toy"}
    assert runs.pretrained_of_type("floppy") == NONE


def test_a_pattern_takes_names_literally_and_one_of_nothing_matches_nothing():
    assert re.fullmatch(any_of(["gpt-2.0", "a"]), "gpt-2.0")
    assert not re.fullmatch(any_of(["gpt-2.0", "a"]), "gpt-2x0")
    assert re.search(any_of([]), "") is None
    assert re.search(any_of([]), "anything") is None


# --- names of rules ---


def test_the_rules_that_fetch_and_that_report_are_those_of_the_registry_and_they_are_there():
    known = targets(ROOT / "workflow/rules")
    assert set(fetching_rules()) == {
        "fetch", "acquire_corpus", "fetch_pretrained", "scrape_genius", "scrape_steam", "fetch_dataset", "fetch_wikipedia",
    }  # fmt: skip
    assert {source.fetch_rule for source in SOURCES} - {None} <= set(fetching_rules())
    assert set(fetching_rules()) | set(reporting_rules()) <= known
    of_tasks = [f"{verb}_{task.name}_so_far" for task in TASKS for verb in ("compare", "draw")]
    assert reporting_rules() == [
        *of_tasks,
        "describe_search",
        "compare_searches_so_far",
        "describe_pretrained_so_far",
        "report_so_far",
    ]
    assert not [rule for rule in reporting_rules() if rule.startswith("train_")]


@pytest.mark.parametrize("verb", ["compare", "draw"])
def test_a_rule_of_a_task_is_named_by_verb_and_task(verb):
    task = TASKS[0]
    assert rule_of_task(verb, task) == f"{verb}_language_modelling"
    assert rule_of_task(verb, task, so_far=True) == f"{verb}_language_modelling_so_far"


def test_wildcards_of_a_run_lead_to_its_files():
    runs, wildcards = runs_of(), of_run()
    assert runs.paths.run("scores.csv").format(**wildcards) == runs.paths.of_run("scores.csv", MODELLING)
    assert runs.paths.corpus("train.jsonl").format(**wildcards) == runs.paths.corpus("train.jsonl", "songs")
