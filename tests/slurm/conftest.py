"""Clusters and projects for the tests on a real SLURM."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from slurm.cluster import Cluster
from slurm.packages import unavailable


def _running(accounting: bool) -> Iterator[Cluster]:
    if reason := unavailable():
        pytest.skip(reason)
    with tempfile.TemporaryDirectory(prefix="verso-slurm-", dir="/tmp") as folder, Cluster(Path(folder), accounting) as running:
        yield running


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """Three nodes, no database."""
    yield from _running(accounting=False)


@pytest.fixture(scope="module")
def cluster_with_accounting() -> Iterator[Cluster]:
    """Three nodes with slurmdbd, MariaDB and munge."""
    yield from _running(accounting=True)
