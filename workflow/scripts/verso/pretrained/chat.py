"""A text and the request for it, as the tokens of a chat model, in the frame that the model's own template puts around them.

<s>[INST] prompt[/INST] text</s>        by a template such as Mistral's; what is behind [/INST] is the completion
<s>text</s>                             without a prompt

The completion ends with the first token by which an answer ends: what the template has behind that one (Qwen's line break) is
neither learnt nor scored.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from verso.errors import VersoError
from verso.pretrained.frame import frame_of

log = logging.getLogger(__name__)

BETWEEN_TEXTS = "<|endoftext|>"  # GPT-2's name, which most models whose <s> begins turns have kept from their pretraining
Span = tuple[int, int]


@dataclass(frozen=True)
class Example:
    """tokens: all of them. prompt: how many of these are the prompt's, <s> and control tokens included.

    beyond: how many more the text has, where these end with the window.
    """

    document: str
    tokens: list[int]
    prompt: int
    beyond: int = 0

    @property
    def completion(self) -> int:
        """Tokens of the text and its end."""
        return len(self.tokens) - self.prompt


def prompt_of(document: Mapping[str, Any], instruction: Mapping[str, str]) -> str:
    """The request for a document: the instruction and the input of its Alpaca record, a line each.

    instruction: {"instruction", "input"}; "{artist}" in either stands for the document's artist.
    """
    artist = document["metadata"].get("artist", "")
    lines = (instruction[key].replace("{artist}", artist).strip() for key in ("instruction", "input"))
    return "\n".join(line for line in lines if line)


def must_keep(tokenizer: Any, documents: Sequence[Mapping[str, Any]]) -> None:
    """A tokenizer that lowers letters or drops accents would make every text cheaper, and its bytes another text's.

    Raises VersoError when more than a hundredth of the texts come back changed from their tokens; fewer are counted in the log.
    """
    changed = []
    for document in documents:
        tokens = tokenizer(document["text"], add_special_tokens=False, split_special_tokens=True)["input_ids"]
        spelled = tokenizer.decode(tokens, skip_special_tokens=False, clean_up_tokenization_spaces=False)
        if spelled.removeprefix(" ") != document["text"].removeprefix(" "):  # some put a space before all that they read
            changed.append(document["id"])
    if 100 * len(changed) > len(documents):
        raise VersoError(
            f"the tokenizer changes {len(changed)} of {len(documents)} texts (the first is {changed[0]}), so that their cost "
            "would be other texts'; take a pretrained model whose tokenizer keeps every byte"
        )
    if changed:
        log.warning("the tokenizer changes %d of %d texts: %s", len(changed), len(documents), ", ".join(changed))


class Chat:
    """A tokenizer, the frame of its conversations, and the tokens that begin a text and end an answer.

    ends: ids of all tokens by which an answer ends. end: the one that the model's template ends it with. start: what a text
    without a prompt begins with. padding: what fills rows up, behind an end.
    """

    def __init__(self, tokenizer: Any, more_ends: Iterable[int] = (), chat_template: Mapping[str, Any] | None = None) -> None:
        """more_ends: what the model's generation_config.json lists. chat_template: see verso.pretrained.frame.frame_of.

        Raises VersoError when the tokenizer has no end token, its template writes two beginnings, or as frame_of does.
        """
        self.tokenizer = tokenizer
        if tokenizer.eos_token_id is None:
            raise VersoError(
                "the model's tokenizer has no end token (eos_token), so that no text could end; take a pretrained model whose "
                "tokenizer_config.json names one"
            )
        # Nothing is added to a frame; and GPT-2's kind would leave blanks out of the places of tokens
        tokenizer.backend_tokenizer.post_processor = None
        self._frame = frame_of(tokenizer, chat_template or {})
        source = tokenizer.get_chat_template()
        # Some that only a template makes controls are not marked as such (Qwen3's <think>); line breaks may be added tokens
        self._controls = {
            token: added.content
            for token, added in tokenizer.added_tokens_decoder.items()
            if added.special or (added.content.strip() and added.content in source)
        }
        behind = self._ids(self._frame.tail)
        marks = {tokenizer.eos_token_id, *self._controls, *more_ends}
        self.end: int = next((token for token in behind if token in marks), tokenizer.eos_token_id)
        self.ends = sorted({tokenizer.eos_token_id, self.end, *more_ends})
        self.start = self._start()
        padding = tokenizer.pad_token_id
        self.padding = int(tokenizer.eos_token_id if padding is None else padding)

    def _start(self) -> int:
        """<s>, where the tokenizer has one that begins texts; where it begins turns, or is missing, the end of another text."""
        begins, (head, opening, *_) = self.tokenizer.bos_token_id, self._frame
        requested = self._ids(head + "?" + opening)
        if requested[:2] == [begins, begins]:
            name = self.tokenizer.bos_token
            raise VersoError(
                f"the model's chat template writes {name} twice where one at the beginning is right; take another model"
            )
        if begins is not None and begins not in requested[1:]:
            return int(begins)
        between = next((token for token, name in self._controls.items() if name == BETWEEN_TEXTS), None)
        return int(self.tokenizer.eos_token_id if between is None else between)

    def question(self, prompt: str) -> list[int]:
        """The tokens after which the model answers the prompt."""
        head, opening, *_ = self._frame
        return [token for token, _ in self._tokens(head + prompt + opening, [(len(head), len(head) + len(prompt))])]

    def with_prompt(self, prompt: str, text: str, document: str) -> Example:
        """The tokens of a prompt and its text, which ends as the model's answers do.

        Raises VersoError, which names the document, when the text is empty.
        """
        _must_say_something(text, document)
        head, opening, lead, tail = self._frame
        request = self.question(prompt)
        before, behind = head + prompt + opening, lead + text + tail
        said = [(len(head), len(head) + len(prompt)), (len(before + lead), len(before + lead + text))]
        # One pass over the whole: for some tokenizers a text that is tokenised apart begins with another token
        tokens = self._tokens(before + behind, said)
        if [token for token, _ in tokens[: len(request)]] == request:
            tokens = tokens[len(request) :]
        else:
            tokens = self._from(len(before), tokens, before + behind)
        completion = []
        for token, (_, end) in tokens:
            completion.append(token)
            if end > said[1][1] and token in self.ends:
                break
        else:
            completion.append(self.end)  # a template may end an answer by nothing that a model could stop at
        return Example(document, request + completion, len(request))

    def _from(self, border: int, tokens: list[tuple[int, Span]], chat: str) -> list[tuple[int, Span]]:
        """The tokens of what is behind a border that one of them goes across: its part of that one is spelled.

        Where the end of a prompt and the beginning of its text are one token, a model that answers begins at the border too.
        """
        _, (_, end) = next(each for each in tokens if each[1][1] > border)
        melted = self._spelled(chat[border:end])
        return [*((token, (border, end)) for token in melted), *(each for each in tokens if each[1][0] >= border)]

    def without_prompt(self, text: str, document: str) -> Example:
        """The text alone, after what begins one (see _start). Raises VersoError, which names the document, when it is empty."""
        _must_say_something(text, document)
        own = self._tokens(text, [(0, len(text))], split_special_tokens=True)
        return Example(document, [self.start, *(token for token, _ in own), self.end], 1)

    def ended(self, tokens: list[int]) -> tuple[list[int], bool]:
        """An answer's tokens before the one that ends it, and whether there is one."""
        place = next((place for place, token in enumerate(tokens) if token in self.ends), None)
        return tokens[:place], place is not None

    def _ids(self, chat: str) -> list[int]:
        return list(self.tokenizer(chat, add_special_tokens=False)["input_ids"])

    def _tokens(self, chat: str, outside: Sequence[Span], **options: Any) -> list[tuple[int, Span]]:
        """The tokens of a chat with their places in it. outside: the places of what is said, which holds text alone.

        A control token that stands in it is spelled: it is no order. White space of it that one of the frame swallows, as Phi-3's
        do, is spelled too: it is part of the text.
        """
        encoded = self.tokenizer(chat, add_special_tokens=False, return_offsets_mapping=True, **options)
        tokens: list[tuple[int, Span]] = []
        for token, (begin, end) in zip(encoded["input_ids"], encoded["offset_mapping"], strict=True):
            ids, name = [token], self._controls.get(token)
            if name is not None and name in chat[begin:end]:  # <unk> also stands for what is unknown
                for first, last in outside:
                    own = chat[max(begin, first) : min(end, last)]
                    if own and name in own:
                        ids = self._spelled(chat[begin:end])
                    elif own:
                        ids = [token, *self._spelled(own)] if begin < first else [*self._spelled(own), token]
            tokens += [(each, (begin, end)) for each in ids]
        return tokens

    def _spelled(self, characters: str) -> list[int]:
        """Characters as ordinary tokens, letter by letter: a piece of its own might begin with a space."""
        return [token for character in characters for token in self._letter(character)]

    def _letter(self, character: str) -> list[int]:
        known = self._known
        has_bytes = known("<0x0A>") is not None  # SentencePiece's way; else letters beyond ASCII stand for single bytes
        if has_bytes or character.isascii():
            token = known("▁" if has_bytes and character == " " else character)
            if token is not None:
                return [token]
        spelled = [known(f"<0x{byte:02X}>") for byte in character.encode("utf-8", "surrogatepass")]
        if all(token is not None for token in spelled):
            return spelled
        return list(self.tokenizer(character, add_special_tokens=False, split_special_tokens=True)["input_ids"])

    def _known(self, piece: str) -> Any:
        """A piece's id; None where it is missing."""
        token = self.tokenizer.convert_tokens_to_ids(piece)
        return None if token == self.tokenizer.unk_token_id else token


def _must_say_something(text: str, document: str) -> None:
    if not text.strip():
        raise VersoError(f"{document}: its text is empty, so that there is nothing to learn and nothing to score")
