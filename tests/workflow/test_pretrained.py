"""Pretrained models through Snakemake: fetched by a local rule, made by a job, each once."""

import copy
import json
import os
import shutil
import time

import pytest
from hub_server import FILES, REPOSITORY, Hub
from project import CONFIG, ROOT, Project

from verso.files import read_csv, read_json

FETCHED, MADE = "results/pretrained/fetched/pretrained.json", "results/pretrained/toy/pretrained.json"
TOY = {
    "type": "miniature",
    "architecture": "mistral",
    "corpus": "songs",
    "vocabulary": 400,
    "configuration": {
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
    },
    "pretraining": {"epochs": 1, "window": 64, "batch": 16},
    "needs": {"mem_mb": 1500, "runtime": 10},
}

REVIEWS = {  # those that ship with Verso
    "kind": "labelled",
    "source": {"path": "reviews.csv", "fields": {"text": "Review", "label": "Polarity"}},
    "labels": [1, 2, 3, 4, 5],
}
HUB_ENTRY = {"type": "hub", "repository": REPOSITORY, "revision": "main", "licence": "mit", "files": ["model*", "*.json"]}


def config_with(**pretrained):
    return {**copy.deepcopy(CONFIG), "pretrained": pretrained}


@pytest.fixture
def hub(monkeypatch, tmp_path):
    with Hub() as hub:
        hub.add(REPOSITORY, FILES)
        monkeypatch.setenv("HF_ENDPOINT", hub.root)
        monkeypatch.setenv("HF_HOME", str(tmp_path / "no-login"))
        yield hub


@pytest.fixture(scope="module")
def toy_made_once(tmp_path_factory):
    """A project whose miniature was made, and what the hub was asked meanwhile: copy it, never change it."""
    folder = tmp_path_factory.mktemp("toy")
    with Hub() as hub, pytest.MonkeyPatch.context() as patch:
        hub.add(REPOSITORY, FILES)
        patch.setenv("HF_ENDPOINT", hub.root)
        patch.setenv("HF_HOME", str(folder / "no-login"))
        project = Project.made_in(folder / "project", config_with(toy=TOY))
        project.make(MADE)
        return project, list(hub.requests)


def test_a_miniature_is_made_once_and_offline(toy_made_once, tmp_path):
    made, asked = toy_made_once
    project = made.copied_to(tmp_path)
    assert asked == [], "a job asked the hub: on a node without network it would hang"
    assert read_json(project.path(MADE))["miniature"] is True
    assert all(project.path(f"results/pretrained/toy/{name}").exists() for name in ("history.csv", "hardware.json", "snapshot"))

    # what decides its content makes it anew, what does not does not
    project.change_config(lambda config: config["pretrained"]["toy"]["needs"].update(mem_mb=1600))
    assert project.plan(MADE) == []
    project.change_config(lambda config: config["pretrained"]["toy"].update(seed=2))
    assert project.plan(MADE) == ["make_miniature toy"]


def test_a_person_at_a_terminal_sees_how_far_it_is_and_that_the_revision_may_move(hub, tmp_path):
    project = Project.made_in(tmp_path / "project", config_with(fetched=HUB_ENTRY))
    seen = project.seen_on_a_terminal(FETCHED)
    assert "model.safetensors: 100%" in seen
    assert seen.count('revision "main" is a name that may move') == 1
    assert seen.count('the hub calls its licence "apache-2.0", the config "mit"') == 1


def test_a_tuned_model_is_merged_where_its_entry_says_so_and_is_not_trained_again_for_it(toy_made_once, tmp_path):
    tuned = {
        "family": "causal_llm",
        "pretrained": "toy",
        "max_length": 256,
        "epochs": 1,
        "scoring": {"stride": 128},
        "needs": {"mem_mb": 1500, "runtime": 10},
    }
    config = config_with(toy=TOY)
    config["models"] = {"tuned": tuned}
    config["experiments"] = {"lyrics": {"corpus": "songs", "models": ["tuned"], "seeds": [1]}}
    project = toy_made_once[0].copied_to(tmp_path)
    project.write_config(config)
    run = "results/runs/songs/tuned/seed-1"
    project.make(f"{run}/model/architecture.json")
    planned = project.plan("lyrics")
    project.change_config(lambda config: config["models"]["tuned"].update(merge=True))
    assert project.plan("lyrics") == sorted([*planned, "merge_causal_llm songs tuned 1"])
    project.make(f"{run}/merged/config.json")
    assert read_json(project.path(f"{run}/merged/config.json"))["architectures"] == ["MistralForCausalLM"]
    assert project.path(f"{run}/merged/model.safetensors").stat().st_size > 0
    assert project.plan("lyrics") == planned


def test_the_rule_fetches_once_and_says_at_once_what_is_wrong(hub, tmp_path, monkeypatch):
    project = Project.made_in(tmp_path / "project", config_with(fetched=HUB_ENTRY))
    project.make(FETCHED)
    assert read_json(project.path(FETCHED))["licence"] == "mit"
    assert project.plan(FETCHED) == []

    # another licence is another manifest, for which Snakemake deletes the old one: the files must not be fetched again
    project.change_config(lambda config: config["pretrained"]["fetched"].update(licence="apache-2.0"))
    hub.requests.clear()
    project.make(FETCHED)
    assert read_json(project.path(FETCHED))["licence"] == "apache-2.0"
    assert hub.asked_files() == []

    project.change_config(lambda config: config["pretrained"]["fetched"].update(repository="someone/else"))
    code, output = project.run(FETCHED)
    assert code != 0
    assert "someone/else: the hub knows no such repository" in output
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    started = time.monotonic()
    code, output = project.run(FETCHED)
    assert code != 0
    assert "no connection to 127.0.0.1:9" in output
    assert time.monotonic() - started < 60, "without a network it is said at once, not after all retries"


def test_a_study_of_classifiers_alone_has_the_table_of_what_they_start_from(hub, tmp_path):
    hub.repositories[REPOSITORY].push({**FILES, "config.json": json.dumps({"model_type": "bert"}).encode()})
    config = {
        "title": "Encoders",
        "corpora": {"reviews": REVIEWS},
        "pretrained": {"fetched": HUB_ENTRY},
        "models": {name: {"family": "encoder", "pretrained": "fetched", "tuning": name} for name in ("full", "lora")},
        "experiments": {"polarity": {"corpus": "reviews", "models": ["full", "lora"], "seeds": [1, 2]}},
    }
    project = Project.made_in(tmp_path / "project", config)
    shutil.copy2(ROOT / "resources" / "demo" / "reviews.csv", project.folder)
    table = "results/tables/pretrained_models.csv"
    project.make(table)
    (row,) = read_csv(project.path(table))
    assert (row["models"], row["licence"], row["licence_on_hub"]) == ("full, lora", "mit", "apache-2.0")
    assert (row["downloads_last_month"], row["created"], row["revision"]) == ("12345", "2024-05-22", "main")
    assert project.plan(table) == []


def test_a_revision_that_is_pinned_after_the_fetch_trains_nothing_again(hub, tmp_path):
    """What reads the model depends on the manifest's bytes: a fetch finds them the same, in one start with a study too."""
    project = Project.made_in(tmp_path / "project", config_with(fetched=HUB_ENTRY))
    reader = f"rule reads:\n    input: '{FETCHED}'\n    output: 'read'\n    shell: 'cp {{input}} {{output}}'"
    project.edit("workflow/Snakefile", "rule fetch:", f"{reader}\n\n\nrule fetch:")
    project.make("read")
    project.change_config(
        lambda config: config["pretrained"]["fetched"].update(revision=hub.repositories[REPOSITORY].branches["main"])
    )
    output = project.make("read")
    assert "fetch_pretrained" in output
    assert "rule reads:" not in output
    assert project.plan("read") == []


def test_snakemake_removes_no_old_manifest_behind_a_link(hub, tmp_path):
    """Before a job it removes what the job will write: through a link to a shared folder, everybody's manifest."""
    project = Project.made_in(tmp_path / "project", config_with(fetched=HUB_ENTRY))
    shared = tmp_path / "shared"
    shared.mkdir()
    (shared / "pretrained.json").write_text("everybody's")
    project.path("results/pretrained").mkdir(parents=True)
    project.path("results/pretrained/fetched").symlink_to(shared)
    code, output = project.run(FETCHED, "--forcerun", "fetch_pretrained")
    assert code != 0
    assert f"results/pretrained/fetched: is a link to {shared}" in output
    assert "Traceback" not in output
    assert {path.name: path.read_text() for path in shared.iterdir()} == {"pretrained.json": "everybody's"}


def test_a_model_in_a_folder_is_trained_from_where_it_lies_and_by_its_content_alone(toy_made_once, tmp_path):
    shared = tmp_path / "shared" / "toy"
    shutil.copytree(toy_made_once[0].path("results/pretrained/toy/snapshot"), shared)
    shared_before = {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in shared.iterdir()}
    config = config_with(site={"type": "folder", "path": str(shared)})
    scoring = {"max_length": 128, "scoring": {"stride": 64}, "needs": {"mem_mb": 1500, "runtime": 10}}
    config["models"] = {"base": {"family": "causal_llm", "pretrained": "site", "tuning": "none", **scoring}}
    config["experiments"] = {"lyrics": {"corpus": "songs", "models": ["base"], "seeds": [1]}}
    project = Project.made_in(tmp_path / "project", config)
    scores, table = "results/runs/songs/base/seed-1/scores.csv", "results/tables/pretrained_models.csv"
    project.make(scores, table)
    assert {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in shared.iterdir()} == shared_before
    (row,) = read_csv(project.path(table))
    assert (row["type"], row["path"]) == ("folder", str(shared))
    assert project.plan(scores, table) == []

    os.utime(shared / "model.safetensors")
    output = project.make(scores, table)
    assert "rule locate_pretrained:" in output.replace("checkpoint ", "rule ")
    assert "rule describe_base:" not in output
    assert "rule score_causal_llm:" not in output
    assert "rule describe_pretrained:" not in output
    assert project.plan(scores, table) == []

    (shared / "tokenizer.json").unlink()
    code, output = project.run(scores)
    assert code != 0
    assert f"pretrained.site.path  {shared} lacks a tokenizer (tokenizer.json)" in output
    assert "Traceback" not in output
