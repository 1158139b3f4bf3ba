"""Accents that a PDF keeps apart from their letters ("´o" for "ó", as TeX's older fonts set it) are put back by where they are.

A mark belongs to the letter over whose width its middle lies: the tilde of "que~no" is an accent, that of "cd ~no" is not. A mark
over a capital lies higher than its line, and an extractor puts it at the line's end: "Ordenes de Cortar ´"; it is found as well.
"""

import unicodedata
from collections.abc import Callable, Sequence

Box = tuple[float, float, float, float]  # left, bottom, right, top, in points from the lower left corner

COMBINING = {
    "´": "\u0301", "`": "\u0300", "ˋ": "\u0300", "ˊ": "\u0301", "¨": "\u0308", "ˆ": "\u0302", "^": "\u0302", "˜": "\u0303",
    "~": "\u0303", "¸": "\u0327", "ˇ": "\u030c", "˘": "\u0306", "¯": "\u0304", "˚": "\u030a", "˙": "\u0307", "˝": "\u030b",
    "˛": "\u0328",
}  # fmt: skip
DOTLESS = {"ı": "i", "ȷ": "j"}
NEAR = (1, 2, 3, 4, -1)  # places after the mark where its letter mostly stands: blanks and a line break may lie between
FARTHEST = 0.75  # a mark's lower edge may lie so far above its letter, or below its upper edge, in heights of the letter


def split_accents(characters: Sequence[str], box: Callable[[int], Box]) -> dict[int, int]:
    """The place of each mark on a page that stands over a letter which it makes another of, and the place of that letter.

    box: of the character at a place.
    """
    boxes: dict[int, Box] = {}
    found: dict[int, int] = {}
    taken: set[int] = set()

    def lies_over(mark: int, letter: int) -> float | None:
        """How far, in heights of the letter, or None where it does not."""
        if letter in taken or composed(characters[mark], characters[letter]) is None:
            return None
        left, bottom, right, top = boxes.setdefault(letter, box(letter))
        middle = (boxes[mark][0] + boxes[mark][2]) / 2
        height = max(top - bottom, 1e-6)
        away = abs(boxes[mark][1] - top if characters[mark] not in "¸˛" else boxes[mark][3] - bottom) / height
        return away if left <= middle <= right and away <= FARTHEST else None

    for mark, character in enumerate(characters):
        if character not in COMBINING:
            continue
        boxes[mark] = box(mark)
        near = [mark + step for step in NEAR if 0 <= mark + step < len(characters)]
        letter = next((place for place in near if lies_over(mark, place) is not None), None)
        if letter is None and mark + 1 < len(characters) and characters[mark + 1] in DOTLESS:
            letter = mark + 1  # slanted, it stands beside the middle; nobody writes a dotless letter after an accent
        if letter is None:
            distances = ((away, place) for place in range(len(characters)) if (away := lies_over(mark, place)) is not None)
            letter = min(distances, default=(0.0, None))[1]
        if letter is not None:
            found[mark] = letter
            taken.add(letter)
    return found


def composed(mark: str, letter: str) -> str | None:
    """The letter with the accent, None where there is none such."""
    if len(letter) != 1 or not letter.isalpha():
        return None
    whole = unicodedata.normalize("NFC", DOTLESS.get(letter, letter) + COMBINING[mark])
    return whole if len(whole) == 1 else None


def mended(characters: Sequence[str], found: dict[int, int]) -> list[str]:
    """The characters of a page with each of split_accents put on its letter, and the white space gone that set it apart."""
    whole = list(characters)
    for mark, letter in found.items():
        whole[letter] = composed(characters[mark], characters[letter]) or characters[letter]
        whole[mark] = ""
        between = range(mark + 1, letter)
        if between and all(characters[place].isspace() for place in between):
            for place in between:
                whole[place] = ""
        elif letter < mark - 1 and characters[mark - 1] == " ":
            whole[mark - 1] = ""
    return whole
