"""One fetching at a time from a site, whatever folders its answers are kept in: two together are no faster than one may be."""

import fcntl
import logging
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from verso.errors import VersoError
from verso.files import refuse_link
from verso.jobs.logs import announce

log = logging.getLogger(__name__)


@contextmanager
def alone_at(host: str) -> Iterator[None]:
    """Hold a host: another job of this user on this machine that fetches from it waits.

    Raises VersoError where the folder of the locks cannot be made, or is another user's.
    """
    folder = folder_of_locks()
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        is_ours = not folder.is_symlink() and folder.stat().st_uid == os.getuid()
    except OSError as error:
        raise VersoError(f"{folder}: no folder for locks of fetching can be made there ({error})") from error
    if not is_ours:
        raise VersoError(f"{folder}: is a link or another user's, and locks of fetching belong there; see who put it there")
    path = folder / f"{re.sub(r'[^A-Za-z0-9.-]', '_', host)}.lock"
    refuse_link(path)
    with path.open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            announce(f"{host}: another job fetches from it; waiting")
            fcntl.flock(lock, fcntl.LOCK_EX)
        except OSError as error:
            log.warning("%s: no locks on this file system (%s): let no two jobs fetch from %s at once", folder, error, host)
        yield


def folder_of_locks() -> Path:
    """The same for every session of this user: XDG_RUNTIME_DIR is not always set, and is removed at the last logout."""
    return Path("/tmp", f"verso-fetching-{os.getuid()}")  # not TMPDIR: two sessions may differ
