"""Tell the labels of test texts by one tuned encoder: scores.csv, and what that took; on a card where the job was given one."""

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

from verso.classification.encoder import model as encoder
from verso.classification.encoder.subwords import Subwords
from verso.classification.scores import Predicted, write_scores
from verso.files import write_json
from verso.jobs.logs import reporting_progress
from verso.machine.device import working_device
from verso.machine.halving import HalvingBatches
from verso.machine.hardware import Device, Meter, asked_and_used, pick_device_for_llm
from verso.pretrained.manifest import snapshot_of

log = logging.getLogger(__name__)


def predict(
    documents: str | Path,
    labels: str | Path,
    manifest: str | Path,
    model_folder: str | Path,
    scores: str | Path,
    scoring: str | Path,
    texts_at_once: int,
    report: Callable[[dict[str, Any]], None],
    asked: dict[str, int],
) -> None:
    """Write scores.csv of `documents` and scoring.json, both as verso.classification.small_networks.predicting.predict does.

    manifest: pretrained.json of what the model started from. texts_at_once: that are computed together, halved where a card's
    memory is too small. report: see verso.jobs.logs.reporting_progress. asked: what the job asked for; with 0 cards it computes
    on the CPU. scoring.json has besides what hardware.json has; its wall_seconds hold the loading of the model, its
    documents_per_second do not. Raises what write_scores and verso.classification.encoder.model.load raise.
    """
    with working_device(asked["cards"], pick_device_for_llm) as device:
        meter = Meter(device)
        predictor = _Encoder(model_folder, manifest, device, texts_at_once, report)
        took = write_scores(documents, labels, predictor, model_folder, scores)
        write_json(scoring, {**took, **asked_and_used(meter.report(predictor.tokens), asked)})


class _Encoder:
    def __init__(
        self,
        folder: str | Path,
        manifest: str | Path,
        device: Device,
        texts_at_once: int,
        report: Callable[[dict[str, Any]], None],
    ) -> None:
        self._model, about = encoder.load(folder, manifest, device)
        self.labels: list[str] = about["labels"]
        self._length: int = about["length"]
        known = self._model.encoder.get_input_embeddings().num_embeddings
        self._subwords = Subwords.of(snapshot_of(manifest, weights=False), known)
        self._device, self._halving, self._report = device.device, HalvingBatches(texts_at_once, "told"), report
        self.tokens = 0

    @torch.inference_mode()
    def predict(self, texts: Sequence[str]) -> Predicted:
        """Those of like length together, for padding costs time and changes nothing."""
        read = self._subwords.read(texts, self._length)
        self.tokens += len(read.tokens)
        probabilities = torch.empty(len(texts), len(self.labels), dtype=torch.float64)
        told = torch.empty(len(texts), dtype=torch.int64)

        def log_probabilities_of(some: Sequence[int]) -> tuple[torch.Tensor, torch.Tensor]:
            rows = torch.tensor(some)
            tokens, lengths = read.padded(rows)
            return rows, self._model(tokens.to(self._device), lengths.to(self._device)).cpu()

        with reporting_progress("Predicting", self._report, len(texts), work=len(read.tokens)) as step:
            for rows, log_probabilities in self._halving.groups(read.shortest_first(), log_probabilities_of):
                told[rows] = self._model.predictions(log_probabilities)
                probabilities[rows] = log_probabilities.double().softmax(dim=-1)  # float32 sums to 1 within 1e-7
                step(len(rows), int(read.lengths[rows].sum()))
        return probabilities.numpy(), told.numpy()
