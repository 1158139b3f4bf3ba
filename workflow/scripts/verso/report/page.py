"""Renders the report: one self-contained HTML file in English and Spanish, without external resources."""

import base64
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from verso.display import numbers
from verso.display.addresses import addresses_of
from verso.display.hardware_table import is_miniature, totals, uses
from verso.display.numbers import optional_float
from verso.display.palette import colours_of
from verso.display.reasons import reason
from verso.display.section import Given
from verso.display.svg import inline_svg
from verso.display.words import LANGUAGES
from verso.errors import VersoError
from verso.files import read_csv, read_json, write_text
from verso.pretrained.manifest import other_licence
from verso.provenance import key_of_study
from verso.report.published import beside_ours
from verso.report.sections import SECTIONS
from verso.report.words import SEARCH, spanish_labels, words_of
from verso.search.section import summarise, with_selected

FEW_GROUPS = 12  # more artists are listed only on click
Paths = Mapping[str, str | Path]


@dataclass(frozen=True)
class Study:
    """The study that the page's frame describes.

    language: "en" or "es", the one shown first (and the only one without scripts).
    experiments: {"name", "corpus", "models": [...], "seeds": [...]}. models: each model's settings by its name.
    corpora: {"name", "kind", "statistics": path, "demo": bool}. published: the version of a report that a model repeats, by the
    model's name, as "report/version"; published_file: where their figures are.
    """

    title: str
    language: str
    experiments: Sequence[Mapping[str, Any]]
    models: Mapping[str, Mapping[str, Any]]
    corpora: Sequence[Mapping[str, Any]]
    published: Mapping[str, str] = field(default_factory=dict)
    published_file: str | Path | None = None


def render(
    report: str | Path,
    study: Study,
    tables: Paths,
    figures: Paths,
    sections: Mapping[str, Given],
    templates: str | Path,
    provenance: Mapping[str, Any],
    searches: Sequence[Mapping[str, Any]] = (),
) -> None:
    """Write the report as one self-contained HTML file.

    tables, figures: CSV and SVG files by name: those of each task in `sections`, and "pretrained_models" if runs have
    base models. sections: {task: {"runs": [...], "corpora": [...]}}, by the task's name in verso.report.sections, with the runs
    and corpora that its section uses. templates: the folder of report.html.j2. provenance: {"versions": {program: version},
    "fingerprints": {run: fingerprint}, "config": name, "commit": str or None, "date": str}; "versions" has "verso".
    searches: each as verso.search.section.summarise takes it, and its "figures", by the names in verso.search.tables.
    Raises VersoError for an unknown language.
    """
    if study.language not in LANGUAGES:
        raise VersoError(f'language: "{study.language}" is none of {", ".join(LANGUAGES)}')
    rows = {name: read_csv(path) for name, path in tables.items()}
    tasks = {name: section for name, section in SECTIONS.items() if name in sections}
    models_of_tasks = [rows[section.models] for section in tasks.values()]
    used = [{**row, "task": name} for name, section in tasks.items() for row in rows[section.jobs]]
    searched = [summarise(search, rows, SECTIONS[search["task"]]) for search in searches]
    models, selected = with_selected(study.models, searched)
    environment = Environment(
        loader=FileSystemLoader(templates), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    script = environment.get_template("script.js.j2").render()
    page = environment.get_template("report.html.j2").render(
        title=study.title,
        study_key=key_of_study(study.title, study.experiments, study.models),
        language=study.language,
        languages=[
            (code, _interface(code, list(tasks), figures) | {"search_figures": _of_searches(code, searches)})
            for code in sorted(LANGUAGES, key=lambda code: code != study.language)
        ],
        style=Markup(environment.get_template("style.css.j2").render()),
        script=Markup(script),
        script_hash=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        experiments=study.experiments,
        models=models,
        selected=selected,
        setting_names=list(dict.fromkeys(key for settings in models.values() for key in settings)),
        corpora=[_prepared(corpus) for corpus in study.corpora],
        demo=any(corpus["demo"] for corpus in study.corpora),
        few_groups=FEW_GROUPS,
        pretrained_models=rows.get("pretrained_models", []),
        other_licence=other_licence,
        published=beside_ours(study.published, study.published_file, models_of_tasks, rows) if study.published_file else [],
        tasks={name: section.found(rows, sections[name], models) for name, section in tasks.items()},
        searches=searched,
        miniature=any(is_miniature(row) for own in models_of_tasks for row in own),
        colours={model: colour for own in models_of_tasks for model, colour in colours_of(row["model"] for row in own).items()},
        hardware=[{**row, **uses(row)} for row in used],
        totals=totals(used),
        provenance=provenance,
        fingerprints=_runs_by_fingerprint(provenance["fingerprints"]),
    )
    write_text(report, page + "\n")


def _interface(language: str, tasks: Sequence[str], figures: Paths) -> dict[str, Any]:
    """The templates' functions in one language: numbers with units, the frame's texts, and each task's figures and texts."""

    def numeric(write: Callable[..., str]) -> Callable[..., str]:
        return lambda cell, *digits: write(optional_float(cell), *digits, language=language)

    return {
        "number": numeric(numbers.number),
        "p": numeric(numbers.p_value),
        "duration": numeric(numbers.duration),
        "memory": numeric(numbers.memory),
        "energy": numeric(numbers.energy),
        "hours": numeric(numbers.hours),
        "share": numeric(numbers.share),
        "percent": numeric(numbers.percent),
        "reason_of": partial(reason, language=language),
        "say": _say(words_of(language)),
        "says": {part: _say(words_of(language, part)) for part in (*tasks, SEARCH)},
        "figures": {task: _drawn(language, task, figures) for task in tasks},
    }


def _say(words: Mapping[str, str]) -> Callable[..., Markup]:
    """A function that formats a text by its key and values."""
    return lambda key, **values: Markup(words[key]).format(**values)  # Markup.format escapes the values


def _drawn(language: str, part: str, figures: Paths, of: str = "") -> dict[str, Callable[[str], Markup]]:
    """Functions by figure name; each makes the figure's element from its accessible name. of: begins its ids."""
    labels = spanish_labels(part)
    return {name: partial(inline_svg, path, language, f"{language}-{of}{name}", labels) for name, path in figures.items()}


def _of_searches(language: str, searches: Sequence[Mapping[str, Any]]) -> list[dict[str, Callable[[str], Markup]]]:
    """The figures of each search, as _drawn makes them."""
    return [_drawn(language, SEARCH, search["figures"], f"search-{place}-") for place, search in enumerate(searches)]


def _prepared(corpus: Mapping[str, Any]) -> dict[str, Any]:
    """A corpus with its statistics and excerpts.

    split: "position", "document", "stratified", "random", or "given" by the source. set_aside: rows by reason, those included
    that preparing left out.
    """
    statistics = read_json(corpus["statistics"])
    split = statistics["settings"]["split"].get("method") or ("given" if statistics["given_splits"] else "stratified")
    excerpts = [{**excerpt, **addresses_of(excerpt)} for excerpt in statistics.get("excerpts", ())]
    return {**corpus, "statistics": statistics, "split": split, "set_aside": _set_aside(statistics), "excerpts": excerpts}


def _set_aside(statistics: Mapping[str, Any]) -> dict[str, int]:
    """Rows of the source that are in no part, by reason, most first; duplicates are counted elsewhere."""
    if "losses" not in statistics:
        return dict(statistics["set_aside"])
    both = {**statistics["losses"]["lost_by_reason"], **statistics["losses"]["unwanted_by_reason"]}
    counts = {reason: sum(groups.values()) for reason, groups in both.items()}
    return dict(sorted(counts.items(), key=lambda pair: -pair[1]))


def _runs_by_fingerprint(fingerprints: Mapping[str, str]) -> dict[str, list[str]]:
    """The runs of each fingerprint; runs of one driver share it, so the page states it once."""
    found: dict[str, list[str]] = {}
    for run, fingerprint in fingerprints.items():
        found.setdefault(fingerprint, []).append(run)
    return found
