"""Invented predictions of a recipe's trainings: some documents are hard for all of them, and a training is lucky as a whole."""

import numpy as np
from scipy import stats

LABELS = 5


def predictions_of(generator, labels, hard, seeds, wobble, shared, recall=0.7):
    """Predictions of trainings, (seeds, documents): each has a recall of its own, `wobble` about `recall`.

    hard: how hard each document is for every training, standard normal. shared: the share of its variance in what decides whether
    a training is right (0: trainings err independently of each other).
    """
    own = generator.normal(size=(seeds, len(labels)))
    bound = stats.norm.ppf(np.clip(recall + wobble * generator.normal(size=(seeds, 1)), 0.01, 0.99))
    right = np.sqrt(shared) * hard + np.sqrt(1 - shared) * own < bound
    wrong = (labels + generator.integers(1, LABELS, size=(seeds, len(labels)))) % LABELS
    return np.where(right, labels, wrong)
