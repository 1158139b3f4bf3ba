"""Predicting as a driver calls it: the test alone, or with texts that the user wrote, into one folder of a run."""

from pathlib import Path

from calls import ASKED, ignore

from verso.classification.scores import Files, InferenceRun, Texts
from verso.files import read_csv, write_json_lines
from verso.provenance import key_of_files

OWN = [("warm soup", "3"), ("A rude waiter.", "1")]


def write_own_texts(path, *texts):
    """Texts that the user wrote, (text, label) each, as documents."""
    rows = [{"id": str(n), "text": text, "group": label, "metadata": {}} for n, (text, label) in enumerate(texts or OWN, 1)]
    write_json_lines(path, rows)
    return path


def files_on_cpu(corpus, run, own_texts=None, *decisive):
    """What predict_small_network.py and predict_baseline.py give. decisive: files besides test, labels and those of the model."""
    used = [corpus / "test.jsonl", corpus / "labels.json", *sorted((run / "model").iterdir()), *decisive]
    return Files(
        test=Texts(corpus / "test.jsonl", run / "scores.csv"),
        own_texts=Texts(own_texts, run / "probes.csv") if own_texts else None,
        labels=corpus / "labels.json",
        model_folder=run / "model",
        scoring=run / "scoring.json",
        kept=run / "checkpoints/predictions" / key_of_files("code", {}, used),
    )


def inference(run, texts_at_once=8, report=ignore, **others):
    """What a job that predicts with a pretrained model is given besides its files."""
    given = {"requested": ASKED, "kept": Path(run) / "checkpoints", "fingerprint": "code", "started": 0.0}
    return InferenceRun(texts_at_once=texts_at_once, report=report, **{**given, **others})


def predict_by_encoder(corpus, manifest, model_folder, run, part="test", own_texts=None, **others):
    """The rows of scores.csv, as predict_encoder.py has it written into the folder `run`."""
    from verso.classification.encoder import predicting

    documents, labels = corpus / f"{part}.jsonl", corpus / "labels.json"
    used = [documents, labels, manifest, *sorted(Path(model_folder).iterdir())]
    predicting.predict(
        test=Texts(documents, run / "scores.csv"),
        own_texts=Texts(own_texts, run / "probes.csv") if own_texts else None,
        labels=labels,
        manifest=manifest,
        model_folder=model_folder,
        scoring=run / "scoring.json",
        own_scoring=run / "probes_scoring.json" if own_texts else None,
        run=inference(run, kept=run / "checkpoints/predictions" / key_of_files("code", {}, used), **others),
    )
    return read_csv(run / "scores.csv")
