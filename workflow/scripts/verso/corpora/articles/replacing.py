"""Numbers and dates of an article as one sign each, where the config says so (docs/corpora/articles.md).

Years, prices and counts are thousands of rare words, of which a vocabulary knows few. The result is another text, whose bits per
byte are not those of the original.
"""

import re
from collections.abc import Mapping

MONTHS = "enero|febrero|marzo|abril|mayo|junio|julio|agosto|sep?tiembre|octubre|noviembre|diciembre"
ENGLISH_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
DAY = r"(?:0?[1-9]|[12]\d|3[01])"
YEAR = r"\d{3,4}"
FORMS = (
    rf"\d{{4}}-\d\d-\d\d|{DAY}([/.-])(?:0?[1-9]|1[0-2])\1(?:\d{{4}}|\d\d)",  # 1492-10-12, 12/10/1492, 12.10.92
    rf"(?:{DAY}(?:\.?º)? de )?(?i:{MONTHS}) del? (?:año )?{YEAR}",  # 12 de octubre de 1492, octubre de 1492
    rf"{DAY}(?:\.?º)? de (?i:{MONTHS})",
    rf"{DAY}(?:st|nd|rd|th)? (?:{ENGLISH_MONTHS})(?:,? {YEAR})?",  # 12 October 1492
    rf"(?:{ENGLISH_MONTHS}) (?:{DAY}(?:st|nd|rd|th)?(?:,? {YEAR})?|{YEAR})",  # October 12, 1492; October 1492
)
DATE = re.compile(rf"(?<!\w)(?:{'|'.join(FORMS)})(?!\w)")
# Possessive, so that 3.14b is none rather than 3; a blank groups three digits, as in 4 218
NUMBER = re.compile(r"(?<!\w)(?:\d{1,3}(?: \d{3})++(?!\d)|\d++)(?:[.,:]\d++)*+(?!\w)")
REPLACED = {"dates": DATE, "numbers": NUMBER}  # in this order: a date is made of numbers


def replaced(text: str, signs: Mapping[str, str | None]) -> tuple[str, dict[str, int], dict[str, int]]:
    """A cleaned text with its dates and numbers replaced by their sign.

    signs: by the names of REPLACED; None: that is left as it is. Returns it with how many of each were replaced, and by how many
    characters that made the text shorter (below 0: longer).
    """
    found, characters = {}, {}
    for name, pattern in REPLACED.items():
        if (sign := signs[name]) is not None:
            before = len(text)
            text, found[name] = pattern.subn(sign.replace("\\", r"\\"), text)  # a sign is no pattern
            characters[name] = before - len(text)
    return text, found, characters
