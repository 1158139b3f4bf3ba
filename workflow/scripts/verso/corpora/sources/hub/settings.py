"""The config's type of a dataset of the Hugging Face hub."""

from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from verso.contract import Source
from verso.corpora.sources.file.labelled import Columns, LabelledFields, LabelledFile, Splits
from verso.names import fault_of_path, shown
from verso.settings.base import REPOSITORY, Settings


class HubDataset(Settings):
    """A dataset of the Hugging Face hub."""

    type: Literal["hub"] = Field(
        description="A dataset of the Hugging Face hub, fetched on the login node: docs/corpora/labelled.md."
    )
    repository: str = Field(description='`"owner/name"` on the hub.')
    revision: str = Field(
        min_length=1,
        description="A commit of 40 hexadecimal digits. A tag or branch works too, but may move: fetching stops when it has.",
    )
    configuration: str | None = Field(None, description="One of the dataset's configurations (subsets), where it has several.")
    fields: Columns = Field(default_factory=Columns, description="Its columns of text and label.")
    splits: Splits | None = Field(
        None, description="The hub's splits that are kept; null: `train`, `validation` and `test`, those that there are."
    )
    join: list[str] | None = Field(
        None,
        min_length=1,
        exclude_if=lambda names: names is None,  # so that a dataset of before is not fetched again
        description="The hub's splits that are read as one, of which the parts are drawn; null: its splits are kept.",
    )
    cache: str = Field("data/hub", min_length=1, description="Folder that keeps what was fetched, outside of results.")
    maximum_characters: int = Field(200_000, gt=0, description="A longer document is set aside with that reason.")

    @field_validator("repository")
    @classmethod
    def _is_owner_and_name(cls, value: str) -> str:
        if not REPOSITORY.fullmatch(value) or ".." in value or value.endswith(".git"):
            raise ValueError(f'"{value}" is no name of a dataset; it is "owner/name", as in its address on the hub')
        return value

    @field_validator("configuration")
    @classmethod
    def _is_one_name(cls, value: str | None) -> str | None:
        if value is not None and ("/" in value or fault_of_path(value)):
            raise ValueError(f"{shown(value)} is no name of a configuration; the dataset's page lists them")
        return value

    @model_validator(mode="after")
    def _keeps_its_splits_or_joins_them(self) -> Self:
        if self.join and self.splits:
            raise ValueError("join reads splits as one, and splits keeps them: leave one out")
        if self.join and len(set(self.join)) < len(self.join):
            raise ValueError(f"join names a split twice: {', '.join(self.join)}")
        if self.fields.group and not self.join:
            raise ValueError("fields.group keeps texts together where Verso draws the parts: say `join`")
        return self


def _as_file(source: HubDataset, path: str) -> LabelledFile:
    fields = LabelledFields(split=None if source.join else "split", group="group" if source.fields.group else None)
    return LabelledFile(path=path, fields=fields, maximum_characters=source.maximum_characters)


def _decisive(corpus: Any) -> dict[str, Any]:
    return dict(corpus.source.model_dump(include={"repository", "revision", "configuration", "fields", "splits", "join"}))


SOURCE = Source(name="hub", fetch_rule="fetch_dataset", as_file=_as_file, decisive=_decisive)
