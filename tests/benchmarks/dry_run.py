"""How long a dry run takes: of the demo (at most 3 s) and of the full config (at most 5 s). Exit 1 above that.

Each is run in a copy of the repository in which nothing was made, five times in turn; the median counts.
"""

import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
LIMITS = {"config/demo.yaml": 2.3, "config/config.yaml": 2.3}  # seconds
REPEATS = 5


def seconds(folder: Path, config: str) -> float:
    """Wall time of one dry run."""
    begin = time.perf_counter()
    command = [sys.executable, "-m", "snakemake", "--dry-run", "--cores", "2", "--configfile", config]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return time.perf_counter() - begin


def main() -> int:
    """Print a line a config; 1 when one is too slow."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for part in ("workflow", "profiles", "config", "resources"):
            shutil.copytree(ROOT / part, folder / part)
        shutil.copy(ROOT / "Snakefile", folder)
        (folder / "data").mkdir()
        shutil.copy(ROOT / "resources/demo/songs.jsonl", folder / "data/songs.jsonl")
        taken: dict[str, list[float]] = {config: [] for config in LIMITS}
        for _ in range(REPEATS):
            for config in LIMITS:
                taken[config].append(seconds(folder, config))
    slow = False
    for config, limit in LIMITS.items():
        median = statistics.median(taken[config])
        slow |= median > limit
        print(f"dry run of {config}: {median:.2f} s (at most {limit} s; {min(taken[config]):.2f} to {max(taken[config]):.2f})")
    return int(slow)


if __name__ == "__main__":
    sys.exit(main())
