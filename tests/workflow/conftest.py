"""Projects to run Snakemake in."""

import pytest
from once import once
from project import Project


@pytest.fixture
def project(tmp_path):
    """A project in which nothing was run yet."""
    return Project.made_in(tmp_path)


@pytest.fixture(scope="session")
def finished_once(tmp_path_factory):
    """A project whose every job was run: copy it, never change it."""
    return Project(once(tmp_path_factory, "finished", lambda folder: Project.made_in(folder).make()))


@pytest.fixture
def finished(finished_once, tmp_path):
    """A finished project of the test's own."""
    return finished_once.copied_to(tmp_path)
