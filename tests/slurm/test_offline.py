"""Compute nodes have no internet: a cluster in a network namespace that holds nothing but loopback runs two studies to their end.

One has pretrained models of each family, whose libraries would ask a hub if they were let. The other then serves for what is
true of any finished on SLURM: what is outdated is the same as on one machine, and no job was given the user's tokens.
"""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from changes import OUTDATED
from project import CONFIG, ROOT, Project
from slurm.packages import install, unavailable

if reason := unavailable():
    pytest.skip(reason, allow_module_level=True)

INSIDE = """
import fcntl, json, socket, struct, subprocess, sys, tempfile
from pathlib import Path

with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
    fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh", b"lo", 0x1 | 0x40))  # bring loopback up: the only device that is here
    # getaddrinfo gives SLURM no IPv4 address at all (AI_ADDRCONFIG) while 127.0.0.1 is the only one there is
    another = struct.pack("16sH2x4s8x", b"lo:1", socket.AF_INET, socket.inet_aton("198.51.100.1"))
    fcntl.ioctl(any_socket, 0x8916, another)
with tempfile.NamedTemporaryFile("w") as hosts:  # this machine's name may have been known to a server, or be another device's
    hosts.write(f"127.0.0.1 localhost {socket.gethostname()} {socket.gethostname().split('.')[0]}\\n")
    hosts.flush()
    subprocess.run(["mount", "--bind", hosts.name, "/etc/hosts"], check=True)
assert [name for _, name in socket.if_nameindex()] == ["lo"]
try:
    socket.create_connection(("192.0.2.1", 80), timeout=5)
    raise SystemExit("there is a way out of this namespace")
except OSError as error:
    print("no way out:", error)

from reviews import write_source
from slurm.cluster import Cluster
from slurm.study import Study

(config, pretrained, scores), folder, folder_of_pretrained = json.loads(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])
with tempfile.TemporaryDirectory(prefix="verso-slurm-", dir="/tmp") as state, Cluster(Path(state)) as cluster:
    study, other = Study.made_in(folder, cluster, config), Study.made_in(folder_of_pretrained, cluster, pretrained)
    write_source(other.project.path("reviews.json"), 40, 20, 10)
    other.project.path("short.jinja").write_text("{{ labels | join(', ') }}? {{ text }}")
    snakemake, beside = study.start(), other.start(*scores)
    training = study.until(lambda: study.attempts("lstm-char"), "the training to start")[0]
    (folder / "environment.json").write_text(json.dumps(study.process_of(training).environ()))
    codes = [process.wait(timeout=500) for process in (snakemake, beside)]
    print(study.output(), other.output())
    (folder / "jobs.txt").write_text(cluster.run("scontrol", "show", "job", "--details"))
    raise SystemExit(any(codes))
"""


NEEDS = {"mem_mb": 1500, "runtime": 10, "checkpoint_seconds": 1}
SIZES = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
BERT, MISTRAL = ({"pretrained": name, "needs": NEEDS} for name in ("bert", "mistral"))
MINIATURE = {
    "type": "miniature", "corpus": "reviews", "vocabulary": 320, "pretraining": {"epochs": 1, "window": 32}, "needs": NEEDS,
}  # fmt: skip
PRETRAINED = {
    **CONFIG,
    "corpora": {**CONFIG["corpora"], "reviews": {"kind": "labelled", "source": {"path": "reviews.json"}}},
    "pretrained": {
        "bert": {
            **MINIATURE, "architecture": "bert", "purpose": "masked_lm",
            "configuration": {**SIZES, "max_position_embeddings": 64},
        },
        "mistral": {**MINIATURE, "architecture": "mistral", "configuration": {**SIZES, "num_key_value_heads": 1}},
    },
    "models": {
        "encoder": {**BERT, "family": "encoder", "tuning": "lora", "lora": {"r": 2}, "max_length": 40, "epochs": 1},
        "prompt": {**MISTRAL, "family": "prompt", "template": "short.jinja", "way": "likelihood", "max_length": 512},
        "causal": {**MISTRAL, "family": "causal_llm", "max_length": 256, "epochs": 1, "scoring": {"stride": 128}},
    },
    "experiments": {
        "lyrics": {"corpus": "songs", "models": ["causal"], "seeds": [1]},
        "polarity": {"corpus": "reviews", "models": ["encoder", "prompt"], "seeds": [1]},
    },
}  # fmt: skip
SCORES = [f"results/runs/{run}/seed-1/scores.csv" for run in ("songs/causal", "reviews/encoder", "reviews/prompt")]
SECRET = "a-token-that-nobody-may-see"


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """The projects of studies that ended on SLURM without any network: of recurrent and of pretrained models.

    A token was in their user's environment.
    """
    if os.geteuid() != 0:
        pytest.skip("only root may make namespaces")
    install()
    folders = [tmp_path_factory.mktemp(name) for name in ("offline", "pretrained")]
    path = os.pathsep.join(str(ROOT / part) for part in ("workflow/scripts", "tests"))
    configs = json.dumps([CONFIG, PRETRAINED, SCORES])
    done = subprocess.run(
        ["unshare", "--net", "--mount", sys.executable, "-c", INSIDE, configs, *map(str, folders)],
        env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1", "GENIUS_API_TOKEN": SECRET},
        capture_output=True,
        text=True,
        timeout=1100,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return [Project(folder) for folder in folders]


@pytest.fixture(scope="module")
def finished(both):
    return both[0]


def test_a_study_ends_where_there_is_no_network(finished):
    assert finished.path("results/report.html").exists()


def test_pretrained_models_are_tuned_and_asked_where_there_is_no_network(both):
    assert all(both[1].path(name).exists() for name in SCORES)
    records = [json.loads(path.read_text()) for path in both[1].path("results/logs").rglob("*.job.json")]
    assert all(record["attempts"][-1]["slurm_job"] for record in records), "a job ran on the login node"


def test_no_job_was_given_the_token_and_no_file_holds_it(finished):
    environment = json.loads(finished.path("environment.json").read_text())
    assert "VERSO_STARTED" in environment, "this is not the environment of a job"
    assert SECRET not in " ".join(environment.values())
    assert "JobId=" in finished.path("jobs.txt").read_text()
    holding = [path for path in finished.folder.rglob("*") if path.is_file() and SECRET.encode() in path.read_bytes()]
    assert holding == []


def test_what_is_outdated_is_the_same_on_slurm_as_on_one_machine(finished, tmp_path):
    def planned(number_and_edit):
        number, edit = number_and_edit
        project = finished.copied_to(tmp_path / str(number))
        edit(project)
        return edit.__name__, project.plan("--profile", "profiles/slurm")

    with ThreadPoolExecutor(2) as two:
        found = dict(two.map(planned, enumerate(OUTDATED)))
    assert found == {edit.__name__: sorted(expected) for edit, expected in OUTDATED.items()}
