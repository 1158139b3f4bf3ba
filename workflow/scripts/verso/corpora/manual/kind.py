"""The kind `manual`: documents of any length, as a manual is, in plain text, Markdown, HTML or PDF."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field

from verso.contract import Kind
from verso.corpora.manual.settings import ManualCleaning, ManualFile
from verso.corpora.settings import TextCorpus
from verso.drafts import Draft, Found


class ManualCorpus(TextCorpus):
    """One or many documents."""

    whole_files: ClassVar[bool] = True

    source: ManualFile = Field(description="Where the documents lie.")  # type: ignore[assignment]  # without columns
    kind: Literal["manual"] = Field(
        description="One or many documents. One or two are split by position (at line breaks, else blanks), the test being the "
        "end; three or more by document."
    )
    cleaning: ManualCleaning = Field(default_factory=ManualCleaning, description="What is taken out of the documents.")


def _preparation(corpus: Any) -> dict[str, Any]:
    settings: dict[str, Any] = corpus.model_dump(include={"split", "near_duplicates", "set_aside_limit", "cleaning"})
    return settings


def _prepare(documents: Path, settings: Mapping[str, Any], set_aside: Path, outputs: Mapping[str, Path]) -> None:
    from verso.corpora.manual.prepare import prepare_manual

    prepare_manual(documents, settings, set_aside, outputs)


def _drafted(found: Found) -> Draft | None:
    from verso.corpora.manual.drafting import drafted

    return drafted(found)


KIND = Kind(
    settings=ManualCorpus,
    columns=("text", "title"),
    prepared_by="prepare_manual",
    prepare=_prepare,
    drafted=_drafted,
    wants="long texts, each in a .txt, .md, .html or .pdf file",
    reading=lambda corpus: {},
    preparation=_preparation,
)
