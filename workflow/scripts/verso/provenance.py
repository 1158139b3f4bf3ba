"""What a result was made by: fingerprints of the code that a driver executes.

Snakemake's own `code` trigger sees an edited comment as a change and an imported module not at all. A fingerprint
over the syntax trees of all library modules that a driver reaches is right on both: it goes into the rule's `params`.

    driver train_recurrent_lm.py ─► verso.language_modelling.recurrent_lm.training ─► verso.training.loop ─► verso.files
                                                                                └► verso.language_modelling.recurrent_lm.model
"""

import ast
import hashlib
import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

LIBRARY = Path(__file__).resolve().parent  # .../workflow/scripts/verso
# How a job is run, not what it computes: a new message or a new state of SLURM re-runs nothing and orphans no checkpoint
MACHINERY = {
    f"verso.{name}"
    for name in (
        "jobs.job", "jobs.records", "jobs.causes", "jobs.logs", "machine.card_leases", "machine.site", "machine.memory", "errors",
        "training.run_lease",
    )
}  # fmt: skip
DIGITS = 16  # of a fingerprint: 64 bits, far more than the few hundred that a project ever has


def fingerprint_of_code(driver: Path, library: Path = LIBRARY) -> str:
    """Fingerprint over the syntax trees of `driver` and of every module of `library` that it imports, however deep.

    Comments, docstrings, layout, dunder assignments such as __version__ and MACHINERY do not count. Imports inside functions do.
    Raises FileNotFoundError when there is no such driver, SyntaxError when a module is broken.
    """
    digest = hashlib.sha256()
    for name, path in sorted(reached_modules(driver, library).items()):
        digest.update(f"{name}\n{_read(path, path.stat().st_mtime_ns)[1]}\n".encode())
    return digest.hexdigest()[:DIGITS]


def key_of_settings(settings: Mapping[str, Any]) -> str:
    """Names a recipe: the same settings, whatever their order, give the same key. Values must be such as JSON knows."""
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:DIGITS]


def reached_modules(driver: Path, library: Path = LIBRARY) -> dict[str, Path]:
    """The driver and every library module that it imports, directly or through another, by dotted name."""
    reached: dict[str, Path] = {"driver": driver}
    waiting = [driver]
    while waiting:
        path = waiting.pop()
        for name in _read(path, path.stat().st_mtime_ns)[0]:
            found = None if name in MACHINERY else _module(name, library)
            if found and name not in reached:
                reached[name] = found
                waiting.append(found)
    return reached


@cache
def _read(path: Path, _changed: int) -> tuple[tuple[str, ...], str]:
    """Of a file, parsed once: the dotted names that it may import, parents included (a name that is no module is sorted out
    later), and its syntax tree as text, without what cannot change a result.
    """
    tree = ast.parse(path.read_bytes())
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names.update([node.module, *(f"{node.module}.{alias.name}" for alias in node.names)])
        elif isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            node.body = [statement for statement in node.body if not _is_docstring(statement) and not _is_dunder(statement)]
    return tuple(sorted({parent for name in names for parent in _parents(name)})), ast.dump(tree)


def _parents(name: str) -> Iterator[str]:
    parts = name.split(".")
    return (".".join(parts[:length]) for length in range(1, len(parts) + 1))


def _module(name: str, library: Path) -> Path | None:
    """The file of a library module or package, None for all else."""
    package, *rest = name.split(".")
    if package != library.name:
        return None
    base = library.joinpath(*rest)
    return next((path for path in (base.with_suffix(".py"), base / "__init__.py") if path.is_file()), None)


def _is_docstring(statement: ast.stmt) -> bool:
    """Also true of a bare text elsewhere in a body, which does nothing either."""
    return (
        isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant) and isinstance(statement.value.value, str)
    )


def _is_dunder(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Assign)
        and isinstance(statement.targets[0], ast.Name)
        and statement.targets[0].id.startswith("__")
        and statement.targets[0].id.endswith("__")
    )
