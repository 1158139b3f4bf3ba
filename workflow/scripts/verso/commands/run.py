"""Run a study with a line for each training and how far it is: `make run`, `python -m verso.commands.run --config my.yaml`.

It looks at the config, then runs Snakemake within itself: signals and the exit code are Snakemake's own. Of the screen it only
says, by SCREEN, that the Snakefile shows lines of its own (verso.commands.run_lines).
"""

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from verso.commands.screen import LINES, SCREEN
from verso.config.load import RULES_BELOW, targets
from verso.config.reading import read_file
from verso.errors import STOPPED, VersoError
from verso.settings.raw import unknown


def arguments_of(options: argparse.Namespace) -> list[str]:
    """The arguments of Snakemake."""
    cores = ["--cores", options.cores] if options.cores else []
    # Targets come first: options such as --quiet would read them as their own values
    command = [*options.targets, "--configfile", options.config, "--profile", options.profile]
    return [*command, *cores, "--quiet", "host", *options.further]


def check_targets(named: Sequence[str], config: Mapping[str, Any], origin: str) -> None:
    """Raises VersoError where a target is no experiment of the config, none of Verso's own and no file."""
    experiments = config.get("experiments")
    known = [str(name) for name in experiments] if isinstance(experiments, dict) else []
    for name in named:
        if "/" not in name and name not in known and name not in targets(RULES_BELOW):
            raise VersoError(f"{origin}: {unknown(name, 'experiment', known)}")


def main() -> int:
    """The command line. Returns 1 when the config is invalid and STOPPED after a Ctrl-C; else Snakemake exits by its own code."""
    arguments = sys.argv[1:]
    own, further = arguments, list[str]()
    if "--" in arguments:
        place = arguments.index("--")
        own, further = arguments[:place], arguments[place + 1 :]
    parser = argparse.ArgumentParser(prog="python -m verso.commands.run", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("targets", nargs="*", help="experiments or files; without one, everything")
    parser.add_argument("--config", required=True, help="the config of the study")
    parser.add_argument("--profile", default="profiles/local", help="this machine or a cluster (%(default)s)")
    parser.add_argument("--cores", help="processor cores of this machine that its jobs use together; without it, the profile's")
    parser.epilog = "After a `--`: further options for snakemake."
    options = parser.parse_args(own)
    options.further = further
    try:
        check_targets(options.targets, read_file(options.config), options.config)
    except VersoError as error:
        print(error, file=sys.stderr)
        return 1
    os.environ[SCREEN] = LINES
    sys.argv = ["snakemake", *arguments_of(options)]  # Snakemake names it in its log
    try:
        from snakemake.cli import main as snakemake  # type: ignore[import-untyped]  # a second, in which somebody may press Ctrl-C

        snakemake()
    except KeyboardInterrupt:
        print("\nVerso: stopped by you. The same command goes on.", file=sys.stderr)
    return STOPPED


if __name__ == "__main__":
    sys.exit(main())
