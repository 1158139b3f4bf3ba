"""The sources of a labelled corpus (verso.config): a file or a folder, a dataset of the hub, or Steam's reviews."""

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, field_validator, model_validator

from verso.config_parts import Settings
from verso.config_pretrained import REPOSITORY
from verso.config_sources import AnyFile, Root, WebSource, file_unless_said

# As Steam's API spells them (https://partner.steamgames.com/doc/store/localization/languages); another is taken for none.
STEAM_LANGUAGES = Literal[
    "all", "arabic", "bulgarian", "schinese", "tchinese", "czech", "danish", "dutch", "english", "finnish", "french", "german",
    "greek", "hungarian", "indonesian", "italian", "japanese", "koreana", "norwegian", "polish", "portuguese", "brazilian",
    "romanian", "russian", "spanish", "latam", "swedish", "thai", "turkish", "ukrainian", "vietnamese",
]  # fmt: skip


def _as_text(value: Any) -> str:
    """YAML reads 5 and true as number and truth; a label is always text."""
    if isinstance(value, bool):
        return str(value).lower()
    if not isinstance(value, str | int) or not str(value).strip():
        raise ValueError(f"found {value!r}; must be a label: a text or a whole number")
    return str(value)


def _are_labels(value: Any) -> Any:
    if value is None:
        return None
    if isinstance(value, list):
        labels: Any = [_as_text(label) for label in value]
        if twice := sorted({label for label in labels if labels.count(label) > 1}):
            raise ValueError(f"{', '.join(twice)} is listed more than once")
        classes = set(labels)
    elif isinstance(value, dict):
        labels = {_as_text(label): _as_text(name) for label, name in value.items()}
        classes = set(labels.values())
    else:
        raise ValueError(f"found {value!r}; must be a list of labels, or of each label its name")
    if len(classes) < 2:
        raise ValueError("a classifier needs two classes or more")
    return labels


Labels = Annotated[list[str] | dict[str, str] | None, BeforeValidator(_are_labels)]


class Columns(Settings):
    """Names of the columns that hold text and label."""

    text: str = Field("text", description="Holds the text.")
    label: str = Field("label", description="Holds the label.")


class LabelledFields(Columns):
    """Names of the columns (CSV) or keys (JSON, JSON lines) that hold text, label and split."""

    split: str | None = Field(None, description="Holds the split that a row is of, where the source has such a column.")


class Splits(Settings):
    """What the source calls its given splits: a column's value, a key of a JSON object, a file in the folder, a hub's split."""

    train: str = Field("train", description="What the source calls its training part.")
    validation: str | None = Field(None, description="The same of the validation part; null: it is taken out of train.")
    test: str | None = Field(None, description="The same of the test part; null: it is taken out of train.")

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


class HubDataset(Settings):
    """A dataset of the Hugging Face hub."""

    type: Literal["hub"] = Field(description="A dataset of the Hugging Face hub, fetched on the login node (docs/labelled.md).")
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
    cache: str = Field("data/hub", min_length=1, description="Folder that keeps what was fetched, outside of results.")
    maximum_characters: int = Field(200_000, gt=0, description="A longer document is set aside with that reason.")

    @field_validator("repository")
    @classmethod
    def _is_owner_and_name(cls, value: str) -> str:
        if not REPOSITORY.fullmatch(value) or ".." in value or value.endswith(".git"):
            raise ValueError(f'"{value}" is no name of a dataset; it is "owner/name", as in its address on the hub')
        return value


class SteamSource(WebSource):
    """Reviews of games, by Steam's public API: label `positive` or `negative`."""

    type: Literal["steam"] = Field(description="Reviews from Steam, labelled `positive` or `negative` (docs/labelled.md).")
    apps: list[Annotated[int, Field(gt=0)]] = Field(
        min_length=1, description="Numbers of apps, as in their addresses on the store."
    )
    language: STEAM_LANGUAGES = Field(description="Language that the reviews are marked with.")
    positive: int = Field(ge=1, description="Positive reviews of each app, the newest first.")
    negative: int = Field(ge=1, description="Negative reviews of each app, the newest first.")
    cache: str = Field("data/steam", min_length=1, description="Folder that keeps all that was fetched, outside of results.")
    maximum_page_mb: float = Field(20.0, gt=0, description="A larger answer is not read to its end: fetching stops.")
    site: Root = Field("https://store.steampowered.com", description="Root of the API; another than Steam's is for tests.")

    @field_validator("apps")
    @classmethod
    def _named_once(cls, value: list[int]) -> list[int]:
        twice = {str(app) for app in value if value.count(app) > 1}
        if twice:
            raise ValueError(f"{', '.join(sorted(twice))} is listed more than once")
        return value


LabelledSource = Annotated[
    LabelledFile | HubDataset | SteamSource, Field(discriminator="type"), BeforeValidator(file_unless_said)
]


class LanguageFilter(Settings):
    """Which languages stay. Told from the text alone (py3langid); where that is unsure, as of a few words, the text stays."""

    keep: list[str] = Field(min_length=1, description="Codes of ISO 639-1, such as `es`; texts in others are set aside.")
    confidence: float = Field(0.8, gt=0, le=1, description="Probability of another language from which a text is set aside.")

    @field_validator("keep")
    @classmethod
    def _are_codes(cls, value: list[str]) -> list[str]:
        for code in value:
            if not (2 <= len(code) <= 3 and code.isascii() and code.isalpha() and code.islower()):
                raise ValueError(f'"{code}" is no code of a language; Spanish is es, English en (ISO 639-1)')
        return value


class MinimumTokenCount(Settings):
    """How often a token must occur in train to be in the vocabulary; rarer ones teach the model the unknown token."""

    token: int = Field(2, ge=1, description="Minimum count of a token.")
