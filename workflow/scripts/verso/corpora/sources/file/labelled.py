"""What a source of labelled texts calls its columns and its parts."""

from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, model_validator

from verso.corpora.sources.file.settings import AnyFile
from verso.settings.base import Settings
from verso.text.labels import text_of


class Columns(Settings):
    """Names of the columns that hold text and label."""

    text: str = Field("text", description="Holds the text.")
    label: str = Field("label", description="Holds the label.")


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


class LabelledFile(AnyFile):
    """Labelled texts that lie in a file or a folder."""

    fields: LabelledFields = Field(default_factory=LabelledFields, description="Where a row keeps text and label.")
    splits: Splits | None = Field(
        None,
        description="Parts that the source gives and that are kept; null: `train`, `validation`, `test` of a JSON object or of "
        "the column `fields.split`, otherwise none.",
    )
