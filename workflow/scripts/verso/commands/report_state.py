"""Whether the report in the results folder is that of this config, as it is now; its page says what it was made of."""

import html
import re
from pathlib import Path

from verso.config.file import Config
from verso.graph.descriptions import Descriptions
from verso.graph.inputs import Inputs
from verso.graph.paths import Paths
from verso.graph.runs import Runs
from verso.provenance import key_of_study

HEAD = 20_000  # bytes of the page in which its marks stand


def state_of_report(config: Config, origin: str, newest: float) -> str:
    """A sentence about the report. origin: path of the config. newest: when the newest result was written, in seconds."""
    paths = Paths(config.results.rstrip("/"))
    path = Path(paths.report)
    try:
        made = path.stat().st_mtime
        with path.open("rb") as stream:
            head = stream.read(HEAD).decode("utf-8", errors="replace")
    except OSError:
        return "There is no report yet."
    key, its_config = _mark(head, "study"), _mark(head, "config")
    runs = Runs(config, paths)
    described = Descriptions(runs, Inputs(runs), code_of=str)
    if not key:
        return f"{path} does not say what it was made of: it is of an earlier version of Verso."
    if key != key_of_study(config.title, described.experiments(runs.all), described.models(runs.all)):
        if Path(its_config).resolve() == Path(origin).resolve():
            return f"{path} is of this config as it was before it was changed."
        return f"{path} is the report of another config ({its_config}): there is none of this one yet."
    if made < newest:
        return f"The report is older than the newest results: {path}"
    return f"The report stands: {path}"


def _mark(head: str, name: str) -> str:
    found = re.search(rf'<meta name="verso-{name}" content="([^"]*)">', head)
    return html.unescape(found[1]) if found else ""
