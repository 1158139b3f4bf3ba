"""Scores documents with a recurrent language model, in nats. docs/language_modelling/perplexity.md derives the numbers.

One stream is read once by two lanes of one batch:

    carried   <|start|> t1 t2 ... <|end|> <|start|> t1 t2 ... <|end|>     the state is carried from document to document
    reset     <|start|> t1 t2 ... <|end|>|<|start|> t1 t2 ... <|end|>     ... and is zero at each |

<|start|> is given and not scored. Every token of the text and <|end|> are scored, an unknown token with its spelling.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import torch

from verso.files import read_json_lines, write_csv
from verso.jobs.logs import progress
from verso.language_modelling.recurrent_lm import model as recurrent_lm
from verso.language_modelling.recurrent_lm.estimate import BLOCK
from verso.language_modelling.recurrent_lm.model import RecurrentLM, State
from verso.language_modelling.spelling import SpellingModel
from verso.language_modelling.trained import COLUMNS, load_trained, score_row
from verso.text.vocabulary import Vocabulary

CARRIED, RESET = 0, 1  # the lanes


def score(
    documents: str | Path, model_folder: str | Path, vocabulary: str | Path, settings: dict[str, Any], scores: str | Path
) -> None:
    """Write scores.csv, one row per document of `documents` (JSON lines), in their order, streaming.

    settings["state"]: "carried" or "reset", which of the two is copied to `log_likelihood`. Raises VersoError when model and
    vocabulary do not match or a score is not finite.
    """
    model, words = load_trained(recurrent_lm.load, model_folder, vocabulary)
    total = sum(len(words.encode(row["text"])) + 1 for row in read_json_lines(documents))
    nothing: tuple[int, ...] = ()  # the bar advances by tokens: a single document may be the whole corpus
    bar = progress(nothing, "Scoring", total=total, unit="token")
    write_csv(scores, score_rows(model, words, read_json_lines(documents), settings["state"], bar.update), COLUMNS)
    bar.close()


def score_rows(
    model: RecurrentLM,
    vocabulary: Vocabulary,
    documents: Iterator[dict[str, Any]],
    state: str,
    advance: Callable[[int], object],
    block: int = BLOCK,
) -> Iterator[dict[str, Any]]:
    """The rows of scores.csv; `advance` is called with the number of tokens read. `block` affects memory, not the result."""
    spelling = SpellingModel(vocabulary)
    lanes = model.initial_state(2)
    for number, document in enumerate(documents):
        tokens = vocabulary.encode(document["text"])
        if number:  # the carried state still has to read the previous <|end|>; the prediction after it, <|start|>, is given
            _, lanes = _read(model, [vocabulary.end], lanes)
        lanes = _zero(lanes, RESET)
        sums, lanes = _pay(model, [vocabulary.start, *tokens], [*tokens, vocabulary.end], lanes, block, advance)
        paid = {"carried": sums[CARRIED], "reset": sums[RESET]}
        yield score_row(document, len(tokens), paid, state, vocabulary, spelling)


def _pay(
    model: RecurrentLM,
    inputs: Sequence[int],
    targets: Sequence[int],
    lanes: State,
    block: int,
    advance: Callable[[int], object],
) -> tuple[list[float], State]:
    """Log-likelihood of `targets` in each lane, summed in float64, and the lanes' state after the last input."""
    sums = torch.zeros(2, dtype=torch.float64, device=model.embedding.weight.device)
    for at in range(0, len(inputs), block):
        features, lanes = _read(model, inputs[at : at + block], lanes)
        chosen = torch.tensor([targets[at : at + block]] * 2, device=sums.device)
        with torch.inference_mode():
            sums += model.target_log_likelihoods(features, chosen).double().sum(dim=1)
        advance(chosen.shape[1])
    return sums.tolist(), lanes


@torch.inference_mode()
def _read(model: RecurrentLM, tokens: Sequence[int], lanes: State) -> tuple[torch.Tensor, State]:
    """Both lanes read the same tokens: features (2, T, H) and the state after them."""
    return model(torch.tensor([list(tokens)] * 2, device=model.embedding.weight.device), lanes)


def _zero(lanes: State, lane: int) -> State:
    """The same states with one lane's set to zero."""
    if isinstance(lanes, tuple):
        return _zero_part(lanes[0], lane), _zero_part(lanes[1], lane)
    return _zero_part(lanes, lane)


def _zero_part(part: torch.Tensor, lane: int) -> torch.Tensor:
    kept = torch.ones(part.shape[1], 1, dtype=part.dtype, device=part.device)
    kept[lane] = 0
    return part * kept
