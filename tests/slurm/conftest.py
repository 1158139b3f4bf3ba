"""Clusters and projects for the tests on a real SLURM."""

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from needed import need_slurm
from once import once
from project import Project
from slurm import short_demo
from slurm.cluster import Cluster


def _running(accounting: bool) -> Iterator[Cluster]:
    need_slurm(accounting)
    with tempfile.TemporaryDirectory(prefix="verso-slurm-", dir="/tmp") as folder, Cluster(Path(folder), accounting) as running:
        yield running


@pytest.fixture(scope="session")
def slurm() -> None:
    """SLURM can run here."""
    need_slurm()


@pytest.fixture(scope="session")
def one_cluster() -> Iterator[Cluster]:
    yield from _running(accounting=False)


@pytest.fixture(scope="module")
def cluster(one_cluster: Cluster) -> Iterator[Cluster]:
    """Three nodes, no database; whatever a file's tests did to it, the next one finds all nodes idle and no job."""
    yield one_cluster
    one_cluster.clean()


@pytest.fixture(scope="module")
def cluster_with_accounting() -> Iterator[Cluster]:
    """Three nodes with slurmdbd, MariaDB and munge."""
    yield from _running(accounting=True)


@pytest.fixture(scope="session")
def demo_here(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Project]:
    """Call it for the short demo with all its models, run on this machine without SLURM; never change that."""
    return lambda: Project(once(tmp_path_factory, "short-demo", short_demo.run_here))
