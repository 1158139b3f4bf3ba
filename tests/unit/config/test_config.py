"""The config's types: what they refuse and how they say it."""

import copy
import json
from pathlib import Path

import pytest
import yaml

from verso.config import reference
from verso.config.load import load
from verso.errors import VersoError
from verso.pretrained.faults import faults_of_pretrained
from verso.registry import KIND
from verso.settings.base import Settings

ROOT = Path(__file__).parents[3]
SOUND = {
    "corpora": {
        "songs": {"kind": "songs", "source": {"path": "songs.jsonl"}},
        "reviews": {"kind": "labelled", "source": {"path": "reviews.csv"}},
    },
    "models": {"lstm-char": {"family": "recurrent_lm", "cell": "lstm", "unit": "char"}},
    "experiments": {"lyrics": {"corpus": "songs", "models": ["lstm-char"]}},
}


def faults(change):
    """The fault lines that loading a changed sound config gives, as {path: message}."""
    raw = copy.deepcopy(SOUND)
    change(raw)
    with pytest.raises(VersoError) as caught:
        load(raw, "config/config.yaml")
    head, *lines = str(caught.value).splitlines()
    assert head.startswith("config/config.yaml has ")
    return dict(line.strip().split("  ", 1) for line in lines)


def test_a_sound_config_is_filled_with_the_reports_defaults():
    model = load(SOUND, "x").models["lstm-char"]
    assert (model.embedding, model.hidden, model.layers, model.dropout) == (128, 256, 2, 0.3)
    assert (model.window, model.batch, model.epochs, model.learning_rate, model.clip) == (100, 64, 20, 2e-3, 5.0)
    assert (model.schedule.name, model.schedule.factor, model.schedule.patience) == ("plateau", 0.5, 2)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"unit": "char", "vocabulary": 50}, "vocabulary goes with unit: word and unit: bpe"),
        ({"unit": "bpe"}, "unit: bpe needs vocabulary, the number of its tokens: 256 bytes and the pairs, found missing"),
        ({"unit": "bpe", "vocabulary": 255}, "256 bytes and the pairs, found 255"),
        ({"unit": "word", "vocabulary": 0}, "found 0; must be greater than or equal to 1"),
        ({"unit": "word", "vocabulary": "5000"}, "found '5000'; must be a valid integer"),
        ({"unit": "word", "vocabulary": True}, "must be a valid integer"),
    ],
)
def test_a_vocabulary_that_does_not_go_with_its_unit_is_named(values, message):
    (found,) = faults(lambda raw: raw["models"]["lstm-char"].update(values)).values()
    assert message in found


def test_all_faults_are_listed_at_once_each_with_its_path():
    def change(raw):
        raw["models"]["lstm-char"] |= {"hiden": 3, "epochs": "many", "dropout": 1.5}
        raw["experiments"]["lyrics"]["models"] = ["lstm-chr"]
        raw["reslts"] = "here"

    found = {path: message.strip() for path, message in faults(change).items()}
    assert found == {
        "models.lstm-char.hiden": 'unknown key; did you mean "hidden"?',
        "models.lstm-char.epochs": "found 'many'; must be a valid integer",
        "models.lstm-char.dropout": "found 1.5; must be less than 1",
        "experiments.lyrics.models[0]": '"lstm-chr" is no model; did you mean "lstm-char"? known: lstm-char',
        "reslts": 'unknown key; did you mean "results"?',
    }


@pytest.mark.parametrize(
    ("path", "value", "where", "what"),
    [
        (
            "corpora.songs.kind",
            "song",
            "corpora.songs.kind",
            f"found 'song' (did you mean \"songs\"?); must be one of {', '.join(KIND)}",
        ),
        ("corpora.songs.source", {"pth": "x"}, "corpora.songs.source.pth", 'unknown key; did you mean "path"?'),
        ("corpora.songs", None, "corpora.songs", "found None; must be a block of keys"),
        ("corpora.Big Name", {"kind": "songs", "source": {"path": "x"}}, "corpora.Big Name", "a name is lower-case letters"),
        (
            "corpora.songs.sampling",
            {"groups": {"A": {"temprature": 1}}},
            "corpora.songs.sampling.groups.A.temprature",
            "temperature",
        ),
        ("corpora.songs.alpaca", {"input": "by {singer}"}, "corpora.songs.alpaca.input", "{artist} is the only placeholder"),
        ("models.lstm-char.cutoffs", [500, 100], "models.lstm-char", "cutoffs must rise, found [500, 100]"),
        ("models.lstm-char.needs", {"gpus": 2}, "models.lstm-char.needs.gpus", "must be less than or equal to 1"),
        ("experiments.lyrics.corpus", "sings", "experiments.lyrics.corpus", '"sings" is no corpus; did you mean "songs"?'),
        (
            "experiments.lyrics.corpus",
            "reviews",
            "experiments.lyrics.models[0]",
            "cannot run on a corpus of kind labelled; it can on: songs, manual",
        ),
        ("experiments.lyrics.seeds", [1, 1], "experiments.lyrics.seeds", "1 is listed more than once"),
        ("experiments", {}, "experiments", "must"),
        (
            "experiments.compare_language_modelling",
            {"corpus": "songs", "models": ["lstm-char"]},
            "experiments.compare_language_modelling",
            "one of Verso's own targets",
        ),
        ("results", "res{a}", "results", "must be a folder's path without braces"),
        ("results", "/", "results", "not the root"),
        ("title", 2025, "title", "found the number 2025; must be text: put it in quotes"),
        ("corpora.songs.source", {"path": "songs.xls"}, "corpora.songs.source", "path ends in .xls"),
        (
            "corpora.songs",
            {"kind": "manual", "source": {"path": "songs.jsonl"}},
            "corpora.songs.source",
            "found songs.jsonl; a manual is text, Markdown, HTML or PDF",
        ),
        ("corpora", None, "corpora", "is missing"),
    ],
)
def test_a_fault_names_the_key_what_was_found_and_what_is_right(path, value, where, what):
    def change(raw):
        *parents, last = path.split(".")
        for parent in parents:
            raw = raw[parent]
        raw[last] = value

    found = faults(change)
    assert what in found[where]


def test_tied_weights_with_an_adaptive_softmax_are_refused():
    found = faults(lambda raw: raw["models"]["lstm-char"].update(tie_weights=True, softmax="adaptive"))
    assert "tie_weights goes with softmax: plain" in found["models.lstm-char"]


def test_what_no_experiment_names_is_fine():
    raw = copy.deepcopy(SOUND)
    raw["models"]["spare"] = {"family": "recurrent_lm", "cell": "gru", "unit": "word"}
    assert set(load(raw, "x").models) == {"lstm-char", "spare"}


def test_a_number_written_with_an_exponent_is_a_number():
    raw = copy.deepcopy(SOUND)
    raw["models"]["lstm-char"] |= yaml.safe_load("{learning_rate: 2e-3, minutes: 1e1}")
    model = load(raw, "x").models["lstm-char"]
    assert (model.learning_rate, model.minutes) == (0.002, 10.0)


@pytest.mark.parametrize("file", sorted(str(path.relative_to(ROOT)) for path in (ROOT / "config").rglob("*.yaml")))
def test_every_config_that_ships_is_sound(file):
    load(yaml.safe_load((ROOT / file).read_text()), file)


def test_the_schema_and_the_table_of_keys_are_in_step_with_the_types():
    mend = "run `make config-docs`"
    assert (ROOT / reference.SCHEMA).read_text() == reference.schema(), mend
    text = (ROOT / reference.README).read_text()
    assert text == reference.readme(text), mend


def test_every_key_is_described():
    def undescribed(kind):
        return [f"{kind.__name__}.{name}" for name, field in kind.model_fields.items() if not field.description]

    def below(kind):
        return [other for own in kind.__subclasses__() for other in (own, *below(own))]

    assert len(below(Settings)) > 40
    assert [key for kind in below(Settings) for key in undescribed(kind)] == []


HUB = {"type": "hub", "repository": "owner/name", "revision": "a" * 40, "licence": "apache-2.0"}
MINIATURE = {"type": "miniature", "architecture": "mistral", "corpus": "songs"}


def without(entry, key):
    return {name: value for name, value in entry.items() if name != key}


@pytest.mark.parametrize(
    ("entry", "where", "what"),
    [
        (without(HUB, "licence"), "licence", "is missing"),
        (without(HUB, "revision"), "revision", "is missing"),
        (HUB | {"repository": "just-a-name"}, "repository", "owner/name"),
        (HUB | {"configuration": "nowhere.json"}, "configuration", "nowhere.json cannot be read (No such file or directory"),
        (HUB | {"type": "hob"}, "type", "must be one of hub, folder, miniature"),
        (MINIATURE | {"corpus": "sings"}, "corpus", '"sings" is no corpus; did you mean "songs"?'),
        (MINIATURE | {"vocabulary": 100}, "vocabulary", "greater than or equal to 300"),
        (MINIATURE | {"pretraining": {"epoch": 3}}, "pretraining.epoch", 'did you mean "epochs"?'),
        (MINIATURE | {"configuration": {"vocab_size": 9}}, "", "configuration.vocab_size is given by `vocabulary`"),
        (MINIATURE | {"configuration": {"pad_token_id": 9}}, "", "follows from the tokenizer"),
    ],
)
def test_a_fault_of_a_pretrained_model_is_reported_before_anything_is_fetched(entry, where, what):
    found = faults(lambda raw: raw.update(pretrained={"base": entry}))
    assert what in found[f"pretrained.base.{where}".rstrip(".")]


def test_a_model_that_starts_from_what_nobody_defined_is_refused_with_what_there_is():
    """The check reads the raw config, for whatever family of models has the key."""

    def change(raw):
        raw["pretrained"] = {"mistral-7b": HUB}
        raw["models"]["tuned"] = {"family": "recurrent_lm", "cell": "lstm", "unit": "char", "pretrained": "mistral-7"}

    assert '"mistral-7" is no pretrained model; did you mean "mistral-7b"?' in str(faults_of_pretrained(changed(change), {}))


def changed(change):
    raw = copy.deepcopy(SOUND)
    change(raw)
    return raw


def test_the_configuration_that_ships_is_the_reports_model():
    """Estimates before the fetch come from it: 7.25 billion weights."""
    known = json.loads((ROOT / "resources/architectures/mistral-7b-instruct-v0.3.json").read_text())
    width, inner, layers, tokens = (known[key] for key in ("hidden_size", "intermediate_size", "num_hidden_layers", "vocab_size"))
    keys_and_values = 2 * known["num_key_value_heads"] * known["head_dim"]
    layer = width * (2 * width + keys_and_values) + 3 * width * inner + 2 * width
    assert 2 * tokens * width + layers * layer + width == 7_248_023_552
