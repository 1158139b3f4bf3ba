"""How far each search of a config is, for the status page: trials done, pruned, failed and running, the best so far, time left.

results/runs/<corpus>/<model>/search/best.json           what a search found that has ended
results/logs/try_*/<corpus>/<model>/search/*.job.json    how far its workers are; a worker counts all trials when it begins one
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from verso.commands.job_lines import Line, complaint, listed
from verso.commands.terminal import counted, duration
from verso.config.file import Config
from verso.errors import VersoError
from verso.files import read_json
from verso.jobs.states import Job, Progress
from verso.jobs.submissions import SUBMITTED

HEADER = ["search of", "on", "state", "trials", "best so far", "time", "where"]
TRYING, CHOOSING = "try_", "choose_settings"  # how the rules of workers begin, and the rule after them
BAD = ("failed", "lost", "retrying", "stopped")  # the worst first
Searched = tuple[str, str]  # corpus, model


def searches_of(config: Config) -> list[Searched]:
    """Corpus and model of each search that the runs of a config need."""
    models = {name for name, entry in config.models.items() if getattr(entry, "search", None) is not None}
    return sorted({(e.corpus, model) for e in config.experiments.values() for model in e.models if model in models})


def search_of(job: Job) -> Searched | None:
    """The search that a job belongs to; None of any other job."""
    wildcards = job.record.wildcards
    if job.record.rule.startswith((TRYING, CHOOSING)) and {"corpus", "model"} <= wildcards.keys():
        return wildcards["corpus"], wildcards["model"]
    return None


def page_of_searches(jobs: Mapping[Searched, Sequence[Job]], config: Config, colours: Mapping[str, str] | None) -> list[str]:
    """A table with a line for each search; nothing where there is none. jobs: those of each search."""
    searches = searches_of(config)
    if not searches:
        return []
    folders = [Path(config.results, "runs", corpus, model, "search") for corpus, model in searches]
    lines = [line_of_search(jobs.get(one, ()), folder / "best.json") for one, folder in zip(searches, folders, strict=True)]
    return ["", *listed(HEADER, [[model, corpus] for corpus, model in searches], lines, colours)]


def line_of_search(jobs: Iterable[Job], best: Path) -> Line:
    """The line of a search. jobs: its workers' and the choice's. best: path of best.json.

    The first that holds: a worker runs; one ended badly since the search ended last; it has ended; one waits; nothing has begun.
    """
    jobs = list(jobs)
    found, ended = _read(best)
    running = [job for job in jobs if job.state == "running" and job.record.rule.startswith(TRYING)]
    if running:
        return Line("running", [*_far(jobs, len(running)), _left(running), _places(running)])
    bad = [job for job in jobs if job.state in BAD and job.last.last_sign > ended]
    if bad:
        worst = min(bad, key=lambda job: (BAD.index(job.state), -job.last.last_sign))
        trials = _far(jobs)[0]
        said = ": ".join(filter(None, [trials, complaint(worst)]))
        return Line(worst.state, [said], worst.log if worst.state in ("failed", "lost") else None)
    if found is not None:
        counts = found["trials"]
        trials = _counts(counts["complete"] + counts["pruned"], None, counts["pruned"], counts["failed"], 0)
        return Line("done", [trials, f"{found['by']} {found['value']:.4f}", f"{duration(found['seconds'])} of training", ""])
    waiting = [job for job in jobs if job.state == SUBMITTED]
    if waiting:
        return Line(SUBMITTED, [f"{counted(len(waiting), 'worker')} in SLURM's queue"])
    if jobs:
        over = all(job.state == "done" for job in jobs)
        return Line("queued", ["its trials are done; the best is chosen next"] if over else _far(jobs))
    return Line("not started", [])


def outcome_of(best: Path) -> str:
    """What a search found that has ended, in a line: trials, the best value, what they took. best: path of best.json."""
    line = line_of_search((), best)
    if line.state != "done":  # somebody removed or changed the file since
        return "settings are chosen"
    trials, value, took, _ = line.cells
    return f"{trials}; the best has {value}; {took}"


def _read(best: Path) -> tuple[dict[str, Any] | None, float]:
    """What a search found, and when; nothing of a file that is missing or somebody changed."""
    try:
        found, then = read_json(best), best.stat().st_mtime
        return {**found, "value": float(found["value"]), "seconds": float(found["seconds"])}, then
    except (OSError, VersoError, KeyError, TypeError, ValueError):
        return None, 0.0


def _far(jobs: Sequence[Job], running: int = 0) -> list[str]:
    """The cells of the trials and of the best so far, as the worker that began a trial last counted them."""
    counted_last = [job.last.progress for job in jobs if job.last.progress and job.last.progress.trials_done is not None]
    if not counted_last:
        return ["", ""]
    last = max(counted_last, key=lambda progress: (progress.trials_done or 0) + (progress.trials_failed or 0))
    trials = _counts(last.trials_done or 0, last.trials, last.trials_pruned or 0, last.trials_failed or 0, running)
    return [trials, f"{last.by} {last.best:.4f}" if last.best is not None else ""]


def _counts(done: int, wanted: int | None, pruned: int, failed: int, running: int) -> str:
    parts = [f"{done} done" if wanted is None else f"{done}/{wanted}"]
    parts += [f"{count} {word}" for count, word in ((pruned, "pruned"), (failed, "failed"), (running, "running")) if count]
    return ", ".join(parts)


def _left(running: Sequence[Job]) -> str:
    left = [_progress(job).seconds_left for job in running]
    known = [seconds for seconds in left if seconds is not None]
    return f"{duration(max(known))} left" if known else ""


def _progress(job: Job) -> Progress:
    return job.last.progress or Progress()


def _places(running: Sequence[Job]) -> str:
    hosts = list(dict.fromkeys(job.last.host for job in running))
    return f"{counted(len(running), 'worker')} on {', '.join(hosts)}"
