"""Scoring and sampling by one job: of the two only what changed is done again. The driver, run as Snakemake runs it."""

import json

import pytest
import torch
from drivers import run_driver

from verso.language_modelling.recurrent_lm import model as recurrent_lm
from verso.language_modelling.recurrent_lm import sampling, scoring
from verso.text.vocabulary import SPECIALS

TOKENS = [*SPECIALS, "\n", "[Verse", "1]", "la", "rosa", "luna"]
SAMPLING = {
    "seed": 42, "per_group": 2, "prompts": ["[Verse 1]\n"], "prime": "group", "max_tokens": {"word": 8}, "groups": {},
    "decoding": {"temperature": 1.0, "top_p": 1.0, "top_k": 0, "repetition_penalty": 1.0},
}  # fmt: skip
PARAMS = {"scoring": {"state": "carried"}, "sampling": SAMPLING, "scoring_code": "a", "sampling_code": "b"}


def write_model(folder, seed=1):
    torch.manual_seed(seed)
    model = recurrent_lm.RecurrentLM(len(TOKENS), "lstm", 8, 12, 1, 0.0, False, "plain", [])
    recurrent_lm.save(model, folder / "model")


def write_texts(path, *texts):
    rows = [{"id": str(n), "text": text, "group": "Ada", "metadata": {}} for n, text in enumerate(texts)]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


@pytest.fixture
def evaluate(tmp_path, monkeypatch):
    """Run the job; gives what it did besides taking what was kept, and the bytes of scores and samples."""
    write_model(tmp_path)
    write_texts(tmp_path / "train.jsonl", "la rosa\nla luna", "luna la luna")
    write_texts(tmp_path / "test.jsonl", "la luna\nla rosa")
    words = {"unit": "word", "minimum_count": 2, "training_tokens": 9, "tokens": TOKENS, "counts": [0] * 3 + [5] * 6}
    (tmp_path / "vocab_word.json").write_text(json.dumps(words))
    done = []
    for module, name in ((scoring, "score"), (sampling, "sample")):
        real = getattr(module, name)
        monkeypatch.setattr(module, name, lambda real=real, name=name, **files: (done.append(name), real(**files)))

    def evaluated(**params):
        done.clear()
        given = {name: tmp_path / f"{name}.jsonl" for name in ("train", "test")} | {"vocabulary": tmp_path / "vocab_word.json"}
        given |= {"weights": tmp_path / "model/weights.safetensors", "architecture": tmp_path / "model/architecture.json"}
        made = {"scores": tmp_path / "scores.csv", "samples": tmp_path / "samples.jsonl"}
        run_driver("evaluate_recurrent_lm", tmp_path, given, made, {**PARAMS, **params})
        return list(done), made["scores"].read_bytes(), made["samples"].read_bytes()

    return evaluated


def test_what_changed_of_the_two_is_done_again_alone(evaluate):
    done, scores, samples = evaluate()
    assert done == ["score", "sample"]
    assert evaluate() == ([], scores, samples)
    done, other_scores, same_samples = evaluate(scoring={"state": "reset"})
    assert (done, same_samples) == (["score"], samples)
    assert other_scores != scores
    done, same_scores, other_samples = evaluate(scoring={"state": "reset"}, sampling={**SAMPLING, "per_group": 3})
    assert (done, same_scores) == (["sample"], other_scores)
    assert other_samples != samples


@pytest.mark.parametrize(("code", "done"), [("scoring_code", "score"), ("sampling_code", "sample")])
def test_changed_code_of_one_leaves_the_other(evaluate, code, done):
    evaluate()
    assert evaluate(**{code: "changed"})[0] == [done]


def test_another_text_is_a_reason_for_what_reads_it_and_another_model_for_both(evaluate, tmp_path):
    evaluate()
    write_texts(tmp_path / "test.jsonl", "luna")
    assert evaluate()[0] == ["score"]
    write_texts(tmp_path / "train.jsonl", "luna", "rosa")
    assert evaluate()[0] == ["sample"]
    write_model(tmp_path, seed=2)
    assert evaluate()[0] == ["score", "sample"]
