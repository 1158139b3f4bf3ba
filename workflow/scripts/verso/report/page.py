"""The report: one HTML file that opens offline, in English and Spanish, with nothing to load and only its own buttons to run."""

import base64
import hashlib
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from verso.errors import VersoError
from verso.files import read_csv, read_json, read_json_lines, write_text
from verso.models.pretrained import other_licence
from verso.report import classifier_page, numbers, words
from verso.report.hardware_table import totals, uses
from verso.report.numbers import optional_float
from verso.report.palette import colours_of
from verso.report.tables import HELD_OUT, caution, sample_measure_names

EXCERPT_LINES, EXCERPT_WORDS = 12, 60  # lyrics may be somebody's: an excerpt stays within a quotation
IN_VIEW = 3  # samples of a model that are shown without a click
FEW_GROUPS = 12  # more artists than that are listed only at a click
FEW_DOCUMENTS = 30  # percentile bootstrap is too narrow below
ENDING = ("linear", "cosine")  # schedules whose rate ends at 0: their last epoch is nearly always the best
TABLES = ("language_models", "comparisons", "samples", "hardware", "pretrained_models", *classifier_page.TABLES)
FIGURES = ("learning_curves", "bits_per_byte", "differences", "sample_measures", "memorisation", *classifier_page.FIGURES)
SVG = "{http://www.w3.org/2000/svg}"


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
    verso.report.classifier_page as well. probes: {"corpus", "labels": path of labels.json, "texts": path of probes.jsonl,
    "runs": [{"model", "seed", "path"} of each probes.csv]}. replies: {"corpus", "model", "seed", "path"} of each
    replies.jsonl, and as "texts" the path of its corpus's test.jsonl.
    templates: the folder of report.html.j2. provenance: {"versions": {program: version}, "fingerprints": {run: fingerprint},
    "config": name, "commit": str or None, "date": str}; "versions" has "verso".
    Raises VersoError for another language.
    """
    if language not in words.LANGUAGES:
        raise VersoError(f'language: "{language}" is none of {", ".join(words.LANGUAGES)}')
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
        languages=[(code, _interface(code, figures)) for code in sorted(words.LANGUAGES, key=lambda code: code != language)],
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
        measure_words=words.MEASURES,
        held_out=HELD_OUT,
        other_licence=other_licence,
        tables=rows,
        hardware=[{**row, **uses(row)} for row in used],
        totals=totals(used),
        best_cells=_best_cells(rows["language_models"]),
        colours={
            model: colour
            for name in ("language_models", "classifiers")
            for model, colour in colours_of(row["model"] for row in rows[name]).items()
        },
        samples=_samples(samples),
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
    texts = words.TEXTS[language]

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
        "figures": {name: partial(inline_svg, path, language, f"{language}-{name}") for name, path in figures.items()},
    }


def summarise(
    corpus: str,
    models: Iterable[Mapping[str, str]],
    comparisons: Iterable[Mapping[str, str]],
    settings: Mapping[str, Mapping[str, Any]],
) -> dict[str, Any]:
    """What the tables say about one corpus, for the sentences at the top; nothing here depends on a language.

    settings: each model's, by its name. margin is the second's bits per byte less the best's, with its interval; tied are the
    models that no test tells apart from the best; cautious counts the decided pairs that other seeds might turn round; improving
    are those whose best epoch was their last, on average over seeds, though their learning rate had not gone down to 0.
    """
    ranking = sorted((row for row in models if row["corpus"] == corpus), key=lambda row: float(row["bits_per_byte"]))
    pairs: list[dict[str, Any]] = [{**pair, "caution": caution(pair)} for pair in comparisons if pair["corpus"] == corpus]
    best = ranking[0]
    margin = next((_against(best["model"], pair) for pair in pairs if _is_pair(pair, best, ranking[1])), None) if pairs else None
    seeds = [int(row["seeds"]) for row in ranking]
    return {
        "corpus": corpus,
        "best": best,
        "second": ranking[1] if len(ranking) > 1 else None,
        "margin": margin,
        "tied": [
            row["model"] for row in ranking[1:] if any(_is_pair(p, best, row) and p["verdict"] == "undecided" for p in pairs)
        ],
        "pairs": len(pairs),
        "decided": sum(pair["verdict"] != "undecided" for pair in pairs),
        "cautious": sum(pair["verdict"] != "undecided" and pair["caution"] is not None for pair in pairs),
        "seeds": (min(seeds), max(seeds)),
        "documents": int(best["documents"]),
        "few_documents": int(best["documents"]) < FEW_DOCUMENTS,
        "improving": [
            row["model"]
            for row in ranking
            if float(row["best_epoch"]) >= float(row["epochs"]) > 0
            and settings.get(row["model"], {}).get("schedule", {}).get("name") not in ENDING
        ],
        "windowed": [row for row in ranking if row["window"]],
        "states": list(dict.fromkeys(row["state"] for row in ranking)),
        "ranking": ranking,
        "comparisons": pairs,
    }


def _is_pair(pair: Mapping[str, str], one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    return {pair["model_a"], pair["model_b"]} == {one["model"], other["model"]}


def _against(best: str, pair: Mapping[str, Any]) -> dict[str, Any]:
    """A pair turned so that the difference says how much the other costs more than `best`."""
    difference, low, high = (optional_float(pair[key]) for key in ("difference", "low", "high"))
    if pair["model_a"] == best:
        difference, low, high = (None if value is None else -value for value in (difference, high, low))
    same = {"p": pair["p_corrected"], "verdict": pair["verdict"], "seed_noise": pair["seed_noise"], "caution": pair["caution"]}
    return {"difference": difference, "low": low, "high": high, **same}


def _best_cells(rows: Sequence[Mapping[str, str]]) -> set[tuple[str, str, str]]:
    """(corpus, model, column) of the cells in bold: lowest bits per byte of a corpus, lowest perplexity of a corpus and unit.

    The sub-words of two pretrained models are two units.
    """
    best: dict[tuple[str, ...], Mapping[str, str]] = {}
    for row in rows:
        for column, group in (("bits_per_byte", ()), ("perplexity", (row["unit"], row["pretrained"]))):
            key = (column, row["corpus"], *group)
            if key not in best or float(row[column]) < float(best[key][column]):
                best[key] = row
    return {(row["corpus"], row["model"], key[0]) for key, row in best.items()}


def _runs_by_fingerprint(fingerprints: Mapping[str, str]) -> dict[str, list[str]]:
    """The runs of each fingerprint: those of one driver share theirs, so that it need be said only once."""
    found: dict[str, list[str]] = {}
    for run, fingerprint in fingerprints.items():
        found.setdefault(fingerprint, []).append(run)
    return found


def _samples(runs: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Excerpts by corpus and model, one of each group first, so that what is in view shows every artist's turn."""
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for run in runs:
        own = found.setdefault((run["corpus"], run["model"]), [])
        own.extend(
            {"instruction": None, **row, **excerpt(row["prompt"], row["continuation"]), "seed": run["seed"]}
            for row in read_json_lines(run["path"])
        )
    blocks = []
    for (corpus, model), rows in found.items():
        turns: dict[str, int] = {}
        ordered = []
        for row in rows:
            turns[row["group"]] = turns.get(row["group"], 0) + 1
            ordered.append((turns[row["group"]], row))
        ordered.sort(key=lambda pair: pair[0])
        blocks.append({"corpus": corpus, "model": model, "rows": [row for _, row in ordered]})
    return blocks


def excerpt(prompt: str, continuation: str) -> dict[str, Any]:
    """The beginning of a sample within EXCERPT_LINES and EXCERPT_WORDS: {"shown_prompt", "shown", "cut"}."""
    text = prompt + continuation
    end = min([match.end() for match in re.finditer(r"\S+", text)][:EXCERPT_WORDS][-1:] or [len(text)])
    lines = [match.start() for match in re.finditer("\n", text)]
    if len(lines) >= EXCERPT_LINES:
        end = min(end, lines[EXCERPT_LINES - 1])
    end = min(end, 12 * EXCERPT_WORDS)  # a model that learnt no spaces writes one endless word
    shown = text[:end]
    return {"shown_prompt": shown[: len(prompt)], "shown": shown[len(prompt) :].rstrip(), "cut": bool(text[end:].strip())}


def inline_svg(path: str | Path, language: str, identity: str, label: str) -> Markup:
    """An SVG file as an element of the page, one image named `label` to a screen reader.

    Whatever could act or load is left out (scripts, foreign content, event handlers, links), ids get the prefix `identity`
    so that two figures never share one, and labels and numbers are put into `language`.
    """
    root = ElementTree.fromstring(Path(path).read_text(encoding="utf-8"))
    for parent in root.iter():
        for child in list(parent):
            if child.tag.removeprefix(SVG) in ("script", "foreignObject", "image", "use", "style", "a", "animate", "set"):
                parent.remove(child)
    for element in root.iter():
        element.tag = element.tag.removeprefix(SVG)
        for name in list(element.attrib):
            plain = name.rpartition("}")[2].lower()
            if plain.startswith(("on", "aria-")) or plain in ("href", "role", "style"):
                del element.attrib[name]
        if "id" in element.attrib:
            element.set("id", f"{identity}-{element.get('id')}")
        if "clip-path" in element.attrib:
            element.set("clip-path", element.attrib["clip-path"].replace("url(#", f"url(#{identity}-"))
        if element.text and language != "en":
            element.text = _translated(element.text)
    for name in ("version", "class"):
        root.attrib.pop(name, None)
    root.set("role", "img")
    root.set("aria-label", label)
    return Markup(ElementTree.tostring(root, encoding="unicode"))


SPANISH = {english: words.FIGURE_LABELS_ES[key] for key, english in words.FIGURE_LABELS.items()} | {
    label["en"]: label["es"] for label in words.MEASURES.values()
}


def _translated(text: str) -> str:
    """A figure's text in Spanish: a label, a number, or "corpus · unit"; anything else (a name) as it is."""
    if re.fullmatch(r"[+−]?[\d,]+(\.\d+)?\*?", text):
        return text.replace(",", numbers.THIN).replace(".", ",")
    name, dot, unit = text.rpartition(" · ")
    return name + dot + SPANISH.get(unit, unit) if dot else SPANISH.get(text, text)
