"""The block `search` of a model: which of its keys are tried, how often, by what.

verso.search.space reads the space; verso.search.faults finds what is wrong with it. Nothing here imports Optuna.
"""

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from verso.settings.base import Settings

LOSS = "validation_loss"  # a column of every history


class Search(Settings):
    """Hyperparameters that are searched on the validation part; the best trial's become the model's, and the test waits."""

    space: dict[str, Any] = Field(
        min_length=1,
        description="What is tried of each key of the model: `{from, to}`, with `step` or `log: true`, or a list of choices. A "
        "key within a block is named by its path, `schedule.warmup`.",
    )
    trials: int = Field(20, ge=1, description="Trials to finish, those that the pruner ended included. More of them continue.")
    epochs: int | None = Field(
        None, ge=1, description="Maximum number of epochs of a trial; null: the model's own, with which the winner trains."
    )
    by: str = Field(
        LOSS,
        description="The column of history.csv that is compared, at the weights that a trial would keep: a loss is best low, "
        "all else high.",
    )
    sampler: Literal["tpe", "random", "grid"] = Field(
        "tpe", description="What proposes settings: a tree of Parzen estimators (Bergstra et al. 2011), chance, or each in turn."
    )
    pruner: Literal["median", "hyperband", "none"] = Field(
        "median", description="What ends a trial early: being worse than the median of those before, Hyperband (Li et al. 2018)."
    )
    minutes: float | None = Field(
        None, gt=0, description="No trial begins once all of them have trained for so many minutes in sum."
    )
    seed: int = Field(1, ge=0, description="Seed of the sampler, and of each trial's training.")
    workers: int = Field(1, ge=1, description="Jobs at once on one search; a change of it tries nothing again.")
    max_retries: int = Field(
        1, ge=0, description="How often a trial whose worker was lost, or ran out of memory, is tried again."
    )

    @model_validator(mode="after")
    def _each_worker_has_a_trial(self) -> "Search":
        if self.workers > self.trials:
            raise ValueError(f"workers is {self.workers}, and there are {self.trials} trials: some would have nothing to do")
        return self


SearchOfModel = Annotated[
    Search | None, Field(description="Search of hyperparameters; null: the model has the settings that stand here.")
]


def higher_is_better(column: str) -> bool:
    """Whether the best value of a column of the history is its highest: of a loss, or of bits, it is the lowest."""
    return not any(word in column.split("_") for word in ("loss", "bits", "perplexity"))
