"""Train one small neural classifier: recurrent or TextCNN.

A step reads a batch of texts of like length; its loss is the mean cost of their labels, -log p(label) in nats, where a label
may weigh more than another. The best weights are those of the highest F1 on the validation part.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from verso.classification.small_networks.files import build, write_architecture
from verso.classification.small_networks.model import TextClassifier, parameter_counts
from verso.classification.texts import LabelledTexts, bucketed, read_labelled
from verso.classification.validation import COLUMNS, LabelValidation, must_be_learnable
from verso.files import write_csv, write_json
from verso.machine.device import working_device
from verso.machine.hardware import asked_and_used, pick_device
from verso.provenance import key_of_settings
from verso.text.encoded import EncodedTexts
from verso.text.labels import Labels
from verso.text.tokens import TokenVocabulary
from verso.text.vectors import read_vectors
from verso.training.checkpoints import Checkpoints, key_of_training
from verso.training.loop import HISTORY, fit
from verso.training.order import row_slices
from verso.training.weights import save_weights

log = logging.getLogger(__name__)

Batch = tuple[Tensor, Tensor, Tensor]  # tokens (B, T), lengths (B,), classes (B,)


class Classification(LabelValidation):
    """Labelled texts in batches, and what telling their labels costs (see verso.training.learner.Learner).

    parts: a batch's texts are computed in so many turns, where a card cannot hold them at once.
    """

    def __init__(
        self,
        model: TextClassifier,
        train: LabelledTexts,
        validation: LabelledTexts,
        settings: Mapping[str, Any],
        seed: int,
        parts: int = 1,
    ) -> None:
        super().__init__(model, train, validation, settings, parts)
        self._seed = seed
        self.steps = -(-len(train) // self._batch)

    def batches(self, epoch: int, first: int) -> Iterator[Batch]:
        """Texts of like length, in the epoch's order."""
        for number, rows in enumerate(bucketed(self._train.texts.lengths, self._batch, self._seed, epoch)):
            if number >= first:
                yield self._on_device(self._train.padded(rows))

    def losses(self, batch: Batch) -> Iterator[tuple[Tensor, int]]:
        """The mean cost of the batch's labels in shares, one a part of its texts."""
        tokens, lengths, classes = batch
        for rows in row_slices(len(tokens), self.parts):
            costs = self._costs(self.model(tokens[rows], lengths[rows]), classes[rows])
            yield costs.sum() / len(tokens), len(costs)

    def measured_after(self, done: int) -> bool:
        """At an epoch's end alone."""
        return False

    def halve(self) -> bool:
        """A text is the least."""
        self.parts *= 2
        return self.parts // 2 < self._batch


def train(
    train: str | Path,
    validation: str | Path,
    vocabulary: str | Path,
    labels: str | Path,
    vectors: str | Path | None,
    settings: dict[str, Any],
    seed: int,
    fingerprint: str,
    weights: str | Path,
    architecture: str | Path,
    history: str | Path,
    hardware: str | Path,
    checkpoints: str | Path,
    checkpoint_seconds: float,
    gpus: int,
    asked: dict[str, int],
    *,
    started: float,
    parts: int,
    report: Callable[[dict[str, Any]], None],
) -> None:
    """Train a neural classifier and write its best weights, architecture, history and use of hardware.

    train, validation: JSON lines with "text" and "group", the label. vocabulary: the corpus's vocab_token.json. labels: its
    labels.json. vectors: a file of pretrained vectors that the embedding starts from. The other arguments and what is raised:
    as of verso.language_modelling.recurrent_lm.training.train; in history and hardware a target is a text. Raises VersoError
    also when settings and corpus do not fit: an ordinal head and labels without an order, one label alone in train, vectors of
    another size.
    """
    with working_device(gpus, pick_device) as device:
        known, names = TokenVocabulary.load(vocabulary), Labels.load(labels)
        encode = partial(EncodedTexts.of, vocabulary=known, longest=settings["length"])
        learnt, held_out = (read_labelled(part, names, encode) for part in (train, validation))
        must_be_learnable(settings, names, learnt, train, labels)

        torch.manual_seed(seed)
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
        key = key_of_training(fingerprint, settings, seed, device.device.type, files)
        with Checkpoints(checkpoints, key, started) as kept:
            learner = Classification(model, learnt, held_out, settings, seed, parts)
            best = f"validation_{settings['best_by']}"
            outcome = fit(learner, settings, device, kept, checkpoint_seconds, report, highest=best)

            save_weights(model, weights)
            write_architecture(model, names.names, settings["length"], architecture)
            write_csv(history, outcome.history, (*HISTORY, *COLUMNS))
            recipe = {"settings_key": key_of_settings(settings)}
            write_json(hardware, {**asked_and_used(outcome.hardware, asked), **recipe})
            kept.finish()  # last: until the outputs stand, the final checkpoint is what they can be made from again
