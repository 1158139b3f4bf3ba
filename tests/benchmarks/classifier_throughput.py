"""Throughput of training classifiers: our loop against a bare PyTorch loop, texts a second.

    OMP_NUM_THREADS=1 PYTHONPATH=workflow/scripts python tests/benchmarks/classifier_throughput.py

The models are the report's (8,033 tokens, embedding 128; LSTM of 2 x 256, TextCNN of 3 x 100 filters), batch 32, Adam. The bare
loop is a tutorial's: every text padded to 128 tokens beforehand. Twice: on texts that all have 128 tokens, where only the loops
differ, and on the lengths of reviews, where batches of like length leave out most of the padding.
The contestants take turns in one process, each pair next to each other, and a ratio is taken pair by pair: a neighbour who
takes the processor away slows both. Medians over the pairs. About two minutes on one core.

Exit code 1 when ours reaches less than 0.95 of the bare loop's texts a second in any of the four.
"""

import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import torch
from torch import nn

from verso.classification.learning import Batch, Classification
from verso.classification.small_networks.files import build
from verso.classification.texts import LabelledTexts
from verso.machine.hardware import Device, use_threads
from verso.text.encoded import EncodedTexts
from verso.training.checkpoints import Checkpoints
from verso.training.loop import fit

VOCABULARY, LABELS, LENGTH, BATCH, TEXTS, PAIRS = 8033, 5, 128, 32, 256, 5
SHARED = {
    "embedding": 128, "head": "softmax", "class_weights": "none", "batch": BATCH, "epochs": 1, "optimiser": "adam",
    "learning_rate": 1e-3, "weight_decay": 0.0, "clip": 5.0, "early_stopping": None, "minutes": None,
    "schedule": {"name": "constant", "factor": 0.5, "patience": 2, "warmup": 0.0},
}  # fmt: skip
SETTINGS = {
    "lstm": {
        **SHARED, "family": "recurrent_classifier", "cell": "lstm", "hidden": 256, "layers": 2, "dropout": 0.3,
        "bidirectional": False, "pooling": "last",
    },
    "textcnn": {**SHARED, "family": "textcnn", "filters": 100, "widths": [3, 4, 5], "dropout": 0.5},
}  # fmt: skip


def texts(lengths: torch.Tensor) -> LabelledTexts:
    """Random texts of these lengths."""
    tokens = torch.randint(2, VOCABULARY, (int(lengths.sum()),), dtype=torch.int32)
    classes = torch.randint(LABELS, (len(lengths),))
    return LabelledTexts(EncodedTexts(tokens, lengths.cumsum(0) - lengths, lengths), classes)


class Timed(Classification):
    """A task whose steps are timed without the validation and the checkpoint that follow an epoch."""

    seconds = 0.0

    def batches(self, epoch: int, first: int) -> Iterator[Batch]:
        begin = time.perf_counter()
        yield from super().batches(epoch, first)
        self.seconds = time.perf_counter() - begin  # resumed after the last step is done


def ours(name: str, train: LabelledTexts, folder: Path) -> float:
    """Texts learnt a second by Verso's own loop."""
    torch.manual_seed(0)
    settings = SETTINGS[name]
    task = Timed(build(settings, VOCABULARY, LABELS), train, texts(torch.full((4,), 8)), settings, 0)
    device = Device(torch.device("cpu"), torch.float32, "benchmark")
    kept = Checkpoints(folder, str(time.time_ns()), 0.0)
    fit(task, settings, device, kept, 60, lambda progress: None, highest="validation_f1_macro")
    return len(train) / task.seconds


class BareLSTM(nn.Module):
    """As a tutorial would write it: the last state is read after the padding."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, 128, padding_idx=0)
        self.lstm = nn.LSTM(128, 256, 2, batch_first=True)
        self.dropout = nn.Dropout(0.3)
        self.output = nn.Linear(256, LABELS)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        states, _ = self.lstm(self.embedding(tokens))
        return self.output(self.dropout(states[:, -1]))


class BareTextCNN(nn.Module):
    """As a tutorial would write it: the maximum is over the padding as well."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, 128, padding_idx=0)
        self.convolutions = nn.ModuleList(nn.Conv1d(128, 100, width) for width in (3, 4, 5))
        self.dropout = nn.Dropout(0.5)
        self.output = nn.Linear(300, LABELS)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        embedded = self.embedding(tokens).transpose(1, 2)
        highest = [convolution(embedded).relu().amax(dim=2) for convolution in self.convolutions]
        return self.output(self.dropout(torch.cat(highest, dim=1)))


def bare(name: str, train: LabelledTexts) -> float:
    """Texts learnt a second by the shortest loop that trains the same layers on the same texts, each padded to LENGTH."""
    torch.manual_seed(0)
    model = (BareLSTM() if name == "lstm" else BareTextCNN()).train()
    optimiser = torch.optim.Adam(model.parameters(), lr=1e-3)
    found, _, classes = train.padded(torch.arange(len(train)))
    tokens = torch.zeros(len(train), LENGTH, dtype=torch.int64)
    tokens[:, : found.shape[1]] = found
    begin = time.perf_counter()
    for rows in torch.randperm(len(train)).split(BATCH):
        optimiser.zero_grad()
        loss = nn.functional.cross_entropy(model(tokens[rows]), classes[rows])
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimiser.step()
    return len(train) / (time.perf_counter() - begin)


def main() -> int:
    """Run all pairs, print the figures and their verdicts."""
    threads = use_threads()
    torch.manual_seed(1)
    mixes = {
        "all of 128 tokens": texts(torch.full((TEXTS,), LENGTH)),
        # log-normal, median 66 and a fifth of 128 or more: as 6,721 Spanish reviews of hotels and restaurants are
        "lengths of reviews": texts((torch.randn(TEXTS) * 0.75 + 4.19).exp().long().clamp(3, LENGTH)),
    }
    print(f"{threads} thread(s), median of {PAIRS} pairs of {TEXTS} texts; texts a second")
    print(f"{'':28}{'ours':>8}{'bare':>8}{'ratio':>8}   (at least 0.95)")
    worst = float("inf")
    with tempfile.TemporaryDirectory() as folder:
        for name in SETTINGS:
            for mix, train in mixes.items():
                bare(name, train), ours(name, train, Path(folder))  # the first steps pay for memory and code paths
                pairs = []
                for number in range(PAIRS):  # who goes first changes from pair to pair
                    if number % 2:
                        mine, theirs = ours(name, train, Path(folder)), bare(name, train)
                    else:
                        theirs, mine = bare(name, train), ours(name, train, Path(folder))
                    pairs.append((mine, theirs))
                ratio = median(mine / theirs for mine, theirs in pairs)
                worst = min(worst, ratio)
                print(
                    f"{name:8}{mix:20}{median(m for m, _ in pairs):8.0f}{median(t for _, t in pairs):8.0f}{ratio:8.2f}",
                    flush=True,
                )
    return 0 if worst >= 0.95 else 1


if __name__ == "__main__":
    sys.exit(main())
