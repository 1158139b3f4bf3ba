"""Acquire: bad input is counted, set aside with its reason and never lost silently; good input comes through whole."""

import csv
import gzip
import json
import os
import re
import shutil
import tracemalloc
import zipfile

import openpyxl
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from verso.corpora.acquire import acquire
from verso.corpora.documents import document_id
from verso.corpora.sources.file.opened import BLOCK, Reading
from verso.corpora.sources.file.readers import Fault, read_json_lines
from verso.corpora.sources.file.readers_csv import read_csv
from verso.corpora.sources.file.readers_json import read_json_array
from verso.errors import VersoError
from verso.files import read_json_lines as rows_of

FIELDS = {"text": "lyrics", "artist": "artist", "title": "title"}


def song(lyrics="la la la", artist="Ana", title="Uno", **more):
    return {"artist": artist, "title": title, "lyrics": lyrics, **more}


@pytest.fixture
def take(tmp_path):
    """Acquire from a file or folder; gives documents and what was set aside as (where, reason)."""

    def run(path, kind="songs", form="auto", fields=FIELDS, maximum=1000, most=None):
        source = {"type": "file", "path": str(path), "format": form, "fields": fields}
        source |= {"maximum_characters": maximum, "songs_per_artist": most, "kind": kind, "whole_files": False}
        source |= {"columns": ["text", *(("artist", "title") if kind == "songs" else ("title",))]}
        source |= {"page_noise": kind == "songs", "text_key": "lyrics" if kind == "songs" else "text"}
        acquire(source, path, tmp_path / "documents.jsonl", tmp_path / "set_aside.jsonl")
        aside = [(row["where"], row["reason"]) for row in rows_of(tmp_path / "set_aside.jsonl")]
        return list(rows_of(tmp_path / "documents.jsonl")), aside

    return run


def lines(path, *rows):
    path.write_bytes(b"".join((row if isinstance(row, bytes) else json.dumps(row).encode()) + b"\n" for row in rows))
    return path


def test_the_same_songs_come_out_of_every_format(tmp_path, take):
    songs = [song('uno, dos\n"tres"', "Ana", "A"), song("[Verse 1]\ncuatro", "Bo", "B")]
    lines(tmp_path / "s.jsonl", *songs)
    (tmp_path / "s.json").write_text(json.dumps(songs, indent=1))
    (tmp_path / "s.csv").write_text(
        'artist,title,lyrics\nAna,A,"uno, dos\n""tres"""\nBo,B,"[Verse 1]\ncuatro"\n', encoding="utf-8-sig", newline=""
    )
    for row in songs:
        (tmp_path / "folder" / row["artist"]).mkdir(parents=True)
        (tmp_path / "folder" / row["artist"] / f"{row['title']}.txt").write_text(row["lyrics"])
    (tmp_path / "s.tsv").write_text(
        "artist\ttitle\tlyrics\n"
        + "".join(f'{row["artist"]}\t{row["title"]}\t"{row["lyrics"].replace(chr(34), chr(34) * 2)}"\n' for row in songs)
    )
    shutil.copy(tmp_path / "s.jsonl", tmp_path / "s.ndjson")
    (tmp_path / "own.json").write_text(json.dumps({"name": "both", "songs": songs}))
    (tmp_path / "s.csv.gz").write_bytes(gzip.compress((tmp_path / "s.csv").read_bytes()))
    with zipfile.ZipFile(tmp_path / "s.zip", "w") as archive:
        archive.write(tmp_path / "s.tsv", "songs/all.tsv")
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(songs), tmp_path / "s.parquet")
    book = openpyxl.Workbook()
    for cells in (tuple(songs[0]), *(tuple(row.values()) for row in songs)):
        book.active.append(cells)
    book.save(tmp_path / "s.xlsx")
    expected, aside = take(tmp_path / "s.jsonl")
    assert aside == []
    assert [(row["text"], row["metadata"]) for row in expected] == [
        (row["lyrics"], {"artist": row["artist"], "title": row["title"]}) for row in songs
    ]
    for name in ("s.json", "s.csv", "folder", "s.tsv", "s.ndjson", "own.json", "s.csv.gz", "s.zip", "s.parquet", "s.xlsx"):
        assert take(tmp_path / name) == (expected, []), name


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (song(lyrics=" \n\u200b"), "no lyrics"),
        ({"artist": "Ana", "title": "Uno"}, "no lyrics"),
        (song(artist=""), "no artist"),
        (song(title=None), "no title"),
        (song(artist="NA"), 'no artist: "NA" means none'),
        (song(lyrics=["la"]), "lyrics is not text"),
        (song(lyrics="x" * 1001), "lyrics longer than 1000 characters"),
        (song(lyrics="half \ud83d pair"), "lyrics is not valid Unicode (half a surrogate pair)"),
        (["la"], "not a JSON object"),
        (b'{"artist": "Ana", "title"', "broken JSON"),
        (b"[" * 100_000, "longer than 77536 bytes"),
        (b"[" * 50_000, "broken JSON"),
        (song(lyrics="x" * 100_000), "longer than 77536 bytes"),
    ],
)
def test_a_bad_line_is_set_aside_with_its_reason_and_the_next_is_read(tmp_path, take, row, reason):
    documents, aside = take(lines(tmp_path / "songs.jsonl", song(), row, b"", song(title="Dos")))
    assert aside == [("songs.jsonl line 2", reason)]
    assert [document["metadata"]["title"] for document in documents] == ["Uno", "Dos"]
    groups = [row["group"] for row in rows_of(tmp_path / "set_aside.jsonl")]
    assert groups == ["" if "no artist" in reason or not isinstance(row, dict) or "bytes" in reason else "Ana"]


def test_what_is_set_aside_shows_how_it_begins(tmp_path, take):
    take(lines(tmp_path / "songs.jsonl", song(), "{ café ".encode() + b"x" * 10 + b"\xe9" + b"x" * 500))
    (row,) = rows_of(tmp_path / "set_aside.jsonl")
    assert row["excerpt"].startswith("{ café xxxxxxxxxx\ufffdxxx")
    assert len(row["excerpt"]) == 200


def test_mojibake_is_repaired_and_kept(tmp_path, take):
    documents, aside = take(lines(tmp_path / "songs.jsonl", song("canciÃ³n de amor", "JosÃ©")))
    assert (documents[0]["text"], documents[0]["metadata"]["artist"], aside) == ("canción de amor", "José", [])


NOISY = [
    ("12 ContributorsTranslationsEspañolUno Lyrics[Verse 1]\nla la\nle le5Embed", "[Verse 1]\nla la\nle le"),
    ("1 ContributorUno Lyrics“Uno” opens the album… Read More [Verse 1]\nla", "[Verse 1]\nla"),
    ("Uno Lyrics[Verse 1]\nla laEmbed", "[Verse 1]\nla la"),
    ("[Verse 1]\nla laYou might also like[Chorus]\nle le1.2KEmbed", "[Verse 1]\nla la\n[Chorus]\nle le"),
    ("la laYou might also likeLe le\nli", "la la\nLe le\nli"),
    ("la la\nSee Ana LiveGet tickets as low as $65You might also like\nle", "la la\n\nle"),
    ("back in 199912Embed", "back in 199912"),
]
SUNG = ["You might also like me", "Embed me", " la la \n\n\n\nle\n", "12 contributors", "One more Lyrics\nla", "3 Embedded"]


@pytest.mark.parametrize(("lyrics", "sung"), [*NOISY, *((text, text) for text in SUNG)])
@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_what_a_page_of_lyrics_says_is_cut_out_of_files_that_were_made_of_such(tmp_path, take, lyrics, sung, form):
    path = lines(tmp_path / "songs.jsonl", song(lyrics))
    if form == "csv":
        path = tmp_path / "songs.csv"
        with path.open("w", newline="", encoding="utf-8") as out:
            csv.writer(out).writerows([["artist", "title", "lyrics"], ["Ana", "Uno", lyrics]])
    documents, aside = take(path)
    assert ([row["text"] for row in documents], aside) == ([sung], [])


def test_a_song_of_which_the_page_alone_is_left_has_no_lyrics(tmp_path, take):
    documents, aside = take(lines(tmp_path / "songs.jsonl", song("2 ContributorsUno Lyrics\nEmbed"), song()))
    assert (len(documents), aside) == (1, [("songs.jsonl line 1", "no lyrics")])


def test_songs_per_artist_counts_valid_songs_in_file_order(tmp_path, take):
    rows = [song(title="bad", lyrics=""), *(song(f"la {n}", title=f"{n}") for n in range(4)), song(artist="Bo")]
    documents, aside = take(lines(tmp_path / "songs.jsonl", *rows), most=2)
    assert [(d["metadata"]["artist"], d["metadata"]["title"]) for d in documents] == [("Ana", "0"), ("Ana", "1"), ("Bo", "Uno")]
    assert len(aside) == 1


def test_a_copy_takes_no_other_song_s_place(tmp_path, take):
    rows = [song(text, title=str(number)) for number, text in enumerate(["la", "la \r\n", "le", "li", "la"], start=1)]
    documents, _ = take(lines(tmp_path / "songs.jsonl", *rows), most=2)
    assert [d["metadata"]["title"] for d in documents] == ["1", "2", "3", "5"]  # prepare sets the copies 2 and 5 aside


def test_a_song_that_was_not_taken_hides_no_copy_of_it(tmp_path, take):
    rows = [song("la"), song("le"), song("le", artist="Bo")]
    documents, _ = take(lines(tmp_path / "songs.jsonl", *rows, song("li", artist="Bo")), most=1)
    assert [(d["metadata"]["artist"], d["text"]) for d in documents] == [("Ana", "la"), ("Bo", "le")]


@pytest.mark.parametrize("form", ["jsonl", "json"])
def test_an_artist_or_a_title_may_be_a_number_as_it_may_in_csv(tmp_path, take, form):
    rows = [song(artist=311, title=1999), song("le", title=True)]
    content = json.dumps(rows) if form == "json" else "\n".join(map(json.dumps, rows))
    (tmp_path / f"songs.{form}").write_text(content)
    documents, aside = take(tmp_path / f"songs.{form}")
    assert [d["metadata"] for d in documents] == [{"artist": "311", "title": "1999"}]
    assert [reason for _, reason in aside] == ["title is not text"]


@pytest.mark.parametrize(
    "artist", ["../../etc", "a/b\\c", 'Ol\' "Quotes"', "🎤", "<script>alert(1)</script>", "x" * 300, "CON", "ñandú"]
)
def test_an_artist_cannot_lead_out_of_the_results_folder(tmp_path, take, artist):
    (document,), _ = take(lines(tmp_path / "songs.jsonl", song(artist=artist, title="<b>../..</b>")))
    assert document["metadata"]["artist"] == artist
    assert re.fullmatch(r"[a-z0-9-]{16,98}", document["id"])


@given(st.text(), st.text(), st.text())
def test_an_id_is_always_safe_and_depends_on_everything(artist, title, text):
    metadata = {"artist": artist, "title": title}
    try:
        name = document_id(text, metadata)
    except UnicodeEncodeError:
        return  # acquire refuses half surrogate pairs before
    assert re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,96}[a-z0-9])?", name)
    assert name == document_id(text, dict(metadata))
    assert name != document_id(text + "x", metadata)


def test_songs_whose_names_leave_nothing_to_read_do_not_collide():
    """Of 100,000 such songs 32 bits would give two the same id in two corpora of three."""
    names = {document_id("text", {"artist": "Кино", "title": "夜" * n}) for n in range(1, 200)}
    assert len(names) == 199
    assert all(re.fullmatch(r"[0-9a-f]{16}", name) for name in names)


def test_two_songs_of_one_title_are_both_kept_with_ids_of_their_own(tmp_path, take):
    documents, _ = take(lines(tmp_path / "songs.jsonl", song("one"), song("two")))
    assert len({document["id"] for document in documents}) == 2
    assert all(document["id"].startswith("ana-uno-") for document in documents)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("songs.jsonl", b"", "songs.jsonl: the file is empty"),
        ("songs.jsonl", b"\n\n", "holds no row"),
        (
            "songs.jsonl",
            b'{"artist": "Ana", "title": "Uno", "text": "la"}\n',
            "no field lyrics; fields of the first row: artist, title, text",
        ),
        ("songs.jsonl", b'{"lyrics": 1}\nnonsense\nnonsense', r"2 set aside: broken JSON \(first: songs.jsonl line 2\)"),
        ("songs.json", b'{"artist": "Ana"}', "expected a JSON array of objects"),
        ("songs.json", b"  \n ", "found only white space"),
        ("songs.json", b'[\n{"lyrics": "la"},\n{"lyrics" "la"}\n]', "broken JSON at line 3"),
        ("songs.json", b'[\n{"lyrics": "la"},\n', "broken JSON at line 3"),
        ("songs.csv", b"artist,title,text\nAna,Uno,la\n", "no column lyrics; its header has artist, title, text"),
        ("songs.xml", b"<songs/>", "set source.format"),
        ("song.txt", b"la la", "a single .txt names no artist"),
        ("songs.jsonl", "la la".encode("utf-16"), "broken JSON"),
    ],
)
def test_a_file_without_a_usable_row_stops_with_the_reason(tmp_path, take, name, content, message):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(VersoError, match=message) as caught:
        take(tmp_path / name)
    assert name in str(caught.value)
    assert not (tmp_path / "documents.jsonl").exists()


def test_a_missing_file_and_an_empty_folder_say_so(tmp_path, take):
    with pytest.raises(VersoError, match="no such file"):
        take(tmp_path / "songs.jsonl")
    (tmp_path / "folder").mkdir()
    with pytest.raises(VersoError, match=r"no \.txt file"):
        take(tmp_path / "folder")


def test_one_bad_song_does_not_cost_a_json_array(tmp_path, take):
    rows = [
        json.dumps(song()).encode(),
        b'{"artist": "Ana", "title": "T", "lyrics": "caf\xc3\xa9 caf\xe9"}',
        b"5",
        json.dumps(song("x" * 5000)).encode(),
    ]
    (tmp_path / "songs.json").write_bytes(b"[" + b",\n".join(rows) + b"]")
    documents, aside = take(tmp_path / "songs.json")
    assert len(documents) == 1
    assert aside == [
        ("songs.json item 2", "not UTF-8"),
        ("songs.json item 3", "not a JSON object"),
        ("songs.json item 4", "lyrics longer than 1000 characters"),
    ]


def test_a_folder_gives_artists_and_leaves_out_links_and_strays(tmp_path, take):
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "key.txt").write_text("not a song")
    folder = tmp_path / "folder"
    (folder / "Ana" / "album").mkdir(parents=True)
    (folder / "Ana" / "Uno.txt").write_text("la la", encoding="utf-8-sig")
    (folder / "Ana" / "album" / "Dos.TXT").write_text("le le")
    (folder / "Ana" / "cover.jpg").write_bytes(b"\xff")
    (folder / "Ana" / "latin.txt").write_bytes("canción".encode("latin-1"))
    (folder / "Ana" / "both.txt").write_bytes("canción".encode() + b" canci\xf3n")
    (folder / "Ana" / "long.txt").write_text("x" * 5000)
    (folder / "stray.txt").write_text("whose?")
    (folder / "Ana" / "leak.txt").symlink_to(tmp_path / "secret" / "key.txt")
    (folder / "Ana" / "circle").symlink_to(folder)
    (folder / "Ana" / "gone.txt").symlink_to(folder / "nowhere.txt")
    documents, aside = take(folder)
    assert [(d["metadata"]["artist"], d["metadata"]["title"], d["text"]) for d in documents] == [
        ("Ana", "Uno", "la la"),
        ("Ana", "latin", "canción"),
        ("Ana", "Dos", "le le"),
    ]
    assert sorted(aside) == [
        ("Ana/both.txt line 1, byte 15 is 0xF3 (ó in Windows-1252)", "not UTF-8"),
        ("Ana/circle", "a link to a folder"),
        ("Ana/gone.txt", "not a file"),
        ("Ana/leak.txt", "a link out of the folder"),
        ("Ana/long.txt", "longer than 4003 bytes"),
        ("stray.txt", "no artist"),
    ]


def test_files_of_a_folder_that_are_not_read_are_said_on_the_screen(tmp_path, take, capfd):
    (tmp_path / "folder" / "Ana").mkdir(parents=True)
    for name in ("0.txt", *(f"{number}.md" for number in range(1, 9)), ".DS_Store"):
        (tmp_path / "folder" / "Ana" / name).write_text(f"la la {name}")
    assert len(take(tmp_path / "folder")[0]) == 1
    said = capfd.readouterr().err
    assert "folder: 8 files not read, for they do not end in .txt: Ana/1.md, Ana/2.md, Ana/3.md, Ana/4.md, Ana/5.md, ..." in said


def test_files_of_a_folder_in_another_encoding_are_said_on_the_screen_in_one_sentence(tmp_path, take, capfd):
    (tmp_path / "folder" / "Ana").mkdir(parents=True)
    for number in range(8):
        text = f"la canción {number}".encode("cp1252" if number else "utf-8")
        (tmp_path / "folder" / "Ana" / f"{number}.txt").write_bytes(text)
    (tmp_path / "folder" / "Ana" / "x.txt").write_bytes("это не то".encode("cp1251"))
    documents, aside = take(tmp_path / "folder")
    assert {document["text"] for document in documents} == {f"la canción {number}" for number in range(8)}
    assert aside == [("Ana/x.txt line 1, byte 1 is 0xFD (ý in Windows-1252)", "not UTF-8")]
    said = capfd.readouterr().err
    assert "folder: files read as 7 Windows-1252, 1 UTF-8 (the first: Ana/1.txt line 1, byte 9 is 0xF3 (ó in" in said
    assert said.count("files read as") == 1
    assert "Ana/6.txt" not in said
    assert [row["group"] for row in rows_of(tmp_path / "set_aside.jsonl")] == ["Ana"]


def test_a_file_name_that_is_no_text_is_set_aside(tmp_path, take):
    (tmp_path / "folder" / "Ana").mkdir(parents=True)
    (tmp_path / "folder" / "Ana" / "Uno.txt").write_text("la la")
    with open(os.fsencode(tmp_path / "folder" / "Ana") + b"/caf\xe9.txt", "w") as out:  # noqa: PTH123 - pathlib takes no bytes
        out.write("la la")
    documents, aside = take(tmp_path / "folder")
    assert len(documents) == 1
    assert aside == [("Ana/caf\\xe9.txt", "title is not valid Unicode (half a surrogate pair)")]


@pytest.mark.parametrize("form", ["jsonl", "json", "csv"])
def test_a_song_longer_than_memory_is_never_held_whole(tmp_path, form):
    size, limit = 15_000_000, 100_000
    path = tmp_path / f"songs.{form}"
    giant = b'la \\"la\\" \\u00e9 ' * (size // 18) if form != "csv" else b'la ""la"", ' * (size // 11)
    record = {
        "jsonl": b'{"lyrics": "%s"}\n{"lyrics": "la"}\n',
        "json": b'[{"lyrics": "%s"}, {"lyrics": "la"}]',
        "csv": b'lyrics\n"%s"\nla\n',
    }
    path.write_bytes(record[form] % giant)
    read = {"jsonl": read_json_lines, "json": read_json_array, "csv": read_csv}[form]
    tracemalloc.start()
    try:
        rows = list(read(path, Reading(limit, frozenset({"lyrics"}))))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(rows) == 2
    assert isinstance(rows[0], Fault) or limit / 12 < len(rows[0].values["lyrics"]) < limit + 2 * BLOCK
    assert rows[1].values == {"lyrics": "la"}
    assert peak < 6_000_000  # two blocks, the limit, and what a regular expression remembers of one block


@pytest.mark.parametrize("end", ["\r", "\r\n", "\r\r\n", "\n"])
def test_csv_lines_may_end_as_on_any_system(tmp_path, take, end):
    songs = ["artist,title,lyrics", 'Ana,Uno,"la\rle\r\nli\nlo"', 'Ana,Dos,"la ""la"" la"', "Bo,Tres,la"]
    (tmp_path / "s.csv").write_bytes("".join(song + end for song in songs).encode())
    documents, aside = take(tmp_path / "s.csv")
    assert [d["text"] for d in documents] == ["la\rle\r\nli\nlo", 'la "la" la', "la"]
    assert aside == []


@pytest.mark.parametrize("shift", range(4))
def test_a_line_end_cut_by_a_block_is_still_one(tmp_path, shift):
    first = b"x" * (BLOCK - 4 - shift) + b"\r\n"  # after the header's three bytes and one more
    (tmp_path / "s.csv").write_bytes(b"x\r\n" + first + b"y\r\nz\r")
    rows = list(read_csv(tmp_path / "s.csv", Reading(2 * BLOCK, frozenset({"x"}))))
    assert [len(row.values["x"]) for row in rows] == [BLOCK - 4 - shift, 1, 1]
    assert [row.where for row in rows] == ["s.csv line 2", "s.csv line 3", "s.csv line 4"]


@given(st.lists(st.dictionaries(st.text(max_size=3), st.text(max_size=20), max_size=2), max_size=4), st.booleans())
@settings(max_examples=50)
def test_a_json_array_reads_as_json_does(tmp_path_factory, rows, escaped):
    path = tmp_path_factory.mktemp("json") / "s.json"
    path.write_text(json.dumps(rows, ensure_ascii=escaped), encoding="utf-8")
    assert [row.values for row in read_json_array(path, Reading(10_000))] == rows
