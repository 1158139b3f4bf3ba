"""The report: one HTML file that opens offline, in English and Spanish, with nothing to load and only its own buttons to run."""

import base64
import hashlib
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from verso.classification import section as classifier_page
from verso.display import numbers
from verso.display.comparisons import HELD_OUT
from verso.display.hardware_table import totals, uses
from verso.display.numbers import optional_float
from verso.display.palette import colours_of
from verso.display.svg import inline_svg
from verso.display.words import LANGUAGES
from verso.errors import VersoError
from verso.files import read_csv, read_json, write_text
from verso.language_modelling.section import EXCERPT_LINES, EXCERPT_WORDS, IN_VIEW, best_cells, excerpts, summarise
from verso.language_modelling.tables import sample_measure_names
from verso.language_modelling.words import MEASURES
from verso.pretrained.manifest import other_licence
from verso.report.words import SPANISH_LABELS, TEXTS

FEW_GROUPS = 12  # more artists than that are listed only at a click
TABLES = ("language_models", "comparisons", "samples", "hardware", "pretrained_models", *classifier_page.TABLES)
FIGURES = ("learning_curves", "bits_per_byte", "differences", "sample_measures", "memorisation", *classifier_page.FIGURES)


def render(
    report: str | Path,
    title: str,
    language: str,
    experiments: Sequence[Mapping[str, Any]],
    models: Mapping[str, Mapping[str, Any]],
    corpora: Sequence[Mapping[str, Any]],
    tables: Mapping[str, str | Path],
    figures: Mapping[str, str | Path],
    samples: Sequence[Mapping[str, Any]],
    templates: str | Path,
    provenance: Mapping[str, Any],
    probes: Sequence[Mapping[str, Any]] = (),
    replies: Sequence[Mapping[str, Any]] = (),
) -> None:
    """Write the report as one self-contained HTML file.

    language: "en" or "es", the one shown first (and the only one to be seen without script).
    experiments: {"name", "corpus", "models": [...], "seeds": [...]}. models: each model's settings by its name.
    corpora: {"name", "kind", "statistics": path, "demo": bool}.
    tables: paths of "language_models", "comparisons", "samples", "hardware", "pretrained_models" (CSV). figures: paths of
    "learning_curves", "bits_per_byte", "differences", "sample_measures", "memorisation" (SVG).
    samples: {"corpus", "model", "seed", "path"} of each samples.jsonl.
    A study without language models has none of those but the pretrained models of its classifiers, one without pretrained models
    not their table, and one with classifiers has the tables and figures of
    verso.classification.section as well. probes: {"corpus", "labels": path of labels.json, "texts": path of probes.jsonl,
    "runs": [{"model", "seed", "path"} of each probes.csv]}. replies: {"corpus", "model", "seed", "path"} of each
    replies.jsonl, and as "texts" the path of its corpus's test.jsonl.
    templates: the folder of report.html.j2. provenance: {"versions": {program: version}, "fingerprints": {run: fingerprint},
    "config": name, "commit": str or None, "date": str}; "versions" has "verso".
    Raises VersoError for another language.
    """
    if language not in LANGUAGES:
        raise VersoError(f'language: "{language}" is none of {", ".join(LANGUAGES)}')
    rows = {name: read_csv(tables[name]) if name in tables else [] for name in TABLES}
    environment = Environment(
        loader=FileSystemLoader(templates), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    script = environment.get_template("script.js.j2").render()
    names = list(dict.fromkeys(row["corpus"] for row in rows["language_models"]))
    used = [*rows["hardware"], *rows["classifier_jobs"]]
    page = environment.get_template("report.html.j2").render(
        title=title,
        language=language,
        languages=[(code, _interface(code, figures)) for code in sorted(LANGUAGES, key=lambda code: code != language)],
        style=Markup(environment.get_template("style.css.j2").render()),
        script=Markup(script),
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        experiments=experiments,
        models=models,
        setting_names=list(dict.fromkeys(key for settings in models.values() for key in settings)),
        corpora=[{**corpus, "statistics": read_json(corpus["statistics"])} for corpus in corpora],
        demo=any(corpus["demo"] for corpus in corpora),
        tuned=[name for name, settings in models.items() if settings.get("tuning") == "lora"],
        miniature=any(row["miniature"] == "True" for row in (*rows["language_models"], *rows["classifiers"])),
        summaries=[summarise(name, rows["language_models"], rows["comparisons"], models) for name in names],
        measure_names=sample_measure_names(rows["samples"]),
        measure_words=MEASURES,
        held_out=HELD_OUT,
        other_licence=other_licence,
        tables=rows,
        hardware=[{**row, **uses(row)} for row in used],
        totals=totals(used),
        best_cells=best_cells(rows["language_models"]),
        colours={
            model: colour
            for name in ("language_models", "classifiers")
            for model, colour in colours_of(row["model"] for row in rows[name]).items()
        },
        samples=excerpts(samples),
        limits={"lines": EXCERPT_LINES, "words": EXCERPT_WORDS},
        in_view=IN_VIEW,
        few_groups=FEW_GROUPS,
        **classifier_page.described(rows, probes, replies),
        provenance=provenance,
        fingerprints=_runs_by_fingerprint(provenance["fingerprints"]),
    )
    write_text(report, page + "\n")


def _interface(language: str, figures: Mapping[str, str | Path]) -> dict[str, Any]:
    """What the template needs in one language: texts, numbers with their units, and the figures."""
    texts = TEXTS[language]

    def say(key: str, **values: Any) -> Markup:
        return Markup(texts[key]).format(**values)  # Markup.format escapes the values

    def numeric(write: Callable[..., str]) -> Callable[..., str]:
        return lambda cell, *digits: write(optional_float(cell), *digits, language=language)

    return {
        "say": say,
        "number": numeric(numbers.number),
        "p": numeric(numbers.p_value),
        "duration": numeric(numbers.duration),
        "memory": numeric(numbers.memory),
        "energy": numeric(numbers.energy),
        "hours": numeric(numbers.hours),
        "share": numeric(numbers.share),
        "figures": {
            name: partial(inline_svg, path, language, f"{language}-{name}", SPANISH_LABELS) for name, path in figures.items()
        },
    }


def _runs_by_fingerprint(fingerprints: Mapping[str, str]) -> dict[str, list[str]]:
    """The runs of each fingerprint: those of one driver share theirs, so that it need be said only once."""
    found: dict[str, list[str]] = {}
    for run, fingerprint in fingerprints.items():
        found.setdefault(fingerprint, []).append(run)
    return found
