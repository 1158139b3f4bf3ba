"""The config's types that corpora of several kinds share."""

from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field

from verso.corpora.sources.file.settings import FileSource, file_unless_said
from verso.corpora.sources.genius.settings import GeniusSource
from verso.settings.base import Decoding, Settings, Share


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
    shingle_words: int = Field(
        5, ge=1, description="Words in a shingle; of texts in Chinese, Japanese or Thai, twice as many characters."
    )
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
    subword: int = Field(256, gt=0, description="Longest text by a model of sub-words, pretrained or `unit: bpe`, in its tokens.")

    def of(self, kind: str) -> int:
        """That of a model whose tokens are of a kind: char, word, bpe or subword."""
        return {"char": self.char, "word": self.word}.get(kind, self.subword)


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
        description="Requests to a pretrained model through its chat template, used in turn; `{group}` is filled in.",
    )
    prime: Literal["group", "none"] = Field(
        "group",
        description="`group`: the model first reads one training document of the group, so that it knows whose manner is wanted.",
    )
    decoding: Decoding = Field(default_factory=Decoding, description="How tokens are drawn.")
    max_tokens: MaximumTokens = Field(default_factory=MaximumTokens, description="Longest continuation.")
    groups: dict[str, GroupSampling] = Field(default_factory=dict, description="What differs for one group (artist).")


class CorpusBase(Settings):
    """What every corpus has. whole_files: each of its files is read whole, a document or several of any length.

    attributed: exports/attribution.csv says where each document comes from and under which licence.
    """

    whole_files: ClassVar[bool] = False
    attributed: ClassVar[bool] = False

    split: Split = Field(default_factory=Split, description="Train, validation and test.")
    near_duplicates: NearDuplicates = Field(default_factory=NearDuplicates, description="What counts as the same text.")
    set_aside_limit: float | None = Field(
        None,
        ge=0,
        le=1,
        description="Largest share of the source's rows that may be unusable; more stop the run. null: 0.02, or four rows. No "
        "label or artist may lose 3 times the share of another, and more than this.",
    )
    demo: bool = Field(False, description="A toy corpus: the report says that its numbers mean nothing beyond it.")


Source = Annotated[FileSource | GeniusSource, Field(discriminator="type"), BeforeValidator(file_unless_said)]


class TextCorpus(CorpusBase):
    """A corpus that a language model learns from."""

    source: Source = Field(description="Where the text comes from.")
    minimum_count: MinimumCount = Field(default_factory=MinimumCount, description="What is rare enough to be unknown.")
    scoring: Scoring = Field(default_factory=Scoring, description="How the test is scored.")
    sampling: Sampling = Field(default_factory=Sampling, description="Texts that models write.")
