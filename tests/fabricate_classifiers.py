"""Classifiers that nobody trained: invented labels, predictions and costs, for the tests of tables, figures and page."""

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from fabricate import _hardware, _statistics, hash_of, in_latex, render

from verso.files import write_csv, write_json, write_json_lines
from verso.registry import TASK

STARS = ["1", "2", "3", "4", "5"]
OPENINGS = ("The room was quiet", "La cena llegó fría", "We waited an hour", "El mar se oye desde la cama")
ENDINGS = ("and we would come back.", "y no volveremos.", "but the staff was kind.", "aunque el precio lo compensa.")
SKILL = {"majority": 0.0, "rnn": 0.05, "gru": 0.35, "lstm": 0.45, "tfidf": 0.5, "textcnn": 0.52, "mdeberta": 0.6}
FAMILIES = {"majority": "majority", "tfidf": "tfidf", "textcnn": "textcnn"}
BASELINES = {"majority": "below_majority", "tfidf": "below_tfidf"}
HISTORY = ("epoch", "step", "train_loss", "validation_loss", "best", "validation_f1_macro")


def fabricate_labelled(
    folder: Path, corpus: str, names: Sequence[str] = STARS, ordered: bool = True, documents: int = 120
) -> dict[str, Any]:
    """Write labels.json, test.jsonl and probes.jsonl; returns the corpus as `classifier_tables.compare` wants it, and "written".

    Later labels are more frequent, as stars are.
    """
    dice = random.Random(f"the texts of {corpus}")
    place = folder / "corpora" / f"{hash_of(corpus)}"
    write_json(place / "labels.json", {"names": list(names), "ordered": ordered})
    labels = dice.choices(names, [2 + turn for turn in range(len(names))], k=documents)
    texts = [f"{dice.choice(OPENINGS)} {dice.choice(ENDINGS)} ({number})" for number in range(documents)]
    rows = [{"id": f"review-{n}", "text": texts[n], "group": labels[n], "metadata": {}} for n in range(documents)]
    written = [
        {"id": f"{n + 1}", "text": f"By hand: {OPENINGS[n]}", "group": names[-1 - n % 2], "metadata": {}} for n in range(3)
    ]
    for name, found in (("test", rows), ("probes", written)):
        write_json_lines(place / f"{name}.jsonl", found)
    paths = {"labels": str(place / "labels.json"), "test": str(place / "test.jsonl"), "own_texts": str(place / "probes.jsonl")}
    return {"name": corpus, "names": list(names), "documents": rows, "written": written, **paths}


def fabricate_classifier(
    folder: Path, corpus: dict[str, Any], model: str, seed: int, predictions: Sequence[str] | None = None, **others: Any
) -> dict[str, Any]:
    """Write one run's files; returns the run as `classifier_tables.compare` wants it, and its "own_texts".

    predictions: of the corpus's documents, else invented ones as good as the model's name promises; "zero-shot" gives in a tenth
    of all replies no label, and never a probability. others: override the run's entries.
    """
    dice = random.Random(f"{corpus['name']} {model} {seed}")
    place = folder / "runs" / f"{hash_of(corpus['name'])}" / f"{hash_of(model)}" / f"seed-{seed}"
    for name, documents in (("scores", corpus["documents"]), ("probes", corpus["written"])):
        own = predictions if name == "scores" else None
        told = own or [_told(model, row["group"], corpus, dice) for row in documents]
        write_scores(place / f"{name}.csv", documents, told, corpus["names"], None if model == "zero-shot" else dice)
    write_csv(place / "history.csv", _history(model, seed) if model not in (*BASELINES, "zero-shot") else [], HISTORY)
    size = {"majority": 5, "tfidf": 40_165}.get(model, 1_260_000)
    trainable = 2_000 if model == "mdeberta" else size
    asked = model == "zero-shot"  # a chat model, which learns nothing and is measured while it answers
    architecture = {"family": model, "parameters": size, "trainable": 0 if asked else trainable}
    write_json(place / "architecture.json", architecture | ({"tuning": "none"} if asked else {}))
    card = {"device": "cuda", "gpu_hours": 0.01, "peak_vram_mb": 180, "peak_vram_reserved_mb": 195, "energy_joules": 900}
    write_json(place / "hardware.json", _hardware(dice) | (card if model == "mdeberta" else {}))
    speed = {"documents": len(corpus["documents"]), "documents_per_second": 1.5 if asked else dice.uniform(500, 900)}
    answering = _hardware(dice) | card | {"gpu_hours": 0.2, "peak_vram_reserved_mb": 6_100}
    write_json(place / "scoring.json", {**(answering if asked else {"wall_seconds": 0.2, "device": "cpu"}), **speed})
    names = {"scores": "scores.csv", "own_texts": "probes.csv", "architecture": "architecture.json", "history": "history.csv"}
    names |= {"hardware": "hardware.json", "scoring": "scoring.json"}
    run = {"corpus": corpus["name"], "model": model, "family": FAMILIES.get(model, "recurrent_classifier"), "seed": seed}
    return (
        run
        | {"baseline": BASELINES.get(model, ""), "luck": model not in BASELINES, "miniature": False}
        | {key: str(place / name) for key, name in names.items()}
        | others
    )


def fabricate_read(folder: Path, corpus: dict[str, Any], token: str = "zest") -> str:
    """Write a read.json of a model with 3,901 tokens, the last of a text being `token`; its path."""
    starts = {"first": 0, "middle": 1943, "last": 3886}
    tokens = [
        {"where": where, "id": number, "token": f" t{number}"}
        for where, start in starts.items()
        for number in range(start, start + 15)
    ]
    lengths = {"texts": 40, "shortest": 12, "mean": 101.25, "longest": 612, "length": 350, "cut": 3}
    document = corpus["documents"][0]
    row = {
        "document": document["id"],
        "label": document["group"],
        "prediction": document["group"],
        "probability": 0.8,
        "more": 12,
    }
    row |= {"ids": [40, 11, 777, 199, 3], "tokens": ["User", ":", " é", "\n", token], "attention": [0.4, 0.2, 0.02, 0.0, 0.1]}
    read = {"unit": "bpe-3901", "vocabulary": 3901, "texts": 350, "tokens": tokens}
    read |= {"lengths": dict.fromkeys(("train", "validation", "test"), lengths)}
    path = folder / f"{hash_of(corpus['name'])}-read.json"
    write_json(path, {**read, "predictions": [row, row], "errors": [row | {"prediction": corpus["names"][0]}]})
    return str(path)


def _history(model: str, seed: int) -> list[dict[str, Any]]:
    dice = random.Random(f"the learning of {model} {seed}")
    losses = [(n, 1.5 - 0.1 * n, 0.3 + 0.1 * SKILL.get(model, 0.4) * n + dice.gauss(0, 0.01)) for n in range(1, 6)]
    rows = [{"epoch": n, "step": 40 * n, "train_loss": loss, "validation_loss": loss + 0.1} for n, loss, _ in losses]
    return [row | {"best": int(n <= 4), "validation_f1_macro": f1} for row, (n, _, f1) in zip(rows, losses, strict=True)]


def write_scores(
    path: Path, documents: Sequence[dict[str, Any]], told: Sequence[str], names: Sequence[str], dice: random.Random | None
) -> None:
    """scores.csv of some predictions; the predicted label is drawn the greatest probability, without dice none."""
    rows = []
    for document, prediction in zip(documents, told, strict=True):
        row: dict[str, Any] = {"document": document["id"], "label": document["group"], "prediction": prediction}
        if prediction and dice:
            most = dice.uniform(1.2 / len(names), 1)
            rest = (1 - most) / (len(names) - 1)
            row |= {f"probability_{n}": most if name == prediction else rest for n, name in enumerate(names)}
        rows.append(row)
    write_csv(path, rows, ("document", "label", "prediction", *(f"probability_{n}" for n in range(len(names)))))


def _told(model: str, label: str, corpus: dict[str, Any], dice: random.Random) -> str:
    names = corpus["names"]
    if model == "majority":
        return names[-1]
    if model == "zero-shot" and dice.random() < 0.1:
        return ""
    return label if dice.random() < SKILL.get(model, 0.4) else dice.choice(names)


def labelled_statistics() -> dict[str, Any]:
    """The statistics of a labelled corpus, as preparing it writes them."""
    found = _statistics("labelled")
    del found["settings"]["split"]["method"]
    lengths = {"min": 3, "mean": 40.25, "median": 31.0, "p95": 120.0, "p99": 300.0, "max": 1234}
    for amount in (found["total"], *found["total"]["groups"].values()):
        amount |= {"tokens": 4025, "tokens_per_document": lengths}
    told = {"exact_duplicates_of_another_label": 2, "near_duplicates_of_held_out": 3, "over_texts_per_label": 0}
    return found | told | {"given_splits": ["test"], "labels_not_in_every_part": [], "groups_only_in_train": []}


def fabricate_tables(folder: Path, corpora: Sequence[dict[str, Any]], runs: Sequence[dict[str, Any]]) -> dict[str, Path]:
    """The tables of some runs; their paths by the names that the page knows them by."""
    from verso.classification import tables as classifier_tables

    csvs = {name: folder / f"{name}.csv" for name in TASK["classification"].tables}
    classifier_tables.compare(
        runs,
        [{key: corpus[key] for key in ("name", "labels", "test")} for corpus in corpora],
        42,
        csvs | in_latex(folder, TASK["classification"].latex),
    )
    return csvs


def fabricate_figures(folder: Path, csvs: dict[str, Path], runs: Sequence[dict[str, Any]]) -> dict[str, Path]:
    """The figures of some runs and their tables; their paths by the names that the page knows them by."""
    from verso.classification import figures as classifier_figures

    svgs = {name: folder / f"{name}.svg" for name in TASK["classification"].figures}
    histories = [{key: run[key] for key in ("corpus", "model", "seed")} | {"path": run["history"]} for run in runs]
    classifier_figures.draw(csvs, histories, svgs)
    return svgs


def fabricate_classifier_report(
    folder: Path,
    corpora: Sequence[dict[str, Any]],
    models: Sequence[str],
    seeds: int,
    demo: bool = False,
    beside: Path | None = None,
    read: str | None = None,
    **others: Any,
) -> Path:
    """Runs of all models on all corpora, their tables and figures, and the report; returns its path.

    read: a file of fabricate_read for every run. beside: the folder of a fabricated report of language models on "songs", for a
    study of both kinds. others: override what `page.render` and its study are given.
    """
    more = {"read": read} if read else {}
    runs = [
        fabricate_classifier(folder, corpus, model, seed, **more)
        for corpus in corpora
        for model in models
        for seed in range(seeds)
    ]
    csvs = fabricate_tables(folder, corpora, runs)
    statistics = folder / "labelled_statistics.json"
    write_json(statistics, labelled_statistics())
    arguments: dict[str, Any] = {
        "title": "Classifiers on invented reviews",
        "language": "en",
        "experiments": [
            {"name": f"stars of {corpus['name']}", "corpus": corpus["name"], "models": list(models), "seeds": list(range(seeds))}
            for corpus in corpora
        ],
        "models": {model: {"family": FAMILIES.get(model, "recurrent_classifier"), "epochs": 50} for model in models},
        "corpora": [{"name": corpus["name"], "kind": "labelled", "statistics": statistics, "demo": demo} for corpus in corpora],
        "provenance": {
            "versions": {"verso": "0.1.0"},
            "fingerprints": {f"{run['corpus']} {run['model']} seed {run['seed']}": "0123456789abcdef" for run in runs},
            "config": "config/invented.yaml",
            "commit": None,
            "date": "2026-11-22",
        },
    }  # fmt: skip
    tables, figures = csvs, fabricate_figures(folder, csvs, runs)
    own = [{key: corpus[key] for key in ("name", "labels", "test", "own_texts")} for corpus in corpora]
    arguments["sections"] = {"classification": {"runs": runs, "corpora": own}}
    if beside is not None:
        task = TASK["language_modelling"]
        arguments["corpora"].append({"name": "songs", "kind": "songs", "statistics": beside / "statistics.json", "demo": demo})
        arguments["sections"]["language_modelling"] = {"runs": [], "corpora": [{"name": "songs"}]}  # no samples
        tables = {name: beside / f"{name}.csv" for name in task.tables} | tables
        figures = {name: beside / f"{name}.svg" for name in task.figures} | figures
    return render(folder / "report.html", tables=tables, figures=figures, **(arguments | others))
