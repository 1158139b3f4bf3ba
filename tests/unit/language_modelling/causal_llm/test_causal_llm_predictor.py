"""A pretrained model's measured predictions: the same numbers as its scores, of the text's own tokens, and the driver's files."""

import json
import math

import pytest
import torch
from drivers import run_driver
from tiny_llm import INSTRUCTION, SETTINGS, with_random_adapters

from verso.files import read_csv, read_json
from verso.language_modelling.causal_llm.measuring import tokens_and_first_target
from verso.language_modelling.causal_llm.predictor import PretrainedPredictor, Subwords
from verso.language_modelling.causal_llm.scoring import log_likelihood
from verso.language_modelling.measuring import Chosen
from verso.pretrained import causal_llm
from verso.pretrained.chat import prompt_of

SIZE = 320  # of the toy's vocabulary


@pytest.fixture(scope="module")
def model(tiny):
    return with_random_adapters(tiny.tunable()).eval()


@pytest.fixture(scope="module")
def songs(tiny):
    return [json.loads(line) for line in tiny.part("test").open()]


@pytest.fixture(scope="module")
def vocabulary(chat, tiny):
    return Subwords(chat, SIZE, [json.loads(line)["text"] for line in tiny.part("train").open()])


@pytest.mark.parametrize(("window", "stride"), [(256, 128), (32, 16), (32, 31)])
def test_every_token_is_predicted_once_and_as_it_is_scored(model, chat, vocabulary, songs, window, stride):
    for example in (
        chat.without_prompt(songs[0]["text"], "song"),
        chat.with_prompt(prompt_of(songs[0], INSTRUCTION), songs[0]["text"], "song"),
    ):
        predictor = PretrainedPredictor(model, chat, vocabulary, window, stride)
        found = torch.cat(list(predictor.distributions(example.tokens)))
        assert found.shape == (len(example.tokens) - 1, SIZE)
        assert torch.allclose(found.exp().sum(dim=1), torch.ones(len(found)), atol=1e-4)
        likelihoods = found.gather(1, torch.tensor(example.tokens[1:])[:, None])[example.prompt - 1 :]
        assert float(likelihoods.double().sum()) == pytest.approx(log_likelihood(model, example, window, stride), abs=1e-2)


def test_the_reader_gives_the_same_and_begins_anew_where_a_window_is_full(model, chat, vocabulary, songs):
    tokens = chat.without_prompt(songs[0]["text"], "song").tokens[:20]
    predictor = PretrainedPredictor(model, chat, vocabulary, 20, 10)
    found, read = torch.cat(list(predictor.distributions(tokens))), predictor.reader()
    with torch.inference_mode():
        for _ in range(2):  # the second time after a full window
            for place, token in enumerate(tokens[:-1]):
                assert torch.allclose(read(token), found[place], atol=1e-3)
            read(tokens[-1])


def test_a_continuation_follows_the_text_alone_and_is_drawn_by_numbers_of_its_own(model, chat, vocabulary):
    predictor = PretrainedPredictor(model, chat, vocabulary, 256, 128)
    prompts = ["la noche trae sal", "we walk along the shore and count"]
    tokens, expected = [vocabulary.start, *vocabulary.encode(prompts[0])], []
    with torch.inference_mode():
        while len(expected) < 8:
            token = int(model(input_ids=torch.tensor([tokens + expected])).logits[0, -1].argmax())
            if token in chat.ends:
                break
            expected.append(token)
    greedy = predictor.continued(prompts, 8, seed=1, greedy=True)
    assert greedy[0] == chat.tokenizer.decode(expected, skip_special_tokens=True)
    drawn = predictor.continued(prompts, 8, seed=1, greedy=False)
    assert drawn == predictor.continued(prompts, 8, seed=1, greedy=False) != greedy


def test_the_vocabulary_counts_the_tokens_of_train_and_names_those_that_are_no_text(chat, tiny, songs):
    found = Subwords(chat, SIZE + 3, [song["text"] for song in songs])
    assert sum(found.counts) == sum(chat.without_prompt(song["text"], "a").completion - 1 for song in songs)
    assert [found.shown(SIZE + number) for number in range(3)] == ["<320>", "<321>", "<322>"]
    assert all(found.shown(number) for number in range(SIZE))
    text = next(song["text"] for song in songs if song["text"].isascii())
    assert "".join(found.shown(token) for token in found.encode(text)).strip() == text
    assert (found.encode(" "), found.unknown, found.unknown_pieces(text)) == ([], None, [])


@pytest.fixture(scope="module")
def run(tiny, model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("run") / "model"
    folder.mkdir()
    causal_llm.save_adapters(model, folder)
    settings = {**SETTINGS, "quantisation": "none"}
    causal_llm.write_architecture(folder / "architecture.json", tiny.manifest, settings, causal_llm.parameter_counts(model))
    return folder


def test_the_driver_measures_each_part_as_it_is_scored(tiny, model, chat, run, tmp_path):
    parts = {part: tiny.part(part) for part in ("train", "validation", "test")}
    given = {**parts, "manifest": tiny.manifest, "architecture": run / "architecture.json"}
    names = {"predictions": "predictions.json", "frequencies": "token_frequencies.csv", "latencies": "latency.json"}
    made = {key: tmp_path / name for key, name in {**names, "hardware": "measuring_hardware.json"}.items()}
    settings = {"prompt": "with", "stride": 128}
    run_driver("measure_causal_llm", tmp_path, given, made, {"settings": settings, "instruction": INSTRUCTION})
    found = read_json(made["predictions"])
    for part, path in parts.items():
        rows = [json.loads(line) for line in path.open()]
        examples = [chat.with_prompt(prompt_of(row, INSTRUCTION), row["text"], row["id"]) for row in rows]
        tokens = sum(example.completion for example in examples)
        nats = math.fsum(log_likelihood(model, example, SETTINGS["max_length"], 128) for example in examples)
        own = found["parts"][part]
        assert (own["tokens"], own["documents"], own["unknown_tokens"]) == (tokens, len(rows), 0)
        assert own["loss"] == own["loss_without_spelling"] == pytest.approx(-nats / tokens, rel=1e-4)
        assert 0 <= own["accuracy"] <= 1
        assert own["smoothed_loss"] is None
    assert (found["vocabulary"], found["bias"]["tokens"]) == (SIZE, found["parts"]["test"]["tokens"])
    frequencies = read_csv(made["frequencies"])
    assert sum(float(row["true"]) for row in frequencies) == pytest.approx(1)
    assert sum(float(row["predicted"]) for row in frequencies) == pytest.approx(1, abs=1e-4)
    timed, used = read_json(made["latencies"]), read_json(made["hardware"])
    assert (timed["device"], timed["cache"], timed["device_name"]) == ("cpu", "keys and values", used["device_name"])
    assert used["tokens"] == sum(own["tokens"] for own in found["parts"].values())
    assert used["wall_seconds"] > sum(timed["token_seconds"])


def test_targets_are_the_texts_own_tokens_and_its_end_where_it_is_whole(chat, songs):
    text, metadata = songs[0]["text"], songs[0]["metadata"]
    prompted = chat.with_prompt(prompt_of(songs[0], INSTRUCTION), text, "song")
    for prompt, expected in (("with", prompted), ("without", chat.without_prompt(text, "song"))):
        for cut in (False, True):
            document = Chosen("song", text, cut, metadata)
            tokens, first = tokens_and_first_target(chat, document, INSTRUCTION if prompt == "with" else None)
            assert first == expected.prompt
            assert ([*tokens, chat.end] if cut else tokens) == expected.tokens
