"""What rules request: of every rule the resources that a site takes, grown by what earlier attempts were short of."""

import pytest
from drivers import Named
from whole_config import RAW, inputs_of, made, of_run

from verso.contract import MODEL
from verso.errors import VersoError
from verso.files import write_json
from verso.graph import needs as module
from verso.graph.needs import Requests
from verso.machine.site import Card, Site
from verso.registry import FAMILIES

STARTED = 1000.0
CLUSTER = Site(
    partition="CPU", cards=[Card(name="titan", vram_mb=24_000, count=2, partition="GPU", gpu_model="titan")], warning_seconds=120
)
INFERENCE = [rule for family in FAMILIES for rule, work in family.works.items() if work.seconds is not None]


def on_cards(raw):
    """Every model that may take a card takes one."""
    for entry in raw["models"].values():
        if entry["family"] not in ("tfidf", "majority"):
            entry["needs"] = {"gpus": 1}


class Study:
    """Requests for one site, below a results folder."""

    def __init__(self, folder, monkeypatch, site=None, change=None, is_main=True):
        monkeypatch.setenv("VERSO_STARTED", str(STARTED))
        monkeypatch.setattr(module, "moment_now", lambda: next(self._moments))  # nothing that was found is kept
        self._moments = iter(range(1_000_000))
        self.folder, self.said = folder, []
        inputs = inputs_of(change, str(folder))
        self.requests = Requests(inputs.runs, inputs, site, is_main=is_main, say=self.said.append)

    def ended(self, rule, *causes, names="songs/lstm-char/seed-1", started=STARTED):
        """A record of attempts that ended so."""
        attempts = [{"snakemake": started, "cause": cause, "end": 2.0, "start": 1.0} for cause in causes]
        write_json(self.folder / "logs" / rule / f"{names}.job.json", {"rule": rule, "attempts": attempts})

    def asked(self, resources, wildcards, attempt=1):
        """What a job is given: values, and functions as Snakemake calls them."""
        found = {}
        for name, value in resources.items():
            if name == "expected_seconds" and callable(value) and "attempt" not in value.__code__.co_varnames:
                found[name] = value(wildcards)
            else:
                found[name] = value(wildcards, attempt) if callable(value) else value
        return {name: value for name, value in found.items() if value is not None}


@pytest.fixture
def study(tmp_path, monkeypatch):
    return lambda **options: Study(tmp_path, monkeypatch, **options)


# --- trainings ---


def test_without_cards_a_training_requests_what_it_holds_and_no_way_of_a_site(study):
    found = study()
    asked = found.asked(found.requests.training(), of_run())
    assert set(asked) == {
        "mem_mb", "runtime", "vram_mb", "cards", "checkpoint_seconds", "expected_seconds", "disk_mb", "tensorboard",
    }  # fmt: skip
    assert (asked["cards"], asked["vram_mb"], asked["runtime"]) == (0, 0, 240)
    assert not found.requests.cards_requested


def test_on_a_cluster_what_takes_a_card_goes_to_the_cards_and_what_takes_none_does_not(study):
    found = study(site=CLUSTER, change=on_cards)
    training = found.requests.training()
    asked = found.asked(training, of_run())
    assert (asked["gpu"], asked["gpu_model"], asked["slurm_partition"], asked["cards"]) == (1, "titan", "GPU", 1)
    assert asked["slurm_extra"] == "--signal=TERM@120"
    without = found.asked(training, of_run("reviews", "tfidf"))
    assert (without["slurm_partition"], without["cards"], without["slurm_extra"]) == ("CPU", 0, "--signal=TERM@120")
    assert not {"gpu", "gpu_model"} & set(without)


def test_where_no_run_takes_a_card_the_requests_that_are_alike_are_values(study):
    found = study(site=CLUSTER)
    training = found.requests.training()
    assert (training["cards"], training["vram_mb"], training["slurm_partition"]) == (0, 0, "CPU")
    assert training["slurm_extra"] == "--signal=TERM@120", "a training saves itself before its limit"


def test_a_training_grows_by_what_its_earlier_attempts_were_short_of(study):
    found = study()
    training = found.requests.training()
    first = found.asked(training, of_run())
    found.ended("train_recurrent_lm", "out_of_memory", "time_out", "out_of_memory")
    later = found.asked(training, of_run(), attempt=4)
    assert later["mem_mb"] == pytest.approx(1.5**2 * first["mem_mb"], abs=1)
    assert later["runtime"] == 2 * first["runtime"]
    assert found.asked(training, of_run(seed=2), attempt=4)["mem_mb"] == first["mem_mb"], "another seed has another record"
    log = found.folder / "logs/train_recurrent_lm/songs/lstm-char/seed-1.log"
    assert found.said[0] == f"{log}: attempt 4; earlier ones ended by: out_of_memory, time_out, out_of_memory"
    assert found.said[1].endswith("earlier ones ended by: unknown (they left no record)")
    assert len(found.said) == 2, "each is said once"


def test_what_ended_an_earlier_start_grows_nothing_and_a_job_s_own_snakemake_says_nothing(study):
    found = study(is_main=False)
    training = found.requests.training()
    first = found.asked(training, of_run())
    found.ended("train_recurrent_lm", "out_of_memory", started=STARTED - 1)
    assert found.asked(training, of_run(), attempt=2)["mem_mb"] == first["mem_mb"]
    assert found.said == []


def test_no_limit_is_above_the_site_s(study):
    found = study(site=CLUSTER.model_copy(update={"maximum_runtime": 100}), change=on_cards)
    found.ended("train_recurrent_lm", "time_out")
    found.ended("compare_classification", *["time_out"] * 4, names="all")
    training, light = found.requests.training(), found.requests.light_work("compare_classification")
    assert [found.asked(training, of_run(), attempt)["runtime"] for attempt in (1, 2)] == [100, 100]
    assert found.asked(light, Named(), attempt=5)["runtime"] == 100
    assert found.asked(light, Named(), attempt=1)["runtime"] == 30


def test_a_prepared_corpus_and_an_earlier_seed_are_known_to_the_next_question(study):
    found = study()
    before = found.requests.of_training_now("songs", "lstm-char", 2)
    counted = {"characters": 40_000, "words": 9_000, "lines": 900, "documents": 90}
    write_json(found.folder / "corpora/songs/statistics.json", {"parts": {"train": counted}})
    prepared = found.requests.of_training_now("songs", "lstm-char", 2)
    assert prepared["expected_seconds"] < before["expected_seconds"]
    key = module.key_of_settings(inputs_of().settings_of("lstm-char"))
    used = {"settings_key": key, "wall_seconds": 7777.0, "peak_ram_mb": 100.0, "asked": {"cards": 0}}
    write_json(found.folder / "runs/songs/lstm-char/seed-1/hardware.json", used)
    module.history._earlier_runs.cache_clear()
    assert found.requests.of_training_now("songs", "lstm-char", 2)["expected_seconds"] == 7777


def test_the_longest_and_those_on_several_cards_start_first(study):
    def change(raw):
        on_cards(raw)
        raw["models"]["encoder"]["needs"] = {"gpus": 2}

    found = study(change=change)
    wanted = found.requests.of_training_now("reviews", "encoder", 1)
    assert found.requests.longest_first(of_run("reviews", "encoder")) == 2 * wanted["expected_seconds"] > 0
    assert found.requests.longest_first(of_run()) == found.requests.of_training_now("songs", "lstm-char", 1)["expected_seconds"]


# --- jobs that load a pretrained model ---


@pytest.mark.parametrize("rule", INFERENCE)
def test_every_rule_that_loads_a_pretrained_model_has_a_price_and_one_card(study, rule):
    found = study(site=CLUSTER, change=on_cards)
    family = next(family for family in FAMILIES if rule in family.works)
    model = {"causal_llm": "tuned", "encoder": "encoder", "prompt": "asked"}[family.name]
    corpus = "songs" if model == "tuned" else "reviews"
    asked = found.asked(found.requests.inference(rule), of_run(corpus, model))
    assert (asked["cards"], asked["gpu"], asked["slurm_partition"]) == (1, 1, "GPU")
    assert 0 < asked["vram_mb"] <= 24_000
    assert asked["expected_seconds"] > 10
    assert asked["disk_mb"] == 1000
    assert "checkpoint_seconds" not in asked
    warned = rule.startswith("answer_prompts")
    assert ("slurm_extra" in asked) == warned, "a warning would end what saves nothing"


def test_using_a_model_that_trained_on_two_cards_takes_one_of_them(study):
    found = study(site=CLUSTER, change=lambda raw: raw["models"]["encoder"].update(needs={"gpus": 2}))
    assert found.asked(found.requests.training(), of_run("reviews", "encoder"))["gpu"] == 2
    assert found.asked(found.requests.inference("predict_encoder"), of_run("reviews", "encoder"))["gpu"] == 1


def test_each_rule_grows_by_its_own_record(study):
    found = study()
    names = "reviews/asked/seed-1"
    one, other = (found.requests.inference(f"answer_prompts{ending}") for ending in ("", "_and_own_texts"))
    first = found.asked(one, of_run("reviews", "asked"))
    found.ended("answer_prompts_and_own_texts", "out_of_memory", names=names)
    assert found.asked(one, of_run("reviews", "asked"), attempt=2)["mem_mb"] == first["mem_mb"]
    grown = found.asked(other, of_run("reviews", "asked"), attempt=2)
    assert grown["mem_mb"] == pytest.approx(1.5 * first["mem_mb"], abs=1)


def test_what_another_seed_took_is_expected_of_predicting(study):
    found = study()
    resources = found.requests.inference("predict_encoder_and_own_texts")
    write_json(found.folder / "runs/reviews/encoder/seed-9/scoring.json", {"wall_seconds": 66.0, "asked": {"cards": 0}})
    assert found.asked(resources, of_run("reviews", "encoder"))["expected_seconds"] == 66


# --- light work, miniatures, merging ---


@pytest.mark.parametrize("rule", ["predict_baseline", "predict_small_network_and_own_texts", "measure_samples", "describe_base"])
def test_light_work_takes_no_card_and_grows(study, rule):
    found = study(site=CLUSTER, change=on_cards)
    resources = found.requests.light_work(rule, module.RUN)
    wildcards = of_run("reviews", "majority")
    assert found.asked(resources, wildcards) == {
        "mem_mb": 2000, "runtime": 30, "vram_mb": 0, "cards": 0, "slurm_partition": "CPU", "disk_mb": 1000,
    }  # fmt: skip
    found.ended(rule, "out_of_memory", "time_out", names="reviews/majority/seed-1")
    grown = found.asked(resources, wildcards, attempt=3)
    assert (grown["mem_mb"], grown["runtime"], grown["slurm_partition"]) == (3000, 60, "CPU")
    assert {name for name, value in resources.items() if callable(value)} == {"mem_mb", "runtime"}


def counted(folder, corpus, train, test):
    """A prepared corpus of so many characters."""
    parts = {
        name: {"characters": characters, "words": characters // 6, "lines": 90, "documents": 90, "groups": {"": {}}}
        for name, characters in (("train", train), ("test", test))
    }
    write_json(folder / f"corpora/{corpus}/statistics.json", {"parts": parts})


@pytest.mark.parametrize(
    ("family", "large"),
    [
        ("gpt", {"unit": "word", "vocabulary": 50_000, "width": 1024, "layers": 24, "heads": 16, "window": 1024}),
        ("recurrent_lm", {"unit": "word", "cell": "lstm", "hidden": 4096, "embedding": 4096, "layers": 4}),
    ],
)
def test_scoring_and_measuring_request_what_a_large_model_and_a_large_corpus_need(study, family, large):
    small = {"unit": "word", "vocabulary": 5000} | {key: large[key] for key in ("cell",) if key in large}

    def change(raw):
        raw["models"] |= {"small": {"family": family, **small}, "large": {"family": family, **large}}
        raw["experiments"]["more"] = {"corpus": "songs", "models": ["small", "large"], "seeds": [1]}

    found = study(site=CLUSTER, change=change)

    def asked(rule, model, attempt=1):
        return found.asked(found.requests.of_work(rule), of_run("songs", model), attempt)

    for rule in (f"evaluate_{family}", f"measure_{family}"):
        counted(found.folder, "songs", 400_000, 50_000)
        light = asked(rule, "small")
        assert (light["mem_mb"], light["runtime"], light["cards"], light["slurm_partition"]) == (2000, 30, 0, "CPU")
        heavy = asked(rule, "large")
        assert heavy["mem_mb"] > 3000, "its weights alone are more than light work has"
        found.ended(rule, "out_of_memory", "time_out", names="songs/large/seed-1")
        grown = asked(rule, "large", attempt=3)
        assert grown["mem_mb"] == pytest.approx(1.5 * heavy["mem_mb"], abs=1)
        assert grown["runtime"] == 2 * heavy["runtime"]
    counted(found.folder, "songs", 800_000_000, 150_000_000)
    longer = asked(f"evaluate_{family}", "small")
    assert longer["runtime"] > 5 * 30
    assert asked(f"evaluate_{family}", "large")["runtime"] > 5 * longer["runtime"]
    assert longer["mem_mb"] > 2000
    assert asked(f"measure_{family}", "small")["runtime"] <= 2 * 30, "it reads no more of a longer text"


@pytest.mark.parametrize("family", ["gpt", "recurrent_lm"])
def test_models_of_every_unit_request_their_scoring_by_the_length_of_their_samples(study, family):
    cell = {"cell": "lstm"} if family == "recurrent_lm" else {}
    units = {"char": {}, "word": {"vocabulary": 5000}, "bpe": {"vocabulary": 8000}}
    longest = {"char": "char", "word": "word", "bpe": "subword"}

    def minutes(unit, tokens):
        def change(raw):
            raw["models"]["lstm-char"] = {"family": family, "unit": unit, **cell, **units[unit]}
            raw["corpora"]["songs"]["sampling"] = {"per_group": 3000, "max_tokens": {longest[unit]: tokens}}

        found = study(change=change)
        return found.asked(found.requests.of_work(f"evaluate_{family}"), of_run())["runtime"]

    for unit in units:
        assert minutes(unit, 100_000) > 2 * minutes(unit, 10)


def test_a_miniature_requests_what_its_entry_says_and_grows(study):
    def change(raw):
        raw["pretrained"]["toy"]["needs"] = {"mem_mb": 1000, "runtime": 10, "checkpoint_seconds": 5}

    found = study(site=CLUSTER, change=change)
    resources = found.requests.miniature()
    asked = found.asked(resources, Named(pretrained="toy"))
    assert {key: asked[key] for key in ("mem_mb", "runtime", "checkpoint_seconds", "cards", "slurm_partition")} == {
        "mem_mb": 1000, "runtime": 10, "checkpoint_seconds": 5, "cards": 0, "slurm_partition": "CPU",
    }  # fmt: skip
    found.ended("make_miniature", "time_out", "out_of_memory", names="toy")
    grown = found.asked(resources, Named(pretrained="toy"), attempt=3)
    assert (grown["mem_mb"], grown["runtime"], grown["checkpoint_seconds"]) == (1500, 20, 5)


def test_merging_requests_the_base_in_main_memory_and_no_card(study):
    found = study(site=CLUSTER, change=on_cards)
    resources = found.requests.of_work("merge_causal_llm")
    asked = found.asked(resources, of_run(model="tuned"))
    assert asked["mem_mb"] > 2 * 7_248
    assert (asked["cards"], asked["vram_mb"], asked["slurm_partition"]) == (0, 0, "CPU")
    found.ended("merge_causal_llm", "out_of_memory", names="songs/tuned/seed-1")
    assert found.asked(resources, of_run(model="tuned"), attempt=2)["mem_mb"] == pytest.approx(1.5 * asked["mem_mb"], abs=1)


# --- before anything is submitted ---


def test_what_no_card_holds_is_reported_at_once_for_each_model_and_corpus(study):
    small = Site(cards=[Card(name="small", vram_mb=6500)])
    found = study(site=small, change=on_cards)
    told = found.requests.faults_of_cards().splitlines()
    assert told[0] == "The profile's site block has no room for these runs:"
    assert [line.split(":")[0].strip() for line in told[1:]] == [
        "models.asked on reviews", "models.encoder on reviews", "models.tuned on songs",
    ]  # fmt: skip
    assert "small has 6,500 MB" in told[1]
    assert study(site=CLUSTER, change=on_cards).requests.faults_of_cards() == ""


def test_of_what_is_finished_nothing_is_reported_and_of_what_is_trained_its_use(study):
    found = study(site=Site(cards=[Card(name="small", vram_mb=6500)]), change=on_cards)
    runs = found.requests._runs
    made(*runs.results([run for run in runs.all if run[1] in ("asked", "encoder", "tuned")]))
    for run in [run for run in runs.all if run[1] in ("encoder", "tuned", "asked")]:
        made(*(runs.paths.of_run(name, run) for name in ("history.csv", "hardware.json", MODEL)))
    assert found.requests.faults_of_cards() == ""
    (found.folder / "runs/songs/tuned/seed-1/scores.csv").unlink()
    assert "models.tuned on songs" in found.requests.faults_of_cards()


def test_cards_of_this_machine_are_found_where_leases_share_them_and_none_is_listed(study, monkeypatch):
    monkeypatch.setattr(module.visible_cards, "visible_cards", lambda: [24_000, 11_000])
    found = study(site=Site(leases=True), change=on_cards)
    assert found.requests.find_cards() == 35_000
    assert [card.vram_mb for card in found.requests.site.cards] == [24_000, 11_000]
    listed = study(site=Site(leases=True, cards=[Card(name="a", vram_mb=8_000, count=2)]), change=on_cards)
    assert listed.requests.find_cards() == 16_000
    assert study(site=Site(leases=True)).requests.find_cards() is None, "no run takes a card"
    assert study(site=CLUSTER, change=on_cards).requests.find_cards() is None
    asked = listed.asked(listed.requests.training(), of_run())
    assert asked["vram_pool_mb"] == asked["vram_mb"] > 0


def test_cards_that_cannot_be_read_are_a_fault(study, monkeypatch):
    def broken():
        raise VersoError("CUDA_VISIBLE_DEVICES: no numbers")

    monkeypatch.setattr(module.visible_cards, "visible_cards", broken)
    with pytest.raises(VersoError, match="no numbers"):
        study(site=Site(leases=True), change=on_cards).requests.find_cards()


def test_the_config_of_this_file_has_every_family():
    assert {entry["family"] for entry in RAW["models"].values()} == {family.name for family in FAMILIES}
