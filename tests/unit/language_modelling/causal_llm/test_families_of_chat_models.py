"""Models of the families that people use, small and random: tuned, scored and sampled, each ends where its template ends."""

import json

import pytest
import torch
from bigram_llm import bigram_model
from calls import ASKED, ignore, training_run
from chat_families import FAMILIES, base_in, ends_of, tokenizer_of
from tiny_llm import ARTISTS, INSTRUCTION, LORA, SETTINGS, documents, write

from verso.files import read_csv, read_json, read_json_lines
from verso.language_modelling.causal_llm.sampling import sample, write_batch
from verso.language_modelling.causal_llm.scoring import score
from verso.language_modelling.causal_llm.training import examples, train
from verso.language_modelling.sampling import Request
from verso.pretrained import causal_llm
from verso.pretrained.chat import Chat

EVERY = pytest.mark.parametrize("name", FAMILIES)
DECODING = {"temperature": 1.0, "top_p": 1.0, "top_k": 0, "repetition_penalty": 1.0}
QUICK = {"quantisation": "none", "epochs": 1, "measurements": 1, "max_length": 512, "batch": 4, "accumulation": 1}
SAMPLING = {
    "seed": 1, "per_group": 1, "prime": "none", "groups": {}, "prompts": [],
    "instructions": ["Write one in the style of {group}."],
    "decoding": DECODING, "max_tokens": {"subword": 4},
}  # fmt: skip


@pytest.fixture(params=FAMILIES)
def study(request, tmp_path):
    """A family's name, its base and its songs."""
    songs = [*documents("Marea Alta", 3, 3, 1), *documents("The Slow Tide", 3, 3, 1)]
    return request.param, base_in(tmp_path / "base", request.param), write(tmp_path / "songs.jsonl", songs)


def test_a_model_is_tuned_and_scored_on_the_published_frame_and_its_one_end(study, tmp_path):
    name, manifest, songs = study
    family, tokenizer = FAMILIES[name], tokenizer_of(name)
    lora = {**LORA, "target_modules": ["qkv_proj", "o_proj"]} if family.architecture == "phi3" else LORA
    train(songs, songs, manifest, INSTRUCTION, training_run(tmp_path, {**SETTINGS, **QUICK, "lora": lora}))
    folder, paths = tmp_path / "model", [tmp_path / "scores.csv", tmp_path / "scoring.json"]
    score(songs, folder, manifest, INSTRUCTION, {"prompt": "with", "stride": 256}, *paths, ignore, ASKED)
    model, _ = causal_llm.load_tuned(folder, manifest, torch.device("cpu"), torch.float32)
    learnt = 0
    for row, song in zip(read_csv(paths[0]), map(json.loads, songs.open()), strict=True):
        request = f"You write songs.\nWrite one in the style of {song['group']}."
        prompt = tokenizer(family.prompt.format(request=request), add_special_tokens=False)["input_ids"]
        whole = family.prompt.format(request=request) + family.completion.format(text=song["text"])
        tokens = tokenizer(whole, add_special_tokens=False)["input_ids"]
        alone = tokenizer(family.start + song["text"] + family.end, add_special_tokens=False)["input_ids"]
        assert int(row["tokens"]) == len(tokens) - len(prompt)
        assert float(row["log_likelihood_prompted"]) == pytest.approx(by_hand(model, tokens, len(prompt)), rel=1e-4)
        if not family.strips:  # the blank that begins a text stands behind <s> in a different way
            assert float(row["log_likelihood_reset"]) == pytest.approx(by_hand(model, alone, 1), rel=1e-4)
        learnt += len(tokens) - len(prompt)
    assert int(read_csv(tmp_path / "history.csv")[-1]["tokens"]) == learnt, "what is learnt is not what is scored"
    sample(songs, folder, manifest, SAMPLING, tmp_path / "samples.jsonl", tmp_path / "sampling.json", ignore, ASKED)
    written = list(read_json_lines(tmp_path / "samples.jsonl"))
    assert [row["instruction"] for row in written] == [f"Write one in the style of {artist}." for artist in ARTISTS]
    assert all(row["stopped"] == "end" or row["tokens"] == 4 for row in written)


def by_hand(model, tokens, first):
    with torch.no_grad():
        likelihoods = model(input_ids=torch.tensor([tokens])).logits[0].double().log_softmax(-1)
    return sum(float(likelihoods[place - 1, tokens[place]]) for place in range(first, len(tokens)))


@EVERY
def test_a_sample_ends_at_each_token_that_ends_an_answer_and_holds_none_of_the_frame(name):
    chat, tokenizer = Chat(tokenizer_of(name), ends_of(name)), tokenizer_of(name)
    request = Request("Marea Alta", 0, "Sing.", DECODING, None)
    said = tokenizer.convert_tokens_to_ids("a")
    for end in chat.ends:
        following = {chat.question("Sing.")[-1]: {said: 1.0}, said: {end: 1.0}}
        (row,) = write_batch(bigram_model(tokenizer, following), chat, [request], 1, 5)
        assert (row["text"], row["tokens"], row["stopped"]) == ("a", 1, "end")


def test_what_a_model_s_template_was_told_is_written_down_and_read_again(tmp_path):
    manifest = base_in(tmp_path / "base", "llama-3")
    songs = write(tmp_path / "songs.jsonl", documents("Marea Alta", 2, 2, 1))
    told = {"date": "2026-01-05", "variables": {"enable_thinking": False}}
    train(songs, songs, manifest, INSTRUCTION, training_run(tmp_path, {**SETTINGS, **QUICK, "chat_template": told}))
    assert read_json(tmp_path / "model/architecture.json")["chat_template"] == told
    chat = causal_llm.chat_of_run(tmp_path / "model", manifest)
    assert "Today Date: 05 Jan 2026" in chat.tokenizer.decode(chat.question("Sing"))
    (one, _) = examples(songs, chat, INSTRUCTION, {**SETTINGS, **QUICK})
    assert "05 Jan 2026" in chat.tokenizer.decode(one.tokens[: one.prompt])
