"""How well a PDF's text is read: character error rate and accented words against a clean text of the same manual.

python tests/benchmarks/manual_pdf.py manual.pdf manual.txt

The clean text is cut at its blank lines. Of each paragraph of prose (200 characters or more, most of them letters, without
Texinfo's references, which a PDF prints in other words) the place in the PDF's text is looked for by the letters that both
have, accents and case aside. Its errors are the fewest insertions, deletions and replacements that make it of what stands there
(Levenshtein; where it begins and ends there is free), over its characters. Case, typographic quotes and line breaks are made
equal in both, for the PDF sets some words in small capitals where the clean text has capitals. An accented word is right when
it stands there as it is.
"""

import argparse
import re
import sys
import time
import unicodedata
from collections import Counter
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2] / "workflow" / "scripts"))

SHORTEST = 200  # characters of a paragraph
ANCHOR = 14  # letters that must be the same in both for a place to be taken for that of the paragraph
AROUND = 60  # characters looked at before and behind it
FEWEST_ANCHORS = 5
STEPS = ("spaces", "page_numbers", "running_headers", "contents", "dot_leaders", "hyphenation")
QUOTES = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"', "—": "-", "–": "-", "−": "-", "`": "'"})
WORD = re.compile(r"[^\W\d_]+")


def plain(text):
    return " ".join(unicodedata.normalize("NFC", text).casefold().translate(QUOTES).replace("--", "-").split())


def letters_of(text):
    """The ASCII letters of a text, and where each stands in it."""
    found = [
        (letter, place)
        for place, character in enumerate(text)
        for letter in unicodedata.normalize("NFKD", character.replace("ı", "i"))
        if letter.isascii() and letter.isalpha()
    ]
    return "".join(letter for letter, _ in found), [place for _, place in found]


def paragraphs_of(text):
    for paragraph in re.split(r"\n\s*\n", text):
        whole = plain(paragraph)
        share = sum(character.isalpha() or character == " " for character in whole) / max(1, len(whole))
        if len(whole) >= SHORTEST and share > 0.9 and "*note" not in whole:
            yield whole


def place_of(paragraph, letters, places, anchors):
    """The part of a text that a paragraph stands in; None where it is not found."""
    own, _ = letters_of(paragraph)
    votes = Counter(
        (start - step) // AROUND
        for step in range(0, len(own) - ANCHOR, 5)
        for start in anchors.get(own[step : step + ANCHOR], ())
    )
    if not votes or votes.most_common(1)[0][1] < FEWEST_ANCHORS:
        return None
    first = max(0, votes.most_common(1)[0][0] * AROUND)
    return max(0, places[first] - AROUND), places[min(len(places) - 1, first + len(own) + AROUND)] + AROUND


def errors(paragraph, part):
    """The fewest edits that make a paragraph of a piece of `part`."""
    codes = np.frombuffer(part.encode("utf-32-le"), dtype=np.uint32)
    steps = np.arange(len(codes) + 1)
    row = np.zeros(len(codes) + 1, dtype=np.int64)  # it may begin anywhere
    for character in paragraph:
        changed = row[:-1] + (codes != ord(character))
        new = np.minimum(row + 1, np.concatenate([[row[0] + 1], changed]))
        row = np.minimum.accumulate(new - steps) + steps
    return int(row.min())  # and end anywhere


def measured(name, text, paragraphs):
    text = plain(text)
    letters, places = letters_of(text)
    anchors = {}
    for start in range(len(letters) - ANCHOR):
        anchors.setdefault(letters[start : start + ANCHOR], []).append(start)
    wrong = characters = found = 0
    accented, right = 0, 0
    for paragraph in paragraphs:
        place = place_of(paragraph, letters, places, anchors)
        if place is None:
            continue
        found += 1
        part = text[slice(*place)]
        wrong += errors(paragraph, part)
        characters += len(paragraph)
        words = Counter(word for word in WORD.findall(paragraph) if not word.isascii())
        accented += words.total()
        right += (words & Counter(WORD.findall(part))).total()
    print(
        f"{name}: {found} of {len(paragraphs)} paragraphs found, {characters:,} characters; "
        f"character error rate {wrong / characters:.4f}; accented words right {right:,} of {accented:,} ({right / accented:.1%})"
    )


def main():
    from verso.corpora.manual.cleaning import cleaned
    from verso.corpora.manual.document import Document
    from verso.corpora.manual.reading import read_documents

    options = argparse.ArgumentParser()
    options.add_argument("pdf", type=Path)
    options.add_argument("text", type=Path)
    given = options.parse_args()
    paragraphs = list(paragraphs_of(given.text.read_text(encoding="utf-8")))
    for name, mends, cleans in (("as it is", False, False), ("mended", True, False), ("mended and cleaned", True, True)):
        started = time.process_time()
        (row,) = read_documents(given.pdf, {"format": "pdf", "encoding": "auto", "mend_accents": mends}, [])
        document = Document.of(row.values["title"], row.values["text"], row.structure)
        whole = cleaned(document, dict.fromkeys(STEPS, cleans))
        seconds = time.process_time() - started
        print(f"{name}: {document.found['accents_put_back']:,} accents mended, {seconds:.1f} s of processor time")
        measured(name, whole.text, paragraphs)


if __name__ == "__main__":
    main()
