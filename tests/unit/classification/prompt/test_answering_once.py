"""Prompts of the test and of own texts by one job: the driver, run as Snakemake runs it, and no text is prompted twice."""

import pytest
from calls import ASKED
from drivers import run_driver
from predicted import write_own_texts
from reviews import write_corpus

from verso.classification.prompt import answering
from verso.files import read_csv, read_json, read_json_lines
from verso.pretrained.base_model import describe

TESTS, ATTEMPTS = 12, 2
ENTRY = {"family": "prompt", "tuning": "none", "quantisation": "none", "max_length": 512}
SETTINGS = {
    "answer_by": "generate", "examples": 0, "max_length": 256, "max_new_tokens": 4, "attempts": ATTEMPTS,
    "decoding": {"temperature": 1.0, "top_p": 1.0, "top_k": 0, "repetition_penalty": 1.0},
}  # fmt: skip


class Study:
    """A base that is asked, its corpus, and which texts each job prompted it for."""

    def __init__(self, folder, tiny, monkeypatch):
        self.folder, self.run, self.manifest = folder, folder / "run", tiny.manifest
        self.corpus = write_corpus(folder / "corpus", test=TESTS)
        self.own_texts = write_own_texts(self.corpus / "probes.jsonl")
        (folder / "short.jinja").write_text("{{ text }}")
        others = [folder / name for name in ("history.csv", "hardware.json")]
        describe(self.manifest, ENTRY, self.run / "model/architecture.json", *others, ASKED)
        self.prompted = []
        answers, likelihood = answering.answers, answering.LabelLikelihood.__call__

        def counted(model, chat, prompts, *more):
            self.prompted += map(tuple, prompts)
            return answers(model, chat, prompts, *more)

        def counted_likelihood(this, prompts):
            self.prompted += map(tuple, prompts)
            return likelihood(this, prompts)

        monkeypatch.setattr(answering, "answers", counted)
        monkeypatch.setattr(answering.LabelLikelihood, "__call__", counted_likelihood)

    def job(self, own_texts=True, **settings):
        """Run a job; returns how many prompts the model was given."""
        self.prompted.clear()
        names = ("test", "train", "labels")
        given = {name: self.corpus / f"{name}.{'json' if name == 'labels' else 'jsonl'}" for name in names}
        given |= {"template": self.folder / "short.jinja", "manifest": self.manifest}
        given["architecture"] = self.run / "model/architecture.json"
        made = {"scores": "scores.csv", "replies": "replies.jsonl", "scoring": "scoring.json"}
        if own_texts:
            given["own_texts"] = self.own_texts
            made |= {"own_texts": "probes.csv", "own_scoring": "probes_scoring.json"}
        outputs = {key: self.run / name for key, name in made.items()}
        params = {"settings": {**SETTINGS, **settings}, "seed": 1}
        run_driver("answer_prompts", self.folder, given, outputs, params, texts_at_once=4)
        assert all(path.is_file() for path in outputs.values())
        return len(self.prompted)

    def test_s(self):
        """What the test has: bytes, and of scoring.json what no clock decides."""
        scoring = read_json(self.run / "scoring.json")
        counts = {key: scoring[key] for key in ("documents", "tokens", "prompt_tokens", "reply_tokens", "invalid", "asked_again")}
        return [(self.run / name).read_bytes() for name in ("scores.csv", "replies.jsonl")], counts


@pytest.fixture
def study(tiny, tmp_path, monkeypatch):
    return Study(tmp_path, tiny, monkeypatch)


def prompts_of(study):
    return sum(row["attempts"] for row in read_json_lines(study.run / "replies.jsonl"))


def test_changed_own_texts_are_prompted_for_and_the_test_is_not_prompted_for_again(study):
    first = study.job()
    of_test = prompts_of(study)
    assert of_test >= TESTS
    assert of_test + 2 <= first <= of_test + 2 * ATTEMPTS
    before = study.test_s()
    write_own_texts(study.own_texts, ("lovely soup", "3"), ("cold", "1"), ("plain", "2"))
    assert 3 <= study.job() <= 3 * ATTEMPTS
    assert study.test_s() == before
    assert [row["document"] for row in read_csv(study.run / "probes.csv")] == ["1", "2", "3"]
    assert read_json(study.run / "probes_scoring.json")["documents"] == 3


def test_by_likelihood_each_text_is_read_once(study):
    assert study.job(answer_by="likelihood") == TESTS + 2
    before = study.test_s()
    write_own_texts(study.own_texts, ("lovely soup", "3"))
    assert study.job(answer_by="likelihood") == 1
    assert study.test_s() == before


def test_what_a_job_without_own_texts_was_replied_is_taken_by_one_with_them_and_back(study):
    assert study.job(own_texts=False, answer_by="likelihood") == TESTS
    before = study.test_s()
    assert study.job(answer_by="likelihood") == 2
    assert study.job(own_texts=False, answer_by="likelihood") == 0
    assert study.test_s() == before


def test_another_prompt_predicts_the_test_and_own_texts_again(study):
    assert study.job(answer_by="likelihood") == TESTS + 2
    assert study.job(answer_by="likelihood", examples=3) == TESTS + 2
    (study.folder / "short.jinja").write_text("Label: {{ text }}")
    assert study.job(answer_by="likelihood", examples=3) == TESTS + 2
    assert study.job(answer_by="likelihood", examples=3) == 0


def test_a_job_that_died_at_the_own_texts_goes_on_with_those(study, monkeypatch):
    written = answering.write_csv

    def dying(path, *more):
        if path.endswith("probes.csv"):
            raise MemoryError
        written(path, *more)

    with monkeypatch.context() as patch:
        patch.setattr(answering, "write_csv", dying)
        with pytest.raises(SystemExit):
            study.job(answer_by="likelihood")
    assert len(study.prompted) == TESTS + 2
    monkeypatch.setenv("VERSO_STARTED", "2")  # a later start: this one would refuse what ended by a bug
    assert study.job(answer_by="likelihood") == 0
