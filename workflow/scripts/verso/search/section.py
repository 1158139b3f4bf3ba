"""The page's part about searches: did tuning help, what it cost, which settings were selected, and how the search went."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from verso.display.comparisons import caution
from verso.display.numbers import optional_float
from verso.display.section import Row, Section, Tables
from verso.files import read_csv, read_json
from verso.search import words_en, words_es
from verso.search.space import Dimension
from verso.search.tables import TRIALS_PER_KEY, Trial, beyond_chance, complete, read_trials, too_few
from verso.settings.paths import with_values

WORDS = {"en": words_en.WORDS, "es": words_es.WORDS}
FIGURE_LABELS = {"en": words_en.FIGURE_LABELS, "es": words_es.FIGURE_LABELS}
VERDICTS = {"a better": "model_a", "b better": "model_b"}


def summarise(search: Mapping[str, Any], tables: Tables, section: Section) -> dict[str, Any]:
    """What the page says of one search, independent of its language.

    search: {"corpus", "model", "task"}, its "space" and "untuned" settings by path, "twin" (an entry of the same experiment that
    differs by its search alone, or None), the "cpus" and "gpus" of a worker, and the paths "trials", "best", "importances"
    (verso.search.tables).
    tables: those of the page, by name. section: that of the model's task.
    """
    keys, best = [Dimension.of_json(one) for one in search["space"]], read_json(search["best"])
    trials, importances = read_trials(search["trials"], keys), read_csv(search["importances"])
    whole = complete(trials)
    return {
        **{name: search[name] for name in ("corpus", "model", "task", "twin")},
        "best": best,
        "score": section.compares.score,
        "answer": answer(search, tables, section),
        "cost": cost(search, trials, tables[section.jobs]),
        "space": [_key(key, search["untuned"], best) for key in keys],
        "trials": [_trial(trial, keys, best) for trial in trials],
        "names": [key.path for key in keys],
        "importances": importances,
        "few": too_few(len(whole), len(keys)),
        "wanted": TRIALS_PER_KEY * len(keys),
        "complete": len(whole),
        "tied": sum(trial.value == best["value"] for trial in whole),
        "beyond_chance": [row["parameter"] for row in importances if beyond_chance(row)],
    }


def with_selected(
    models: Mapping[str, Mapping[str, Any]], searches: Sequence[Mapping[str, Any]]
) -> tuple[dict[str, Mapping[str, Any]], set[tuple[str, str]]]:
    """The settings of models with the selected ones in place of those that stand in the config, and (model, key) of these.

    searches: as summarise gives them; their block `search` is left out. Where corpora have selected different values of a key,
    all stand there, in the order of the corpora.
    """
    found, selected = dict(models), set[tuple[str, str]]()
    for model in dict.fromkeys(search["model"] for search in searches):
        settings = [search["best"]["settings"] for search in searches if search["model"] == model]
        values = {path: list(dict.fromkeys(_plain(one[path]) for one in settings)) for path in settings[0]}
        written = {path: own[0] if len(own) == 1 else " / ".join(map(str, own)) for path, own in values.items()}
        found[model] = with_values({key: value for key, value in models[model].items() if key != "search"}, written)
        selected |= {(model, path.partition(".")[0]) for path in written}
    return found, selected


def _plain(value: Any) -> Any:
    return float(f"{value:.3g}") if isinstance(value, float) else str(value) if isinstance(value, list) else value


def answer(search: Mapping[str, Any], tables: Tables, section: Section) -> dict[str, Any]:
    """Did tuning help? By the verdict of the model's task on this model and its untuned twin, on the test part, over seeds.

    "said" ends the key of the sentence: helped, harmed, undecided, untested, no_twin, twin_unfinished; helped_weights and
    harmed_weights where one of the two has one seed. difference, low, high: tuned minus untuned. caution: of the verdict
    (verso.display.comparisons).
    """
    compares = section.compares
    scores = {row["model"]: row[compares.score] for row in tables[section.models] if row["corpus"] == search["corpus"]}
    model, twin = search["model"], search["twin"]
    found: dict[str, Any] = {"tuned": scores[model], "untuned": None, "difference": None, "low": None, "high": None, "p": None}
    found |= {"caution": None}
    if twin not in scores:
        return found | {"said": "no_twin" if twin is None else "twin_unfinished"}
    pair = _pair(tables[compares.pairs], search["corpus"], model, twin)
    found["untuned"] = scores[twin]
    if pair is None or optional_float(pair["p_corrected"]) is None:
        return found | {"said": "untested"}
    said = "undecided"
    if pair["verdict"] in VERDICTS:
        said = "helped" if pair[VERDICTS[pair["verdict"]]] == model else "harmed"
        said += "_weights" if pair["about"] == "weights" else ""
    difference, low, high = (optional_float(pair[key]) for key in ("difference", "low", "high"))
    if pair["model_b"] == model:
        difference, low, high = (None if value is None else 0.0 - value for value in (difference, high, low))  # no -0.0
    found |= {"said": said, "difference": difference, "low": low, "high": high, "p": pair["p_corrected"]}
    return found | {"caution": caution(pair)}


def _pair(pairs: Sequence[Row], corpus: str, one: str, other: str) -> Row | None:
    wanted = {one, other}
    return next((row for row in pairs if row["corpus"] == corpus and {row["model_a"], row["model_b"]} == wanted), None)


def cost(search: Mapping[str, Any], trials: Sequence[Trial], jobs: Sequence[Row]) -> dict[str, Any]:
    """Hours of GPUs, or without one of processors, of all trials, beside the trainings of the model with the selected settings.

    each: of one training, mean over seeds; None where none was measured. times: the search in trainings.
    """
    unit, width = ("gpu_hours", search["gpus"]) if search["gpus"] else ("cpu_hours", search["cpus"])
    hours = width * sum(trial.seconds for trial in trials) / 3600
    own = [row for row in jobs if (row["corpus"], row["model"], row["work"]) == (search["corpus"], search["model"], "training")]
    known = [value for row in own if (value := optional_float(row[unit])) is not None]
    each = sum(known) / len(known) if known and len(known) == len(own) else None
    return {
        "unit": unit,
        "hours": hours,
        "trials": len(trials),
        "each": each,
        "trainings": len(own),
        "times": hours / each if each else None,
    }


def setting(value: Any) -> dict[str, Any]:
    """How a setting is written: its text and, of a number, its decimals; three significant digits, none of a whole number."""
    number = None if isinstance(value, bool) else optional_float(value)
    if number is None:
        return {"text": "–" if value in (None, "") else str(value), "digits": None}
    _, _, exponent = Decimal(f"{number:.3g}").normalize().as_tuple()
    return {"text": number, "digits": 0 if number == int(number) else max(0, -int(exponent))}


def _key(key: Dimension, untuned: Mapping[str, Any], best: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": key.path,
        "choices": [setting(choice) for choice in key.choices or ()],
        "log": key.log,
        "step": setting(key.step) if key.step not in (None, 1) else None,
        "low": setting(key.low),
        "high": setting(key.high),
        "selected": setting(best["settings"][key.path]),
        "untuned": setting(untuned.get(key.path)),
    }


def _trial(trial: Trial, keys: Sequence[Dimension], best: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **{
            name: getattr(trial, name) for name in ("number", "state", "value", "reason", "retry_of", "seconds", "worker", "host")
        },
        "selected": trial.number == best["trial"],
        "settings": [setting(trial.settings[key.path]) for key in keys],
    }
