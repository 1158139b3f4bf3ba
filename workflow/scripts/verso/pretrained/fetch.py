"""Fetch a model from the hub: once, on the login node, resumable, every byte checked; all other jobs read what lies here.

    results/pretrained/<name>/snapshot.part/<checksum>   a file on its way: a later start requests only the rest of it
                              snapshot/<file>            it takes its name when its checksum is the one that the hub gives
                              fetched.json               which commit a revision meant, and the model's page on that day
                              pretrained.json            the manifest, last

huggingface_hub itself resumes within one process only (1.33: a download that is killed begins anew), so the files on their way
are ours. It fetches, retries and follows the hub's errors.
"""

import fnmatch
import hashlib
import io
import logging
import re
import shutil
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, cast

from huggingface_hub import HfApi, constants, hf_hub_url
from huggingface_hub.file_download import http_get
from huggingface_hub.utils import build_hf_headers

from verso.errors import VersoError
from verso.fetching.hub import TIMEOUT, Unreachable, clear_errors, commit_named, token_of_hub
from verso.files import read_json, sha256_of, write_json
from verso.jobs.logs import announce, watched_progress
from verso.names import fault_of_path, shown
from verso.pretrained.manifest import FETCHED, PART, SNAPSHOT, WEIGHTS_END, other_licence, refuse_links, write_manifest

CHECKSUM = re.compile("[0-9a-f]{40}|[0-9a-f]{64}", re.IGNORECASE)

log = logging.getLogger(__name__)


class Wanted(NamedTuple):
    """A file of the repository. checksum: SHA-256 of a large file (lfs), git's SHA-1 of a small one, hexadecimal."""

    name: str
    size: int
    checksum: str


def fetch(name: str, settings: Mapping[str, Any], manifest: str | Path) -> None:
    """Fetch what is missing of the model `name` into snapshot/ beside the manifest, check it all, write the manifest.

    settings: repository, revision, files, licence (see verso.pretrained.settings.Hub). The manifest holds neither date nor
    revision, so the same commit gives the same bytes, by whatever name; they and the model's page go into fetched.json, which
    nothing that trains reads. Where the hub does not answer, files that a fetch of the same revision left here are enough. A
    licence on the page that is not the config's is announced.

    Raises VersoError without a network, for a gated or missing repository or revision, a revision that has moved since the last
    fetch, files that match nothing, an invalid name or checksum of a file, too small a disk, a broken connection, a wrong
    checksum, and when a folder that it writes into is a link. It never shows a token.
    """
    folder = Path(manifest).parent
    refuse_links(manifest)
    repository, revision = settings["repository"], settings["revision"]
    before = read_json(folder / FETCHED) if (folder / FETCHED).exists() else {}
    known = before if (before.get("repository"), before.get("revision")) == (repository, revision) else {}
    token = token_of_hub()
    try:
        with clear_errors(repository, revision, token):
            info = HfApi(token=token or False).model_info(repository, revision=revision, files_metadata=True, timeout=TIMEOUT)
    except (AttributeError, KeyError, TypeError, ValueError) as error:  # of huggingface_hub, which believes what it reads
        raise VersoError(f"{repository}: the hub's answer describes no model ({shown(str(error))}); is this a hub?") from error
    except Unreachable as error:
        facts = known
        wanted = [_checked(name, size, checksum, repository) for name, size, checksum in known.get("files", [])]
        if not wanted or known["patterns"] != list(settings["files"]) or not all(_is_there(folder, file) for file in wanted):
            raise
        log.warning("%s; all files of %s are here and sound: going on with them", error, known["commit"])
    else:
        commit = commit_named(info.sha, repository)
        _must_not_have_moved(known.get("commit"), commit, settings, folder)
        if revision != commit:
            announce(
                f'{repository}: revision "{revision}" is a name that may move; today it is {commit}. '
                "Put that into the config as `revision`, and every fetch anywhere is of the same files"
            )
        wanted = _wanted(info.siblings or [], settings["files"], repository)
        facts = _facts(info, settings, wanted)
        _fetch_files(folder, wanted, settings, commit, token)

    _remove_others(folder / SNAPSHOT, wanted)
    about = {"name": name, "type": "hub", "repository": repository, "commit": facts["commit"]}
    write_json(folder / FETCHED, facts)
    write_manifest(manifest, {**about, "licence": settings["licence"], "miniature": False}, [file.name for file in wanted])


def _must_not_have_moved(before: str | None, now: str, settings: Mapping[str, Any], folder: Path) -> None:
    """Raises VersoError when a branch or tag is another commit than when it was last fetched."""
    if before in (None, now):
        return
    raise VersoError(
        f'{settings["repository"]}: revision "{settings["revision"]}" has moved: fetched was {before}, now it is {now}. '
        "Set `revision` in the config to one of the two: the first keeps your results, the second is the new model. "
        f"(Or delete {folder / FETCHED} to follow the revision wherever it goes)"
    )


def _wanted(siblings: Sequence[Any], patterns: Sequence[str], repository: str) -> list[Wanted]:
    """The files that the patterns choose. Raises VersoError when one without a wildcard names no file, or none chooses any."""
    by_name = {sibling.rfilename: sibling for sibling in siblings if isinstance(sibling.rfilename, str)}
    names = sorted(by_name)
    absent = [pattern for pattern in patterns if not set("*?[") & set(pattern) and pattern not in names]
    chosen = [name for name in names if any(_matches(name, pattern) for pattern in patterns)]
    if absent or not chosen:
        what = f"has no file {', '.join(absent)}" if absent else f"no file matches {', '.join(patterns)}"
        raise VersoError(f"{repository}: {what}; set `files` in the config to some of: {_listed(names) or 'it holds none'}")
    if not any(name.endswith(WEIGHTS_END) for name in chosen):
        raise VersoError(
            f"{repository}: no weights among the files that `files` chooses (*.safetensors, or pytorch_model.bin where there are "
            f"none); it holds: {_listed(names)}"
        )
    found = [by_name[name] for name in chosen]
    return [_checked(one.rfilename, one.size, one.lfs.sha256 if one.lfs else one.blob_id, repository) for one in found]


def _checked(name: object, size: object, checksum: object, repository: str) -> Wanted:
    """A file as the hub describes it, all of which becomes part of a path or an address.

    Raises VersoError for a name that leads anywhere but into the snapshot, an invalid checksum, or a missing size.
    """
    fault = fault_of_path(name)
    if not fault and not (isinstance(checksum, str) and CHECKSUM.fullmatch(checksum)):
        fault = f"has the checksum {shown(checksum)}, where 40 or 64 hexadecimal digits are right"
    if not fault and (isinstance(size, bool) or not isinstance(size, int) or size < 0):
        fault = f"has the size {shown(size)}, where a number of bytes is right"
    if fault:
        raise VersoError(
            f"{repository}: a file is called {shown(name)}, which {fault}; do not trust this repository, or the mirror of it"
        )
    return Wanted(str(name), cast(int, size), str(checksum).lower())


def _listed(names: Sequence[str]) -> str:
    return ", ".join(map(shown, names))


def _matches(name: str, pattern: str) -> bool:
    """Whether a pattern chooses a file; a wildcard never crosses a slash."""
    parts, wanted = name.split("/"), pattern.split("/")
    return len(parts) == len(wanted) and all(map(fnmatch.fnmatchcase, parts, wanted))


def _facts(info: Any, settings: Mapping[str, Any], wanted: Sequence[Wanted]) -> dict[str, Any]:
    """The content of fetched.json: what the revision meant, and what the model's page said on that day."""
    page = _page(info)
    repository, licence = settings["repository"], settings["licence"]
    if other := other_licence({**page, "licence": licence}):
        announce(
            f'{repository}: the hub calls its licence "{other}", the config "{licence}"; look at '
            f"{constants.ENDPOINT}/{repository} and set `licence` to what holds. The report shows both"
        )
    return {
        "repository": repository,
        "revision": settings["revision"],
        "commit": info.sha,
        "patterns": list(settings["files"]),
        "files": [list(file) for file in wanted],
        **page,
        "fetched": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _page(info: Any) -> dict[str, Any]:
    """What the model's page says of it; null or an empty list where it says nothing. Dates are of the repository, in UTC."""
    card = info.card_data.to_dict() if info.card_data else {}
    licences = _several(card.get("license"))
    if licences == ["other"]:
        licences = _several(card.get("license_name")) or licences
    return {
        "licence_on_hub": ", ".join(licences) or None,
        "created": _moment(info.created_at),
        "last_modified": _moment(info.last_modified),
        "downloads_last_month": info.downloads,
        "likes": info.likes,
        "gated": bool(info.gated),
        "library": info.library_name,
        "task": info.pipeline_tag,
        "languages": _several(card.get("language")),
        "base_models": _several(card.get("base_model")),
        "tags": list(info.tags or []),
    }


def _moment(time: datetime | None) -> str | None:
    return time.isoformat(timespec="seconds") if time else None


def _several(value: Any) -> list[str]:
    """A field of a model card that holds one text, a list of them, or nothing."""
    return [] if value is None else [str(one) for one in (value if isinstance(value, list) else [value])]


def _fetch_files(folder: Path, wanted: Sequence[Wanted], settings: Mapping[str, Any], commit: str, token: str | None) -> None:
    """Fetch the files that are not here, or not sound. A file takes its name once its checksum is right."""
    missing = [file for file in wanted if not _is_there(folder, file)]
    parts = folder / PART
    parts.mkdir(parents=True, exist_ok=True)
    for part in parts.iterdir():
        sizes = {file.checksum: file.size for file in missing}
        if part.stat().st_size > sizes.get(part.name, -1):  # on its way for another revision, or more than there is
            part.unlink()
    needed = sum(file.size for file in missing) - sum(part.stat().st_size for part in parts.iterdir())
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise VersoError(f"{folder}: {needed / 1e9:.1f} GB are to come and {free / 1e9:.1f} GB are free; make room first")
    headers = build_hf_headers(token=token or False)
    for number, file in enumerate(missing, start=1):
        part = parts / file.checksum
        url = hf_hub_url(settings["repository"], file.name, revision=commit)
        with clear_errors(settings["repository"], commit, token), _AtMost(part, file) as stream:
            here = stream.tell()
            log.info(
                "%s: %d of %d, %.1f MB, of which %.1f are here", file.name, number, len(missing), file.size / 1e6, here / 1e6
            )
            http_get(
                url,
                stream,
                resume_size=here,
                headers=headers,
                expected_size=file.size,
                displayed_filename=file.name,
                tqdm_class=cast(Any, watched_progress),
            )
        found = _checksum(part, file)
        if found != file.checksum:
            part.unlink()
            raise VersoError(
                f"{settings['repository']}: {file.name} came with checksum {found}, {file.checksum} is right. "
                "It was thrown away: fetch again, and if it comes so again something between here and the hub changes files"
            )
        (folder / SNAPSHOT / file.name).parent.mkdir(parents=True, exist_ok=True)
        part.replace(folder / SNAPSHOT / file.name)
    shutil.rmtree(parts)


class _AtMost(io.BufferedWriter):
    """A file on its way, to go on at its end, that takes no more bytes than the hub said: a disk must not be filled by it."""

    def __init__(self, path: Path, file: Wanted) -> None:
        super().__init__(io.FileIO(path, "ab"))
        self._file = file

    def write(self, data: Any) -> int:
        """Write bytes; returns how many. Raises VersoError, and empties the file, when they are too many."""
        if self.tell() + len(data) > self._file.size:
            self.truncate(0)
            raise VersoError(f"{self._file.name}: more came than the {self._file.size:,} bytes that the hub said; fetch again")
        return super().write(data)


def _is_there(folder: Path, file: Wanted) -> bool:
    path = folder / SNAPSHOT / file.name
    return path.is_file() and path.stat().st_size == file.size and _checksum(path, file) == file.checksum


def _checksum(path: Path, file: Wanted) -> str:
    """SHA-256 of a large file; of a small one what git calls it: SHA-1 of "blob <bytes>", a zero byte and the content."""
    if len(file.checksum) == 64:
        return sha256_of(path)
    content = path.read_bytes()
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()


def _remove_others(snapshot: Path, wanted: Sequence[Wanted]) -> None:
    """Files of an earlier revision: a loader would take a shard of it for one of this."""
    names = {snapshot / file.name for file in wanted}
    for path in snapshot.rglob("*"):
        if path.is_file() and path not in names:
            path.unlink()
