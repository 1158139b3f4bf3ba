"""The site block of a profile: its cards and partitions, and the resources by which a run requests a card.

Read at parse time, and by a job that needs a card. A profile passes it as a config value, so one file holds a site's facts.

    config:
      site:
        partition: CPU                 # of jobs without a card
        account: project
        cards:
          - {name: titan, vram_mb: 24000, count: 2, partition: GPU, gpu_model: titan, qos: gpu}
"""

import ast
from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import Field, ValidationError, field_validator, model_validator

from verso.errors import VersoError
from verso.machine.site_faults import MANAGED, Facts, fault_of, managed_options

Word = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:,&|-]+$")]  # part of an sbatch command line
Gres = Annotated[str, Field(pattern=r"^[A-Za-z0-9_]+(:[A-Za-z0-9_.-]+)?$")]
Model = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]+$")]
Flags = Annotated[str, Field(pattern=r"^-[A-Za-z0-9_.:,=@%+/\[\] -]*$")]


DEFAULTS = ("slurm_partition", "slurm_account", "qos", "slurm_extra", "mem_mb_per_cpu")


class SbatchOptions(Facts):
    """What is requested of sbatch besides the resources themselves."""

    partition: Word | None = Field(None, description="Partition of jobs without a card; null means SLURM's default.")
    account: Word | None = Field(None, description="Account that jobs are charged to; null means SLURM's default.")
    qos: Word | None = Field(None, description="Quality of service; null means SLURM's default.")
    extra: Flags | None = Field(
        None, description="Any other flags of sbatch, as in a shell: `--reservation=course --mail-type=FAIL`."
    )

    @field_validator("extra")
    @classmethod
    def _holds_nothing_that_has_a_key(cls, flags: str | None) -> str | None:
        if flags and (found := managed_options(flags)):
            raise ValueError("; ".join(f"{option} has no place here: {MANAGED[option]}" for option in found))
        return flags


class Card(SbatchOptions):
    """A kind of card, and the sbatch options that request one. What it leaves out of `SbatchOptions` is as the site says."""

    name: str = Field(description="For messages and plans.")
    vram_mb: int = Field(gt=0, description="Memory of one card that a job may use, in MB.")
    count: int = Field(1, ge=1, description="Cards of this kind in one node.")
    constraint: Word | None = Field(None, description="Feature of its nodes (`sinfo -o %f`), if a partition holds several kinds.")
    gpu_model: Model | None = Field(None, description="Type for --gpus=TYPE:N; null requests --gpus=N.")
    gres: Gres | None = Field(None, description="Name for --gres=NAME:N (`gpu`, `gpu:titan`), where --gpus is not accepted.")
    shards: int | None = Field(
        None, ge=1, description="Shards of one card, where the site shares cards: small runs request --gres=shard:N."
    )

    @model_validator(mode="after")
    def _is_asked_for_one_way(self) -> "Card":
        if self.gres and self.gpu_model:
            raise ValueError(f"gres ({self.gres}) and gpu_model ({self.gpu_model}) are two ways of one request: keep one")
        return self


class Site(SbatchOptions):
    """A cluster or a workstation; partition, account, qos and extra are those of jobs without a card."""

    cards: list[Card] = Field(default_factory=list, description="Kinds of card; a run goes to the smallest that holds it.")
    leases: bool = Field(False, description="No scheduler: runs share this machine's cards by leases; no `cards`: all it has.")
    warning_seconds: int | None = Field(
        None, ge=1, le=180, description="SLURM sends SIGTERM so many seconds before the limit, so that a training saves itself."
    )
    maximum_runtime: int | None = Field(None, gt=0, description="Longest time limit that the partitions allow, in minutes.")
    memory_per_cpu: bool = Field(False, description="Memory is requested by --mem-per-cpu, where a site refuses --mem.")

    @model_validator(mode="after")
    def _leases_are_for_a_workstation(self) -> "Site":
        ways = ("partition", "account", "qos", "extra", "constraint", "gpu_model", "gres", "shards")
        slurm_cards = [card.name for card in self.cards if any(getattr(card, way) for way in ways)]
        if self.leases and slurm_cards:
            raise ValueError(f"leases are for a machine without scheduler, yet {', '.join(slurm_cards)} has options of SLURM")
        return self


def defaults_of(resources: Any) -> dict[str, str]:
    """The texts among a profile's default resources (Snakemake's `Resources`, or None): each as its value, without quotes."""
    found = dict(arg.split("=", 1) for arg in resources.args) if hasattr(resources, "args") else {}
    texts = {name: value.strip() for name, value in found.items() if name in DEFAULTS}
    return {name: ast.literal_eval(text) if text[:1] in ("'", '"') else text for name, text in texts.items()}


def names_a_cluster(resources: Any, environment: Mapping[str, str]) -> bool:
    """Whether jobs go to a cluster that is named: what SLURM says here of partitions and accounts may then be another's."""
    names = {arg.split("=", 1)[0] for arg in getattr(resources, "args", ())}
    return bool(names & {"cluster", "clusters", "slurm_cluster"} or environment.get("SBATCH_CLUSTERS"))


def read_site(block: Any, defaults: Mapping[str, str] | None = None) -> Site | None:
    """Parse the block of the config; None where there is none.

    defaults: the profile's default resources, by `defaults_of`. They hold where the block says nothing; flags of both are joined.
    Raises VersoError with a list of all faults.
    """
    if block is None:
        return None
    try:
        site = Site.model_validate(block)
    except ValidationError as error:
        faults = [fault_of(fault, Site, Card) for fault in error.errors()]
        raise VersoError("the profile's site block is wrong (profiles/README.md explains it):\n" + "\n".join(faults)) from error
    given = defaults or {}
    values = {
        "partition": site.partition or given.get("slurm_partition"),
        "account": site.account or given.get("slurm_account"),
        "qos": site.qos or given.get("qos"),
        "memory_per_cpu": site.memory_per_cpu or "mem_mb_per_cpu" in given,
    }
    flags = given.get("slurm_extra")
    cards = [card.model_copy(update={"extra": _joined(flags, card.extra or site.extra)}) for card in site.cards]
    return site.model_copy(update={**values, "extra": _joined(flags, site.extra), "cards": cards})


def request(site: Site, cards: int, vram_mb: int, warned: bool = True) -> dict[str, str | int]:
    """Snakemake resources that request `cards` cards with `vram_mb` MB each.

    warned: the job saves its work at a signal before the time limit; any other would only die earlier, and hide that the
    cause was the limit. On a workstation this is vram_pool_mb, the run's part of the memory of all cards together.

    On a site with shards, a run on one card requests as many shards as hold it. `gpu` and `gres` are never both given: the
    executor would submit both.

    Raises VersoError when no card is large enough, with the missing MB, or a node has too few.
    """
    signal = f"--signal=TERM@{site.warning_seconds}" if warned and site.warning_seconds else None
    if cards == 0:
        return _options_of(site, site, signal)
    if not site.cards:
        if site.leases:
            return {"vram_pool_mb": cards * vram_mb}
        raise VersoError("a card is requested, and the profile's site block names none (key `cards`)")
    card = _smallest_that_holds(site.cards, cards, vram_mb)
    if site.leases:
        return {"vram_pool_mb": cards * vram_mb}
    where = {**_options_of(card, site, signal), **({"constraint": card.constraint} if card.constraint else {})}
    if card.shards and cards == 1:
        return {**where, "gres": f"shard:{-(-vram_mb * card.shards // card.vram_mb)}"}
    if card.gres:
        return {**where, "gres": f"{card.gres}:{cards}"}
    together = {"nodes": 1} if cards > 1 else {}  # --gpus counts all cards of the job, which could be on several nodes
    return {**where, "gpu": cards, **({"gpu_model": card.gpu_model} if card.gpu_model else {}), **together}


def ways_to_ask(site: Site) -> list[str]:
    """The resources that `request` may name on this site."""
    ways = {
        "slurm_partition": any(options.partition for options in (site, *site.cards)),
        "slurm_account": any(options.account for options in (site, *site.cards)),
        "qos": any(options.qos for options in (site, *site.cards)),
        "slurm_extra": site.warning_seconds or any(options.extra for options in (site, *site.cards)),
        "constraint": any(card.constraint for card in site.cards),
        "gpu": any(not card.gres for card in site.cards) and not site.leases,
        "gpu_model": any(card.gpu_model for card in site.cards),
        "nodes": any(card.count > 1 and not card.gres for card in site.cards) and not site.leases,
        "vram_pool_mb": site.leases,
        "gres": any(card.gres or card.shards for card in site.cards),
    }
    return [name for name, possible in ways.items() if possible]


def request_without_card(site: Site) -> dict[str, str | int]:
    """Resources of a job without a card, which never uses the partition of the cards."""
    return request(site, 0, 0, warned=False)


def _options_of(options: SbatchOptions, site: Site, signal: str | None) -> dict[str, str | int]:
    """Partition, account, QOS and flags of one kind of card or of jobs without one."""
    found = {
        "slurm_partition": options.partition or site.partition,
        "slurm_account": options.account or site.account,
        "qos": options.qos or site.qos,
        "slurm_extra": _joined(options.extra, signal),
    }
    return {name: value for name, value in found.items() if value}


def _joined(*flags: str | None) -> str | None:
    return " ".join(flag for flag in flags if flag) or None


def _smallest_that_holds(kinds: Iterable[Card], cards: int, vram_mb: int) -> Card:
    ordered = sorted(kinds, key=lambda kind: kind.vram_mb)
    fitting = [kind for kind in ordered if kind.vram_mb >= vram_mb and kind.count >= cards]
    if fitting:
        return fitting[0]
    many = f" on each of {cards} cards" if cards > 1 else ""
    short = "; ".join(
        f"{kind.name} has {kind.vram_mb:,} MB, {vram_mb - kind.vram_mb:,} too few"
        if kind.vram_mb < vram_mb
        else f"{kind.name} is large enough, but a node has {kind.count}"
        for kind in ordered
    )
    raise VersoError(
        f"it must hold {vram_mb:,} MB{many}: {short}. Give it a smaller batch, or a profile with larger cards in its site block"
    )
