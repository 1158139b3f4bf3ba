"""Event files of runs that were trained without them: each once, of what is trained alone."""

import os

from event_file import files_of, rows_of

from verso.commands.tensorboard import write_event_files
from verso.config.load import load
from verso.files import write_csv

CONFIG = {
    "corpora": {"songs": {"kind": "songs", "source": {"path": "songs.jsonl"}}},
    "models": {name: {"family": "recurrent_lm", "cell": "lstm", "unit": "char"} for name in ("done", "empty", "later", "linked")},
    "experiments": {"lyrics": {"corpus": "songs", "models": ["done", "empty", "later", "linked"]}},
}
SEARCHED = {"family": "recurrent_lm", "cell": "lstm", "unit": "char", "search": {"space": {"hidden": [8, 16]}, "trials": 2}}
COLUMNS = ("epoch", "step", "train_loss", "validation_loss", "seconds", "best")
ROWS = [dict(zip(COLUMNS, row, strict=True)) for row in ((1, 6, 2.5, 2.25, 1.0, 1), (2, 12, 1.5, 1.75, 2.0, 1))]


def test_each_trained_run_gets_the_file_of_its_history_once_and_a_new_training_another(tmp_path, caplog):
    config = load({**CONFIG, "results": os.path.relpath(tmp_path / "results")}, "my.yaml")
    runs = {name: tmp_path / "results/runs/songs" / name / "seed-1" for name in CONFIG["models"]}
    for name in ("done", "empty", "linked"):
        write_csv(runs[name] / "history.csv", [] if name == "empty" else ROWS, COLUMNS)
    (runs["linked"] / "tensorboard").symlink_to(tmp_path)

    said = write_event_files(config)
    assert "1 event file written, 0 there already." in said
    assert "2 runs without one" in said
    assert "1 run not trained yet." in said
    assert f"tensorboard --logdir {config.results}/runs" in said
    assert "is a link" in caplog.text
    assert [(step, values["loss/validation"]) for step, values in rows_of(runs["done"])] == [(6, 2.25), (12, 1.75)]
    assert not (runs["empty"] / "tensorboard").exists()

    before = files_of(runs["done"])
    assert "0 event files written, 1 there already." in write_event_files(config)
    assert files_of(runs["done"]) == before

    write_csv(runs["done"] / "history.csv", ROWS[:1], COLUMNS)
    os.utime(before[0], ns=(0, 0))  # as if long ago
    assert "1 event file written" in write_event_files(config)
    assert [step for step, _ in rows_of(runs["done"])] == [6]


def test_complete_trials_of_a_search_get_theirs_too(tmp_path):
    raw = {**CONFIG, "models": {"tuned": SEARCHED}, "experiments": {"lyrics": {"corpus": "songs", "models": ["tuned"]}}}
    config = load({**raw, "results": os.path.relpath(tmp_path / "results")}, "my.yaml")
    trials = [tmp_path / f"results/runs/songs/tuned/search/checkpoints/0123/trial-000{number}" for number in (0, 1)]
    write_csv(trials[0] / "history.csv", ROWS, COLUMNS)
    trials[1].mkdir()  # pruned
    said = write_event_files(config)
    assert "1 event file written, 0 there already." in said
    assert "1 run not trained yet." in said
    assert [step for step, _ in rows_of(trials[0])] == [6, 12]
    assert [*trials[1].iterdir()] == []
