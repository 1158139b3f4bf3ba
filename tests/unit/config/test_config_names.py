"""Names: keys that were called otherwise before, tables of every type that there is, and names that experiments may not take."""

import copy
import re

import pytest
from config_faults import faults_of
from project import ROOT

from verso.config import reference
from verso.config.load import load, targets, with_new_names
from verso.registry import FAMILIES, KINDS, SOURCES, TASKS

HUB = {"type": "hub", "repository": "owner/chat", "revision": "0" * 40, "licence": "mit"}
SOUND = {
    "corpora": {
        "songs": {"kind": "songs", "source": {"path": "songs.jsonl"}},
        "reviews": {"kind": "labelled", "source": {"path": "reviews.csv"}, "labels": [1, 2]},
    },
    "pretrained": {"chat": HUB},
    "models": {"asked": {"family": "prompt", "pretrained": "chat"}, "tuned": {"family": "causal_llm", "pretrained": "chat"}},
    "experiments": {"polarity": {"corpus": "reviews", "models": ["asked"]}},
}
OWN = [{"text": "Fine.", "label": 2}]
RENAMED = [
    ("models", "tuned", "beyond", "long_texts", "split"),
    ("models", "asked", "way", "answer_by", "likelihood"),
    ("corpora", "reviews", "probes", "own_texts", OWN),
]


def changed(part, name, **values):
    raw = copy.deepcopy(SOUND)
    raw[part][name].update(values)
    return raw


# --- keys by their old names ---


@pytest.mark.parametrize(("part", "name", "old", "new", "value"), RENAMED)
def test_an_old_name_goes_on_working_with_one_line_that_names_the_new_one(part, name, old, new, value):
    raw, said = changed(part, name, **{old: value}), []
    before = copy.deepcopy(raw)
    found = load(raw, "config/mine.yaml", notice=said.append)
    assert found == load(changed(part, name, **{new: value}), "x")
    assert said == [f"config/mine.yaml: {part}.{name}.{old} is now called {new}; the old name still works"]
    assert raw == before, "what was read is not changed"
    assert load(raw, "x") == found, "and without anybody to tell"


@pytest.mark.parametrize(("part", "name", "old", "new", "value"), RENAMED)
def test_a_new_name_says_nothing(part, name, old, new, value):
    said = []
    load(changed(part, name, **{new: value}), "x", notice=said.append)
    assert said == []


@pytest.mark.parametrize(("part", "name", "old", "new", "value"), RENAMED)
def test_where_both_are_given_the_old_one_is_an_unknown_key(part, name, old, new, value):
    found = faults_of(changed(part, name, **{old: value, new: value}))
    assert list(found) == [f"{part}.{name}.{old}"]
    assert found[f"{part}.{name}.{old}"].startswith("unknown key")


@pytest.mark.parametrize(("part", "name", "old", "new", "value"), RENAMED)
def test_a_wrong_value_of_an_old_name_is_reported_by_the_new_one(part, name, old, new, value):
    found = faults_of(changed(part, name, **{old: "nonsense"}))
    assert list(found) == [f"{part}.{name}.{new}"]


def test_a_fault_that_looks_at_raw_values_knows_old_names_too():
    raw = changed("models", "asked", way="likelihood")
    raw["corpora"]["reviews"]["labels"] = ["Good", "good"]
    assert faults_of(raw) == {}, "by likelihood they are two"
    raw = changed("models", "tuned", beyond="split")
    raw["corpora"]["book"] = {"kind": "manual", "source": {"path": "book.txt"}}
    raw["experiments"]["book"] = {"corpus": "book", "models": ["tuned"]}
    assert faults_of(raw) == {}


def test_an_old_name_is_one_of_its_own_type_alone():
    assert "models.asked.beyond" in faults_of(changed("models", "asked", beyond="split"))
    assert "corpora.songs.probes" in faults_of(changed("corpora", "songs", probes=OWN))


def test_keys_stay_in_their_order_and_each_is_reported():
    raw = changed("models", "asked", way="likelihood", examples=3)
    raw["models"]["other"] = {"family": "prompt", "way": "generate", "pretrained": "chat"}
    found, said = with_new_names(raw)
    assert list(found["models"]["asked"]) == ["family", "pretrained", "answer_by", "examples"]
    assert [line.split(" ")[0] for line in said] == ["models.asked.way", "models.other.way"]


@pytest.mark.parametrize("value", [None, 3, "text", ["list"], {"a": None}, {"a": 3}, {"a": {"family": 3}}, {1: {}, "a": {}}])
def test_what_is_no_block_breaks_nothing(value):
    raw = {**SOUND, "models": value, "corpora": value}
    assert with_new_names(raw)[1] == []
    assert faults_of(raw)


def test_every_old_name_leads_to_a_key_that_there_is_and_is_none_itself():
    owners = [*FAMILIES, *KINDS]
    renamed = {owner.name: dict(owner.settings.renamed) for owner in owners if owner.settings.renamed}
    assert renamed == {
        "causal_llm": {"beyond": "long_texts"}, "prompt": {"way": "answer_by"}, "labelled": {"probes": "own_texts"},
    }  # fmt: skip
    for owner in owners:
        for old, new in owner.settings.renamed.items():
            assert new in owner.settings.model_fields
            assert old not in owner.settings.model_fields


# --- tables of keys ---


def test_every_family_kind_and_source_has_a_table_of_its_own_with_all_its_keys():
    tables = dict(reference.types())
    text = (ROOT / reference.README).read_text(encoding="utf-8")
    for owner, tag in [*((family, "family") for family in FAMILIES), *((kind, "kind") for kind in KINDS)]:
        place = {"family": "models", "kind": "corpora"}[tag]
        title = f"`{place}.<name>` of {tag} `{owner.name}`"
        assert tables[title] is owner.settings
        table = text.split(f"### {title}\n")[1].split("\n### ")[0]
        keys = re.findall(r"^\| `([\w.]+)`", table, re.MULTILINE)
        assert {key.split(".")[0] for key in keys} == set(owner.settings.model_fields), owner.name
    titles = "\n".join(tables)
    assert all(f"type `{source.name}`" in titles for source in SOURCES)


def test_every_type_of_the_config_has_one_table():
    found = [kind for _, kind in reference.types()]
    titles = [title for title, _ in reference.types()]
    assert len(set(titles)) == len(titles)
    assert all(settings in found for settings in (*(family.settings for family in FAMILIES), *(kind.settings for kind in KINDS)))
    for title, kind in reference.types():
        assert f"### {title}\n\n{reference._table(kind)}" in (ROOT / reference.README).read_text(encoding="utf-8")


def test_the_schema_lets_every_family_and_kind_be_written_and_no_old_name():
    text = (ROOT / reference.SCHEMA).read_text(encoding="utf-8")
    assert all(f'"const": "{owner.name}"' in text for owner in (*FAMILIES, *KINDS, *SOURCES))
    assert not [old for _, _, old, _, _ in RENAMED if f'"{old}":' in text]


# --- names of targets ---


def test_an_experiment_may_not_be_called_like_a_rule_whatever_makes_the_rule():
    taken = targets(ROOT / "workflow/rules")
    of_tasks = {f"{verb}_{task.name}{ending}" for verb in ("compare", "draw") for task in TASKS for ending in ("", "_so_far")}
    assert of_tasks | {"all", "fetch", "report", "report_so_far", "describe_pretrained", "train_encoder"} <= taken
    assert {rule for family in FAMILIES for rule in family.works} <= taken
    raw = copy.deepcopy(SOUND)
    raw["experiments"] = dict.fromkeys(("report", "predict_encoder_and_own_texts", "mine"), SOUND["experiments"]["polarity"])
    assert set(faults_of(raw)) == {"experiments.report", "experiments.predict_encoder_and_own_texts"}
