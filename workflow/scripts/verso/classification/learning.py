"""Labelled texts in batches of like length, and their loss: how classifiers of token ids learn, whatever lies between."""

from collections.abc import Iterator, Mapping
from typing import Any

from torch import Tensor

from verso.classification.text_classifier import TextClassifier
from verso.classification.texts import LabelledTexts, bucketed
from verso.classification.validation import LabelValidation
from verso.training.order import row_slices

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
