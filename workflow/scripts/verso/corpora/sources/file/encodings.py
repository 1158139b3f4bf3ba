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
    place of the first bad byte and the likely encoding, when all that is certain is that it is none of these.
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


def _of_what_is_no_utf8(opened: Callable[[], BinaryIO], where: str) -> Encoding:
    """Counts all bytes that are no ASCII: in sequences of UTF-8, and odd in Windows-1252."""
    beyond = sequences = in_sequences = odd = number = 0
    place = ""
    sample: list[bytes] = []
    sampled = 0
    with opened() as stream:
        while lines := stream.readlines(SCANNED):
            for line in lines if not place or sampled < SAMPLE else ():
                number += 1
                if not line.isascii():
                    place = place or bad_byte(line, number)
                    sampled += len(line)
                    sample.append(line[:SAMPLE])
            block = b"".join(lines)
            beyond += len(_NOT_ASCII.findall(block))
            found = _SEQUENCE.findall(block)
            sequences, in_sequences = sequences + len(found), in_sequences + sum(map(len, found))
            odd += len(_ODD.findall(block))
    others = beyond - in_sequences
    if sequences >= others:
        return Encoding("utf-8-sig", UTF8, place)
    if odd <= MOST_ODD * beyond and sequences <= MOST_UTF8 * others:
        return Encoding("cp1252", WINDOWS, place)
    raise Uncertain(
        f"{where}: {place}, which is not UTF-8, nor does the whole read well as {WINDOWS}{_guessed(b''.join(sample)[:SAMPLE])}; "
        "name its encoding (source.encoding), or save the file as UTF-8. With source.encoding: utf-8 only the rows with such "
        "bytes are set aside",
        place,
    )


def _guessed(sample: bytes) -> str:
    """What charset-normalizer takes a sample for."""
    from charset_normalizer import from_bytes  # only where it is needed: it takes a tenth of a second

    best = from_bytes(sample).best()
    return f"; it seems to be {best.encoding}" if best is not None else ""


def bad_byte(line: bytes, number: int) -> str:
    """The first byte of a line that is no UTF-8, by its place, and what it seems to be; "" where all of the line is."""
    try:
        line.decode("utf-8")
    except UnicodeDecodeError as error:
        byte = line[error.start : error.start + 1]
        character = byte.decode("cp1252", errors="ignore")
        seems = f" ({character} in {WINDOWS})" if character.isprintable() and character else ""
        return f"line {number}, byte {error.start + 1} is 0x{byte[0]:02X}{seems}"
    return ""


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
