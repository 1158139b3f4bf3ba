"""Deaths of what is around a job: its node, the controller, the database, the Snakemake that waits for it, the disk.

Each ends with the bits of a training that nothing happened to. A process that must still be training when its successor comes
stands still (SIGSTOP) in the meantime: else the trainings here would have to last as long as a node's death takes to be noticed.
"""

import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest
from needed import missing
from project import Project
from slurm.cluster import Cluster
from slurm.small_disk import CannotMount, fill, small_disk
from slurm.study import SITE, STEADY, Study, same_weights, study_config

from verso.jobs.causes import cause_of_attempt

MODELS = {
    "steady": {**STEADY, "epochs": 5},
    "short": {**STEADY, "epochs": 2},
    "large": {**STEADY, "epochs": 2, "hidden": 48, "needs": {"mem_mb": 3000, "checkpoint_seconds": 1}},
}
GOING_ON = r"going on from the checkpoint of epoch \d+, step (\d+)"
WAITING = "which trains this run, to save it and let go"
DOWN_SECONDS = 60  # of the database

Started = Callable[..., "subprocess.Popen[str]"]


def weights_of(model: str) -> str:
    return f"results/runs/songs/{model}/seed-1/model/weights.safetensors"


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Project:
    project = Project.made_in(tmp_path_factory.mktemp("undisturbed"), study_config(MODELS))
    project.make(*map(weights_of, MODELS))
    return project


@pytest.fixture
def prepared(undisturbed: Project, tmp_path: Path) -> Project:
    """The same project, of which only the corpus and its vocabularies are there."""
    project = undisturbed.copied_to(tmp_path)
    shutil.rmtree(project.path("results/runs"))
    shutil.rmtree(project.path("results/logs/train_recurrent_lm"))
    return project


@pytest.fixture
def start() -> Iterator[Started]:
    """Start Snakemake for the weights of these models; what a failed test leaves of it is killed."""
    processes = []

    def started(study: Study, *models: str) -> "subprocess.Popen[str]":
        processes.append(study.start(*map(weights_of, models)))
        return processes[-1]

    yield started
    for process in processes:
        process.kill()
        process.wait()


@pytest.fixture
def whole(cluster: Cluster) -> Iterator[Cluster]:
    """The module's cluster; whatever a test did to it, the next one finds all nodes and no job."""
    yield cluster
    cluster.run("scancel", f"--user={cluster.user}")
    for node, state in cluster.node_states().items():
        if "down" in state:
            cluster.start_node(node)


def study_of(project: Project, cluster: Cluster, site: dict[str, object] | None = None) -> Study:
    study = Study(project, cluster)
    study.set_site(site or SITE)
    return study


def wait_for_log(study: Study, model: str, text: str) -> re.Match[str]:
    """A job begins its log anew, and for a moment there is none."""

    def found() -> re.Match[str] | None:
        try:
            return re.search(text, study.log(model))
        except FileNotFoundError:
            return None

    return study.until(found, f"{model}'s log to say {text!r}", 180)


def assert_passed_on_without_a_step_twice(study: Study, model: str, attempt: int) -> None:
    """The attempt saved itself after a step, and its successor, whose log this is, goes on from that very step."""
    study.until(lambda: study.attempts(model)[attempt]["end"], f"attempt {attempt + 1} of {model} to end")
    record = study.attempts(model)[attempt]
    assert record["cause"] == "handed_over", record
    assert "a checkpoint is saved, and a later start goes on from it" in record["message"]
    saved = re.search(r"after step (\d+)", record["message"])
    assert saved
    assert wait_for_log(study, model, GOING_ON)[1] == saved[1]
    study.until(lambda: not psutil.pid_exists(record["pid"]), "the process that handed over to be gone", 30)


def test_a_run_outlives_its_nodes_daemon_then_its_node_and_a_stop_of_the_controller(prepared, undisturbed, whole, start):
    study = study_of(prepared, whole, {**SITE, "partition": "GPU"})  # two nodes, and the runs ask for no card
    snakemake = start(study, "steady")
    first = study.training("steady")
    orphan = study.process_of(first)
    orphan.suspend()
    node = whole.job(int(first["slurm_job"]))["NodeList"]
    whole.kill_node(node)
    whole.fail_node(node)  # what the controller finds out itself, some 15 s later
    assert whole.wait(int(first["slurm_job"]))["JobState"] == "NODE_FAIL"
    assert orphan.is_running()

    wait_for_log(study, "steady", WAITING)  # the retry, on the other node
    orphan.resume()
    assert_passed_on_without_a_step_twice(study, "steady", 0)
    second = study.attempts("steady")[1]
    other = whole.job(int(second["slurm_job"]))["NodeList"]
    assert other != node

    whole.start_node(node)
    study.process_of(second).suspend()  # a training that ended now would end this test
    whole.crash_node(other)
    whole.fail_node(other)
    study.until(lambda: not psutil.pid_exists(second["pid"]), "the crash to end the training", 30)
    study.until(lambda: len(study.attempts("steady")) == 3, "the third attempt", 180)
    wait_for_log(study, "steady", GOING_ON)
    whole.restart_controller(seconds_down=4)
    assert snakemake.wait(timeout=240) == 0, study.output()

    attempts = study.attempts("steady")
    states = [whole.job(int(attempt["slurm_job"]))["JobState"] for attempt in attempts]
    assert states == ["NODE_FAIL", "NODE_FAIL", "COMPLETED"]
    causes = [cause_of_attempt(attempt, state) for attempt, state in zip(attempts, states, strict=True)]
    assert causes == ["handed_over", "lost", "done"]
    assert "attempt 3; earlier ones ended by: handed_over, lost" in study.output()
    assert len({attempt["asked"]["mem_mb"] for attempt in attempts}) == 1  # a dead node is no reason to request more
    assert same_weights(study, undisturbed, "steady")


def test_a_run_outlives_the_snakemakes_that_wait_for_it(prepared, undisturbed, whole, start):
    study = study_of(prepared, whole)
    stopped = start(study, "steady")
    study.training("steady")
    stopped.send_signal(signal.SIGINT)
    assert stopped.wait(timeout=120) != 0
    (record,) = study.attempts("steady")
    assert record["cause"] == "stopped"
    assert "a checkpoint is saved" in record["message"]
    assert whole.wait(int(record["slurm_job"]))["JobState"] == "CANCELLED"

    # Room for the two small jobs, not for the large one
    memory = int(re.search(r"RealMemory=(\d+)", whole.run("scontrol", "show", "node", "cpu01"))[1])
    room = whole.submit("sleep 600", "--partition=CPU", f"--mem={memory - 2500}")
    killed = start(study, *MODELS)
    waiting = study.until(lambda: pending(whole, "large"), "the large run to wait in the queue")
    whole.run("scontrol", "hold", waiting)
    study.until(lambda: len(study.attempts("steady")) == 2, "the second start's training")
    orphan = study.process_of(study.attempts("steady")[1])
    wait_for_log(study, "steady", GOING_ON)
    orphan.suspend()
    study.until(lambda: study.attempts("short"), "the short run to begin")
    killed.kill()
    killed.wait()
    whole.cancel(room)

    submitted = len(whole.jobs())
    assert start(study, *MODELS).wait(timeout=120) != 0
    assert "Directory cannot be locked" in study.output()
    assert len(whole.jobs()) == submitted
    study.until(lambda: study.attempts("short")[0]["cause"] == "done", "the short run to end without its Snakemake")
    whole.wait(int(study.attempts("short")[0]["slurm_job"]), "COMPLETED")
    assert study.run("--unlock") == 0, study.output()

    last = start(study, *MODELS)
    wait_for_log(study, "steady", WAITING)
    orphan.resume()
    assert_passed_on_without_a_step_twice(study, "steady", 1)
    assert last.wait(timeout=240) == 0, study.output()
    assert [attempt["cause"] for attempt in study.attempts("steady")] == ["stopped", "handed_over", "done"]
    assert [attempt["cause"] for attempt in study.attempts("short")] == ["done"]  # it was not trained again
    (first_large,) = study.attempts("large")
    assert first_large["slurm_job"] != waiting
    assert all(same_weights(study, undisturbed, model) for model in MODELS)

    # A job of the dead Snakemake comes so late that all is done. Left so, SLURM fails it at once: the last start took away the
    # folder of its log. Where the folder is there, it removes the outputs, and must bring them back.
    Path(whole.job(int(waiting))["StdOut"]).parent.mkdir(parents=True, exist_ok=True)
    whole.run("scontrol", "release", waiting)
    assert whole.wait(int(waiting), seconds=120)["JobState"] == "COMPLETED"
    assert "they are put back, and nothing is made again" in study.log("large")
    assert [attempt["cause"] for attempt in study.attempts("large")] == ["done", "done"]
    assert same_weights(study, undisturbed, "large")
    assert "Nothing to be done" in prepared.make("--dry-run", "--profile", "profiles/slurm", *map(weights_of, MODELS))


def pending(cluster: Cluster, model: str) -> str | None:
    """The number of the model's job that waits in the queue."""
    waiting = (job["id"] for job in cluster.jobs() if f"songs_{model}_1" in job["comment"] and job["state"] == "PENDING")
    return next(waiting, None)


@pytest.fixture
def small_results(prepared: Project) -> Iterator[Path]:
    """The results folder as a file system of 24 MB."""
    results = prepared.path("results")
    try:
        with small_disk(results, 24):
            yield results
    except CannotMount as reason:
        missing(str(reason))


def test_a_full_disk_costs_a_training_only_what_followed_its_last_checkpoint(small_results, prepared, undisturbed, whole, start):
    study = study_of(prepared, whole)
    snakemake = start(study, "short")
    study.training("short")
    fill(small_results / "filler", left=40_000)  # a log's line still fits; a checkpoint (700 kB) and the weights (230 kB) do not
    study.until(lambda: study.attempts("short")[0]["end"], "the training to end on the full disk", 180)
    (record,) = study.attempts("short")
    log = study.log("short")
    assert "the disk is full; no checkpoint at step" in log
    assert record["cause"] == "disk_full"
    assert record["message"].startswith(f"{weights_of('short')}: the disk is full")
    assert record["message"] in log
    run = small_results / "runs/songs/short/seed-1"
    files = [path.name for path in run.rglob("*") if path.is_file()]
    assert all(name.endswith(".ckpt") for name in files), files  # nothing half-written, under any name
    (small_results / "filler").unlink()

    assert snakemake.wait(timeout=240) == 0, study.output()
    assert [attempt["cause"] for attempt in study.attempts("short")] == ["disk_full", "done"]
    assert "attempt 2; earlier ones ended by: disk_full" in study.output()
    assert re.search(GOING_ON, study.log("short"))
    assert same_weights(study, undisturbed, "short")


def test_a_run_needs_no_database(prepared, undisturbed, cluster_with_accounting, start):
    study = study_of(prepared, cluster_with_accounting)
    cluster_with_accounting.stop_database()
    stopped = time.monotonic()
    snakemake = start(study, "short")
    study.training("short", 1)
    time.sleep(max(0.0, DOWN_SECONDS - (time.monotonic() - stopped)))
    cluster_with_accounting.start_database()
    assert snakemake.wait(timeout=240) == 0, study.output()
    assert [attempt["cause"] for attempt in study.attempts("short")] == ["done"]
    assert same_weights(study, undisturbed, "short")
    command = ("sacct", "--noheader", "--allocations", "--parsable2", "--format=State")
    cluster_with_accounting.until(lambda: "COMPLETED" in cluster_with_accounting.run(*command), "the database to know the job")
