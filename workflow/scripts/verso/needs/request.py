"""What a job requests of the machine: estimated from model and corpus, corrected by earlier runs, grown by what was short.

    corpus, model ──► estimate ──┐
    earlier runs ──► measured ───┼─► request ──► grown by the causes of failed attempts
    the config's `needs` ────────┘               (an entry there wins over estimate and measurement)

Read by the rules alone, so that no estimate ever retrains; docs/needs.md explains it with an example.
"""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from verso.contract import Configuration, CorpusSize, Estimate, Family, Work
from verso.jobs.causes import SNAKEMAKES_MB
from verso.machine.speeds import CUDA_CONTEXT_MB
from verso.needs.history import UNSEEN, UNSEEN_EVALUATION, EarlierRuns, corpus_size, evaluation_size, seconds_of_inference
from verso.pretrained.model_config import UNKNOWN
from verso.pretrained.settings import Miniature
from verso.settings.base import ModelSettings

UNPREPARED_MINUTES = 240  # of a training whose corpus nobody has counted
LEAST_MINUTES = 15
START_MINUTES = 10  # to find the files on a slow disk, import torch, encode, write the outputs
ESTIMATE_MARGIN = 3  # of time: a core that is shared or old is half as fast
MEASURED_MARGIN = 1.5  # of time, over the slowest run
MEASURED_MEMORY_MARGIN = 1.2
MEMORY_GROWTH = 1.5
TIME_GROWTH = 2
LIGHT_WORK_MB, LIGHT_WORK_MINUTES = 2000, 30


def needs_of_training(
    family: Family,
    model: ModelSettings,
    corpus: CorpusSize | None,
    earlier: EarlierRuns | None,
    causes: Sequence[str] = (),
    configuration: Configuration = UNKNOWN,
) -> dict[str, int]:
    """Resources of one training; those of light work where the family estimates none, for it trains nothing.

    corpus: None while it is not prepared. earlier: None before the first run. configuration: of the pretrained model that it
    starts from, by verso.pretrained.model_config. causes: why the earlier attempts ended, by verso.jobs.causes: each
    "out_of_memory" multiplies mem_mb by 1.5, each "time_out" doubles runtime.
    Returns mem_mb and vram_mb (MB; vram_mb is 0 without a card), runtime (minutes), cards, checkpoint_seconds and
    expected_seconds (of the training alone, without any margin).
    """
    needs, measured = model.needs, earlier or EarlierRuns(None, None, None)
    if family.estimate is None:
        return needs_of_light_work(causes) | {"checkpoint_seconds": needs.checkpoint_seconds, "expected_seconds": 0}
    estimate = family.estimate(model, corpus or UNSEEN, configuration)
    if measured.cards not in (None, needs.gpus):
        measured = EarlierRuns(None, measured.peak_ram_mb, None)
    expected = measured.seconds if measured.seconds is not None else estimate.seconds
    if (minutes := _minutes_of(model)) is not None:
        expected = min(expected, minutes * 60)
    return {
        "mem_mb": _grown(needs.mem_mb or _memory_mb(estimate, measured), MEMORY_GROWTH, causes, "out_of_memory"),
        "runtime": _grown(needs.runtime or _minutes(model, corpus, estimate, measured), TIME_GROWTH, causes, "time_out"),
        "vram_mb": needs.vram_mb or math.ceil(_vram_mb(estimate, measured)) if needs.gpus else 0,
        "cards": needs.gpus,
        "checkpoint_seconds": needs.checkpoint_seconds,
        "expected_seconds": math.ceil(expected),
    }


def _minutes_of(model: ModelSettings) -> float | None:
    """A training's own clock, where it has one: a baseline ends when it has fitted."""
    return getattr(model, "minutes", None)


def needs_of_inference(
    family: Family, model: ModelSettings, configuration: Configuration, causes: Sequence[str] = ()
) -> dict[str, int]:
    """Resources of scoring, sampling or predicting with a pretrained model, on one card where its entry requests any.

    configuration: of the pretrained model, by verso.pretrained.model_config. causes: as of a training.
    """
    assert family.inference is not None
    estimate = family.inference(model, configuration)
    limit = model.needs.runtime if family.estimate is None else None  # of the others that is their training's limit
    memory = model.needs.mem_mb or estimate.memory_mb + SNAKEMAKES_MB
    return {
        "mem_mb": _grown(memory, MEMORY_GROWTH, causes, "out_of_memory"),
        "runtime": _grown(limit or estimate.minutes, TIME_GROWTH, causes, "time_out"),
        "vram_mb": math.ceil(model.needs.vram_mb or estimate.vram_mb) if model.needs.gpus else 0,
        "cards": cards_of_inference(model),
    }


def cards_of_inference(model: ModelSettings) -> int:
    """One, where the model has any: only a training shares its steps among several."""
    return min(1, model.needs.gpus)


def expected_seconds(
    work: Work, run: tuple[Path, str, str], model: ModelSettings, configuration: Configuration, corpus: Any
) -> int:
    """What a job that loads a pretrained model will take: as the slowest seed did, or by estimate.

    run: folder of results, names of corpus and model. Seeds count that had as many cards. corpus: its settings.
    """
    results, corpus_name, name = run
    assert work.seconds is not None
    seconds = seconds_of_inference(Path(results, "runs", corpus_name, name), work.measured, cards_of_inference(model))
    if seconds is None:
        size = evaluation_size(Path(results, "corpora", corpus_name)) or UNSEEN_EVALUATION
        seconds = work.seconds(model, configuration, size, corpus)
    return math.ceil(seconds)


def needs_of_work(
    work: Work, model: ModelSettings, configuration: Configuration, folder: Path, corpus: Any, causes: Sequence[str] = ()
) -> dict[str, int]:
    """Resources of a job that says itself what it requests, without a card; at least those of light work.

    folder: of the prepared corpus; corpus: its settings. causes: as of a training.
    """
    assert work.request is not None
    sizes = corpus_size(folder) or UNSEEN, evaluation_size(folder) or UNSEEN_EVALUATION
    wanted = work.request(model, configuration, *sizes, corpus)
    memory = max(LIGHT_WORK_MB, wanted.memory_mb + SNAKEMAKES_MB)
    return {
        "mem_mb": _grown(memory, MEMORY_GROWTH, causes, "out_of_memory"),
        "runtime": _grown(max(LIGHT_WORK_MINUTES, wanted.minutes), TIME_GROWTH, causes, "time_out"),
        "vram_mb": 0,
        "cards": 0,
    }


def needs_of_light_work(causes: Sequence[str] = ()) -> dict[str, int]:
    """Resources of a job that never trains: preparing, comparing, drawing. causes: as of a training."""
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


def _grown(wanted: float, factor: float, causes: Sequence[str], short: str) -> int:
    return math.ceil(math.ceil(wanted) * factor ** list(causes).count(short))


def _memory_mb(estimate: Estimate, measured: EarlierRuns) -> float:
    """Main memory of the allocation: the training's process and the Snakemake beside it."""
    if measured.peak_ram_mb is None:
        return estimate.memory_mb + SNAKEMAKES_MB
    peak = MEASURED_MEMORY_MARGIN * measured.peak_ram_mb
    return (peak if measured.seconds is not None else max(estimate.memory_mb, peak)) + SNAKEMAKES_MB


def _vram_mb(estimate: Estimate, measured: EarlierRuns) -> float:
    """Memory of the card; what PyTorch reserves does not hold the driver's own."""
    if measured.seconds is not None and measured.peak_vram_reserved_mb is not None:
        # PyTorch reserves what it finds: what held it once holds it again, or the run would outgrow its own card
        peak = CUDA_CONTEXT_MB + MEASURED_MEMORY_MARGIN * measured.peak_vram_reserved_mb
        return min(peak, measured.asked_vram_mb or math.inf)
    return estimate.vram_mb


def _minutes(model: ModelSettings, corpus: CorpusSize | None, estimate: Estimate, measured: EarlierRuns) -> int:
    """The time limit; a training with `minutes` stops by its own clock."""
    if measured.seconds is not None:
        limit = MEASURED_MARGIN * measured.seconds / 60 + START_MINUTES
    elif corpus is not None:
        limit = ESTIMATE_MARGIN * estimate.seconds / 60 + START_MINUTES
    else:
        limit = UNPREPARED_MINUTES
    if (minutes := _minutes_of(model)) is not None:
        limit = min(limit, minutes + START_MINUTES)
    return max(LEAST_MINUTES, math.ceil(limit))
