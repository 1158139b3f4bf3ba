"""The trained model that a command is to use: found by its name, and refused with those that there are."""

import argparse
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from verso.commands.status import read_config as read_config
from verso.commands.terminal import typed, whole_number
from verso.config.file import Config
from verso.contract import MODEL, Family, TrainedModel
from verso.errors import VersoError
from verso.files import read_json
from verso.graph.inputs import Inputs
from verso.graph.paths import Paths, Run
from verso.graph.runs import Runs
from verso.jobs.job import OFFLINE
from verso.jobs.no_assistants import import_no_assistants
from verso.machine.visible_cards import visible_cards
from verso.provenance import key_of_settings
from verso.registry import FAMILIES
from verso.settings.raw import unknown


@dataclass(frozen=True)
class Choice:
    """Which run the user means. What is None is left open; where several runs are left, the least seed of one corpus is taken."""

    model: str
    corpus: str | None = None
    experiment: str | None = None
    seed: int | None = None


def add_choice(parser: argparse.ArgumentParser) -> None:
    """The options of a command line by which a run is chosen."""
    parser.add_argument("--config", default="config/config.yaml", help="the config that it was trained by (%(default)s)")
    parser.add_argument("--model", required=True, help="a model of the config")
    parser.add_argument("--corpus", help="the corpus that it was trained on, where there are several")
    parser.add_argument("--experiment", help="the experiment that it was trained for, where there are several")
    parser.add_argument("--seed", type=whole_number, help="the seed of its training (default: the least that is trained)")


def choice_of(options: argparse.Namespace) -> Choice:
    """What the options say."""
    return Choice(options.model, options.corpus, options.experiment, options.seed)


def chosen(config: Config, origin: str, choice: Choice, ability: str) -> tuple[Run, TrainedModel]:
    """The run that a choice means, and its model.

    origin: the config's file. ability: "predict" or "write", what the model's family must be able to do. Raises VersoError, which
    names the models that there are, when the choice names nothing, several corpora, or what is not trained yet.
    """
    runs = Runs(config, Paths(config.results.rstrip("/")))
    able = [run for run in runs.all if getattr(runs.family(run[1]), ability)]
    _must_be_known(choice, config, origin, runs, able, ability)
    meant = [run for run in _of_experiment(runs, choice) if run[1] == choice.model and choice.corpus in (None, run[0])]
    meant = [run for run in meant if choice.seed in (None, run[2])]
    trained = [run for run in meant if _is_trained(runs, run)]
    if not trained:
        what = f"{choice.model} is not trained yet" if meant else f"{origin} has no such run of {choice.model}"
        raise VersoError(
            f"{what}{_as_chosen(choice)}: train it first (make run CONFIG={typed(origin)}). "
            f"Trained so far: {_listed([run for run in able if _is_trained(runs, run)]) or 'none'}"
        )
    if len(corpora := sorted({run[0] for run in trained})) > 1:
        raise VersoError(
            f"{choice.model} is trained on {', '.join(corpora)}: say which by CORPUS={corpora[0]}, or EXPERIMENT=..."
        )
    run = trained[0]
    return run, _trained_model(runs, run)


def introduction(config: Config, run: Run) -> str:
    """Which model it is, and whether the config has changed it since."""
    corpus, model, seed = run
    runs = Runs(config, Paths(config.results.rstrip("/")))
    hardware = Path(runs.paths.of_run("hardware.json", run))
    trained_by = read_json(hardware).get("settings_key") if hardware.is_file() else None
    changed = trained_by not in (None, key_of_settings(Inputs(runs).settings_of(model)))
    since = " (by other settings than the config has now: make run trains it again)" if changed else ""
    return f"{model}, trained on {corpus} with seed {seed}{since}"


def prepare_process(model: TrainedModel) -> None:
    """Set this process up as a job of the model's is: offline, with its threads. Before anything heavy is imported."""
    os.environ.update(OFFLINE, HF_HUB_DISABLE_PROGRESS_BARS="1")
    os.environ.setdefault("OMP_NUM_THREADS", str(model.entry.needs.cpus))
    import_no_assistants()


def _must_be_known(choice: Choice, config: Config, origin: str, runs: Runs, able: list[Run], ability: str) -> None:
    """Raise VersoError where a name is not in the config, or the model is of a family that cannot do this."""
    named = ((choice.model, "model", config.models), (choice.corpus, "corpus", config.corpora))
    for found, what, known in (*named, (choice.experiment, "experiment", config.experiments)):
        if found is not None and found not in known:
            raise VersoError(f"{origin}: {unknown(found, what, known)}")
    family: Family = runs.family(choice.model)
    if getattr(family, ability) is None:
        can = ", ".join(other.name for other in FAMILIES if getattr(other, ability))
        models = ", ".join(sorted({run[1] for run in able})) or "none"
        does = {"predict": "predicts no label", "write": "writes no text"}[ability]
        raise VersoError(f"{choice.model} is of family {family.name}, which {does}; of families that do ({can}): {models}")


def _of_experiment(runs: Runs, choice: Choice) -> list[Run]:
    return runs.all if choice.experiment is None else runs.of_experiments(choice.experiment)


def _is_trained(runs: Runs, run: Run) -> bool:
    entry = runs.config.models[run[1]]
    names = [MODEL, *(f"model/{name}" for name in runs.family(run[1]).model_files(entry))]
    return all(Path(path).is_file() for path in (runs.paths.of_run(name, run) for name in names))


def _as_chosen(choice: Choice) -> str:
    said = {"corpus": choice.corpus, "experiment": choice.experiment, "seed": choice.seed}
    words = ", ".join(f"{key} {value}" for key, value in said.items() if value is not None)
    return f" ({words})" if words else ""


def _listed(runs: list[Run]) -> str:
    """Each model once, with the corpora and seeds that it is trained on."""
    seeds: dict[tuple[str, str], list[int]] = {}
    for corpus, model, seed in runs:
        seeds.setdefault((model, corpus), []).append(seed)
    return "; ".join(f"{model} ({corpus}, seed {', '.join(map(str, found))})" for (model, corpus), found in sorted(seeds.items()))


def _trained_model(runs: Runs, run: Run) -> TrainedModel:
    corpus, model, seed = run
    entry: Any = Inputs(runs).entry_of(corpus, model)
    start = runs.pretrained(model)
    return TrainedModel(
        entry=entry,
        folder=Path(runs.paths.of_run("model", run)),
        seed=seed,
        corpus=Path(runs.paths.corpus("", corpus)),
        manifest=Path(runs.paths.pretrained("pretrained.json", start)) if start else None,
        cards=1 if entry.needs.gpus and visible_cards() else 0,
    )
