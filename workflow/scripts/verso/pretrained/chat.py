"""A text and the request for it, as the tokens of a chat model: one <s>, the prompt, the text, one </s>.

<s>[INST] prompt[/INST] text</s>        by the model's own template; what is behind [/INST] is the completion
<s>text</s>                             without a prompt
"""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from verso.errors import VersoError

log = logging.getLogger(__name__)

PLACES = ("\ue000", "\ue001")  # private characters, to find out where a template puts what is said


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


def with_prompt(tokenizer: Any, prompt: str, text: str, document: str) -> Example:
    """The tokens by the chat template. They begin with one <s> and end with one </s>, or VersoError says what is wrong."""
    _must_say_something(text, document)
    request = question(tokenizer, prompt)
    # One pass over the whole: the template holds <s>, and a text that is tokenised apart may begin with another token
    tokens = _tokens(tokenizer, *_rendered(tokenizer, document, prompt, text))
    if tokens[: len(request)] != request:
        raise VersoError(f"{document}: the beginning of its text and the end of its prompt are one token; take another template")
    return _checked(tokenizer, Example(document, _ended(tokenizer, tokens), len(request)))


def without_prompt(tokenizer: Any, text: str, document: str) -> Example:
    """<s>, the text, </s>. A model that knows no <s> begins after the end of another text."""
    _must_say_something(text, document)
    start = tokenizer.eos_token_id if tokenizer.bos_token_id is None else tokenizer.bos_token_id
    own = tokenizer(text, add_special_tokens=False, split_special_tokens=True)["input_ids"]
    return _checked(tokenizer, Example(document, [start, *own, tokenizer.eos_token_id], 1))


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


def question(tokenizer: Any, prompt: str) -> list[int]:
    """The tokens after which a model answers the prompt."""
    return _tokens(tokenizer, *_rendered(tokenizer, "an instruction", prompt))


@cache
def ends_of_answer(tokenizer: Any) -> list[int]:
    """The tokens by which an answer ends: </s>, and the control token that the chat template has behind one, where it is another
    (Gemma's <end_of_turn>).
    """
    turns = [{"role": role, "content": place} for role, place in zip(("user", "assistant"), PLACES, strict=True)]
    behind = str(tokenizer.apply_chat_template(turns, tokenize=False)).partition(PLACES[1])[2]
    tokens = tokenizer(behind, add_special_tokens=False)["input_ids"]
    controls = [token for token in tokens if token in tokenizer.added_tokens_decoder]
    return sorted({tokenizer.eos_token_id, *controls[:1]})


def _rendered(tokenizer: Any, what: str, *said: str) -> tuple[str, list[tuple[int, int]]]:
    """The chat of what is said in turn, the user first, as one string, and where in it each of these stands.

    Raises VersoError, which names `what`, when the template changes any of them.
    """

    def rendered(*contents: str) -> str:
        turns = [{"role": ("user", "assistant")[at % 2], "content": content} for at, content in enumerate(contents)]
        return str(tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=len(turns) % 2 == 1))

    found, frame = rendered(*said), rendered(*PLACES[: len(said)])
    expected, places = "", []
    for own, place in zip(said, PLACES, strict=False):
        before, _, frame = frame.partition(place)
        places.append((len(expected) + len(before), len(expected) + len(before) + len(own)))
        expected += before + own
    if found != expected + frame:
        raise VersoError(f"{what}: the chat template changes the text, so that its cost would be another text's")
    return found, places


def _tokens(tokenizer: Any, chat: str, outside: list[tuple[int, int]]) -> list[int]:
    """The tokens of a chat; a control token that stands in a text from `outside` (its places) is spelled: it is no order."""
    encoded = tokenizer(chat, add_special_tokens=False, return_offsets_mapping=True)
    controls = {token: added.content for token, added in tokenizer.added_tokens_decoder.items() if added.special}
    tokens: list[int] = []
    for token, (begin, end) in zip(encoded["input_ids"], encoded["offset_mapping"], strict=True):
        own = any(begin < last and first < end for first, last in outside)
        smuggled = own and token in controls and controls[token] in chat[begin:end]  # <unk> also stands for what is unknown
        tokens += _spelled(tokenizer, chat[begin:end]) if smuggled else [token]
    return tokens


def _spelled(tokenizer: Any, characters: str) -> list[int]:
    """A control token's name as ordinary tokens: letter by letter, for in a piece of their own some would begin with a space."""
    singles = [tokenizer.convert_tokens_to_ids(character) for character in characters]
    if not any(single is None or single == tokenizer.unk_token_id for single in singles):
        return singles
    return list(tokenizer(characters, add_special_tokens=False, split_special_tokens=True)["input_ids"])


def _must_say_something(text: str, document: str) -> None:
    if not text.strip():
        raise VersoError(f"{document}: its text is empty, so that there is nothing to learn and nothing to score")


def _ended(tokenizer: Any, tokens: list[int]) -> list[int]:
    """With the </s> that a model must learn to stop by: some templates end an answer otherwise, or with a line break behind."""
    return tokens if tokens[-1] == tokenizer.eos_token_id else [*tokens, tokenizer.eos_token_id]


def _checked(tokenizer: Any, example: Example) -> Example:
    beginnings = example.tokens.count(tokenizer.bos_token_id) if tokenizer.bos_token_id is not None else 1
    if beginnings != 1 or (tokenizer.bos_token_id is not None and example.tokens[0] != tokenizer.bos_token_id):
        raise VersoError(
            f"{example.document}: {beginnings} tokens {tokenizer.bos_token} where one at the beginning is right; the model's "
            "chat template and its tokenizer do not fit together"
        )
    return example
