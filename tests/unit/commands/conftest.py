"""For tests of commands that use a model."""

import os

import pytest
import torch


@pytest.fixture(scope="module")
def one_thread():
    """One thread for a module's tests; their commands set the environment up as a job's, and afterwards it is what it was."""
    before, threads = dict(os.environ), torch.get_num_threads()
    os.environ["OMP_NUM_THREADS"] = "1"
    yield
    os.environ.clear()
    os.environ.update(before)
    torch.set_num_threads(threads)
