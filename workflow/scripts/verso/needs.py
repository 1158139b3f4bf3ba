"""What a job asks of the machine: foreseen from model and corpus, learnt from earlier runs, grown by what was short.

    corpus, model ──► estimate ──┐
    earlier runs ──► learnt ─────┼─► request ──► grown by the causes of failed attempts
    the config's `needs` ────────┘               (an entry there wins over estimate and learnt)

Read by the rules alone, so that no estimate ever retrains; docs/needs.md explains it with an example.
"""

import json
import math
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from verso import estimates, estimates_classifiers, estimates_llm
from verso.causes import SNAKEMAKES_MB
from verso.config import CausalLLM, Model, RecurrentLM
from verso.config_pretrained import Miniature
from verso.estimates import CUDA_CONTEXT_MB, CorpusSize
from verso.estimates_llm import SEVEN_BILLION, Architecture
from verso.records import read_record, start_of_snakemake

UNSEEN = CorpusSize(1_000_000, 250_000, 200, 30_000, 5_000)  # a corpus that is not prepared yet
UNPREPARED_MINUTES = 240  # of a training whose corpus nobody has counted
LEAST_MINUTES = 15
START_MINUTES = 10  # to find the files on a slow disk, import torch, encode, write the outputs
ESTIMATE_MARGIN = 3  # of time: a core that is shared or old is half as fast
LEARNT_MARGIN = 1.5  # of time, over the slowest run
LEARNT_MEMORY_MARGIN = 1.2
MEMORY_GROWTH = 1.5
TIME_GROWTH = 2
LIGHT_WORK_MB, LIGHT_WORK_MINUTES = 2000, 30
LOOK_AGAIN_SECONDS = 10  # a plan of a thousand runs asks about each (corpus, model) many times


class Learnt(NamedTuple):
    """What earlier runs of a model on a corpus used, the largest of each; None where that is not known.

    seconds is known only where a run ended by the very recipe: its peaks then replace an estimate, else they only raise it.
    asked_vram_mb: what was asked for, and held it. cards: what the slowest run had asked for; where today's number differs,
    its time and its use of a card teach nothing.
    """

    seconds: float | None
    peak_ram_mb: float | None
    peak_vram_reserved_mb: float | None
    cards: int | None = None
    asked_vram_mb: float | None = None


def needs_of_training(
    model: Model,
    corpus: CorpusSize | None,
    learnt: Learnt | None,
    causes: Sequence[str] = (),
    architecture: Architecture = SEVEN_BILLION,
) -> dict[str, int]:
    """Resources of one training.

    architecture: of what a causal_llm starts from.

    corpus: None while it is not prepared. learnt: None before the first run. causes: why the earlier attempts ended, by
    verso.causes: each "out_of_memory" multiplies mem_mb by 1.5, each "time_out" doubles runtime.
    Returns mem_mb and vram_mb (MB; vram_mb is 0 without a card), runtime (minutes), cards, checkpoint_seconds and
    expected_seconds (of the training alone, without any margin).
    """
    needs, known = model.needs, learnt or Learnt(None, None, None)
    foreseen = _foreseen(model, corpus or UNSEEN, architecture)
    if known.cards not in (None, needs.gpus):
        known = Learnt(None, known.peak_ram_mb, None)
    expected = known.seconds if known.seconds is not None else foreseen.seconds
    if (minutes := _minutes_of(model)) is not None:
        expected = min(expected, minutes * 60)
    return {
        "mem_mb": _grown(needs.mem_mb or _memory_mb(foreseen, known), MEMORY_GROWTH, causes, "out_of_memory"),
        "runtime": _grown(needs.runtime or _minutes(model, corpus, foreseen, known), TIME_GROWTH, causes, "time_out"),
        "vram_mb": needs.vram_mb or math.ceil(_vram_mb(foreseen, known)) if needs.gpus else 0,
        "cards": needs.gpus,
        "checkpoint_seconds": needs.checkpoint_seconds,
        "expected_seconds": math.ceil(expected),
    }


class Foreseen(NamedTuple):
    """What a training will take by estimate, without a margin."""

    seconds: float
    memory_mb: float
    vram_mb: float


def _foreseen(model: Model, corpus: CorpusSize, architecture: Architecture) -> Foreseen:
    if isinstance(model, CausalLLM):
        memory, card = estimates_llm.memory_mb(model, architecture), estimates_llm.vram_mb(model, architecture)
        return Foreseen(estimates_llm.seconds(model, architecture, corpus), memory, card)
    if isinstance(model, RecurrentLM):
        return Foreseen(estimates.seconds(model, corpus), estimates.memory_mb(model, corpus), estimates.vram_mb(model, corpus))
    memory, card = estimates_classifiers.memory_mb(model, corpus), estimates_classifiers.vram_mb(model, corpus)
    return Foreseen(estimates_classifiers.seconds(model, corpus), memory, card)


def _minutes_of(model: Model) -> float | None:
    """A training's own clock, where it has one: a baseline ends when it has fitted."""
    return getattr(model, "minutes", None)


def needs_of_use(model: CausalLLM, architecture: Architecture, causes: Sequence[str] = ()) -> dict[str, int]:
    """Resources of scoring or writing with a pretrained model, on a card where it was tuned on one. causes: as of a training."""
    memory = model.needs.mem_mb or estimates_llm.memory_mb(model, architecture) + SNAKEMAKES_MB
    card = model.needs.vram_mb or estimates_llm.vram_mb_of_use(model, architecture)
    return {
        "mem_mb": _grown(memory, MEMORY_GROWTH, causes, "out_of_memory"),
        "runtime": _grown(estimates_llm.minutes_of_use(model, architecture), TIME_GROWTH, causes, "time_out"),
        "vram_mb": math.ceil(card) if model.needs.gpus else 0,
        "cards": model.needs.gpus,
    }


def needs_of_light_work(causes: Sequence[str] = ()) -> dict[str, int]:
    """Resources of a job that never trains: preparing, scoring a small model, comparing, drawing. causes: as of a training."""
    return {
        "mem_mb": _grown(LIGHT_WORK_MB, MEMORY_GROWTH, causes, "out_of_memory"),
        "runtime": _grown(LIGHT_WORK_MINUTES, TIME_GROWTH, causes, "time_out"),
        "vram_mb": 0,
        "cards": 0,
    }


def needs_of_miniature(miniature: Miniature, causes: Sequence[str] = ()) -> dict[str, int]:
    """Resources of making a miniature: those of its entry. causes: as of a training."""
    needs = miniature.needs
    return {
        "mem_mb": _grown(needs.mem_mb, MEMORY_GROWTH, causes, "out_of_memory"),
        "runtime": _grown(needs.runtime, TIME_GROWTH, causes, "time_out"),
        "checkpoint_seconds": needs.checkpoint_seconds,
    }


def _grown(asked: float, factor: float, causes: Sequence[str], short: str) -> int:
    return math.ceil(math.ceil(asked) * factor ** list(causes).count(short))


def _memory_mb(estimated: Foreseen, known: Learnt) -> float:
    """Main memory of the allocation: the training's process and the two Snakemakes beside it."""
    if known.peak_ram_mb is None:
        return estimated.memory_mb + SNAKEMAKES_MB
    measured = LEARNT_MEMORY_MARGIN * known.peak_ram_mb
    return (measured if known.seconds is not None else max(estimated.memory_mb, measured)) + SNAKEMAKES_MB


def _vram_mb(estimated: Foreseen, known: Learnt) -> float:
    """Memory of the card; what PyTorch reserves does not hold the driver's own."""
    if known.seconds is not None and known.peak_vram_reserved_mb is not None:
        # PyTorch reserves what it finds: what held it once holds it again, or the run would outgrow its own card
        return min(CUDA_CONTEXT_MB + LEARNT_MEMORY_MARGIN * known.peak_vram_reserved_mb, known.asked_vram_mb or math.inf)
    return estimated.vram_mb


def _minutes(model: Model, corpus: CorpusSize | None, estimated: Foreseen, known: Learnt) -> int:
    """The time limit; a training with `minutes` stops by its own clock."""
    if known.seconds is not None:
        limit = LEARNT_MARGIN * known.seconds / 60 + START_MINUTES
    elif corpus is not None:
        limit = ESTIMATE_MARGIN * estimated.seconds / 60 + START_MINUTES
    else:
        limit = UNPREPARED_MINUTES
    if (minutes := _minutes_of(model)) is not None:
        limit = min(limit, minutes + START_MINUTES)
    return max(LEAST_MINUTES, math.ceil(limit))


def corpus_size(folder: Path) -> CorpusSize | None:
    """Size of the training part of the prepared corpus in `folder`; None before it is prepared.

    Where a vocabulary is not built yet, a large one is expected.
    """
    files = [folder / name for name in ("statistics.json", "vocab_char.json", "vocab_word.json", "vocab_token.json")]
    return _corpus_size(*(_version(path) for path in files))


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


def learnt(results: Path, corpus: str, model: str, settings_key: str) -> Learnt | None:
    """What earlier runs of a model on a corpus used, of any seed; None where nothing is known.

    Time and peaks come from hardware.json of the runs whose "settings_key" is this one: another recipe takes another time. The
    job records add the peaks of attempts that have left no hardware.json. They do not say by which recipe, so of each only the
    last attempt that was done counts and those after it; and none of the Snakemake that runs now, for what those were short of
    makes its requests grow already. A file that cannot be read is as if it were not there.
    """
    return _learnt(str(results), corpus, model, settings_key, int(time.monotonic() // LOOK_AGAIN_SECONDS))


@lru_cache(maxsize=4096)
def _learnt(results: str, corpus: str, model: str, settings_key: str, moment: int) -> Learnt | None:
    """moment: which tenth second it is, so that what was found is forgotten after it."""
    used = [_object(path) for path in Path(results, "runs", corpus, model).glob("seed-*/hardware.json")]
    used = [report for report in used if report.get("settings_key") == settings_key]
    records = Path(results, "logs").glob(f"train_*/{corpus}/{model}/seed-*.job.json")
    slowest = max(used, key=lambda report: _positive(report.get("wall_seconds")) or 0.0, default={})
    cards = _within(slowest, "asked").get("cards")
    found = Learnt(
        _largest(report.get("wall_seconds") for report in used),
        _largest([*(report.get("peak_ram_mb") for report in used), *(peak for path in records for peak in _peaks(path))]),
        _largest(report.get("peak_vram_reserved_mb") for report in used),
        cards if isinstance(cards, int) else None,
        _largest(_within(report, "asked").get("vram_mb") for report in used),
    )
    return found if any(value is not None for value in found[:3]) else None


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
