"""A miniature Mistral of seconds, the songs it has read, and the settings of a tuning that is over in as many."""

import itertools
import json
import random
from dataclasses import dataclass
from pathlib import Path

import torch
from calls import training_run

from verso.language_modelling.causal_llm.training import Tuning, examples
from verso.machine.hardware import Device
from verso.pretrained import causal_llm, miniature
from verso.pretrained.adapters import learnt_weights

CPU = Device(torch.device("cpu"), torch.float32, "a test")
INSTRUCTION = {"instruction": "You write songs.", "input": "Write one in the style of {artist}."}
LORA = {
    "r": 4, "lora_alpha": 8, "lora_dropout": 0.0, "use_rslora": False, "use_dora": False,
    "target_modules": ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"],
}  # fmt: skip
SETTINGS = {
    "family": "causal_llm", "pretrained": "toy", "tuning": "lora", "quantisation": "nf4", "backend": "auto", "max_length": 256,
    "long_texts": "cut", "completion_only": True, "chat_template": {}, "lora": LORA, "neftune_noise_alpha": None,
    "gradient_checkpointing": False,
    "batch": 2, "accumulation": 2, "epochs": 2, "optimiser": "adamw_8bit", "learning_rate": 0.02, "weight_decay": 0.01,
    "clip": 1.0, "schedule": {"name": "linear", "factor": 0.5, "patience": 2, "warmup": 2}, "early_stopping": None,
    "minutes": None, "measurements": 2,
}  # fmt: skip
ARTISTS = {
    "Marea Alta": [
        "la marea sube despacio y nadie la espera", "el niño cuenta barcos desde el muelle", "mañana será otro puerto, otra luz",
        "¿quién apagó la lámpara del faro?", "canta el mar y yo le respondo", "la noche trae sal en los zapatos",
    ],
    "The Slow Tide": [
        "the tide comes in without a word", "we walk along the shore and count the boats", "somebody left the lantern on",
        "the gulls know every street in town", "I keep a stone for every summer gone", "and nothing that we built will float",
    ],
}  # fmt: skip
PRETRAINING = {
    "epochs": 4, "window": 64, "batch": 8, "learning_rate": 0.01, "optimiser": "adamw", "weight_decay": 0.01, "clip": 1.0,
    "schedule": {"name": "cosine", "factor": 0.5, "patience": 2, "warmup": 0.1}, "early_stopping": None, "minutes": None,
}  # fmt: skip
TOY = {
    "architecture": "mistral", "purpose": "causal_lm", "vocabulary": 320, "seed": 1, "pretraining": PRETRAINING,
    "configuration": {
        "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4, "num_key_value_heads": 2,
        "max_position_embeddings": 512, "sliding_window": None,
    },
}  # fmt: skip


def documents(artist, count, lines, seed):
    """Songs of our own, as the prepared corpora hold them."""
    chance = random.Random(f"{artist} {seed}")
    return [
        {
            "id": f"{artist} {seed} {number}",
            "text": "\n".join(["[Verse 1]", *chance.choices(ARTISTS[artist], k=lines)]),
            "group": artist,
            "metadata": {"artist": artist, "title": f"{number}"},
        }
        for number in range(count)
    ]


def write(path, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


@dataclass(frozen=True)
class Tiny:
    """Where the miniature and its corpus lie."""

    folder: Path

    @property
    def manifest(self):
        return self.folder / "toy" / "pretrained.json"

    def part(self, name):
        return self.folder / f"{name}.jsonl"

    def tokenizer(self):
        return causal_llm.load_tokenizer(self.manifest)

    def chat(self):
        return causal_llm.load_chat(self.manifest, {})

    def base(self, quantisation="none"):
        return causal_llm.load_base(self.manifest, quantisation, CPU.device, CPU.dtype)

    def tunable(self, quantisation="none", **lora):
        """The base with fresh adapters."""
        model = causal_llm.with_adapters(self.base(quantisation), {**LORA, **lora}, 1)
        model.config.use_cache = False
        return model

    @classmethod
    def made_in(cls, folder):
        for seed, (part, count) in enumerate([("train", 10), ("validation", 2), ("test", 2)]):
            own = [documents(artist, count, 6, seed) for artist in ARTISTS]
            write(folder / f"{part}.jsonl", itertools.chain.from_iterable(zip(*own, strict=True)))
        toy = folder / "toy"
        miniature.make(
            name="toy",
            train=folder / "train.jsonl",
            validation=folder / "validation.jsonl",
            run=training_run(toy, TOY, architecture=toy / "pretrained.json"),
        )
        return cls(folder)


def with_random_adapters(model, seed=3, size=0.1):
    """Adapters that do something: fresh ones multiply by zero."""
    chance = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for _, parameter in learnt_weights(model):
            parameter.add_(torch.randn(parameter.shape, generator=chance) * size)
    return model


def call(tiny, run, seconds=3600, **changes):
    """The arguments of a whole tuning that writes into the folder `run`."""
    return {
        "train": str(tiny.part("train")),
        "validation": str(tiny.part("validation")),
        "manifest": str(tiny.manifest),
        "instruction": INSTRUCTION,
        "run": training_run(run, {**SETTINGS, **changes}, seconds),
    }


def validation_loss(tiny, model):
    """Mean nats of a model over the validation songs."""
    held_out = examples(tiny.part("validation"), tiny.chat(), INSTRUCTION, SETTINGS)
    model.eval()
    with torch.no_grad():
        return Tuning(model, held_out, held_out, SETTINGS, 1, 5, CPU).validate()
