"""Input functions and params of the rules of runs, derived from the config."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from verso.graph.paths import Paths, Run
from verso.graph.runs import Runs
from verso.pretrained.folder import state_of_folder
from verso.registry import FAMILY, KIND
from verso.search.recipe import chosen, corners, recipe_of
from verso.settings.paths import without

# Keys that change no model's weights, in every family
NEVER_DECISIVE = {"needs", "miniature", "search"}


@dataclass(frozen=True)
class Inputs:
    """Input functions and params of the rules of runs. wildcards: corpus, model and seed of a run."""

    runs: Runs

    @property
    def _paths(self) -> Paths:
        return self.runs.paths

    def entry(self, wildcards: Any) -> Any:
        """The model's entry in the config."""
        return self.runs.config.models[wildcards.model]

    def entry_of(self, corpus: str, model: str) -> Any:
        """The model's entry, with what its search has found on a corpus; None while that is not known."""
        return chosen(self.runs.config.models[model], Path(self._paths.search("settings.json", corpus, model)))

    def entries_of(self, corpus: str, model: str) -> list[Any]:
        """The same alone; while it is not known, the entries at the ends of the model's space."""
        found, entry = self.entry_of(corpus, model), self.runs.config.models[model]
        return list(corners(entry, entry.epochs)) if found is None else [found]

    def settings_of(self, model: str) -> dict[str, Any]:
        """The model's settings, without the keys that cannot change its weights."""
        return self.decisive(self.runs.config.models[model])

    def decisive(self, entry: Any) -> dict[str, Any]:
        """The same of an entry."""
        return dict(entry.model_dump(exclude=NEVER_DECISIVE | FAMILY[entry.family].undecisive))

    # --- a search of settings ---

    def chosen(self, wildcards: Any) -> dict[str, str]:
        """The further input of a training whose settings are searched; to be unpacked, for other trainings have none."""
        if self.entry(wildcards).search is None:
            return {}
        return {"chosen": self._paths.search("settings.json", wildcards.corpus, wildcards.model)}

    def search(self, wildcards: Any) -> dict[str, Any]:
        """What a search tries and by what: all of the block that can change its outcome."""
        return recipe_of(self.entry(wildcards))

    def settings_of_trials(self, wildcards: Any) -> dict[str, Any]:
        """The settings that every trial has: the model's, without the keys that are searched, with the epochs of a trial."""
        entry = self.entry(wildcards)
        settings = without(self.settings_of(wildcards.model), entry.search.space)
        return {**settings, "epochs": entry.search.epochs or entry.epochs}

    def workers(self, wildcards: Any) -> list[str]:
        """What the workers of a search write."""
        numbers = range(1, self.entry(wildcards).search.workers + 1)
        return [self._paths.search(f"worker-{number}.json", wildcards.corpus, wildcards.model) for number in numbers]

    # --- of a run ---

    def settings(self, wildcards: Any) -> dict[str, Any]:
        """The same as a param: a change of another model's settings causes no training."""
        return self.settings_of(wildcards.model)

    def keys(self, *names: str) -> Any:
        """Param with these keys of the model's entry."""
        return lambda wildcards: self.entry(wildcards).model_dump(include=set(names))

    def vocabulary(self, wildcards: Any) -> str | list[str]:
        """Vocabulary file of the corpus that the model uses; empty where the family has its own tokens."""
        name = self.runs.vocabulary(wildcards.model)
        return self._paths.corpus(name, wildcards.corpus) if name else []

    def model_files(self, wildcards: Any) -> list[str]:
        """The files of the model beside architecture.json."""
        run = (wildcards.corpus, wildcards.model, wildcards.seed)
        names = self.runs.family(wildcards.model).model_files(self.entry(wildcards))
        return [self._paths.of_run(f"model/{name}", run) for name in names]

    def file_named_by(self, key: str) -> Any:
        """Input function: the file that this key of the model's entry names; only its content matters, not its path."""
        return lambda wildcards: getattr(self.entry(wildcards), key) or []

    def seed(self, wildcards: Any) -> int:
        """The run's seed."""
        return int(wildcards.seed)

    def threads(self, wildcards: Any) -> int:
        """Threads that the model's entry requests."""
        return int(self.entry(wildcards).needs.cpus)

    def unit(self, model: str) -> str | None:
        """The token unit of a language model; None for other models."""
        return self.runs.family(model).unit(self.runs.config.models[model])

    def sampling(self, wildcards: Any, requested_by: str) -> dict[str, Any]:
        """The same of a rule's wildcards."""
        return self.sampling_of(wildcards.corpus, wildcards.model, requested_by)

    def sampling_of(self, corpus_name: str, model: str, requested_by: str) -> dict[str, Any]:
        """The part of a corpus's sampling that the model reads: openings ("prompts") or "instructions", and its unit's limit."""
        corpus: Any = self.runs.config.corpora[corpus_name]
        settings = corpus.sampling.model_dump()
        other = {"prompts": "instructions", "instructions": "prompts"}[requested_by]
        del settings[other]
        for group in settings["groups"].values():
            del group[other]
        own = getattr(self.runs.config.models[model], "decoding", None)
        settings["decoding"] = own.model_dump() if own else settings["decoding"]
        kind = (self.unit(model) or "").partition("-")[0]  # of word-5000 the limit of words
        return {**settings, "max_tokens": {kind: corpus.sampling.max_tokens.of(kind)}}

    # --- models with a base model ---

    def manifest(self, wildcards: Any) -> str:
        """The manifest of the model's base model."""
        return self._paths.pretrained("pretrained.json", self.entry(wildcards).pretrained)

    def instruction(self, wildcards: Any) -> dict[str, str]:
        """Instruction and input of the prompt for a document of the corpus, for a chat model."""
        corpus = self.runs.config.corpora[wildcards.corpus]
        return KIND[corpus.kind].instruction(corpus)

    def merged(self, runs: Iterable[Run]) -> list[str]:
        """Additional outputs of the runs whose models set `merge`."""
        models: Mapping[str, Any] = self.runs.config.models
        return self._paths.of_runs("merged/config.json", [run for run in runs if getattr(models[run[1]], "merge", False)])

    # --- pretrained models themselves ---

    def manifests_of_hub(self, names: Iterable[str]) -> list[str]:
        """The manifests of the pretrained models among these that come from a hub."""
        known = self.runs.config.pretrained
        return [self._paths.pretrained("pretrained.json", name) for name in sorted(names) if known[name].type == "hub"]

    def settings_of_pretrained(self, wildcards: Any) -> dict[str, Any]:
        """The part of a pretrained model's entry that determines its files and their manifest."""
        entry = self.runs.config.pretrained[wildcards.pretrained]
        return entry.model_dump(exclude={"type", "configuration"} if entry.type == "hub" else {"type", "corpus", "needs"})

    def state_of_folder(self, wildcards: Any) -> str:
        """What names the state of a folder's files, by their sizes and times: where it is another, they are read anew."""
        entry: Any = self.runs.config.pretrained[wildcards.pretrained]
        return state_of_folder(entry)

    def corpus_of_miniature(self, name: str) -> Any:
        """Input function: the file `name` of the corpus on which a miniature is trained."""

        def path(wildcards: Any) -> str:
            entry: Any = self.runs.config.pretrained[wildcards.pretrained]
            return self._paths.corpus(name, entry.corpus)

        return path


def templates_in(folder: Path) -> list[str]:
    """The files of the page's templates; as relative paths where they are below the working directory."""
    files = sorted(folder.rglob("*.j2"))
    return [str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path) for path in files]
