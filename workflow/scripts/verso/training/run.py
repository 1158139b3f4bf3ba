"""A training run, from its first step or last checkpoint to its written results; shared by all model families."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from verso.files import write_csv, write_json
from verso.machine.hardware import Device, requested_and_used
from verso.provenance import key_of_settings
from verso.training.checkpoints import Checkpoints, key_of_training
from verso.training.learner import Learner
from verso.training.loop import HISTORY, Outcome, fit


@dataclass(frozen=True)
class TrainingRun:
    """Arguments of every training besides its data; verso.jobs.job makes it for a driver, a test makes it by hand.

    settings: one model's, with every key; with settings["minutes"] the result is not repeatable bit by bit. fingerprint: of the
    code that runs. architecture, history, hardware: files to write; the model's other files lie beside `architecture`.

    checkpoints: a folder that survives a failed job. checkpoint_seconds: the longest time between two checkpoints. started: when
    this job's Snakemake started, seconds since the epoch; the latest start gets the run.

    gpus: number of cards allocated to the job (0: use the CPU even where cards exist). requested: the job's requests (mem_mb,
    runtime in minutes, vram_mb, cards, threads), recorded beside its use. micro_batches: in how many a batch is
    computed (1: at once), for a card whose memory was too small; the gradient is the same up to rounding, the noise of dropout
    is not. report: a function that is called with the progress, see verso.training.loop.fit.
    """

    settings: dict[str, Any]
    seed: int
    fingerprint: str
    architecture: Path
    history: Path
    hardware: Path
    checkpoints: Path
    checkpoint_seconds: float
    started: float
    gpus: int
    requested: dict[str, int]
    micro_batches: int
    report: Callable[[dict[str, Any]], None]

    @contextmanager
    def fit(
        self,
        learner: Learner,
        device: Device,
        files: Sequence[str | Path],
        key_facts: Mapping[str, Any] | None = None,
        hardware_facts: Mapping[str, Any] | None = None,
        with_settings_key: bool = True,
        **how: Any,
    ) -> Iterator[Outcome]:
        """Train, or resume from a checkpoint; the `with` block then writes the files of the model, which has its best weights.

        After the block, history and hardware are written, and the checkpoints are removed last: the final one can restore the
        outputs until all are written. When the block raises, neither is written and the checkpoints stay.

        files: the training data. A checkpoint is used when code, settings, seed, content of the files, PyTorch, kind of device
        and `key_facts` (JSON values, such as versions of libraries) are the same. hardware_facts: further entries of
        hardware.json. with_settings_key: whether it contains the key of the settings. how: `highest` and `groups` of
        verso.training.loop.fit.

        Raises what verso.training.loop.fit raises, Interrupted (handed_over) when a later start trains this run, VersoError when
        an earlier one does not release it, and torch.OutOfMemoryError: nothing is saved in the middle of a step, and a run with
        more micro-batches may resume from the last checkpoint.
        """
        key = key_of_training(self.fingerprint, self.settings, self.seed, device.device.type, files, key_facts)
        with Checkpoints(self.checkpoints, key, self.started) as kept:
            outcome = fit(learner, self.settings, device, kept, self.checkpoint_seconds, self.report, **how)
            yield outcome
            recipe = {"settings_key": key_of_settings(self.settings)} if with_settings_key else {}
            facts = {**recipe, **(hardware_facts or {})}
            write_account(self.history, self.hardware, outcome.history, outcome.hardware, self.requested, facts)
            kept.finish()


def write_account(
    history: str | Path,
    hardware: str | Path,
    rows: Sequence[Mapping[str, Any]],
    used: dict[str, Any],
    requested: dict[str, int],
    facts: Mapping[str, Any],
) -> None:
    """Write history.csv and hardware.json; also for models that are not trained in epochs.

    rows: of the history, one for each measurement: HISTORY and the learner's own columns. used: see
    verso.machine.hardware.Meter.report. requested: as in TrainingRun. facts: further entries, written last.
    """
    write_csv(history, rows, list(dict.fromkeys([*HISTORY, *(rows[0] if rows else ())])))
    write_json(hardware, {**requested_and_used(used, requested), **facts})
