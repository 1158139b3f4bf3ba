"""Reranking: a cross-encoder of sentence-transformers reads question and chunk together and orders what a retriever found."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from torch.nn import Identity

from verso.errors import VersoError
from verso.question_answering.rag.dense import best_of
from verso.question_answering.rag.embedding import windows_of
from verso.question_answering.rag.ranking import Ranking, ranking_of
from verso.question_answering.rag.sentence_models import loaded_reranker

LEAST_ROOM = 16  # tokens that must be left for a chunk beside the question


class Reranker:
    """A cross-encoder from a folder, offline. A chunk that does not fit beside the question is read in windows: best score."""

    def __init__(self, folder: str | Path, device: str = "cpu", batch: int = 32) -> None:
        self.folder = Path(folder)
        self._batch = batch
        self._model = loaded_reranker(self.folder, device)
        self._tokenizer = self._model.tokenizer

    def count(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, control tokens aside."""
        return [len(own) for own in self._tokenizer(list(texts), add_special_tokens=False, verbose=False)["input_ids"]]

    def rerank(self, question: str, texts: Sequence[str], ranking: Ranking, k: int) -> Ranking:
        """The k best of the chunks that were found, by the cross-encoder's scores.

        texts: of all chunks of the index. Raises VersoError where the question leaves no room for a chunk.
        """
        if not len(ranking.chunks):
            return ranking
        room = self._model.max_seq_length - self._tokenizer.num_special_tokens_to_add(pair=True) - self.count([question])[0]
        if room < LEAST_ROOM:
            raise VersoError(f"a question of {self.count([question])[0]} tokens leaves {self.folder} no room for a chunk")
        found = [texts[chunk] for chunk in ranking.chunks]
        pieces = [windows_of(text, size, room, self.count) for text, size in zip(found, self.count(found), strict=True)]
        owners = np.repeat(ranking.chunks, [len(own) for own in pieces])
        pairs = [(question, piece) for own in pieces for piece in own]
        # its logits, not their sigmoid: that is 1 in float32 for all that is surely relevant, and ties them
        scores = self._model.predict(pairs, batch_size=self._batch, show_progress_bar=False, activation_fn=Identity())
        return ranking_of(*best_of(owners, np.asarray(scores, dtype=np.float64)), k)
