"""Miniatures: a tokenizer learnt from a corpus and a toy-sized model of a known architecture, saved as a hub would give them.

The tokenizer is a byte-level BPE: each of the 256 bytes is a token, and no text is normalised, so any text comes back exactly
from its tokens. Control tokens are ordinary text where a document holds them.
"""

import difflib
import inspect
from collections.abc import Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, NamedTuple

import torch
from tokenizers import Tokenizer, decoders, pre_tokenizers, processors, trainers
from tokenizers.models import BPE
from transformers import (
    CONFIG_MAPPING,
    MODEL_FOR_CAUSAL_LM_MAPPING,
    MODEL_FOR_MASKED_LM_MAPPING,
    AutoModelForCausalLM,
    AutoModelForMaskedLM,
    AutoTokenizer,
    PreTrainedModel,
    PreTrainedTokenizerFast,
)

from verso.errors import VersoError

# That of Mistral 7B Instruct v0.3, but for a system message, which it drops in training examples (where the last turn is the
# assistant's): here it always opens the last turn of the user.
CHAT_TEMPLATE = """\
{%- if messages[0]['role'] == 'system' -%}
    {%- set system, turns = messages[0]['content'] + '\\n\\n', messages[1:] -%}
{%- else -%}
    {%- set system, turns = '', messages -%}
{%- endif -%}
{{- bos_token -}}
{%- for turn in turns -%}
    {%- if turn['role'] != ('user' if loop.index0 % 2 == 0 else 'assistant') -%}
        {{- raise_exception('After an optional system message, user and assistant must take turns, the user first') -}}
    {%- elif turn['role'] == 'user' -%}
        {{- '[INST] ' + (system if loop.index0 == (turns | length - 1) // 2 * 2 else '') + turn['content'] + '[/INST]' -}}
    {%- else -%}
        {{- ' ' + turn['content'] + eos_token -}}
    {%- endif -%}
{%- endfor -%}
"""
# Keys that an architecture reads though its configuration class declares them nowhere: DeBERTa-v3 is DeBERTa-v2 with these
UNDECLARED = {"deberta-v2": ("position_buckets", "norm_rel_ebd", "share_att_key")}
LARGEST = 50_000_000  # parameters
# A tokenizer that normalises gives another text back
PROBE = "  [Verse 1]\r\n\tel niño — e\u0301l, ＡＢＣ 日本 🎶\x00 \u00a0s'more  "


class Purpose(NamedTuple):
    """What a miniature is made to do: its control tokens, how a text is framed by them, the classes that can do it.

    controls: names as transformers calls them, or None; the order is that of the ids. frame: of one text and of two.
    """

    controls: dict[str, str | None]
    frame: tuple[str, str]
    architectures: Any  # a mapping from configuration classes, each imported when it is looked up
    make: Any

    def name_of(self, role: str) -> str:
        """The control token that plays a role, such as bos_token."""
        return next(token for token, plays in self.controls.items() if plays == role)


PURPOSES = {
    "causal_lm": Purpose(
        {"<unk>": "unk_token", "<s>": "bos_token", "</s>": "eos_token", "[INST]": None, "[/INST]": None, "<pad>": "pad_token"},
        ("<s> $A", "<s> $A <s> $B"),
        MODEL_FOR_CAUSAL_LM_MAPPING,
        AutoModelForCausalLM,
    ),
    "masked_lm": Purpose(
        {"[PAD]": "pad_token", "[UNK]": "unk_token", "[CLS]": "cls_token", "[SEP]": "sep_token", "[MASK]": "mask_token"},
        ("[CLS] $A [SEP]", "[CLS] $A [SEP] $B:1 [SEP]:1"),
        MODEL_FOR_MASKED_LM_MAPPING,
        AutoModelForMaskedLM,
    ),
}


def configuration_class(architecture: str, purpose: str) -> type:
    """transformers' configuration class of an architecture. Raises VersoError when it has none, or none for the purpose."""
    fitting = [name for name, kind in CONFIG_MAPPING.items() if kind in PURPOSES[purpose].architectures]
    if architecture not in fitting:
        near = difflib.get_close_matches(architecture, fitting, n=3)
        raise VersoError(
            f'architecture: "{architecture}" is no {purpose} that transformers knows; '
            + (f"did you mean {' or '.join(near)}?" if near else "for example mistral, llama (causal_lm), bert (masked_lm)")
        )
    return CONFIG_MAPPING[architecture]


def check_configuration(architecture: str, purpose: str, configuration: Mapping[str, Any]) -> None:
    """Raises VersoError that names every key which the architecture's configuration class does not know, and the right ones."""
    kind = configuration_class(architecture, purpose)
    known = sorted(
        {field.name for field in fields(kind)}
        | set(inspect.signature(kind).parameters) - {"kwargs"}
        | {*UNDECLARED.get(architecture, ())}
    )
    faults = []
    for key in configuration:
        if key not in known:
            near = difflib.get_close_matches(key, known, n=1)
            faults.append(
                f"  configuration.{key}  is no key of {kind.__name__}" + (f'; did you mean "{near[0]}"?' if near else "")
            )
    if faults:
        raise VersoError("\n".join([f"architecture {architecture}:", *faults, f"  known: {', '.join(known)}"]))


def learnt_tokenizer(texts: Iterable[str], vocabulary: int, purpose: str) -> Tokenizer:
    """A byte-level BPE of at most `vocabulary` tokens, its control tokens first; fewer where the texts hold no more pairs."""
    controls, (one, two) = PURPOSES[purpose].controls, PURPOSES[purpose].frame
    tokenizer = Tokenizer(BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=list(controls),
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    framing = [(token, tokenizer.token_to_id(token)) for token in controls if token in one.split()]
    tokenizer.post_processor = processors.TemplateProcessing(single=one, pair=two, special_tokens=framing)
    tokenizer.encode_special_tokens = True  # "[INST]" in a song is six characters, and no instruction
    return tokenizer


def save_tokenizer(tokenizer: Tokenizer, folder: str | Path, purpose: str, longest: int) -> None:
    """Write tokenizer.json, tokenizer_config.json and, for a causal model, chat_template.jinja.

    longest: tokens that the model can see.
    """
    controls = PURPOSES[purpose].controls
    whole = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        model_max_length=longest,
        clean_up_tokenization_spaces=False,
        additional_special_tokens=[token for token, role in controls.items() if role is None],
        **{role: token for token, role in controls.items() if role},
    )
    if purpose == "causal_lm":
        whole.chat_template = CHAT_TEMPLATE
    whole.save_pretrained(folder)


def built(architecture: str, purpose: str, configuration: Mapping[str, Any], tokenizer: Tokenizer, seed: int) -> PreTrainedModel:
    """The model with fresh weights of `seed`, float32, on the CPU; its ids are those of the tokenizer.

    Raises VersoError when the configuration makes no model, or one that is no miniature.
    """
    check_configuration(architecture, purpose, configuration)
    of_tokens = {
        f"{role}_id": tokenizer.token_to_id(token)
        for token, role in PURPOSES[purpose].controls.items()
        if role in ("bos_token", "eos_token", "pad_token")
    }
    try:
        config = configuration_class(architecture, purpose)(**configuration, vocab_size=tokenizer.get_vocab_size(), **of_tokens)
        with torch.device(
            "meta"
        ):  # without memory: what is left out is as in the whole model, and 7 billion weights would fill it
            size = PURPOSES[purpose].make.from_config(config).num_parameters()
    except Exception as error:  # each architecture has its own ways to say that its numbers do not fit together
        raise VersoError(f"architecture {architecture}: configuration {dict(configuration)} makes no model: {error}") from error
    if size > LARGEST:
        raise VersoError(
            f"architecture {architecture}: configuration {dict(configuration)} has {size:,} parameters, a miniature at most "
            f"{LARGEST:,}; what is left out is as in the whole model: set hidden_size, intermediate_size and num_hidden_layers"
        )
    torch.manual_seed(seed)
    return PURPOSES[purpose].make.from_config(config, dtype=torch.float32)


def check_tokenizer(folder: str | Path, tokenizer: Tokenizer) -> None:
    """Raises VersoError when transformers reads another tokenizer from `folder` than was saved there.

    For some architectures it takes a class of its own, which normalises text: bytes would be lost, and bits per byte be wrong.
    """
    read = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    found = read.encode(PROBE, add_special_tokens=False)
    if read.decode(found) != PROBE or found != tokenizer.encode(PROBE, add_special_tokens=False).ids:
        raise VersoError(
            f"transformers reads the tokenizer of this architecture as {type(read).__name__}, which changes text; "
            "take an architecture that keeps it, such as mistral, llama, bert or deberta-v2"
        )
