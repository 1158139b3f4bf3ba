"""Shared by trainings of classifiers: the loss, the scores on the validation part, checks that the labels can be learnt."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from verso.classification.settings import COLUMNS
from verso.classification.texts import LabelledTexts
from verso.errors import VersoError
from verso.machine.halving import HalvingBatches
from verso.text.labels import Labels


class LabelValidation:
    """The part of verso.training.learner.Learner that does not depend on batching.

    held_out_at_once: batch size on the validation part, halved if the card's memory is too small.
    """

    held_out_at_once = 256

    def __init__(
        self,
        model: Any,
        train: LabelledTexts,
        validation: LabelledTexts,
        settings: Mapping[str, Any],
        micro_batches: int,
    ) -> None:
        """model: a TextClassifier, or another with the same interface."""
        self.model, self.micro_batches = model, micro_batches
        self._train, self._held_out, self._batch = train, validation, settings["batch"]
        self._device = next(model.parameters()).device
        labels = model.settings["labels"]
        balanced = settings["class_weights"] == "balanced"
        self.weights = (balanced_weights(train.classes, labels) if balanced else torch.ones(labels)).to(self._device)
        self._scores: dict[str, float] = {}

    def _costs(self, log_probabilities: Tensor, classes: Tensor) -> Tensor:
        """The loss of each text (B,), in nats times its label's weight."""
        return -log_probabilities.gather(1, classes[:, None])[:, 0] * self.weights.to(classes.device)[classes]

    def _on_device(self, batch: tuple[Tensor, Tensor, Tensor]) -> tuple[Tensor, Tensor, Tensor]:
        tokens, lengths, classes = batch
        return tokens.to(self._device), lengths.to(self._device), classes.to(self._device)

    def validate(self) -> float:
        """The mean validation loss; `observed` then has the scores."""
        held_out, cost = self._held_out, torch.zeros((), dtype=torch.float64, device=self._device)
        predicted = torch.empty(len(held_out), dtype=torch.int64)

        def costs_of(some: Sequence[int]) -> Tensor:
            rows = torch.tensor(some)
            tokens, lengths, classes = self._on_device(held_out.padded(rows))
            log_probabilities = self.model(tokens, lengths)
            predicted[rows] = self.model.predictions(log_probabilities).cpu()
            return self._costs(log_probabilities, classes).double().sum()

        halving = HalvingBatches(max(1, self.held_out_at_once // self.micro_batches), "predicted")
        for costs in halving.groups(held_out.texts.shortest_first(), costs_of):
            cost += costs
        self.held_out_at_once = min(self.held_out_at_once, halving.at_once * self.micro_batches)
        self._scores = scores_of(held_out.classes.numpy(), predicted.numpy(), len(self.weights))
        return float(cost / len(held_out))

    def observed(self) -> dict[str, float]:
        """Accuracy, macro and weighted F1 of the last `validate`."""
        return {column: self._scores[column.removeprefix("validation_")] for column in COLUMNS}

    def carried(self) -> None:
        """No state is carried from batch to batch."""

    def restore(self, carried: None) -> None:
        """Nothing did."""


def balanced_weights(classes: Tensor, labels: int) -> Tensor:
    """Balanced weights (K,), D / (K times the label's texts): labels weigh the same in sum, and a text 1 on average."""
    counts = torch.bincount(classes, minlength=labels)
    return len(classes) / (labels * counts.clamp(min=1).float())


def must_be_learnable(
    settings: Mapping[str, Any], names: Labels, learnt: LabelledTexts, train: str | Path, labels: str | Path
) -> None:
    """Raise VersoError if settings["head"] needs ordered labels and they are not, or if `train` has one label alone."""
    if settings["head"] == "corn" and not names.ordered:
        raise VersoError(f"{labels}: its labels have no order, and head: corn wants one; take softmax, or say ordered: true")
    if len(learnt.classes.unique()) < 2:
        raise VersoError(f'{train}: all its texts have the label "{names.names[learnt.classes[0]]}"; there is nothing to learn')


def scores_of(classes: NDArray[np.int64], predicted: NDArray[np.int64], count: int) -> dict[str, float]:
    """Accuracy, macro and weighted F1 of `predicted` labels (D,) against the true `classes` (D,), of `count` labels.

    A label that is neither true nor predicted for any text has F1 0, so the macro mean is always over all labels.
    """
    right = np.bincount(classes[classes == predicted], minlength=count)
    true, given = np.bincount(classes, minlength=count), np.bincount(predicted, minlength=count)
    f1 = 2 * right / np.maximum(true + given, 1)
    return {
        "accuracy": float(right.sum() / len(classes)),
        "f1_macro": float(f1.mean()),
        "f1_weighted": float((f1 * true).sum() / len(classes)),
    }
