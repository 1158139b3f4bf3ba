"""The kind `manual`: one long text."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from verso.contract import Kind
from verso.corpora.settings import TextCorpus
from verso.corpora.sources.file.settings import FileSource
from verso.drafts import Draft, Found


class ManualCorpus(TextCorpus):
    """One long text."""

    one_text: ClassVar[bool] = True

    source: FileSource = Field(description="Where the text comes from.")
    kind: Literal["manual"] = Field(
        description="One long text; split by position (at line breaks, else blanks), the test being its end."
    )

    @model_validator(mode="after")
    def _is_one_text(self) -> "ManualCorpus":
        ending = {"auto": Path(self.source.path).suffix.lower(), "txt": ".txt"}.get(self.source.format)
        if ending != ".txt":
            raise ValueError(f"a manual is one .txt file, found {self.source.path}")
        return self


def _preparation(corpus: Any) -> dict[str, Any]:
    settings: dict[str, Any] = corpus.model_dump(include={"split", "near_duplicates"})
    return {**settings, "split": {**settings["split"], "method": "position"}}


def _prepare(documents: Path, settings: Mapping[str, Any], set_aside: Path, outputs: Mapping[str, Path]) -> None:
    from verso.corpora.preparing.texts import prepare

    prepare(documents, "manual", settings, set_aside, outputs)


def _drafted(found: Found) -> Draft | None:
    from verso.corpora.manual.drafting import drafted

    return drafted(found)


KIND = Kind(
    settings=ManualCorpus,
    columns=("text", "title"),
    prepared_by="prepare_corpus",
    prepare=_prepare,
    drafted=_drafted,
    wants="one long text in a .txt file",
    reading=lambda corpus: {},
    preparation=_preparation,
)
