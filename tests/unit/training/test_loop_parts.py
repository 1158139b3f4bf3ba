"""The training loop on a card that is too small: batches in micro-batches, by itself and remembered."""

import pytest
import torch
from line_task import SETTINGS, Checkpoints, Line, fit, raising


class InParts(Line):
    """The same, its batches of ten computed row by row."""

    micro_batches = 10

    def losses(self, x):
        for rows in x.tensor_split(self.micro_batches):
            loss, counted = self.loss(rows)
            yield loss * counted / len(x), counted


def test_a_batch_in_micro_batches_counts_its_targets_once_and_the_report_says_how_many(tmp_path):
    outcome = fit(InParts(), SETTINGS, Checkpoints(tmp_path, "a"))
    assert outcome.hardware["batch_parts"] == 10
    assert outcome.history[-1]["tokens"] == 240
    assert fit(Line(), SETTINGS, Checkpoints(tmp_path / "whole", "a")).hardware["batch_parts"] == 1


def test_a_training_continues_in_other_micro_batches_and_says_so(tmp_path):
    with pytest.raises(RuntimeError):
        fit(Line(raising(RuntimeError(), 8)), SETTINGS, Checkpoints(tmp_path, "a"), seconds=0)
    resumed = InParts()
    assert fit(resumed, SETTINGS, Checkpoints(tmp_path, "a")).hardware["batch_parts"] == 10
    assert len(resumed.seen) == 16


class SmallCard(InParts):
    """A card that holds so many rows."""

    def __init__(self, holds, after_step=None):
        super().__init__(after_step)
        self.holds, self.micro_batches, self.refused, self.memories = holds, 1, 0, []

    def halve(self):
        before, self.micro_batches = self.micro_batches, 2 * self.micro_batches
        return before < 10

    def loss(self, rows):
        self.memories.append(self.memory)
        if len(rows) > self.holds:
            self.refused += 1
            raise torch.OutOfMemoryError("CUDA out of memory")
        return super().loss(rows)


def test_a_batch_that_the_card_cannot_hold_is_halved_until_it_can_and_nothing_else_changes(tmp_path, caplog):
    task = SmallCard(holds=3)
    outcome = fit(task, SETTINGS, Checkpoints(tmp_path, "a"))
    assert (outcome.hardware["batch_parts"], task.refused) == (4, 2)
    assert "the batch is computed in 4 micro-batches from step 1 on" in caplog.text
    assert [row["tokens"] for row in outcome.history] == [60, 120, 180, 240]
    assert all(float(memory) == 0 for memory in task.memories[:3]), "what was carried is that of the batch that failed"
    assert outcome.history[-1]["validation_loss"] < outcome.history[0]["validation_loss"]


def test_a_later_start_remembers_that_the_card_was_too_small(tmp_path):
    with pytest.raises(RuntimeError):
        fit(SmallCard(3, raising(RuntimeError(), 8)), SETTINGS, Checkpoints(tmp_path, "a"), seconds=0)
    task = SmallCard(3)
    assert fit(task, SETTINGS, Checkpoints(tmp_path, "a")).hardware["batch_parts"] == 4
    assert task.refused == 0


def test_a_row_that_the_card_cannot_hold_comes_through(tmp_path):
    with pytest.raises(torch.OutOfMemoryError):
        fit(SmallCard(holds=0), SETTINGS, Checkpoints(tmp_path, "a"))


def test_too_little_memory_in_mid_step_saves_nothing_and_comes_through(tmp_path):
    task = InParts()
    learn, calls = task.loss, iter(range(1000))
    error = torch.OutOfMemoryError("CUDA out of memory")

    def loss(rows):
        if next(calls) == 65:  # within the seventh batch
            raise error
        return learn(rows)

    task.loss = loss
    checkpoints = Checkpoints(tmp_path, "a")
    with pytest.raises(torch.OutOfMemoryError) as caught:
        fit(task, SETTINGS, checkpoints, seconds=0)
    assert caught.value is error
    assert checkpoints.newest()["at"]["step"] == 6
