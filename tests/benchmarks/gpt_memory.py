"""Peak main memory of training a Transformer language model on the CPU, against its estimate.

    OMP_NUM_THREADS=1 PYTHONPATH=workflow/scripts python tests/benchmarks/gpt_memory.py

Each model trains two epochs of a few steps on a made-up text, from files to written weights as a run does, in a
process of its own, and reports that process's peak resident memory. The report's model and its wide one read 5,000 words, the
modern block and the recipe of config/tinyshakespeare.yaml characters. About two minutes on one core.

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
REPORT = {"unit": "word", "positions": "sinusoidal", "label_smoothing": 0.1, "batch": 32, "window": 128}
MODELS: dict[str, dict[str, Any]] = {
    "report's, width 256": {**REPORT, "width": 256},
    "report's, width 512": {**REPORT, "width": 512},
    "modern, width 256": {
        "unit": "char", "width": 256, "layers": 4, "positions": "rotary", "norm": "rms", "qk_norm": True,
        "activation": "squared_relu", "biases": False, "zero_projections": True, "optimiser": "muon", "dropout": 0.0,
    },
}  # fmt: skip


def recipe() -> dict[str, Any]:
    """The entry gpt-char of config/tinyshakespeare.yaml, without its name, epochs and needs."""
    import yaml

    entry = yaml.safe_load((REPOSITORY / "config/tinyshakespeare.yaml").read_text())["models"]["gpt-char"]
    return {key: value for key, value in entry.items() if key not in {"family", "epochs", "needs"}}


def write_corpus(folder: Path, unit: str, window_tokens: int) -> dict[str, Any]:
    """Write a training text of 6 batches or more, a validation text and a vocabulary into `folder`; returns its sizes."""
    from verso.text.vocabulary import load_vocabulary

    chance = random.Random(1)
    words = [f"w{number}" for number in range(4997)] if unit == "word" else [chr(97 + number) for number in range(65)]
    made = [chance.choice(words) for _ in range(6 * window_tokens)]
    texts = {"train": made, "validation": made[:1000]}
    for part, tokens in texts.items():
        joined = (" " if unit == "word" else "").join(tokens)
        (folder / f"{part}.jsonl").write_text(json.dumps({"id": part, "text": joined}) + "\n")
    known = ["<|unknown|>", "<|start|>", "<|end|>", *words]
    vocabulary = {"unit": unit, "minimum_count": 1, "training_tokens": len(made), "tokens": known, "counts": [0] * len(known)}
    (folder / "vocabulary.json").write_text(json.dumps(vocabulary))
    count = len(load_vocabulary(folder / "vocabulary.json").encode((" " if unit == "word" else "").join(made)))
    return {"characters": count, "words": count, "vocabulary_char": len(known), "vocabulary_word": len(known)}


def train(folder: Path, keys: dict[str, Any]) -> None:
    """Train in this process, and print its peak and the estimate, both in MB."""
    from calls import training_run

    from verso.contract import CorpusSize
    from verso.language_modelling.gpt import estimate, training
    from verso.language_modelling.gpt.family import GPTSettings
    from verso.machine.hardware import use_threads
    from verso.machine.memory import peak_ram_mb

    use_threads()
    entry = GPTSettings(family="gpt", epochs=2, needs={"cpus": 1, "gpus": 0}, **keys)
    size = write_corpus(folder, entry.unit, entry.batch * entry.accumulation * entry.window)
    training.train(
        train=folder / "train.jsonl",
        validation=folder / "validation.jsonl",
        vocabulary=folder / "vocabulary.json",
        weights=folder / "model/weights.safetensors",
        run=training_run(folder, entry.model_dump(exclude={"needs", "miniature", "scoring"})),
    )
    print(json.dumps([peak_ram_mb(), estimate.memory_mb(entry, CorpusSize(**size))]))


def main() -> int:
    """Train every model, print the figures and their verdicts."""
    print(f"{'':24}{'peak MB':>10}{'estimate':>10}{'peak / estimate':>17}   (within {MOST:.0%})")
    fine = True
    for name, keys in {**MODELS, "recipe, tinyshakespeare": recipe()}.items():
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, __file__, folder, json.dumps(keys)]
            done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        peak, estimated = json.loads(done.stdout.splitlines()[-1])
        print(f"{name:24}{peak:10,.0f}{estimated:10,.0f}{peak / estimated:17.3f}")
        fine = fine and abs(peak / estimated - 1) <= MOST
    return 0 if fine else 1


if __name__ == "__main__":
    if len(sys.argv) == 3:
        train(Path(sys.argv[1]), json.loads(sys.argv[2]))
    else:
        sys.exit(main())
