"""What SLURM says of its partitions, cards, accounts and limits: five questions at once, two seconds at most.

A command that is missing, fails, or is slower, has said nothing: what it would have said is then unknown, and no fault.
"""

import getpass
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field

SECONDS = 2.0
PLAIN_PLUGINS = {"(null)", "none", "", "require_timelimit", "throttle", "syslog"}  # that change no request
SUBACCOUNTS_SINCE = 23  # a partition that takes an account may take those below it, which are not known here
UNLIMITED = ("UNLIMITED", "INFINITE", "infinite", "NONE", "n/a", "")


@dataclass
class Partition:
    """A partition. minutes: its longest time limit, None without one. accounts, qos: those that it takes, None for all. of_qos:
    the QOS whose limits hold for all its jobs.
    """

    minutes: int | None = None
    of_qos: str | None = None
    accounts: frozenset[str] | None = None
    qos: frozenset[str] | None = None
    nodes: list["Nodes"] = field(default_factory=list)


@dataclass(frozen=True)
class Nodes:
    """Nodes of one kind. cards: how many of each (name, type), for example ("gpu", "a100"); an untyped one has "" as its type."""

    cards: Mapping[tuple[str, str], int]
    features: frozenset[str]
    memory_mb: int | None
    cpus: int | None


@dataclass
class Known:
    """All that is known; what is not is empty or None. qos_of: by account. qos: the longest time limit of each, None without one.
    qos_flags: of each. enforced: what the controller checks of accounts. rewrites: a plugin of the site may change requests
    before they are checked. takes_subaccounts: whether a partition may take accounts that it does not name.
    """

    partitions: dict[str, Partition] = field(default_factory=dict)
    default: str | None = None
    qos_of: dict[str, frozenset[str]] = field(default_factory=dict)
    qos: dict[str, int | None] = field(default_factory=dict)
    qos_flags: dict[str, frozenset[str]] = field(default_factory=dict)
    enforced: frozenset[str] | None = None
    rewrites: bool = False
    takes_subaccounts: bool = True

    def enforces(self, what: str) -> bool:
        """Whether the controller says that it refuses a wrong `what` (associations, limits, qos)."""
        return self.enforced is not None and what in self.enforced


def questions(user: str) -> dict[str, list[str]]:
    """The command of each question."""
    accounts = ["sacctmgr", "-nP", "show", "assoc", f"user={user}", "format=account,partition,qos"]
    return {
        "nodes": ["sinfo", "-h", "-a", "-e", "-o", "%R|%l|%G|%f|%m|%c"],
        "partitions": ["scontrol", "-a", "-o", "show", "partition"],
        "config": ["scontrol", "show", "config"],
        "accounts": accounts,
        "qos": ["sacctmgr", "-nP", "show", "qos", "format=name,maxwall,flags"],
    }


def ask(seconds: float = SECONDS) -> dict[str, str]:
    """The answers that came within so many seconds, by question; none where there is no SLURM."""
    if not shutil.which("sinfo"):
        return {}
    running, ends = {}, time.monotonic() + seconds
    for name, command in questions(getpass.getuser()).items():
        if shutil.which(command[0]):
            running[name] = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,  # so that what a site's wrapper starts ends with it
            )
    found = {}
    for name, process in running.items():
        try:
            output, _ = process.communicate(timeout=max(0.0, ends - time.monotonic()))
        except subprocess.TimeoutExpired:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            continue
        if process.returncode == 0:
            found[name] = output.decode(errors="replace")
    return found


def known_from(answers: Mapping[str, str], default: str | None = None) -> Known:
    """Read the answers. default: the partition that the environment names (SBATCH_PARTITION), which goes before SLURM's own."""
    known = Known()
    for line in answers.get("nodes", "").splitlines():
        name, limit, cards, features, memory, cpus = (*line.strip().split("|"), "", "", "", "", "", "")[:6]
        if name:
            partition = known.partitions.setdefault(name, Partition(minutes_of(limit)))
            words = frozenset(features.split(",")) - {"(null)", ""}
            partition.nodes.append(Nodes(cards_of(cards), words, _number(memory), _number(cpus)))
    for line in answers.get("partitions", "").splitlines():
        values = dict(re.findall(r"(\w+)=(\S*)", line))
        if "PartitionName" in values:
            name = values["PartitionName"]
            partition = known.partitions.setdefault(name, Partition())
            partition.minutes = minutes_of(values.get("MaxTime", ""))
            partition.of_qos = values.get("QoS")
            partition.accounts, partition.qos = _only(values.get("AllowAccounts")), _only(values.get("AllowQos"))
            known.default = name if values.get("Default") == "YES" else known.default
    for line in answers.get("accounts", "").splitlines():
        account, _, qos = (*line.strip().split("|"), "", "")[:3]
        if account:
            known.qos_of[account] = known.qos_of.get(account, frozenset()) | (frozenset(qos.split(",")) - {""})
    for line in answers.get("qos", "").splitlines():
        name, limit, flags = (*line.strip().split("|"), "", "", "")[:3]
        if name:
            known.qos[name], known.qos_flags[name] = minutes_of(limit), frozenset(flags.split(","))
    config = dict(re.findall(r"^(\w+)\s*=[ \t]*(.*?)\s*$", answers.get("config", ""), re.MULTILINE))
    if "AccountingStorageEnforce" in config:
        known.enforced = frozenset(word.strip() for word in config["AccountingStorageEnforce"].split(","))
    plugins = ",".join(config.get(key, "") for key in ("JobSubmitPlugins", "CliFilterPlugins")).split(",")
    known.rewrites = any(plugin.strip() not in PLAIN_PLUGINS for plugin in plugins)
    version = config.get("SLURM_VERSION", "").partition(".")[0]
    known.takes_subaccounts = not version.isdigit() or int(version) >= SUBACCOUNTS_SINCE
    known.default = default or known.default
    return known


def minutes_of(limit: str) -> int | None:
    """A time limit of SLURM (2-12:00:00, 30:00, 60) in minutes; None where it is missing."""
    if limit in UNLIMITED:
        return None
    days, _, rest = limit.rpartition("-")
    parts = rest.split(":")
    if not all(part.isdigit() for part in [*parts, days or "0"]):
        return None
    if days:  # D-HH, D-HH:MM, D-HH:MM:SS
        hours, minutes = (int(part) for part in (*parts, "0")[:2])
    elif len(parts) == 3:
        hours, minutes = int(parts[0]), int(parts[1])
    else:  # MM, MM:SS
        hours, minutes = 0, int(parts[0])
    return int(days or 0) * 1440 + hours * 60 + minutes


def cards_of(gres: str) -> dict[tuple[str, str], int]:
    """Generic resources as `sinfo` shows them: gpu:a100:4(S:0-1),shard:8."""
    found: dict[tuple[str, str], int] = {}
    for entry in re.sub(r"\([^)]*\)", "", gres).split(","):
        parts = entry.strip().split(":")
        if parts[0]:
            count = int(parts[-1]) if len(parts) > 1 and parts[-1].isdigit() else 1
            kind = ":".join(parts[1:-1] if parts[-1].isdigit() else parts[1:])
            found[parts[0], kind] = found.get((parts[0], kind), 0) + count
    return found


def _only(names: str | None) -> frozenset[str] | None:
    return None if names in (None, "ALL", "(null)", "") else frozenset(str(names).split(","))


def _number(text: str) -> int | None:
    return int(text) if text.isdigit() else None  # "12000+" says the least of several nodes
