"""What the rules of a search are given, and what they request."""

import json
from pathlib import Path

import pytest
from drivers import Named
from whole_config import runs_of

from verso.errors import VersoError
from verso.graph.inputs import Inputs
from verso.graph.search_needs import SearchRequests
from verso.machine.site import read_site

SPACE = {"filters": {"from": 50, "to": 5000}, "schedule.name": ["constant", "linear"]}
RUN = Named(corpus="reviews", model="textcnn", seed="1")


def searched(search=None, space=SPACE, **entry):
    """A change of the config: its textcnn is searched."""

    def change(raw):
        raw["models"]["textcnn"].update(entry, search={"space": space, "trials": 8, "epochs": 5, **(search or {})})

    return change


def inputs_of(change, results="results"):
    return Inputs(runs_of(change, str(results)))


def requests_of(change, results="results", site=None):
    runs = runs_of(change, str(results))
    return SearchRequests(runs, Inputs(runs), read_site(site) if site else None, is_main=True, say=print)


def test_a_model_without_a_search_has_the_settings_and_inputs_that_it_had():
    before, after = inputs_of(None), inputs_of(searched())
    assert before.chosen(RUN) == {}
    assert "search" not in before.settings(RUN)
    assert before.settings(RUN) == after.settings(RUN), "the search itself changes no setting"


def test_the_training_of_a_searched_model_waits_for_what_is_found():
    assert inputs_of(searched()).chosen(RUN) == {"chosen": "results/runs/reviews/textcnn/search/settings.json"}


def test_a_trial_has_the_model_s_settings_without_what_is_searched():
    settings = inputs_of(searched(epochs=40)).settings_of_trials(RUN)
    assert "filters" not in settings
    assert "name" not in settings["schedule"]
    assert settings["epochs"] == 5
    assert settings["embedding"] == 128


@pytest.mark.parametrize("key", [("workers", 4), ("max_retries", 3)], ids=str)
def test_resources_are_no_reason_to_search_again(key):
    assert inputs_of(searched()).search(RUN) == inputs_of(searched({key[0]: key[1]})).search(RUN)


@pytest.mark.parametrize(
    "key", [("trials", 9), ("minutes", 3.0), ("seed", 2), ("sampler", "random"), ("by", "validation_f1_macro")]
)
def test_another_budget_or_manner_is(key):
    assert inputs_of(searched()).search(RUN) != inputs_of(searched({key[0]: key[1]})).search(RUN)


def test_bounds_that_differ_are_another_space():
    others = [{"from": 50, "to": 5001}, {"from": 50, "to": 5000, "step": 2}, [50, 5000]]
    recipes = [inputs_of(searched(space={"filters": wanted})).search(RUN)["space"] for wanted in (SPACE["filters"], *others)]
    assert len({json.dumps(recipe) for recipe in recipes}) == 4


def test_each_worker_writes_a_file():
    assert [Path(path).name for path in inputs_of(searched({"workers": 2})).workers(RUN)] == ["worker-1.json", "worker-2.json"]


def test_a_worker_requests_what_the_largest_model_of_its_space_holds():
    large = requests_of(lambda raw: raw["models"]["textcnn"].update(filters=5000)).of_training_now("reviews", "textcnn", 1)
    small = requests_of(None).of_training_now("reviews", "textcnn", 1)
    worker = requests_of(searched()).of_search_now("reviews", "textcnn", 1)
    assert small["mem_mb"] < large["mem_mb"] < worker["mem_mb"] <= large["mem_mb"] + 100


def test_the_time_of_a_worker_is_that_of_its_share_of_the_trials():
    one, four = (requests_of(searched({"workers": count})).of_search_now("reviews", "textcnn", 1) for count in (1, 4))
    assert one["expected_seconds"] == pytest.approx(4 * four["expected_seconds"], abs=4)
    assert one["expected_seconds"] < one["bound_seconds"]
    capped = requests_of(searched({"minutes": 1e-3})).of_search_now("reviews", "textcnn", 1)
    assert capped["expected_seconds"] < one["expected_seconds"]


def test_a_training_requests_by_what_was_found_and_before_that_by_the_largest(tmp_path):
    def now(search=True):
        return requests_of(searched() if search else None, tmp_path).of_training_now("reviews", "textcnn", 1)

    before = now()
    found = tmp_path / "runs/reviews/textcnn/search/settings.json"
    found.parent.mkdir(parents=True)
    found.write_text(json.dumps({"filters": 100, "schedule.name": "linear"}))
    assert now()["mem_mb"] == now(search=False)["mem_mb"] < before["mem_mb"]
    found.write_text(json.dumps({"embedding": 9}))  # of another space
    assert now() == before


def use_of(corpus, model, rule, results, space=None, **entry):
    """What a rule that uses a trained model requests, after a change of its entry."""

    def change(raw):
        search = {"search": {"space": space, "trials": 2}} if space else {}
        raw["models"][model].update(entry, **search, needs={"gpus": 1 if model == "tuned" else 0})

    requests, wildcards = requests_of(change, results), Named(corpus=corpus, model=model, seed="1")
    loads = requests._work(rule).seconds is not None
    resources = requests.inference(rule) if loads else requests.of_work(rule)
    found = {name: resources[name](wildcards, attempt=1) for name in ("mem_mb", "vram_mb" if loads else "runtime")}
    return found | ({"expected_seconds": resources["expected_seconds"](wildcards)} if loads else {})


@pytest.mark.parametrize(
    ("corpus", "model", "rule", "path", "small", "large"),
    [
        ("songs", "gpt", "evaluate_gpt", "width", 64, 4096),
        ("songs", "lstm-char", "measure_recurrent_lm", "hidden", 64, 8192),
        ("songs", "tuned", "score_causal_llm", "quantisation", "nf4", "none"),
    ],
)
def test_what_uses_a_searched_model_requests_by_what_was_found_and_before_that_by_the_largest(
    tmp_path, corpus, model, rule, path, small, large
):
    entry = {"gpt": {"heads": 2}}.get(model, {})
    least, most = (use_of(corpus, model, rule, tmp_path, **entry, **{path: value}) for value in (small, large))
    assert least["mem_mb"] < most["mem_mb"] or least.get("vram_mb", 0) < most.get("vram_mb", 0)
    space = {path: [small, large]}
    before = use_of(corpus, model, rule, tmp_path, space, **entry, **{path: small})
    assert before == {name: max(least[name], most[name]) for name in most}
    found = tmp_path / f"runs/{corpus}/{model}/search/settings.json"
    found.parent.mkdir(parents=True)
    found.write_text(json.dumps({path: large}))
    assert use_of(corpus, model, rule, tmp_path, space, **entry, **{path: small}) == most
    found.write_text(json.dumps({path: small}))
    assert use_of(corpus, model, rule, tmp_path, space, **entry, **{path: large}) == least


def test_a_space_with_a_model_that_no_card_holds_is_refused_before_the_queue(tmp_path):
    needs = {"gpus": 1, "cpus": 1}
    site = {"cards": [{"name": "small", "vram_mb": 4000, "partition": "GPU", "gpu_model": "small"}], "partition": "CPU"}
    fits = requests_of(searched(space={"filters": [50, 100]}, needs=needs), tmp_path, site)
    assert "textcnn" not in fits.faults_of_cards()
    large = requests_of(searched(space={"filters": [50, 1_000_000]}, needs=needs), tmp_path, site)
    assert "models.textcnn on reviews" in large.faults_of_cards()
    with pytest.raises(VersoError):
        large.of_search_now("reviews", "textcnn", 1)
