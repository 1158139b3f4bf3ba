"""Predict labels of any texts with a chat model that has answered for a test (verso.classification.prompt.answering)."""

from collections.abc import Sequence
from tempfile import TemporaryDirectory

from verso.classification.prompt.answering import Prompting, loaded, predicted_by
from verso.contract import Prediction, TrainedModel
from verso.machine.device import working_device
from verso.machine.hardware import pick_device_for_llm
from verso.training.resumable_rows import resumable_rows

SETTINGS = ("answer_by", "examples", "max_length", "max_new_tokens", "decoding", "attempts")


def predict_texts(model: TrainedModel, texts: Sequence[tuple[str, str]]) -> list[Prediction]:
    """What a chat model replies to any texts, (id, text) each (verso.contract.Family.predict).

    Draws are keyed by id: the texts of the test, by their ids, get the replies that they got.
    """
    assert model.manifest is not None
    entry, corpus = model.entry, model.corpus
    prompting = Prompting(corpus / "train.jsonl", corpus / "labels.json", entry.template, model.manifest, model.folder)
    settings = entry.model_dump(include=set(SETTINGS))
    rows = [{"id": name, "text": text} for name, text in texts]
    with working_device(model.cards, pick_device_for_llm) as device, TemporaryDirectory() as folder:
        chat = loaded(prompting, settings, model.seed, device)
        with resumable_rows(folder, "predict", 0.0, device, entry.batch, lambda progress: None) as kept:
            return predicted_by(chat, rows, settings, model.seed, kept)
