"""Runs that nobody trained: whole folders of clearly invented numbers, for the tests of tables, figures and page."""

import math
import random
import re
from collections.abc import Callable, Iterable
from dataclasses import fields
from pathlib import Path
from typing import Any

from verso.corpora.preparing.statistics import SongStatistics, most_frequent_tags
from verso.files import read_json_lines, write_csv, write_json, write_json_lines
from verso.language_modelling.sample_measures import COLUMNS as MEASURE_COLUMNS
from verso.registry import TASK

SCORE_COLUMNS = (
    "document", "group", "tokens", "unknown_tokens", "words", "characters", "bytes", "log_likelihood", "spelling_log_likelihood",
    "log_likelihood_carried", "log_likelihood_reset", "log_likelihood_prompted", "state",
    "window", "stride", "windows",
)  # fmt: skip
TABLES = TASK["language_modelling"].tables
TEMPLATES = Path(__file__).parents[1] / "workflow" / "report" / "templates"
HISTORY_COLUMNS = (
    "epoch",
    "step",
    "tokens",
    "train_loss",
    "validation_loss",
    "learning_rate",
    "gradient_norm",
    "seconds",
    "best",
)
VERSES = (
    "[Verse 1]\nThe lamp is low, the kettle sings\nI count the buttons, count the strings",
    "[Chorus]\nOh paper boat, go slow, go far\nbring me the name of one small star",
    "[Verse 1]\nEl río guarda lo que olvida\ny el puente cuenta cada vida",
)


def scores_row(document: str, log_likelihood: float, size: int = 100, **others: Any) -> dict[str, Any]:
    """One document's scores; every cell that is not given is plain: 10 tokens, none unknown, state carried."""
    row = {"document": document, "group": "Ada", "tokens": 10, "unknown_tokens": 0, "words": 8, "characters": size, "bytes": size}
    row |= {"log_likelihood": log_likelihood, "spelling_log_likelihood": 0.0, "log_likelihood_carried": log_likelihood}
    return row | {"log_likelihood_reset": log_likelihood, "state": "carried"} | others


def fabricate_run(
    folder: Path, corpus: str, model: str, seed: int, scores: list[dict[str, Any]] | None = None, samples: int = 5, **others: Any
) -> dict[str, Any]:
    """Write one run's files under `folder`; returns the run as `tables.compare` wants it (and its "samples").

    scores: rows of scores.csv, else 40 invented ones whose cost depends on the model's name. others: override the run's entries.
    """
    dice = random.Random(f"{corpus} {model} {seed}")
    place = folder / "runs" / f"{abs(hash_of(corpus))}" / f"{abs(hash_of(model))}" / f"seed-{seed}"
    start = next((name for name in ("mistral", "llama") if name in model), None)
    sized = re.search(r"(word|bpe)-\d+$", model)
    unit = "subword" if start else sized[0] if sized else "word" if "word" in model else "char"
    write_csv(place / "scores.csv", scores if scores is not None else _scores(model, unit, dice), SCORE_COLUMNS)
    history = [] if "base" in model else _history(model, unit, dice)
    recited = ["train_recited", "validation_recited"] if "qlora" in model else []
    history = [row | dict(zip(recited, (0.02 * row["epoch"], 0.01), strict=False)) for row in history]
    write_csv(place / "history.csv", history, [*HISTORY_COLUMNS, *recited])
    size = {"parameters": 7_331_909_632, "trainable": 83_886_080} if recited else {"parameters": 982_045}
    write_json(place / "architecture.json", size | ({"tuning": "lora" if recited else "none"} if start else {}))
    beyond = {"train_texts_longer": 7, "validation_texts_longer": 1, "tokens_not_learnt": 1234}
    write_json(place / "hardware.json", _hardware(dice) | (beyond if recited else {}))
    rows = [_sample(index, model, seed, dice) for index in range(samples)]
    write_json_lines(place / "samples.jsonl", rows)
    write_csv(place / "sample_measures.csv", _measures(rows, dice), MEASURE_COLUMNS)
    names = {"scores": "scores.csv", "measures": "sample_measures.csv", "architecture": "architecture.json"}
    names |= {"history": "history.csv", "hardware": "hardware.json", "samples": "samples.jsonl"}
    run = {
        "corpus": corpus,
        "model": model,
        "unit": unit,
        "family": "causal_llm" if unit == "subword" else "recurrent_lm",
        "seed": seed,
        "miniature": False,
        "baseline": "",
        "luck": True,
        "pretrained": start,
    }
    for use in ("scoring_hardware", "sampling_hardware") if start else ():
        write_json(place / f"{use}.json", _hardware(dice) | {"backend": "transformers 9.9, peft 9.9"})
        names[use] = f"{use}.json"
    return run | {key: str(place / name) for key, name in names.items()} | others


def fabricate_pretrained(folder: Path, name: str, **others: Any) -> Path:
    """Write the manifest of a pretrained model, and of a hub's what its page said; others override the manifest's facts."""
    facts = {"name": name, "type": "hub", "repository": f"somebody/{name}-7b", "commit": "c0ffee" * 6 + "cafe"}
    facts |= {"licence": "apache-2.0", "miniature": False, "model_type": name, "parameters": 7_248_023_552, "files": {}}
    write_json(folder / "pretrained" / name / "pretrained.json", facts | others)
    page = {"revision": "main", "fetched": "2026-11-22T12:00:00+00:00", "created": "2023-09-27T14:31:52+00:00"}
    page |= {"last_modified": "2025-07-24T16:44:02+00:00", "downloads_last_month": 1_234_567, "licence_on_hub": "apache-2.0"}
    if others.get("type", "hub") == "hub":
        write_json(folder / "pretrained" / name / "fetched.json", page | {"languages": ["es", "en"], "likes": 17})
    return folder / "pretrained" / name / "pretrained.json"


def hash_of(name: str) -> int:
    """A number for a name that may hold anything, the same in every process."""
    return int.from_bytes(name.encode()) % 999_983


def _scores(model: str, unit: str, dice: random.Random) -> list[dict[str, Any]]:
    songs = random.Random("the same songs for all")
    base = {"rnn": 2.35, "lstm": 2.02, "gru": 2.05}.get(model.split("-")[0], 2.2) + (0.12 if unit == "word" else 0.0)
    base -= 0.4 if "qlora" in model else 0.0
    rows = []
    for index in range(40):
        size, hard = songs.randint(700, 2600), songs.gauss(0, 0.12)
        cost = -(base + hard + dice.gauss(0, 0.05)) * size * math.log(2)
        kinds = {"word": (size // 6, size // 120), "char": (size, 0), "subword": (size // 4, 0), "bpe": (size // 3, 0)}
        tokens, unknown = kinds[unit.split("-")[0]]
        row = scores_row(
            f"song-{index}", cost, size, group=("Ada", "Bo", "Cruz")[index % 3], tokens=tokens, unknown_tokens=unknown,
            words=size // 6, spelling_log_likelihood=0.12 * cost if unknown else 0.0, log_likelihood_reset=cost * 1.015,
        )  # fmt: skip
        if unit == "subword":
            row |= {"log_likelihood_carried": None, "log_likelihood_prompted": cost, "state": "prompted"}
            row |= {"window": 2048, "stride": 1024, "windows": 1 + (index < 3)}
        rows.append(row)
    return rows


def _history(model: str, unit: str, dice: random.Random) -> list[dict[str, Any]]:
    floor = {"rnn": 1.62, "lstm": 1.36, "gru": 1.39}.get(model.split("-")[0], 1.5) * (3.6 if unit == "word" else 1)
    rows, best = [], math.inf
    for epoch in range(1, 21):
        train = floor * (0.82 + 1.1 * math.exp(-epoch / 4)) + dice.gauss(0, 0.01)
        loss = floor * (1 + 0.9 * math.exp(-epoch / 3) + (0.006 * max(0, epoch - 11) if unit == "word" else 0)) + dice.gauss(
            0, 0.01
        )
        row = {"epoch": epoch, "step": epoch * 100, "tokens": epoch * 640_000, "train_loss": train, "validation_loss": loss}
        rows.append(row | {"learning_rate": 2e-3, "gradient_norm": 0.9, "seconds": 6.2 * epoch, "best": int(loss < best)})
        best = min(best, loss)
    return rows


def _hardware(dice: random.Random) -> dict[str, Any]:
    seconds = dice.uniform(40, 4000)
    return {
        "device": "cpu", "device_name": "Invented CPU @ 2.20GHz", "dtype": "float32",
        "reason": "CPU, for no CUDA card is visible; float32", "threads": 2, "wall_seconds": seconds, "peak_vram_mb": None,
        "peak_vram_reserved_mb": None, "peak_ram_mb": dice.uniform(400, 1400),
        "tokens": 12_800_000, "tokens_per_second": 12_800_000 / seconds, "energy_joules": None,
        "energy_source": "none: no RAPL counter on this machine", "torch": "2.13.0+cpu", "python": "3.11.2", "verso": "0.1.0",
        "asked": {"mem_mb": 2000, "runtime": 60, "vram_mb": 0, "cards": 0, "threads": 2}, "gpu_hours": 0.0, "batch_parts": 1,
        "settings_key": "0123456789abcdef",
    }  # fmt: skip


def _sample(index: int, model: str, seed: int, dice: random.Random) -> dict[str, Any]:
    prompt = "[Verse 1]\n"
    continuation = "\n".join(dice.choice(VERSES) for _ in range(4)).removeprefix(prompt)
    decoding = {"temperature": 0.8, "top_p": 0.9, "top_k": 0, "repetition_penalty": 1.0, "max_tokens": 600, "seed": 42}
    return {
        "id": f"{model}-{seed}-{index}", "group": ("Ada Nocturne", "Bo Lantern", "Cruz del Río")[index % 3], "prompt": prompt,
        "text": prompt + continuation, "continuation": continuation, "tokens": 600, "stopped": "length", "decoding": decoding,
        "primed_with": f"song-{index}",
    }  # fmt: skip


def _measures(samples: list[dict[str, Any]], dice: random.Random) -> list[dict[str, Any]]:
    def row(source: str, document: str, group: str, shift: float) -> dict[str, Any]:
        values = {name: dice.uniform(0.3, 0.9) + shift for name in MEASURE_COLUMNS[3:]}
        return values | {"source": source, "document": document, "group": group}

    songs = [row("held_out", f"song-{index}", "Ada Nocturne", 0.4) for index in range(6)]
    return [row("sample", sample["id"], sample["group"], 0.0) for sample in samples] + songs


def _statistics(kind: str = "songs") -> dict[str, Any]:
    parts = {"train": SongStatistics(), "validation": SongStatistics(), "test": SongStatistics()}
    for index in range(90):
        part = parts["test" if index % 5 == 0 else "validation" if index % 7 == 0 else "train"]
        text = "\n".join(VERSES[(index + turn) % 3] for turn in range(3 + index % 4))
        part.add(text, ("Ada Nocturne", "Bo Lantern", "Cruz del Río")[index % 3])
    whole = SongStatistics()
    for part in parts.values():
        whole.merge(part)
    return {
        "kind": kind,
        "settings": {
            "split": {
                "method": {"manual": "position", "articles": "random"}.get(kind, "stratified"),
                "validation": 0.1,
                "test": 0.2,
                "seed": 42,
            }
        },
        "total": whole.as_dict(),
        "parts": {name: part.as_dict() for name, part in parts.items()},
        "section_tags": most_frequent_tags(whole.tags),
        "set_aside": {"no lyrics": 3, "not UTF-8": 1},
        "losses": {
            "rows": 94,
            "lost": 4,
            "groups": {"Ada Nocturne": {"rows": 33, "lost": 3}},
            "lost_by_reason": {"no lyrics": {"Ada Nocturne": 3}, "not UTF-8": {"": 1}},
            "unwanted_by_reason": {"in another language (fr)": {"<script>window.pwned=6</script>": 2}},
        },
        "exact_duplicates": 2,
        "near_duplicates": {"clusters": 4, "documents": 9, "listed": []},
        "groups_only_in_train": ["<script>window.pwned=4</script>"],
    } | {"articles": _of_articles, "manual": _of_manual}.get(kind, dict)()


def _of_manual() -> dict[str, Any]:
    """What the statistics of a manual say besides; a PDF may call itself anything."""
    steps = (
        "accents_put_back", "ligatures", "page_numbers", "running_headers", "contents", "dot_leaders", "hyphenation", "spaces"
    )  # fmt: skip
    counted = {step: {"found": 10 * number + 7, "texts": 1, "characters": 9} for number, step in enumerate(steps)}
    pages = {"pages": 203, "pages_without_text": 4}
    hostile = {"title": "<script>window.pwned=9</script>", "source": "<b>a</b>.pdf", "characters": 4744, "headings": 140}
    return {"cleaning": {"texts": 1, "changed": 1, "steps": counted}, "documents": [hostile | pages], "pages": pages}


def _of_articles() -> dict[str, Any]:
    """What the statistics of articles say besides; a file may say anything of where an article comes from."""
    hostile = {"title": '"><script>window.pwned=7</script>', "url": "javascript:window.pwned=8", "licence": "<b>CC</b>"}
    sound = {"title": "Río Mena", "url": "https://wiki.example/R%C3%ADo", "licence": "CC BY-SA 4.0", "revision": "4236"}
    history = {"history": "https://wiki.example/index?title=a&action=history"}
    excerpts = [
        {"revision": "", "history": "//elsewhere.example", **hostile, "part": "train", "text": "<img src=x>", "cut": False},
        {**sound, **history, "part": "test", "text": "El río", "cut": True},
    ]
    steps = ("spaces", "references", "markup", "urls", "special_characters", "numbers")
    counted = {step: {"found": 10 * number + 7, "texts": number + 3, "characters": 9} for number, step in enumerate(steps)}
    short = {"shorter than 500 characters once cleaned": {"": 1}}
    return {
        "cleaning": {"texts": 92, "changed": 8, "steps": counted},
        "excerpts": excerpts,
        "exact_duplicates": 1,
        "near_duplicates": {"clusters": 1, "documents": 2, "listed": []},
        "set_aside": {},
        "losses": {"rows": 91, "lost": 0, "groups": {}, "lost_by_reason": {}, "unwanted_by_reason": short},
    }


def in_latex(folder: Path, names: Iterable[str]) -> dict[str, Path]:
    """The files of these tables in LaTeX, by the names that a comparison knows them by."""
    return {f"{name}_tex": folder / f"{name}.tex" for name in names}


def fabricate_report(
    folder: Path, corpora: dict[str, list[str]], seeds: int, demo: bool, language: str = "en", kind: str = "songs",
    change: Callable[[dict[str, Any]], dict[str, Any]] = dict, **others: Any,
) -> Path:  # fmt: skip
    """Runs of all `corpora` (name -> models), their tables and figures, and the report; returns its path.

    kind: of every corpus; "manual" has one test document and no groups. change: of each run, before it is compared. others:
    override what `page.render` and its study are given.
    """
    from verso.language_modelling import figures, tables
    from verso.report import pretrained_table

    runs = [
        change(
            fabricate_run(folder, name, model, seed, [scores_row("the end", -2000.0 - seed, 1000)] if kind == "manual" else None)
        )
        for name, models in corpora.items()
        for model in models
        for seed in range(seeds)
    ]
    if kind == "manual":
        for run in runs:
            write_json_lines(run["samples"], [row | {"group": ""} for row in read_json_lines(run["samples"])])
    starts = {run["pretrained"]: fabricate_pretrained(folder, run["pretrained"]) for run in runs if run["pretrained"]}
    csvs = {name: folder / f"{name}.csv" for name in TABLES}
    tables.compare(runs, 42, csvs | in_latex(folder, TABLES))
    if starts:
        csvs["pretrained_models"] = folder / "pretrained_models.csv"
        models = {start: list(dict.fromkeys(run["model"] for run in runs if run["pretrained"] == start)) for start in starts}
        pretrained_table.describe(list(starts.values()), models, csvs["pretrained_models"])
    svgs = {name: folder / f"{name}.svg" for name in TASK["language_modelling"].figures}
    histories = [{key: run[key] for key in ("corpus", "model", "seed")} | {"path": run["history"]} for run in runs]
    figures.draw(csvs, histories, svgs)
    statistics = folder / "statistics.json"
    write_json(statistics, _statistics(kind))
    arguments: dict[str, Any] = {
        "title": "Six recurrent models on invented songs",
        "language": language,
        "experiments": [
            {"name": f"study of {name}", "corpus": name, "models": own, "seeds": list(range(seeds))}
            for name, own in corpora.items()
        ],
        "models": {
            model: {"cell": model.split("-")[0], "embedding": 128, "hidden": 256, "schedule": {"name": "plateau", "factor": 0.5}}
            | ({"family": "causal_llm", "tuning": "lora"} if "qlora" in model else {})
            for models in corpora.values()
            for model in models
        },
        "corpora": [{"name": name, "kind": kind, "statistics": statistics, "demo": demo} for name in corpora],
        "provenance": {
            "versions": {"verso": "0.1.0", "python": "3.11.2", "torch": "2.13.0+cpu"},
            "fingerprints": {f"{run['corpus']}/{run['model']}/seed-{run['seed']}": "0123456789abcdef" for run in runs},
            "config": "config/invented.yaml",
            "commit": None,
            "date": "2026-11-22",
        },
    }  # fmt: skip
    arguments["sections"] = {"language_modelling": {"runs": runs, "corpora": [{"name": name} for name in corpora]}}
    return render(folder / "report.html", tables=csvs, figures=svgs, **(arguments | others))


def render(report: Path, **arguments: Any) -> Path:
    """Render the page with the templates of the workflow; arguments: those of `page.render` and of its study."""
    from verso.report import page

    study = page.Study(**{field.name: arguments.pop(field.name) for field in fields(page.Study) if field.name in arguments})
    page.render(report, study, templates=TEMPLATES, **arguments)
    return report
