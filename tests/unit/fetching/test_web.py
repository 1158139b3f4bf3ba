"""Asking a site politely: pauses, faults of every kind from a real server, and what is kept of the answers."""

import gzip
import threading
import time
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime

import pytest
from certificates import certificate_for
from genius_server import GeniusServer, cut, drip, endless, hang_up, instead, say, silence, status
from hypothesis import given
from hypothesis import strategies as st

from verso.errors import VersoError
from verso.fetching import alone
from verso.fetching.web import Answer, Lost, NoNetwork, Refused, Untrusted, Web
from verso.fetching.web_cache import WebCache

PAGE = "/page"


@pytest.fixture
def site():
    with GeniusServer(pages={PAGE: "<html>sound</html>", "/other": "<html>other</html>"}) as server:
        yield server


def web(pause=0.001, timeout=0.5, retries=3, most=1_000_000):
    return Web(pause, timeout, retries, most)


def moments(site):
    return [moment for moment, _, _ in site.requests]


def test_requests_keep_their_distance(site):
    asking = web(pause=0.1)
    for _ in range(4):
        asking.get(site.root + PAGE)
    gaps = [later - earlier for earlier, later in zip(moments(site), moments(site)[1:], strict=False)]
    assert min(gaps) > 0.08


@pytest.mark.parametrize("fault", [status(429), status(500), status(503), status(511), status(530), cut, hang_up, drip, silence])
def test_a_fault_of_server_or_line_is_requested_again(site, fault):
    site.fail(PAGE, fault, fault)
    assert web().get(site.root + PAGE).body == b"<html>sound</html>"
    assert site.count()[PAGE] == 3


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (status(429), "status 429"),
        (status(502), "status 502"),
        (cut, "broke off"),
        (hang_up, "the line was cut"),
        (drip, "not complete within 0.5 s"),
        (silence, "no answer within 0.5 s"),
    ],
)
def test_a_fault_that_stays_loses_this_one_and_says_why(site, fault, told):
    site.fail(PAGE, *[fault] * 2)
    asking = web(retries=1)
    with pytest.raises(Lost, match=rf"{told}.*\(2 attempts\)"):
        asking.get(site.root + PAGE)
    assert asking.get(site.root + "/other").status == 200, "one lost answer lost the next"


def test_waits_grow_with_each_attempt(site):
    site.fail(PAGE, *[status(500)] * 4)
    web(pause=0.05, retries=4).get(site.root + PAGE)
    gaps = [later - earlier for earlier, later in zip(moments(site), moments(site)[1:], strict=False)]
    assert gaps[3] > 0.35  # 0.05 doubled three times, and what chance adds
    assert sum(gaps) > 0.7


@pytest.mark.parametrize("said", ["1", lambda: format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)])
def test_a_storm_of_429_is_waited_out_as_long_as_the_server_says(site, said):
    site.fail(PAGE, status(429, Retry_After=said if isinstance(said, str) else said()))
    web().get(site.root + PAGE)
    assert moments(site)[1] - moments(site)[0] > 0.9  # a date has whole seconds


def test_a_server_that_wants_hours_is_obeyed_by_ending(site):
    site.fail(PAGE, status(429, Retry_After="7200"))
    with pytest.raises(VersoError, match=r"requires a pause of 120 minutes \(status 429\): start again after it"):
        web().get(site.root + PAGE)


@pytest.mark.parametrize("said", ["soon", "", "nan-nan", "-5"])
def test_a_retry_after_that_says_nothing_is_as_none(site, said):
    site.fail(PAGE, status(503, Retry_After=said))
    assert web().get(site.root + PAGE).status == 200


def test_a_page_that_is_too_large_is_refused_while_it_is_read(site):
    sent = []
    site.fail(PAGE, endless(sent))
    answer = web(timeout=10).get(site.root + PAGE)
    assert (answer.status, answer.body, answer.lost, answer.limit) == (200, b"", "larger than 1 MB", 1_000_000)
    assert sum(sent) < 50_000_000, "all of it was fetched before it was refused"
    assert site.count()[PAGE] == 1


def test_a_page_that_says_that_it_is_too_large_is_not_read_at_all(site):
    site.fail(PAGE, instead(b"x" * 2_000_000))
    assert web().get(site.root + PAGE).lost == "larger than 1 MB"


@pytest.mark.parametrize("code", [401, 403])
def test_a_refusal_is_final(site, code):
    site.fail(PAGE, status(code))
    with pytest.raises(Refused) as caught:
        web().get(site.root + PAGE)
    assert caught.value.status == code
    assert site.count()[PAGE] == 1


@pytest.mark.parametrize("code", [404, 410])
def test_what_is_not_there_is_an_answer(site, code):
    site.fail(PAGE, status(code))
    answer = web().get(site.root + PAGE)
    assert (answer.status, answer.body, answer.lost) == (404, b"", "its page does not exist (404)")


@pytest.mark.parametrize("code", [400, 418, 451, 204])
def test_other_statuses_lose_this_one_at_once(site, code):
    site.fail(PAGE, status(code))
    answer = web().get(site.root + PAGE)
    assert (answer.status, answer.lost) == (code, f"status {code}")
    assert site.count()[PAGE] == 1


def test_a_circle_of_redirects_is_left(site):
    site.fail(PAGE, *[status(302, Location=PAGE)] * 10)
    assert web().get(site.root + PAGE).lost == "redirected in a circle"


@pytest.mark.parametrize("url", ["http://no-such-host.invalid/x", "http://127.0.0.1:9/x"])
def test_without_a_network_it_ends_at_once_and_names_the_host(url):
    started = time.monotonic()
    with pytest.raises(NoNetwork, match=r"(no-such-host\.invalid|127\.0\.0\.1:9) cannot be reached from this machine"):
        web(pause=30, retries=5).get(url)
    assert time.monotonic() - started < 25, "it was tried again for minutes"


def test_a_network_that_goes_away_later_is_waited_for(site):
    asking = web(retries=2)
    asking.get(site.root + PAGE)
    site.__exit__()
    asking._session.close()  # so that a new connection must be made
    with pytest.raises(Lost, match=r"the line was cut .*\(3 attempts\)"):
        asking.get(site.root + PAGE)


@pytest.fixture
def quiet_tls(monkeypatch):
    """Whatever the machine trusts, these tests say themselves."""
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


@pytest.mark.parametrize(("address", "trusted"), [("IP:127.0.0.1", False), ("DNS:another.invalid", True)])
def test_a_certificate_that_is_not_trusted_is_no_missing_network(quiet_tls, tmp_path, address, trusted):
    """Signed by nobody known, or another host's: tried once, and not said to be a missing network."""
    certificate = certificate_for(address, tmp_path)
    if trusted:
        quiet_tls.setenv("REQUESTS_CA_BUNDLE", certificate)
    with GeniusServer(pages={PAGE: "<html>sound</html>"}, certificate=certificate) as server:
        with pytest.raises(Untrusted) as caught:
            web(pause=30).get(server.root + PAGE)
        assert server.requests == []
    for told in (server.root.removeprefix("https://"), "certificate is not trusted", "REQUESTS_CA_BUNDLE", "clock"):
        assert told in str(caught.value)
    assert "cannot be reached" not in str(caught.value)


def test_a_certificate_that_the_machine_trusts_opens_the_site(quiet_tls, tmp_path):
    certificate = certificate_for("IP:127.0.0.1", tmp_path)
    quiet_tls.setenv("REQUESTS_CA_BUNDLE", certificate)
    with GeniusServer(pages={PAGE: "<html>sound</html>"}, certificate=certificate) as server:
        assert web().get(server.root + PAGE).body == b"<html>sound</html>"


def test_a_bundle_of_certificates_that_is_not_there_is_named_at_once(quiet_tls, site):
    quiet_tls.setenv("REQUESTS_CA_BUNDLE", "/no/such/bundle.pem")
    with pytest.raises(VersoError, match=r"/no/such/bundle\.pem.*REQUESTS_CA_BUNDLE"):
        web(pause=30).get("https" + site.root.removeprefix("http") + PAGE)


def test_a_line_that_breaks_while_it_is_being_encrypted_is_tried_again(quiet_tls, site):
    """A server without TLS breaks it as a proxy with a fault would."""
    with pytest.raises(Lost, match=r"no encrypted connection \(.+\) \(4 attempts\)"):
        web().get("https" + site.root.removeprefix("http") + PAGE)


def test_a_compressed_answer_is_read_as_what_was_compressed(site):
    page = "<html>" + "".join(f"<p>line {i}" for i in range(50_000))
    site.fail(PAGE, lambda handler: say(handler, gzip.compress(page.encode()), headers={"Content-Encoding": "gzip"}))
    assert web().get(site.root + PAGE).body.decode() == page


def test_a_small_answer_that_unpacks_to_a_huge_one_is_left(site):
    bomb = gzip.compress(b"x" * 200_000_000)
    site.fail(PAGE, lambda handler: say(handler, bomb, headers={"Content-Encoding": "gzip"}))
    assert web(timeout=10).get(site.root + PAGE).lost == "larger than 1 MB"


def test_a_body_that_is_not_whole_is_requested_again(site):
    def is_sound(body):
        if b"sound" not in body:
            raise ValueError("it is unsound")

    site.fail(PAGE, instead("<html>half"))
    assert web().get(site.root + PAGE, check=is_sound).body == b"<html>sound</html>"
    with pytest.raises(Lost, match="it is unsound"):
        web(retries=0).get(site.root + "/other", check=is_sound)


def test_an_api_that_is_busy_with_status_200_is_waited_for_as_long_as_it_says(site):
    def is_sound(body):
        if b"busy" in body:
            raise ValueError("it is busy")

    site.fail(PAGE, lambda handler: say(handler, "busy", headers={"Retry-After": "1"}))
    assert web().get(site.root + PAGE, check=is_sound).body == b"<html>sound</html>"
    assert moments(site)[1] - moments(site)[0] > 0.9
    site.fail("/other", lambda handler: say(handler, "busy", headers={"Retry-After": "7200"}))
    with pytest.raises(VersoError, match="requires a pause of 120 minutes"):
        web().get(site.root + "/other", check=is_sound)
    site.fail("/whole", lambda handler: say(handler, "sound", headers={"Retry-After": "7200"}))
    assert web().get(site.root + "/whole", check=is_sound).body == b"sound", "a pause was required before an answer, not after it"


# --- what is kept ---

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@given(st.text(max_size=40), st.binary(max_size=200), st.sampled_from([200, 404]), st.text(max_size=20), st.integers(0, 10**9))
def test_an_answer_is_read_as_it_was_written(tmp_path_factory, path, body, code, lost, limit):
    cache = WebCache(tmp_path_factory.mktemp("cache"))
    answer = Answer(f"https://genius.com/{path}", code, NOW, body, lost, limit if lost else 0)
    assert cache.read(answer.url) is None
    cache.write(answer)
    assert cache.read(answer.url) == answer


@pytest.mark.parametrize(
    "damage", [lambda data: data[: len(data) // 2], lambda data: b"", lambda data: b"no gzip", lambda data: data[:-9] + b"\0" * 9]
)
def test_a_damaged_answer_is_as_if_it_were_not_there(tmp_path, damage):
    cache = WebCache(tmp_path)
    cache.write(Answer("https://genius.com/x", 200, NOW, b"a body of some length" * 9))
    path = cache.path_of("https://genius.com/x")
    path.write_bytes(damage(path.read_bytes()))
    assert cache.read("https://genius.com/x") is None


def test_two_jobs_of_one_cache_take_turns(tmp_path, caplog):
    order = []

    def second():
        with WebCache(tmp_path).alone():
            order.append("second")

    waiting = threading.Thread(target=second)
    with WebCache(tmp_path).alone():
        waiting.start()
        time.sleep(0.2)
        order.append("first")
    waiting.join(timeout=10)
    assert order == ["first", "second"]
    assert f"{tmp_path}: another job fetches into it; waiting" in caplog.text


@pytest.mark.parametrize(
    ("put", "said"),
    [(lambda path: path.write_text(""), "can be made"), (lambda path: path.symlink_to("/tmp"), "is a link or another user's")],
)
def test_locks_of_fetching_lie_in_a_folder_of_ones_own_or_nowhere(tmp_path, monkeypatch, put, said):
    place = tmp_path / "locks"
    put(place)
    monkeypatch.setattr(alone, "folder_of_locks", lambda: place)
    with pytest.raises(VersoError, match=said), alone.alone_at("wiki.example"):
        pass
    place.unlink()
    with alone.alone_at("wiki.example:80/../x"):
        assert [path.name for path in place.iterdir()] == ["wiki.example_80_.._x.lock"]


def test_an_answer_from_before_the_day_of_refresh_is_outdated(tmp_path):
    WebCache(tmp_path).write(Answer("https://genius.com/x", 200, NOW, b""))
    day = NOW.astimezone().date()
    assert WebCache(tmp_path, day).read("https://genius.com/x") is not None
    assert WebCache(tmp_path, day + timedelta(days=1)).read("https://genius.com/x") is None
    assert WebCache(tmp_path, date(2020, 1, 1)).read("https://genius.com/x") is not None
