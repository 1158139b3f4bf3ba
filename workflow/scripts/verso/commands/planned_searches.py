"""The searches of a plan: their trials and workers, what each worker requests, what all of it takes, and at most."""

from collections import Counter, defaultdict
from collections.abc import Sequence

from verso.commands.dry_run import PlannedJob, why
from verso.commands.searches import TRYING
from verso.commands.terminal import duration, table

HEADER = [
    "search of", "on", "trials", "workers", "why", "threads", "mem_mb", "minutes", "vram_mb", "cards", "expected", "GPU-h",
    "at most", "GPU-h",
]  # fmt: skip


def is_of_search(job: PlannedJob) -> bool:
    """Whether a job is a worker of a search."""
    return job.rule.startswith(TRYING) and {"corpus", "model", "worker"} <= job.wildcards.keys()


def lines_of_searches(jobs: Sequence[PlannedJob]) -> list[str]:
    """A table with a line for each search, and an empty line; nothing without one. jobs: the workers of all.

    What a worker requests is for the largest model of the space. Expected is the time until the last worker ends, at the mean of
    the models at the space's ends; at most: where each trial is the slowest of them, and none is pruned.
    """
    if not jobs:
        return []
    searches: dict[tuple[str, str], list[PlannedJob]] = defaultdict(list)
    for job in jobs:
        searches[job.wildcards["model"], job.wildcards["corpus"]].append(job)
    return [*table(HEADER, [_line(*names, of_search) for names, of_search in sorted(searches.items())]), ""]


def _line(model: str, corpus: str, workers: Sequence[PlannedJob]) -> list[str]:
    first = workers[0]
    reasons = Counter(why(job.facts["reason"]) for job in workers).most_common(1)
    needs = [_count(first.number(name)) for name in ("mem_mb", "runtime", "vram_mb")]
    costs = [cell for name in ("expected_seconds", "bound_seconds") for cell in _cost(workers, name)]
    return [
        model, corpus, _count(first.number("trials")), str(len(workers)), reasons[0][0], str(first.threads), *needs,
        str(first.cards), *costs,
    ]  # fmt: skip


def _count(number: int | None) -> str:
    return "?" if number is None else f"{number:,}"


def _cost(workers: Sequence[PlannedJob], name: str) -> list[str]:
    """Time until the last worker ends, and GPU-hours of all."""
    seconds = [(job.cards, value) for job in workers if (value := job.number(name)) is not None]
    if len(seconds) < len(workers):
        return ["?", "?"]
    return [duration(max(value for _, value in seconds)), f"{sum(cards * value for cards, value in seconds) / 3600:.2f}"]
