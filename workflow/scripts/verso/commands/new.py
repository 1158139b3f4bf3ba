"""Write a config for a file of texts: `make new DATA=my.csv`, `python -m verso.commands.new`. Nothing is ever overwritten.

Which kind of corpus it is, each kind says itself from the columns (Kind.drafted); models are the starters of the families.
"""

import argparse
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from verso.commands.check import checked
from verso.commands.terminal import Options, path_of, printable, said_on_the_screen, typed
from verso.config.load import load
from verso.contract import Kind
from verso.corpora.reading import FOLDER, are_documents, documents_of, rows_of, settings_of
from verso.corpora.sources.file.readers import Fault
from verso.drafts import Column, Draft, Found
from verso.errors import VersoError
from verso.registry import FAMILIES, KIND, KINDS
from verso.settings.raw import unknown
from verso.text.labels import text_of

MOST_VALUES = 500  # of a column, that are distinguished
MOST_CHECKED = 20_000  # rows that are read and prepared to see whether a run would stop: seconds
SEEDS = [1, 2, 3]
EXPERIMENT = "first"
LONGEST_NAME = 4  # words, of a column
NAMED_ROWS = re.compile(r"\.(json|jsonl|ndjson|parquet)\b", re.IGNORECASE)  # files that are never without names of columns
SCHEMA = Path(__file__).parents[3] / "schemas" / "config.schema.json"


def found_in(path: Path, settings: Mapping[str, Any] | None = None) -> Found:
    """What a file or folder holds. settings: as of verso.corpora.reading.rows_of.

    Raises VersoError when it cannot be read, or holds no row.
    """
    filled: Counter[str] = Counter()
    characters: Counter[str] = Counter()
    values: dict[str, Counter[str]] = {}
    rows = 0
    faults: Counter[str] = Counter()
    parts: Counter[str] = Counter()
    for row in documents_of(path) if are_documents(path) else rows_of(path, settings):
        if isinstance(row, Fault):
            faults[row.reason] += 1
            continue
        rows += 1
        parts.update([row.split] if row.split else [])
        for name, value in row.values.items():
            text = said if isinstance(said := text_of(value), str) else ""
            filled[str(name)] += bool(text)
            characters[str(name)] += len(text)
            counts = values.setdefault(str(name), Counter())
            if text and len(counts) <= MOST_VALUES:
                counts[text] += 1
    if not rows:
        reasons = "; ".join(f"{count} set aside: {reason}" for reason, count in faults.most_common())
        holds = f"it holds: {', '.join(sorted(one.name for one in path.iterdir())[:10]) or 'nothing'}" if path.is_dir() else ""
        raise VersoError(f"{path}: no row that can be read{f' ({reasons or holds})' if reasons or holds else ''}")
    columns = (
        Column(name, filled[name], counts if len(counts) <= MOST_VALUES else None, characters[name])
        for name, counts in values.items()
    )
    documents = rows if are_documents(path) else int(path.is_file() and path.suffix.lower() == ".txt")
    return Found(str(path), FOLDER in values, documents, rows, tuple(columns), parts)


def has_no_header(found: Found, path: Path) -> bool:
    """Whether the first row of a table is data: one of its cells comes again below, and another is no name but a text."""
    is_table = path.is_file() and not found.documents and not NAMED_ROWS.search(path.name)
    again = any(column.name in (column.values or {}) for column in found.columns)
    return is_table and again and any(len(column.name.split()) > LONGEST_NAME for column in found.columns)


def drafted(found: Found, kind: str | None) -> tuple[Kind, Draft]:
    """The kind that a file is of, and the entry for it. Raises VersoError, with the columns found, when it is of none."""
    if kind is not None and kind not in KIND:
        raise VersoError(unknown(kind, "kind", KIND))
    for candidate in (KIND[kind],) if kind else KINDS:
        if (draft := candidate.drafted(found)) is not None:
            return candidate, draft
    columns = ", ".join(printable(column.name) for column in found.columns)
    wanted = "\n".join(f"  {one.name:<10}{one.wants}" for one in ((KIND[kind],) if kind else KINDS))
    raise VersoError(f"{found.path}: {found.rows:,} rows, columns: {columns}. What a corpus wants:\n{wanted}")


def written(found: Found, kind: Kind, draft: Draft, name: str, target: Path) -> str:
    """The config, commented."""
    columns = ", ".join(printable(column.name) for column in found.columns)
    schema = _relative(SCHEMA, target.resolve().parent)
    lines = [
        *([f"# yaml-language-server: $schema={schema}", "#"] if schema else []),
        f"# Written by `make new` for {printable(found.path)}: {found.rows:,} rows; columns: {columns}",
        *(f"# {printable(remark)}" for remark in draft.remarks),
        "# All keys: config/README.md. Lines that begin with # say what else could be.",
        "",
        f"title: {_inline(name)}",
        f"results: {_inline(_results(name))}",
        "",
        "corpora:",
        f"  {_inline(name)}:",
        f"    kind: {kind.name}",
        "    source:",
        f"      path: {_inline(found.path)}",
        *_keys(draft.source, 6),
        *_keys(draft.keys, 4),
        *(f"    # {line}" for line in draft.left_out),
        "",
        "models:",
    ]
    models = []
    for family in FAMILIES:
        for starter in family.starters if kind.name in family.kinds else ():
            models.append(starter.name)
            lines += [f"  {starter.name}:  # {starter.remark}", f"    family: {family.name}", *_keys(starter.keys, 4)]
    lines += [
        "",
        "experiments:",
        f"  {EXPERIMENT}:",
        f"    corpus: {_inline(name)}",
        f"    models: [{', '.join(models)}]",
        f"    seeds: {SEEDS}  # a run of each model for each: with several, differences have intervals",
    ]
    return "\n".join(lines) + "\n"


def _results(name: str) -> str:
    """A folder of results that no other study has yet."""
    names = (f"results-{name}", *(f"results-{name}-{number}" for number in range(2, 1000)))
    return next(folder for folder in names if not Path(folder).exists())


def _keys(keys: Mapping[str, Any], indent: int) -> Iterator[str]:
    for key, value in keys.items():
        yield f"{' ' * indent}{key}: {_inline(value)}"


def _inline(value: Any) -> str:
    """A value as YAML in one line; what YAML would read as another type is quoted."""
    if "\\n" in (as_json := json.dumps(value, ensure_ascii=False)):  # YAML would break the line; JSON is YAML as well
        return as_json
    text = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=float("inf"), sort_keys=False)
    return text.removesuffix("\n...\n").strip()


def _relative(path: Path, folder: Path) -> str:
    """The path from a folder below the project; "" from anywhere else, where it would lead nowhere after a move."""
    root = SCHEMA.parents[2]
    return "../" * len(folder.relative_to(root).parts) + path.relative_to(root).as_posix() if folder.is_relative_to(root) else ""


def name_of(said: str | None, data: Path) -> tuple[str, Path]:
    """The name of a study, fit for a key of the config, and the file to write. Raises VersoError when that is missing."""
    target = Path(said) if said else Path(f"{data.stem}.yaml")
    target = target if target.suffix in (".yaml", ".yml") else Path(f"{target}.yaml")
    name = re.sub(r"[^a-z0-9]+", "-", target.stem.lower()).strip("-")[:60]
    if not name:
        raise VersoError(f"{target.stem!r} makes no name of a-z and 0-9: give one by NAME=my-study")
    return name, target if said else Path(f"{name}.yaml")


def write_new(path: Path, text: str) -> None:
    """Write a file that is not there yet. Raises VersoError when it is."""
    try:
        with path.open("x", encoding="utf-8") as stream:
            stream.write(text)
    except FileExistsError:
        raise VersoError(f"{path} is there already, and nothing is overwritten: give another NAME=") from None
    except FileNotFoundError:
        raise VersoError(f"{path.parent}: no such folder to write {path.name} into") from None


def parser() -> argparse.ArgumentParser:
    """The command line."""
    found = Options(prog="python -m verso.commands.new", description=(__doc__ or "").splitlines()[0])
    found.add_argument("--data", type=path_of, required=True, help="a file or a folder of texts")
    found.add_argument("--name", help="of the study, or the file to write (default: after the data)")
    found.add_argument("--kind", help=f"of the corpus, where it is not clear: {', '.join(KIND)}")
    return found


def _done(options: argparse.Namespace) -> int:
    name, target = name_of(options.name, options.data)
    if target.exists():
        raise VersoError(f"{target} is there already, and nothing is overwritten: give another NAME=")
    found = found_in(options.data)
    headless = has_no_header(found, options.data)
    if headless:
        found = found_in(options.data, settings_of(options.data) | {"header": "none"})
    kind, draft = drafted(found, options.kind)
    if headless:
        remark = "the first row is taken for data, for it looks like the others (header: none)"
        draft = draft._replace(source={"header": "none", **draft.source}, remarks=(remark, *draft.remarks))
    text = written(found, kind, draft, name, target)
    config = load(yaml.safe_load(text), str(target))
    write_new(target, text)
    print(f"{target}: {found.rows:,} rows of {printable(found.path)} as a corpus of kind {kind.name} (another: KIND=)")
    print("\n".join(f"  {printable(remark)}" for remark in draft.remarks))
    if found.rows <= MOST_CHECKED and (faults := checked(config, str(target))[1]):
        print(
            "\n".join(["A run would stop:", *(f"  {line}" for fault in faults for line in fault.splitlines())]), file=sys.stderr
        )
        print(f"Mend that in {target} or in the data, then:\n  make check CONFIG={typed(target)}", file=sys.stderr)
        return 1
    print(f"Look it over, then:\n  make check CONFIG={typed(target)}\n  make run CONFIG={typed(target)}")
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. Returns the exit code: 1 where no config was written, or one by which a run would stop, else 0."""
    options = parser().parse_args(arguments)
    return said_on_the_screen(lambda: _done(options))


if __name__ == "__main__":
    sys.exit(main())
