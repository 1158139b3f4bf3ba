"""A shell in which a real SLURM runs on this machine, to try Verso's profile: `make slurm-lab`."""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from slurm.cluster import Cluster


def shell(accounting: bool) -> int:
    """Start a cluster and the user's shell in it; stop it when the shell ends."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: sys.exit(128 + number))
    folder = Path(tempfile.mkdtemp(prefix="verso-slurm-", dir="/tmp"))
    try:
        with Cluster(folder, accounting) as cluster:
            print(
                cluster.run("sinfo"),
                f"\nSLURM runs in {folder} until this shell ends (exit, or Ctrl-D). To try Verso on it:\n",
                sep="",
            )
            print(
                "  snakemake --profile profiles/slurm --configfile config/demo.yaml --config 'site={partition: CPU}'\n",
                flush=True,
            )
            return subprocess.call([os.environ.get("SHELL", "/bin/sh")], env=cluster.environment())
    except KeyboardInterrupt:
        return 130
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main() -> int:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    help_text = "start a cluster and your $SHELL in it, and stop the cluster when that shell ends"
    command = commands.add_parser("shell", help=help_text, description=help_text)
    command.add_argument("--accounting", action="store_true", help="with a database, so that sacct works (a few seconds slower)")
    return shell(parser.parse_args().accounting)


if __name__ == "__main__":
    sys.exit(main())
