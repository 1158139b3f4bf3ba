"""Check a config and its data without training: `make check CONFIG=`, `python -m verso.commands.check`.

Each corpus is read and prepared in a temporary folder by the code of a run, so what stops here would stop a run, and is reported
with the same words; requests of memory and time are those of `make plan`, for the text as it was counted.
"""

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

from verso.commands.checked_searches import lines_of_searches
from verso.commands.status import read_config
from verso.commands.terminal import bars, counted, duration, printable, said_on_the_screen, table, typed
from verso.commands.trial import Trial, TrialPaths, tried
from verso.config.file import Config
from verso.config.load import corpora_needed, missing_sources, pretrained_needed
from verso.corpora.losses import of_groups
from verso.corpora.parts import PARTS
from verso.graph.inputs import Inputs
from verso.graph.paths import Paths
from verso.graph.runs import Runs
from verso.graph.search_needs import SearchRequests
from verso.graph.source_inputs import SourceInputs
from verso.jobs.secrets import fault_of_env_file
from verso.registry import FAMILY
from verso.search.faults import values_tried

MOST_GROUPS = 20  # labels or artists with a bar each
HEADER = ["model", "corpus", "seeds", "work", "threads", "mem_mb", "minutes", "vram_mb", "cards", "expected, each"]


def checked(config: Config, origin: str) -> tuple[list[str], list[str]]:
    """The page, and the reasons why a run would stop; origin: the config's file."""
    paths = Paths(config.results.rstrip("/"))
    sources = SourceInputs(Runs(config, paths))
    missing = missing_sources(config)
    of_tokens = fault_of_env_file(Path(".env"))
    page, faults = [], [*missing, *filter(None, [of_tokens])]
    with TemporaryDirectory(prefix="verso-check-") as temporary:
        folder = Path(temporary)
        for name in sorted(corpora_needed(config)):
            if any(line.startswith(f"corpora.{name}.source.") for line in missing):
                continue
            trial = tried(sources, name, folder, _units(config, name))
            page += [*_corpus(trial, config.corpora[name]), ""]
            faults += [] if of_tokens else sources.missing_for_fetching(name)
            faults += [f"corpus {name}: {fault}" for fault in (trial.fault, *_faults_of_models(config, trial)) if fault]
        page += _requests(config, TrialPaths(paths.results, folder))
    page += _bases(config, paths)
    runs = sources.runs.all
    return [f"{origin}: {counted(len(config.experiments), 'experiment')}, {counted(len(runs), 'run')}", "", *page], faults


def _models_on(config: Config, corpus: str) -> list[str]:
    """The models of all experiments on a corpus."""
    experiments = (experiment for experiment in config.experiments.values() if experiment.corpus == corpus)
    return list(dict.fromkeys(model for experiment in experiments for model in experiment.models))


def _units(config: Config, corpus: str) -> set[str]:
    """The units of the vocabularies that models on a corpus read."""
    files = {FAMILY[config.models[model].family].vocabulary(config.models[model]) for model in _models_on(config, corpus)}
    return {file.removeprefix("vocab_").removesuffix(".json") for file in files if file}


# --- corpora ---


def _corpus(trial: Trial, corpus: Any) -> Iterator[str]:
    yield f"corpus {trial.name}, {corpus.kind}, from {printable(trial.path)}"
    if trial.to_fetch:
        yield f"  not fetched yet; make fetch would fetch from {printable(trial.to_fetch)}"
        return
    yield from (f"  {printable(line)}" for line in [*trial.columns, *trial.said] if not _is_told_below(line))
    for reason, own in trial.set_aside.items():
        done, groups = "set aside" if own.lost else "not taken", printable(of_groups(dict(own.groups.most_common())))
        yield f"  {done}, {printable(reason)}: {groups}; the first is {printable(own.first)}"
    if not trial.statistics:
        return
    found = trial.statistics
    total = found["total"]
    yield "  texts: " + ", ".join(f"{part} {found['parts'][part]['documents']:,}" for part in PARTS) + _given(found)
    words = total["words_per_document"]
    yield (
        f"  words of a text: {words['min']:,} to {words['max']:,}, half have {words['median']:,.0f} or more, "
        f"one in twenty more than {words['p95']:,.0f}"
    )
    yield from _cleaned(found)
    near = found["near_duplicates"]
    alike = f"{counted(near['documents'], 'text')} alike in {counted(near['clusters'], 'cluster')}{_of_held_out(found)}"
    yield f"  duplicates: {counted(found['exact_duplicates'], 'text')} again as they are, set aside; {alike}"
    sizes = {name: amount["documents"] for name, amount in total["groups"].items() if name}
    names = trial.labels.get("names") or sorted(sizes, key=lambda name: -sizes[name])
    yield from (f"    {line}" for line in bars([(name, sizes.get(name, 0)) for name in names[:MOST_GROUPS]], sum(sizes.values())))
    if len(names) > MOST_GROUPS:
        yield f"    and {len(names) - MOST_GROUPS} more"


def _cleaned(found: Mapping[str, Any]) -> Iterator[str]:
    """What a kind that cleans its texts found in them, and what it left out for that."""
    if "cleaning" in found:
        steps = (f"{name.replace('_', ' ')} {counted['found']:,}" for name, counted in found["cleaning"]["steps"].items())
        yield f"  cleaned: {found['cleaning']['changed']:,} of {found['cleaning']['texts']:,} texts; found: {', '.join(steps)}"
        left_out = {reason: sum(groups.values()) for reason, groups in found["losses"]["unwanted_by_reason"].items()}
        yield from (f"  not taken, {reason}: {count:,}" for reason, count in left_out.items() if reason not in found["set_aside"])


def _is_told_below(line: str) -> bool:
    """Whether a line of the log says what is set aside, which the page says by reason and label."""
    return line.startswith("set aside") or "\n" in line


def _given(found: Mapping[str, Any]) -> str:
    given = found.get("given_splits")
    return f" ({', '.join(given)} as the source gives them)" if given else ""


def _of_held_out(found: Mapping[str, Any]) -> str:
    count = found.get("near_duplicates_of_held_out", 0)
    return f", and {count:,} like a held-out text, set aside" if count else ", on one side of the split each"


# --- models ---


def _requests(config: Config, paths: TrialPaths) -> list[str]:
    """What each search and each model requests, as `make plan` has it, without a site: a row for each model on each corpus."""
    runs = Runs(config, paths)
    requests = SearchRequests(runs, Inputs(runs), None, is_main=True, say=lambda line: None)
    seeds: dict[tuple[str, str], list[int]] = {}
    for corpus, model, seed in runs.all:
        seeds.setdefault((corpus, model), []).append(seed)
    rows = []
    for (corpus, model), own in seeds.items():
        entry, family = config.models[model], runs.family(model)
        wanted: Mapping[str, Any] = requests.of_training_now(corpus, model, own[0])
        work = "training"
        if not family.trains(entry):
            rule, used = next((rule, used) for rule, used in family.works.items() if used.seconds is not None)
            wildcards = SimpleNamespace(corpus=corpus, model=model, seed=own[0])
            wanted, work = {**wanted, "expected_seconds": requests.inference(rule)["expected_seconds"](wildcards)}, used.doing
        numbers = [f"{wanted[key]:,}" for key in ("mem_mb", "runtime", "vram_mb", "cards")]
        rows.append([model, corpus, str(len(own)), work, str(entry.needs.cpus), *numbers, duration(wanted["expected_seconds"])])
    unseen = sorted({corpus for corpus, _ in seeds if not Path(paths.corpus("statistics.json", corpus)).exists()})
    note = f"Not read yet: {', '.join(unseen)}; what models request there is for a text of a million characters"
    return [*lines_of_searches(runs, requests), *table(HEADER, rows), *([note] if unseen else [])]


def _bases(config: Config, paths: Paths) -> Iterator[str]:
    """Where each pretrained model of a run comes from."""
    for name in sorted(pretrained_needed(config)):
        entry = config.pretrained[name]
        if Path(paths.pretrained("pretrained.json", name)).exists():
            yield f"pretrained {name}: is there"
        elif entry.type == "hub":
            yield f"pretrained {name}: make fetch would fetch {entry.repository}"
        elif entry.type == "folder":
            yield f"pretrained {name}: is used where it lies, {entry.path}"
        else:
            yield f"pretrained {name}: a run makes it first, of type {entry.type}"


def _faults_of_models(config: Config, trial: Trial) -> Iterator[str]:
    """Faults of models on a corpus that only its labels, artists and texts show."""
    corpus = config.corpora[trial.name]
    if trial.labels:
        corpus = corpus.model_copy(update={"labels": trial.labels["names"], "ordered": trial.labels["ordered"]})
        for place, text in enumerate(corpus.own_texts):
            if str(text.label) not in trial.labels["names"]:
                yield f"own_texts[{place}].label is {text.label}; there are: {', '.join(trial.labels['names'])}"
        models = (
            model for experiment in config.experiments.values() if experiment.corpus == trial.name for model in experiment.models
        )
        for model in dict.fromkeys(models):
            entry = config.models[model].model_dump()
            family = FAMILY[entry["family"]]
            tried = [one for _, _, one in values_tried(entry, family)]
            found = (what for one in (entry, *tried) for what in family.faults(one, trial.name, corpus))
            yield from (f'"{model}" {what}' for what in dict.fromkeys(found))
    if trial.statistics and (sampling := getattr(corpus, "sampling", None)):
        known = trial.statistics["parts"]["train"]["groups"]
        for group in sampling.groups:
            if group not in known:
                yield f"sampling.groups.{group}: no group of train has this name; there are: {', '.join(sorted(known)[:10])}"


# --- the command line ---


def _done(options: argparse.Namespace) -> int:
    page, faults = checked(read_config(options.config), options.config)
    print("\n".join(page))
    if faults:
        lines = [f"  {line}" for fault in faults for line in fault.splitlines()]
        print("\n".join(["", "A run would stop:", *lines]), file=sys.stderr)
        return 1
    config = typed(options.config)
    print(f"\nNothing here would stop a run. What it does: make plan CONFIG={config}; start it: make run CONFIG={config}")
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. Returns the exit code: 1 where a run would stop, else 0."""
    parser = argparse.ArgumentParser(prog="python -m verso.commands.check", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--config", default="config/config.yaml", help="the config to check (%(default)s)")
    options = parser.parse_args(arguments)
    return said_on_the_screen(lambda: _done(options))


if __name__ == "__main__":
    sys.exit(main())
