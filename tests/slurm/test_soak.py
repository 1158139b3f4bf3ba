"""Random faults, every few seconds, until all is done: nothing lost, nothing trained twice, every bit the same."""

import pytest
from slurm.soak import SITE, checksums, demo_config, soak, verdict
from slurm.study import Study

MODELS = ["rnn-char", "gru-word"]  # all six, by turns, in `make soak`: they take minutes a seed


@pytest.fixture(scope="module")
def expected(demo_here):
    """Call it for the results of these models without a fault: the short demo has the same."""
    return lambda: {name: digest for name, digest in checksums(demo_here()).items() if name.split("/")[1] in MODELS}


@pytest.mark.parametrize("seed", [1, 2])
def test_random_faults_lose_nothing_and_train_nothing_twice(expected, cluster, tmp_path, seed):
    study = Study.made_in(tmp_path, cluster, demo_config(MODELS), SITE)
    struck, _ = soak(study, seed)
    assert struck.total() > 0
    assert verdict(study, expected()) == ""
