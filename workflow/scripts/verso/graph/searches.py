"""The searches of a config's models: what describes one, and what the page is given of it."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from verso.graph.inputs import NEVER_DECISIVE
from verso.graph.paths import Paths, Run
from verso.graph.runs import Runs, any_of
from verso.search.recipe import dimensions_of
from verso.search.tables import FIGURES

Searched = tuple[str, str]  # corpus, model


@dataclass(frozen=True)
class Searches:
    """The searches of the models of a config."""

    runs: Runs

    @property
    def _paths(self) -> Paths:
        return self.runs.paths

    def models(self) -> str:
        """A regular expression for the names of the models whose settings are searched."""
        return any_of(name for name in self.runs.config.models if self._is_searched(name))

    def of(self, runs: Iterable[Run]) -> list[Searched]:
        """The searches that runs follow from."""
        return sorted({(corpus, model) for corpus, model, _ in runs if self._is_searched(model)})

    def _is_searched(self, model: str) -> bool:
        return getattr(self.runs.config.models[model], "search", None) is not None

    def space(self, wildcards: Any) -> list[dict[str, Any]]:
        """The dimensions of a model's space, as JSON values."""
        return self._space(wildcards.model)

    def _space(self, model: str) -> list[dict[str, Any]]:
        return [dimension.as_json() for dimension in dimensions_of(self.runs.config.models[model])]

    def figures(self, corpus: str = "{corpus}", model: str = "{model}") -> dict[str, str]:
        """The paths of a search's figures by name."""
        return {name: self._paths.figure(f"search/{corpus}/{model}/{name}") for name in FIGURES}

    def _tables(self, corpus: str, model: str) -> dict[str, str]:
        names = {"trials": "trials.csv", "best": "best.json", "importances": "importances.csv"}
        return {key: self._paths.search(name, corpus, model) for key, name in names.items()}

    def files_of_page(self, folder: str) -> Callable[[Iterable[Run]], list[str]]:
        """Input function of the page in a folder: all files of the runs' searches that it reads, and the table of them."""

        def files(runs: Iterable[Run]) -> list[str]:
            own = [(self._tables(*one), self.figures(*one)) for one in self.of(runs)]
            read = [path for pair in own for files in pair for path in files.values()]
            return [*read, self._paths.table("searches", folder=folder)] if own else []

        return files

    def compared_files(self, runs: Iterable[Run]) -> list[str]:
        """The files that the table of all searches reads of each."""
        return [self._tables(*one)[name] for one in self.of(runs) for name in ("trials", "best")]

    def compared(self, runs: Iterable[Run]) -> list[dict[str, Any]]:
        """What the table of all searches is given of each (verso.search.overview)."""
        unread = {"untuned", "importances", "figures"}
        return [{name: value for name, value in one.items() if name not in unread} for one in self.shown(runs)]

    def shown(self, runs: Iterable[Run]) -> list[dict[str, Any]]:
        """What the page is given of each search of the runs (verso.search.section.summarise)."""
        return [self._shown(*one) for one in self.of(runs)]

    def _shown(self, corpus: str, model: str) -> dict[str, Any]:
        entry, space = self.runs.config.models[model], self._space(model)
        settings = entry.model_dump()
        return {
            "corpus": corpus,
            "model": model,
            "task": self.runs.family(model).task,
            "twin": self.twin(corpus, model),
            "space": space,
            "untuned": {dimension["path"]: _value_at(settings, dimension["path"]) for dimension in space},
            "cpus": entry.needs.cpus,
            "gpus": entry.needs.gpus,
            **self._tables(corpus, model),
            "figures": self.figures(corpus, model),
        }

    def twin(self, corpus: str, model: str) -> str | None:
        """The model of the same experiment that differs from a searched one by the search alone; None where there is none."""
        wanted = self._settings_of(model)
        for experiment in self.runs.config.experiments.values():
            if experiment.corpus == corpus and model in experiment.models:
                for other in experiment.models:
                    if not self._is_searched(other) and self._settings_of(other) == wanted:
                        return other
        return None

    def _settings_of(self, model: str) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.runs.config.models[model].model_dump(exclude=NEVER_DECISIVE)
        return found


def _value_at(settings: Any, path: str) -> Any:
    """The value at a path; None below a block that is missing."""
    for key in path.split("."):
        settings = settings.get(key) if isinstance(settings, Mapping) else None
    return settings
