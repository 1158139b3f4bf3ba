"""Train one small neural classifier: recurrent or TextCNN.

A step reads a batch of texts of similar length; its loss is the mean of -log p(label) in nats, optionally weighted by label. The
best weights are those of the highest F1 on the validation part.
"""

import logging
from functools import partial
from pathlib import Path

import torch

from verso.classification.learning import Classification
from verso.classification.small_networks.files import build
from verso.classification.text_classifier import parameter_counts
from verso.classification.text_classifier_files import write_architecture
from verso.classification.texts import read_labelled
from verso.classification.validation import must_be_learnable
from verso.machine.device import working_device
from verso.machine.hardware import pick_device
from verso.text.encoded import EncodedTexts
from verso.text.labels import Labels
from verso.text.tokens import TokenVocabulary
from verso.text.vectors import read_vectors
from verso.training.run import TrainingRun
from verso.training.weights import save_weights

log = logging.getLogger(__name__)


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
