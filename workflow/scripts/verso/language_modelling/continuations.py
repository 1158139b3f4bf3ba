"""Continuations of held-out passages, scored by BLEU against what the text really says there, beside three floors.

docs/language_modelling/measures.md says what BLEU of a free continuation can and cannot show.
"""

import random
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from sacrebleu.metrics import BLEU

from verso.language_modelling.predictor import Predictor

PASSAGES = 64  # at most, evenly spaced over the test part
PROMPT_WORDS = WORDS = 32  # given, and continued: words, so that models of all units are scored on the same text
ROOM = 1.5  # tokens that a model may write, times those of the longest true continuation
ORDERS = (1, 2, 3, 4)
SEED = 42

Passage = tuple[str, str]  # prompt, and what follows it


def passages(texts: Callable[[], Iterable[str]], most: int = PASSAGES) -> tuple[list[Passage], int]:
    """Passages of PROMPT_WORDS + WORDS words, at most `most`, evenly spaced among all; and how many there are in all.

    texts: gives the test documents; called twice, so that only the chosen passages are held. A document is cut into passages from
    its beginning; what is left at its end is not used.
    """
    count = sum(1 for text in texts() for _ in _cut(text))
    wanted = set(evenly_spaced(count, most))
    every = (passage for text in texts() for passage in _cut(text))
    return [passage for number, passage in enumerate(every) if number in wanted], count


def evenly_spaced(count: int, most: int) -> list[int]:
    """At most `most` places of `count`, in the middles of equal shares of them."""
    chosen = min(count, most)
    return [(2 * number + 1) * count // (2 * chosen) for number in range(chosen)]


def _cut(text: str) -> Iterator[Passage]:
    words = [match.span() for match in re.finditer(r"\S+", text)]
    for first in range(0, len(words) - PROMPT_WORDS - WORDS + 1, PROMPT_WORDS + WORDS):
        after = words[first + PROMPT_WORDS - 1][1]
        yield text[words[first][0] : after], text[after : words[first + PROMPT_WORDS + WORDS - 1][1]]


def score_continuations(predictor: Predictor, chosen: Sequence[Passage], words: Counter[str]) -> dict[str, Any]:
    """BLEU of the model's continuations and of three floors, by name.

    greedy, drawn: the model's, by its most probable tokens and drawn from its distributions. shuffled: the true continuation with
    its words in random order. exchanged: the drawn continuation of another passage. unigram: words drawn from their frequencies
    in training, `words`. Every text is cut after WORDS words. Without a passage there is nothing to score: {}.
    """
    if not chosen:
        return {}
    prompts, references = [prompt for prompt, _ in chosen], [reference for _, reference in chosen]
    limit = int(ROOM * max(len(predictor.vocabulary.encode(reference)) for reference in references))
    written = {
        name: predictor.continued(prompts, limit, SEED, greedy=name == "greedy")  # what follows it is cut below
        for name in ("greedy", "drawn")
    }
    dice = random.Random(SEED)
    own = [reference.split() for reference in references]
    names, counts = list(words), list(words.values())
    hypotheses = {
        **{name: [" ".join(text.split()[:WORDS]) for text in texts] for name, texts in written.items()},
        "shuffled": [" ".join(dice.sample(reference, len(reference))) for reference in own],
        "unigram": [" ".join(dice.choices(names, counts, k=WORDS)) for _ in own],
    }
    if len(chosen) > 1:
        drawn = hypotheses["drawn"]
        hypotheses["exchanged"] = [*drawn[1:], drawn[0]]
    return {name: bleu(texts, references) for name, texts in hypotheses.items()}


def bleu(hypotheses: Sequence[str], references: Sequence[str]) -> dict[str, Any]:
    """Corpus-level BLEU-1 to BLEU-4 from 0 to 100, one reference each; precisions of each order, lengths in its tokens, and the
    signature.

    BLEU-n is cumulative: the geometric mean of the precisions of orders 1 to n, times the brevity penalty. No smoothing and no
    effective order: 0 says that no n-gram of the highest order was found. Source: Papineni et al. 2002; sacrebleu (Post 2018).
    """
    true = [" ".join(reference.split()) for reference in references]
    found: dict[str, Any] = {}
    for order in ORDERS:
        scorer = BLEU(max_ngram_order=order, smooth_method="none", effective_order=False)
        score = scorer.corpus_score(list(hypotheses), [true])
        found[f"bleu_{order}"] = score.score
    return {
        **found,
        **{f"precision_{order}": precision for order, precision in zip(ORDERS, score.precisions, strict=True)},
        "brevity_penalty": score.bp,
        "length": score.sys_len,
        "reference_length": score.ref_len,
        "signature": str(scorer.get_signature()),
    }
