"""What several families of classifiers share: descriptions of keys, the rule that predicts, faults of their heads."""

from collections.abc import Iterator, Mapping
from typing import Any

from verso.contract import Work

CLASS_WEIGHTS = "`balanced`: the rarer a label, the more a text of it weighs, so that all labels weigh the same."
CHOSEN_BY = "Which F1 on the validation part chooses {}: the mean of the labels' or the mean weighted by their texts."


def with_own_texts(rule: str, work: Work) -> dict[str, Work]:
    """The rule that predicts the test, and its twin that predicts the texts that the user wrote as well."""
    return {rule: work, f"{rule}_and_own_texts": work}


def faults_of_head(entry: Mapping[str, Any], corpus: str, settings: Any) -> Iterator[str]:
    """What of a model's head does not go with a corpus (its name, its settings): an ordinal one wants labels on a scale."""
    if entry.get("head") != "corn" or settings.may_be_ordered():
        return
    names = ", ".join(settings.names_of_classes())
    if settings.ordered is False:
        says, mend = "says ordered: false", ""
    else:
        says, mend = f"has {names}, which are no scale by themselves", ", or say ordered: true there"
    yield f"has head: corn, which is for labels on a scale, and corpora.{corpus} {says}; take head: softmax{mend}"
