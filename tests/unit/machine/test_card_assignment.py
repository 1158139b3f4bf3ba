"""The rule by which runs share cards: nobody waits for ever, no card holds too much, little room stays empty."""

import heapq
import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from verso.machine.card_assignment import Request, assign_cards


def named(sizes):
    return {str(index): size for index, size in enumerate(sizes)}


def held(number, vram, card, sizes=(10, 10)):
    return Request(number, 1, vram, named(sizes), held=[card])


def waits(number, vram, sizes=(10, 10), count=1):
    return Request(number, 1, vram, named(sizes), count)


def test_later_small_runs_do_not_keep_an_earlier_large_one_waiting():
    """The large one (4) needs a whole card: 5 would fit on both, but may only take the one that is not kept."""
    row = [held(1, 5, "0"), held(2, 6, "1"), waits(4, 10), waits(5, 4), waits(6, 4)]
    assert assign_cards(row) == {5: ["1"]}


def test_beside_an_earlier_large_run_small_ones_use_what_it_will_leave():
    row = [held(1, 5, "0", [10]), waits(4, 7, [10]), waits(5, 3, [10]), waits(6, 1, [10])]
    assert assign_cards(row) == {5: ["0"]}


def test_room_that_an_earlier_run_is_about_to_take_is_not_given_twice():
    assert assign_cards([waits(1, 6), waits(2, 6), waits(3, 4), waits(4, 5)]) == {1: ["0"], 2: ["1"], 3: ["0"]}


def test_runs_are_spread_over_cards_unless_fewer_would_fit_so():
    """Two on one card compute slower than one on each; but apart they would leave a run that needs a whole card none."""
    assert assign_cards([waits(1, 3), waits(2, 3)]) == {1: ["0"], 2: ["1"]}
    assert assign_cards([waits(1, 3), waits(2, 3), waits(3, 10)]) == {1: ["0"], 2: ["0"], 3: ["1"]}


def test_a_run_on_two_cards_takes_both_or_none():
    assert assign_cards([waits(1, 6, count=2), waits(2, 5), waits(3, 4)]) == {1: ["0", "1"], 3: ["0"]}
    assert assign_cards([held(1, 5, "1"), waits(2, 6, count=2)]) == {}


def test_both_cards_of_an_earlier_run_are_kept_for_it():
    """It (2) waits for card 1 alone: on card 0, which is empty, later ones get what it will leave."""
    assert assign_cards([held(1, 5, "1"), waits(2, 7, count=2), waits(3, 4), waits(4, 3), waits(5, 3)]) == {4: ["0"], 5: ["1"]}
    three = (10, 10, 10)
    row = [held(1, 5, "1", three), held(2, 5, "0", three), waits(3, 7, three, 2), waits(4, 9, three), waits(5, 3, three, 2)]
    assert assign_cards(row) == {4: ["2"], 5: ["0", "1"]}


SIZES = st.lists(st.integers(4, 24), min_size=1, max_size=4)


@st.composite
def wanted(draw, sizes):
    """A request that empty cards hold: (MB of each, cards)."""
    count = draw(st.integers(1, len(sizes)))
    return draw(st.integers(1, sorted(sizes, reverse=True)[count - 1])), count


def none_holds_too_much(row, sizes):
    for name, size in named(sizes).items():
        assert sum(request.vram_mb for request in row if name in request.held) <= size


def served(row):
    """The row after one look, and the numbers that took their cards in it."""
    taken = assign_cards(row)
    for request in row:
        held = taken.get(request.number, request.held)
        assert len(held) == len(set(held)) == (request.count if held else 0)
    return [replace(r, held=taken.get(r.number, r.held)) for r in row], set(taken)


@settings(deadline=None)
@given(SIZES, st.data())
def test_every_request_is_served_however_many_small_ones_keep_coming(sizes, data):
    """A stream of small requests that never dries up: all of the row's are served, and no card ever holds too much."""
    counts = data.draw(st.lists(wanted(sizes), min_size=1, max_size=6))
    row = [waits(number, vram, sizes, count) for number, (vram, count) in enumerate(counts)]
    of_the_row, numbers, done = set(range(len(row))), len(row), set()
    small = st.integers(1, min(2, len(sizes)))
    for _ in range(40):
        row += [waits(numbers + i, 1, sizes, data.draw(small)) for i in range(2)]
        numbers += 2
        row, now = served(row)
        done |= now
        none_holds_too_much(row, sizes)
        holding = [request for request in row if request.held]
        row.remove(data.draw(st.sampled_from(holding)) if len(holding) > 1 else holding[0])
        if done >= of_the_row:
            return
    # Whoever ends is drawn, so one may hold long: let all end that hold, again and again, while small ones keep coming
    for _ in of_the_row:
        row = [request for request in row if not request.held] + [waits(numbers, 1, sizes, len(sizes))]
        numbers += 1
        row, now = served(row)
        done |= now
        none_holds_too_much(row, sizes)
    assert done >= of_the_row


@given(SIZES, st.data())
def test_on_empty_cards_the_first_request_is_served_at_once(sizes, data):
    """So there is no deadlock, whatever waits behind it."""
    counts = data.draw(st.lists(wanted(sizes), min_size=1, max_size=5))
    assert 0 in assign_cards([waits(number, vram, sizes, count) for number, (vram, count) in enumerate(counts)])


def test_runs_on_two_cards_do_not_crowd_the_small_cards_and_leave_the_large_one_to_nobody():
    """Two of them fit side by side only where each has a half of the large card."""
    sizes = (24, 12, 12)
    assert assign_cards([waits(1, 11, sizes, 2), waits(2, 11, sizes, 2)]) == {1: ["0", "1"], 2: ["0", "2"]}


# --- how well cards are filled ---

# Minutes, MB of each card, cards: the small models of the first report's lyrics, its classifiers and mDeBERTa on two cards, and
# the ten tries of adapters, three seeds of all that has seeds
LYRICS = [(2.0, 1000, 1), (4.2, 2000, 1), (3.5, 1600, 1), (1.0, 2200, 1), (1.7, 3000, 1), (1.5, 2800, 1)] * 3
CLASSIFIERS = [(0.4, 700, 1), (3.1, 700, 1), (3.1, 700, 1), (0.6, 700, 1), (14.7, 10_800, 2)] * 3
ADAPTERS = [(6.0, 5000, 1), (4.0, 4200, 1)] * 5
CARDS = [(12_000, 12_000), (24_000, 24_000), (24_000, 11_000), (16_000, 12_000), (24_000, 12_000, 12_000), (24_000,) * 4]


def makespan(runs, sizes, pool):
    """Of runs that are started in this order while they are at most `pool` together, later ones passing, and then lease cards."""
    to_start, row, ends, now, numbers = list(runs), [], [], 0.0, 0
    while to_start or row:
        waiting = []
        for minutes, vram, count in to_start:
            if vram * count <= pool:
                pool -= vram * count
                row.append(Request(numbers, minutes, vram, named(sizes), count))  # its process stands for its minutes
                numbers += 1
            else:
                waiting.append((minutes, vram, count))
        to_start = waiting
        row, now_served = served(row)
        for request in row:
            if request.number in now_served:
                heapq.heappush(ends, (now + request.process, request.number))
        none_holds_too_much(row, sizes)
        now, number = heapq.heappop(ends)
        ended = next(request for request in row if request.number == number)
        row.remove(ended)
        pool += ended.vram_mb * ended.count
    return now


def as_started(runs, sizes):
    """Makespan of the order that Snakemake's greedy scheduler keeps: by priority, minutes times cards, in one pool."""
    return makespan(sorted(runs, key=lambda run: -run[0] * run[2]), sizes, sum(sizes))


def best_of_many(runs, sizes):
    """Of many orders without a pool; or what no packing can be better than, where an order reaches it."""
    chance = random.Random(1)
    bound = max(max(run[0] for run in runs), sum(minutes * vram * count for minutes, vram, count in runs) / sum(sizes))
    best = as_started(runs, sizes)
    for _ in range(40):
        if best <= bound * 1.001:
            break
        runs = chance.sample(runs, len(runs))
        best = min(best, makespan(runs, sizes, 10 * sum(sizes)))
    return best


RUNS = st.lists(st.tuples(st.integers(1, 9), st.integers(500, 11_000), st.integers(1, 2)), min_size=1, max_size=12)
MIXES = {"lyrics": LYRICS, "labels": CLASSIFIERS, "lora": ADAPTERS}


@pytest.mark.parametrize("sizes", CARDS, ids=str)
@pytest.mark.parametrize("runs", MIXES.values(), ids=MIXES)
def test_cards_are_filled_nearly_as_well_as_they_can_be(sizes, runs):
    """Longest first, within 10 %, where all that start together are looked at together (verso.machine.card_leases waits a second
    for that). Of runs that are placed before the next is known, the lyrics on two cards of 12 GB end 17 % above the best, the
    others as here.
    """
    assert as_started(runs, sizes) <= 1.1 * best_of_many(runs, sizes)


def test_no_rule_that_does_not_know_which_runs_come_later_is_always_near_the_best():
    """Of two runs of 8 on two empty cards of 24 the second shares a card or takes the other. Either is twice as long as the best
    for what may come next, which with the two would fit side by side: a run of 16 beside each, or one of 24 that needs a card.
    """
    sizes, two = (24, 24), [(1.0, 8, 1)] * 2
    cards = assign_cards([waits(0, 8, sizes), waits(1, 8, sizes)])
    row = [held(0, 8, cards[0][0], sizes), held(1, 8, cards[1][0], sizes)]
    later = [16, 16] if cards[0] == cards[1] else [24]
    taken = assign_cards([*row, *(waits(2 + number, vram, sizes) for number, vram in enumerate(later))])
    assert len(taken) < len(later)
    assert makespan([*two, *((1.0, vram, 1) for vram in later)], sizes, 100) == 1, "together from the first they fit"


@settings(deadline=None, max_examples=15)
@given(st.sampled_from(CARDS), RUNS)
def test_whatever_the_mix_all_runs_end_and_are_never_slower_than_one_after_the_other(sizes, runs):
    assert as_started(runs, sizes) <= sum(minutes for minutes, _, _ in runs)
