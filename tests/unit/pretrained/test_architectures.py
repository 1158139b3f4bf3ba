"""The table of architectures that a config is checked by: a wrong name or number in it would refuse what is sound."""

import pytest
import torch
from torch import nn
from transformers import (
    CONFIG_MAPPING,
    MODEL_FOR_CAUSAL_LM_MAPPING,
    MODEL_FOR_MASKED_LM_MAPPING,
    AutoModelForCausalLM,
    AutoModelForSequenceClassification,
)

from verso.classification.encoder.base import longest_text
from verso.pretrained.architectures import KNOWN, layers_of, positions_of

ENCODERS, WRITERS = ([name for name, known in KNOWN.items() if known.reads == reads] for reads in ("both sides", "one side"))
RELATIVE = {"relative_attention": True, "pos_att_type": ["c2p", "p2c"], "position_buckets": 16}


def built(make, architecture, **keys):
    with torch.device("meta"):
        return make.from_config(CONFIG_MAPPING[architecture](num_hidden_layers=1, vocab_size=60_000, **keys))


def linear_layers(model):
    return {name.rpartition(".")[2] for name, module in model.named_modules() if isinstance(module, nn.Linear)}


@pytest.mark.parametrize(
    ("architecture", "keys"),
    [
        *((name, {}) for name in ENCODERS),
        *((name, {"max_position_embeddings": 40, "pad_token_id": 3}) for name in ENCODERS),
        ("electra", {"embedding_size": 64}),
        ("deberta-v2", RELATIVE),
        ("deberta-v2", {**RELATIVE, "pos_att_type": ["p2c"], "position_biased_input": False}),
        ("deberta-v2", {**RELATIVE, "share_att_key": True}),
    ],
)
def test_an_encoder_has_the_layers_and_reads_the_length_that_the_table_says(architecture, keys):
    configuration = {"model_type": architecture, **keys}
    model = built(AutoModelForSequenceClassification, architecture, **keys)
    # ALBERT's pooler is a layer by itself, learnt whole as every pooler is
    assert set(layers_of(configuration)) - {"embeddings_project"} == linear_layers(model.base_model) - {
        "pooler",
        "embeddings_project",
    }
    assert positions_of(configuration) == longest_text(model)
    assert CONFIG_MAPPING[architecture] in MODEL_FOR_MASKED_LM_MAPPING


@pytest.mark.parametrize("architecture", WRITERS)
def test_a_writer_has_the_layers_and_the_window_that_the_table_says(architecture):
    kind = CONFIG_MAPPING[architecture]
    assert set(layers_of({"model_type": architecture})) == linear_layers(built(AutoModelForCausalLM, architecture))
    assert positions_of({"model_type": architecture}) == kind().max_position_embeddings
    assert kind in MODEL_FOR_CAUSAL_LM_MAPPING
    assert kind not in MODEL_FOR_MASKED_LM_MAPPING


def test_of_what_is_not_in_the_table_nothing_is_said():
    for configuration in ({}, {"model_type": None}, {"model_type": "xlnet", "max_position_embeddings": 8}):
        assert layers_of(configuration) is None
        assert positions_of(configuration) is None
