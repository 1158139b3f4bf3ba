"""Random faults, every few seconds, until all is done: nothing lost, nothing trained twice, every bit the same."""

import pytest
from slurm.soak import checksums, soak, undisturbed, verdict


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    """The soak's study, run on this machine without a fault."""
    return undisturbed(tmp_path_factory.mktemp("undisturbed"))


@pytest.mark.parametrize("seed", [1])  # more by `make soak`: each takes minutes of both cores
def test_random_faults_lose_nothing_and_train_nothing_twice(reference, cluster, tmp_path, seed):
    study, struck, _ = soak(tmp_path, cluster, seed)
    assert struck.total() > 0
    assert verdict(study, checksums(reference)) == ""
