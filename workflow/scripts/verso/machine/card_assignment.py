"""Assign a machine's cards to the runs that request them (verso.machine.card_leases has the leases)."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class Request:
    """A run that holds cards, or waits for them (held is empty).

    number: order of arrival. vram_mb: of each of `count` cards. cards: size in MB of each card that it may use, by the card's
    name on this machine. arrived: by time.monotonic, which all processes share.
    """

    number: int
    process: int
    vram_mb: int
    cards: dict[str, int]
    count: int = 1
    held: list[str] = field(default_factory=list)
    arrived: float = 0.0


def assign_cards(requests: Iterable[Request]) -> dict[int, list[str]]:
    """Which waiting requests may start now, and on which cards: {request number: card names}.

    Two strategies are tried, and the one that assigns more memory now is used. The first gives each run the cards with the most
    free memory: runs are spread, and two compute faster on two cards than on one. The second gives a run of one card the card
    on which it leaves the least memory free, which keeps another card free for a large run.

    Requests are served in order of arrival. For the first one that does not fit, its largest cards are reserved, as many as it
    requests:

        card, 24 GB   |earlier leases: as they are.......|             |
        card, 24 GB   |earlier leases|                                 |
        once they end |reserved for the first, 16 GB  |later: at most 8|    on each of its two cards

    Later requests may use the other cards, and the rest of a reserved card. No request starves, if runs end: once all leases
    have ended that were there when a request became the first, each reserved card has room for it, and it gets all of them at
    once; and every request becomes the first, since numbers only grow while it waits. The first fits on empty cards
    (verso.machine.card_leases.lease refuses what they cannot hold), so there is no deadlock.
    """
    requests = sorted(requests, key=lambda request: request.number)
    spread, packed = _given_out(requests, to_the_emptiest=True), _given_out(requests, to_the_emptiest=False)
    return packed if _memory(requests, packed) > _memory(requests, spread) else spread


def _memory(requests: list[Request], taken: dict[int, list[str]]) -> int:
    """Assigned memory in MB, over all cards."""
    return sum(request.vram_mb * len(taken.get(request.number, ())) for request in requests)


def _given_out(requests: list[Request], to_the_emptiest: bool) -> dict[int, list[str]]:
    """As assign_cards, by one of the two strategies."""
    holding = [request for request in requests if request.held]
    used = Counter[str]()
    for request in holding:
        used.update(dict.fromkeys(request.held, request.vram_mb))
    taken: dict[int, list[str]] = {}
    first: Request | None = None
    kept: list[str] = []
    for request in (request for request in requests if not request.held):
        free = {name: size - used[name] for name, size in request.cards.items()}
        allowed = dict(free)
        if first is not None:
            for name in free.keys() & set(kept):
                later = sum(other.vram_mb for other in holding if name in other.held and other.number > first.number)
                allowed[name] = min(free[name], first.cards[name] - first.vram_mb - later)
        fitting = [name for name in free if allowed[name] >= request.vram_mb]
        if len(fitting) >= request.count:
            best = sorted(fitting, key=free.__getitem__, reverse=to_the_emptiest or request.count > 1)[: request.count]
            taken[request.number] = best
            used.update(dict.fromkeys(best, request.vram_mb))
            holding.append(replace(request, held=best))
        elif first is None:
            first, kept = request, _largest(request.cards, request.count)
    return taken


def _largest(cards: dict[str, int], count: int) -> list[str]:
    return sorted(cards, key=cards.__getitem__, reverse=True)[:count]
