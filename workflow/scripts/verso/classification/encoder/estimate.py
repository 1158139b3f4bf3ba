"""Estimates of memory and time for training an encoder and predicting with it, from its architecture and settings.

docs/needs.md shows the sums. The rules import this: nothing heavier than pydantic. No figure for a card was measured: bytes are
counted from what autograd keeps of each operation of transformers 5.17 under autocast, speed is a guess. verso.needs.request
corrects both after a first run.
"""

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from verso.contract import Configuration, CorpusSize, Estimate, InferenceEstimate
from verso.machine.speeds import CUDA_CONTEXT_MB, CUDA_IN_RAM_MB, FLOPS, SECONDS_PER_WEIGHT, THREADS_GAIN, WORKING_MARGIN

if TYPE_CHECKING:
    from verso.classification.encoder.family import Encoder

LABELS = 5  # assumed: two or twenty make a difference of thousands of weights among millions
IMPORTED_MB = 600  # of main memory: PyTorch and transformers; 530 measured
OPTIMISER_BYTES = {"adamw_8bit": 2, "adamw": 8, "adam": 8}  # per trainable weight on a card: two moments
SAVED_BYTES = 20  # per trainable weight, in main memory: the best so far; best, weight and two moments in a checkpoint
# Bytes that backward keeps of a layer: for each token and each number of its hidden and of its inner size, and for each score of
# a token's attention to another: probabilities, their dropout's mask, what is left of them. On a CPU that mask is of float32.
KEPT_ON_CARD = {"hidden": 28, "inner": 4, "score": 7}
KEPT_WITHOUT = {"hidden": 40, "inner": 8, "score": 12}
SCORE_AT_WORK = 16  # bytes of a score on a card, while one layer is computed: its parts in halves, float32 and gradients
FUSED = 8  # a fused kernel keeps no score: this times less is left of what is at work
FLOPS_OF_CARD = 10e12  # a second, of one card: a fifth of what Turing's tensor cores do in large products; a guess
CARDS_GAIN = 0.9  # of each further card: gradients and weights go from card to card in every step; a guess
CHARACTERS_PER_TOKEN = {"large": 4.0, "small": 2.0}  # of vocabularies from SMALL_VOCABULARY tokens on, and of smaller ones
SMALL_VOCABULARY = 5000
SECONDS_PER_SCORE = 10e-9  # on one thread, beside its products: softmax and dropout, forward and back
SECONDS_PER_RELATIVE_SCORE = 25e-9  # gathered by distance, forward and back
SECONDS_PER_LAYER = 2e-3  # of a batch: what is started, however small
HELD_OUT = 0.12  # texts of the validation part for one of train: 8 and 72 of a hundred
TOLD_AT_ONCE = 4  # times `batch`: so many texts are computed at once where no gradient is wanted
LOADING_SECONDS = 10  # libraries and weights
LOADED_MB_A_SECOND = 200  # from a shared disk: a guess


def estimate(model: "Encoder", size: CorpusSize, base: Configuration) -> Estimate:
    """The estimate of a training."""
    sizes = architecture(base)
    return Estimate(seconds(model, sizes, size), memory_mb(model, sizes), vram_mb(model, sizes))


def inference(model: "Encoder", base: Configuration) -> InferenceEstimate:
    """The estimate of a job that loads the base model and trains nothing."""
    sizes = architecture(base)
    return InferenceEstimate(memory_mb_of_use(model, sizes), vram_mb_of_use(model, sizes), minutes_of_use(model, sizes))


class EncoderArchitecture(NamedTuple):
    """Sizes of an encoder. relative: rows of DeBERTa's table of distances, which score relative_parts (c2p, p2c)."""

    model_type: str
    vocab_size: int
    hidden_size: int
    intermediate_size: int
    num_hidden_layers: int
    num_attention_heads: int
    embedding_size: int
    positions: int
    token_types: int
    relative: int = 0
    relative_parts: int = 0
    own_relative_keys: bool = False
    relative_norm: bool = False
    convolution: int = 0

    @property
    def layer(self) -> dict[str, tuple[int, int]]:
        """(inputs, outputs) of one layer's matrices, by their names in it."""
        hidden, inner = self.hidden_size, self.intermediate_size
        end = "_proj" if self.model_type == "deberta-v2" else ""
        square = (hidden, hidden)
        return {
            f"attention.self.query{end}": square, f"attention.self.key{end}": square, f"attention.self.value{end}": square,
            "attention.output.dense": square, "intermediate.dense": (hidden, inner), "output.dense": (inner, hidden),
        }  # fmt: skip

    @property
    def matrices(self) -> int:
        """Weights of the layers' matrices, which every token passes through."""
        return self.num_hidden_layers * sum(inputs * outputs for inputs, outputs in self.layer.values())

    def parameters(self, outputs: int) -> int:
        """All weights of a classifier with this number of outputs: embeddings, layers and head, as transformers builds it."""
        hidden, layers = self.hidden_size, self.num_hidden_layers
        embeddings = (self.vocab_size + self.positions + self.token_types) * self.embedding_size + 2 * hidden
        if self.embedding_size != hidden:
            embeddings += self.embedding_size * hidden
        biases_and_norms = layers * (sum(outputs for _, outputs in self.layer.values()) + 4 * hidden)
        relative = self.relative * hidden + (2 * hidden if self.relative_norm else 0)
        if self.own_relative_keys:
            relative += layers * self.relative_parts * (hidden * hidden + hidden)
        convolution = self.convolution * hidden * hidden + 3 * hidden if self.convolution else 0
        head = hidden * hidden + hidden + hidden * outputs + outputs
        return embeddings + self.matrices + biases_and_norms + relative + convolution + head

    def trainable(self, model: "Encoder", outputs: int) -> int:
        """Trainable weights: all, or the adapters and the fresh head."""
        if model.tuning == "full":
            return self.parameters(outputs)
        hidden, targets = self.hidden_size, model.lora.target_modules or list(self.layer)[0:3:2]
        matched = [
            size for name, size in self.layer.items() if any(name == target or name.endswith(f".{target}") for target in targets)
        ]
        adapters = self.num_hidden_layers * model.lora.r * sum(inputs + out for inputs, out in matched)
        # RoBERTa's head is fresh with its dense layer, BERT's pooler was pretrained, DeBERTa's follows the settings
        dense = self.model_type not in ("bert", "deberta-v2") or (self.model_type == "deberta-v2" and model.lora.train_pooler)
        return adapters + (hidden * hidden + hidden if dense else 0) + hidden * outputs + outputs


MDEBERTA = {
    "model_type": "deberta-v2", "vocab_size": 251_000, "hidden_size": 768, "intermediate_size": 3072, "num_hidden_layers": 12,
    "num_attention_heads": 12, "max_position_embeddings": 512, "type_vocab_size": 0, "position_biased_input": False,
    "relative_attention": True, "pos_att_type": "p2c|c2p", "position_buckets": 256, "share_att_key": True,
    "norm_rel_ebd": "layer_norm",
}  # fmt: skip
BERT = {
    "vocab_size": 30_522, "hidden_size": 768, "intermediate_size": 3072, "num_hidden_layers": 12, "num_attention_heads": 12,
    "max_position_embeddings": 512, "type_vocab_size": 2,
}  # fmt: skip
DEFAULTS: dict[str, dict[str, Any]] = {  # of transformers' configuration classes
    "roberta": {**BERT, "vocab_size": 50_265},
    "deberta-v2": {
        "vocab_size": 128_100, "hidden_size": 1536, "intermediate_size": 6144, "num_hidden_layers": 24, "num_attention_heads": 24,
        "max_position_embeddings": 512, "type_vocab_size": 0,
    },
}  # fmt: skip


def architecture(configuration: Mapping[str, Any]) -> EncoderArchitecture:
    """The sizes from a transformers configuration; an unknown type counts as BERT, an empty one as mDeBERTa-v3-base."""
    given: dict[str, Any] = {key: value for key, value in (configuration or MDEBERTA).items() if value is not None}
    kind = str(given.get("model_type", "bert"))
    known = {**DEFAULTS.get(kind, BERT), **given}
    sizes = {key: known[key] for key in BERT if key not in ("max_position_embeddings", "type_vocab_size")}
    positions, hidden = known["max_position_embeddings"], known["hidden_size"]
    if kind != "deberta-v2":
        return EncoderArchitecture(
            kind, **sizes, embedding_size=hidden, positions=positions, token_types=known["type_vocab_size"]
        )
    relative = bool(known.get("relative_attention"))
    reach, buckets = known.get("max_relative_positions", -1), known.get("position_buckets", -1)
    parts = known.get("pos_att_type") or []
    parts = parts.split("|") if isinstance(parts, str) else parts
    return EncoderArchitecture(
        kind,
        **sizes,
        embedding_size=known.get("embedding_size", hidden),
        positions=positions if known.get("position_biased_input", True) else 0,
        token_types=known["type_vocab_size"],
        relative=2 * (buckets if buckets > 0 else reach if reach > 0 else positions) if relative else 0,
        relative_parts=len({"c2p", "p2c"}.intersection(parts)) if relative else 0,
        own_relative_keys=relative and not known.get("share_att_key", False),
        relative_norm="layer_norm" in known.get("norm_rel_ebd", "none"),
        convolution=max(0, known.get("conv_kernel_size", 0)),
    )


def vram_mb(model: "Encoder", sizes: EncoderArchitecture) -> float:
    """Peak memory of each card in training: the driver's, float32 weights, gradients, moments, one batch's activations.

    This is the first card's: it alone holds the moments, so with several cards it is the fullest.
    """
    learnt = sizes.trainable(model, LABELS)
    weights = 4 * sizes.parameters(LABELS) + learnt * (4 + OPTIMISER_BYTES[model.optimiser])
    halves = 2 * sizes.matrices
    stepping = 4 * learnt  # one more number per weight during the optimiser's step, when no activation is held
    return CUDA_CONTEXT_MB + (weights + max(halves + _activations(model, sizes, KEPT_ON_CARD), stepping)) / 1e6


def vram_mb_of_use(model: "Encoder", sizes: EncoderArchitecture) -> float:
    """Memory of the card while predicting: weights, their float16 copies, and one layer's temporary tensors."""
    predicted = TOLD_AT_ONCE * _layer(model, sizes, KEPT_ON_CARD)
    return CUDA_CONTEXT_MB + (4 * sizes.parameters(LABELS) + 2 * sizes.matrices + predicted) / 1e6


def memory_mb(model: "Encoder", sizes: EncoderArchitecture) -> float:
    """Peak main memory of a training, in MB: with a card the weights while loading, the best weights, a checkpoint."""
    learnt = sizes.trainable(model, LABELS)
    saved = learnt * SAVED_BYTES
    if model.needs.gpus:
        return IMPORTED_MB + CUDA_IN_RAM_MB + (4 * sizes.parameters(LABELS) + saved) / 1e6
    held = 4 * sizes.parameters(LABELS) + 12 * learnt + _activations(model, sizes, KEPT_WITHOUT)
    return IMPORTED_MB + (WORKING_MARGIN * held + saved) / 1e6


def memory_mb_of_use(model: "Encoder", sizes: EncoderArchitecture) -> float:
    """Main memory while predicting, in MB: the weights twice while reading, or once beside one layer's temporary tensors."""
    weights = 4 * sizes.parameters(LABELS)
    if model.needs.gpus:
        return IMPORTED_MB + CUDA_IN_RAM_MB + 2 * weights / 1e6
    return IMPORTED_MB + WORKING_MARGIN * (weights + max(weights, TOLD_AT_ONCE * _layer(model, sizes, KEPT_WITHOUT))) / 1e6


def seconds(model: "Encoder", sizes: EncoderArchitecture, size: CorpusSize) -> float:
    """Seconds of a training of all epochs with validation, on cores or cards used by nothing else."""
    length = _mean_length(model, sizes, size.characters / size.documents)
    validations = model.epochs * model.measurements * HELD_OUT * size.documents
    # Backward costs twice forward; adapters save half of it, the gradients of the weights
    passes = 3.0 if model.tuning == "full" else 2.0
    if model.gradient_checkpointing:
        passes += 1.0
    forward = _seconds_of_text(model, sizes, length)
    steps = model.epochs * size.documents / (model.batch * model.accumulation)
    update = 0.0 if model.needs.gpus else sizes.trainable(model, LABELS) * SECONDS_PER_WEIGHT
    shared = 1 + CARDS_GAIN * max(0, model.needs.gpus - 1)
    return model.epochs * size.documents * passes * forward / shared + validations * forward + steps * update


def seconds_of_use(model: "Encoder", sizes: EncoderArchitecture, characters: float, documents: int) -> float:
    """Seconds of loading and predicting these texts, on one card or the CPU."""
    loading = LOADING_SECONDS + 4 * sizes.parameters(LABELS) / 1e6 / LOADED_MB_A_SECOND
    return loading + documents * _seconds_of_text(model, sizes, _mean_length(model, sizes, characters / documents))


def minutes_of_use(model: "Encoder", sizes: EncoderArchitecture) -> int:
    """A generous time limit for predicting: loading, and 20,000 texts of the longest length."""
    return math.ceil(20 + 20_000 * _seconds_of_text(model, sizes, _longest(model, sizes)) / 60)


def _activations(model: "Encoder", sizes: EncoderArchitecture, kept: Mapping[str, int]) -> float:
    """Bytes that one batch of the longest texts keeps for backward, or that the validation's batches need without it.

    With checkpointing only the layers' inputs are kept, and one layer is computed at a time.
    """
    layer, layers = _layer(model, sizes, kept), sizes.num_hidden_layers
    back = layer + (layers - 1) * _kept(model, sizes, kept)
    if model.gradient_checkpointing:
        back = layer + layers * model.batch * _longest(model, sizes) * sizes.hidden_size * 4
    return max(back, TOLD_AT_ONCE * layer)


def _layer(model: "Encoder", sizes: EncoderArchitecture, kept: Mapping[str, int]) -> float:
    """Bytes of one layer while it is computed: what backward keeps, and temporary attention scores."""
    at_work = SCORE_AT_WORK if sizes.relative else SCORE_AT_WORK / FUSED
    return _kept(model, sizes, kept) + at_work * _scores(model, sizes)


def _kept(model: "Encoder", sizes: EncoderArchitecture, kept: Mapping[str, int]) -> float:
    """Bytes that backward keeps of one layer. DeBERTa's scores are kept; others' are fused with the next operations on a card."""
    tokens = model.batch * _longest(model, sizes)
    found: float = tokens * (kept["hidden"] * sizes.hidden_size + kept["inner"] * sizes.intermediate_size)
    if sizes.relative or kept is KEPT_WITHOUT:
        found += kept["score"] * _scores(model, sizes)
    number = 2 if kept is KEPT_ON_CARD else 4
    # Per part: scores by distance before they are gathered by token, and the table's rows, repeated for each text
    by_distance = tokens * sizes.num_attention_heads * sizes.relative + model.batch * sizes.relative * sizes.hidden_size
    return found + number * sizes.relative_parts * by_distance


def _scores(model: "Encoder", sizes: EncoderArchitecture) -> float:
    return model.batch * sizes.num_attention_heads * _longest(model, sizes) ** 2


def _longest(model: "Encoder", sizes: EncoderArchitecture) -> int:
    """Tokens of the longest text after cutting."""
    return min(model.max_length, sizes.positions or model.max_length)


def _mean_length(model: "Encoder", sizes: EncoderArchitecture, characters: float) -> float:
    """Mean tokens of a text of this number of characters."""
    kind = "small" if sizes.vocab_size < SMALL_VOCABULARY else "large"
    return min(_longest(model, sizes), 2 + characters / CHARACTERS_PER_TOKEN[kind])


def _seconds_of_text(model: "Encoder", sizes: EncoderArchitecture, length: float) -> float:
    """Seconds of one text's forward pass, in a batch of texts of its length."""
    layers, hidden = sizes.num_hidden_layers, sizes.hidden_size
    attention = 4 * layers * hidden * length * (length + sizes.relative_parts * sizes.relative / 2)
    products = 2 * sizes.matrices * length + attention
    if model.needs.gpus:
        return products / FLOPS_OF_CARD
    scored = layers * sizes.num_attention_heads * length
    beside = SECONDS_PER_SCORE * length + (SECONDS_PER_RELATIVE_SCORE * (length + sizes.relative) if sizes.relative else 0)
    started = layers * SECONDS_PER_LAYER / model.batch
    return float((products / FLOPS + (scored * beside + started) / 3) / model.needs.cpus**THREADS_GAIN)
