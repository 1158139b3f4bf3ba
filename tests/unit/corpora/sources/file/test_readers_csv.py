"""CSV: any bytes are accounted for line by line, what spreadsheets and other programs write is read, and an open quote stops."""

import random
import re

import pytest
from fuzz_readers import case_of, check, lines_of, read
from hypothesis import given, settings
from hypothesis import strategies as st

from verso.corpora.sources.file.opened import BLOCK, Reading
from verso.corpora.sources.file.readers import Fault, Row
from verso.corpora.sources.file.readers_csv import read_csv
from verso.errors import VersoError

COLUMNS = frozenset({"text", "label"})
NOT_DOUBLED = "a quote within quotes that is not doubled (escaped? set source.escape; a mere sign? source.quoting: none)"
LIKE_ROWS = "lines that look like rows of their own, within quotes (one text? then set source.quoting: double)"
ROWS = "".join(f"a row of words {number},{('neg', 'pos')[number % 2]}\n" for number in range(40))


def rows_of(tmp_path, content, name="r.csv", columns=COLUMNS, **how):
    """Rows as tuples, and what is set aside as (where, reason)."""
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    found = list(read_csv(path, Reading(100_000, frozenset(columns), **how)))
    rows = [tuple(row.values[column] for column in sorted(columns, reverse=True)) for row in found if isinstance(row, Row)]
    return rows, [(row.where, row.reason) for row in found if isinstance(row, Fault)]


# --- every line is accounted for ---

PIECES = st.sampled_from(
    ["text,label\n", '"', ",", "\n", "\r", "\r\n", "a", "é", "b c", '""', '","', ";", "\t", "\\", " ", "\0", "sep=;\n"]
)
FILES = st.one_of(st.binary(max_size=200), st.lists(PIECES, max_size=60).map(lambda pieces: "".join(pieces).encode()))
HOW = st.fixed_dictionaries(
    {
        "encoding": st.sampled_from(["auto", "utf-8", "cp1252"]),
        "quote": st.sampled_from(['"', "'", None]),
        "escape": st.sampled_from([None, "\\"]),
        "header": st.booleans(),
        "limit": st.sampled_from([20, 100_000]),
    }
)


@given(FILES, HOW)
@settings(max_examples=150, deadline=None)
def test_of_any_bytes_each_line_is_a_row_a_row_set_aside_part_of_one_blank_or_the_header(tmp_path_factory, data, how):
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(data)
    reading = Reading(**how, columns=frozenset({"text", "label"} if how["header"] else {"column1"}))
    if not read(path, reading).stopped and how["encoding"] == "utf-8":
        assert reading.accounts[0].lines == lines_of(data.removeprefix(b"\xef\xbb\xbf"))


@pytest.mark.parametrize("open_quotes", [False, True])
def test_sound_rows_come_out_of_a_file_with_faulty_ones_and_only_an_open_quote_stops(tmp_path, open_quotes):
    draw = random.Random(5)
    for _ in range(25):
        check(tmp_path, case_of(draw, draw.choice([1, 5, 100]), open_quotes))


# --- a quote that nothing closes ---


@pytest.mark.parametrize(
    ("rest", "message"),
    [
        (ROWS, "line 42 opens a quote that nothing closes, so that all lines to the last, 82"),
        (ROWS * 10, r"line 42 opens a quote, and of the lines that it encloses, to line 24\d, \d+ look like rows"),
        (
            ROWS + 'a row that ends in a quote",neg\n' + ROWS,
            "line 42 opens a quote, and of the lines that it encloses, to line 83",
        ),
        (ROWS + '"a quoted one",neg\n' + ROWS, "the quote that line 42 opens is closed within a text, in a line to 83"),
        ("words, and more\n" * 300, "line 42 has more than 200 lines, and the longest of 40 rows before it has 1"),
        ("words without a comma\n" * 1100, "line 42 has more than 1000 lines, and the longest of 40 rows before it has 1"),
        ("x" * 120_000 + "\n" + ROWS, "line 42 opens a quote that nothing closes"),
    ],
)
def test_a_quote_that_nothing_closes_stops_with_its_line(tmp_path, rest, message):
    with pytest.raises(VersoError, match=message) as caught:
        rows_of(tmp_path, f'text,label\n{ROWS}"an open one,neg\n{rest}')
    assert "source.quoting: none" in str(caught.value)
    assert len(str(caught.value)) < 1000


def test_a_row_that_may_go_on_in_the_next_line_stops_where_it_does(tmp_path):
    with pytest.raises(VersoError, match="the quote that line 42 opens is closed within a text, in a line to 44"):
        rows_of(tmp_path, f'text,label\n{ROWS}"one "two" and "three\nfour\nand five",neg\n{ROWS}')


def test_an_open_quote_in_the_header_stops(tmp_path):
    with pytest.raises(VersoError, match="line 1, the header, opens a quote that nothing closes") as caught:
        rows_of(tmp_path, 'text,"label\n' + ROWS * 100)
    assert len(str(caught.value)) < 1000


def test_an_open_quote_in_the_first_row_stops_too(tmp_path):
    with pytest.raises(VersoError, match=r"line 2 opens a quote.*look like rows"):
        rows_of(tmp_path, 'text,label\n"an open one,neg\n' + ROWS + 'closed",pos\n')


def test_two_rows_that_a_quote_joins_are_set_aside(tmp_path):
    rows, aside = rows_of(tmp_path, f'text,label\n{ROWS}"an open one,neg\nand its end",pos\nthe next,neg\n')
    assert len(rows) == 41
    assert aside == [("r.csv line 42", LIKE_ROWS)]


MARKS = "My marks:\n" + "".join(f"{what}, {('neg', 'pos')[number % 2]}\n" for number, what in enumerate(["food", "room"] * 4))


@pytest.mark.parametrize(("text", "why"), [(MARKS, r"\d look like rows"), ("a, b\n" * 500, "more than 200 lines")])
def test_lines_that_look_like_rows_are_one_text_where_the_config_says_that_quotes_are_right(tmp_path, text, why):
    content = f'text,label\n{ROWS}"{text}",pos\n{ROWS}'
    with pytest.raises(VersoError, match=why) as caught:
        rows_of(tmp_path, content)
    assert "If all that the quotes enclose is one text, say so by source.quoting: double" in str(caught.value)
    rows, aside = rows_of(tmp_path, content, trusted=True)
    assert (len(rows), rows[40], aside) == (81, (text, "pos"), [])
    with pytest.raises(VersoError, match="opens a quote that nothing closes"):
        rows_of(tmp_path, f'text,label\n{ROWS}"{text},pos\n{ROWS}', trusted=True)


def test_quotes_are_trusted_where_the_config_says_which():
    said = {"auto": ('"', False), "double": ('"', True), "single": ("'", True), "none": (None, True)}
    for quoting, how in said.items():
        reading = Reading.of({"quoting": quoting}, 1000, COLUMNS)
        assert (reading.quote, reading.trusted) == how


@pytest.mark.parametrize("delimiter", [",", ";"])
def test_lines_of_empty_cells_as_spreadsheets_leave_them_are_blank(tmp_path, delimiter):
    content = "text,label,c\na,neg,1\n,,\nb,pos,2\n,,\n , ,\n".replace(",", delimiter)
    rows, aside = rows_of(tmp_path, content)
    assert (rows, aside) == ([("a", "neg"), ("b", "pos")], [])
    assert rows_of(tmp_path, 'text\na\n""\n\nb\n', columns={"text"}) == ([("a",), ("",), ("b",)], [])


def test_texts_of_many_lines_are_texts(tmp_path):
    song = "\n".join(["I said, pos", "la la, la", *(f"line, {number}" for number in range(150))])
    rows, aside = rows_of(tmp_path, f'text,label\n{ROWS}"{song}",pos\n' + f'"{song}\n{song}",neg\n' * 3)
    assert (len(rows), aside) == (44, [])
    assert rows[40] == (song, "pos")


def test_a_text_that_is_much_longer_than_its_neighbours_is_read_where_it_looks_like_a_text(tmp_path):
    letter = "no comma here\nnor here\nbut, in this line\n" * 300
    rows, aside = rows_of(tmp_path, f'text,label\n{ROWS}"{letter}",pos\nthe next,neg\n')
    assert (rows[-2:], aside) == ([(letter, "pos"), ("the next", "neg")], [])


def test_a_first_text_of_a_thousand_lines_has_no_neighbours_to_differ_from(tmp_path):
    rows, _ = rows_of(tmp_path, 'text,label\n"' + "words\n" * 1000 + '",pos\nshort,neg\n')
    assert [label for _, label in rows] == ["pos", "neg"]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("a, b,neg", "more cells than the header has columns"),
        ("no label", "fewer cells than the header has columns"),
        ('"he said, "no" to me, twice",neg', NOT_DOUBLED),
        ('"he said "no" to me",neg', NOT_DOUBLED),
        ('"' + "x" * 120_000 + '",neg', "longer than 100000 bytes"),
        ("x" * 120_000 + ",neg", "longer than 100000 bytes"),
        ('"' + ("x" * 1000 + "\n") * 120 + '",neg', "longer than 100000 bytes"),
    ],
)
def test_a_row_that_cannot_be_read_is_set_aside_with_its_line_and_the_next_is_read(tmp_path, row, reason):
    rows, aside = rows_of(tmp_path, f"text,label\n{ROWS}\n{row}\nthe next,pos\n")
    assert aside == [("r.csv line 43", reason)]
    assert rows[-1] == ("the next", "pos")


@pytest.mark.parametrize(
    ("row", "label"),
    [
        ("a, b,neg", "neg"),
        ("a,neg,pos", None),
        ('"he said "no" to me",neg', "neg"),
        ('"he said, "no" to me, twice",pos', "pos"),
        ("no label", None),
        ("a,b,another", None),
    ],
)
def test_the_label_of_a_row_that_is_set_aside_is_read_where_it_is_known(tmp_path, row, label):
    (tmp_path / "r.csv").write_text(f"text,label\n{ROWS}{row}\n")
    (fault,) = [row for row in read_csv(tmp_path / "r.csv", Reading(1000, COLUMNS)) if isinstance(row, Fault)]
    assert fault.values.get("label") == label


def test_a_bad_byte_is_named_by_line_and_byte_and_costs_only_the_row_that_needs_it(tmp_path):
    content = "text,label,note\nel café,1,é\n".encode() + b'"two\nlines of caf\xe9",2,x\nthree,3,caf\xe9\n'
    path = tmp_path / "r.csv"
    path.write_bytes(content)
    rows = list(read_csv(path, Reading(1000, COLUMNS)))
    assert [row.where for row in rows] == [
        "r.csv line 2",
        "r.csv line 3 (line 4, byte 13 is 0xE9 (é in Windows-1252))",
        "r.csv line 5, byte 12 is 0xE9 (é in Windows-1252)",
    ]
    assert [row.values["text"] for row in rows] == ["el café", "two\nlines of caf\ufdef", "three"]


# --- how cells are separated and quoted ---


@pytest.mark.parametrize(
    ("content", "how"),
    [
        ('"text","label"\n"a, b","1"\n', {}),
        ("text;label\na, b;1\n", {}),
        ("text\tlabel\na, b\t1\n", {}),
        ("text|label\na, b|1\n", {}),
        ("sep=;\ntext;label\na, b;1\n", {}),
        ('"sep=|"\r\ntext|label\r\na, b|1\r\n', {}),
        ("sep=\t\ntext\tlabel\na, b\t1\n", {}),
        ("\ntext^label\na, b^1\n", {"delimiter": "^"}),
        ('label, text\n1, "a, b"\n', {}),
        ('text , label\n"a, b" , "1" \n', {}),
        ("'text','label'\n'a, b','1'\n", {"quote": "'"}),
        ("text\tlabel\na, b\t1\n", {"quote": None}),
        ("text,label\na\\, b,1\n", {"escape": "\\"}),
        (',text,label\n0,"a, b",1\n', {}),
        ('text,label,,\n"a, b",1,,\n', {}),
        ('text,label\n"a, b",1,,\n', {}),
        ('text,label\r"a, b",1\r', {}),
    ],
)
def test_a_file_is_read_as_its_header_or_the_config_shows(tmp_path, content, how):
    assert rows_of(tmp_path, content, **how) == ([("a, b", "1")], [])


@pytest.mark.parametrize("name", ["r.csv", "r.tsv"])
def test_a_header_may_hold_another_delimiter(tmp_path, name):
    columns = {"review, free text", "stars"}
    path = tmp_path / name
    path.write_text("review, free text\tstars\nmal, si\t1\n")
    (row,) = read_csv(path, Reading(1000, frozenset(columns)))
    assert row.values == {"review, free text": "mal, si", "stars": "1"}


def test_quotes_that_another_character_stands_before(tmp_path):
    content = 'text,label\n"he said \\"no\\", twice",neg\n"C:\\\\",pos\n'
    assert rows_of(tmp_path, content, escape="\\") == ([('he said "no", twice', "neg"), ("C:\\", "pos")], [])


def test_where_quotes_mean_nothing_they_stay(tmp_path):
    content = 'text\tlabel\n"an open one\tneg\n5" tall\tpos\n'
    assert rows_of(tmp_path, content, quote=None) == ([('"an open one', "neg"), ('5" tall', "pos")], [])


def test_a_quote_within_a_plain_cell_is_a_character(tmp_path):
    assert rows_of(tmp_path, 'text,label\n5" tall,pos\n') == ([('5" tall', "pos")], [])


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_columns_without_a_header_are_numbered(tmp_path, delimiter):
    columns = {"column2", "column1"}
    content = (
        f"1{delimiter}good; really, good\n0{delimiter}bad\n" if delimiter == "\t" else f"1{delimiter}good\n0{delimiter}bad\n"
    )
    rows, _ = rows_of(tmp_path, content, columns=columns, header=False)
    assert [label for _, label in rows] == ["1", "0"]
    with pytest.raises(VersoError, match=r"no column text; without a header the columns are column1 \('1'\), column2 \('good"):
        rows_of(tmp_path, content, columns={"text"}, header=False)


# --- names of columns ---


@pytest.mark.parametrize(
    "header",
    [
        "rese\u00f1a,label",
        "resen\u0303a,label",
        "\ufeffrese\u00f1a,label",
        "rese\u00f1a\u200b , label",
        "\u00a0rese\u00f1a,label\u00a0",
    ],
)
@pytest.mark.parametrize("said", ["rese\u00f1a", "resen\u0303a", "rese\u00f1a\u00a0"])
def test_names_that_look_the_same_are_the_same(tmp_path, header, said):
    rows, _ = rows_of(tmp_path, f"{header}\nbuena,1\n", columns={said, "label"})
    assert rows == [("buena", "1")]


@pytest.mark.parametrize("header", ["label,text,label", "label,text,la\u200bbel", "label,text, label"])
def test_two_columns_of_one_name_are_refused_with_their_places(tmp_path, header):
    with pytest.raises(VersoError, match="columns 1 and 3 are all called label"):
        rows_of(tmp_path, f"{header}\nneg,words,0\n")


def test_columns_that_nobody_reads_may_have_one_name_or_none(tmp_path):
    assert rows_of(tmp_path, ",text,label,,x,x\n0,words,1,,2,3\n") == ([("words", "1")], [])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("Text;Label;x\na;b;c\n", r"no column label, text; its header has Text, Label, x \(separated by semicolons\)"),
        ("a,b\n1,2\n", "source.header: none"),
        (b"rese\xf1a \xc3\xb1,text\nx,y\n", r"The header is not UTF-8: line 1, byte 5 is 0xF1 \(ñ in Windows-1252\)"),
        ("x" * 200_000, "line 1, which should be the header, is longer than 100000 bytes"),
        (",".join(f"column number {n}" for n in range(5000)), "column number 29 and 4970 more"),
        ("\n \n", "holds no row"),
    ],
)
def test_a_header_that_does_not_do_says_why_in_a_few_lines(tmp_path, content, message):
    with pytest.raises(VersoError, match=message) as caught:
        rows_of(tmp_path, content)
    assert len(str(caught.value)) < 1500


CELLS = st.lists(st.tuples(*[st.text(alphabet='a",\n\r é', max_size=12)] * 2), min_size=1, max_size=6)


@given(CELLS, st.sampled_from([0, 1]))
@settings(max_examples=50)
def test_csv_reads_what_the_csv_module_wrote(tmp_path_factory, cells, quoting):
    """But for blanks at the beginning of a cell without quotes, which cleaning would take anyway, and lines of empty cells. (No
    column is read, so that no text of two lines can look like two rows.)
    """
    import csv

    path = tmp_path_factory.getbasetemp() / "written.csv"
    with path.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out, quoting=quoting, lineterminator="\r\n").writerows([("x", "y"), *cells])
    read = [tuple(row.values.values()) for row in read_csv(path, Reading(10_000))]
    cells = [row for row in cells if quoting or "".join(row).strip(" ")]
    assert [[cell.lstrip(" ") for cell in row] for row in read] == [[cell.lstrip(" ") for cell in row] for row in cells]


@pytest.mark.parametrize("shift", range(4))
def test_a_line_cut_by_a_block_in_a_character_or_a_line_end_is_whole(tmp_path, shift):
    text = "é" * ((BLOCK - shift) // 2) + "\r\n"
    rows, _ = rows_of(tmp_path, f'text,label\r\n"{text}",1\r\nx,2\r', columns=COLUMNS)
    assert [(len(text), label) for text, label in rows] == [(len(text), "1"), (1, "2")]
    assert re.fullmatch("é+\r\n", rows[0][0])
