"""Source files opened: unpacked (.gz, .bz2, .xz, .zip of one file), in UTF-8 whatever they are in, every line accounted for."""

import bz2
import codecs
import gzip
import io
import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePath
from typing import Any, BinaryIO, cast

from verso.corpora.sources.file.encodings import Encoding, encoding_of
from verso.errors import VersoError
from verso.jobs.logs import announce
from verso.text.names import plain_name

BLOCK = 1 << 16
NO_TEXT = {  # how files begin that are not what their name says
    b"PK\3\4": "a .zip or an .xlsx workbook",
    b"\x1f\x8b": "packed as .gz",
    b"PAR1": "a .parquet file",
    b"\xd0\xcf\x11\xe0": "an .xls workbook",
    b"%PDF": "a PDF document",
    b"SQLite": "an SQLite database",
}
PACKERS: Mapping[str, Callable[[Path], Any]] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}


@dataclass
class Account:
    """What became of the lines of one file. In JSON, and of files of a folder, records are counted, not lines.

    header: lines of a header, or that say how the file is written (sep=;); continued: lines of records beyond the first of each.
    """

    file: str
    encoding: str
    lines: int | None = 0
    header: int = 0
    blank: int = 0
    rows: int = 0
    set_aside: int = 0
    continued: int = 0

    @property
    def balances(self) -> bool:
        """Whether each line is a row, a row set aside, a further line of one, blank, or of the header."""
        parts = self.header + self.blank + self.rows + self.set_aside + self.continued
        return self.lines is None or self.lines == parts

    def as_dict(self) -> dict[str, Any]:
        """Its counts, and the encoding, by name."""
        return asdict(self)

    def __str__(self) -> str:
        counted = f"{self.rows} rows read, {self.set_aside} not readable as rows"
        if self.lines is None:
            return f"{self.file} ({self.encoding}): {counted}"
        return (
            f"{self.file} ({self.encoding}): {self.lines} lines: {self.header} of the header, {counted}, "
            f"{self.continued} further lines of these, {self.blank} blank"
        )


@dataclass(frozen=True)
class Reading:
    """How files are read. limit: of a record, in bytes; columns: that are read, as the config spells them; accounts: one a file;
    quiet: whether nothing is said on the screen, as at a first look.

    encoding: "auto", or a codec's name; delimiter: "auto", or a character; quote: the character that quotes, or None; escape: the
    character before a quote that does not end a text, or None; trusted: whether all that quotes enclose is one cell, also where
    its lines look like rows; header: whether the first row names the columns.
    """

    limit: int
    columns: frozenset[str] = frozenset()
    encoding: str = "auto"
    delimiter: str = "auto"
    quote: str | None = '"'
    escape: str | None = None
    trusted: bool = False
    header: bool = True
    accounts: list[Account] = field(default_factory=list, compare=False)
    quiet: bool = False

    @classmethod
    def of(cls, source: Mapping[str, Any], limit: int, columns: frozenset[str]) -> "Reading":
        """What a file source of the config says."""
        delimiter, quoting = source.get("delimiter", "auto"), source.get("quoting", "auto")
        return cls(
            limit=limit,
            columns=columns,
            encoding=source.get("encoding", "auto"),
            delimiter="\t" if delimiter == "tab" else delimiter,
            quote={"auto": '"', "double": '"', "single": "'", "none": None}[quoting],
            escape=source.get("escape"),
            trusted=quoting != "auto",
            header=source.get("header", "first") == "first",
        )

    def named(self, names: list[str]) -> list[str]:
        """Names of a file's columns or keys, those that are read as the config spells them, and all others plain."""
        spelt = {plain_name(column): column for column in self.columns}
        return [spelt.get(plain, plain) for plain in map(plain_name, names)]

    def under_names(self, values: Mapping[str, Any]) -> Mapping[str, Any]:
        """An object under the names of the config, where its keys only look like them."""
        if all(column in values for column in self.columns):
            return values
        return dict(zip(self.named(list(values)), values.values(), strict=True))


def member_of(path: Path) -> zipfile.ZipInfo:
    """The one file in a .zip. Raises VersoError when it is broken, locked, or holds another number of files."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = [found for found in archive.infolist() if not found.is_dir() and not _is_hidden(found.filename)]
    except zipfile.BadZipFile as error:
        raise VersoError(f"{path}: is no whole .zip file ({error})") from error
    if len(members) != 1:
        names = ", ".join(found.filename for found in members[:10]) or "none"
        raise VersoError(
            f"{path}: holds {len(members)} files ({names}), where one is right; unpack it and name the file or folder"
        )
    if members[0].flag_bits & 1:
        raise VersoError(f"{path}: is locked by a password; unpack it")
    return members[0]


def _is_hidden(name: str) -> bool:
    return any(part.startswith(".") or part == "__MACOSX" for part in PurePath(name).parts)


def _opener(path: Path) -> Callable[[], BinaryIO]:
    """What opens a file's own bytes, as often as it is called."""
    ending = path.suffix.lower()
    if ending == ".zip":
        member = member_of(path)
        # The archive closes its file once the member, the last that reads it, is closed.
        return lambda: cast(BinaryIO, _ZipMember(path, member))
    return lambda: cast(BinaryIO, PACKERS[ending](path) if ending in PACKERS else path.open("rb"))


class _ZipMember(io.BufferedReader):
    """A file in a .zip that closes its archive with itself."""

    def __init__(self, path: Path, member: zipfile.ZipInfo) -> None:
        self._archive = zipfile.ZipFile(path)
        super().__init__(cast(Any, self._archive.open(member)))

    def close(self) -> None:
        super().close()
        self._archive.close()


class _Recoded(io.RawIOBase):
    """A stream of another encoding as UTF-8; BAD_BYTES stands for what is no text in it."""

    def __init__(self, stream: BinaryIO, encoding: Encoding) -> None:
        self._stream = stream
        self._decoder = codecs.getincrementaldecoder(encoding.codec)(errors="verso.bad_bytes")
        self._ready = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        while not self._ready:
            block = self._stream.read(BLOCK)
            self._ready = self._decoder.decode(block, final=not block).encode("utf-8", errors="replace")
            if not block:
                break
        size = min(len(buffer), len(self._ready))
        buffer[:size], self._ready = self._ready[:size], self._ready[size:]
        return size


@contextmanager
def opened(path: Path, reading: Reading, counts_lines: bool = True) -> Iterator[tuple[BinaryIO, Account]]:
    """A stream of a file's text in UTF-8, without a mark, and its account. What is no UTF-8 is said on the screen.

    Raises VersoError when its encoding is uncertain, when it is packed and broken, or its account does not balance at the end.
    """
    try:
        open_ = _opener(path)
        with open_() as raw:
            start = raw.read(8)
        if found := [what for begins, what in NO_TEXT.items() if start.startswith(begins)]:
            raise VersoError(f"{path}: is by its content {found[0]}; give it the ending of what it is, or save it as CSV")
        encoding = encoding_of(open_, reading.encoding, str(path))
        account = Account(path.name, encoding.name, 0 if counts_lines else None)
        if reading.encoding == "auto" and not reading.quiet:
            say_encoding(str(path), encoding)
        with open_() as raw:
            stream = raw if encoding.is_utf8 else cast(BinaryIO, io.BufferedReader(_Recoded(raw, encoding), BLOCK))
            if encoding.is_utf8 and (start := raw.read(3)) != codecs.BOM_UTF8:
                raw.seek(-len(start), io.SEEK_CUR)
            yield stream, account
    except UnicodeError as error:  # of codecs that forgive nothing: UTF-16 without a mark, UTF-7
        raise VersoError(
            f"{path}: is not {reading.encoding} (source.encoding): {error}; leave that key out and the encoding is recognised, "
            "or save the file as UTF-8"
        ) from error
    except (EOFError, zlib.error, gzip.BadGzipFile, lzma.LZMAError, zipfile.BadZipFile) as error:
        raise VersoError(f"{path}: is packed, and broken ({error}); fetch or pack it again") from error
    if not account.balances:
        raise VersoError(f"{path}: lines that are counted nowhere, which is a fault of Verso's own: {account}")
    reading.accounts.append(account)


def say_encoding(path: str, encoding: Encoding) -> None:
    """Tell the person at the screen what was recognised, where it is not UTF-8 throughout."""
    if encoding.is_utf8 and encoding.first_bad:
        announce(f"{path}: is UTF-8, but not all of it: {encoding.first_bad}; rows that need such bytes are set aside")
    elif not encoding.is_utf8:
        found = f" ({encoding.first_bad}, which is no UTF-8)" if encoding.first_bad else ""
        announce(f"{path}: read as {encoding.name}{found}; if that is wrong, name its encoding (source.encoding)")
