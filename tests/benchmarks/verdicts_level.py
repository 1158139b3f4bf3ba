"""How often verso.verdicts decides that a recipe differs from itself, and finds one that is better; fails above 6 % and what
chance adds.

`verdicts_level.py 300` repeats each case 300 times in place of 1,000. Prints the tables of docs/classification/comparing.md and
docs/language_modelling/perplexity.md.
"""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))

from trained_recipes import LABELS, predictions_of

from verso.classification.metrics import Ints
from verso.classification.statistics import differing_documents, f1_by_document, mcnemar
from verso.verdicts import Scores, verdict

DOCUMENTS = 1000
SEEDS = ((3, 3), (1, 1), (2, 2), (5, 5), (3, 0), (2, 0), (5, 2))  # 0: a model whose scores depend on no seed
MOST = 0.06


def compared(seeds: tuple[int, int], shared: float, gap: float, repeats: int) -> Iterator[tuple[list[Ints], Ints]]:
    """Predictions of two recipes whose recalls are `gap` apart, each with its seeds, and the true labels."""
    generator = np.random.default_rng(1)
    for _ in range(repeats):
        labels, hard = generator.integers(0, LABELS, DOCUMENTS), generator.normal(size=DOCUMENTS)
        yield (
            [
                predictions_of(generator, labels, hard, max(1, own), 0.02 if own else 0.0, shared, recall)
                for own, recall in zip(seeds, (0.7 + gap, 0.7), strict=True)
            ],
            labels,
        )


def p_value(both: list[Ints], labels: Ints, luck: tuple[bool, bool]) -> float:
    """Of macro F1, by the verdict."""
    one, two = (Scores(f1_by_document(labels, own, LABELS), lucky) for own, lucky in zip(both, luck, strict=True))
    return float(verdict(one, two, differing_documents(*both, LABELS))["p"])


def rates(seeds: tuple[int, int], shared: float, repeats: int) -> tuple[float, float, float, float]:
    """Shares decided at .05: over documents alone, by the verdict, by McNemar's test; and by the verdict of a better recipe."""
    luck = (True, seeds[1] > 0)
    counts = np.zeros(4)
    for both, labels in compared(seeds, shared, 0.0, repeats):
        fixed, found = p_value(both, labels, (False, False)), p_value(both, labels, luck)
        counts[:3] += np.array([fixed, found, mcnemar(both[0] == labels, both[1] == labels)]) < 0.05
    counts[3] = sum(p_value(both, labels, luck) < 0.05 for both, labels in compared(seeds, shared, 0.03, repeats))
    return tuple((counts / repeats).tolist())


def skewed(documents: int, repeats: int) -> float:
    """Share decided of differences in bits whose logarithm is normal (skewness 6), with nothing to find, one training each."""
    generator = np.random.default_rng(2)
    count = 0
    for _ in range(repeats):
        differences = generator.lognormal(size=(1, documents)) - np.exp(0.5)
        count += verdict(Scores(differences, False), Scores(np.zeros((1, documents)), False), documents)["p"] < 0.05
    return count / repeats


def main(arguments: Sequence[str]) -> int:
    repeats = int(arguments[0]) if arguments else 1000
    bound = MOST + 2.33 * float(np.sqrt(MOST * (1 - MOST) / repeats))  # 1 of 100 true levels of 6 % is above
    failed = []
    print("| seeds | shared difficulty | over documents alone | verdict | McNemar | a recipe .03 better is found |")
    print("|---|---|---|---|---|---|")
    for seeds in SEEDS:
        for shared in (0.0, 0.6):
            fixed, found, exact, power = rates(seeds, shared, repeats)
            print(f"| {seeds} | {shared} | {fixed:.3f} | {found:.3f} | {exact:.3f} | {power:.2f} |", flush=True)
            if 1 not in seeds and found > bound:
                failed.append(f"seeds {seeds}, shared difficulty {shared}: {found:.3f} is above {bound:.3f}")
    for documents in (8, 20, 60, 200):
        print(f"skewed, {documents} documents: {skewed(documents, repeats):.3f}", flush=True)
    print("\n".join(failed) or f"held: none above {bound:.3f}")
    return len(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
