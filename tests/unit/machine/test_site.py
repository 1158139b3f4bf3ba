"""The site block: each run is asked for by what it must hold, on the smallest kind of card that holds it."""

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verso.errors import VersoError
from verso.machine.site import Site, defaults_of, names_a_cluster, read_site, request, request_without_card, ways_to_ask

CARDS = [
    {"name": "A100", "vram_mb": "80000", "partition": "A100"},
    {"name": "TITAN", "vram_mb": "24000", "count": "2", "partition": "TITAN", "gpu_model": "titan"},
]
SITE = {"partition": "CPU", "cards": CARDS}


def site(**changes):
    found = read_site({**SITE, **changes})
    assert found is not None
    return found


def test_a_run_goes_to_the_smallest_card_that_holds_it():
    assert request(site(), 1, 20_000) == {"slurm_partition": "TITAN", "gpu": 1, "gpu_model": "titan"}
    assert request(site(), 1, 24_000)["slurm_partition"] == "TITAN"
    assert request(site(), 1, 24_001) == {"slurm_partition": "A100", "gpu": 1}


def test_two_cards_come_from_one_node():
    """--gpus counts the cards of a whole job: without a number of nodes SLURM may give one here and one there."""
    assert request(site(), 2, 10_000) == {"slurm_partition": "TITAN", "gpu": 2, "gpu_model": "titan", "nodes": 1}
    with pytest.raises(VersoError, match="A100 is large enough, but a node has 1"):
        request(site(), 2, 30_000)


def test_a_run_that_no_card_holds_is_refused_with_what_each_lacks():
    with pytest.raises(VersoError, match=r"90,000 MB: TITAN has 24,000 MB, 66,000 too few; A100 has 80,000 MB, 10,000 too few"):
        request(site(), 1, 90_000)


def test_without_any_card_a_run_on_a_card_is_refused():
    with pytest.raises(VersoError, match="names none"):
        request(site(cards=[]), 1, 100)


def test_a_job_without_a_card_stays_out_of_the_cards_partitions():
    assert request(site(), 0, 0) == {"slurm_partition": "CPU"} == request_without_card(site())


@pytest.mark.parametrize(("vram_mb", "shards"), [(1, 1), (6_000, 1), (6_001, 2), (24_000, 4)])
def test_shards_are_as_many_as_hold_the_run(vram_mb, shards):
    shared = site(cards=[{"name": "TITAN", "vram_mb": 24_000, "shards": 4, "gres": "gpu:titan", "count": 2}])
    assert request(shared, 1, vram_mb) == {"slurm_partition": "CPU", "gres": f"shard:{shards}"}
    assert request(shared, 2, vram_mb)["gres"] == "gpu:titan:2", "a run on two cards takes them whole"


@given(st.integers(1, 100_000), st.integers(1, 3), st.booleans(), st.integers(1, 8))
def test_what_is_asked_always_holds_the_run_and_never_asks_two_ways(vram_mb, cards, by_gres, shards):
    way = {"gres": "gpu"} if by_gres else {"gpu_model": "x"}
    found = site(cards=[{"name": "a", "vram_mb": 8_000, "count": 3, **way}, {"name": "b", "vram_mb": 40_000, "shards": shards}])
    try:
        asked = request(found, cards, vram_mb)
    except VersoError:
        assert vram_mb > 40_000 or (cards > 1 and vram_mb > 8_000)
        return
    assert ("gpu" in asked) != ("gres" in asked)
    assert set(asked) <= set(ways_to_ask(found)), "a way that the rules do not declare is never asked"
    if str(asked.get("gres", "")).startswith("shard"):
        number = int(str(asked["gres"]).split(":")[1])
        assert number * 40_000 / shards >= vram_mb > (number - 1) * 40_000 / shards


def test_the_warning_before_the_limit_is_for_trainings_alone():
    assert request(site(warning_seconds="90"), 0, 0)["slurm_extra"] == "--signal=TERM@90"
    assert "slurm_extra" not in request_without_card(site(warning_seconds="90"))


def test_values_come_as_text_in_pythons_spelling():
    found = read_site({"leases": "True", "partition": "None", "cards": [{"name": "x", "vram_mb": "8000", "shards": "None"}]})
    assert found == Site(leases=True, cards=[{"name": "x", "vram_mb": 8000}])
    assert read_site(None) is None


def test_a_workstation_asks_nobody_but_still_refuses_what_no_card_holds():
    found = read_site({"leases": "True", "cards": [{"name": "x", "vram_mb": "8000"}]})
    assert found is not None
    assert request(found, 1, 8_000) == {"vram_pool_mb": 8000}
    with pytest.raises(VersoError, match="a node has 1"):
        request(found, 2, 4_000)
    two = read_site({"leases": "True", "cards": [{"name": "x", "vram_mb": "8000", "count": "2"}]})
    assert two is not None
    assert request(two, 2, 4_000) == {"vram_pool_mb": 8000}, "both cards are taken out of the pool"
    with pytest.raises(VersoError, match="1,000 too few"):
        request(found, 1, 9_000)


def test_every_fault_of_the_block_is_reported_at_once():
    block = {
        "partitions": "x",
        "cards": [{"name": "a", "vram_mb": "many"}, {"name": "b", "vram_mb": 1, "gres": "g", "gpu_model": "m"}],
    }
    with pytest.raises(VersoError) as error:
        read_site(block)
    message = str(error.value)
    for fault in ("site.partitions", "site.cards[0].vram_mb", "two ways of one request"):
        assert fault in message


@pytest.mark.parametrize("word", ["CPU; rm -rf x", "a b", "$(id)", "x'"])
def test_words_that_reach_a_command_line_hold_nothing_that_a_shell_reads(word):
    with pytest.raises(VersoError, match=r"site\.partition"):
        read_site({"partition": word})


def test_leases_and_requests_to_slurm_exclude_each_other():
    with pytest.raises(VersoError, match="without scheduler"):
        read_site({"leases": "True", "cards": [{"name": "x", "vram_mb": 1, "partition": "GPU"}]})


# --- account, QOS and flags, of each kind of card and of jobs without one ---


def test_each_kind_of_card_and_jobs_without_one_have_an_account_a_qos_and_flags_of_their_own():
    cards = [
        {"name": "small", "vram_mb": "8000", "account": "gpu-project", "extra": "--exclude=node[1-3]"},
        {"name": "large", "vram_mb": "80000", "qos": "large"},
    ]
    found = site(account="project", qos="normal", extra="--mail-type=FAIL", cards=cards)
    of_all = {"slurm_partition": "CPU", "gpu": 1}
    assert request(found, 1, 8_000) == {
        **of_all, "slurm_account": "gpu-project", "qos": "normal", "slurm_extra": "--exclude=node[1-3]",
    }  # fmt: skip
    assert request(found, 1, 9_000) == {**of_all, "slurm_account": "project", "qos": "large", "slurm_extra": "--mail-type=FAIL"}
    assert request_without_card(found) == {
        "slurm_partition": "CPU", "slurm_account": "project", "qos": "normal", "slurm_extra": "--mail-type=FAIL",
    }  # fmt: skip
    assert {"slurm_account", "qos", "slurm_extra"} <= set(ways_to_ask(found))


class Defaults:
    """As Snakemake holds a profile's default resources."""

    args = ("slurm_account=project", "slurm_extra='--mail-type=FAIL --reservation=course'", "runtime=30", 'slurm_partition="all"')


def test_the_profiles_default_resources_hold_where_the_block_says_nothing_and_flags_are_joined():
    block = {"warning_seconds": "60", "cards": [{"name": "a", "vram_mb": "8000", "account": "gpu", "extra": "--x=1"}]}
    found = read_site(block, defaults_of(Defaults()))
    assert found is not None
    flags = "--mail-type=FAIL --reservation=course"
    assert request(found, 0, 0) == {
        "slurm_partition": "all", "slurm_account": "project", "slurm_extra": f"{flags} --signal=TERM@60",
    }  # fmt: skip
    assert request(found, 1, 100)["slurm_extra"] == f"{flags} --x=1 --signal=TERM@60"
    assert request(found, 1, 100)["slurm_account"] == "gpu"
    assert request_without_card(found)["slurm_extra"] == flags
    assert defaults_of(None) == {}


def test_jobs_for_a_cluster_that_is_named_are_known():
    assert names_a_cluster(SimpleNamespace(args=["mem_mb=10", "slurm_cluster=big"]), {})
    assert names_a_cluster(None, {"SBATCH_CLUSTERS": "big"})
    assert not names_a_cluster(SimpleNamespace(args=["slurm_partition=cluster"]), {})
    assert not names_a_cluster(None, {})


@pytest.mark.parametrize("key", ["gpu_model", "gres"])
def test_a_type_of_card_may_have_dashes(key):
    kind = "a100-sxm4-80gb" if key == "gpu_model" else "gpu:a100-sxm4-80gb"
    asked = request(site(cards=[{"name": "a", "vram_mb": 80_000, key: kind}]), 1, 100)
    assert asked.get("gpu_model", asked.get("gres")) == (kind if key == "gpu_model" else f"{kind}:1")


# --- faults in words ---


@pytest.mark.parametrize(
    ("block", "message"),
    [
        ("x", "site: found 'x'; must be a block of keys: partition"),
        ({"partitions": "x"}, 'site.partitions: unknown key; did you mean "partition"?'),
        ({"slurm_account": "x"}, 'site.slurm_account: unknown key; did you mean "account"?'),
        ({"gpu_model": "x"}, 'site.gpu_model: unknown key; "gpu_model" is a key of each card'),
        ({"cards": {"name": "a"}}, "site.cards: found {'name': 'a'}; must be a list"),
        ({"cards": [{"name": "a"}]}, "site.cards[0].vram_mb: is missing: Memory of one card"),
        ({"cards": [{"name": "a", "vram_mb": "24 GB"}]}, "site.cards[0].vram_mb: found '24 GB'; must be a whole number"),
        ({"cards": [{"name": "a", "vram_mb": "0"}]}, "site.cards[0].vram_mb: found '0'; must be greater than 0"),
        ({"cards": [{"name": "a", "vram_mb": "1", "maximum_runtime": "9"}]}, "is a key of the site itself, not of a card"),
        ({"qos": "a b"}, "site.qos: found 'a b'; must be a word as SLURM writes it"),
        ({"leases": "perhaps"}, "site.leases: found 'perhaps'; must be true or false"),
        ({"extra": "--mail-type=$(id)"}, "site.extra: found '--mail-type=$(id)'; must be flags of sbatch"),
        ({"extra": "--qos=gpu -p x"}, "--qos has no place here: write the key qos; --partition has no place here"),
    ],
)
def test_a_fault_is_said_in_words_with_the_key_that_was_meant(block, message):
    with pytest.raises(VersoError) as error:
        read_site(block)
    assert message in str(error.value)
    assert "Input should be" not in str(error.value)
    assert "Extra inputs" not in str(error.value)
