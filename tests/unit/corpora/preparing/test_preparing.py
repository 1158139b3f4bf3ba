"""Prepare: the parts hold every song once, cleaned, and the statistics say what became of the rest."""

import json
import random
from pathlib import Path

import pytest

from verso.corpora.preparing.clean import clean
from verso.corpora.preparing.statistics import LabelledStatistics, PartStatistics, SongStatistics, lengths
from verso.corpora.preparing.texts import prepare
from verso.errors import VersoError
from verso.files import read_json, read_json_lines, sha256_of, write_json_lines

SETTINGS = {
    "split": {"method": "stratified", "validation": 0.1, "test": 0.2, "seed": 42},
    "near_duplicates": {"threshold": 0.7, "shingle_words": 3, "permutations": 64},
}
PARTS = ("train", "validation", "test")


def songs(count, artists=("Ana", "Bo")):
    chance = random.Random(7)
    for number in range(count):
        lines = [" ".join(f"w{chance.randrange(900)}" for _ in range(6)) for _ in range(5)]
        text = "[Verse 1]\r\n" + "\n".join(lines) + "\n\n\n\n[Chorus: Ana]\nla  la \n"
        yield {
            "id": f"song-{number}",
            "text": text,
            "metadata": {"artist": artists[number % len(artists)], "title": f"T{number}"},
        }


@pytest.fixture
def run(tmp_path):
    def prepared(rows, kind="songs", name="out", **split):
        folder = tmp_path / name
        write_json_lines(folder / "documents.jsonl", rows)
        write_json_lines(folder / "acquired.jsonl", [{"where": "line 1", "reason": "no lyrics", "excerpt": ""}] * 2)
        outputs = {part: folder / f"{part}.jsonl" for part in PARTS}
        outputs |= {"statistics": folder / "statistics.json", "set_aside": folder / "duplicates.jsonl"}
        settings = SETTINGS | {"split": SETTINGS["split"] | split}
        prepare(folder / "documents.jsonl", kind, settings, folder / "acquired.jsonl", outputs)
        parts = {part: list(read_json_lines(folder / f"{part}.jsonl")) for part in PARTS}
        return parts, read_json(folder / "statistics.json"), list(read_json_lines(folder / "duplicates.jsonl")), folder

    return prepared


def test_every_song_is_in_one_part_cleaned_and_with_its_group(run):
    rows = list(songs(40))
    parts, statistics, duplicates, folder = run(rows)
    assert {part: len(parts[part]) for part in PARTS} == {"train": 29, "validation": 3, "test": 8}
    everything = {row["id"]: row for part in PARTS for row in parts[part]}
    for row in rows:
        assert everything[row["id"]] == {
            **row,
            "text": clean(row["text"]),
            "group": row["metadata"]["artist"],
            "cluster": row["id"],
        }
    assert duplicates == []
    assert statistics["groups_only_in_train"] == []
    assert sorted(path.name for path in folder.iterdir() if path.name.startswith(".")) == []


def test_statistics_add_up_to_what_the_files_hold(run):
    parts, statistics, _, folder = run(songs(40))
    for part in PARTS:
        texts = [row["text"] for row in parts[part]]
        counted = statistics["parts"][part]
        assert counted["sha256"] == sha256_of(folder / f"{part}.jsonl")
        assert counted["documents"] == len(texts)
        assert counted["characters"] == sum(map(len, texts))
        assert counted["words"] == sum(len(text.split()) for text in texts)
        assert counted["lines"] == sum(len(text.splitlines()) for text in texts)
        assert counted["bytes"] == (folder / f"{part}.jsonl").stat().st_size - sum(
            len(json.dumps({**row, "text": ""}, ensure_ascii=False)) + text.count("\n") + 1
            for row, text in zip(parts[part], texts, strict=True)
        )
        assert sum(group["words"] for group in counted["groups"].values()) == counted["words"]
    assert statistics["total"]["documents"] == 40
    assert {name: group["documents"] for name, group in statistics["total"]["groups"].items()} == {"Ana": 20, "Bo": 20}
    assert statistics["section_tags"] == {"Chorus": 40, "Verse 1": 40}
    assert statistics["set_aside"] == {"no lyrics": 2}


def test_an_exact_duplicate_is_set_aside_naming_the_one_that_stays(run):
    rows = list(songs(20))
    copies = [
        {**rows[3], "id": "copy", "text": rows[3]["text"].replace("\r\n", "\n") + "\t"},
        rows[5],
        {"id": "again", "text": rows[3]["text"], "metadata": rows[4]["metadata"]},
    ]
    parts, statistics, duplicates, _ = run(rows + copies)
    assert [(row["where"], row["reason"]) for row in duplicates] == [
        ("copy", "same text as song-3"),
        ("song-5", "same text as song-5"),
        ("again", "same text as song-3"),
    ]
    assert sum(map(len, parts.values())) == 20
    assert statistics["exact_duplicates"] == 3


def test_a_remix_is_on_the_same_side_as_its_original(run):
    rows = list(songs(60))
    remixes = [{**row, "id": f"{row['id']}-remix", "text": row["text"] + "\nremix"} for row in rows]
    parts, statistics, _, _ = run(rows + remixes)
    sides = {row["id"]: (part, row["cluster"]) for part in PARTS for row in parts[part]}
    for row in rows:
        assert sides[row["id"]] == sides[f"{row['id']}-remix"] == (sides[row["id"]][0], row["id"])
    near = statistics["near_duplicates"]
    assert (near["clusters"], near["documents"], len(near["listed"])) == (60, 120, 50)
    assert near["listed"][0] == ["song-0", "song-0-remix"]


def test_the_split_is_seeded_and_does_not_depend_on_the_order_of_the_file(run):
    rows = list(songs(40))
    sides = [
        {row["id"]: part for part in PARTS for row in run(order, name=name, seed=seed)[0][part]}
        for order, name, seed in [(rows, "a", 1), (rows[::-1], "b", 1), (rows, "c", 2)]
    ]
    assert sides[0] == sides[1] != sides[2]


def test_the_same_songs_give_the_same_bytes(run):
    folders = [run(songs(30), name=name)[3] for name in ("a", "b")]
    for part in (*(f"{part}.jsonl" for part in PARTS), "statistics.json"):
        assert (folders[0] / part).read_bytes() == (folders[1] / part).read_bytes()


def test_a_small_artist_is_named_as_being_in_train_only(run):
    rows = [*songs(20, ["Ana"]), {"id": "x", "text": "a song of one's own", "metadata": {"artist": "Zoe", "title": "X"}}]
    parts, statistics, _, _ = run(rows)
    assert statistics["groups_only_in_train"] == ["Zoe"]
    assert "Zoe" in {row["group"] for row in parts["train"]}


def test_copies_of_one_song_are_fewer_songs_than_the_split_needs_and_leave_nothing(run, tmp_path):
    (song,) = songs(1)
    with pytest.raises(VersoError, match="fewer documents than the split needs"):
        run([{**song, "id": str(number)} for number in range(20)])
    assert not any(Path(tmp_path / "out" / f"{part}.jsonl").exists() for part in PARTS)
    assert not list((tmp_path / "out").glob(".*"))


def test_no_document_at_all_says_so(run):
    with pytest.raises(VersoError, match="nothing to split"):
        run([])


def test_what_a_killed_job_left_behind_is_cleared(run, tmp_path):
    (tmp_path / "out" / ".train.jsonl.work").mkdir(parents=True)
    (tmp_path / "out" / ".train.jsonl.work" / "cleaned.jsonl").write_text("half")
    assert run(songs(20))[1]["total"]["documents"] == 20
    assert not list((tmp_path / "out").glob(".*"))


def test_lengths_say_how_long_documents_are():
    assert lengths([1, 2, 3, 4, 90]) == {"min": 1, "mean": 20, "median": 3, "p95": 72.8, "p99": 86.56, "max": 90}


def test_a_section_tag_is_counted_by_its_name_in_songs_alone():
    text = "[Verse 1: Ana & Bo]\nla [not one] la\n[Chorus]\n[]\n[a]b"
    assert SongStatistics().tags_in(text) == ["Verse 1", "Chorus"]
    assert PartStatistics().tags_in(text) == LabelledStatistics().tags_in(text) == []
