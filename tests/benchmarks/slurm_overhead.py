"""What a submitted job costs beyond its own work, on a SLURM of this machine with the shipped profile: at most 15 s (median).

From its submission until Snakemake has noticed its end, less the time in the queue and less what its drivers took. Also what
reading the Snakefile takes in each job (at most 2 s), and a dry run of 1,000 runs (at most 20 s and 1 GB). Exit 1 above a limit.
"""

import json
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import yaml
from project import CONFIG, ROOT, Project
from slurm.cluster import Cluster
from slurm.study import Study

OVERHEAD, PARSING, LARGE_PLAN, LARGE_PLAN_MB = 15.0, 2.0, 20.0, 1000.0  # seconds, and MB
SUBMITTED = re.compile(r"^Job (\S+) has been submitted with SLURM jobid (\d+)", re.MULTILINE)
FINISHED = re.compile(r"^\[(\w{3} \w{3} +\d+ [\d:]+ \d{4})\]\nFinished jobid: (\S+) ", re.MULTILINE)


def overheads() -> list[float]:
    """Seconds of every submission of a tiny study but the time in the queue and the drivers' own."""
    with (
        tempfile.TemporaryDirectory(prefix="verso-slurm-", dir="/tmp") as state,
        tempfile.TemporaryDirectory() as folder,
        Cluster(Path(state), cpus=os.cpu_count() or 1) as cluster,  # more jobs than cores would measure each other
    ):
        study = Study.made_in(
            Path(folder), cluster, {**CONFIG, "experiments": {"lyrics": {**CONFIG["experiments"]["lyrics"], "seeds": [1, 2, 3]}}}
        )
        profile = study.project.path("profiles/slurm/config.v9+.yaml")
        shipped = yaml.safe_load((ROOT / "profiles/slurm/config.v9+.yaml").read_text())
        profile.write_text(yaml.safe_dump(shipped | {"config": yaml.safe_load(profile.read_text())["config"]}))
        if study.run() != 0:
            raise SystemExit(study.output())
        noticed = {job: datetime.strptime(at, "%a %b %d %H:%M:%S %Y").timestamp() for at, job in FINISHED.findall(study.output())}
        work: dict[str, float] = {}
        for path in study.project.path("results/logs").rglob("*.job.json"):
            attempt = json.loads(path.read_text())["attempts"][-1]
            work[attempt["slurm_job"]] = work.get(attempt["slurm_job"], 0) + attempt["end"] - attempt["start"]
        found = []
        for snakemake_job, slurm_job in SUBMITTED.findall(study.output()):
            if snakemake_job not in noticed:  # a group: its members are noticed together, under their own numbers
                continue
            facts = cluster.job(int(slurm_job))
            submitted, started = (datetime.fromisoformat(facts[key]).timestamp() for key in ("SubmitTime", "StartTime"))
            found.append(noticed[snakemake_job] - submitted - (started - submitted) - work[slurm_job])
        return found


def seconds_to_parse(folder: Path) -> float:
    """What `snakemake --list` takes beyond `snakemake --version`: the Snakefile, without a graph."""
    times = []
    for arguments in (["--list", "--configfile", "test.yaml"], ["--version"]):
        taken = []
        for _ in range(5):
            begin = time.perf_counter()
            subprocess.run([sys.executable, "-m", "snakemake", *arguments], cwd=folder, check=True, capture_output=True)
            taken.append(time.perf_counter() - begin)
        times.append(statistics.median(taken))
    return times[0] - times[1]


def large_plan(folder: Path) -> tuple[float, float]:
    """Seconds and peak MB of a dry run of 20 corpora x 10 models x 5 seeds, under the SLURM profile."""
    models = {f"model-{number}": dict(CONFIG["models"]["lstm-char"], hidden=16 + number) for number in range(10)}
    corpora = {f"corpus-{number}": CONFIG["corpora"]["songs"] for number in range(20)}
    experiments = {name: {"corpus": name, "models": list(models), "seeds": [1, 2, 3, 4, 5]} for name in corpora}
    config = {**CONFIG, "corpora": corpora, "models": models, "experiments": experiments}
    (folder / "large.yaml").write_text(yaml.safe_dump(config))
    begin = time.perf_counter()
    command = [
        sys.executable,
        "-m",
        "snakemake",
        "-n",
        "--configfile",
        "large.yaml",
        "--profile",
        "profiles/slurm",
        "--quiet",
        "all",
    ]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1e3


def main() -> int:
    """Print a line each; 1 when one is above its limit."""
    with tempfile.TemporaryDirectory() as name:
        Project.made_in(Path(name))
        plan_seconds, plan_mb = large_plan(Path(name))  # first, for the peak is that of the largest child
        parsing = seconds_to_parse(Path(name))
    found = overheads()
    overhead = statistics.median(found)
    print(f"dry run of 1,000 runs: {plan_seconds:.1f} s (at most {LARGE_PLAN} s), {plan_mb:.0f} MB (at most {LARGE_PLAN_MB:.0f})")
    print(f"reading the Snakefile in a job: {parsing:.2f} s (at most {PARSING} s)")
    print(f"a submitted job beyond its work: median {overhead:.1f} s of {len(found)}, at most {OVERHEAD} s")
    print(f"    (from {min(found):.1f} to {max(found):.1f})")
    above = (overhead > OVERHEAD, parsing > PARSING, plan_seconds > LARGE_PLAN, plan_mb > LARGE_PLAN_MB)
    return int(any(above))


if __name__ == "__main__":
    sys.exit(main())
