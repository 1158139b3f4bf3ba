"""What a config asks of its pretrained models is checked before anything is queued, where the base is known."""

import copy

import pytest
from config_faults import faults_of
from project import ROOT

from verso.files import write_json


def hub(repository, **entry):
    return {"type": "hub", "revision": "0" * 40, "licence": "mit", "repository": repository, **entry}


def described(repository, name):
    return hub(repository, configuration=f"resources/architectures/{name}.json")


MINIATURE = {"type": "miniature", "corpus": "reviews"}
MASKED = {**MINIATURE, "purpose": "masked_lm"}
SOUND = {
    "corpora": {
        "reviews": {"kind": "labelled", "source": {"path": "reviews.csv"}},
        "songs": {"kind": "songs", "source": {"path": "songs.jsonl"}},
    },
    "pretrained": {
        "roberta": described("FacebookAI/roberta-base", "roberta-base"),
        "mdeberta": described("microsoft/mdeberta-v3-base", "mdeberta-v3-base"),
        "qwen": described("Qwen/Qwen2.5-7B-Instruct", "qwen2.5-7b-instruct"),
        "unknown": hub("owner/model"),
        "toy": {**MASKED, "architecture": "roberta", "configuration": {"max_position_embeddings": 130}},
        "toy-llama": {**MINIATURE, "architecture": "llama", "configuration": {"max_position_embeddings": 256}},
    },
    "models": {
        "encoder": {"family": "encoder", "pretrained": "roberta", "tuning": "lora"},
        "tuned": {"family": "causal_llm", "pretrained": "qwen"},
        "asked": {"family": "prompt", "pretrained": "qwen"},
    },
    "experiments": {
        "polarity": {"corpus": "reviews", "models": ["encoder", "asked"]},
        "lyrics": {"corpus": "songs", "models": ["tuned"]},
    },
}  # fmt: skip


@pytest.fixture(autouse=True)
def in_the_repository(monkeypatch):
    monkeypatch.chdir(ROOT)  # whose resources/ has configurations


def changed(model, **values):
    raw = copy.deepcopy(SOUND)
    raw["models"][model].update(values)
    return raw


@pytest.mark.parametrize("value", ["abc", "1e3", [1], float("inf"), 0, True, None])
def test_a_miniature_s_size_that_is_no_whole_number_is_reported_and_nothing_breaks(value):
    raw = copy.deepcopy(SOUND)
    raw["pretrained"]["toy"]["configuration"] = {"max_position_embeddings": value}
    raw["models"]["encoder"] |= {"pretrained": "toy", "max_length": 64}
    assert "pretrained.toy.configuration.max_position_embeddings" in faults_of(raw)


def test_a_configuration_that_is_no_configuration_is_reported(tmp_path):
    (tmp_path / "list.json").write_text("[]")
    (tmp_path / "text.json").write_text("{'no': 'json'}")
    for path, told in (("list.json", "holds no object"), ("text.json", "is no JSON"), ("x" * 5000, "cannot be read")):
        raw = copy.deepcopy(SOUND)
        raw["pretrained"]["roberta"]["configuration"] = str(tmp_path / path)
        assert told in faults_of(raw)["pretrained.roberta.configuration"]


def test_what_the_bases_have_is_sound():
    assert faults_of(SOUND) == {}
    assert faults_of(changed("encoder", max_length=512, lora={"target_modules": ["query", "dense"]})) == {}
    assert faults_of(changed("encoder", pretrained="toy", max_length=129)) == {}, "its padding is the first token"
    assert faults_of(changed("encoder", pretrained="mdeberta", max_length=1024)) == {}, "places are told by distances alone"
    assert faults_of(changed("tuned", max_length=32_768, lora={"target_modules": ["q_proj", "lm_head"]})) == {}


@pytest.mark.parametrize(
    ("model", "values", "path", "told"),
    [
        ("encoder", {"max_length": 513}, "max_length", '"roberta" (roberta) has positions for 512 tokens: set 512'),
        ("encoder", {"pretrained": "toy"}, "max_length", "found 512; \"toy\" (roberta) has positions for 129 tokens"),
        ("tuned", {"max_length": 40_000}, "max_length", "has positions for 32768 tokens"),
        ("tuned", {"pretrained": "toy-llama", "scoring": {"stride": 99}}, "max_length", "has positions for 256 tokens"),
        ("asked", {"pretrained": "toy-llama"}, "max_length", "found 4096; \"toy-llama\" (llama) has positions for 256 tokens"),
        (
            "encoder", {"lora": {"target_modules": ["query_proj", "value"]}}, "lora.target_modules",
            '"query_proj" is no layer of "roberta" (roberta); did you mean "query"? it has: query, key, value, dense',
        ),
        ("encoder", {"lora": {"target_modules": ["classifier"]}}, "lora.target_modules", '"classifier" is no layer'),
        (
            "encoder", {"pretrained": "mdeberta", "lora": {"target_modules": ["query"]}}, "lora.target_modules",
            'did you mean "query_proj"?',
        ),
        ("tuned", {"lora": {"target_modules": ["q_proj", "vproj"]}}, "lora.target_modules", 'did you mean "v_proj"?'),
        ("encoder", {"pretrained": "qwen"}, "pretrained", '"qwen" is a qwen2, which reads a text from one side'),
        ("tuned", {"pretrained": "mdeberta"}, "pretrained", '"mdeberta" is a deberta-v2 and writes nothing'),
        ("asked", {"pretrained": "roberta"}, "pretrained", '"roberta" is a roberta and writes nothing'),
    ],
)  # fmt: skip
def test_what_a_base_has_not_is_reported_with_what_it_has(model, values, path, told):
    found = faults_of(changed(model, **values))
    assert set(found) == {f"models.{model}.{path}"}
    assert told in found[f"models.{model}.{path}"]


def test_it_is_reported_beside_the_other_faults_of_the_config():
    raw = changed("encoder", max_length=1000)
    raw["models"]["tuned"]["epoks"] = 3
    assert set(faults_of(raw)) == {"models.tuned.epoks", "models.encoder.max_length"}


def test_what_learns_no_adapters_may_name_any_layers():
    assert faults_of(changed("tuned", tuning="none", lora={"target_modules": ["query"]})) == {}


def test_a_miniature_that_cannot_be_made_is_reported():
    raw = copy.deepcopy(SOUND)
    raw["pretrained"]["toy"]["pretraining"] = {"window": 130}
    raw["pretrained"]["toy-llama"]["purpose"] = "masked_lm"
    assert set(faults_of(raw)) == {"pretrained.toy.pretraining.window", "pretrained.toy-llama.purpose"}


def test_a_base_that_is_fetched_is_read_and_one_of_another_name_is_not(tmp_path, monkeypatch):
    raw = changed("encoder", pretrained="unknown", max_length=100)
    raw["results"] = str(tmp_path)
    assert faults_of(raw) == {}, "nobody knows before it is fetched"
    folder = tmp_path / "pretrained/unknown"
    write_json(folder / "snapshot/config.json", {"model_type": "bert", "max_position_embeddings": 64})
    write_json(folder / "pretrained.json", {"repository": "owner/model"})
    assert "positions for 64 tokens" in faults_of(raw)["models.encoder.max_length"]
    raw["pretrained"]["unknown"]["repository"] = "owner/another"
    assert faults_of(raw) == {}, "the folder holds what the entry named before"
