"""A dataset of the hub: fetched once, on the login node, by revision; all else reads the rows that lie here.

    <cache>/<owner>--<name>/revisions.json                      which commit a revision meant when it was first fetched
                            <commit>/<configuration>/           the dataset as `datasets` keeps it, whole or not there

`load_dataset` falls back on whatever version its cache holds when anything fails: so each commit has a cache of its own.
"""

import logging
import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import datasets
import pyarrow
from datasets.exceptions import DatasetsError
from huggingface_hub import HfApi

from verso.corpora.parts import PARTS
from verso.corpora.sources.file.part_names import PartNames
from verso.errors import VersoError
from verso.fetching.hub import COMMIT, TIMEOUT, Unreachable, clear_errors, commit_named, token_of_hub
from verso.fetching.web_cache import WebCache
from verso.files import empty_folder, read_json, write_json, write_json_lines
from verso.jobs.logs import announce, progress
from verso.names import shown

REVISIONS = "revisions.json"

log = logging.getLogger(__name__)


def fetch_dataset(source: Mapping[str, Any], cache: str | Path, outputs: Mapping[str, str | Path]) -> None:
    """Write the rows of the dataset's given splits, and a summary of what they came from.

    source: repository, revision, configuration (or None), fields ({"text", "label"}, its columns; a column of classes gives their
    names; where given "group"), splits (what it calls train, validation, test, or None for these names), where given join (its
    splits that are read as one). outputs: the files to write: rows (JSON lines of text, label, of splits that are kept
    split, where given group), set_aside (nothing, for acquire looks at the rows), summary. A commit that is in the cache needs no
    network.

    Raises VersoError without a network, for a gated or missing dataset or revision, one that has moved, a dataset that is a
    script or names files of this machine, a configuration, split or column that is not there.
    """
    repository, revision, configuration = source["repository"], source["revision"], source["configuration"]
    fields, folder = source["fields"], Path(cache) / repository.replace("/", "--")
    with WebCache(folder).alone():
        commit = _commit(repository, revision, configuration, folder)
    found = datasets.load_from_disk(str(_place(folder, commit, configuration)))
    parts = _joined(found, joined, repository) if (joined := source.get("join")) else _parts(found, source["splits"], repository)
    for name in parts:
        _refuse_missing_columns(found[name], fields, f"{repository}, split {name}")
    counts = {part or name: len(found[name]) for name, part in parts.items()}
    write_json_lines(outputs["rows"], (row for name, part in parts.items() for row in _rows(found[name], fields, part)))
    write_json_lines(outputs["set_aside"], [])
    about = {"repository": repository, "revision": revision, "commit": commit, "configuration": configuration}
    write_json(outputs["summary"], {**about, "rows": counts})


def _commit(repository: str, revision: str, configuration: str | None, folder: Path) -> str:
    """The commit that a revision means, once it lies in the cache."""
    known = read_json(folder / REVISIONS) if (folder / REVISIONS).exists() else {}
    before = revision if COMMIT.fullmatch(revision) else known.get(revision)
    here = before is not None and _place(folder, before, configuration).exists()
    if here and before == revision:
        return str(before)
    token = token_of_hub()
    try:
        with clear_errors(repository, revision, token, "datasets/"):
            api = HfApi(token=token or False)
            info = api.dataset_info(repository, revision=revision, timeout=TIMEOUT)
            if info.gated:  # the hub describes it to anyone; load_dataset says nothing clear
                api.auth_check(repository, repo_type="dataset")
    except Unreachable as error:
        if not here:
            raise
        log.warning("%s; %s is in the cache: going on with it", error, before)
        return str(before)
    commit = commit_named(info.sha, repository)
    if before not in (None, commit):
        raise VersoError(
            f'{repository}: revision "{revision}" has moved: fetched was {before}, now it is {commit}. Set `revision` '
            f"in the config to one of the two: the first keeps your results, the second is new. (Or delete {folder / REVISIONS})"
        )
    _refuse_script(repository, [sibling.rfilename for sibling in info.siblings or []])
    if not _place(folder, commit, configuration).exists():
        _fetch(repository, commit, configuration, folder, token)
    if not COMMIT.fullmatch(revision):
        log.warning("%s: revision %s is %s today, and may move: put that commit into the config", repository, revision, commit)
        write_json(folder / REVISIONS, {**known, revision: commit})
    return commit


def _place(folder: Path, commit: str, configuration: str | None) -> Path:
    return folder / commit / (configuration or "default")


def _refuse_script(repository: str, files: list[str]) -> None:
    script = f"{repository.rsplit('/', 1)[1]}.py"
    if script in files:
        raise VersoError(
            f"{repository}: is of the old kind, a script ({script}) that makes the data, and scripts are not run. The hub "
            "keeps a conversion of many such datasets: try `revision: refs/convert/parquet`; or take its files, by a source of "
            "type file"
        )


def _fetch(repository: str, commit: str, configuration: str | None, folder: Path, token: str | None) -> None:
    """Fetch a commit into its place in the cache, whole or not at all."""
    datasets.disable_progress_bars()  # they write ten lines a second into a log; those of the download itself stay
    place = _place(folder, commit, configuration)
    work = folder / ".fetching"
    empty_folder(work)  # of what a killed fetch left: the cache is held, so it is nobody's now
    try:
        try:
            with clear_errors(repository, commit, token, "datasets/"):
                builder = datasets.load_dataset_builder(
                    repository, configuration, revision=commit, token=token or False, cache_dir=str(work / "made")
                )
                _refuse_files_of_this_machine(repository, builder.config.data_files)
                builder.download_and_prepare()
                found = builder.as_dataset()
        except (DatasetsError, FileNotFoundError, ValueError, pyarrow.ArrowException) as error:
            cause = error.__cause__ or error
            raise VersoError(f"{repository} at {commit}, configuration {configuration or 'default'}: {cause}") from error
        found.save_to_disk(str(work / "whole"))
        place.parent.mkdir(parents=True, exist_ok=True)
        (work / "whole").rename(place)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _refuse_files_of_this_machine(repository: str, data_files: Mapping[str, Any] | None) -> None:
    """Raise VersoError where a dataset's page names a file that lies here: its rows would be of it, and end in a report."""
    for path in (str(path) for paths in (data_files or {}).values() for path in paths):
        place = path.rpartition("::")[2]  # of a file in an archive, that of the archive
        if not place.startswith(("hf://", "https://", "http://")):
            raise VersoError(
                f"{repository}: names {shown(place)}, a file of this machine, as its data; do not trust this dataset"
            )


def _parts(found: datasets.DatasetDict, splits: Mapping[str, str | None] | None, repository: str) -> dict[str, str]:
    """Our part of each of its splits that is taken. Raises VersoError, with the splits found, when one is missing."""
    names = PartNames({"splits": splits})
    parts = {name: part for name in found if (part := names.part_of(name)) is not None}
    listed = ", ".join(f"{name} ({len(rows)} rows)" for name, rows in found.items())
    for part in names.named or ["train"]:
        if part not in parts.values():
            raise VersoError(
                f"{repository}: has no split {names.called(part)!r} (source.splits.{part}); found: {listed}. Name those that "
                "there are under source.splits; what is null is taken out of train"
            )
    if left := [f"{name} ({len(rows)} rows)" for name, rows in found.items() if name not in parts]:
        announce(f"{repository}: splits not taken, for source.splits does not name them: {', '.join(left)}")
    return {name: part for part in PARTS for name in parts if parts[name] == part}


def _joined(found: datasets.DatasetDict, names: Sequence[str], repository: str) -> dict[str, str]:
    """The splits to read as one, each of no part. Raises VersoError, with the splits found, when one is missing."""
    listed = ", ".join(f"{name} ({len(rows)} rows)" for name, rows in found.items())
    if missing := [name for name in names if name not in found]:
        raise VersoError(f"{repository}: has no split {', '.join(missing)} (source.join); found: {listed}")
    return dict.fromkeys(names, "")


def _refuse_missing_columns(found: datasets.Dataset, fields: Mapping[str, str], what: str) -> None:
    if missing := [name for name in fields.values() if name not in found.column_names]:
        raise VersoError(
            f"{what}: no column {', '.join(missing)}; found: {', '.join(found.column_names)}. Name them under source.fields"
        )


def _rows(found: datasets.Dataset, fields: Mapping[str, str], part: str) -> Iterator[dict[str, Any]]:
    kind = found.features[fields["label"]]
    names = kind.names if isinstance(kind, datasets.ClassLabel) else None
    chosen = found.select_columns(list(dict.fromkeys(fields.values())))
    for row in progress(chosen, f"rows of {part}", total=len(found), unit="rows"):
        label = row[fields["label"]]
        if names is not None:
            label = names[label] if label is not None and label >= 0 else None  # -1: of a test whose labels are kept secret
        known = {"text": row[fields["text"]], "label": label}
        group = {"group": row[fields["group"]]} if "group" in fields else {}
        yield {**known, **group, **({"split": part} if part else {})}
