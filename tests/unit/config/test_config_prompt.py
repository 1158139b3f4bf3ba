"""Config of prompted models: the report's decoding by default, and what is refused."""

import copy

import pytest

from verso.classification.prompt.family import FAMILY
from verso.config.load import load, missing_sources
from verso.errors import VersoError
from verso.needs.request import needs_of_inference
from verso.pretrained.model_config import UNKNOWN

HUB = {"type": "hub", "repository": "Qwen/Qwen2.5-7B-Instruct", "revision": "main", "licence": "apache-2.0"}
SOUND = {
    "corpora": {
        "reviews": {"kind": "labelled", "source": {"path": "reviews.csv"}},
        "songs": {"kind": "songs", "source": {"path": "songs.jsonl"}},
    },
    "pretrained": {"qwen": HUB, "bert": {"type": "miniature", "architecture": "bert", "purpose": "masked_lm", "corpus": "songs"}},
    "models": {"zero-shot": {"family": "prompt", "pretrained": "qwen"}},
    "experiments": {"polarity": {"corpus": "reviews", "models": ["zero-shot"]}},
}


def changed(**values):
    raw = copy.deepcopy(SOUND)
    raw["models"]["zero-shot"] |= values
    return raw


def test_the_defaults_are_the_report_s():
    model = load(SOUND, "x").models["zero-shot"]
    assert (model.answer_by, model.examples, model.max_new_tokens, model.quantisation) == ("generate", 0, 45, "nf4")
    decoding = model.decoding
    assert (decoding.temperature, decoding.top_k, decoding.top_p, decoding.repetition_penalty) == (0.05, 10, 0.8, 1.0)


@pytest.mark.parametrize(
    ("values", "path", "message"),
    [
        ({"pretrained": "bert"}, "models.zero-shot.pretrained", '"bert" has purpose masked_lm and writes nothing'),
        ({"pretrained": "qwem"}, "models.zero-shot.pretrained", 'did you mean "qwen"?'),
        ({"answer_by": "guess"}, "models.zero-shot.answer_by", "'generate' or 'likelihood'"),
        ({"examples": -1}, "models.zero-shot.examples", "greater than or equal to 0"),
        ({"attempts": 0}, "models.zero-shot.attempts", "greater than or equal to 1"),
    ],
)
def test_faults_are_named(values, path, message):
    with pytest.raises(VersoError) as caught:
        load(changed(**values), "x")
    (line,) = str(caught.value).splitlines()[1:]
    assert line.strip().startswith(path)
    assert message in line


def test_a_template_is_looked_at_before_anything_runs_and_only_where_an_experiment_asks_by_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "reviews.csv").write_text("text,label\n")
    (tmp_path / "sound.jinja").write_text("{{ text }}")
    (tmp_path / "broken.jinja").write_text("{{ text")
    raw = changed(template="sound.jinja")
    raw["models"]["unused"] = {**raw["models"]["zero-shot"], "template": "none.jinja"}
    assert missing_sources(load(raw, "x")) == []
    (fault,) = missing_sources(load(changed(template="broken.jinja"), "x"))
    assert fault.startswith("models.zero-shot.template  broken.jinja: is no jinja2 template (line 1")
    (fault,) = missing_sources(load(changed(template="none.jinja"), "x"))
    assert fault.startswith("models.zero-shot.template  none.jinja does not exist")


def test_a_prompted_model_requests_what_its_entry_says_and_more_where_copies_of_the_cache_are_read():
    vram_mb = {}
    for answer_by in ("generate", "likelihood"):
        entry = load(changed(answer_by=answer_by, needs={"gpus": 1}), "x").models["zero-shot"]
        vram_mb[answer_by] = needs_of_inference(FAMILY, entry, UNKNOWN)["vram_mb"]
    assert vram_mb["likelihood"] > vram_mb["generate"] > 4000
    said = load(changed(needs={"gpus": 1, "runtime": 600, "mem_mb": 9000}), "x").models["zero-shot"]
    found = needs_of_inference(FAMILY, said, UNKNOWN, ["time_out"])
    assert (found["runtime"], found["mem_mb"], found["cards"]) == (1200, 9000, 1)
