"""Whether SLURM can run on this machine, and Debian's packages where it is missing."""

import os
import shutil
import socket
import subprocess
from pathlib import Path

PACKAGES = {"slurmctld": "slurmctld", "slurmd": "slurmd", "squeue": "slurm-client"}  # a program, and the package it comes from
PACKAGES_ACCOUNTING = {"munged": "munge", "slurmdbd": "slurmdbd", "mariadbd": "mariadb-server"}
PROGRAMS = (
    f"/usr/bin:/usr/sbin:/bin:/sbin:{os.environ.get('PATH', '')}"  # the system's first: a cluster's wrappers may be on PATH
)


def _missing(accounting: bool) -> list[str]:
    programs = PACKAGES | (PACKAGES_ACCOUNTING if accounting else {})
    return sorted({package for program, package in programs.items() if shutil.which(program, path=PROGRAMS) is None})


def unavailable(accounting: bool = False) -> str | None:
    """Why a cluster cannot run here; None if it can (perhaps after `install`)."""
    host = socket.gethostname()
    try:
        addresses = {str(info[4][0]) for info in socket.getaddrinfo(host, None, socket.AF_INET)}
    except OSError:
        addresses = set()
    if not addresses or not all(address.startswith("127.") for address in addresses):
        found = ", ".join(sorted(addresses)) or "nothing"
        return (
            f"SLURM would listen beyond loopback: the name of this machine means {found}. Put '127.0.0.1 {host}' into /etc/hosts."
        )
    missing = _missing(accounting)
    if missing and os.geteuid() != 0:
        return f"SLURM is not installed, and only root could: apt-get install {' '.join(missing)}"
    if missing and shutil.which("apt-get", path=PROGRAMS) is None:
        return f"SLURM is not installed, and there is no apt-get; missing: {', '.join(missing)}"
    return None


def install(accounting: bool = False) -> None:
    """Install what is missing of SLURM from Debian, and leave no system service of it running."""
    missing = _missing(accounting)
    if not missing:
        return
    if reason := unavailable(accounting):
        raise RuntimeError(reason)
    policy = Path("/usr/sbin/policy-rc.d")  # 101 forbids starting services while packages are installed
    ours = not policy.exists()
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    wanted = [*missing, "slurm-wlm-basic-plugins", *(["slurm-wlm-mysql-plugin"] if accounting else [])]
    command = ["apt-get", "install", "-y", "-q", "--no-install-recommends", *wanted]
    try:
        if ours:
            policy.write_text("#!/bin/sh\nexit 101\n")
            policy.chmod(0o755)
        if subprocess.run(command, env=environment, capture_output=True).returncode:
            subprocess.run(["apt-get", "update", "-q"], env=environment, capture_output=True)
            done = subprocess.run(command, env=environment, capture_output=True, text=True)
            if done.returncode:
                raise RuntimeError(f"{' '.join(command)} failed:\n{(done.stdout + done.stderr)[-2000:]}")
    finally:
        if ours:
            policy.unlink(missing_ok=True)
    if Path("/run/systemd/system").exists():
        services = [package.removesuffix("-server") for package in missing if package != "slurm-client"]
        subprocess.run(["systemctl", "disable", "--now", *services], capture_output=True)
