"""Every config that ships with Verso is sound, and all that its models do can be requested, its texts counted or not."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from drivers import Named
from project import ROOT

from verso.commands.status import read_config
from verso.files import write_json
from verso.graph import needs
from verso.graph.descriptions import Descriptions
from verso.graph.inputs import Inputs
from verso.graph.paths import Paths
from verso.graph.runs import Runs, trying
from verso.graph.search_needs import SearchRequests
from verso.graph.searches import Searches
from verso.graph.source_inputs import SourceInputs
from verso.machine.site import read_site

CONFIGS = sorted(path.stem for path in (ROOT / "config").glob("*.yaml"))
CLUSTER = read_site(yaml.safe_load((ROOT / "profiles/slurm/config.v9+.yaml").read_text(encoding="utf-8"))["config"]["site"])
SIZE = {"characters": 3_000_000, "words": 600_000, "lines": 40_000, "documents": 2_000}
COUNTED = {"parts": {"train": SIZE | {"groups": {"a": SIZE}}, "validation": SIZE, "test": SIZE}}
LEAST = {"mem_mb": 500, "runtime": 10, "vram_mb": 0, "expected_seconds": 0}


def given(resources: Mapping[str, Any], wildcards: Named) -> dict[str, Any]:
    """What a job is given: values, and those of functions as Snakemake calls them."""
    offered = {"wildcards": wildcards, "attempt": 1, "threads": 1}
    found = {}
    for name, value in resources.items():
        names = value.__code__.co_varnames[: value.__code__.co_argcount] if callable(value) else ()
        found[name] = value(**{own: offered["wildcards" if own == "_" else own] for own in names}) if callable(value) else value
    return {name: value for name, value in found.items() if value is not None}


def asked_of_a_model(requests: SearchRequests, corpus: str, model: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each rule that makes or uses a model on a corpus, and what it requests."""
    runs, of_run = requests._runs, Named(corpus=corpus, model=model, seed="1")
    family, entry = runs.family(model), runs.config.models[model]
    if family.trains(entry):
        yield family.made_by(entry), given(requests.training(), of_run)
    for rule, work in family.works.items():
        if work.seconds is not None:
            yield rule, given(requests.inference(rule), of_run)
        if work.request is not None:
            yield rule, given(requests.of_work(rule), of_run)
    if runs.searching_rule(model):
        assert runs.searching_rule(model) == trying(family.made_by(entry))
        worker = Named(corpus=corpus, model=model, worker="1")
        yield trying(family.made_by(entry)), given(requests.search(), worker)


@pytest.mark.parametrize("prepared", [False, True], ids=["unseen", "counted"])
@pytest.mark.parametrize("site", [None, CLUSTER], ids=["here", "on a cluster"])
@pytest.mark.parametrize("name", CONFIGS)
def test_all_that_the_models_of_a_shipped_config_do_can_be_requested(name, site, prepared, tmp_path, monkeypatch):
    monkeypatch.chdir(ROOT)  # configs name files that lie there
    config = read_config(f"config/{name}.yaml")
    runs = Runs(config, Paths(str(tmp_path)))
    requests = SearchRequests(runs, Inputs(runs), site, is_main=True, say=print)
    monkeypatch.setattr(needs, "moment_now", lambda: 0)
    corpora = {experiment.corpus for experiment in config.experiments.values()}
    if prepared:
        for corpus in corpora:
            write_json(tmp_path / f"corpora/{corpus}/statistics.json", COUNTED)
    for model in config.models:
        suiting = [corpus for corpus in corpora if config.corpora[corpus].kind in runs.family(model).kinds]
        assert suiting, f"no experiment has a corpus that {model} could read"
        for corpus in suiting:
            for rule, wanted in asked_of_a_model(requests, corpus, model):
                assert all(wanted[key] >= least for key, least in LEAST.items() if key in wanted), (rule, corpus, model, wanted)
                assert ("gpu" in wanted) == (site is not None and wanted["cards"] > 0), (rule, corpus, model, wanted)
    assert requests.faults_of_cards() == ""


@pytest.mark.parametrize("name", CONFIGS)
def test_the_files_and_descriptions_of_a_shipped_config_can_be_given_to_its_rules(name, monkeypatch):
    monkeypatch.chdir(ROOT)
    runs = Runs(read_config(f"config/{name}.yaml"), Paths("no-results"))
    inputs, sources, searches = Inputs(runs), SourceInputs(runs), Searches(runs)
    described = Descriptions(runs, inputs, lambda driver: driver)
    for corpus in {corpus for corpus, _, _ in runs.all}:
        wildcards = Named(corpus=corpus)
        assert sources.path(wildcards)
        assert sources.reading(wildcards)["columns"]
        assert sources.preparation(wildcards)
    assert described.tables_and_figures(runs.all)
    assert described.models(runs.all).keys() == {model for _, model, _ in runs.all}
    assert described.sections(runs.all)
    assert described.shown_files(runs.all)
    described.published(runs.all)
    for shown in searches.shown(runs.all):
        assert shown["twin"] is not None, f"{name}: {shown['model']} has no untuned twin to be compared with"
        assert not Path(shown["best"]).exists()
