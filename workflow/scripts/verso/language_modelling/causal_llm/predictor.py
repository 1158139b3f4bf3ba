"""A pretrained model as verso.language_modelling.predictor describes it; its vocabulary is its tokenizer's."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from verso.language_modelling.causal_llm.scoring import windows
from verso.language_modelling.predictor import requests_of
from verso.language_modelling.sampling import Request, own_draws
from verso.machine.halving import HalvingBatches
from verso.pretrained.chat import Chat
from verso.pretrained.generation import answers
from verso.text.vocabulary import Vocabulary

BATCH = 16  # passages continued at once; halved while the card's memory is too small
AT_ONCE = 64  # distributions at a time: of 150,000 tokens 77 MB as float64
BROKEN = "\ufffd"  # what a part of a character is decoded to


class Subwords(Vocabulary):
    """The tokens of a base model, those that a text is begun and ended by among them. They can spell every byte."""

    unknown = None

    def __init__(self, chat: Chat, size: int, texts: Iterable[str]) -> None:
        """size: of the model's distributions, maybe larger than the tokenizer. texts: of train, whose tokens are counted."""
        self._chat = chat
        self.start, self.end = chat.start, chat.end
        super().__init__("subword", [_shown(chat.tokenizer, number) for number in range(size)], [0] * size)
        for text in texts:
            for token in self.encode(text):
                self.counts[token] += 1

    def encode(self, text: str) -> list[int]:
        """Ids of the text's tokens, without start and end."""
        return self._chat.without_prompt(text, "a text").tokens[1:-1] if text.strip() else []

    def unknown_pieces(self, text: str) -> list[str]:
        """No piece: all are spelled."""
        return []

    def shown(self, number: int) -> str:
        """A token's text; of a part of a character, and of a place that no token has, its name."""
        return self.tokens[number]


def _shown(tokenizer: Any, number: int) -> str:
    name = tokenizer.convert_ids_to_tokens(number)
    if name is None:
        return f"<{number}>"
    text = str(tokenizer.decode([number], skip_special_tokens=False, clean_up_tokenization_spaces=False))
    if name.startswith("▁") and not text.startswith(" "):  # SentencePiece leaves the blank out at the beginning of a text
        text = f" {text}"
    return name if not text or BROKEN in text else text


class PretrainedPredictor:
    """Reads tokens in windows as scoring does (see verso.language_modelling.predictor.Predictor)."""

    cache = "keys and values"
    label_smoothing = 0.0

    def __init__(self, model: Any, chat: Chat, vocabulary: Vocabulary, window: int, stride: int) -> None:
        """model: in evaluation mode. window: in tokens; each begins `stride` of them after the one before."""
        self.vocabulary = vocabulary
        self.weights_mb = sum(weight.numel() * weight.element_size() for weight in model.parameters()) / 1e6
        self._model, self._chat, self._window, self._stride = model, chat, window, stride
        self._device = next(model.parameters()).device

    @torch.inference_mode()
    def distributions(self, tokens: Sequence[int]) -> Iterator[Tensor]:
        """Blocks (T, V) of at most AT_ONCE tokens."""
        for begin, first, end in windows(len(tokens), self._window, self._stride):
            read = torch.tensor([tokens[begin : end - 1]], device=self._device)
            for block in self._model(input_ids=read).logits[0, first - 1 - begin :].split(AT_ONCE):
                yield block.float().log_softmax(dim=-1)

    def continued(self, prompts: Sequence[str], limit: int, seed: int, greedy: bool) -> list[str]:
        """Continuations of texts without any request, as in pretraining; each has random numbers of its own."""
        (requests,) = requests_of(prompts, greedy, len(prompts))
        return list(HalvingBatches(BATCH, "continued").rows(requests, lambda batch: self._continued(batch, limit, seed)))

    def _continued(self, batch: Sequence[Request], limit: int, seed: int) -> list[str]:
        prompts = [[self.vocabulary.start, *self.vocabulary.encode(request.prompt)] for request in batch]
        uniforms = torch.stack([own_draws(seed, request, limit) for request in batch])
        written = answers(self._model, self._chat, prompts, uniforms, batch[0].decoding)
        decode = self._chat.tokenizer.decode
        kept = [self._chat.ended(tokens)[0] for tokens in written]
        return [decode(tokens, skip_special_tokens=True, clean_up_tokenization_spaces=False) for tokens in kept]

    def reader(self) -> Callable[[int], Tensor]:
        """Keeps what it has read; where that fills a window, it begins anew."""
        kept, length = None, 0

        def read(token: int) -> Tensor:
            nonlocal kept, length
            if length == self._window:
                kept, length = None, 0
            found = self._model(input_ids=torch.tensor([[token]], device=self._device), past_key_values=kept, use_cache=True)
            kept, length = found.past_key_values, length + 1
            scores: Tensor = found.logits[0, -1]
            return scores.float().log_softmax(dim=-1)

        return read
