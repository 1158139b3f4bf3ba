"""Random faults, every few seconds, until all is done: nothing lost, nothing trained twice, every bit the same."""

import pytest
from slurm.soak import checksums, demo_config, soak, undisturbed, verdict

CONFIG = demo_config(["rnn-char", "gru-word"])  # all six, by turns, in `make soak`: they take minutes a seed


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    """The soak's study, run on this machine without a fault."""
    return checksums(undisturbed(tmp_path_factory.mktemp("undisturbed") / "study", CONFIG))


@pytest.mark.parametrize("seed", [1, 2])
def test_random_faults_lose_nothing_and_train_nothing_twice(reference, cluster, tmp_path, seed):
    study, struck, _ = soak(tmp_path, cluster, CONFIG, seed)
    assert struck.total() > 0
    assert verdict(study, reference) == ""
