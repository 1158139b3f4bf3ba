"""Style measures of a text: variety, loops, section tags, lines, rhyme. docs/language_modelling/samples.md explains them.

A measure is None, never 0, if the text is too short for it. Section tags ("[Verse 1]") are measured separately; lines that
begin with "[" do not count in other measures, otherwise every song's "[Chorus]" would be a repetition.
"""

import re
import unicodedata
from collections.abc import Iterable, Sequence

from verso.language_modelling.function_words import share_of_function_words

LOOKBACK = 15  # window of words for rhymes: Malmi et al. 2016
LONGEST_PHRASE = 20  # longer repeated phrases are verses, not loops
REPETITION_ORDER = 4
VOWELS = frozenset("aeiouyæøœ")  # after folding accents; letters instead of phonemes, for English and Spanish alike


def sung_lines(text: str) -> list[str]:
    """The lines that are neither blank nor begin with "["."""
    return [line for line in text.split("\n") if line and not line.startswith("[")]


def bare_words(lines: Iterable[str]) -> list[str]:
    """Words split at white space, case folded, without surrounding punctuation; those without letter or digit are left out."""
    words = (re.sub(r"^[\W_]+|[\W_]+$", "", word.casefold()) for line in lines for word in line.split())
    return [word for word in words if word]


def distinct(words: Sequence[str], n: int) -> float | None:
    """Different n-grams over all n-grams of one text, in (0, 1]. Falls with length: compare texts of one length.

    Source: Li et al. 2016 (A Diversity-Promoting Objective Function), section 5.
    """
    total = len(words) - n + 1
    return len({tuple(words[i : i + n]) for i in range(total)}) / total if total > 0 else None


def repetition(words: Sequence[str]) -> float | None:
    """Share of word 4-grams that already occurred earlier in the same text: 1 - distinct(words, 4)."""
    variety = distinct(words, REPETITION_ORDER)
    return None if variety is None else 1 - variety


def longest_loop(words: Sequence[str]) -> int:
    """Words in the longest range that repeats one phrase of at most 20 words at least twice in a row; 0 if there is none.

    "the see the see the see" is 6: a phrase of p words loops where each word equals the one p words before it.
    """
    longest = 0
    for period in range(1, min(LONGEST_PHRASE, len(words) // 2) + 1):
        run = 0
        for i in range(period, len(words)):
            run = run + 1 if words[i] == words[i - period] else 0
            if run >= period:
                longest = max(longest, run + period)
    return longest


def tag_name(line: str) -> str | None:
    """The name in a valid tag line, without number, singer or case: "[Verse 2: Ada]" -> "verse"; None for any other line."""
    match = re.fullmatch(r"\[([^\[\]]+)\]", line)
    if match is None:
        return None
    return re.sub(r"\d+", " ", match[1].split(":")[0]).strip().casefold() or None


def section_tags(text: str, known_names: set[str]) -> tuple[int, float | None]:
    """Lines that begin with "[", and the share of them that are well formed with a name of `known_names`; None without any."""
    lines = [line for line in text.split("\n") if line.startswith("[")]
    valid = sum(tag_name(line) in known_names for line in lines)
    return len(lines), valid / len(lines) if lines else None


def vowels_of(word: str) -> str:
    """The word's vowel letters, accents folded, doubled ones once: "queen" -> "ue", "corazón" -> "oao"."""
    letters = unicodedata.normalize("NFD", word.casefold())
    folded = re.sub(r"(.)\1+", r"\1", "".join(letter for letter in letters if not unicodedata.combining(letter)))
    return "".join(letter for letter in folded if letter in VOWELS)


def rhyme_density(lines: Sequence[str]) -> float | None:
    """Average length, over words, of the longest vowel sequence that ends both in this word and in one of the 15 before it.

    The sequences may reach back over several words and must not overlap; an identical word is no rhyme, a single vowel
    counts 0, and a repeated line is left out. Words without a vowel are skipped; None with fewer than two others.
    Source: Malmi et al. 2016 (DopeLearning), section 3.1, there on phonemes; here on vowel letters.
    """
    words = [(word, vowels_of(word)) for word in bare_words(dict.fromkeys(lines))]
    words = [(word, vowels) for word, vowels in words if vowels]
    if len(words) < 2:
        return None
    stream = "".join(vowels for _, vowels in words)
    ends = []  # position of each word's last vowel in the stream
    position = -1
    for _, vowels in words:
        position += len(vowels)
        ends.append(position)
    total = 0
    for i in range(1, len(words)):
        total += max(
            (_match(stream, ends[j], ends[i]) for j in range(max(0, i - LOOKBACK), i) if words[j][0] != words[i][0]),
            default=0,
        )
    return total / (len(words) - 1)


def _match(stream: str, first: int, second: int) -> int:
    """The number of equal vowels backwards from `first` and from `second` (> first), without overlap; 1 counts as 0."""
    length = 0
    while first - length >= 0 and second - length > first and stream[first - length] == stream[second - length]:
        length += 1
    return length if length > 1 else 0


def measure_style(
    text: str, known_words: set[str], known_names: set[str], language: str | None = None
) -> dict[str, float | int | None]:
    """All measures of one text. known_words: bare words of the training texts; known_names: their section tags' names.

    language: code of the text's language, which decides what a function word is.
    """
    lines = sung_lines(text)
    words = bare_words(lines)
    tags, validity = section_tags(text, known_names)
    return {
        "words": len(text.split()),
        "characters": len(text),
        "lines": len(lines),
        "words_per_line": len(words) / len(lines) if lines else None,
        "distinct_1": distinct(words, 1),
        "distinct_2": distinct(words, 2),
        "distinct_3": distinct(words, 3),
        "repetition": repetition(words),
        "longest_loop_words": longest_loop(words),
        "section_tags": tags,
        "section_tag_validity": validity,
        "unknown_words": sum(word not in known_words for word in words) / len(words) if words else None,
        "function_words": share_of_function_words(words, language),
        "rhyme_density": rhyme_density(lines),
    }
