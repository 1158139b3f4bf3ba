import functools
import json
import operator
import os
import shutil
import signal
import subprocess
import time

import optuna
import pytest
from calls import PATHS
from line_search import SETTINGS, job_of, process_arguments, searched, train_line

from verso.errors import Interrupted, VersoError
from verso.files import read_csv, read_json
from verso.search.journal import opened
from verso.search.outcome import choose
from verso.search.worker import work


def chosen(folder, workers=1, kept=3):
    """What is chosen of a search: best.json, and the rows of trials.csv."""
    names = ("best.json", "settings.json", "trials.csv", "curves.csv")
    best, settings, trials, curves = (folder / name for name in names)
    found = [folder / f"worker-{number}.json" for number in range(1, workers + 1)]
    choose(found, folder / "checkpoints", kept, best, settings, trials, curves)
    assert read_json(settings) == read_json(best)["settings"]
    return read_json(best), read_csv(trials)


def outcome(rows):
    """The trials without what differs from one run of them to the next."""
    return [
        {key: value for key, value in row.items() if key not in ("started", "ended", "seconds", "job", "host")} for row in rows
    ]


def states(rows):
    return [row["state"] for row in rows]


def started(folder, worker, **changes):
    """A worker in a process of its own, which saves each step."""
    command = process_arguments(folder, worker, checkpoint_seconds=0, **changes)
    return subprocess.Popen(command, env={**os.environ, "PYTHONPATH": PATHS}, stderr=subprocess.PIPE)


def processes(folder, count, **changes):
    return [started(folder, number, workers=count, **changes) for number in range(1, count + 1)]


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """Five trials of one worker that nobody disturbs."""
    folder = tmp_path_factory.mktemp("undisturbed")
    searched(folder)
    return chosen(folder)


def test_the_best_trial_is_chosen_with_an_account_of_all(undisturbed):
    best, rows = undisturbed
    assert best["trials"] == {"complete": 5, "pruned": 0, "failed": 0}
    assert best["value"] == min(float(row["value"]) for row in rows) == float(rows[best["trial"]]["value"])
    assert best["settings"].keys() == {"learning_rate", "schedule.patience", "optimiser"}
    row = rows[best["trial"]]
    assert {key: str(value) for key, value in best["settings"].items()} == {key: row[key] for key in best["settings"]}
    assert [row["worker"] for row in rows] == ["1"] * 5
    assert [row["epochs"] for row in rows] == ["4"] * 5


def test_a_search_with_one_worker_repeats_itself(undisturbed, tmp_path):
    searched(tmp_path)
    assert outcome(chosen(tmp_path)[1]) == outcome(undisturbed[1])


def test_another_seed_tries_other_settings(undisturbed, tmp_path):
    searched(tmp_path, seed=2, trials=1)
    assert chosen(tmp_path)[1][0]["learning_rate"] != undisturbed[1][0]["learning_rate"]


def test_more_trials_continue_a_search_and_fewer_try_nothing(undisturbed, tmp_path):
    assert searched(tmp_path, trials=2)["trained"] == [0, 1]
    assert searched(tmp_path, trials=5)["trained"] == [2, 3, 4]
    assert outcome(chosen(tmp_path)[1]) == outcome(undisturbed[1])
    assert searched(tmp_path, trials=3, workers=3, max_retries=0, minutes=1.0)["trained"] == []


@pytest.mark.parametrize(
    "change",
    [
        {"space": [{"path": "learning_rate", "low": 1e-3, "high": 0.2, "step": None, "log": True, "integer": False}]},
        {"by": "train_loss"},
        {"sampler": "random"},
        {"pruner": "median"},
        {"settings": {**SETTINGS, "clip": 4.0}},
        {"fingerprint": "other code"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_another_space_metric_sampler_recipe_or_code_begins_a_new_search(tmp_path, change):
    before = searched(tmp_path, trials=1)
    after = searched(tmp_path, trials=1, **change)
    assert before["study"] != after["study"]
    assert after["trained"] == [0]
    assert searched(tmp_path, trials=1)["trained"] == [], "the one before is kept, and is gone back to"


def test_another_corpus_begins_a_new_search_and_old_ones_are_forgotten(tmp_path):
    corpus = tmp_path / "train.jsonl"
    keys = []
    for text in ("one", "two", "three"):
        corpus.write_text(text)
        keys.append(searched(tmp_path, trials=1, files=[str(corpus)])["study"])
        time.sleep(0.02)  # the newest are kept, by their time
    assert len(set(keys)) == 3
    chosen(tmp_path, kept=1)
    assert {path.parent.name for path in (tmp_path / "checkpoints").glob("*/journal.log")} == set(keys[1:])


def test_two_workers_share_the_trials_and_none_is_done_twice(tmp_path):
    for process in processes(tmp_path, 2, trials=8, step_seconds=0.02):
        assert process.wait(240) == 0, process.stderr.read().decode()
    best, rows = chosen(tmp_path, 2)
    assert states(rows) == ["complete"] * 8
    assert best["workers"] == 2
    trained = [read_json(tmp_path / f"worker-{number}.json")["trained"] for number in (1, 2)]
    assert sorted(functools.reduce(operator.iadd, trained, [])) == list(range(8))
    assert all(trained)


@pytest.mark.parametrize("steps", [7, 24, 61])  # in the first trial, at its end, in the third
def test_a_worker_killed_in_a_trial_goes_on_with_it(undisturbed, tmp_path, steps):
    (process,) = processes(tmp_path, 1, dies_after_steps=steps)
    assert process.wait(240) == -signal.SIGKILL
    searched(tmp_path, started=1.0)
    assert outcome(chosen(tmp_path)[1]) == outcome(undisturbed[1])


def test_a_worker_that_is_stopped_saves_its_trial_and_goes_on_with_it(undisturbed, tmp_path):
    def stopped_at(step):
        if step == 9:
            signal.raise_signal(signal.SIGTERM)

    with pytest.raises(Interrupted, match="a checkpoint is saved"):
        work(job_of(tmp_path), train_line(stopped_at))
    assert not (tmp_path / "worker-1.json").exists()
    steps = []
    searched(tmp_path, train=train_line(steps.append), trials=1)
    assert len(steps) == 24 - 10  # it comes between two steps, and the one that follows is saved
    searched(tmp_path)
    assert outcome(chosen(tmp_path)[1]) == outcome(undisturbed[1])


def test_a_later_start_takes_a_workers_place_and_its_trial(undisturbed, tmp_path):
    (earlier,) = processes(tmp_path, 1, started=1.0, step_seconds=0.3)
    deadline = time.monotonic() + 30
    while not list(tmp_path.glob("checkpoints/*/trial-0000/checkpoints/*/*.ckpt")) and time.monotonic() < deadline:
        time.sleep(0.05)
    found = searched(tmp_path, started=2.0)
    assert earlier.wait(240) != 0
    assert b"takes this worker's place" in earlier.stderr.read()
    assert found["trained"] == [0, 1, 2, 3, 4]
    assert outcome(chosen(tmp_path)[1]) == outcome(undisturbed[1])


def study_of(folder):
    (journal,) = folder.glob("checkpoints/*/journal.log")
    return optuna.load_study(study_name="search", storage=opened(journal))


@pytest.fixture(scope="module")
def both_killed(tmp_path_factory):
    """The folder of a search both of whose workers were killed in their first trial."""
    folder = tmp_path_factory.mktemp("killed")
    two = processes(folder, 2, trials=2, step_seconds=0.03, dies_after_steps=15)
    assert [process.wait(240) for process in two] == [-signal.SIGKILL] * 2
    return folder


def test_a_trial_of_a_worker_that_is_gone_for_good_is_tried_again_from_its_checkpoint(both_killed, tmp_path, monkeypatch):
    monkeypatch.setattr("verso.search.study.LOST_SECONDS", -1.0)
    shutil.copytree(both_killed, tmp_path, dirs_exist_ok=True)
    steps = []
    searched(tmp_path, train=train_line(steps.append), trials=2, workers=1, started=1.0)  # there is no second worker any more
    rows = chosen(tmp_path)[1]
    assert states(rows) == (
        ["complete", "failed", "complete"] if rows[0]["worker"] == "1" else ["failed", "complete", "complete"]
    )
    lost, again = next(row for row in rows if row["state"] == "failed"), rows[2]
    assert "worker 2" in lost["reason"]
    assert "was lost" in lost["reason"]
    assert lost["value"] == ""
    assert again["retry_of"] == lost["number"]
    assert {key: again[key] for key in ("learning_rate", "optimiser")} == {
        key: lost[key] for key in ("learning_rate", "optimiser")
    }
    assert len(steps) < 2 * 24, "both trials went on from a checkpoint"


def test_what_was_tried_often_enough_is_given_up(both_killed, tmp_path, monkeypatch):
    monkeypatch.setattr("verso.search.study.LOST_SECONDS", -1.0)
    shutil.copytree(both_killed, tmp_path, dirs_exist_ok=True)
    searched(tmp_path, trials=2, max_retries=0, started=1.0)
    best, rows = chosen(tmp_path)
    assert best["trials"] == {"complete": 2, "pruned": 0, "failed": 1}
    assert [row["retry_of"] for row in rows] == ["", "", ""]


def test_a_trial_of_a_worker_that_comes_back_is_left_to_it(both_killed, tmp_path):
    shutil.copytree(both_killed, tmp_path, dirs_exist_ok=True)
    second = started(tmp_path, 2, trials=4, workers=2, started=1.0)
    searched(tmp_path, worker=1, trials=4, workers=2, started=1.0)
    assert second.wait(30) == 0
    assert states(chosen(tmp_path, 2)[1]) == ["complete"] * 4


def test_a_late_word_is_refused_and_ends_nobody(tmp_path, caplog):
    def taken_away(step, times=[]):  # noqa: B006 - once, of the first trial
        if step == 8 and not times:
            times.append(step)
            study_of(tmp_path).tell(0, state=optuna.trial.TrialState.FAIL)

    found = searched(tmp_path, train=train_line(taken_away), trials=1, event_files=False)
    assert found["trained"] == [0, 1]
    assert found["trials"] == {"complete": 1, "pruned": 0, "failed": 1}
    assert "is refused" in caplog.text


def test_a_trial_that_diverges_fails_with_its_reason_and_another_takes_its_turn(tmp_path):
    def validation(run):
        return iter([float("nan")] * 9) if run.settings["optimiser"] == "adam" else None

    searched(tmp_path, train=train_line(validation=validation))
    best, rows = chosen(tmp_path)
    assert best["trials"]["complete"] == 5
    assert best["trials"]["failed"] == states(rows).count("failed") > 0
    failed = [row for row in rows if row["state"] == "failed"]
    assert all(row["optimiser"] == "adam" and row["value"] == "" and "diverged" in row["reason"] for row in failed)


def test_a_search_whose_every_trial_fails_ends_in_words(tmp_path):
    def full(step):
        raise MemoryError("no more")

    with pytest.raises(VersoError, match=r"5 trials failed, and 0 finished.*\n  out_of_memory: MemoryError: no more\nChange"):
        searched(tmp_path, train=train_line(full))


def test_a_full_disk_is_no_fault_of_the_trial(undisturbed, tmp_path):
    def full(step):
        raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space"):
        searched(tmp_path, train=train_line(full))
    searched(tmp_path)
    assert outcome(chosen(tmp_path)[1]) == outcome(undisturbed[1])


def test_what_runs_out_of_memory_again_and_again_is_failed_with_that_reason(tmp_path):
    (process,) = processes(tmp_path, 1, dies_after_steps=7)
    assert process.wait(240) == -signal.SIGKILL
    (process,) = processes(tmp_path, 1, dies_after_steps=7, started=1.0, earlier=["out_of_memory"])
    assert process.wait(240) == -signal.SIGKILL
    searched(tmp_path, started=2.0, earlier=["out_of_memory"] * 2, trials=1)
    rows = chosen(tmp_path)[1]
    assert states(rows) == ["failed", "complete"]
    assert rows[0]["reason"].startswith("out_of_memory: its worker was killed 2 times")


def test_a_pruned_trial_keeps_its_last_value_and_leaves_no_checkpoint(tmp_path):
    def worse_and_worse(run):
        worse_and_worse.level += 1.0
        return iter([worse_and_worse.level] * 9)

    worse_and_worse.level = 0.0
    searched(tmp_path, train=train_line(validation=worse_and_worse), trials=7, pruner="median")
    best, rows = chosen(tmp_path)
    assert states(rows) == ["complete"] * 5 + ["pruned"] * 2
    assert (rows[6]["value"], rows[6]["epochs"]) == ("7.0", "1")
    assert best["value"] == 1.0
    assert not list(tmp_path.rglob("*.ckpt"))
    assert not list(tmp_path.rglob("architecture.json"))


def test_a_grid_is_tried_point_by_point_and_then_ends(tmp_path):
    space = [{"path": "optimiser", "choices": ["adam", "adamw"]}, {"path": "clip", "choices": [1.0, 5.0]}]
    searched(tmp_path, space=space, sampler="grid", trials=4)
    rows = chosen(tmp_path)[1]
    assert sorted((row["optimiser"], row["clip"]) for row in rows) == [(a, b) for a in ("adam", "adamw") for b in ("1.0", "5.0")]


def test_no_trial_begins_when_the_minutes_are_over(tmp_path):
    assert searched(tmp_path, minutes=1e-9)["trained"] == [0]


def test_progress_says_how_far_the_search_is(tmp_path):
    reported = []
    searched(tmp_path, trials=2, report=reported.append)
    last = reported[-1]
    assert (last["trial"], last["trials"], last["trials_done"], last["by"]) == (1, 2, 1, "validation_loss")
    assert last["best"] == json.loads(json.dumps(last["best"]))
    assert last["seconds_left"] >= 0


def test_a_study_of_another_version_is_refused_in_words(tmp_path):
    searched(tmp_path, trials=1)
    study_of(tmp_path).set_user_attr("recipe", {"form": 0})
    with pytest.raises(VersoError, match="a study of another version or recipe; move the folder away"):
        searched(tmp_path)


def test_a_journal_that_is_missing_is_said(tmp_path):
    searched(tmp_path, trials=1)
    (journal,) = tmp_path.glob("checkpoints/*/journal.log")
    journal.unlink()
    with pytest.raises(VersoError, match="is missing, so nobody knows what the trials gave"):
        chosen(tmp_path)
