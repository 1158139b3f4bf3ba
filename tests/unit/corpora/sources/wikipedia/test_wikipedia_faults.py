"""What a wiki, a line or the API does wrong: it is waited out, or it stops with what to do, and nothing is lost."""

import itertools
import json

import pytest
from genius_server import cut, hang_up, instead, say, silence, status
from wikipedia_server import WikipediaServer, error, say_error

KINDS = ("siteinfo", "random", "pageids")


@pytest.mark.parametrize("kind", ["random", "pageids", "html"])
@pytest.mark.parametrize(
    "fault",
    [
        status(429),
        status(503),
        status(502),
        cut,
        hang_up,
        silence,
        instead("<html>not json"),
        instead("[]"),
        instead('{"batchcomplete": 1, "query": []}'),
        error("maxlag", "Waiting for db1: 7 seconds lagged", lag=7),
        error("ratelimited", "You've exceeded your rate limit", status=429),
        error("internal_api_error_DBQueryError", "a database query failed"),
    ],
)
def test_a_fault_of_the_moment_is_requested_again_and_loses_nothing(wiki, fetched, kind, fault):
    wiki.fail(kind, fault)
    assert len(fetched(text="html" if kind == "html" else "wikitext", articles=2).articles) == 2
    assert wiki.count()[kind] == (3 if kind == "html" else 2)


@pytest.mark.parametrize(
    "fault",
    [
        status(429, Retry_After="1"),
        status(503, Retry_After="1"),
        error("maxlag", "Waiting for db1: 7 seconds lagged", lag=7, retry_after="1"),
    ],
)
def test_the_pause_that_retry_after_requires_is_waited_for_whatever_the_status(wiki, fetched, fault):
    wiki.fail("pageids", fault)
    fetched(articles=2)
    first, second = [moment for moment, kind, *_ in wiki.requests if kind == "pageids"]
    assert second - first > 0.9


def test_requests_are_sent_one_after_the_other_and_keep_their_distance(wiki, fetched):
    fetched(articles=3, text="html", pause=0.1)
    moments = [moment for moment, *_ in wiki.requests]
    assert len(moments) == 6
    assert min(later - earlier for earlier, later in itertools.pairwise(moments)) > 0.08


@pytest.mark.parametrize(
    ("kind", "times", "fault", "expected"),
    [
        ("pageids", 3, status(503), "status 503 (3 attempts). What was fetched is kept: start again"),
        ("pageids", 3, error("maxlag", "7 seconds lagged"), "the API reports maxlag: 7 seconds lagged (3 attempts)"),
        ("pageids", 1, status(403), "the wiki refuses to answer (status 403). Is source.contact, or WIKIMEDIA_CONTACT, yours"),
        ("random", 1, status(429, Retry_After="7200"), "requires a pause of 120 minutes (status 429): start again after it"),
        ("random", 1, error("badvalue", "Unrecognized \x1b value"), "the API reports badvalue: 'Unrecognized \\x1b value'."),
        ("siteinfo", 1, status(404), "its page does not exist (404); is there such an edition? source.language is its code"),
        ("siteinfo", 3, instead('{"batchcomplete": true}'), "the answer is JSON, but holds no general (3 attempts)"),
        ("siteinfo", 1, status(302, Location="https://incubator.invalid/"), "redirected to another site (incubator.invalid)"),
        (
            "pageids",
            3,
            instead('{"query": {"pages": [{"pageid": "../../x", "ns": 0, "title": "A"}]}}'),
            "its pages are not those of",
        ),
        (
            "pageids",
            3,
            instead('{"query": {"pages": {"1": {"pageid": 1}}}, "continue": {}}'),
            "its pages are not those of the API",
        ),
        (
            "pageids",
            3,
            instead('{"query": {"pages": [{"pageid": 1, "ns": 0, "title": "A", "revisions": [{"revid": 7, "slots": []}]}]}}'),
            "its pages are not those of the API",
        ),
        (
            "pageids",
            3,
            instead('{"query": {"pages": [{"pageid": 1, "ns": 0, "title": "A", "revisions": [{"revid": 7}]}]}}'),
            "its pages are not those of the API",
        ),
        ("pageids", 3, instead('{"query": {"badrevids": {"7": []}}}'), "its badrevids are not those of the API"),
        ("pageids", 3, instead('{"query": {"pages": []}, "continue": "x"}'), "its continue is not that of the API"),
        ("random", 3, instead('{"batchcomplete": true, "query": {"random": [{"id": "1", "title": "A"}]}}'), "its random are not"),
        ("siteinfo", 6, status(302, Location="/w/api.php?meta=siteinfo"), "redirected in a circle"),
        ("html", 15, instead("<html>half"), "of 5 articles in a row there is no HTML, the last: Pueblo "),
        ("html", 5, status(404), "(its page does not exist (404)). What was fetched is kept"),
        ("pageids", 1, instead('{"batchcomplete": true, "query": {"pages": []}}'), "the API answers without a word on page"),
        ("pageids", 1, lambda handler: say(handler, "x" * 2_000_000), "larger than 1 MB"),
    ],
)
def test_a_fault_that_stays_stops_with_what_to_do_and_the_next_start_goes_on(
    wiki, fetched, reported, kind, times, fault, expected
):
    wiki.fail(kind, *[fault] * times)
    options = {"articles": 3, "text": "html" if kind == "html" else "wikitext"}
    message = reported(**options)
    assert expected in message
    assert "\x1b" not in message
    before = wiki.count()
    assert len(fetched(**options).articles) == 3
    after = wiki.count()
    done = KINDS[: KINDS.index(kind)] if kind in KINDS else KINDS
    assert {each: after[each] - before[each] for each in done} == dict.fromkeys(done, 0), "what was fetched was fetched again"


def test_a_wiki_that_goes_down_in_the_middle_is_taken_up_where_it_went(wiki, fetched, reported):
    for number in range(20, 140):
        wiki.add(number)
    wiki.fail("pageids", lambda handler: wiki.say_content(handler), *[hang_up] * 3)
    assert "the line was cut" in reported(articles=70)
    assert len(fetched(articles=70).articles) == 70
    pages = [query["pageids"] for query in wiki.queries("pageids")]
    assert pages[0] not in pages[1:], "the first fifty were fetched again"
    assert len(set(pages[1:5])) == 1, "the second fifty were requested three times, and by the second start"


def test_a_page_that_vanishes_while_it_is_fetched_is_lost_where_the_config_names_it(wiki, fetched):
    def vanish(handler):
        wiki.pages[2]["deleted"] = True
        wiki.say_content(handler)

    wiki.fail("pageids", vanish)
    for _ in range(2):
        found = fetched(titles=["Pueblo 1", "Pueblo 2", "Pueblo 3"])
        assert [row["page"] for row in found.articles] == [1, 3]
        assert [(row["reason"], row["lost"]) for row in found.aside] == [("deleted since the wiki listed it", True)]
    assert wiki.count()["pageids"] == 1


def test_an_answer_in_pieces_is_put_together(wiki, fetched):
    wiki.content_in_an_answer = 2
    found = fetched(titles=[f"Pueblo {number}" for number in range(1, 8)])
    assert [row["page"] for row in found.articles] == list(range(1, 8))
    assert wiki.count()["pageids"] == 4


def test_answers_that_continue_in_a_circle_are_left(wiki, reported):
    wiki.categories["Todo"] = [1, 2]
    again = {"batchcomplete": True, "continue": {"cmcontinue": "x", "continue": "-||"}, "query": {"categorymembers": []}}
    wiki.fail("category", *[instead(json.dumps(again))] * 5)
    assert "the answers continue in a circle" in reported(category="Todo")
    assert wiki.count()["category"] == 2


@pytest.mark.parametrize("says_its_limit", [True, False])
def test_a_wiki_that_takes_fewer_titles_gets_fewer(wiki, fetched, says_its_limit):
    wiki.most = 3
    if not says_its_limit:
        wiki.fail("titles", *[error("toomanyvalues", "Too many values")] * 2)
    found = fetched(titles=[f"Pueblo {number}" for number in range(1, 9)])
    assert len(found.articles) == 8
    sizes = [len(query["titles"].split("|")) for query in wiki.queries("titles")]
    assert max(sizes[1 if says_its_limit else 2 :]) <= 4
    assert max(len(query["pageids"].split("|")) for query in wiki.queries("pageids")) <= 3, "the limit was forgotten"


def test_a_limit_that_no_request_keeps_to_ends_it(wiki, reported):
    wiki.fail("titles", *[lambda handler: say_error(handler, "toomanyvalues", "Too many", limit=50)] * 9)
    assert "the API reports toomanyvalues: Too many" in reported(titles=["Pueblo 1", "Pueblo 2"])
    assert wiki.count()["titles"] == 2


def test_a_page_that_is_damaged_in_the_cache_is_fetched_again_as_the_same_revision(wiki, fetched, tmp_path):
    before = fetched(articles=4)
    (row, *_) = before.articles
    kept = tmp_path / "cache" / "es" / "pages" / f"{row['page']:02}" / f"{row['page']}-{row['revision']}.gz"
    kept.write_bytes(kept.read_bytes()[:-20])
    wiki.edit(row["page"], "Otra cosa.")
    assert fetched(articles=4).articles == before.articles
    assert [query["revids"] for query in wiki.queries("revids")] == [row["revision"]]


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (status(404), "no HTML of it: its page does not exist (404)"),
        (status(451), "no HTML of it: status 451"),
        (lambda handler: say(handler, "x" * 2_000_000), "no HTML of it: larger than 1 MB"),
    ],
)
def test_html_that_cannot_be_had_passes_the_article_over_for_good(wiki, fetched, fault, reason):
    wiki.fail("html", fault)
    for _ in range(2):
        found = fetched(text="html", titles=["Pueblo 1", "Pueblo 2"])
        assert [row["page"] for row in found.articles] == [2]
        assert [row["reason"] for row in found.aside] == [reason]
    assert wiki.count()["html"] == 2


def test_html_that_is_lost_to_a_fault_of_the_moment_is_requested_again_by_the_next_fetching(wiki, fetched):
    wiki.fail("html", *[status(500)] * 3)
    options = {"text": "html", "titles": ["Pueblo 1", "Pueblo 2"]}
    assert [row["reason"] for row in fetched(**options).aside] == ["no HTML of it: status 500 (3 attempts)"]
    assert len(fetched(**options).articles) == 2
    assert wiki.count()["html"] == 3 + 1 + 1


def test_an_edition_that_is_not_there_is_named_with_its_key(reported):
    assert "Or there is no such edition: source.language is its code" in reported(site="http://127.0.0.1:9", language="xx")


def test_half_a_pair_of_surrogates_in_a_text_costs_no_corpus(wiki, fetched):
    wiki.pages[1]["revisions"][10] += " \ud83d"
    assert len(fetched(titles=["Pueblo 1"]).articles) == 1


def test_two_wikis_of_one_cache_never_answer_for_each_other(wiki, fetched):
    before = fetched(titles=["Pueblo 1"])
    with WikipediaServer() as other:
        other.add(1, text=wiki.pages[1]["revisions"][10] + " Otra wiki.")
        found = fetched(titles=["Pueblo 1"], site=other.root)
    assert found.articles[0]["text"] != before.articles[0]["text"]
