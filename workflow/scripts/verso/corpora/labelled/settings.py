"""The sources of a labelled corpus (verso.config.file): a file or a folder, a dataset of the hub, or Steam's reviews."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from verso.corpora.sources.file.labelled import LabelledFile
from verso.corpora.sources.file.settings import file_unless_said
from verso.corpora.sources.hub.settings import HubDataset
from verso.corpora.sources.steam.settings import SteamSource


def _as_text(value: Any) -> str:
    """YAML reads 5 and true as number and truth; a label is always text."""
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, str | int) or not str(value).strip():
        raise ValueError(f"found {value!r}; must be a label: a text or a whole number")
    return str(value)


def _are_labels(value: Any) -> Any:
    if value is None:
        return None
    if isinstance(value, list):
        labels: Any = [_as_text(label) for label in value]
        if twice := sorted({label for label in labels if labels.count(label) > 1}):
            raise ValueError(f"{', '.join(twice)} is listed more than once")
        classes = set(labels)
    elif isinstance(value, dict):
        labels = {_as_text(label): _as_text(name) for label, name in value.items()}
        classes = set(labels.values())
    else:
        raise ValueError(f"found {value!r}; must be a list of labels, or of each label its name")
    if len(classes) < 2:
        raise ValueError("a classifier needs two classes or more")
    return labels


Labels = Annotated[list[str] | dict[str, str] | None, BeforeValidator(_are_labels)]


LabelledSource = Annotated[
    LabelledFile | HubDataset | SteamSource, Field(discriminator="type"), BeforeValidator(file_unless_said)
]
