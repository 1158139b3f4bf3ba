"""The machine's cards, shared out where no scheduler does it: each run leases a card, or several, with room for its memory.

What is leased is written in a folder of this user on this machine, one file a request, from its arrival to its end:

    verso-cards/                     0700, ours, no link; or nothing is done
      mutex                          held (flock) for the moment of looking and taking, so that the two are one
      request-000000000003           held (flock) by its run for as long as that lives; {"held": ["0"], "vram_mb": 6000, ...}
      request-000000000005           ... "held": []: this one still waits; the number is the order of arrival

    run 3   request ── look, take card 0 ═══════════ training ═══════════╗ end: file removed
    run 5   request ── look, no room ·· wait ·· look ·· wait ··· look ····╚═ take cards 0, 1 ═══ training ═══ kill -9
    run 6                                                                       request ── look: 5's lock is free, for ╝
                                                                                the kernel let it go: file removed, take

Who comes first is served first, as far as room allows, once nobody has come for a second (verso.machine.card_assignment has the
rule, and why nobody waits for ever). A process waits for one lease at a time and holds none while it waits: all cards of a
request are taken in one look, or none. One that leased a second card inside the first could wait for itself, or for another that
does the same.
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

SECONDS_BETWEEN_LOOKS = 0.2  # a look reads a few small files, 1 ms; a training takes minutes
SECONDS_BETWEEN_LINES = 60.0  # of the log, while a run waits
SETTLING_SECONDS = 1.0  # after an arrival nobody takes a card: runs that are started together are placed together, and so better
LONGEST_SETTLING = 5.0  # for one run, however many come after it
REQUEST = re.compile(r"request-(\d{12})")
NO_LINK = os.O_NOFOLLOW | os.O_CLOEXEC

log = logging.getLogger(__name__)


@contextmanager
def lease(cards: Sequence[int], vram_mb: int, count: int = 1, folder: Path | None = None) -> Iterator[list[int]]:
    """Hold room for `vram_mb` MB on each of `count` of the `cards` for the block; gives the cards' indices, in order.

    cards: memory of each card in MB, as `visible_cards` gives it. Waits, with a line in the log at once and then every minute,
    while there is no room. folder: where leases are written, for tests; all processes that share cards share it.
    Raises VersoError when there are fewer cards, too few are large enough, or the folder is not ours alone.
    """
    names = names_of_cards(cards)
    if count > len(cards):
        raise VersoError(
            f"{count} cards are asked for, and this machine has {len(cards)} ({_listed(names, cards)}); set the model's needs to "
            f"gpus: {len(cards)}, which changes how long it takes and nothing that is learnt"
        )
    enough = sorted(cards, reverse=True)[count - 1]
    if vram_mb > enough:
        few, which = ("no card is", "largest") if count == 1 else (f"no {count} cards are", f"{count} largest")
        raise VersoError(
            f"{few} large enough: {vram_mb} MB of its memory are asked for, {vram_mb - enough} MB more than the {which} "
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
    """The names of the cards that the request may use, written in its file."""
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
    """Whether others have just come, and more may."""
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
    """A forked child shares its parent's locks and would keep them alive after it; O_CLOEXEC only helps where it execs."""
    for handle in _open_locks:
        os.close(handle)
    _open_locks.clear()


os.register_at_fork(after_in_child=_close_in_child)


@contextmanager
def _kept_open(handle: int) -> Iterator[int]:
    """Close the file at the end, or in a forked child at once; there the block's end leaves it alone."""
    _open_locks.add(handle)
    try:
        yield handle
    finally:
        if handle in _open_locks:
            _open_locks.remove(handle)
            os.close(handle)


def _default_folder() -> Path:
    """The same for every session of this user: XDG_RUNTIME_DIR is not set in all, and goes with the last logout."""
    return Path("/tmp", f"verso-cards-{os.getuid()}")  # not TMPDIR: two sessions may differ


@contextmanager
def _opened_folder(folder: Path) -> Iterator[int]:
    """The folder, made if need be, as a handle through which all its files are reached, whatever its path becomes."""
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
    """Raises FileNotFoundError as it is; VersoError when it is anything but a plain file of ours."""
    try:
        handle = os.open(name, os.O_RDWR | os.O_NONBLOCK | NO_LINK | flags, 0o600, dir_fd=place)  # a pipe would block without
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
    """All that hold or wait; files of the dead are removed. To be called under the mutex."""
    living = []
    for name in os.listdir(place):  # not pathlib's: it knows no handles
        if not (match := REQUEST.fullmatch(name)):
            continue
        try:
            handle = _open_inside(place, folder, name, 0)
        except FileNotFoundError:  # its owner ended just now
            continue
        with _kept_open(handle):
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                os.unlink(name, dir_fd=place)  # numbers are given under the mutex: nobody made it anew meanwhile
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
        """Under the mutex. One that dies half-way has let its lock go: nobody reads what it wrote."""
        content = json.dumps({key: value for key, value in asdict(request).items() if key != "number"}).encode()
        os.ftruncate(self.handle, os.pwrite(self.handle, content, 0))
        self.request = request


@contextmanager
def _request(place: int, folder: Path, vram_mb: int, cards: dict[str, int], count: int) -> Iterator[_Held]:
    """A new request at the end of the row, locked; its file goes with the block."""
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
            if os.getpid() == request.process:  # not in a forked child that leaves the block as well
                try:
                    os.unlink(name, dir_fd=place)
                except FileNotFoundError:
                    log.warning("%s: was removed by somebody while its card was in use", folder / name)
