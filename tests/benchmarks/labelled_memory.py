"""Do the 208,000 reviews of REST-MEX 2025 prepare in 1.5 GB? Peak RSS and seconds of acquire, prepare, vocabulary and exports.

python tests/benchmarks/labelled_memory.py [COUNT]      exit code 1 when COUNT (208,000) reviews need more than 1.5 GB

Reviews are made by a seeded generator of Spanish words and made-up names, in the class mix of the task's training set: 3 to 250
words, every 20th a near-duplicate of the one before, every 50th an exact one, every 100th mojibake. The language filter is on.
Another size, a twentieth, is measured beside it: memory grows by what is in memory of each review, 37 bytes and its lengths.
"""

import csv
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

COUNT = 208_000
MOST_MB = 1500
LIBRARY = Path(__file__).parents[2] / "workflow" / "scripts"
CLASSES = {"1": 5441, "2": 5496, "3": 15519, "4": 45034, "5": 136561}
SPANISH = """
el la los las un una de del que y en por para con sin sobre muy más pero como cuando donde todo nada siempre nunca hotel
habitación playa comida restaurante servicio personal amable limpio sucio caro barato bueno malo excelente terrible
cerca lejos centro vista mar noche día desayuno cena camarero reserva precio calidad lugar visita museo calle niños
familia volveremos recomiendo nos gustó fue estaba tenía hicieron pedimos llegamos salimos tardaron esperamos
""".split()  # noqa: SIM905 - a list of them is 80 lines
SOURCE = {
    "type": "file",
    "kind": "labelled",
    "columns": ["text", "label"],
    "text_key": "text",
    "whole_files": False,
    "format": "csv",
    "fields": {"text": "Review", "label": "Polarity", "split": None},
    "maximum_characters": 200_000,
    "splits": None,
    "labels": None,
    "language": {"keep": ["es"], "confidence": 0.8},
}
SETTINGS = {
    "split": {"validation": 0.1, "test": 0.2, "seed": 42},
    "near_duplicates": {"threshold": 0.7, "shingle_words": 5, "permutations": 128},
    "labels": None,
    "ordered": None,
    "texts_per_label": None,
}


def reviews(count: int) -> Iterator[tuple[str, str]]:
    """Text and label of made-up reviews."""
    chance = random.Random(42)
    syllables = [consonant + vowel for consonant in "bcdfglmnprstvz" for vowel in "aeiou"]
    names = ["".join(chance.choices(syllables, k=chance.randint(2, 4))) for _ in range(4_000)]
    text = ""
    for number in range(count):
        if number % 20 == 19:
            text += f" {names[number % len(names)]}"
        elif number % 50 != 49:
            size = min(250, 3 + int(chance.expovariate(1 / 45)))
            text = " ".join(chance.choice(SPANISH if chance.random() < 0.8 else names) for _ in range(size))
        if number % 100 == 98:
            text = text.encode("utf-8").decode("latin-1")
        yield text, chance.choices([*CLASSES], [*CLASSES.values()])[0]


def prepare_reviews(folder: Path) -> dict[str, Any]:
    """Run all steps of preparing in this process; its peak memory in MB and the seconds of each."""
    sys.path.insert(0, str(LIBRARY))
    from verso.corpora.acquire import acquire
    from verso.corpora.labelled.exports import export_labelled
    from verso.corpora.labelled.prepare import prepare_labelled
    from verso.text.vocabulary import build

    parts = {part: folder / f"{part}.jsonl" for part in ("train", "validation", "test")}
    prepared = parts | {"statistics": folder / "statistics.json", "labels": folder / "labels.json"}
    moments = [time.perf_counter()]
    acquire(SOURCE, folder / "r.csv", folder / "documents.jsonl", folder / "set_aside.jsonl")
    moments.append(time.perf_counter())
    prepared["set_aside"] = folder / "set_aside_duplicates.jsonl"
    prepare_labelled(folder / "documents.jsonl", SETTINGS, folder / "set_aside.jsonl", prepared)
    moments.append(time.perf_counter())
    build(parts["train"], "token", 2, folder / "vocab_token.json")
    exports = {"everything": "r.json", "vocabulary": "r_vocab.json", "statistics": "r_stats.json"}
    exports |= {f"{part}_csv": f"r_{part}.csv" for part in parts}
    prepared["vocabulary"] = folder / "vocab_token.json"
    export_labelled(prepared, {name: folder / file for name, file in exports.items()})
    moments.append(time.perf_counter())
    return {
        "mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "acquire": moments[1] - moments[0],
        "prepare": moments[2] - moments[1],
        "export": moments[3] - moments[2],
    }


def measure(count: int) -> float:
    """Print what so many reviews take; their peak memory in MB."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with (folder / "r.csv").open("w", encoding="utf-8", newline="") as out:
            csv.writer(out).writerow(("Review", "Polarity"))
            csv.writer(out).writerows(reviews(count))
        size = (folder / "r.csv").stat().st_size / 1e6
        ran = subprocess.run([sys.executable, __file__, "--prepare", name], stdout=subprocess.PIPE, text=True, check=True)
        measured = json.loads(ran.stdout)
        statistics = json.loads((folder / "statistics.json").read_text(encoding="utf-8"))
    print(
        f"{count:>7} reviews ({size:6.1f} MB)  peak {measured['mb']:6.1f} MB  acquire {measured['acquire']:6.1f} s  "
        f"prepare {measured['prepare']:6.1f} s  vocabulary and exports {measured['export']:5.1f} s  "
        f"kept {statistics['total']['documents']}  exact duplicates {statistics['exact_duplicates']}  "
        f"near-duplicate clusters {statistics['near_duplicates']['clusters']}"
    )
    return float(measured["mb"])


def main(count: int) -> int:
    """Measure both sizes, each in a process of its own, since a peak can only grow."""
    small, peak = measure(count // 20), measure(count)
    per_review = (peak - small) * 1e6 / (count - count // 20)
    print(f"peak of {count} reviews: {peak:.0f} MB (at most {MOST_MB}); {per_review:.0f} bytes for each further review")
    return int(peak > MOST_MB)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--prepare"]:
        print(json.dumps(prepare_reviews(Path(sys.argv[2]))))
    else:
        sys.exit(main(int(sys.argv[1]) if sys.argv[1:] else COUNT))
