"""Trains one Transformer language model: packed windows, a loss at every token."""

import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from verso.language_modelling.gpt.model import GPT, UNCOUNTED, Shape, parameter_counts, save_architecture
from verso.language_modelling.gpt.packing import Windows, documents_of, encoded, packed, window_count
from verso.machine.device import working_device
from verso.machine.hardware import Device, pick_device, pick_device_for_llm
from verso.text.encoded import EncodedTexts
from verso.text.vocabulary import load_vocabulary
from verso.training.order import permutation, row_slices
from verso.training.run import TrainingRun
from verso.training.weights import save_weights

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Texts:
    """The encoded documents of a training. start, unknown: the ids of <|start|> and of unknown tokens, if there are any."""

    train: EncodedTexts
    validation: EncodedTexts
    start: int
    unknown: int | None


class Pretraining:
    """Windows, losses and validation (see verso.training.learner.Learner).

    A step learns settings["batch"] x settings["accumulation"] windows, `batch` of them at a time, or fewer where a card's memory
    is too small: micro_batches is in how many parts such a batch is computed.
    """

    def __init__(
        self, model: GPT, texts: Texts, settings: Mapping[str, Any], seed: int, device: Device, micro_batches: int = 1
    ) -> None:
        self.model, self.micro_batches = model, micro_batches
        self._texts, self._settings, self._seed, self._device = texts, settings, seed, device
        self._window = settings["window"]
        self._unknown = -1 if texts.unknown is None else texts.unknown
        self._apart = settings["state"] == "reset"
        self._windows = window_count(texts.train, self._window)
        self.steps = -(-self._windows // (settings["batch"] * settings["accumulation"]))
        self._held_out = packed(texts.validation, range(len(texts.validation)), self._window)
        times = settings["measurements"]
        self._measured_after = {round(self.steps * time / times) for time in range(1, times)} - {0}
        self._accuracy = 0.0  # of the last validation

    def batches(self, epoch: int, first: int) -> Iterator[Windows]:
        """The windows of each step: an epoch's documents and its windows are shuffled, and cut at other places than another's."""
        order = permutation(len(self._texts.train), self._seed, epoch).tolist()
        # A short text is cut at one place: rolled, its only window would be padded in its middle
        offset = int(permutation(self._window, self._seed, epoch)[0]) if self._windows > 1 else 0
        inputs, targets = packed(self._texts.train, order, self._window, offset)
        for chosen in permutation(self._windows, self._seed, epoch).tensor_split(self.steps)[first:]:
            yield inputs[chosen], targets[chosen]

    def losses(self, batch: Windows) -> Iterator[tuple[Tensor, int]]:
        """Parts of the mean (smoothed) loss over all the step's targets."""
        whole = int((batch[1] != UNCOUNTED).sum())
        for inputs, targets, documents in self._parts(batch):
            counted = int((targets != UNCOUNTED).sum())
            with self._arithmetic():
                features = self.model(self._there(inputs), self._there(documents))
                summed = self.model.summed_loss(features, self._there(targets), self._settings["label_smoothing"])
            yield summed / whole, counted

    def _parts(self, windows: Windows) -> Iterator[tuple[Tensor, Tensor, Tensor | None]]:
        """As many windows at a time as memory holds: inputs, targets, and which document each token is of.

        The last is None where none has to be kept from another.
        """
        inputs, targets = windows
        for rows in row_slices(len(inputs), -(-len(inputs) // self._at_once)):
            own = inputs[rows].long()
            yield own, targets[rows].long(), documents_of(own, self._texts.start) if self._apart else None

    def _arithmetic(self) -> torch.autocast:
        """A context in which large products are computed in the device's number type."""
        dtype = self._device.dtype
        return torch.autocast(self._device.device.type, dtype=dtype, enabled=dtype is not torch.float32)

    def _there(self, part: Any) -> Any:
        """The same on the device; nothing for nothing."""
        return None if part is None else part.to(self._device.device)

    @property
    def _at_once(self) -> int:
        return max(1, self._settings["batch"] // self.micro_batches)

    def halve(self) -> bool:
        """Halve the windows that are computed at a time, down to one."""
        before, self.micro_batches = self._at_once, 2 * self.micro_batches
        return self._at_once < before

    def measured_after(self, done: int) -> bool:
        """At equal distances within an epoch."""
        return done in self._measured_after

    def validate(self) -> float:
        """Mean loss in nats over the documents' tokens and their <|end|>, unsmoothed, in windows that do not overlap."""
        sums = torch.zeros(2, dtype=torch.float64, device=self._device.device)  # log-likelihood, tokens that were foreseen
        for inputs, targets, documents in self._parts(self._held_out):
            here = targets != UNCOUNTED
            wanted = self._there(targets[here])
            with self._arithmetic():
                features = self.model(self._there(inputs), self._there(documents))[self._there(here)]
                scores = self.model.log_probabilities(features)  # (N, V)
            foreseen = (scores.argmax(dim=1) == wanted) & (wanted != self._unknown)
            sums += torch.stack([scores.gather(1, wanted[:, None]).double().sum(), foreseen.double().sum()])
        loss, right = (sums / int((self._held_out[1] != UNCOUNTED).sum())).tolist()
        self._accuracy = right
        return -loss

    def observed(self) -> dict[str, float]:
        """The share of the validation tokens (with <|end|>) that are the likeliest by the model; unknown ones are wrong."""
        return {"validation_accuracy": self._accuracy}

    def carried(self) -> None:
        """No state is carried from batch to batch."""

    def restore(self, carried: None) -> None:
        """Nothing was."""


def build(settings: Mapping[str, Any], vocabulary_size: int) -> GPT:
    """Build the model that `settings` describe, with fresh weights from torch's random state."""
    keys = {field.name for field in fields(Shape)} - {"vocabulary_size"}
    return GPT(Shape(vocabulary_size=vocabulary_size, **{key: settings[key] for key in keys}))


def groups_of(model: GPT, settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The groups of an optimiser (see verso.training.steps.optimiser_of): hidden matrices for Muon, if used, and the rest."""
    of_adam = {"betas": tuple(settings["betas"]), "fused": True}
    if settings["optimiser"] != "muon":
        return [{"params": list(model.parameters()), **of_adam}]
    muon, matrices = settings["muon"], model.hidden_matrices()
    known = {id(weight) for weight in matrices}
    others = [weight for weight in model.parameters() if id(weight) not in known]
    factor = muon["learning_rate"] / settings["learning_rate"]
    of_muon = {"muon": True, "rate_factor": factor, "momentum": muon["momentum"], "weight_decay": muon["weight_decay"]}
    return [{"params": matrices, **of_muon}, {"params": others, **of_adam}]


def pick(gpus: int, arithmetic: str) -> Device:
    """The device of a training, and the number type of its large products.

    arithmetic: "auto" (half precision on a card, in the type that it computes itself; float32 on the CPU), "float32" or
    "bfloat16" (everywhere).
    """
    found = pick_device(gpus)
    if arithmetic == "auto":
        return pick_device_for_llm(gpus) if found.device.type == "cuda" else found
    reason = f"{found.reason.partition('; float32')[0]}; {arithmetic} by config"
    return replace(found, dtype=getattr(torch, arithmetic), reason=reason)


def train(train: str | Path, validation: str | Path, vocabulary: str | Path, weights: str | Path, run: TrainingRun) -> None:
    """Train a Transformer language model and write its best weights, architecture, history and use of hardware.

    train, validation: JSON lines with "text". vocabulary: the corpus's, of the model's unit. weights: the file to write.

    Raises what TrainingRun.fit raises, VersoError when a part has no document, and DeviceLost when a promised card is missing or
    no longer answers.
    """
    with working_device(run.gpus, lambda gpus: pick(gpus, run.settings["arithmetic"])) as device:
        known = load_vocabulary(vocabulary)
        torch.manual_seed(run.seed)
        model = build(run.settings, len(known)).to(device.device)
        counts = parameter_counts(model)
        log.info(
            "%s parameters: %s", f"{sum(counts.values()):,}", ", ".join(f"{part} {count:,}" for part, count in counts.items())
        )
        texts = Texts(encoded(train, known), encoded(validation, known), known.start, known.unknown)
        task = Pretraining(model, texts, run.settings, run.seed, device, run.micro_batches)
        with run.fit(task, device, [train, validation, vocabulary], groups=groups_of(model, run.settings)):
            save_weights(model, weights)
            save_architecture(model, run.architecture)
