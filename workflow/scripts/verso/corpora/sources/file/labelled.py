"""What a source of labelled texts calls its columns and its parts."""

from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, model_validator

from verso.corpora.parts import PARTS
from verso.corpora.sources.file.part_names import KNOWN
from verso.corpora.sources.file.settings import AnyFile
from verso.settings.base import Settings
from verso.text.labels import text_of


class Columns(Settings):
    """Names of the columns that hold text, label and group."""

    text: str = Field("text", description="Holds the text.")
    label: str = Field("label", description="Holds the label.")
    group: str | None = Field(
        None,
        exclude_if=lambda column: column is None,  # so that a corpus of before is read as before
        description="Holds what a text belongs to, as an author or a dialogue; texts of one group stay in one part.",
    )


class LabelledFields(Columns):
    """Names of the columns (CSV) or keys (JSON, JSON lines) that hold text, label and split."""

    split: str | None = Field(None, description="Holds the split that a row is of, where the source has such a column.")


def _as_name(value: Any) -> Any:
    """YAML reads 0 and yes as number and truth; a value of a column is text."""
    return value if isinstance(value, str) else text_of(value)


PartName = Annotated[str, BeforeValidator(_as_name)]


class Splits(Settings):
    """What the source calls its given splits: a column's value, a key of a JSON object, a file in the folder, a hub's split."""

    train: PartName = Field("train", description="What the source calls its training part.")
    validation: PartName | None = Field(None, description="The same of the validation part; null: it is taken out of train.")
    test: PartName | None = Field(None, description="The same of the test part; null: it is taken out of train.")

    @model_validator(mode="after")
    def _are_different(self) -> Self:
        named = [name for name in (self.train, self.validation, self.test) if name is not None]
        if len(set(named)) < len(named):
            raise ValueError(f"two parts are called the same: {', '.join(named)}")
        return self


def _is_beside(value: Any) -> bool:
    return isinstance(value, dict) and set(value) == {"text", "label"} and all(isinstance(path, str) for path in value.values())


def _by_part(value: Any) -> Any:
    """{train: a.csv, dev: b.csv} under our names of the parts; a place is a path, or {text: a.txt, label: b.txt}."""
    if not isinstance(value, dict) or _is_beside(value):
        return value
    parts = {name: KNOWN.get(str(name).lower()) for name in value}
    if unknown := [str(name) for name, part in parts.items() if part is None]:
        raise ValueError(
            f"{', '.join(unknown)} is no part; known: {', '.join(KNOWN)}; or text and label, of files beside each other"
        )
    if wrong := [str(name) for name, place in value.items() if not isinstance(place, str) and not _is_beside(place)]:
        raise ValueError(f"{', '.join(wrong)}: must be a path, or text and label, each the path of a file")
    if len(set(parts.values())) < len(parts) or "train" not in parts.values():
        raise ValueError(f"found {', '.join(map(str, parts))}; must name train, and validation and test once at most")
    if len({str(path) for path in value.values()}) < len(value):
        raise ValueError("two parts are one file")
    return {part: value[name] for part in PARTS for name in parts if parts[name] == part}


Paths = Annotated[str | dict[str, str | dict[str, str]], BeforeValidator(_by_part)]


class LabelledFile(AnyFile):
    """Labelled texts that lie in a file or a folder."""

    path: Paths = Field(  # type: ignore[assignment]  # one, or one a part
        description="The file, or a folder (label = subfolder); or that of each part, as `{train: a.csv, test: b.csv}`; in place "
        "of a file those of texts and of labels, line beside line, as `{text: a.txt, label: b.txt}`."
    )
    fields: LabelledFields = Field(default_factory=LabelledFields, description="Where a row keeps text and label.")
    splits: Splits | None = Field(
        None,
        description="What the source calls the parts that it gives; null: the usual names (train; validation, val, valid, dev, "
        "eval; test) of keys of a JSON object, values of the column `fields.split`, or files or folders in a folder.",
    )

    @model_validator(mode="after")
    def _names_its_parts_once(self) -> Self:
        if isinstance(self.path, dict) and (self.splits or self.fields.split):
            raise ValueError("path names files that have no other parts; leave out splits and fields.split")
        given = "path names files of parts" if isinstance(self.path, dict) and not _is_beside(self.path) else "splits are given"
        if self.fields.group and (self.splits or self.fields.split or given.startswith("path")):
            raise ValueError(f"fields.group keeps texts together where Verso draws the parts, and here {given}: leave one out")
        return self
