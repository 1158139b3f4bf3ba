"""The site block of a profile: its cards and partitions, and the resources by which a run requests a card.

Read at parse time, and by a job that needs a card. A profile passes it as a config value, so one file holds a site's facts.

    config:
      site:
        partition: CPU                 # of jobs without a card
        cards:
          - {name: titan, vram_mb: 24000, count: 2, partition: GPU, gpu_model: titan}
"""

from collections.abc import Iterable
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from verso.errors import VersoError

Word = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:,&|-]+$")]  # part of an sbatch command line
Gres = Annotated[str, Field(pattern=r"^[A-Za-z0-9_]+(:[A-Za-z0-9_.]+)?$")]  # what the executor accepts
Model = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.]+$")]


class Facts(BaseModel):
    """Base of the block's parts. Snakemake passes all values as text in Python's spelling: "24000", "True", "None"."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _none_is_nothing(cls, values: Any) -> Any:
        return {key: value for key, value in values.items() if value != "None"} if isinstance(values, dict) else values


class Card(Facts):
    """A kind of card, and the sbatch options that request one."""

    name: str = Field(description="For messages and plans.")
    vram_mb: int = Field(gt=0, description="Memory of one card that a job may use, in MB.")
    count: int = Field(1, ge=1, description="Cards of this kind in one node.")
    partition: Word | None = Field(None, description="Partition of its nodes; null means the site's.")
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


class Site(Facts):
    """A cluster or a workstation."""

    partition: Word | None = Field(None, description="Partition of jobs without a card; null means SLURM's default.")
    cards: list[Card] = Field(default_factory=list, description="Kinds of card; a run goes to the smallest that holds it.")
    leases: bool = Field(False, description="No scheduler: runs share this machine's cards by leases; no `cards`: all it has.")
    warning_seconds: int | None = Field(
        None, ge=1, le=180, description="SLURM sends SIGTERM so many seconds before the limit, so that a training saves itself."
    )
    maximum_runtime: int | None = Field(None, gt=0, description="Longest time limit that the partitions allow, in minutes.")

    @model_validator(mode="after")
    def _leases_are_for_a_workstation(self) -> "Site":
        slurm_cards = [
            card.name for card in self.cards if card.partition or card.constraint or card.gpu_model or card.gres or card.shards
        ]
        if self.leases and slurm_cards:
            raise ValueError(f"leases are for a machine without scheduler, yet {', '.join(slurm_cards)} has options of SLURM")
        return self


def read_site(block: Any) -> Site | None:
    """Parse the block of the config; None where there is none.

    Raises VersoError with a list of all faults.
    """
    if block is None:
        return None
    try:
        return Site.model_validate(block)
    except ValidationError as error:
        faults = [
            f"  site{''.join(f'[{part}]' if isinstance(part, int) else f'.{part}' for part in fault['loc'])}: "
            f"{fault['msg'].removeprefix('Value error, ')}, found {fault['input']!r}"
            for fault in error.errors()
        ]
        raise VersoError("the profile's site block is wrong (profiles/README.md explains it):\n" + "\n".join(faults)) from error


def request(site: Site, cards: int, vram_mb: int) -> dict[str, str | int]:
    """Snakemake resources that request `cards` cards with `vram_mb` MB each.

    On a workstation this is vram_pool_mb, the run's part of the memory of all cards together.

    On a site with shards, a run on one card requests as many shards as hold it. `gpu` and `gres` are never both given: the
    executor would submit both.

    Raises VersoError when no card is large enough, with the missing MB, or a node has too few.
    """
    extra: dict[str, str | int] = {"slurm_extra": f"--signal=TERM@{site.warning_seconds}"} if site.warning_seconds else {}
    if cards == 0:
        return {**request_without_card(site), **extra}
    if not site.cards:
        if site.leases:
            return {"vram_pool_mb": cards * vram_mb}
        raise VersoError("a card is requested, and the profile's site block names none (key `cards`)")
    card = _smallest_that_holds(site.cards, cards, vram_mb)
    if site.leases:
        return {"vram_pool_mb": cards * vram_mb}
    where = {
        **_partition(card.partition or site.partition),
        **({"constraint": card.constraint} if card.constraint else {}),
        **extra,
    }
    if card.shards and cards == 1:
        return {**where, "gres": f"shard:{-(-vram_mb * card.shards // card.vram_mb)}"}
    if card.gres:
        return {**where, "gres": f"{card.gres}:{cards}"}
    together = {"nodes": 1} if cards > 1 else {}  # --gpus counts all cards of the job, which could be on several nodes
    return {**where, "gpu": cards, **({"gpu_model": card.gpu_model} if card.gpu_model else {}), **together}


def ways_to_ask(site: Site) -> list[str]:
    """The resources that `request` may name on this site."""
    ways = {
        "slurm_partition": site.partition or any(card.partition for card in site.cards),
        "slurm_extra": site.warning_seconds,
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
    return _partition(site.partition)


def _partition(name: str | None) -> dict[str, str | int]:
    return {"slurm_partition": name} if name else {}


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
