"""Datasets of the hub: which rows come, what is requested again, and what a person reads when it fails."""

import io
import json
import zipfile

import datasets
import huggingface_hub.constants
import pytest
from dataset_server import DatasetHub
from hub_server import TOKEN

from verso.corpora.sources.hub.fetch import fetch_dataset
from verso.corpora.sources.hub.settings import HubDataset
from verso.errors import VersoError

NAME = "someone/reviews"


def rows_of(name, count, label=lambda number: number % 3):
    return [{"review": f"{name} {number}", "stars": label(number), "id": number} for number in range(count)]


def as_lines(rows):
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def as_parquet(rows, names):
    """With a column of classes, as most datasets of the hub have it."""
    features = datasets.Features(
        {"review": datasets.Value("string"), "stars": datasets.ClassLabel(names=names), "id": datasets.Value("int64")}
    )
    out = io.BytesIO()
    datasets.Dataset.from_list(rows, features=features).to_parquet(out)
    return out.getvalue()


def as_card(*configurations):
    """What a dataset says of its files, at the top of its page."""
    return f"---\n{json.dumps({'configs': configurations})}\n---\n".encode()


SPLITS = ("train", "test", "unsupervised")
FILES = {
    "README.md": as_card({"config_name": "default", "data_files": [{"split": s, "path": f"{s}.jsonl"} for s in SPLITS]}),
    "train.jsonl": as_lines(rows_of("train", 20)),
    "test.jsonl": as_lines(rows_of("test", 5)),
    "unsupervised.jsonl": as_lines(rows_of("more", 4)),
}


@pytest.fixture
def hub(tmp_path, monkeypatch):
    for name in ("HF_TOKEN", "HUGGING_FACE_HUB_TOKEN", "HUGGINGFACE_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)  # a .env of this repository is no part of a test
    with DatasetHub() as hub:
        monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", hub.root)  # what HF_ENDPOINT sets when it is imported
        monkeypatch.setattr(
            huggingface_hub.constants, "HUGGINGFACE_CO_URL_TEMPLATE", hub.root + "/{repo_id}/resolve/{revision}/{filename}"
        )
        monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path / "files"))
        monkeypatch.setattr(huggingface_hub.constants, "HF_TOKEN_PATH", str(tmp_path / "no-login"))
        monkeypatch.setattr(datasets.config, "HF_ENDPOINT", hub.root)
        hub.commit = hub.add(NAME, FILES)
        yield hub


@pytest.fixture
def fetched(hub, tmp_path):
    """Fetch; the rows and the summary."""

    def run(repository=NAME, revision="main", configuration=None, splits=None, join=None, **fields):
        outputs = {"rows": tmp_path / "rows.jsonl", "set_aside": tmp_path / "aside.jsonl", "summary": tmp_path / "summary.json"}
        for path in outputs.values():
            path.unlink(missing_ok=True)
        splits = splits and dict.fromkeys(("train", "validation", "test")) | splits
        source = {"repository": repository, "revision": revision, "configuration": configuration, "splits": splits}
        source |= {"fields": {"text": "review", "label": "stars", **fields}} | ({"join": join} if join else {})
        fetch_dataset(source, tmp_path / "cache", outputs)
        assert outputs["set_aside"].read_text() == ""
        rows = [json.loads(line) for line in outputs["rows"].read_text().splitlines()]
        return rows, json.loads(outputs["summary"].read_text())

    return run


def refusal(fetched, **options):
    with pytest.raises(VersoError) as caught:
        fetched(**options)
    assert TOKEN not in str(caught.value)
    return str(caught.value)


def test_the_rows_of_the_given_splits_come_with_text_label_and_split(hub, fetched):
    rows, summary = fetched()
    assert rows[0] == {"text": "train 0", "label": 0, "split": "train"}
    assert rows[-1] == {"text": "test 4", "label": 1, "split": "test"}
    assert len(rows) == 25, "a split that is none of ours came too"
    about = {"repository": NAME, "revision": "main", "commit": hub.commit, "configuration": None}
    assert summary == about | {"rows": {"train": 20, "test": 5}}


def test_a_column_of_classes_gives_their_names_and_minus_one_is_no_label(hub, fetched):
    names = ["bad", "so so", "good"]
    parquet = {f"data/{part}-00000-of-00001.parquet": as_parquet(rows_of(part, 3), names) for part in ("train", "validation")}
    hidden = as_parquet(rows_of("test", 2, label=lambda number: -1), names)
    hub.add("someone/classes", parquet | {"data/test-00000-of-00001.parquet": hidden})
    rows, _ = fetched(repository="someone/classes")
    assert [row["label"] for row in rows] == [*names, *names, None, None]
    assert [row["split"] for row in rows] == ["train"] * 3 + ["validation"] * 3 + ["test"] * 2


def test_a_configuration_is_chosen_by_its_name_and_a_wrong_one_lists_those_there_are(hub, fetched):
    readme = as_card(*({"config_name": name, "data_files": f"{name}/train.jsonl"} for name in ("es", "en")))
    hub.add("someone/two", {"README.md": readme, **{f"{name}/train.jsonl": as_lines(rows_of(name, 4)) for name in ("es", "en")}})
    assert {row["text"][:2] for row in fetched(repository="someone/two", configuration="en")[0]} == {"en"}
    for configuration in (None, "fr"):
        message = refusal(fetched, repository="someone/two", configuration=configuration)
        assert "es" in message
        assert "en" in message


def test_splits_take_the_names_that_the_config_gives_and_a_missing_one_lists_those_found(fetched):
    rows, summary = fetched(splits={"train": "train", "validation": "unsupervised"})
    assert summary["rows"] == {"train": 20, "validation": 4}
    assert {row["split"] for row in rows} == {"train", "validation"}
    message = refusal(fetched, splits={"train": "train", "test": "eval"})
    assert "has no split 'eval' (source.splits.test); found: train (20 rows), test (5 rows), unsupervised (4 rows)" in message


def test_splits_that_are_read_as_one_come_whole_in_their_order_and_belong_to_no_part(fetched):
    rows, summary = fetched(join=["unsupervised", "train"], group="id")
    assert summary["rows"] == {"unsupervised": 4, "train": 20}
    assert rows[0] == {"text": "more 0", "label": 0, "group": 0}
    assert [row["text"] for row in rows] == [*(f"more {n}" for n in range(4)), *(f"train {n}" for n in range(20))]


def test_a_split_to_join_that_is_missing_is_named_with_those_found(fetched):
    message = refusal(fetched, join=["train", "train_sft", "test_sft"])
    found = "train (20 rows), test (5 rows), unsupervised (4 rows)"
    assert message == f"{NAME}: has no split train_sft, test_sft (source.join); found: {found}"
    assert fetched(join=["train"])[1]["rows"] == {"train": 20}, "what was fetched is read again by what the config says now"


def test_a_dataset_without_train_says_what_it_has(hub, fetched):
    hub.add("someone/held-out", {"data/test.jsonl": as_lines(rows_of("test", 5))})
    assert "has no split 'train' (source.splits.train); found: test (5 rows)" in refusal(fetched, repository="someone/held-out")
    assert fetched(repository="someone/held-out", splits={"train": "test"})[1]["rows"] == {"train": 5}


def test_a_missing_column_lists_the_columns_found(fetched):
    message = refusal(fetched, text="text", label="stars")
    assert "split train: no column text; found: review, stars, id. Name them under source.fields" in message


def test_a_dataset_of_the_old_script_kind_says_what_to_do_instead(hub, fetched):
    hub.add("someone/old", {"old.py": b"print('never run')", "data.txt": b"x"})
    message = refusal(fetched, repository="someone/old")
    assert "is of the old kind, a script (old.py) that makes the data, and scripts are not run" in message
    assert "refs/convert/parquet" in message
    assert not any(path.endswith("old.py") for path, _, _ in hub.requests), "it was fetched all the same"


def test_broken_data_names_the_dataset_and_leaves_no_half_of_it(hub, fetched, tmp_path):
    hub.add("someone/broken", {"train.jsonl": b'{"review": "x", "stars": 1}\n{"review": \n'})
    assert "someone/broken at " in refusal(fetched, repository="someone/broken")
    assert [path for path in (tmp_path / "cache").rglob("*") if path.is_file() and path.name != ".lock"] == []
    hub.add("someone/empty", {"README.md": b"nothing here"})
    assert "someone/empty" in refusal(fetched, repository="someone/empty")


# --- the hub's own faults ---


def test_what_the_hub_does_not_know_is_said(fetched):
    assert "knows no such repository, or it is private and no token was found" in refusal(fetched, repository="someone/none")
    assert "datasets/someone/none" in refusal(fetched, repository="someone/none")
    assert 'has no revision "v9"' in refusal(fetched, revision="v9")


def test_a_gated_dataset_wants_a_token_and_takes_it_from_the_env_file(hub, fetched, tmp_path):
    hub.add("someone/gated", FILES, gated=True)
    message = refusal(fetched, repository="someone/gated")
    assert "is gated, and no token was found; accept its terms on" in message
    (tmp_path / ".env").write_text(f"HF_TOKEN={TOKEN}\n")
    (tmp_path / ".env").chmod(0o600)
    assert len(fetched(repository="someone/gated")[0]) == 25


# --- the cache ---


def test_a_commit_that_is_in_the_cache_needs_no_network(hub, fetched):
    first = fetched(revision=hub.commit)
    asked = len(hub.requests)
    assert fetched(revision=hub.commit) == first
    assert len(hub.requests) == asked
    assert fetched(revision=hub.commit, splits={"train": "test"})[1]["rows"] == {"train": 5}


def test_what_a_killed_fetch_left_is_cleared_and_never_taken_for_the_dataset(hub, fetched, tmp_path):
    folder = tmp_path / "cache" / NAME.replace("/", "--")
    (folder / ".fetching" / "whole").mkdir(parents=True)
    (folder / ".fetching" / "whole" / "half.arrow").write_bytes(b"half")
    assert len(fetched()[0]) == 25
    assert not (folder / ".fetching").exists()


def test_a_branch_is_looked_up_and_where_the_hub_is_silent_what_is_here_is_enough(hub, fetched, monkeypatch):
    first = fetched()
    asked = len(hub.requests)
    assert fetched() == first
    assert [path for path, _, _ in hub.requests[asked:]] == [f"/api/datasets/{NAME}/revision/main"]
    monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", "http://127.0.0.1:9")  # nobody listens to port 9
    assert fetched() == first
    assert "no connection to" in refusal(fetched, revision="v2")


def test_a_branch_that_has_moved_stops_and_names_both(hub, fetched):
    fetched()
    moved = hub.repositories[NAME].push({**FILES, "test.jsonl": as_lines(rows_of("new", 6))})
    message = refusal(fetched)
    assert f'revision "main" has moved: fetched was {hub.commit}, now it is {moved}' in message
    assert fetched(revision=hub.commit)[1]["rows"]["test"] == 5
    assert fetched(revision=moved)[1]["rows"]["test"] == 6


def test_another_commit_in_the_cache_is_never_taken_for_the_one_that_is_wanted(hub, fetched):
    """load_dataset would: whatever goes wrong, it takes the version it finds."""
    fetched(revision=hub.commit)
    broken = hub.repositories[NAME].push({**FILES, "train.jsonl": b"{"})
    assert f"{NAME} at {broken}" in refusal(fetched, revision=broken)


@pytest.mark.parametrize("commit", ["../../../elsewhere", "/tmp/x", "main", None, "f" * 40 + "\n"])
def test_a_commit_that_is_none_never_becomes_a_folder(hub, fetched, tmp_path, commit):
    hub.lies["commit"] = commit
    assert "40 hexadecimal digits" in refusal(fetched)
    assert [path.name for path in (tmp_path / "cache").rglob("*") if path.is_file()] == [".lock"]


def test_a_link_in_the_cache_is_not_followed(hub, fetched, tmp_path):
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    place = tmp_path / "cache" / "someone--reviews"
    place.mkdir(parents=True)
    (place / ".fetching").symlink_to(theirs)
    assert ".fetching: is a link" in refusal(fetched)
    assert not list(theirs.iterdir())
    (theirs / "precious").write_text("theirs")
    (place / ".lock").unlink()
    (place / ".lock").symlink_to(theirs / "precious")
    assert ".lock: is a link" in refusal(fetched)
    assert (theirs / "precious").read_text() == "theirs"


@pytest.mark.parametrize("configuration", ["../../elsewhere", "/tmp/x", "..", "a\0"])
def test_a_configuration_that_is_a_path_is_refused_in_the_config(configuration):
    with pytest.raises(ValueError, match="no name of a configuration"):
        HubDataset(type="hub", repository=NAME, revision="main", configuration=configuration)
    HubDataset(type="hub", repository=NAME, revision="main", configuration="es-wiki.v1")


def test_a_list_of_files_that_never_ends_is_left(hub, fetched):
    hub.lists_for_ever = True
    with pytest.raises(VersoError, match=rf"{NAME}: 127.0.0.1:\d+ lists its files again and again"):
        fetched()
    assert len(hub.requests) < 20


@pytest.mark.parametrize("how", ["{}", "file://{}", "zip://a.jsonl::{}"])
def test_a_dataset_that_names_a_file_of_this_machine_as_its_data_does_not_get_it(hub, fetched, tmp_path, how):
    """Its rows would be what the user has there, and be printed in a report."""
    secret = tmp_path / ("secret.zip" if "zip" in how else "secret.jsonl")
    if "zip" in how:
        with zipfile.ZipFile(secret, "w") as archive:
            archive.writestr("a.jsonl", as_lines(rows_of("secret", 3)))
    else:
        secret.write_bytes(as_lines(rows_of("secret", 3)))
    card = as_card({"config_name": "default", "data_files": [{"split": "train", "path": how.format(secret)}]})
    hub.add("someone/hostile", {"README.md": card, "train.jsonl": as_lines(rows_of("train", 3))})
    assert "a file of this machine, as its data; do not trust this dataset" in refusal(fetched, repository="someone/hostile")
    assert not [path for path in (tmp_path / "cache").rglob("*") if path.is_file() and b"secret 1" in path.read_bytes()]
