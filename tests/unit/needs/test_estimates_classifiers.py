"""What trainings of classifiers request: not less than they used, and not many times as much."""

import json

import pytest
from reviews import write_corpus

from verso.contract import CorpusSize
from verso.needs import request as needs
from verso.needs.history import corpus_size
from verso.needs.request import needs_of_training
from verso.registry import FAMILY

REVIEWS = CorpusSize(characters=600_000, words=100_000, vocabulary_char=90, vocabulary_word=8033, documents=1280)


def model(family, **settings):
    return FAMILY[family].settings.model_validate({"family": family, **settings})


# Peak resident memory in MB, and seconds of one epoch of 1,280 texts, mean 78 tokens, of real trainings on one busy core
MEASURED = [
    (model("recurrent_classifier", cell="rnn", epochs=1), 502, 4.3),
    (model("recurrent_classifier", cell="gru", epochs=1), 616, 7.3),
    (model("recurrent_classifier", cell="lstm", epochs=1), 657, 7.0),
    (model("recurrent_classifier", cell="lstm", epochs=1, bidirectional=True, pooling="max"), 881, 14.6),
    (model("textcnn", epochs=1), 582, 3.4),
]


@pytest.mark.parametrize(("entry", "used", "seconds"), MEASURED, ids=lambda value: getattr(value, "cell", str(value)[:9]))
def test_a_neural_classifier_requests_what_it_uses(entry, used, seconds):
    asked = needs_of_training(FAMILY[entry.family], entry, REVIEWS, None)
    assert used + needs.SNAKEMAKES_MB <= asked["mem_mb"] <= 2 * used + needs.SNAKEMAKES_MB
    assert asked["expected_seconds"] <= 2 * seconds
    assert seconds <= 2 * asked["expected_seconds"]
    assert (asked["vram_mb"], asked["cards"]) == (0, 0)


@pytest.mark.parametrize(
    ("entry", "size", "used", "seconds"),
    [
        (model("tfidf"), CorpusSize(2_000_000, 300_000, 90, 30_000, 4000), 474, 4.2),
        (model("tfidf", C=[1]), CorpusSize(8_000_000, 1_200_000, 90, 30_000, 16_000), 688, 8.6),
        (
            model("tfidf", C=[1], analyzer="char_wb", ngram_range=[2, 5]),
            CorpusSize(1_070_000, 150_000, 90, 30_000, 2000),
            596,
            6.3,
        ),
    ],
)
def test_tfidf_requests_what_it_uses(entry, size, used, seconds):
    asked = needs_of_training(FAMILY[entry.family], entry, size, None)
    assert used + needs.SNAKEMAKES_MB <= asked["mem_mb"] <= 2 * used + needs.SNAKEMAKES_MB
    assert 0.5 * seconds <= asked["expected_seconds"] <= 3 * seconds


def test_a_baseline_requests_no_card_and_little_else():
    asked = needs_of_training(FAMILY["majority"], model("majority"), None, None)
    assert asked == {
        "mem_mb": 500 + needs.SNAKEMAKES_MB,
        "runtime": 240,
        "vram_mb": 0,
        "cards": 0,
        "checkpoint_seconds": 60,
        "expected_seconds": 5,
    }


def test_a_card_is_requested_by_what_it_must_hold_and_a_clock_bounds_the_time():
    small, large = (model("textcnn", needs={"gpus": 1}, batch=batch) for batch in (32, 2048))
    vram = [needs_of_training(FAMILY[entry.family], entry, REVIEWS, None)["vram_mb"] for entry in (small, large)]
    assert 600 < vram[0] < 1000  # the report measured 107 MB without the driver's own
    assert vram[1] > 3 * vram[0]
    assert (
        needs_of_training(FAMILY["textcnn"], model("textcnn", minutes=0.5, epochs=500), REVIEWS, None)["expected_seconds"] == 30
    )


def test_a_labelled_corpus_is_counted_by_its_documents_and_its_tokens(tmp_path):
    folder = write_corpus(tmp_path)
    found = corpus_size(folder)
    assert found.documents == 120
    assert found.vocabulary_word == len(json.loads((folder / "vocab_token.json").read_text())["tokens"])
    (folder / "vocab_token.json").unlink()
    assert corpus_size(folder).vocabulary_word > found.vocabulary_word
