"""Chat models prompted for labels, through Snakemake: in every table, and prompted again only when what they read changed."""

import json
import re
import shutil
import time

import psutil
import pytest
from project import ROOT, Project
from reviews import write_source

from verso.files import read_csv, read_json, read_json_lines
from verso.graph.runs import reporting_rules

NEEDS = {"mem_mb": 1500, "runtime": 10}
TOY = {
    "type": "miniature", "architecture": "mistral", "corpus": "reviews", "vocabulary": 400, "needs": NEEDS,
    "configuration": {
        "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 1,
    },
    "pretraining": {"epochs": 1, "window": 64, "batch": 16},
}  # fmt: skip
PROMPT = {"family": "prompt", "pretrained": "toy", "needs": NEEDS, "max_length": 1024}
MODELS = {
    "zero-shot": {**PROMPT, "template": "short.jinja", "max_new_tokens": 12, "attempts": 2, "batch": 1},
    "few-shot": {**PROMPT, "template": "resources/prompts/label.es.jinja", "answer_by": "likelihood", "examples": 4, "batch": 1},
    "majority": {"family": "majority"},
}
CONFIG = {
    "title": "A test",
    "corpora": {
        "reviews": {
            "kind": "labelled",
            "source": {"path": "reviews.json"},
            "own_texts": [{"text": "A lovely <b>room</b>.", "label": 3}],
        },
    },
    "pretrained": {"toy": TOY},
    "models": MODELS,
    "experiments": {"polarity": {"corpus": "reviews", "models": [*MODELS], "seeds": [1]}},
}
RUN = "results/runs/reviews/{}/seed-1"


@pytest.fixture(scope="module")
def asked_once(tmp_path_factory):
    """A project whose models were asked and whose report stands: copy it, never change it."""
    project = Project.made_in(tmp_path_factory.mktemp("asked"), CONFIG)
    shutil.copytree(ROOT / "resources" / "prompts", project.path("resources/prompts"))
    project.path("short.jinja").write_text("{{ labels | join(', ') }}? {{ text }}")
    # The text first and much behind it: nothing is read once for all texts, so that there is time to die in
    project.edit("resources/prompts/label.es.jinja", "{", "{{ text }} " + "la marea sube. " * 20 + "{")
    write_source(project.path("reviews.json"))
    project.make("results/report.html", "polarity")
    return project


@pytest.fixture
def asked(asked_once, tmp_path):
    return asked_once.copied_to(tmp_path)


def to_do(project):
    return [line for line in project.plan("polarity") if line != "polarity"]


def test_a_prompted_model_stands_in_the_tables_as_any_classifier_and_its_cost_is_that_of_asking(asked_once):
    documents = list(read_json_lines(asked_once.path("results/corpora/reviews/test.jsonl")))
    rows = {row["model"]: row for row in read_csv(asked_once.path("results/tables/classifiers.csv"))}
    assert set(rows) == set(MODELS)
    for model in ("zero-shot", "few-shot"):
        run = asked_once.path(RUN.format(model))
        assert [row["document"] for row in read_csv(run / "scores.csv")] == [document["id"] for document in documents]
        assert [row["document"] for row in read_json_lines(run / "replies.jsonl")] == [document["id"] for document in documents]
        about, scoring = read_json(run / "model/architecture.json"), read_json(run / "scoring.json")
        assert (about["family"], about["tuning"], about["trainable"]) == ("prompt", "none", 0)
        assert rows[model]["miniature"] == "True"
        assert float(rows[model]["minutes"]) == pytest.approx(scoring["wall_seconds"] / 60)
        assert scoring["documents"] == len(documents)
        assert float(rows[model]["invalid"]) == scoring["invalid"]
    assert float(rows["few-shot"]["invalid"]) == 0
    works = {row["model"]: row["work"] for row in read_csv(asked_once.path("results/tables/classifier_runs.csv"))}
    assert works == {"zero-shot": "scoring", "few-shot": "scoring", "majority": "training"}


def test_the_page_shows_some_replies_that_are_no_label_and_what_was_predicted_for_texts_by_hand(asked_once):
    page = asked_once.path("results/report.html").read_text(encoding="utf-8")
    replies = list(read_json_lines(asked_once.path(RUN.format("zero-shot")) / "replies.jsonl"))
    assert any(row["prediction"] == "" and len(row["replies"]) == 2 for row in replies), "a babbling miniature says no label"
    assert page.count("Replies that are not a label</span>") == 1
    assert page.count("Respuestas que no son ninguna etiqueta</span>") == 1
    assert "A lovely &lt;b&gt;room&lt;/b&gt;." in page
    told = read_csv(asked_once.path(RUN.format("few-shot")) / "probes.csv")
    assert [row["label"] for row in told] == ["3"]
    assert not asked_once.path(RUN.format("few-shot")).joinpath("probes_replies.jsonl").exists()


def test_nothing_is_to_do_and_then_only_what_reads_what_changed(asked):
    assert to_do(asked) == []
    asked.change_config(lambda config: config["models"]["few-shot"].update(batch=3))
    assert to_do(asked) == [], "how many texts are asked at once changes no answer"
    asked.change_config(lambda config: config["models"]["few-shot"].update(examples=5))
    asked.path("short.jinja").write_text("{{ labels | join(' / ') }}? {{ text }}")
    assert to_do(asked) == [f"answer_prompts_and_own_texts reviews {model} 1" for model in ("few-shot", "zero-shot")]
    output = asked.make("--dry-run", "polarity")
    assert "expected_seconds=" in output.split("rule answer_prompts_and_own_texts:")[1], "a plan prices asking"


def test_a_report_so_far_holds_what_was_replied(asked):
    asked.path(RUN.format("majority")).joinpath("scores.csv").unlink()
    asked.make("report_so_far", "--allowed-rules", *reporting_rules())
    assert "Replies that are not a label</span>" in asked.path("results/so_far/report.html").read_text(encoding="utf-8")


def test_a_template_that_is_missing_or_broken_stops_before_anything_runs(asked):
    asked.path("short.jinja").write_text("{{ labels }} {{ txt }} {{ text }}")
    asked.path("resources/prompts/label.es.jinja").unlink()
    code, output = asked.run("polarity", "--forceall")
    assert code != 0
    assert "models.few-shot.template  resources/prompts/label.es.jinja does not exist" in output
    assert "models.zero-shot.template  short.jinja: uses txt; a prompt is given text, labels, examples, ordered" in output


# --- a job dies ---

RESULTS = [f"{RUN.format(model)}/scores.csv" for model in ("zero-shot", "few-shot")]


def kill_once_something_is_kept(project, snakemake, deadline=180):
    """SIGKILL to each process that asks, as soon as its first replies are saved; which models those were."""
    killed, ends = set(), time.monotonic() + deadline
    while killed != set(RESULTS):
        assert time.monotonic() < ends, "no reply was saved"
        for result in set(RESULTS) - killed:
            if list(project.path(result).parent.glob("checkpoints/scores/*/*.ckpt")):
                lock = json.loads(next(project.path(result).parent.glob("checkpoints/scores/.lock")).read_text())
                psutil.Process(lock["pid"]).kill()
                killed.add(result)
        time.sleep(0.01)
    return snakemake.communicate()[0]


def test_a_job_killed_while_it_prompts_goes_on_and_ends_with_the_same_bits(asked_once, asked):
    for result in RESULTS:
        asked.path(result).unlink()
        shutil.rmtree(asked.path(result).parent / "checkpoints")  # else nothing would be asked again
    snakemake = asked.start("--keep-going", *RESULTS)
    output = kill_once_something_is_kept(asked, snakemake)
    assert snakemake.returncode != 0, output
    assert not any(asked.path(result).exists() for result in RESULTS)
    asked.make(*RESULTS)
    for result in RESULTS:
        folder, other = asked.path(result).parent, asked_once.path(result).parent
        for name in ("scores.csv", "replies.jsonl"):
            assert (folder / name).read_bytes() == (other / name).read_bytes()
        log = asked.path(result.replace("runs", "logs/answer_prompts_and_own_texts").replace("/scores.csv", ".log")).read_text()
        (kept,) = re.findall(r"an earlier job got (\d+) replies, which are not requested again", log)
        assert int(kept) > 0
        assert len(list(folder.glob("checkpoints/scores/*/*.ckpt"))) == 1, "the last alone is kept"
