"""The whole demo on a real SLURM through the shipped profile; and a finished study is as finished there as on one machine."""

import json
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from changes import OUTDATED, learning_rate_of_the_lstm
from project import CONFIG, ROOT, Project
from slurm.soak import checksums, soak, undisturbed, verdict
from slurm.study import Study

DEMO = "config/demo.yaml"
SECRET = "a-token-that-nobody-may-see"


@pytest.fixture(scope="module")
def finished(cluster, tmp_path_factory):
    """The tiny study, every job of it submitted; a token was in the user's environment."""
    study = Study.made_in(tmp_path_factory.mktemp("finished"), cluster, CONFIG)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GENIUS_API_TOKEN", SECRET)
        snakemake = study.start()
        training = study.until(lambda: study.attempts("lstm-char"), "the training to start")[0]
        environment = study.process_of(training).environ()
        assert snakemake.wait(timeout=300) == 0, study.output()
    return study, environment


def test_the_whole_demo_ends_on_slurm_with_the_bits_of_this_machine(cluster, tmp_path):
    local = Project.made_in(tmp_path / "local")
    study = Study.made_in(tmp_path / "slurm", cluster, CONFIG)
    for project in (local, study.project):
        (project.folder / "test.yaml").write_text((ROOT / DEMO).read_text())
        (project.folder / "resources" / "demo").mkdir(parents=True)
        (project.folder / "resources" / "demo" / "songs.jsonl").write_bytes((ROOT / "resources/demo/songs.jsonl").read_bytes())
    before = len(cluster.jobs())
    assert study.run(seconds=1500) == 0, study.output()
    submitted = cluster.jobs()[before:]
    local.make("--profile", "profiles/local", "--quiet", "all")
    assert len(checksums(local)) == 48, "12 runs with 4 results each"
    assert checksums(study.project) == checksums(local)
    for name in ("language_models.csv", "comparisons.csv", "samples.csv"):
        assert study.project.path(f"results/tables/{name}").read_text() == local.path(f"results/tables/{name}").read_text()
    assert study.project.path("results/report.html").exists()
    records = [json.loads(path.read_text()) for path in study.project.path("results/logs").rglob("*.job.json")]
    assert all(record["attempts"][-1]["slurm_job"] for record in records), "a job ran on the login node"
    assert {job["partition"] for job in submitted} == {"CPU"}, "a job without a card was given a card's partition"
    assert len(submitted) < len(records), "the jobs of seconds were each submitted alone"


def test_no_job_was_given_the_token_and_no_file_holds_it(finished, cluster):
    study, environment = finished
    assert "VERSO_STARTED" in environment, "this is not the environment of a job"
    assert SECRET not in " ".join(environment.values())
    assert SECRET not in cluster.run("scontrol", "show", "job", "--details")
    holding = [path for path in study.project.folder.rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()]
    assert holding == []


def test_what_is_outdated_is_the_same_on_slurm_as_on_one_machine(finished, tmp_path):
    def planned(number_and_edit):
        number, edit = number_and_edit
        project = finished[0].project.copied_to(tmp_path / str(number))
        edit(project)
        return edit.__name__, project.plan("--profile", "profiles/slurm")

    with ThreadPoolExecutor(2) as two:
        found = dict(two.map(planned, enumerate(OUTDATED)))
    assert found == {edit.__name__: sorted(expected) for edit, expected in OUTDATED.items()}


def test_only_the_changed_model_is_submitted_again(finished, cluster, tmp_path):
    study = Study(finished[0].project.copied_to(tmp_path), cluster)
    study.project.path("snakemake.out").unlink()
    learning_rate_of_the_lstm(study.project)
    before = len(cluster.jobs())
    assert study.run("results/runs/songs/lstm-char/seed-1/scores.csv", "results/runs/songs/gru-word/seed-1/scores.csv") == 0
    assert len(re.findall("has been submitted with SLURM", study.output())) == len(cluster.jobs()) - before == 2


@pytest.mark.parametrize("seed", [1, 2])
def test_random_faults_lose_nothing_and_train_nothing_twice(reference, cluster, tmp_path, seed):
    study, struck, _ = soak(tmp_path, cluster, seed)
    assert struck.total() > 0
    assert verdict(study, checksums(reference)) == ""


@pytest.fixture(scope="module")
def reference(tmp_path_factory):
    """The soak's study, run on this machine without a fault."""
    return undisturbed(tmp_path_factory.mktemp("undisturbed"))
