"""Readers of tables: Parquet in batches, and the first sheet of an .xlsx workbook row by row."""

import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from verso.corpora.sources.file.csv_headers import COLUMN, refuse_missing, refuse_twice
from verso.corpora.sources.file.opened import Account, Reading
from verso.corpora.sources.file.readers import Fault, Row
from verso.errors import VersoError

BATCH = 1000  # rows of Parquet that are held at once


def read_parquet(path: Path, reading: Reading) -> Iterator[Row | Fault]:
    """Rows of a Parquet file. Raises VersoError when it is broken, or when a column that is read is missing or twice there."""
    import pyarrow
    import pyarrow.parquet

    account = Account(path.name, "Parquet", lines=None)
    try:
        with pyarrow.parquet.ParquetFile(path) as table:
            found = list(table.schema_arrow.names)
            names = reading.named(found)
            refuse_missing(names, reading, path)
            refuse_twice(names, reading, path)
            read = {
                column: name for column, name in zip(found, names, strict=True) if name in reading.columns or not reading.columns
            }
            number = 0
            for batch in table.iter_batches(batch_size=BATCH, columns=list(read)):
                for values in batch.to_pylist():
                    number += 1
                    account.rows += 1
                    yield Row(f"{path.name} row {number}", {read[column]: value for column, value in values.items()})
    except (pyarrow.ArrowException, OSError) as error:
        if isinstance(error, PermissionError):
            raise
        raise VersoError(f"{path}: cannot be read as Parquet ({str(error).splitlines()[0]})") from error
    reading.accounts.append(account)


def read_workbook(path: Path, reading: Reading) -> Iterator[Row | Fault]:
    """Rows of the first sheet; the first that is not empty names the columns. Empty rows are passed over. A formula is its value.

    Raises VersoError when the file is broken, or when a column that is read is missing or twice there.
    """
    import openpyxl
    from openpyxl.utils.exceptions import InvalidFileException

    account = Account(path.name, "Excel workbook")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of formats that a table program knows and openpyxl does not
            book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, OSError) as error:
        if isinstance(error, PermissionError):
            raise
        raise VersoError(f"{path}: cannot be read as an .xlsx workbook ({error}); save it as CSV") from error
    try:
        names: list[str] = []
        for number, cells in enumerate(book.worksheets[0].iter_rows(values_only=True), start=1):
            account.lines = number
            if all(cell is None for cell in cells):
                account.blank += 1
                continue
            if not names:
                titles = [str(cell if cell is not None else "") for cell in cells]
                names = reading.named(titles if reading.header else [f"{COLUMN}{place + 1}" for place in range(len(cells))])
                refuse_missing(names, reading, path)
                refuse_twice(names, reading, path)
                if reading.header:
                    account.header += 1
                    continue
            account.rows += 1
            yield Row(f"{path.name} row {number}", dict(zip(names, map(_value, cells), strict=False)))
    finally:
        book.close()
    reading.accounts.append(account)


def _value(cell: Any) -> Any:
    """Numbers, truth and text as they are; a date as text. A table program keeps every number as a fraction."""
    if isinstance(cell, float) and cell.is_integer():
        return int(cell)
    return cell if cell is None or isinstance(cell, str | int | float) else str(cell)
