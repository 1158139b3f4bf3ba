"""Shared by several families of classifiers: descriptions of keys, the rule that predicts, errors in the settings of heads."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import Field

from verso.contract import Work
from verso.settings.base import Schedule

CLASS_WEIGHTS = "`balanced`: texts are weighted inversely to their label's frequency, so that all labels weigh the same."
COLUMNS = ("validation_accuracy", "validation_f1_macro", "validation_f1_weighted")
CHOSEN_BY = "The validation score that chooses {}: accuracy, or the mean F1 of the labels, unweighted or weighted by their texts."

BestBy = Literal["f1_macro", "f1_weighted", "accuracy"]
Head = Annotated[
    Literal["softmax", "corn"],
    Field(description="`corn` (Shi et al. 2021): ordinal head, predicts whether the label is above each step of the scale."),
]


class ConstantSchedule(Schedule):
    """Learning-rate schedule."""

    name: Literal["constant", "plateau", "linear", "cosine"] = Field("constant", description="Shape of the schedule.")


def with_own_texts(rule: str, work: Work) -> dict[str, Work]:
    """The rule that predicts the test, and its variant that also predicts the user's own texts."""
    return {rule: work, f"{rule}_and_own_texts": work}


def faults_of_head(entry: Mapping[str, Any], corpus: str, settings: Any) -> Iterator[str]:
    """The error if a model's head does not suit a corpus (its name, its settings): an ordinal head needs ordered labels."""
    if entry.get("head") != "corn" or settings.may_be_ordered():
        return
    names = ", ".join(settings.names_of_classes())
    if settings.ordered is False:
        says, mend = "says ordered: false", ""
    else:
        says, mend = f"has {names}, which are no scale by themselves", ", or say ordered: true there"
    yield f"has head: corn, which is for labels on a scale, and corpora.{corpus} {says}; take head: softmax{mend}"
