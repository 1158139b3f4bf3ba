"""A site block against what SLURM says of itself; the answers are those of a real SLURM 22.05, and of sites that show more."""

import os
import time

import pytest

from verso.machine.site import read_site
from verso.slurm import answers
from verso.slurm.answers import ask, cards_of, known_from, minutes_of
from verso.slurm.check import Planned, fault_of_flags, fault_of_site

ANSWERS = {
    "nodes": """\
CPU|7-00:00:00|(null)|cpu|12052|4
GPU|2:00:00|gpu:titan:2,shard:titan:8|titan,vram24g|12052|4
GPU|2:00:00|gpu:a100-sxm4:1(S:0-1)|a100,vram80g|24052|8
DEBUG|30:00|(null)|cpu|12052|4
OLD|infinite|gpu:1|(null)|8000+|4
""",
    "partitions": """\
PartitionName=CPU AllowGroups=ALL AllowAccounts=ALL AllowQos=ALL Default=YES MaxTime=7-00:00:00 State=UP
PartitionName=GPU AllowGroups=ALL AllowAccounts=gpu-project AllowQos=normal,long Default=NO MaxTime=02:00:00 State=UP
PartitionName=DEBUG AllowGroups=ALL AllowAccounts=ALL AllowQos=ALL Default=NO MaxTime=00:30:00 State=UP
PartitionName=OLD AllowGroups=ALL AllowAccounts=ALL AllowQos=ALL Default=NO MaxTime=UNLIMITED State=UP
""",
    "config": "AccountingStorageEnforce = associations,limits,qos\nMinJobAge = 300 sec\nSLURM_VERSION = 22.05.9\n",
    "accounts": "project||normal|\ngpu-project||normal,long|\n",
    "qos": "normal||\nlong|2-00:00:00|DenyOnLimit\nurgent|00:20:00|\nof-gpus|01:00:00|\n",
}
CARD = {"name": "titan", "vram_mb": 24_000, "count": 2, "partition": "GPU", "gpu_model": "titan", "account": "gpu-project"}
GOOD = {"partition": "CPU", "account": "project", "cards": [CARD], "maximum_runtime": 120}
RUN = Planned("models.gru", 60, 2000, 1, "GPU")


def fault(block, *planned, **changes):
    site = read_site(block)
    assert site is not None
    return fault_of_site(site, planned, known_from({**ANSWERS, **changes}))


def test_a_block_that_fits_is_silent():
    assert fault(GOOD, RUN) == ""
    assert fault({"account": "Project", "qos": "normal"}) == ""


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"partition": "cpu"}, 'site.partition "cpu" is no partition here; did you mean "CPU"? There are: CPU, DEBUG, GPU, OLD'),
        ({"partition": "CPU,nowhere"}, '"nowhere" is no partition here'),
        ({"account": "projekt"}, 'site.account "projekt" is no account of yours; did you mean "project"?'),
        ({"qos": "lng"}, 'site.qos "lng" is no QOS here; did you mean "long"? There are: long, normal, of-gpus, urgent'),
        ({"qos": "urgent"}, 'site.qos "urgent" is no QOS of account "project"; there are: normal'),
        ({"maximum_runtime": 240}, 'site.maximum_runtime 240, and partition "GPU" allows 120 minutes'),
    ],
)
def test_a_fault_of_the_site_is_named_with_the_right_name(changes, message):
    assert message in " ".join(fault({**GOOD, **changes}, RUN).split()).replace(
        message.split("  ")[0] + " ", message.split("  ")[0] + "  "
    )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"partition": "gpus"}, 'cards[0].partition "gpus" is no partition here; did you mean "GPU"?'),
        ({"partition": "CPU"}, 'cards[0].partition no node of "CPU" has a card; these have: GPU, OLD'),
        ({"gpu_model": "a100"}, 'cards[0].gpu_model "a100" is no type of card in its partition; did you mean "a100-sxm4"?'),
        (
            {"partition": "OLD"},
            'cards[0].gpu_model "titan" is no type of card in its partition; its cards have no type: leave it out',
        ),
        ({"gpu_model": None, "gres": "gpus:titan"}, 'cards[0].gres no node of its partition has "gpus"; did you mean "gpu"?'),
        ({"count": 3}, "cards[0].count 3, and a node has 2"),
        ({"constraint": "vram24"}, 'cards[0].constraint no node there has the feature "vram24"; did you mean "vram24g"?'),
        ({"partition": "OLD", "gpu_model": None, "count": 1, "shards": 4}, "cards[0].shards no node of its partition has shards"),
        ({"account": "project"}, 'cards[0].account partition "GPU" does not take "project"; did you mean "gpu-project"?'),
        ({"qos": "urgent", "account": None}, 'cards[0].qos "urgent" is no QOS of account "project"'),
    ],
)
def test_a_fault_of_a_kind_of_card_is_named_with_the_right_name(changes, message):
    said = " ".join(fault({**GOOD, "cards": [{**CARD, **changes}]}).split())
    assert message in said


def test_a_type_with_a_dash_and_shards_are_found():
    cards = [{**CARD, "gpu_model": "a100-sxm4", "count": 1}, {**CARD, "gpu_model": None, "shards": 4}]
    assert fault({**GOOD, "cards": cards}) == ""


def test_a_limit_that_is_missing_is_written_out():
    block = {key: value for key, value in GOOD.items() if key != "maximum_runtime"}
    assert fault(block, RUN) == ""
    message = 'is missing: partition "GPU" allows 120 minutes, and up to 240 are requested; write maximum_runtime: 120'
    assert message in fault(block, Planned("models.gru", 240, 2000, 1, "GPU"))
    assert 'partition "DEBUG" allows 30 minutes' in fault({"partition": "DEBUG"})
    assert fault({"partition": "OLD"}, Planned("models.gru", 99_999, 2000, 1, "OLD")) == "", "no limit"


def test_a_qos_may_allow_less_than_its_partition():
    block = {"partition": "CPU", "qos": "urgent", "maximum_runtime": 60}
    message = 'site.maximum_runtime 60, and QOS "urgent" allows 20 minutes'
    assert message in " ".join(fault(block, accounts="").split())
    assert fault(block, accounts="", config="AccountingStorageEnforce = associations\n") == "", "limits are not enforced there"
    of_partition = ANSWERS["partitions"].replace("PartitionName=GPU", "PartitionName=GPU QoS=of-gpus")
    assert 'QOS "of-gpus" allows 60 minutes' in fault(GOOD, RUN, partitions=of_partition)


def test_one_bound_serves_partitions_of_several_limits():
    short = {**GOOD, "partition": "OF_TWO_HOURS", "maximum_runtime": 2880, "cards": [{**CARD, "partition": "LONG"}]}
    nodes = "OF_TWO_HOURS|4:00:00|(null)|cpu|12052|4\nLONG|2-00:00:00|gpu:titan:2|titan|12052|4\n"
    assert fault(short, Planned("models.gru", 2880, 2000, 1, "LONG"), nodes=nodes, partitions="") == "", "light jobs take less"
    message = 'maximum_runtime 2880, and partition "OF_TWO_HOURS" allows 240'
    assert message in " ".join(
        fault(short, Planned("models.svm", 300, 2000, 1, "OF_TWO_HOURS"), nodes=nodes, partitions="").split()
    )
    assert 'partition "LONG" allows 2880' in fault({**short, "maximum_runtime": 2881}, nodes=nodes, partitions="")


def test_a_qos_may_allow_more_than_its_partition():
    qos = ANSWERS["qos"].replace("long|2-00:00:00|DenyOnLimit", "long|2-00:00:00|DenyOnLimit,PartitionTimeLimit,OverPartQOS")
    of_partition = ANSWERS["partitions"].replace("PartitionName=GPU", "PartitionName=GPU QoS=of-gpus")
    block = {**GOOD, "cards": [{**CARD, "qos": "long"}], "maximum_runtime": 2880}
    assert 'partition "GPU" allows 120 minutes' in fault(block, RUN)
    assert fault(block, RUN, qos=qos, partitions=of_partition) == ""
    assert 'QOS "long" allows 2880' in fault({**block, "maximum_runtime": 3000}, RUN, qos=qos)


def test_what_slurm_takes_is_not_refused():
    assert fault({**GOOD, "qos": "Normal"}, RUN) == "", "accounts and QOS are the same in any case"
    assert fault({**GOOD, "cards": [{**CARD, "account": "GPU-Project", "qos": "LONG"}]}, RUN) == ""
    below = {**GOOD, "cards": [{**CARD, "account": "project"}]}
    assert "does not take" in fault(below, RUN)
    for version in ("24.05.1", "25.11.0-0rc1"):
        config = ANSWERS["config"].replace("22.05.9", version)
        assert fault(below, RUN, config=config) == "", "it may lie below gpu-project, which the partition takes"
    either = {**GOOD, "cards": [{**CARD, "constraint": "titan|h100"}]}
    assert fault(either, RUN) == ""
    assert 'the feature "h100"' in fault({**GOOD, "cards": [{**CARD, "constraint": "titan&h100"}]}, RUN)


def test_the_partition_of_the_environment_goes_before_the_default_one():
    card = {key: value for key, value in CARD.items() if key != "partition"}
    site = read_site({"account": "gpu-project", "maximum_runtime": 120, "cards": [card]})
    assert site is not None
    assert 'no node of "CPU" has a card' in fault_of_site(site, [], known_from(ANSWERS))
    assert fault_of_site(site, [], known_from(ANSWERS, "GPU")) == ""


@pytest.mark.parametrize(
    ("lines", "rewrites"),
    [
        ("JobSubmitPlugins        = lua\n", True),
        ("CliFilterPlugins        = lua\n", True),
        ("JobSubmitPlugins = throttle,lua\n", True),
        ("JobSubmitPlugins        = (null)\nCliFilterPlugins        = (null)\n", False),
        ("JobSubmitPlugins = require_timelimit\n", False),
        ("JobSubmitPlugins        = \nNext = lua\n", False),
        ("", False),
    ],
)
def test_a_site_whose_plugin_changes_requests_is_not_refused(lines, rewrites):
    known = known_from({**ANSWERS, "config": ANSWERS["config"] + lines})
    assert known.rewrites is rewrites
    message = fault_of_site(read_site({**GOOD, "partition": "cpu"}), [], known)
    assert 'did you mean "CPU"?' in message
    assert ("nothing is stopped" in message) is rewrites


def test_what_no_node_holds_is_named_with_the_model():
    assert "models.gru" in fault(GOOD, Planned("models.gru", 60, 24_053, 1, "GPU"))
    assert "requests 24,053 MB, and a node of partition" in fault(GOOD, Planned("models.gru", 60, 24_053, 1, "GPU"))
    assert "requests 9 cores" in fault(GOOD, Planned("models.gru", 60, 100, 9, "GPU"))
    assert fault(GOOD, Planned("models.gru", 60, 9_999_999, 1, "OLD")) == "", "nodes of several sizes: SLURM says the least alone"
    assert "a node of partition" in fault({}, Planned("models.gru", 60, 12_053, 1, None)), "SLURM's default partition"


def test_flags_among_default_resources_that_have_a_key_are_named_of():
    site = read_site({}, {"slurm_extra": "--qos=gpu-dev --mail-type=FAIL -A x"})
    assert site is not None
    message = fault_of_flags(site)
    assert "--qos" in message
    assert "write the key qos" in message
    assert "--account" in message
    assert "mail" not in message
    plain = read_site({"extra": "--nice=5"}, {"slurm_extra": "--mail-type=FAIL"})
    assert plain is not None
    assert fault_of_flags(plain) == ""


def test_where_nothing_is_enforced_or_answered_nothing_is_claimed():
    wrong = {**GOOD, "account": "nobody", "qos": "urgent"}
    assert "no account of yours" in fault(wrong)
    assert "account" not in fault(wrong, config="AccountingStorageEnforce = none\n")
    assert "account" not in fault(wrong, config=""), "silence is no fault"
    assert fault(wrong, accounts="", qos="", partitions="") == ""
    assert fault_of_site(read_site({"partition": "nowhere"}), [], known_from({})) == ""


@pytest.mark.parametrize(
    "text", ["", "|||", "a|b", "\x00\n|", "slurm_load_partitions: Unable to contact slurm controller", "=|=\nx=y"]
)
def test_answers_that_make_no_sense_are_no_fault_and_no_traceback(text):
    known = known_from(dict.fromkeys(ANSWERS, text))
    assert isinstance(fault_of_site(read_site(GOOD), [RUN], known), str)


@pytest.mark.parametrize(
    ("limit", "minutes"),
    [
        ("7-00:00:00", 10080), ("2:00:00", 120), ("02:00:00", 120), ("30:00", 30), ("60", 60), ("1-12", 2160), ("1-2:30", 1590),
        ("infinite", None), ("UNLIMITED", None), ("n/a", None), ("", None), ("soon", None),
    ],
)  # fmt: skip
def test_time_limits_are_read_in_every_form(limit, minutes):
    assert minutes_of(limit) == minutes


@pytest.mark.parametrize(
    ("gres", "cards"),
    [
        ("(null)", {}),
        ("gpu:2", {("gpu", ""): 2}),
        ("gpu", {("gpu", ""): 1}),
        ("gpu:a100:4(S:0-1),shard:8", {("gpu", "a100"): 4, ("shard", ""): 8}),
        ("gpu:1g.10gb:7(S:0),gpu:a100:1", {("gpu", "1g.10gb"): 7, ("gpu", "a100"): 1}),
        ("gpu:a100-sxm4-80gb:4", {("gpu", "a100-sxm4-80gb"): 4}),
    ],
)
def test_cards_are_read_as_sinfo_shows_them(gres, cards):
    assert cards_of(gres) == cards


def test_a_command_that_hangs_costs_two_seconds_and_its_silence_is_no_fault(tmp_path, monkeypatch):
    for name, script in {"sinfo": "echo 'CPU|1:00|(null)|x|1|1'", "scontrol": "exit 1", "sacctmgr": "exec sleep 60"}.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{script}\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    begun = time.monotonic()
    assert ask(0.5) == {"nodes": "CPU|1:00|(null)|x|1|1\n"}
    assert time.monotonic() - begun < 3
    assert answers.SECONDS <= 2
    (tmp_path / "sacctmgr").write_text("#!/bin/sh\nsleep 60\n")  # a site's wrapper, whose command holds on to the answer
    begun = time.monotonic()
    assert ask(0.5) == {"nodes": "CPU|1:00|(null)|x|1|1\n"}
    assert time.monotonic() - begun < 3
    monkeypatch.setenv("PATH", "/nowhere")
    assert ask() == {}
