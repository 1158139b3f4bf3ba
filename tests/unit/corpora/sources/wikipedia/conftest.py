"""A wiki, and how articles are fetched from it."""

import gzip
import json
from types import SimpleNamespace

import pytest
from wikipedia_server import WikipediaServer

from verso.corpora.sources.wikipedia.fetch import fetch_articles
from verso.display.reasons import reason
from verso.errors import VersoError
from verso.fetching.web import Web

SOURCE = {
    "language": "es", "articles": 6, "titles": None, "category": None, "depth": 0, "revisions": None, "seed": 42,
    "text": "wikitext", "list_titles": None, "stub_templates": None, "refresh": None, "minimum_characters": 500,
}  # fmt: skip


@pytest.fixture
def wiki():
    with WikipediaServer() as server:
        for number in range(1, 13):
            server.add(number)
        yield server


@pytest.fixture
def fetched(wiki, tmp_path):
    """Fetch with other settings; the articles, what was set aside, the summary, and the file of revisions."""
    place = {"articles": "scraped.jsonl", "set_aside": "aside.jsonl", "summary": "summary.json", "revisions": "revisions.csv"}
    outputs = {key: tmp_path / name for key, name in place.items()}

    def run(contact="ana@uni.mx", retries=2, cache="cache", pause=0.001, **changed):
        for path in outputs.values():
            path.unlink(missing_ok=True)
        if changed.keys() & {"titles", "revisions"}:
            changed = {key: str(value) if key == "revisions" else value for key, value in {"articles": None, **changed}.items()}
        web = Web(pause, timeout_seconds=1, retries=retries, maximum_bytes=1_000_000)
        fetch_articles({**SOURCE, "site": wiki.root, **changed}, contact, tmp_path / cache, web, outputs)
        rows = [[json.loads(line) for line in outputs[name].read_text().splitlines()] for name in ("articles", "set_aside")]
        english = {row["reason"] for row in rows[1] if reason(row["reason"], "es") == row["reason"]}
        assert not english, "reasons without Spanish words in verso.display.reasons"
        return SimpleNamespace(
            articles=rows[0], aside=rows[1], summary=json.loads(outputs["summary"].read_text()), revisions=outputs["revisions"]
        )

    def grow_old():
        """As if all that is cached were from last January."""
        for path in tmp_path.rglob("*.gz"):
            head, body = gzip.decompress(path.read_bytes()).split(b"\n", 1)
            with gzip.open(path, "wb") as stream:
                stream.write(json.dumps(json.loads(head) | {"date": "2026-01-01T12:00:00+00:00"}).encode() + b"\n" + body)

    run.outputs, run.grow_old = outputs, grow_old
    return run


@pytest.fixture
def reported(fetched):
    """The error that ends a fetching, and that it leaves no file."""

    def run(**options):
        with pytest.raises(VersoError) as caught:
            fetched(**options)
        assert not any(path.exists() for path in fetched.outputs.values())
        return str(caught.value)

    return run
