"""Reading a config: every fault listed at once, each with its path, what was found and what would be right.

Read by the Snakefile alone, as verso.config.file is.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from verso.classification.encoder.family import Encoder
from verso.classification.faults import faults_of_labels
from verso.classification.prompt.family import Prompt
from verso.config.faults import fault_of
from verso.config.file import Config
from verso.errors import VersoError
from verso.language_modelling.causal_llm.family import CausalLLM
from verso.pretrained.faults import faults_of_pretrained
from verso.settings.raw import mapping, unknown

# An experiment's name is a target; these are taken (a test keeps them in step with the rules).
RULES = (
    "all", "acquire_corpus", "prepare_corpus", "build_vocabulary", "export_songs", "train_recurrent_lm", "score_recurrent_lm",
    "sample_recurrent_lm", "measure_samples", "compare", "figures", "report", "fetch", "compare_so_far", "figures_so_far",
    "report_so_far", "fetch_pretrained", "make_miniature", "train_causal_llm", "take_causal_llm", "score_causal_llm",
    "sample_causal_llm", "merge_causal_llm", "scrape_genius", "train_classifier", "train_tfidf", "train_majority",
    "predict_labels", "write_probes", "predict_probes", "compare_classifiers", "draw_classifiers", "compare_classifiers_so_far",
    "draw_classifiers_so_far", "describe_pretrained", "describe_pretrained_so_far",
    "scrape_steam", "fetch_dataset", "prepare_labelled", "export_labelled",
    "take_prompt", "answer_prompts", "answer_probes",
    "train_encoder", "predict_encoder", "predict_encoder_probes",
)  # fmt: skip

# Which corpora each family of models can learn from: language models any text, classifiers what has labels.
KINDS_OF_FAMILY: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("recurrent_lm", "causal_llm"), ("songs", "manual")),
    **dict.fromkeys(("recurrent_classifier", "textcnn", "tfidf", "majority", "encoder", "prompt"), ("labelled",)),
}
KINDS = ("songs", "manual", "labelled")
USERS: dict[str, TypeAdapter[Any]] = {  # of pretrained models
    "encoder": TypeAdapter(Encoder),
    "causal_llm": TypeAdapter(CausalLLM),
    "prompt": TypeAdapter(Prompt),
}


def load(raw: Mapping[str, Any], origin: str) -> Config:
    """Check the config `raw` that was read from the file(s) `origin`.

    Raises VersoError that lists every fault: its path, what was found, what would be right.
    """
    raw = {key: value for key, value in raw.items() if value is not None}
    faults: list[tuple[str, str]] = []
    config = None
    try:
        config = Config.model_validate(raw)
    except ValidationError as error:
        faults += [fault_of(item) for item in error.errors()]
    faults += _dangling_names(raw)
    faults += faults_of_pretrained(raw, USERS)
    faults += faults_of_labels(raw)
    if faults or config is None:
        width = min(60, max(len(path) for path, _ in faults))
        count = "a fault" if len(faults) == 1 else f"{len(faults)} faults"
        raise VersoError("\n".join([f"{origin} has {count}:", *(f"  {path:<{width}}  {what}" for path, what in faults)]))
    return config


def _dangling_names(raw: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Faults of experiments that name what nobody defines, or a model that cannot run on the corpus's kind.

    Works on the raw values, so that these faults are listed even when others keep the config from being built.
    """
    corpora, models, experiments = (mapping(raw.get(key)) for key in ("corpora", "models", "experiments"))
    faults = []
    for name, experiment in experiments.items():
        experiment, path = mapping(experiment), f"experiments.{name}"
        if name in RULES:
            faults.append((path, "is the name of one of Verso's own targets; take another"))
        corpus = experiment.get("corpus")
        if isinstance(corpus, str) and corpus not in corpora:
            faults.append((f"{path}.corpus", unknown(corpus, "corpus", corpora)))
        kind = mapping(corpora.get(corpus)).get("kind") if isinstance(corpus, str) else None
        named = experiment.get("models")
        for position, model in enumerate(named if isinstance(named, list) else []):
            if isinstance(model, str) and model not in models:
                faults.append((f"{path}.models[{position}]", unknown(model, "model", models)))
            family = mapping(models.get(model)).get("family") if isinstance(model, str) else None
            runs_on = KINDS_OF_FAMILY.get(family) if isinstance(family, str) else None
            if runs_on and kind in KINDS and kind not in runs_on:
                on = f"a corpus of kind {kind}; it can on: {', '.join(runs_on)}"
                what = f'"{model}" is of family {family}, which cannot run on {on}'
                faults.append((f"{path}.models[{position}]", what))
            entry = mapping(models.get(model)) if isinstance(model, str) else {}
            learns = family == "causal_llm" and entry.get("tuning", "lora") != "none"
            if learns and kind == "manual" and entry.get("beyond", "cut") == "cut":
                what = f'"{model}" would learn one window of a manual; set beyond: split in that model'
                faults.append((f"{path}.models[{position}]", what))
    return faults


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
    """A line for each file that an experiment or a miniature of it needs and that is not there; what is fetched may be.

    Also for each template of a prompt that is none.
    """
    return [*_missing_texts(config), *_missing_vectors(config), *_faults_of_templates(config)]


def _missing_texts(config: Config) -> list[str]:
    needed = corpora_needed(config)
    files = {name: corpus.source.path for name, corpus in config.corpora.items() if corpus.source.type == "file"}
    return [
        f"corpora.{name}.source.path  {path} does not exist (looked from {Path.cwd()})"
        for name, path in files.items()
        if name in needed and not Path(path).exists()
    ]


def _missing_vectors(config: Config) -> list[str]:
    models = sorted({model for experiment in config.experiments.values() for model in experiment.models})
    files = {name: path for name in models if (path := getattr(config.models[name], "vectors", None)) is not None}
    faults = []
    for name, path in files.items():
        if not Path(path).is_file():
            faults.append(f"models.{name}.vectors  {path} does not exist (looked from {Path.cwd()})")
        elif (size := _size_of_vectors(path)) not in (None, wanted := getattr(config.models[name], "embedding", None)):
            what = f"{path} has vectors of {size} numbers, and embedding is {wanted}: set embedding: {size}"
            faults.append(f"models.{name}.vectors  {what}")
    return faults


def _size_of_vectors(path: str) -> int | None:
    """Numbers of a vector, where the file's first line says it ("words numbers")."""
    with Path(path).open("rb") as stream:
        fields = stream.readline(100).split()
    return int(fields[1]) if len(fields) == 2 and all(field.isdigit() for field in fields) else None


def _faults_of_templates(config: Config) -> list[str]:
    models = sorted({model for experiment in config.experiments.values() for model in experiment.models})
    files = {name: entry.template for name in models if isinstance(entry := config.models[name], Prompt)}
    faults = []
    for name, path in files.items():
        if not Path(path).is_file():
            faults.append(f"models.{name}.template  {path} does not exist (looked from {Path.cwd()})")
        else:
            from verso.text.prompts import fault_of_template  # jinja2, where a config has prompts

            if fault := fault_of_template(path):
                faults.append(f"models.{name}.template  {fault}")
    return faults
