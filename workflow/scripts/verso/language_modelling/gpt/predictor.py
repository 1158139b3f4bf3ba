"""A trained Transformer as verso.language_modelling.predictor describes it: it keeps the keys and values of its window."""

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from verso.language_modelling.gpt import model as gpt
from verso.language_modelling.gpt.estimate import TOKENS_AT_ONCE
from verso.language_modelling.gpt.model import GPT
from verso.language_modelling.gpt.sampling import Reader, write_batch
from verso.language_modelling.gpt.scoring import windows
from verso.language_modelling.predictor import requests_of
from verso.language_modelling.trained import load_trained
from verso.language_modelling.use_estimate import BATCH
from verso.text.vocabulary import Vocabulary


class GPTPredictor:
    """Reads each document alone, in windows as scoring does (see verso.language_modelling.predictor.Predictor)."""

    cache = "keys and values"

    def __init__(self, model: GPT, vocabulary: Vocabulary, settings: dict[str, Any]) -> None:
        """model: in evaluation mode. settings: "label_smoothing", and "stride" of the windows (None: half a window)."""
        self.vocabulary = vocabulary
        self.label_smoothing = float(settings["label_smoothing"])
        self.weights_mb = sum(weight.numel() * weight.element_size() for weight in model.parameters()) / 1e6
        self._model = model
        self._stride = settings["stride"] or max(1, model.shape.window // 2)

    @torch.inference_mode()
    def distributions(self, tokens: Sequence[int]) -> Iterator[Tensor]:
        """Blocks (T, V) of windows that follow each other and are equally long, TOKENS_AT_ONCE read at a time."""
        inputs, window = torch.tensor(tokens[:-1]), self._model.shape.window
        at_once = max(1, TOKENS_AT_ONCE // window)
        places = windows(len(inputs), window, self._stride, len(inputs))
        for _, alike in groupby(places, key=lambda place: (place[2] - place[0], place[2] - place[1])):
            some = list(alike)
            for number in range(0, len(some), at_once):
                batch = some[number : number + at_once]
                begin, first, _ = batch[0]
                features = self._model(torch.stack([inputs[start:end] for start, _, end in batch]))
                yield self._model.log_probabilities(features[:, first - begin :]).flatten(0, 1)

    def continued(self, prompts: Sequence[str], limit: int, seed: int, greedy: bool) -> list[str]:
        """Continuations, BATCH at a time; each has random numbers of its own."""
        batches = requests_of(prompts, greedy, BATCH)
        rows = [row for batch in batches for row in write_batch(self._model, self.vocabulary, batch, seed, limit)]
        return [row["continuation"] for row in rows]

    def reader(self) -> Callable[[int], Tensor]:
        """Reads on from the last half of a window that is full."""
        reader: Reader | None = None

        def read(token: int) -> Tensor:
            nonlocal reader
            if reader is None:
                reader = Reader(self._model, [[token]])
            else:
                reader.append(torch.tensor([token]))
            return self._model.log_probabilities(reader.features)[0]

        return read


def load_predictor(folder: str | Path, vocabulary: str | Path, settings: dict[str, Any]) -> GPTPredictor:
    """Load the trained model in `folder` on the CPU; settings as of GPTPredictor.

    Raises VersoError when model and vocabulary do not match.
    """
    return GPTPredictor(*load_trained(gpt.load, folder, vocabulary), settings)
