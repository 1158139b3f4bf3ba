"""A recurrent model's measured predictions: the same numbers as its scores, and the driver's three files."""

import json
import math
import tempfile
from pathlib import Path

import pytest
import torch
from drivers import run_driver
from hypothesis import given, settings
from hypothesis import strategies as st

from verso.errors import VersoError
from verso.files import read_csv, read_json
from verso.language_modelling.measuring import Chosen, commonest_token, spread, visible
from verso.language_modelling.recurrent_lm import model as recurrent_lm
from verso.language_modelling.recurrent_lm.model import RecurrentLM
from verso.language_modelling.recurrent_lm.predictor import RecurrentPredictor, load_predictor
from verso.language_modelling.recurrent_lm.scoring import BLOCK, score_rows
from verso.text.vocabulary import SPECIALS, Vocabulary

WORDS = [*SPECIALS, "la", "\n", "rosa", "luna"]
TEXTS = ["la rosa roja\nla luna", "la rosa", "zafiro la\nla la la rosa roja " * 40 + "luna"]


def vocabulary():
    return Vocabulary("word", WORDS, [3, 0, 0, 9, 5, 4, 2])


def tiny(cell="gru", softmax="plain", dropout=0.9):
    torch.manual_seed(3)
    model = RecurrentLM(len(WORDS), cell, 8, 16, 2, dropout, False, softmax, [4, 6])
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.5)
    return model.eval()


def write_texts(path, texts):
    path.write_text("".join(json.dumps({"id": f"d{n}", "text": text, "group": "g"}) + "\n" for n, text in enumerate(texts)))
    return path


def tokens_of(text):
    words = vocabulary()
    return [words.start, *words.encode(text), words.end]


@pytest.fixture
def measured(tmp_path):
    """Run the driver as Snakemake does; gives the three files read."""

    def run(texts=TEXTS, model=None):
        recurrent_lm.save(model or tiny(), tmp_path / "model")
        words = {"unit": "word", "minimum_count": 2, "training_tokens": 23, "tokens": WORDS, "counts": vocabulary().counts}
        (tmp_path / "vocab_word.json").write_text(json.dumps(words))
        given = {part: write_texts(tmp_path / f"{part}.jsonl", texts) for part in ("train", "validation", "test")}
        given |= {"vocabulary": tmp_path / "vocab_word.json", "weights": tmp_path / "model/weights.safetensors"}
        given |= {"architecture": tmp_path / "model/architecture.json"}
        made = {"predictions": tmp_path / "predictions.json", "frequencies": tmp_path / "token_frequencies.csv"}
        made |= {"latencies": tmp_path / "latency.json"}
        run_driver("measure_recurrent_lm", tmp_path, given, made, {})
        return read_json(made["predictions"]), read_csv(made["frequencies"]), read_json(made["latencies"])

    return run


@pytest.mark.parametrize(("cell", "softmax"), [("gru", "plain"), ("lstm", "adaptive"), ("rnn", "plain")])
def test_distributions_sum_to_one_and_are_those_that_the_reader_gives(cell, softmax):
    predictor = RecurrentPredictor(tiny(cell, softmax), vocabulary())
    tokens = tokens_of(TEXTS[2])
    assert len(tokens) > BLOCK
    found = torch.cat(list(predictor.distributions(tokens)))
    assert found.shape == (len(tokens) - 1, len(WORDS))
    assert torch.allclose(found.exp().sum(dim=1), torch.ones(len(found)), atol=1e-5)
    read = predictor.reader()
    with torch.inference_mode():
        for place, token in enumerate(tokens[:-1]):
            assert torch.allclose(read(token), found[place], atol=1e-4)


def test_a_later_token_changes_no_earlier_prediction():
    predictor = RecurrentPredictor(tiny(), vocabulary())
    tokens = tokens_of(TEXTS[0])
    before = torch.cat(list(predictor.distributions(tokens)))
    after = torch.cat(list(predictor.distributions([*tokens[:-2], 6, 3])))
    assert torch.equal(before[: len(tokens) - 3], after[: len(tokens) - 3])


def test_the_greedy_continuation_is_the_most_probable_token_after_token():
    words, predictor = vocabulary(), RecurrentPredictor(tiny(), vocabulary())
    written = predictor.continued(["la rosa", "luna"], 6, seed=1, greedy=True)
    read, expected = predictor.reader(), []
    with torch.inference_mode():
        for token in [words.start, *words.encode("la rosa")]:
            found = read(token)
        for _ in range(6):
            found[[words.unknown, words.start]] = -torch.inf
            token = int(found.argmax())
            if token == words.end:
                break
            expected.append(token)
            found = read(token)
    assert ("la rosa" + written[0]).split() == ["la", "rosa", *words.decode(expected).split()]


def test_the_losses_are_those_of_the_scores_of_documents_read_on_their_own(measured):
    """Training, too, is scored without dropout: with dropout .9 its loss would be another at every call."""
    predictions, _, _ = measured()
    documents = [{"id": f"d{n}", "text": text, "group": "g"} for n, text in enumerate(TEXTS)]
    rows = list(score_rows(tiny(), vocabulary(), iter(documents), "reset", lambda n: None))
    tokens = sum(row["tokens"] for row in rows)
    for part in ("train", "validation", "test"):
        found = predictions["parts"][part]
        assert found["tokens"] == tokens
        assert found["unknown_tokens"] == sum(row["unknown_tokens"] for row in rows) > 0
        assert found["loss"] == pytest.approx(-math.fsum(row["log_likelihood"] for row in rows) / tokens, rel=1e-5)
        spelling = math.fsum(row["spelling_log_likelihood"] for row in rows)
        assert found["loss"] - found["loss_without_spelling"] == pytest.approx(-spelling / tokens, rel=1e-5)
        assert (found["documents"], found["documents_of_part"], found["documents_cut"]) == (3, 3, 0)


def test_the_frequencies_are_of_every_token_and_sum_to_one(measured):
    predictions, frequencies, _ = measured()
    assert [row["token"] for row in frequencies] == [word.replace("\n", "↵") for word in WORDS]
    for column in ("true", "predicted"):
        assert math.fsum(float(row[column]) for row in frequencies) == pytest.approx(1, abs=1e-5)
    variation = sum(abs(float(row["true"]) - float(row["predicted"])) for row in frequencies) / 2
    assert predictions["bias"]["total_variation"] == pytest.approx(variation)


def test_latency_names_all_that_it_depends_on(measured):
    _, _, latency = measured()
    assert (len(latency["token_seconds"]), len(latency["sequence_seconds"])) == (200, 40)
    assert min(latency["token_seconds"] + latency["sequence_seconds"]) > 0
    assert (latency["batch"], latency["cache"], latency["threads"]) == (1, "recurrent state", torch.get_num_threads())
    assert latency["tokens_of_sequence"] == 6
    assert latency["weights_mb"] == pytest.approx(sum(p.numel() for p in tiny().parameters()) * 4 / 1e6)
    assert latency["peak_ram_mb"] > 50


def test_measuring_twice_gives_the_same_predictions(measured):
    assert measured()[:2] == measured()[:2]


def test_continuations_are_measured_where_a_text_is_long_enough(measured):
    found = measured()[0]["continuations"]
    words = sum(len(text.split()) // 64 for text in TEXTS)
    assert found["passages"] == found["of"] == words
    assert set(found["scores"]) == {"greedy", "drawn", "shuffled", "unigram", "exchanged"}
    assert measured(texts=["la rosa"])[0]["continuations"]["scores"] == {}


def test_broken_weights_are_no_measure(measured, tmp_path):
    broken = tiny()
    with torch.no_grad():
        broken.embedding.weight.fill_(math.nan)
    with pytest.raises((VersoError, SystemExit)):
        measured(model=broken)
    assert not (tmp_path / "predictions.json").exists()


def test_a_model_of_another_vocabulary_is_refused(tmp_path):
    recurrent_lm.save(tiny(), tmp_path / "model")
    words = {"unit": "word", "minimum_count": 2, "training_tokens": 9, "tokens": WORDS[:-1], "counts": [0] * 6}
    (tmp_path / "vocab_word.json").write_text(json.dumps(words))
    with pytest.raises(VersoError, match="knows 7 tokens"):
        load_predictor(tmp_path / "model", tmp_path / "vocab_word.json")


@given(st.text())
def test_a_token_is_a_line_of_the_table_whatever_it_is_made_of(token):
    """A byte pair may be a carriage return alone."""
    assert not [character for character in visible(token) if ord(character) < 33 or character == "\x7f"]
    assert visible(visible(token)) == visible(token)


# --- what is read ---


def test_the_whole_part_is_read_where_it_is_short(tmp_path):
    total, found = spread(write_texts(tmp_path / "a.jsonl", ["uno", "dos"]))
    assert (total, found) == (2, [Chosen("d0", "uno", False), Chosen("d1", "dos", False)])


def test_of_many_documents_evenly_spaced_ones_are_read(tmp_path):
    total, found = spread(write_texts(tmp_path / "a.jsonl", ["diez letra"] * 100), most=50)
    assert total == 100
    assert [document.name for document in found] == ["d10", "d30", "d50", "d70", "d90"]
    assert not any(document.cut for document in found)


def test_one_long_text_is_cut_after_a_whole_word(tmp_path):
    assert spread(write_texts(tmp_path / "a.jsonl", ["la rosa\nroja y la luna"]), most=14)[1] == [
        Chosen("d0", "la rosa\nroja y", True)
    ]
    assert spread(write_texts(tmp_path / "a.jsonl", ["larosarojaylaluna"]), most=14)[1] == [Chosen("d0", "larosarojaylal", True)]


def test_no_more_is_read_than_the_limit_though_the_chosen_documents_are_the_long_ones(tmp_path):
    texts = ["a" if number % 2 else "word " * 40 + "end" for number in range(40)]
    _, found = spread(write_texts(tmp_path / "a.jsonl", texts), most=400)
    assert sum(len(document.text) for document in found) <= 400
    assert [document.cut for document in found][:-1] == [False] * (len(found) - 1)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text("ab \n", max_size=60), max_size=25), st.integers(1, 200))
def test_what_is_read_is_within_the_limit_in_order_and_whole_but_for_the_last(texts, most):
    with tempfile.TemporaryDirectory() as folder:
        total, found = spread(write_texts(Path(folder) / "a.jsonl", texts), most)
    assert total == len(texts)
    assert sum(len(document.text) for document in found) <= most
    places = [int(document.name[1:]) for document in found]
    assert places == sorted(set(places))
    for place, document in zip(places, found, strict=True):
        assert texts[place].startswith(document.text)
        assert document.cut == (document.text != texts[place])
    assert not any(document.cut for document in found[:-1])


def test_the_commonest_token_is_that_of_training_and_never_unknown():
    assert commonest_token(vocabulary(), 3) == (3, pytest.approx(9 / 26))
    assert commonest_token(vocabulary(), 30)[0] == 2, "with so many documents it is their end"
    assert commonest_token(Vocabulary("word", WORDS, [50, 0, 0, 2, 1, 1, 1]), 1)[0] == 3
