"""A job's record: what is left when it dies without a word, and what the next attempt learns from it."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest
from snakemake.iocontainers import InputFiles, Log, OutputFiles, Params
from snakemake.iocontainers import Snakemake as ScriptObject

from verso.errors import VersoError
from verso.jobs.fields import micro_batches
from verso.jobs.job import job_of
from verso.jobs.records import earlier_causes, read_record, record_path

STARTED = 1_763_800_000.0


class Values(dict):
    """As Snakemake's wildcards and resources are: names with values."""


@pytest.fixture
def snakemake(tmp_path, monkeypatch):
    monkeypatch.setenv("VERSO_STARTED", str(STARTED))
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)
    return SimpleNamespace(
        log=[str(tmp_path / "logs" / "train" / "seed-1.log")],
        rule="train",
        input=Values(),
        wildcards=Values(corpus="songs", seed="1"),
        resources=Values(mem_mb=1000, runtime=10, vram_mb=0, cards=0),
        threads=1,
        config={},
    )


def record_of(snakemake):
    return read_record(record_path(snakemake.log[0]))


def failing(snakemake, error):
    with pytest.raises(SystemExit), job_of(snakemake):
        raise error


def test_a_finished_job_says_so(snakemake):
    with job_of(snakemake) as job:
        job.report({"epoch": 3})
        assert record_of(snakemake)["attempts"][0]["end"] is None
    (attempt,) = record_of(snakemake)["attempts"]
    assert (attempt["cause"], attempt["progress"], attempt["pid"]) == ("done", {"epoch": 3}, os.getpid())
    assert attempt["asked"] == {"mem_mb": 1000, "runtime": 10, "vram_mb": 0, "cards": 0, "threads": 1}
    assert attempt["peak_ram_mb"] > 10
    assert attempt["start"] <= attempt["end"]


def test_the_error_is_in_the_record_and_in_the_log(snakemake):
    failing(snakemake, KeyError("lost key"))
    (attempt,) = record_of(snakemake)["attempts"]
    assert attempt["cause"] == "bug"
    assert "KeyError: 'lost key'" in attempt["message"]
    assert "KeyError: 'lost key'" in Path(snakemake.log[0]).read_text()


@pytest.mark.parametrize(("error", "cause"), [(KeyError("lost key"), "bug"), (VersoError("config.x is wrong"), "fault")])
def test_a_bug_is_not_tried_again_for_nothing(snakemake, error, cause):
    failing(snakemake, error)
    Path(snakemake.log[0]).unlink()  # as Snakemake does
    with pytest.raises(SystemExit), job_of(snakemake):
        pytest.fail("the second attempt ran")
    assert len(record_of(snakemake)["attempts"]) == 1
    told = Path(snakemake.log[0]).read_text()
    assert f"ended by a {cause}" in told
    assert str(error.args[0]) in told, "the reason must outlive the log that Snakemake deletes"


def test_after_a_new_start_even_a_bug_is_tried_again(snakemake, monkeypatch):
    failing(snakemake, KeyError("x"))
    monkeypatch.setenv("VERSO_STARTED", str(STARTED + 100))
    with job_of(snakemake) as job:
        assert job.earlier == [], "causes of an earlier start decide nothing"
    assert [attempt["cause"] for attempt in record_of(snakemake)["attempts"]] == ["bug", "done"]


def test_what_is_no_bug_is_tried_again_and_known(snakemake):
    failing(snakemake, MemoryError())
    with job_of(snakemake) as job:
        assert job.earlier == ["out_of_memory"]
        assert micro_batches(job) == 1


def test_each_time_the_card_was_too_small_halves_the_batch(snakemake):
    import torch

    for _ in range(2):
        failing(snakemake, torch.OutOfMemoryError("CUDA out of memory"))
    with job_of(snakemake) as job:
        assert micro_batches(job) == 4


def job_in_a_process(snakemake, tmp_path, work):
    """A job that does `work` in a process of its own, once that has begun."""
    script = f"""
import os, time
from types import SimpleNamespace
from verso.jobs.job import job_of
class Values(dict): pass
snakemake = SimpleNamespace(log=[{snakemake.log[0]!r}], rule="train", input=Values(), wildcards=Values(), threads=1, config={{}},
    resources=Values(mem_mb=700, runtime=10, vram_mb=0, cards=0))
with job_of(snakemake):
    {work}
    open({str(tmp_path / "begun")!r}, "w").close()
    time.sleep(60)
"""
    library = str(Path(__file__).parents[3] / "workflow" / "scripts")
    process = subprocess.Popen([sys.executable, "-c", script], env={**os.environ, "PYTHONPATH": library})
    ends = time.monotonic() + 30
    while not (tmp_path / "begun").exists():
        assert time.monotonic() < ends
        assert process.poll() is None
        time.sleep(0.05)
    return process


def test_a_killed_job_leaves_how_large_it_was(snakemake, tmp_path):
    process = job_in_a_process(snakemake, tmp_path, "held = bytearray(250_000_000); time.sleep(2.5)")
    process.send_signal(signal.SIGKILL)
    process.wait()
    (attempt,) = record_of(snakemake)["attempts"]
    assert attempt["end"] is None
    assert attempt["peak_ram_mb"] > 250
    assert earlier_causes([attempt], STARTED) == ["out_of_memory"], "250 MB and two Snakemakes are nearly the 700 MB asked"


def test_a_job_that_is_stopped_before_it_listens_is_stopped_and_not_lost(snakemake, tmp_path):
    process = job_in_a_process(snakemake, tmp_path, "pass")
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=10) == -signal.SIGTERM, "Snakemake and SLURM see what they always saw"
    (attempt,) = record_of(snakemake)["attempts"]
    assert attempt["cause"] == "stopped"
    assert attempt["end"] >= attempt["start"]
    assert earlier_causes([attempt], STARTED) == ["stopped"]


def test_one_that_hands_over_leaves_its_successors_entry_alone(snakemake):
    with job_of(snakemake):
        record = record_of(snakemake)
        successor = {**record["attempts"][0], "pid": 1, "host": "gpu02"}
        record_path(snakemake.log[0]).write_text(json.dumps({**record, "attempts": [*record["attempts"], successor]}))
    mine, theirs = record_of(snakemake)["attempts"]
    assert mine["cause"] == "done"
    assert theirs == successor


def test_a_broken_record_is_no_record(tmp_path):
    path = tmp_path / "x.job.json"
    assert read_record(path) == {}
    for text in ("{", "[]", '{"attempts": 3}', json.dumps("x")):
        path.write_text(text)
        assert read_record(path) == {}


def test_memory_is_this_process_s_own():
    told = subprocess.run(
        [sys.executable, "-c", "from verso.jobs.job import peak_ram_mb; held = bytearray(300_000_000); print(peak_ram_mb())"],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3] / "workflow" / "scripts")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert 300 <= float(told.stdout) <= 400


def environment_within(snakemake, **options):
    with job_of(snakemake, **options):
        return {name: os.environ.get(name) for name in ("HF_HUB_OFFLINE", "HF_HUB_DISABLE_TELEMETRY", "TOKENIZERS_PARALLELISM")}


def test_no_job_asks_the_hub_but_the_one_that_fetches(snakemake, monkeypatch):
    """A job that downloads by itself computes with what nobody recorded; without a network it hangs for a minute first."""
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    offline = {"HF_HUB_OFFLINE": "1", "HF_HUB_DISABLE_TELEMETRY": "1", "TOKENIZERS_PARALLELISM": "false"}
    assert environment_within(snakemake) == offline
    assert environment_within(snakemake, online=True)["HF_HUB_OFFLINE"] is None
    assert "HF_HUB_OFFLINE" not in os.environ


def test_what_a_search_has_found_is_in_the_params_of_the_training(snakemake, tmp_path):
    """Snakemake's own object makes its params anew whenever they are read, so nothing can be put in their place."""
    (tmp_path / "settings.json").write_text('{"filters": 8, "schedule.name": "linear"}')
    settings = {"filters": 16, "epochs": 2, "schedule": {"name": "constant", "warmup": 0}}
    chosen = InputFiles(fromdict={"chosen": str(tmp_path / "settings.json")})
    job = ScriptObject(
        chosen, OutputFiles(), Params(fromdict={"settings": settings, "code": "c"}), snakemake.wildcards, 1, snakemake.resources,
        Log(toclone=snakemake.log), {}, "train", None,
    )  # fmt: skip
    with job_of(job):
        assert job.params.settings == {"filters": 8, "epochs": 2, "schedule": {"name": "linear", "warmup": 0}}
        assert dict(job.params.items())["settings"] == job.params.settings
        assert job.params.code == "c"
