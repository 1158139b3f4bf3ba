"""What the last progress bar in a job's log says (verso.jobs.logs.progress): how far work is that no record counts."""

import os
import re
from pathlib import Path

END = 2000  # bytes of a log, more than a bar
SHARE = re.compile(r"(?P<label>[^\r\n|]{1,60}?): +(?P<share>\d{1,3}%)\|")
COUNT = re.compile(r"(?P<label>[^\r\n|]{1,60}?): (?P<count>\d+)(?P<unit>[a-z]+) \[")


def step_of(log: str | Path) -> str:
    """The last step that a job's log counts, as "signatures 45%" or "clean 4,500 documents"; empty where it ends otherwise."""
    try:
        with Path(log).open("rb") as stream:
            stream.seek(max(0, os.fstat(stream.fileno()).st_size - END))
            text = stream.read().decode("utf-8", errors="replace")
    except OSError:
        return ""
    lines = [line for line in re.split(r"[\r\n]", re.sub(r"\x1b\[A", "", text)) if line.strip()]
    if not lines:
        return ""
    if found := SHARE.match(lines[-1]):
        return f"{found['label']} {found['share']}"
    if found := COUNT.match(lines[-1]):
        return f"{found['label']} {int(found['count']):,} {found['unit']}"
    return ""
