"""What the config of a labelled corpus may say, and how it refuses the rest."""

import copy
import datetime

import pytest

from verso.config.load import load, missing_sources
from verso.corpora.labelled import kind, settings
from verso.corpora.sources.file import labelled as columns
from verso.corpora.sources.hub import settings as hub
from verso.corpora.sources.steam import settings as steam
from verso.errors import VersoError

FILE = {"path": "reviews.csv", "fields": {"text": "Review", "label": "Polarity"}}
STEAM = {"type": "steam", "apps": [203160], "language": "spanish", "positive": 100, "negative": 100}
HUB = {"type": "hub", "repository": "someone/reviews", "revision": "main"}
SOUND = {
    "corpora": {
        "songs": {"kind": "songs", "source": {"path": "songs.jsonl"}},
        "reviews": {"kind": "labelled", "source": FILE},
    },
    "models": {"lstm-char": {"family": "recurrent_lm", "cell": "lstm", "unit": "char"}},
    "experiments": {"lyrics": {"corpus": "songs", "models": ["lstm-char"]}},
}


def loaded(source=FILE, **corpus):
    raw = copy.deepcopy(SOUND)
    raw["corpora"]["reviews"] |= {"source": source, **corpus}
    return load(raw, "x").corpora["reviews"]


def test_the_defaults_are_the_reports():
    corpus = loaded()
    assert (corpus.split.test, corpus.split.validation, corpus.split.seed) == (0.2, 0.1, 42)  # 72 % / 8 % / 20 %
    assert corpus.minimum_count.token == 2
    assert (corpus.labels, corpus.ordered, corpus.language) == (None, None, None)


@pytest.mark.parametrize(
    ("labels", "names"),
    [
        ([1, 2, 3], {"1": "1", "2": "2", "3": "3"}),
        (["bad", "good"], {"bad": "bad", "good": "good"}),
        ({0: "negative", 1: "positive"}, {"0": "negative", "1": "positive"}),
        ({False: "negative", True: "positive"}, {"false": "negative", "true": "positive"}),
        ({1: "bad", 2: "bad", 3: "good"}, {"1": "bad", "2": "bad", "3": "good"}),
        (None, None),
    ],
)
def test_labels_are_a_list_or_the_names_that_they_get(labels, names):
    assert loaded(labels=labels).names_of_labels() == names


def test_a_source_on_the_web_is_slow_and_keeps_what_it_fetched():
    steam, hub = loaded(STEAM).source, loaded(HUB).source
    assert (steam.requests_per_second, steam.cache, steam.refresh) == (1.0, "data/steam", None)
    assert hub.cache == "data/hub"
    assert loaded(STEAM | {"refresh": "2026-11-01"}).source.refresh == datetime.date(2026, 11, 1)


def test_what_is_fetched_later_is_not_missing_now():
    raw = copy.deepcopy(SOUND)
    for source, missing in ((HUB, 0), (STEAM, 0), ({"path": "nowhere.csv"}, 1)):
        raw["corpora"]["songs"] = {
            "kind": "songs",
            "source": {"path": "tests/unit/config/test_config_labelled.py", "format": "txt"},
        }
        raw["corpora"]["reviews"]["source"] = source
        config = load(raw, "x")
        config.experiments["lyrics"].corpus = "reviews"
        assert len(missing_sources(config)) == missing


@pytest.mark.parametrize(
    ("source", "corpus", "where", "what"),
    [
        (FILE | {"fields": {"texto": "x"}}, {}, "source.fields.texto", 'did you mean "text"?'),
        (FILE | {"fields": {"artist": "x"}}, {}, "source.fields.artist", "unknown key"),
        ({"path": "reviews.xls"}, {}, "source", "pandas.read_excel('reviews.xls').to_csv('reviews.csv', index=False)"),
        ({"path": "reviews.html.gz"}, {}, "source", "path ends in .gz: name a folder, a file that ends in .jsonl"),
        (FILE | {"encoding": "latin-one"}, {}, "source.encoding", '"latin-one" is no encoding that Python knows'),
        (FILE | {"encoding": "base64"}, {}, "source.encoding", '"base64" is no encoding that Python knows'),
        (FILE | {"delimiter": ";;"}, {}, "source.delimiter", "must be one character"),
        (FILE | {"escape": '"'}, {}, "source.escape", "must be one character"),
        (FILE | {"header": "second"}, {}, "source.header", "must be 'first' or 'none'"),
        ({"type": "genius", "artists": ["A"]}, {}, "source.type", "found 'genius'; must be one of file, hub, steam"),
        (FILE | {"splits": {"train": "a", "test": "a"}}, {}, "source.splits", "two parts are called the same: a, a"),
        (FILE | {"splits": {"dev": "a"}}, {}, "source.splits.dev", "unknown key; known: test, train, validation"),
        (HUB | {"repository": "reviews"}, {}, "source.repository", 'it is "owner/name"'),
        (HUB | {"repository": "../x/y"}, {}, "source.repository", "is no name of a dataset"),
        ({"type": "hub", "repository": "a/b"}, {}, "source.revision", "is missing"),
        (STEAM | {"language": "castellano"}, {}, "source.language", "found 'castellano'"),
        (STEAM | {"apps": []}, {}, "source.apps", "at least 1 item"),
        (STEAM | {"apps": [5, 5]}, {}, "source.apps", "5 is listed more than once"),
        (STEAM | {"apps": ["5"]}, {}, "source.apps[0]", "must be a valid integer"),
        (STEAM | {"negative": 0}, {}, "source.negative", "greater than or equal to 1"),
        (STEAM | {"site": "http://store.steampowered.com"}, {}, "source.site", "is not encrypted"),
        (STEAM | {"refresh": datetime.date.today() + datetime.timedelta(2)}, {}, "source.refresh", "is yet to come"),
        (FILE, {"labels": ["1"]}, "reviews.labels ", "a classifier needs two classes or more"),
        (FILE, {"labels": {1: "x", 2: "x"}}, "reviews.labels ", "a classifier needs two classes or more"),
        (FILE, {"labels": [1, 2, 1]}, "reviews.labels ", "1 is listed more than once"),
        (FILE, {"labels": [1, ""]}, "reviews.labels ", "found ''; must be a label"),
        (FILE, {"labels": {1: "x", 2: ["y"]}}, "reviews.labels ", "found ['y']; must be a label"),
        (FILE, {"labels": 5}, "reviews.labels ", "found 5; must be a list of labels, or of each label its name"),
        (FILE, {"language": {"keep": []}}, "language.keep", "at least 1 item"),
        (FILE, {"language": {"keep": ["spanish"]}}, "language.keep", '"spanish" is no code of a language; Spanish is es'),
        (FILE, {"language": {"keep": ["es"], "confidence": 1.5}}, "language.confidence", "less than or equal to 1"),
        (FILE, {"minimum_count": {"word": 2}}, "minimum_count.word", "unknown key"),
        (FILE, {"sampling": {}}, "reviews.sampling", "unknown key"),
        (
            FILE,
            {"labels": [1, 2], "own_texts": [{"text": "x", "label": 3}]},
            "reviews",
            "own_texts[0].label is 3; this corpus has: 1, 2",
        ),
    ],
)
def test_a_fault_names_the_key_and_what_is_right(source, corpus, where, what):
    with pytest.raises(VersoError) as caught:
        loaded(source, **corpus)
    lines = [line for line in str(caught.value).splitlines() if what in line]
    assert lines, caught.value
    assert where in lines[0]


@pytest.mark.parametrize("written", ["tab", "\t", r"\t"])
def test_a_tab_is_one_however_it_is_written(written):
    assert loaded(FILE | {"delimiter": written}).source.delimiter == "tab"


def test_every_key_is_described():
    modules = (columns, kind, settings, hub, steam)
    kinds = [
        found
        for module in modules
        for found in vars(module).values()
        if isinstance(found, type) and hasattr(found, "model_fields")
    ]
    assert [
        f"{kind.__name__}.{name}" for kind in kinds for name, field in kind.model_fields.items() if not field.description
    ] == []
