"""A pretrained model that lies in a folder already: used where it lies, and only ever read.

    /shared/models/Mistral-7B-Instruct-v0.3/           files of transformers
    .../hub/models--mistralai--Mistral-7B/             or a hub's cache: refs/main names the commit, where there are several
                     snapshots/<commit>/<file> ─► blobs/<checksum>

    results/pretrained/<name>/linked/<file>            a link to each file that is used: what lies there besides, no job sees
                              located.json             where, and size, time and checksum of each: what has the same size and time
                                                       at the next start is not read again
                              pretrained.json          the manifest, last: of content alone, so that the same files elsewhere, or
                                                       touched, change nothing

What is read by the rules needs nothing heavier than pydantic.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from verso.errors import VersoError
from verso.files import empty_folder, read_json, sha256_of, write_json
from verso.jobs.logs import progress
from verso.pretrained.manifest import LINKED, LOCATED, WEIGHTS_END, missing_shards, refuse_links, write_manifest
from verso.pretrained.settings import Folder

COMMIT = re.compile("[0-9a-f]{40}")
CACHED = re.compile(r"models--(?P<owner>[\w.-]+?)--(?P<name>[\w.-]+)")
TOKENIZERS = ("tokenizer.json", "*.model", "vocab.txt", "vocab.json")


def fault_of_folder(entry: Folder) -> str:
    """What keeps a folder from being used, with what is missing; empty when it can be."""
    try:
        folder = place_of(entry.path)
        names = _chosen(folder, entry.files)
        missing = missing_shards(folder, names)
    except VersoError as error:
        return str(error)
    except OSError as error:
        return f"{entry.path} cannot be read ({error.strerror})"
    lacking = [pattern for pattern in entry.files if not set("*?[") & set(pattern) and pattern not in names]
    lacking += [] if "config.json" in names or "config.json" in lacking else ["config.json"]
    if missing:
        lacking += [f"{name} (named by {missing[0]})" for name in missing[1:]]
    elif not any(name.endswith(WEIGHTS_END) for name in names):
        lacking.append("weights (model.safetensors; or name pytorch_model.bin in `files`)")
    if not any(Path(name).match(pattern) for name in names for pattern in TOKENIZERS):
        lacking.append("a tokenizer (tokenizer.json)")
    if not lacking:
        return ""
    return f"{entry.path} lacks {', '.join(lacking)}; of its files `files` chooses: {', '.join(names) or 'none'}"


def place_of(path: str) -> Path:
    """The folder that holds the files: `path` itself, or in a model of a hub's cache the snapshot of its commit.

    Raises VersoError where it is not there, or several commits lie there and none is said to be meant.
    """
    folder = Path(path).expanduser()
    if not folder.is_dir():
        raise VersoError(f"{path} is no folder (looked from {Path.cwd()})")
    snapshots = folder / "snapshots"
    if not snapshots.is_dir() or (folder / "config.json").exists():
        return folder
    commits = sorted(one.name for one in snapshots.iterdir() if one.is_dir())
    main = folder / "refs" / "main"
    meant = main.read_text(encoding="utf-8", errors="replace").strip() if main.is_file() else ""
    if meant not in commits and len(commits) != 1:
        raise VersoError(f"{path} holds {len(commits)} snapshots; name the one that you mean: {', '.join(commits) or 'none'}")
    return snapshots / (meant if meant in commits else commits[0])


def state_of_folder(entry: Folder) -> str:
    """What names the state of a folder's files, from their places, sizes and times alone: nothing is read at a start."""
    try:
        folder = place_of(entry.path)
        facts = [(name, *_stat(folder / name).values()) for name in _chosen(folder, entry.files)]
    except (OSError, VersoError):
        return "not there"
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]


def locate(name: str, settings: Mapping[str, Any], manifest: str | Path) -> None:
    """Link the files of the folder into linked/ beside the manifest, take their checksums, write located.json and the manifest.

    settings: path, files, licence (see verso.pretrained.settings.Folder). A file that lies in the same place with the same size
    and time as when its checksum was last taken is not read again. Raises VersoError for what fault_of_folder finds, a file that
    cannot be read, and what write_manifest raises.
    """
    refuse_links(manifest)
    entry = Folder(type="folder", path=settings["path"], files=list(settings["files"]), licence=settings["licence"])
    if fault := fault_of_folder(entry):
        raise VersoError(f"pretrained.{name}.path: {fault}")
    source, folder = place_of(entry.path), Path(manifest).parent
    before = read_json(folder / LOCATED)["files"] if (folder / LOCATED).exists() else {}
    names = _chosen(source, entry.files)
    files = {}
    for file in progress(names, f"checksums of {name}", total=len(names), unit="files"):
        facts = _stat(source / file)
        known = before.get(file, {})
        same = {key: known.get(key) for key in facts} == facts
        try:
            files[file] = {**facts, "sha256": known["sha256"] if same else sha256_of(source / file)}
        except OSError as error:
            raise VersoError(f"{entry.path}: {file} cannot be read ({error.strerror})") from error
    empty_folder(folder / LINKED)
    for file in names:
        link = folder / LINKED / file
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to((source / file).absolute())
    origin = _origin(source)
    found = _licence(source)
    about = {"path": entry.path, **origin, "licence": entry.licence or found, "licence_on_hub": found}
    write_json(folder / LOCATED, {**about, "files": files})
    checksums = {file: facts["sha256"] for file, facts in files.items()}
    write_manifest(manifest, {"name": name, "type": "folder", "miniature": False}, names, checksums)


def _chosen(folder: Path, patterns: list[str]) -> list[str]:
    """The names of the files in the folder that the patterns choose, sorted; a wildcard never crosses a slash."""
    found = {path.relative_to(folder).as_posix() for pattern in patterns for path in folder.glob(pattern) if path.is_file()}
    return sorted(found)


def _stat(path: Path) -> dict[str, Any]:
    """Shows, without reading it, whether a file is as it was: where it lies (through links), bytes, time in nanoseconds."""
    real = path.resolve()
    facts = real.stat()
    return {"lies": str(real), "bytes": facts.st_size, "changed": facts.st_mtime_ns}


def _origin(folder: Path) -> dict[str, str | None]:
    """Repository and commit of a folder's files, where a hub's cache, a download of it or a git checkout says them."""
    parents = folder.absolute().parents
    cached = CACHED.fullmatch(parents[1].name) if len(parents) > 1 and parents[0].name == "snapshots" else None
    if cached:
        return {
            "repository": f"{cached['owner']}/{cached['name']}",
            "commit": folder.name if COMMIT.fullmatch(folder.name) else None,
        }
    return {"repository": None, "commit": next((line for line in _said(folder) if COMMIT.fullmatch(line)), None)}


def _said(folder: Path) -> Iterator[str]:
    """What may be a folder's commit: as `hf download --local-dir` writes it down, and as git does."""
    yield from _lines(folder / ".cache/huggingface/download/config.json.metadata")[:1]
    head = "".join(_lines(folder / ".git" / "HEAD")[:1])
    reference = head.removeprefix("ref: ")
    if reference.startswith("refs/") and ".." not in reference.split("/"):
        yield from _lines(folder / ".git" / reference)[:1]
        yield from (line.split()[0] for line in _lines(folder / ".git" / "packed-refs") if line.endswith(f" {reference}"))
    yield head


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []


def _licence(folder: Path) -> str | None:
    """The licence that the head of the folder's README.md names, as a model's page does; None where it names none."""
    import yaml  # by these the rules that read this module would start a second later
    from huggingface_hub.repocard import metadata_load

    try:
        card = metadata_load(folder / "README.md") or {}
    except (OSError, ValueError, yaml.YAMLError):
        return None
    licence = card.get("license_name", card.get("license")) if card.get("license") == "other" else card.get("license")
    return ", ".join(map(str, licence)) if isinstance(licence, list) else licence and str(licence)
