"""The jobs of a dry run, from the text that Snakemake prints: all that depends on its format; what it cannot read, it refuses."""

import re
from collections import Counter
from dataclasses import dataclass, field

from verso.errors import VersoError

NOTHING = "Nothing to be done"

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

    @property
    def where(self) -> str:
        """The named requests to SLURM: partition, gres, kind of card, constraint."""
        found = self.resources
        card = f"gpu:{found['gpu_model']}:{found.get('gpu', '1')}" if "gpu_model" in found else ""
        return " ".join(filter(None, [found.get("slurm_partition"), found.get("gres"), card, found.get("constraint")]))

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
                "leave out --quiet, or this Snakemake writes its plan in a way that verso.commands.dry_run does not know"
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
