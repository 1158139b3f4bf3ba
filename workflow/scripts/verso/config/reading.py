"""Reading a config file into its keys, before anything is known of them; what is no config is refused in a sentence."""

import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from verso.errors import VersoError

BEGIN_WITH = "config/README.md has every key, and config/demo.yaml is an example"


def read_file(path: str | Path) -> dict[str, Any]:
    """The keys of a config file, unchecked. Raises VersoError where it is missing, no YAML or no block of keys."""
    path = Path(path)
    if path.is_dir():
        raise VersoError(f"{path} is a folder; the config is a file ({BEGIN_WITH})")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError as error:
        raise VersoError(f"the config {path} does not exist (looked from {Path.cwd()}){_near(path)}") from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise VersoError(f"{path}: line {line} is not UTF-8; save the config as UTF-8") from error
    except OSError as error:
        raise VersoError(f"{path} cannot be read: {error.strerror}") from error
    try:
        raw = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # ValueError: a date that there is not, as in 2020-13-40
        raise VersoError(f"{path} is not valid YAML: {_said_of(error, text)}") from error
    if raw is None:
        raise VersoError(f"{path} is empty ({BEGIN_WITH})")
    if not isinstance(raw, dict):
        found = "a list" if isinstance(raw, list) else "a text" if isinstance(raw, str) else f"the value {raw!r}"
        raise VersoError(f"{path} holds {found}, and a config is a block of keys such as `corpora:` ({BEGIN_WITH})")
    return {str(key): value for key, value in raw.items()}


def named_in(arguments: Sequence[str]) -> list[str]:
    """The config files that a command line of Snakemake names."""
    found, inside = list[str](), False
    for argument in arguments:
        option, given, value = argument.partition("=")
        if argument.startswith("-"):
            inside = option in ("--configfile", "--configfiles")
            found += [value] if inside and given else []
            inside = inside and not given
        elif inside:
            found.append(argument)
    return found


def _near(path: Path) -> str:
    """A file of a similar name, as a question."""
    files = sorted(file for folder in {path.parent, Path("config")} if folder.is_dir() for file in folder.glob("*.y*ml"))
    same = [file for file in files if path.name in (file.name, file.stem)]
    near = difflib.get_close_matches(path.name, [file.name for file in files], n=1, cutoff=0.7)
    found = same or [file for file in files if file.name in near]
    return f"; did you mean {found[0]}?" if found else ""


def _said_of(error: Exception, text: str) -> str:
    """Where YAML stopped and why, in a line."""
    mark, problem = getattr(error, "problem_mark", None), getattr(error, "problem", None)
    if mark is None:
        return " ".join(str(error).split())
    lines = text.splitlines()
    if mark.line < len(lines) and "\t" in lines[mark.line][: mark.column + 1]:
        return f"line {mark.line + 1} holds a tab; YAML is indented by spaces"
    return f"line {mark.line + 1}, column {mark.column + 1}: {problem}"
