"""A site like Genius on this machine, a token for it, and one call that scrapes it."""

import json

import pytest
from genius_server import TITLES, TOKEN, GeniusServer

from verso.corpora.sources.genius.fetch import scrape
from verso.fetching.web import Web


@pytest.fixture
def site():
    with GeniusServer() as server:
        server.add_artist(7, "Mara Quill", TITLES)
        yield server


@pytest.fixture(autouse=True)
def token(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)  # where no .env is
    for name in ("GENIUS_API_TOKEN", "GENIUS_ACCESS_TOKEN", "VERSO_TOKENS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GENIUS_API_TOKEN", TOKEN)


@pytest.fixture
def scraped(site, tmp_path):
    """Scrape, and the songs, the set aside and the summary that came of it."""

    def run(artists=("Mara Quill",), wanted=3, refresh=None, retries=2, maximum_bytes=1_000_000, **more):
        outputs = {
            "songs": tmp_path / "scraped.jsonl",
            "set_aside": tmp_path / "aside.jsonl",
            "summary": tmp_path / "summary.json",
        }
        web = Web(0.001, timeout_seconds=1, retries=retries, maximum_bytes=maximum_bytes)
        source = {"artists": list(artists), "songs_per_artist": wanted, "refresh": refresh, "site": site.root, "api": site.root}
        scrape(source | more, tmp_path / "cache", web, outputs)
        rows = [[json.loads(line) for line in outputs[name].read_text().splitlines()] for name in ("songs", "set_aside")]
        return *rows, json.loads(outputs["summary"].read_text())

    return run
