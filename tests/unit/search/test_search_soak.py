import os
import subprocess
import sys

import pytest
from calls import PATHS


@pytest.mark.slow
def test_workers_killed_at_random_a_journal_cut_and_locks_left_lose_no_trial_and_finish_none_twice(tmp_path):
    command = [sys.executable, "-m", "search_soak", "1", "1", "8"]  # forty trials ten times in `make soak-search`
    environment = {**os.environ, "PYTHONPATH": PATHS, "TMPDIR": str(tmp_path), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 of 1 rounds ended well" in done.stdout
