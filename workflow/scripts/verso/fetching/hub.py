"""The Hugging Face hub: the token that it is given, and its errors in words that say what to do."""

import hashlib
import re
import ssl
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import httpx
from huggingface_hub import constants, get_session, get_token
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    OfflineModeIsEnabled,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from verso.errors import VersoError
from verso.files import FULL_DISK
from verso.jobs.secrets import find_token
from verso.names import shown

COMMIT = re.compile("[0-9a-f]{40}")
TIMEOUT = 10.0  # seconds for a first answer: without a network it is said at once
TOKENS = ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HUGGINGFACE_TOKEN")
LOG_IN = "log in with `hf auth login`, or put a line HF_TOKEN=... into .env (chmod 600 .env)"


class Unreachable(VersoError):
    """The hub does not answer at all, or cannot show that it is the hub."""


def token_of_hub() -> str | None:
    """The token of the environment, of what Snakemake hid from jobs, or of .env; else that of `hf auth login`; None without."""
    return find_token(TOKENS) or get_token()


def commit_named(sha: object, repository: str) -> str:
    """The commit that the hub says a revision is. Raises VersoError for anything but 40 hexadecimal digits.

    It becomes part of paths and addresses, and a hub may be a mirror that somebody else keeps.
    """
    if not isinstance(sha, str) or not COMMIT.fullmatch(sha):
        raise VersoError(
            f"{repository}: {urlsplit(constants.ENDPOINT).netloc} calls its commit {shown(sha)}, where 40 hexadecimal digits are "
            "right; do not trust this hub"
        )
    return sha


@contextmanager
def clear_errors(repository: str, revision: str, token: str | None, kind: str = "") -> Iterator[None]:
    """Turn the hub's errors, and those on the way to it, into VersoErrors that say what to do.

    kind: what a page's address begins with, "datasets/" or, of models, nothing.
    """
    page = f"{constants.ENDPOINT}/{kind}{repository}"
    host = urlsplit(constants.ENDPOINT).netloc
    sent = "the token that was sent has no access" if token else "no token was found"
    hooks = get_session().event_hooks
    before = hooks["response"]
    get_session().event_hooks = {**hooks, "response": [*before, _refuses_repeated_pages(repository, host)]}
    try:
        yield
    except GatedRepoError as error:
        raise VersoError(
            f"{repository}: is gated, and {sent}; accept its terms on {page} with your account, then {LOG_IN} and fetch again"
        ) from error
    except RevisionNotFoundError as error:
        raise VersoError(
            f'{repository}: has no revision "{revision}"; {page}/commits/main lists its commits: put one into the config'
        ) from error
    except RepositoryNotFoundError as error:
        raise VersoError(
            f"{repository}: the hub knows no such repository, or it is private and {sent}; look whether {page} opens. "
            f"If it is yours alone, {LOG_IN}"
        ) from error
    except OfflineModeIsEnabled as error:
        raise Unreachable(
            f"{repository}: HF_HUB_OFFLINE is set where Snakemake was started, so nothing can be fetched; unset it"
        ) from error
    except HfHubHTTPError as error:
        status = error.response.status_code
        rejected = f"; the token is not accepted: {LOG_IN}" if status in (401, 403) else "; try again later"
        raise VersoError(f"{repository}: {host} answers with status {status}{rejected}") from error
    except (httpx.ConnectError, httpx.ConnectTimeout) as error:
        if untrusted := _untrusted_certificate(error):
            raise Unreachable(
                f"{repository}: the certificate of {host} is not trusted by this machine ({untrusted}). Is its clock right? "
                "Where a proxy looks into connections, put the file of its certificates into SSL_CERT_FILE"
            ) from error
        raise Unreachable(
            f"{repository}: no connection to {host}; fetch it where there is a network (`snakemake fetch` on the login node). "
            "What came before is kept"
        ) from error
    except httpx.HTTPError as error:
        raise VersoError(
            f"{repository}: the connection to {host} broke ({type(error).__name__}); what came is kept: fetch again to go on"
        ) from error
    except OSError as error:
        if error.errno is None:  # huggingface_hub's own: fewer bytes than the hub said
            raise VersoError(f"{repository}: {host} sent a file that is not whole; what came is kept: fetch again") from error
        if error.errno not in FULL_DISK:
            raise
        raise VersoError(
            f"{repository}: the disk is full ({error.strerror}); what came is kept: free some and fetch again"
        ) from error
    finally:
        get_session().event_hooks = {**hooks, "response": before}


def _refuses_repeated_pages(repository: str, host: str) -> Callable[[httpx.Response], None]:
    """A hook for the hub's client, which follows the pages of a list of files for as long as one names a next.

    It raises VersoError when such a page comes for the third time (the second may be another request for the same list).
    """
    seen: Counter[tuple[str, bytes]] = Counter()

    def look_at(response: httpx.Response) -> None:
        if "next" not in response.links:
            return
        page = (response.url.path, hashlib.sha256(response.read()).digest())
        seen[page] += 1
        if seen[page] == 3:
            raise VersoError(
                f"{repository}: {host} lists its files again and again: a page of the list repeats one before it and names a "
                "next one. Try again later, or take another address of the hub (HF_ENDPOINT)"
            )

    return look_at


def _untrusted_certificate(error: BaseException | None) -> ssl.SSLCertVerificationError | None:
    """What is wrong with a certificate, if that is what the error of a connection comes from."""
    while error is not None and not isinstance(error, ssl.SSLCertVerificationError):
        error = error.__cause__ or error.__context__
    return error
