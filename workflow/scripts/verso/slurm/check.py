"""Whether the site that a profile describes is the one that SLURM runs here, said before anything is submitted."""

import difflib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from verso.machine.site import Card, SbatchOptions, Site
from verso.machine.site_faults import MANAGED, managed_options
from verso.slurm.answers import Known, Nodes, Partition

SHOWN = 12  # names of what there is
TOGETHER_MINUTES = 120  # of light jobs that share a submission

Fault = tuple[str, str]  # key, what is wrong


@dataclass(frozen=True)
class Planned:
    """What a run that is not finished requests. who: as a key of the config."""

    who: str
    minutes: int
    memory_mb: int
    cpus: int
    partition: str | None


def fault_of_site(site: Site, planned: Iterable[Planned], known: Known) -> str:
    """One message with everything that SLURM would refuse, or keep in its queue for ever; empty if there is nothing."""
    if not known.partitions:
        return ""
    faults = [fault for key, options in _all(site) for fault in _of_names(key, options, site, known)]
    with_cards = [name for name, partition in known.partitions.items() if any(node.cards for node in partition.nodes)]
    for number, card in enumerate(site.cards):
        key, name = f"site.cards[{number}]", card.partition or site.partition or known.default
        partitions = _of(name, known)
        if with_cards and partitions and not any(node.cards for partition in partitions for node in partition.nodes):
            faults.append((f"{key}.partition", f'no node of "{name}" has a card; these have: {", ".join(sorted(with_cards))}'))
        faults += _of_card(key, card, partitions)
    faults += _of_limits(site, list(planned), known)
    if not faults:
        return ""
    lines = dict.fromkeys(f"  {key:<24}  {what}" for key, what in faults)
    head = "The profile does not fit this cluster, by what sinfo, scontrol and sacctmgr say:"
    if known.rewrites:
        head = (
            "The profile may not fit this cluster, by what sinfo, scontrol and sacctmgr say. A plugin of the site may change "
            "what is requested, so nothing is stopped for this:"
        )
    return "\n".join([head, *lines])


def fault_of_flags(site: Site) -> str:
    """One message about flags in the profile's default resources that have keys; empty if there are none."""
    options = managed_options(site.extra or "")
    if not options:
        return ""
    lines = [f"  {option:<24}  {MANAGED[option]}" for option in options]
    return "\n".join(["slurm_extra in the profile's default-resources holds flags that are given in another way:", *lines])


def _all(site: Site) -> list[tuple[str, SbatchOptions]]:
    return [("site", site), *((f"site.cards[{number}]", card) for number, card in enumerate(site.cards))]


def _of(name: str | None, known: Known) -> list[Partition]:
    """The partitions of a request: those named, or SLURM's default one; those that exist."""
    names = name.split(",") if name else [known.default or ""]
    return [known.partitions[one] for one in names if one in known.partitions]


def _of_names(key: str, options: SbatchOptions, site: Site, known: Known) -> Iterator[Fault]:
    """Partition, account and QOS of one kind of card or of the site."""
    for name in options.partition.split(",") if options.partition else ():
        if name not in known.partitions:
            yield f"{key}.partition", f'"{name}" is no partition here; {_there_are(name, known.partitions)}'
    partition_name, account, qos = (getattr(options, what) or getattr(site, what) for what in ("partition", "account", "qos"))
    partitions = _of(partition_name, known)
    accounts = {name.lower() for name in known.qos_of}
    if options.account and known.enforces("associations") and accounts and options.account.lower() not in accounts:
        yield f"{key}.account", f'"{options.account}" is no account of yours; {_there_are(options.account, known.qos_of)}'
    elif account and not known.takes_subaccounts and _takes_none(account, [one.accounts for one in partitions]):
        taken = _there_are(account, frozenset().union(*(one.accounts or () for one in partitions)))
        yield f"{key}.account", f'partition "{partition_name or known.default}" does not take "{account}"; {taken}'
    if options.qos and known.enforces("qos") and known.qos and options.qos.lower() not in _lower(known.qos):
        yield f"{key}.qos", f'"{options.qos}" is no QOS here; {_there_are(options.qos, known.qos)}'
    elif qos and known.enforces("qos") and (allowed := _qos_of(account, known)) and qos.lower() not in _lower(allowed):
        whose = f'account "{account}"' if account else "any account of yours"
        yield f"{key}.qos", f'"{qos}" is no QOS of {whose}; {_there_are(qos, allowed)}'
    elif qos and _takes_none(qos, [one.qos for one in partitions]):
        taken = _there_are(qos, frozenset().union(*(one.qos or () for one in partitions)))
        yield f"{key}.qos", f'partition "{partition_name or known.default}" does not take "{qos}"; {taken}'


def _lower(names: Iterable[str]) -> set[str]:
    return {name.lower() for name in names}


def _takes_none(name: str, taken: list[frozenset[str] | None]) -> bool:
    """Whether none of the partitions takes an account or a QOS. taken: those that each takes, None for all."""
    return bool(taken) and all(names and name.lower() not in _lower(names) for names in taken)


def _qos_of(account: str | None, known: Known) -> frozenset[str]:
    """The QOS that an account may use, or any account where none is named; empty where it is not known."""
    found = {name.lower(): qos for name, qos in known.qos_of.items()}
    if account:
        return found.get(account.lower(), frozenset())
    return frozenset().union(*found.values())


def _of_card(key: str, card: Card, partitions: list[Partition]) -> Iterator[Fault]:
    """Type, name, number and feature of a kind of card."""
    nodes = [node for partition in partitions for node in partition.nodes]
    if card.constraint and nodes:
        there = frozenset().union(*(node.features for node in nodes))
        ways = [list(filter(None, re.split("[&,]", way))) for way in card.constraint.split("|")]
        if not any(there.issuperset(way) for way in ways):  # of several ways one is enough
            for word in dict.fromkeys(word for way in ways for word in way if word not in there):
                yield f"{key}.constraint", f'no node there has the feature "{word}"; {_there_are(word, there)}'
    if not any(node.cards for node in nodes):
        return  # nothing is said of cards
    name, _, kind = (card.gres or f"gpu:{card.gpu_model or ''}").partition(":")
    named = "gres" if card.gres else "gpu_model"
    kinds = {kind for node in nodes for found, kind in node.cards if found == name}
    if not kinds:
        others = sorted({found for node in nodes for found, _ in node.cards})
        yield f"{key}.{named}", f'no node of its partition has "{name}"; {_there_are(name, others)}'
    elif kind and kind not in kinds:
        types = kinds - {""}
        what = _there_are(kind, types) if types else "its cards have no type: leave it out"
        yield f"{key}.{named}", f'"{kind}" is no type of card in its partition; {what}'
    elif (most := max(_count(node, name, kind) for node in nodes)) < card.count:
        yield f"{key}.count", f"{card.count}, and a node has {most}"
    if card.shards and not any(found == "shard" for node in nodes for found, _ in node.cards):
        yield f"{key}.shards", "no node of its partition has shards: leave it out"


def _count(node: Nodes, name: str, kind: str) -> int:
    return sum(number for (found, of), number in node.cards.items() if found == name and (not kind or of == kind))


def _of_limits(site: Site, planned: list[Planned], known: Known) -> Iterator[Fault]:
    """Time limits that a partition does not allow, and requests that no node of it can hold."""
    limits = _time_limits(site, known)
    of_trainings: list[SbatchOptions] = [*site.cards] or [site]
    names = {options.partition or site.partition or known.default or "" for options in of_trainings}
    most = _largest(min([limit for (of, _), limit in limits.items() if of == name], default=None) for name in names)
    for place, limit in limits.items():
        partition, where = place
        longest = max([one.minutes for one in planned if (one.partition or known.default) == partition], default=0)
        light = TOGETHER_MINUTES if partition == (site.partition or known.default) else 0
        # One bound for all partitions: it may be above the limit of one in which nothing so long is requested
        too_long = max(longest, light) > limit or (partition in names and most is not None and (site.maximum_runtime or 0) > most)
        if site.maximum_runtime and site.maximum_runtime > limit and too_long:
            yield "site.maximum_runtime", f"{site.maximum_runtime}, and {where} allows {limit} minutes"
        elif not site.maximum_runtime and max(longest, light) > limit:
            what = f"{where} allows {limit} minutes, and up to {max(longest, light)} are requested"
            yield "site.maximum_runtime", f"is missing: {what}; write maximum_runtime: {limit}"
    for one in planned:
        nodes = [node for partition in _of(one.partition, known) for node in partition.nodes]
        for key, wanted, unit, most in (
            ("mem_mb", one.memory_mb, "MB", _largest(node.memory_mb for node in nodes)),
            ("cpus", one.cpus, "cores", _largest(node.cpus for node in nodes)),
        ):
            if most is not None and wanted > most:
                there = one.partition or known.default
                yield one.who, f'requests {wanted:,} {unit}, and a node of partition "{there}" has {most:,} (needs.{key})'


def _time_limits(site: Site, known: Known) -> dict[tuple[str, str], int]:
    """The limits in minutes, by the partition of a request and the words for what sets them: itself, or a QOS."""
    found: dict[tuple[str, str], int] = {}
    for _, options in _all(site):
        name, qos = options.partition or site.partition or known.default or "", options.qos or site.qos
        limit = _largest(partition.minutes for partition in _of(name, known))
        flags = known.qos_flags.get(qos or "", frozenset())
        if limit is not None and "PartitionTimeLimit" not in flags:  # a QOS for jobs that are longer than the partition allows
            found[name, f'partition "{name}"'] = limit
        of_partitions = [] if "OverPartQOS" in flags else [partition.of_qos for partition in _of(name, known)]
        for one in filter(None, [qos, *of_partitions]):
            limit = known.qos.get(one)
            if limit is not None and known.enforces("limits"):
                found[name, f'QOS "{one}"'] = limit
    return found


def _largest(values: Iterable[int | None]) -> int | None:
    """The largest; None where one is not known, or all are missing."""
    found = list(values)
    known = [value for value in found if value is not None]
    return max(known) if known and len(known) == len(found) else None


def _there_are(name: str, names: Iterable[str]) -> str:
    """The name that was meant, and what there is."""
    there = sorted(names)
    if not there:
        return "there are none"
    folded = {one.lower(): one for one in there}
    near = difflib.get_close_matches(name.lower(), list(folded), n=1, cutoff=0.6)
    meant = f'did you mean "{folded[near[0]]}"? There' if near else "there"
    more = f" and {len(there) - SHOWN} more" if len(there) > SHOWN else ""
    return f"{meant} are: {', '.join(there[:SHOWN])}{more}"
