"""Chat models of the families that people use predict labels: the prompt is their own, and a reply is a label with its end."""

import math

import pytest
import torch
from calls import ASKED
from chat_families import FAMILIES, base_in, tokenizer_of
from predicted import inference
from reviews import write_corpus

from verso.classification.prompt.answering import Answered, Prompting, answer
from verso.files import read_csv, read_json, read_json_lines
from verso.pretrained.base_model import describe
from verso.pretrained.causal_llm import load_tuned

ENTRY = {"family": "prompt", "tuning": "none", "quantisation": "none", "max_length": 512}
SETTINGS = {
    "examples": 0, "max_length": 512, "max_new_tokens": 3, "attempts": 1,
    "decoding": {"temperature": 1.0, "top_p": 1.0, "top_k": 0, "repetition_penalty": 1.0},
}  # fmt: skip


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    return write_corpus(tmp_path_factory.mktemp("reviews"), train=6, validation=3, test=3)


@pytest.mark.parametrize("name", FAMILIES)
def test_labels_are_predicted_after_the_published_prompt(corpus, tmp_path, name):
    manifest, model_folder = base_in(tmp_path / "base", name), tmp_path / "model"
    describe(manifest, ENTRY, model_folder / "architecture.json", tmp_path / "history.csv", tmp_path / "h.json", ASKED)
    (tmp_path / "t.jinja").write_text("Which? {{ text }}")
    given = Prompting(corpus / "train.jsonl", corpus / "labels.json", tmp_path / "t.jinja", manifest, model_folder)
    for answer_by in ("likelihood", "generate"):
        files = {key: tmp_path / f"{key}.{answer_by}" for key in ("scores", "replies", "scoring")}
        settings = {**SETTINGS, "answer_by": answer_by}
        answer(Answered(corpus / "test.jsonl", **files), None, given, settings, 1, inference(tmp_path / answer_by))
        assert len(read_csv(files["scores"])) == read_json(files["scoring"])["documents"] == 3
    replies = list(read_json_lines(tmp_path / "replies.likelihood"))
    model, tokenizer = load_tuned(model_folder, manifest, torch.device("cpu"), torch.float32)[0], tokenizer_of(name)
    for document, row in zip(read_json_lines(corpus / "test.jsonl"), replies, strict=True):
        prompt = FAMILIES[name].prompt.format(request=f"Which? {document['text']}")
        begin = len(tokenizer(prompt, add_special_tokens=False)["input_ids"])
        assert row["prompt_tokens"] == begin
        for label, found in row["log_likelihoods"].items():
            whole = prompt + FAMILIES[name].completion.format(text=label)
            tokens = tokenizer(whole, add_special_tokens=False, return_tensors="pt")["input_ids"]
            with torch.no_grad():
                chances = model(input_ids=tokens).logits[0].double().log_softmax(-1)
            right = sum(float(chances[place - 1, tokens[0, place]]) for place in range(begin, tokens.shape[1]))
            assert math.isclose(found, right, abs_tol=1e-3)
