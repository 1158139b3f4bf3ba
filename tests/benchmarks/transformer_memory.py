"""Peak main memory of training a Transformer classifier on the CPU, against its estimate.

    OMP_NUM_THREADS=1 PYTHONPATH=workflow/scripts python tests/benchmarks/transformer_memory.py

Each model trains two epochs of some steps on made-up texts as long as the report's conversations, from files to written weights
as a run does, in a process of its own, and reports that process's peak resident memory. About three minutes on one core.

Exit code 1 when a peak is more than 15 % from the estimate.
"""

import json
import random
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parents[2]
sys.path[:0] = [str(REPOSITORY / "tests"), str(REPOSITORY / "workflow/scripts")]

MOST = 0.15
TEXTS, HELD_OUT, WORDS = 80, 80, (80, 260)
MODELS: dict[str, dict[str, Any]] = {
    "report's": {},
    "embedding 256": {"embedding": 256},
    "mean": {"pooling": "mean", "batch": 16},
    "mean, 4 blocks, batch 32": {"pooling": "mean", "layers": 4, "batch": 32, "embedding": 256},
}


def write_corpus(folder: Path) -> dict[str, Any]:
    """Write train, validation and labels into `folder`; returns the size of the corpus."""
    chance = random.Random(1)
    words = ["".join(chance.choices("etaoinshrdlu", k=chance.randint(2, 9))) for _ in range(3000)]
    size = {"characters": 0, "words": 0, "vocabulary_char": 20, "vocabulary_word": 3002, "documents": TEXTS}
    for part, count in (("train", TEXTS), ("validation", HELD_OUT)):
        texts = [" ".join(chance.choices(words, k=chance.randint(*WORDS))) for _ in range(count)]
        rows = [{"id": f"{part}-{n}", "text": text, "group": "ab"[n % 2]} for n, text in enumerate(texts)]
        (folder / f"{part}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        if part == "train":
            size |= {"characters": sum(map(len, texts)), "words": sum(len(text.split()) for text in texts)}
    (folder / "labels.json").write_text(json.dumps({"names": ["a", "b"], "ordered": False}))
    return size


def train(folder: Path, keys: dict[str, Any]) -> None:
    """Train in this process, and print its peak and the estimate, both in MB."""
    from calls import training_run

    from verso.classification.transformer import estimate, training
    from verso.classification.transformer.family import TransformerClassifier
    from verso.contract import CorpusSize
    from verso.machine.hardware import use_threads
    from verso.machine.memory import peak_ram_mb

    use_threads()
    entry = TransformerClassifier(family="transformer_classifier", epochs=2, **keys)
    size = write_corpus(folder)
    training.train(
        train=folder / "train.jsonl",
        validation=folder / "validation.jsonl",
        labels=folder / "labels.json",
        corpus_vocabulary=None,
        weights=folder / "model/weights.safetensors",
        vocabulary=folder / "model/vocabulary.json",
        run=training_run(folder, entry.model_dump(exclude={"needs", "miniature"})),
    )
    print(json.dumps([peak_ram_mb(), estimate.memory_mb(entry, CorpusSize(**size))]))


def main() -> int:
    """Train every model, print the figures and their verdicts."""
    print(f"{'':28}{'peak MB':>10}{'estimate':>10}{'peak / estimate':>17}   (within {MOST:.0%})", flush=True)
    fine = True
    for name, keys in MODELS.items():
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, __file__, folder, json.dumps(keys)]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        peak, estimated = json.loads(done.stdout.splitlines()[-1])
        print(f"{name:28}{peak:10,.0f}{estimated:10,.0f}{peak / estimated:17.3f}", flush=True)
        fine = fine and abs(peak / estimated - 1) <= MOST
    return 0 if fine else 1


if __name__ == "__main__":
    if len(sys.argv) == 3:
        train(Path(sys.argv[1]), json.loads(sys.argv[2]))
    else:
        sys.exit(main())
