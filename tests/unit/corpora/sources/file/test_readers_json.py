"""JSON and JSON lines: what Python's own json writes is read, keys are compared as names are, and each item is accounted for."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from verso.corpora.sources.file.opened import BLOCK, NO_TEXT, Reading
from verso.corpora.sources.file.readers import Fault, Row, read_json_lines
from verso.corpora.sources.file.readers_json import keys_of_lists, opening_of, read_json_array
from verso.errors import VersoError

COLUMNS = frozenset({"text", "label"})


def read(path, content, reader=read_json_array, columns=COLUMNS, **how):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return list(reader(path, Reading(1000, columns, **how)))


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity"])
def test_a_number_that_is_none_is_no_value_and_harms_nothing(tmp_path, number):
    first = f'{{"text": "NaN, -Infinity", "label": {number}, "more": [{number},{number}]}}'
    second = f'{{"text": "la", "label": 1, "more": {number}}}'
    rows = read(tmp_path / "r.json", f"[{first}, {second}]")
    assert [dict(row.values) for row in rows] == [
        {"text": "NaN, -Infinity", "label": None, "more": [None, None]},
        {"text": "la", "label": 1, "more": None},
    ]
    of_lines = read(tmp_path / "r.jsonl", f"{first}\n{second}\n", read_json_lines)
    assert [row.values for row in of_lines] == [row.values for row in rows]


@pytest.mark.parametrize("shift", range(-12, 2))
def test_a_number_that_is_none_may_lie_across_two_blocks(tmp_path, shift):
    start = '[{"text": "' + "x" * (BLOCK - 36 + shift) + '", "label": '
    (row,) = list(read_json_array(file(tmp_path, start + "-Infinity}]"), Reading(2 * BLOCK, COLUMNS)))
    assert row.values["label"] is None


def file(tmp_path, content):
    (tmp_path / "r.json").write_text(content)
    return tmp_path / "r.json"


def test_what_is_broken_in_a_file_of_one_line_is_shown(tmp_path):
    content = ", ".join(f'{{"text": "some words {number}"}}' for number in range(5000))
    with pytest.raises(VersoError, match=r"""broken JSON at line 1, near '.*"text": undefined, "x": 1""") as caught:
        read(tmp_path / "r.json", f'[{content}, {{"text": undefined, "x": 1}}]')
    assert len(str(caught.value)) < 600


@pytest.mark.parametrize("word", ["NaNa", "nan", "Inf", "xNaN", "undefined", "None"])
def test_other_words_are_broken_json(tmp_path, word):
    with pytest.raises(VersoError, match="broken JSON at line 2"):
        read(tmp_path / "r.json", f'[\n{{"text": {word}}}]')


def test_the_one_list_of_objects_that_an_object_holds_is_read(tmp_path):
    songs = [{"title": "Uno", "artist": "Ana", "lyrics": "la"}, {"title": "Dos", "artist": "Ana", "lyrics": "le"}, 5]
    found = {"name": "Ana", "alternate_names": ["A."], "stats": {"songs": 2}, "songs": songs, "empty": [], "id": 5}
    rows = read(tmp_path / "r.json", json.dumps(found), columns=frozenset({"lyrics", "artist", "title"}))
    assert [row.values["title"] for row in rows if isinstance(row, Row)] == ["Uno", "Dos"]
    assert [(row.where, row.reason) for row in rows if isinstance(row, Fault)] == [("r.json songs item 3", "not a JSON object")]


def test_lines_in_a_json_file_and_an_array_in_json_lines_say_which_format_they_are(tmp_path):
    with pytest.raises(VersoError, match=r"another JSON value follows in line 2.* is jsonl: set source.format"):
        read(tmp_path / "r.json", '{"text": "x"}\n{"text": "y"}\n')
    with pytest.raises(VersoError, match=r"begins with \[, as a JSON array does; set source.format to json"):
        read(tmp_path / "r.jsonl", '[\n{"text": "x"},\n{"text": "y"}\n]', read_json_lines)


@pytest.mark.parametrize(
    ("found", "message"),
    [
        ({"a": [{"text": "x"}], "b": [{"text": "y"}]}, "holds several lists of objects, 'a' and 'b'"),
        ({"text": {"0": "x"}, "label": {"0": 1}}, r"found an object with the keys text, label. \(A table by columns"),
        ({"text": ["x"], "label": [1]}, r"found an object with the keys text, label"),
        ({}, "found an object with the keys none"),
        ({f"key {n}": n for n in range(1000)}, "key 19"),
    ],
)
def test_an_object_without_one_list_names_its_keys(tmp_path, found, message):
    with pytest.raises(VersoError, match=message) as caught:
        read(tmp_path / "r.json", json.dumps(found))
    assert len(str(caught.value)) < 1000


def test_the_keys_that_hold_lists_are_found_without_a_word_on_the_screen(tmp_path, capfd):
    content = '{"version": 1, "train": [{"text": "caf\u00e9 \xff"}], "x": {"y": []}, "test": []}'.encode("latin-1")
    (tmp_path / "r.json").write_bytes(content)
    reading = Reading(1000)
    assert keys_of_lists(tmp_path / "r.json", reading) == ["train", "test"]
    assert opening_of(tmp_path / "r.json", reading) == "{"
    assert (capfd.readouterr().err, reading.accounts) == ("", [])


@pytest.mark.parametrize("reader", [read_json_array, read_json_lines])
@pytest.mark.parametrize("key", ["rese\u00f1a", "resen\u0303a", "\ufeffrese\u00f1a", "rese\u00f1a\u00a0"])
def test_keys_that_look_like_the_names_of_the_config_are_these(tmp_path, reader, key):
    content = json.dumps({key: "buena", "label": 1}, ensure_ascii=False)
    rows = read(
        tmp_path / "r.x", f"[{content}]" if reader is read_json_array else content, reader, frozenset({"rese\u00f1a", "label"})
    )
    assert rows[0].values["rese\u00f1a"] == "buena"


def test_a_bad_byte_in_json_lines_is_named_and_costs_only_the_value(tmp_path):
    content = '{"text": "café", "label": 1}\n'.encode() + b'{"text": "la", "label": 2, "note": "caf\xe9"}\n{"text": "\xe9", \n'
    rows = read(tmp_path / "r.jsonl", content, read_json_lines)
    assert [row.where for row in rows] == ["r.jsonl line 1", "r.jsonl line 2, byte 40 is 0xE9 (é in Windows-1252)", rows[2].where]
    assert rows[1].values["text"] == "la"
    assert (rows[2].where, rows[2].reason) == ("r.jsonl line 3, byte 11 is 0xE9 (é in Windows-1252)", "broken JSON")


@pytest.mark.parametrize("codec", ["utf-16", "cp1252", "utf-8-sig"])
@pytest.mark.parametrize("reader", [read_json_array, read_json_lines])
def test_json_in_another_encoding_is_read(tmp_path, codec, reader):
    content = json.dumps({"text": "la niña", "label": 1}, ensure_ascii=False)
    (row,) = read(tmp_path / "r.x", (f"[{content}]" if reader is read_json_array else content).encode(codec), reader)
    assert row.values["text"] == "la niña"


@given(
    st.one_of(st.binary(max_size=200), st.lists(st.sampled_from([b'{"text": 1}', b"\n", b"{", b"\r\n", b"\xe9", b"[]", b" "])))
)
@settings(max_examples=60, deadline=None)
def test_of_any_bytes_each_line_of_json_lines_is_a_row_a_row_set_aside_or_blank(tmp_path_factory, data):
    data = data if isinstance(data, bytes) else b"".join(data)
    path = tmp_path_factory.getbasetemp() / "any.jsonl"
    path.write_bytes(data)
    reading = Reading(50, encoding="utf-8")
    try:
        rows = list(read_json_lines(path, reading))
    except VersoError as error:
        if not data.startswith((b"[", b"\xef\xbb\xbf[", *NO_TEXT)):
            raise AssertionError(data) from error
        return
    (account,) = reading.accounts
    lines = data.removeprefix(b"\xef\xbb\xbf").split(b"\n")
    assert account.lines == len(lines) - (not lines[-1])
    assert (account.rows, account.set_aside) == (
        sum(isinstance(row, Row) for row in rows),
        sum(isinstance(row, Fault) for row in rows),
    )
    assert account.lines == account.rows + account.set_aside + account.blank
