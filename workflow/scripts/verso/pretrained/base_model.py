"""A pretrained model as it is: the base that a tuned one is compared with, or that is prompted."""

from pathlib import Path
from typing import Any

from verso.files import read_json
from verso.machine.hardware import Meter, pick_device
from verso.pretrained.causal_llm import must_be_causal, must_hold_window, write_architecture
from verso.pretrained.manifest import snapshot_of
from verso.training.run import write_account


def describe(
    manifest: str | Path,
    settings: dict[str, Any],
    architecture: str | Path,
    history: str | Path,
    hardware: str | Path,
    requested: dict[str, int],
) -> None:
    """Write the files of a training that changes nothing: the architecture, a history without epochs, hardware that was not used.

    settings: as write_architecture takes them, without `tuning`. requested: see verso.training.run.TrainingRun.

    Raises VersoError when the base model's files are not whole, when it is no causal model, or was made for fewer tokens than
    max_length.
    """
    must_be_causal(snapshot_of(manifest))
    must_hold_window(manifest, settings["max_length"])
    untuned = {**settings, "tuning": "none"}
    write_architecture(architecture, manifest, untuned, {"total": read_json(manifest)["parameters"], "trainable": 0})
    write_account(history, hardware, [], Meter(pick_device(0)).report(tokens=0), requested, {})
