"""The claim of docs/adding.md, tried: the code of a family is its folder, its rules and drivers, and three lines elsewhere."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from project import Project
from reviews import write_source

from verso.files import read_csv, read_json

EXAMPLE = Path(__file__).parent / "bag_of_embeddings"
LIBRARY = "workflow/scripts/verso"
NEEDS = {"mem_mb": 1000, "checkpoint_seconds": 1}
CONFIG = {
    "title": "Reviews",
    "corpora": {
        "reviews": {
            "kind": "labelled",
            "source": {"path": "reviews.json"},
            "own_texts": [{"text": "Warm and lovely.", "label": "3"}],
        }
    },
    "models": {
        "bag": {"family": "bag_of_embeddings", "embedding": 8, "epochs": 3, "miniature": True, "needs": NEEDS},
        "majority": {"family": "majority"},
    },
    "experiments": {"polarity": {"corpus": "reviews", "models": ["bag", "majority"], "seeds": [1, 2]}},
}
# The files that are edited by hand, and what is added to each: no line is taken away
EDITS = {
    f"{LIBRARY}/registry.py": [
        (
            "from verso.classification.baselines import family",
            "from verso.classification.bag_of_embeddings import family as bag\n",
        ),
        ("    baselines.TFIDF,\n", "    bag.FAMILY,\n"),
    ],
    "workflow/Snakefile": [
        ('include: "rules/classification/prompt.smk"\n', 'include: "rules/classification/bag_of_embeddings.smk"\n'),
    ],
}


def add_the_family(project):
    shutil.copytree(EXAMPLE / "library", project.path(f"{LIBRARY}/classification/bag_of_embeddings"))
    shutil.copy2(EXAMPLE / "rules/bag_of_embeddings.smk", project.path("workflow/rules/classification"))
    for driver in (EXAMPLE / "scripts").iterdir():
        shutil.copy2(driver, project.path("workflow/scripts"))
    for name, additions in EDITS.items():
        for before, line in additions:
            project.edit(name, before, line + before)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    project = Project.made_in(tmp_path_factory.mktemp("bag"), CONFIG)
    write_source(project.path("reviews.json"), 60, 20, 20)
    add_the_family(project)
    project.make()
    return project


def test_it_is_trained_predicted_compared_and_reported(made):
    rows = {row["model"]: row for row in read_csv(made.path("results/tables/classifiers.csv"))}
    assert set(rows) == {"bag", "majority"}
    assert float(rows["bag"]["f1_macro"]) > float(rows["majority"]["f1_macro"])
    assert rows["bag"]["seeds"] == "2"
    described = read_json(made.path("results/runs/reviews/bag/seed-1/model/architecture.json"))
    assert int(rows["bag"]["parameters"]) == 8 * described["vocabulary_size"] + 9 * len(described["labels"])
    assert len(read_csv(made.path("results/runs/reviews/bag/seed-1/history.csv"))) == 3
    page = made.path("results/report.html").read_text(encoding="utf-8")
    assert "Warm and lovely." in page
    assert ">bag<" in page


def test_it_is_planned_and_watched_in_words(made):
    assert made.plan() == []
    made.path("results/runs/reviews/bag/seed-2/scores.csv").unlink()
    assert {line.split()[0] for line in made.plan("polarity")} == {"predict_bag_of_embeddings_and_own_texts", "polarity"}
    command = [sys.executable, "-m", "verso.commands.status", "--config", "test.yaml"]
    environment = {"PYTHONPATH": "workflow/scripts"}
    page = subprocess.run(command, cwd=made.folder, env=environment, capture_output=True, text=True, check=True).stdout
    assert "not yet scored" in page
    made.make()


def test_it_labels_texts_of_the_user(made):
    command = [sys.executable, "-m", "verso.commands.predict", "--config", "test.yaml", "--model", "bag"]
    test = "results/corpora/reviews/test.jsonl"
    environment = {"PYTHONPATH": "workflow/scripts", "OMP_NUM_THREADS": "1"}
    subprocess.run([*command, "--input", test, "--output", "own.csv"], cwd=made.folder, env=environment, check=True)
    scores = read_csv(made.path("results/runs/reviews/bag/seed-1/scores.csv"))
    assert [row["prediction"] for row in read_csv(made.path("own.csv"))] == [row["prediction"] for row in scores]


def test_its_keys_have_a_table_and_wrong_ones_are_refused(made):
    code = "from verso.config.reference import tables; print(tables())"
    command = [sys.executable, "-c", code]
    environment = {"PYTHONPATH": str(made.path("workflow/scripts"))}
    tables = subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout
    assert "### `models.<name>` of family `bag_of_embeddings`" in tables
    config = made.config()
    made.change_config(lambda config: config["models"]["bag"].update(embeding=9))
    code, output = made.run("--dry-run")
    made.write_config(config)
    assert code != 0
    assert 'models.bag.embeding  unknown key; did you mean "embedding"?' in output
