"""Params and input files of the rules that compare, draw and report: runs, corpora, experiments and models."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from verso.contract import MODEL, FurtherFiles, Task
from verso.graph.inputs import Inputs
from verso.graph.paths import Paths, Run
from verso.graph.runs import Runs


@dataclass(frozen=True)
class Descriptions:
    """Params and inputs of the rules that compare, draw and report.

    so_far: only of the finished runs. Everything is then evaluated when Snakemake plans a job, not when the rules are parsed, and
    optional files of a finished run are left out where they are missing or older than their sources (for example predictions
    of texts that the user has just written).
    """

    runs: Runs
    inputs: Inputs
    code_of: Callable[[str], str]
    so_far: bool = False

    @property
    def _paths(self) -> Paths:
        return self.runs.paths

    @property
    def folder(self) -> str:
        """Folder of tables, figures and page."""
        return self._paths.so_far if self.so_far else self._paths.results

    def of(self, what: Callable[[Sequence[Run]], Any]) -> Any:
        """An input or param computed from the runs: its value, or for the report so far a function of wildcards."""
        return (lambda wildcards: what(self.runs.finished())) if self.so_far else what(self.runs.all)

    def of_task(self, task: Task, what: Callable[[Task, Sequence[Run]], Any]) -> Any:
        """The same for one task's runs."""
        return self.of(lambda runs: what(task, self.runs.of_task(task, runs)))

    # --- of one run ---

    def _further(self, run: Run) -> FurtherFiles:
        """Paths of the optional files of a run: those that its task has, and those that its family has."""
        corpus, model, _ = run
        known = self.runs.config
        found = FurtherFiles({}, {}, {})
        for owner in (self.runs.task(run), self.runs.family(model)):
            files = owner.further(known.models[model], known.corpora[corpus])
            sources = {key: self._paths.corpus(name, corpus) for key, name in files.of_corpus.items()}
            compared, shown = (self._kept(names, run, sources.values()) for names in (files.compared, files.shown))
            found = FurtherFiles({**found.compared, **compared}, {**found.shown, **shown}, {**found.of_corpus, **sources})
        return found

    def _kept(self, names: Mapping[str, str], run: Run, sources: Iterable[str]) -> dict[str, str]:
        """The paths of a run's files; for a report so far of those that exist and are no older than the model and `sources`."""
        paths = {key: self._paths.of_run(name, run) for key, name in names.items()}
        older = [self._paths.of_run(MODEL, run), *sources]
        return {key: path for key, path in paths.items() if not self.so_far or _follows(path, older)}

    def _compared(self, run: Run) -> dict[str, str]:
        """The files of a run that its comparison reads, by their keys."""
        names = {**self.runs.task(run).compared, **self.runs.family(run[1]).compared}
        return {**{key: self._paths.of_run(name, run) for key, name in names.items()}, **self._further(run).compared}

    def _shown(self, run: Run) -> dict[str, str]:
        """The files of a run that its section of the page reads, by their keys."""
        names = {**self.runs.task(run).shown, **self.runs.family(run[1]).shown}
        return {**{key: self._paths.of_run(name, run) for key, name in names.items()}, **self._further(run).shown}

    def _described(self, run: Run, files: Mapping[str, str]) -> dict[str, Any]:
        corpus, model, seed = run
        return {
            "corpus": corpus,
            "model": model,
            "seed": seed,
            "family": self.runs.family(model).name,
            "baseline": self.runs.family(model).baseline,
            "luck": self.runs.family(model).luck(self.runs.config.models[model]),
            "unit": self.inputs.unit(model),
            "miniature": self.runs.is_miniature(model),
            "pretrained": self.runs.pretrained(model),
            **files,
        }

    # --- of a task ---

    def compared_runs(self, task: Task, runs: Sequence[Run]) -> list[dict[str, Any]]:
        """Description of each run for the comparison, with the paths of its files."""
        return [self._described(run, self._compared(run)) for run in runs]

    def compared_files(self, task: Task, runs: Sequence[Run]) -> list[str]:
        """All files that the comparison reads."""
        of_corpora = [path for row in self.corpora_of(task, runs) for key, path in row.items() if key != "name"]
        return unique([*(path for run in runs for path in self._compared(run).values()), *of_corpora])

    def corpora_of(self, task: Task, runs: Sequence[Run]) -> list[dict[str, str]]:
        """The task's corpora with the files that its comparison and its section read."""
        names = unique(corpus for corpus, _, _ in runs)
        files = {name: task.of_corpus(self.runs.config.corpora[name]) for name in names}
        return [{"name": name, **{key: self._paths.corpus(file, name) for key, file in files[name].items()}} for name in names]

    def histories(self, task: Task, runs: Sequence[Run]) -> list[dict[str, Any]]:
        """Corpus, model and seed of each run, with the path of its history."""
        return [{"corpus": c, "model": m, "seed": s, "path": self._paths.of_run("history.csv", (c, m, s))} for c, m, s in runs]

    def tables(self, task: Task) -> dict[str, str]:
        """The paths of the task's tables by name."""
        return {name: self._paths.table(name, folder=self.folder) for name in task.tables}

    def latex(self, task: Task) -> dict[str, str]:
        """The paths of the task's tables in LaTeX, by name."""
        return {f"{name}_tex": self._paths.table(name, "tex", self.folder) for name in task.latex}

    def figures(self, task: Task) -> dict[str, str]:
        """The paths of the task's figures by name."""
        return {name: self._paths.figure(name, self.folder) for name in task.figures}

    # --- of the page ---

    def sections(self, runs: Sequence[Run]) -> dict[str, Any]:
        """Arguments of each task's section of the page: its runs and its corpora, each with the files that it shows."""
        sections = {}
        for task in self.runs.tasks(runs):
            own = self.runs.of_task(task, runs)
            shown = [self._described(run, self._shown(run)) for run in own]
            sections[task.name] = {"runs": shown, "corpora": self._shown_corpora(task, own)}
        return sections

    def _shown_corpora(self, task: Task, runs: Sequence[Run]) -> list[dict[str, str]]:
        """The task's corpora with the files that its section reads, and the sources of the further files shown."""
        further: dict[str, dict[str, str]] = {}
        for run in runs:
            found = self._further(run)
            further.setdefault(run[0], {}).update(found.of_corpus if found.shown else {})
        return [row | further[row["name"]] for row in self.corpora_of(task, runs)]

    def shown_files(self, runs: Sequence[Run]) -> list[str]:
        """All files that the sections read besides tables and figures."""
        own = [path for run in runs for path in self._shown(run).values()]
        tasks = self.runs.tasks(runs)
        rows = [row for task in tasks for row in self._shown_corpora(task, self.runs.of_task(task, runs))]
        return unique([*own, *(path for row in rows for key, path in row.items() if key != "name")])

    def tables_and_figures(self, runs: Sequence[Run]) -> dict[str, str]:
        """The tables and figures of the page, by their names in it, for the tasks that occur among the runs."""
        found: dict[str, str] = {}
        for task in self.runs.tasks(runs):
            found |= self.tables(task) | {f"{name}_figure": path for name, path in self.figures(task).items()}
        if self.manifests(runs):
            found["pretrained_models"] = self._paths.table("pretrained_models", folder=self.folder)
        return found

    def tables_of_searches(self, runs: Sequence[Run]) -> list[str]:
        """The tables of the tasks of the runs whose settings are searched."""
        searched = [run for run in runs if self.runs.searching_rule(run[1])]
        return [path for task in self.runs.tasks(searched) for path in self.tables(task).values()]

    def manifests(self, runs: Sequence[Run]) -> list[str]:
        """The manifests of the runs' base models."""
        names = sorted({start for _, model, _ in runs if (start := self.runs.pretrained(model))})
        return [self._paths.pretrained("pretrained.json", name) for name in names]

    def models_by_pretrained(self, runs: Sequence[Run]) -> dict[str, list[str]]:
        """For each base model, by its name, the models of the runs that start from it."""
        found: dict[str, list[str]] = {}
        for model in unique(model for _, model, _ in runs):
            if start := self.runs.pretrained(model):
                found.setdefault(start, []).append(model)
        return found

    def corpora(self, runs: Sequence[Run]) -> list[dict[str, Any]]:
        """Each corpus with its statistics."""
        names = sorted({corpus for corpus, _, _ in runs})
        known = self.runs.config.corpora
        return [
            {"name": n, "kind": known[n].kind, "statistics": self._paths.corpus("statistics.json", n), "demo": known[n].demo}
            for n in names
        ]

    def statistics(self, runs: Sequence[Run]) -> list[str]:
        """The statistics of each corpus."""
        return [corpus["statistics"] for corpus in self.corpora(runs)]

    def experiments(self, runs: Sequence[Run]) -> list[dict[str, Any]]:
        """The experiments with those of their models and seeds that have a run among `runs`."""
        described = []
        for name, experiment in self.runs.config.experiments.items():
            found = [(m, s) for m in experiment.models for s in experiment.seeds if (experiment.corpus, m, s) in runs]
            if found:
                models, seeds = unique(m for m, _ in found), unique(s for _, s in found)
                described.append({"name": name, "corpus": experiment.corpus, "models": models, "seeds": seeds})
        return described

    def models(self, runs: Sequence[Run]) -> dict[str, dict[str, Any]]:
        """Each model's settings."""
        names = sorted({model for _, model, _ in runs})
        found = {name: self.runs.config.models[name].model_dump(exclude={"needs"}) for name in names}
        return {
            name: {key: value for key, value in one.items() if (key, value) != ("search", None)} for name, one in found.items()
        }

    def published(self, runs: Sequence[Run]) -> dict[str, str]:
        """The version of a report that each of the models repeats, where the config names one."""
        named = self.runs.config.published
        return {model: named[model] for model in unique(model for _, model, _ in runs) if model in named}

    def fingerprints(self, runs: Sequence[Run]) -> dict[str, str]:
        """Fingerprint of the code that made each run's model, by the run's name."""
        made_by = {model: self.runs.family(model).made_by(self.runs.config.models[model]) for _, model, _ in runs}
        return {f"{corpus} {model} seed {seed}": self.code_of(made_by[model]) for corpus, model, seed in runs}

    def title(self, runs: Sequence[Run]) -> str:
        """The page's title; for a report so far with the number of its runs."""
        title = self.runs.config.title
        return f"{title}: {len(runs)} of {len(self.runs.all)} runs" if self.so_far else title


def _follows(path: str, sources: Iterable[str]) -> bool:
    """Whether a file and all its sources exist, and no source is newer."""
    files = [Path(path), *map(Path, sources)]
    return all(file.exists() for file in files) and all(
        file.stat().st_mtime_ns <= files[0].stat().st_mtime_ns for file in files[1:]
    )


def unique(values: Iterable[Any]) -> list[Any]:
    """The values without duplicates, in order."""
    return list(dict.fromkeys(values))
