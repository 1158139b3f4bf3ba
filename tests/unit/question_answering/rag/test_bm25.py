"""BM25 finds what a manual is asked about, and calls nothing a hit that shares no term."""

import numpy as np
import pytest

from verso.errors import VersoError
from verso.question_answering.rag.bm25 import BM25Index
from verso.question_answering.rag.terms import Terms


@pytest.mark.parametrize(
    ("text", "terms"),
    [
        ("la opción -e de `set`", ["opcion", "-e", "set"]),
        ("el parámetro $? y $HOME", ["parametr", "$?", "$home", "hom"]),
        ("escribe [ o [[ -f x ]]?", ["escrib", "[", "[[", "-f", "x", "]]"]),
        ("ls && cd || exit", ["ls", "&&", "cd", "||", "exit"]),
        ("Los lenguajes C y R.", ["lenguaj", "c", "r"]),
        ("-Hola, dijo. ¿Qué? (¡No!) ...", ["-hola", "hol", "dij"]),
        ("set --posix;", ["set", "--posix", "posix"]),
        ("... - ; .", []),
    ],
)
def test_terms_keep_what_shells_are_made_of(text, terms):
    assert list(Terms("es").of(text)) == terms


def test_a_language_without_stop_words_is_refused():
    with pytest.raises(VersoError, match="language 'xx'; known: da, de, en, es"):
        Terms("xx")


def test_scores_are_those_of_the_formula():
    """Lucene's BM25 (k1 1.5, b .75) of two texts of two and four terms, by hand."""
    (found,) = BM25Index(["perro gato", "perro casa mesa silla"], "es").search(["gatos"], 5)
    idf = np.log(1 + (2 - 1 + 0.5) / (1 + 0.5))
    assert found.chunks.tolist() == [0]
    assert found.scores[0] == pytest.approx(idf * 1 / (1 + 1.5 * (1 - 0.75 + 0.75 * 2 / 3)), rel=1e-5)


def test_stems_and_options_are_found():
    index = BM25Index(["La orden cambia el directorio.", "La opción -e termina.", "La opción -x muestra."], "es")
    found = index.search(["¿Qué hace -e?", "cambiar directorios", "-x o -e"], 3)
    assert [ranking.chunks.tolist() for ranking in found] == [[1], [0], [1, 2]]


def test_no_term_of_the_question_is_no_hit():
    index = BM25Index(["uno dos", "tres cuatro"], "es")
    assert [len(ranking.chunks) for ranking in index.search(["cinco", "", "¿de la?", "tres"], 10)] == [0, 0, 0, 1]


@pytest.mark.parametrize("texts", [[], ["..."], ["", "de la"]])
def test_texts_without_any_term_are_an_index_without_hits(texts):
    index = BM25Index(texts, "es")
    (found,) = index.search(["algo"], 3)
    assert (index.n_chunks, index.n_bytes, len(found.chunks)) == (len(texts), 0, 0)


def test_equal_scores_share_their_mean_rank():
    (found,) = BM25Index(["gato", "perro gato", "gato", "sol"], "es").search(["gato"], 4)
    assert found.chunks.tolist() == [0, 2, 1]
    assert found.mean_ranks().tolist() == [1.5, 1.5, 3.0]
