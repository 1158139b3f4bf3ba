"""A soak of a search: four workers, forty trials, and a fault every moment until they are done.

Whatever is struck, as many trials are finished as are wanted, none twice, and each has the value that its training gives when
nobody disturbs it. `make soak-search ROUNDS=10`; or `python -m search_soak ROUNDS [FIRST [TRIALS]]`. A training takes a second,
most of which it waits, and the workers are forked from this process: a minute has some twenty faults on two busy cores.
"""

import multiprocessing
import os
import random
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path
from typing import Any

from line_search import SPACE, job_of, searched, train_line
from search_faults import cut_the_last_line, faults_of, journal_of, leave_a_lock, leave_half_a_line

from verso.files import read_csv
from verso.search import journal as journal_module
from verso.search.outcome import choose
from verso.search.worker import work

TRIALS, WORKERS = 40, 4
STEP_SECONDS = 0.03  # a training has 24 steps
GRACE = 4  # of a lock, instead of 30 s
PATIENCE = 600  # seconds for a round, far more than it needs
PATHS = [dimension["path"] for dimension in SPACE]
CHOSEN = ("best.json", "settings.json", "trials.csv", "curves.csv")
MEANT = ("Interrupted",)  # how a worker ends that was signalled or had to give its place away
FAULTS = {"kill": 5, "terminate": 3, "half_a_line": 3, "cut": 1, "lock": 1, "sleep": 1, "successor": 1}  # with their weights


class Search:
    """A search whose workers are processes; each is started again until it has ended well."""

    def __init__(self, folder: Path, generator: random.Random, trials: int = TRIALS) -> None:
        self.folder, self.generator, self.trials = folder, generator, trials
        self.struck, self.starts, self.errors = Counter[str](), 0, list[str]()
        self.workers: dict[int, Any] = {}
        self.all = list[Any]()  # those too whose place another has taken
        for number in range(1, WORKERS + 1):
            self.start(number)

    def start(self, number: int) -> None:
        self.starts += 1
        process = multiprocessing.get_context("fork").Process(target=self._work, args=(number, float(self.starts)))
        process.start()
        self.workers[number] = process
        self.all.append(process)

    def _work(self, number: int, started: float) -> None:
        with (self.folder / f"worker-{number}.log").open("a") as said:
            os.dup2(said.fileno(), 1)
            os.dup2(said.fileno(), 2)
        job = job_of(
            self.folder, number, trials=self.trials, workers=WORKERS, pruner="median", checkpoint_seconds=0.2, started=started
        )
        try:
            work(job, train_line(lambda step: time.sleep(STEP_SECONDS)))
        except Exception as error:
            traceback.print_exc()
            (self.folder / f"end-{os.getpid()}.txt").write_text(f"{type(error).__name__}: {error}")
            os._exit(1)
        os._exit(0)

    def run(self) -> list[str]:
        """What is wrong at the end; empty when nothing is."""
        ends, next_fault = time.monotonic() + PATIENCE, 0.0
        while any(process.exitcode != 0 for process in self.workers.values()):
            if time.monotonic() > ends:
                return [f"not done after {PATIENCE} s"]
            for number, process in list(self.workers.items()):
                if process.exitcode not in (None, 0):
                    self.start(number)
            if time.monotonic() >= next_fault and (journal := journal_of(self.folder / "checkpoints")):
                self._strike(journal)
                # A seventh more after each ten, so that a slow machine comes to an end too
                next_fault = time.monotonic() + self.generator.uniform(0.5, 2.5) * 1.15 ** (self.struck.total() / 10)
            time.sleep(0.02)
        return self._verdict()

    def _strike(self, journal: Path) -> None:
        living = [number for number, process in self.workers.items() if process.is_alive()]
        if not living:
            return
        number = self.generator.choice(living)
        struck = self.workers[number]
        (kind,) = self.generator.choices(list(FAULTS), weights=list(FAULTS.values()))
        self.struck[kind] += 1
        if kind == "kill":
            struck.kill()
        elif kind == "terminate":
            struck.terminate()
        elif kind == "half_a_line":
            struck.kill()
            leave_half_a_line(journal)
        elif kind == "cut":  # a whole line is lost only where the machine died that wrote it
            for process in self.all:
                process.kill()
                process.join()
            cut_the_last_line(journal, self.generator)
        elif kind == "lock":
            leave_a_lock(journal, self.generator.choice(["journal.log", "turn"]))
        elif kind == "sleep":
            os.kill(struck.pid, signal.SIGSTOP)
            time.sleep(1)
            os.kill(struck.pid, signal.SIGCONT)
        else:  # as a second Snakemake does
            self.start(number)

    def _verdict(self) -> list[str]:
        best, settings, trials, curves = (
            self.folder / name for name in ("best.json", "settings.json", "trials.csv", "curves.csv")
        )
        found = [self.folder / f"worker-{number}.json" for number in self.workers]
        choose(found, self.folder / "checkpoints", 1, best, settings, trials, curves)
        rows = read_csv(trials)
        wrong = faults_of(rows, self.trials, PATHS)
        wrong += [f"{path} is left" for path in self.folder.rglob("*.ckpt")]
        ends = [path.read_text() for path in self.folder.glob("end-*.txt")]
        wrong += [f"a worker ended by {end}" for end in ends if not end.startswith(MEANT)]
        for row in rows:
            if row["state"] == "complete" and (value := self._undisturbed(row)) != row["value"]:
                wrong.append(f"trial {row['number']} has {row['value']}, and {value} undisturbed")
        return wrong

    def _undisturbed(self, row: dict[str, str]) -> str:
        folder = self.folder / "undisturbed" / row["number"]
        values = {"learning_rate": float(row["learning_rate"]), "schedule.patience": int(row["schedule.patience"])}
        values["optimiser"] = row["optimiser"]
        searched(folder, trials=1, space=[{"path": path, "choices": [value]} for path, value in values.items()])
        choose([folder / "worker-1.json"], folder / "checkpoints", 1, *(folder / name for name in CHOSEN))
        return str(read_csv(folder / "trials.csv")[0]["value"])


def soak(folder: Path, seed: int, trials: int = TRIALS) -> tuple[list[str], Search]:
    """One round: what is wrong at its end, and the search."""
    journal_module.GRACE = GRACE
    searched(folder / "before", trials=1)  # so that all is imported when the workers are forked
    search = Search(folder, random.Random(seed), trials)
    try:
        return search.run(), search
    finally:
        for process in search.all:
            process.kill()


def main() -> int:
    """Soak so many rounds, with a line for each; exit code 1 when one of them is wrong."""
    count, first, trials = [int(given) for given in sys.argv[1:]] + [10, 1, TRIALS][len(sys.argv) - 1 :]
    base, wrong = Path(tempfile.mkdtemp(prefix="verso-soak-search-")), 0
    for seed in range(first, first + count):
        began, folder = time.monotonic(), base / str(seed)
        folder.mkdir()
        faults, search = soak(folder, seed, trials)
        struck = ", ".join(f"{number} {kind}" for kind, number in sorted(search.struck.items()))
        print(
            f"round {seed}: {'; '.join(faults) or 'all well'} | {search.struck.total()} faults ({struck}), {search.starts} "
            f"starts of workers, {time.monotonic() - began:.0f} s",
            flush=True,
        )
        wrong += bool(faults)
        if not faults:
            shutil.rmtree(folder)
    print(f"{count - wrong} of {count} rounds ended well" + (f"; see {base}" if wrong else ""))
    if not wrong:
        base.rmdir()
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main())
