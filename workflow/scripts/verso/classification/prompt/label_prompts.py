"""Makes the prompt of each text: the template with the text in it, as tokens that leave room for the reply."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from verso.errors import VersoError
from verso.pretrained.chat import Chat
from verso.text.labels import Labels
from verso.text.prompts import Template

log = logging.getLogger(__name__)

SHARE_OF_EXAMPLES = 0.5  # largest share of the window for all examples


@dataclass(frozen=True)
class Question:
    """tokens: of the whole prompt. cut: the number of tokens cut from the text's end."""

    document: str
    tokens: list[int]
    cut: int


class Questions:
    """Makes prompts from a template, labels and examples, which are the same for all texts.

    A text cannot change the prompt around it: control tokens in it are spelled (verso.pretrained.chat), and the template treats
    it as a value.
    """

    def __init__(
        self, chat: Chat, template: Template, labels: Labels, examples: Sequence[Mapping[str, str]], window: int, reply: int
    ) -> None:
        """window: tokens of prompt and reply. reply: tokens of the longest reply.

        Raises VersoError if template and examples leave no room for a text.
        """
        self._chat, self._template, self._labels = chat, template, labels
        self._window = window - reply
        self.examples_cut = 0
        self._examples: list[dict[str, str]] = []
        for example in examples:
            shown, cut = self._first(example["text"], int(SHARE_OF_EXAMPLES * window / len(examples)))
            self.examples_cut += cut > 0
            self._examples.append({"text": shown, "label": example["label"]})
        if self.examples_cut:
            log.warning(
                "%d of %d examples were cut at their end, because together they fill half the window",
                self.examples_cut,
                len(examples),
            )
        if (taken := len(self._tokens(""))) >= self._window:
            raise VersoError(
                f"max_length is {window} tokens; the prompt takes {taken} without any text, and a reply {reply}: nothing of a "
                "text would be read. Set a larger max_length, fewer examples or a shorter template"
            )

    def of(self, document: Mapping[str, Any]) -> Question:
        """The prompt of a text; the end of a too long text is cut."""
        text = document["text"]
        tokens = self._tokens(text)
        cut, shown = 0, text
        while len(tokens) > self._window:
            own = self._ends(shown)
            # If one of several tokens of a letter is removed, the text stays the same: then remove a letter
            kept = shown[: ([0, *own])[max(0, len(own) - (len(tokens) - self._window))]]
            shown = kept if len(kept) < len(shown) else shown[:-1]
            cut = len(self._ends(text)) - len(self._ends(shown))
            tokens = self._tokens(shown)
        return Question(document["id"], tokens, cut)

    def _tokens(self, text: str) -> list[int]:
        prompt = self._template.rendered(text, self._labels.names, self._examples, self._labels.ordered)
        return self._chat.question(prompt)

    def _ends(self, text: str) -> list[int]:
        """The end of each of a text's tokens, in characters."""
        options = {"add_special_tokens": False, "split_special_tokens": True, "return_offsets_mapping": True}
        return [end for _, end in self._chat.tokenizer(text, **options)["offset_mapping"]]

    def _first(self, text: str, most: int) -> tuple[str, int]:
        """A text cut to its first tokens, and the number of tokens cut."""
        ends = self._ends(text)
        return (text, 0) if len(ends) <= most else (text[: ends[most - 1]], len(ends) - most)
