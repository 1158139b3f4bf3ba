"""A corpus read and prepared for `make check`: by the code that a run reads and prepares it with, into a temporary folder."""

import logging
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from verso.corpora.acquire import acquire
from verso.corpora.parts import PARTS
from verso.corpora.reading import FOLDER, rows_of
from verso.corpora.sources.file.part_names import paths_in
from verso.corpora.sources.file.readers import Row
from verso.errors import VersoError
from verso.files import read_json, read_json_lines
from verso.graph.paths import Paths
from verso.graph.source_inputs import SourceInputs
from verso.registry import KIND, SOURCE
from verso.text.vocabulary import build

LONGEST_NAME = 40  # characters of a column's name: where a file has no header, it is a text
OUTPUTS = {
    "statistics": "statistics.json",
    "labels": "labels.json",
    "set_aside": "set_aside_duplicates.jsonl",
    "cleaned": "cleaned.jsonl",
}


@dataclass(frozen=True)
class TrialPaths(Paths):
    """Paths of a study whose corpora lie in a folder of their own; all else is where it is."""

    corpora: Path = Path()

    def corpus(self, name: str, corpus: str = "{corpus}") -> str:
        """A file of a corpus that was tried."""
        return str(self.corpora / corpus / name)


@dataclass
class SetAside:
    """Rows of one reason: of which labels or artists, "" where that is not known; whether they are lost, or only not wanted."""

    first: str
    lost: bool
    groups: Counter[str] = field(default_factory=Counter)


@dataclass
class Trial:
    """What came of trying a corpus.

    path: what was read. columns: a line on what its columns are read as, where it has any. said: what acquiring and preparing had
    to say. fault: why a run would stop, "" where it would not. to_fetch: what a run would fetch before it could read anything.
    set_aside: by reason. statistics, labels: as a run writes them.
    """

    name: str
    path: str
    columns: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)
    fault: str = ""
    to_fetch: str = ""
    set_aside: dict[str, SetAside] = field(default_factory=dict)
    statistics: dict[str, Any] = field(default_factory=dict)
    labels: dict[str, Any] = field(default_factory=dict)


def tried(sources: SourceInputs, name: str, folder: Path, units: set[str]) -> Trial:
    """Acquire and prepare a corpus into folder/<name>, and count its vocabularies of these units.

    What was fetched from the web before is read; nothing is fetched.
    """
    wildcards, corpus = SimpleNamespace(corpus=name), sources.runs.config.corpora[name]
    path = sources.path(wildcards)
    paths = list(paths_in(path))
    trial = Trial(name, ", ".join(map(str, paths)))
    if SOURCE[corpus.source.type].fetch_rule is not None and not paths[0].exists():
        wanted = "; ".join(f"{key}: {_short(value)}" for key, value in sources.fetched(wildcards).items() if value is not None)
        trial.to_fetch = f"{corpus.source.type}: {wanted}"
        return trial
    own = folder / name
    own.mkdir(parents=True)
    aside = own / "set_aside.jsonl"
    earlier = [path for path in sources.set_aside_in_fetching(wildcards) if Path(path).exists()]
    outputs = {**{part: own / f"{part}.jsonl" for part in PARTS}, **{key: own / file for key, file in OUTPUTS.items()}}
    reading = sources.reading(wildcards)
    with suppress(VersoError), _heard():  # what it says, acquiring says again
        trial.columns = _columns(reading, paths[0])
    with _heard() as trial.said:
        try:
            acquire(reading, path, own / "documents.jsonl", aside, earlier)
            KIND[corpus.kind].prepare(own / "documents.jsonl", sources.preparation(wildcards), aside, outputs)
            for unit in sorted(units):
                minimum_count = sources.minimum_count(SimpleNamespace(corpus=name, unit=unit))
                build(outputs["train"], unit, minimum_count, own / f"vocab_{unit}.json")
        except VersoError as error:
            trial.fault = str(error)
    # As a run would say it
    trial.fault, *trial.said = (
        line.replace(f"{own}/", sources.runs.paths.corpus("", name)) for line in [trial.fault, *trial.said]
    )
    trial.set_aside = _set_aside(aside)
    for key in ("statistics", "labels"):
        setattr(trial, key, read_json(outputs[key]) if outputs[key].exists() else {})
    return trial


def _columns(reading: Mapping[str, Any], path: Path) -> list[str]:
    """What the columns of the first row are read as, and which are not read."""
    if reading["whole_files"]:
        return []
    row = next((row for row in rows_of(path, reading) if isinstance(row, Row)), None)
    if row is None:
        return []
    if FOLDER in row.values or (path.suffix.lower() == ".txt" and reading["format"] != "csv"):  # of lines, beside another
        return []
    named = {
        column: ours
        for ours in (*reading["columns"], *reading.get("origin", ()), "split")
        if (column := reading["fields"].get(ours))
    }
    read = [f"{column} ({ours})" if column != ours else column for column, ours in named.items() if column in row.values]
    rest = [str(column)[:LONGEST_NAME] or "one without a name" for column in row.values if column not in named]
    return [f"columns: {', '.join(read) or 'none that is read'}" + (f"; not read: {', '.join(rest)}" if rest else "")]


def _short(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


@contextmanager
def _heard() -> Iterator[list[str]]:
    """The lines that the library logs within the block."""
    lines: list[str] = []
    handler = logging.Handler(logging.INFO)
    handler.emit = lambda record: lines.append(record.getMessage())  # type: ignore[method-assign]
    logger = logging.getLogger("verso")
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield lines
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)


def _set_aside(path: Path) -> dict[str, SetAside]:
    found: dict[str, SetAside] = {}
    for row in read_json_lines(path) if path.exists() else ():
        own = found.setdefault(row["reason"], SetAside(row["where"], bool(row.get("lost"))))
        own.groups[row.get("group") or ""] += 1
    return dict(sorted(found.items(), key=lambda pair: -pair[1].groups.total()))
