"""BM25 over chunks by bm25s: a chunk's score is the sum of the weights of the question's terms (Robertson and Zaragoza 2009)."""

from collections.abc import Iterable, Sequence

import bm25s
import numpy as np

from verso.question_answering.rag.ranking import Ranking, ranking_of
from verso.question_answering.rag.terms import Terms


class BM25Index:
    """An index of texts that ranks those with a term of the question.

    texts: of the chunks, which may hold no term at all. language: of stemmer and stop words, such as "es". k1: how soon further
    occurrences of a term count no more. b: how much a long text is held against. Both by default as bm25s has them.
    """

    def __init__(self, texts: Iterable[str], language: str, k1: float = 1.5, b: float = 0.75) -> None:
        self.terms = Terms(language)
        numbers: dict[str, int] = {}
        found = [[numbers.setdefault(term, len(numbers)) for term in self.terms.of(text)] for text in texts]
        self.n_chunks = len(found)
        self._index = bm25s.BM25(k1=k1, b=b)
        self._empty = not numbers  # bm25s cannot be built of texts without any term
        if not self._empty:
            self._index.index((found, numbers), create_empty_token=False, show_progress=False)

    @property
    def n_bytes(self) -> int:
        """Size of the weights in memory, without the dictionary of terms."""
        return 0 if self._empty else sum(self._index.scores[part].nbytes for part in ("data", "indices", "indptr"))

    def search(self, questions: Sequence[str], k: int) -> list[Ranking]:
        """For each question the at most k best chunks; those without a term of it are no hits, however few are left."""
        return [self._ranking(question, k) for question in questions]

    def _ranking(self, question: str, k: int) -> Ranking:
        known = {} if self._empty else self._index.vocab_dict
        terms = [known[term] for term in self.terms.of(question) if term in known]
        if not terms:
            return ranking_of([], [], k, floor=0.0)
        scores = self._index.get_scores_from_ids(terms)
        (hits,) = np.nonzero(scores > 0)
        return ranking_of(hits, scores[hits], k, floor=0.0)
