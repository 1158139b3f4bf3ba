"""Names of code and settings: what a result was made by.

Snakemake's own `code` trigger sees an edited comment as a change and an imported module not at all. A fingerprint over the
definitions that a driver reaches (verso.fingerprint.graph) is right on both; it goes into the rule's `params`.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from verso.errors import VersoError
from verso.files import sha256_of, write_json

LIBRARY = Path(__file__).resolve().parent  # .../workflow/scripts/verso
# Another version of these may give other numbers
COMPUTING = ("bitsandbytes", "numpy", "peft", "scikit-learn", "tokenizers", "torch", "transformers")
DIGITS = 16  # of a fingerprint: 64 bits, far more than the few hundred that a project ever has


class Code:
    """The library as it is now; its drivers' fingerprints, computed once for each state of the code.

    library: the folder of the package. They are kept beside Python's own compiled files, in __pycache__, under a key made of
    the content of every file, so a stale one is never used; where that folder cannot be written, they are computed again.
    """

    def __init__(self, library: Path = LIBRARY) -> None:
        self._library = library
        self._kept_in = library / "__pycache__" / "fingerprints.json"
        digest = hashlib.sha256()
        for path in sorted(library.rglob("*.py")):
            digest.update(f"{path.relative_to(library)}\0".encode() + path.read_bytes() + b"\0")
        self._key = digest.hexdigest()
        self._kept = self._read()
        self._graph: Any = None

    def fingerprint(self, driver: Path) -> str:
        """Fingerprint of what workflow/scripts/<driver>.py executes.

        Raises FileNotFoundError when there is no such driver, SyntaxError when a module is broken.
        """
        return self._of(driver.read_bytes())

    def fingerprint_of(self, *functions: str) -> str:
        """Fingerprint of what some functions execute, where a driver calls several that count apart.

        functions: each by its module and name, with dots; of different names. Raises LookupError where one is missing: a rule
        that names it would never see a change again.
        """
        named = [(module, name) for module, _, name in (function.rpartition(".") for function in functions)]
        imports = "".join(f"from {module} import {name}\n" for module, name in named)
        calls = "".join(f"{name}()\n" for _, name in named)
        return self._of(f"{imports}\n{calls}".encode(), named)

    def _of(self, content: bytes, named: Sequence[tuple[str, str]] = ()) -> str:
        key = hashlib.sha256(content).hexdigest()[:DIGITS]
        if key not in self._kept:
            from verso.fingerprint.graph import CodeGraph  # only where something changed

            self._graph = self._graph or CodeGraph(self._library)
            for module, name in named:
                if not self._graph.knows(module, name):
                    raise LookupError(f"{module} has no {name}, whose fingerprint a rule needs")
            self._kept[key] = self._graph.fingerprint(content)[:DIGITS]
            self._write()
        return self._kept[key]

    def _read(self) -> dict[str, str]:
        try:
            kept = json.loads(self._kept_in.read_text(encoding="utf-8"))
            return dict(kept["drivers"]) if kept["key"] == self._key else {}
        except (OSError, ValueError, KeyError, TypeError):
            return {}

    def _write(self) -> None:
        try:
            write_json(self._kept_in, {"key": self._key, "drivers": self._kept})
        except (OSError, VersoError):
            return


def fingerprint_of_code(driver: Path, library: Path = LIBRARY) -> str:
    """Fingerprint of one driver; for several make one Code."""
    return Code(library).fingerprint(driver)


def key_of_settings(settings: Mapping[str, Any]) -> str:
    """Names a recipe: the same settings, whatever their order, give the same key. Values must be such as JSON knows."""
    return hashlib.sha256(json.dumps(settings, sort_keys=True).encode()).hexdigest()[:DIGITS]


def key_of_study(title: str, experiments: Iterable[Mapping[str, Any]], models: Mapping[str, Mapping[str, Any]]) -> str:
    """Names what a report is about: its title, its experiments with their seeds, and the recipes of their models."""
    return key_of_settings({"title": title, "experiments": list(experiments), "models": dict(models)})


def key_of_files(fingerprint: str, settings: Mapping[str, Any], files: Iterable[str | Path]) -> str:
    """Names a result by all that it follows from: code, settings, the content of files, and the versions of COMPUTING."""
    facts = [fingerprint, settings, [sha256_of(path) for path in files], [_version(name) for name in COMPUTING]]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:DIGITS]


def _version(library: str) -> str | None:
    try:
        return version(library)
    except PackageNotFoundError:
        return None
