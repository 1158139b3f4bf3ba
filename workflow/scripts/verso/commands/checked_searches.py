"""The searches of a config as `make check` shows them: how many trials of what, by how many workers, and the space in words."""

from collections.abc import Iterator

from verso.commands.terminal import counted, duration, printable
from verso.graph.runs import Runs
from verso.graph.search_needs import SearchRequests
from verso.graph.searches import Searches
from verso.search.recipe import dimensions_of
from verso.search.space import Dimension, as_label


def lines_of_searches(runs: Runs, requests: SearchRequests) -> Iterator[str]:
    """A few lines for each search, and an empty one. Nothing without any."""
    searches = Searches(runs)
    for corpus, model in searches.of(runs.all):
        entry = runs.config.models[model]
        search = entry.search
        epochs = counted(search.epochs or entry.epochs, "epoch")
        budget = "" if search.minutes is None else f", none begun after {search.minutes:g} minutes of training"
        wanted = requests.of_search_now(corpus, model, 1)
        cards = f", {counted(wanted['cards'], 'card')} with {wanted['vram_mb']:,} MB" if wanted["cards"] else ""
        took, most = (duration(wanted[name]) for name in ("expected_seconds", "bound_seconds"))
        yield f"search of {model} on {corpus}: {counted(search.trials, 'trial')} of at most {epochs}{budget}"
        yield f"  the best {search.by} wins; sampler {search.sampler}, pruner {search.pruner}"
        yield (
            f"  {counted(search.workers, 'worker')}, each {counted(entry.needs.cpus, 'thread')}, {wanted['mem_mb']:,} MB{cards}; "
            f"expected {took}, at most {most}"
        )
        dimensions = dimensions_of(entry)
        wide = max(len(dimension.path) for dimension in dimensions)
        yield from (printable(f"    {dimension.path:<{wide}}  {in_words(dimension)}") for dimension in dimensions)
        twin = searches.twin(corpus, model)
        yield (
            f"  whether it helps is tested against {twin}"
            if twin
            else "  no model of its experiment differs by the search alone, so whether it helps is not tested (docs/search.md)"
        )
        yield ""


def in_words(dimension: Dimension) -> str:
    """The values of a key: "8, 16, 32", "0.001 to 0.1, logarithmic", "50 to 500, every 50"."""
    if dimension.choices is not None:
        return ", ".join("null" if choice is None else str(as_label(choice)) for choice in dimension.choices)
    every = f", every {_number(dimension.step)}" if dimension.step not in (None, 1) else ""
    return f"{_number(dimension.low)} to {_number(dimension.high)}{', logarithmic' if dimension.log else every}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value == int(value) else f"{value:g}"
