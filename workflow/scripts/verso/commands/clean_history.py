"""Remove what is kept of earlier recipes in a config's results, and say how much space that frees: `make clean-history`.

Nothing outside results is removed, no link below them is followed, and the outputs that stand stay (verso.jobs.earlier).
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from verso.commands.status import read_config
from verso.commands.terminal import said_on_the_screen
from verso.jobs.earlier import FOLDER, clear

PLACES = (("runs", "*", "*", "seed-*"), ("corpora", "*"))  # below results: folders of runs and of corpora


def clean(results: Path) -> str:
    """Remove it, of all runs and corpora in the folder of results. Returns what was done, in a sentence, with a line a link."""
    removed = freed = 0
    links = list[Path]()
    for place in PLACES:
        for folder in _folders(results, place, links):
            if (folder / FOLDER).is_symlink():
                links.append(folder / FOLDER)
                continue
            count, size = clear(folder)
            removed, freed = removed + count, freed + size
    said = [f"{path}: is a link, and is left alone" for path in links]
    if not removed:
        return "\n".join([*said, f"{results}: nothing to remove; no earlier recipe's results take space there"])
    results_of = "recipe" if removed == 1 else "recipes"
    return "\n".join([*said, f"{results}: removed the results of {removed} earlier {results_of}; that frees {_size(freed)}"])


def _size(number: int) -> str:
    return f"{number / 1e6:,.1f} MB" if number >= 1e6 else f"{number / 1e3:,.1f} kB"


def _folders(root: Path, place: tuple[str, ...], links: list[Path]) -> Iterator[Path]:
    """The folders at a place, none of them reached through a link below the root; such links are added to `links`."""
    if not place:
        yield root
        return
    for path in sorted(root.glob(place[0])) if root.is_dir() else ():
        if path.is_symlink():
            links.append(path)
        elif path.is_dir():
            yield from _folders(path, place[1:], links)


def main() -> int:
    """The command line. Returns the exit code: 1 when the config is wrong, else 0."""
    parser = argparse.ArgumentParser(prog="python -m verso.commands.clean_history", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--config", default="config/config.yaml", help="the config that Snakemake was given (%(default)s)")
    options = parser.parse_args()

    def shown() -> int:
        print(clean(Path(read_config(options.config).results)))
        return 0

    return said_on_the_screen(shown)


if __name__ == "__main__":
    sys.exit(main())
