"""Tokens: where they may stand, and that no job, log or result ever holds one.

A token is needed on the login node alone, to fetch. SLURM hands the whole environment of Snakemake to every job, so
tokens are taken out of it before the first job is submitted.
"""

import os
import stat
from collections.abc import MutableMapping
from pathlib import Path

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
    """Take all tokens out of an environment; the names of those that were there."""
    return [name for name in TOKENS if environment.pop(name, None) is not None]
