"""Exports: the report's files, read back as its scripts would read them."""

import json

import pytest

from verso.corpora.preparing.texts import prepare
from verso.corpora.songs.exports import SONG_END, SONG_START, export
from verso.files import read_json, read_json_lines, sha256_of, write_json_lines
from verso.text.vocabulary import build

TEMPLATES = {"instruction": "You are a poet.", "input": "Help me write a song in the style of {artist}."}
PARTS = ("train", "validation", "test")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpus")
    rows = [
        {
            "id": f"s{n}",
            "text": f'[Verse 1]\n"song" {n} <b>' + (f"\n{SONG_END}\n{SONG_START}\n<{SONG_START} la" if n < 8 else ""),
            "metadata": {"artist": ["Ana", "{artist} {0}"][n % 2], "title": f"T{n}"},
        }
        for n in range(20)
    ]
    write_json_lines(folder / "documents.jsonl", rows)
    write_json_lines(folder / "acquired.jsonl", [])
    settings = {
        "split": {"method": "stratified", "validation": 0.1, "test": 0.2, "seed": 42},
        "near_duplicates": {"threshold": 0.9, "shingle_words": 9, "permutations": 64},
    }
    prepared = {part: folder / f"{part}.jsonl" for part in PARTS}
    prepared |= {"statistics": folder / "statistics.json", "set_aside": folder / "dup.jsonl"}
    prepare(folder / "documents.jsonl", "songs", settings, folder / "acquired.jsonl", prepared)
    for unit in ("char", "word"):
        prepared[f"vocab_{unit}"] = folder / f"vocab_{unit}.json"
        build(prepared["train"], unit, 1, prepared[f"vocab_{unit}"])
    exports = {f"{part}_alpaca": folder / f"{part}_lyrics_alpaca.json" for part in PARTS}
    exports |= {f"{part}_text": folder / f"{part}_lyrics.txt" for part in PARTS}
    export(prepared, "poets", TEMPLATES, exports | {"dataset_info": folder / "dataset_info.json"})
    return folder


@pytest.mark.parametrize("part", PARTS)
def test_alpaca_holds_each_song_of_the_part_with_its_artist(folder, part):
    rows = list(read_json_lines(folder / f"{part}.jsonl"))
    assert json.loads((folder / f"{part}_lyrics_alpaca.json").read_text(encoding="utf-8")) == [
        {
            "instruction": "You are a poet.",
            "input": f"Help me write a song in the style of {row['group']}.",
            "output": row["text"],
        }
        for row in rows
    ]


@pytest.mark.parametrize("part", PARTS)
def test_marked_text_gives_the_songs_back(folder, part):
    text = (folder / f"{part}_lyrics.txt").read_text(encoding="utf-8")
    songs = [piece.removeprefix(f"{SONG_START}\n") for piece in text.split(f"\n{SONG_END}\n")]
    texts = [row["text"] for row in read_json_lines(folder / f"{part}.jsonl")]
    assert songs == [text.replace("<|song_", "< |song_") for text in texts] + [""], "a marker within a song ends it"
    assert text.count(SONG_START) == text.count(SONG_END) == len(texts)


def test_dataset_info_says_what_the_files_hold(folder):
    info = read_json(folder / "dataset_info.json")
    assert info["corpus"] == "poets"
    assert info["songs"] == {"train": 14, "validation": 2, "test": 4}
    assert info["songs_with_markers"] == 8
    assert info["songs_by_artist"]["test"] == {"Ana": 2, "{artist} {0}": 2}
    assert info["vocabulary_sizes"]["word"] == len(read_json(folder / "vocab_word.json")["tokens"])
    assert info["split"]["seed"] == 42
    assert set(info["files"]) == {
        *(f"{part}_lyrics_alpaca.json" for part in PARTS),
        *(f"{part}_lyrics.txt" for part in PARTS),
        "vocab_char.json",
        "vocab_word.json",
    }
    for name, about in info["files"].items():
        assert about["sha256"] == sha256_of(folder / name)
