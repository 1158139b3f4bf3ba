"""Trains one Transformer classifier: learns its tokens, then its weights, in batches of texts of similar length.

The tokens are part of the model: they are learnt from train here, not prepared before, and lie beside the weights.
"""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import tokenizers
import torch

from verso.classification.learning import Classification
from verso.classification.text_classifier import parameter_counts
from verso.classification.text_classifier_files import write_architecture
from verso.classification.texts import read_labelled
from verso.classification.transformer.model import build
from verso.classification.transformer.tokens import Reader, learnt, of_corpus, read_by, save
from verso.classification.validation import must_be_learnable
from verso.machine.device import working_device
from verso.machine.hardware import pick_device
from verso.text.labels import Labels
from verso.training.run import TrainingRun
from verso.training.weights import save_weights

log = logging.getLogger(__name__)


class Encoding(Classification):
    """The same with fewer texts at once on the validation part: their attention takes memory by the square of their length."""

    held_out_at_once = 64


def train(
    train: str | Path,
    validation: str | Path,
    labels: str | Path,
    corpus_vocabulary: str | Path | None,
    weights: str | Path,
    vocabulary: str | Path,
    run: TrainingRun,
) -> None:
    """Train a Transformer classifier and write its best weights, tokens, architecture, history and use of hardware.

    train, validation: JSON lines with "text" and "group", the label. labels: the corpus's labels.json. corpus_vocabulary: its
    vocab_token.json, None for a model that learns tokens of its own. weights, vocabulary: the files to write. In history and
    hardware a target is a text.

    Raises what TrainingRun.fit raises, and DeviceLost as any training. VersoError when settings and corpus do not match: an
    ordinal head with unordered labels, a single label in train.
    """
    settings = run.settings
    with working_device(run.gpus, pick_device) as device:
        names = Labels.load(labels)
        stored = _tokens(settings, train, corpus_vocabulary)
        known = read_by(stored)
        log.info(
            "%d tokens, %s", len(known.tokens), f"learnt from {stored['texts']} texts" if stored["texts"] else "the corpus's"
        )
        readers = {"train": Reader(known, settings["length"]), "validation": Reader(known, settings["length"])}
        learning, held_out = (
            read_labelled(part, names, reader) for part, reader in zip((train, validation), readers.values(), strict=True)
        )
        must_be_learnable(settings, names, learning, train, labels)

        torch.manual_seed(run.seed)
        model = build(settings, len(known.tokens), len(names)).to(device.device)
        counts = parameter_counts(model)
        log.info(
            "%s parameters: %s", f"{sum(counts.values()):,}", ", ".join(f"{part} {count:,}" for part, count in counts.items())
        )

        files = [train, validation, labels, *([corpus_vocabulary] if corpus_vocabulary is not None else [])]
        task = Encoding(model, learning, held_out, settings, run.seed, run.micro_batches)
        with run.fit(
            task,
            device,
            files,
            {"tokenizers": tokenizers.__version__},
            highest=f"validation_{settings['best_by']}",
            groups=[{"params": list(model.parameters()), "fused": True}],
        ):
            save_weights(model, weights)
            save(stored, {part: reader.lengths for part, reader in readers.items()}, vocabulary)
            write_architecture(model, names.names, settings["length"], run.architecture)


def _tokens(settings: Mapping[str, Any], train: str | Path, corpus_vocabulary: str | Path | None) -> dict[str, Any]:
    if corpus_vocabulary is not None:
        return of_corpus(corpus_vocabulary)
    return learnt(train, settings["vocabulary"], settings["tokenizer_texts"])
