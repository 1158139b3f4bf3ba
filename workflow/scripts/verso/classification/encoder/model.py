"""A pretrained encoder with a classification head, tuned in full or with low-rank adapters, and its files.

    results/pretrained/<name>/snapshot/              configuration, tokenizer and weights of the base model, never changed
    results/runs/.../model/weights.safetensors       all weights; with adapters only these and the head
                           architecture.json

transformers and peft are imported where they are used: importing them takes ten seconds.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import safetensors
import safetensors.torch
import torch
from torch import Tensor, nn

from verso.classification import label_heads
from verso.classification.encoder.base import configuration_of, longest_text, pretrained
from verso.errors import VersoError
from verso.files import atomic_path, read_json, sha256_of, write_json
from verso.machine import card_memory
from verso.machine.hardware import Device, arithmetic
from verso.pretrained.adapters import begin_adapters, must_be_tuned_on, must_have_targets
from verso.pretrained.manifest import snapshot_of

WEIGHTS, ARCHITECTURE = "weights.safetensors", "architecture.json"
# Names of the query and value layers by architecture
QUERIES_AND_VALUES = (
    ("query_proj", "value_proj"), ("query", "value"), ("q_lin", "v_lin"), ("q_proj", "v_proj"), ("q", "v"), ("in_proj",),
    ("Wqkv",),
)  # fmt: skip


class EncoderClassifier(nn.Module):
    """Predicts labels from token ids, with the interface of verso.classification.text_classifier.

    encoder: one of transformers' sequence classification classes. head: see verso.classification.label_heads. fresh: names of
    the weights that the base model does not have.
    """

    def __init__(self, encoder: Any, head: str, labels: int, device: Device, fresh: Sequence[str] = ()) -> None:
        super().__init__()
        self.encoder = encoder
        self.settings: dict[str, Any] = {"head": head, "labels": labels}
        self.fresh = tuple(fresh)
        self._device = device

    def forward(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        """Log-probabilities (B, K) of the labels, in nats, of tokens (B, T) padded at the end; lengths (B,), at least 1."""
        seen = torch.arange(tokens.shape[1], device=tokens.device) < lengths[:, None]
        with arithmetic(self._device):
            scores = self.encoder(input_ids=tokens.long(), attention_mask=seen.long()).logits
        return label_heads.log_probabilities(scores.float(), self.settings["head"])

    def predictions(self, log_probabilities: Tensor) -> Tensor:
        """The predicted class (B,) of each text."""
        return label_heads.predictions(log_probabilities, self.settings["head"])

    def own_weights(self) -> dict[str, Tensor]:
        """The weights that a run saves, by transformers' names: all, or with adapters these and the head."""
        adapted = any(".lora_" in name for name, _ in self.encoder.named_parameters())
        return {
            name: tensor
            for name, tensor in self.encoder.state_dict().items()
            if not adapted or ".lora_" in name or name in self.fresh or is_of_head(self.encoder, name)
        }


def is_of_head(encoder: Any, name: str) -> bool:
    """Whether a weight belongs to the layers after the encoder."""
    return not name.startswith(f"{encoder.base_model_prefix}.")


def tunable(manifest: str | Path, settings: Mapping[str, Any], labels: int, seed: int, device: Device) -> EncoderClassifier:
    """The initial model on its device: pretrained weights in float32, head and adapters drawn with `seed`.

    manifest: pretrained.json of the base model. settings: tuning, lora, head, max_length, gradient_checkpointing, optimiser.
    Raises VersoError when that is no encoder, lacks weights, has too few positions or has no layers named in
    lora.target_modules, and when a card has no room for the memory that does not depend on the batch.
    """
    folder = snapshot_of(manifest)
    configuration = configuration_of(folder, label_heads.score_count(labels, settings["head"]))
    torch.manual_seed(seed)
    encoder, fresh = pretrained(folder, configuration)
    most = longest_text(encoder)
    if most is not None and settings["max_length"] > most:
        raise VersoError(
            f"max_length is {settings['max_length']}, and {manifest} describes a model that has positions for {most} tokens; set "
            f"max_length: {most} or less"
        )
    if settings["tuning"] == "lora":
        encoder = with_adapters(encoder, settings["lora"], fresh)
        begin_adapters(encoder, seed)
    if settings["gradient_checkpointing"]:
        encoder.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
    _must_fit_on_card_to_learn(encoder, manifest, settings, device)
    return EncoderClassifier(encoder.to(device.device), settings["head"], labels, device, fresh)


def _must_fit_on_card_to_learn(encoder: nn.Module, manifest: str | Path, settings: Mapping[str, Any], device: Device) -> None:
    counts = parameter_counts(encoder)
    moments = 2 if settings["optimiser"] == "adamw_8bit" else 8  # bytes per trainable weight
    wanted = 4 * counts["parameters"] + (4 + moments) * counts["trainable"]
    instead = "tune adapters (tuning: lora)" if settings["tuning"] == "full" else "take a smaller base"
    what = "its weights, their gradients and the optimiser's moments alone take"
    card_memory.must_fit_on_card(read_json(manifest)["name"], what, wanted, device.device, instead)


def with_adapters(encoder: Any, lora: Mapping[str, Any], fresh: Sequence[str]) -> Any:
    """The frozen encoder with adapters; trainable are these, fresh weights and the layers after the encoder.

    A pooler (DeBERTa's is fresh) is trained only if lora["train_pooler"]; it is always saved with the adapters, because another
    run would draw another one. lora: r, lora_alpha, lora_dropout, target_modules, use_rslora, train_pooler.
    """
    from peft import LoraConfig, inject_adapter_in_model

    targets = lora["target_modules"] or _queries_and_values(encoder)
    must_have_targets(encoder.base_model, targets)  # the head is trained in full
    behind = {name for name, _ in encoder.named_children() if name != encoder.base_model_prefix} | {"pooler"}
    config = LoraConfig(
        r=lora["r"],
        lora_alpha=lora["lora_alpha"],
        lora_dropout=lora["lora_dropout"],
        use_rslora=lora["use_rslora"],
        target_modules=list(targets),
        exclude_modules=rf"(.*\.)?({'|'.join(sorted(behind))})(\..*)?",  # trained in full, without adapters
        bias="none",
    )
    inject_adapter_in_model(config, encoder)
    for name, parameter in encoder.named_parameters():
        if name in fresh or is_of_head(encoder, name):
            parameter.requires_grad_(lora["train_pooler"] or "pooler" not in name.split("."))
    return encoder


def _queries_and_values(encoder: Any) -> tuple[str, ...]:
    layers = {name.rpartition(".")[2] for name, module in encoder.named_modules() if isinstance(module, nn.Linear)}
    found = next((names for names in QUERIES_AND_VALUES if set(names) <= layers), None)
    if found is None:
        raise VersoError(
            "lora.target_modules: this architecture's layers of queries and values are not known; name some of its layers: "
            f"{', '.join(sorted(layers))}"
        )
    return found


def parameter_counts(model: nn.Module) -> dict[str, int]:
    """{"parameters": all, including adapters, "trainable": the trainable ones}."""
    weights = list(model.parameters())
    learnt = sum(weight.numel() for weight in weights if weight.requires_grad)
    return {"parameters": sum(weight.numel() for weight in weights), "trainable": learnt}


def groups_of_weights(encoder: Any, layer_decay: float, weight_decay: float) -> list[dict[str, Any]]:
    """The trainable weights in groups for the optimiser (verso.training.steps.optimiser_of), the highest rate first.

    A layer's rate is layer_decay times that of the layer above it: the head's is 1, the last layer's layer_decay, the
    embeddings' the lowest (Clark et al. 2020, ELECTRA; Sun et al. 2019). Biases and norms have no weight decay.
    """
    numbers = {name: _number_of_layer(name) for name, _ in encoder.named_parameters()}
    top = 2 + max((number for number in numbers.values() if number is not None), default=-1)  # of the head; embeddings are 0
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, parameter in encoder.named_parameters():
        if parameter.requires_grad:
            number = numbers[name]
            at = number + 1 if number is not None else 0 if "embedding" in name else top
            decay = weight_decay if parameter.ndim > 1 else 0.0
            groups.setdefault((layer_decay ** (top - at), decay), []).append(parameter)
    return [
        {"params": groups[factor, decay], "rate_factor": factor, "weight_decay": decay}
        for factor, decay in sorted(groups, reverse=True)
    ]


def _number_of_layer(name: str) -> int | None:
    """The first number in a weight's name, such as 3 in deberta.encoder.layer.3.output.dense.weight."""
    return next((int(part) for part in name.split(".") if part.isdecimal()), None)


def save(model: EncoderClassifier, path: str | Path) -> None:
    """Write the run's own weights as safetensors, atomically; the same weights give the same bytes."""
    content = safetensors.torch.save({name: tensor.cpu().contiguous() for name, tensor in model.own_weights().items()})
    with atomic_path(path) as temporary:
        temporary.write_bytes(content)


def write_architecture(
    path: str | Path, manifest: str | Path, settings: Mapping[str, Any], names: list[str], counts: Mapping[str, int]
) -> None:
    """Describe a run's model: its base model (name and the manifest's checksum), its tuning, its labels and its size."""
    described = read_json(manifest)
    facts = {
        "family": "encoder",
        "labels": names,
        "length": settings["max_length"],
        **counts,
        "base": described["name"],
        "base_manifest": sha256_of(manifest),
        "base_miniature": described["miniature"],
        **{key: settings[key] for key in ("tuning", "head", "lora")},
    }
    write_json(path, facts)


def load(folder: str | Path, manifest: str | Path, device: Device) -> tuple[EncoderClassifier, dict[str, Any]]:
    """Load a run's model on `device`, in evaluation mode, and its architecture.json.

    If all weights were tuned, the base model's are not needed. Raises VersoError when the run's base model is not the one that
    the manifest describes, its weights are damaged or do not fit, or a card has no room for them.
    """
    folder = Path(folder)
    about = must_be_tuned_on(folder, manifest)
    snapshot = snapshot_of(manifest, weights=about["tuning"] == "lora")
    labels = len(about["labels"])
    configuration = configuration_of(snapshot, label_heads.score_count(labels, about["head"]))
    if about["tuning"] == "lora":
        encoder, fresh = pretrained(snapshot, configuration)
        encoder = with_adapters(encoder, about["lora"], fresh)
    else:
        from transformers import AutoModelForSequenceClassification

        encoder, fresh = AutoModelForSequenceClassification.from_config(configuration, dtype=torch.float32), []
    model = EncoderClassifier(encoder, about["head"], labels, device, fresh)
    _take(model, folder / WEIGHTS)
    wanted = 4 * parameter_counts(model)["parameters"]
    card_memory.must_fit_on_card(
        about["base"], "its weights alone take", wanted, device.device, "predict on the CPU (needs.gpus: 0)"
    )
    return model.to(device.device).eval(), about


def _take(model: EncoderClassifier, path: Path) -> None:
    """Load a run's weights into the model. Raises VersoError unless the file has exactly the run's own weights and shapes."""
    try:
        weights = safetensors.torch.load_file(path)
        if different := set(weights) ^ set(model.own_weights()):
            raise RuntimeError(f"{len(different)} weights are missing or too many, {min(different)} among them")
        model.encoder.load_state_dict(weights, strict=False)
    except (OSError, RuntimeError, safetensors.SafetensorError) as error:
        raise VersoError(f"{path}: cannot be read as this model's weights ({error}); train the run again") from error
