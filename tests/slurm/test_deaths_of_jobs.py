"""Single jobs die on a real SLURM, each in its own way: what the record says, what the next attempt requests, and the same bits.

Three Snakemakes side by side, for most of the time is waiting:

    mixed     one training each: cancelled, requeued, warned of its time limit, short of memory, short of the card's memory,
              without its card, diverging, of a driver with a bug
    unwarned  a training that SLURM ends at its time limit, in a profile without `warning_seconds`
    drained   a training whose node is drained

In all three a step takes a tenth of a second longer: a training's length then hardly depends on the machine, and costs it next
to nothing. The trainings that nobody disturbs have no such delay, and the same bits.
"""

import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pytest
from project import TINY, Project
from slurm.cluster import Cluster
from slurm.study import SITE, Study, study_config

from verso.files import sha256_of

# 51 steps an epoch, so 5 s with the delay; dropout between the layers, so that random numbers matter
SHORT = {**TINY, "cell": "lstm", "unit": "char", "layers": 2, "hidden": 24, "batch": 8, "window": 40, "epochs": 4}
LONG = {**SHORT, "epochs": 18}  # 92 s and more: SLURM ends a job of one minute after 60 to 90 s
UNDISTURBED = {"short": SHORT, "long": LONG}

ROWS_OF_THE_CARD = 8
STARVED_MB = 380  # the job step holds 460 MiB at its peak, most of it before the first step of training
MIXED = {
    "cancelled": SHORT,
    "requeued": SHORT,
    "warned": {**LONG, "needs": {**TINY["needs"], "runtime": 2}},
    "starved": {**SHORT, "needs": {**TINY["needs"], "mem_mb": STARVED_MB}},
    "wide": {**SHORT, "epochs": 1, "batch": 2 * ROWS_OF_THE_CARD},
    "cardless": {**SHORT, "epochs": 1, "needs": {**TINY["needs"], "gpus": 1}},
    "diverging": {**SHORT, "epochs": 1, "learning_rate": 1e37},
    "broken": {**SHORT, "epochs": 1},
}
LAMED = {"unwarned": {**LONG, "needs": {**TINY["needs"], "runtime": 1}}}
FIRST = ["warned", "cancelled", "requeued"]  # what has a time to keep, and what is to be struck in the middle
WARNED_SITE = {
    **SITE,
    "warning_seconds": 30,
}  # it comes 60 to 90 s after the start of a job of two minutes, for SLURM looks every 30 s


def delay_steps(project: Project) -> None:
    step = "            self.steps.take()\n"
    project.edit("workflow/scripts/verso/training/loop.py", step, f"{step}            time.sleep(0.1)\n")


def make_the_card_small(project: Project) -> None:
    """No card here: training the model fails as one would that is too small for the rows of a batch."""
    read = "        return self.recurrent(self.embedding(tokens), state)\n"
    too_small = f"        if self.training and len(tokens) > {ROWS_OF_THE_CARD}:\n"
    fault = f'{too_small}            raise torch.OutOfMemoryError("CUDA out of memory")\n'
    project.edit("workflow/scripts/verso/language_modelling/recurrent_lm/model.py", read, fault + read)


def break_the_driver(project: Project) -> None:
    begins = "        from verso.language_modelling.recurrent_lm.training import train\n"
    bug = '        if snakemake.wildcards.model == "broken":\n            1 / 0\n'
    project.edit("workflow/scripts/train_recurrent_lm.py", begins, begins + bug)


@dataclass
class Deaths:
    """The three studies after their end, and what was seen of the faults while they struck."""

    mixed: Study
    unwarned: Study
    drained: Study
    reference: Project
    codes: dict[str, int] = field(default_factory=dict)
    seen: dict[str, Any] = field(default_factory=dict)

    def has_the_bits(self, study: Study, model: str, of: str) -> bool:
        """Whether a training ended with the weights of the undisturbed one of the same recipe."""
        return sha256_of(study.weights(model)) == sha256_of(self.reference.path(path_of("model/weights.safetensors", of)))


def path_of(name: str, model: str) -> str:
    return f"results/runs/songs/{model}/seed-1/{name}"


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The undisturbed trainings, on this machine; at first only their corpus, which the studies copy."""
    project = Project.made_in(tmp_path_factory.mktemp("reference"), study_config(UNDISTURBED))
    project.make("results/corpora/songs/vocab_char.json")
    return project


@pytest.fixture(scope="module")
def deaths(cluster: Cluster, reference: Project, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deaths]:
    """All that is struck, struck; and all three Snakemakes over."""

    def study(name: str, models: dict[str, Any], site: dict[str, Any]) -> Study:
        made = Study(reference.copied_to(tmp_path_factory.mktemp(name)), cluster)
        made.project.write_config(study_config(models))
        made.set_site(site)
        delay_steps(made.project)
        return made

    found = Deaths(
        study("mixed", MIXED, WARNED_SITE),
        study("unwarned", LAMED, {**SITE, "partition": "TITAN"}),
        study("drained", {"drained": SHORT}, {**SITE, "partition": "A100"}),
        reference,
    )
    make_the_card_small(found.mixed.project)
    break_the_driver(found.mixed.project)
    weights = [path_of("model/weights.safetensors", model) for model in MIXED]
    results = [path_of(name, "cancelled") for name in ("scores.csv", "sample_measures.csv")]
    # Few at once: a job of one minute must not spend it on finding a core
    order = ["--jobs", "4", "--prioritize", *(path_of("model/weights.safetensors", model) for model in FIRST)]
    running = {
        "unwarned": found.unwarned.start(path_of("model/weights.safetensors", "unwarned")),
        "mixed": found.mixed.start(*weights, *results, *order),
    }
    try:
        with ThreadPoolExecutor() as pool:
            striking = [pool.submit(strike, found, cluster) for strike in (cancel, requeue)]
            in_the_middle(found.mixed, "warned")
            running["drained"] = found.drained.start(path_of("scores.csv", "drained"))
            drain(found, cluster)
            for struck in striking:
                struck.result()
        reference.make(*(path_of("model/weights.safetensors", model) for model in UNDISTURBED))
        for name, snakemake in running.items():
            getattr(found, name).until(lambda snakemake=snakemake: snakemake.poll() is not None, f"the end of {name}", 400)
            found.codes[name] = snakemake.returncode
        yield found
    finally:
        for snakemake in running.values():
            if snakemake.poll() is None:
                snakemake.kill()
                snakemake.wait()


def in_the_middle(study: Study, model: str) -> str:
    """The job of a training, once that has saved a checkpoint. Much waits for the same few cores before."""
    study.until(lambda: study.attempts(model), f"{model} to start", 240)
    return str(study.training(model)["slurm_job"])


def cancel(deaths: Deaths, cluster: Cluster) -> None:
    cluster.cancel(int(in_the_middle(deaths.mixed, "cancelled")))


def requeue(deaths: Deaths, cluster: Cluster) -> None:
    """First as anybody, whom SLURM refuses; then as an administrator who means it."""
    deaths.seen["requeued job"] = job = in_the_middle(deaths.mixed, "requeued")
    with pytest.raises(RuntimeError, match="Requested operation is presently disabled"):
        cluster.requeue(int(job))
    cluster.run("scontrol", "update", f"JobId={job}", "Requeue=1")
    cluster.requeue(int(job))


def drain(deaths: Deaths, cluster: Cluster) -> None:
    """Drain the node, and resume it when something has waited for it in vain."""
    study = deaths.drained
    deaths.seen["drained job"] = in_the_middle(study, "drained")
    cluster.drain_node("gpu02")
    study.until(lambda: waiting(cluster, "A100"), "the training on the drained node to end, and its scoring to be submitted", 180)
    time.sleep(3)  # in which it would start, were the node not drained: SLURM schedules every second
    deaths.seen["waiting"] = waiting(cluster, "A100")
    cluster.resume_node("gpu02")


def waiting(cluster: Cluster, partition: str) -> list[dict[str, str]]:
    return [job for job in cluster.jobs() if job["partition"] == partition and job["state"] == "PENDING"]


def facts(attempts: list[dict[str, Any]], key: str) -> list[Any]:
    """One fact of each attempt: its number, its cause, or a thing that it requested."""
    return [attempt[key] if key in attempt else attempt["asked"][key] for attempt in attempts]


def said_before(study: Study, model: str, attempt: int) -> str:
    """Why the earlier attempts of a training ended, as Snakemake said when it made this one."""
    found = re.search(rf"/{model}/seed-1.log: attempt {attempt}; earlier ones ended by: (.*)", study.output())
    return found[1] if found else ""


def goes_on_from_a_checkpoint(study: Study, model: str) -> bool:
    """Whether the last life of a training began where an earlier one was, not at the first step."""
    return "going on from the checkpoint of" in study.log(model)


def jobs_of(study: Study, model: str) -> list[dict[str, str]]:
    """All jobs that Snakemake submitted for a training."""
    submitted = re.findall(rf"SLURM jobid (\d+) \(log: \S*/rule_train_recurrent_lm/songs_{model}_1/", study.output())
    return [job for job in study.cluster.jobs() if job["id"] in submitted]


def test_a_cancelled_training_is_submitted_again_and_ends_with_the_same_bits(deaths):
    attempts = deaths.mixed.attempts("cancelled")
    assert facts(attempts, "cause") == ["stopped", "done"]
    assert facts(attempts, "attempt") == [1, 2]
    assert attempts[1]["asked"] == attempts[0]["asked"]
    assert goes_on_from_a_checkpoint(deaths.mixed, "cancelled")
    assert [job["state"] for job in jobs_of(deaths.mixed, "cancelled")] == ["CANCELLED", "COMPLETED"]
    assert deaths.has_the_bits(deaths.mixed, "cancelled", "short")


def test_the_warning_before_the_time_limit_reaches_a_training_which_saves_itself_and_requests_twice_the_time(deaths):
    attempts = deaths.mixed.attempts("warned")
    assert "stopped by SIGTERM" in attempts[0]["message"]
    assert "a checkpoint is saved" in attempts[0]["message"]
    assert "stopped by SIGTERM" in deaths.mixed.output()
    assert said_before(deaths.mixed, "warned", 2) == "time_out"
    assert facts(attempts, "runtime")[:2] == [2, 4]
    causes = facts(attempts, "cause")
    assert (causes[0], causes[-1]) == ("stopped", "done")  # a signal is all that the process knows of
    assert goes_on_from_a_checkpoint(deaths.mixed, "warned")
    assert jobs_of(deaths.mixed, "warned")[0]["state"] == "FAILED"  # it ended itself: no TIMEOUT
    assert deaths.has_the_bits(deaths.mixed, "warned", "long")


def test_a_training_that_slurm_ends_at_its_time_limit_requests_twice_the_time_and_ends_with_the_same_bits(deaths):
    assert deaths.codes["unwarned"] == 0, deaths.unwarned.output()
    attempts = deaths.unwarned.attempts("unwarned")
    assert facts(attempts, "runtime")[:2] == [1, 2]
    assert said_before(deaths.unwarned, "unwarned", 2) == "time_out"
    assert goes_on_from_a_checkpoint(deaths.unwarned, "unwarned")
    states = [job["state"] for job in jobs_of(deaths.unwarned, "unwarned")]
    assert (states[0], states[-1]) == ("TIMEOUT", "COMPLETED")
    assert deaths.has_the_bits(deaths.unwarned, "unwarned", "long")


def test_a_training_over_its_memory_requests_half_as_much_again_whatever_slurm_calls_its_end(deaths):
    attempts = deaths.mixed.attempts("starved")
    assert facts(attempts, "mem_mb") == [STARVED_MB, STARVED_MB * 3 // 2]
    assert facts(attempts, "cause") == [None, "done"]  # SIGKILL: it could not say
    assert said_before(deaths.mixed, "starved", 2) == "out_of_memory"
    assert jobs_of(deaths.mixed, "starved")[0]["state"] in ("FAILED", "OUT_OF_MEMORY", "CANCELLED")
    assert deaths.has_the_bits(deaths.mixed, "starved", "short")


def test_a_job_that_slurm_requeues_although_it_was_submitted_with_no_requeue_is_trained_once_at_a_time(deaths):
    attempts = deaths.mixed.attempts("requeued")
    assert facts(attempts, "slurm_job") == [deaths.seen["requeued job"]] * 2  # one submission, which SLURM started twice
    assert [job["restarts"] for job in jobs_of(deaths.mixed, "requeued")] == ["1"]
    assert (attempts[0]["end"] or attempts[0]["alive"]) < attempts[1]["start"]
    assert attempts[1]["cause"] == "done"
    assert goes_on_from_a_checkpoint(deaths.mixed, "requeued")
    assert deaths.has_the_bits(deaths.mixed, "requeued", "short")


def test_a_training_on_a_drained_node_ends_there_and_nothing_new_goes_there_until_it_is_resumed(deaths):
    assert deaths.codes["drained"] == 0, deaths.drained.output()
    attempts = deaths.drained.attempts("drained")
    assert facts(attempts, "cause") == ["done"]
    assert attempts[0]["slurm_job"] == deaths.seen["drained job"]
    (scoring,) = deaths.seen["waiting"]
    assert scoring["node"] in ("", "(null)")
    (scored,) = [job for job in deaths.drained.cluster.jobs() if job["id"] == scoring["id"]]
    assert (scored["state"], scored["node"]) == ("COMPLETED", "gpu02")
    assert deaths.has_the_bits(deaths.drained, "drained", "short")


def test_with_an_error_put_into_its_code_as_of_a_card_that_is_too_small_a_training_computes_the_batch_in_micro_batches(deaths):
    attempts = deaths.mixed.attempts("wide")
    assert facts(attempts, "cause") == ["done"]  # without another submission
    assert "the batch is computed in 2 micro-batches from step 1 on" in deaths.mixed.log("wide")
    assert '"batch_parts": 2' in deaths.mixed.project.path(path_of("hardware.json", "wide")).read_text()
    assert deaths.mixed.weights("wide").exists()


def test_a_job_that_was_given_a_card_and_sees_none_says_so_and_trains_nothing(deaths):
    attempts = deaths.mixed.attempts("cardless")
    assert set(facts(attempts, "cause")) == {"device_lost"}
    assert "was given a card (gpus: 1) and sees none" in deaths.mixed.log("cardless")
    assert {job["node"] for job in jobs_of(deaths.mixed, "cardless")} == {"gpu01"}
    assert not deaths.mixed.weights("cardless").exists()


@pytest.mark.parametrize(
    ("model", "cause", "words"), [("diverging", "fault", "training diverged in epoch 1"), ("broken", "bug", "ZeroDivisionError")]
)
def test_what_would_fail_again_is_run_once_and_its_reason_stands_in_the_output_of_snakemake(deaths, model, cause, words):
    attempts = deaths.mixed.attempts(model)
    assert facts(attempts, "cause") == [cause]  # an attempt that is refused leaves no record
    assert words in attempts[0]["message"]
    assert words in deaths.mixed.output()
    assert said_before(deaths.mixed, model, 2) == cause
    assert f"is not made: the one before ended by a {cause}" in deaths.mixed.log(model)
    assert not deaths.mixed.weights(model).exists()


def test_those_that_fail_for_good_keep_no_other_from_its_end(deaths):
    assert deaths.codes["mixed"] != 0
    finished = {model for model in MIXED if deaths.mixed.weights(model).exists()}
    assert finished == set(MIXED) - {"cardless", "diverging", "broken"}


def test_the_finished_runs_are_reported_while_others_have_failed(deaths):
    project = deaths.mixed.project
    project.make("report_so_far", "--profile", "profiles/local")
    assert f"1 of {len(MIXED)} runs" in project.path("results/so_far/report.html").read_text()
