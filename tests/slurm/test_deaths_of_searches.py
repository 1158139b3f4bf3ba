"""Deaths of the workers of a search, of their node and of their Snakemake: the trials are those of a search nobody disturbs.

Three searches of one worker with the same space and seed, each on a node of its own with a Snakemake of its own, are struck in
mid-trial one time after the other. As copies of one project they wait after each step: a trial hardly depends on the machine.
What needs no SLURM is struck in tests/unit/search: a full disk, the journal cut in each place, locks, several workers.
"""

import json
import random
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import pytest
from project import TINY, Project
from search_faults import cut_the_last_line, leave_a_lock
from slurm.cluster import Cluster
from slurm.study import SITE, Study, study_config

from verso.files import read_csv

SPACE = {"learning_rate": {"from": 1e-3, "to": 1e-2, "log": True}, "hidden": [12, 16, 24], "dropout": {"from": 0.0, "to": 0.4}}
SEARCH = {"space": SPACE, "trials": 6, "epochs": 2, "pruner": "none", "seed": 3}
# 51 steps an epoch; dropout between the layers, so that random numbers matter
MODEL = {**TINY, "cell": "lstm", "unit": "char", "layers": 2, "batch": 8, "window": 40, "search": SEARCH}
FOLDER = "results/runs/songs/searched/search"
TRIALS = f"{FOLDER}/trials.csv"
RECORD = "results/logs/try_recurrent_lm/songs/searched/search/worker-1.job.json"


@dataclass
class Deaths:
    """The three studies after their end, and what was seen of the faults while they struck."""

    killed: Study
    restarted: Study
    timed: Study
    reference: Project
    seen: dict[str, Any] = field(default_factory=dict)


def delay_steps(project: Project) -> None:
    step = "            self.steps.take()\n"
    project.edit("workflow/scripts/verso/training/loop.py", step, f"{step}            time.sleep(0.03)\n")


@pytest.fixture(scope="module")
def deaths(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Deaths:
    """All that is struck, struck; and all Snakemakes over."""
    reference = Project.made_in(tmp_path_factory.mktemp("reference"), study_config({"searched": MODEL}))
    reference.make("results/corpora/songs/vocab_char.json")

    def study(name: str, partition: str) -> Study:
        made = Study(reference.copied_to(tmp_path_factory.mktemp(name)), cluster)
        made.set_site({**SITE, "partition": partition})
        delay_steps(made.project)
        return made

    found = Deaths(study("killed", "CPU"), study("restarted", "A100"), study("timed", "TITAN"), reference)
    strikes = (strike_the_worker, strike_snakemake_and_the_node, wait_for_the_time_limit)
    with ThreadPoolExecutor() as pool:
        striking = [pool.submit(strike, found) for strike in strikes]
        reference.make(TRIALS)
        for struck in striking:
            struck.result()
    return found


class Started:
    """Snakemake for the trials; killed where a test fails."""

    def __init__(self, study: Study, *arguments: str) -> None:
        self.study, self.process = study, study.start(TRIALS, *arguments)

    def __enter__(self) -> "Started":
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def ends_well(self) -> None:
        self.study.until(lambda: self.process.poll() is not None, "the end of Snakemake", 300)
        assert self.process.returncode == 0, self.study.output()


def attempts(study: Study) -> list[dict[str, Any]]:
    path = study.project.path(RECORD)
    return json.loads(path.read_text())["attempts"] if path.exists() else []


def causes(study: Study) -> list[Any]:
    return [attempt["cause"] for attempt in attempts(study)]


def suspended_in_a_trial(study: Study, attempt: int) -> dict[str, Any]:
    """The record of the attempt (0: the first), whose process stands still in the middle of a trial with a checkpoint of it."""

    def checkpoints() -> set[Path]:
        return set(study.project.path(f"{FOLDER}/checkpoints").glob("*/trial-*/checkpoints/*/*.ckpt"))

    study.until(lambda: len(attempts(study)) > attempt, f"attempt {attempt + 1}", 240)
    before = checkpoints()
    record = attempts(study)[attempt]
    process = psutil.Process(record["pid"])

    def stands() -> bool:
        assert attempts(study)[attempt]["end"] is None, f"attempt {attempt + 1} ended before it was struck"
        if not checkpoints() - before:
            return False
        process.suspend()
        if checkpoints() - before:
            return True
        process.resume()
        return False

    study.until(stands, f"attempt {attempt + 1} to save a checkpoint in a trial")
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
        study.until(lambda: not psutil.pid_exists(record["pid"]), "the worker to be gone", 30)
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
    with Started(study) as second:
        wait_for_a_worker_that_waits(study, 1)
        psutil.Process(orphan["pid"]).resume()
        study.until(lambda: attempts(study)[0]["end"], "the first worker to hand over")
        stands = suspended_in_a_trial(study, 1)
        with Started(study) as beside:
            assert beside.process.wait(timeout=120) != 0
        deaths.seen["refused"] = "Directory cannot be locked" in study.output()
        with Started(study, "--nolock") as third:
            wait_for_a_worker_that_waits(study, 2)
            psutil.Process(stands["pid"]).resume()
            study.until(lambda: attempts(study)[1]["end"], "the second worker to hand over")
            record = suspended_in_a_trial(study, 2)
            node = study.cluster.job(int(record["slurm_job"]))["NodeList"]
            study.cluster.crash_node(node)
            study.cluster.fail_node(node)
            study.until(lambda: not psutil.pid_exists(record["pid"]), "the crash to end the worker", 30)
            study.cluster.start_node(node)
            third.ends_well()
        second.process.wait(timeout=120)


def wait_for_a_worker_that_waits(study: Study, attempt: int) -> None:
    """Wait until the attempt (0: the first) has claimed its worker's place; a job begins its log anew."""
    log = study.project.path(RECORD.replace(".job.json", ".log"))

    def waits() -> bool:
        return len(attempts(study)) > attempt and log.exists() and "to save it and let go" in log.read_text()

    study.until(waits, f"attempt {attempt + 1} to wait for its place", 240)


def wait_for_the_time_limit(deaths: Deaths) -> None:
    """Its limit is lowered to a minute, as an administrator may: a search requests at least a minute for each trial."""
    study = deaths.timed
    with Started(study) as snakemake:
        record = suspended_in_a_trial(study, 0)
        study.cluster.run("scontrol", "update", f"JobId={record['slurm_job']}", "TimeLimit=1")
        assert study.cluster.wait(int(record["slurm_job"]), seconds=150)["JobState"] == "TIMEOUT"
        snakemake.ends_well()


def what_was_tried(project: Project) -> list[dict[str, str]]:
    """All of the trials but when and where they were trained."""
    rows = read_csv(project.path(TRIALS))
    return [{key: row[key] for key in ("number", "state", "value", "reason", "retry_of", "epochs", *SPACE)} for row in rows]


def is_undisturbed(deaths: Deaths, study: Study) -> bool:
    expected = what_was_tried(deaths.reference)
    assert [row["state"] for row in expected] == ["complete"] * SEARCH["trials"]
    assert what_was_tried(study.project) == expected
    return True


def resumed(study: Study) -> bool:
    """Whether the last life began in the middle of a trial."""
    log = study.project.path(RECORD.replace(".job.json", ".log")).read_text()
    return "going on from the checkpoint of" in log


def test_a_worker_killed_in_a_trial_and_a_cancelled_one_go_on_with_it_though_the_journal_was_cut_and_locks_were_left(deaths):
    assert causes(deaths.killed) == [None, "stopped", "done"]  # SIGKILL: it could not say
    assert deaths.seen["locks left"] == [True, True]
    assert len(list(journal_of(deaths.killed).parent.glob("*.damaged"))) == 1
    assert resumed(deaths.killed)
    assert is_undisturbed(deaths, deaths.killed)


def test_a_search_outlives_its_snakemake_a_second_one_beside_it_and_its_node(deaths):
    assert deaths.seen["refused"]
    assert [cause for cause in causes(deaths.restarted) if cause != "handed_over"][-1] == "done"
    assert "handed_over" in causes(deaths.restarted)
    assert is_undisturbed(deaths, deaths.restarted)


def test_a_worker_that_slurm_ends_at_its_time_limit_goes_on_with_its_trial_in_twice_the_time(deaths):
    found = attempts(deaths.timed)
    first, second = (attempt["asked"]["runtime"] for attempt in found)
    assert second == 2 * first
    assert re.search(r"attempt 2; earlier ones ended by: time_out", deaths.timed.output())
    assert resumed(deaths.timed)
    assert is_undisturbed(deaths, deaths.timed)
