"""What is wrong with a search is said with its path before anything runs."""

import copy

import pytest
import yaml
from config_faults import faults_of
from whole_config import RAW

GPT = {"family": "gpt", "unit": "word", "width": 64}
CNN = {"family": "textcnn"}


def faults(search, entry=CNN, change=None):
    """The faults of a model's search by the path below it. change: of the whole config."""
    raw = copy.deepcopy(RAW)
    raw["models"]["tuned"] = {**entry, "search": search}
    raw["experiments"] = {"one": {"corpus": "reviews" if entry is CNN else "songs", "models": ["tuned"]}}
    if change:
        change(raw)
    return {path.removeprefix("models.tuned.search").removeprefix("."): what for path, what in faults_of(raw).items()}


def of_space(space, entry=CNN):
    return faults({"space": space}, entry)


def test_every_kind_of_dimension_is_sound():
    space = yaml.safe_load(
        """
        filters: {from: 10, to: 50, step: 10}
        batch: {from: 8, to: 64, log: true}
        learning_rate: {from: 1e-4, to: 1e-2, log: true}
        dropout: [0, 0.25, 0.5]
        schedule.name: [constant, linear]
        widths: [[3, 4, 5], [2, 3]]
        early_stopping: [null, 3]
        """
    )
    assert of_space(space) == {}
    assert of_space({"tie_weights": [True, False], "muon.momentum": {"from": 0.8, "to": 0.99}}, GPT) == {}


@pytest.mark.parametrize(
    ("space", "path", "what"),
    [
        ({"filter": [1, 2]}, "space.filter", 'is no key of textcnn; did you mean "filters"?'),
        ({"schedule.warm": [1, 2]}, "space.schedule.warm", 'did you mean "schedule.warmup"?'),
        ({"schedule": [1, 2]}, "space.schedule", "is a block of keys; name one of them: schedule.name, schedule.factor"),
        ({"filters": {"from": 5, "to": 5}}, "space.filters", "the range is empty: from and to are both 5"),
        ({"filters": {"from": 9, "to": 5}}, "space.filters", "from (9) is above to (5)"),
        ({"learning_rate": {"from": 0, "to": 1, "log": True}}, "space.learning_rate", "log: true wants a range above 0"),
        ({"dropout": {"from": 0, "to": 0.5, "step": 0}}, "space.dropout", "step is 0; it must be above 0, and 0.5 at most"),
        ({"dropout": {"from": 0.1, "to": 0.5, "log": True, "step": 0.1}}, "space.dropout", "exclude each other"),
        ({"filters": {"from": 5}}, "space.filters", "a range needs to: {from: 1, to: 8}"),
        ({"filters": {"min": 5, "max": 8}}, "space.filters", "a range has no key max, min; known: from, to, step, log"),
        ({"filters": {"from": 5, "to": 8.5}}, "space.filters", "to: found 8.5; the key takes whole numbers"),
        ({"filters": {"from": "few", "to": 8}}, "space.filters", "from: found 'few'; must be a number"),
        ({"filters": {"from": float("nan"), "to": 8}}, "space.filters", "from: found nan; must be a number"),
        ({"filters": 8}, "space.filters", "found 8; must be a list of choices, or a range"),
        ({"filters": [8]}, "space.filters", "found [8]; a list needs two different values"),
        ({"filters": []}, "space.filters", "a list needs two different values"),
        ({"filters": [8, 9, 8]}, "space.filters", "a value stands there twice"),
        ({"filters": [0, 8]}, "space.filters", "found 0; must be greater than or equal to 1"),
        ({"dropout": {"from": 0.5, "to": 1.0}}, "space.dropout", "found 1.0; must be less than 1"),
        ({"optimiser": {"from": 1, "to": 2}}, "space.optimiser", "is no number, so it has no range; give a list of choices"),
        ({"class_weights": yaml.safe_load("[balanced, no]")}, "space.class_weights", "what YAML reads an unquoted no, off"),
        ({"schedule.name": yaml.safe_load("[linear, on]")}, "space.schedule.name", "found True, which is what YAML reads"),
        ({"filters": [True, 8]}, "space.filters", "found True"),
        ({"embedding": [{"from": 1}, 2]}, "space.embedding", "found {'from': 1}; must be a valid integer"),
        ({"family": ["textcnn", "tfidf"]}, "space.family", "cannot be searched: it says which model this is"),
        ({"vectors": ["a", "b"]}, "space.vectors", "cannot be searched: it says which file is read"),
        ({"needs.cpus": [1, 2]}, "space.needs.cpus", "cannot be searched: it says what is requested"),
        ({"epochs": [1, 2]}, "space.epochs", "those of a trial are search.epochs"),
        ({"minutes": [1, 2]}, "space.minutes", "cannot be searched"),
        ({}, "space", "found {}; must be"),
    ],
)  # fmt: skip
def test_a_dimension_that_is_wrong_is_refused(space, path, what):
    found = of_space(space)
    assert list(found) == [path]
    assert what in found[path]


@pytest.mark.parametrize(
    ("search", "path", "what"),
    [
        ({"by": "accuracy"}, "by", '"accuracy" is no metric that textcnn writes; known: validation_accuracy, '),
        ({"trials": 0}, "trials", "found 0; must be greater than or equal to 1"),
        ({"workers": 5, "trials": 4}, "", "workers is 5, and there are 4 trials: some would have nothing to do"),
        ({"workers": 0}, "workers", "found 0"),
        ({"sampler": "cmaes"}, "sampler", "found 'cmaes'; must be 'tpe', 'random' or 'grid'"),
        ({"trial": 4}, "trial", 'unknown key; did you mean "trials"?'),
        ({"sampler": "grid", "trials": 4}, "trials", "found 4; the grid has 3 points"),
        ({"sampler": "grid", "space": {"clip": {"from": 1, "to": 5}}}, "sampler", "a list or a step, and clip has"),
    ],
)  # fmt: skip
def test_a_search_that_is_wrong_is_refused(search, path, what):
    found = faults({"space": {"filters": [10, 20, 30]}, **search})
    assert list(found) == [path]
    assert what in found[path]


def test_a_combination_that_is_no_model_is_named():
    found = of_space({"width": [64, 96], "heads": {"from": 2, "to": 5}, "dropout": [0.1, 0.2]}, GPT)
    assert found == {
        "space": "width 64, heads 3 is no model: heads (3) must divide width (64); leave out what does not go together"
    }
    assert of_space({"width": [64, 128], "heads": [2, 4]}, GPT) == {}


def test_a_combination_is_found_in_a_space_too_large_to_look_at_as_a_whole():
    space = {"width": {"from": 60, "to": 600, "step": 60}, "heads": [1, 2, 3, 7], "layers": {"from": 1, "to": 12}}
    found = of_space({**space, "batch": {"from": 1, "to": 64}, "window": {"from": 16, "to": 256}}, GPT)
    assert "heads 7 is no model" in found["space"]


def test_a_single_value_may_need_another_key_of_the_space():
    assert of_space({"width": [66, 33], "heads": [3, 11]}, GPT) == {}


@pytest.mark.parametrize("key", ["unit", "vocabulary", "state", "label_smoothing", "scoring.stride"])
def test_what_other_rules_read_of_the_entry_is_no_part_of_a_space(key):
    values = {"unit": ["word", "char"], "vocabulary": [None, 500], "state": ["reset", "carried"], "scoring.stride": [1, 2]}
    found = of_space({key: values.get(key, [0.0, 0.1])}, GPT)
    assert "cannot be searched" in found[f"space.{key}"]


def test_the_choice_of_a_base_as_it_is_is_no_part_of_a_space():
    tuned = {"family": "causal_llm", "pretrained": "mistral"}
    assert "other files or rules" in of_space({"tuning": ["lora", "none"]}, tuned)["space.tuning"]
    assert of_space({"lora.r": [8, 16]}, tuned) == {}
    base = {**tuned, "tuning": "none"}
    assert faults({"space": {"lora.r": [8, 16]}}, base) == {"": "this model learns nothing, so there is nothing to search"}


def test_a_family_that_is_not_trained_in_epochs_has_no_search():
    found = faults({"space": {"min_df": [1, 2]}}, {"family": "tfidf"})
    assert "unknown key" in found[""]


def test_a_value_that_does_not_suit_a_corpus_of_an_experiment_is_found_before_any_trial():
    space = {"head": ["softmax", "corn"]}
    assert of_space(space) == {}, "labels that nobody has read may be steps of a scale"
    found = faults({"space": space}, change=lambda raw: raw["corpora"]["reviews"].update(ordered=False))
    assert list(found) == ["space.head"]
    assert 'corn: "tuned" has head: corn, which is for labels on a scale, and corpora.reviews says' in found["space.head"]
    tuned = {"family": "causal_llm", "pretrained": "mistral", "long_texts": "split"}
    whole = {"space": {"long_texts": ["cut", "split"]}}
    assert faults(whole, tuned) == {}
    of_a_book = faults(whole, tuned, lambda raw: raw["experiments"]["one"].update(corpus="book"))
    assert of_a_book == {
        "space.long_texts": 'cut: "tuned" would learn one window of a long text; set long_texts: split in that model'
    }


def test_a_window_longer_than_the_base_has_positions_is_found_before_any_trial():
    sizes = {"hidden_size": 8, "num_attention_heads": 2, "num_hidden_layers": 1, "max_position_embeddings": 200}
    tuned = {"family": "causal_llm", "pretrained": "toy", "max_length": 128, "scoring": {"stride": 32}}

    def of_a_small_base(raw):
        raw["pretrained"]["toy"].update(configuration=sizes, pretraining={"window": 64})
        raw["models"]["base"]["max_length"] = 100

    found = faults({"space": {"max_length": [64, 128, 256]}}, tuned, of_a_small_base)
    assert found == {"space.max_length": '256: found 256; "toy" (mistral) has positions for 200 tokens: set 200 or less'}
