"""The types of the config: every key described, unknown keys refused (verso.config_check reads a config into them).

Read by the Snakefile alone, so it imports nothing heavier than pydantic. The library gets plain dicts from it.
"""

from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from verso.config_causal_llm import CausalLLM
from verso.config_classifiers import Classifier
from verso.config_encoder import Encoder
from verso.config_labelled import LabelledSource, Labels, LanguageFilter, MinimumTokenCount
from verso.config_parts import Decoding, Name, Needs, Schedule, Settings, Share
from verso.config_pretrained import Pretrained
from verso.config_prompt import Prompt
from verso.config_sources import FileSource, Source


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


class MaximumTokens(Settings):
    """Longest continuation."""

    char: int = Field(600, gt=0, description="Longest continuation by a character model, in characters.")
    word: int = Field(150, gt=0, description="Longest continuation by a word model, in words.")
    subword: int = Field(256, gt=0, description="Longest text by a pretrained model, in its tokens.")


class GroupSampling(Settings):
    """What differs for one group (artist)."""

    prompts: list[str] | None = Field(None, min_length=1, description="Prompts of this group; null means the corpus's.")
    instructions: list[str] | None = Field(None, min_length=1, description="Instructions of this group; null means the corpus's.")
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
    instructions: list[str] = Field(
        ["You're a hip-hop artist, create song lyrics.\nWrite hip-hop lyrics in the style of {group}."],
        min_length=1,
        description="What a pretrained model is asked for, in turn, through its chat template; `{group}` is filled in.",
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

    split: Split = Field(default_factory=Split, description="Train, validation and test.")
    near_duplicates: NearDuplicates = Field(default_factory=NearDuplicates, description="What counts as the same text.")
    demo: bool = Field(False, description="A toy corpus: the report says that its numbers mean nothing beyond it.")


class TextCorpus(CorpusBase):
    """A corpus that a language model learns from."""

    source: Source = Field(description="Where the text comes from.")
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
    songs_per_artist: int | None = Field(
        None,
        ge=1,
        description="The first so many of each artist; null means all, and is not for `genius`.",
    )
    alpaca: Alpaca = Field(default_factory=Alpaca, description="The instruction records exported beside the texts.")

    @model_validator(mode="after")
    def _says_how_many_to_scrape(self) -> "SongsCorpus":
        if self.source.type == "genius" and self.songs_per_artist is None:
            raise ValueError(
                "songs_per_artist is missing: how many songs of each artist are to be taken from Genius? (the report: 100)"
            )
        return self


class ManualCorpus(TextCorpus):
    """One long text."""

    source: FileSource = Field(description="Where the text comes from.")
    kind: Literal["manual"] = Field(description="One long text; split by position, the test being its end.")

    @model_validator(mode="after")
    def _is_one_text(self) -> "ManualCorpus":
        ending = {"auto": Path(self.source.path).suffix.lower(), "txt": ".txt"}.get(self.source.format)
        if ending != ".txt":
            raise ValueError(f"a manual is one .txt file, found {self.source.path}")
        return self


class Probe(Settings):
    """A text that the user wrote to see what every classifier takes it for."""

    text: str = Field(min_length=1, description="The text.")
    label: str | int = Field(description="The label that is meant, one of the corpus's.")


class LabelledCorpus(CorpusBase):
    """Texts with a label."""

    source: LabelledSource = Field(description="Where the text comes from.")
    kind: Literal["labelled"] = Field(description="Texts with a label each; split by text, stratified by label.")
    probes: list[Probe] = Field(
        default_factory=list, description="Texts that the user wrote; the report shows what every model takes them for."
    )
    labels: Labels = Field(
        None,
        description="The labels in the order of their classes, or the source's and our names, as `{0: negative, 1: positive}`; "
        "rows with another are set aside. null: all that occur, numbers by size, others by name.",
    )
    ordered: bool | None = Field(
        None, description="Whether the labels are steps of a scale, as stars are; null: when there are three numbers or more."
    )
    texts_per_label: int | None = Field(
        None, ge=3, description="So many of each label, drawn by the split's seed; of given splits from train. null: all."
    )
    language: LanguageFilter | None = Field(None, description="Which languages stay; null: all.")
    minimum_count: MinimumTokenCount = Field(default_factory=MinimumTokenCount, description="What is rare enough to be unknown.")

    @model_validator(mode="after")
    def _probes_have_labels_of_the_corpus(self) -> "LabelledCorpus":
        names = self.names_of_labels()
        known = list(dict.fromkeys(names.values())) if names else []
        for place, probe in enumerate(self.probes):
            if known and str(probe.label) not in known:
                raise ValueError(f"probes[{place}].label is {probe.label!r}; this corpus has: {', '.join(known)}")
        return self

    def names_of_labels(self) -> dict[str, str] | None:
        """What each label of the source is called, in the order of the classes; None: as they are, all of them."""
        return {name: name for name in self.labels} if isinstance(self.labels, list) else self.labels


Corpus = Annotated[SongsCorpus | ManualCorpus | LabelledCorpus, Field(discriminator="kind")]


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


Model = Annotated[RecurrentLM | CausalLLM | Classifier | Encoder | Prompt, Field(discriminator="family")]


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
        "results",
        pattern=r"^[^{}]*[^{}/.][^{}]*$",
        description="Folder of all results; give each study that you want to keep its own.",
    )
    notify: str | None = Field(
        None,
        description="Shell command run when all is done or something failed; it finds VERSO_OUTCOME (finished, failed), "
        "VERSO_TITLE, VERSO_EXPERIMENTS and VERSO_REPORT in its environment.",
    )
    corpora: dict[Name, Corpus] = Field(description="Texts, by name.")
    pretrained: dict[Name, Pretrained] = Field(
        default_factory=dict, description="Pretrained models, by name: what models with a `pretrained` key start from."
    )
    models: dict[Name, Model] = Field(description="Recipes, by name.")
    experiments: dict[Name, Experiment] = Field(min_length=1, description="Comparisons, by name; each name is a target.")
