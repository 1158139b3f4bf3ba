"""Tune a pretrained encoder as a classifier: all weights, or low-rank adapters and the head.

A step of the optimiser reads `accumulation` batches of `batch` texts of similar length, each padded to its own longest text. The
loss is the mean over the step's labels, as in verso.classification.small_networks.training;
the best weights are those of the highest F1 on the validation part.
"""

import importlib.metadata
import logging
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from verso.classification.encoder import model as encoder
from verso.classification.encoder.model import EncoderClassifier
from verso.classification.encoder.subwords import Subwords
from verso.classification.texts import LabelledTexts, bucketed, read_labelled
from verso.classification.validation import LabelValidation, must_be_learnable
from verso.machine.device import working_device
from verso.machine.hardware import Device, pick_device_for_llm
from verso.pretrained.manifest import snapshot_of
from verso.text.labels import Labels
from verso.training.replicas import Replicas
from verso.training.run import TrainingRun

log = logging.getLogger(__name__)

HELD_OUT_TEXTS = 4  # times `batch`: batch size without gradients


class Tuning(LabelValidation):
    """Labelled texts in steps of several batches (see verso.training.learner.Learner).

    A batch of the training loop is the rows (R,) of a step's texts, sorted by length.
    """

    def __init__(
        self,
        model: EncoderClassifier,
        train: LabelledTexts,
        validation: LabelledTexts,
        settings: Mapping[str, Any],
        seed: int,
        device: Device,
        micro_batches: int = 1,
    ) -> None:
        super().__init__(model, train, validation, settings, micro_batches)
        self.held_out_at_once, self._seed = HELD_OUT_TEXTS * settings["batch"], seed
        self._replicas = Replicas(model, device.devices)
        self._texts = settings["batch"] * settings["accumulation"]  # in a step
        self.steps = -(-len(train) // self._texts)
        times = settings["measurements"]
        self._measured_after = {round(self.steps * time / times) for time in range(1, times)} - {0}

    def batches(self, epoch: int, first: int) -> Iterator[Tensor]:
        """Batches of texts of similar length, in the epoch's order."""
        for number, rows in enumerate(bucketed(self._train.texts.lengths, self._texts, self._seed, epoch)):
            if number >= first:
                yield rows

    def losses(self, batch: Tensor) -> Iterator[tuple[Tensor, int]]:
        """Parts of the step's mean loss, `batch` texts at a time on each card."""
        yield from self._replicas.losses(batch.split(self._at_once), partial(self._mean_cost, texts=len(batch)))

    def _mean_cost(self, model: nn.Module, rows: Tensor, texts: int) -> tuple[Tensor, int]:
        """The part of a step's mean loss that some of its `texts` add, and the number of their labels."""
        device = next(model.parameters()).device
        tokens, lengths, classes = (part.to(device) for part in self._train.padded(rows))
        return self._costs(model(tokens, lengths), classes).sum() / texts, len(rows)

    @property
    def _at_once(self) -> int:
        return max(1, self._batch // self.micro_batches)

    def halve(self) -> bool:
        """Halve the batch, down to one text."""
        before, self.micro_batches = self._at_once, 2 * self.micro_batches
        return self._at_once < before

    def measured_after(self, done: int) -> bool:
        """At equal distances; not before the first step, because a fresh head predicts at random."""
        return done in self._measured_after


def train(
    train: str | Path, validation: str | Path, labels: str | Path, manifest: str | Path, weights: str | Path, run: TrainingRun
) -> None:
    """Tune an encoder and write its best weights, architecture, history and use of hardware.

    manifest: pretrained.json of the base model. The other arguments and what is raised: as of
    verso.classification.small_networks.training.train. Raises VersoError also when base model, tokenizer and settings do not fit.
    """
    settings = run.settings
    with working_device(run.gpus, pick_device_for_llm) as device:
        names = Labels.load(labels)
        model = encoder.tunable(manifest, settings, len(names), run.seed, device)
        counts = encoder.parameter_counts(model)
        log.info("%s parameters, %s of them learnt", f"{counts['parameters']:,}", f"{counts['trainable']:,}")
        known = model.encoder.get_input_embeddings().num_embeddings
        encode = partial(Subwords.of(snapshot_of(manifest), known).read, longest=settings["max_length"])
        learnt, held_out = (read_labelled(part, names, encode) for part in (train, validation))
        must_be_learnable(settings, names, learnt, train, labels)
        torch.manual_seed(run.seed)  # so that reading the texts does not change dropout

        task = Tuning(model, learnt, held_out, settings, run.seed, device, run.micro_batches)
        groups = encoder.groups_of_weights(model.encoder, settings["layer_decay"], settings["weight_decay"])
        computed_by = {"backend": described()}
        files, best = [train, validation, labels, manifest], f"validation_{settings['best_by']}"
        with run.fit(task, device, files, computed_by, computed_by, highest=best, groups=groups):
            encoder.save(model, weights)
            encoder.write_architecture(run.architecture, manifest, settings, names.names, counts)


def described() -> str:
    """The computing libraries with their versions."""
    return ", ".join(f"{name} {importlib.metadata.version(name)}" for name in ("transformers", "peft"))
