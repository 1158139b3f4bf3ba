"""Architectures of pretrained models by transformers' `model_type`: the names of their layers, and how long a text they can read.

Read by the rules: nothing heavier than pydantic. A test compares the table with transformers. What is not in it is for the job
to find out.
"""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple


class Known(NamedTuple):
    """reads: a text from both sides, or the next token alone. layers: what adapters can be put into. positions: where a
    configuration says nothing. behind_padding: the first position stands behind that of the padding.
    """

    reads: Literal["both sides", "one side"]
    layers: tuple[str, ...]
    positions: int
    behind_padding: bool = False


BERT = ("query", "key", "value", "dense")
DISTILBERT = ("q_lin", "k_lin", "v_lin", "out_lin", "lin1", "lin2")
LLAMA = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj", "lm_head")
NEOX = ("query_key_value", "dense", "dense_h_to_4h", "dense_4h_to_h")

KNOWN = {
    **dict.fromkeys(("bert", "ernie", "megatron-bert"), Known("both sides", BERT, 512)),
    **dict.fromkeys(("roberta", "xlm-roberta", "camembert", "data2vec-text"), Known("both sides", BERT, 512, True)),
    "electra": Known("both sides", (*BERT, "embeddings_project"), 512),
    "albert": Known("both sides", ("query", "key", "value", "dense", "ffn", "ffn_output", "embedding_hidden_mapping_in"), 512),
    "deberta-v2": Known("both sides", ("query_proj", "key_proj", "value_proj", "dense"), 512),
    "distilbert": Known("both sides", DISTILBERT, 512),
    "modernbert": Known("both sides", ("Wqkv", "Wo", "Wi"), 8192),
    "mistral": Known("one side", LLAMA, 131_072),
    **dict.fromkeys(("llama", "olmo2", "granite"), Known("one side", LLAMA, 2048)),
    **dict.fromkeys(("qwen2", "qwen3"), Known("one side", LLAMA, 32_768)),
    **dict.fromkeys(("gemma", "gemma2"), Known("one side", LLAMA, 8192)),
    "phi3": Known("one side", ("qkv_proj", "o_proj", "gate_up_proj", "down_proj", "lm_head"), 4096),
    "gpt_neox": Known("one side", (*NEOX, "lm_head"), 2048),
}


def known(configuration: Mapping[str, Any]) -> Known | None:
    """What is known of the architecture of a transformers configuration; None of one that is not in the table."""
    return KNOWN.get(str(configuration.get("model_type")))


def layers_of(configuration: Mapping[str, Any]) -> tuple[str, ...] | None:
    """Names of the layers of a model that adapters can be put into, its head left out; None where nobody knows them here."""
    found = known(configuration)
    if found is None:
        return None
    if configuration["model_type"] != "deberta-v2" or configuration.get("share_att_key", False):
        return found.layers
    parts = configuration.get("pos_att_type") if configuration.get("relative_attention", False) else None
    own = {"c2p": "pos_key_proj", "p2c": "pos_query_proj"}
    return (*found.layers, *(name for part, name in own.items() if isinstance(parts, list) and part in parts))


def positions_of(configuration: Mapping[str, Any]) -> int | None:
    """Tokens of a text that a model has positions for; None where nobody knows it here, or there is no limit, as with
    relative positions alone (DeBERTa).
    """
    found = known(configuration)
    by_distance = configuration.get("model_type") == "deberta-v2" and configuration.get("position_biased_input") is False
    if found is None or by_distance:
        return None
    positions = _whole(configuration.get("max_position_embeddings"), found.positions)
    if positions is None or not found.behind_padding:
        return positions
    padding = _whole(configuration.get("pad_token_id"), 1)
    return None if padding is None else positions - padding - 1


def _whole(value: Any, usual: int) -> int | None:
    """A whole number; the usual one where nothing is said, None where what is said is none."""
    if value is None:
        return usual
    return value if isinstance(value, int) and not isinstance(value, bool) else None
