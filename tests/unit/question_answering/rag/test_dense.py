"""Dense retrieval: nothing is cut, windows count by their best, similarities rank alike where they must, vectors are kept."""

import logging

import numpy as np
import pytest
from embedders import HashedWords
from hypothesis import given, settings
from hypothesis import strategies as st

from verso.errors import VersoError
from verso.question_answering.rag.dense import DenseIndex, DenseRetriever, unit_length
from verso.question_answering.rag.embedding import Embedded, embed, windows_of


def count_letters(texts):
    return [len(text.replace(" ", "")) for text in texts]


def vectors(seed, rows, dimension=24, unit=False):
    drawn = np.random.default_rng(seed).normal(size=(rows, dimension)).astype(np.float32)
    return drawn / np.linalg.norm(drawn, axis=1, keepdims=True) if unit else drawn


def index(chunks, *kind, owners=None):
    return DenseIndex(Embedded(chunks, np.arange(len(chunks)) if owners is None else np.asarray(owners)), *kind)


def found_by(index, question, k):
    (ranking,) = index.search(Embedded(question[None], np.zeros(1, dtype=np.int64)), k)
    return ranking


@settings(max_examples=100, deadline=None)
@given(st.lists(st.sampled_from([1, 2, 3, 10, 90]), min_size=1, max_size=60), st.integers(4, 40))
def test_windows_fit_and_hold_every_letter(lengths, window):
    """Of a text in which each letter occurs once."""
    letters = iter(range(0x4E00, 0x9FFF))
    text = " ".join("".join(chr(next(letters)) for _ in range(length)) for length in lengths)
    pieces = windows_of(text, count_letters([text])[0], window, count_letters)
    assert all(size <= window for size in count_letters(pieces))
    assert set("".join(pieces)) | {" "} == set(text) | {" "}
    assert all(piece in text for piece in pieces)


def test_windows_share_a_quarter_and_are_about_equal():
    words = [f"w{number:02}" for number in range(50)]
    count = HashedWords().count
    pieces = [piece.split() for piece in windows_of(" ".join(words), 50, 20, count)]
    assert [(own[0], own[-1]) for own in pieces] == [("w00", "w19"), ("w15", "w34"), ("w30", "w49")]
    assert [len(own.split()) for own in windows_of(" ".join(words[:21]), 21, 20, count)] == [13, 13]


def test_a_chunk_that_is_longer_than_the_window_is_found_by_its_end(caplog):
    long = " ".join(f"w{number}" for number in range(30)) + " needle"
    with caplog.at_level(logging.INFO):
        retriever = DenseRetriever(["hay", long, "straw"], HashedWords(window=8))
    assert retriever.n_windowed == 1
    assert "1 of 3 texts are longer than its 8 tokens" in caplog.text
    (ranking,) = retriever.search(["needle"], 3)
    assert ranking.chunks.tolist()[0] == 1
    assert sorted(ranking.chunks.tolist()) == [0, 1, 2]  # each chunk once, however many windows it has


def test_a_question_that_is_longer_than_the_window_is_found_by_each_of_its_parts():
    retriever = DenseRetriever(["needle", "pin", "hay"], HashedWords(window=4))
    (ranking,) = retriever.search(["which of these many words is a pin or even a needle"], 2)
    assert set(ranking.chunks.tolist()) == {0, 1}


@pytest.mark.parametrize("question", ["", " \n"])
def test_an_empty_question_is_refused(question):
    with pytest.raises(VersoError, match="question 2 is empty"):
        DenseRetriever(["a"], HashedWords()).search(["a", question], 1)


def test_an_index_of_nothing_is_refused():
    with pytest.raises(VersoError, match="no chunks"):
        DenseRetriever([], HashedWords())


@pytest.mark.parametrize("k", [1, 7, 50, 1000])
def test_scores_are_those_of_numpy_and_more_than_all_is_all(k):
    chunks, question = vectors(1, 50), vectors(2, 1)[0]
    cosine = chunks @ question / np.linalg.norm(chunks, axis=1) / np.linalg.norm(question)
    expected = {
        "cosine": cosine,
        "dot": chunks @ question,
        "euclidean": 1 / (1 + np.linalg.norm(chunks - question, axis=1)),
    }
    for similarity, scores in expected.items():
        ranking = found_by(index(chunks, similarity), question, k)
        assert ranking.chunks.tolist() == np.argsort(-scores)[:k].tolist()
        assert ranking.scores == pytest.approx(np.sort(scores)[::-1][:k], abs=1e-5)
        assert ranking.floor == pytest.approx(ranking.scores[-1])


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.1, 10))
def test_similarities_rank_alike_where_vectors_have_length_1(seed, length):
    chunks, question = vectors(seed, 40, unit=True), np.float32(length) * vectors(seed + 1, 1)[0]
    orders = []
    for similarity in ("cosine", "dot", "euclidean"):
        made = index(chunks, similarity)
        assert made.rank_alike
        orders.append(found_by(made, question, 40).chunks)
    scores = chunks @ question
    for order in orders:  # but for those whose scores differ in the last digits of float32 alone
        assert np.all(np.diff(scores[order]) <= 1e-4 * length)


def test_similarities_differ_where_lengths_do():
    chunks = np.array([[1, 0], [10, 8]], dtype=np.float32)
    question = np.array([1, 0.1], dtype=np.float32)
    first = [found_by(index(chunks, similarity), question, 1).chunks[0] for similarity in ("cosine", "dot", "euclidean")]
    assert first == [0, 1, 0]
    assert not unit_length(chunks)


@pytest.mark.parametrize("similarity", ["cosine", "dot", "euclidean"])
def test_eight_bits_find_nearly_all_of_the_best_ten_in_a_quarter_of_the_memory(similarity):
    chunks, questions = vectors(3, 2000, 64, unit=True), vectors(4, 20, 64, unit=True)
    exact, small = index(chunks, similarity), index(chunks, similarity, "8-bit")
    assert small.n_bytes * 4 == exact.n_bytes == chunks.nbytes
    shared = [
        len(set(found_by(exact, question, 10).chunks) & set(found_by(small, question, 10).chunks)) / 10 for question in questions
    ]
    assert np.mean(shared) >= 0.95


def test_a_vector_of_zeros_is_similar_to_nothing():
    chunks = np.array([[0, 0], [0, 1]], dtype=np.float32)
    assert found_by(index(chunks), np.array([0, 2], dtype=np.float32), 2).scores.tolist() == [1, 0]


def test_vectors_are_kept_until_texts_or_embedder_change(tmp_path):
    texts = ["uno dos", "tres"]
    first = embed(texts, HashedWords(), "", tmp_path)
    again = HashedWords()
    assert np.array_equal(embed(texts, again, "", tmp_path).vectors, first.vectors)
    assert again.encoded == 0
    for changed in (
        lambda: embed(["uno", "dos tres"], again, "", tmp_path),
        lambda: embed(texts, again, "query: ", tmp_path),
    ):
        before = again.encoded
        changed()
        assert again.encoded == before + 2
    newer = HashedWords(identity=("hashed-words", "2"))
    embed(texts, newer, "", tmp_path)
    assert newer.encoded == 2


def test_damaged_vectors_are_made_again(tmp_path):
    embed(["uno"], HashedWords(), "", tmp_path)
    (kept,) = tmp_path.iterdir()
    kept.write_bytes(kept.read_bytes()[:-7])
    again = HashedWords()
    assert embed(["uno"], again, "", tmp_path).vectors.sum() == 1
    assert again.encoded == 1
    assert np.load(kept).sum() == 1
