"""Trains one recurrent language model with one of two objectives.

every_token   the shuffled documents as one stream, in lanes, the state carried from window to window (truncated
              back-propagation through time: Williams & Peng 1990), a loss at every position
last_token    windows at `stride`, each from a zero state, a loss at the one token after it: the original report's protocol
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from verso.language_modelling.recurrent_lm.model import RecurrentLM, State, detach, parameter_counts, save_architecture
from verso.language_modelling.streams import (
    encoded,
    lane_count,
    lanes,
    last_token_batches,
    padded_lanes,
    window_bounds,
    window_starts,
)
from verso.machine.device import working_device
from verso.machine.hardware import pick_device
from verso.text.vocabulary import load_vocabulary
from verso.training.order import permutation, row_slices
from verso.training.run import TrainingRun
from verso.training.weights import save_weights

log = logging.getLogger(__name__)

Batch = tuple[Tensor, Tensor]


@dataclass(frozen=True)
class Texts:
    """The encoded documents of a training, each "<|start|> tokens <|end|>", int64.

    start, unknown: ids of <|start|> and of the unknown token (None: its vocabulary has none). source: the training file's name,
    for error messages.
    """

    train: list[Tensor]
    validation: list[Tensor]
    start: int
    unknown: int | None
    source: str


class _LanguageModelling:
    """Shared by both objectives (see verso.training.learner.Learner): the model, the carried state and the validation.

    micro_batches: so many a batch is computed in, if a card cannot hold it at once (at most one per row).
    """

    _rows: int  # of a batch

    def __init__(self, model: RecurrentLM, texts: Texts, settings: dict[str, Any], seed: int, micro_batches: int = 1) -> None:
        self.model = model
        self.micro_batches = micro_batches
        self.settings = settings
        self.seed = seed
        self.device = next(model.parameters()).device
        self.state: State | None = None
        self._start, self._unknown = texts.start, texts.unknown
        self._accuracy = 0.0  # of the last `validate`
        stream = torch.cat(texts.validation)
        # Lanes make validation as fast as training. Each begins with a zero state, so none is shorter than ten windows;
        # a small text is one lane, read in order.
        count = max(1, min(settings["batch"], (len(stream) - 1) // (10 * settings["window"])))
        self._inputs, self._targets = (part.to(self.device) for part in padded_lanes(stream, count, padding=texts.start))

    def validate(self) -> float:
        """Mean loss in nats over the documents' tokens and their <|end|>, with carried state.

        An <|end|> is always followed by <|start|>, trivial to predict and so left out (as is the padding, which is <|start|>
        for that reason).
        """
        sums = torch.zeros(2, dtype=torch.float64, device=self.device)  # log-likelihood, tokens predicted right
        for rows in row_slices(len(self._inputs), self.micro_batches):
            inputs, targets = self._inputs[rows], self._targets[rows]
            state = self.model.initial_state(len(inputs))
            for begin, end in window_bounds(inputs.shape[1], self.settings["window"]):
                features, state = self.model(inputs[:, begin:end], state)
                counted = targets[:, begin:end] != self._start
                wanted = targets[:, begin:end][counted]
                likelihoods, likeliest = self.model.scored(features[counted], wanted)
                right = likeliest == wanted if self._unknown is None else (likeliest == wanted) & (wanted != self._unknown)
                sums += torch.stack([likelihoods.double().sum(), right.double().sum()])
        likelihood, self._accuracy = (sums / (self._targets != self._start).sum()).tolist()
        return -float(likelihood)

    def halve(self) -> bool:
        """Halve the micro-batches, down to one row."""
        self.micro_batches *= 2
        return self.micro_batches // 2 < self._rows

    def measured_after(self, done: int) -> bool:
        """At the end of an epoch only."""
        return False

    def observed(self) -> dict[str, float]:
        """The share of the tokens of the last `validate` that were the most probable; an unknown one is never predicted right."""
        return {"validation_accuracy": self._accuracy}

    def carried(self) -> State | None:
        """The state after the last step."""
        return self.state

    def restore(self, carried: State | None) -> None:
        """Continue from a checkpoint's state."""
        if isinstance(carried, Tensor):
            self.state = carried.to(self.device)
        elif carried is not None:
            self.state = (carried[0].to(self.device), carried[1].to(self.device))


class EveryToken(_LanguageModelling):
    """A loss at every position, the state carried from window to window in each lane."""

    def __init__(self, model: RecurrentLM, texts: Texts, settings: dict[str, Any], seed: int, micro_batches: int = 1) -> None:
        super().__init__(model, texts, settings, seed, micro_batches)
        self._documents = texts.train
        positions = sum(len(document) for document in texts.train) - 1
        self.lanes = self._rows = lane_count(positions, settings["batch"], settings["window"], texts.source)
        self._bounds = window_bounds(positions // self.lanes, settings["window"])
        self.steps = len(self._bounds)

    def batches(self, epoch: int, first: int) -> Iterator[Batch]:
        """Windows (lanes, T) of the epoch's stream, inputs and targets; the first begins with a zero state."""
        order = permutation(len(self._documents), self.seed, epoch).tolist()
        stream = torch.cat([self._documents[index] for index in order]).to(self.device)
        inputs, targets = lanes(stream, self.lanes)
        if first == 0:
            self.state = self.model.initial_state(self.lanes)
        for begin, end in self._bounds[first:]:
            yield inputs[:, begin:end], targets[:, begin:end]

    def loss(self, batch: Batch) -> tuple[Tensor, int]:
        """Mean loss in nats over a window, from the previous window's final state."""
        inputs, targets = batch
        assert self.state is not None
        features, state = self.model(inputs, self.state)
        self.state = detach(state)
        return self.model.loss(features, targets), targets.numel()

    def losses(self, batch: Batch) -> Iterator[tuple[Tensor, int]]:
        """The mean loss of a window, one per micro-batch of the lanes; each carries its lanes' state on."""
        inputs, targets = batch
        assert self.state is not None
        before, after = self.state, []
        for rows in row_slices(len(inputs), self.micro_batches):
            self.state = of_rows(before, rows)
            loss, counted = self.loss((inputs[rows], targets[rows]))
            yield loss * (counted / targets.numel()), counted
            after.append(self.state)
        self.state = put_together(after)


class LastToken(_LanguageModelling):
    """A loss at the one token after each window, from a zero state: the original report's protocol."""

    def __init__(self, model: RecurrentLM, texts: Texts, settings: dict[str, Any], seed: int, micro_batches: int = 1) -> None:
        super().__init__(model, texts, settings, seed, micro_batches)
        self._stream = torch.cat(texts.train).to(self.device)
        lane_count(len(self._stream) - 1, 1, settings["window"], texts.source)  # raises if there is not one window
        self._starts = window_starts(len(self._stream), settings["window"], settings["stride"])
        self._rows = settings["batch"]
        self.steps = -(-len(self._starts) // self._rows)

    def batches(self, epoch: int, first: int) -> Iterator[Batch]:
        """Windows (B, window) and the token after each (B,), in the epoch's order."""
        order = permutation(len(self._starts), self.seed, epoch)
        return last_token_batches(self._stream, self._starts[order], self.settings["window"], self.settings["batch"], first)

    def loss(self, batch: Batch) -> tuple[Tensor, int]:
        """Mean loss in nats of the tokens after the windows."""
        inputs, targets = batch
        features, _ = self.model(inputs, self.model.initial_state(len(inputs)))
        return self.model.loss(features[:, -1], targets), targets.numel()

    def losses(self, batch: Batch) -> Iterator[tuple[Tensor, int]]:
        """The mean loss of the windows, one per micro-batch of them."""
        inputs, targets = batch
        for rows in row_slices(len(inputs), self.micro_batches):
            loss, counted = self.loss((inputs[rows], targets[rows]))
            yield loss * (counted / targets.numel()), counted


def of_rows(state: State, rows: slice) -> State:
    """The state of some rows: h (L, B, H), and c for an LSTM, cut along B. Contiguous, as cuDNN requires."""
    if isinstance(state, Tensor):
        return state[:, rows].contiguous()
    return state[0][:, rows].contiguous(), state[1][:, rows].contiguous()


def put_together(states: list[State]) -> State:
    """Concatenate states of consecutive rows to one (L, B, H): the inverse of of_rows."""
    if len(states) == 1:
        return states[0]
    columns = [[state] if isinstance(state, Tensor) else list(state) for state in states]
    whole = [torch.cat(column, dim=1) for column in zip(*columns, strict=True)]
    return whole[0] if len(whole) == 1 else (whole[0], whole[1])


OBJECTIVES: dict[str, type[EveryToken] | type[LastToken]] = {"every_token": EveryToken, "last_token": LastToken}


def build(settings: dict[str, Any], vocabulary_size: int) -> RecurrentLM:
    """Build the model that `settings` describe, with fresh weights from torch's random state."""
    keys = ("cell", "embedding", "hidden", "layers", "dropout", "tie_weights", "softmax", "cutoffs")
    return RecurrentLM(vocabulary_size, **{key: settings[key] for key in keys})


def train(train: str | Path, validation: str | Path, vocabulary: str | Path, weights: str | Path, run: TrainingRun) -> None:
    """Train a recurrent language model and write its best weights, architecture, history and use of hardware.

    train, validation: JSON lines with "text". vocabulary: the corpus's, of the model's unit. weights: the file to write.

    Raises what TrainingRun.fit raises, VersoError when the training part is too short for one window, and DeviceLost when a
    promised card is missing or no longer answers.
    """
    with working_device(run.gpus, pick_device) as device:
        known = load_vocabulary(vocabulary)
        torch.manual_seed(run.seed)
        model = build(run.settings, len(known)).to(device.device)
        counts = parameter_counts(model)
        log.info(
            "%s parameters: %s", f"{sum(counts.values()):,}", ", ".join(f"{part} {count:,}" for part, count in counts.items())
        )
        texts = Texts(encoded(train, known), encoded(validation, known), known.start, known.unknown, str(train))
        task = OBJECTIVES[run.settings["objective"]](model, texts, run.settings, run.seed, run.micro_batches)
        with run.fit(task, device, [train, validation, vocabulary]):
            save_weights(model, weights)
            save_architecture(model, run.architecture)
