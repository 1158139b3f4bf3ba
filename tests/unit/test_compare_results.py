"""The comparison of two results folders: what a machine measured may differ, and nothing else."""

import json

import pytest
from compare_results import differences


@pytest.fixture
def folders(tmp_path):
    for name in ("before", "after"):
        run = tmp_path / name / "runs/songs/lstm/seed-1"
        (run / "checkpoints").mkdir(parents=True)
        (tmp_path / name / "tables").mkdir()
        (run / "weights.safetensors").write_bytes(b"the same")
        (run / "hardware.json").write_text(json.dumps({"wall_seconds": 1.5, "tokens": 10, "asked": {"mem_mb": 5, "cards": 1}}))
        (run / "history.csv").write_text("epoch,seconds,train_loss\n1,0.5,2.25\n")
        (run / "checkpoints/step.pt").write_bytes(name.encode())
        (tmp_path / name / "tables/language_models.csv").write_text("model,bits_per_byte,gpu_hours\nlstm,2.5,0.1\n")
        (tmp_path / name / "report.html").write_text('<p>Bits: 2.50001</p><path d="M1 2"/>')
    return tmp_path / "before", tmp_path / "after"


def found(folders):
    return list(differences(*folders))


def test_folders_that_differ_in_nothing_or_in_what_is_measured_are_the_same(folders):
    assert found(folders) == []
    run = folders[1] / "runs/songs/lstm/seed-1"
    (run / "hardware.json").write_text(json.dumps({"wall_seconds": 9.5, "tokens": 10, "asked": {"mem_mb": 7, "cards": 1}}))
    (run / "history.csv").write_text("epoch,seconds,train_loss\n1,7.5,2.25\n")
    (folders[1] / "tables/language_models.csv").write_text("model,bits_per_byte,gpu_hours\nlstm,2.5,0.7\n")
    (folders[1] / "report.html").write_text('<p>In other words: 2.50001</p><path d="M1 2"/>')
    assert found(folders) == []


def test_times_of_predictions_and_their_figure_may_differ(folders):
    for folder, seconds in zip(folders, (0.001, 0.002), strict=True):
        (folder / "runs/songs/lstm/seed-1/latency.json").write_text(json.dumps({"token_seconds": [seconds], "threads": 1}))
        (folder / "tables/latency.csv").write_text(f"model,token_median_seconds\nlstm,{seconds}\n")
        (folder / "tables/latency.tex").write_text(f"lstm & {seconds}\n")
        (folder / "latency_spread.svg").write_text(f'<path d="M{seconds}"/>')
        (folder / "report.html").write_text(f'<figure class="wide latency_spread"><path d="M{seconds}"/></figure><p>2.50001</p>')
    assert found(folders) == []
    (folders[1] / "runs/songs/lstm/seed-1/latency.json").write_text(json.dumps({"token_seconds": [0.001], "threads": 2}))
    assert found(folders) == ["differs   runs/songs/lstm/seed-1/latency.json"]


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("runs/songs/lstm/seed-1/weights.safetensors", "the sane"),
        ("runs/songs/lstm/seed-1/hardware.json", '{"wall_seconds": 1.5, "tokens": 11, "asked": {"mem_mb": 5, "cards": 1}}'),
        ("runs/songs/lstm/seed-1/history.csv", "epoch,seconds,train_loss\n1,0.5,2.26\n"),
        ("tables/language_models.csv", "model,bits_per_byte,gpu_hours\nlstm,2.6,0.1\n"),
        ("report.html", '<p>Bits: 2.50002</p><path d="M1 2"/>'),
        ("report.html", '<p>Bits: 2.50001</p><path d="M1 3"/>'),
    ],
)
def test_a_changed_result_is_named(folders, file, content):
    (folders[1] / file).write_text(content)
    assert found(folders) == [f"differs   {file}"]


def test_a_file_that_is_missing_or_new_is_named(folders):
    (folders[0] / "report.html").unlink()
    (folders[1] / "tables/language_models.csv").unlink()
    assert found(folders) == ["new       report.html", "missing   tables/language_models.csv"]
