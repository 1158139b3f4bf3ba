"""A driver that is forked is what one started by itself would be."""

import os
import subprocess
import sys

import pytest
import warm

SCRIPT = """
import json, os, sys
print(json.dumps([__name__, __file__, sys.argv, sys.path[0], os.getcwd(), dict(os.environ), sys.stdin.read()]))
print("a word", file=sys.stderr)
print("snakemake" in sys.modules)
raise SystemExit(int(os.environ["CODE"]))
"""
pytestmark = pytest.mark.skipif(not warm.HERE, reason="only Linux has it")


@pytest.fixture(scope="module")
def drivers():
    found = warm.Drivers()
    yield found
    found.close()


@pytest.mark.parametrize("code", ["0", "3"])
@pytest.mark.parametrize("threads", ["1", "2"])
def test_a_forked_driver_has_what_it_would_have_of_its_own(drivers, tmp_path, code, threads):
    (tmp_path / "driver.py").write_text(SCRIPT)
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": "elsewhere", "OMP_NUM_THREADS": threads, "CODE": code}

    def run(python):
        command = f"exec {python} {tmp_path}/driver.py 'a b'"
        return subprocess.run(command, shell=True, cwd=tmp_path, env=environment, input="in", capture_output=True, text=True)

    forked, started = run(drivers.python), run(sys.executable)
    (said, is_forked), (expected, _) = (done.stdout.splitlines() for done in (forked, started))
    assert said == expected
    assert is_forked == str(threads == "1")
    assert (forked.stderr, forked.returncode) == (started.stderr, int(code))


def test_a_driver_that_is_killed_is_known_to_be(drivers, tmp_path):
    (tmp_path / "driver.py").write_text("import os; os.kill(os.getpid(), 9)")
    command = f"{drivers.python} {tmp_path}/driver.py"
    environment = {"PATH": os.environ["PATH"], "OMP_NUM_THREADS": "1"}
    assert subprocess.run(command, shell=True, env=environment).returncode == 137
