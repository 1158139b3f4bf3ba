"""What is timed: so many calls after those that warm up, of a sequence that is not too long."""

import time
from statistics import median

import torch

from verso.language_modelling.latency import LONGEST, SEQUENCES, SEQUENCES_TO_WARM_UP, TOKENS, TOKENS_TO_WARM_UP, latency, timed


class Counting:
    """Predicts token 2 everywhere and counts what it is given."""

    cache = "nothing"
    weights_mb = 0.0

    def __init__(self):
        self.read, self.sequences = [], []

    def distributions(self, tokens):
        self.sequences.append(len(tokens))
        yield torch.eye(3)[[2] * (len(tokens) - 1)]

    def reader(self):
        def read(token):
            self.read.append(token)
            return torch.eye(3)[2]

        return read


def test_calls_that_warm_up_are_not_among_the_times():
    calls = []

    def work():
        calls.append(len(calls))
        if len(calls) <= 3:
            time.sleep(0.1)

    seconds = timed(work, times=5, warm_up=3)
    assert (len(seconds), len(calls)) == (5, 8)
    assert median(seconds) < 0.1  # of the first five calls it would be more


def test_each_token_is_read_after_the_most_probable_one_and_each_sequence_whole():
    predictor = Counting()
    found = latency(predictor, [1, *[0] * 500])
    assert (len(found["token_seconds"]), len(found["sequence_seconds"])) == (TOKENS, SEQUENCES)
    assert predictor.read == [1] + [2] * (TOKENS + TOKENS_TO_WARM_UP - 1)
    assert predictor.sequences == [LONGEST + 1] * (SEQUENCES + SEQUENCES_TO_WARM_UP)
    assert found["tokens_of_sequence"] == LONGEST
