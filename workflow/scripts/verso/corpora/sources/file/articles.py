"""What a source of articles calls its columns."""

from pydantic import Field

from verso.corpora.sources.file.settings import AnyFile
from verso.settings.base import Settings

# What may be known of an article besides text and title, and is kept with it
ORIGIN = ("url", "revision", "licence", "history", "changed")


class ArticleFields(Settings):
    """Names of the columns (CSV) or keys (JSON, JSON lines) that hold text and title, and where an article comes from."""

    text: str = Field("text", description="Holds the text.")
    title: str = Field("title", description="Holds the title; of a folder it is the file's name.")
    url: str | None = Field(None, description="Holds the address of the article's page; null: the file has no such column.")
    revision: str | None = Field(None, description="Holds the revision of the article that the text is of.")
    licence: str | None = Field(None, description="Holds the licence of the article's text, as `CC BY-SA 4.0`.")
    history: str | None = Field(None, description="Holds the address of the article's history, where its authors are named.")
    changed: str | None = Field(None, description="Holds what was changed of the text before, as `prose taken from wikitext`.")


class ArticlesFile(AnyFile):
    """Articles that lie in a file, or in a folder of .txt files, one an article."""

    fields: ArticleFields = Field(default_factory=ArticleFields, description="Where a row keeps text, title and origin.")
