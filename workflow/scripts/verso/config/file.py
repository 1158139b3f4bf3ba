"""The types of the config: every key described, unknown keys refused (verso.config.load reads a config into them).

Read by the Snakefile alone, so it imports nothing heavier than pydantic. The library gets plain dicts from it.
"""

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from verso.pretrained.settings import Pretrained
from verso.registry import Corpus, Model
from verso.settings.base import Name, Settings


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


class History(Settings):
    """How much is kept of what earlier recipes of a run gave, so that going back to one trains nothing again."""

    recipes: int = Field(
        3, ge=0, description="So many recipes of each run beside the present one, the last used; 0 keeps nothing."
    )
    megabytes: int = Field(2000, ge=0, description="So much space for them beside each run, at most; the least used go first.")


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
        description="Shell command run when all is done, something failed or somebody stopped it; it finds VERSO_OUTCOME "
        "(finished, failed, stopped), VERSO_TITLE, VERSO_EXPERIMENTS and VERSO_REPORT in its environment.",
    )
    history: History = Field(
        default_factory=History, description="What earlier recipes of a run gave, kept beside it (`make history` lists it)."
    )
    tensorboard: bool = Field(
        False,
        description="Write event files for TensorBoard beside each training, while it runs: "
        "`tensorboard --logdir <results>/runs` shows them.",
    )
    published: dict[Name, str] = Field(
        default_factory=dict,
        description="Versions of reports, by the model that repeats them: `my-model: minigpt/first` shows the figures that "
        "`resources/published.yaml` has of that version beside the model's own.",
    )
    corpora: dict[Name, Corpus] = Field(description="Texts, by name.")
    pretrained: dict[Name, Pretrained] = Field(
        default_factory=dict, description="Pretrained models, by name: what models with a `pretrained` key start from."
    )
    models: dict[Name, Model] = Field(description="Recipes, by name.")
    experiments: dict[Name, Experiment] = Field(min_length=1, description="Comparisons, by name; each name is a target.")
