"""What was fetched from the web, kept on disk: each answer a compressed file with its address, status, date and checksum.

data/genius/3f/3f9c...e1.gz      {"url", "status", "date", "sha256"} in the first line (zcat FILE | head -1), then the answer;
                                 of one that could not be had, "lost" (why) and "limit" (bytes, where it was too large)
"""

import fcntl
import gzip
import hashlib
import json
import logging
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path

from verso.fetching.web import Answer
from verso.files import atomic_path, refuse_link
from verso.jobs.logs import announce

log = logging.getLogger(__name__)


class WebCache:
    """A folder of answers by address."""

    def __init__(self, folder: str | Path, refresh: date | None = None) -> None:
        """refresh: an answer from before this day (local time) is as if it were not there."""
        self.folder = Path(folder)
        self._refresh = refresh

    def path_of(self, url: str) -> Path:
        """Where the answer to `url` is kept."""
        name = hashlib.sha256(url.encode("utf-8")).hexdigest()
        return self.folder / name[:2] / f"{name}.gz"

    def read(self, url: str) -> Answer | None:
        """The answer that is kept; None when there is none, an outdated or a broken one."""
        path = self.path_of(url)
        try:
            with gzip.open(path) as stream:
                head = json.loads(stream.readline())
                body = stream.read()
            about = {key: head[key] for key in ("lost", "limit") if key in head}  # of what could not be had
            answer = Answer(head["url"], head["status"], datetime.fromisoformat(head["date"]), body, **about)
            if answer.url != url or hashlib.sha256(body).hexdigest() != head["sha256"]:
                raise ValueError("its checksum is another")
        except FileNotFoundError:
            return None
        except (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError) as error:
            log.warning("%s: broken (%s); %s is fetched again", path, error, url)
            return None
        return None if self._refresh and answer.date.astimezone().date() < self._refresh else answer

    def write(self, answer: Answer) -> None:
        """Keep an answer, whole or not at all. Raises VersoError when the disk is full."""
        head: dict[str, str | int] = {
            "url": answer.url,
            "status": answer.status,
            "date": answer.date.isoformat(timespec="seconds"),
            "sha256": hashlib.sha256(answer.body).hexdigest(),
        }
        if answer.lost:
            head |= {"lost": answer.lost, "limit": answer.limit}
        with atomic_path(self.path_of(answer.url)) as path, gzip.open(path, "wb", compresslevel=6) as stream:
            stream.write(json.dumps(head).encode("utf-8") + b"\n" + answer.body)

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the folder: another job that fetches into it waits, so that two together are no faster than one may be."""
        self.folder.mkdir(parents=True, exist_ok=True)
        refuse_link(self.folder / ".lock")
        with (self.folder / ".lock").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                announce(f"{self.folder}: another job fetches into it; waiting")
                fcntl.flock(lock, fcntl.LOCK_EX)
            except OSError as error:
                log.warning("%s: no locks on this file system (%s): let no two jobs fetch into it at once", self.folder, error)
            yield
