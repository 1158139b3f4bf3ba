"""A driver of workflow/scripts run in this process, as Snakemake runs it: with an object that knows the job's files."""

import logging
import runpy
from pathlib import Path
from types import SimpleNamespace

from project import ROOT


class Named(dict):
    """As Snakemake's inputs, outputs, params and resources are: values by names, and by attributes."""

    def __getattr__(self, name):
        try:
            return self[name]
        except KeyError as error:
            raise AttributeError(name) from error


def run_driver(name, folder, input, output, params=None, **resources):
    """Run workflow/scripts/<name>.py; like Snakemake it removes the job's outputs first. Its log lies in `folder`."""
    for path in output.values():
        Path(path).unlink(missing_ok=True)
    files = {key: [str(one) for one in value] if isinstance(value, list) else str(value) for key, value in input.items()}
    job = SimpleNamespace(
        input=Named(files),
        output=Named({key: str(path) for key, path in output.items()}),
        params=Named({"code": "code", **(params or {})}),
        resources=Named({"mem_mb": 1000, "runtime": 10, "vram_mb": 0, "cards": 0, **resources}),
        wildcards=Named(corpus="corpus", model="model", seed="1"),
        log=[str(folder / f"{name}.log")],
        rule=name,
        threads=1,
        config={},
    )
    root = logging.getLogger()  # a job takes over its handlers and its level, and this process outlives it
    handlers, level = root.handlers[:], root.level
    try:
        runpy.run_path(str(ROOT / "workflow/scripts" / f"{name}.py"), {"snakemake": job}, run_name="__main__")
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
