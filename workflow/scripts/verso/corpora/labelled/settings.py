"""The sources of a labelled corpus (verso.config.file): a file or a folder, a dataset of the hub, or Steam's reviews."""

from datetime import date
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from verso.corpora.sources.file.labelled import LabelledFile
from verso.corpora.sources.file.settings import file_unless_said
from verso.corpora.sources.hub.settings import HubDataset
from verso.corpora.sources.steam.settings import SteamSource
from verso.text.labels import text_of, why_never_found


def as_label(value: Any) -> str:
    """A label of the config by the rule by which a file's are read: YAML reads 5, 5.0 and yes as numbers and truth."""
    if isinstance(value, date):
        raise ValueError(f'found a date; put the label in quotes, "{value}"')
    label = text_of(value)
    if value is None:
        raise ValueError('found null; must be a label: put one that is called null or ~ in quotes, "null"')
    if not isinstance(label, str) or not label:
        raise ValueError(f"found {value!r}; must be a label: a text or a number")
    return label


def _are_labels(value: Any) -> Any:
    if value is None:
        return None
    if isinstance(value, list):
        labels: Any = [as_label(label) for label in value]
        if twice := sorted({label for label in labels if labels.count(label) > 1}):
            alike = why_never_found(twice, ()) if any(isinstance(label, bool) for label in value) else ""
            raise ValueError(f"{', '.join(twice)} is listed more than once" + (f".{alike}" if alike else ""))
        classes = set(labels)
    elif isinstance(value, dict):
        if any(isinstance(name, bool) for name in value.values()):  # a source may hold true; a name is what the person wrote
            raise ValueError("a name is true or false." + why_never_found(["true"], ()))
        labels = {as_label(label): as_label(name) for label, name in value.items()}
        classes = set(labels.values())
    else:
        raise ValueError(f"found {value!r}; must be a list of labels, or of each label its name")
    if len(classes) < 2:
        raise ValueError("a classifier needs two classes or more")
    return labels


Label = Annotated[str, BeforeValidator(as_label)]
Labels = Annotated[list[str] | dict[str, str] | None, BeforeValidator(_are_labels)]


LabelledSource = Annotated[
    LabelledFile | HubDataset | SteamSource, Field(discriminator="type"), BeforeValidator(file_unless_said)
]
