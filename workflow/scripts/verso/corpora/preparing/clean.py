"""Cleaning: one canonical form of a text, so that both kinds of tokens are lossless on it."""

import re
import unicodedata

import ftfy

from verso.text.names import INVISIBLE

NEWLINES = re.compile("\r\n|[\r\v\f\x85\u2028\u2029]")
OTHER_WHITE_SPACE = re.compile(r"[^\S\n]+")
MISREAD_AS = ("latin-1", "sloppy-windows-1252")  # as ftfy calls them
# What is no Latin letter of Europe, no accent, no sign, no emoji
FOREIGN = re.compile("[^\u0000-\u017f\u0300-\u033f\u2000-\u2bff\ufe0e\ufe0f\ufffd\U0001f000-\U0001ffff]")
FEWEST_FOREIGN = 4
BLANK_LINES = re.compile(r"\n{3,}")


def clean(text: str) -> str:
    """The text in the form that every later part may count on; cleaning twice changes nothing more.

    NFC; newlines are "\\n" and all other white space is single spaces, none at either end of a line; no control and no
    zero-width character; at most one blank line in a row, none at either end. Section tags like [Verse 1] stay.
    Hence text == "\\n".join(" ".join(line.split(" ")) for line in text.split("\\n")) and text.split() finds its words.
    """
    text = NEWLINES.sub("\n", text)
    text = OTHER_WHITE_SPACE.sub(" ", INVISIBLE.sub("", text))
    # Last, because what stood apart may now stand together; NFC makes no new white space.
    text = unicodedata.normalize("NFC", text)
    text = "\n".join(line.strip(" ") for line in text.split("\n"))
    return BLANK_LINES.sub("\n\n", text).strip("\n")


def clean_name(name: str) -> str:
    """An artist, a title or a label as one line, its characters otherwise as they were: slashes, quotes and emoji stay."""
    return " ".join(clean(name).split())


def repair_encoding(text: str) -> str:
    """Undo UTF-8 that was once read as Latin-1 or Windows-1252 ("Ã©" -> "é"), and change nothing else.

    Line by line, since files are often damaged in parts. Sound text, "São" and "naïve" too, comes back as it was.
    """
    if text.isascii():
        return text
    return "\n".join(line if line.isascii() else _repaired(line) for line in text.split("\n"))


def _repaired(line: str) -> str:
    """A line as ftfy repairs it, unless that is far-fetched: "20 Ñ€" could be Cyrillic, and "»á" something out of a Macintosh.

    Of other alphabets at least so many letters must come out, and most of the line's: nobody writes one in a Spanish sentence.
    """
    repaired, steps = ftfy.fix_encoding_and_explain(line)
    if any(step.action == "encode" and step.parameter not in MISREAD_AS for step in steps or []):
        return line
    if repaired == line:
        return line
    foreign = sum(character not in line for character in FOREIGN.findall(repaired))
    native = sum(character.isalpha() for character in repaired) - foreign
    return line if foreign and foreign < max(FEWEST_FOREIGN, native) else repaired
