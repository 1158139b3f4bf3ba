"""The config's types that sources on the web share."""

from datetime import date
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, field_validator

from verso.settings.base import Settings


def _is_a_root(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or value != f"{parts.scheme}://{parts.netloc}":
        raise ValueError(f"found {value!r}; must be a scheme and a host, such as https://genius.com")
    if parts.scheme == "http" and parts.hostname not in ("127.0.0.1", "localhost"):
        raise ValueError(f"{value} is not encrypted: others could read the token; take https://")
    return value


Root = Annotated[str, AfterValidator(_is_a_root)]


class WebSource(Settings):
    """What every source on the web has: how requests are sent, and what is kept of the answers."""

    refresh: date | None = Field(
        None, strict=False, description="A day, as 2026-11-22: what was fetched before is fetched again; null: nothing ever is."
    )
    requests_per_second: float = Field(1.0, gt=0, description="Most requests in a second.")
    timeout_seconds: int = Field(30, ge=1, description="Longest wait for one answer.")
    retries: int = Field(5, ge=0, description="Further attempts at a request that failed by a fault of server or line.")

    @field_validator("refresh")
    @classmethod
    def _is_over(cls, value: date | None) -> date | None:
        if value is not None and value > date.today():
            raise ValueError(f"{value} is yet to come: everything would be fetched again at every start; today is {date.today()}")
        return value
