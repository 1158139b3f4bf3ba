"""What tests need of the machine. As root nothing is skipped: what is missing and cannot be had fails."""

from typing import NoReturn

import debian
import pytest
from slurm import packages as slurm

CHROMIUM = {"chromium": "chromium", "chromedriver": "chromium-driver"}


def missing(reason: str) -> NoReturn:
    """Skip the test, or fail it as root."""
    if debian.is_root():
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def need_chromium() -> None:
    """Chromium is here after this, or the test is not run."""
    if reason := debian.why_not("Chromium", CHROMIUM):
        missing(reason)
    try:
        debian.install("Chromium", CHROMIUM)
    except RuntimeError as error:
        missing(str(error))


def need_slurm(accounting: bool = False) -> None:
    """SLURM is here after this, or the test is not run."""
    if reason := slurm.unavailable(accounting):
        missing(reason)
    try:
        slurm.install(accounting)
    except RuntimeError as error:
        missing(str(error))


def install_for(rooms: set[str]) -> list[str]:
    """Install what these folders of tests need, if root can; what could not be installed, and why."""
    wanted = {"browser": lambda: debian.install("Chromium", CHROMIUM), "slurm": lambda: slurm.install(accounting=True)}
    failed = []
    if debian.is_root():
        for room in sorted(rooms & set(wanted)):
            try:
                wanted[room]()
            except RuntimeError as error:
                failed.append(str(error))
    return failed
