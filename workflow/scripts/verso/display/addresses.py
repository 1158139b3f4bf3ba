"""Addresses from outside: which of them a page may link to."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit


def addresses_of(article: Mapping[str, Any]) -> dict[str, str]:
    """The addresses of an article and of its history that a page may link to."""
    return {name: web_address(article.get(name)) for name in ("url", "history")}


def web_address(value: str | None) -> str:
    """An address on the web as it was given; "" of anything else (`javascript:…`, a path, nothing): that is never linked to."""
    try:
        parts = urlsplit(value or "")
    except ValueError:  # a broken IPv6 address
        return ""
    return str(value) if parts.scheme.lower() in ("http", "https") and parts.hostname else ""
