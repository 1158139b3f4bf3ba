"""Snakemake's executor for SLURM, with what a study needs on a cluster that says no, or nothing for a while.

    what sbatch refuses    its words reach the screen, the job's log and `make status`, grouped or not; no second attempt is made
    a busy controller      gets it again, for half an hour; so does a full queue, for as long as jobs of this study are in it
    no answer to squeue    the jobs are looked at again later: the executor would forget them and wait for ever
    an account             is sbatch's business: the executor's own look-up fails where there is no database, and hangs for groups
    a job's step           is started by a line of srun (verso.slurm.step), not by a second Snakemake in each job

It replaces the executor that `executor: slurm` means, so no profile changes.
"""

import asyncio
import shlex
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import snakemake_executor_plugin_slurm as plugin
from snakemake_executor_plugin_slurm_jobstep import get_cpu_setting, get_gpu_setting, get_node_setting
from snakemake_interface_executor_plugins.executors.base import SubmittedJobInfo
from snakemake_interface_executor_plugins.registry import ExecutorPluginRegistry

from verso.jobs.submissions import REFUSED, SUBMITTED, Submissions, Submitted
from verso.machine.site import Site
from verso.slurm.submission import AsSubmitted, flags_of_cards, is_busy, is_full, is_in_doubt, stuck, words_of

PATIENCE_SECONDS = 1800.0
FIRST_WAIT, LONGEST_WAIT = 5.0, 60.0
STATE = "SLURM status is: '"
STEP = Path(__file__).with_name("step.py")


class Executor(plugin.Executor):
    """Submits jobs to SLURM. site and submissions are those of the workflow, set by `install`."""

    site: Site | None = None
    submissions: Submissions

    _known: set[str]  # numbers of all jobs submitted
    _in_queue: set[str]  # of those that have not ended
    _hopeless: set[Any]
    _reported: set[int]
    _stuck: set[str]  # of those submitted, what was said
    _next_look: float

    def __new__(cls, *_: Any) -> "Executor":
        """An executor with its own state: Snakemake starts the thread that looks at the jobs before it calls __post_init__."""
        made = super().__new__(cls)
        made._over, made._writing = threading.Event(), threading.Lock()
        made._this = threading.local()  # of the thread that submits a job
        made._known, made._in_queue, made._hopeless, made._reported, made._stuck = set(), set(), set(), set(), set()
        made._next_look = 0.0
        return made

    # --- submitting ---

    def run_job(self, job: Any) -> None:
        """Submit a job, as often as it takes while the controller is busy; report it as submitted or as refused."""
        begun, wait = time.monotonic(), FIRST_WAIT
        while (words := self._refusal_of(job)) is not None:
            waiting = is_full(words) and bool(self._in_queue)
            passing = waiting or ((is_busy(words) or is_full(words)) and time.monotonic() - begun < PATIENCE_SECONDS)
            taken = self._was_taken(job) if is_in_doubt(words) else False
            while taken is None and passing and not self._over.wait(wait) and time.monotonic() - begun < PATIENCE_SECONDS:
                taken = self._was_taken(job)  # squeue said nothing: another submission could be the second of one job
            if self._over.is_set() or taken:
                return
            if not passing:
                self._refuse(job, words)
                return
            if wait == FIRST_WAIT:
                first = words.splitlines()[0]
                self.logger.warning(f"Verso: SLURM takes no job at the moment; the submission is repeated: {first}")
            self._over.wait(wait)
            wait = min(2 * wait, LONGEST_WAIT)

    def _refusal_of(self, job: Any) -> str | None:
        """What sbatch said against the job; None when it is submitted."""
        self._this.job, self._this.refusal = job, None
        try:
            super().run_job(job)
        except Exception as error:  # of a group the executor's own handler fails, over the error that matters
            self._this.refusal = str(error.__context__ or error)
        finally:
            self._this.job = None
        refusal = self._this.refusal
        return None if refusal is None else words_of(refusal)

    def _report_job_error_threadsafe(self, job_info: SubmittedJobInfo, msg: str) -> None:
        if getattr(self._this, "job", None) is None:
            super()._report_job_error_threadsafe(job_info, msg)
        else:
            self._this.refusal = msg

    def _report_job_submission_threadsafe(self, job_info: SubmittedJobInfo) -> None:
        self._known.add(str(job_info.external_jobid))
        self._in_queue.add(str(job_info.external_jobid))
        self._note(job_info.job, SUBMITTED, job_info.external_jobid)
        super()._report_job_submission_threadsafe(job_info)

    def _was_taken(self, job: Any) -> bool | None:
        """Whether the controller took the job whose answer never came; it is then one of the submitted. None: squeue fails."""
        params = _last.params
        command = ["squeue", "--noheader", "--states=all", f"--name={params['run_uuid']}", "--format=%i|%k"]
        with suppress(OSError, subprocess.SubprocessError):
            lines = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout.splitlines()
            rows = [line.strip().partition("|") for line in lines]
            taken = [number for number, _, said in rows if said == params["comment_str"] and number not in self._known]
            if len(taken) == 1:
                place = Path(str(params["slurm_logfile"]).replace("%j", taken[0]))
                self._report_job_submission_threadsafe(
                    SubmittedJobInfo(job, external_jobid=taken[0], aux={"slurm_logfile": place})
                )
                return True
            return False
        return None

    def format_job_exec(self, job: Any) -> str:
        """The command of a job: srun, and in it the Snakemake that runs the job.

        The executor's own way, a Snakemake of another executor that calls srun, is left to what needs more of it: jobs of MPI,
        arrays of jobs, commands that are passed as scripts, and those with a command before them (--precommand).
        """
        alone = getattr(self._this, "job", None) is job
        more = self.workflow.executor_settings.pass_command_as_script or self.workflow.remote_execution_settings.precommand
        self._this.by_srun = alone and "mpi" not in job.resources and not more
        command = super().format_job_exec(job)
        if not self._this.by_srun:
            return command
        flags = [get_cpu_setting(job, bool(job.resources.get("gpu"))), get_gpu_setting(job), get_node_setting(job)]
        return " ".join([sys.executable, "-I", shlex.quote(str(STEP)), *filter(None, flags), "--", command])

    def additional_general_args(self) -> str:
        """What is added to the Snakemake of a job; nothing where srun starts it."""
        return "" if self._this.by_srun else super().additional_general_args()

    def get_account_arg(self, job: Any) -> Iterator[str]:
        """The account's flag: neither looked up nor guessed, for sbatch knows the user's accounts and default, and says so."""
        account = job.resources.get("slurm_account")
        yield f" -A {shlex.quote(str(account))}" if account else ""

    # --- what is refused ---

    def _refuse(self, job: Any, words: str) -> None:
        jobs = _members(job)
        self._hopeless.add(job)
        said = "\n".join(f"  {line}" for line in words.splitlines())
        self.logger.error(
            f"Verso: SLURM refused {_named(jobs, job)}:\n{said}\n"
            "It is not tried again, for the answer would be the same. Partition, account, QOS, kinds of card and limits stand in "
            "the profile's site block (docs/your-site.md): change it and start again."
        )
        for one in jobs:
            with suppress(OSError):
                Path(one.log).parent.mkdir(parents=True, exist_ok=True)
                with Path(one.log).open("a", encoding="utf-8") as log:
                    log.write(f"SLURM refused this job; sbatch said:\n{words}\n")
        self._note(job, REFUSED, message=words)
        super()._report_job_error_threadsafe(SubmittedJobInfo(job), f"SLURM refused it: {words}\n")

    def print_job_error(self, job_info: SubmittedJobInfo, msg: str | None = None, **kwargs: Any) -> None:
        """Say what is not said yet: nothing more of what was refused; of a group also the message, which Snakemake leaves out."""
        if job_info.job in self._hopeless:
            return
        if msg and job_info.job.is_group():
            self.logger.error(f"Verso: {_named(_members(job_info.job), job_info.job)}: {msg}")
        super().print_job_error(job_info, msg=msg, **kwargs)

    def handle_job_error(self, job: Any) -> None:
        """Make no further attempt of what was refused."""
        super().handle_job_error(job)
        if job in self._hopeless:
            self._hopeless.discard(job)
            job._attempt = job.restart_times + 1  # not by its setter, which would compute all requests for that attempt

    # --- what was submitted ---

    async def check_active_jobs(self, active_jobs: list[SubmittedJobInfo]) -> AsyncIterator[SubmittedJobInfo]:
        """Look at the jobs; those of which SLURM says nothing are looked at again."""
        self._reported.clear()
        await self._say_what_is_stuck(active_jobs)
        kept = set()
        async for info in super().check_active_jobs(active_jobs):
            kept.add(id(info))
            yield info
        for info in active_jobs:
            if id(info) not in kept and id(info) not in self._reported:
                yield info

    async def _say_what_is_stuck(self, active_jobs: list[SubmittedJobInfo]) -> None:
        """Once about each job that SLURM keeps for a reason that time does not end."""
        if not active_jobs or time.monotonic() < self._next_look:
            return
        self._next_look = time.monotonic() + LONGEST_WAIT
        command = ["squeue", "--noheader", "--states=PENDING", f"--name={self.run_uuid}", "--format=%i|%r"]
        found = await asyncio.to_thread(_answer_of, command)
        waiting = {str(info.external_jobid): info.job for info in active_jobs}
        for number, reason in stuck(found).items():
            if number in waiting and number not in self._stuck:
                self._stuck.add(number)
                named = _named(_members(waiting[number]), waiting[number])
                self.logger.warning(
                    f"Verso: SLURM keeps job {number} ({named}) waiting, and will not begin it as it is: {reason}"
                )
                self._note(waiting[number], SUBMITTED, number, f"SLURM will not begin it as it is: {reason}")

    def report_job_success(self, job_info: SubmittedJobInfo) -> None:
        """Tell the scheduler that a job is done."""
        self._ended(job_info)
        super().report_job_success(job_info)

    def report_job_error(self, job_info: SubmittedJobInfo, msg: str | None = None, **kwargs: Any) -> None:
        """Tell the scheduler that a job has failed, and `make status` what SLURM said."""
        self._ended(job_info)
        if job_info.external_jobid and STATE in (msg or ""):
            state = str(msg).partition(STATE)[2].partition("'")[0]
            self._note(job_info.job, state, job_info.external_jobid)
        super().report_job_error(job_info, msg=msg, **kwargs)

    def _ended(self, job_info: SubmittedJobInfo) -> None:
        self._reported.add(id(job_info))
        self._in_queue.discard(str(job_info.external_jobid))

    def cancel_jobs(self, active_jobs: list[SubmittedJobInfo]) -> None:
        """Cancel all jobs that are in the queue or running."""
        self._over.set()
        super().cancel_jobs(active_jobs)
        for info in active_jobs:
            self._note(info.job, "CANCELLED", info.external_jobid)

    def shutdown(self) -> None:
        """End the threads; one that waits for the controller gives up."""
        self._over.set()
        super().shutdown()

    def _note(self, job: Any, state: str, slurm_job: str | None = None, message: str = "") -> None:
        with self._writing, suppress(OSError):  # a full disk: the jobs matter more than their list
            self.submissions.write(_members(job), state, slurm_job, message)


def _members(job: Any) -> list[Submitted]:
    """The jobs of a group in their order, or the job alone; those without a log leave no trace."""
    jobs = list(job) if job.is_group() else [job]
    return [Submitted(one.rule.name, dict(one.wildcards.items()), str(one.log[0])) for one in jobs if one.log]


def _answer_of(command: list[str]) -> str:
    """What a command of SLURM prints; empty where it fails."""
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return ""


def _named(jobs: list[Submitted], job: Any) -> str:
    if not jobs:
        return str(job.name)
    first = " ".join([jobs[0].rule, *jobs[0].wildcards.values()])
    return f"{first} and {len(jobs) - 1} more of its group" if len(jobs) > 1 else first


def install(site: Site | None, logs: Path) -> None:
    """Make `executor: slurm` mean this executor. logs: the folder of the jobs' logs."""
    registered = ExecutorPluginRegistry().plugins.get("slurm")
    if registered is None:
        return
    Executor.site, Executor.submissions = site, Submissions(logs)
    registered.executor = Executor
    plugin.get_submit_command, plugin.set_gres_string = _submit_command, _flags_of_cards


# The two functions of the executor that write what is requested into sbatch's command line
_written_submit_command, _written_flags_of_cards = plugin.get_submit_command, plugin.set_gres_string
_last = threading.local()  # .params: of this thread's last command line


def _submit_command(job: Any, params: dict[str, Any], *rest: Any, **settings: Any) -> str:
    _last.params = params
    return str(_written_submit_command(AsSubmitted(job, Executor.site), params, *rest, **settings))


def _flags_of_cards(job: Any) -> str:
    return flags_of_cards(job.resources) or str(_written_flags_of_cards(job))
