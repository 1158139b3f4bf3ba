"""Measures the predictions of one trained language model: losses, accuracy, bias, continuations, latency.

docs/language_modelling/measures.md has the formulas and their sources.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from verso.errors import VersoError
from verso.files import read_json_lines, write_csv, write_json
from verso.jobs.logs import progress
from verso.language_modelling.continuations import PROMPT_WORDS, WORDS, evenly_spaced, passages, score_continuations
from verso.language_modelling.latency import latency
from verso.language_modelling.measured import CHARACTERS
from verso.language_modelling.prediction_sums import Bias, Losses, least_smoothed_loss
from verso.language_modelling.predictor import Predictor
from verso.language_modelling.spelling import SpellingModel
from verso.text.vocabulary import Vocabulary

SEED = 42  # of what is drawn from the model's predictions
PARTS = ("train", "validation", "test")
SIGNS = {chr(code): chr(0x2400 + code) for code in range(32)} | {" ": "␣", "\n": "↵", "\x7f": "␡"}
FREQUENCIES = ("id", "token", "true", "predicted")


@dataclass(frozen=True)
class Chosen:
    """A document that is measured. cut: its end is left out, so that <|end|> is not predicted there. metadata: of its row."""

    name: str
    text: str
    cut: bool
    metadata: Mapping[str, Any] = field(default_factory=dict, compare=False)


Read = Callable[[Chosen], tuple[list[int], int]]  # the tokens that a model reads of a document, and the place of its first target


def measure(
    predictor: Predictor,
    parts: Mapping[str, str | Path],
    predictions: str | Path,
    frequencies: str | Path,
    latencies: str | Path,
    read: Read | None = None,
    computed_on: tuple[str, str] | None = None,
) -> None:
    """Write predictions.json, token_frequencies.csv (of the test part, a row for each token of the vocabulary) and latency.json.

    parts: the documents of train, validation and test (JSON lines). At most CHARACTERS of each part are read, of evenly spaced
    documents, each document on its own. read: how; None: from <|start|> on. computed_on: kind and name of the device; None: the
    CPU. Raises VersoError when a loss is not finite.
    """
    vocabulary = predictor.vocabulary
    documents, words = _training_words(parts["train"])
    commonest, share = commonest_token(vocabulary, documents)
    spelling = SpellingModel(vocabulary)
    bias = Bias(len(vocabulary), SEED)
    measured = {}
    for name in PARTS:
        losses = Losses(predictor, spelling, commonest)
        found = spread(parts[name])
        measured[name] = _measure_part(predictor, found, read or _alone(vocabulary), losses, bias if name == "test" else None)
    chosen, count = passages(lambda: (row["text"] for row in read_json_lines(parts["test"])))
    smoothing = predictor.label_smoothing
    write_json(
        predictions,
        {
            "vocabulary": len(vocabulary),
            "characters": CHARACTERS,
            "label_smoothing": smoothing,
            "least_smoothed_loss": least_smoothed_loss(smoothing, len(vocabulary)) if smoothing else None,
            "commonest": {"token": visible(vocabulary.shown(commonest)), "share_of_training": share},
            "parts": measured,
            "bias": bias.measured(),
            "continuations": {
                "passages": len(chosen),
                "of": count,
                "prompt_words": PROMPT_WORDS,
                "words": WORDS,
                "scores": score_continuations(predictor, chosen, words),
            },
        },
    )
    true, predicted = bias.frequencies()
    spelt = [visible(vocabulary.shown(number)) for number in range(len(vocabulary))]
    rows = zip(range(len(spelt)), spelt, true, predicted, strict=True)
    write_csv(frequencies, (dict(zip(FREQUENCIES, row, strict=True)) for row in rows), FREQUENCIES)
    first = next(iter(read_json_lines(parts["test"])), {"text": ""})
    write_json(latencies, latency(predictor, [vocabulary.start, *vocabulary.encode(first["text"])], computed_on))


def _alone(vocabulary: Vocabulary) -> Read:
    def read(document: Chosen) -> tuple[list[int], int]:
        return [vocabulary.start, *vocabulary.encode(document.text), *([] if document.cut else [vocabulary.end])], 1

    return read


@torch.inference_mode()
def _measure_part(
    predictor: Predictor, part: tuple[int, list[Chosen]], read: Read, losses: Losses, bias: Bias | None
) -> dict[str, Any]:
    """part: as `spread` gives it."""
    total, found = part
    for document in progress(found, "Measuring", unit="document"):
        tokens, first = read(document)
        targets, done = torch.tensor(tokens[1:], dtype=torch.int64), 0
        for block in predictor.distributions(tokens):
            own = targets[done : done + len(block)].to(block.device)
            given = max(0, first - 1 - done)  # of a prompt: not predicted
            done += len(block)
            if given < len(own):
                losses.add(block[given:], own[given:])
                if bias is not None:
                    bias.add(block[given:], own[given:])
        losses.end(predictor.vocabulary.unknown_pieces(document.text))
        if not abs(losses.nats) < float("inf"):
            raise VersoError(f"{document.name}: its loss is {losses.nats}; the weights are not finite: train the model again")
    return {
        "documents": len(found),
        "documents_of_part": total,
        "documents_cut": sum(document.cut for document in found),
        **losses.measured(),
    }


def spread(path: str | Path, most: int = CHARACTERS) -> tuple[int, list[Chosen]]:
    """The number of documents of a part, and those that are measured: all, or evenly spaced ones of `most` characters in all.

    Where the evenly spaced ones are longer than expected, the one with which the limit is reached is cut after a whole word, and
    those after it are left out.
    """
    sizes = [len(row["text"]) for row in read_json_lines(path)]
    if sum(sizes) <= most:
        return len(sizes), [Chosen(row["id"], row["text"], False, row.get("metadata", {})) for row in read_json_lines(path)]
    wanted = set(evenly_spaced(len(sizes), max(1, len(sizes) * most // sum(sizes))))
    found, left = [], most
    for number, row in enumerate(read_json_lines(path)):
        if number in wanted and left:
            text = row["text"] if len(row["text"]) <= left else _cut(row["text"], left)
            found.append(Chosen(row["id"], text, len(text) < len(row["text"]), row.get("metadata", {})))
            left = 0 if found[-1].cut else left - len(text)
    return len(sizes), [document for document in found if document.text]


def _cut(text: str, most: int) -> str:
    """The beginning of a text that is longer, up to the last white space within `most` characters, if there is one."""
    beginning = re.match(r".*(?=\s)", text[: most + 1], re.DOTALL)
    return beginning.group() if beginning and beginning.group() else text[:most]


def commonest_token(vocabulary: Vocabulary, documents: int) -> tuple[int, float]:
    """The token that is most often the target in training, <|end|> of its `documents` included, and its share of all targets.

    An unknown token is left out: to predict "unknown" names no token.
    """
    counts = list(vocabulary.counts)
    counts[vocabulary.end] += documents
    total = sum(counts)
    if vocabulary.unknown is not None:
        counts[vocabulary.unknown] = 0
    commonest = max(range(len(counts)), key=lambda token: (counts[token], -token))
    return commonest, counts[commonest] / total


def visible(token: str) -> str:
    """A token as it can be seen: its blanks and control characters as their signs, such as "␣la" and "↵"."""
    return "".join(SIGNS.get(character, character) for character in token)


def _training_words(train: str | Path) -> tuple[int, Counter[str]]:
    """The number of training documents, and how often each of their words occurs."""
    documents, words = 0, Counter[str]()
    for row in read_json_lines(train):
        documents += 1
        words.update(row["text"].split())
    return documents, words
