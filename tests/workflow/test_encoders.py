"""Encoders from a miniature to the report: every file in its place, and only what is out of date again."""

import pytest
from project import Project
from reviews import write_source

from verso.files import read_csv, read_json

NEEDS = {"mem_mb": 1500, "checkpoint_seconds": 1}
SIZES = {
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "max_position_embeddings": 64,
}
RELATIVE = {"relative_attention": True, "position_buckets": 16, "share_att_key": True, "norm_rel_ebd": "layer_norm"}
DEBERTA = {**SIZES, **RELATIVE, "pos_att_type": ["p2c", "c2p"], "position_biased_input": False, "type_vocab_size": 0}
TOY = {"family": "encoder", "pretrained": "deberta", "max_length": 40, "epochs": 1, "learning_rate": 1e-3, "needs": NEEDS}
CONFIG = {
    "title": "A test",
    "corpora": {
        "reviews": {
            "kind": "labelled",
            "source": {"path": "reviews.json"},
            "own_texts": [{"text": "A lovely room.", "label": "3"}],
        }
    },
    "pretrained": {
        "deberta": {
            "type": "miniature", "architecture": "deberta-v2", "purpose": "masked_lm", "corpus": "reviews", "vocabulary": 320,
            "configuration": DEBERTA, "pretraining": {"epochs": 1, "window": 16}, "needs": {"mem_mb": 1500},
        }
    },
    "models": {"mdeberta": TOY, "lora": {**TOY, "tuning": "lora", "lora": {"r": 2}}, "majority": {"family": "majority"}},
    "experiments": {"polarity": {"corpus": "reviews", "models": ["mdeberta", "lora", "majority"], "seeds": [1]}},
}  # fmt: skip


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A project whose every job was run."""
    project = Project.made_in(tmp_path_factory.mktemp("encoders"), CONFIG)
    write_source(project.path("reviews.json"), 60, 20, 20)
    project.make()
    return project


def test_encoders_stand_in_tables_and_report_as_any_classifier(finished):
    rows = {row["model"]: row for row in read_csv(finished.path("results/tables/classifiers.csv"))}
    assert set(rows) == {"mdeberta", "lora", "majority"}
    for model in ("mdeberta", "lora"):
        run = finished.path(f"results/runs/reviews/{model}/seed-1")
        about = read_json(run / "model/architecture.json")
        assert (about["family"], about["base"], about["base_miniature"]) == ("encoder", "deberta", True)
        assert int(rows[model]["parameters"]) == about["parameters"]
        assert int(rows[model]["trainable"]) == about["trainable"]
        assert len(read_csv(run / "scores.csv")) == 20
        assert len(read_csv(run / "probes.csv")) == 1
    jobs = [(row["model"], row["work"]) for row in read_csv(finished.path("results/tables/classifier_jobs.csv"))]
    of_each = [(model, work) for model in ("mdeberta", "lora") for work in ("training", "scoring", "probes")]
    assert sorted(jobs) == sorted([*of_each, ("majority", "training")]), "a card's time for texts by hand is in no table"
    assert "mdeberta" in finished.path("results/report.html").read_text()


def test_what_changes_of_one_encoder_trains_it_alone_again(finished, tmp_path):
    project = finished.copied_to(tmp_path)
    assert project.plan() == []
    project.change_config(lambda config: config["models"]["lora"]["lora"].update(r=3))
    project.change_config(lambda config: config["models"]["mdeberta"].update(needs={**NEEDS, "mem_mb": 1600}))
    assert {line for line in project.plan() if "encoder" in line} == {
        "train_encoder reviews lora 1", "predict_encoder_and_own_texts reviews lora 1",
    }  # fmt: skip


def test_the_report_so_far_reports_them(finished, tmp_path):
    project = finished.copied_to(tmp_path)
    project.path("results/runs/reviews/mdeberta/seed-1/scores.csv").unlink()
    project.make("report_so_far")
    rows = read_csv(project.path("results/so_far/tables/classifiers.csv"))
    assert {row["model"] for row in rows} == {"lora", "majority"}
