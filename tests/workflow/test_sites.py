"""The site blocks that profiles/README.md shows, planned by a real Snakemake: what each training would request of SLURM.

The blocks are taken out of that page, so that what a reader copies is what is tested.
"""

import copy
import os
import re
import subprocess

import pytest
import yaml
from project import CONFIG, ROOT, TINY, Project
from reviews import write_source

from verso.commands.dry_run import parse
from verso.files import write_json
from verso.machine.site import Card, Site

BLOCKS = [
    yaml.safe_load(block)["config"]["site"]
    for block in re.findall(r"```yaml\n(.*?)```", (ROOT / "profiles" / "README.md").read_text(encoding="utf-8"), re.DOTALL)
]
WHOLE, SHARED, SORTED, WORKSTATION, LISTED = BLOCKS
SIZES = [5000, 6001, 24_000, 24_001, 80_000]  # MB: of a shard, a card of 24 GB and one of 80 GB, within, at the edge and beyond
ASKED = ("gpu", "gpu_model", "nodes", "gres", "slurm_partition", "constraint", "slurm_extra")
SIGNAL = {"slurm_extra": "--signal=TERM@120"}
TITAN, A100 = {"slurm_partition": "TITAN"}, {"slurm_partition": "A100"}

EXPECTED = {
    "whole": (
        WHOLE,
        3 * [{"gpu": "1", "gpu_model": "titan", "slurm_partition": "GPU", **SIGNAL}]
        + 2 * [{"gpu": "1", "gpu_model": "a100", "slurm_partition": "GPU", **SIGNAL}],
        {"slurm_partition": "CPU", **SIGNAL},
    ),
    "whole, by gres": (
        {**WHOLE, "cards": [{**card, "gres": f"gpu:{card['gpu_model']}", "gpu_model": None} for card in WHOLE["cards"]]},
        3 * [{"gres": "gpu:titan:1", "slurm_partition": "GPU", **SIGNAL}]
        + 2 * [{"gres": "gpu:a100:1", "slurm_partition": "GPU", **SIGNAL}],
        {"slurm_partition": "CPU", **SIGNAL},
    ),
    "shards": (
        SHARED,
        [
            {"gres": "shard:1", **TITAN},
            {"gres": "shard:2", **TITAN},
            {"gres": "shard:4", **TITAN},
            {"gres": "shard:2", **A100},
            {"gres": "shard:4", **A100},
        ],
        {"slurm_partition": "CPU"},
    ),
    "by size": (
        SORTED,
        3 * [{"gpu": "1", **TITAN}] + 2 * [{"gpu": "1", "slurm_partition": "GPU", "constraint": "vram80g"}],
        {"slurm_partition": "CPU"},
    ),
    "workstation": (WORKSTATION, 5 * [{}], {}),
}


HUB = {"type": "hub", "repository": "owner/model", "revision": "0" * 40, "licence": "mit"}


def model_of(vram_mb):
    return {**TINY, "cell": "lstm", "unit": "char", "needs": {**TINY["needs"], "gpus": 1, "vram_mb": vram_mb}}


def config_of(sizes):
    """Models that hold so many MB of a card, and one that takes none."""
    config = copy.deepcopy(CONFIG)
    config["models"] = {"without": config["models"]["lstm-char"]} | {f"holds-{size}": model_of(size) for size in sizes}
    config["experiments"]["lyrics"]["models"] = list(config["models"])
    return config


def project_at(folder, site, sizes=SIZES, profile="slurm"):
    """A project whose copy of a profile has this site block, as its user would write it."""
    project = Project.made_in(folder, config_of(sizes))
    path = project.path(f"profiles/{profile}/config.v9+.yaml")
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    content["config"]["site"] = site
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    return project


def asked_of_site(job):
    return {name: value for name, value in job.resources.items() if name in ASKED}


@pytest.mark.parametrize("name", EXPECTED)
def test_each_training_requests_the_smallest_card_that_holds_it_and_nothing_else_for_any(tmp_path, name):
    site, of_trainings, of_training_without_card = EXPECTED[name]
    profile = "local" if site.get("leases") else "slurm"
    project = project_at(tmp_path, site, profile=profile)
    jobs = parse(project.make("--dry-run", "--quiet", "host", "--profile", f"profiles/{profile}"))
    trainings = {job.wildcards["model"]: job for job in jobs if job.is_training}
    assert [asked_of_site(trainings[f"holds-{size}"]) for size in SIZES] == of_trainings
    assert [trainings[f"holds-{size}"].number("vram_mb") for size in SIZES] == SIZES
    assert asked_of_site(trainings["without"]) == of_training_without_card
    without_signal = {key: value for key, value in of_training_without_card.items() if key != "slurm_extra"}
    others = [job for job in jobs if not job.is_training and job.rule != "all"]
    assert {job.rule for job in others} >= {"acquire_corpus", "evaluate_recurrent_lm", "compare_language_modelling", "report"}
    for job in others:
        assert asked_of_site(job) == without_signal, f"{job.rule} holds a card, or queues where cards are"


@pytest.mark.parametrize(
    ("site", "to_train", "to_use"),
    [
        (
            WHOLE,
            {"gpu": "2", "gpu_model": "titan", "nodes": "1", "slurm_partition": "GPU", **SIGNAL},
            {"gpu": "1", "gpu_model": "titan", "slurm_partition": "GPU"},
        ),
        (SHARED, {"gpu": "2", "nodes": "1", **TITAN}, {"gres": "shard:2", **TITAN}),
        (SORTED, {"gpu": "2", "nodes": "1", **TITAN}, {"gpu": "1", **TITAN}),
        (LISTED, {}, {}),
    ],
    ids=["whole", "shards", "by size", "workstation"],
)
def test_an_encoder_trains_on_two_cards_of_one_node_and_uses_one_and_a_prompt_one(tmp_path, site, to_train, to_use):
    """A pool of all cards' memory is a workstation's: SLURM's own queue would be throttled by it.

    A training and the asking of a chat model are warned before their time limit: they save themselves, and the others would be
    ended early and for nothing.
    """
    profile = "local" if site.get("leases") else "slurm"
    project = project_at(tmp_path, site, profile=profile)
    write_source(project.path("reviews.json"), 60, 20, 20)
    of_card = {"gpus": 1, "vram_mb": 12_000}
    own_texts = [{"text": "A lovely room.", "label": "3"}]
    models = {
        "encoder": {"family": "encoder", "pretrained": "base", "needs": {**of_card, "gpus": 2}},
        "prompt": {"family": "prompt", "pretrained": "base", "template": "reviews.jinja", "needs": of_card},
    }
    project.path("reviews.jinja").write_text("{{ text }}? {{ labels }}")
    project.change_config(
        lambda config: config.update(
            corpora={"reviews": {"kind": "labelled", "source": {"path": "reviews.json"}, "own_texts": own_texts}},
            pretrained={"base": HUB},
            models=models,
            experiments={"polarity": {"corpus": "reviews", "models": list(models), "seeds": [1]}},
        )
    )
    jobs = {job.rule: job for job in parse(project.make("--dry-run", "--quiet", "host", "--profile", f"profiles/{profile}"))}
    warned = {key: value for key, value in to_train.items() if key in SIGNAL}
    uses = {"predict_encoder_and_own_texts": (to_use, 1), "answer_prompts_and_own_texts": ({**to_use, **warned}, 1)}
    asked = {rule: (asked_of_site(job), job.cards) for rule, job in jobs.items() if job.cards}
    assert asked == {"train_encoder": (to_train, 2), **uses}
    pools = {rule: job.number("vram_pool_mb") for rule, job in jobs.items() if "vram_pool_mb" in job.resources}
    of_workstation = {"train_encoder": 24_000, **dict.fromkeys(uses, 12_000)}
    assert {rule: pool for rule, pool in pools.items() if pool} == (of_workstation if profile == "local" else {})


@pytest.mark.parametrize("arguments", [["--dry-run"], []])
def test_a_run_that_no_card_holds_is_refused_before_anything_is_submitted(tmp_path, arguments):
    """All such runs at once, with what each kind of card lacks; also in a dry run."""
    project = project_at(tmp_path, WHOLE, sizes=[20_000, 80_500, 90_000])
    code, output = project.run(*arguments, "--profile", "profiles/slurm")
    assert code == 1
    assert "Traceback" not in output
    assert "models.holds-80500 on songs: it must hold 80,500 MB: TITAN RTX has 24,000 MB, 56,500 too few; " in output
    assert "A100 has 80,000 MB, 500 too few" in output
    assert "models.holds-90000 on songs" in output
    assert "holds-20000" not in output
    assert not project.path("results").exists()
    assert not project.path(".snakemake/slurm_logs").exists()


def test_a_training_that_is_finished_is_no_reason_to_refuse_what_is_left_of_its_run(tmp_path):
    """It was made where cards are larger; its scoring takes none."""
    project = project_at(tmp_path, WHOLE, sizes=[90_000])
    project.make("results/runs/songs/holds-90000/seed-1/hardware.json")
    plan = project.plan("--profile", "profiles/slurm")
    assert "evaluate_recurrent_lm songs holds-90000 1" in plan
    assert "train_recurrent_lm songs holds-90000 1" not in plan
    project.change_config(lambda config: config["models"]["holds-90000"].update(epochs=3))
    code, output = project.run("--dry-run", "--profile", "profiles/slurm")
    assert code == 1
    assert "it must hold 90,000 MB" in output


def test_a_model_that_a_card_can_tune_and_not_write_with_is_refused_before_it_is_tuned(tmp_path):
    """Without shared keys and values the cache of sixteen texts takes more than a batch of one."""
    card = {"name": "RTX 3060", "vram_mb": 12_000, "partition": "GPU"}
    project = project_at(tmp_path, {"partition": "CPU", "cards": [card]}, sizes=[1_000])
    heads = {"num_attention_heads": 32, "num_key_value_heads": 32}
    write_json(project.path("llama.json"), {"hidden_size": 4096, "intermediate_size": 11_008, "num_hidden_layers": 32, **heads})
    llama = {"family": "causal_llm", "pretrained": "llama", "batch": 1, "scoring": {"stride": 512}, "needs": {"gpus": 1}}
    project.change_config(lambda config: config.update(pretrained={"llama": {**HUB, "configuration": "llama.json"}}))
    project.change_config(lambda config: config["models"].update(llama=llama))
    project.change_config(lambda config: config["experiments"]["lyrics"]["models"].append("llama"))
    code, output = project.run("--dry-run", "--profile", "profiles/slurm")
    assert code == 1
    assert "Traceback" not in output
    assert re.search(r"models.llama on songs: it must hold 13,\d\d\d MB: RTX 3060 has 12,000 MB", output)


@pytest.mark.parametrize("arguments", [["--dry-run"], []])
def test_a_workstation_refuses_too(tmp_path, arguments):
    project = project_at(tmp_path, LISTED, sizes=[22_000, 22_001], profile="local")
    code, output = project.run(*arguments, "--profile", "profiles/local")
    assert code == 1
    assert "Traceback" not in output
    assert "models.holds-22001 on songs: it must hold 22,001 MB: RTX 3090 has 22,000 MB, 1 too few" in output
    assert "holds-22000" not in output
    assert not project.path("results").exists()


def test_a_workstation_that_lists_no_cards_refuses_by_those_it_has(tmp_path, monkeypatch):
    """Snakemake would cut the request to what the machine has in all, and the run would meet a full card hours later."""
    project = project_at(tmp_path, WORKSTATION, sizes=[24_000, 30_000], profile="local")
    tool = project.path("bin/nvidia-smi")
    tool.parent.mkdir()
    tool.write_text("#!/bin/sh\necho 24576\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tool.parent}:{os.environ['PATH']}")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    code, output = project.run("--dry-run", "--profile", "profiles/local")
    assert code == 1
    assert "models.holds-30000 on songs: it must hold 30,000 MB" in output
    assert "holds-24000" not in output


def test_what_no_experiment_trains_is_no_reason_to_refuse(tmp_path):
    project = project_at(tmp_path, WHOLE, sizes=[20_000, 90_000])
    project.change_config(lambda config: config["experiments"]["lyrics"].update(models=["without", "holds-20000"]))
    assert "train_recurrent_lm songs holds-20000 1" in project.plan("--profile", "profiles/slurm")


def test_a_wrong_block_lists_its_faults(tmp_path):
    cards = [{"name": "A100", "vram_mb": "80 GB"}, {"name": "TITAN", "vram_mb": 24_000, "gres": "gpu", "gpu_model": "titan"}]
    project = project_at(tmp_path, {"partitions": "CPU", "partition": "CPU; true", "cards": cards})
    code, output = project.run("--dry-run", "--profile", "profiles/slurm")
    assert code == 1
    assert "Traceback" not in output
    assert "the profile's site block is wrong (profiles/README.md explains it):" in output
    for fault in (
        "site.partitions:",
        "site.partition:",
        "site.cards[0].vram_mb:",
        "site.cards[1]: gres (gpu) and gpu_model (titan)",
    ):
        assert fault in output


def test_without_a_block_no_partition_is_requested(tmp_path):
    project = Project.made_in(tmp_path, config_of([5000]))
    training = next(job for job in parse(project.make("--dry-run")) if job.wildcards.get("model") == "holds-5000")
    assert asked_of_site(training) == {}
    assert training.cards == 1


def test_every_key_of_the_block_is_explained():
    page = (ROOT / "profiles" / "README.md").read_text(encoding="utf-8").partition("## The site block")[2]
    explained = set(re.findall(r"^\| `(\w+(?:\[\]\.\w+)?)` \|", page, re.MULTILINE))
    assert explained == {*Site.model_fields, *(f"cards[].{key}" for key in Card.model_fields)}


# --- Snakemake's own views of the workflow ---


def snakemake(project, *arguments):
    done = subprocess.run(project.command(*arguments), cwd=project.folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_rule_graph_is_one_graph_that_names_the_rules(project):
    graph = snakemake(project, "--rulegraph").strip()
    assert graph.startswith("digraph"), "what `| dot -Tsvg` gets begins with something else"
    assert graph.endswith("}")
    labels = re.findall(r'label ?= ?"([^"]+)"', graph)
    assert sorted(labels) == sorted(set(labels)), "a rule stands twice"
    for rule in (
        "all",
        "acquire_corpus",
        "prepare_corpus",
        "train_recurrent_lm",
        "evaluate_recurrent_lm",
        "compare_language_modelling",
        "report",
    ):
        assert rule in labels


def test_the_summary_says_of_each_file_which_rule_makes_it_and_that_nothing_is_to_be_done(finished):
    header, *lines = [line.split("\t") for line in snakemake(finished, "--summary").splitlines()]
    rows = {row["output_file"]: row for row in (dict(zip(header, line, strict=False)) for line in lines)}
    assert rows["results/report.html"]["rule"] == "report"
    weights = rows["results/runs/songs/lstm-char/seed-1/model/weights.safetensors"]
    assert (weights["rule"], weights["status"], weights["plan"]) == ("train_recurrent_lm", "ok", "no update")
    assert {row["plan"] for row in rows.values()} == {"no update"}


def test_snakemakes_lint_finds_nothing(project):
    code, output = project.run("--lint")
    assert code == 0, output
