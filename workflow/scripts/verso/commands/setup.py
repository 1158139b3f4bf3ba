"""Install what Verso runs on: `make setup`. Which build of PyTorch, and how much comes, is said before the first byte.

Run by the Python that the environment is to have, before anything is installed: the standard library alone.
"""

import argparse
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

from verso.errors import VersoError
from verso.machine.place import fault_of_place

REQUIREMENTS = Path("requirements")
CPU_INDEX = "PIP_EXTRA_INDEX_URL"  # pip's own variable; on Linux the usual index holds builds for CUDA alone
SIZES = {"cpu": (0.5, 2.3), "cuda": (3.0, 5.7)}  # GB to download and on the disk, PyTorch and all else together
NAMES = {"cpu": "its build for the CPU", "cuda": "its build for CUDA"}


def install(environment: Path, build: str | None) -> None:
    """Make the environment, where there is none, and install requirements/run.txt into it.

    build: "cpu" or "cuda"; None takes what the environment has, else CUDA where nvidia-smi sees a card. Raises VersoError where
    jobs could not run from there, the disk is too small, or pip fails.
    """
    if fault := fault_of_place(str(environment.absolute()), str(Path.cwd())):
        raise VersoError(fault)
    before = _installed(environment)
    build = build or (_build_of(before) if before else "cuda" if sees_a_card() else "cpu")
    wanted = _pinned()
    if before.partition("+")[0] != wanted:
        _announce(build, environment)
    if not _python(environment).exists():
        hint = "no environment could be made (Debian and Ubuntu have venv in a package of its own, python3-venv)"
        _must_work([sys.executable, "-m", "venv", str(environment)], hint)
    if before.partition("+")[0] != wanted:
        _install_torch(environment, build, wanted)
    _must_work(_pip(environment, "-r", "requirements/run.txt"), "pip could not install requirements/run.txt")


def sees_a_card() -> bool:
    """Whether nvidia-smi lists a card on this machine."""
    try:
        done = subprocess.run(["nvidia-smi", "-L"], capture_output=True, text=True, timeout=30)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0 and "GPU" in done.stdout


def has_builds_for_cuda() -> bool:
    """Whether the usual index gives this machine a build for CUDA; elsewhere there is one for the CPU alone."""
    return platform.system() == "Linux" and platform.machine() == "x86_64"


def _announce(build: str, environment: Path) -> None:
    come, stay = SIZES[build]
    place = next(folder for folder in environment.absolute().parents if folder.exists())
    free = shutil.disk_usage(place).free / 1e9
    why = {
        "cpu": "no card is seen here; `make setup-gpu` takes the build for CUDA, 5.7 GB",
        "cuda": "`make setup TORCH=cpu` takes the build for the CPU, 2.3 GB",
    }[build]
    print(
        f"Verso: PyTorch comes as {NAMES[build]}: about {come:g} GB to download, {stay:g} GB in {environment} ({why}).",
        flush=True,
    )
    if free < stay:
        raise VersoError(f"{environment}: {stay:g} GB are needed and {free:.1f} GB are free; make room first")


def _install_torch(environment: Path, build: str, version: str) -> None:
    """First and alone: as a requirement of another package it may come as a newer build of several GB."""
    if build == "cpu" and has_builds_for_cuda():
        if subprocess.run(_pip(environment, "--no-deps", f"torch=={version}+cpu"), capture_output=True).returncode == 0:
            return
        come, stay = SIZES["cuda"]
        print(
            f"Verso: the indexes of this machine's pip have no build of PyTorch {version} for the CPU; its usual build comes, "
            f"about {come:g} GB to download and {stay:g} GB on the disk. For the small one stop this and start again with "
            f"{CPU_INDEX}=... make setup (pytorch.org, Get Started, has the address).",
            flush=True,
        )
    _must_work(_pip(environment, "torch"), f"pip could not install PyTorch {version}")


def _pip(environment: Path, *what: str) -> list[str]:
    pins = str(REQUIREMENTS / "constraints.txt")
    return [str(_python(environment)), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *what, "-c", pins]


def _python(environment: Path) -> Path:
    return environment / "bin" / "python"


def _must_work(command: list[str], otherwise: str) -> None:
    if subprocess.run(command).returncode != 0:
        raise VersoError(f"{otherwise}: see above. What came is kept; start again to go on")


def _pinned() -> str:
    """The version of PyTorch that Verso is tested with."""
    pins = (REQUIREMENTS / "constraints.txt").read_text(encoding="utf-8")
    (version,) = re.findall(r"^torch==(\S+)$", pins, re.MULTILINE)
    return str(version)


def _installed(environment: Path) -> str:
    """The version of PyTorch in the environment, with its build; empty where it is missing."""
    found = sorted(environment.glob("lib/python3*/site-packages/torch-*.dist-info"))
    return found[-1].name.removeprefix("torch-").removesuffix(".dist-info") if found else ""


def _build_of(version: str) -> str:
    return "cpu" if version.endswith("+cpu") or not has_builds_for_cuda() else "cuda"


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("environment", type=Path, help="its folder, such as .venv")
    parser.add_argument("build", nargs="?", choices=["cpu", "cuda"], help="of PyTorch; else what fits this machine")
    options = parser.parse_args()
    try:
        install(options.environment, options.build)
    except VersoError as error:
        sys.exit(f"make setup: {error}")


if __name__ == "__main__":
    main()
