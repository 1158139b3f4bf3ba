"""Faults of a profile's site block, each with its key, what was found and what would be right."""

import difflib
import re
from typing import Any

from pydantic import BaseModel, ConfigDict, model_validator

# Options of sbatch that Verso and the executor give themselves, and where to say what they would
MANAGED = {
    "--partition": "write the key partition",
    "--account": "write the key account",
    "--qos": "write the key qos",
    "--constraint": "write the key constraint of a card",
    "--gres": "write the key gres of a card",
    "--gpus": "write the key gpu_model of a card",
    "--signal": "write the key warning_seconds",
    "--time": "each job requests its own; maximum_runtime bounds it",
    "--mem": "each job requests its own (docs/needs.md)",
    "--mem-per-cpu": "write memory_per_cpu: true",
    "--cpus-per-task": "each job requests its own: needs.cpus of a model",
    "--cpus-per-gpu": "each job requests its own: needs.cpus of a model",
    "--ntasks": "a job is one task",
    "--ntasks-per-gpu": "a job is one task",
    "--nodes": "a job is on one node",
    "--job-name": "use --slurm-jobname-prefix",
    "--output": "use slurm-logdir of the profile",
    "--error": "use slurm-logdir of the profile",
    "--comment": "the executor writes it",
    "--export": "the executor writes it",
    "--parsable": "the executor writes it",
    "--workdir": "the executor writes it",
    "--chdir": "the executor writes it",
    "--clusters": "write the resource slurm_cluster",
}
SHORT = {
    "-p": "--partition", "-A": "--account", "-q": "--qos", "-C": "--constraint", "-G": "--gpus", "-t": "--time",
    "-c": "--cpus-per-task", "-n": "--ntasks", "-N": "--nodes", "-J": "--job-name", "-o": "--output", "-e": "--error",
    "-D": "--chdir", "-M": "--clusters",
}  # fmt: skip
ELSEWHERE = {  # names that other programs have for these keys
    "slurm_partition": "partition", "queue": "partition", "slurm_account": "account", "project": "account",
    "slurm_qos": "qos", "slurm_extra": "extra", "flags": "extra", "walltime": "maximum_runtime", "runtime": "maximum_runtime",
    "time": "maximum_runtime", "gpus": "cards", "gpu": "cards", "memory": "vram_mb", "vram": "vram_mb", "type": "gpu_model",
    "model": "gpu_model", "feature": "constraint", "mem_mb_per_cpu": "memory_per_cpu",
}  # fmt: skip


class Facts(BaseModel):
    """Base of the block's parts. Snakemake passes all values as text in Python's spelling: "24000", "True", "None"."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _none_is_nothing(cls, values: Any) -> Any:
        return {key: value for key, value in values.items() if value != "None"} if isinstance(values, dict) else values


def managed_options(flags: str) -> list[str]:
    """The options among sbatch flags that are given in another way, by their long names."""
    words = [word for word in flags.split() if word.startswith("-")]
    names = [word.split("=")[0] if word.startswith("--") else SHORT.get(word[:2], word) for word in words]
    return [name for name in dict.fromkeys(names) if name in MANAGED]


def fault_of(error: Any, site: type[BaseModel], card: type[BaseModel]) -> str:
    """One pydantic error as a line for a person. site, card: the types of the block and of an entry of its `cards`."""
    loc, kind, found = error["loc"], error["type"], error.get("input")
    path = "site" + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc)
    block, other = (card, site) if len(loc) > 1 and loc[0] == "cards" else (site, card)
    key = str(loc[-1]) if loc else ""
    return f"  {path}: {_said(kind, key, found, error, block, other)}"


def _said(kind: str, key: str, found: Any, error: Any, block: type[BaseModel], other: type[BaseModel]) -> str:
    if kind == "extra_forbidden":
        return f"unknown key; {_meant(key, block, other)}"
    if kind == "missing":
        return f"is missing: {block.model_fields[key].description}"
    if kind == "value_error":
        return str(error["msg"].removeprefix("Value error, "))
    if kind in ("model_type", "model_attributes_type", "dict_type"):
        keys = block.model_fields if not key or isinstance(error["loc"][-1], int) else {}
        return f"found {found!r}; must be a block of keys: {', '.join(keys)}"
    if kind == "list_type":
        return f"found {found!r}; must be a list, one entry for each kind of card: - {{name: ..., vram_mb: ...}}"
    if kind == "string_pattern_mismatch" and key == "extra":
        return f"found {found!r}; must be flags of sbatch as in a shell, without quotes, $ or ;: --reservation=course"
    if kind == "string_pattern_mismatch":
        sign = re.search(r"[^A-Za-z0-9_.-]", str(found))
        what = f"{sign[0]!r} has no place in it" if sign else "it does not begin and end as one"
        return f"found {found!r}; must be a word as SLURM writes it: it becomes part of a command line, and {what}"
    if kind.startswith("int_"):
        return f"found {found!r}; must be a whole number, without unit or comma"
    if kind.startswith("bool_"):
        return f"found {found!r}; must be true or false"
    return f"found {found!r}; {error['msg'].replace('Input should be', 'must be')}"


def _meant(key: str, block: type[BaseModel], other: type[BaseModel]) -> str:
    """What an unknown key should have been, or where it belongs."""
    name = ELSEWHERE.get(key, key)
    if name in block.model_fields:
        return f'did you mean "{name}"?'
    if name in other.model_fields:
        return f'"{name}" is a key of {"each card" if "vram_mb" in other.model_fields else "the site itself, not of a card"}'
    near = difflib.get_close_matches(key.lower(), list(block.model_fields), n=1, cutoff=0.5)
    return f'did you mean "{near[0]}"?' if near else f"known: {', '.join(sorted(block.model_fields))}"
