"""A training as a whole: its results stand before its checkpoints go, and a block that fails leaves them to go on from."""

import json

import pytest
import torch
from calls import ASKED, training_run
from line_task import CPU, SETTINGS, Line, without_seconds

from verso.files import read_csv, read_json, write_json
from verso.provenance import key_of_settings
from verso.training import run as module
from verso.training.checkpoints import Checkpoints, key_of_training
from verso.training.loop import HISTORY
from verso.training.run import write_account


@pytest.fixture
def text(tmp_path):
    (tmp_path / "train.jsonl").write_text("{}\n")
    return tmp_path / "train.jsonl"


def trained(run, learner, text, **given):
    """Train it and write its architecture."""
    with run.fit(learner, CPU, [text], **given) as outcome:
        write_json(run.architecture, {"rows": len(outcome.history)})


def test_a_training_writes_history_and_hardware_with_the_learner_s_own_columns_and_facts(tmp_path, text):
    run = training_run(tmp_path / "run", SETTINGS)
    trained(run, Line(), text, hardware_facts={"backend": "abacus"})
    rows = read_csv(run.history)
    assert tuple(rows[0]) == (*HISTORY, "slope")
    assert len(rows) == read_json(run.architecture)["rows"] == 4
    found = read_json(run.hardware)
    assert (found["asked"], found["tokens"], found["batch_parts"]) == (ASKED, 240, 1)
    assert list(found)[-2:] == ["settings_key", "backend"]
    assert found["settings_key"] == key_of_settings(SETTINGS)


def test_hardware_names_no_settings_where_a_training_has_no_recipe(tmp_path, text):
    run = training_run(tmp_path / "run", SETTINGS)
    trained(run, Line(), text, with_settings_key=False)
    assert "settings_key" not in read_json(run.hardware)


def test_all_outputs_stand_before_the_checkpoints_go(tmp_path, text, monkeypatch):
    run, seen = training_run(tmp_path / "run", SETTINGS, seconds=0), []

    class Watched(Checkpoints):
        def finish(self):
            outputs = (run.architecture, run.history, run.hardware)
            seen.append(([path.exists() for path in outputs], len(list(run.checkpoints.rglob("*.ckpt")))))
            super().finish()

    monkeypatch.setattr(module, "Checkpoints", Watched)
    trained(run, Line(), text)
    assert seen == [([True, True, True], 2)]
    assert len(list(run.checkpoints.rglob("*.ckpt"))) == 1, "the final one stays: the outputs can be made from it again"
    assert not (run.checkpoints / ".lock").exists()


def test_a_block_that_fails_writes_no_history_and_leaves_the_checkpoint_that_the_next_life_writes_from(tmp_path, text):
    run, undisturbed = training_run(tmp_path / "run", SETTINGS), training_run(tmp_path / "undisturbed", SETTINGS)
    with pytest.raises(OSError, match="the disk is full"), run.fit(Line(), CPU, [text]):
        raise OSError("the disk is full")
    assert not run.history.exists()
    assert not run.hardware.exists()
    assert len(list(run.checkpoints.rglob("*.ckpt"))) == 1
    assert not (run.checkpoints / ".lock").exists(), "the run was not let go"
    again = Line()
    trained(run, again, text)
    assert again.seen == [], "it learnt again"
    whole = Line()
    trained(undisturbed, whole, text)
    assert without_seconds(read_csv(run.history)) == without_seconds(read_csv(undisturbed.history))
    for name, tensor in whole.model.state_dict().items():
        assert torch.equal(tensor, again.model.state_dict()[name])


def test_a_learner_that_fails_never_reaches_the_block(tmp_path, text):
    def fault(number):
        raise RuntimeError("power cut")

    run = training_run(tmp_path / "run", SETTINGS)
    with pytest.raises(RuntimeError, match="power cut"), run.fit(Line(fault), CPU, [text]):
        pytest.fail("the block ran")


def test_what_is_reported_and_the_best_weights_are_the_loop_s(tmp_path, text):
    told = []
    run = training_run(tmp_path / "run", {**SETTINGS, "epochs": 3}, report=told.append)
    learner = Line(validation=[3.0, 1.0, 2.0])
    trained(run, learner, text, highest="slope")
    assert told[0]["epochs"] == 3
    rows = read_csv(run.history)
    best = [row for row in rows if row["best"] == "1"][-1]
    assert float(best["slope"]) == max(float(row["slope"]) for row in rows), "it was chosen by the validation loss"


@pytest.mark.parametrize(
    "changes",
    [{"fingerprint": "other code"}, {"seed": 2}, {"settings": {**SETTINGS, "learning_rate": 0.1}}, {"key_facts": {"peft": "2"}}],
    ids=lambda changes: next(iter(changes)),
)
def test_a_checkpoint_of_other_code_seed_settings_or_facts_is_not_used(tmp_path, text, changes):
    given = {"key_facts": {"peft": "1"}}
    trained(training_run(tmp_path / "run", SETTINGS), Line(), text, **given)
    own = {key: value for key, value in changes.items() if key not in ("settings", "key_facts")}
    other = training_run(tmp_path / "run", changes.get("settings", SETTINGS), **own)
    learner = Line()
    trained(other, learner, text, **given | {key: value for key, value in changes.items() if key == "key_facts"})
    assert len(learner.seen) == 24
    again = Line()
    trained(other, again, text, **given | {key: value for key, value in changes.items() if key == "key_facts"})
    assert again.seen == []


def test_the_key_of_a_training_depends_on_all_that_decides_its_bits(text, tmp_path, monkeypatch):
    (tmp_path / "other.jsonl").write_text("[]\n")
    usual = ("code", SETTINGS, 1, "cpu", [text], {"peft": "1", "instruction": {"input": "Write."}})
    others = [
        ("code2", *usual[1:]),
        (usual[0], {**SETTINGS, "clip": 1.0}, *usual[2:]),
        (*usual[:2], 2, *usual[3:]),
        (*usual[:3], "cuda", *usual[4:]),
        (*usual[:4], [tmp_path / "other.jsonl"], usual[5]),
        (*usual[:4], [text, tmp_path / "other.jsonl"], usual[5]),
        (*usual[:5], {**usual[5], "peft": "2"}),
        usual[:5],
    ]
    keys = [key_of_training(*facts) for facts in (usual, *others)]
    assert key_of_training(*usual) == keys[0]
    assert len(set(keys)) == len(keys)
    moved = tmp_path / "elsewhere.jsonl"
    moved.write_bytes(text.read_bytes())
    assert key_of_training(*usual[:4], [moved], usual[5]) == keys[0], "where a file lies decides nothing"
    monkeypatch.setattr(torch, "__version__", "99.0")
    assert key_of_training(*usual) not in keys


def test_what_learns_by_no_epochs_has_an_empty_history(tmp_path):
    used = {"device": "cpu", "wall_seconds": 1.0}
    write_account(tmp_path / "history.csv", tmp_path / "hardware.json", [], used, ASKED, {"settings_key": "a"})
    assert (tmp_path / "history.csv").read_text() == ",".join(HISTORY) + "\n"
    assert json.loads((tmp_path / "hardware.json").read_text()) == {**used, "asked": ASKED, "gpu_hours": 0.0, "settings_key": "a"}
