"""Compute nodes have no internet: a cluster in a network namespace that holds nothing but loopback runs a study to its end.

`python -m slurm.offline FOLDER [MODEL]` runs the project in FOLDER, within a namespace that `Offline` has made. It leaves there
jobs.json and jobs.txt, which tell of all jobs, and of a MODEL that trains on songs the environment of its job: environment.json.
"""

import fcntl
import json
import os
import signal
import socket
import struct
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from debian import is_root
from project import ROOT, Project
from slurm.cluster import Cluster
from slurm.study import SITE, Study

PATIENCE = 1500  # seconds, far more than a study here takes


class Offline:
    """Such a study, begun in a folder of its own; a context manager, which leaves nothing of it running.

    Root alone may make namespaces: another's study has the network of the machine.
    """

    def __init__(self, folder: Path, config: dict[str, Any], model: str | None = None, **environment: str) -> None:
        self.project = Project.made_in(folder, config)
        namespace = ["unshare", "--net", "--mount"] if is_root() else []
        self._command = [*namespace, sys.executable, "-m", "slurm.offline", str(folder), *([model] if model else [])]
        path = os.pathsep.join(str(ROOT / part) for part in ("workflow/scripts", "tests"))
        self._environment = {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1", **environment}

    def __enter__(self) -> "Offline":
        with self.project.path("offline.out").open("w") as output:
            self._process = subprocess.Popen(self._command, env=self._environment, stdout=output, stderr=subprocess.STDOUT)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait()

    def finish(self) -> Project:
        """Wait until it has ended well, and give the project."""
        assert self._process.wait(timeout=PATIENCE) == 0, self.project.path("offline.out").read_text()[-6000:]
        return self.project

    def jobs(self) -> list[dict[str, str]]:
        """All jobs of the study that has ended, as `Cluster.jobs` tells them."""
        found: list[dict[str, str]] = json.loads(self.project.path("jobs.json").read_text())
        return found


def leave_loopback_alone() -> None:
    """Bring up the only device that is here, and let this machine's name mean it."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh", b"lo", 0x1 | 0x40))
        # getaddrinfo gives SLURM no IPv4 address at all (AI_ADDRCONFIG) while 127.0.0.1 is the only one there is
        another = struct.pack("16sH2x4s8x", b"lo:1", socket.AF_INET, socket.inet_aton("198.51.100.1"))
        fcntl.ioctl(any_socket, 0x8916, another)
    with tempfile.NamedTemporaryFile("w") as hosts:  # the name may have been known to a server, or be another device's
        hosts.write(f"127.0.0.1 localhost {socket.gethostname()} {socket.gethostname().split('.')[0]}\n")
        hosts.flush()
        subprocess.run(["mount", "--bind", hosts.name, "/etc/hosts"], check=True)
    assert [name for _, name in socket.if_nameindex()] == ["lo"]
    try:
        socket.create_connection(("192.0.2.1", 80), timeout=5)
    except OSError as error:
        print("no way out:", error, flush=True)
    else:
        raise SystemExit("there is a way out of this namespace")


def main() -> int:
    """Run the study; Snakemake's exit code."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    if is_root():
        leave_loopback_alone()
    folder, model = Path(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else None
    with tempfile.TemporaryDirectory(prefix="verso-slurm-", dir="/tmp") as state, Cluster(Path(state)) as cluster:
        study = Study(Project(folder), cluster)
        study.set_site(SITE)
        snakemake = study.start()
        try:
            if model:
                training = study.until(lambda: study.attempts(model), f"{model} to start")[0]
                (folder / "environment.json").write_text(json.dumps(study.process_of(training).environ()))
            code = snakemake.wait(timeout=PATIENCE)
        finally:
            snakemake.kill()
            snakemake.wait()
        print(study.output())
        (folder / "jobs.json").write_text(json.dumps(cluster.jobs()))
        (folder / "jobs.txt").write_text(cluster.run("scontrol", "show", "job", "--details"))
    return code


if __name__ == "__main__":
    sys.exit(main())
