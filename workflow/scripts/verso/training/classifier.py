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

from verso.errors import VersoError
from verso.files import write_csv, write_json
from verso.hardware import asked_and_used, pick_device, use_threads
from verso.models.classifier_files import build, write_architecture
from verso.models.recurrent_lm import save_weights
from verso.models.text_classifier import TextClassifier, parameter_counts
from verso.provenance import key_of_settings
from verso.text.encoded import EncodedTexts
from verso.text.labels import Labels
from verso.text.tokens import TokenVocabulary
from verso.text.vectors import read_vectors
from verso.training.batches import row_slices
from verso.training.card import card_must_answer, promised_card_is_there
from verso.training.checkpoints import Checkpoints, key_of_training
from verso.training.label_scores import scores_of
from verso.training.labelled import LabelledTexts, bucketed, read_labelled
from verso.training.loop import HISTORY, fit

log = logging.getLogger(__name__)

Batch = tuple[Tensor, Tensor, Tensor]  # tokens (B, T), lengths (B,), classes (B,)

COLUMNS = ("validation_accuracy", "validation_f1_macro", "validation_f1_weighted")
HELD_OUT_BATCH = 256  # texts of the validation part that are read at once


class Classification:
    """Labelled texts in batches, and what telling their labels costs (see verso.training.task.Task).

    parts: a batch's texts are computed in so many turns, where a card cannot hold them at once.
    """

    accumulation = 1

    def __init__(
        self,
        model: TextClassifier,
        train: LabelledTexts,
        validation: LabelledTexts,
        settings: Mapping[str, Any],
        seed: int,
        parts: int = 1,
    ) -> None:
        self.model, self.parts = model, parts
        self._train, self._held_out, self._seed, self._batch = train, validation, seed, settings["batch"]
        self._device = next(model.parameters()).device
        self.steps = -(-len(train) // self._batch)
        labels = model.settings["labels"]
        balanced = settings["class_weights"] == "balanced"
        self.weights = (balanced_weights(train.classes, labels) if balanced else torch.ones(labels)).to(self._device)
        self._scores: dict[str, float] = {}

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

    def _costs(self, log_probabilities: Tensor, classes: Tensor) -> Tensor:
        """What each text's label costs (B,), in nats times the label's weight."""
        return -log_probabilities.gather(1, classes[:, None])[:, 0] * self.weights[classes]

    def _on_device(self, batch: Batch) -> Batch:
        tokens, lengths, classes = batch
        return tokens.to(self._device), lengths.to(self._device), classes.to(self._device)

    def measured_after(self, done: int) -> bool:
        """At an epoch's end alone."""
        return False

    def halve(self) -> bool:
        """A text is the least."""
        self.parts *= 2
        return self.parts // 2 < self._batch

    def validate(self) -> float:
        """Mean cost of the validation texts' labels; `observed` then has their scores."""
        held_out, cost = self._held_out, torch.zeros((), dtype=torch.float64, device=self._device)
        told = torch.empty(len(held_out), dtype=torch.int64)
        for rows in held_out.texts.by_length(self._held_out_at_once()):
            tokens, lengths, classes = self._on_device(held_out.padded(rows))
            log_probabilities = self.model(tokens, lengths)
            cost += self._costs(log_probabilities, classes).double().sum()
            told[rows] = self.model.predictions(log_probabilities).cpu()
        self._scores = scores_of(held_out.classes.numpy(), told.numpy(), len(self.weights))
        return float(cost / len(held_out))

    def _held_out_at_once(self) -> int:
        return max(1, HELD_OUT_BATCH // self.parts)

    def observed(self) -> dict[str, float]:
        """Accuracy, macro and weighted F1 of what `validate` has just told."""
        return {column: self._scores[column.removeprefix("validation_")] for column in COLUMNS}

    def carried(self) -> None:
        """Nothing goes from batch to batch."""

    def restore(self, carried: None) -> None:
        """Nothing did."""


def balanced_weights(classes: Tensor, labels: int) -> Tensor:
    """Weights (K,) by which every label weighs the same in all, and a text 1 on average: D / (K times the label's texts)."""
    counts = torch.bincount(classes, minlength=labels)
    return len(classes) / (labels * counts.clamp(min=1).float())


def must_be_learnable(
    settings: Mapping[str, Any], names: Labels, learnt: LabelledTexts, train: str | Path, labels: str | Path
) -> None:
    """Raises VersoError when settings["head"] wants labels with an order, or the texts of `train` have one label alone."""
    if settings["head"] == "corn" and not names.ordered:
        raise VersoError(f"{labels}: its labels have no order, and head: corn wants one; take softmax, or say ordered: true")
    if len(learnt.classes.unique()) < 2:
        raise VersoError(f'{train}: all its texts have the label "{names.names[learnt.classes[0]]}"; there is nothing to learn')


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
    tell: Callable[[dict[str, Any]], None],
) -> None:
    """Train a neural classifier and write its best weights, architecture, history and use of hardware.

    train, validation: JSON lines with "text" and "group", the label. vocabulary: the corpus's vocab_token.json. labels: its
    labels.json. vectors: a file of pretrained vectors that the embedding starts from. The other arguments and what is raised:
    as of verso.training.language_model.train; in history and hardware a target is a text. Raises VersoError also when settings
    and corpus do not fit: an ordinal head and labels without an order, one label alone in train, vectors of another size.
    """
    threads = use_threads()
    with card_must_answer():
        device = pick_device(gpus)
        log.info("%s; %d threads", device.reason, threads)
        promised_card_is_there(device, gpus)

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
        if parts > 1:
            log.info("the batch is computed in %d parts, for the card's memory was too small", parts)

        files = [train, validation, vocabulary, labels, *([vectors] if vectors is not None else [])]
        key = key_of_training(fingerprint, settings, seed, device.device.type, files)
        with Checkpoints(checkpoints, key, started) as kept:
            task = Classification(model, learnt, held_out, settings, seed, parts)
            best = f"validation_{settings['best_by']}"
            outcome = fit(task, settings, device, kept, checkpoint_seconds, tell, highest=best)

            save_weights(model, weights)
            write_architecture(model, names.names, settings["length"], architecture)
            write_csv(history, outcome.history, (*HISTORY, *COLUMNS))
            recipe = {"settings_key": key_of_settings(settings)}
            write_json(hardware, {**asked_and_used(outcome.hardware, asked), **recipe})
            kept.finish()  # last: until the outputs stand, the final checkpoint is what they can be made from again
