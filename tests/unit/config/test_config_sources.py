"""Where a corpus may come from: what the config refuses of a source on the web, and how it says it."""

import copy
import datetime
from pathlib import Path

import pytest

from verso.config.load import load, missing_sources
from verso.corpora.sources.file.settings import Fields, FileSource
from verso.corpora.sources.genius.settings import GeniusSource
from verso.errors import VersoError

SOUND = {
    "corpora": {"songs": {"kind": "songs", "songs_per_artist": 100, "source": {"type": "genius", "artists": ["JAY-Z", 311]}}},
    "models": {"lstm-char": {"family": "recurrent_lm", "cell": "lstm", "unit": "char"}},
    "experiments": {"lyrics": {"corpus": "songs", "models": ["lstm-char"]}},
}
TOMORROW = datetime.date.today() + datetime.timedelta(days=2)


def of_file(path):
    raw = copy.deepcopy(SOUND)
    raw["corpora"]["songs"]["source"] = {"path": path}
    return load(raw, "x")


def loaded(source=None, **corpus):
    raw = copy.deepcopy(SOUND)
    raw["corpora"]["songs"]["source"] |= source or {}
    raw["corpora"]["songs"] |= corpus
    return load(raw, "x")


def test_a_source_on_the_web_is_slow_and_keeps_what_it_fetched_unless_configured_otherwise():
    source = loaded().corpora["songs"].source
    assert source.artists == ["JAY-Z", 311]  # a name, and a number of Genius's
    assert (source.requests_per_second, source.cache, source.refresh) == (1.0, "data/genius", None)
    assert (source.site, source.api) == ("https://genius.com", "https://api.genius.com")


def test_a_source_without_a_type_is_a_file_as_it_always_was():
    assert of_file("a.jsonl").corpora["songs"].source.type == "file"


def test_what_is_fetched_later_is_not_missing_now():
    assert missing_sources(loaded()) == []
    assert "nowhere.jsonl does not exist" in missing_sources(of_file("nowhere.jsonl"))[0]


@pytest.mark.parametrize("day", [datetime.date(2026, 11, 1), "2026-11-01"])
def test_a_day_may_be_written_with_or_without_quotes(day):
    assert loaded({"refresh": day}).corpora["songs"].source.refresh == datetime.date(2026, 11, 1)


@pytest.mark.parametrize(
    ("source", "corpus", "where", "what"),
    [
        ({"artists": ["A", "A"]}, {}, "source.artists ", "A is listed more than once"),
        ({"artists": ["A", " "]}, {}, "source.artists[1]", "must be an artist's name, or Genius's number of one"),
        ({"artists": [1.5]}, {}, "source.artists[0]", "found 1.5; must be an artist's name"),
        ({"artists": [True]}, {}, "source.artists[0]", "found True"),
        ({"artists": []}, {}, "source.artists", "at least 1 item"),
        ({"artist": "A"}, {}, "source.artist", 'did you mean "artists"?'),
        ({"type": "genios"}, {}, "source.type", "found 'genios' (did you mean \"genius\"?); must be one of file, genius"),
        ({"refresh": TOMORROW}, {}, "source.refresh", "is yet to come"),
        ({"refresh": "soon"}, {}, "source.refresh", "found 'soon'; must be a valid date"),
        ({"requests_per_second": 0}, {}, "source.requests_per_second", "must be greater than 0"),
        ({"site": "http://genius.com"}, {}, "source.site", "is not encrypted: others could read the token"),
        ({"api": "https://api.genius.com/"}, {}, "source.api", "must be a scheme and a host, such as https://genius.com"),
        ({"api": "https://me@api.genius.com?x"}, {}, "source.api", "must be a scheme and a host"),
        ({}, {"songs_per_artist": None}, "songs", "songs_per_artist is missing: how many songs of each artist"),
        ({}, {"kind": "manual"}, "source", "type genius is no source of a corpus of this kind; name a file"),
    ],
)
def test_a_fault_of_a_source_names_the_key_and_what_is_right(source, corpus, where, what):
    with pytest.raises(VersoError) as caught:
        loaded(source, **corpus)
    lines = [line for line in str(caught.value).splitlines() if what in line]
    assert lines, caught.value
    assert where in lines[0]


def test_every_key_of_a_source_is_described():
    kinds = [FileSource, GeniusSource, Fields]
    assert [name for kind in kinds for name, field in kind.model_fields.items() if not field.description] == []


def test_verso_s_own_files_are_found_from_any_working_directory(tmp_path, monkeypatch):
    """`snakemake -s .../Verso/workflow/Snakefile` elsewhere, or Verso as a module: the default prompt template was missing."""
    raw = {
        "corpora": {
            "songs": {"kind": "songs", "source": {"path": "resources/demo/songs.jsonl"}},
            "reviews": {"kind": "labelled", "source": {"path": "reviews.csv"}},
        },
        "pretrained": {
            "mistral": {"type": "hub", "repository": "owner/mistral", "revision": "main", "licence": "mit",
                        "configuration": "resources/architectures/mistral-7b-instruct-v0.3.json"}
        },
        "models": {"asked": {"family": "prompt", "pretrained": "mistral"}, "majority": {"family": "majority"}},
        "experiments": {"labels": {"corpus": "reviews", "models": ["asked", "majority"]}},
    }  # fmt: skip
    monkeypatch.chdir(Path(__file__).parents[3])
    here = load(raw, "a test")
    assert here.models["asked"].template == "resources/prompts/label.en.jinja", "as it was: no path, no reason to run again"
    monkeypatch.chdir(tmp_path)
    Path("reviews.csv").touch()
    found = load(raw, "a test")
    for path in (found.corpora["songs"].source.path, found.models["asked"].template, found.pretrained["mistral"].configuration):
        assert Path(path).is_file()
    assert missing_sources(found) == []
    own = tmp_path / "resources" / "demo" / "songs.jsonl"
    own.parent.mkdir(parents=True)
    own.touch()
    assert load(raw, "a test").corpora["songs"].source.path == "resources/demo/songs.jsonl", "the user's own file of that name"
    raw["corpora"]["songs"]["source"]["path"] = "resources/demo/none.jsonl"
    assert load(raw, "a test").corpora["songs"].source.path == "resources/demo/none.jsonl"
