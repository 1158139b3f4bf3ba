"""How models that have tokens of their own read the texts: tables of their tokens, of lengths, and of predictions by token.

classifier_tokens        first, middle and last tokens of each model's vocabulary
classifier_lengths       of each model and part: the shortest, mean and longest text in its tokens, and how many are cut
classifier_predictions   the first predictions of the test, and the first errors, with the beginning of their tokens
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from verso.files import read_json

TOKENS = ("corpus", "model", "vocabulary", "texts", "where", "id", "token")
LENGTHS = ("corpus", "model", "part", "texts", "shortest", "mean", "longest", "length", "cut")
PREDICTIONS = (
    "corpus", "model", "seed", "what", "document", "label", "prediction", "probability", "ids", "tokens", "attention", "more",
)  # fmt: skip
TABLES = {"classifier_tokens": TOKENS, "classifier_lengths": LENGTHS, "classifier_predictions": PREDICTIONS}
SHADES = 4  # of attention, on the page
WHAT = {"predictions": "prediction", "errors": "error"}


def tables_of(runs: Sequence[Mapping[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """The rows of the three tables of one model's runs, of which the first that has read.json counts; none without such a run.

    ids, tokens and attention are JSON lists; more: how many tokens stand behind them.
    """
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in TABLES}
    run = next((run for run in runs if "read" in run), None)
    if run is None:
        return rows
    read = read_json(run["read"])
    own = {"corpus": run["corpus"], "model": run["model"]}
    size = {"vocabulary": read["vocabulary"], "texts": read["texts"]}
    rows["classifier_tokens"] = [{**own, **size, **token} for token in read["tokens"]]
    rows["classifier_lengths"] = [{**own, "part": part, **found} for part, found in read["lengths"].items()]
    for many, one in WHAT.items():
        rows["classifier_predictions"] += [{**own, "seed": run["seed"], "what": one, **_in_cells(row)} for row in read[many]]
    return rows


def _in_cells(row: Mapping[str, Any]) -> dict[str, Any]:
    lists = {key: json.dumps(row[key], ensure_ascii=False) for key in ("ids", "tokens", "attention")}
    return {**{key: row[key] for key in ("document", "label", "prediction", "probability", "more")}, **lists}


def of_corpus(corpus: str, tables: Mapping[str, Sequence[Mapping[str, str]]]) -> list[dict[str, Any]]:
    """For the page, each such model of a corpus: {"model", "vocabulary", "texts", "seed", "tokens": {where: rows}, "lengths",
    "predictions", "errors"}; a row of these has "pieces": token, id and shade of each token, 0 to SHADES by its attention.
    """
    found = []
    own = {name: [row for row in tables.get(name, ()) if row["corpus"] == corpus] for name in TABLES}
    for model in dict.fromkeys(row["model"] for row in own["classifier_tokens"]):
        tokens, lengths, predictions = ([row for row in own[name] if row["model"] == model] for name in TABLES)
        found.append(
            {
                "model": model,
                "vocabulary": tokens[0]["vocabulary"],
                "texts": tokens[0]["texts"],
                "seed": predictions[0]["seed"],
                "tokens": {where: [row for row in tokens if row["where"] == where] for where in ("first", "middle", "last")},
                "lengths": lengths,
                **{many: [_of_page(row) for row in predictions if row["what"] == one] for many, one in WHAT.items()},
            }
        )
    return found


def _of_page(row: Mapping[str, str]) -> dict[str, Any]:
    ids, tokens, attention = (json.loads(row[key]) for key in ("ids", "tokens", "attention"))
    most = max(attention)
    pieces = [
        {"token": visible(token), "id": id_, "shade": round(SHADES * share / most) if most else 0}
        for token, id_, share in zip(tokens, ids, attention, strict=True)
    ]
    return {**row, "pieces": pieces, "more": int(row["more"])}


def visible(token: str) -> str:
    """A token with a sign for line breaks, which would not be seen."""
    return token.replace("\n", "↵")
