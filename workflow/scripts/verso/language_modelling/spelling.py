"""Probability of the spelling of unknown tokens, so that every model is scored on the whole text.

The method: docs/language_modelling/perplexity.md.
"""

import math
from collections import Counter

from verso.text.vocabulary import Vocabulary

SCALAR_VALUES = 0x110000 - 0x800  # 1,112,064: all Unicode code points but the surrogates
ORDER = 5
FIRST, LAST = "\ud800", "\udfff"  # around a word: surrogates, which no text contains


class SpellingModel:
    """A model of spellings, given that the language model predicted "unknown".

    unit "char": uniform over Unicode scalar values. unit "word": characters in order and an end, each given the
    four before it, by an interpolated Witten-Bell 5-gram over the vocabulary's words (each once: an unknown word is a new
    type), ending in a uniform distribution over all scalar values and the end. A word of the vocabulary is never spelt, so
    the 5-gram's probability of those words is redistributed: over the unknown words it sums to 1. unit "bpe": nothing is unknown.

    Sources: Witten and Bell 1991 (method C); Chen and Goodman 1999, section 2.6 (interpolated).
    """

    def __init__(self, vocabulary: Vocabulary) -> None:
        self.unit = vocabulary.unit
        self.followed: Counter[str] = Counter()  # context + character -> count
        self.contexts: Counter[str] = Counter()  # context -> count
        self.kinds: Counter[str] = Counter()  # context -> number of different next characters
        words = [word for word in vocabulary.tokens[vocabulary.end + 1 :] if word != "\n"] if self.unit == "word" else []
        for word in words:
            self._count(word)
        # log of the probability that the 5-gram leaves to words outside the vocabulary; on 9,400 words of songs it is about half
        self._log_unknown = math.log1p(-math.fsum(math.exp(self._spelt(word)) for word in words))

    def _count(self, word: str) -> None:
        padded = FIRST + word + LAST
        for i in range(1, len(padded)):
            for start in range(max(0, i - ORDER + 1), i + 1):
                context = padded[start:i]
                self.contexts[context] += 1
                self.followed[context + padded[i]] += 1
                if self.followed[context + padded[i]] == 1:
                    self.kinds[context] += 1

    def log_probability(self, piece: str) -> float:
        """Natural logarithm of the probability of this spelling (< 0), given that the vocabulary does not hold it."""
        return -math.log(SCALAR_VALUES) if self.unit == "char" else self._spelt(piece) - self._log_unknown

    def _spelt(self, piece: str) -> float:
        """Natural logarithm of the 5-gram's probability of any word, known or not."""
        padded = FIRST + piece + LAST
        return math.fsum(math.log(self._probability(padded[max(0, i - ORDER + 1) : i], padded[i])) for i in range(1, len(padded)))

    def _probability(self, context: str, character: str) -> float:
        """P(character | context), from the shortest context to the longest: (count + kinds * shorter) / (total + kinds)."""
        probability = 1 / (SCALAR_VALUES + 1)
        for start in range(len(context), -1, -1):
            shorter = context[start:]
            total = self.contexts[shorter]
            if not total:
                break  # longer contexts are unseen too
            kinds = self.kinds[shorter]
            probability = (self.followed[shorter + character] + kinds * probability) / (total + kinds)
        return probability
