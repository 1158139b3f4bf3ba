"""A PDF's text by pypdfium2: its lines and pages, its headings by its outline, and its accents mended.

Source: pdfium's fpdf_text.h. A hyphen at the end of a line comes as U+FFFE, and the line break behind it does not come at all.
"""

import ctypes
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from verso.corpora.manual.accents import Box, mended, split_accents
from verso.corpora.manual.document import Document, Line, as_lines, lines_of
from verso.corpora.manual.headings import mark_headings
from verso.errors import VersoError

SYSTEMATIC = 10  # split accents of a document; fewer may be drawings
FEWEST_CHARACTERS = 20  # on a page, on average, that is text: a scanned page may have a stamp or a number
END = b"%%EOF"
TAIL = 4096  # bytes in which a whole PDF ends
LIGATURES = {"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"}
HYPHENS = re.compile("[\ufffe\x02](?:\r?\n)?")
NO_TITLE = re.compile(r"untitled|microsoft word|\.(docx?|tex|dvi|indd|odt|pdf)$", re.IGNORECASE)


def read_pdf(path: Path, mend_accents: bool) -> Document:
    """The text of a PDF. Raises VersoError when it is no PDF, locked, cut off, broken, or has no text layer."""
    import pypdfium2
    from pypdfium2 import raw

    _refuse_cut_off(path)
    try:
        pdf = pypdfium2.PdfDocument(path)
    except pypdfium2.PdfiumError as error:
        if error.err_code == raw.FPDF_ERR_PASSWORD:
            raise VersoError(
                f"{path}: is locked by a password; save it without one (print it to a PDF), and name that"
            ) from error
        raise VersoError(f"{path}: is a broken PDF ({error}); fetch it again, or open it and save it anew") from error
    try:
        return _read(path, pdf, mend_accents)
    finally:
        pdf.close()


def _refuse_cut_off(path: Path) -> None:
    with path.open("rb") as stream:
        start = stream.read(1024)
        size = stream.seek(0, 2)
        stream.seek(max(0, size - TAIL))
        end = stream.read()
    if b"%PDF" not in start:
        raise VersoError(f"{path}: is no PDF (it begins with {start[:8]!r}); give it the ending of what it is")
    if END not in end:
        raise VersoError(f"{path}: is a PDF that was cut off: its {size:,} bytes do not end in {END.decode()}; fetch it again")


def _read(path: Path, pdf: Any, mend_accents: bool) -> Document:
    pages = [_page(pdf, number, path) for number in range(len(pdf))]
    characters = sum(len("".join(raw.split())) for raw, _, _ in pages)
    if characters < FEWEST_CHARACTERS * len(pages):
        raise VersoError(
            f"{path}: has no text layer: {len(pages):,} pages with {characters:,} characters in all, as a scan has; recognise "
            "its text (OCR) and name that"
        )
    document = Document(_title(pdf) or path.stem, path.name, [])
    document.found["accents"] = sum(count for _, _, count in pages)
    mends = mend_accents and document.found["accents"] >= SYSTEMATIC
    document.found["accents_put_back"] = document.found["accents"] if mends else 0
    for as_it_is, whole, _ in pages:
        text = whole if mends else as_it_is
        document.found["pages"] += 1
        document.found["pages_without_text"] += not text.strip()
        document.found["ligatures"] += sum(map(text.count, LIGATURES))
        for ligature, letters in LIGATURES.items():
            text = text.replace(ligature, letters)
        document.pages.append(len(document.lines))
        document.lines += as_lines(lines_of(HYPHENS.sub("-\n", text.rstrip())))
    mark_headings(document.lines, list(_outline(pdf)))
    return document


def _page(pdf: Any, number: int, path: Path) -> tuple[str, str, int]:
    """The text of a page as it is and mended, and how many of its accents are apart from their letters."""
    import pypdfium2
    from pypdfium2 import raw

    try:
        page = pdf[number]
        text = page.get_textpage()
    except pypdfium2.PdfiumError as error:
        raise VersoError(
            f"{path}: page {number + 1} of {len(pdf)} is broken ({error}); fetch it again, or save it anew"
        ) from error
    characters = [chr(raw.FPDFText_GetUnicode(text, place)) for place in range(text.count_chars())]
    corners = [ctypes.c_double() for _ in range(4)]

    def box(place: int) -> Box:
        raw.FPDFText_GetCharBox(text, place, *corners)
        left, right, bottom, top = (corner.value for corner in corners)
        return left, bottom, right, top

    found = split_accents(characters, box)
    as_it_is, whole = _joined(characters), _joined(mended(characters, found))
    text.close()
    page.close()
    return as_it_is, whole, len(found)


def _joined(characters: Sequence[str]) -> str:
    """A text of UTF-16's units, as pdfium gives them: two of some characters."""
    return "".join(characters).replace("\0", "").encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _title(pdf: Any) -> str:
    """The title that the PDF says it has; "" where that is no title, but what a program wrote."""
    title = " ".join(str(pdf.get_metadata_value("Title") or "").split())
    return "" if NO_TITLE.search(title) else title


def _outline(pdf: Any) -> Iterator[Line]:
    """The bookmarks of a PDF, as headings."""
    for bookmark in pdf.get_toc(max_depth=6):
        if title := " ".join((bookmark.get_title() or "").split()):
            yield Line(title, level=bookmark.level + 1)
