"""Paths of results: results/corpora/<corpus>/..., results/runs/<corpus>/<model>/seed-<seed>/..., tables, figures, logs.

Wildcards are in braces, as Snakemake expects them.
"""

from collections.abc import Iterable
from dataclasses import dataclass

Run = tuple[str, str, int]  # corpus, model, seed

RUN = "{corpus}/{model}/seed-{seed}"  # in the names of logs and benchmarks
SEARCH = "{corpus}/{model}/search"
WORKER = f"{SEARCH}/worker-{{worker}}"


@dataclass(frozen=True)
class Paths:
    """Paths below one results folder."""

    results: str

    @property
    def report(self) -> str:
        """The report page."""
        return f"{self.results}/report.html"

    @property
    def so_far(self) -> str:
        """Folder of the report of the runs that are finished."""
        return f"{self.results}/so_far"

    def corpus(self, name: str, corpus: str = "{corpus}") -> str:
        """A file of a corpus."""
        return f"{self.results}/corpora/{corpus}/{name}"

    def pretrained(self, name: str, pretrained: str = "{pretrained}") -> str:
        """A file of a pretrained model."""
        return f"{self.results}/pretrained/{pretrained}/{name}"

    def run(self, name: str) -> str:
        """A file of a run."""
        return f"{self.results}/runs/{RUN}/{name}"

    def search(self, name: str, corpus: str = "{corpus}", model: str = "{model}") -> str:
        """A file of the search of a model's settings on a corpus."""
        return f"{self.results}/runs/{corpus}/{model}/search/{name}"

    def of_run(self, name: str, run: Run) -> str:
        """The file `name` of one run."""
        corpus, model, seed = run
        return f"{self.results}/runs/{corpus}/{model}/seed-{seed}/{name}"

    def of_runs(self, name: str, runs: Iterable[Run]) -> list[str]:
        """The file `name` of each run."""
        return [self.of_run(name, run) for run in runs]

    def table(self, name: str, ending: str = "csv", folder: str = "") -> str:
        """A table, of all runs or in the folder of the report so far (`folder`)."""
        return f"{folder or self.results}/tables/{name}.{ending}"

    def figure(self, name: str, folder: str = "") -> str:
        """A figure, of all runs or in the folder of the report so far (`folder`)."""
        return f"{folder or self.results}/figures/{name}.svg"

    def log(self, rule: str, wildcards: str = "") -> str:
        """The log of a rule's jobs."""
        return f"{self.results}/logs/{rule}/{wildcards or 'all'}.log"

    def benchmark(self, rule: str, wildcards: str = "") -> str:
        """Snakemake's benchmark file of a rule's jobs."""
        return f"{self.results}/benchmarks/{rule}/{wildcards or 'all'}.tsv"
