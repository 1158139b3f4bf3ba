"""Own texts that changed are no reason to predict the test again: the drivers, run as Snakemake runs them."""

import json
import shutil

import pytest
from drivers import run_driver
from predicted import write_own_texts
from reviews import write_corpus
from tiny_encoder import make
from trained import write_baseline, write_encoder, write_small_network, write_transformer

from verso.classification import text_predictor
from verso.classification.baselines import predicting as baselines
from verso.classification.encoder import predicting as encoder
from verso.files import read_csv, read_json

TESTS = 30
DRIVERS = {
    "majority": "predict_baseline",
    "tfidf": "predict_baseline",
    "textcnn": "predict_small_network",
    "transformer_classifier": "predict_transformer",
    "encoder": "predict_encoder",
}
PREDICTORS = {
    "predict_baseline": (baselines, "_Baseline"),
    "predict_small_network": (text_predictor, "TextPredictor"),
    "predict_transformer": (text_predictor, "TextPredictor"),
    "predict_encoder": (encoder, "_Encoder"),
}


@pytest.fixture(scope="module")
def toy(tmp_path_factory):
    return make(tmp_path_factory.mktemp("toy"), "bert")


class Study:
    """A trained model, its corpus, and how many texts each job predicted."""

    def __init__(self, family, folder, toy, monkeypatch):
        self.driver, self.folder, self.run = DRIVERS[family], folder, folder / "run"
        self.corpus = write_corpus(folder / "corpus", test=TESTS)
        self.own_texts = write_own_texts(self.corpus / "probes.jsonl")
        if family == "encoder":
            names, self.others = write_encoder(toy, self.run), {"manifest": toy}
        elif family == "textcnn":
            names, self.others = write_small_network(self.corpus, self.run), {"vocabulary": self.corpus / "vocab_token.json"}
        elif family == "transformer_classifier":
            names, self.others = write_transformer(self.corpus, self.run), {}
        else:
            names, self.others = write_baseline(family, self.corpus, self.run), {}
        self.weights = [self.run / "model" / name for name in names]
        self.predicted = []
        module, name = PREDICTORS[self.driver]
        predict = getattr(module, name).predict
        monkeypatch.setattr(
            getattr(module, name), "predict", lambda this, texts: (self.predicted.append(len(texts)), predict(this, texts))[1]
        )

    def job(self, own_texts=True, code="code"):
        """Run a job; returns how many texts it predicted at each call of the model."""
        self.predicted.clear()
        given = {
            "test": self.corpus / "test.jsonl",
            "labels": self.corpus / "labels.json",
            "weights": self.weights,
            **self.others,
        }
        given["architecture"] = self.run / "model/architecture.json"
        made = {"scores": self.run / "scores.csv", "scoring": self.run / "scoring.json"}
        if self.driver == "predict_transformer":
            made["read"] = self.run / "read.json"
        if own_texts:
            given["own_texts"], made["own_texts"] = self.own_texts, self.run / "probes.csv"
            made |= {"own_scoring": self.run / "probes_scoring.json"} if self.driver == "predict_encoder" else {}
        run_driver(self.driver, self.folder, given, made, {"code": code}, texts_at_once=8)
        assert all(path.is_file() for path in made.values())
        return list(self.predicted)

    def test_s(self):
        """The bytes of what the test has."""
        return [(self.run / name).read_bytes() for name in ("scores.csv", "scoring.json")]


@pytest.fixture(params=list(DRIVERS))
def study(request, tmp_path, toy, monkeypatch):
    return Study(request.param, tmp_path, toy, monkeypatch)


def test_changed_own_texts_are_predicted_and_the_test_is_not_predicted_again(study):
    assert study.job() == [TESTS, 2]
    before = study.test_s()
    write_own_texts(study.own_texts, ("lovely soup", "3"), ("cold", "1"), ("plain", "2"))
    assert study.job() == [3]
    assert study.test_s() == before
    assert [row["document"] for row in read_csv(study.run / "probes.csv")] == ["1", "2", "3"]


def test_what_an_earlier_job_without_own_texts_predicted_is_taken_by_one_with_them_and_back(study):
    assert study.job(own_texts=False) == [TESTS]
    before = study.test_s()
    assert study.job() == [2]
    assert study.job(own_texts=False) == []
    assert study.test_s() == before


def test_a_job_whose_predictions_were_kept_gives_what_one_without_them_gives(study):
    study.job()
    write_own_texts(study.own_texts, ("lovely soup", "3"))
    study.job()
    taken = [read_csv(study.run / name) for name in ("scores.csv", "probes.csv")]
    shutil.rmtree(study.run / "checkpoints")
    assert study.job() == [TESTS, 1]
    assert [read_csv(study.run / name) for name in ("scores.csv", "probes.csv")] == taken


def test_another_test_other_code_or_another_model_predicts_it_again(study):
    study.job()
    assert study.job(code="changed") == [TESTS, 2]
    lines = (study.corpus / "test.jsonl").read_text().splitlines(keepends=True)
    (study.corpus / "test.jsonl").write_text("".join(lines[:-1]))
    assert study.job(code="changed") == [TESTS - 1, 2]
    architecture = study.run / "model/architecture.json"
    architecture.write_text(json.dumps({**read_json(architecture), "trained": "again"}))
    assert study.job(code="changed") == [TESTS - 1, 2]
    assert study.job(code="changed") == [2]
    assert len(list((study.run / "checkpoints/predictions").iterdir())) == 1, "what was kept of the others is gone"


def test_other_weights_of_the_same_size_predict_the_test_again(tmp_path, monkeypatch):
    study = Study("textcnn", tmp_path, None, monkeypatch)
    study.job()
    before = study.test_s()
    write_small_network(study.corpus, study.run, seed=4)
    assert study.job() == [TESTS, 2]
    assert study.test_s()[0] != before[0]


def test_a_job_that_died_between_test_and_own_texts_goes_on_with_those(study, monkeypatch):
    module, name = PREDICTORS[study.driver]
    predict = getattr(module, name).predict
    with monkeypatch.context() as patch:

        def dying(this, texts):
            if len(texts) != TESTS:
                raise MemoryError
            return predict(this, texts)

        patch.setattr(getattr(module, name), "predict", dying)
        with pytest.raises(SystemExit):
            study.job()
    assert study.predicted == [TESTS]
    monkeypatch.setenv("VERSO_STARTED", "2")  # a later start: this one would refuse what ended by a bug
    assert study.job() == [2]
