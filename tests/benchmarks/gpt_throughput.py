"""Throughput of training a Transformer language model: our loop against a bare loop of the same model, and against nanoGPT's own.

    OMP_NUM_THREADS=1 PYTHONPATH=workflow/scripts python tests/benchmarks/gpt_throughput.py

Twice, on random characters, in float32: the shape of nanoGPT's recipe for a CPU (4 layers, 4 heads, width 128, batch 12 x 64,
65 characters), where ours, nanoGPT's model in nanoGPT's loop and our model in a bare loop take turns; and the report's shape
(2 layers, width 256, batch 32 x 128, 5,000 words), where ours and the bare loop do. Seconds are the processor's, for a
neighbour takes a thread away from one contestant and not from another; caches are shared, so a ratio is taken turn by turn.
Medians over the turns. Our loop runs whole as in production: schedule, sums, progress bar, checks for NaN, time for checkpoints.
About two minutes on one core.

Exit code 1 when ours reaches less than 0.95 of the bare loop's tokens a second, or less than nanoGPT's.
"""

import math
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import numpy as np
import torch
from timed import Timed
from torch import Tensor, nn
from torch.nn import functional as F

from verso.language_modelling.gpt.family import GPTSettings
from verso.language_modelling.gpt.model import UNCOUNTED
from verso.language_modelling.gpt.training import Pretraining, Texts, build, groups_of
from verso.machine.hardware import Device, use_threads
from verso.text.encoded import EncodedTexts
from verso.training.checkpoints import Checkpoints
from verso.training.loop import fit

TURNS = 7
SHARED = {
    "heads": 4, "epochs": 1, "learning_rate": 1e-3, "betas": [0.9, 0.99], "weight_decay": 0.1,
    "schedule": {"name": "cosine", "warmup": 0.05},
}  # fmt: skip
SHAPES: dict[str, dict[str, Any]] = {
    "nanoGPT's, 65 characters": {
        **SHARED, "unit": "char", "width": 128, "layers": 4, "window": 64, "batch": 12, "dropout": 0.0, "biases": False,
        "tie_weights": True,
    },
    "the report's, 5,000 words": {
        **SHARED, "unit": "word", "width": 256, "layers": 2, "window": 128, "batch": 32, "vocabulary": 5000,
    },
}  # fmt: skip
STEPS = {"char": 40, "word": 4}


def all_keys(shape: dict[str, Any]) -> dict[str, Any]:
    """A shape with every key of the family, and the steps of a turn."""
    entry = GPTSettings(family="gpt", **shape).model_dump()
    return {**entry, "vocabulary": entry.get("vocabulary") or 65, "steps": STEPS[entry["unit"]]}


def ours(shape: dict[str, Any], text: Tensor, folder: Path) -> float:
    """Tokens learnt a second by Verso's own loop."""
    torch.manual_seed(0)
    device = Device(torch.device("cpu"), torch.float32, "benchmark")
    whole, held_out = (EncodedTexts.of_ids([part.tolist()], UNCOUNTED) for part in (text, text[:200]))
    model = build(shape, shape["vocabulary"])
    learner = Pretraining(model, Texts(whole, held_out, 0, None), shape, 0, device)
    task = Timed(learner, shape["steps"], device.device, time.process_time)
    with Checkpoints(folder, str(time.time_ns()), 0.0) as kept:
        outcome = fit(task, shape, device, kept, 60, lambda progress: None, groups=groups_of(model, shape))
    return outcome.history[-1]["tokens"] / task.seconds


def bare(shape: dict[str, Any], text: Tensor) -> float:
    """Tokens learnt a second by the shortest loop that trains the same model on such windows."""
    torch.manual_seed(0)
    model = build(shape, shape["vocabulary"]).train()
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3, betas=(0.9, 0.99), weight_decay=0.1, fused=True)
    batch, window = shape["batch"], shape["window"]
    count = (len(text) - 1) // window
    inputs, targets = text[: count * window].view(count, window), text[1 : count * window + 1].view(count, window)
    begin = time.process_time()
    for rows in torch.randperm(count).split(batch)[: shape["steps"]]:
        optimiser.zero_grad()
        loss = model.summed_loss(model(inputs[rows]), targets[rows]) / (batch * window)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
    return shape["steps"] * batch * window / (time.process_time() - begin)


class NanoBlock(nn.Module):
    """A block of nanoGPT's model.py (MIT, Karpathy 2022), without biases and dropout."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.ln_1, self.ln_2 = nn.LayerNorm(width, bias=False), nn.LayerNorm(width, bias=False)
        self.c_attn = nn.Linear(width, 3 * width, bias=False)
        self.c_proj = nn.Linear(width, width, bias=False)
        self.c_fc = nn.Linear(width, 4 * width, bias=False)
        self.c_out = nn.Linear(4 * width, width, bias=False)
        self.dropout, self.heads = nn.Dropout(0.0), heads

    def forward(self, x: Tensor) -> Tensor:
        rows, length, width = x.shape
        split = (part.view(rows, length, self.heads, -1).transpose(1, 2) for part in self.c_attn(self.ln_1(x)).split(width, 2))
        y = F.scaled_dot_product_attention(*split, attn_mask=None, dropout_p=0.0, is_causal=True)
        x = x + self.dropout(self.c_proj(y.transpose(1, 2).contiguous().view(rows, length, width)))
        return x + self.dropout(self.c_out(F.gelu(self.c_fc(self.ln_2(x)))))


class NanoGPT(nn.Module):
    """nanoGPT's model at the shape of its CPU recipe; the output layer shares the embedding's weights."""

    def __init__(self, shape: dict[str, Any]) -> None:
        super().__init__()
        width = shape["width"]
        self.wte, self.wpe = nn.Embedding(shape["vocabulary"], width), nn.Embedding(shape["window"], width)
        self.drop = nn.Dropout(0.0)
        self.h = nn.ModuleList(NanoBlock(width, shape["heads"]) for _ in range(shape["layers"]))
        self.ln_f = nn.LayerNorm(width, bias=False)
        for weight in self.parameters():
            if weight.ndim == 2:
                nn.init.normal_(weight, std=0.02)

    def forward(self, tokens: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        places = torch.arange(0, tokens.shape[1], dtype=torch.long)
        x = self.drop(self.wte(tokens) + self.wpe(places))
        for block in self.h:
            x = block(x)
        logits = F.linear(self.ln_f(x), self.wte.weight)
        return logits, F.cross_entropy(logits.view(-1, logits.size(-1)), targets.view(-1), ignore_index=-1)


def nano_gpt(shape: dict[str, Any], text: Tensor, folder: Path) -> float:
    """Tokens learnt a second by the loop of nanoGPT's train.py with its CPU recipe: eager, one log line a step, no validation."""
    torch.manual_seed(0)
    file, batch, window, steps = folder / "train.bin", shape["batch"], shape["window"], shape["steps"]
    text.numpy().astype(np.uint16).tofile(file)

    def get_batch() -> tuple[Tensor, Tensor]:
        data = np.memmap(file, dtype=np.uint16, mode="r")  # made anew each time, against a leak, as it says
        ix = torch.randint(len(data) - window, (batch,))
        x = torch.stack([torch.from_numpy(data[i : i + window].astype(np.int64)) for i in ix])
        y = torch.stack([torch.from_numpy(data[i + 1 : i + 1 + window].astype(np.int64)) for i in ix])
        return x, y

    model = NanoGPT(shape).train()
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3, betas=(0.9, 0.99), weight_decay=0.1)  # fused on cards only
    x, y = get_batch()
    begin = time.process_time()
    for step in range(steps):
        for group in optimiser.param_groups:
            group["lr"] = 1e-4 + 0.5 * (1.0 + math.cos(math.pi * step / steps)) * 9e-4
        _, loss = model(x, y)
        x, y = get_batch()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        loss.item()
    return steps * batch * window / (time.process_time() - begin)


def main() -> int:
    """Take all turns, print the figures and their verdicts."""
    threads = use_threads()
    torch.manual_seed(1)
    fine = True
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for title, shape in ((title, all_keys(keys)) for title, keys in SHAPES.items()):
            text = torch.randint(1, shape["vocabulary"], (shape["batch"] * shape["window"] * (shape["steps"] + 1),))
            contestants = {"ours": lambda: ours(shape, text, folder), "bare loop": lambda: bare(shape, text)}  # noqa: B023
            if shape["tie_weights"]:
                contestants["nanoGPT's loop"] = lambda: nano_gpt(shape, text, folder)  # noqa: B023
            for run in contestants.values():
                run()  # the first steps pay for memory and code paths
            turns = []
            for number in range(TURNS):  # who goes first changes from turn to turn
                order = sorted(contestants, reverse=bool(number % 2))
                turns.append({one: contestants[one]() for one in order})
            print(f"{title}: {threads} thread(s), median of {TURNS} turns of {shape['steps']} steps, tokens a second")
            for one in contestants:
                speed, ratio = median(turn[one] for turn in turns), median(turn["ours"] / turn[one] for turn in turns)
                least = {"ours": 0.0, "bare loop": 0.95, "nanoGPT's loop": 1.0}[one]
                print(f"  {one:16}{speed:10,.0f}" + (f"   ours / this {ratio:.3f} (at least {least})" if least else ""))
                fine = fine and ratio >= least
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
