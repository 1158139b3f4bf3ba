"""What sbatch is given, and what its answers mean."""

import pytest

from verso.machine.site import Site
from verso.slurm.submission import (
    AsSubmitted,
    Requested,
    flags_of_cards,
    is_busy,
    is_full,
    is_in_doubt,
    requested_of,
    stuck,
    words_of,
)

REFUSALS = [
    "sbatch: error: invalid partition specified: cpu\n"
    "sbatch: error: Batch job submission failed: Invalid partition name specified",
    "sbatch: error: Batch job submission failed: Invalid account or account/partition combination specified",
    "sbatch: error: Batch job submission failed: Invalid qos specification",
    "sbatch: error: Batch job submission failed: Requested node configuration is not available",
    "sbatch: error: Batch job submission failed: Requested time limit is invalid (missing or exceeds some limit)",
    "sbatch: error: Invalid --gres specification",
    "sbatch: error: Batch job submission failed: Job violates accounting/QOS policy "
    "(job submit limit, user's size and/or time limits)",
]
BUSY = [
    "sbatch: error: Batch job submission failed: Unable to contact slurm controller (connect failure)",
    "sbatch: error: Batch job submission failed: Socket timed out on send/recv operation",
    "sbatch: error: Batch job submission failed: Zero Bytes were transmitted or received",
    "sbatch: error: Batch job submission failed: Resource temporarily unavailable",
    "sbatch: error: Slurm temporarily unable to accept job, sleeping and retrying",
    "sbatch: error: slurm_receive_msg: Connection reset by peer",
]
FULL = ["sbatch: error: AssocMaxSubmitJobLimit\n" + REFUSALS[-1], "sbatch: error: QOSMaxSubmitJobPerUserLimit\n" + REFUSALS[-1]]


@pytest.mark.parametrize("words", REFUSALS)
def test_what_cannot_succeed_is_no_passing_trouble(words):
    assert not is_busy(words)
    assert not is_full(words)


@pytest.mark.parametrize("words", BUSY)
def test_a_controller_that_is_busy_is_named_from_one_that_refuses(words):
    assert is_busy(words)
    assert not is_full(words)


@pytest.mark.parametrize("words", FULL)
def test_a_full_queue_is_named_from_a_refusal(words):
    assert is_full(words)


def test_the_job_may_be_there_only_where_the_answer_was_lost():
    assert [is_in_doubt(words) for words in BUSY[:3]] == [False, True, True]


def test_of_the_executors_message_only_sbatchs_own_words_are_kept():
    message = f"SLURM sbatch failed. The error message was '{REFUSALS[0]}'.\n    sbatch call:\n        sbatch --parsable ...\n"
    assert words_of(message) == REFUSALS[0]
    assert words_of("Job submission failed with exception: what?") == "Job submission failed with exception: what?"
    assert words_of("SLURM sbatch failed. The error message was ''.\n    sbatch call:\n x") == "sbatch failed without a word"


GROUP = {"cards": 0, "runtime": 120, "mem_mb": 6000, "mem_mb_per_cpu": 9000, "slurm_partition": "debug"}


def test_the_longest_limit_bounds_the_sum_of_a_group():
    assert requested_of(GROUP, 3, Site(maximum_runtime=60))["runtime"] == 60
    assert requested_of(GROUP, 3, Site(maximum_runtime=600))["runtime"] == 120
    assert requested_of({**GROUP, "runtime": "<TBD>"}, 3, Site(maximum_runtime=60))["runtime"] == "<TBD>"


def test_memory_of_each_core_is_what_is_foreseen_shared_by_the_cores():
    assert requested_of(GROUP, 3, Site(memory_per_cpu=True))["mem_mb_per_cpu"] == 2000
    assert requested_of({**GROUP, "mem_mb": 6001}, 3, Site(memory_per_cpu=True))["mem_mb_per_cpu"] == 2001
    assert requested_of(GROUP, 3, Site())["mem_mb_per_cpu"] == 9000


def test_jobs_of_another_workflow_and_of_no_site_stay_as_they_are():
    others = {"runtime": 120, "mem_mb": 6000}
    assert requested_of(others, 3, Site(maximum_runtime=60, memory_per_cpu=True)) == others
    assert requested_of(GROUP, 3, None) == GROUP


def test_a_job_as_submitted_is_the_job_but_for_its_resources():
    class Job:
        resources, threads, name = GROUP, 2, "training"

    submitted = AsSubmitted(Job(), Site(maximum_runtime=60))
    assert (submitted.threads, submitted.name, submitted.resources.runtime) == (2, "training", 60)
    assert submitted.resources.get("gpu") is None
    with pytest.raises(AttributeError):
        _ = submitted.resources.gpu


@pytest.mark.parametrize(
    ("resources", "flags"),
    [
        ({"gpu": 2, "gpu_model": "a100-sxm4"}, " --gpus=a100-sxm4:2"),
        ({"gres": "gpu:a100-sxm4:1"}, " --gres=gpu:a100-sxm4:1"),
        ({"gpu": 1, "gpu_model": "a100"}, None),
        ({"gres": "shard:2"}, None),
        ({}, None),
    ],
)
def test_only_types_with_a_dash_are_written_here(resources, flags):
    assert flags_of_cards(Requested(resources)) == flags


def test_what_waits_for_a_reason_that_time_does_not_end_is_stuck():
    never = ["PartitionConfig", "PartitionTimeLimit", "InvalidAccount", "InvalidQOS", "BadConstraints", "JobHeldAdmin"]
    never += ["QOSMaxWallDurationPerJobLimit", "AssocMaxWallDurationPerJobLimit", "QOSMaxCpuPerJobLimit", "AssocMaxGRESPerJob"]
    later = ["Priority", "Resources", "None", "(null)", "Dependency", "BeginTime", "AssocGrpCpuLimit", "QOSMaxJobsPerUserLimit"]
    later += ["ReqNodeNotAvail, UnavailableNodes:gpu01", "QOSMaxGRESPerUser", "Reservation", ""]
    queue = "\n".join(f"{number}|{reason}" for number, reason in enumerate([*never, *later], 1))
    assert stuck(queue) == {str(number): reason for number, reason in enumerate(never, 1)}
