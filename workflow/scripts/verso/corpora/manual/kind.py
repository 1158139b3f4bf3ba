"""The config's type of a manual: one long text."""

from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from verso.corpora.settings import TextCorpus
from verso.corpora.sources.file.settings import FileSource


class ManualCorpus(TextCorpus):
    """One long text."""

    source: FileSource = Field(description="Where the text comes from.")
    kind: Literal["manual"] = Field(description="One long text; split by position, the test being its end.")

    @model_validator(mode="after")
    def _is_one_text(self) -> "ManualCorpus":
        ending = {"auto": Path(self.source.path).suffix.lower(), "txt": ".txt"}.get(self.source.format)
        if ending != ".txt":
            raise ValueError(f"a manual is one .txt file, found {self.source.path}")
        return self
