"""Published figures (resources/published.yaml): their types, and the versions of reports that a config names for its models."""

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, RootModel, ValidationError, field_validator, model_validator

from verso.contract import Fault
from verso.errors import VersoError
from verso.settings.base import Name, shipped
from verso.settings.raw import mapping, unknown

FILE = "resources/published.yaml"


class Entry(BaseModel):
    """Base of what the file holds: unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Text(Entry):
    """A text in both languages."""

    en: str = Field(min_length=1)
    es: str = Field(min_length=1)


class Place(Entry):
    """Where a figure stands. page: on which its section begins; None: a notebook has no pages. words: quoted from the report."""

    section: str
    page: int | None = Field(None, gt=0)
    words: str = Field(min_length=1)


class Ours(Entry):
    """Our measure of the same: a column of a table of the page, in the row of the model in which `where` holds.

    times: from the unit of the column to that of the figure. what: says how it differs from the figure, where it does.
    """

    table: str
    column: str
    where: dict[str, str] = Field(default_factory=dict)
    times: float = 1.0
    what: Text | None = None


class Figure(Entry):
    """One published figure. value: with the decimals that the report prints; a percentage as a share."""

    id: Name
    version: Name
    kind: Literal["result", "setting"] = "result"
    what: Text
    value: str = Field(pattern=r"^-?[0-9]+(\.[0-9]+)?$")
    unit: Literal["", "nats", "ms", "MB", "characters"] = ""
    places: list[Place] = Field(min_length=1)
    faults: list[Name] = Field(default_factory=list)
    ours: Ours | None = None


class Report(Entry):
    """A report and all figures in it. faults: what is wrong with figures, by the names that figures give."""

    title: str
    date: str
    about: Text
    versions: dict[Name, Text] = Field(min_length=1)
    faults: dict[Name, Text]
    figures: list[Figure] = Field(min_length=1)

    @field_validator("figures")
    @classmethod
    def _once(cls, figures: list[Figure]) -> list[Figure]:
        names = [figure.id for figure in figures]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"{', '.join(twice)} is there more than once")
        return figures

    @model_validator(mode="after")
    def _names_what_it_has(self) -> "Report":
        for figure in self.figures:
            if figure.version not in self.versions:
                raise ValueError(f"{figure.id}: {unknown(figure.version, 'version', self.versions)}")
            for fault in figure.faults:
                if fault not in self.faults:
                    raise ValueError(f"{figure.id}: {unknown(fault, 'fault', self.faults)}")
        if unused := self.faults.keys() - {fault for figure in self.figures for fault in figure.faults}:
            raise ValueError(f"no figure has the faults {', '.join(sorted(unused))}")
        return self


class Published(RootModel[dict[Name, Report]]):
    """The whole file."""

    @property
    def versions(self) -> dict[str, tuple[Report, str]]:
        """Each version of each report, by "report/version"."""
        return {f"{name}/{version}": (report, version) for name, report in self.root.items() for version in report.versions}


@cache
def read_published(path: str | Path) -> Published:
    """Read the file. Raises VersoError with every fault in it, or why it cannot be read."""
    try:
        return Published.model_validate(yaml.safe_load(Path(path).read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise VersoError(f"{path} cannot be read: {error}") from error
    except ValidationError as error:
        faults = [f"  {'.'.join(map(str, one['loc']))}  {one['msg'].removeprefix('Value error, ')}" for one in error.errors()]
        raise VersoError("\n".join([f"{path} has faults:", *faults])) from error


def faults_of_published(raw: Mapping[str, Any]) -> Iterator[Fault]:
    """Faults of the config's `published`: a model that is not defined, a version that no report has."""
    named, models = mapping(raw.get("published")), mapping(raw.get("models"))
    versions = read_published(shipped(FILE)).versions if named else {}
    for model, version in named.items():
        if model not in models:
            yield f"published.{model}", unknown(str(model), "model", models)
        if isinstance(version, str) and version not in versions:
            yield f"published.{model}", unknown(version, "version of a report", versions)
