"""Tuning mDeBERTa-v3-base on this machine's card: speed and memory against transformers' Trainer, memory against the estimate.

    PYTHONPATH=workflow/scripts python tests/benchmarks/encoder_on_a_card.py

Nothing is downloaded: the architecture with random weights reads texts of random tokens whose lengths are spread as reviews' are.
Verso's training pads a batch to its own longest text; the Trainer is used as its run_classification example usually is: every
text padded to 512, batches of 8, eight of them a step, AdamW, halves by autocast. Ours is measured by the entry's defaults, and
lean: moments in 8 bits, activations computed twice. Some five minutes, it is thought.

Exit code 1 when no recipe of ours has 1.5 times the Trainer's texts a second at half its memory or less, or memory is more than
15 % beside the estimate. Without a card it says so and ends with 0.
"""

import gc
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import torch
from timed import Timed

from verso.classification.encoder import estimate as estimates_encoders
from verso.classification.encoder import model as encoder
from verso.classification.encoder.family import Encoder
from verso.classification.encoder.training import Tuning
from verso.classification.texts import LabelledTexts
from verso.machine.hardware import Device, pick_device_for_llm
from verso.machine.speeds import CUDA_CONTEXT_MB
from verso.text.encoded import EncodedTexts
from verso.training.checkpoints import Checkpoints
from verso.training.loop import fit

LABELS = 5
MEDIAN_TOKENS, SPREAD = 60, 0.8  # log-normal, as reviews are: a mean of 80, one in a hundred has 390
FASTER, SMALLER, MEMORY_MARGIN = 1.5, 0.5, 0.15
RECIPES: dict[str, dict[str, Any]] = {"defaults": {}, "lean": {"optimiser": "adamw_8bit", "gradient_checkpointing": True}}


@dataclass(frozen=True)
class Size:
    """What is tuned: a transformers configuration, and what an entry says; steps of the optimiser in a measurement."""

    configuration: dict[str, Any]
    entry: dict[str, Any]
    steps: int

    def model(self, recipe: dict[str, Any]) -> Encoder:
        """The entry of a recipe: one epoch, measured at its end alone."""
        fixed = {"family": "encoder", "pretrained": "random", "epochs": 1, "measurements": 1}
        return Encoder.model_validate({**fixed, **self.entry, **recipe})


FULL = Size(estimates_encoders.MDEBERTA, {"needs": {"gpus": 1}}, steps=12)


def texts(size: Size, count: int, seed: int) -> LabelledTexts:
    """Random tokens in texts as long as reviews are, each with a label."""
    chance = torch.Generator().manual_seed(seed)
    longest = size.model({}).max_length
    lengths = (MEDIAN_TOKENS * torch.exp(SPREAD * torch.randn(count, generator=chance))).long().clamp(4, longest)
    vocabulary = size.configuration["vocab_size"]
    encoded = (torch.randint(5, vocabulary, (int(length),), generator=chance).tolist() for length in lengths)
    return LabelledTexts(EncodedTexts.of_ids(encoded, 0), torch.arange(count) % LABELS)


def built(size: Size) -> Any:
    """Random weights in float32, on the CPU."""
    from transformers import AutoConfig, AutoModelForSequenceClassification

    torch.manual_seed(1)
    configuration = AutoConfig.for_model(**size.configuration, num_labels=LABELS, pad_token_id=0)
    return AutoModelForSequenceClassification.from_config(configuration, dtype=torch.float32)


def ours(size: Size, recipe: dict[str, Any], device: Device) -> dict[str, float]:
    """texts_per_second, peak_mb and foreseen_mb of Verso's training, its first steps not counted."""
    entry = size.model(recipe)
    settings = entry.model_dump(exclude={"needs", "miniature"})
    base = built(size).to(device.device)
    if entry.gradient_checkpointing:
        base.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    model = encoder.EncoderClassifier(base, entry.head, LABELS, device)
    count = size.steps * entry.batch * entry.accumulation
    task = Tuning(model, texts(size, count, 1), texts(size, 4 * entry.batch, 2), settings, 1, device)
    timed = Timed(task, task.steps, device.device)
    for _ in range(2):  # the first epoch pays for memory and kernels
        with tempfile.TemporaryDirectory() as folder, Checkpoints(folder, "measured", 0.0) as kept:
            fit(timed, settings, device, kept, 3600, _tell_nobody, highest="validation_f1_macro")
    foreseen = estimates_encoders.vram_mb(entry, estimates_encoders.architecture(size.configuration))
    return {"texts_per_second": count / timed.seconds, "peak_mb": _peak_mb(device), "foreseen_mb": foreseen}


def theirs(size: Size, device: Device) -> dict[str, float]:
    """texts_per_second and peak_mb of transformers' Trainer on as many texts, every one padded to the longest that is read."""
    from transformers import Trainer, TrainingArguments

    entry = size.model({})
    count = size.steps * entry.batch * entry.accumulation
    read = texts(size, count, 1)
    tokens = torch.zeros(count, entry.max_length, dtype=torch.int64)
    for row in range(count):
        some, lengths, _ = read.padded(torch.tensor([row]))
        tokens[row, : int(lengths[0])] = some[0].long()
    rows = [
        {"input_ids": tokens[row], "attention_mask": (tokens[row] != 0).long(), "labels": int(read.classes[row])}
        for row in range(count)
    ]
    with tempfile.TemporaryDirectory() as folder:
        arguments = TrainingArguments(
            folder, per_device_train_batch_size=entry.batch, gradient_accumulation_steps=entry.accumulation, num_train_epochs=1,
            learning_rate=entry.learning_rate, bf16=device.dtype is torch.bfloat16, fp16=device.dtype is torch.float16,
            save_strategy="no", logging_strategy="no", report_to="none", disable_tqdm=True, use_cpu=device.device.type == "cpu",
            optim="adamw_torch",
        )  # fmt: skip
        trainer = Trainer(model=built(size), args=arguments, train_dataset=rows)
        trainer.train()
        begin = time.perf_counter()
        trainer.train()
        if device.device.type == "cuda":
            torch.cuda.synchronize()
        took = time.perf_counter() - begin
    return {"texts_per_second": count / took, "peak_mb": _peak_mb(device)}


def _tell_nobody(progress: dict[str, Any]) -> None:
    """Nobody asks how far a measurement is."""


def _peak_mb(device: Device) -> float:
    """What PyTorch reserved of the card, with what the driver takes besides; 0 without a card. Counting begins anew."""
    if device.device.type != "cuda":
        return 0.0
    return CUDA_CONTEXT_MB + torch.cuda.max_memory_reserved() / 1e6


def _begin_anew(device: Device) -> None:
    gc.collect()
    if device.device.type == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()


def measure(size: Size, device: Device) -> tuple[dict[str, dict[str, float]], dict[str, float]]:
    """Of each recipe of ours, and of the Trainer; what one held is let go before the next begins."""
    found = {}
    for name, recipe in RECIPES.items():
        _begin_anew(device)
        found[name] = ours(size, recipe, device)
    _begin_anew(device)
    return found, theirs(size, device)


def judge(found: dict[str, dict[str, float]], trainer: dict[str, float]) -> list[str]:
    """Print the figures; returns the limits that they break."""
    print(f"  Trainer: {trainer['texts_per_second']:,.1f} texts/s, {trainer['peak_mb']:,.0f} MB")
    broken, good = [], False
    for name, figures in found.items():
        faster = figures["texts_per_second"] / trainer["texts_per_second"]
        smaller = figures["peak_mb"] / trainer["peak_mb"]
        beside = figures["peak_mb"] / figures["foreseen_mb"] - 1
        speed = f"{figures['texts_per_second']:,.1f} texts/s, {faster:.2f} times the Trainer's"
        memory = f"{figures['peak_mb']:,.0f} MB, {smaller:.2f} times; foreseen {figures['foreseen_mb']:,.0f} MB: {beside:+.1%}"
        print(f"  Verso, {name}: {speed}; {memory}")
        good = good or (faster >= FASTER and smaller <= SMALLER)
        if abs(beside) > MEMORY_MARGIN:
            broken.append(f"memory is not what was foreseen ({name})")
    return broken if good else [*broken, "no recipe has 1.5 times the Trainer's speed at half its memory"]


def main() -> int:
    """Measure at full size, where there is a card."""
    if not torch.cuda.is_available():
        print("No CUDA card is visible: the tuning of mDeBERTa is not measured here.")
        return 0
    device = pick_device_for_llm(1)
    print(f"mDeBERTa-v3-base, random weights; {device.reason}", flush=True)
    broken = judge(*measure(FULL, device))
    print("\n".join(f"  LIMIT BROKEN: {what}" for what in broken), flush=True)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
