"""Train one small neural classifier: recurrent or TextCNN.

A step reads a batch of texts of similar length; its loss is the mean of -log p(label) in nats, optionally weighted by label. The
best weights are those of the highest F1 on the validation part.
"""

import logging
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from verso.classification.small_networks.files import build, write_architecture
from verso.classification.small_networks.model import TextClassifier, parameter_counts
from verso.classification.texts import LabelledTexts, bucketed, read_labelled
from verso.classification.validation import LabelValidation, must_be_learnable
from verso.machine.device import working_device
from verso.machine.hardware import pick_device
from verso.text.encoded import EncodedTexts
from verso.text.labels import Labels
from verso.text.tokens import TokenVocabulary
from verso.text.vectors import read_vectors
from verso.training.order import row_slices
from verso.training.run import TrainingRun
from verso.training.weights import save_weights

log = logging.getLogger(__name__)

Batch = tuple[Tensor, Tensor, Tensor]  # tokens (B, T), lengths (B,), classes (B,)


class Classification(LabelValidation):
    """Labelled texts in batches and their loss (see verso.training.learner.Learner).

    micro_batches: so many a batch is computed in, if a card cannot hold it at once.
    """

    def __init__(
        self,
        model: TextClassifier,
        train: LabelledTexts,
        validation: LabelledTexts,
        settings: Mapping[str, Any],
        seed: int,
        micro_batches: int = 1,
    ) -> None:
        super().__init__(model, train, validation, settings, micro_batches)
        self._seed = seed
        self.steps = -(-len(train) // self._batch)

    def batches(self, epoch: int, first: int) -> Iterator[Batch]:
        """Batches of texts of similar length, in the epoch's order."""
        for number, rows in enumerate(bucketed(self._train.texts.lengths, self._batch, self._seed, epoch)):
            if number >= first:
                yield self._on_device(self._train.padded(rows))

    def losses(self, batch: Batch) -> Iterator[tuple[Tensor, int]]:
        """The batch's mean loss, one per micro-batch of its texts."""
        tokens, lengths, classes = batch
        for rows in row_slices(len(tokens), self.micro_batches):
            costs = self._costs(self.model(tokens[rows], lengths[rows]), classes[rows])
            yield costs.sum() / len(tokens), len(costs)

    def measured_after(self, done: int) -> bool:
        """At the end of an epoch only."""
        return False

    def halve(self) -> bool:
        """Halve the micro-batches, down to one text."""
        self.micro_batches *= 2
        return self.micro_batches // 2 < self._batch


def train(
    train: str | Path,
    validation: str | Path,
    vocabulary: str | Path,
    labels: str | Path,
    vectors: str | Path | None,
    weights: str | Path,
    run: TrainingRun,
) -> None:
    """Train a neural classifier and write its best weights, architecture, history and use of hardware.

    train, validation: JSON lines with "text" and "group", the label. vocabulary: the corpus's vocab_token.json. labels: its
    labels.json. vectors: a file of pretrained vectors that initialise the embedding. weights: the file to write. In history and
    hardware a target is a text.

    Raises what TrainingRun.fit raises, and DeviceLost as any training. VersoError when settings and corpus do not match: an
    ordinal head with unordered labels, a single label in train, vectors of another size.
    """
    settings = run.settings
    with working_device(run.gpus, pick_device) as device:
        known, names = TokenVocabulary.load(vocabulary), Labels.load(labels)
        encode = partial(EncodedTexts.of, vocabulary=known, longest=settings["length"])
        learnt, held_out = (read_labelled(part, names, encode) for part in (train, validation))
        must_be_learnable(settings, names, learnt, train, labels)

        torch.manual_seed(run.seed)
        model = build(settings, len(known), len(names))
        if vectors is not None:
            found = read_vectors(vectors, {token: id_ for id_, token in enumerate(known.tokens)}, settings["embedding"])
            log.info("%s: vectors of %d of the vocabulary's %d tokens", vectors, len(found), len(known))
            model.take_vectors(found, settings["frozen_vectors"])
        model = model.to(device.device)
        counts = parameter_counts(model)
        log.info(
            "%s parameters: %s", f"{sum(counts.values()):,}", ", ".join(f"{part} {count:,}" for part, count in counts.items())
        )

        files = [train, validation, vocabulary, labels, *([vectors] if vectors is not None else [])]
        task = Classification(model, learnt, held_out, settings, run.seed, run.micro_batches)
        with run.fit(task, device, files, highest=f"validation_{settings['best_by']}"):
            save_weights(model, weights)
            write_architecture(model, names.names, settings["length"], run.architecture)
