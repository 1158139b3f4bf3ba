"""What `make run` gives to Snakemake, and what it refuses before."""

import argparse

import pytest

from verso.commands.run import arguments_of, check_targets, main
from verso.errors import VersoError

CONFIG = {"experiments": {"lyrics": {}, "reviews": {}}}


def test_targets_come_first_for_an_option_would_read_them_as_its_values():
    given = {"targets": ["lyrics"], "config": "my.yaml", "profile": "profiles/local", "cores": "2", "further": ["--nolock"]}
    arguments = [
        "lyrics",
        "--configfile",
        "my.yaml",
        "--profile",
        "profiles/local",
        "--cores",
        "2",
        "--quiet",
        "host",
        "--nolock",
    ]
    assert arguments_of(argparse.Namespace(**given)) == arguments
    given |= {"targets": [], "cores": None}
    assert "--cores" not in arguments_of(argparse.Namespace(**given))


def test_an_experiment_that_there_is_not_is_named_with_those_that_there_are():
    for known in ("lyrics", "fetch", "report_so_far", "all", "results/runs/songs/a/seed-1/model/weights.safetensors"):
        check_targets([known], CONFIG, "my.yaml")
    with pytest.raises(VersoError, match=r'my\.yaml: "lyric" is no experiment; did you mean "lyrics"\? known: lyrics, reviews'):
        check_targets(["lyric"], CONFIG, "my.yaml")
    with pytest.raises(VersoError, match='"lyrics" is no experiment'):
        check_targets(["lyrics"], {"experiments": ["lyrics"]}, "my.yaml")


def test_a_config_that_is_none_never_reaches_snakemake(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["run", "--config", str(tmp_path / "nope.yaml")])
    assert main() == 1
    assert "nope.yaml does not exist" in capsys.readouterr().err
