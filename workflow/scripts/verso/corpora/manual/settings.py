"""The config's types of a corpus of kind `manual`: where its documents lie, and what is taken out of them."""

from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, field_validator, model_validator

from verso.corpora.sources.file.settings import refuse_other_sources
from verso.settings.base import PathOfFile, Settings

FORMATS = {
    ".txt": "txt",
    ".text": "txt",
    ".md": "markdown",
    ".markdown": "markdown",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".pdf": "pdf",
    ".json": "squad",
}
IN_FOLDERS = tuple(ending for ending, format_ in FORMATS.items() if format_ != "squad")


def format_by_name(name: str) -> str:
    """The format by a file's name, "" where it is unknown."""
    return FORMATS.get(Path(name).suffix.lower(), "")


class ManualFile(Settings):
    """Documents that lie in files: plain text, Markdown, HTML, PDF, or the passages of a file of questions in SQuAD's schema."""

    endings: ClassVar[tuple[str, ...]] = IN_FOLDERS

    type: Literal["file"] = Field("file", description="Documents that lie in files.")
    path: PathOfFile | Annotated[list[PathOfFile], Field(min_length=1)] = Field(
        description="A file, a folder (all its .txt, .md, .html and .pdf files, subfolders too), or a list of files."
    )
    format: Literal["auto", "txt", "markdown", "html", "pdf", "squad"] = Field(
        "auto", description="`auto` goes by the ending of each file: .txt, .md, .html, .pdf; a .json is read in SQuAD's schema."
    )
    encoding: str = Field(
        "auto", description="`auto`: UTF-8, UTF-16 with a mark or Windows-1252, as the file reads well; or a name, as `cp1251`."
    )
    mend_accents: bool = Field(
        True,
        description="Accents that a PDF keeps apart from their letters are put back, where the damage is systematic; counted.",
    )

    def paths(self) -> list[str]:
        """The files, or the folder."""
        return [self.path] if isinstance(self.path, str) else list(self.path)

    _is_a_file = model_validator(mode="before")(refuse_other_sources)

    @field_validator("path")
    @classmethod
    def _are_different(cls, value: Any) -> Any:
        if isinstance(value, list) and (twice := sorted({path for path in value if value.count(path) > 1})):
            raise ValueError(f"{', '.join(twice)} is listed more than once")
        return value

    @model_validator(mode="after")
    def _is_of_a_known_format(self) -> "ManualFile":
        for path in self.paths() if self.format == "auto" else ():
            ending = Path(path).suffix
            if ending and not format_by_name(path):  # no ending: a folder, which may not be there yet
                known = ", ".join(FORMATS)
                raise ValueError(
                    f"found {path}; a manual is text, Markdown, HTML or PDF ({known}), a folder of such, or a list of them: name "
                    "one, or its `format`"
                )
        return self


class ManualCleaning(Settings):
    """What is taken out of the documents; how often each was found is counted (docs/corpora/manual.md).

    White space always becomes usual in what language models read (verso.corpora.preparing.clean).
    """

    spaces: bool = Field(
        True, description="Runs of blanks within a line become one, but in blocks of code; indentation stays in cleaned.jsonl."
    )
    page_numbers: bool = Field(True, description="Page numbers are taken out, of documents in pages (PDF, text with form feeds).")
    running_headers: bool = Field(
        True, description="Lines that come again at the top or the foot of pages are taken out, of documents in pages."
    )
    contents: bool = Field(
        True,
        description="Tables of contents and indices are taken out: lines that lead to a page or a line, and lists of headings.",
    )
    dot_leaders: bool = Field(True, description="Four points or more in a row become a blank.")
    hyphenation: bool = Field(True, description="Words cut by a hyphen at the end of a line are joined, of documents in pages.")
