"""Verso as a module of another workflow, in another folder: its plan and one of its jobs."""

import subprocess
import sys

import pytest
import yaml
from project import CONFIG, Project

SNAKEFILE = """
configfile: "study.yaml"


module verso:
    snakefile:
        "../verso/workflow/Snakefile"
    config:
        config["verso"]


use rule * from verso as verso_*


rule all:
    default_target: True
    input:
        rules.verso_all.input,
"""


@pytest.fixture
def study(tmp_path):
    """A workflow beside a clone of Verso, which it uses as a module."""
    clone = Project.made_in(tmp_path / "verso")
    folder = tmp_path / "study"
    folder.mkdir()
    (folder / "Snakefile").write_text(SNAKEFILE)
    (folder / "songs.jsonl").write_text((clone.folder / "songs.jsonl").read_text())
    (folder / "study.yaml").write_text(yaml.safe_dump({"verso": CONFIG}))
    return folder


def snakemake(folder, *arguments):
    command = [sys.executable, "-m", "snakemake", "--cores", "1", *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_another_workflow_plans_all_of_verso_and_runs_a_job_of_it(study):
    plan = snakemake(study, "--dry-run")
    for rule in ("verso_train_recurrent_lm", "verso_compare_language_modelling", "verso_report", "all"):
        assert f"rule {rule}:" in plan
    assert "not present in the Snakefile" not in plan
    snakemake(study, "results/corpora/songs/train.jsonl")
    assert (study / "results/corpora/songs/train.jsonl").read_text().count("\n") > 5
    assert (study / "results/logs/prepare_corpus/songs.log").exists()
    assert "verso_prepare_corpus" not in snakemake(study, "--dry-run")


def test_what_fetches_is_local_under_any_name(study):
    """Compute nodes have no internet, and tokens are kept from jobs."""
    settings = yaml.safe_load((study / "study.yaml").read_text())
    settings["verso"]["corpora"]["songs"] |= {"songs_per_artist": 2, "source": {"type": "genius", "artists": ["Ada"]}}
    (study / "study.yaml").write_text(yaml.safe_dump(settings))
    with (study / "Snakefile").open("a") as out:
        out.write('\n\nprint("local:", *sorted(workflow._localrules))\n')
    plan = snakemake(study, "--dry-run")
    (local,) = [line.split()[1:] for line in plan.splitlines() if line.startswith("local:")]
    for rule in ("scrape_genius", "scrape_steam", "fetch_dataset", "fetch_wikipedia", "fetch_pretrained", "fetch", "all"):
        assert f"verso_{rule}" in local
    assert "verso_acquire_corpus" not in local


def test_an_edited_comment_runs_nothing_again_with_the_profile_of_verso(study):
    target, profile = "results/corpora/songs/train.jsonl", ("--workflow-profile", "../verso/profiles/default")
    snakemake(study, target, *profile)
    driver = study.parent / "verso/workflow/scripts/prepare_corpus.py"
    driver.write_text(driver.read_text() + "# a comment\n")
    assert "Nothing to be done" in snakemake(study, target, *profile)
