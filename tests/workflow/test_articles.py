"""Articles from a file to the page, with a real Snakemake: exports, models, excerpts; and what a change makes anew."""

import copy
import csv
import json
import shutil

import pytest
from project import CONFIG, ROOT, Project

FOLDER = "results/corpora/wiki"
EXPORTS = [f"{FOLDER}/exports/{name}" for name in ("train.txt", "validation.txt", "test.txt", "vocab.json", "dataset_info.json")]
ATTRIBUTION = f"{FOLDER}/exports/attribution.csv"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    config = copy.deepcopy(CONFIG)
    fields = {name: name for name in ("url", "revision", "licence", "history")}
    config["corpora"] = {
        "wiki": {
            "kind": "articles",
            "source": {"path": "articles.jsonl", "fields": fields},
            "sampling": {"per_group": 2, "prime": "group", "max_tokens": {"char": 40, "word": 20}},
        }
    }
    config["experiments"] = {"first": {"corpus": "wiki", "models": ["lstm-char"], "seeds": [1]}}
    project = Project.made_in(tmp_path_factory.mktemp("articles") / "project", config)
    shutil.copy2(ROOT / "resources" / "demo" / "articles.jsonl", project.path("articles.jsonl"))
    project.make("all")
    return project


def test_the_demo_articles_go_from_the_file_to_the_page(made):
    statistics = json.loads(made.path(f"{FOLDER}/statistics.json").read_text())
    assert {part: found["documents"] for part, found in statistics["parts"].items()} == {"train": 22, "validation": 5, "test": 5}
    assert all(made.path(path).exists() for path in EXPORTS)
    with made.path(ATTRIBUTION).open(encoding="utf-8", newline="") as stream:
        attribution = {row["id"]: row for row in csv.DictReader(stream)}
    assert len(attribution) == 32
    page = made.path("results/report.html").read_text(encoding="utf-8")
    with made.path("results/runs/wiki/lstm-char/seed-1/samples.jsonl").open(encoding="utf-8") as lines:
        samples = [json.loads(line) for line in lines]
    assert [sample["prompt"] for sample in samples] == ["En el año 1492,", "Durante la Edad Media,"]
    for sample in samples:
        article = attribution[sample["primed_with"]]
        assert article["part"] == "train"
        assert f'after reading {article["title"]} · <a href="{article["url"]}"' in page


def test_only_what_follows_from_a_change_is_made_anew(made, tmp_path):
    project = made.copied_to(tmp_path / "copy")
    corpus = lambda config: config["corpora"]["wiki"]  # noqa: E731
    assert project.plan("all") == []
    project.change_config(lambda config: corpus(config).update(exported_words=10))
    assert project.plan(*EXPORTS) == ["export_articles wiki"]
    project.change_config(lambda config: corpus(config).update(exported_words=5000, cleaning={"references": False}))
    assert project.plan(*EXPORTS) == ["build_vocabulary wiki word", "export_articles wiki", "prepare_articles wiki"]
