"""What acquiring leaves: its two files, attested by checksums, which stay where a later reading fails."""

import json

import pytest
from project import ROOT

from verso.corpora.acquired import acquire_and_attest, documents_of
from verso.corpora.preparing.texts import prepare
from verso.errors import VersoError

SONGS = ROOT / "resources/demo/songs.jsonl"
SOURCE = {
    "kind": "songs", "format": "auto", "columns": ["text", "artist", "title"], "text_key": "lyrics", "whole_files": False,
    "fields": {"text": "lyrics", "artist": "artist", "title": "title"}, "maximum_characters": 100000, "songs_per_artist": None,
}  # fmt: skip


def acquired_in(folder, path=SONGS, **changes):
    acquire_and_attest({**SOURCE, **changes}, path, folder / "acquired.json")
    return (folder / "acquired.json").read_text()


def test_the_same_bytes_are_attested_in_the_same_words_whatever_limit_they_come_by_and_but_for_its_name_whatever_file(tmp_path):
    for name in ("first", "second"):
        (tmp_path / name).mkdir()
    copy = tmp_path / "another name.jsonl"
    copy.write_bytes(SONGS.read_bytes())
    first = acquired_in(tmp_path / "first")
    assert acquired_in(tmp_path / "second", maximum_characters=90000, songs_per_artist=1000) == first
    assert acquired_in(tmp_path / "second", songs_per_artist=3) != first
    of_copy, of_first = json.loads(acquired_in(tmp_path / "second", copy)), json.loads(first)
    assert {name for name in of_first if of_copy[name] != of_first[name]} == {"reading.json"}, "which the statistics quote"


def test_how_a_file_was_read_is_said_beside_and_in_the_statistics(tmp_path):
    first = acquired_in(tmp_path)
    (tmp_path / "songs.jsonl").write_text(f"\n{SONGS.read_text(encoding='utf-8')}\n\nbroken", encoding="utf-16")
    with_blanks = acquired_in(tmp_path, tmp_path / "songs.jsonl")
    assert json.loads(with_blanks)["documents.jsonl"] == json.loads(first)["documents.jsonl"]
    (read,) = json.loads((tmp_path / "reading.json").read_text())
    songs = len(SONGS.read_text(encoding="utf-8").splitlines())
    counted = {"rows": songs, "set_aside": 1, "blank": 3, "header": 0, "continued": 0, "lines": songs + 4}
    assert read == {"file": "songs.jsonl", "encoding": "UTF-16", **counted}
    parts = {name: tmp_path / f"{name}.jsonl" for name in ("train", "validation", "test")}
    outputs = parts | {"statistics": tmp_path / "statistics.json", "set_aside": tmp_path / "set_aside_duplicates.jsonl"}
    settings = {
        "split": {"method": "stratified", "validation": 0.1, "test": 0.2, "seed": 1},
        "near_duplicates": {"threshold": 0.7, "shingle_words": 5, "permutations": 16},
    }
    prepare(**documents_of(tmp_path / "acquired.json"), kind="songs", settings=settings, outputs=outputs)
    assert json.loads(outputs["statistics"].read_text())["reading"] == [read]


def test_documents_and_rows_set_aside_stay_when_a_later_reading_fails(tmp_path):
    acquired_in(tmp_path)
    before = {name: (tmp_path / name).read_bytes() for name in ("documents.jsonl", "set_aside.jsonl", "reading.json")}
    (tmp_path / "acquired.json").unlink()  # as Snakemake does before a job
    with pytest.raises(VersoError):
        acquired_in(tmp_path, fields={**SOURCE["fields"], "text": "lyrcs"})
    assert {name: (tmp_path / name).read_bytes() for name in before} == before
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(before)  # so nothing passes for newly read


@pytest.mark.parametrize("name", ["documents.jsonl", "set_aside.jsonl", "reading.json"])
@pytest.mark.parametrize(
    ("spoil", "said"), [(lambda path: path.write_text("{}\n"), "changed"), (lambda path: path.unlink(), "missing")]
)
def test_a_corpus_that_is_not_the_acquired_one_is_refused_with_what_to_do(tmp_path, name, spoil, said):
    acquired_in(tmp_path)
    assert documents_of(tmp_path / "acquired.json")["documents"] == tmp_path / "documents.jsonl"
    spoil(tmp_path / name)
    with pytest.raises(VersoError, match=rf"{name}: .*{said}.*delete .*acquired.json"):
        documents_of(tmp_path / "acquired.json", patience=0)


def test_each_file_is_attested_by_its_size_and_its_checksum(tmp_path):
    attested = json.loads(acquired_in(tmp_path))
    assert attested["documents.jsonl"]["bytes"] == (tmp_path / "documents.jsonl").stat().st_size
    assert len(attested["set_aside.jsonl"]["sha256"]) == 64
