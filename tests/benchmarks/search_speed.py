"""Speed of a search: workers at once, what a trial costs beyond its training, and loading a journal.

    PYTHONPATH=workflow/scripts python tests/benchmarks/search_speed.py

1. Eight trials of a small TextCNN on made-up texts, by four workers of one thread each, against one worker of one thread, and one
   with a thread for each of the machine's cores (two are meant). Seconds from the start of the first process to the end of the
   last, with imports, in turns, twice. A training takes seconds: one of less is over before a worker has imported torch.
2. What a trial costs beyond its training: seconds of one worker's eight trials without what the trainings themselves measured.
3. Loading a journal of 500 trials that reported 20 epochs each.

Exit code 1 when the first is below 1.7 times one thread's speed, when the second is above 5 % of a training and 1 s, or the third
above 1 s.
"""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

TESTS = Path(__file__).parents[1]
sys.path.insert(0, str(TESTS))
TRIALS, WORKERS = 8, 4
TEXTS, LENGTH = 4000, 120
SETTINGS: dict[str, Any] = {
    "family": "textcnn", "length": LENGTH, "embedding": 64, "frozen_vectors": False, "head": "softmax", "class_weights": "none",
    "batch": 32, "epochs": 12, "optimiser": "adam", "weight_decay": 0.0, "clip": 5.0, "filters": 60, "widths": [3, 4, 5],
    "dropout": 0.5, "schedule": {"name": "constant", "factor": 0.5, "patience": 2, "warmup": 0.0}, "best_by": "f1_macro",
    "early_stopping": None, "minutes": None,
}  # fmt: skip
SPACE = [{"path": "learning_rate", "low": 1e-4, "high": 1e-2, "step": None, "log": True, "integer": False}]


def worker(corpus: Path, folder: Path, number: int) -> None:
    """Work as one worker; the folder gets its file."""
    from line_search import job_of

    from verso.classification.small_networks.training import train
    from verso.search.worker import work

    def train_here(model: Path, run: Any) -> None:
        parts = {part: corpus / f"{part}.jsonl" for part in ("train", "validation")}
        names = {"vocabulary": corpus / "vocab_token.json", "labels": corpus / "labels.json"}
        train(**parts, **names, vectors=None, weights=model / "weights.safetensors", run=run)

    work(job_of(folder, number, settings=SETTINGS, space=SPACE, trials=TRIALS, sampler="random"), train_here)


def seconds_of(corpus: Path, folder: Path, workers: int, threads: int) -> float:
    """Seconds until so many workers have ended a search."""
    environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
    began = time.perf_counter()
    command = [sys.executable, __file__, str(corpus), str(folder)]
    processes = [
        subprocess.Popen([*command, str(number)], env=environment, stderr=subprocess.DEVNULL) for number in range(1, workers + 1)
    ]
    if any(process.wait() for process in processes):
        raise RuntimeError("a worker failed")
    return time.perf_counter() - began


def overhead(folder: Path) -> tuple[float, float]:
    """Seconds a trial, from its beginning to the next one's, beyond those of its training; and of a training."""
    from verso.search.study import seconds_of as training

    trials = study_in(folder).trials
    begun = [trial.datetime_start.timestamp() for trial in trials]
    beyond = [after - before - training(trial) for trial, before, after in zip(trials, begun, begun[1:], strict=False)]
    return median(beyond[1:]), median(map(training, trials))  # the first imports


def study_in(folder: Path) -> Any:
    """The study of a search."""
    import optuna

    from verso.search.journal import opened

    (journal,) = folder.glob("checkpoints/*/journal.log")
    return optuna.load_study(study_name="search", storage=opened(journal))


def seconds_to_load(trials: int, epochs: int) -> float:
    """Seconds to open and read a journal."""
    import optuna

    from verso.search.journal import opened

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "journal.log")
        study = optuna.create_study(study_name="search", storage=opened(path))
        distribution = optuna.distributions.FloatDistribution(0, 1)
        curve = {epoch: 1 / epoch for epoch in range(1, epochs + 1)}
        for _ in range(trials):
            study.add_trial(
                optuna.trial.create_trial(
                    state=optuna.trial.TrialState.RUNNING, params={"x": 0.5}, distributions={"x": distribution}
                )
            )
        with path.open("a") as stream:  # as a worker reports them: a line an epoch
            for number in range(trials):
                for epoch, value in curve.items():
                    stream.write(
                        f'{{"op_code":7,"worker_id":"a","trial_id":{number},"step":{epoch},"intermediate_value":{value}}}\n'
                    )
        began = time.perf_counter()
        found = optuna.load_study(study_name="search", storage=opened(path)).trials
        took = time.perf_counter() - began
        assert len(found) == trials
        assert found[-1].intermediate_values == curve
    return took


def main() -> int:
    """Measure and compare with the limits."""
    from reviews import write_corpus

    with tempfile.TemporaryDirectory() as folder:
        corpus = Path(folder, "corpus")
        write_corpus(corpus, train=TEXTS, validation=400)
        ratios, beyond, trained = [], 0.0, 0.0
        for turn in range(2):
            alone = seconds_of(corpus, Path(folder, f"one-{turn}"), 1, 1)
            beyond, trained = overhead(Path(folder, f"one-{turn}"))
            together = seconds_of(corpus, Path(folder, f"four-{turn}"), WORKERS, 1)
            ratios.append(alone / together)
            print(f"one worker {alone:.1f} s, {WORKERS} workers {together:.1f} s: {ratios[-1]:.2f} times as fast", flush=True)
            threads = os.cpu_count() or 1
            alone = seconds_of(corpus, Path(folder, f"threads-{turn}"), 1, threads)
            print(f"one worker of {threads} threads {alone:.1f} s: {alone / together:.2f} times as fast", flush=True)
    print(f"a trial beyond its training: {beyond:.2f} s, {beyond / trained:.1%} of {trained:.1f} s")
    loaded = seconds_to_load(500, 20)
    print(f"loading a journal of 500 trials of 20 epochs: {loaded:.2f} s")
    return int(median(ratios) < 1.7 or (beyond > 1 and beyond > 0.05 * trained) or loaded > 1)


if __name__ == "__main__":
    if len(sys.argv) == 4:
        worker(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
    else:
        sys.exit(main())
