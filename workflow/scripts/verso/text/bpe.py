"""Byte-level byte-pair encoding: sub-words learnt from the training part, which spell every text, whatever its alphabet.

A text is cut into words with the space before them (the pattern of GPT-2), and each word's bytes are joined pair by pair in the
order in which training found the pairs. Sources: Sennrich et al. 2016; Radford et al. 2019, section 2.2 (bytes).
"""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from verso.errors import VersoError
from verso.files import read_json_lines, write_json
from verso.jobs.logs import progress
from verso.text.units import BYTES
from verso.text.vocabulary import Vocabulary

SPECIALS = ("<|start|>", "<|end|>")
RARE = 2  # a pair that occurs once is joined to nothing
BLOCK = 100_000  # characters encoded at once: what the tokenizer notes on each of them takes some hundred bytes
# GPT-2's alphabet: a printable character of Latin-1 stands for its own byte, the other bytes are numbered from U+0100 on
PRINTABLE = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
BYTE_OF = {chr(byte): byte for byte in PRINTABLE} | {
    chr(0x100 + number): byte for number, byte in enumerate(byte for byte in range(BYTES) if byte not in PRINTABLE)
}
CUT = re.compile(r"(?<=\S)(?=[ \n]\S)")  # where no word of the pattern goes on: each half is encoded as in the whole


class BytePairs(Vocabulary):
    """A vocabulary of byte pairs. Ids 0 and 1 are start and end, the rest goes by falling training frequency; nothing is unknown.

    Tokens are spelt in GPT-2's alphabet, a printable character for each byte ("Ġ" for a space), for a token may hold a part of a
    character only.
    """

    unknown = None
    start = 0
    end = 1

    def __init__(self, tokens: Sequence[str], counts: Sequence[int], merges: Iterable[Sequence[str]]) -> None:
        """tokens, counts: len V, the two control tokens first. merges: pairs of tokens, in the order in which they are joined."""
        super().__init__("bpe", tokens, counts)
        self._tokenizer = _tokenizer(models.BPE(vocab=self._ids, merges=[(first, second) for first, second in merges]))

    def pieces(self, text: str) -> list[str]:
        """The text's tokens, in GPT-2's alphabet."""
        return [self.tokens[number] for number in self.encode(text)]

    def unknown_pieces(self, text: str) -> list[str]:
        """None: every byte is known."""
        return []

    def encode(self, text: str) -> list[int]:
        """Ids of the text's tokens, without start and end."""
        found = (self._tokenizer.encode(block, add_special_tokens=False).ids for block in blocks(text))
        return list(chain.from_iterable(found))

    def join(self, pieces: Iterable[str]) -> str:
        """The text of tokens in GPT-2's alphabet; bytes that make no character, as at a cut, become U+FFFD."""
        return _bytes("".join(pieces)).decode("utf-8", "replace")

    def shown(self, number: int) -> str:
        r"""A token's text; bytes that make no character stand as \xc3."""
        return _bytes(self.tokens[number]).decode("utf-8", "backslashreplace")


def blocks(text: str, size: int = BLOCK) -> Iterator[str]:
    """Cut a text into pieces of at least `size` characters (the last may be shorter) that are encoded as in the whole."""
    start = 0
    while cut := CUT.search(text, start + size):
        yield text[start : cut.start()]
        start = cut.start()
    yield text[start:]


def learn(train: str | Path, size: int, vocabulary: str | Path) -> None:
    """Write the vocabulary of `size` tokens (bytes among them) of the training documents.

    {"unit", "training_tokens", "tokens", "counts", "merges"}; the control tokens come first and are not among the `size`, the
    rest is sorted by falling frequency in the training documents, ties by the order of learning; counts sum to training_tokens.
    The same text gives the same file. Streams: memory grows only with the number of different words.

    Raises VersoError when the text holds fewer tokens, for it would be another vocabulary than the one that its name says.
    """
    tokenizer = _tokenizer(models.BPE())
    trainer = trainers.BpeTrainer(
        vocab_size=size,
        min_frequency=RARE,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator((block for text in _texts(train, "byte pairs") for block in blocks(text)), trainer)
    learnt: dict[str, Any] = json.loads(tokenizer.to_str())["model"]
    if len(learnt["vocab"]) < size:
        raise VersoError(
            f"{train}: vocabulary: {size} of unit bpe is more than the text has: {len(learnt['vocab'])} bytes and pairs that "
            f"occur {RARE} times; give `vocabulary` at most that number"
        )
    counted: Counter[int] = Counter()
    for text in _texts(train, "counts of byte pairs"):
        for block in blocks(text):
            counted.update(tokenizer.encode(block, add_special_tokens=False).ids)
    ordered = sorted(learnt["vocab"].items(), key=lambda pair: (-counted[pair[1]], pair[1]))
    write_json(
        vocabulary,
        {
            "unit": f"bpe-{size}",
            "training_tokens": counted.total(),
            "tokens": [*SPECIALS, *(token for token, _ in ordered)],
            "counts": [*(0 for _ in SPECIALS), *(counted[number] for _, number in ordered)],
            "merges": learnt["merges"],
        },
    )


def pairs_of(texts: Sequence[str], most: int) -> tuple[list[str], list[list[str]]]:
    """The 256 bytes and the pairs of some texts, `most` tokens at most, in the order of learning; and the pairs as merges.

    Pairs that occur once are not joined. The same texts give the same tokens.
    """
    tokenizer = _tokenizer(models.BPE())
    trainer = trainers.BpeTrainer(
        vocab_size=most,
        min_frequency=RARE,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator((block for text in texts for block in blocks(text)), trainer)
    learnt: dict[str, Any] = json.loads(tokenizer.to_str())["model"]
    return sorted(learnt["vocab"], key=learnt["vocab"].__getitem__), learnt["merges"]


def _bytes(spelt: str) -> bytes:
    return bytes(BYTE_OF[character] for character in spelt)


def _texts(train: str | Path, doing: str) -> Iterator[str]:
    return (row["text"] for row in progress(read_json_lines(train), doing, unit="documents"))


def _tokenizer(model: models.BPE) -> Tokenizer:
    tokenizer = Tokenizer(model)
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    return tokenizer
