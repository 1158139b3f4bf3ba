"""Faults of a config's pretrained models, and of the models that start from them: names, kinds, lengths and layers.

What a base has is known from its miniature's entry, from the `configuration` of its entry, or from its config.json, of a folder
or once it is fetched, where verso.pretrained.architectures knows its kind. Of any other only the job finds out.
"""

import difflib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from verso.contract import Family, Fault
from verso.pretrained.architectures import known, layers_of, positions_of
from verso.pretrained.model_config import UNKNOWN, configuration_of, configuration_said, fault_of_file, is_fetched
from verso.pretrained.settings import Folder, Hub, Miniature, Pretrained
from verso.settings.base import shipped
from verso.settings.raw import built, mapping, unknown

SIZES = {"hidden_size", "intermediate_size", "num_hidden_layers", "num_attention_heads", "max_position_embeddings"}
BASE: TypeAdapter[Hub | Folder | Miniature] = TypeAdapter(Pretrained)


def faults_of_pretrained(raw: Mapping[str, Any], families: Mapping[str, Family]) -> list[Fault]:
    """Faults of miniatures that cannot be made, missing configurations, and models whose base model is missing or unsuitable.

    families: by name.
    """
    corpora, models, bases = (mapping(raw.get(key)) for key in ("corpora", "models", "pretrained"))
    faults: list[Fault] = []
    for name, entry in bases.items():
        faults += _faults_of_base(f"pretrained.{name}", mapping(entry), corpora)
    for name, model in models.items():
        model, path = mapping(model), f"models.{name}"
        start, family = model.get("pretrained"), families.get(str(model.get("family")))
        if not isinstance(start, str):
            continue
        if start not in bases:
            faults.append((f"{path}.pretrained", _no_base(start, bases)))
        entry = mapping(bases.get(start))
        configuration = _configuration(start, entry, raw.get("results", "results"))
        kind = configuration.get("model_type")
        reads = found.reads if (found := known(configuration)) else None
        wanted = family.starts_from if family else None
        if wanted == "causal_lm" and (
            entry.get("purpose") == "masked_lm" or (reads == "both sides" and entry.get("type") in ("hub", "folder"))
        ):
            called = "has purpose masked_lm" if entry.get("type") == "miniature" else f"is a {kind}"
            what = f'"{start}" {called} and writes nothing; a {family.name} starts from a causal_lm, such as mistral or qwen2'  # type: ignore[union-attr]
            faults.append((f"{path}.pretrained", what))
        elif wanted == "masked_lm" and entry.get("type") == "miniature" and entry.get("purpose", "causal_lm") != "masked_lm":
            what = f'"{start}" reads a text from one side; an encoder starts from a miniature of purpose: masked_lm'
            faults.append((f"{path}.pretrained", what))
        elif wanted == "masked_lm" and reads == "one side":
            what = (
                f'"{start}" is a {kind}, which reads a text from one side; an encoder starts from bert, roberta, deberta-v2 ...'
            )
            faults.append((f"{path}.pretrained", what))
        elif family and wanted and (user := built(TypeAdapter(family.settings), model)):
            faults += _beyond_the_base(path, user, configuration)
    return faults


def _no_base(start: str, bases: Mapping[str, Any]) -> str:
    if "/" not in start:
        return unknown(start, "pretrained model", bases)
    named = [name for name, entry in bases.items() if mapping(entry).get("repository") == start]
    meant = f'did you mean "{named[0]}"?' if named else "give it an entry under `pretrained`, and name that (docs/pretrained.md)"
    return f'"{start}" is a name of the hub; {meant}'


def _faults_of_base(path: str, entry: Mapping[str, Any], corpora: Mapping[str, Any]) -> Iterator[Fault]:
    corpus, configuration = entry.get("corpus"), entry.get("configuration")
    if isinstance(corpus, str) and corpus not in corpora:
        yield f"{path}.corpus", unknown(corpus, "corpus", corpora)
    if entry.get("type") == "hub" and isinstance(configuration, str) and (fault := fault_of_file(Path(shipped(configuration)))):
        yield f"{path}.configuration", fault
    base = built(BASE, entry)
    if not isinstance(base, Miniature):
        return
    said = configuration_said(base)
    for key in sorted(SIZES & base.configuration.keys()):
        size = base.configuration[key]
        if isinstance(size, bool) or not isinstance(size, int) or size < 1:
            yield f"{path}.configuration.{key}", f"found {size!r}; must be a whole number, 1 or more"
    found, most = known(said), positions_of(said)
    if found and found.reads == "one side" and base.purpose == "masked_lm":
        yield (
            f"{path}.purpose",
            f"{base.architecture} foretells the next token: say purpose: causal_lm, or take bert or deberta-v2",
        )
    if most is not None and base.pretraining.window > most:
        yield f"{path}.pretraining.window", _too_long(base.pretraining.window, base.architecture, most)


def _beyond_the_base(path: str, user: Any, configuration: Mapping[str, Any]) -> Iterator[Fault]:
    """Faults of a model that needs positions or layers which its base has not."""
    kind, most, layers = configuration.get("model_type"), positions_of(configuration), layers_of(configuration)
    if most is not None and user.max_length > most:
        yield f"{path}.max_length", _too_long(user.max_length, f'"{user.pretrained}" ({kind})', most)
    if layers is None or getattr(user, "tuning", None) != "lora":
        return
    for target in user.lora.target_modules or ():
        if target not in layers:
            near = difflib.get_close_matches(target, layers, n=1, cutoff=0.5)
            hint = f'did you mean "{near[0]}"? ' if near else ""
            what = f'"{target}" is no layer of "{user.pretrained}" ({kind}); {hint}it has: {", ".join(layers)}'
            yield f"{path}.lora.target_modules", what


def _too_long(found: int, base: str, most: int) -> str:
    return f"found {found}; {base} has positions for {most} tokens: set {most} or less"


def _configuration(name: str, entry: Mapping[str, Any], results: Any) -> Mapping[str, Any]:
    """Of a base what is known before any job; a miniature's is said by its entry alone, for what is made may be an older one."""
    base = built(BASE, entry)
    if isinstance(base, Hub) and is_fetched(base, Path(str(results), "pretrained", name)):
        return configuration_of(base, Path(str(results), "pretrained", name, "snapshot"))
    return configuration_said(base) if base else UNKNOWN
