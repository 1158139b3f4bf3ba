"""Texts of a user's own are labelled by each family as those of the test are, and each row of a file is in what comes out."""

import csv
import json
import shutil
from types import SimpleNamespace

import pytest
import yaml
from calls import ASKED
from predicted import files_on_cpu, inference, predict_by_encoder
from reviews import write_corpus
from tiny_encoder import make
from trained import write_baseline, write_encoder, write_small_network

from verso.classification.baselines.predicting import predict as predict_by_baseline
from verso.classification.prompt.answering import Answered, Prompting, answer
from verso.classification.small_networks.predicting import predict as predict_by_network
from verso.commands.predict import main
from verso.commands.status import read_config
from verso.display.cells import plain_cell
from verso.files import read_csv, read_json_lines
from verso.graph.inputs import Inputs
from verso.graph.paths import Paths
from verso.graph.runs import Runs
from verso.pretrained.base_model import describe
from verso.provenance import key_of_settings

DECODING = {"temperature": 1.0, "top_p": 1.0, "top_k": 0, "repetition_penalty": 1.0}
PROMPT = {"family": "prompt", "pretrained": "toy", "quantisation": "none", "max_length": 512, "template": ""}
REPLIES = {"answer_by": "generate", "examples": 2, "max_new_tokens": 4, "attempts": 2, "decoding": DECODING}
LIKELIHOOD = {"answer_by": "likelihood", "examples": 0}
MODELS = {
    "majority": {"family": "majority"},
    "tfidf": {"family": "tfidf"},
    "textcnn": {"family": "textcnn"},
    "encoder": {"family": "encoder", "pretrained": "bert", "batch": 8},
    "replies": {**PROMPT, **REPLIES},
    "likelihood": {**PROMPT, **LIKELIHOOD},
    "untrained": {"family": "textcnn"},
}
BASE = {"type": "hub", "repository": "owner/model", "revision": "0" * 40, "licence": "mit"}


@pytest.fixture(scope="module")
def study(tmp_path_factory, tiny, one_thread):
    """A results folder in which a model of each family stands trained and has predicted the test."""
    folder = tmp_path_factory.mktemp("study")
    corpus = write_corpus(folder / "results/corpora/reviews", test=12)
    for name in ("toy", "bert"):
        (folder / "results/pretrained" / name).mkdir(parents=True)
    shutil.copytree(tiny.manifest.parent, folder / "results/pretrained/toy", dirs_exist_ok=True)
    bert, toy = make(folder / "results/pretrained/bert", "bert"), folder / "results/pretrained/toy/pretrained.json"
    template = folder / "short.jinja"
    template.write_text(
        "{{ labels | join(', ') }}?{% for one in examples %} {{ one.text }} = {{ one.label }}{% endfor %} {{ text }}"
    )
    config = {
        "results": str(folder / "results"),
        "corpora": {"reviews": {"kind": "labelled", "source": {"path": "reviews.csv", "fields": {"text": "Review"}}}},
        "pretrained": {"toy": BASE, "bert": BASE},
        "models": {
            name: {**entry, **({"template": str(template)} if "template" in entry else {})} for name, entry in MODELS.items()
        },
        "experiments": {"polarity": {"corpus": "reviews", "models": [*MODELS], "seeds": [1, 2]}},
    }
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    runs = {name: folder / f"results/runs/reviews/{name}/seed-1" for name in MODELS}
    for name in ("majority", "tfidf"):
        write_baseline(name, corpus, runs[name])
        predict_by_baseline(files_on_cpu(corpus, runs[name]))
    write_small_network(corpus, runs["textcnn"])
    predict_by_network(files_on_cpu(corpus, runs["textcnn"]), corpus / "vocab_token.json")
    write_encoder(bert, runs["encoder"])
    predict_by_encoder(corpus, bert, runs["encoder"] / "model", runs["encoder"])
    for name, settings in (
        ("replies", REPLIES),
        ("likelihood", LIKELIHOOD | {"max_new_tokens": 45, "attempts": 3, "decoding": DECODING}),
    ):
        run = runs[name]
        entry = {"family": "prompt", "tuning": "none", "quantisation": "none", "max_length": 512}
        describe(toy, entry, run / "model/architecture.json", run / "history.csv", run / "hardware.json", ASKED)
        given = Prompting(corpus / "train.jsonl", corpus / "labels.json", template, toy, run / "model")
        test = Answered(corpus / "test.jsonl", run / "scores.csv", None, run / "scoring.json")
        answer(test, None, given, {**settings, "max_length": 512}, 1, inference(run))
    return SimpleNamespace(folder=folder, corpus=corpus, runs=runs)


@pytest.fixture
def label(study, tmp_path, capsys):
    """Run the command; gives back its exit code, the rows that it wrote and what it said."""

    def labelled(model, source, *options):
        target = tmp_path / "out.csv"
        code = main(["--config", str(study.folder / "config.yaml"), "--model", model, "--input", str(source),
                     "--output", str(target), *options])  # fmt: skip
        said = capsys.readouterr()
        return code, read_csv(target) if target.exists() else None, said.out + said.err

    return labelled


def write(path, rows, header="text"):
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([[header], *([row] for row in rows)])
    return path


@pytest.mark.parametrize("model", [name for name in MODELS if name != "untrained"])
def test_the_texts_of_the_test_get_the_predictions_of_its_scores(study, label, model):
    code, rows, said = label(model, study.corpus / "test.jsonl")
    assert code == 0, said
    scores = read_csv(study.runs[model] / "scores.csv")
    assert [row["id"] for row in rows] == [row["document"] for row in scores]
    for row, score in zip(rows, scores, strict=True):
        assert row["prediction"] == score["prediction"]
        assert [row[f"probability_{label}"] for label in "123"] == [score[f"probability_{place}"] for place in range(3)]


def test_every_row_is_in_what_comes_out_with_its_label_or_the_reason_why_it_has_none(study, label, tmp_path):
    source = write(tmp_path / "own.csv", ["Lovely\u00a0 soup.", "", "=1+1 is awful", "A cold, rude waiter."], "Review")
    code, rows, said = label("tfidf", source)
    assert code == 0, said
    assert [row["row"] for row in rows] == [f"own.csv line {number}" for number in (2, 3, 4, 5)]
    assert [bool(row["prediction"]) for row in rows] == [True, False, True, True]
    assert rows[0]["text"] == "Lovely soup.", "cleaned as a corpus's texts are"
    assert rows[1]["reason"] == "no Review"
    assert rows[2]["text"] == "'=1+1 is awful", "a spreadsheet would compute it"
    assert all(
        sum(float(row[f"probability_{label}"]) for label in "123") == pytest.approx(1) for row in rows if row["prediction"]
    )
    assert "4 rows, 3 labelled" in said
    assert "1 without a label: no Review (first: own.csv line 3)" in said


@pytest.mark.parametrize("name", ["own.jsonl", "own.json", "own.txt", "folder"])
def test_texts_are_read_in_every_form_that_a_corpus_is_read_in(label, tmp_path, name):
    texts, path = ["A lovely room.", "The rude waiter."], tmp_path / name
    if name == "folder":
        path.mkdir()
        for number, text in enumerate(texts):
            (path / f"{number}.txt").write_text(text)
    elif name == "own.txt":
        path.write_text("\n".join([texts[0], "", texts[1]]))
    else:
        rows = [{"text": text, "id": number} for number, text in enumerate(texts)]
        path.write_text(json.dumps(rows) if name == "own.json" else "\n".join(map(json.dumps, rows)))
    code, rows, said = label("tfidf", path)
    assert code == 0, said
    assert [row["text"] for row in rows] == texts
    assert len({row["row"] for row in rows}) == 2


def test_a_file_without_the_column_of_texts_is_refused_with_the_columns_that_it_has(label, tmp_path):
    path = tmp_path / "own.csv"
    path.write_text("Opinion,Stars\nfine,3\n")
    code, rows, said = label("tfidf", path)
    assert (code, rows) == (1, None)
    assert "found: Opinion, Stars. Name the one that holds the text by COLUMN=" in said
    code, rows, said = label("tfidf", path, "--column", "Opinion")
    assert code == 0, said
    assert rows[0]["text"] == "fine"


def test_a_file_without_any_text_is_refused_with_the_reasons(label, tmp_path):
    (tmp_path / "own.jsonl").write_text('{"text": ""}\n{"text": " "}\n')
    code, rows, said = label("majority", tmp_path / "own.jsonl")
    assert (code, rows) == (1, None)
    assert "2 of 2 rows: no text" in said


def test_what_is_not_trained_or_cannot_label_is_refused_with_the_models_that_can(study, label, tmp_path):
    source = write(tmp_path / "own.csv", ["fine"])
    code, _, said = label("untrained", source)
    assert code == 1
    assert "untrained is not trained yet" in said
    assert "Trained so far: encoder (reviews, seed 1); likelihood (reviews, seed 1); majority (reviews, seed 1)" in said
    assert 'did you mean "tfidf"' in label("tfdif", source)[2]
    assert "tfidf is not trained yet (seed 2)" in label("tfidf", source, "--seed", "2")[2]
    assert "no such run of tfidf (seed 7)" in label("tfidf", source, "--seed", "7")[2]
    assert '"x" is no corpus' in label("tfidf", source, "--corpus", "x")[2]


def test_a_file_that_is_there_is_never_written_over_and_without_a_name_it_lies_with_the_run(study, label, tmp_path, capsys):
    source = write(tmp_path / "own.csv", ["fine"])
    (tmp_path / "out.csv").write_text("mine")
    code, _, said = label("tfidf", source)
    assert code == 1
    assert "out.csv is there already" in said
    assert (tmp_path / "out.csv").read_text() == "mine"
    assert main(["--config", str(study.folder / "config.yaml"), "--model", "tfidf", "--input", str(source)]) == 0
    assert len(read_csv(study.runs["tfidf"] / "predictions/own.csv")) == 1


@pytest.mark.parametrize(
    ("text", "cell"), [("=1", "'=1"), ("+x", "'+x"), ("-1.5", "-1.5"), ("@a", "'@a"), ("a=1", "a=1"), ("-", "'-")]
)
def test_a_cell_that_begins_like_a_formula_is_made_a_text(text, cell):
    assert plain_cell(text) == cell


def test_a_model_that_was_trained_by_other_settings_than_the_config_has_now_is_used_and_called_so(study, label, tmp_path):
    source, hardware = write(tmp_path / "own.csv", ["fine"]), study.runs["majority"] / "hardware.json"
    own = Inputs(Runs(read_config(study.folder / "config.yaml"), Paths("results"))).settings_of("majority")
    before = hardware.read_text()
    try:
        for key, is_other in ((key_of_settings(own), False), ("0" * 16, True)):
            hardware.write_text(json.dumps({"settings_key": key}))
            (tmp_path / "out.csv").unlink(missing_ok=True)
            code, rows, said = label("majority", source)
            assert (code, len(rows)) == (0, 1), said
            assert ("by other settings than the config has now" in said) is is_other
    finally:
        hardware.write_text(before)


def test_ids_that_two_rows_share_do_not_mix_up_their_replies(study, label, tmp_path):
    path = tmp_path / "own.jsonl"
    texts = [row["text"] for row in read_json_lines(study.corpus / "test.jsonl")][:3]
    path.write_text("\n".join(json.dumps({"id": "same", "text": text}) for text in texts))
    code, rows, said = label("replies", path)
    assert code == 0, said
    assert [row["text"] for row in rows] == texts
    assert [row["id"] for row in rows] == ["same"] * 3
