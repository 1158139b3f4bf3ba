"""Loads and renders prompt templates (jinja2, plain text) for chat models.

A template is untrusted: it is rendered in jinja2's sandbox, without includes, and its values are never rendered as templates.
The module is light, because the Snakefile checks templates before anything runs.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import StrictUndefined, meta
from jinja2.sandbox import ImmutableSandboxedEnvironment

from verso.errors import VersoError

NAMES = ("text", "labels", "examples", "ordered")  # variables of a template


class Template:
    """A prompt template."""

    def __init__(self, path: str | Path) -> None:
        """Load a template. Raises VersoError with the reason if the file is missing or invalid."""
        try:
            source = Path(path).read_text(encoding="utf-8")
        except OSError as error:
            raise VersoError(f"{path}: cannot be read ({error.strerror}); name the file of a prompt's template") from error
        except UnicodeDecodeError as error:
            raise VersoError(f"{path}: is no UTF-8 text; save the template as UTF-8") from error
        environment = ImmutableSandboxedEnvironment(
            autoescape=False, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )
        try:
            unknown = sorted(meta.find_undeclared_variables(environment.parse(source)) - {*NAMES})
            self._template = environment.from_string(source)
        except Exception as error:  # of jinja2, or of Python if the compiled template is invalid
            number = getattr(error, "lineno", None)
            line = f"line {number}: " if number else ""
            raise VersoError(f"{path}: is no jinja2 template ({line}{error})") from error
        if unknown:
            raise VersoError(f"{path}: uses {', '.join(unknown)}; a prompt is given {', '.join(NAMES)}")
        for examples in ([], [{"text": "an example", "label": "one"}]):
            try:
                shown = self.rendered("a text", ["one", "two"], examples, True)
            except Exception as error:  # a template can raise anything
                raise VersoError(f"{path}: gives no prompt ({error}); an example has `text` and `label`") from error
            if "a text" not in shown:
                raise VersoError(f"{path}: its prompt does not hold the text; write {{{{ text }}}} where it belongs")

    def rendered(self, text: str, labels: Sequence[str], examples: Sequence[Mapping[str, Any]], ordered: bool) -> str:
        """Render the prompt and strip it, because chat templates strip in different ways."""
        return self._template.render(text=text, labels=list(labels), examples=list(examples), ordered=ordered).strip()


def fault_of_template(path: str | Path) -> str:
    """The error of a template as a sentence; empty if it is valid."""
    try:
        Template(path)
    except VersoError as error:
        return str(error)
    return ""
