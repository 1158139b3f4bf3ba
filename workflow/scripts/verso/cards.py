"""The machine's cards, shared out where no scheduler does it: each run leases one card with room for its memory.

What is leased is written in a folder of this user on this machine, one file a request, from its arrival to its end:

    verso-cards/                     0700, ours, no link; or nothing is done
      mutex                          held (flock) for the moment of looking and taking, so that the two are one
      request-000000000003           held (flock) by its run for as long as that lives; {"card": "0", "vram_mb": 6000, ...}
      request-000000000005           ... "card": null: this one still waits; the number is the order of arrival

    run 3   request ── look, take card 0 ═══════════ training ═══════════╗ end: file removed
    run 5   request ── look, no room ·· wait ·· look ·· wait ··· look ····╚═ take card 0 ═══ training ═══ kill -9
    run 6                                                                       request ── look: 5's lock is free, for ╝
                                                                                the kernel let it go: file removed, take

Who comes first is served first, as far as room allows (`placements` has the rule, and why nobody waits for ever). A process
waits for one lease at a time and holds none while it waits: one that leased a second card inside the first could wait for itself.
"""

import fcntl
import json
import logging
import os
import re
import stat
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from itertools import takewhile
from pathlib import Path

from verso.errors import VersoError

SECONDS_BETWEEN_LOOKS = 0.2  # a look reads a few small files, 1 ms; a training takes minutes
SECONDS_BETWEEN_LINES = 60.0  # of the log, while a run waits
REQUEST = re.compile(r"request-(\d{12})")
NO_LINK = os.O_NOFOLLOW | os.O_CLOEXEC

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Request:
    """A run that holds a card, or waits for one (card None).

    number: order of arrival. cards: size in MB of each card that it may use, by the card's name on this machine.
    """

    number: int
    process: int
    vram_mb: int
    cards: dict[str, int]
    card: str | None = None


def placements(requests: Iterable[Request]) -> dict[int, str]:
    """The waiting requests, by number, that may take a card now, and which: the one that it leaves with the least room.

    In order of arrival, each as if the earlier ones had taken theirs. For the first that fits nowhere, its largest card is kept:

        card, 24 GB   |earlier leases: as they are.......|             |
        once they end |kept for the first, 16 GB      |later: at most 8|

    Later requests may use the other cards as they like, and of the kept card what is left beside the first. Nobody waits for
    ever, if runs end: when all leases have ended that were there at the moment when a request became the first, what is on the
    kept card leaves it its room; and every request becomes the first, for numbers only grow while one waits. On empty
    cards the first fits (`lease` refuses what is larger than all), so there is no deadlock either.
    """
    requests = sorted(requests, key=lambda request: request.number)
    holding = [request for request in requests if request.card is not None]
    used: Counter[str | None] = Counter()
    for request in holding:
        used[request.card] += request.vram_mb
    taken: dict[int, str] = {}
    first: Request | None = None
    kept = ""
    for request in (request for request in requests if request.card is None):
        free = {name: size - used[name] for name, size in request.cards.items()}
        allowed = dict(free)
        if first is not None and kept in free:
            later = sum(other.vram_mb for other in holding if other.card == kept and other.number > first.number)
            allowed[kept] = min(free[kept], first.cards[kept] - first.vram_mb - later)
        fitting = [name for name in free if allowed[name] >= request.vram_mb]
        if fitting:
            best = min(fitting, key=free.__getitem__)
            taken[request.number] = best
            used[best] += request.vram_mb
            holding.append(replace(request, card=best))
        elif first is None:
            first, kept = request, max(request.cards, key=request.cards.__getitem__)
    return taken


@contextmanager
def lease(cards: Sequence[int], vram_mb: int, folder: Path | None = None) -> Iterator[int]:
    """Hold room for `vram_mb` MB on one of `cards` for the block; gives the card's index.

    cards: memory of each card in MB, as `visible_cards` gives it. Waits, with a line in the log at once and then every minute,
    while there is no room. folder: where leases are written, for tests; all processes that share cards share it.
    Raises VersoError when no card is large enough, or the folder is not ours alone.
    """
    names = _names(cards)
    if vram_mb > max(cards):
        raise VersoError(
            f"no card is large enough: {vram_mb} MB of its memory are asked for, {vram_mb - max(cards)} MB more than the "
            f"largest has ({_listed(names, cards)}); lower the model's `batch`, or its `needs.vram_mb`"
        )
    folder = folder or _default_folder()
    with _opened_folder(folder) as place, _request(place, folder, vram_mb, dict(zip(names, cards, strict=True))) as mine:
        card = _wait_for_card(place, folder, mine)
        log.info("card %s: %d MB leased", card, vram_mb)
        yield names.index(card)


def visible_cards() -> list[int]:
    """Memory in MB of each card that this process may use, in CUDA's order of them; empty without a card.

    nvidia-smi counts in MiB: taken as MB, the 4.9 % are left to what the driver keeps for itself. Raises VersoError when
    CUDA_VISIBLE_DEVICES or nvidia-smi's answer cannot be read.
    """
    command = ["nvidia-smi", "--query-gpu=memory.total", "--format=csv,noheader,nounits"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    except FileNotFoundError:
        return []
    except subprocess.CalledProcessError as error:  # the tool without a driver, or without a card
        log.warning("no card: nvidia-smi failed (%s)", (error.stderr or error.stdout).strip())
        return []
    try:
        sizes = [int(line) for line in answer.split("\n") if line.strip()]
    except ValueError as error:
        raise VersoError(
            f"nvidia-smi gives no memory in MB of each card but {answer!r}; state the cards' memory yourself"
        ) from error
    visible = _visible_indices()
    if visible is None:
        return sizes
    return [sizes[index] for index in takewhile(lambda index: index < len(sizes), visible)]  # as CUDA reads it


def use_card(index: int) -> None:
    """Let CUDA see this card alone, of those that this process may use.

    To be called before CUDA is initialised, which reads the variables once; later is a RuntimeError. Raises VersoError when
    CUDA_VISIBLE_DEVICES has no such entry.
    """
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        raise RuntimeError("use_card came too late: CUDA is initialised and keeps the cards that it saw then")
    visible = _visible_indices()
    if visible is not None and index >= len(visible):
        raise VersoError(f"card {index} is asked for, but CUDA_VISIBLE_DEVICES shows {len(visible)} of the cards")
    os.environ["CUDA_DEVICE_ORDER"] = "PCI_BUS_ID"  # nvidia-smi's order; CUDA's own puts the fastest first
    os.environ["CUDA_VISIBLE_DEVICES"] = str(index if visible is None else visible[index])


# --- names of cards ---


def _visible_indices() -> list[int] | None:
    """The cards in CUDA_VISIBLE_DEVICES up to the first negative one, where CUDA stops reading; None when it is not set."""
    value = os.environ.get("CUDA_VISIBLE_DEVICES")
    if value is None:
        return None
    try:
        indices = [int(entry) for entry in value.split(",")] if value.strip() else []
    except ValueError as error:
        raise VersoError(
            f'CUDA_VISIBLE_DEVICES: "{value}" lists no cards by number; set it to such as 0,1 (`nvidia-smi -L` has the numbers)'
        ) from error
    return list(takewhile(lambda index: index >= 0, indices))


def _names(cards: Sequence[int]) -> list[str]:
    """What each card is called by all processes of this machine, whatever CUDA_VISIBLE_DEVICES each was given."""
    visible = _visible_indices()
    if not cards:
        raise VersoError(
            "a card is asked for, but none is visible here; run where `nvidia-smi` lists one, or set `needs.gpus: 0`"
        )
    if visible is not None and len(cards) > len(visible):
        raise VersoError(
            f"{len(cards)} cards are stated, but CUDA_VISIBLE_DEVICES shows {len(visible)}; state only those, or unset it"
        )
    return [str(index) for index in (range(len(cards)) if visible is None else visible[: len(cards)])]


def _listed(names: Iterable[str], sizes: Iterable[int]) -> str:
    return ", ".join(f"card {name}: {size} MB" for name, size in zip(names, sizes, strict=True))


# --- waiting ---


def _wait_for_card(place: int, folder: Path, mine: "_Held") -> str:
    """The name of the card that the request may use, written in its file."""
    next_line = time.monotonic()
    while True:
        with _mutex(place, folder):
            requests = _living_requests(place, folder)
            if mine.request not in requests:
                raise VersoError(f"{folder}: somebody removed a file of it while a run waited for a card; start again")
            card = placements(requests).get(mine.request.number)
            if card is not None:
                mine.write(replace(mine.request, card=card))
                return card
        if time.monotonic() >= next_line:
            log.info("%s", _what_it_waits_for(mine.request, requests))
            next_line = time.monotonic() + SECONDS_BETWEEN_LINES
        time.sleep(SECONDS_BETWEEN_LOOKS)


def _what_it_waits_for(mine: Request, requests: Sequence[Request]) -> str:
    free = {name: size - sum(r.vram_mb for r in requests if r.card == name) for name, size in mine.cards.items()}
    holders = "; ".join(f"process {r.process} has {r.vram_mb} MB of card {r.card}" for r in requests if r.card in free)
    earlier = sum(r.card is None and r.number < mine.number for r in requests)
    return (
        f"waiting for {mine.vram_mb} MB of a card, after {earlier} earlier requests; free are {_listed(free, free.values())}"
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
def _request(place: int, folder: Path, vram_mb: int, cards: dict[str, int]) -> Iterator[_Held]:
    """A new request at the end of the row, locked; its file goes with the block."""
    with ExitStack() as opened:
        with _mutex(place, folder):
            numbers = [request.number for request in _living_requests(place, folder)]
            request = Request(max(numbers, default=0) + 1, os.getpid(), vram_mb, cards)
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
