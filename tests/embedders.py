"""Embedders that need no weights: for tests of what is done with vectors, and folders of sentence-transformers of toy size."""

import json
import zlib
from pathlib import Path

import numpy as np


class HashedWords:
    """A vector of how often each word occurs, words hashed to 64 places; texts of at most `window` words. Not of length 1."""

    name, dimension, query_prefix, passage_prefix = "hashed-words", 64, "", ""

    def __init__(self, window=None, identity=("hashed-words", "1")):
        self.window, self.identity, self.encoded = window, identity, 0

    def count(self, texts):
        return [len(text.split()) for text in texts]

    def encode(self, texts, prefix):
        self.encoded += len(texts)
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        for row, text in zip(vectors, texts, strict=True):
            words = (prefix + text).lower().split()
            assert self.window is None or len(words) <= self.window, "a text was longer than the window"
            for word in words:
                row[zlib.crc32(word.encode()) % self.dimension] += 1
        return vectors


def write_sentence_model(folder: Path, positions=32):
    """A toy BERT as sentence-transformers keeps models; returns its folder."""
    from tiny_encoder import make

    make(folder, "bert", max_position_embeddings=positions)
    model = folder / "snapshot"
    kinds = {"": "models.Transformer", "1_Pooling": "models.Pooling", "2_Normalize": "models.Normalize"}
    modules = [
        {"idx": number, "name": str(number), "path": path, "type": f"sentence_transformers.{kind}"}
        for number, (path, kind) in enumerate(kinds.items())
    ]
    (model / "modules.json").write_text(json.dumps(modules))
    (model / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": positions, "do_lower_case": False}))
    for path in ("1_Pooling", "2_Normalize"):
        (model / path).mkdir()
    (model / "1_Pooling/config.json").write_text(json.dumps({"word_embedding_dimension": 32, "pooling_mode_mean_tokens": True}))
    return model
