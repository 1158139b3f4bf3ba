"""Show the state of every run of a config, from files alone: `make status`, `python -m verso.commands.status`.

    results/runs/<corpus>/<model>/seed-<seed>/...   finished files       ──┐
    results/logs/<rule>/<wildcards>.job.json        records of jobs      ──┼─► one line a run, then light jobs, then counts
    results/logs/submitted.jsonl                    SLURM's answers      ──┘

It queries neither Snakemake nor SLURM, so it works on a login node while both run elsewhere.
"""

import argparse
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from verso.commands.job_lines import Line, complaint, line_of_job, listed, place_of
from verso.commands.report_state import state_of_report
from verso.commands.searches import Searched, page_of_searches, search_of
from verso.commands.terminal import duration, printable, said_on_the_screen, typed
from verso.config.file import Config
from verso.config.load import load
from verso.config.reading import read_file
from verso.contract import MODEL, Work
from verso.corpora.losses import sentences
from verso.errors import VersoError
from verso.files import read_json
from verso.jobs.states import Job, Run, judge, read_records, with_submissions
from verso.jobs.submissions import SUBMITTED, read_submissions
from verso.registry import FAMILY, TASK

STATES = ("done", "running", "trained", "submitted", "queued", "not started", "retrying", "stopped", "lost", "failed")
AT_WORK = ("running", "submitted", "retrying")
COLOURS = {"done": "32", "running": "36", "trained": "36", "retrying": "33", "stopped": "33", "lost": "31", "failed": "31"}
HEADER = ["corpus", "model", "seed", "state", "how far", "train / val. loss", "time", "where", "MB used / requested"]

# --- runs ---


def read_config(path: str | Path) -> Config:
    """Read the config as Snakemake would. Raises VersoError when it is missing or invalid."""
    return load(read_file(path), str(path))


def runs_of(config: Config) -> list[Run]:
    """Every run of every experiment, without duplicates."""
    return sorted({(e.corpus, m, s) for e in config.experiments.values() for m in e.models for s in e.seeds})


def status(config: Config, now: float, origin: str, colours: Mapping[str, str] | None = None) -> str:
    """The whole page for the files as they are. now: seconds since the epoch; origin: the config's path; colours: ANSI codes by
    state.
    """
    results, runs = Path(config.results), runs_of(config)
    abouts = {model: _about(config.models[model]) for _, model, _ in runs}
    records, skipped = read_records(results / "logs")
    known, corpora = set(runs), {corpus for corpus, _, _ in runs}
    of_run: dict[Run | None, list[Job]] = defaultdict(list)
    of_search: dict[Searched, list[Job]] = defaultdict(list)
    light, at_work = [], False
    for job in judge(with_submissions(records, read_submissions(results / "logs")), now):
        at_work |= job.state in AT_WORK
        run = job.record.run()
        if searched := search_of(job):
            of_search[searched].append(job)
        elif run in known:
            of_run[run].append(job)
        elif job.state == "running" or (run is None and job.record.wildcards.get("corpus") in corpora | {None}):
            light.append(job)  # failures of runs or corpora that the config no longer has are not shown
    light = [job for job in light if job.state not in ("done", "queued")]

    lines, newest = [], 0.0
    for run in runs:
        folder = results / "runs" / run[0] / run[1] / f"seed-{run[2]}"
        about = abouts[run[1]]
        made = {name: _time_of(folder / name) for name in about.files}
        newest = max(newest, *made.values())
        line = line_of_run(of_run[run], made, now, about)
        lines.append(line if at_work or line.state != "queued" else Line("not started", []))
    page = listed(HEADER, [[corpus, model, str(seed)] for corpus, model, seed in runs], lines, colours)
    page += page_of_searches(of_search, config, colours)
    if light:
        names = [[" ".join([job.record.rule, *job.record.wildcards.values()])] for job in light]
        page += ["", *listed(["job", *HEADER[3:]], names, [line_of_job(job, "", now) for job in light], colours)]
    page += ["", *map(printable, skipped)] if skipped else []
    page += [line for corpus in sorted(corpora) for line in _losses(corpus, results / "corpora" / corpus / "acquired.json")]

    if not at_work and not light and not any(of_run.values()) and not of_search and not newest:
        page += ["", f"Nothing of {origin} has been started yet: `make run CONFIG={typed(origin)}` begins."]
    counts = Counter(line.state for line in lines)
    summary = ", ".join(f"{counts[state]} {state}" for state in STATES if counts[state])
    prepared = sum((results / "corpora" / corpus / "statistics.json").exists() for corpus in corpora)
    done = f"{prepared} of {len(corpora)} corpora prepared. {len(runs)} run{'s' * (len(runs) != 1)}: {summary}."
    page += ["", f"{done} {state_of_report(config, origin, newest)}"]
    return "\n".join(page)


@dataclass(frozen=True)
class About:
    """Facts of a run that its model's family determines: its rules by name, whether it trains, and its results besides its
    model, each with the word for its state once it is finished.
    """

    works: Mapping[str, Work]
    trains: bool
    results: Mapping[str, str]

    @property
    def files(self) -> set[str]:
        """The files of a run from which its progress is read."""
        return {MODEL, *self.results, *(work.result for work in self.works.values())}


def _about(entry: Any) -> About:
    family = FAMILY[entry.family]
    task = TASK[family.task]
    return About({**task.works, **family.works}, family.trains(entry), task.results)


def line_of_run(jobs: Sequence[Job], made: Mapping[str, float], now: float, about: About) -> Line:
    """The status line of a run. made: when each of its files was written, 0 where it is missing.

    The first that holds: it is training; a part of it failed and its output has not been made since; another part is running;
    everything is finished; it is trained; nothing is made.
    """
    training = [job for job in jobs if job.record.rule.startswith("train_")]
    for job in training:
        if job.state == "running":
            return line_of_job(job, "", now)
    bad = [job for job in jobs if job.state not in ("done", "running", "queued", SUBMITTED) and _is_unmended(job, made, about)]
    if bad:
        worst = max(bad, key=lambda job: job.last.last_sign)
        return line_of_job(worst, _work(worst, about), now)
    running = [job for job in jobs if job.state == "running"]
    if running:
        doing = " and ".join(sorted(_doing(job, about, alone=len(running) == 1) for job in running))
        trained = "trained, " if about.trains and len(running) == 1 else ""
        left = [job.last.progress.seconds_left for job in running if job.last.progress]
        longest = max((seconds for seconds in left if seconds is not None), default=None)
        time_left = "" if longest is None else f"{duration(longest)} left"
        return Line("running", [trained + doing, "", time_left, *place_of(running[0].last)])
    after = [
        job.last.message or f"took {duration(job.last.last_sign - job.last.start)}" for job in training if job.state == "done"
    ]
    took = [after[0], *place_of(training[0].last)] if after else []
    missing = [word for name, word in about.results.items() if not made.get(name)]
    if made[MODEL] and not missing:
        return Line("done", ["", "", *took])
    if made[MODEL]:
        return Line("trained", [f"not yet {' nor '.join(missing)}", "", *took])
    waiting = [job for job in training if job.state == SUBMITTED]
    if waiting:
        return line_of_job(waiting[0], "", now)
    before = [job for job in jobs if job.state == "queued"]
    return Line("queued", [f"again; before: {complaint(before[0])}"] if before else [])


def _work(job: Job, about: About) -> str:
    work = about.works.get(job.record.rule)
    return work.doing if work else job.record.rule


def _doing(job: Job, about: About, alone: bool) -> str:
    """What a running job does, with its number of finished texts if it reports one; shortened if it shares its cell."""
    doing, progress = _work(job, about), job.last.progress
    if progress is None or progress.texts is None or progress.texts_done is None:
        return doing
    if not alone:
        return f"{doing} {progress.texts_done:,}/{progress.texts:,}"
    return f"{doing} {progress.texts_done:,} of {progress.texts:,} texts{' again' if progress.again else ''}"


def _is_unmended(job: Job, made: Mapping[str, float], about: About) -> bool:
    """Whether neither the job's own result nor the training's is newer than its end.

    A rule that there is no more, after an upgrade, has no result of its own: all results of the run stand for it.
    """
    work = about.works.get(job.record.rule)
    if work is None and all(made.get(name) for name in about.results):
        return False
    return all(job.last.last_sign > made.get(name, 0.0) for name in (MODEL, work.result if work else MODEL))


def _losses(corpus: str, acquired: Path) -> list[str]:
    """What a corpus lost, by reason and label or artist; nothing of one that is not acquired, or by an older version."""
    try:
        said = sentences(read_json(acquired)["losses"])
    except (OSError, VersoError, KeyError, TypeError):
        return []
    return ["", *(printable(line) for line in [f"{corpus}: {said[0]}", *said[1:]])] if said else []


def _time_of(path: Path) -> float:
    """When a file was written, in seconds since the epoch; 0 where it is missing."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def main() -> int:
    """The command line. Returns the exit code: 1 when the config is wrong, else 0."""
    parser = argparse.ArgumentParser(prog="python -m verso.commands.status", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--config", default="config/config.yaml", help="the config that Snakemake was given (%(default)s)")
    parser.add_argument("--watch", type=_positive, metavar="SECONDS", help="draw anew every so many seconds, until Ctrl-C")
    options = parser.parse_args()
    return said_on_the_screen(lambda: _shown(options))


def _shown(options: argparse.Namespace) -> int:
    terminal = sys.stdout.isatty()
    with suppress(KeyboardInterrupt):
        while True:
            page = status(read_config(options.config), time.time(), options.config, COLOURS if terminal else {})
            print(("\x1b[H\x1b[2J" if terminal and options.watch else "") + page, flush=True)
            if options.watch is None:
                break
            time.sleep(options.watch)
    return 0


def _positive(text: str) -> float:
    value = float(text)
    if not 0 < value < 1e6:
        raise ValueError
    return value


if __name__ == "__main__":
    sys.exit(main())
