"""Evaluate one language model: its scores and its samples, each computed again only where its own inputs changed.

`score` and `sample` are its family's own (verso.language_modelling.<family>.scoring and .sampling).
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from verso.files import kept_or_made
from verso.provenance import key_of_files


def score_or_reuse(score: Callable[..., None], given: Any, made: Any, params: Any) -> None:
    """Write made.scores, or copy the scores of the same model, test and code that lie in the run's checkpoints.

    given, made, params: what Snakemake gives to the job, by name. params.scoring_code, the fingerprint of `score` and of this
    function, is part of what the kept scores are named by.
    """

    def make() -> None:
        score(
            documents=given.test,
            model_folder=Path(given.weights).parent,
            vocabulary=given.vocabulary,
            settings=params.scoring,
            scores=made.scores,
        )

    key = key_of_files(params.scoring_code, params.scoring, [given.test, *_model(given)])
    kept_or_made(Path(made.scores).parent / "checkpoints" / "scores" / key, {"scores.csv": made.scores}, make)


def sample_or_reuse(sample: Callable[..., None], given: Any, made: Any, params: Any) -> None:
    """Write made.samples, or copy those of the same model, training texts and code; arguments as of score_or_reuse."""

    def make() -> None:
        sample(
            train=given.train,
            model_folder=Path(given.weights).parent,
            vocabulary=given.vocabulary,
            settings=params.sampling,
            samples=made.samples,
        )

    key = key_of_files(params.sampling_code, params.sampling, [given.train, *_model(given)])
    kept_or_made(Path(made.samples).parent / "checkpoints" / "samples" / key, {"samples.jsonl": made.samples}, make)


def _model(given: Any) -> list[str]:
    return [given.vocabulary, given.weights, given.architecture]
