"""What a job asks of the machine: foreseen from model and corpus, learnt from earlier runs, grown by what was short.

    corpus, model ──► estimate ──┐
    earlier runs ──► learnt ─────┼─► request ──► grown by the causes of failed attempts
    the config's `needs` ────────┘               (an entry there wins over estimate and learnt)

Read by the rules alone, so that no estimate ever retrains; docs/needs.md explains it with an example.
"""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from verso.classification.baselines import estimate as baselines
from verso.classification.baselines.family import Majority, Tfidf
from verso.classification.encoder import estimate as encoders
from verso.classification.encoder.family import Encoder
from verso.classification.prompt import estimate as prompts
from verso.classification.prompt.family import Prompt
from verso.classification.small_networks import estimate as small_networks
from verso.classification.small_networks.family import RecurrentClassifier, TextCNN
from verso.config.file import Model
from verso.contract import CorpusSize
from verso.corpora.settings import Sampling
from verso.jobs.causes import SNAKEMAKES_MB
from verso.language_modelling.causal_llm import estimate as causal_llms
from verso.language_modelling.causal_llm.family import CausalLLM
from verso.language_modelling.recurrent_lm import estimate as recurrent_lms
from verso.language_modelling.recurrent_lm.family import RecurrentLM
from verso.machine.speeds import CUDA_CONTEXT_MB
from verso.needs.history import UNSEEN, UNSEEN_EVALUATION, EarlierRuns, EvaluationSize, evaluation_size, seconds_of_uses
from verso.pretrained import estimate as pretrained
from verso.pretrained.model_config import UNKNOWN
from verso.pretrained.settings import Miniature

UNPREPARED_MINUTES = 240  # of a training whose corpus nobody has counted
LEAST_MINUTES = 15
START_MINUTES = 10  # to find the files on a slow disk, import torch, encode, write the outputs
ESTIMATE_MARGIN = 3  # of time: a core that is shared or old is half as fast
LEARNT_MARGIN = 1.5  # of time, over the slowest run
LEARNT_MEMORY_MARGIN = 1.2
MEMORY_GROWTH = 1.5
TIME_GROWTH = 2
LIGHT_WORK_MB, LIGHT_WORK_MINUTES = 2000, 30

UsedModel = CausalLLM | Encoder | Prompt  # what is pretrained, whose use takes as much thought as its training
TrainedModel = RecurrentLM | CausalLLM | RecurrentClassifier | TextCNN | Tfidf | Majority | Encoder


def needs_of_training(
    model: Model,
    corpus: CorpusSize | None,
    earlier: EarlierRuns | None,
    causes: Sequence[str] = (),
    configuration: Mapping[str, Any] = UNKNOWN,
) -> dict[str, int]:
    """Resources of one training; those of light work where nothing is learnt and no model is loaded (`prompt`).

    configuration: of the pretrained model that it starts from, by verso.pretrained.model_config.

    corpus: None while it is not prepared. earlier: None before the first run. causes: why the earlier attempts ended, by
    verso.jobs.causes: each "out_of_memory" multiplies mem_mb by 1.5, each "time_out" doubles runtime.
    Returns mem_mb and vram_mb (MB; vram_mb is 0 without a card), runtime (minutes), cards, checkpoint_seconds and
    expected_seconds (of the training alone, without any margin).
    """
    needs, known = model.needs, earlier or EarlierRuns(None, None, None)
    if isinstance(model, Prompt):
        return needs_of_light_work(causes) | {"checkpoint_seconds": needs.checkpoint_seconds, "expected_seconds": 0}
    foreseen = _foreseen(model, corpus or UNSEEN, configuration)
    if known.cards not in (None, needs.gpus):
        known = EarlierRuns(None, known.peak_ram_mb, None)
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


def _foreseen(model: TrainedModel, corpus: CorpusSize, configuration: Mapping[str, Any]) -> Foreseen:
    if isinstance(model, CausalLLM):
        sizes = pretrained.architecture(configuration)
        memory, card = causal_llms.memory_mb(model, sizes), causal_llms.vram_mb(model, sizes)
        return Foreseen(causal_llms.seconds(model, sizes, corpus), memory, card)
    if isinstance(model, Encoder):
        encoder = encoders.architecture(configuration)
        memory, card = encoders.memory_mb(model, encoder), encoders.vram_mb(model, encoder)
        return Foreseen(encoders.seconds(model, encoder, corpus), memory, card)
    if isinstance(model, RecurrentLM):
        memory, card = recurrent_lms.memory_mb(model, corpus), recurrent_lms.vram_mb(model, corpus)
        return Foreseen(recurrent_lms.seconds(model, corpus), memory, card)
    if isinstance(model, Tfidf | Majority):
        return Foreseen(baselines.seconds(model, corpus), baselines.memory_mb(model, corpus), 0.0)
    memory, card = small_networks.memory_mb(model, corpus), small_networks.vram_mb(model, corpus)
    return Foreseen(small_networks.seconds(model, corpus), memory, card)


def _minutes_of(model: Model) -> float | None:
    """A training's own clock, where it has one: a baseline ends when it has fitted."""
    return getattr(model, "minutes", None)


class InferenceEstimate(NamedTuple):
    """What scoring, writing or predicting with a pretrained model will take by estimate, without Snakemake's own."""

    memory_mb: float
    vram_mb: float
    minutes: int


def inference_resources(model: UsedModel, configuration: Mapping[str, Any], causes: Sequence[str] = ()) -> dict[str, int]:
    """Resources of scoring, writing or predicting with a pretrained model, on one card where its entry asks for any.

    configuration: of the pretrained model, by verso.pretrained.model_config. causes: as of a training.
    """
    foreseen = _inference(model, configuration)
    said = model.needs.runtime if isinstance(model, Prompt) else None  # of the others that is their training's limit
    return {
        "mem_mb": _grown(model.needs.mem_mb or foreseen.memory_mb + SNAKEMAKES_MB, MEMORY_GROWTH, causes, "out_of_memory"),
        "runtime": _grown(said or foreseen.minutes, TIME_GROWTH, causes, "time_out"),
        "vram_mb": math.ceil(model.needs.vram_mb or foreseen.vram_mb) if model.needs.gpus else 0,
        "cards": cards_of_use(model),
    }


def cards_of_use(model: UsedModel) -> int:
    """One, where the model has any: only a training shares its steps among several."""
    return min(1, model.needs.gpus)


def _inference(model: UsedModel, configuration: Mapping[str, Any]) -> InferenceEstimate:
    if isinstance(model, Encoder):
        encoder = encoders.architecture(configuration)
        memory, card = encoders.memory_mb_of_use(model, encoder), encoders.vram_mb_of_use(model, encoder)
        return InferenceEstimate(memory, card, encoders.minutes_of_use(model, encoder))
    sizes = pretrained.architecture(configuration)
    if isinstance(model, Prompt):
        memory, card = prompts.memory_mb_of_use(model, sizes), prompts.vram_mb_of_use(model, sizes)
        return InferenceEstimate(memory, card, prompts.minutes_of_use(model, sizes))
    memory, card = causal_llms.memory_mb(model, sizes), pretrained.vram_mb_of_use(model, sizes)
    return InferenceEstimate(memory, card, pretrained.minutes_of_use(model, sizes))


def expected_seconds_of_use(
    results: Path, corpus: str, name: str, model: UsedModel, configuration: Mapping[str, Any], sampling: Sampling | None = None
) -> int:
    """What scoring or predicting (sampling None) or writing with the pretrained model `name` will take: as the slowest seed did.

    Those count that had as many cards. Without one the estimate has to do.
    """
    seconds = seconds_of_uses(Path(results, "runs", corpus, name), _file_of_use(model, sampling), cards_of_use(model))
    if seconds is None:
        size = evaluation_size(Path(results, "corpora", corpus)) or UNSEEN_EVALUATION
        seconds = _seconds_of_use(model, configuration, size, sampling)
    return math.ceil(seconds)


def expected_seconds_of_texts(model: Encoder | Prompt, configuration: Mapping[str, Any], texts: Sequence[str]) -> int:
    """What telling the labels of these few texts will take, most of it loading: no measure, for those are of the test part."""
    size = EvaluationSize(max(1, sum(map(len, texts))), 1, max(1, len(texts)))
    return math.ceil(_seconds_of_use(model, configuration, size, None))


def _file_of_use(model: UsedModel, sampling: Sampling | None) -> str:
    """Where a run says what that took."""
    if not isinstance(model, CausalLLM):
        return "scoring.json"
    return "scoring_hardware.json" if sampling is None else "sampling_hardware.json"


def _seconds_of_use(model: UsedModel, configuration: Mapping[str, Any], size: EvaluationSize, sampling: Sampling | None) -> float:
    if isinstance(model, Encoder):
        encoder = encoders.architecture(configuration)
        return encoders.seconds_of_use(model, encoder, size.characters, size.documents)
    sizes = pretrained.architecture(configuration)
    if isinstance(model, Prompt):
        return prompts.seconds_of_use(model, sizes, size.characters, size.documents)
    if sampling is None:
        return causal_llms.seconds_of_scoring(model, sizes, size.characters)
    return causal_llms.seconds_of_sampling(model, sizes, size.groups * sampling.per_group, sampling.max_tokens.subword)


def needs_of_merging(configuration: Mapping[str, Any], causes: Sequence[str] = ()) -> dict[str, int]:
    """Resources of writing base and adapters as one model, without a card. causes: as of a training."""
    architecture = pretrained.architecture(configuration)
    return {
        "mem_mb": _grown(causal_llms.memory_mb_of_merging(architecture) + SNAKEMAKES_MB, MEMORY_GROWTH, causes, "out_of_memory"),
        "runtime": _grown(causal_llms.minutes_of_merging(architecture), TIME_GROWTH, causes, "time_out"),
        "vram_mb": 0,
        "cards": 0,
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


def _memory_mb(estimated: Foreseen, known: EarlierRuns) -> float:
    """Main memory of the allocation: the training's process and the two Snakemakes beside it."""
    if known.peak_ram_mb is None:
        return estimated.memory_mb + SNAKEMAKES_MB
    measured = LEARNT_MEMORY_MARGIN * known.peak_ram_mb
    return (measured if known.seconds is not None else max(estimated.memory_mb, measured)) + SNAKEMAKES_MB


def _vram_mb(estimated: Foreseen, known: EarlierRuns) -> float:
    """Memory of the card; what PyTorch reserves does not hold the driver's own."""
    if known.seconds is not None and known.peak_vram_reserved_mb is not None:
        # PyTorch reserves what it finds: what held it once holds it again, or the run would outgrow its own card
        return min(CUDA_CONTEXT_MB + LEARNT_MEMORY_MARGIN * known.peak_vram_reserved_mb, known.asked_vram_mb or math.inf)
    return estimated.vram_mb


def _minutes(model: Model, corpus: CorpusSize | None, estimated: Foreseen, known: EarlierRuns) -> int:
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
