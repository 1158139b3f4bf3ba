"""Tuning the report's Mistral 7B on this machine's card: speed, memory against what was foreseen, the loop's own cost, resuming.

    PYTHONPATH=workflow/scripts python tests/benchmarks/qlora_on_a_card.py

Nothing is downloaded: a base of Mistral 7B's architecture with random weights is packed into 4 bits matrix by matrix and written
into a temporary folder (4 GB), and each backend that is installed loads it as a tuning does (verso.pretrained.backends), in a
process of its own. Rank 32 on seven matrices, batches of 2 x 2,048 tokens, AdamW in 8 bits. Our loop and a bare one take turns
on the same model; medians over the pairs. A smaller base is tuned twice, the second time stopped in its middle and gone on with.
Some ten minutes on a TITAN RTX, it is thought.

Exit code 1 when memory is more than 15 % beside the estimate or above 12 GB, our loop takes 5 % longer than the bare one, or the
tuning that was stopped ends with another validation loss. Without a card it says so and ends with 0.
"""

import argparse
import importlib.util
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

import torch
from timed import Timed, now
from torch import nn

from verso.errors import Interrupted
from verso.files import write_json
from verso.language_modelling.causal_llm.estimate import vram_mb
from verso.language_modelling.causal_llm.family import CausalLLM
from verso.language_modelling.causal_llm.training import Tuning
from verso.machine.hardware import Device, pick_device_for_llm
from verso.machine.speeds import CUDA_CONTEXT_MB
from verso.pretrained import backends
from verso.pretrained.chat import Example
from verso.pretrained.estimate import architecture
from verso.pretrained.manifest import write_manifest
from verso.training.checkpoints import Checkpoints
from verso.training.loop import fit
from verso.training.steps import optimiser_of

ARCHITECTURE = Path(__file__).parents[2] / "resources/architectures/mistral-7b-instruct-v0.3.json"
MEMORY_MARGIN, MEMORY_LIMIT, LOOP_LIMIT, RESUMED_MARGIN = 0.15, 12_000, 0.05, 1e-2
PROMPT = 16  # tokens of an example that are not learnt


@dataclass(frozen=True)
class Size:
    """What is tuned: a transformers configuration, and the entry of a causal_llm. steps: of one measurement."""

    configuration: dict[str, Any]
    model: CausalLLM
    steps: int
    pairs: int

    @property
    def settings(self) -> dict[str, Any]:
        """What a training is given."""
        return self.model.model_dump(exclude={"needs", "miniature", "scoring", "decoding", "merge"})


def size(configuration: dict[str, Any], steps: int, pairs: int, gpus: int = 1, **settings: Any) -> Size:
    """One epoch of `steps` steps of one batch each, all else as the config's defaults have it."""
    entry = {"family": "causal_llm", "pretrained": "random", "epochs": 1, "accumulation": 1, "needs": {"gpus": gpus}, **settings}
    return Size(configuration, CausalLLM.model_validate(entry), steps, pairs)


def write_base(folder: Path, configuration: dict[str, Any], device: torch.device) -> Path:
    """Write a base of random weights in 4 bits, matrix by matrix; returns its manifest."""
    import bitsandbytes
    from safetensors.torch import save_file
    from transformers import AutoConfig, AutoModelForCausalLM, BitsAndBytesConfig

    snapshot = folder / "snapshot"
    snapshot.mkdir(parents=True)
    quantisation = BitsAndBytesConfig(load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True)
    described = {**configuration, "dtype": "bfloat16", "quantization_config": quantisation.to_dict()}
    write_json(snapshot / "config.json", described)
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(AutoConfig.for_model(**configuration))
    packed = {f"{name}.weight" for name, module in model.named_modules() if isinstance(module, nn.Linear) and name != "lm_head"}
    torch.manual_seed(1)
    shards: dict[str, dict[str, torch.Tensor]] = {}
    where, total = {}, 0
    for name, weight in model.state_dict().items():
        value = torch.ones(weight.shape) if weight.dim() == 1 else torch.randn(weight.shape, device=device) * 0.02
        value = value.to(torch.bfloat16)
        tensors = {name: value}
        if name in packed:
            tensors[name], state = bitsandbytes.functional.quantize_4bit(value, quant_type="nf4", compress_statistics=True)
            tensors |= {f"{name}.{key}": tensor for key, tensor in state.as_dict(packed=True).items()}
        layer = name.split(".")[2] if name.startswith("model.layers.") else "rest"
        file = f"model-{layer}.safetensors"
        shards.setdefault(file, {}).update({key: tensor.cpu().contiguous() for key, tensor in tensors.items()})
        where |= dict.fromkeys(tensors, file)
        total += sum(tensor.nbytes for tensor in tensors.values())
        for full in [other for other in shards if other not in (file, "model-rest.safetensors")]:
            save_file(shards.pop(full), snapshot / full, metadata={"format": "pt"})
    for file, tensors in shards.items():
        save_file(tensors, snapshot / file, metadata={"format": "pt"})
    write_json(snapshot / "model.safetensors.index.json", {"metadata": {"total_size": total}, "weight_map": where})
    _write_tokenizer(snapshot, configuration["vocab_size"])
    about = {"name": "random", "type": "miniature", "licence": "none", "miniature": True}
    write_manifest(folder / "pretrained.json", about, [path.name for path in snapshot.iterdir()])
    return folder / "pretrained.json"


def _write_tokenizer(snapshot: Path, vocabulary: int) -> None:
    """One that nobody asks for anything, but unsloth loads one with the model."""
    from tokenizers import Tokenizer, models
    from transformers import PreTrainedTokenizerFast

    special = {"unk_token": "<unk>", "bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>"}
    words = [*special.values(), *(f"word{number}" for number in range(vocabulary - len(special)))]
    tokenizer = Tokenizer(models.WordLevel({word: number for number, word in enumerate(words)}, unk_token="<unk>"))
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, **special).save_pretrained(snapshot)


def examples(size: Size) -> tuple[list[Example], list[Example]]:
    """Texts of random tokens that each fill the window: for one epoch, and a batch to validate with."""
    chance = torch.Generator().manual_seed(2)
    counts = size.steps * size.model.batch, size.model.batch
    vocabulary, length = size.configuration["vocab_size"], size.model.max_length
    parts = [torch.randint(4, vocabulary, (count, length), generator=chance).tolist() for count in counts]
    train, held_out = ([Example(str(number), tokens, PROMPT) for number, tokens in enumerate(part)] for part in parts)
    return train, held_out


def ours(task: Tuning, size: Size, device: Device, folder: Path) -> float:
    """Seconds of an epoch's steps in Verso's loop, as in production: schedule, sums, checks, progress, time for checkpoints."""
    timed = Timed(task, task.steps, device.device)
    with Checkpoints(folder, str(time.time_ns()), 0.0) as kept:
        fit(timed, size.settings, device, kept, 3600, _tell_nobody)
        kept.finish()
    return timed.seconds


def _tell_nobody(progress: dict[str, Any]) -> None:
    """Nobody asks how far a measurement is."""


def bare(model: nn.Module, size: Size, device: Device) -> float:
    """Seconds of the same steps in the shortest loop that trains the same model on batches that lie ready."""
    train, _ = examples(size)
    tokens = torch.tensor([example.tokens for example in train], device=device.device).split(size.model.batch)
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimiser = optimiser_of(size.settings, parameters, device.device)
    scaler = torch.amp.GradScaler(device.device.type, enabled=device.dtype is torch.float16)
    half = torch.autocast(device.device.type, dtype=device.dtype, enabled=device.device.type == "cuda")
    model.train()
    begin = now(device.device)
    for batch in tokens:
        optimiser.zero_grad(set_to_none=True)
        with half:
            logits = model(input_ids=batch, attention_mask=torch.ones_like(batch)).logits
        scores = logits[:, PROMPT - 1 : -1].flatten(0, 1).float()
        scaler.scale(nn.functional.cross_entropy(scores, batch[:, PROMPT:].flatten())).backward()
        scaler.unscale_(optimiser)
        nn.utils.clip_grad_norm_(parameters, size.settings["clip"])
        scaler.step(optimiser)
        scaler.update()
    return now(device.device) - begin


def measure(backend: str, manifest: Path, size: Size, device: Device, folder: Path) -> dict[str, float]:
    """Of one backend: seconds_per_step, tokens_per_second, overhead (of our loop, a share), and foreseen_mb and peak_mb.

    peak_mb: what PyTorch reserved of the card, with what the driver takes besides; 0 without a card.
    """
    model = backends.tunable(backend, manifest, size.settings, device, 1)
    train, held_out = examples(size)
    task = Tuning(model, train, held_out, size.settings, 1, 3, device)
    ours(task, size, device, folder)  # the first steps pay for memory and kernels, and an epoch's end for its validation
    on_card = device.device.type == "cuda"
    peak = CUDA_CONTEXT_MB + torch.cuda.max_memory_reserved() / 1e6 if on_card else 0.0
    pairs = []
    for number in range(size.pairs):  # who goes first changes from pair to pair
        if number % 2:
            mine, theirs = ours(task, size, device, folder), bare(model, size, device)
        else:
            theirs, mine = bare(model, size, device), ours(task, size, device, folder)
        pairs.append((mine, theirs))
    seconds = median(mine for mine, _ in pairs) / size.steps
    return {
        "seconds_per_step": seconds,
        "tokens_per_second": size.model.batch * size.model.max_length / seconds,
        "overhead": median(mine / theirs for mine, theirs in pairs) - 1,
        "foreseen_mb": vram_mb(size.model, architecture(size.configuration)),
        "peak_mb": peak,
    }


def resumed(backend: str, manifest: Path, size: Size, device: Device, folder: Path) -> dict[str, float]:
    """Validation losses of an undisturbed tuning and of one that was stopped after half of its steps and started again."""
    train, held_out = examples(size)

    def tuned(name: str, stop: int | None) -> float:
        model = backends.tunable(backend, manifest, size.settings, device, 1)
        task = Tuning(model, train, held_out, size.settings, 1, 3, device)
        if stop is not None:
            task = _StoppedAt(stop, model, train, held_out, size.settings, 1, 3, device)
        with Checkpoints(folder / name, "resumed", 0.0) as kept:
            return float(fit(task, size.settings, device, kept, 3600, _tell_nobody).history[-1]["validation_loss"])

    undisturbed = tuned("whole", None)
    try:
        tuned("stopped", size.steps // 2)
    except Interrupted as stopped:
        print(f"  {stopped}", flush=True)
    else:
        raise AssertionError("the tuning was not stopped")
    return {"undisturbed": undisturbed, "resumed": tuned("stopped", None)}


class _StoppedAt(Tuning):
    """A tuning whose process gets SIGTERM in a step, as from SLURM."""

    def __init__(self, step: int, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._left = step

    def losses(self, batch: list[Example]) -> Iterator[tuple[torch.Tensor, int]]:
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGTERM)
        return super().losses(batch)


def judge(found: dict[str, float], losses: dict[str, float]) -> list[str]:
    """Print the figures of a backend; returns the limits that they break."""
    beside = found["peak_mb"] / found["foreseen_mb"] - 1
    apart = abs(losses["resumed"] / losses["undisturbed"] - 1)
    print(f"  {1 / found['seconds_per_step']:.3f} steps/s, {found['tokens_per_second']:,.0f} tokens/s")
    print(f"  peak {found['peak_mb']:,.0f} MB, foreseen {found['foreseen_mb']:,.0f} MB: {beside:+.1%} (at most 15 %, and 12 GB)")
    print(f"  our loop against a bare one: {found['overhead']:+.1%} time (at most 5 %)")
    print(f"  validation loss {losses['undisturbed']:.5f}, stopped and gone on with {losses['resumed']:.5f} (at most 1 % apart)")
    broken = {
        "memory is not what was foreseen": abs(beside) > MEMORY_MARGIN,
        "memory is above 12 GB": found["peak_mb"] > MEMORY_LIMIT,
        "our loop is slow": found["overhead"] > LOOP_LIMIT,
        "a tuning that was stopped ends otherwise": apart > RESUMED_MARGIN,
    }
    return [what for what, is_so in broken.items() if is_so]


def run(backend: str, folder: Path, large: Size, small: Size, device: Device) -> list[str]:
    """Measure one backend on the bases in `folder`; returns the limits that are broken."""
    backends.choose({**large.settings, "backend": backend}, folder / "large/pretrained.json", device)
    print(f"{backends.described(backend)}; {device.reason}", flush=True)
    with tempfile.TemporaryDirectory() as scratch:
        losses = resumed(backend, folder / "small/pretrained.json", small, device, Path(scratch))
        found = measure(backend, folder / "large/pretrained.json", large, device, Path(scratch) / "large")
    return judge(found, losses)


def full_size() -> tuple[Size, Size]:
    """The report's model, and two layers of it to stop."""
    mistral = json.loads(ARCHITECTURE.read_text())
    small = size({**mistral, "num_hidden_layers": 2}, steps=10, pairs=0, max_length=512, scoring={"stride": 256})
    return size(mistral, steps=4, pairs=5), small


def main() -> int:
    """Make the bases, then measure each backend in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--backend", choices=list(backends.LIBRARIES), help="measure this one, on the bases in --bases")
    parser.add_argument("--bases", type=Path)
    asked = parser.parse_args()
    if not torch.cuda.is_available():
        print("No CUDA card is visible: the tuning of a 7B model is not measured here.")
        return 0
    large, small = full_size()
    if asked.backend:
        broken = run(asked.backend, asked.bases, large, small, pick_device_for_llm(1))
        print("\n".join(f"  LIMIT BROKEN: {what}" for what in broken), flush=True)
        return 1 if broken else 0
    worst = 0
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_base(folder / "large", large.configuration, torch.device("cuda"))
        write_base(folder / "small", small.configuration, torch.device("cuda"))
        torch.cuda.empty_cache()
        for backend in backends.LIBRARIES:
            if importlib.util.find_spec(backend) is None:
                print(f"{backend} is not installed")
                continue
            command = [sys.executable, __file__, "--backend", backend, "--bases", str(folder)]
            done = subprocess.run(command, env={**os.environ, "HF_HUB_OFFLINE": "1"})
            worst = max(worst, abs(done.returncode))
    return min(worst, 1)


if __name__ == "__main__":
    sys.exit(main())
