"""A pretrained model that nothing is taught: the base that a tuned one is compared with."""

from pathlib import Path
from typing import Any

from verso.files import read_json, write_csv, write_json
from verso.machine.hardware import Meter, asked_and_used, pick_device
from verso.pretrained.causal_llm import must_be_causal, must_hold_window, write_architecture
from verso.pretrained.manifest import snapshot_of
from verso.training.loop import HISTORY


def describe(
    manifest: str | Path,
    settings: dict[str, Any],
    architecture: str | Path,
    history: str | Path,
    hardware: str | Path,
    asked: dict[str, int],
) -> None:
    """Write what a training would have: the architecture, a history of no epoch, and that nothing was used.

    settings: as write_architecture takes them. Raises VersoError when the base's files are not whole, it is no causal model, or
    was made for fewer tokens than max_length.
    """
    must_be_causal(snapshot_of(manifest))
    must_hold_window(manifest, settings["max_length"])
    write_architecture(architecture, manifest, settings, {"total": read_json(manifest)["parameters"], "trainable": 0})
    write_csv(history, [], HISTORY)
    write_json(hardware, asked_and_used(Meter(pick_device(0)).report(tokens=0), asked))
