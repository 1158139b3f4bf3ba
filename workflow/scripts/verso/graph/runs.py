"""The runs of a config, their tasks and families, and the files of a finished run.

`python -m verso.graph.runs fetching` prints the names of the rules that fetch, for `make fetch`; `... reporting` those that make
the report of the runs so far, for `make report-so-far`.
"""

import re
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from verso.config.file import Config
from verso.contract import MODEL, Family, Task
from verso.errors import VersoError
from verso.graph.paths import Paths, Run
from verso.registry import FAMILIES, FAMILY, SOURCES, TASK, TASKS

NONE = "(?!)"  # a pattern that matches nothing


@dataclass(frozen=True)
class Runs:
    """All runs of a config."""

    config: Config
    paths: Paths

    @cached_property
    def all(self) -> list[Run]:
        """Every run of every experiment, without duplicates."""
        return self.of_experiments(*self.config.experiments)

    def of_experiments(self, *names: str) -> list[Run]:
        """Every run of these experiments, without duplicates."""
        experiments = (self.config.experiments[name] for name in names)
        return sorted({(e.corpus, model, seed) for e in experiments for model in e.models for seed in e.seeds})

    def family(self, model: str) -> Family:
        """The family of a model of the config."""
        return FAMILY[self.config.models[model].family]

    def task(self, run: Run) -> Task:
        """The task in which a run's model is compared; determined by the model's family."""
        return TASK[self.family(run[1]).task]

    def tasks(self, runs: Iterable[Run]) -> list[Task]:
        """The tasks that occur among runs, in the registry's order."""
        found = {self.task(run).name for run in runs}
        return [task for task in TASKS if task.name in found]

    def of_task(self, task: Task, runs: Iterable[Run]) -> list[Run]:
        """The runs of one task."""
        return [run for run in runs if self.task(run) is task]

    def results(self, runs: Iterable[Run]) -> list[str]:
        """The final files of runs: of each its model and its task's results."""
        return [self.paths.of_run(name, run) for run in runs for name in (MODEL, *self.task(run).results)]

    def finished(self) -> list[Run]:
        """The runs whose results exist. Raises VersoError where there are none."""
        finished = [run for run in self.all if all(Path(path).exists() for path in self.results([run]))]
        if not finished:
            raise VersoError("No run is finished yet: there is nothing to report. `make status CONFIG=...` says how far each is.")
        return finished

    def pretrained(self, model: str) -> str | None:
        """The name of a model's base model; None where it has none."""
        return getattr(self.config.models[model], "pretrained", None)

    def corpus_of_base(self, model: str) -> str | None:
        """The name of the corpus that a model's base model learns from here; None where the base comes from elsewhere."""
        start = self.pretrained(model)
        return None if start is None else getattr(self.config.pretrained[start], "corpus", None)

    def vocabulary(self, model: str) -> str | None:
        """The file of its corpus that a model reads its tokens from; None where its family has its own."""
        return self.family(model).vocabulary(self.config.models[model])

    def is_miniature(self, model: str) -> bool:
        """Whether a model or its base model is a miniature, by its entry in the config."""
        start = self.pretrained(model)
        return self.config.models[model].miniature or (start is not None and self.config.pretrained[start].type == "miniature")

    # --- patterns of wildcards ---

    def made_by(self, rule: str) -> str:
        """A regular expression for the names of the models that a rule makes."""
        entries = self.config.models.items()
        return any_of(name for name, entry in entries if FAMILY[entry.family].made_by(entry) == rule)

    def with_work(self, rule: str, where: Callable[[Any], bool] = lambda entry: True) -> str:
        """A regular expression for the names of the models whose family has this rule and whose entries satisfy `where`."""
        entries = self.config.models.items()
        return any_of(name for name, entry in entries if rule in FAMILY[entry.family].works and where(entry))

    def searching_rule(self, model: str) -> str | None:
        """The rule that tries settings of a model; None where its entry has no search."""
        entry: Any = self.config.models[model]
        return trying(FAMILY[entry.family].made_by(entry)) if getattr(entry, "search", None) else None

    def searched_by(self, rule: str) -> str:
        """A regular expression for the names of the models whose settings this rule tries."""
        return any_of(name for name in self.config.models if self.searching_rule(name) == rule)

    def corpora(self, suits: Callable[[Any], bool] = lambda corpus: True) -> str:
        """A regular expression for the names of the corpora that satisfy `suits`."""
        return any_of(name for name, corpus in self.config.corpora.items() if suits(corpus))

    def pretrained_of_type(self, *types: str) -> str:
        """A regular expression for the names of the pretrained models of these types."""
        return any_of(name for name, entry in self.config.pretrained.items() if entry.type in types)


def any_of(names: Iterable[str]) -> str:
    """A regular expression for these names; where there are none, one that matches nothing."""
    return "|".join(map(re.escape, names)) or NONE


# --- names of rules ---


def rule_of_task(verb: str, task: Task, so_far: bool = False) -> str:
    """A rule's name: `compare_classification`, or `compare_classification_so_far` for the runs that are finished."""
    return f"{verb}_{task.name}" + ("_so_far" if so_far else "")


def training_rules() -> list[str]:
    """The rules of trainings whose settings may be searched."""
    families = (family for family in FAMILIES if "search" in family.settings.model_fields)
    return list(dict.fromkeys(rule for family in families for rule in family.works if rule.startswith("train_")))


def trying(training: str) -> str:
    """The name of the rule, and driver, that tries settings by a training: try_gpt by train_gpt."""
    return training.replace("train_", "try_", 1)


def fetching_rules() -> list[str]:
    """The rules that `make fetch` may run: on the login node, which has the internet."""
    return ["fetch", *(source.fetch_rule for source in SOURCES if source.fetch_rule), "acquire_corpus", "fetch_pretrained"]


def reporting_rules() -> list[str]:
    """The rules that `make report-so-far` may run: only those of the report, while other runs are training."""
    of_tasks = [rule_of_task(verb, task, so_far=True) for task in TASKS for verb in ("compare", "draw")]
    return [*of_tasks, "describe_search", "compare_searches_so_far", "describe_pretrained_so_far", "report_so_far"]


if __name__ == "__main__":
    print(*{"fetching": fetching_rules, "reporting": reporting_rules}[sys.argv[1]]())
