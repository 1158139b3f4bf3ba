"""Compare two results folders file by file: is a study the same after a change that should change nothing?

    python tests/compare_results.py results-before results

Corpora, weights, scores, samples, tables and figures must be equal byte for byte. What a machine measures (seconds, memory,
energy, speed) is left out of tables and JSON before they are compared, and of the page the visible numbers outside such tables
are compared, not its words. Logs, benchmarks, checkpoints, event files and what earlier
recipes gave are no results. It prints a line for each file that differs or is missing, and ends with 1 if there is one.
"""

import csv
import io
import json
import re
import sys
from collections import Counter
from pathlib import Path

NO_RESULTS = {"logs", "benchmarks", "checkpoints", "earlier", "so_far", "tensorboard"}
# Columns and keys that hold what was measured of the machine, or name the machine, or the code
MEASURED = re.compile(
    r"seconds|per_second|_mb$|_mb_|_kwh|joules|watts|energy|power|gpu_hours|cpu_hours|hours|peak_|host|device_name|driver|settings_key|"
    r"minutes?$|per_gpu_minute|attempts|lives|utili[sz]ation|date|when|commit"
)
MEASURED_TABLES = {"hardware", "latency", "classifier_jobs", "classifier_hardware"}  # of which the other columns count


def results_below(folder):
    """The files that count, by their path below the folder."""
    files = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    found = {path.relative_to(folder): path for path in files}
    return {name: path for name, path in found.items() if not NO_RESULTS & set(name.parts) and not name.name.startswith(".")}


def comparable(path):
    """What of a file must be equal."""
    if path.suffix == ".json" and (path.stem.endswith(("hardware", "scoring", "latency")) or path.stem == "fetched"):
        return unmeasured(json.loads(path.read_text(encoding="utf-8")))
    if path.suffix == ".csv" and (path.stem == "history" or "tables" in path.parts):
        rows = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8")))
        return [{key: value for key, value in row.items() if not MEASURED.search(key)} for row in rows]
    if path.suffix == ".tex" and path.stem in MEASURED_TABLES:
        return [re.sub(r"[\d.,]+", "0", line) for line in path.read_text(encoding="utf-8").splitlines()]
    if path.stem == "latency_spread":
        return "a figure of what was measured"
    if path.name == "report.html":
        return numbers_of(path.read_text(encoding="utf-8"))
    return path.read_bytes()


def unmeasured(value):
    """A JSON value without the keys of what was measured."""
    if isinstance(value, dict):
        return {key: unmeasured(inner) for key, inner in value.items() if not MEASURED.search(key)}
    return [unmeasured(inner) for inner in value] if isinstance(value, list) else value


def numbers_of(page):
    """How often each number of four digits or more after the point, or each figure's path, occurs: wording has none of them."""
    page = re.sub(r'<figure class="[^"]*latency_spread.*?</figure>', "", page, flags=re.DOTALL)
    return Counter(re.findall(r"\d+[.,]\d{4,}", page)) + Counter(re.findall(r' d="([^"]+)"', page))


def differences(before, after):
    """A line for each file that is not the same."""
    old, new = results_below(Path(before)), results_below(Path(after))
    for name in sorted(old.keys() | new.keys()):
        if name not in new:
            yield f"missing   {name}"
        elif name not in old:
            yield f"new       {name}"
        elif old[name].read_bytes() != new[name].read_bytes() and comparable(old[name]) != comparable(new[name]):
            yield f"differs   {name}"


def main(before, after):
    """Print what differs. Returns 1 if anything does."""
    found = list(differences(before, after))
    print("\n".join(found) or f"{len(results_below(Path(after)))} files, all the same")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
