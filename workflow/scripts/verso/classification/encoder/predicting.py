"""Predict the labels of texts by one tuned encoder: scores.csv, and the cost; on a card if the job has one."""

import logging
from collections.abc import Sequence
from pathlib import Path

import torch

from verso.classification.encoder import model as encoder
from verso.classification.encoder.subwords import Subwords
from verso.classification.scores import InferenceRun, Predictions, Texts, predictions_of, write_scores
from verso.contract import Prediction, TrainedModel
from verso.files import kept_or_made, write_json
from verso.jobs.logs import reporting_progress
from verso.machine.device import working_device
from verso.machine.halving import HalvingBatches
from verso.machine.hardware import Device, Meter, pick_device_for_llm, requested_and_used
from verso.pretrained.manifest import snapshot_of

log = logging.getLogger(__name__)


def predict(
    test: Texts,
    own_texts: Texts | None,
    labels: str | Path,
    manifest: str | Path,
    model_folder: str | Path,
    scoring: str | Path,
    own_scoring: str | Path | None,
    run: InferenceRun,
) -> None:
    """Write scores.csv of the test and of the user's own texts, and the cost of each, like
    verso.classification.small_networks.predicting.predict.

    manifest: pretrained.json of the base model. own_scoring: None if the user wrote no texts. run: with 0 cards it computes on
    the CPU; its `kept` holds predictions of the test to reuse. scoring.json also has the content of hardware.json; its
    wall_seconds include the loading of the model, its documents_per_second do not. Raises what write_scores
    and verso.classification.encoder.model.load raise.
    """
    with working_device(run.requested["cards"], pick_device_for_llm) as device:
        meter = Meter(device)
        predictor = _Encoder(model_folder, manifest, device, run)

        def predict_test() -> None:
            took = write_scores(test.documents, labels, predictor, model_folder, test.scores)
            write_json(scoring, {**took, **requested_and_used(meter.report(predictor.tokens), run.requested)})

        if kept_or_made(run.kept, {"scores.csv": test.scores, "scoring.json": scoring}, predict_test):
            log.info("the test was predicted before by this model, and is not predicted again")
        if own_texts is not None and own_scoring is not None:
            meter, before = Meter(device), predictor.tokens
            took = write_scores(own_texts.documents, labels, predictor, model_folder, own_texts.scores)
            write_json(own_scoring, {**took, **requested_and_used(meter.report(predictor.tokens - before), run.requested)})


def predict_texts(model: TrainedModel, texts: Sequence[tuple[str, str]]) -> list[Prediction]:
    """What an encoder says of any texts, (id, text) each (verso.contract.Family.predict)."""
    assert model.manifest is not None
    with working_device(model.cards, pick_device_for_llm) as device:
        run = InferenceRun({}, model.entry.batch, lambda progress: None, model.folder, "", 0.0)
        predictor = _Encoder(model.folder, model.manifest, device, run)
        return predictions_of(predictor, texts, model.corpus / "labels.json", model.folder)


class _Encoder:
    def __init__(
        self,
        folder: str | Path,
        manifest: str | Path,
        device: Device,
        run: InferenceRun,
    ) -> None:
        self._model, about = encoder.load(folder, manifest, device)
        self.labels: list[str] = about["labels"]
        self._length: int = about["length"]
        known = self._model.encoder.get_input_embeddings().num_embeddings
        self._subwords = Subwords.of(snapshot_of(manifest, weights=False), known)
        self._device, self._halving, self._report = device.device, HalvingBatches(run.texts_at_once, "predicted"), run.report
        self.tokens = 0

    @torch.inference_mode()
    def predict(self, texts: Sequence[str]) -> Predictions:
        """Predict texts in batches of similar length, because padding costs time; it changes no prediction."""
        read = self._subwords.read(texts, self._length)
        self.tokens += len(read.tokens)
        probabilities = torch.empty(len(texts), len(self.labels), dtype=torch.float64)
        predicted = torch.empty(len(texts), dtype=torch.int64)

        def log_probabilities_of(some: Sequence[int]) -> tuple[torch.Tensor, torch.Tensor]:
            rows = torch.tensor(some)
            tokens, lengths = read.padded(rows)
            return rows, self._model(tokens.to(self._device), lengths.to(self._device)).cpu()

        with reporting_progress("Predicting", self._report, len(texts), work=len(read.tokens)) as step:
            for rows, log_probabilities in self._halving.groups(read.shortest_first(), log_probabilities_of):
                predicted[rows] = self._model.predictions(log_probabilities)
                probabilities[rows] = log_probabilities.double().softmax(dim=-1)  # float32 sums to 1 within 1e-7
                step(len(rows), int(read.lengths[rows].sum()))
        return probabilities.numpy(), predicted.numpy()
