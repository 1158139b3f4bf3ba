"""Web: polite requests to a site, and the reason where one fails.

get ─► a pause since the last request ─► status, size and time are looked at while it is read ─► Answer, or why there is none
  ▲                                                                                         │
  └── again, later each time (or when Retry-After says) ◄── 429, 5xx, time-out, cut line ────┤
                                        Lost: this one cannot be had now ◄──────────────────┤
                              Refused, NoNetwork, Untrusted: nor can any other be had ◄─────┘
"""

import logging
import random
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urljoin, urlsplit

import requests
import stamina
from urllib3.exceptions import HTTPError, ProtocolError

from verso.errors import VersoError

BLOCK = 1 << 16  # bytes
AGAIN = {408, 425, 429, *range(500, 600)}  # 52x and 530 are Cloudflare's
GONE = {404, 410}
LONGEST_PAUSE = 60.0  # seconds between two attempts, unless the site says more
LONGEST_OBEYED = 900.0  # seconds; a site that requires a longer pause ends the job
MOST_REDIRECTS = 5

log = logging.getLogger(__name__)
logging.getLogger("stamina").setLevel(logging.ERROR)  # it logs each retry too, without saying what of


class NoNetwork(VersoError):
    """No connection to the host was ever made: it makes no sense to go on."""


class Untrusted(VersoError):
    """There is a network, but the host cannot show that it is the host: nothing is sent to it."""


class Refused(VersoError):
    """The site answers 401 or 403: it would refuse the next request as well."""

    def __init__(self, url: str, status: int) -> None:
        super().__init__(f"{url}: refused with status {status}")
        self.status = status


class Lost(Exception):
    """The request failed by a fault of server or line that lasted; another day it may succeed."""


class _Again(Exception):
    """Failed by a fault of server or line; `pause`: the seconds that the server requires, None where it names none."""

    def __init__(self, reason: str, pause: float | None = None) -> None:
        super().__init__(reason)
        self.pause = pause


@dataclass(frozen=True, slots=True)
class Answer:
    """What a site says to a request, and would say again: a body (status 200), or why there is none, `lost` and an empty body."""

    url: str
    status: int  # 410 counts as 404
    date: datetime  # UTC
    body: bytes = b""
    lost: str = ""
    limit: int = 0  # bytes, of a body that was not read because it is larger
    pause: float | None = None  # seconds that Retry-After requires before the same request is sent again


class Web:
    """Requests of one job: one at a time, no faster than allowed, again after a fault, never more than so many bytes."""

    def __init__(self, pause_seconds: float, timeout_seconds: float, retries: int, maximum_bytes: int) -> None:
        """pause_seconds: between the starts of two requests, and the first wait after a fault; it doubles from then on.

        timeout_seconds: for the whole of one answer. retries: attempts after the first one.
        """
        self.requests = 0
        self.maximum_bytes = maximum_bytes
        self._pause, self._timeout, self._retries = pause_seconds, timeout_seconds, retries
        self._next = 0.0
        self._reached: set[str] = set()  # hosts that a connection was made to
        self._session = requests.Session()
        self._session.headers["User-Agent"] = "verso (research corpus; one request at a time)"

    def get(self, url: str, headers: Mapping[str, str] | None = None, check: Callable[[bytes], None] | None = None) -> Answer:
        """The answer to a GET. Redirects are followed within the same root only, so that no header goes elsewhere.

        check: raises ValueError, with what is wrong, of a body that is no whole answer; it is requested again, after the pause
        that Retry-After requires (an API may report that it is busy with status 200).
        Raises Lost, Refused, NoNetwork, Untrusted; VersoError when the site requires a longer pause than LONGEST_OBEYED.
        """
        try:
            for attempt in stamina.retry_context(
                on=self._wait_after,
                attempts=1 + self._retries,
                timeout=None,
                wait_initial=self._pause,
                wait_max=LONGEST_PAUSE,
                wait_jitter=self._pause,
            ):
                with attempt:
                    return _checked(self._follow(url, dict(headers or {})), check)
        except _Again as error:
            raise Lost(f"{error} ({1 + self._retries} attempts)") from error
        raise AssertionError("stamina ends by an answer or an error")

    def _wait_after(self, error: Exception) -> bool | float:
        """For stamina: whether to try again, or the seconds until then."""
        if not isinstance(error, _Again):
            return False
        log.info("%s; trying again", error)
        if error.pause is None:
            return True
        return error.pause + random.uniform(0, self._pause)  # so that those who wait as long do not all come back at once

    def _follow(self, url: str, headers: dict[str, str]) -> Answer:
        current = url
        for _ in range(MOST_REDIRECTS):
            found = self._request(current, headers)
            if isinstance(found, Answer):
                return replace(found, url=url)
            onward = urljoin(current, found)
            if urlsplit(onward)[:2] != urlsplit(url)[:2]:
                return Answer(url, 302, datetime.now(UTC), lost=f"redirected to another site ({urlsplit(onward).hostname})")
            current = onward
        return Answer(url, 302, datetime.now(UTC), lost="redirected in a circle")

    def _request(self, url: str, headers: dict[str, str]) -> Answer | str:
        """One request; an answer, or the address that it redirects to."""
        time.sleep(max(0.0, self._next - time.monotonic()))
        started = time.monotonic()
        self._next = started + self._pause
        self.requests += 1
        host = urlsplit(url).netloc
        try:
            with self._session.get(url, headers=headers, timeout=self._timeout, stream=True, allow_redirects=False) as response:
                self._reached.add(host)
                if response.is_redirect:
                    return response.headers["location"]
                now = datetime.now(UTC)
                if lost := _lost_by_status(url, response):
                    return Answer(url, 404 if response.status_code in GONE else response.status_code, now, lost=lost)
                body = self._read(response, started)
                if body is None:
                    return Answer(url, 200, now, lost=f"larger than {self.maximum_bytes / 1e6:g} MB", limit=self.maximum_bytes)
                return Answer(url, 200, now, body, pause=_seconds_of(response.headers.get("retry-after")))
        except requests.exceptions.SSLError as error:
            if isinstance(_innermost(error), ssl.SSLCertVerificationError):
                raise Untrusted(
                    f"{host}: its certificate is not trusted by this machine ({_cause_of(error)}). Is its clock right "
                    f"({datetime.now().astimezone():%Y-%m-%d %H:%M})? Where a proxy looks into connections, put the file of its "
                    "certificates into REQUESTS_CA_BUNDLE"
                ) from error
            raise _Again(f"no encrypted connection ({_cause_of(error)})") from error
        except requests.exceptions.ConnectionError as error:
            connected = isinstance(error.args[0] if error.args else None, ProtocolError)  # and cut off before any answer
            if host not in self._reached and not connected:
                raise NoNetwork(
                    f"{host} cannot be reached from this machine: {_cause_of(error)}. Fetch where there is a network "
                    "(of a cluster, on the login node); a proxy is taken from https_proxy"
                ) from error
            raise _Again(f"the line was cut ({_cause_of(error)})") from error
        except requests.exceptions.Timeout as error:
            raise _Again(f"no answer within {self._timeout:g} s") from error
        except (requests.RequestException, HTTPError, OSError) as error:
            if type(error) is OSError and error.errno is None:  # by requests, of a bundle of certificates; no fault of the line
                raise Untrusted(f"{error}: look at REQUESTS_CA_BUNDLE and CURL_CA_BUNDLE in the environment") from error
            raise _Again(f"the answer broke off ({_cause_of(error)})") from error

    def _read(self, response: requests.Response, started: float) -> bytes | None:
        """The body, piece by piece: one that is too long (None) or too slow is left as soon as that is known."""
        announced = response.headers.get("content-length", "")
        if announced.isdigit() and int(announced) > self.maximum_bytes:
            return None
        body = bytearray()
        while piece := response.raw.read1(BLOCK, decode_content=True):
            body += piece
            if len(body) > self.maximum_bytes:
                return None
            if time.monotonic() - started > self._timeout:
                raise _Again(f"the answer was not complete within {self._timeout:g} s")
        return bytes(body)


def _checked(answer: Answer, check: Callable[[bytes], None] | None) -> Answer:
    try:
        if check and not answer.lost:
            check(answer.body)
    except ValueError as error:
        raise _Again(str(error), _obeyed(answer.pause, answer.url, answer.status)) from error
    return answer


def _lost_by_status(url: str, response: requests.Response) -> str:
    """Why there is no body, by the status; empty for 200. Raises Refused, _Again; VersoError for too long a pause."""
    status = response.status_code
    if status in (401, 403):
        raise Refused(url, status)
    if status in AGAIN:
        raise _Again(f"status {status}", _obeyed(_seconds_of(response.headers.get("retry-after")), url, status))
    if status in GONE:
        return "its page does not exist (404)"
    return "" if status == 200 else f"status {status}"


def _obeyed(pause: float | None, url: str, status: int) -> float | None:
    """The pause that the site requires, in seconds. Raises VersoError for one above LONGEST_OBEYED."""
    if pause is not None and pause > LONGEST_OBEYED:
        raise VersoError(
            f"{urlsplit(url).netloc} requires a pause of {pause / 60:.0f} minutes (status {status}): start again after it. "
            "What was fetched is kept"
        )
    return pause


def _seconds_of(retry_after: str | None) -> float | None:
    """What a Retry-After header requires: seconds, or a date; None for what is neither."""
    if retry_after is None:
        return None
    try:
        return max(0.0, float(retry_after))
    except ValueError:
        pass
    try:
        return max(0.0, (parsedate_to_datetime(retry_after) - datetime.now(UTC)).total_seconds())
    except (ValueError, TypeError):
        return None


def _innermost(error: BaseException) -> BaseException:
    """What an error of the network is about: each library on the way wraps it once more."""
    while True:
        inner = getattr(error, "reason", None) or next((part for part in error.args if isinstance(part, Exception)), None)
        if not isinstance(inner, Exception):
            return error
        error = inner


def _cause_of(error: BaseException) -> str:
    """The innermost reason of an error of the network, in its own words."""
    cause = _innermost(error)
    return str(cause) or type(cause).__name__


def writable(text: str) -> str:
    """A text that a file can hold: half a surrogate pair may stand in JSON, and must not cost the corpus."""
    return text.encode("utf-8", errors="replace").decode("utf-8")
