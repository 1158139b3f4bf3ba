"""Continuations of held-out passages: which are chosen, and BLEU worked out by hand."""

import math
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from verso.language_modelling.continuations import PROMPT_WORDS, WORDS, bleu, evenly_spaced, passages, score_continuations


def numbered(first, count):
    return " ".join(f"w{number}" for number in range(first, first + count))


def test_bleu_of_a_short_text_is_that_of_the_arithmetic():
    """the cat sat on mats / the cat lay on mats: 4 of 5 words, 2 of 4 pairs, 0 of 3 triples, no brevity."""
    found = bleu(["the cat sat on mats"], ["the cat lay on mats"])
    assert found["bleu_1"] == pytest.approx(80)
    assert found["bleu_2"] == pytest.approx(100 * math.sqrt(0.8 * 0.5))
    assert (found["bleu_3"], found["bleu_4"]) == (0, 0), "no triple is shared: no smoothing makes something of nothing"
    assert found["precision_2"] == pytest.approx(50)
    assert "smooth:none" in found["signature"]


def test_a_short_continuation_pays_for_its_brevity():
    found = bleu(["one two three"], ["one two three four five six"])
    assert found["brevity_penalty"] == pytest.approx(math.exp(1 - 6 / 3))
    assert found["bleu_1"] == pytest.approx(100 * math.exp(-1))


def test_bleu_is_of_the_corpus_and_not_the_mean_of_the_texts():
    found = bleu(["a b c d", "x y"], ["a b c d", "p q"])
    assert found["bleu_1"] == pytest.approx(100 * 4 / 6)


def test_new_lines_are_white_space():
    assert bleu(["uno dos\ntres cuatro"], ["uno dos tres\ncuatro"])["bleu_4"] == pytest.approx(100)


def test_nothing_written_scores_nothing():
    assert bleu(["", ""], ["a b", "c d"])["bleu_1"] == 0


def test_passages_are_whole_and_follow_each_other():
    whole = PROMPT_WORDS + WORDS
    texts = [numbered(0, 2 * whole + 5), numbered(1000, whole - 1), "\n".join(numbered(2000, whole).split())]
    chosen, count = passages(lambda: texts)
    assert count == 3
    assert [prompt.split()[0] for prompt, _ in chosen] == ["w0", f"w{whole}", "w2000"]
    for prompt, reference in chosen:
        assert (len(prompt.split()), len(reference.split())) == (PROMPT_WORDS, WORDS)
    assert any(prompt + reference == texts[2] for prompt, reference in chosen), "as the text has it, with its lines"


def test_passages_are_spread_over_all_documents():
    texts = [numbered(1000 * number, PROMPT_WORDS + WORDS) for number in range(10)]
    chosen, count = passages(lambda: texts, most=5)
    assert count == 10
    assert [prompt.split()[0] for prompt, _ in chosen] == ["w1000", "w3000", "w5000", "w7000", "w9000"]


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 500), st.integers(1, 80))
def test_places_are_different_in_order_and_evenly_far(count, most):
    places = evenly_spaced(count, most)
    assert len(places) == min(count, most)
    assert all(0 <= place < count for place in places)
    gaps = [after - before for before, after in pairwise(places)]
    assert all(gap > 0 for gap in gaps)
    assert not gaps or max(gaps) - min(gaps) <= 1


class Words:
    def encode(self, text):
        return text.split()


class Parrot:
    """Continues every passage as the text does: it knows the references by their prompts."""

    vocabulary = Words()

    def __init__(self, chosen):
        self.known = dict(chosen)

    def continued(self, prompts, limit, seed, greedy):
        return [self.known[prompt] + " and much more that is cut" for prompt in prompts]


def test_who_knows_the_text_gets_everything_and_the_floors_get_less():
    chosen = [(numbered(1000 * place, PROMPT_WORDS), " " + numbered(1000 * place + 500, WORDS)) for place in range(6)]
    words = Counter(word for prompt, reference in chosen for word in (prompt + reference).split())
    found = score_continuations(Parrot(chosen), chosen, words)
    assert found["greedy"]["bleu_4"] == found["drawn"]["bleu_4"] == pytest.approx(100)
    assert found["shuffled"]["bleu_1"] == pytest.approx(100), "its words are the right ones"
    assert found["shuffled"]["bleu_4"] < 20
    assert found["exchanged"]["bleu_1"] == 0, "no passage shares a word with the next"
    assert found["unigram"]["bleu_1"] < 30
    assert list(found) == ["greedy", "drawn", "shuffled", "unigram", "exchanged"]


def test_a_text_too_short_for_a_passage_is_no_score():
    chosen, count = passages(lambda: ["too short"])
    assert (chosen, count) == ([], 0)
    assert score_continuations(Parrot([]), chosen, Counter()) == {}
