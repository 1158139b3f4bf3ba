"""What a trained language model brings to have its predictions measured, whatever its family."""

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from torch import Tensor

from verso.language_modelling.sampling import Request
from verso.text.vocabulary import Vocabulary


class Predictor(Protocol):
    """A trained language model with its vocabulary of V tokens, in evaluation mode (no dropout).

    cache: what it keeps of the tokens before, in a few words. label_smoothing: of the loss that it was trained with, 0 without.
    weights_mb: size of its weights in MB (10^6 bytes).
    """

    vocabulary: Vocabulary
    cache: str
    label_smoothing: float
    weights_mb: float

    def distributions(self, tokens: Sequence[int]) -> Iterator[Tensor]:
        """Log-probabilities in nats of tokens[1:], in order, each given those before it: blocks (T, V) that sum to 1 by exp.

        tokens: one document, <|start|> first. A model with a window may see less of what is before.
        """

    def continued(self, prompts: Sequence[str], limit: int, seed: int, greedy: bool) -> list[str]:
        """A continuation of each prompt, of at most `limit` tokens, without the prompt.

        greedy: always the most probable token; else each is drawn from the distribution as it is (temperature 1).
        """

    def reader(self) -> Callable[[int], Tensor]:
        """A function that reads one token after the other and returns the log-probabilities (V,) of what follows."""


def requests_of(prompts: Sequence[str], greedy: bool, batch: int) -> list[list[Request]]:
    """Requests to continue the prompts by the distribution as it is, or greedily, in batches of `batch`."""
    decoding = {"temperature": 1.0, "top_p": 1.0, "top_k": int(greedy), "repetition_penalty": 1.0}
    requests = [Request("", number, prompt, decoding, None) for number, prompt in enumerate(prompts)]
    return [requests[first : first + batch] for first in range(0, len(requests), batch)]
