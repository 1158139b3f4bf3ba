"""Threads and resources of all rules, those of searches among them; a change of them never re-runs a job."""

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from verso.graph.inputs import Inputs
from verso.graph.needs import DISK, Requests, moment_now
from verso.graph.paths import WORKER, Run
from verso.graph.runs import Runs, trying
from verso.needs import history, searching

FROM_ENTRY = ("workers", "max_retries", "trials")  # resources: how a search is done, and not what it finds, or for `make plan`
OF_TRAININGS = (
    "tensorboard",
    "mem_mb_per_cpu",
    *DISK,
)  # a worker's event files lie elsewhere; the others are computed of its own


class SearchRequests(Requests):
    """The resources of all rules; arguments as of Requests."""

    def __init__(self, runs: Runs, inputs: Inputs, site: Any, *, is_main: bool, say: Callable[[str], None]) -> None:
        super().__init__(runs, inputs, site, is_main=is_main, say=say)
        self._search = cache(self._of_search_at)

    def search(self) -> dict[str, Any]:
        """Requests of a worker of a search: of the largest model of its space, for its share of the trials."""
        names = [*(name for name in self.training() if name not in OF_TRAININGS), "bound_seconds"]
        found = {name: self._of_search(name) for name in names}
        of_entry = {name: self._from_entry(name) for name in FROM_ENTRY}
        return self._by_cpu({**found, **of_entry, "event_files": int(self._runs.config.tensorboard), **DISK})

    def longest_search_first(self, wildcards: Any) -> int:
        """Priority of a worker: all trainings of its model wait for it."""
        wanted = self.of_search_now(wildcards.corpus, wildcards.model, wildcards.worker)
        return int(wanted["expected_seconds"] * max(1, wanted["cards"]))

    def of_search_now(self, corpus: str, model: str, worker: Any, attempt: int = 1) -> dict[str, Any]:
        """All resources of one worker of a search."""
        return self._search(corpus, model, int(worker), attempt, moment_now())

    def _of_search(self, name: str) -> Any:
        def resource(wildcards: Any, attempt: int) -> Any:
            return self.of_search_now(wildcards.corpus, wildcards.model, wildcards.worker, attempt).get(name)

        return resource

    def _from_entry(self, name: str) -> Any:
        return lambda wildcards: getattr(self._inputs.entry(wildcards).search, name)

    def _of_search_at(self, corpus: str, model: str, worker: int, attempt: int, moment: int) -> dict[str, Any]:
        """moment: as of a training."""
        family, entry = self._runs.family(model), self._runs.config.models[model]
        rule = trying(family.made_by(entry))
        causes = self._causes(self._paths.log(rule, WORKER).format(corpus=corpus, model=model, worker=worker), attempt)
        size = history.corpus_size(Path(self._paths.corpus("", corpus)))
        return self._site_request(searching.of_worker(family, entry, size, causes, self._configuration(model)))

    def _must_fit(self, run: Run) -> None:
        corpus, model, _ = run
        if self._inputs.entry_of(corpus, model) is None:
            self.of_search_now(corpus, model, 1)
        super()._must_fit(run)
