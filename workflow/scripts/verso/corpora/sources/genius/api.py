"""Genius's API and pages: how to request them, by lyricsgenius's knowledge of them, and what is a whole answer."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import lyricsgenius

from verso.fetching.web import Answer, writable


class Client(lyricsgenius.Genius):
    """lyricsgenius's knowledge of the API; the requests are ours, for it looks at no status of a page and waits for no server."""

    def __init__(self, site: str, api: str, request: Any) -> None:
        super().__init__(access_token="added when it is sent")
        self.WEB_ROOT, self.PUBLIC_API_ROOT, self.API_ROOT = f"{site}/", f"{site}/api/", f"{api}/"
        self._request = request

    def _make_request(self, path: str, method: str = "GET", params_: Any = None, public_api: bool = False, **others: Any) -> Any:
        query = urlencode(sorted((key, value) for key, value in (params_ or {}).items() if value is not None))
        root = self.PUBLIC_API_ROOT if public_api else self.API_ROOT
        return self._request(f"{root}{path}?{query}", needs_token=not public_api)


def unwrapped(answer: Answer) -> dict[str, Any]:
    """What an answer of the API holds; nothing where it has no body."""
    if not answer.body:
        return {}
    return dict(json.loads(writable(json.dumps(json.loads(answer.body)["response"], ensure_ascii=False))))


def artists_in(answer: Mapping[str, Any]) -> dict[int, str]:
    """The artists among the hits of a search, by number, in the order of the answer."""
    found = {}
    for section in answer.get("sections") or []:
        for hit in section.get("hits") or []:
            result = hit.get("result") or {}
            if "artist" in (section.get("type"), hit.get("index"), result.get("_type")) and "name" in result:
                found[int(result["id"])] = str(result["name"])
    return found


def check_answer_of_api(body: bytes) -> None:
    """Raises ValueError for what is no answer of the API."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        raise ValueError("the answer is not JSON") from None
    if not isinstance(answer, dict) or not isinstance(answer.get("response"), dict):
        raise ValueError("the answer is JSON, but not the API's")


def check_whole_page(body: bytes) -> None:
    """Raises ValueError for a page without its end, of which a server's fault gave the beginning."""
    if b"</html>" not in body.lower():
        raise ValueError("the page has no end")
