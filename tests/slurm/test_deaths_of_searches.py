"""Deaths of the worker of a search, of its node, its disk and its Snakemake: the trials are those of a search nobody disturbs.

Three searches of one worker with the same space and seed, side by side, each on a node of its own with a Snakemake of its own:

    killed     kill -9, with the journal cut and both its locks left behind; scancel
    restarted  Snakemake killed, a second start, one beside it, one that ignores the lock, the node down
    timed      the time limit, a full disk

Each fault strikes a worker that stands still in the middle of a trial, after a checkpoint of it. What needs no SLURM is struck in
tests/unit/search: the journal cut and its disk full at each byte, several workers.
"""

import json
import random
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest
from needed import missing
from project import TINY, Project
from search_faults import cut_the_last_line, leave_a_lock
from slurm.cluster import Cluster
from slurm.small_disk import CannotMount, fill, small_disk
from slurm.study import SITE, Study, study_config

from verso.files import read_csv
from verso.search.outcome import choose

SPACE = {"learning_rate": {"from": 1e-3, "to": 1e-2, "log": True}, "hidden": [12, 16, 24], "dropout": {"from": 0.0, "to": 0.4}}
SEARCH = {"space": SPACE, "trials": 4, "epochs": 2, "pruner": "none", "seed": 3}
# 51 steps an epoch; dropout between the layers, so that random numbers matter
MODEL = {**TINY, "cell": "lstm", "unit": "char", "layers": 2, "batch": 8, "window": 40, "search": SEARCH}
FOLDER = "results/runs/songs/searched/search"
FOUND = f"{FOLDER}/worker-1.json"
LOG = "results/logs/try_recurrent_lm/songs/searched/search/worker-1.log"
PATIENCE = 600  # seconds of each wait: on a machine with seven processes to a core one took more than 300
SAME = ("number", "state", "value", "reason", "retry_of", "epochs", *SPACE)  # of a trial, whenever and wherever it was trained


@dataclass
class Deaths:
    """The three studies after their end, and what was seen of the faults while they struck."""

    killed: Study
    restarted: Study
    timed: Study
    reference: Project
    seen: dict[str, Any] = field(default_factory=dict)


def slow_down(project: Project) -> None:
    """Let a step wait, so that a trial hardly depends on the machine; and no lock of a dead process be kept for a minute."""
    step = "            self.steps.take()\n"
    project.edit("workflow/scripts/verso/training/loop.py", step, f"{step}            time.sleep(0.03)\n")
    project.edit("workflow/scripts/verso/search/journal.py", "GRACE = 30 ", "GRACE = 3 ")


@pytest.fixture(scope="module")
def deaths(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deaths]:
    """All that is struck, struck; and all Snakemakes over."""
    reference = Project.made_in(tmp_path_factory.mktemp("reference"), study_config({"searched": MODEL}))
    reference.make("results/corpora/songs/vocab_char.json")

    def study(name: str, partition: str) -> Study:
        made = Study(reference.copied_to(tmp_path_factory.mktemp(name)), cluster)
        made.set_site({**SITE, "partition": partition})
        slow_down(made.project)
        return made

    found = Deaths(study("killed", "CPU"), study("restarted", "A100"), study("timed", "TITAN"), reference)
    with ExitStack() as disk, ThreadPoolExecutor() as pool:
        try:
            disk.enter_context(small_disk(found.timed.project.path(f"{FOLDER}/checkpoints"), 8))
        except CannotMount as reason:
            found.seen["no small disk"] = str(reason)
        strikes = (strike_the_worker, strike_snakemake_and_the_node, strike_by_the_limits_of_time_and_disk)
        striking = [pool.submit(strike, found) for strike in strikes]
        reference.make(FOUND)
        for struck in striking:
            struck.result()
        yield found


class Started:
    """Snakemake for the search; killed where a test fails."""

    def __init__(self, study: Study, *arguments: str) -> None:
        self.study, self.process = study, study.start(FOUND, *arguments)

    def __enter__(self) -> "Started":
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def ends_well(self) -> None:
        self.study.until(lambda: self.process.poll() is not None, "the end of Snakemake", PATIENCE)
        assert self.process.returncode == 0, self.study.output()


def log_of(study: Study) -> str:
    """The log of the last attempt, which begins it anew; empty for a moment before."""
    path = study.project.path(LOG)
    return path.read_text() if path.exists() else ""


def attempts(study: Study) -> list[dict[str, Any]]:
    path = study.project.path(LOG).with_suffix(".job.json")
    return json.loads(path.read_text())["attempts"] if path.exists() else []


def causes(study: Study) -> list[Any]:
    return [attempt["cause"] for attempt in attempts(study)]


def checkpoints(study: Study) -> set[Path]:
    return set(study.project.path(f"{FOLDER}/checkpoints").glob("*/trial-*/checkpoints/*/*.ckpt"))


def suspended_in_a_trial(study: Study, attempt: int) -> dict[str, Any]:
    """The record of the attempt (0: the first), whose process stands still in the middle of a trial with a checkpoint of it."""
    study.until(lambda: len(attempts(study)) > attempt, f"attempt {attempt + 1}", PATIENCE)
    before = checkpoints(study)
    record = attempts(study)[attempt]
    process = psutil.Process(record["pid"])

    def stands() -> bool:
        assert attempts(study)[attempt]["end"] is None, f"attempt {attempt + 1} ended before it was struck"
        if not checkpoints(study) - before:
            return False
        process.suspend()
        if checkpoints(study) - before:
            return True
        process.resume()
        return False

    study.until(stands, f"attempt {attempt + 1} to save a checkpoint in a trial", PATIENCE)
    return record


def journal_of(study: Study) -> Path:
    (journal,) = study.project.path(f"{FOLDER}/checkpoints").glob("*/journal.log")
    return journal


def strike_the_worker(deaths: Deaths) -> None:
    """kill -9, and while nobody works: the journal cut in its last line, and both locks left behind. Then scancel."""
    study = deaths.killed
    with Started(study) as snakemake:
        record = suspended_in_a_trial(study, 0)
        psutil.Process(record["pid"]).kill()
        study.until(lambda: not psutil.pid_exists(record["pid"]), "the worker to be gone", PATIENCE)
        journal = journal_of(study)
        cut_the_last_line(journal, random.Random(1))
        deaths.seen["locks left"] = [leave_a_lock(journal, name) for name in ("journal.log", "turn")]
        record = suspended_in_a_trial(study, 1)
        study.cluster.cancel(int(record["slurm_job"]))
        psutil.Process(record["pid"]).resume()
        snakemake.ends_well()


def strike_snakemake_and_the_node(deaths: Deaths) -> None:
    """Snakemake is killed while its worker goes on; started again, and a second time beside that. Then the node dies."""
    study = deaths.restarted
    with Started(study) as snakemake:
        orphan = suspended_in_a_trial(study, 0)
        snakemake.process.kill()
    assert study.run("--unlock") == 0, study.output()
    with Started(study, "--retries", "0") as second:
        wait_for_a_worker_that_waits(study, 1)
        psutil.Process(orphan["pid"]).resume()
        study.until(lambda: attempts(study)[0]["end"], "the first worker to hand over", PATIENCE)
        stands = suspended_in_a_trial(study, 1)
        with Started(study) as beside:
            assert beside.process.wait(timeout=PATIENCE) != 0
        deaths.seen["refused"] = "Directory cannot be locked" in study.output()
        with Started(study, "--nolock") as third:
            wait_for_a_worker_that_waits(study, 2)
            psutil.Process(stands["pid"]).resume()
            study.until(lambda: attempts(study)[1]["end"], "the second worker to hand over", PATIENCE)
            record = suspended_in_a_trial(study, 2)
            node = study.cluster.job(int(record["slurm_job"]))["NodeList"]
            study.cluster.crash_node(node)
            study.cluster.fail_node(node)
            study.until(lambda: not psutil.pid_exists(record["pid"]), "the crash to end the worker", PATIENCE)
            study.cluster.start_node(node)
            third.ends_well()
        second.process.wait(timeout=PATIENCE)


def wait_for_a_worker_that_waits(study: Study, attempt: int) -> None:
    """Wait until the attempt (0: the first) has claimed its worker's place."""

    def waits() -> bool:
        return len(attempts(study)) > attempt and "to save it and let go" in log_of(study)

    study.until(waits, f"attempt {attempt + 1} to wait for its place", PATIENCE)


def strike_by_the_limits_of_time_and_disk(deaths: Deaths) -> None:
    """The end of the first attempt is set to now, as an administrator may: a search requests at least a minute for each trial."""
    study = deaths.timed
    with Started(study) as snakemake:
        record = suspended_in_a_trial(study, 0)
        now = time.strftime("%Y-%m-%dT%H:%M:%S")
        study.cluster.run("scontrol", "update", f"JobId={record['slurm_job']}", f"EndTime={now}")
        assert study.cluster.wait(int(record["slurm_job"]), seconds=PATIENCE)["JobState"] == "TIMEOUT"
        if "no small disk" not in deaths.seen:
            record = suspended_in_a_trial(study, 1)
            filler = study.project.path(f"{FOLDER}/checkpoints/filler")
            fill(filler)
            psutil.Process(record["pid"]).resume()
            study.until(lambda: attempts(study)[1]["end"], "the second attempt to end on the full disk", PATIENCE)
            deaths.seen["log on a full disk"] = log_of(study)
            filler.unlink()
        snakemake.ends_well()


def what_was_tried(project: Project) -> list[dict[str, str]]:
    """All of the trials but when and where they were trained."""
    names = ("best.json", "settings.json", "trials.csv", "curves.csv")
    best, settings, trials, curves = (project.path(name) for name in names)
    choose([project.path(FOUND)], project.path(f"{FOLDER}/checkpoints"), 1, best, settings, trials, curves)
    return [{key: row[key] for key in SAME} for row in read_csv(trials)]


def is_undisturbed(deaths: Deaths, study: Study) -> bool:
    expected = what_was_tried(deaths.reference)
    assert [row["state"] for row in expected] == ["complete"] * SEARCH["trials"]
    assert what_was_tried(study.project) == expected
    assert not checkpoints(study)
    return True


def resumed(study: Study) -> bool:
    """Whether the last life began in the middle of a trial."""
    return "going on from the checkpoint of" in log_of(study)


def test_a_worker_killed_in_a_trial_and_a_cancelled_one_go_on_with_it_though_the_journal_was_cut_and_locks_were_left(deaths):
    assert causes(deaths.killed) == [None, "stopped", "done"]  # SIGKILL: it could not say
    assert deaths.seen["locks left"] == [True, True]
    assert len(list(journal_of(deaths.killed).parent.glob("*.damaged"))) == 1
    assert resumed(deaths.killed)
    assert is_undisturbed(deaths, deaths.killed)


def test_a_search_outlives_its_snakemake_a_second_one_beside_it_and_its_node(deaths):
    assert deaths.seen["refused"]
    assert causes(deaths.restarted) == ["handed_over", "handed_over", None, "done"]
    assert resumed(deaths.restarted)
    assert is_undisturbed(deaths, deaths.restarted)


def test_a_worker_that_slurm_ends_at_its_time_limit_goes_on_with_its_trial_in_twice_the_time(deaths):
    first, second = (attempt["asked"]["runtime"] for attempt in attempts(deaths.timed)[:2])
    assert second == 2 * first
    assert re.search(r"attempt 2; earlier ones ended by: time_out", deaths.timed.output())
    assert resumed(deaths.timed)
    assert is_undisturbed(deaths, deaths.timed)


def test_a_full_disk_ends_an_attempt_and_no_trial(deaths):
    if reason := deaths.seen.get("no small disk"):
        missing(reason)
    assert causes(deaths.timed)[1:] == ["disk_full", "done"]
    assert "the disk is full" in deaths.seen["log on a full disk"]
    assert is_undisturbed(deaths, deaths.timed)
