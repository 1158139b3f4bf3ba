"""Leases of a machine's cards, for machines without a scheduler: each run leases one or more cards with room for its memory.

Leases are stored in a folder of this user on this machine, one file for each request, from its arrival to its end:

    verso-cards/                     mode 0700, owned by this user, not a link; else an error
      mutex                          locked (flock) while a process reads the requests and leases, so that this is atomic
      request-000000000003           locked (flock) by its run while that lives; {"held": ["0"], "vram_mb": 6000, ...}
      request-000000000005           ... "held": []: this one still waits; the number is the order of arrival

    run 3   request ── read, lease card 0 ══════════ training ═══════════╗ end: file removed
    run 5   request ── read, no room ·· wait ·· read ·· wait ··· read ····╚═ lease cards 0, 1 ══ training ═══ kill -9
    run 6                                                                       request ── read: 5's lock is free, as  ╝
                                                                                the kernel released it: remove file, lease

Requests are served in order of arrival, as far as room allows, once no new one has come for a second (see
verso.machine.card_assignment, also for why no request starves). A process waits for one lease at a time and holds none while it
waits: it gets all cards of a request at once, or none. Leasing a second card while holding a first could deadlock.
"""

import fcntl
import json
import logging
import os
import re
import stat
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from verso.errors import VersoError
from verso.machine.card_assignment import Request, assign_cards
from verso.machine.visible_cards import names_of_cards

SECONDS_BETWEEN_LOOKS = 0.2  # each reads a few small files, 1 ms; a training takes minutes
SECONDS_BETWEEN_LINES = 60.0  # of the log, while a run waits
SETTLING_SECONDS = 1.0  # no lease is given so soon after an arrival: runs started together are assigned together, and so better
LONGEST_SETTLING = 5.0  # for one run, however many arrive after it
REQUEST = re.compile(r"request-(\d{12})")
NO_LINK = os.O_NOFOLLOW | os.O_CLOEXEC

log = logging.getLogger(__name__)


@contextmanager
def lease(cards: Sequence[int], vram_mb: int, count: int = 1, folder: Path | None = None) -> Iterator[list[int]]:
    """Lease `vram_mb` MB on each of `count` of the `cards` for the block; yields the cards' indices, in order.

    cards: memory of each card in MB, as `visible_cards` returns it. Waits while there is no room, and logs this at once and then
    every minute. folder: where leases are stored, for tests; all processes that share cards share it.
    Raises VersoError when there are fewer cards, too few are large enough, or the folder is not this user's alone.
    """
    names = names_of_cards(cards)
    if count > len(cards):
        raise VersoError(
            f"{count} cards are requested, and this machine has {len(cards)} ({_listed(names, cards)}); set the model's needs to "
            f"gpus: {len(cards)}, which changes the time it takes and not the result"
        )
    enough = sorted(cards, reverse=True)[count - 1]
    if vram_mb > enough:
        few, which = ("no card is", "largest") if count == 1 else (f"no {count} cards are", f"{count} largest")
        raise VersoError(
            f"{few} large enough: {vram_mb} MB of its memory are requested, {vram_mb - enough} MB more than the {which} "
            f"{'has' if count == 1 else 'have'} ({_listed(names, cards)}); lower the model's `batch`, or its `needs.vram_mb`"
        )
    folder = folder or _default_folder()
    sizes = dict(zip(names, cards, strict=True))
    with _opened_folder(folder) as place, _request(place, folder, vram_mb, sizes, count) as mine:
        held = _wait_for_cards(place, folder, mine)
        log.info("card %s: %d MB leased%s", ", ".join(held), vram_mb, " on each" if count > 1 else "")
        yield sorted(names.index(card) for card in held)


def _listed(names: Iterable[str], sizes: Iterable[int]) -> str:
    return ", ".join(f"card {name}: {size} MB" for name, size in zip(names, sizes, strict=True))


# --- waiting ---


def _wait_for_cards(place: int, folder: Path, mine: "_Held") -> list[str]:
    """Wait until the request gets cards; returns their names, which are also written into its file."""
    next_line = time.monotonic()
    while True:
        with _mutex(place, folder):
            requests = _living_requests(place, folder)
            if mine.request not in requests:
                raise VersoError(f"{folder}: somebody removed a file of it while a run waited for a card; start again")
            held = assign_cards(requests).get(mine.request.number)
            if held is not None and not _are_arriving(requests, mine.request):
                mine.write(replace(mine.request, held=held))
                return held
        if held is None and time.monotonic() >= next_line:
            log.info("%s", _what_it_waits_for(mine.request, requests))
            next_line = time.monotonic() + SECONDS_BETWEEN_LINES
        time.sleep(SECONDS_BETWEEN_LOOKS)


def _are_arriving(requests: Sequence[Request], mine: Request) -> bool:
    """Whether other requests have just arrived, so that more may come."""
    now = time.monotonic()
    newest = max(request.arrived for request in requests if not request.held)
    return now < min(newest + SETTLING_SECONDS, mine.arrived + LONGEST_SETTLING)


def _what_it_waits_for(mine: Request, requests: Sequence[Request]) -> str:
    free = {name: size - sum(r.vram_mb for r in requests if name in r.held) for name, size in mine.cards.items()}
    holders = "; ".join(
        f"process {r.process} has {r.vram_mb} MB of card {' and '.join(r.held)}" for r in requests if free.keys() & set(r.held)
    )
    earlier = sum(not r.held and r.number < mine.number for r in requests)
    where = "of a card" if mine.count == 1 else f"on each of {mine.count} cards"
    return (
        f"waiting for {mine.vram_mb} MB {where}, after {earlier} earlier requests; free are {_listed(free, free.values())}"
        f" ({holders or 'nobody has any'})"
    )


# --- files and locks ---


_open_locks: set[int] = set()


def _close_in_child() -> None:
    """Close the lock files in a forked child, which would keep its parent's locks alive; O_CLOEXEC helps only at exec."""
    for handle in _open_locks:
        os.close(handle)
    _open_locks.clear()


os.register_at_fork(after_in_child=_close_in_child)


@contextmanager
def _kept_open(handle: int) -> Iterator[int]:
    """Close the file at the end of the block; in a forked child at once, where the end of the block does nothing."""
    _open_locks.add(handle)
    try:
        yield handle
    finally:
        if handle in _open_locks:
            _open_locks.remove(handle)
            os.close(handle)


def _default_folder() -> Path:
    """The same for every session of this user: XDG_RUNTIME_DIR is not always set, and is removed at the last logout."""
    return Path("/tmp", f"verso-cards-{os.getuid()}")  # not TMPDIR: two sessions may differ


@contextmanager
def _opened_folder(folder: Path) -> Iterator[int]:
    """A handle of the folder, made if it is missing; all its files are opened through it, even if its path changes."""
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | NO_LINK)
    except OSError as error:
        raise VersoError(
            f"{folder}: cannot keep the leases of cards here ({error.strerror}): it must be a real folder of yours, no link; "
            "remove it"
        ) from error
    with _kept_open(handle):
        status = os.fstat(handle)
        if status.st_uid != os.getuid() or status.st_mode & 0o077:
            raise VersoError(
                f"{folder}: belongs to user {status.st_uid} with mode {stat.S_IMODE(status.st_mode):04o}; leases are kept "
                f"only in a folder of your own (user {os.getuid()}) with mode 0700: remove it or mend its mode"
            )
        yield handle


def _open_inside(place: int, folder: Path, name: str, flags: int) -> int:
    """Open a file in the folder. Raises FileNotFoundError, and VersoError when it is not a plain file of this user."""
    try:
        handle = os.open(name, os.O_RDWR | os.O_NONBLOCK | NO_LINK | flags, 0o600, dir_fd=place)  # O_NONBLOCK: a pipe would block
    except FileNotFoundError:
        raise
    except OSError as error:
        raise VersoError(f"{folder / name}: cannot be used for leases of cards ({error.strerror}); remove it") from error
    status = os.fstat(handle)
    if not stat.S_ISREG(status.st_mode) or status.st_uid != os.getuid():
        os.close(handle)
        raise VersoError(f"{folder / name}: is no plain file of yours; leases of cards are: remove it")
    return handle


@contextmanager
def _mutex(place: int, folder: Path) -> Iterator[None]:
    with _kept_open(_open_inside(place, folder, "mutex", os.O_CREAT)) as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _living_requests(place: int, folder: Path) -> list[Request]:
    """All requests that hold cards or wait; files of dead processes are removed. Call it with the mutex locked."""
    living = []
    for name in os.listdir(place):  # pathlib does not support handles
        if not (match := REQUEST.fullmatch(name)):
            continue
        try:
            handle = _open_inside(place, folder, name, 0)
        except FileNotFoundError:  # its owner ended just now
            continue
        with _kept_open(handle):
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                os.unlink(name, dir_fd=place)  # numbers are assigned under the mutex: nobody made it again meanwhile
            except BlockingIOError:
                content = os.pread(handle, os.fstat(handle).st_size, 0)
                living.append(Request(int(match[1]), **json.loads(content)))
            except FileNotFoundError:
                pass
    return living


@dataclass
class _Held:
    """A request and its file."""

    handle: int
    request: Request

    def write(self, request: Request) -> None:
        """Write the request to its file, with the mutex locked. A writer that dies loses its lock, so nobody reads its file."""
        content = json.dumps({key: value for key, value in asdict(request).items() if key != "number"}).encode()
        os.ftruncate(self.handle, os.pwrite(self.handle, content, 0))
        self.request = request


@contextmanager
def _request(place: int, folder: Path, vram_mb: int, cards: dict[str, int], count: int) -> Iterator[_Held]:
    """Add a new request at the end of the queue, locked; its file is removed at the end of the block."""
    with ExitStack() as opened:
        with _mutex(place, folder):
            numbers = [request.number for request in _living_requests(place, folder)]
            request = Request(max(numbers, default=0) + 1, os.getpid(), vram_mb, cards, count, arrived=time.monotonic())
            name = f"request-{request.number:012d}"
            handle = opened.enter_context(_kept_open(_open_inside(place, folder, name, os.O_CREAT | os.O_EXCL)))
            fcntl.flock(handle, fcntl.LOCK_EX)
            mine = _Held(handle, request)
            mine.write(request)
        try:
            yield mine
        finally:
            if os.getpid() == request.process:  # not in a forked child, which leaves the block too
                try:
                    os.unlink(name, dir_fd=place)
                except FileNotFoundError:
                    log.warning("%s: was removed by somebody while its card was in use", folder / name)
