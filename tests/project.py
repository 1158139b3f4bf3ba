"""A copy of Verso with a config of seconds, run for real."""

import contextlib
import copy
import json
import os
import pty
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import warm
import yaml

from verso.commands.dry_run import parse

ROOT = Path(__file__).parents[1]
PARTS = ["Snakefile", "workflow", "profiles", "config"]
TINY = {
    "family": "recurrent_lm",
    "miniature": True,
    "embedding": 8,
    "hidden": 16,
    "layers": 1,
    "batch": 4,
    "window": 20,
    "epochs": 2,
    "needs": {"mem_mb": 1000, "checkpoint_seconds": 1},
}
CONFIG = {
    "title": "A test",
    "corpora": {
        "songs": {
            "kind": "songs",
            "demo": True,
            "source": {"path": "songs.jsonl"},
            "songs_per_artist": 8,
            "sampling": {"per_group": 1, "max_tokens": {"char": 40, "word": 20}},
        }
    },
    "models": {"lstm-char": {**TINY, "cell": "lstm", "unit": "char"}, "gru-word": {**TINY, "cell": "gru", "unit": "word"}},
    "experiments": {"lyrics": {"corpus": "songs", "models": ["lstm-char", "gru-word"], "seeds": [1]}},
}


def being_written(folder, names):
    """In a cache other processes write for a moment under other names. What stands there spares each project a second."""
    return [name for name in names if Path(folder).name == "__pycache__" and not name.endswith((".pyc", "fingerprints.json"))]


@dataclass(frozen=True)
class Project:
    """A folder that holds Verso, songs and test.yaml."""

    folder: Path

    @classmethod
    def made_in(cls, folder, config=CONFIG):
        folder.mkdir(parents=True, exist_ok=True)
        for part in PARTS:
            source = ROOT / part
            shutil.copytree(source, folder / part, ignore=being_written) if source.is_dir() else shutil.copy2(
                source, folder / part
            )
        shutil.copy2(ROOT / "resources" / "demo" / "songs.jsonl", folder / "songs.jsonl")
        project = cls(folder)
        project.write_config(config)
        return project

    def copied_to(self, folder):
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)  # with times, for Snakemake looks at them
        return Project(folder)

    def take_over(self, other, *folders):
        """Have what another project of the same recipes made in these folders of results/; then nothing makes it again."""
        for name in folders:
            shutil.copytree(other.path("results") / name, self.path("results") / name, dirs_exist_ok=True)
        theirs, ours = (project.path(".snakemake/metadata") for project in (other, self))
        for record in theirs.rglob("*"):
            if record.is_file() and not (copy := ours / record.relative_to(theirs)).exists():
                copy.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(record, copy)

    def write_config(self, config):
        (self.folder / "test.yaml").write_text(yaml.safe_dump(config, allow_unicode=True, sort_keys=False))

    def config(self):
        return yaml.safe_load((self.folder / "test.yaml").read_text())

    def command(self, *arguments):
        cores = [] if "profiles/slurm" in arguments else ["--cores", "2"]  # on a cluster it would cut every job's threads
        return [sys.executable, "-m", "snakemake", "--configfile", "test.yaml", *cores, *arguments]

    def start(self, *arguments, **options):
        """Snakemake with these arguments, in a process group of its own, output to one stream."""
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        command = self.command(*arguments)
        return subprocess.Popen(
            command,
            cwd=self.folder,
            env=environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            **options,
        )

    def run(self, *arguments):
        """The exit code and the output of Snakemake."""
        if warm.HERE:
            return warm.run(self.command(*arguments)[3:], self.folder, {**os.environ, "OMP_NUM_THREADS": "1"})
        process = self.start(*arguments)
        output, _ = process.communicate()
        return process.returncode, output

    def seen_on_a_terminal(self, *arguments):
        """What a person sees who starts Snakemake in a terminal; it must end well."""
        mine, its = pty.openpty()
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        with subprocess.Popen(self.command(*arguments), cwd=self.folder, env=environment, stdout=its, stderr=its) as process:
            os.close(its)
            seen = read_to_the_end(mine)
        assert process.returncode == 0, seen
        return seen

    def make(self, *arguments):
        code, output = self.run(*arguments)
        assert code == 0, output
        return output

    def plan(self, *arguments):
        """What a dry run would run, as sorted "rule wildcards" lines, without the target itself."""
        jobs = parse(self.make("--dry-run", *arguments))
        lines = [" ".join([job.rule, *wildcards_of(job.facts.get("wildcards", ""))]) for job in jobs]
        return sorted(line for line in lines if line != "all")

    def path(self, name):
        return self.folder / name

    def edit(self, name, old, new):
        path = self.folder / name
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{name} does not hold {old!r}: the test's edit is out of date"
        path.write_text(text.replace(old, new, 1), encoding="utf-8")

    def change_config(self, change):
        config = copy.deepcopy(self.config())
        change(config)
        self.write_config(config)


def read_to_the_end(terminal):
    """All that is written to the other side of a pseudo-terminal, until nobody holds that any more."""
    pieces = []
    with os.fdopen(terminal, "rb", buffering=0) as stream, contextlib.suppress(OSError):  # EIO is its end
        while piece := stream.read(1 << 16):
            pieces.append(piece)
    return b"".join(pieces).decode("utf-8", errors="replace")


def wildcards_of(text):
    return [pair.split("=", 1)[1] for pair in text.split(", ")] if text else []


def songs_of(project):
    return [json.loads(line) for line in project.path("songs.jsonl").read_text(encoding="utf-8").splitlines()]
