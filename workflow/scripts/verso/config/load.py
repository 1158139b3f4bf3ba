"""Reading a config: every fault listed at once, each with its path, what was found and what would be right.

Read by the Snakefile alone, as verso.config.file is.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from verso.config.faults import fault_of
from verso.config.file import Config
from verso.config.published import faults_of_published
from verso.contract import Fault
from verso.errors import VersoError
from verso.pretrained.faults import faults_of_pretrained
from verso.pretrained.folder import fault_of_folder
from verso.pretrained.settings import Folder
from verso.registry import FAMILY, KIND, SOURCE, TASKS
from verso.search.faults import faults_of_search, values_tried
from verso.settings.base import Settings
from verso.settings.raw import built, mapping, unknown

RULE = re.compile(r"^ *(?:use rule \w+ as |rule |checkpoint )(\w+)(?: with)?:", re.MULTILINE)
RULES_BELOW = Path(__file__).parents[3] / "rules"


def load(
    raw: Mapping[str, Any],
    origin: str,
    rules_below: Path = RULES_BELOW,
    notice: Callable[[str], None] | None = None,
) -> Config:
    """Check the config `raw` that was read from the file(s) `origin`.

    rules_below: folder of the rule files, whose rules no experiment may be called like. notice: gets a line for each key by its
    old name. Raises VersoError that lists every fault: its path, what was found, what would be right.
    """
    raw = {key: value for key, value in raw.items() if value is not None}
    raw, notices = with_new_names(raw)
    for line in notices if notice else ():
        notice(f"{origin}: {line}")  # type: ignore[misc]
    faults: list[Fault] = []
    config = None
    try:
        config = Config.model_validate(raw)
    except ValidationError as error:
        faults += [fault_of(item) for item in error.errors()]
    faults += _dangling_names(raw, targets(rules_below))
    faults += faults_of_pretrained(raw, FAMILY)
    faults += faults_of_search(raw, FAMILY)
    faults += _of_values_tried(raw)
    faults += _of_corpora(raw)
    faults += faults_of_published(raw)
    if faults or config is None:
        width = min(60, max(len(path) for path, _ in faults))
        count = "a fault" if len(faults) == 1 else f"{len(faults)} faults"
        raise VersoError("\n".join([f"{origin} has {count}:", *(f"  {path:<{width}}  {what}" for path, what in faults)]))
    return config


def with_new_names(raw: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The config with keys of models and corpora by their names of today, and a line for each that had an old one."""
    found, notices = dict(raw), list[str]()
    for part, tag, known in (("models", "family", FAMILY), ("corpora", "kind", KIND)):
        if not isinstance(raw.get(part), Mapping):
            continue
        found[part] = dict(raw[part])
        for name, entry in found[part].items():
            owner = known.get(str(mapping(entry).get(tag)))
            renamed = owner.settings.renamed if owner else {}
            for old, new in renamed.items():
                if old in mapping(entry) and new not in entry:
                    found[part][name] = {new if key == old else key: value for key, value in found[part][name].items()}
                    notices.append(f"{part}.{name}.{old} is now called {new}; the old name still works")
    return found, notices


def targets(rules_below: Path) -> set[str]:
    """The names that Verso's own rules have: an experiment's name is a target too."""
    texts = (path.read_text(encoding="utf-8") for path in sorted(rules_below.rglob("*.smk")))
    named = {name for text in texts for name in RULE.findall(text)}
    of_tasks = {f"{verb}_{task.name}{ending}" for verb in ("compare", "draw") for task in TASKS for ending in ("", "_so_far")}
    of_report = {
        f"{name}{ending}" for name in ("report", "describe_pretrained", "compare_searches") for ending in ("", "_so_far")
    }
    of_families = {rule for family in FAMILY.values() for rule in family.works}
    searched = {rule for family in FAMILY.values() if "search" in family.settings.model_fields for rule in family.works}
    of_searches = {rule.replace("train_", "try_", 1) for rule in searched if rule.startswith("train_")}
    return {"all", "fetch"} | named | of_families | of_searches | of_tasks | of_report


def _dangling_names(raw: Mapping[str, Any], taken: set[str]) -> list[Fault]:
    """Faults of experiments that name what nobody defines, or a model that cannot run on the corpus.

    Works on the raw values, so that these faults are listed even when others keep the config from being built.
    """
    corpora, models, experiments = (mapping(raw.get(key)) for key in ("corpora", "models", "experiments"))
    faults = []
    for name, experiment in experiments.items():
        experiment, path = mapping(experiment), f"experiments.{name}"
        if name in taken:
            faults.append((path, "is the name of one of Verso's own targets; take another"))
        corpus = experiment.get("corpus")
        if isinstance(corpus, str) and corpus not in corpora:
            faults.append((f"{path}.corpus", unknown(corpus, "corpus", corpora)))
        block = mapping(corpora.get(corpus)) if isinstance(corpus, str) else {}
        kind = KIND.get(str(block.get("kind")))
        settings = built(_adapter(kind.settings), block) if kind else None
        for position, model in enumerate(_models_of(experiment)):
            if not isinstance(model, str):
                continue
            place = f"{path}.models[{position}]"
            if model not in models:
                faults.append((place, unknown(model, "model", models)))
            entry = mapping(models.get(model))
            family = FAMILY.get(str(entry.get("family")))
            if family and kind and kind.name not in family.kinds:
                on = f"a corpus of kind {kind.name}; it can on: {', '.join(name for name in KIND if name in family.kinds)}"
                faults.append((place, f'"{model}" is of family {family.name}, which cannot run on {on}'))
            elif family and settings is not None:
                faults += [(place, f'"{model}" {what}') for what in family.faults(entry, str(corpus), settings)]
    return faults


def _of_values_tried(raw: Mapping[str, Any]) -> Iterator[Fault]:
    """Faults of values that searches try and that a corpus of an experiment, or the base model, refuses."""
    for name, entry in mapping(raw.get("models")).items():
        family = FAMILY.get(str(mapping(entry).get("family")))
        if family is None or not isinstance(entry.get("search"), Mapping):
            continue
        known = _refused(raw, name, {**entry, "search": None})
        for path, value, tried in values_tried(entry, family):
            for what in dict.fromkeys(_refused(raw, name, tried)):
                if what not in known:
                    yield f"models.{name}.search.space.{path}", f"{value}: {what}"


def _refused(raw: Mapping[str, Any], name: str, entry: Mapping[str, Any]) -> list[str]:
    """What is wrong with one model on the corpora of its experiments and with its base."""
    start, bases = entry.get("pretrained"), mapping(raw.get("pretrained"))
    experiments = {key: one for key, one in mapping(raw.get("experiments")).items() if name in _models_of(one)}
    alone = {
        **raw,
        "models": {name: entry},
        "experiments": {key: {**one, "models": [name]} for key, one in experiments.items()},
        "pretrained": {start: bases[start]} if isinstance(start, str) and start in bases else {},
    }
    return [what for _, what in (*_dangling_names(alone, set()), *faults_of_pretrained(alone, FAMILY))]


def _models_of(experiment: Any) -> list[Any]:
    named = mapping(experiment).get("models")
    return named if isinstance(named, list) else []


def _of_corpora(raw: Mapping[str, Any]) -> Iterator[Fault]:
    """Faults of corpora that their kind knows of; what else is wrong with them is reported elsewhere."""
    for name, block in mapping(raw.get("corpora")).items():
        kind = KIND.get(str(mapping(block).get("kind")))
        settings = built(_adapter(kind.settings), block) if kind else None
        if kind and settings is not None:
            yield from kind.faults(name, settings)


def _adapter(settings: type[Settings]) -> TypeAdapter[Any]:
    return TypeAdapter(settings)


def pretrained_needed(config: Config) -> set[str]:
    """Names of the pretrained models that an experiment's models start from."""
    models = {model for experiment in config.experiments.values() for model in experiment.models}
    return {start for model in models if (start := getattr(config.models[model], "pretrained", None)) is not None}


def corpora_needed(config: Config) -> set[str]:
    """Names of the corpora of experiments and of the miniatures that they need."""
    starts = (config.pretrained[name] for name in pretrained_needed(config))
    made_from = {start.corpus for start in starts if start.type == "miniature"}
    return {experiment.corpus for experiment in config.experiments.values()} | made_from


def missing_sources(config: Config) -> list[str]:
    """One line for each missing input file (downloads excepted), unusable model folder, and invalid prompt template."""
    needed = corpora_needed(config)
    fetched = {source.name for source in SOURCE.values() if source.fetch_rule}
    files = {name: corpus.source.paths() for name, corpus in config.corpora.items() if corpus.source.type not in fetched}
    lines = [
        f"corpora.{name}.source.path  {path} does not exist (looked from {Path.cwd()})"
        for name, paths in files.items()
        for path in paths
        if name in needed and not Path(path).exists()
    ]
    lines += [
        f"corpora.{name}.source.{key}  {path} does not exist (looked from {Path.cwd()})"
        for name in sorted(needed)
        for key, path in SOURCE[config.corpora[name].source.type].reads(config.corpora[name].source).items()
        if not Path(path).exists()
    ]
    bases = {name: config.pretrained[name] for name in sorted(pretrained_needed(config))}
    folders = {name: fault_of_folder(entry) for name, entry in bases.items() if isinstance(entry, Folder)}
    lines += [f"pretrained.{name}.path  {what}" for name, what in folders.items() if what]
    for name in sorted({model for experiment in config.experiments.values() for model in experiment.models}):
        entry = config.models[name]
        lines += [f"models.{name}.{key}  {what}" for key, what in FAMILY[entry.family].missing(entry)]
    return lines
