"""The executor between Snakemake and SLURM's commands. These are scripts: a real SLURM says none of this when a test wants it.

tests/slurm/test_refusals.py shows the same executor on a real one.
"""

import asyncio
import logging
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest
import snakemake_executor_plugin_slurm as plugin
from snakemake_interface_executor_plugins.executors.base import SubmittedJobInfo
from snakemake_interface_executor_plugins.executors.remote import RemoteExecutor
from throttler import Throttler

from verso.jobs.submissions import Submissions, read_submissions
from verso.machine.site import Site
from verso.slurm import executor as module
from verso.slurm.executor import Executor
from verso.slurm.submission import Requested

CONTROLLER = "sbatch: error: Batch job submission failed: Unable to contact slurm controller (connect failure)"
TIMED_OUT = "sbatch: error: Batch job submission failed: Socket timed out on send/recv operation"
FULL = "sbatch: error: QOSMaxSubmitJobPerUserLimit"
NO_ACCOUNT = "sbatch: error: Batch job submission failed: Invalid account or account/partition combination specified"
KEPT = 'echo "$*" >> "$(dirname "$0")/asked"'


class Job:
    """One job of a rule, or a group of two; the scheduler's side of it is what the executor reads."""

    rule, wildcards = SimpleNamespace(name="train"), {"corpus": "songs", "seed": "1"}
    name, jobid, threads, restart_times, attempt, _attempt = "train", "j", 1, 2, 1, 1

    def __init__(self, log, group=False, **resources):
        self.log, self._group = [str(log)], group
        self.resources = Requested({"cards": 0, "mem_mb": 2000, "runtime": 120, "slurm_partition": "CPU", **resources})
        if group:
            self.rule_of_members, self.name = self.rule, "corpus_train"

    def is_group(self):
        return self._group

    def __iter__(self):
        return iter([SimpleNamespace(rule=self.rule, wildcards=self.wildcards, log=self.log)] * 2)


class Scheduler:
    def __init__(self):
        self.submitted, self.failed, self.done = [], [], []

    def submit_callback(self, job):
        self.submitted.append(job)

    def error_callback(self, job):
        self.failed.append(job)

    def finish_callback(self, job):
        self.done.append(job)


def snakemake_of(executor, job):
    return f"python -m snakemake {executor.additional_general_args()}"


@pytest.fixture
def site(tmp_path, monkeypatch):
    """Makes an executor at a site whose commands are these scripts."""
    monkeypatch.setattr(module, "FIRST_WAIT", 0.02)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    monkeypatch.setattr(plugin, "get_submit_command", module._submit_command)
    monkeypatch.setattr(plugin, "set_gres_string", module._flags_of_cards)
    (tmp_path / "bin").mkdir()

    def made(block=None, **commands):
        for name in ("sbatch", "squeue", "scontrol", "sinfo", "sacctmgr", "sacct", "sshare"):
            (tmp_path / "bin" / name).write_text(f"#!/bin/bash\n{commands.get(name, 'exit 0')}\n")
            (tmp_path / "bin" / name).chmod(0o755)
        found = Executor.__new__(Executor)
        settings = plugin.ExecutorSettings(status_command="squeue", status_attempts=2)
        remote = SimpleNamespace(precommand=None)
        given = {"executor_settings": settings, "remote_execution_settings": remote}
        found.workflow = SimpleNamespace(**given, workdir_init=str(tmp_path), scheduler=Scheduler())
        found.logger, found.site, found.submissions = logging.getLogger("executor"), block, Submissions(tmp_path / "logs")
        monkeypatch.setattr(Executor, "site", block)
        found.status_rate_limiter, found._next_seconds_between_status_checks = Throttler(100, 1), 1
        found.report_job_submission = lambda info: found.workflow.scheduler.submit_callback(info)
        monkeypatch.setattr(RemoteExecutor, "format_job_exec", snakemake_of)
        found.log_error = None
        found.__post_init__()
        return found

    return made


@pytest.fixture
def job(tmp_path, monkeypatch):
    monkeypatch.setattr(Job, "log_error", lambda self, *rest, **more: None, raising=False)
    return lambda **changes: Job(tmp_path / "logs" / "train" / "seed-1.log", **changes)


def fails_first(words, times=1):
    """sbatch that fails so often with these words, and then takes the job."""
    count = f'n=$(cat n 2>/dev/null || echo 0); echo $((n+1)) > n; if [ "$n" -lt {times} ]'
    return f"{KEPT}; {count}; then echo '{words}' >&2; exit 1; fi; echo 7"


def test_the_thread_that_looks_at_the_jobs_may_begin_before_the_executor_is_ready(tmp_path, monkeypatch):
    """Snakemake starts it within __init__. On a busy machine it was first, failed without a word, and no job ever ended."""
    looked = []

    def begins_at_once(self, workflow, logger):
        self.workflow, self.logger, self._next_seconds_between_status_checks = workflow, logger, 1
        looked.append(asyncio.run(kept(self, [])))

    monkeypatch.setattr(plugin.Executor, "__init__", begins_at_once)
    Executor(SimpleNamespace(executor_settings=plugin.ExecutorSettings(status_command="squeue")), logging.getLogger("executor"))
    assert looked == [[]]


@pytest.mark.parametrize("group", [False, True])
@pytest.mark.parametrize("words", [NO_ACCOUNT, "sbatch: error: invalid partition specified: cpu", "sbatch: error: Invalid qos"])
def test_a_refusal_is_heard_once_grouped_or_not(site, job, tmp_path, caplog, words, group):
    asked = job(group=group, slurm_account="nobody")
    found = site(sbatch=fails_first(words, 99), sacctmgr="echo project", sshare="echo project")
    found.run_job(asked)
    assert found.workflow.scheduler.failed == [asked]
    assert caplog.text.count(words) == 1
    assert words in (tmp_path / "logs/train/seed-1.log").read_text()
    (submission,) = read_submissions(tmp_path / "logs").values()
    assert (submission.state, submission.message) == ("refused", words)
    assert len((tmp_path / "bin/asked").read_text().splitlines()) == 1
    found.handle_job_error(asked)
    assert asked._attempt > asked.restart_times, "the scheduler makes no further attempt"


@pytest.mark.parametrize("words", [CONTROLLER, TIMED_OUT, FULL])
def test_what_passes_is_waited_for(site, job, tmp_path, words):
    found = site(sbatch=fails_first(words, 3))
    found.run_job(job(group=True))
    assert not found.workflow.scheduler.failed
    assert [info.external_jobid for info in found.workflow.scheduler.submitted] == ["7"]
    assert len((tmp_path / "bin/asked").read_text().splitlines()) == 4


def test_patience_ends(site, job, monkeypatch):
    monkeypatch.setattr(module, "PATIENCE_SECONDS", 0.05)
    found = site(sbatch=fails_first(CONTROLLER, 99))
    found.run_job(job())
    assert len(found.workflow.scheduler.failed) == 1


def test_a_full_queue_is_waited_for_as_long_as_jobs_of_ours_are_in_it(site, job, monkeypatch):
    monkeypatch.setattr(module, "PATIENCE_SECONDS", 0.0)
    found = site(sbatch=fails_first(FULL, 3))
    found._in_queue.add("6")
    found.run_job(job())
    assert [info.external_jobid for info in found.workflow.scheduler.submitted] == ["7"]


def test_a_job_that_was_taken_though_the_answer_was_lost_is_not_submitted_twice(site, job, tmp_path, monkeypatch):
    monkeypatch.setattr(module, "PATIENCE_SECONDS", 0.5)
    found = site(sbatch=fails_first(TIMED_OUT, 99), squeue="echo '12|rule_train_wildcards_corpus_seed'; echo '11|rule_other'")
    found.run_job(job())
    assert [info.external_jobid for info in found.workflow.scheduler.submitted] == ["12"]
    assert len((tmp_path / "bin/asked").read_text().splitlines()) == 1
    found.run_job(job())  # 12 is known now: this one was not taken
    assert len((tmp_path / "bin/asked").read_text().splitlines()) > 2


def test_a_job_is_not_submitted_again_before_squeue_says_that_it_was_not_taken(site, job, tmp_path):
    fails = "n=$(cat q 2>/dev/null || echo 0); echo $((n+1)) > q; [ $n -lt 3 ] && exit 1"
    squeue = f"{fails}; echo '12|rule_train_wildcards_corpus_seed'"
    found = site(sbatch=fails_first(TIMED_OUT, 99), squeue=squeue)
    found.run_job(job())
    assert [info.external_jobid for info in found.workflow.scheduler.submitted] == ["12"]
    assert len((tmp_path / "bin/asked").read_text().splitlines()) == 1


def test_a_stop_ends_the_waiting(site, job):
    found = site(sbatch=fails_first(CONTROLLER, 99))
    found._over.set()
    found.run_job(job())
    assert not found.workflow.scheduler.failed
    assert not found.workflow.scheduler.submitted


def test_sbatch_is_given_what_the_site_says(site, job, tmp_path):
    found = site(Site(maximum_runtime=60, memory_per_cpu=True), sbatch=f"{KEPT}; echo 7", sacctmgr="sleep 60", sshare="sleep 60")
    found.run_job(job(group=True, gpu=1, gpu_model="a100-sxm4", slurm_account="project", qos="long", slurm_extra="--nice=5"))
    asked = (tmp_path / "bin/asked").read_text()
    for flags in ("-t 60 ", "--mem-per-cpu 2000", "--gpus=a100-sxm4:1", "-A project", "--qos=long", "--nice=5", "-p CPU"):
        assert flags in asked


@pytest.mark.parametrize(
    ("group", "resources", "flags"),
    [
        (True, {}, "--cpus-per-task=1 --nodes=1"),
        (False, {"gpu": 2, "nodes": 1}, "--cpus-per-task=1 --gpus=2 --nodes=1"),
        (False, {"gpu": 1, "gpu_model": "a100", "cpus_per_gpu": 6}, "--cpus-per-gpu=6 --gpus=1 --nodes=1"),
        (False, {"cpus_per_task": -1}, "--nodes=1"),
    ],
)
def test_the_step_of_a_job_is_started_by_srun_without_another_snakemake(site, job, tmp_path, group, resources, flags):
    site(sbatch=f"{KEPT}; echo 7").run_job(job(group=group, **resources))
    (asked,) = (tmp_path / "bin/asked").read_text().splitlines()
    assert asked.endswith(f"--wrap={sys.executable} -I {module.STEP} {flags} -- python -m snakemake ")


@pytest.mark.parametrize(
    ("resources", "script", "before"),
    [({"mpi": "srun", "tasks": 2}, False, None), ({}, True, None), ({}, False, "module load python")],
)
def test_what_needs_more_than_one_step_is_run_by_the_executors_own_way(site, job, tmp_path, resources, script, before):
    found = site(sbatch=f"{KEPT}; cat >> $(dirname $0)/asked; echo 7")
    found.workflow.executor_settings.pass_command_as_script = script
    found.workflow.remote_execution_settings.precommand = before
    found.run_job(job(**resources))
    asked = (tmp_path / "bin/asked").read_text()
    assert "python -m snakemake --executor slurm-jobstep --jobs 1" in asked
    assert "step.py" not in asked


def test_srun_is_given_which_job_this_is_and_none_of_its_flags(tmp_path):
    (tmp_path / "srun").write_text('#!/bin/sh\necho "$@"; env | grep -E "^(SLURM|SRUN|SBATCH)_" | sort; exit 3\n')
    (tmp_path / "srun").chmod(0o755)
    given = {"SLURM_JOB_ID": "7", "SLURM_MEM_PER_NODE": "2000", "SLURM_GPUS": "2", "SRUN_DEBUG": "3", "SBATCH_EXPORT": "NONE"}
    command = [sys.executable, "-I", module.STEP, "--nodes=1", "--", "python", "-m", "snakemake", "--config", "a=b c", "--", "d"]
    done = subprocess.run(command, env={"PATH": f"{tmp_path}:{os.environ['PATH']}", **given}, capture_output=True, text=True)
    assert done.returncode == 3, done.stderr
    assert done.stdout.splitlines() == ["-n1 --cpu-bind=q --nodes=1 python -m snakemake --config a=b c -- d", "SLURM_JOB_ID=7"]


async def kept(found, jobs):
    return [info async for info in found.check_active_jobs(jobs)]


def test_jobs_of_which_squeue_says_nothing_are_not_forgotten(site, job):
    jobs = [SubmittedJobInfo(job(), external_jobid=number, aux={}) for number in ("7", "8")]
    assert asyncio.run(kept(site(squeue="exit 1", sacct="exit 1"), jobs)) == jobs
    assert asyncio.run(kept(site(squeue="exit 0"), jobs)) == jobs


def test_what_has_ended_is_reported_once_and_a_scancel_is_noted(site, job, tmp_path):
    jobs = [SubmittedJobInfo(job(), external_jobid=number, aux={}) for number in ("7", "8", "9")]
    for info in jobs:
        info.aux["slurm_logfile"] = tmp_path / "none.log"
    found = site(squeue="printf '7|COMPLETED\\n8|CANCELLED\\n9|RUNNING\\n'", scontrol="echo 'MinJobAge = 300 sec'")
    assert asyncio.run(kept(found, jobs)) == jobs[2:]
    assert (found.workflow.scheduler.done, found.workflow.scheduler.failed) == ([jobs[0].job], [jobs[1].job])
    (submission,) = read_submissions(tmp_path / "logs").values()
    assert (submission.state, submission.slurm_job) == ("CANCELLED", "8")


def test_a_job_that_slurm_will_never_begin_is_named_of_once(site, job, tmp_path, caplog):
    jobs = [SubmittedJobInfo(job(), external_jobid="7", aux={})]
    found = site(squeue="case $* in *PENDING*) echo '7|PartitionTimeLimit';; *) echo '7|PENDING';; esac")
    for _ in range(2):
        found._next_look = 0.0
        assert asyncio.run(kept(found, jobs)) == jobs
    assert caplog.text.count("will not begin it as it is: PartitionTimeLimit") == 1
    (submission,) = read_submissions(tmp_path / "logs").values()
    assert "PartitionTimeLimit" in submission.message
