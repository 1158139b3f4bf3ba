"""The site blocks that profiles/README.md shows, really submitted: which card each run gets, and that others leave cards alone.

There is no CUDA on these nodes: a training that asked for a card ends as soon as it looks for one, by device_lost. What SLURM
gave it stands by then.
"""

import copy
import re

import psutil
import pytest
import yaml
from project import CONFIG, ROOT, TINY
from slurm.study import Study

WHOLE, SHARED, SORTED = (
    yaml.safe_load(block)["config"]["site"]
    for block in re.findall(r"```yaml\n(.*?)```", (ROOT / "profiles" / "README.md").read_text(encoding="utf-8"), re.DOTALL)[:3]
)
TWO_CARDS = """
import sys

sys.path.insert(0, "workflow/scripts")
from verso.machine import site

SITE = site.read_site(config["site"])
BY_GRES = [SITE.cards[0].model_copy(update={"gpu_model": None, "gres": "gpu:titan"})]
BY_NUMBER = [SITE.cards[0].model_copy(update={"gpu_model": None})]  # of a partition whose other node has a card as well


rule all:
    input:
        expand("{way}.done", way=["by_model", "by_gres", "by_number"]),


for way, cards in [("by_model", SITE.cards), ("by_gres", BY_GRES), ("by_number", BY_NUMBER)]:

    rule:
        name:
            way
        output:
            f"{way}.done",
        threads: 1
        resources:
            mem_mb=500,
            runtime=5,
            **site.request(SITE.model_copy(update={"cards": cards}), 2, 20_000),
        shell:
            "echo start $CUDA_VISIBLE_DEVICES $SLURM_NTASKS >> {rule}.starts; touch {output}"
"""


def config_of(sizes: dict[str, int]) -> dict:
    """Models that hold so many MB of a card, by name, and one that takes none."""
    config = copy.deepcopy(CONFIG)
    config["models"] = {"without": config["models"]["lstm-char"]}
    for name, vram_mb in sizes.items():
        needs = {"mem_mb": 1000, "runtime": 15, "gpus": 1, "vram_mb": vram_mb}
        config["models"][name] = {**TINY, "cell": "lstm", "unit": "char", "needs": needs}
    config["experiments"]["lyrics"]["models"] = list(config["models"])
    return config


def visible_cards(study: Study, model: str) -> list[str] | None:
    """The cards that a training's own process sees, while it lives; None before and after."""
    for attempt in study.attempts(model):
        try:
            return psutil.Process(attempt["pid"]).environ().get("CUDA_VISIBLE_DEVICES", "").split(",")
        except (psutil.NoSuchProcess, psutil.ZombieProcess):
            pass
    return None


def jobs_of(study: Study) -> dict[str, dict[str, str]]:
    """All that SLURM says of this study's jobs, by their number."""
    lines = study.cluster.run("scontrol", "show", "job", "-o").splitlines()
    jobs = [dict(re.findall(r"(?:^| )([A-Z][\w:/]*)=(\S*)", line)) for line in lines]
    return {job["JobId"]: job for job in jobs if job.get("WorkDir") == str(study.project.folder)}


def trained_with_cards(study: Study, *models: str) -> tuple[dict[str, list[str]], int]:
    """Run all: what each training's process saw, and the most jobs that ran on gpu02 at one moment.

    Nothing is tried again: without CUDA it would end the same way.
    """
    process = study.start("--retries", "0")
    seen: dict[str, list[str]] = {}
    together = [0]

    def all_ended() -> bool:
        for model in set(models) - set(seen):
            if (cards := visible_cards(study, model)) is not None:
                seen[model] = cards
        on_card = [job for job in jobs_of(study).values() if job["NodeList"] == "gpu02" and job["JobState"] == "RUNNING"]
        together.append(len(on_card))
        return process.poll() is not None

    try:
        study.until(all_ended, "Snakemake to end", 600)
    finally:
        process.kill()  # a test that failed leaves none behind; its jobs end with the cluster
        process.wait()
    return seen, max(together)


def job_of(study: Study, model: str) -> dict[str, str]:
    return jobs_of(study)[study.attempts(model)[0]["slurm_job"]]


@pytest.fixture
def prepared(cluster, tmp_path):
    """Makes a study at a site whose corpus is prepared already, without SLURM; its models hold so many MB of a card, by name."""

    def made(site: dict, sizes: dict[str, int], others: bool = False) -> Study:
        study = Study.made_in(tmp_path, cluster, config_of(sizes), site)
        study.project.make("results/corpora/songs/train.jsonl", "results/corpora/songs/vocab_char.json")
        if not others:
            study.project.change_config(lambda config: config["experiments"]["lyrics"]["models"].remove("without"))
        return study

    return made


def test_whole_cards_by_type_and_no_card_for_what_needs_none(prepared):
    study = prepared(WHOLE, {"small": 6_000, "large": 60_000}, others=True)
    seen, _ = trained_with_cards(study, "small", "large", "without")
    small, large = job_of(study, "small"), job_of(study, "large")
    assert (small["Partition"], small["NodeList"], large["Partition"], large["NodeList"]) == ("GPU", "gpu01", "GPU", "gpu02")
    assert "gres:gpu:titan:1" in small["TresPerJob"]
    assert "gres:gpu:a100:1" in large["TresPerJob"]
    assert len(seen["small"]) == 1
    assert seen["small"][0] in ("0", "1")
    assert seen["large"] == ["0"]
    for model in ("small", "large"):
        assert study.attempts(model)[0]["cause"] == "device_lost"
    others = {job["Comment"]: job for job in jobs_of(study).values() if not re.search("small|large", job["Comment"])}
    assert any("without" in comment for comment in others)
    assert len(others) >= 3, "the exports, the training without a card, its evaluation: some are missing"
    for comment, job in others.items():
        assert (job["Partition"], job["NodeList"], job["JobState"]) == ("CPU", "cpu01", "COMPLETED"), comment
        assert not any("gres" in job.get(key, "") for key in ("TRES", "TresPerJob", "TresPerNode")), comment
    assert seen["without"] == [""]
    assert study.project.path("results/runs/songs/without/seed-1/scores.csv").exists()


def test_small_runs_share_a_card_by_shards(prepared):
    """Two runs of 30 GB are at work on the one card of 80 GB at the same moment; a smaller one is on a smaller card."""
    study = prepared(SHARED, {"small": 5_000, "one": 30_000, "other": 40_000})
    seen, together = trained_with_cards(study, "small", "one", "other")
    assert together == 2, "the card was not shared"
    assert seen["one"] == seen["other"] == ["0"]
    assert len(seen["small"]) == 1
    asked = {model: (job_of(study, model)["Partition"], job_of(study, model)["TresPerNode"]) for model in seen}
    assert asked == {"small": ("TITAN", "gres:shard:1"), "one": ("A100", "gres:shard:2"), "other": ("A100", "gres:shard:2")}


def test_partitions_by_the_size_of_cards_and_a_feature_where_one_holds_several(prepared):
    study = prepared(SORTED, {"small": 24_000, "large": 24_001})
    seen, _ = trained_with_cards(study, "small", "large")
    small, large = job_of(study, "small"), job_of(study, "large")
    assert (small["Partition"], small["NodeList"]) == ("TITAN", "gpu01")
    assert (large["Partition"], large["NodeList"], large["Features"]) == ("GPU", "gpu02", "vram80g")
    assert "gres:gpu:1" in small["TresPerJob"]
    assert "gres:gpu:1" in large["TresPerJob"]
    assert [len(seen[model]) for model in ("small", "large")] == [1, 1]


def test_a_run_on_two_cards_is_one_task_that_sees_both(cluster, tmp_path):
    """By type, by gres and by number, while one card of the node is taken and another node has a free one.

    A job that SLURM starts once a card would write every result twice at once, and one on two nodes cannot start.
    """
    study = Study.made_in(tmp_path, cluster, config_of({}), WHOLE)
    study.project.path("two_cards.smk").write_text(TWO_CARDS)
    holder = ("sbatch", "--partition=TITAN", "--gpus=1", "--mem=100", "--output=/dev/null", "--wrap=sleep 20")
    cluster.run(*holder)
    assert study.run("-s", "two_cards.smk") == 0, study.output()
    for way in ("by_model", "by_gres", "by_number"):
        starts = [line.split() for line in study.project.path(f"{way}.starts").read_text().splitlines()]
        assert [sorted(line[1].split(",")) for line in starts] == [["0", "1"]]
        assert starts[0][2] == "1"
        job = next(job for job in jobs_of(study).values() if job["Comment"] == f"rule_{way}")
        assert (job["NodeList"], job["NumTasks"]) == ("gpu01", "1")


def test_what_no_card_holds_never_reaches_the_queue(cluster, tmp_path):
    study = Study.made_in(tmp_path, cluster, config_of({"small": 5_000, "huge": 90_000}), SORTED)
    before = cluster.jobs()
    assert study.run() == 1
    assert "models.huge on songs: it must hold 90,000 MB: TITAN RTX has 24,000 MB, 66,000 too few" in study.output()
    assert cluster.jobs() == before
