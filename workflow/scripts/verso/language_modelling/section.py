"""The report's section about language models: summaries of corpora, the best cells, excerpts of samples."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from verso.display.addresses import addresses_of
from verso.display.comparisons import HELD_OUT, in_short
from verso.display.numbers import optional_float
from verso.display.section import Compares, Given, Section, Tables
from verso.files import read_csv, read_json_lines
from verso.language_modelling import words_en, words_es
from verso.language_modelling.prediction_tables import PARTS
from verso.language_modelling.tables import sample_measure_names

EXCERPT_LINES, EXCERPT_WORDS = 12, 60  # lyrics may be protected: excerpts are as short as quotations
IN_VIEW = 3  # samples of a model shown without a click
FEW_DOCUMENTS = 30  # with fewer documents the percentile bootstrap is too narrow
ENDING = ("linear", "cosine")  # schedules that end at rate 0: their last epoch is nearly always the best


def _found(tables: Tables, given: Given, settings: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The values that the section's templates use (verso.display.section)."""
    models = tables["language_models"]
    corpora = list(dict.fromkeys(row["corpus"] for row in models))
    tuned = any(settings.get(row["model"], {}).get("tuning") == "lora" for row in models)
    measured = tables["predictions"]
    return {
        "parts": [
            "learning",
            *(["memorisation"] if tuned else []),
            "models",
            "comparisons",
            *(["predictions"] if measured else []),
            "samples",
            "measures",
        ],
        "predicted": [predicted(corpus, tables, settings) for corpus in dict.fromkeys(row["corpus"] for row in measured)],
        "corpora": [summarise(corpus, models, tables["comparisons"], settings) for corpus in corpora],
        "pairs": bool(tables["comparisons"]),
        "best_cells": best_cells(models),
        "samples": excerpts(given["runs"], given["corpora"]),
        "limits": {"lines": EXCERPT_LINES, "words": EXCERPT_WORDS},
        "in_view": IN_VIEW,
        "measured": tables["samples"],
        "measures": sample_measure_names(tables["samples"]),
        "named_measures": set(words_en.MEASURES),
        "held_out": HELD_OUT,
    }


def summarise(
    corpus: str,
    models: Iterable[Mapping[str, str]],
    comparisons: Iterable[Mapping[str, str]],
    settings: Mapping[str, Mapping[str, Any]],
) -> dict[str, Any]:
    """Summarise one corpus for the sentences at the top, independent of the page's language.

    settings: each model's, by its name. margin is the second's bits per byte less the best's, with its interval; tied are the
    recipes that do not differ significantly from the best, and in_short adds what the pairs say together; improving are those
    whose best epoch was their last, mean over seeds, though their learning rate had not fallen to 0.
    """
    ranking = sorted((row for row in models if row["corpus"] == corpus), key=lambda row: float(row["bits_per_byte"]))
    pairs = [pair for pair in comparisons if pair["corpus"] == corpus]
    best = ranking[0]
    margin = next((_against(best["model"], pair) for pair in pairs if _is_pair(pair, best, ranking[1])), None) if pairs else None
    seeds = [int(row["seeds"]) for row in ranking]
    return {
        "corpus": corpus,
        "best": best,
        "second": ranking[1] if len(ranking) > 1 else None,
        "margin": margin,
        "tied": [row["model"] for row in ranking[1:] if any(_is_pair(p, best, row) for p in pairs if _is_tie(p))],
        "pairs": len(pairs),
        **in_short(pairs),
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


def predicted(corpus: str, tables: Tables, settings: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The measured predictions of one corpus: its rows of each table, and how many documents of each part were read.

    All models read the same documents. settings: as of summarise; untuned are the base models that learnt nothing here.
    """
    own = {name: [row for row in tables[name] if row["corpus"] == corpus] for name in ("predictions", "continuations", "latency")}
    first = own["predictions"][0]
    pretrained = [row["model"] for row in own["predictions"] if row["pretrained"]]
    return {
        "corpus": corpus,
        **own,
        "characters": first["characters"],
        "documents": [(part, first[f"{part}_documents"], first[f"{part}_documents_of_part"]) for part in PARTS],
        "pretrained": pretrained,
        "untuned": [model for model in pretrained if settings.get(model, {}).get("tuning") == "none"],
        "smoothed": [row for row in own["predictions"] if row["least_smoothed_loss"]],
    }


def _is_pair(pair: Mapping[str, str], one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    return {pair["model_a"], pair["model_b"]} == {one["model"], other["model"]}


def _is_tie(pair: Mapping[str, str]) -> bool:
    """Of weights none is said: more trainings might decide, either way."""
    return (pair["verdict"], pair["about"]) == ("undecided", "recipes")


def _against(best: str, pair: Mapping[str, Any]) -> dict[str, Any]:
    """A pair with its sign turned so that the difference is the other's excess cost over `best`."""
    difference, low, high = (optional_float(pair[key]) for key in ("difference", "low", "high"))
    if pair["model_a"] == best:
        difference, low, high = (None if value is None else -value for value in (difference, high, low))
    same = {"p": pair["p_corrected"], "verdict": pair["verdict"], "about": pair["about"]}
    return {"difference": difference, "low": low, "high": high, **same}


def best_cells(rows: Sequence[Mapping[str, str]]) -> set[tuple[str, str, str]]:
    """(corpus, model, column) of the cells in bold: lowest bits per byte of a corpus, lowest perplexity of a corpus and unit.

    The sub-words of two base models are two units.
    """
    best: dict[tuple[str, ...], Mapping[str, str]] = {}
    for row in rows:
        for column, group in (("bits_per_byte", ()), ("perplexity", (row["unit"], row["pretrained"]))):
            key = (column, row["corpus"], *group)
            if key not in best or float(row[column]) < float(best[key][column]):
                best[key] = row
    return {(row["corpus"], row["model"], key[0]) for key, row in best.items()}


def excerpts(runs: Sequence[Mapping[str, Any]], corpora: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Excerpts by corpus and model, one of each group first, so that those in view cover all artists.

    corpora: with the file that says where documents come from ("attribution"), where they have one: a sample that was written
    after reading such a document has its title, licence and addresses under "article".
    """
    origins = {corpus["name"]: _origins(corpus["attribution"]) for corpus in corpora if "attribution" in corpus}
    found: dict[tuple[str, str], list[dict[str, Any]]] = {}
    for run in runs:
        own = found.setdefault((run["corpus"], run["model"]), [])
        own.extend(
            {
                "instruction": None,
                **row,
                **excerpt(row["prompt"], row["continuation"]),
                "seed": run["seed"],
                "article": origins.get(run["corpus"], {}).get(row.get("primed_with") or ""),
            }
            for row in read_json_lines(run["samples"])
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


def _origins(attribution: str) -> dict[str, dict[str, Any]]:
    """Of each document its row of the file, with only such addresses as a page may link to."""
    return {row["id"]: {**row, **addresses_of(row)} for row in read_csv(attribution, ("id", "title", "url", "history"))}


def excerpt(prompt: str, continuation: str) -> dict[str, Any]:
    """The beginning of a sample within EXCERPT_LINES and EXCERPT_WORDS: {"shown_prompt", "shown", "cut"}."""
    text = prompt + continuation
    end = min([match.end() for match in re.finditer(r"\S+", text)][:EXCERPT_WORDS][-1:] or [len(text)])
    lines = [match.start() for match in re.finditer("\n", text)]
    if len(lines) >= EXCERPT_LINES:
        end = min(end, lines[EXCERPT_LINES - 1])
    end = min(end, 12 * EXCERPT_WORDS)  # a model without spaces writes one endless word
    shown = text[:end]
    return {"shown_prompt": shown[: len(prompt)], "shown": shown[len(prompt) :].rstrip(), "cut": bool(text[end:].strip())}


SECTION = Section(
    found=_found,
    words={"en": words_en.WORDS, "es": words_es.WORDS},
    figure_labels={
        "en": words_en.FIGURE_LABELS | words_en.MEASURES,
        "es": words_es.FIGURE_LABELS | words_es.MEASURES,
    },
    models="language_models",
    jobs="hardware",
    compares=Compares(pairs="comparisons", score="bits_per_byte"),
)
