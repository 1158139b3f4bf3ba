"""The types of the config: every key described, unknown keys refused (verso.config.load reads a config into them).

Read by the Snakefile alone, so it imports nothing heavier than pydantic. The library gets plain dicts from it.
"""

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from verso.classification.baselines.family import Majority, Tfidf
from verso.classification.encoder.family import Encoder
from verso.classification.prompt.family import Prompt
from verso.classification.small_networks.family import RecurrentClassifier, TextCNN
from verso.corpora.labelled.kind import LabelledCorpus
from verso.corpora.manual.kind import ManualCorpus
from verso.corpora.songs.kind import SongsCorpus
from verso.language_modelling.causal_llm.family import CausalLLM
from verso.language_modelling.recurrent_lm.family import RecurrentLM
from verso.pretrained.settings import Pretrained
from verso.settings.base import Name, Settings

Corpus = Annotated[SongsCorpus | ManualCorpus | LabelledCorpus, Field(discriminator="kind")]
Model = Annotated[
    RecurrentLM | CausalLLM | RecurrentClassifier | TextCNN | Tfidf | Majority | Encoder | Prompt, Field(discriminator="family")
]


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
