"""Show which jobs Snakemake would run, why, and their cost: `make plan`, `python -m verso.commands.plan -- <its arguments>`.

It parses the text of Snakemake's dry run; only `parse` depends on its format, and it refuses what it cannot parse.
"""

import argparse
import os
import re
import subprocess
import sys
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from verso.commands.screen import SCREEN, WHOLE
from verso.commands.terminal import counted, duration, said_on_the_screen, table
from verso.config.reading import named_in, read_file
from verso.errors import VersoError
from verso.registry import FAMILIES, KINDS, SOURCES

NOTHING = "Nothing to be done"
# Threads are capped by --cores, by default 1 in a dry run; so a plan shows the requests, unless the arguments set --cores.
ALL_CORES = "1000000"

# Beginnings of Snakemake's reasons, with short forms. After a missing output no other reason is shown.
REASONS = {
    "Missing output files": "missing",
    "Incomplete output files": "incomplete",
    "Updated input files": "input changed",
    "Input files updated by another job": "input made anew",
    "Set of input files has changed": "other inputs",
    "Code has changed": "code changed",
    "Params have changed": "settings changed",
    "Software environment definition has changed": "environment changed",
    "Forced execution": "forced",
    "Rules with": "always",
}
FINGERPRINT = re.compile(r"'[0-9a-f]{16}'")  # verso.provenance: the parameter `code`
FETCHING = {*(source.fetch_rule for source in SOURCES if source.fetch_rule), "fetch_pretrained"}  # on the login node
PREPARING = {kind.prepared_by for kind in KINDS}
# Jobs that load a pretrained model, each on a card and with a time of its own
INFERENCE = {rule: work.doing for family in FAMILIES for rule, work in family.works.items() if work.seconds is not None}


@dataclass
class PlannedJob:
    """A job of a dry run. group: number of its group job, from 1; 0 without one."""

    rule: str
    group: int = 0
    facts: dict[str, str] = field(default_factory=dict)  # Snakemake's own keys: input, output, reason, threads ...

    @property
    def wildcards(self) -> dict[str, str]:
        """Wildcards by name."""
        return _pairs(self.facts.get("wildcards", ""))

    @property
    def resources(self) -> dict[str, str]:
        """Resources by name."""
        return _pairs(self.facts.get("resources", ""))

    @property
    def is_training(self) -> bool:
        """Whether the job makes a run's model."""
        return self.rule.startswith("train_") and {"corpus", "model", "seed"} <= self.wildcards.keys()

    @property
    def threads(self) -> int:
        """Number of threads; Snakemake does not print a single one."""
        return int(self.facts.get("threads", "1"))

    @property
    def cards(self) -> int:
        """Number of cards: the resource `cards`, or without it `gpu`."""
        return self.number("cards") or self.number("gpu") or 0

    def number(self, resource: str) -> int | None:
        """An integer resource; None where it is missing or not known yet (<TBD>)."""
        value = self.resources.get(resource, "")
        return int(value) if re.fullmatch(r"[0-9]+", value) else None

    def run(self) -> tuple[str, str, int]:
        """Corpus, model, seed of a training or of a job that loads a pretrained model."""
        return self.wildcards["corpus"], self.wildcards["model"], int(self.wildcards["seed"])


def _pairs(text: str) -> dict[str, str]:
    """Parse "name=value, name=value"; a value may contain a comma or an equals sign."""
    parts = re.split(r", (?=\w+=)", text)
    return dict(part.split("=", 1) for part in parts if "=" in part)


def parse(output: str) -> list[PlannedJob]:
    """Parse the jobs of a dry run's standard output, in its order; [] when there is nothing to do.

    Raises VersoError when their counts differ from Snakemake's own table.
    """
    counted, jobs, in_table, group, groups = Counter[str](), list[PlannedJob](), False, 0, 0
    for line in output.splitlines():
        if re.fullmatch(r"job +count", line):
            in_table, counted = True, Counter()  # printed twice: before the jobs and after
        elif row := in_table and re.fullmatch(r"(\S+) +(\d+)", line):
            counted[row[1]] = int(row[2])
            in_table = row[1] != "total"
        elif re.match(r"\[.*\] Group job \S+ \(", line):
            group = groups = groups + 1
        elif head := re.fullmatch(r"( {4})?(?:local)?(?:rule|checkpoint) (\S+):", line):
            group = group if head[1] else 0  # the jobs of a group are indented
            jobs.append(PlannedJob(head[2], group))
        elif jobs and (fact := re.fullmatch(r" {4}(?: {4})?(\w+): (.*)", line)):
            jobs[-1].facts.setdefault(fact[1], fact[2])
    if not counted and not jobs and NOTHING in output:
        return []
    read = Counter(job.rule for job in jobs)
    total = counted.pop("total", None)
    for rule in sorted(counted | read):
        if counted[rule] != read[rule]:
            raise VersoError(
                f'Snakemake\'s table of jobs has the line "{rule} {counted[rule]}", yet {read[rule]} were read from its dry run: '
                "leave out --quiet, or this Snakemake writes its plan in a way that verso.commands.plan does not know"
            )
    if total != len(jobs):
        raise VersoError(
            f'Snakemake\'s table of jobs should end in the line "total {len(jobs)}"; found {total}. It wrote:\n{output[-2000:]}'
        )
    unexplained = [job for job in jobs if "reason" not in job.facts or "resources" not in job.facts]
    if unexplained:
        raise VersoError(
            f'the dry run has no line "reason:" or none "resources:" for "rule {unexplained[0].rule}": leave out --quiet'
        )
    return jobs


def why(reason: str) -> str:
    """Short form of Snakemake's reason."""
    found = []
    for part in reason.split("; "):
        words = next((short for start, short in REASONS.items() if part.startswith(start)), None)
        if words == "settings changed":
            found += _which_parameters(part)
        elif words:
            found.append(words)
    if "missing" in found:
        return "missing"
    return ", ".join(dict.fromkeys(found)) or reason[:40]


def _which_parameters(part: str) -> list[str]:
    """Whether the fingerprint of the code, the settings or both differ in "...: before: <values> now: <values>"."""
    values = part.partition("before: ")[2]
    rest = re.sub(r"<nothing exclusive>|\bnow:|[\s,]", "", FINGERPRINT.sub("", values))
    code = ["code changed"] if FINGERPRINT.search(values) else []
    return code + (["settings changed"] if rest or not code else [])


# --- the page ---


def plan(jobs: Sequence[PlannedJob]) -> str:
    """Format the plan: one line for each training and each job that loads a model not trained in this plan; the other jobs by
    rule; totals.
    """
    if not jobs:
        return "Nothing to do: everything requested is made and up to date."
    trained = {job.run() for job in jobs if job.is_training}
    runs: list[PlannedJob] = []
    others: list[PlannedJob] = []
    for job in jobs:
        alone = job.is_training or (job.rule in INFERENCE and job.run() not in trained)
        (runs if alone else others).append(job)
    runs.sort(key=PlannedJob.run)
    page = []
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
    return [corpus, model, str(seed), work, reason, str(job.threads), *needs, str(job.cards), _where(job), *cost]


def _line_of_rule(rule: str, jobs: Sequence[PlannedJob]) -> list[str]:
    """Number of a rule's jobs and their reasons; for those that use a pretrained model also their total expected cost."""
    reasons = Counter(why(job.facts["reason"]) for job in jobs).most_common()
    known = [(job.cards, seconds) for job in jobs if (seconds := job.number("expected_seconds")) is not None]
    cost = [duration(sum(s for _, s in known)), f"{sum(cards * s for cards, s in known) / 3600:.2f}"] if known else ["", ""]
    return [rule, str(len(jobs)), *cost, "; ".join(f"{count} {words}" for words, count in reasons)]


def _where(job: PlannedJob) -> str:
    """The named requests to SLURM: partition, gres, kind of card, constraint."""
    found = job.resources
    card = f"gpu:{found['gpu_model']}:{found.get('gpu', '1')}" if "gpu_model" in found else ""
    return " ".join(filter(None, [found.get("slurm_partition"), found.get("gres"), card, found.get("constraint")]))


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
    known, uses = [job for job in priced if job.is_training], [job for job in priced if not job.is_training]
    if known:
        lines.append(f"Expected of the trainings: {_hours(known)}.")
    if uses:
        lines.append(f"Expected of scoring, sampling and predicting by pretrained models: {_hours(uses)}.")
    if known and uses:
        lines.append(f"In all: {_hours(priced)}.")
    if known and (unseen := sorted({job.wildcards["corpus"] for job in jobs if job.rule in PREPARING and job.wildcards})):
        lines.append(
            f"Not prepared yet: {', '.join(unseen)}. What is expected there is for its text as last counted, "
            "else for a million characters."
        )
    if len(known) < len(trainings):
        lines.append(f"No time is expected of {counted(len(trainings) - len(known), 'training')}.")
    return lines


def _hours(jobs: Sequence[PlannedJob]) -> str:
    seconds = [job.number("expected_seconds") or 0 for job in jobs]
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
