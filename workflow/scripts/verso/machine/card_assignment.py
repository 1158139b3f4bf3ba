"""Who may take which cards now: the rule by which runs share a machine's cards (verso.machine.card_leases has the leases)."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class Request:
    """A run that holds its cards, or waits for them (held is empty).

    number: order of arrival. vram_mb: of each of `count` cards. cards: size in MB of each card that it may use, by the card's
    name on this machine. arrived: by time.monotonic, which is one for all processes.
    """

    number: int
    process: int
    vram_mb: int
    cards: dict[str, int]
    count: int = 1
    held: list[str] = field(default_factory=list)
    arrived: float = 0.0


def assign_cards(requests: Iterable[Request]) -> dict[int, list[str]]:
    """The waiting requests, by number, that may take their cards now, and which.

    Two ways of giving cards out are tried, and the one taken that gives out more memory now. Each run gets the cards with the
    most room: then runs are spread, and two compute faster on two cards than on one. Or a run of one card gets that which it
    leaves the least room on, which keeps another free for a large run.

    In order of arrival, each as if the earlier ones had taken theirs. For the first that does not fit, its largest cards are
    kept, as many as it wants:

        card, 24 GB   |earlier leases: as they are.......|             |
        card, 24 GB   |earlier leases|                                 |
        once they end |kept for the first, 16 GB      |later: at most 8|    on each of its two cards

    Later requests may use the other cards as they like, and of a kept card what is left beside the first. Nobody waits for
    ever, if runs end: when all leases have ended that were there at the moment when a request became the first, what is on each
    kept card leaves it its room, and so it takes all of them in one look; and every request becomes the first, for numbers only
    grow while one waits. On empty cards the first fits (verso.machine.card_leases.lease refuses what they cannot hold), so there
    is no deadlock either.
    """
    requests = sorted(requests, key=lambda request: request.number)
    spread, packed = _given_out(requests, to_the_emptiest=True), _given_out(requests, to_the_emptiest=False)
    return packed if _memory(requests, packed) > _memory(requests, spread) else spread


def _memory(requests: list[Request], taken: dict[int, list[str]]) -> int:
    """MB that are given out, over all cards."""
    return sum(request.vram_mb * len(taken.get(request.number, ())) for request in requests)


def _given_out(requests: list[Request], to_the_emptiest: bool) -> dict[int, list[str]]:
    """As assign_cards, by one of the two ways."""
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
