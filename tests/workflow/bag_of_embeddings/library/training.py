"""Train a bag of embeddings."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from verso.classification.bag_of_embeddings.model import BagOfEmbeddings, save
from verso.classification.texts import bucketed, read_labelled
from verso.classification.validation import LabelValidation, must_be_learnable
from verso.machine.device import working_device
from verso.machine.hardware import pick_device
from verso.text.encoded import EncodedTexts
from verso.text.labels import Labels
from verso.text.tokens import TokenVocabulary
from verso.training.run import TrainingRun

Batch = tuple[Tensor, Tensor, Tensor]  # tokens (B, T), lengths (B,), classes (B,)


class Classification(LabelValidation):
    """Labelled texts in batches (see verso.training.learner.Learner)."""

    seed = 0

    @property
    def steps(self) -> int:
        """Batches in an epoch."""
        return -(-len(self._train) // self._batch)

    def batches(self, epoch: int, first: int) -> Iterator[Batch]:
        """Texts of like length, in the epoch's order."""
        for number, rows in enumerate(bucketed(self._train.texts.lengths, self._batch, self.seed, epoch)):
            if number >= first:
                yield self._on_device(self._train.padded(rows))

    def losses(self, batch: Batch) -> Iterator[tuple[Tensor, int]]:
        """The mean cost of the batch's labels, at once."""
        tokens, lengths, classes = batch
        yield self._costs(self.model(tokens, lengths), classes).mean(), len(tokens)

    def measured_after(self, done: int) -> bool:
        """At an epoch's end alone."""
        return False

    def halve(self) -> bool:
        """Never: a batch of it always fits."""
        return False


def train(
    train: str | Path, validation: str | Path, vocabulary: str | Path, labels: str | Path, weights: str | Path, run: TrainingRun
) -> None:
    """Train and write the best weights, architecture, history and use of hardware. Raises what TrainingRun.fit raises."""
    with working_device(run.gpus, pick_device) as device:
        known, names = TokenVocabulary.load(vocabulary), Labels.load(labels)
        encode = partial(EncodedTexts.of, vocabulary=known, longest=run.settings["length"])
        learnt, held_out = (read_labelled(part, names, encode) for part in (train, validation))
        must_be_learnable(run.settings | {"head": "softmax"}, names, learnt, train, labels)
        torch.manual_seed(run.seed)
        model = BagOfEmbeddings(len(known), len(names), run.settings["embedding"]).to(device.device)
        learner = Classification(model, learnt, held_out, run.settings, run.micro_batches)
        learner.seed = run.seed
        files = [train, validation, vocabulary, labels]
        with run.fit(learner, device, files, highest=f"validation_{run.settings['best_by']}"):
            save(model, weights, run.architecture, names.names, run.settings["length"])
