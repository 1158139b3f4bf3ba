"""TensorBoard's event files: live, whole after a kill, never doubled, and never a reason for a job to end."""

import json
import logging
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest
import torch
from calls import PATHS, training_run
from drivers import Named
from event_file import events_of, files_of, masked_crc, rows_of
from line_task import CPU, SETTINGS, Line, raising_signal, without_seconds

from verso.files import read_csv, write_csv, write_json
from verso.jobs import event_files as module
from verso.jobs.event_files import EventFiles, tag_of
from verso.jobs.job import job_of
from verso.training import progress

ROWS = [
    {"epoch": 0, "step": 0, "train_loss": None, "validation_loss": 3.5, "seconds": 0.5, "best": 1},
    {"epoch": 1, "step": 6, "train_loss": 2.25, "validation_loss": 2.5, "seconds": 1.5, "best": 1},
    {"epoch": 2, "step": 12, "train_loss": 1.25, "validation_loss": 2.75, "seconds": 4.0, "best": 0},
]
SHOWN = [
    (0, {"epoch": 0.0, "loss/validation": 3.5}),
    (6, {"epoch": 1.0, "loss/train": 2.25, "loss/validation": 2.5}),
    (12, {"epoch": 2.0, "loss/train": 1.25, "loss/validation": 2.75}),
]


def history_of(folder, rows=ROWS):
    write_csv(folder / "history.csv", rows, list(ROWS[0]))
    return folder / "history.csv"


def shown_of(history):
    """What TensorBoard should show of a history.csv: numbers in single precision."""
    return [
        (
            int(row["step"]),
            {tag_of(name): float(torch.tensor(float(row[name]))) for name in row if row[name] and name not in module.NO_MEASURES},
        )
        for row in read_csv(history)
    ]


def test_the_reader_of_these_tests_knows_the_published_checksum():
    """CRC-32C of "123456789" is 0xE3069283 (RFC 3720 and others)."""
    crc = 0xE3069283
    assert masked_crc(b"123456789") == ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


def test_each_row_can_be_read_as_soon_as_it_is_measured_and_stands_there_once(tmp_path):
    events, rows = EventFiles(tmp_path / "history.csv", True), []
    for row, place in zip(ROWS, range(3), strict=True):
        rows.append(row)
        for _ in range(2):  # the loop reports far more often than it measures
            events.follow(rows)
        assert rows_of(tmp_path) == SHOWN[: place + 1]
    history_of(tmp_path)
    os.utime(files_of(tmp_path)[0], ns=(0, 0))
    assert not EventFiles(tmp_path / "history.csv", True).stand(), "it may lack rows"
    events.complete()
    assert EventFiles(tmp_path / "history.csv", True).stand()
    assert rows_of(tmp_path) == SHOWN
    assert [path.name for path in (tmp_path / "tensorboard").iterdir()] == [files_of(tmp_path)[0].name]


def test_times_are_those_of_the_training_without_its_pauses(tmp_path):
    EventFiles(history_of(tmp_path), True).complete()
    (path,) = files_of(tmp_path)
    _, start, *events = events_of(path)
    assert [event.wall_time - start.wall_time for event in events] == pytest.approx([0.5, 1.5, 4.0])


def test_a_history_of_another_training_replaces_what_stood_there(tmp_path):
    EventFiles(history_of(tmp_path), True).complete()
    EventFiles(history_of(tmp_path, ROWS[:1]), True).complete()
    assert rows_of(tmp_path) == SHOWN[:1]


@pytest.mark.parametrize(("wanted", "rows"), [(False, ROWS), (True, [])], ids=["not wanted", "learnt in no epochs"])
def test_files_of_an_earlier_training_never_stand_beside_another(tmp_path, wanted, rows):
    EventFiles(history_of(tmp_path), True).complete()
    (tmp_path / "tensorboard/mine.txt").write_text("a note")
    EventFiles(history_of(tmp_path, rows), wanted).complete()
    assert [path.name for path in (tmp_path / "tensorboard").iterdir()] == ["mine.txt"]


def test_a_run_that_never_had_any_gets_no_folder(tmp_path):
    EventFiles(history_of(tmp_path), False).complete()
    assert not (tmp_path / "tensorboard").exists()


def test_a_folder_that_is_a_link_is_never_followed_and_the_job_goes_on(tmp_path, caplog):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere/events.out.tfevents.1.verso").write_text("of another run")
    (tmp_path / "run").mkdir()
    (tmp_path / "run/tensorboard").symlink_to(tmp_path / "elsewhere")
    with caplog.at_level(logging.WARNING):
        for wanted in (True, False):
            events = EventFiles(history_of(tmp_path / "run"), wanted)
            events.follow(ROWS)
            events.complete()
    assert [path.name for path in (tmp_path / "elsewhere").iterdir()] == ["events.out.tfevents.1.verso"]
    assert "is a link" in caplog.text
    assert "the job goes on" in caplog.text


def test_a_full_disk_ends_no_training(tmp_path, caplog, monkeypatch):
    from tensorboardX.record_writer import RecordWriter

    def full(self):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(RecordWriter, "flush", full)
    events = EventFiles(history_of(tmp_path), True)
    for count in (1, 2, 3):
        events.follow(ROWS[:count])
    events.complete()
    assert caplog.text.count("No space left") == 1
    assert files_of(tmp_path) == []


@pytest.mark.parametrize(
    ("column", "tag"),
    [
        ("train_loss", "loss/train"), ("validation_loss", "loss/validation"), ("validation_f1_macro", "f1_macro/validation"),
        ("train_recited", "recited/train"), ("learning_rate", "learning_rate"), ("gradient_norm", "gradient_norm"),
    ],
)  # fmt: skip
def test_measures_of_two_parts_share_a_group(column, tag):
    assert tag_of(column) == tag


# --- a whole job ---


def job(folder, **resources):
    """A training's job, as Snakemake gives it to a driver."""
    run = folder / "run"
    return SimpleNamespace(
        log=[str(folder / "train.log")], rule="train", wildcards=Named(seed="1"), threads=1, config={},
        resources=Named(mem_mb=1000, runtime=10, vram_mb=0, cards=0, **resources), params=Named(), input=Named(),
        output=Named(history=str(run / "history.csv"), architecture=str(run / "model/architecture.json")),
    )  # fmt: skip


def train(folder, learner, **resources):
    """Train `learner` as a job with these resources; its checkpoints are made by signals alone."""
    text = folder / "train.jsonl"
    text.write_text("{}\n")
    with job_of(job(folder, **resources)) as begun:
        run = training_run(folder / "run", SETTINGS, report=begun.report)
        with run.fit(learner, CPU, [text]) as outcome:
            write_json(run.architecture, {"rows": len(outcome.history)})
    return read_csv(run.history)


@pytest.fixture
def root_logger():
    """A job takes over its handlers and its level."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


KILLED = """
import sys
from pathlib import Path
from line_task import Line
import os, signal
from verso.training import progress
from test_event_files import train

progress.REPORT_SECONDS = 0.0
train(Path(sys.argv[1]), Line(lambda number: os.kill(os.getpid(), signal.SIGKILL) if number == 14 else None), tensorboard=1)
"""


def test_after_a_stop_and_a_kill_no_step_is_doubled_and_the_weights_are_those_without_event_files(
    tmp_path, monkeypatch, root_logger
):
    monkeypatch.setattr(progress, "REPORT_SECONDS", 0.0)
    (tmp_path / "plain").mkdir()
    plain = Line()
    expected = train(tmp_path / "plain", plain, tensorboard=0)
    assert not (tmp_path / "plain/run/tensorboard").exists()

    with pytest.raises(SystemExit):  # stopped, and saved, after step 9
        train(tmp_path, Line(raising_signal(8)), tensorboard=1)
    assert [step for step, _ in rows_of(tmp_path / "run")] == [6]
    before = files_of(tmp_path / "run")

    path = f"{PATHS}:{__file__.rpartition('/')[0]}"
    killed = subprocess.run([sys.executable, "-c", KILLED, tmp_path], env={"PYTHONPATH": path}, check=False)
    assert killed.returncode == -9
    assert [step for step, _ in rows_of(tmp_path / "run")] == [6, 12, 18], "two epochs after the checkpoint were measured"
    assert files_of(tmp_path / "run") != before

    resumed = Line()
    history = train(tmp_path, resumed, tensorboard=1)
    assert resumed.seen[0] == (2, 3), "it did not resume from step 9"
    assert [step for step, _ in rows_of(tmp_path / "run")] == [6, 12, 18, 24]
    assert rows_of(tmp_path / "run") == shown_of(tmp_path / "run/history.csv")
    assert without_seconds(history) == without_seconds(expected)
    for name, tensor in plain.model.state_dict().items():
        assert torch.equal(tensor, resumed.model.state_dict()[name])


def test_the_history_is_no_part_of_a_job_s_record(tmp_path, monkeypatch, root_logger):
    """The record is written each tenth second of a beat; a history may have thousands of rows."""
    monkeypatch.setattr(progress, "REPORT_SECONDS", 0.0)
    train(tmp_path, Line(), tensorboard=1)
    (record,) = tmp_path.glob("*.json")
    assert "history" not in json.loads(record.read_text())["attempts"][0]["progress"]


def test_what_is_put_back_of_an_earlier_recipe_has_its_own_event_file(tmp_path, root_logger):
    wanted = {"tensorboard": 1, "kept_recipes": 3, "kept_mb": 100}
    history = train(tmp_path, Line(), **wanted)
    whole = rows_of(tmp_path / "run")
    EventFiles(history_of(tmp_path / "run"), True).complete()  # as another recipe leaves them
    assert rows_of(tmp_path / "run") != whole
    with pytest.raises(SystemExit), job_of(job(tmp_path, **wanted)):
        pytest.fail("it trained again")
    assert read_csv(tmp_path / "run/history.csv") == history
    assert rows_of(tmp_path / "run") == whole


def test_a_job_that_trains_nothing_has_none(tmp_path):
    assert EventFiles.of_job(job(tmp_path)) is None
