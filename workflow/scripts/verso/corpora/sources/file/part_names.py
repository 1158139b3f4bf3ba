"""Which part a source's own name means, and which files of a folder are which part. Read when the rules are: nothing heavy."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from verso.corpora.parts import PARTS
from verso.corpora.sources.file.settings import format_by_name
from verso.errors import VersoError
from verso.text.labels import text_of

# What people call the parts, in any case
KNOWN = {
    "train": "train",
    **dict.fromkeys(("validation", "val", "valid", "dev", "eval"), "validation"),
    "test": "test",
}
IGNORED = ("__macosx", "thumbs.db", "desktop.ini")
HOW = "Name those that there are under source.splits, as {train: ..., test: ...}; what is null or left out is taken out of train"


class PartNames:
    """What a source calls its parts: as the config says (`splits`), else by the names that people use."""

    def __init__(self, source: Mapping[str, Any]) -> None:
        said = source.get("splits")
        self.named: dict[str, str] | None = said and {part: said[part] for part in PARTS if said.get(part) is not None}
        self._parts = {text_of(name): part for part, name in (self.named or {}).items()}
        self.as_written = frozenset(self._parts)
        self._met: dict[str, str] = {}  # part: the name that it was met under

    def part_of(self, name: str) -> str | None:
        """The part that a name means, None for another. Raises VersoError when two names that were met mean one part."""
        if self.named is not None:
            return self._parts.get(text_of(name))
        part = KNOWN.get(name.strip().lower())
        if part is not None and self._met.setdefault(part, name) != name:
            raise VersoError(f"both {self._met[part]!r} and {name!r} would be the {part} part. {HOW}")
        return part

    def called(self, part: str) -> str:
        """What the source calls a part."""
        return (self.named or self._met).get(part, part)


def is_known(name: str) -> bool:
    """Whether people call a part so."""
    return name.strip().lower() in KNOWN


def is_ignored(name: str) -> bool:
    """Whether a file or folder is not the person's own: hidden, or left by a system or an editor (._x, ~$x, __MACOSX)."""
    return name.startswith((".", "~$")) or name.lower() in IGNORED


def visible(folder: Path) -> list[Path]:
    """What lies in a folder, in order of name, without what is ignored."""
    return sorted(path for path in folder.iterdir() if not is_ignored(path.name))


def texts_below(folder: Path) -> list[Path]:
    """The .txt files in a folder and its subfolders, in order of name, without what is ignored."""
    return files_below(folder, (".txt",))


def files_below(folder: Path, endings: Iterable[str]) -> list[Path]:
    """The files with these endings in a folder and its subfolders, in order of name, without what is ignored."""
    found = (path for path in folder.rglob("*") if path.suffix.lower() in endings and path.is_file())
    return sorted(path for path in found if not any(map(is_ignored, path.relative_to(folder).parts)))


def parts_in(folder: Path, source: Mapping[str, Any]) -> dict[str, Path]:
    """The file or folder of each part that a folder gives; empty when it gives none.

    By `splits`, or, where that is not said, files that are called train.csv, test.csv and the like, or folders train, test that
    hold folders of labels. Raises VersoError when one is missing that is named, or what lies there is neither parts nor labels.
    """
    names = PartNames(source)
    if names.named is not None:
        return {part: _existing(folder, part, name) for part, name in names.named.items()}
    entries = visible(folder)
    files = [path for path in entries if path.is_file() and format_by_name(path.name) not in ("", "txt")]
    of_files = _recognised(names, ((path.name.partition(".")[0], path) for path in files))
    if "train" in of_files:
        return of_files
    folders = [path for path in entries if path.is_dir()]
    of_folders = _recognised(PartNames(source), ((path.name, path) for path in folders))
    labels = set(source.get("labels") or ())
    if "train" in of_folders and len(of_folders) > 1 and not labels & {path.name for path in of_folders.values()}:
        if all(_holds_folders_of_texts(path) for path in of_folders.values()):
            return of_folders
        listed = " and ".join(path.name for path in of_folders.values())
        raise VersoError(
            f"{folder}: {listed} are names of parts, but the texts in them lie in no folder of a label. A label is a folder: put "
            f"them into {of_folders['train'].name}/<label>/; if these names are labels, list them under the corpus's `labels`"
        )
    _refuse_two_deep(folder, folders, labels)
    return {}


def _recognised(names: PartNames, found: Iterable[tuple[str, Path]]) -> dict[str, Path]:
    parts: dict[str, Path] = {}
    for name, path in found:
        part = names.part_of(name)
        if part is not None and parts.setdefault(part, path) != path:
            raise VersoError(f"{path.parent}: {parts[part].name} and {path.name} would both be the {part} part. {HOW}")
    return {part: parts[part] for part in PARTS if part in parts}


def _existing(folder: Path, part: str, name: str) -> Path:
    if not (folder / name).exists():
        there = ", ".join(path.name for path in visible(folder)) or "nothing"
        raise VersoError(f"{folder}: holds no {name} (source.splits.{part}); it holds: {there}")
    return folder / name


def _holds_folders_of_texts(folder: Path) -> bool:
    return any(path.is_dir() and texts_below(path) for path in visible(folder))


def _refuse_two_deep(folder: Path, folders: list[Path], labels: set[str]) -> None:
    """Folders that hold no texts but the same folders of texts are parts, whatever they are called, and no labels."""
    if len(folders) < 2 or labels & {path.name for path in folders}:
        return
    below = [{path.name for path in visible(each) if path.is_dir()} for each in folders]
    if len(set.intersection(*below)) > 1 and not any(path.suffix.lower() == ".txt" for each in folders for path in visible(each)):
        listed = ", ".join(path.name for path in folders)
        raise VersoError(
            f"{folder}: the texts lie two folders deep: {listed} hold the same folders ({', '.join(sorted(below[0]))}). {HOW}. "
            f"If {listed} are the labels, list them under the corpus's `labels`"
        )


def paths_in(path: str | Sequence[str] | Mapping[str, str]) -> Iterator[Path]:
    """The files or folders of a source: one, several, or one a part."""
    yield from map(Path, path.values() if isinstance(path, Mapping) else [path] if isinstance(path, str) else path)
