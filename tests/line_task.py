"""A training of a second, through dropout and with something carried: all that the loop must bring back."""

import os
import signal

import torch

from verso.machine.hardware import Device
from verso.training import checkpoints as module
from verso.training.loop import fit as fit_every
from verso.training.order import permutation

CPU = Device(torch.device("cpu"), torch.float32, "a test")
SETTINGS = {
    "epochs": 4,
    "optimiser": "adam",
    "learning_rate": 0.05,
    "weight_decay": 0.0,
    "clip": 5.0,
    "schedule": {"name": "plateau", "factor": 0.5, "patience": 0, "warmup": 0.0},
    "early_stopping": None,
    "minutes": None,
}


def Checkpoints(root, fingerprint, started=0.0):  # noqa: N802 - a start that most of these tests do not care about
    return module.Checkpoints(root, fingerprint, started)


class Line:
    """Learn y = 3x + 1 through dropout, with something carried from step to step: all that a resume must bring back."""

    def __init__(self, after_step=None, validation=None, measured=()):
        torch.manual_seed(5)
        self.model = torch.nn.Sequential(torch.nn.Linear(1, 8), torch.nn.Dropout(0.2), torch.nn.Linear(8, 1))
        self.steps = 6
        self.x = torch.linspace(-1, 1, 60)[:, None]
        self.memory = torch.zeros(1)
        self.after_step = after_step or (lambda number: None)
        self.validation = iter(validation) if validation else None
        self.seen = []
        self.measured = measured

    micro_batches = 1

    def halve(self):
        return False

    def measured_after(self, done):
        return done in self.measured

    def batches(self, epoch, first):
        if first == 0:
            self.memory = torch.zeros(1)
        for number, rows in enumerate(permutation(60, 1, epoch).split(10)):
            if number >= first:
                self.seen.append((epoch, number))
                yield self.x[rows]
                self.after_step(len(self.seen))

    def loss(self, x):
        loss = ((self.model(x) + 0.01 * self.memory - 3 * x - 1) ** 2).mean()
        self.memory = loss.detach().reshape(1)
        return loss, len(x)

    def losses(self, x):
        yield self.loss(x)

    def validate(self):
        assert not self.model.training
        assert not torch.is_grad_enabled()
        if self.validation:
            return next(self.validation)
        return float(((self.model(self.x) - 3 * self.x - 1) ** 2).mean())

    def observed(self):
        assert not torch.is_grad_enabled()
        return {"slope": float(self.model(torch.ones(1, 1)) - self.model(torch.zeros(1, 1)))}

    def carried(self):
        return self.memory

    def restore(self, carried):
        self.memory = carried


def fit(task, settings, checkpoints, seconds=3600, report=lambda progress: None, highest=None):
    return fit_every(task, settings, CPU, checkpoints, seconds, report, highest)


def weights(task):
    return {name: tensor.clone() for name, tensor in task.model.state_dict().items()}


def without_seconds(history):
    return [{key: value for key, value in row.items() if key != "seconds"} for row in history]


def raising(error, at):
    def stop(number):
        if number == at:
            raise error

    return stop


def raising_signal(at):
    return lambda number: os.kill(os.getpid(), signal.SIGTERM) if number == at else None
