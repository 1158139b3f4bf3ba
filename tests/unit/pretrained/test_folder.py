"""A model that lies in a folder already: which files count, what is missing, what is read again, that nothing is written."""

import json
import os
import shutil

import pytest
import safetensors.numpy
import torch
from hub_server import WEIGHTS
from numpy import zeros
from tiny_encoder import make

from verso.classification.encoder import base
from verso.classification.encoder.subwords import Subwords
from verso.errors import VersoError
from verso.files import read_json
from verso.pretrained import folder as folders
from verso.pretrained.folder import fault_of_folder, locate, state_of_folder
from verso.pretrained.manifest import snapshot_of
from verso.pretrained.model_config import configuration_of
from verso.pretrained.settings import Folder

COMMIT, OTHER = "a" * 40, "b" * 40
FILES = {
    "config.json": b'{"model_type": "mistral", "hidden_size": 8}',
    "model.safetensors": WEIGHTS,
    "tokenizer.json": b'{"version": "1.0"}',
    "README.md": b"---\nlicense: apache-2.0\n---\n# A model\n",
    "modeling.py": b"print('never seen by a job')",
    "consolidated.safetensors": WEIGHTS,
}
USED = ["config.json", "model.safetensors", "tokenizer.json"]


@pytest.fixture
def shared(tmp_path):
    folder = tmp_path / "shared" / "small"
    folder.mkdir(parents=True)
    for name, content in FILES.items():
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture
def manifest(tmp_path):
    return tmp_path / "results" / "pretrained" / "small" / "pretrained.json"


@pytest.fixture
def read(monkeypatch):
    """The names of the files that were read for their checksum."""
    names = []
    truly = folders.sha256_of

    def sha256_of(path):
        names.append(path.name)
        return truly(path)

    monkeypatch.setattr(folders, "sha256_of", sha256_of)
    return names


def entry(path, **changes):
    return Folder(type="folder", path=str(path), **changes)


def located(manifest, path, **changes):
    locate("small", entry(path, **changes).model_dump(exclude={"type"}), manifest)
    return read_json(manifest.parent / "located.json")


def state_of(folder):
    """All that a user could notice: names, kinds, sizes, times, and where links lead."""
    facts = [(path, path.lstat()) for path in sorted(folder.rglob("*"))]
    return [(path, own.st_mode, own.st_size, own.st_mtime_ns, path.is_symlink() and path.readlink()) for path, own in facts]


def as_cache(tmp_path, *commits, main=None):
    """A hub's cache as huggingface_hub keeps it: the files are links into blobs."""
    model = tmp_path / "hub" / "models--someone--small-model"
    for commit in commits:
        (model / "snapshots" / commit).mkdir(parents=True)
        (model / "blobs").mkdir(exist_ok=True)
        for number, (name, content) in enumerate(FILES.items()):
            (model / "blobs" / f"{number:064x}").write_bytes(content)
            (model / "snapshots" / commit / name).symlink_to(f"../../blobs/{number:064x}")
    if main:
        (model / "refs").mkdir()
        (model / "refs" / "main").write_text(main)
    return model


def test_the_files_chosen_are_used_where_they_lie_and_nothing_there_is_changed(shared, manifest):
    before = state_of(shared)
    facts = located(manifest, shared)
    described = read_json(manifest)
    assert (described["type"], described["model_type"], described["parameters"]) == ("folder", "mistral", 50_000)
    assert (facts["path"], facts["licence"], facts["commit"]) == (str(shared), "apache-2.0", None)
    seen = snapshot_of(manifest)
    assert sorted(described["files"]) == USED
    assert sorted(path.name for path in seen.iterdir()) == USED, "a job would see code, or the weights once more"
    assert all((seen / name).resolve() == shared / name for name in USED)
    assert state_of(shared) == before
    own = [path for path in manifest.parent.rglob("*") if path.is_file() and not path.is_symlink()]
    assert sum(path.stat().st_size for path in own) < 3000, "it was copied"


def test_the_manifest_names_no_place_so_the_same_files_elsewhere_train_nothing_again(shared, manifest, tmp_path):
    located(manifest, shared)
    before = manifest.read_bytes()
    assert str(tmp_path).encode() not in before
    moved = shared.rename(tmp_path / "moved")
    assert located(manifest, moved)["path"] == str(moved)
    assert manifest.read_bytes() == before
    assert (snapshot_of(manifest) / "config.json").resolve() == moved / "config.json"


def test_what_has_the_same_size_and_time_is_not_read_again(shared, manifest, read):
    located(manifest, shared)
    assert sorted(read) == USED
    read.clear()
    before = manifest.read_bytes()
    located(manifest, shared, licence="mit")
    assert read == []
    os.utime(shared / "model.safetensors", (1, 1))
    located(manifest, shared)
    assert read == ["model.safetensors"]
    assert manifest.read_bytes() == before, "a touched file would train everything again"


def test_the_state_at_a_start_reads_nothing_and_knows_a_changed_file(shared, read):
    before = state_of_folder(entry(shared))
    (shared / "notes.md").write_text("not among the files used")
    assert state_of_folder(entry(shared)) == before
    os.utime(shared / "config.json", (1, 1))
    assert state_of_folder(entry(shared)) != before
    assert state_of_folder(entry(shared / "nowhere")) == "not there"
    assert read == []


def test_other_weights_of_the_same_size_give_another_manifest(shared, manifest):
    located(manifest, shared)
    before = manifest.read_bytes()
    (shared / "model.safetensors").write_bytes(WEIGHTS[:-1] + b"x")
    located(manifest, shared)
    assert manifest.read_bytes() != before


def test_a_job_says_when_somebody_changed_a_file_meanwhile(shared, manifest):
    located(manifest, shared)
    (shared / "model.safetensors").write_bytes(WEIGHTS[:-1] + b"x")
    with pytest.raises(VersoError, match=r"model\.safetensors was changed since its checksum was taken; start Snakemake again"):
        snapshot_of(manifest)
    snapshot_of(manifest, weights=False)
    (shared / "config.json").unlink()
    with pytest.raises(VersoError, match=r"config\.json: is missing; start Snakemake again"):
        snapshot_of(manifest)


def test_a_snapshot_in_a_hubs_cache_says_repository_and_commit(tmp_path, manifest):
    cache = as_cache(tmp_path, COMMIT)
    before = state_of(cache)
    facts = located(manifest, cache / "snapshots" / COMMIT)
    assert (facts["repository"], facts["commit"], facts["licence"]) == ("someone/small-model", COMMIT, "apache-2.0")
    assert (snapshot_of(manifest) / "model.safetensors").read_bytes() == WEIGHTS
    assert state_of(cache) == before
    assert located(manifest, cache)["commit"] == COMMIT, "the model's own folder means its only snapshot"


def test_of_several_snapshots_refs_main_is_meant_or_the_user_is_asked(tmp_path, manifest):
    assert located(manifest, as_cache(tmp_path, COMMIT, OTHER, main=OTHER))["commit"] == OTHER
    message = fault_of_folder(entry(as_cache(tmp_path / "again", COMMIT, OTHER)))
    assert "holds 2 snapshots; name the one that you mean" in message
    assert COMMIT in message


def test_a_download_into_a_folder_and_a_git_checkout_say_their_commit(shared, manifest):
    notes = shared / ".cache" / "huggingface" / "download"
    notes.mkdir(parents=True)
    (notes / "config.json.metadata").write_text(f"{COMMIT}\n1234abcd\n1700000000.0\n")
    assert located(manifest, shared)["commit"] == COMMIT
    shutil.rmtree(shared / ".cache")
    (shared / ".git" / "refs" / "heads").mkdir(parents=True)
    (shared / ".git" / "HEAD").write_text("ref: refs/heads/main\n")
    assert located(manifest, shared)["commit"] is None
    (shared / ".git" / "packed-refs").write_text(f"# pack-refs\n{OTHER} refs/heads/main\n")
    assert located(manifest, shared)["commit"] == OTHER
    (shared / ".git" / "refs" / "heads" / "main").write_text(f"{COMMIT}\n")
    assert located(manifest, shared)["commit"] == COMMIT


@pytest.mark.parametrize(
    ("card", "found"),
    [("---\nlicense: other\nlicense_name: gemma\n---\n", "gemma"), ("---\nlicense: [mit, cc0-1.0]\n---\n", "mit, cc0-1.0"),
     ("# No head", None), ("---\n: {\n---\n", None), ("---\n- a\n---\n", None), (None, None)],
)  # fmt: skip
def test_the_licence_is_the_configs_or_what_the_readme_says(shared, manifest, card, found):
    (shared / "README.md").unlink()
    if card is not None:
        (shared / "README.md").write_text(card)
    assert located(manifest, shared)["licence"] == found
    facts = located(manifest, shared, licence="apache-2.0")
    assert (facts["licence"], facts["licence_on_hub"]) == ("apache-2.0", found)


@pytest.mark.parametrize(
    ("lost", "lacks"),
    [("config.json", "config.json"), ("model.safetensors", "weights"), ("tokenizer.json", "a tokenizer (tokenizer.json)")],
)
def test_a_folder_that_lacks_files_is_refused_with_which(shared, manifest, lost, lacks):
    assert fault_of_folder(entry(shared)) == ""
    (shared / lost).unlink()
    assert f"{shared} lacks {lacks}" in fault_of_folder(entry(shared))
    with pytest.raises(VersoError, match=r"pretrained\.small\.path: .* lacks "):
        located(manifest, shared)
    assert not manifest.exists()


def test_each_shard_that_an_index_names_is_needed(shared, manifest):
    (shared / "model.safetensors").unlink()
    shards = [f"model-0000{number}-of-00003.safetensors" for number in (1, 2, 3)]
    index = {"weight_map": {f"layer.{number}": shard for number, shard in enumerate(shards)}}
    (shared / "model.safetensors.index.json").write_text(json.dumps(index))
    safetensors.numpy.save_file({"layer.0": zeros(3, "float32")}, shared / shards[0])
    message = fault_of_folder(entry(shared))
    assert f"lacks {shards[1]} (named by model.safetensors.index.json), {shards[2]}" in message
    assert shards[0] not in message.split(";")[0]
    for shard in shards[1:]:
        safetensors.numpy.save_file({shard: zeros(3, "float32")}, shared / shard)
    assert fault_of_folder(entry(shared)) == ""
    located(manifest, shared)
    assert read_json(manifest)["parameters"] == 9
    (shared / "model.safetensors.index.json").write_text('{"weight_map": {"layer.0": "../../secret.safetensors"}}')
    assert "lacks ../../secret.safetensors" in fault_of_folder(entry(shared))


def test_a_link_whose_file_is_gone_is_a_missing_file(tmp_path):
    cache = as_cache(tmp_path, COMMIT)
    (cache / "snapshots" / COMMIT / "model.safetensors").resolve().unlink()
    assert "lacks weights" in fault_of_folder(entry(cache))


@pytest.mark.parametrize("index", ["[]", "{", '{"weight_map": []}'])
def test_a_folder_that_is_none_or_holds_nonsense_is_a_sentence(shared, index):
    assert "is no folder (looked from" in fault_of_folder(entry(shared / "nowhere"))
    assert "is no folder" in fault_of_folder(entry(shared / "config.json"))
    (shared / "model.safetensors").unlink()
    (shared / "model.safetensors.index.json").write_text(index)
    assert "model.safetensors.index.json" in fault_of_folder(entry(shared))


def test_a_named_file_that_is_not_there_is_named_and_a_pattern_stays_in_the_folder(shared):
    message = fault_of_folder(entry(shared, files=["*.json", "*.safetensors", "chat_template.jinja"]))
    assert "lacks chat_template.jinja" in message
    for pattern in ("../*.json", "/etc/*.json", "a/../../*", "**/*.json"):
        with pytest.raises(ValueError, match="no pattern of files in the folder"):
            entry(shared, files=[pattern])


def test_the_needs_are_estimated_from_the_folders_own_configuration(shared, tmp_path):
    assert configuration_of(entry(shared), tmp_path / "snapshot")["hidden_size"] == 8
    assert configuration_of(entry(shared / "nowhere"), tmp_path / "snapshot") == {}


def test_an_older_fetch_beside_it_is_left_and_links_in_its_place_are_never_followed(shared, manifest, tmp_path):
    (manifest.parent / "snapshot").mkdir(parents=True)
    (manifest.parent / "snapshot" / "model.safetensors").write_bytes(b"fetched before")
    located(manifest, shared)
    located(manifest, shared)  # its own links are no obstacle, and what they lead to stays
    assert (manifest.parent / "snapshot" / "model.safetensors").read_bytes() == b"fetched before"
    assert (shared / "model.safetensors").read_bytes() == WEIGHTS
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    (theirs / "config.json").write_text("theirs")
    shutil.rmtree(manifest.parent / "linked")
    (manifest.parent / "linked").symlink_to(theirs)
    with pytest.raises(VersoError, match="linked: is a link"):
        located(manifest, shared)
    assert [path.name for path in theirs.iterdir()] == ["config.json"]


def test_an_encoder_and_its_tokenizer_come_out_of_a_folder_as_out_of_a_snapshot(tmp_path, manifest):
    direct = make(tmp_path / "made", "bert")
    located(manifest, snapshot_of(direct))
    loaded = []
    for one in (direct, manifest):
        torch.manual_seed(1)  # a pooler that was not saved is drawn
        loaded.append(base.pretrained(snapshot_of(one), base.configuration_of(snapshot_of(one), 3))[0])
    weights = [model.state_dict() for model in loaded]
    assert weights[0].keys() == weights[1].keys()
    assert all(torch.equal(weights[0][name], weights[1][name]) for name in weights[0])
    known = loaded[0].config.vocab_size
    texts = [Subwords.of(snapshot_of(one), known).read(["Una noche en el hotel."], longest=20) for one in (direct, manifest)]
    assert torch.equal(texts[0].tokens, texts[1].tokens)
