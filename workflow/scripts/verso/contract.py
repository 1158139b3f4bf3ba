"""What a family, a task, a kind of corpus and a source must bring; verso.registry lists those that there are.

Nothing but dataclasses and what they are made of: rules, config, needs, status and plan read them, and none imports torch.
docs/adding.md goes through each of them with an example.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, get_args

from verso.drafts import Draft, Found, Starter
from verso.settings.base import ModelSettings, Settings

Fault = tuple[str, str]  # path in the config, and what is wrong there
MODEL = "model/architecture.json"  # written last of a model, whatever its family
Configuration = Mapping[str, Any]  # config.json of a pretrained model, as transformers names its keys; empty: nothing is known


class CorpusSize(NamedTuple):
    """Size of the training part of a corpus; its vocabularies with their control tokens."""

    characters: int
    words: int
    vocabulary_char: int
    vocabulary_word: int
    documents: int = 1


class EvaluationSize(NamedTuple):
    """Size of the test part of a corpus; groups: artists, or labels."""

    characters: int
    groups: int
    documents: int = 1


class Estimate(NamedTuple):
    """What a training will take, without a margin. Memory in MB (10^6 bytes), vram_mb on the card where it has one."""

    seconds: float
    memory_mb: float
    vram_mb: float


class InferenceEstimate(NamedTuple):
    """What one job that loads a model and trains nothing will take; minutes is a generous limit."""

    memory_mb: float
    vram_mb: float
    minutes: int


@dataclass(frozen=True)
class Work:
    """One rule of a run: what `make status` and `make plan` call it, and what stands in the run's folder once it is done.

    seconds: expected time of a job that loads a pretrained model, from its entry, its configuration, the size of the test part
    and the corpus's settings; None: light work, which no plan counts. measured: file of a run that says what it took.
    resumable: the job saves what it has done, so it is warned before its time limit. request: of a job that grows with its model
    or corpus and gets no card, from its entry, the base's configuration, the sizes of the training and of the test part, and the
    corpus's settings; at least that of light work is requested.
    """

    doing: str
    result: str
    seconds: Callable[[Any, Configuration, EvaluationSize, Any], float] | None = None
    measured: str = ""
    resumable: bool = False
    request: Callable[[Any, Configuration, CorpusSize, EvaluationSize, Any], InferenceEstimate] | None = None


class FurtherFiles(NamedTuple):
    """Files of a run that some runs of a task have: those that its comparison reads, and those that its section shows.

    of_corpus: files of the run's corpus that they follow from, which the section reads with them.
    """

    compared: Mapping[str, str]
    shown: Mapping[str, str]
    of_corpus: Mapping[str, str]


class TrainedModel(NamedTuple):
    """The model of a finished run, as the commands that use one are given it.

    entry: its keys. folder: its model/. seed: its run's. corpus: folder of the prepared corpus that it learnt from. manifest:
    pretrained.json of its base model, None where it has none. cards: that it may compute on here, 0 or 1.
    """

    entry: Any
    folder: Path
    seed: int
    corpus: Path
    manifest: Path | None
    cards: int


class Prediction(NamedTuple):
    """What a classifier says of a text: a label's name ("": its reply was none), and each label's probability, if it has any."""

    label: str
    probabilities: Sequence[float]


class Writing(NamedTuple):
    """What a language model is to write: a text after each prompt, of so many tokens at most. seed: of the draws."""

    prompts: Sequence[str]
    most_tokens: int
    decoding: Mapping[str, float]
    seed: int


def nothing(*_: Any) -> Iterator[Any]:
    """No fault."""
    return iter(())


def no_file(_: Any) -> None:
    """No file."""
    return


def no_files(*_: Any) -> Mapping[str, str]:
    """No files."""
    return {}


def no_draft(_: Found) -> Draft | None:
    """No entry."""
    return None


def no_further_files(*_: Any) -> FurtherFiles:
    """No files."""
    return FurtherFiles({}, {}, {})


@dataclass(frozen=True)
class Family:
    """A kind of model. Its heavy modules are imported by its drivers alone.

    settings: its keys; the Literal of `family` is its name. task: the name of what it is compared at. kinds: of corpora that it
    can run on. made_by: rule (and driver) that makes the model of an entry; one that trains is called train_*, and its code is
    the run's fingerprint. works: its rules by name. model_files: files of an entry's model/ beside architecture.json.
    vocabulary: file of the corpus that an entry reads its tokens from; unit: what a token of a language model is. compared,
    shown: files of its runs beside its task's own; further: as of a task. undecisive: keys that cannot change its weights,
    besides needs and miniature. observed: columns of its history beside those of every training, by which a search may go.
    read_later: keys that decide its weights and that rules after the training read too, so that no search may choose them.
    estimate: of a training, from entry, size of the corpus and the base's configuration; inference: of a job that loads the
    base; None: light work. starts_from: what its `pretrained` must be, "causal_lm" or "masked_lm". baseline: of a baseline the
    key of its task's sentence about the models that do not beat it. luck: whether another seed can give an entry other scores:
    a verdict on its recipe then needs several seeds. faults: what is wrong with an entry on a corpus, (entry as the config says
    it, name of the corpus, its settings) -> messages. missing: files that an entry names and that cannot be read, as (key,
    message). predict: of a classifier, what it says of texts, each with an id. write: of a language model, rows such as those
    of samples.jsonl; prompted_by: the key of a corpus's `sampling` that holds what it is prompted by. All three are for `make
    predict` and `make write`, and import what they need when they are called. starters: small models for a first study.
    """

    settings: type[ModelSettings]
    task: str
    kinds: frozenset[str]
    made_by: Callable[[Any], str]
    works: Mapping[str, Work]
    model_files: Callable[[Any], tuple[str, ...]] = lambda entry: ("weights.safetensors",)
    vocabulary: Callable[[Any], str | None] = no_file
    unit: Callable[[Any], str | None] = no_file
    compared: Mapping[str, str] = field(default_factory=dict)
    shown: Mapping[str, str] = field(default_factory=dict)
    further: Callable[[Any, Any], FurtherFiles] = no_further_files
    undecisive: frozenset[str] = frozenset()
    observed: tuple[str, ...] = ()
    read_later: frozenset[str] = frozenset()
    estimate: Callable[[Any, CorpusSize, Configuration], Estimate] | None = None
    inference: Callable[[Any, Configuration], InferenceEstimate] | None = None
    starts_from: str | None = None
    baseline: str = ""
    luck: Callable[[Any], bool] = lambda entry: True
    faults: Callable[[Mapping[str, Any], str, Any], Iterator[str]] = nothing
    missing: Callable[[Any], Iterator[tuple[str, str]]] = nothing
    predict: Callable[[TrainedModel, Sequence[tuple[str, str]]], list[Prediction]] | None = None
    write: Callable[[TrainedModel, Writing], Iterator[Mapping[str, Any]]] | None = None
    prompted_by: str = "prompts"
    starters: tuple[Starter, ...] = ()

    @property
    def name(self) -> str:
        """As the config spells it."""
        return str(get_args(self.settings.model_fields["family"].annotation)[0])

    def trains(self, entry: Any) -> bool:
        """Whether an entry learns anything; else it is a base as it is."""
        return self.made_by(entry).startswith("train_")


@dataclass(frozen=True)
class Task:
    """What models are compared at. Its comparison, its figures and its section of the page are heavy: drivers import them.

    results: files of a finished run, beside model/architecture.json, each with the word that says it stands. compared, shown:
    files of each run that its comparison and its section of the page read. further: the same of some runs, (entry, corpus) ->
    FurtherFiles; a report of the runs so far does without them. of_corpus: files of a corpus that both read, from its settings.
    tables, latex, figures: what it writes. works: rules of a run that all its families share. headline: the few numbers that say
    how good a run is, by what they are called, from its scores.csv; `make history` shows them, and raises what reading it raises.
    """

    name: str
    results: Mapping[str, str]
    compared: Mapping[str, str]
    tables: tuple[str, ...]
    latex: tuple[str, ...]
    figures: tuple[str, ...]
    headline: Callable[[Path], Mapping[str, float]]
    shown: Mapping[str, str] = field(default_factory=dict)
    further: Callable[[Any, Any], FurtherFiles] = no_further_files
    of_corpus: Callable[[Any], Mapping[str, str]] = no_files
    works: Mapping[str, Work] = field(default_factory=dict)


@dataclass(frozen=True)
class Kind:
    """A kind of corpus.

    settings: its keys; the Literal of `kind` is its name. columns: the values of a document, "text" first; the second names the
    subfolders, where the source is a folder. prepared_by: rule that splits it; prepare: what its driver calls, for `make check`:
    (documents, settings, what acquiring set aside, outputs by name: the parts, statistics, set_aside, labels). text_key: column
    of the text where the config names none. reading: what of its settings decides which documents are acquired; preparation: what
    decides how they are split. exports: files for other programs, by the keyword of the rule's output; {corpus} is filled in.
    instruction: what a chat model is given for a document: {"instruction", "input"}. faults: (name of the corpus, its settings)
    -> faults that its types do not find. drafted: the entry of a corpus for a file, None where it holds no such corpus; wants:
    what such a file has.
    """

    settings: type[Settings]
    columns: tuple[str, ...]
    prepared_by: str
    prepare: Callable[[Path, Mapping[str, Any], Path, Mapping[str, Path]], None]
    reading: Callable[[Any], dict[str, Any]]
    preparation: Callable[[Any], dict[str, Any]]
    text_key: str = "text"
    exports: Mapping[str, str] = field(default_factory=dict)
    instruction: Callable[[Any], dict[str, str]] = lambda corpus: {"instruction": "", "input": ""}
    faults: Callable[[str, Any], Iterator[Fault]] = nothing
    drafted: Callable[[Found], Draft | None] = no_draft
    wants: str = ""

    @property
    def name(self) -> str:
        """As the config spells it."""
        return str(get_args(self.settings.model_fields["kind"].annotation)[0])


@dataclass(frozen=True)
class Source:
    """Where text comes from.

    name: as the config spells its `type`. fetch_rule: what fetches it on the login node, None where it lies in files. as_file:
    what acquiring reads of what was fetched, (its settings, path) -> settings of a file. decisive: what of a corpus decides which
    documents are fetched. reads: files that fetching itself reads, from its settings, by the key that names each. missing: what
    fetching needs besides and does not have (a token, a contact), from its settings: a message each that says how to give it.
    """

    name: str
    fetch_rule: str | None
    as_file: Callable[[Any, str], Any]
    decisive: Callable[[Any], dict[str, Any]] = lambda corpus: {}
    reads: Callable[[Any], Mapping[str, str]] = no_files
    missing: Callable[[Any], Iterator[str]] = nothing
