"""Packages of Debian that tests need: root installs what is missing, once, however many processes need it; others skip.

Nothing of pytest is imported here, for `make slurm-lab` installs SLURM too.
"""

import contextlib
import fcntl
import os
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

LOCK = Path("/run/verso-tests.lock")  # only root can make it, and only root installs
POLICY = Path("/usr/sbin/policy-rc.d")  # what packages ask whether they may start a service
PROGRAMS = f"/usr/bin:/usr/sbin:/bin:/sbin:{os.environ.get('PATH', '')}"  # the system's first: a SLURM's wrappers may be on PATH
APT = ("apt-get", "-q", "-o", "DPkg::Lock::Timeout=300", "-o", "Acquire::Retries=3")
PAUSES = (0, 5, 15, 30, 60)  # seconds before each try: another apt-get may hold the lists, or a mirror rest


def is_root() -> bool:
    return os.geteuid() == 0


def missing(packages: Mapping[str, str]) -> dict[str, str]:
    """Those of these programs, with the package that each comes from, that are not here."""
    return {program: package for program, package in packages.items() if shutil.which(program, path=PROGRAMS) is None}


def why_not(what: str, packages: Mapping[str, str]) -> str | None:
    """Why these programs are not here and cannot be installed; None if they are or can be."""
    absent = sorted(set(missing(packages).values()))
    if absent and not is_root():
        return f"{what} is not installed, and only root could: apt-get install {' '.join(absent)}"
    if absent and shutil.which("apt-get", path=PROGRAMS) is None:
        return f"{what} is not installed, and there is no apt-get; missing: {', '.join(absent)}"
    return None


def install(what: str, packages: Mapping[str, str], besides: tuple[str, ...] = ()) -> list[str]:
    """Install what is missing and the packages that belong to it, without starting any service; which programs' packages were.

    Raises RuntimeError with the reason where that cannot be.
    """
    if not missing(packages):
        return []
    if reason := why_not(what, packages):
        raise RuntimeError(reason)
    with _alone():
        absent = sorted(set(missing(packages).values()))  # again: who held the lock may have installed it
        if absent:
            with _no_services():
                _patiently("install", "-y", "--no-install-recommends", *absent, *besides)
            if left := missing(packages):
                raise RuntimeError(f"{what}: {', '.join(left.values())} was installed, and there is still no {', '.join(left)}")
    return absent


def _patiently(*command: str) -> None:
    """Run apt-get, from the second try on after an update, until it ends well or the last try failed."""
    for number, pause in enumerate(PAUSES):
        time.sleep(pause)
        if number:
            _apt("update")
        done = _apt(*command)
        if done.returncode == 0:
            return
    raise RuntimeError(f"apt-get {' '.join(command)} failed {len(PAUSES)} times:\n{(done.stdout + done.stderr)[-2000:]}")


def _apt(*command: str) -> "subprocess.CompletedProcess[str]":
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C"}
    return subprocess.run([*APT, *command], env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True)


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Only one process of all that test here; the kernel lets go of the lock when it ends."""
    with os.fdopen(os.open(LOCK, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600), "r+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def _no_services() -> Iterator[None]:
    """Packages that are installed meanwhile start none of their services."""
    ours = not POLICY.exists()
    try:
        if ours:
            POLICY.write_text("#!/bin/sh\nexit 101\n")
            POLICY.chmod(0o755)
        yield
    finally:
        if ours:
            POLICY.unlink(missing_ok=True)
