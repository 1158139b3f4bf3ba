"""Fetching from a hub: what is requested, what is kept, and what a person reads when it fails."""

import io
import os
import signal
import subprocess
import sys
from pathlib import Path

import huggingface_hub.constants
import pytest
import torch
from certificates import certificate_for
from hub_server import FILES, REPOSITORY, TOKEN, WEIGHTS, Hub

from verso.errors import VersoError
from verso.files import read_json
from verso.jobs.secrets import MEMORY, hide_tokens
from verso.pretrained.fetch import fetch
from verso.pretrained.manifest import snapshot_of

LIBRARY = Path(__file__).parents[3] / "workflow" / "scripts"
PATTERNS = ["model*.safetensors", "*.json"]
TAKEN = ["config.json", "model.safetensors", "tokenizer.json"]


CHUNK = 10_000  # bytes that huggingface_hub writes at once: 10 MB, which is all that a death can lose; less in these tests


@pytest.fixture
def hub(tmp_path, monkeypatch):
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)  # a .env of this repository is no part of a test
    with Hub() as hub:
        monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", hub.root)  # what HF_ENDPOINT sets when it is imported
        template = hub.root + "/{repo_id}/resolve/{revision}/{filename}"
        monkeypatch.setattr(huggingface_hub.constants, "HUGGINGFACE_CO_URL_TEMPLATE", template)
        monkeypatch.setattr(huggingface_hub.constants, "DOWNLOAD_CHUNK_SIZE", CHUNK)
        monkeypatch.setattr(huggingface_hub.constants, "HF_TOKEN_PATH", str(tmp_path / "no-login"))
        hub.commit = hub.add(REPOSITORY, FILES)
        yield hub


@pytest.fixture
def manifest(tmp_path):
    return tmp_path / "results" / "pretrained" / "small" / "pretrained.json"


def settings(**changes):
    return {"repository": REPOSITORY, "revision": "main", "files": PATTERNS, "licence": "apache-2.0", **changes}


def got(manifest, **changes):
    fetch("small", settings(**changes), manifest)
    return read_json(manifest)


def refusal(manifest, **changes):
    """What a person reads when the fetch fails; nothing may be left that vouches for files."""
    with pytest.raises(VersoError) as caught:
        fetch("small", settings(**changes), manifest)
    assert not manifest.exists()
    assert TOKEN not in str(caught.value)
    return str(caught.value)


def test_the_files_wanted_lie_there_and_the_manifest_vouches_for_them(hub, manifest):
    described = got(manifest)
    assert (described["name"], described["type"], described["miniature"]) == ("small", "hub", False)
    assert (described["repository"], described["commit"]) == (REPOSITORY, hub.commit)
    assert (described["licence"], described["model_type"], described["parameters"]) == ("apache-2.0", "mistral", 50_000)
    assert sorted(described["files"]) == TAKEN
    folder = snapshot_of(manifest)
    assert sorted(str(path.relative_to(folder)) for path in folder.rglob("*")) == TAKEN
    assert all((folder / name).read_bytes() == FILES[name] for name in TAKEN)


def test_what_the_models_page_says_is_kept_beside_the_manifest_and_not_in_it(hub, manifest):
    got(manifest)
    before, page = manifest.read_bytes(), read_json(manifest.parent / "fetched.json")
    assert (page["downloads_last_month"], page["likes"], page["gated"]) == (12345, 67, False)
    assert (page["created"], page["last_modified"]) == ("2024-05-22T09:57:04+00:00", "2025-01-02T03:04:05+00:00")
    assert (page["licence_on_hub"], page["languages"], page["base_models"]) == ("apache-2.0", ["es", "en"], ["someone/base"])
    assert (page["library"], page["task"]) == ("transformers", "fill-mask")
    assert "safetensors" in page["tags"]
    hub.repositories[REPOSITORY].card = {"language": "es"}  # another day, another page; the same commit
    manifest.unlink()
    got(manifest)
    assert manifest.read_bytes() == before, "what trains depends on these bytes"
    page = read_json(manifest.parent / "fetched.json")
    assert (page["licence_on_hub"], page["languages"], page["base_models"]) == (None, ["es"], [])


@pytest.mark.parametrize(
    ("card", "called"),
    [
        ({"license": "mit"}, "mit"),
        ({"license": "other", "license_name": "gemma"}, "gemma"),
        ({"license": "other"}, "other"),
        ({"license": ["mit", "cc0-1.0"]}, "mit, cc0-1.0"),
    ],
)
def test_a_licence_that_the_hub_calls_otherwise_is_announced(hub, manifest, caplog, card, called):
    hub.repositories[REPOSITORY].card = card
    assert got(manifest)["licence"] == "apache-2.0", "the config's, for the manifest depends on the config and the files alone"
    assert f'the hub calls its licence "{called}", the config "apache-2.0"' in caplog.text
    assert f"{hub.root}/{REPOSITORY}" in caplog.text


@pytest.mark.parametrize("card", [{"license": "Apache-2.0"}, {}])
def test_a_licence_in_other_letters_or_none_on_the_hub_is_not_announced(hub, manifest, caplog, card):
    hub.repositories[REPOSITORY].card = card
    got(manifest)
    assert "licence" not in caplog.text


def test_the_same_commit_gives_the_same_manifest_and_nothing_is_fetched_twice(hub, manifest):
    """Downstream jobs depend on the manifest's bytes: a date in it would train everything again."""
    got(manifest)
    before = manifest.read_bytes()
    manifest.unlink()  # as Snakemake does before it makes an output again
    hub.requests.clear()
    got(manifest)
    assert manifest.read_bytes() == before
    assert hub.asked_files() == []


def test_a_pattern_for_a_folder_of_the_repository(hub, manifest):
    assert sorted(got(manifest, files=["*.json", "model.safetensors", "original/*"])["files"]) == [
        "config.json",
        "model.safetensors",
        "original/params.json",
        "tokenizer.json",
    ]


def test_after_a_cut_only_the_rest_is_requested(hub, manifest):
    hub.cut_after["model.safetensors"] = 70_000
    got(manifest)
    asked = [ranged for name, ranged in hub.asked_files() if name == "model.safetensors"]
    assert asked == [None, "bytes=70000-"]
    assert (snapshot_of(manifest) / "model.safetensors").read_bytes() == WEIGHTS


def test_a_killed_fetch_goes_on_where_it_was(hub, manifest):
    hub.stall_after["model.safetensors"] = 100_000
    chunk = f"from huggingface_hub import constants; constants.DOWNLOAD_CHUNK_SIZE = {CHUNK}; "
    script = chunk + f"from verso.pretrained.fetch import fetch; fetch('small', {settings()!r}, {str(manifest)!r})"
    environment = {**os.environ, "PYTHONPATH": str(LIBRARY), "HF_ENDPOINT": hub.root, "HF_HOME": str(manifest.parent / "home")}
    process = subprocess.Popen([sys.executable, "-c", script], env=environment)
    assert hub.stalled.wait(60)
    part = manifest.parent / "snapshot.part"
    while not any(file.stat().st_size for file in part.glob("*") if len(file.name) == 64):
        assert process.poll() is None  # what was sent is on its way to the disk
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not manifest.exists()
    hub.requests.clear()
    got(manifest)
    (asked,) = [ranged for name, ranged in hub.asked_files() if name == "model.safetensors"]
    assert asked is not None, "the whole file was asked for again"
    assert (snapshot_of(manifest) / "model.safetensors").read_bytes() == WEIGHTS
    assert not part.exists()


def test_content_that_was_changed_on_the_way_is_refused(hub, manifest):
    hub.spoilt.add("model.safetensors")
    message = refusal(manifest)
    assert "model.safetensors came with checksum" in message
    assert not (manifest.parent / "snapshot" / "model.safetensors").exists()
    hub.spoilt.clear()
    got(manifest)  # the wrong bytes are not gone on from
    snapshot_of(manifest)


def test_a_small_file_is_checked_too(hub, manifest):
    hub.spoilt.add("tokenizer.json")
    assert "tokenizer.json came with checksum" in refusal(manifest)


def test_a_file_that_was_damaged_here_is_fetched_again_and_it_alone(hub, manifest):
    got(manifest)
    weights = manifest.parent / "snapshot" / "model.safetensors"
    weights.write_bytes(WEIGHTS[:-1] + b"x")
    manifest.unlink()
    hub.requests.clear()
    got(manifest)
    assert hub.asked_files() == [("model.safetensors", None)]
    assert weights.read_bytes() == WEIGHTS


def test_a_branch_that_moved_is_an_error_that_names_both_commits(hub, manifest):
    got(manifest)
    before = hub.commit
    after = hub.repositories[REPOSITORY].push({**FILES, "config.json": b'{"model_type": "mistral", "hidden_size": 9}'})
    manifest.unlink()
    message = refusal(manifest)
    assert before in message
    assert after in message
    assert "Set `revision`" in message
    assert got(manifest, revision=after)["commit"] == after  # accepted, by saying so
    manifest.unlink()
    assert got(manifest, revision=before)["commit"] == before  # the old one can still be had


def test_a_revision_that_may_move_is_said_to_be_one_with_the_commit_to_write_instead(hub, manifest, caplog):
    got(manifest)
    (told_once,) = [record.getMessage() for record in caplog.records if "may move" in record.getMessage()]
    assert f'{REPOSITORY}: revision "main" is a name that may move; today it is {hub.commit}' in told_once
    assert read_json(manifest.parent / "fetched.json")["commit"] == hub.commit
    caplog.clear()
    before = manifest.read_bytes()
    hub.requests.clear()
    got(manifest, revision=hub.commit)
    assert "may move" not in caplog.text
    assert manifest.read_bytes() == before, "to pin what is here would train everything again"
    assert hub.asked_files() == []


def test_files_of_another_commit_do_not_stay(hub, manifest):
    got(manifest)
    files = {name: content for name, content in FILES.items() if name != "tokenizer.json"}
    got(manifest, revision=hub.repositories[REPOSITORY].push(files))
    assert not (manifest.parent / "snapshot" / "tokenizer.json").exists()


def test_a_gated_model_without_a_token_says_how_to_log_in(hub, manifest):
    hub.repositories[REPOSITORY].gated = True
    message = refusal(manifest)
    assert "is gated" in message
    assert "no token was found" in message
    assert f"{hub.root}/{REPOSITORY}" in message
    assert "hf auth login" in message
    assert "HF_TOKEN" in message


@pytest.mark.parametrize("place", ["environment", ".env", "hidden from jobs"])
def test_a_token_opens_a_gated_model_and_is_written_nowhere(hub, manifest, monkeypatch, place):
    hub.repositories[REPOSITORY].gated = True
    if place == "environment":
        monkeypatch.setenv("HF_TOKEN", TOKEN)
    elif place == ".env":
        Path(".env").write_text(f"HF_TOKEN={TOKEN}\n")
        Path(".env").chmod(0o600)
    else:  # as where a cluster's Snakemake takes it out of the environment that jobs get
        monkeypatch.setenv("HF_TOKEN", TOKEN)
        monkeypatch.setenv(MEMORY, "")
        hide_tokens(os.environ)
    got(manifest)
    assert not [path for path in manifest.parent.rglob("*") if path.is_file() and TOKEN.encode() in path.read_bytes()]


def test_a_token_that_opens_nothing_is_not_shown(hub, manifest, monkeypatch, caplog):
    hub.repositories[REPOSITORY].gated = True
    monkeypatch.setenv("HF_TOKEN", "hf_wrong_token")
    message = refusal(manifest)
    assert "the token that was sent has no access" in message
    assert "hf_wrong_token" not in message + caplog.text


def test_a_repository_that_is_not_there(hub, manifest):
    message = refusal(manifest, repository="someone/smal-model")
    assert "someone/smal-model: the hub knows no such repository" in message


def test_a_revision_that_is_not_there(hub, manifest):
    assert 'has no revision "v9"' in refusal(manifest, revision="v9")


def test_a_file_that_is_not_there_names_those_that_are(hub, manifest):
    message = refusal(manifest, files=["*.json", "pytorch_model.bin"])
    assert "has no file pytorch_model.bin" in message
    assert "model.safetensors" in message


def test_a_model_without_weights_is_refused_before_anything_is_fetched(hub, manifest):
    assert "no weights among the files" in refusal(manifest, files=["*.json"])
    assert not (manifest.parent / "snapshot").exists()


def test_weights_come_as_pytorch_model_bin_where_there_are_no_safetensors(hub, manifest):
    """Microsoft's repositories of mDeBERTa and DeBERTa-v3 hold nothing else."""
    weight = torch.zeros(30, 10)
    saved = io.BytesIO()
    torch.save({"layer.weight": weight, "tied.weight": weight, "layer.bias": torch.zeros(30)}, saved)
    hub.add("microsoft/small", {"config.json": b'{"model_type": "deberta-v2"}', "pytorch_model.bin": saved.getvalue()})
    described = got(manifest, repository="microsoft/small", files=["config.json", "pytorch_model.bin"])
    assert (described["parameters"], [*described["files"]]) == (330, ["config.json", "pytorch_model.bin"])
    assert (snapshot_of(manifest) / "pytorch_model.bin").read_bytes() == saved.getvalue()


def test_a_pytorch_model_bin_that_would_run_something_is_refused_unread(hub, manifest, tmp_path):
    class Runs:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "run"),)

    saved = io.BytesIO()
    torch.save({"layer.weight": Runs()}, saved)
    hub.add("microsoft/small", {"config.json": b"{}", "pytorch_model.bin": saved.getvalue()})
    assert "no file of weights alone" in refusal(
        manifest, repository="microsoft/small", files=["config.json", "pytorch_model.bin"]
    )
    assert not (tmp_path / "run").exists()


def test_without_a_network_it_is_said_at_once_and_what_to_do(hub, manifest, monkeypatch):
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", "http://127.0.0.1:9")  # nobody listens to port 9
    message = refusal(manifest)
    assert "no connection to 127.0.0.1:9" in message
    assert "login node" in message


def test_a_certificate_that_is_not_trusted_is_no_missing_network(hub, manifest, monkeypatch, tmp_path):
    with Hub(certificate=certificate_for("IP:127.0.0.1", tmp_path)) as other:
        monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", other.root)
        message = refusal(manifest)
        assert f"the certificate of {other.root.removeprefix('https://')} is not trusted" in message
    for part in ("SSL_CERT_FILE", "clock"):
        assert part in message
    assert "no connection" not in message


def test_what_is_here_and_sound_needs_no_network(hub, manifest, monkeypatch):
    """A new version of Verso asks for each manifest anew; a day without the hub must not stop a study."""
    got(manifest)
    before = manifest.read_bytes()
    manifest.unlink()
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", "http://127.0.0.1:9")
    got(manifest)
    assert manifest.read_bytes() == before
    manifest.unlink()
    (manifest.parent / "snapshot" / "config.json").unlink()
    assert "no connection" in refusal(manifest)


def test_a_disk_that_is_too_small_is_known_before_the_first_byte(hub, manifest, monkeypatch):
    import shutil

    manifest.parent.mkdir(parents=True)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: shutil._ntuple_diskusage(10**9, 10**9, 1000))
    assert "0.0 GB are free" in refusal(manifest)
    assert hub.asked_files() == []


def files_below(folder):
    """Every file's content, links of folders followed: what must be the same afterwards."""
    return {str(path): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.mark.parametrize(
    "name",
    ["../stolen.json", "/tmp/stolen.json", "a/../../stolen.json", "..\\stolen.json", "C:stolen.json", "a\x1b[2J.json", "a\0.json",
     "./stolen.json", "a//stolen.json", "nul.json", "a/../stolen.json", "\ud800.json", "x" * 300 + ".json"],
)  # fmt: skip
def test_a_name_that_leads_out_of_the_folder_or_is_none_is_refused(hub, manifest, tmp_path, name):
    hub.repositories[REPOSITORY].push({**FILES, name: b"{}"})
    message = refusal(manifest, files=["*.json", "*.safetensors", "*/*", "*/*/*", "*/*/*/*"])
    assert "do not trust" in message
    assert message.isprintable()
    assert not files_below(tmp_path)


@pytest.mark.parametrize("kind", ["absolute", "above", "short", "no digit", "null", "none", "number", "line end"])
@pytest.mark.parametrize("file", ["model.safetensors", "config.json"])
def test_a_checksum_that_is_none_never_becomes_a_path(hub, manifest, tmp_path, kind, file):
    """An absolute one was opened for appending: a mirror could write into any file of the user."""
    precious = tmp_path / "precious"
    precious.write_text("mine")
    lie = {
        "absolute": str(precious),
        "above": "../../../../precious",
        "short": "ab12",
        "no digit": "g" * 64,
        "null": "a" * 39 + "\0",
    }
    lie |= {"none": "", "number": 7, "line end": "a" * 40 + "\n"}
    said = lie[kind]
    hub.lies[file] = {"blobId": said} if file == "config.json" else {"lfs": {"sha256": said, "size": 9, "pointerSize": 130}}
    message = refusal(manifest)
    assert "40 or 64 hexadecimal digits" in message
    assert file in message
    assert files_below(tmp_path) == {str(precious): b"mine"}
    assert not hub.asked_files(), "nothing is fetched from it"


@pytest.mark.parametrize("commit", ["../../../elsewhere", "/tmp/x", "main", "", None, "f" * 39, "f" * 40 + "\n", 12])
def test_a_commit_that_is_none_is_refused(hub, manifest, tmp_path, commit):
    hub.lies["commit"] = commit
    assert "40 hexadecimal digits" in refusal(manifest)
    assert not files_below(tmp_path)


@pytest.mark.parametrize("lie", [{"lfs": "x"}, {"lfs": {"size": 1}}, {"size": {}}])
def test_an_answer_that_describes_no_file_is_a_sentence(hub, manifest, lie):
    hub.lies["model.safetensors"] = lie
    assert REPOSITORY in refusal(manifest)


@pytest.mark.parametrize("size", [-1, None, "12", True])
def test_a_size_that_is_none_is_refused(hub, manifest, size):
    hub.lies["config.json"] = {"size": size}
    assert "where a number of bytes is right" in refusal(manifest)


def test_more_bytes_than_the_hub_said_never_fill_the_disk_and_fewer_are_said(hub, manifest):
    hub.lies["tokenizer.json"] = {"size": 5}
    assert "more came than the 5 bytes" in refusal(manifest)
    hub.lies["tokenizer.json"] = {"size": 5_000}
    assert "sent a file that is not whole" in refusal(manifest)
    hub.lies.clear()
    assert sorted(got(manifest)["files"]) == TAKEN


def test_what_a_hostile_hub_once_said_is_not_believed_from_the_notes_either(hub, manifest, monkeypatch, tmp_path):
    got(manifest)
    manifest.unlink()
    notes = manifest.parent / "fetched.json"
    notes.write_text(notes.read_text().replace('"tokenizer.json",', '"../../../../precious",'))
    (tmp_path / "precious").write_bytes(FILES["tokenizer.json"])
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", "http://127.0.0.1:9")
    assert "leads out of its folder" in refusal(manifest)


@pytest.mark.parametrize(
    "place", ["pretrained", "pretrained/small", "pretrained/small/snapshot", "pretrained/small/snapshot.part"]
)
def test_nothing_is_fetched_into_or_removed_from_a_folder_behind_a_link(hub, manifest, tmp_path, place):
    """A link to a shared model folder: what `files` does not choose was deleted there, and it was everybody's."""
    shared = tmp_path / "shared"
    for name in ("", "small", "small/snapshot", "snapshot", "original", "a" * 64):
        (shared / name).mkdir(parents=True, exist_ok=True)
        (shared / name / "precious.bin").write_text("ours")
        (shared / name / "config.json").write_text("{}")
    link = tmp_path / "results" / place
    link.parent.mkdir(parents=True)
    link.symlink_to(shared)
    before = files_below(shared)
    with pytest.raises(VersoError) as caught:
        fetch("small", settings(), manifest)
    assert f"{link}: is a link to {shared}" in str(caught.value)
    assert files_below(shared) == before


@pytest.mark.parametrize("entry", ["model.safetensors", "original", "others.bin", "original/params.json"])
def test_a_link_in_the_snapshot_is_never_written_through_nor_removed(hub, manifest, tmp_path, entry):
    got(manifest)
    manifest.unlink()
    shared = tmp_path / "shared"
    (shared / "original").mkdir(parents=True)
    (shared / "params.json").write_text("ours")
    (shared / "file").write_text("ours")
    link = manifest.parent / "snapshot" / entry
    link.parent.mkdir(exist_ok=True)
    link.unlink(missing_ok=True)
    link.symlink_to(shared if entry == "original" else shared / "file")
    before = files_below(shared)
    assert "is a link to" in refusal(manifest, files=["*.json", "model.safetensors", "original/*"])
    assert link.is_symlink()
    assert files_below(shared) == before


def test_results_themselves_may_be_a_link_to_a_larger_disk(hub, manifest, tmp_path):
    (tmp_path / "scratch").mkdir()
    (tmp_path / "results").symlink_to(tmp_path / "scratch")
    assert sorted(got(manifest)["files"]) == TAKEN
