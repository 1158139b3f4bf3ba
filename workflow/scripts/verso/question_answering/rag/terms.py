"""Terms that a text is found by: stems of words without stop words, and what a manual of commands is asked about.

Snowball's stemmer and bm25s's lists of stop words, by language. Punctuation is a term where it stands for itself or is bound to a
word as shells bind it: `-e`, `--posix`, `$?`, `$HOME`, `[`, `[[`, `&&`. What holds a word is found by the word as well, so
that "-Hola" in a dialogue is found by "hola".
"""

import re
from collections.abc import Iterator

import Stemmer
from bm25s import stopwords

from verso.errors import VersoError

STOP_WORDS = {
    "da": stopwords.STOPWORDS_DANISH,
    "de": stopwords.STOPWORDS_GERMAN,
    "en": stopwords.STOPWORDS_EN,
    "es": stopwords.STOPWORDS_SPANISH,
    "fr": stopwords.STOPWORDS_FRENCH,
    "it": stopwords.STOPWORDS_ITALIAN,
    "nl": stopwords.STOPWORDS_DUTCH,
    "no": stopwords.STOPWORDS_NORWEGIAN,
    "pt": stopwords.STOPWORDS_PORTUGUESE,
    "ru": stopwords.STOPWORDS_RUSSIAN,
    "sv": stopwords.STOPWORDS_SWEDISH,
    "tr": stopwords.STOPWORDS_TURKISH,
}
SIGNS = r"\[\]{}<>|&=~^%*+#@/\\!$?:;.-"
TERM = re.compile(
    rf"""
    (?<![\w-]) --? \w [\w-]*            # an option: -e, --posix, --no-verify
    | \$ [?!\#$@*0-9-]                  # a special parameter of the shell
    | \$ \w+                            # a variable
    | \w+
    | (?<! [^\s`'"«‘“(] ) [{SIGNS}]+? (?! [^\s`'"»’”),;:.?!] )   # signs between blanks, quotes or parentheses
    """,
    re.VERBOSE,
)
ALONE = frozenset({".", "...", ":", ";", "-", "--", "!", "?"})  # of prose when they stand alone
WORD = re.compile(r"\w\w+")


class Terms:
    """Terms of texts in one language. Raises VersoError for a language without a list of stop words."""

    def __init__(self, language: str) -> None:
        if language not in STOP_WORDS:
            raise VersoError(f"BM25 knows no stop words of language {language!r}; known: {', '.join(sorted(STOP_WORDS))}")
        self.language = language
        self._stop_words = frozenset(STOP_WORDS[language])
        self._stem = Stemmer.Stemmer(language).stemWord
        self._known: dict[str, tuple[str, ...]] = {}  # what was found before: a text repeats its words

    def of(self, text: str) -> Iterator[str]:
        """The terms of a text, in order, in lower case."""
        known = self._known
        for found in TERM.findall(text.lower()):
            if found not in known:
                known[found] = tuple(self._terms(found))
            yield from known[found]

    def _terms(self, found: str) -> Iterator[str]:
        if found in ALONE or found in self._stop_words:
            return
        if found[0].isalnum() or found[0] == "_":
            yield self._stem(found)
            return
        yield found
        yield from (self._stem(word) for word in WORD.findall(found) if word not in self._stop_words)
