"""Tokens: where they may stand, and that no job, log or result ever holds one.

A token is needed on the login node alone, to fetch. SLURM hands the whole environment of Snakemake to every job, so
tokens are taken out of it before the first job is submitted. Its local jobs, which fetch, have the same environment: they find
the tokens in a file that has no name, lies in Snakemake's memory and ends with it.

    environment ─► memory of Snakemake, /proc/<its pid>/fd/<n> ◄── VERSO_TOKENS ── a local job of the same user
         .env ─────────────────────────────────────────────────────────────────────────┘
"""

import json
import os
import stat
from collections.abc import MutableMapping, Sequence
from pathlib import Path

from verso.errors import VersoError

MEMORY = "VERSO_TOKENS"  # environment variable: where the hidden tokens are; no secret itself, and of no use on another machine
TOKENS = ("GENIUS_API_TOKEN", "GENIUS_ACCESS_TOKEN", "HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HUGGINGFACE_TOKEN")


def fault_of_env_file(path: Path) -> str:
    """What is wrong with the file of tokens, for a person; empty when it is sound or not there.

    It must be a plain file of this user that nobody else may read or write: on a cluster the project's folder is shared.
    """
    try:
        facts = path.lstat()
    except OSError:
        return ""
    if not stat.S_ISREG(facts.st_mode):
        return f"{path} is no plain file (a link?): put the tokens into a file of your own"
    if facts.st_uid != os.getuid():
        return f"{path} belongs to another user: tokens in it are not yours alone; make your own file"
    if facts.st_mode & 0o077:
        return f"{path} can be read by others (mode {stat.S_IMODE(facts.st_mode):03o}): chmod 600 {path}"
    return ""


def hide_tokens(environment: MutableMapping[str, str]) -> list[str]:
    """Take all tokens out of an environment; the names of those that were there. This machine's processes of this user find
    them (find_token) for as long as this process lives.
    """
    found = {name: environment.pop(name) for name in TOKENS if name in environment}
    if found and hasattr(os, "memfd_create"):  # Linux; elsewhere .env alone is left to them
        memory = os.memfd_create("verso-tokens")  # stays open: it ends with the process
        os.write(memory, json.dumps(found).encode())
        environment[MEMORY] = f"/proc/{os.getpid()}/fd/{memory}"
    return list(found)


def find_token(names: Sequence[str], env_file: Path = Path(".env")) -> str | None:
    """The first of the tokens called `names`: of the environment, of what Snakemake hid of its own, of `env_file`; None without.

    Raises VersoError, which never shows it, when the file is not this user's alone or the token is none that can be sent.
    """
    if fault := fault_of_env_file(env_file):
        raise VersoError(fault)
    for place, values in (("the environment", os.environ), ("the environment", _hidden()), (str(env_file), _of_file(env_file))):
        for name in names:
            token = (values.get(name) or "").strip()
            if token and not (token.isascii() and token.isprintable() and " " not in token):
                raise VersoError(f"{name} in {place} holds spaces or characters that no token has: copy it anew")
            if token:
                return token
    return None


def _hidden() -> dict[str, str]:
    try:
        return dict(json.loads(Path(os.environ[MEMORY]).read_bytes()))
    except (KeyError, OSError, ValueError):  # nothing was hidden, or Snakemake is gone
        return {}


def _of_file(path: Path) -> dict[str, str | None]:
    from dotenv import dotenv_values  # the Snakefile reads this module, and needs none of it

    return dotenv_values(path, interpolate=False) if path.exists() else {}
