"""Input functions and params of the rules of corpora, derived from the config."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from verso.corpora.sources.file.part_names import files_below, parts_in
from verso.errors import VersoError
from verso.files import sha256_of
from verso.graph.paths import Paths, Run
from verso.graph.runs import Runs
from verso.registry import KIND, SOURCE
from verso.text.labels import Labels, are_ordered, taken_for_a_scale
from verso.text.units import unit_named

FETCHED = "scraped.jsonl"  # the documents fetched from a source on the web


@dataclass(frozen=True)
class SourceInputs:
    """Input functions and params of the rules of corpora. wildcards: corpus."""

    runs: Runs

    @property
    def _paths(self) -> Paths:
        return self.runs.paths

    def corpus(self, wildcards: Any) -> Any:
        """The corpus's entry in the config."""
        return self.runs.config.corpora[wildcards.corpus]

    def of_source(self, *types: str) -> str:
        """A regular expression for the corpora that come from these sources."""
        return self.runs.corpora(lambda corpus: corpus.source.type in types)

    def prepared_by(self, rule: str) -> str:
        """A regular expression for the corpora that a rule splits."""
        return self.runs.corpora(lambda corpus: KIND[corpus.kind].prepared_by == rule)

    def of_kind(self, *kinds: str) -> str:
        """A regular expression for the corpora of these kinds."""
        return self.runs.corpora(lambda corpus: corpus.kind in kinds)

    def kind(self, wildcards: Any) -> str:
        """The name of the corpus's kind."""
        return str(self.corpus(wildcards).kind)

    def _is_fetched(self, wildcards: Any) -> bool:
        return self._fetch_rule(wildcards.corpus) is not None

    def _fetch_rule(self, corpus: str) -> str | None:
        return SOURCE[self.runs.config.corpora[corpus].source.type].fetch_rule

    def file(self, wildcards: Any) -> Any:
        """A corpus's source as a file source; for a fetched one that of the fetched file."""
        source = self.corpus(wildcards).source
        return SOURCE[source.type].as_file(source, self._paths.corpus(FETCHED, wildcards.corpus))

    def path(self, wildcards: Any) -> str | list[str] | dict[str, str]:
        """The path of the source, those of its documents, or that of each part."""
        path: str | list[str] | dict[str, str] = self.file(wildcards).path
        return path

    def set_aside_in_fetching(self, wildcards: Any) -> list[str]:
        """File of the documents that fetching set aside, for the statistics."""
        return [self._paths.corpus("set_aside_scraping.jsonl", wildcards.corpus)] if self._is_fetched(wildcards) else []

    def read_in_fetching(self, wildcards: Any) -> list[str]:
        """Files that fetching itself reads; empty if they are missing (onstart then stops the run)."""
        source = self.corpus(wildcards).source
        return [path for path in SOURCE[source.type].reads(source).values() if Path(path).exists()]

    def fetched(self, wildcards: Any) -> dict[str, Any]:
        """The settings of a web source that determine its documents: a new rate limit does not fetch again."""
        corpus = self.corpus(wildcards)
        return SOURCE[corpus.source.type].decisive(corpus)

    def _all_files(self, wildcards: Any) -> list[Path]:
        source = self.file(wildcards)
        paths = list(map(Path, source.paths()))
        if isinstance(source.path, str) and hasattr(source, "splits") and paths[0].is_dir():
            try:
                parts = parts_in(paths[0], self.reading(wildcards))
            except VersoError:  # the reading will say what is wrong
                parts = {}
            paths = [*parts.values()] if parts and source.splits else [*paths, *parts.values()]
        found = dict.fromkeys(file for path in paths for file in (files_below(path, source.endings) if path.is_dir() else [path]))
        return [file for file in found if file.is_file()]

    def files(self, wildcards: Any) -> list[str]:
        """The source's files; empty if they are missing (onstart then stops the run)."""
        if self._is_fetched(wildcards):
            return [str(self.path(wildcards))]
        return [str(file) for file in self._all_files(wildcards) if _can_be_input(file)]

    def checksums_of_other_files(self, wildcards: Any) -> dict[str, str]:
        """Checksums of the source's files that cannot be inputs, so that their changes are detected too."""
        return {ascii(str(file)): sha256_of(file) for file in self._all_files(wildcards) if not _can_be_input(file)}

    def reading(self, wildcards: Any) -> dict[str, Any]:
        """The settings that determine which documents of the source are acquired, and how they are read."""
        corpus, source = self.corpus(wildcards), self.file(wildcards)
        kind = KIND[corpus.kind]
        settings = source.model_dump()
        if "fields" in settings:
            settings["fields"]["text"] = source.fields.text or kind.text_key
        else:  # documents that are files have no columns
            settings |= {"fields": {name: name for name in kind.columns}, "maximum_characters": None}
        settings |= {
            "kind": kind.name,
            "columns": list(kind.columns),
            "text_key": kind.text_key,
            "whole_files": corpus.whole_files,
        }
        return {**settings, **kind.reading(corpus)}

    def preparation(self, wildcards: Any) -> dict[str, Any]:
        """The part of a corpus's entry that determines its split: changes of other parts do not prepare it again."""
        corpus = self.corpus(wildcards)
        return KIND[corpus.kind].preparation(corpus)

    def minimum_count(self, wildcards: Any) -> int | None:
        """How often a token of the wildcard `unit` must occur in the training part; None for byte pairs: they spell all."""
        count: int | None = getattr(self.corpus(wildcards).minimum_count, unit_named(wildcards.unit).kind, None)
        return count

    def missing_for_fetching(self, corpus: str) -> list[str]:
        """What fetching a corpus needs and does not have (a token, a contact), a message each; nothing where it is fetched."""
        source = self.runs.config.corpora[corpus].source
        if self._fetch_rule(corpus) is None or Path(self._paths.corpus(FETCHED, corpus)).exists():
            return []
        return [f"corpora.{corpus}.source  {what}" for what in SOURCE[source.type].missing(source)]

    def notices(self) -> list[str]:
        """What a plan should say of the corpora of the experiments: whose labels are taken, or may be, for steps of a scale."""
        said = []
        for name in sorted({experiment.corpus for experiment in self.runs.config.experiments.values()}):
            corpus: Any = self.runs.config.corpora[name]
            if getattr(corpus, "ordered", False) is not None or not corpus.may_be_ordered():
                continue
            made = Path(self._paths.corpus("labels.json", name))
            labels = Labels.load(made).names if made.exists() else corpus.names_of_classes()
            if are_ordered(labels):
                said.append(f"corpora.{name}: {taken_for_a_scale(labels)}")
            elif not labels:
                unless = "they are taken for steps of a scale, unless you say `ordered: false`"
                said.append(f"corpora.{name}: if its labels are three numbers or more, {unless}")
        return said

    def exports(self, kind: str) -> dict[str, str]:
        """The files that a kind's corpora are exported to, by the keyword of the rule's output."""
        return {key: self._paths.corpus(name) for key, name in KIND[kind].exports.items()}

    def exports_of(self, *experiments: str) -> list[str]:
        """The files for other programs that these experiments' corpora are exported to."""
        names = sorted({self.runs.config.experiments[name].corpus for name in experiments})
        kinds = {name: KIND[self.runs.config.corpora[name].kind] for name in names}
        return [self._paths.corpus(file).format(corpus=name) for name in names for file in kinds[name].exports.values()]

    def acquired(self, names: Iterable[str]) -> list[str]:
        """Of these corpora what says that they were acquired."""
        return [self._paths.corpus("acquired.json", name) for name in names]

    def settled(self, runs: Iterable[Run]) -> list[str]:
        """What the checkpoints that these runs follow from write, as ancient inputs: see corpora.smk.

        A small file of each corpus that is part of them or of their base models, and the manifests of bases from elsewhere.
        """
        runs = list(runs)
        bases = {start for _, model, _ in runs if (start := self.runs.pretrained(model))}
        elsewhere = sorted(name for name in bases if self.runs.config.pretrained[name].type != "miniature")
        manifests = [self._paths.pretrained("pretrained.json", name) for name in elsewhere]
        return [*(self._paths.corpus("statistics.json", name) for name in self._corpora(runs)), *manifests]

    def _corpora(self, runs: Iterable[Run]) -> list[str]:
        """The names of the corpora that are part of these runs or of their base models."""
        found = {name for corpus, model, _ in runs for name in (corpus, self.runs.corpus_of_base(model)) if name is not None}
        return sorted(found)

    def settled_of_run(self, wildcards: Any) -> list[str]:
        """The same of one run."""
        return self.settled([(wildcards.corpus, wildcards.model, wildcards.seed)])

    def settled_of_base(self, wildcards: Any) -> list[str]:
        """The same of the run's base model alone, where the run itself reads parts of its own corpus."""
        name = self.runs.corpus_of_base(wildcards.model)
        return [self._paths.corpus("statistics.json", name)] if name not in (None, wildcards.corpus) else []

    def read_by(self, *experiments: str) -> list[str]:
        """The files of corpora that these experiments read, and those for other programs.

        As inputs of a target: after a failure Snakemake misses no file that nobody demands, and would call all of it done.
        """
        runs = self.runs.of_experiments(*experiments)
        of_runs = {self._paths.corpus(name, corpus) for corpus, model, _ in runs if (name := self.runs.vocabulary(model))}
        names = self._corpora(runs)
        fetched = [self._paths.corpus(FETCHED, name) for name in names if self._fetch_rule(name)]
        return [*fetched, *self.acquired(names), *self.settled(runs), *sorted(of_runs), *self.exports_of(*experiments)]

    def manner_of_fetching(self) -> dict[str, Any]:
        """How a web source is fetched, as resources, which re-run nothing; in integers, since Snakemake rounds them."""

        def of_source(setting: Any) -> Any:
            return lambda wildcards: setting(self.corpus(wildcards).source)

        return {
            "cache": of_source(lambda source: source.cache),
            "pause_ms": of_source(lambda source: round(1000 / source.requests_per_second)),
            "timeout_seconds": of_source(lambda source: source.timeout_seconds),
            "further_attempts": of_source(lambda source: source.retries),
            "maximum_page_bytes": of_source(lambda source: round(source.maximum_page_mb * 1e6)),
        }


def _can_be_input(file: Path) -> bool:
    """Whether Snakemake accepts the file name: braces ("{remix}.txt") are wildcards, and invalid UTF-8 breaks its records."""
    return str(file).isprintable() and not set("{}") & set(str(file))
