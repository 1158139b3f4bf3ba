"""A text and what asked for it, as the tokens of a chat model: one <s>, the prompt, the text, one </s>.

<s>[INST] prompt[/INST] text</s>        by the model's own template; what is behind [/INST] is the completion
<s>text</s>                             without a prompt
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from verso.errors import VersoError


@dataclass(frozen=True)
class Example:
    """tokens: all of them. prompt: how many of these are the prompt's, <s> and control tokens included."""

    document: str
    tokens: list[int]
    prompt: int

    @property
    def completion(self) -> int:
        """Tokens of the text and its end."""
        return len(self.tokens) - self.prompt


def prompt_of(document: Mapping[str, Any], instruction: Mapping[str, str]) -> str:
    """What asks for a document: the instruction and the input of its Alpaca record, a line each.

    instruction: {"instruction", "input"}; "{artist}" in either stands for the document's artist.
    """
    artist = document["metadata"].get("artist", "")
    lines = (instruction[key].replace("{artist}", artist).strip() for key in ("instruction", "input"))
    return "\n".join(line for line in lines if line)


def with_prompt(tokenizer: Any, prompt: str, text: str, document: str) -> Example:
    """The tokens by the chat template. They begin with one <s> and end with one </s>, or VersoError says what is wrong."""
    question = [{"role": "user", "content": prompt}]
    asked = tokenizer.apply_chat_template(question, tokenize=False, add_generation_prompt=True)
    whole = tokenizer.apply_chat_template([*question, {"role": "assistant", "content": text}], tokenize=False)
    if not whole.startswith(asked) or text not in whole[len(asked) :]:
        raise VersoError(f"{document}: the chat template changes the text, so that its cost would be another text's")
    # One pass over the whole: the template holds <s>, and a text that is tokenised apart may begin with another token
    encoded = tokenizer(whole, add_special_tokens=False, return_offsets_mapping=True)
    tokens = list(encoded["input_ids"])
    cut = sum(end <= len(asked) and begin < len(asked) for begin, end in encoded["offset_mapping"])
    return _checked(tokenizer, Example(document, _ended(tokenizer, tokens), cut))


def without_prompt(tokenizer: Any, text: str, document: str) -> Example:
    """<s>, the text, </s>."""
    tokens = [tokenizer.bos_token_id, *tokenizer(text, add_special_tokens=False)["input_ids"], tokenizer.eos_token_id]
    return _checked(tokenizer, Example(document, tokens, 1))


def question(tokenizer: Any, prompt: str) -> list[int]:
    """The tokens after which a model answers the prompt."""
    asked = tokenizer.apply_chat_template([{"role": "user", "content": prompt}], tokenize=False, add_generation_prompt=True)
    return list(tokenizer(asked, add_special_tokens=False)["input_ids"])


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
    if example.completion < 2:  # </s> alone: nothing to learn, nothing to score
        raise VersoError(
            f"{example.document}: nothing is left of its text behind the prompt; the corpus must not hold empty texts"
        )
    return example
