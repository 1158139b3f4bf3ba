"""The provenance of a report: versions, commit, date."""

import platform
import subprocess
from datetime import date
from importlib.metadata import version
from pathlib import Path

import verso

# Libraries that results and figures depend on; the others are in requirements/constraints.txt.
PROGRAMS = ("snakemake", "torch", "numpy", "scipy", "datasketch", "ftfy", "altair")


def versions() -> dict[str, str]:
    """Versions of Verso, of Python, and of the libraries that results depend on."""
    return {"verso": verso.__version__, "python": platform.python_version(), **{name: version(name) for name in PROGRAMS}}


def commit_of(folder: Path) -> str | None:
    """The git commit of `folder`, with "+changes" if files differ from it; None without git or outside a repository.

    An unpacked ZIP may lie inside somebody's repository: that one's commit says nothing about it.
    """
    try:
        _git(folder, "ls-files", "--error-unmatch", ".")
        commit = _git(folder, "rev-parse", "--short=12", "HEAD")
        return f"{commit}+changes" if _git(folder, "status", "--porcelain", "--untracked-files=no") else commit
    except (OSError, subprocess.CalledProcessError):
        return None


def today() -> str:
    """Today's date, as 2026-01-31."""
    return date.today().isoformat()


def _git(folder: Path, *arguments: str) -> str:
    return subprocess.run(["git", "-C", str(folder), *arguments], check=True, capture_output=True, text=True).stdout.strip()
