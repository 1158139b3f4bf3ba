"""Whether SLURM can run on this machine, and Debian's packages where it is missing."""

import socket
import subprocess
from pathlib import Path

import debian

PACKAGES = {"slurmctld": "slurmctld", "slurmd": "slurmd", "squeue": "slurm-client"}  # a program, and the package it comes from
PACKAGES_ACCOUNTING = {"munged": "munge", "slurmdbd": "slurmdbd", "mariadbd": "mariadb-server"}
PLUGINS, PLUGINS_ACCOUNTING = ("slurm-wlm-basic-plugins",), ("slurm-wlm-mysql-plugin",)
PROGRAMS = debian.PROGRAMS


def _wanted(accounting: bool) -> dict[str, str]:
    return PACKAGES | (PACKAGES_ACCOUNTING if accounting else {})


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
    return debian.why_not("SLURM", _wanted(accounting))


def install(accounting: bool = False) -> None:
    """Install what is missing of SLURM from Debian, and leave no system service of it running."""
    installed = debian.install("SLURM", _wanted(accounting), PLUGINS + (PLUGINS_ACCOUNTING if accounting else ()))
    if installed and Path("/run/systemd/system").exists():
        services = [package.removesuffix("-server") for package in installed if package != "slurm-client"]
        subprocess.run(["systemctl", "disable", "--now", *services], capture_output=True)
