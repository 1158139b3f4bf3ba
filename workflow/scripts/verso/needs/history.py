"""What is known before a job is submitted: how large a prepared corpus is, and what earlier runs of a model took on it.

Read by the rules alone, from corpora/<corpus>/, runs/<corpus>/<model>/seed-*/hardware.json and the job records.
"""

import json
import math
import time
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from verso.contract import CorpusSize, EvaluationSize
from verso.jobs.records import read_record, start_of_snakemake

UNSEEN = CorpusSize(1_000_000, 250_000, 200, 30_000, 5_000)  # a corpus that is not prepared yet
LOOK_AGAIN_SECONDS = 10  # a plan of a thousand runs needs each (corpus, model) many times


class EarlierRuns(NamedTuple):
    """What earlier runs of a model on a corpus used, the largest of each; None where that is not known.

    seconds is known only where a run ended by the very recipe: its peaks then replace an estimate, else they only raise it.
    asked_vram_mb: what was requested, and held it. cards: what the slowest run had requested; where today's number differs,
    its time and its use of a card teach nothing.
    """

    seconds: float | None
    peak_ram_mb: float | None
    peak_vram_reserved_mb: float | None
    cards: int | None = None
    asked_vram_mb: float | None = None


UNSEEN_EVALUATION = EvaluationSize(250_000, 5, 1_000)  # of a corpus that is not prepared yet


def corpus_size(folder: Path) -> CorpusSize | None:
    """Size of the training part of the prepared corpus in `folder`; None before it is prepared.

    Where a vocabulary is not built yet, a large one is expected.
    """
    files = [folder / name for name in ("statistics.json", "vocab_char.json", "vocab_word.json", "vocab_token.json")]
    return _corpus_size(*(_version(path) for path in files))


def evaluation_size(folder: Path) -> EvaluationSize | None:
    """What the prepared corpus in `folder` has to score and to write texts for; None before it is prepared."""
    return _evaluation_size(_version(folder / "statistics.json"))


@lru_cache(maxsize=4096)
def _evaluation_size(statistics: tuple[str, int, int]) -> EvaluationSize | None:
    parts = _within(_object(Path(statistics[0])), "parts")
    test, groups = _within(parts, "test"), _within(_within(parts, "train"), "groups")
    characters, documents = _positive(test.get("characters")), _positive(test.get("documents")) or 1
    return None if characters is None else EvaluationSize(int(characters), max(1, len(groups)), int(documents))


def _version(path: Path) -> tuple[str, int, int]:
    """A file and what changes when its content does; zeros where there is none."""
    try:
        found = path.stat()
    except OSError:
        return str(path), 0, 0
    return str(path), found.st_mtime_ns, found.st_size


@lru_cache(maxsize=4096)
def _corpus_size(statistics: tuple[str, int, int], *vocabularies: tuple[str, int, int]) -> CorpusSize | None:
    train = _within(_within(_object(Path(statistics[0])), "parts"), "train")
    characters, words = _positive(train.get("characters")), _positive(train.get("words"))
    if characters is None or words is None:
        return None
    documents = _positive(train.get("documents")) or 0
    breaks = (_positive(train.get("lines")) or 0) - documents
    char, word, token = (_entries(_object(Path(path)).get("tokens")) for path, _, _ in vocabularies)
    # By Heaps' law a text has some 20 to 40 times sqrt(words) different words: this is on the safe side
    return CorpusSize(
        int(characters),
        int(words + max(0, breaks)),
        char or UNSEEN.vocabulary_char,
        word or token or math.ceil(50 * math.sqrt(words)),
        max(1, int(documents)),
    )


def earlier_runs(results: Path, corpus: str, model: str, settings_key: str) -> EarlierRuns | None:
    """What earlier runs of a model on a corpus used, of any seed; None where nothing is known.

    Time and peaks come from hardware.json of the runs whose "settings_key" is this one: another recipe takes another time. The
    job records add the peaks of attempts that have left no hardware.json. They do not say by which recipe, so of each only the
    last attempt that was done counts and those after it; and none of the Snakemake that runs now, for what those were short of
    makes its requests grow already. A file that cannot be read is as if it were not there.
    """
    return _earlier_runs(str(results), corpus, model, settings_key, int(time.monotonic() // LOOK_AGAIN_SECONDS))


@lru_cache(maxsize=4096)
def _earlier_runs(results: str, corpus: str, model: str, settings_key: str, moment: int) -> EarlierRuns | None:
    """moment: which tenth second it is, so that what was found is forgotten after it."""
    used = [_object(path) for path in Path(results, "runs", corpus, model).glob("seed-*/hardware.json")]
    used = [report for report in used if report.get("settings_key") == settings_key]
    records = Path(results, "logs").glob(f"train_*/{corpus}/{model}/seed-*.job.json")
    slowest = max(used, key=lambda report: _positive(report.get("wall_seconds")) or 0.0, default={})
    cards = _within(slowest, "asked").get("cards")
    found = EarlierRuns(
        _largest(report.get("wall_seconds") for report in used),
        _largest([*(report.get("peak_ram_mb") for report in used), *(peak for path in records for peak in _peaks(path))]),
        _largest(report.get("peak_vram_reserved_mb") for report in used),
        cards if isinstance(cards, int) else None,
        _largest(_within(report, "asked").get("vram_mb") for report in used),
    )
    return found if any(value is not None for value in found[:3]) else None


def seconds_of_inference(runs: Path, file: str, cards: int) -> float | None:
    """The most wall seconds in runs/seed-*/<file> of those that had requested as many cards; None where there are none."""
    reports = [_object(path) for path in runs.glob(f"seed-*/{file}")]
    return _largest(report.get("wall_seconds") for report in reports if _within(report, "asked").get("cards") == cards)


def _peaks(path: Path) -> Iterator[Any]:
    """Peaks of main memory in a job's record: of its last attempt that was done and those after it."""
    now = start_of_snakemake()
    for attempt in reversed(read_record(path).get("attempts", [])):
        if not isinstance(attempt, dict):
            continue
        if attempt.get("snakemake") != now:
            yield attempt.get("peak_ram_mb")
        if attempt.get("cause") == "done":
            return


def _largest(values: Iterable[Any]) -> float | None:
    return max((number for value in values if (number := _positive(value)) is not None), default=None)


def _object(path: Path) -> dict[str, Any]:
    """The JSON object in a file; empty where there is none that can be read."""
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _within(found: Mapping[str, Any], key: str) -> dict[str, Any]:
    part = found.get(key)
    return part if isinstance(part, dict) else {}


def _entries(found: Any) -> int:
    return len(found) if isinstance(found, list) else 0


def _positive(value: Any) -> float | None:
    """A number above 0; None for anything else."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value) if math.isfinite(value) and value > 0 else None
