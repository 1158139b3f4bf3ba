"""Reviews from Steam: so many of each label, each once, nothing asked for twice, and every fault of the store said."""

import datetime
import gzip
import itertools
import json

import pytest
from genius_server import cut, instead, silence, status
from steam_server import SteamServer, failure, nothing

from verso.corpora.sources.steam.fetch import scrape_reviews
from verso.errors import VersoError
from verso.fetching.web import Web


@pytest.fixture
def store():
    with SteamServer() as server:
        server.add_app(7, positive=12, negative=9)
        yield server


@pytest.fixture
def scraped(store, tmp_path):
    """Scrape; the reviews, what was set aside and the summary."""

    def run(apps=(7,), positive=8, negative=8, language="english", refresh=None, retries=2):
        outputs = {
            "reviews": tmp_path / "scraped.jsonl",
            "set_aside": tmp_path / "aside.jsonl",
            "summary": tmp_path / "summary.json",
        }
        for path in outputs.values():
            path.unlink(missing_ok=True)
        web = Web(0.001, timeout_seconds=1, retries=retries, maximum_bytes=1_000_000)
        most = {"positive": positive, "negative": negative}
        source = {"apps": list(apps), "language": language, **most, "refresh": refresh, "site": store.root}
        scrape_reviews(source, tmp_path / "cache", web, outputs)
        rows = [[json.loads(line) for line in outputs[name].read_text().splitlines()] for name in ("reviews", "set_aside")]
        return *rows, json.loads(outputs["summary"].read_text())

    return run


def told(scraped, **options):
    with pytest.raises(VersoError) as caught:
        scraped(**options)
    return str(caught.value)


def test_so_many_of_each_label_come_the_newest_first_through_all_pages(store, scraped, tmp_path):
    reviews, aside, summary = scraped()
    assert [(row["id"], row["label"]) for row in reviews] == [
        *((str(7011 - number), "positive") for number in range(8)),
        *((str(7020 - number), "negative") for number in range(8)),
    ]
    assert reviews[0]["text"].startswith("I like ")
    assert reviews[0]["date"] == "2043-01-24"
    assert aside == []
    assert summary == [
        {"app": 7, "label": "positive", "asked": 8, "there": 12, "taken": 8, "set_aside": 0},
        {"app": 7, "label": "negative", "asked": 8, "there": 9, "taken": 8, "set_aside": 0},
    ]
    assert store.count() == {(7, label, page): 1 for label in ("positive", "negative") for page in (0, 1)}
    assert "76561" not in (tmp_path / "scraped.jsonl").read_text(), "numbers of accounts are no part of a corpus"


@pytest.mark.parametrize("repeat", [False, True])
def test_fewer_than_asked_are_taken_and_the_list_ends_by_an_empty_page_or_by_a_cursor_seen_before(store, scraped, repeat):
    store.repeat_last_cursor = repeat
    reviews, _, summary = scraped(positive=100, negative=100)
    assert len({row["id"] for row in reviews}) == len(reviews) == 21
    assert [(found["taken"], found["there"]) for found in summary] == [(12, 12), (9, 9)]


def test_a_list_that_repeats_itself_under_new_cursors_ends_and_what_repeats_is_not_kept(store, scraped, tmp_path):
    store.never_ends = True
    first = scraped(positive=100, negative=100)
    assert [(found["taken"], found["there"]) for found in first[2]] == [(12, 12), (9, 9)]
    assert store.count() == {(7, "positive", page): 1 for page in range(5)} | {(7, "negative", page): 1 for page in range(4)}
    kept = [gzip.decompress(path.read_bytes()) for path in (tmp_path / "cache").rglob("*.gz")]
    assert sum(b'"reviews"' in answer for answer in kept) == 3 + 2
    assert sum(len(answer) < 400 for answer in kept) == len(kept) - 5 == 2, "of each list that it ends, and nothing else"
    asked = len(store.requests)
    assert scraped(positive=100, negative=100) == first
    assert len(store.requests) == asked, "a second start asked again where the lists end"


def test_a_page_that_brings_nothing_new_ends_no_list_that_goes_on(store, scraped):
    for _ in range(2):
        store.fail(7, "positive", 1, lambda handler: store.say_reviews(handler, store.reviews[7][11:6:-1], 2))
    first = scraped(positive=7, negative=1)
    assert [row["id"] for row in first[0]][:7] == [*(str(7011 - number) for number in range(5)), "7001", "7000"]
    store.server.shutdown()
    assert scraped(positive=7, negative=1) == first, "the way to a later page was not kept"


def test_several_apps_and_only_the_language_that_is_requested(store, scraped):
    store.add_app(8, positive=6, negative=6, language="spanish")
    assert len(scraped(apps=[7, 8], language="all", positive=3, negative=3)[0]) == 12
    assert "app 7 has no review in spanish. Is that its number" in told(scraped, apps=[8, 7], language="spanish")
    assert {row["app"] for row in scraped(apps=[8], language="spanish")[0]} == {8}


def test_an_app_that_is_none_says_so(scraped, tmp_path):
    assert "app 99 has no review in english. Is that its number, as in its address on the store?" in told(scraped, apps=[99])
    assert not (tmp_path / "scraped.jsonl").exists()


def test_a_review_without_text_or_under_the_wrong_label_is_set_aside_and_another_taken(store, scraped):
    store.reviews[7][11]["review"] = " \n"
    store.reviews[7][10]["review"] = None
    store.reviews[7][9]["review"] = "half a pair \ud83d here"
    reviews, aside, _ = scraped(positive=10, negative=1)
    assert len(reviews) == 11
    assert [(row["where"], row["reason"]) for row in aside] == [
        ("app 7 review 7011", "no text"),
        ("app 7 review 7010", "the store lists it without text or date"),
    ]
    assert reviews[0]["text"] == "half a pair ? here"
    store.fail(7, "negative", 1, lambda handler: store.say_reviews(handler, [store.reviews[7][0]], 2))
    assert "listed under the other label" in {row["reason"] for row in scraped(negative=9)[1]}


def test_a_review_that_moves_to_the_next_page_while_the_list_is_read_is_taken_once(store, scraped):
    first = store.reviews[7][:-6:-1]
    store.fail(7, "negative", 1, lambda handler: store.say_reviews(handler, [first[-1], *store.reviews[7][-6:-10:-1]], 2))
    reviews, _, _ = scraped(positive=1, negative=9)
    assert len({row["id"] for row in reviews}) == len(reviews) == 10


# --- faults ---


@pytest.mark.parametrize(
    "fault", [status(429), status(503), status(502), cut, silence, failure, instead("not json"), instead("[]")]
)
def test_a_fault_is_asked_again_and_loses_nothing(store, scraped, fault):
    store.fail(7, "positive", 1, fault)
    assert len(scraped()[0]) == 16


def test_an_empty_page_in_the_middle_is_requested_once_more(store, scraped):
    store.fail(7, "positive", 1, nothing)
    assert len(scraped()[0]) == 16
    assert store.count()[7, "positive", 1] == 2


@pytest.mark.parametrize(
    ("times", "fault", "expected"),
    [
        (3, status(500), "status 500 (3 attempts)"),
        (3, failure, "says no success (3 attempts). Is that the number of an app?"),
        (3, instead('{"success": 1}'), "holds no list of reviews"),
        (1, status(403), "takes this machine for a robot"),
        (1, status(429, Retry_After="7200"), "requires a pause of 120 minutes"),
    ],
)
def test_a_fault_that_stays_stops_with_its_address_and_what_is_fetched_is_kept(store, scraped, times, fault, expected):
    store.fail(7, "negative", 0, *[fault] * times)
    message = told(scraped)
    assert expected in message
    assert "kept" in message
    asked = len(store.requests)
    assert len(scraped()[0]) == 16
    assert store.count()[7, "positive", 0] == 1, "what was fetched was fetched again"
    assert len(store.requests) == asked + 2


def test_an_answer_that_cannot_be_had_stops_with_the_reason(store, scraped):
    store.fail(7, "positive", 0, status(404))
    assert "its page does not exist (404)" in told(scraped)
    store.fail(7, "positive", 0, instead("x" * 2_000_000))
    assert "larger than 1 MB" in told(scraped)
    assert len(scraped()[0]) == 16, "what could not be had was kept as an answer"


def test_requests_keep_their_distance(store, tmp_path):
    web = Web(0.1, timeout_seconds=1, retries=0, maximum_bytes=1_000_000)
    outputs = {name: tmp_path / name for name in ("reviews", "set_aside", "summary")}
    source = {"apps": [7], "language": "english", "positive": 8, "negative": 8, "refresh": None, "site": store.root}
    scrape_reviews(source, tmp_path / "cache", web, outputs)
    moments = [moment for moment, *_ in store.requests]
    assert min(later - earlier for earlier, later in itertools.pairwise(moments)) > 0.08


# --- the cache ---


def test_a_second_start_requests_nothing_even_when_the_list_ended_early(store, scraped):
    first = scraped(positive=100, negative=100)
    asked = len(store.requests)
    store.server.shutdown()
    assert scraped(positive=100, negative=100) == first
    assert len(store.requests) == asked


def test_more_reviews_fetch_only_the_further_pages(store, scraped):
    scraped(positive=4, negative=4)
    scraped(positive=12, negative=9)
    assert {count for (_, _, page), count in store.count().items() if page < 2} == {1}


def test_a_refresh_fetches_all_again_once(store, scraped, tmp_path):
    scraped()
    for path in (tmp_path / "cache").rglob("*.gz"):  # as if it were from a month ago
        head, body = gzip.decompress(path.read_bytes()).split(b"\n", 1)
        with gzip.open(path, "wb") as stream:
            stream.write(json.dumps(json.loads(head) | {"date": "2026-01-01T12:00:00+00:00"}).encode() + b"\n" + body)
    scraped()
    assert set(store.count().values()) == {1}
    today = str(datetime.date.today())
    scraped(refresh=today)
    scraped(refresh=today)
    assert set(store.count().values()) == {2}
