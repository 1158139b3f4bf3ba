"""Compute nodes have no internet: a cluster in a network namespace that holds nothing but loopback runs a study to its end."""

import json
import os
import subprocess
import sys

import pytest
from project import CONFIG, ROOT
from slurm.packages import install, unavailable

if reason := unavailable():
    pytest.skip(reason, allow_module_level=True)

INSIDE = """
import fcntl, json, socket, struct, sys, tempfile
from pathlib import Path

with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:  # bring loopback up: the only device that is here
    fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh", b"lo", 0x1 | 0x40))
assert [name for _, name in socket.if_nameindex()] == ["lo"]
try:
    socket.create_connection(("192.0.2.1", 80), timeout=5)
    raise SystemExit("there is a way out of this namespace")
except OSError as error:
    print("no way out:", error)

from slurm.cluster import Cluster
from slurm.study import Study

config, folder = json.loads(sys.argv[1]), Path(sys.argv[2])
with tempfile.TemporaryDirectory(prefix="verso-slurm-", dir="/tmp") as state, Cluster(Path(state)) as cluster:
    study = Study.made_in(folder, cluster, config)
    code = study.run()
    print(study.output())
    raise SystemExit(code)
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may make a network namespace")
def test_a_study_ends_where_there_is_no_network(tmp_path):
    install()
    config = {**CONFIG, "models": {"gru-word": CONFIG["models"]["gru-word"]}}
    config["experiments"] = {"lyrics": {"corpus": "songs", "models": ["gru-word"], "seeds": [1]}}
    path = os.pathsep.join(str(ROOT / part) for part in ("workflow/scripts", "tests"))
    done = subprocess.run(
        ["unshare", "--net", sys.executable, "-c", INSIDE, json.dumps(config), str(tmp_path)],
        env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=400,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert (tmp_path / "results" / "report.html").exists()
