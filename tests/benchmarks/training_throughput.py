"""Training throughput: our loop against a bare PyTorch loop, and every_token against the report's last_token.

    OMP_NUM_THREADS=1 PYTHONPATH=workflow/scripts python tests/benchmarks/training_throughput.py

The model is the report's character LSTM (157 tokens, embedding 128, hidden 256, 2 layers), batch 64 x 100, Adam and clipping.
The contestants take turns in one process, each pair next to each other, and a ratio is taken pair by pair: a neighbour who
takes the processor away slows both. Medians over the pairs. Our loop runs whole as in production: schedule, sums, progress
bar, checks for NaN, time for checkpoints. About a minute on one core.

Exit code 1 when ours reaches less than 0.95 of the bare loop's tokens a second, or every_token learns less than 50 times as
many targets a second as last_token.
"""

import sys
import tempfile
import time
from pathlib import Path
from statistics import median

sys.path.insert(0, str(Path(__file__).parents[1]))

import torch
from timed import Timed
from torch import nn

from verso.language_modelling.recurrent_lm.training import EveryToken, LastToken, Texts, build
from verso.machine.hardware import Device, use_threads
from verso.training.checkpoints import Checkpoints
from verso.training.loop import fit

VOCABULARY, BATCH, WINDOW, STEPS, PAIRS = 157, 64, 100, 4, 7
SETTINGS = {
    "cell": "lstm", "embedding": 128, "hidden": 256, "layers": 2, "dropout": 0.3, "tie_weights": False, "softmax": "plain",
    "cutoffs": [], "window": WINDOW, "stride": 1, "batch": BATCH, "epochs": 1, "optimiser": "adam", "learning_rate": 2e-3,
    "weight_decay": 0.0, "clip": 5.0, "schedule": {"name": "plateau", "factor": 0.5, "patience": 2, "warmup": 0.0},
    "early_stopping": None, "minutes": None,
}  # fmt: skip


def ours(objective: type[EveryToken] | type[LastToken], text: torch.Tensor, steps: int, folder: Path) -> float:
    """Targets learnt a second by Verso's own loop."""
    torch.manual_seed(0)
    device = Device(torch.device("cpu"), torch.float32, "benchmark")
    whole = objective(build(SETTINGS, VOCABULARY), Texts([text], [text[:200]], 1, 0, "benchmark"), SETTINGS, 0)
    task = Timed(whole, steps, device.device)
    with Checkpoints(folder, str(time.time_ns()), 0.0) as kept:
        outcome = fit(task, SETTINGS, device, kept, 60, lambda progress: None)
    return outcome.history[-1]["tokens"] / task.seconds


class Bare(nn.Module):
    """The same layers, as a tutorial would write them."""

    def __init__(self) -> None:
        super().__init__()
        self.embedding = nn.Embedding(VOCABULARY, 128)
        self.lstm = nn.LSTM(128, 256, 2, dropout=0.3, batch_first=True)
        self.output = nn.Linear(256, VOCABULARY)

    def forward(self, tokens: torch.Tensor, state: tuple | None) -> tuple[torch.Tensor, tuple]:
        features, state = self.lstm(self.embedding(tokens), state)
        return self.output(features), state


def bare(text: torch.Tensor, steps: int) -> float:
    """Targets learnt a second by the shortest loop that trains the same model on the same batches."""
    torch.manual_seed(0)
    model = Bare().train()
    optimiser = torch.optim.Adam(model.parameters(), lr=2e-3)
    length = (len(text) - 1) // BATCH
    inputs, targets = text[: BATCH * length].view(BATCH, length), text[1 : BATCH * length + 1].view(BATCH, length)
    state, learnt = None, 0
    begin = time.perf_counter()
    for start in range(0, steps * WINDOW, WINDOW):
        x, y = inputs[:, start : start + WINDOW], targets[:, start : start + WINDOW]
        optimiser.zero_grad()
        logits, state = model(x, state)
        state = tuple(part.detach() for part in state)
        loss = nn.functional.cross_entropy(logits.reshape(-1, VOCABULARY), y.reshape(-1))
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimiser.step()
        learnt += y.numel()
    return learnt / (time.perf_counter() - begin)


def main() -> int:
    """Run all pairs, print the figures and their verdicts."""
    threads = use_threads()
    torch.manual_seed(1)
    text = torch.randint(3, VOCABULARY, (BATCH * WINDOW * (STEPS + 1),))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        bare(text, 2), ours(EveryToken, text, 2, folder)  # the first steps pay for memory and code paths
        pairs = []
        for number in range(PAIRS):  # who goes first changes from pair to pair
            if number % 2:
                mine, theirs = ours(EveryToken, text, STEPS, folder), bare(text, STEPS)
            else:
                theirs, mine = bare(text, STEPS), ours(EveryToken, text, STEPS, folder)
            pairs.append((mine, theirs))
        lasts = [(ours(EveryToken, text, 2, folder), ours(LastToken, text, 2, folder)) for _ in range(3)]

    ratio = median(mine / theirs for mine, theirs in pairs)
    gain = median(every / last for every, last in lasts)
    print(f"{threads} thread(s), median of {PAIRS} pairs of {STEPS} steps")
    print(f"ours         {median(mine for mine, _ in pairs):10,.0f} tokens/s")
    print(f"bare PyTorch {median(theirs for _, theirs in pairs):10,.0f} tokens/s")
    print(f"ratio        {ratio:10.3f}   (at least 0.95)")
    print(f"every_token / last_token {gain:.1f} times the targets a second (at least 50)")
    return 0 if ratio >= 0.95 and gain >= 50 else 1


if __name__ == "__main__":
    sys.exit(main())
