"""Does preparing 30,000 songs take more memory than 300? Peak RSS and seconds of acquire + prepare for both.

python tests/benchmarks/preparation_memory.py       exit code 1 when 30,000 songs need more than 1.25 times the memory of 300

Songs are made of a bounded vocabulary by a seeded generator: 8 to 60 lines, every 20th a near-duplicate of the one before,
every 50th an exact one. Each size runs in a process of its own, since a peak can only grow.
"""

import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

SIZES = (300, 30_000)
MOST = 1.25
LIBRARY = Path(__file__).parents[2] / "workflow" / "scripts"
SOURCE = {
    "type": "file",
    "kind": "songs",
    "columns": ["text", "artist", "title"],
    "text_key": "lyrics",
    "whole_files": False,
    "format": "jsonl",
    "fields": {"text": "lyrics", "artist": "artist", "title": "title"},
    "maximum_characters": 200_000,
    "songs_per_artist": None,
}
SETTINGS = {
    "split": {"method": "stratified", "validation": 0.1, "test": 0.2, "seed": 42},
    "near_duplicates": {"threshold": 0.7, "shingle_words": 5, "permutations": 128},
}


def songs(count: int) -> Iterator[dict[str, str]]:
    """Made-up songs with a fixed vocabulary of 4,000 words, so that only their number grows."""
    chance = random.Random(42)
    syllables = [consonant + vowel for consonant in "bcdfglmnprstvz" for vowel in "aeiou"]
    words = ["".join(chance.choices(syllables, k=chance.randint(1, 4))) for _ in range(4_000)]
    text = ""
    for number in range(count):
        if number % 20 == 19:
            text += f"\nand once again {words[number % len(words)]}"
        elif number % 50 != 49:
            lines = [" ".join(chance.choices(words, k=chance.randint(4, 9))) for _ in range(chance.randint(8, 60))]
            for verse, start in enumerate(range(0, len(lines), 8), start=1):
                lines[start] = f"[Verse {verse}]\n{lines[start]}"
            text = "\n".join(lines)
        yield {"artist": f"Artist {number % 3}", "title": f"Song {number}", "lyrics": text}


def prepare_songs(folder: Path) -> dict[str, Any]:
    """Run acquire and prepare in this process; its peak memory in MB and the seconds of both."""
    sys.path.insert(0, str(LIBRARY))
    from verso.corpora.acquire import acquire
    from verso.corpora.preparing.texts import prepare

    start = time.perf_counter()
    acquire(SOURCE, folder / "songs.jsonl", folder / "documents.jsonl", folder / "set_aside.jsonl")
    acquired = time.perf_counter()
    outputs = {part: folder / f"{part}.jsonl" for part in ("train", "validation", "test")}
    outputs |= {"statistics": folder / "statistics.json", "set_aside": folder / "set_aside_duplicates.jsonl"}
    prepare(folder / "documents.jsonl", "songs", SETTINGS, folder / "set_aside.jsonl", outputs)
    return {
        "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "acquire": acquired - start,
        "prepare": time.perf_counter() - acquired,
    }


def main() -> int:
    """Measure each size in a process of its own and compare."""
    peaks = []
    for count in SIZES:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            with (folder / "songs.jsonl").open("w", encoding="utf-8") as out:
                out.writelines(json.dumps(song) + "\n" for song in songs(count))
            size = (folder / "songs.jsonl").stat().st_size / 1e6
            ran = subprocess.run([sys.executable, __file__, name], stdout=subprocess.PIPE, text=True, check=True)
            measured = json.loads(ran.stdout)
            statistics = json.loads((folder / "statistics.json").read_text(encoding="utf-8"))
        peaks.append(measured["mb"])
        print(
            f"{count:>6} songs ({size:6.1f} MB)  peak {measured['mb']:6.1f} MB  acquire {measured['acquire']:5.1f} s  "
            f"prepare {measured['prepare']:5.1f} s  exact duplicates {statistics['exact_duplicates']}  "
            f"near-duplicate clusters {statistics['near_duplicates']['clusters']}"
        )
    ratio = peaks[1] / peaks[0]
    print(f"memory of {SIZES[1]} over {SIZES[0]} songs: {ratio:.3f} (at most {MOST})")
    return int(ratio > MOST)


if __name__ == "__main__":
    if len(sys.argv) == 2:
        print(json.dumps(prepare_songs(Path(sys.argv[1]))))
    else:
        sys.exit(main())
