"""What is installed is said in one way everywhere."""

from pathlib import Path

import yaml

ROOT = Path(__file__).parents[2]


def pins():
    lines = (ROOT / "requirements/constraints.txt").read_text().splitlines()
    return {name.lower(): version for name, version in (line.split("==") for line in lines if "==" in line)}


def named(file):
    lines = (ROOT / "requirements" / file).read_text().splitlines()
    return [name for name in (line.split("#")[0].strip() for line in lines) if name]


def test_everything_that_is_requested_is_pinned():
    asked_for = [name for file in ("run.txt", "development.txt", "gpu.txt", "unsloth.txt") for name in named(file)]
    assert [name for name in asked_for if name.lower() not in pins()] == []


def test_the_conda_environment_is_in_step_with_the_pins():
    environment = yaml.safe_load((ROOT / "workflow/envs/verso.yaml").read_text())
    wanted = environment["dependencies"][-1]["pip"]
    assert wanted == [f"{name}=={pins()[name.lower()]}" for name in named("run.txt")]


def test_no_pin_names_a_place():
    assert "://" not in (ROOT / "requirements/constraints.txt").read_text()
