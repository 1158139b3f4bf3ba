"""Parquet and workbooks: real files, written by the libraries that write them for everybody."""

import datetime

import openpyxl
import pyarrow
import pyarrow.parquet
import pytest

from verso.corpora.sources.file.opened import Reading
from verso.corpora.sources.file.readers_tables import read_parquet, read_workbook
from verso.errors import VersoError

COLUMNS = frozenset({"rese\u00f1a", "label"})


def workbook(path, *rows, second=()):
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    other = book.create_sheet("notes")
    for row in second:
        other.append(row)
    book.save(path)
    return path


def values(rows):
    return [(row.values["rese\u00f1a"], row.values["label"]) for row in rows]


def test_the_first_sheet_of_a_workbook_is_read_row_by_row(tmp_path):
    path = workbook(
        tmp_path / "r.xlsx",
        ("when", "resen\u0303a ", None, "label"),
        (datetime.date(2026, 1, 2), "muy buena, s\u00ed", None, 5.0),
        (None, None, None, None),
        (None, None, "x", 1.5),
        (None, "mala", None, "neg"),
        second=[("rese\u00f1a", "label"), ("another", 1)],
    )
    reading = Reading(1000, COLUMNS)
    rows = list(read_workbook(path, reading))
    assert values(rows) == [("muy buena, s\u00ed", 5), (None, 1.5), ("mala", "neg")]
    assert [row.where for row in rows] == ["r.xlsx row 2", "r.xlsx row 4", "r.xlsx row 5"]
    (account,) = reading.accounts
    assert account.balances
    assert (account.lines, account.header, account.blank, account.rows) == (5, 1, 1, 3)


def test_a_sheet_without_a_header_has_numbered_columns(tmp_path):
    path = workbook(tmp_path / "r.xlsx", ("neg", "mala"), ("pos", "buena"))
    rows = list(read_workbook(path, Reading(1000, frozenset({"column1", "column2"}), header=False)))
    assert [row.values for row in rows] == [{"column1": "neg", "column2": "mala"}, {"column1": "pos", "column2": "buena"}]


def test_a_parquet_file_is_read_by_the_columns_that_are_needed(tmp_path):
    path = tmp_path / "r.parquet"
    table = {
        "resen\u0303a": ["buena", None, "mala"],
        "label": pyarrow.array(["a", "b", "a"]).dictionary_encode(),
        "x": [{"y": 1}] * 3,
    }
    pyarrow.parquet.write_table(pyarrow.table(table), path)
    reading = Reading(1000, COLUMNS)
    rows = list(read_parquet(path, reading))
    assert values(rows) == [("buena", "a"), (None, "b"), ("mala", "a")]
    assert [row.where for row in rows] == ["r.parquet row 1", "r.parquet row 2", "r.parquet row 3"]
    assert reading.accounts[0].rows == 3
    assert set(rows[0].values) == COLUMNS


@pytest.mark.parametrize("names", [("label", "text"), ("label", "label")])
def test_a_column_that_is_missing_or_twice_there_is_named(tmp_path, names):
    message = (
        "columns 1 and 2 are all called label" if names[0] == names[1] else "no column rese\u00f1a; its header has label, text"
    )
    columns = frozenset({"label"}) if names[0] == names[1] else COLUMNS
    pyarrow.parquet.write_table(
        pyarrow.table([pyarrow.array(["x"]), pyarrow.array(["y"])], names=list(names)), tmp_path / "r.parquet"
    )
    with pytest.raises(VersoError, match=message):
        list(read_parquet(tmp_path / "r.parquet", Reading(1000, columns)))
    with pytest.raises(VersoError, match=message):
        list(read_workbook(workbook(tmp_path / "r.xlsx", names, ("x", "y")), Reading(1000, columns)))


@pytest.mark.parametrize(("reader", "name"), [(read_parquet, "r.parquet"), (read_workbook, "r.xlsx")])
@pytest.mark.parametrize("content", [b"", b"text,label\nx,y\n", b"PK\3\4 and no more", b"PAR1 and no more"])
def test_what_is_no_table_is_refused_by_name(tmp_path, reader, name, content):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(VersoError, match=f"{name}: cannot be read as"):
        list(reader(tmp_path / name, Reading(1000, COLUMNS)))
