"""Do articles prepare in flat memory? Peak RSS and seconds of acquire, prepare, vocabulary and exports.

python tests/benchmarks/articles_memory.py [COUNT]      exit code 1 when the peak of COUNT (1,000) articles is above MOST_MB,
                                                        or that of four times as many is more than FURTHER_MB above it

Articles are made by a seeded generator: 200 to 3,500 words out of 40,000, as long as chapters of novels, with what a wiki
leaves in them; every 20th a near-duplicate of the one before, every 50th an exact one.
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

COUNT = 1_000
MOST_MB = 150
FURTHER_MB = 20  # the vocabulary, and a few numbers an article; the texts of 3,000 further articles are 36 MB
LIBRARY = Path(__file__).parents[2] / "workflow" / "scripts"
ORIGIN = ("url", "revision", "licence", "history")
SOURCE = {
    "kind": "articles", "format": "jsonl", "columns": ["text", "title"], "origin": [*ORIGIN], "text_key": "text",
    "whole_files": False, "maximum_characters": 200_000,
    "fields": {"text": "text", "title": "title", **{name: name for name in ORIGIN}},
}  # fmt: skip
SETTINGS = {
    "split": {"validation": 0.1765, "test": 0.15, "seed": 42},
    "near_duplicates": {"threshold": 0.7, "shingle_words": 5, "permutations": 128},
    "set_aside_limit": None,
    "minimum_characters": 500,
    "cleaning": {"urls": True, "references": True, "markup": True, "special_characters": True, "line_breaks": "kept"},
}


def articles(count: int) -> Iterator[dict[str, str]]:
    """Rows of made-up articles."""
    chance = random.Random(42)
    syllables = [consonant + vowel for consonant in "bcdfglmnprstvz" for vowel in "aeiouáé"]
    words = ["".join(chance.choices(syllables, k=chance.randint(1, 4))) for _ in range(40_000)]
    weights = [1 / rank for rank in range(1, len(words) + 1)]
    text = ""
    for number in range(count):
        if number % 20 == 19:
            text += f" Y {words[number % len(words)]}."
        elif number % 50 != 49:
            drawn = chance.choices(words, weights, k=chance.randint(200, 3500))
            drawn[10::90] = [f"[[{word}|{word}s]][{number % 90}]" for word in drawn[10::90]]
            text = " ".join(drawn) + " https://x.example/a"
        yield {"title": f"T{number}", "text": text, "url": f"https://x.example/{number}", "licence": "CC BY-SA 4.0"}


def prepare_all(folder: Path) -> dict[str, Any]:
    """Run all steps of preparing in this process; its peak memory in MB and the seconds of each."""
    sys.path.insert(0, str(LIBRARY))
    from verso.corpora.acquire import acquire
    from verso.corpora.articles.exports import export_articles
    from verso.corpora.articles.prepare import prepare_articles
    from verso.text.vocabulary import build

    parts = {part: folder / f"{part}.jsonl" for part in ("train", "validation", "test")}
    prepared = parts | {"statistics": folder / "statistics.json", "set_aside": folder / "set_aside_articles.jsonl"}
    moments = [time.perf_counter()]
    acquire(SOURCE, folder / "a.jsonl", folder / "documents.jsonl", folder / "set_aside.jsonl")
    moments.append(time.perf_counter())
    prepare_articles(folder / "documents.jsonl", SETTINGS, folder / "set_aside.jsonl", prepared)
    moments.append(time.perf_counter())
    prepared["vocab_word"] = folder / "vocab_word.json"
    build(parts["train"], "word", 2, prepared["vocab_word"])
    exports = {f"{part}_text": folder / f"{part}.txt" for part in parts}
    exports |= {
        "vocabulary": folder / "vocab.json",
        "dataset_info": folder / "info.json",
        "attribution": folder / "attribution.csv",
    }
    export_articles(prepared, "articles", 5000, exports)
    moments.append(time.perf_counter())
    return {
        "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "acquire": moments[1] - moments[0],
        "prepare": moments[2] - moments[1],
        "export": moments[3] - moments[2],
    }


def measure(count: int) -> float:
    """Print what so many articles take; their peak memory in MB. In a process of its own, since a peak can only grow."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with (folder / "a.jsonl").open("w", encoding="utf-8") as out:
            out.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in articles(count))
        size = (folder / "a.jsonl").stat().st_size / 1e6
        ran = subprocess.run([sys.executable, __file__, "--prepare", name], stdout=subprocess.PIPE, text=True, check=True)
        measured = json.loads(ran.stdout)
        statistics = json.loads((folder / "statistics.json").read_text(encoding="utf-8"))
    print(
        f"{count:>6} articles ({size:5.1f} MB)  peak {measured['mb']:6.1f} MB  acquire {measured['acquire']:5.1f} s  "
        f"prepare {measured['prepare']:5.1f} s  vocabulary and exports {measured['export']:5.1f} s  "
        f"kept {statistics['total']['documents']}  exact duplicates {statistics['exact_duplicates']}  "
        f"near-duplicate clusters {statistics['near_duplicates']['clusters']}"
    )
    return float(measured["mb"])


def main(count: int) -> int:
    """Measure so many articles and four times as many."""
    peak, further = measure(count), measure(4 * count)
    print(f"peak of {count} articles: {peak:.0f} MB (at most {MOST_MB}); {3 * count} more: {further - peak:+.0f} MB")
    return int(peak > MOST_MB or further - peak > FURTHER_MB)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--prepare"]:
        print(json.dumps(prepare_all(Path(sys.argv[2]))))
    else:
        sys.exit(main(int(sys.argv[1]) if sys.argv[1:] else COUNT))
