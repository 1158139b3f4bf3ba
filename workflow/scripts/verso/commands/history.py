"""Show the recipes that each run of a config has had, what differs between them, and their scores: `make history`.

results/runs/<corpus>/<model>/seed-<seed>/earlier/train_*/<key>/made.json     params, inputs        ──┐
results/runs/<corpus>/<model>/seed-<seed>/earlier/<rule>/<key>/scores.csv     the scores of that model ┴─► a line a recipe
                                                                              (verso.jobs.earlier)
"""

import argparse
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from verso.commands.status import read_config, runs_of
from verso.commands.terminal import said_on_the_screen, table
from verso.config.file import Config
from verso.contract import MODEL, Task
from verso.errors import VersoError
from verso.jobs.earlier import Kept, kept_in
from verso.registry import FAMILY, TASK

SCORES = "scores.csv"
ABSENT = "nothing"  # of a setting that one of two recipes does not have


def history(config: Config) -> str:
    """The whole page for what is kept of the config's runs, each run's oldest recipe first."""
    page, without = list[str](), list[str]()
    for corpus, model, seed in runs_of(config):
        folder = Path(config.results, "runs", corpus, model, f"seed-{seed}")
        family = FAMILY[config.models[model].family]
        lines = _lines(kept_in(folder), family.made_by(config.models[model]), TASK[family.task])
        if lines:
            page += [f"{corpus} {model} seed {seed}", *lines, ""]
        else:
            without.append(f"{corpus} {model} seed {seed}")
    if without:
        page.append(f"Nothing is kept of {', '.join(without)}: not finished yet, or by a version of Verso that kept nothing.")
    return "\n".join(page).rstrip()


def _lines(kept: Sequence[Kept], made_by: str, task: Task) -> list[str]:
    """The table of one run. Where nothing is trained, what made the scores is the recipe."""
    scored = [one for one in kept if SCORES in one.files]
    trained = [one for one in kept if one.rule == made_by]
    recipes = sorted(trained or scored, key=lambda one: one.made)
    if not recipes:
        return []
    now = next((one for one in sorted(recipes, key=lambda one: one.used, reverse=True) if one.stands), None)
    found = [_headline(_scores_of(one, scored), task) for one in recipes]
    names = list(dict.fromkeys(name for scores in found for name in scores))
    rows = []
    for place, (recipe, scores) in enumerate(zip(recipes, found, strict=True)):
        before = found[place - 1] if place else {}
        cells = [_number(values.get(name)) for name in names for values in (before, scores)]
        changed = "; ".join(differences(recipes[place - 1], recipe)) if place else "the first that is kept"
        rows.append([_when(recipe.made), "now" if recipe is now else "", *cells, changed or "the same"])
    return table(["", "", *(f"{name}, {when}" for name in names for when in ("before", "after")), "what changed"], rows)


def _scores_of(recipe: Kept, scored: Sequence[Kept]) -> Kept | None:
    """The scores last made of what a recipe gave: those of a job that read its model."""
    if SCORES in recipe.files:
        return recipe
    model = {checksum for name, checksum in recipe.files.items() if name.startswith(Path(MODEL).parent.as_posix() + "/")}
    return next((one for one in scored if model and model <= set(one.inputs.values())), None)


def _headline(scores: Kept | None, task: Task) -> Mapping[str, float]:
    if scores is None or not scores.whole():
        return {}
    try:
        return task.headline(scores.folder / SCORES)
    except (VersoError, ValueError, ArithmeticError):  # a file that somebody changed
        return {}


def differences(before: Kept, after: Kept) -> Iterator[str]:
    """What differs between two recipes: settings as `name: old → new`, inputs by name, code as a whole."""
    old, new = _flat(before.params), _flat(after.params)
    for name in dict.fromkeys([*old, *new]):
        if old.get(name) != new.get(name):
            plain = name.removeprefix("settings.")
            yield plain if name == "code" else f"{plain}: {old.get(name, ABSENT)} → {new.get(name, ABSENT)}"
    ours, theirs = ({Path(path).name: checksum for path, checksum in one.inputs.items()} for one in (before, after))
    yield from (f"{name} has another content" for name in sorted(ours.keys() & theirs.keys()) if ours[name] != theirs[name])
    yield from (f"{name} is read no more" for name in sorted(ours.keys() - theirs.keys()))
    yield from (f"{name} is read" for name in sorted(theirs.keys() - ours.keys()))


def _flat(value: Any, name: str = "") -> dict[str, Any]:
    """A nested mapping as one of dotted names."""
    if not isinstance(value, Mapping):
        return {name: value}
    return {
        key: one for part, inner in value.items() for key, one in _flat(inner, f"{name}.{part}" if name else str(part)).items()
    }


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def _when(seconds: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))


def main() -> int:
    """The command line. Returns the exit code: 1 when the config is wrong, else 0."""
    parser = argparse.ArgumentParser(prog="python -m verso.commands.history", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--config", default="config/config.yaml", help="the config that Snakemake was given (%(default)s)")
    options = parser.parse_args()

    def shown() -> int:
        print(history(read_config(options.config)))
        return 0

    return said_on_the_screen(shown)


if __name__ == "__main__":
    sys.exit(main())
