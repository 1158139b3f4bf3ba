"""A trained recurrent model as verso.language_modelling.predictor describes it: its state is what it keeps of the text before."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import torch
from torch import Tensor

from verso.language_modelling.predictor import requests_of
from verso.language_modelling.recurrent_lm import model as recurrent_lm
from verso.language_modelling.recurrent_lm.estimate import BLOCK
from verso.language_modelling.recurrent_lm.model import RecurrentLM
from verso.language_modelling.recurrent_lm.sampling import write_batch
from verso.language_modelling.trained import load_trained
from verso.language_modelling.use_estimate import BATCH
from verso.text.vocabulary import Vocabulary


class RecurrentPredictor:
    """Reads each document from a zero state, token after token (see verso.language_modelling.predictor.Predictor)."""

    cache = "recurrent state"
    label_smoothing = 0.0

    def __init__(self, model: RecurrentLM, vocabulary: Vocabulary) -> None:
        """model: in evaluation mode."""
        self.vocabulary = vocabulary
        self.weights_mb = sum(weight.numel() * weight.element_size() for weight in model.parameters()) / 1e6
        self._model = model
        self._device = model.embedding.weight.device

    @torch.inference_mode()
    def distributions(self, tokens: Sequence[int]) -> Iterator[Tensor]:
        """Blocks (T, V) of at most BLOCK tokens, the state carried from one to the next."""
        state = self._model.initial_state(1)
        for first in range(0, len(tokens) - 1, BLOCK):
            read = torch.tensor([tokens[first : min(first + BLOCK, len(tokens) - 1)]], device=self._device)
            features, state = self._model(read, state)
            yield self._model.log_probabilities(features)[0]

    def continued(self, prompts: Sequence[str], limit: int, seed: int, greedy: bool) -> list[str]:
        """Continuations, BATCH at a time; each has random numbers of its own."""
        batches = requests_of(prompts, greedy, BATCH)
        rows = [row for batch in batches for row in write_batch(self._model, self.vocabulary, batch, seed, limit)]
        return [row["continuation"] for row in rows]

    def reader(self) -> Callable[[int], Tensor]:
        """Reads on from a zero state."""
        state = self._model.initial_state(1)

        def read(token: int) -> Tensor:
            nonlocal state
            features, state = self._model(torch.tensor([[token]], device=self._device), state)
            return self._model.log_probabilities(features)[0, 0]

        return read


def load_predictor(folder: str | Path, vocabulary: str | Path) -> RecurrentPredictor:
    """Load the trained model in `folder` on the CPU. Raises VersoError when model and vocabulary do not match."""
    return RecurrentPredictor(*load_trained(recurrent_lm.load, folder, vocabulary))
