"""The types of the config: every key described, unknown keys refused, every fault listed at once.

Read by the Snakefile alone, so it imports nothing heavier than pydantic. The library gets plain dicts from it.
"""

import difflib
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from verso.errors import VersoError

Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
Share = Annotated[float, Field(gt=0, lt=1)]

# Which corpora each family of models can learn from: language models any text, classifiers (later) what has labels.
KINDS_OF_FAMILY: dict[str, tuple[str, ...]] = {"recurrent_lm": ("songs", "manual")}


EXPONENT = re.compile(r"[+-]?\d+(\.\d*)?[eE][+-]?\d+")


class Settings(BaseModel):
    """Base of all parts of the config: unknown keys are refused, text is never taken for a number."""

    model_config = ConfigDict(extra="forbid", strict=True, validate_default=True)

    @model_validator(mode="before")
    @classmethod
    def _exponents_are_numbers(cls, values: Any) -> Any:
        """YAML 1.1 reads 2e-3 as text (it wants 2.0e-3); people write 2e-3."""
        if not isinstance(values, dict):
            return values
        return {
            key: float(value) if isinstance(value, str) and EXPONENT.fullmatch(value) and _holds_float(cls, key) else value
            for key, value in values.items()
        }


class Fields(Settings):
    """Names of the columns (CSV) or keys (JSON, JSON lines) that hold what a document needs."""

    text: str | None = Field(None, description="Holds the text; null means `lyrics` for songs, `text` otherwise.")
    artist: str = Field("artist", description="Holds the artist of a song.")
    title: str = Field("title", description="Holds the title.")
    label: str = Field("label", description="Holds the label of a labelled document.")


class FileSource(Settings):
    """Text that lies in a file or a folder."""

    type: Literal["file"] = Field("file", description="Text that lies in a file or a folder.")
    path: str = Field(description="The file, or for `txt` a folder (artist = subfolder, title = file name).")
    format: Literal["auto", "jsonl", "json", "csv", "txt"] = Field("auto", description="`auto` goes by the file's ending.")
    fields: Fields = Field(default_factory=Fields, description="Where a row keeps what a document needs.")
    maximum_characters: int = Field(
        200_000, gt=0, description="A longer document is set aside with that reason (a `manual`, being one long text, never is)."
    )


class Split(Settings):
    """How documents become train, validation and test. Near-duplicates always stay on one side."""

    test: Share = Field(0.2, description="Share of the documents held out for the test.")
    validation: Share = Field(0.1, description="Share of what is left after the test, held out to choose the best weights.")
    seed: int = Field(42, ge=0, description="Seed of the shuffle.")


class NearDuplicates(Settings):
    """Texts that share most of their word shingles (remixes, reprints), found by MinHash."""

    threshold: float = Field(
        0.7, gt=0, le=1, description="Jaccard similarity of word shingles from which two texts count as one."
    )
    shingle_words: int = Field(5, ge=1, description="Words in a shingle.")
    permutations: int = Field(128, ge=16, description="Length of a MinHash signature.")


class MinimumCount(Settings):
    """How often a token must occur in train to be in the vocabulary; rarer ones teach the model the unknown token."""

    char: int = Field(2, ge=1, description="Minimum count of a character.")
    word: int = Field(2, ge=1, description="Minimum count of a word.")


class Scoring(Settings):
    """How the test is scored: the same way for every model of the corpus."""

    state: Literal["carried", "reset"] = Field(
        "carried", description="What a model knows at the start of a document: all before it (`carried`) or nothing (`reset`)."
    )


class Decoding(Settings):
    """How the next token is drawn from a model's distribution."""

    temperature: float = Field(0.8, gt=0, description="Below 1 sharpens the distribution.")
    top_p: float = Field(0.9, gt=0, le=1, description="Draw from the smallest set of tokens that holds this much probability.")
    top_k: int = Field(0, ge=0, description="Draw from that many likeliest tokens; 0 means all.")
    repetition_penalty: float = Field(1.0, ge=1, description="Penalty of tokens seen before (CTRL's rule); 1 means none.")


class MaximumTokens(Settings):
    """Longest continuation."""

    char: int = Field(600, gt=0, description="Longest continuation by a character model, in characters.")
    word: int = Field(150, gt=0, description="Longest continuation by a word model, in words.")


class GroupSampling(Settings):
    """What differs for one group (artist)."""

    prompts: list[str] | None = Field(None, min_length=1, description="Prompts of this group; null means the corpus's.")
    temperature: float | None = Field(None, gt=0, description="Null means the corpus's.")
    top_p: float | None = Field(None, gt=0, le=1, description="Null means the corpus's.")
    top_k: int | None = Field(None, ge=0, description="Null means the corpus's.")
    repetition_penalty: float | None = Field(None, ge=1, description="Null means the corpus's.")


class Sampling(Settings):
    """Texts that every language model writes after training."""

    seed: int = Field(42, ge=0, description="Seed of the draws.")
    per_group: int = Field(3, ge=1, description="Samples for each group (artist).")
    prompts: list[str] = Field(
        ["[Verse 1]\n"], min_length=1, description="Openings, used in turn; they may hold line breaks and section tags."
    )
    prime: Literal["group", "none"] = Field(
        "group",
        description="`group`: the model first reads one training document of the group, so that it knows whose manner is wanted.",
    )
    decoding: Decoding = Field(default_factory=Decoding, description="How tokens are drawn.")
    max_tokens: MaximumTokens = Field(default_factory=MaximumTokens, description="Longest continuation.")
    groups: dict[str, GroupSampling] = Field(default_factory=dict, description="What differs for one group (artist).")


class CorpusBase(Settings):
    """What every corpus has."""

    source: FileSource = Field(description="Where the text comes from.")
    split: Split = Field(default_factory=Split, description="Train, validation and test.")
    near_duplicates: NearDuplicates = Field(default_factory=NearDuplicates, description="What counts as the same text.")
    demo: bool = Field(False, description="A toy corpus: the report says that its numbers mean nothing beyond it.")


class TextCorpus(CorpusBase):
    """A corpus that a language model learns from."""

    minimum_count: MinimumCount = Field(default_factory=MinimumCount, description="What is rare enough to be unknown.")
    scoring: Scoring = Field(default_factory=Scoring, description="How the test is scored.")
    sampling: Sampling = Field(default_factory=Sampling, description="Texts that models write.")


class Alpaca(Settings):
    """The instruction records that a chat model is tuned on."""

    instruction: str = Field("You are a hip-hop artist, helping people write lyrics.", description="Field `instruction`.")
    input: str = Field("Help me write a song in the style of {artist}.", description="Field `input`; `{artist}` is filled in.")

    @field_validator("input")
    @classmethod
    def _only_the_artist_is_filled_in(cls, value: str) -> str:
        try:
            value.format(artist="")
        except (KeyError, IndexError, ValueError):
            raise ValueError("must be a text in which {artist} is the only placeholder") from None
        return value


class SongsCorpus(TextCorpus):
    """Songs by several artists."""

    kind: Literal["songs"] = Field(description="Songs by several artists; split by song, stratified by artist.")
    songs_per_artist: int | None = Field(None, ge=1, description="The first so many of each artist; null means all.")
    alpaca: Alpaca = Field(default_factory=Alpaca, description="The instruction records exported beside the texts.")


class ManualCorpus(TextCorpus):
    """One long text."""

    kind: Literal["manual"] = Field(description="One long text; split by position, the test being its end.")


class LabelledCorpus(CorpusBase):
    """Texts with a label."""

    kind: Literal["labelled"] = Field(description="Texts with a label each; split by text, stratified by label.")


Corpus = Annotated[SongsCorpus | ManualCorpus | LabelledCorpus, Field(discriminator="kind")]


KINDS = ("songs", "manual", "labelled")


class Needs(Settings):
    """What a run asks of the machine; what is null is derived from the model."""

    cpus: int = Field(1, ge=1, description="Threads of the training.")
    gpus: int = Field(0, ge=0, le=1, description="Cards of the training; scoring and sampling take none.")
    vram_mb: int | None = Field(None, gt=0, description="Memory of the card that training must hold, in MB.")
    mem_mb: int | None = Field(None, gt=0, description="Main memory, in MB.")
    runtime: int | None = Field(None, gt=0, description="Time limit of the training, in minutes.")
    checkpoint_seconds: int = Field(
        60, ge=1, description="Time between two checkpoints, in seconds: what a killed training loses at most."
    )


class Schedule(Settings):
    """How the learning rate moves."""

    name: Literal["constant", "plateau", "linear", "cosine"] = Field("plateau", description="Shape of the learning rate.")
    factor: float = Field(0.5, gt=0, lt=1, description="`plateau`: what the rate is multiplied by.")
    patience: int = Field(2, ge=0, description="`plateau`: epochs without a better validation loss before that.")
    warmup: float = Field(0.0, ge=0, lt=1, description="Share of all steps in which the rate rises.")


class RecurrentLM(Settings):
    """A recurrent language model: embedding, recurrent layers, softmax."""

    family: Literal["recurrent_lm"] = Field(description="A recurrent language model.")
    cell: Literal["rnn", "lstm", "gru"] = Field(description="Elman network with tanh, LSTM or GRU.")
    unit: Literal["char", "word"] = Field(description="What a token is.")
    embedding: int = Field(128, ge=1, description="Size of a token's vector.")
    hidden: int = Field(256, ge=1, description="Size of a layer's state.")
    layers: int = Field(2, ge=1, description="Recurrent layers.")
    dropout: float = Field(0.3, ge=0, lt=1, description="Dropout between layers.")
    tie_weights: bool = Field(False, description="The output layer shares the embedding's weights.")
    softmax: Literal["plain", "adaptive"] = Field(
        "plain", description="`adaptive` (Grave et al. 2017) is about ten times faster when the vocabulary is large."
    )
    cutoffs: list[Annotated[int, Field(gt=0)]] = Field(
        [1000, 5000], min_length=1, description="`adaptive`: ranks at which the vocabulary is cut, rising."
    )
    objective: Literal["every_token", "last_token"] = Field(
        "every_token",
        description="`every_token`: loss at each position, state carried; `last_token`: the report's, one target a window.",
    )
    window: int = Field(100, ge=2, description="Tokens through which the gradient runs.")
    stride: int = Field(1, ge=1, description="`last_token`: tokens between the starts of two windows.")
    batch: int = Field(64, ge=1, description="Windows in a step.")
    epochs: int = Field(20, ge=1, description="Most passes over train.")
    optimiser: Literal["adam", "adamw"] = Field("adam", description="Optimiser.")
    learning_rate: float = Field(2e-3, gt=0, description="Highest learning rate.")
    weight_decay: float = Field(0.0, ge=0, description="Weight decay.")
    clip: float = Field(5.0, gt=0, description="Largest norm of the gradient.")
    schedule: Schedule = Field(default_factory=Schedule, description="How the learning rate moves.")
    early_stopping: int | None = Field(None, ge=1, description="Epochs without a better validation loss after which to stop.")
    minutes: float | None = Field(
        None, gt=0, description="Wall-clock budget of the training, in minutes; such a run cannot be repeated bit by bit."
    )
    miniature: bool = Field(False, description="A toy size: the report says so.")
    needs: Needs = Field(default_factory=Needs, description="What a run asks of the machine.")

    @model_validator(mode="after")
    def _fits_together(self) -> "RecurrentLM":
        if self.tie_weights and self.softmax == "adaptive":
            raise ValueError(
                "tie_weights goes with softmax: plain only (an adaptive softmax has no output vectors of equal size)"
            )
        if self.cutoffs != sorted(set(self.cutoffs)):
            raise ValueError(f"cutoffs must rise, found {self.cutoffs}")
        return self


Model = RecurrentLM  # becomes a union, told apart by `family`, with the second family


class Experiment(Settings):
    """Models compared on one corpus."""

    corpus: Name = Field(description="A corpus defined under `corpora`.")
    models: list[Name] = Field(min_length=1, description="Models defined under `models`.")
    seeds: list[Annotated[int, Field(ge=0)]] = Field([1], min_length=1, description="One run of each model a seed.")

    @field_validator("models", "seeds")
    @classmethod
    def _named_once(cls, value: list[Any]) -> list[Any]:
        twice = sorted({item for item in value if value.count(item) > 1})
        if twice:
            raise ValueError(f"{', '.join(map(str, twice))} is listed more than once")
        return value


class Config(Settings):
    """The whole config."""

    title: str = Field("Verso", description="Title of the report.")
    language: Literal["en", "es"] = Field("en", description="Language in which the report opens; it holds both.")
    results: str = Field(
        "results", min_length=1, description="Folder of all results; give each study that you want to keep its own."
    )
    corpora: dict[Name, Corpus] = Field(description="Texts, by name.")
    models: dict[Name, Model] = Field(description="Recipes, by name.")
    experiments: dict[Name, Experiment] = Field(min_length=1, description="Comparisons, by name; each name is a target.")


def load(raw: Mapping[str, Any], origin: str) -> Config:
    """Check the config `raw` that was read from the file(s) `origin`.

    Raises VersoError that lists every fault: its path, what was found, what would be right.
    """
    raw = {key: value for key, value in raw.items() if value is not None}
    faults: list[tuple[str, str]] = []
    config = None
    try:
        config = Config.model_validate(raw)
    except ValidationError as error:
        faults += [_fault(item) for item in error.errors()]
    faults += _dangling_names(raw)
    if faults or config is None:
        width = min(60, max(len(path) for path, _ in faults))
        count = "a fault" if len(faults) == 1 else f"{len(faults)} faults"
        raise VersoError("\n".join([f"{origin} has {count}:", *(f"  {path:<{width}}  {what}" for path, what in faults)]))
    return config


def _dangling_names(raw: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Faults of experiments that name what nobody defines, or a model that cannot run on the corpus's kind.

    Works on the raw values, so that these faults are listed even when others keep the config from being built.
    """
    corpora, models, experiments = (_mapping(raw.get(key)) for key in ("corpora", "models", "experiments"))
    faults = []
    for name, experiment in experiments.items():
        experiment, path = _mapping(experiment), f"experiments.{name}"
        corpus = experiment.get("corpus")
        if isinstance(corpus, str) and corpus not in corpora:
            faults.append((f"{path}.corpus", _unknown(corpus, "corpus", corpora)))
        kind = _mapping(corpora.get(corpus)).get("kind") if isinstance(corpus, str) else None
        named = experiment.get("models")
        for position, model in enumerate(named if isinstance(named, list) else []):
            if isinstance(model, str) and model not in models:
                faults.append((f"{path}.models[{position}]", _unknown(model, "model", models)))
            family = _mapping(models.get(model)).get("family") if isinstance(model, str) else None
            runs_on = KINDS_OF_FAMILY.get(family) if isinstance(family, str) else None
            if runs_on and kind in KINDS and kind not in runs_on:
                what = f'"{model}" is a {family}, which cannot run on a corpus of kind {kind}; it can on: {", ".join(runs_on)}'
                faults.append((f"{path}.models[{position}]", what))
    return faults


def _holds_float(cls: type[BaseModel], key: str) -> bool:
    field = cls.model_fields.get(key)
    return field is not None and (field.annotation is float or float in get_args(field.annotation))


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _unknown(found: str, what: str, known: Mapping[str, Any]) -> str:
    near = difflib.get_close_matches(found, known, n=1)
    hint = f'did you mean "{near[0]}"? ' if near else ""
    return f'"{found}" is no {what}; {hint}known: {", ".join(sorted(known)) or "none"}'


def _fault(error: Any) -> tuple[str, str]:
    """Path and message of one pydantic error, for a person."""
    location, keys, tags = _walk(error["loc"])
    kind, found = error["type"], error.get("input")
    if kind == "extra_forbidden":
        near = difflib.get_close_matches(str(error["loc"][-1]), keys, n=1, cutoff=0.5)
        return location, "unknown key; " + (f'did you mean "{near[0]}"?' if near else f"known: {', '.join(sorted(keys))}")
    if kind == "missing":
        return location, "is missing"
    if kind in ("union_tag_not_found", "union_tag_invalid"):
        tag = error["ctx"]["discriminator"].strip("'")
        value = _mapping(found).get(tag)
        return f"{location}.{tag}", (
            "is missing" if value is None else f"found {value!r}"
        ) + f"; must be one of {', '.join(tags)}"
    if kind in ("model_type", "model_attributes_type", "dict_type"):
        return location, f"found {found!r}; must be a block of keys"
    if kind == "string_pattern_mismatch":
        return location, f"found {found!r}; a name is lower-case letters, digits, dots, dashes and underscores, at most 64"
    message = error["msg"].removeprefix("Value error, ").removeprefix("Input should be ")
    if kind == "value_error":
        return location, message
    return location, f"found {found!r}; must be {message}"


def _walk(loc: tuple[Any, ...]) -> tuple[str, list[str], list[str]]:
    """For pydantic's `loc`: a readable path (no union tags), the keys known beside its end, the tags of the union at its end."""
    path, annotation, keys = "", Config, [*Config.model_fields]
    for part in loc:
        if part == "[key]":
            continue
        inner, is_tag = _step(annotation, part)
        if not is_tag:
            path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else str(part)
            keys = [*annotation.model_fields] if _is_settings(annotation) else keys
        annotation = inner
    return path or "the file", keys, [tag for member in _members(annotation) for tag in _tags(member)]


def _step(annotation: Any, part: Any) -> tuple[Any, bool]:
    """The type that lies at `part` within `annotation`, and whether `part` only chose a member of a union."""
    if _is_settings(annotation):
        field = annotation.model_fields.get(part)
        return (field.annotation if field else None), False
    if get_origin(annotation) in (dict, list):
        return get_args(annotation)[-1], False
    members = [member for member in _members(annotation) if _is_settings(member)]
    chosen = [member for member in members if part in _tags(member)]
    if chosen:
        return chosen[0], True
    return _step(members[0], part) if members else (None, False)


def _is_settings(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _members(annotation: Any) -> tuple[Any, ...]:
    """The members of a union, without what Annotated wraps around it."""
    while get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    return (annotation,) if _is_settings(annotation) else get_args(annotation)


def _tags(member: Any) -> list[str]:
    """The values by which a union tells a member apart: that of its `kind`, `family` or `type`."""
    fields = member.model_fields if _is_settings(member) else {}
    found = [fields[key].annotation for key in ("kind", "family", "type") if key in fields]
    return [value for annotation in found for value in get_args(annotation)]


def missing_sources(config: Config) -> list[str]:
    """A line for each source that an experiment needs and that does not exist."""
    needed = {experiment.corpus for experiment in config.experiments.values()}
    return [
        f"corpora.{name}.source.path  {corpus.source.path} does not exist (looked from {Path.cwd()})"
        for name, corpus in config.corpora.items()
        if name in needed and not Path(corpus.source.path).exists()
    ]
