"""What the language models that are trained here share: their loading with a vocabulary, and the rows of their scores.csv."""

import math
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol, TypeVar

import torch
from torch import nn

from verso.errors import VersoError
from verso.language_modelling.spelling import SpellingModel
from verso.machine import hardware
from verso.text.vocabulary import Vocabulary, load_vocabulary

COLUMNS = (
    "document", "group", "tokens", "unknown_tokens", "words", "characters", "bytes", "log_likelihood",
    "spelling_log_likelihood", "log_likelihood_carried", "log_likelihood_reset", "state",
)  # fmt: skip


class ReadsTokens(Protocol):
    """A language model with an embedding of each token of its vocabulary."""

    embedding: nn.Embedding


Model = TypeVar("Model", bound=ReadsTokens)


def load_trained(
    load: Callable[[str | Path, torch.device], Model], folder: str | Path, vocabulary: str | Path
) -> tuple[Model, Vocabulary]:
    """The trained model in `folder`, on the CPU (scoring and sampling use no card), and its vocabulary.

    load: of its family, in evaluation mode. Raises VersoError if the model has another vocabulary's size, and as `load` does.
    """
    words = load_vocabulary(vocabulary)
    hardware.use_threads()
    model = load(folder, hardware.pick_device(0).device)
    if (found := model.embedding.num_embeddings) != len(words):
        raise VersoError(
            f"{folder}: the model knows {found} tokens, {vocabulary} has {len(words)}; train the model on this vocabulary"
        )
    return model, words


def score_row(
    document: Mapping[str, Any],
    tokens: int,
    paid: Mapping[str, float],
    state: str,
    vocabulary: Vocabulary,
    spelling: SpellingModel,
) -> dict[str, Any]:
    """A document's row of scores.csv: COLUMNS.

    tokens: of its text, without <|end|>. paid: log-likelihood in nats of its text and <|end|> by state ("reset", and "carried" if
    the model has that), unknown tokens without their spelling. state: the one that is compared. Raises VersoError when a
    log-likelihood is not finite.
    """
    text = document["text"]
    if not all(map(math.isfinite, paid.values())):
        raise VersoError(
            f"{document['id']}: its log-likelihood is {dict(paid)}; the weights are not finite: train the model again"
        )
    unknown = vocabulary.unknown_pieces(text)
    spelled = math.fsum(map(spelling.log_probability, unknown))
    sums = {name: likelihood + spelled for name, likelihood in paid.items()}
    return {
        "document": document["id"],
        "group": document["group"],
        "tokens": tokens + 1,
        "unknown_tokens": len(unknown),
        "words": len(text.split()),
        "characters": len(text),
        "bytes": len(text.encode("utf-8")),
        "log_likelihood": sums[state],
        "spelling_log_likelihood": spelled,
        "log_likelihood_carried": sums.get("carried"),
        "log_likelihood_reset": sums["reset"],
        "state": state,
    }
