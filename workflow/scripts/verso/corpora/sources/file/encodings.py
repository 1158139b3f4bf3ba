"""Encodings: which one a file is in, recognised from all of its bytes, and where its first byte stands that does not fit."""

import codecs
import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO

from verso.errors import VersoError

SCANNED = 1 << 18  # bytes that are looked at at once
SAMPLE = 1 << 16  # bytes of lines that are no ASCII, by which an encoding is guessed
# Stands where bytes are no text in the file's encoding, so that one bad row does not cost the others.
# A noncharacter of Unicode: no text that was meant to be exchanged has it.
BAD_BYTES = "\ufdef"
codecs.register_error("verso.bad_bytes", lambda error: (BAD_BYTES, error.end))  # type: ignore[attr-defined]

UTF8, WINDOWS = "UTF-8", "Windows-1252"
MARKS = {  # of UTF-32 before those of UTF-16, with which they begin
    codecs.BOM_UTF8: ("utf-8-sig", UTF8),
    codecs.BOM_UTF32_LE: ("utf-32", "UTF-32"),
    codecs.BOM_UTF32_BE: ("utf-32", "UTF-32"),
    codecs.BOM_UTF16_LE: ("utf-16", "UTF-16"),
    codecs.BOM_UTF16_BE: ("utf-16", "UTF-16"),
}

_NOT_ASCII = re.compile(rb"[\x80-\xff]")
_SEQUENCE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_CUT_SEQUENCE = re.compile(rb"[\xc2-\xf4][\x80-\xbf]{0,2}\Z")  # what the end of a block may have cut
_AROUND = re.compile(rb"[^\n]{0,80}[\x80-\xff]+[^\n]{0,80}\n?")
# What a Western European language does not write in Windows-1252: bytes without a character, letters of Iceland alone (in other
# encodings those of Turkey and Prague), an õ as in Hungarian, three accented letters in a row, signs within words, a capital
# behind a small letter.
_ODD = re.compile(
    rb"[\x81\x8d\x8f\x90\x9d\xd0\xdd\xde\xf0\xfd\xfe]|\xf5(?!e)"
    rb"|[\xc0-\xd6\xd8-\xf6\xf8-\xff]{3}"
    rb"|(?<=[A-Za-z])[\x80\x82-\x84\x86-\x89\x8b\x93-\x95\x98\x9b\xa1-\xa9\xab-\xb3\xb5\xb6\xb8\xb9\xbb-\xbf\xd7\xf7](?=[A-Za-z])"
    rb"|[\xa2-\xa9\xac\xae-\xb3\xb5\xb6\xb8-\xba\xbc-\xbe](?=[a-z])"
    rb"|(?<=[a-z])[\x8a\x8c\x8e\x9f\xc0-\xd6\xd8-\xde]"
)
MOST_ODD = 0.02  # of the characters that are no ASCII
MOST_UTF8 = 0.05  # of them in whole sequences of UTF-8, as "Ã©" of a text about encodings is


@dataclass(frozen=True, slots=True)
class Encoding:
    """What a file is read in. codec: as Python calls it; name: as people do; first_bad: where a byte stands that is no UTF-8."""

    codec: str
    name: str
    first_bad: str = ""

    @property
    def is_utf8(self) -> bool:
        """Whether its bytes can be read as they are."""
        return self.name == UTF8


class Uncertain(VersoError):
    """A file is in none of the encodings that are recognised; place: where its first byte stands that is no UTF-8."""

    def __init__(self, message: str, place: str) -> None:
        super().__init__(message)
        self.place = place


def encoding_of(opened: Callable[[], BinaryIO], said: str, where: str) -> Encoding:
    """The encoding of what `opened` gives: the one that the config says ("auto": none), that of its mark, UTF-8 or Windows-1252.

    where: what messages call the file. A file of UTF-8 with some bad bytes in it stays UTF-8. Raises Uncertain, with the
    place of the first bad byte and the likely encoding, when it is in neither of these.
    """
    if said != "auto":
        codec = codecs.lookup(said).name
        return Encoding("utf-8-sig", UTF8) if codec in ("utf-8", "utf-8-sig") else Encoding(codec, said)
    with opened() as stream:
        start = stream.read(4)
        for mark, (codec, name) in MARKS.items():
            if start.startswith(mark):
                if name != UTF8:
                    return Encoding(codec, name)
                break
        rest = stream.read(SCANNED)
        if (start + rest).count(b"\0") * 5 > len(start + rest):
            raise Uncertain(
                f"{where}: many of its bytes are 0, as in UTF-16 without a mark; name its encoding (source.encoding: "
                "utf-16-le or utf-16-be), or save the file as UTF-8",
                "line 1",
            )
        decoder = codecs.getincrementaldecoder("utf-8")()
        offset, block = 0, start + rest
        try:
            while block:
                decoder.decode(block)
                offset, block = offset + len(block), stream.read(SCANNED)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            pass
        else:
            return Encoding("utf-8-sig", UTF8)
    return _of_what_is_no_utf8(opened, where)


@dataclass
class _Counted:
    """What a file that is no UTF-8 is made of, besides ASCII.

    sequences: of UTF-8; latin: those of them that a Western language writes; others: bytes; odd: those of them that are odd in
    Windows-1252; sample: parts of lines that hold any of these; place: of the first byte that is no UTF-8.
    """

    sequences: int = 0
    latin: int = 0
    others: int = 0
    odd: int = 0
    sample: bytes = b""
    place: str = ""

    def add(self, block: bytes) -> None:
        """Count a block, in which no sequence is cut."""
        found = _SEQUENCE.findall(block)
        rest = _SEQUENCE.sub(b"", block) if found else block
        self.sequences += len(found)
        self.latin += sum(sequence[0] in (0xC2, 0xC3) or sequence[:2] == b"\xe2\x80" for sequence in found)
        self.others += len(_NOT_ASCII.findall(rest))
        self.odd += len(_ODD.findall(rest))
        if len(self.sample) < SAMPLE:
            self.sample += b"".join(_AROUND.findall(block))[: SAMPLE - len(self.sample)]


def _of_what_is_no_utf8(opened: Callable[[], BinaryIO], where: str) -> Encoding:
    counted = _Counted()
    number, line_start, offset, carried = 1, 0, 0, b""
    with opened() as stream:
        while block := stream.read(SCANNED):
            block = carried + block
            cut = _CUT_SEQUENCE.search(block)
            carried = cut[0] if cut else b""
            block = block[: len(block) - len(carried)]
            if not counted.place:
                bad = _first_bad(block)
                before = len(block) if bad is None else bad
                number += block.count(b"\n", 0, before)
                if (last := block.rfind(b"\n", 0, before)) >= 0:
                    line_start = offset + last + 1
                if bad is not None:
                    counted.place = _place(number, offset + bad - line_start + 1, block[bad])
            counted.add(block)
            offset += len(block)
    counted.add(carried)
    place = counted.place or _place(number, offset - line_start + 1, carried[0])
    if counted.sequences >= counted.others:
        return Encoding("utf-8-sig", UTF8, place)
    if counted.odd <= MOST_ODD * counted.others:
        if counted.sequences <= MOST_UTF8 * counted.others:
            return Encoding("cp1252", WINDOWS, place)
        if counted.sequences - counted.latin <= MOST_UTF8 * counted.sequences:  # both, one behind the other
            return Encoding("utf-8-sig", UTF8, place)
    raise Uncertain(
        f"{where}: {place}, which is not UTF-8, nor does the whole read well as {WINDOWS}{_guessed(counted.sample)}; "
        "name its encoding (source.encoding), or save the file as UTF-8. With source.encoding: utf-8 only the rows with such "
        "bytes are set aside",
        place,
    )


def _guessed(sample: bytes) -> str:
    """What charset-normalizer takes a sample for."""
    from charset_normalizer import from_bytes  # only where it is needed: it takes a tenth of a second

    best = from_bytes(sample).best()
    return f"; it seems to be {best.encoding}" if best is not None and best.coherence > 0 else ""


def bad_byte(line: bytes, number: int) -> str:
    """The first byte of a line that is no UTF-8, by its place, and what it seems to be; "" where all of the line is."""
    bad = _first_bad(line)
    return "" if bad is None else _place(number, bad + 1, line[bad])


def _first_bad(block: bytes) -> int | None:
    try:
        block.decode("utf-8")
    except UnicodeDecodeError as error:
        return error.start
    return None


def _place(line: int, byte: int, value: int) -> str:
    character = bytes([value]).decode("cp1252", errors="ignore")
    seems = f" ({character} in {WINDOWS})" if character and character.isprintable() else ""
    return f"line {line}, byte {byte} is 0x{value:02X}{seems}"


@dataclass(frozen=True, slots=True)
class Decoded:
    """A text that was read whole, in which encoding, and where it holds bytes that do not fit ("": nowhere)."""

    text: str
    encoding: Encoding
    bad: str


def decoded(data: bytes, said: str, where: str) -> Decoded:
    """The text of a whole file. Raises Uncertain as encoding_of does."""
    encoding = encoding_of(lambda: io.BytesIO(data), said, where)
    try:
        return Decoded(data.decode(encoding.codec), encoding, "")
    except UnicodeDecodeError as error:
        if not encoding.is_utf8:
            number = data.count(b"\n", 0, error.start) + 1
            byte = error.start - data.rfind(b"\n", 0, error.start)
            return Decoded("", encoding, f"line {number}, byte {byte} is 0x{data[error.start]:02X}, which is not {encoding.name}")
    number = 0
    for number, line in enumerate(data.removeprefix(codecs.BOM_UTF8).split(b"\n"), start=1):
        if bad := bad_byte(line, number):
            return Decoded("", encoding, bad)
    return Decoded("", encoding, f"line {number}")
