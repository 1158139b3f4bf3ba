"""Write TensorBoard's event files of runs and trials that were trained without them, from their histories: `make tensorboard`.

Those that have a whole one are left alone (verso.jobs.event_files), and so are those that are not trained yet.
"""

import argparse
import sys
from pathlib import Path

from verso.commands.searches import searches_of
from verso.commands.status import read_config, runs_of
from verso.commands.terminal import counted, said_on_the_screen
from verso.config.file import Config
from verso.jobs.event_files import EventFiles


def write_event_files(config: Config) -> str:
    """Write those that are missing; returns what was done, in sentences, and the command that shows them."""
    runs = Path(config.results, "runs")
    found = {"written": 0, "there": 0, "without": 0, "untrained": 0}
    histories = [runs / corpus / model / f"seed-{seed}" / "history.csv" for corpus, model, seed in runs_of(config)]
    for corpus, model in searches_of(config):  # a trial that was pruned or failed has no history
        histories += sorted((runs / corpus / model / "search" / "checkpoints").glob("*/trial-*/history.csv"))
    for history in histories:
        events = EventFiles(history, True)
        if not history.exists():
            found["untrained"] += 1
        elif events.stand():
            found["there"] += 1
        else:
            events.complete()
            found["written" if events.stand() else "without"] += 1
    said = [f"{runs}: {counted(found['written'], 'event file')} written, {found['there']} there already."]
    if found["without"]:
        said.append(f"{counted(found['without'], 'run')} without one: they learnt in no epochs, or a warning above says why.")
    if found["untrained"]:
        said.append(f"{counted(found['untrained'], 'run')} not trained yet.")
    return "\n".join([*said, f"To see them: pip install tensorboard; tensorboard --logdir {runs}"])


def main() -> int:
    """The command line. Returns the exit code: 1 when the config is wrong, else 0."""
    parser = argparse.ArgumentParser(prog="python -m verso.commands.tensorboard", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--config", default="config/config.yaml", help="the config that Snakemake was given (%(default)s)")
    options = parser.parse_args()

    def shown() -> int:
        print(write_event_files(read_config(options.config)))
        return 0

    return said_on_the_screen(shown)


if __name__ == "__main__":
    sys.exit(main())
