"""Show which jobs Snakemake would run, why, and their cost: `make plan`, `python -m verso.commands.plan -- <its arguments>`.

It reads the text of Snakemake's dry run (verso.commands.dry_run).
"""

import argparse
import os
import re
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Sequence

from verso.commands.dry_run import PlannedJob, parse, why
from verso.commands.planned_searches import is_of_search, lines_of_searches
from verso.commands.screen import SCREEN, WHOLE
from verso.commands.terminal import counted, duration, said_on_the_screen, table
from verso.config.reading import named_in, read_file
from verso.registry import FAMILIES, KINDS, SOURCES

# Threads are capped by --cores, by default 1 in a dry run; so a plan shows the requests, unless the arguments set --cores.
ALL_CORES = "1000000"

FETCHING = {*(source.fetch_rule for source in SOURCES if source.fetch_rule), "fetch_pretrained"}  # on the login node
PREPARING = {kind.prepared_by for kind in KINDS}
# Jobs that load a pretrained model, each on a card and with a time of its own
INFERENCE = {rule: work.doing for family in FAMILIES for rule, work in family.works.items() if work.seconds is not None}


# --- the page ---


def plan(jobs: Sequence[PlannedJob]) -> str:
    """Format the plan: one line for each search, training, and job that loads a model not trained in this plan; the other jobs
    by rule; totals.
    """
    if not jobs:
        return "Nothing to do: everything requested is made and up to date."
    searching = [job for job in jobs if is_of_search(job)]
    trained = {job.run() for job in jobs if job.is_training}
    runs: list[PlannedJob] = []
    others: list[PlannedJob] = []
    for job in jobs:
        if is_of_search(job):
            continue
        alone = job.is_training or (job.rule in INFERENCE and job.run() not in trained)
        (runs if alone else others).append(job)
    runs.sort(key=PlannedJob.run)
    page = lines_of_searches(searching)
    if runs:
        header = [
            "corpus",
            "model",
            "seed",
            "work",
            "why",
            "threads",
            "mem_mb",
            "minutes",
            "vram_mb",
            "cards",
            "where",
            "expected",
            "GPU-h",
        ]
        page += [*table(header, [_line_of_run(job) for job in runs]), ""]
    if others:
        by_rule: dict[str, list[PlannedJob]] = defaultdict(list)
        for job in others:
            by_rule[job.rule].append(job)
        header = ["other jobs", "count", "expected", "GPU-h", "why"]
        page += [*table(header, [_line_of_rule(rule, of_rule) for rule, of_rule in by_rule.items()]), ""]
    return "\n".join([*page, *_totals(jobs)])


def _line_of_run(job: PlannedJob) -> list[str]:
    corpus, model, seed = job.run()
    needs = [f"{number:,}" if (number := job.number(key)) is not None else "?" for key in ("mem_mb", "runtime", "vram_mb")]
    seconds = job.number("expected_seconds")
    cost = ["?", "?"] if seconds is None else [duration(seconds), f"{job.cards * seconds / 3600:.2f}"]
    work, reason = INFERENCE.get(job.rule, "training"), why(job.facts["reason"])
    return [corpus, model, str(seed), work, reason, str(job.threads), *needs, str(job.cards), job.where, *cost]


def _line_of_rule(rule: str, jobs: Sequence[PlannedJob]) -> list[str]:
    """Number of a rule's jobs and their reasons; for those that use a pretrained model also their total expected cost."""
    reasons = Counter(why(job.facts["reason"]) for job in jobs).most_common()
    known = [(job.cards, seconds) for job in jobs if (seconds := job.number("expected_seconds")) is not None]
    cost = [duration(sum(s for _, s in known)), f"{sum(cards * s for cards, s in known) / 3600:.2f}"] if known else ["", ""]
    return [rule, str(len(jobs)), *cost, "; ".join(f"{count} {words}" for words, count in reasons)]


def _totals(jobs: Sequence[PlannedJob]) -> list[str]:
    trainings = [job for job in jobs if job.is_training]
    groups = {job.group for job in jobs if job.group}
    # Targets (without outputs) are never submitted; nor are fetching rules, which a dry run does not mark
    alone = [job for job in jobs if not job.group and "output" in job.facts and job.rule not in FETCHING]
    submissions = f"{counted(len(groups) + len(alone), 'submission')} on a cluster"
    if groups:
        submissions += f", {counted(len(groups), 'group')} of {sum(bool(job.group) for job in jobs)} jobs among them"
    lines = [f"{counted(len(jobs), 'job')}, {counted(len(trainings), 'training')} among them; {submissions}."]
    priced = [job for job in jobs if job.number("expected_seconds") is not None]
    known, searches = [job for job in priced if job.is_training], [job for job in priced if is_of_search(job)]
    uses = [job for job in priced if not job.is_training and not is_of_search(job)]
    if searches:
        lines.append(f"Expected of the searches: {_hours(searches)}; at most {_hours(searches, 'bound_seconds')}.")
    if known:
        lines.append(f"Expected of the trainings: {_hours(known)}.")
    if uses:
        lines.append(f"Expected of scoring, sampling and predicting by pretrained models: {_hours(uses)}.")
    if sum(map(bool, (searches, known, uses))) > 1:
        lines.append(f"In all: {_hours(priced)}.")
    if known and (unseen := sorted({job.wildcards["corpus"] for job in jobs if job.rule in PREPARING and job.wildcards})):
        lines.append(
            f"Not prepared yet: {', '.join(unseen)}. What is expected there is for its text as last counted, "
            "else for a million characters."
        )
    if len(known) < len(trainings):
        lines.append(f"No time is expected of {counted(len(trainings) - len(known), 'training')}.")
    return lines


def _hours(jobs: Sequence[PlannedJob], of_each: str = "expected_seconds") -> str:
    seconds = [job.number(of_each) or 0 for job in jobs]
    gpu, cpu = (sum(getattr(job, of) * s for job, s in zip(jobs, seconds, strict=True)) / 3600 for of in ("cards", "threads"))
    return f"{gpu:.2f} GPU-hours, {cpu:.2f} CPU-hours"


# --- the command line ---


def main() -> int:
    """The command line. Returns the exit code: that of a dry run that fails, 1 when its output is not understood, else 0."""
    parser = argparse.ArgumentParser(prog="python -m verso.commands.plan", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("arguments", nargs="*", help="for snakemake, after a `--`: -- --profile profiles/slurm lyrics")
    arguments = parser.parse_args().arguments
    return said_on_the_screen(lambda: _planned(arguments))


def _planned(arguments: Sequence[str]) -> int:
    for file in named_in(arguments):
        read_file(file)
    # --quiet on the command line replaces a profile's, which may hide the reasons; `host` is only the page about the machine
    command = [sys.executable, "-m", "snakemake", "--quiet", "host", "--cores", ALL_CORES, "--dry-run", *arguments]
    whole = {**os.environ, SCREEN: WHOLE}
    done = subprocess.run(command, capture_output=True, encoding="utf-8", errors="replace", env=whole)
    if done.returncode:
        print(done.stdout + done.stderr, file=sys.stderr)
        return done.returncode
    warnings = [line for line in done.stderr.splitlines() if line.strip() and not re.match("Using .*profile", line)]
    print("".join(f"{line}\n" for line in warnings), end="", file=sys.stderr)
    print(plan(parse(done.stdout)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
