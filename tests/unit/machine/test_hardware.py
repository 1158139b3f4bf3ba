import json
import sys
import time
from types import SimpleNamespace

import pytest
import torch

from verso.errors import DeviceLost, VersoError
from verso.machine import hardware
from verso.machine.device import promised_card_is_there
from verso.machine.hardware import (
    Device,
    EnergyCounter,
    Meter,
    peak_ram_mb,
    pick_device,
    pick_device_for_llm,
    requested_and_used,
    use_threads,
)

CPU = Device(torch.device("cpu"), torch.float32, "a test")


@pytest.fixture
def a_card(monkeypatch):
    """A machine that seems to have a CUDA card."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda number: (7, 5))
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda number: "TITAN RTX")


@pytest.fixture
def three_cards(monkeypatch, a_card):
    """A machine that seems to have three, the third older than the others."""
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 3)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda number: [(8, 6), (8, 6), (7, 5)][number])
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda number: ["RTX 3090", "RTX 3090", "TITAN RTX"][number])


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a card here")
def test_without_a_card_the_cpu_computes_in_float32_and_the_reason_says_why():
    device = pick_device(1)
    assert (device.device.type, device.dtype) == ("cpu", torch.float32)
    assert "CUDA" in device.reason


@pytest.mark.usefixtures("a_card")
def test_a_card_is_taken_only_when_one_was_requested():
    asked, unasked = pick_device(1), pick_device(0)
    assert (asked.device.type, asked.reason.split(";")[0]) == ("cuda", "TITAN RTX (sm_75)")
    assert (unasked.device.type, unasked.reason) == ("cpu", "CPU, for no card was requested; float32")


@pytest.mark.usefixtures("three_cards")
def test_as_many_cards_as_were_requested_share_a_training_and_compute_in_what_all_of_them_know():
    two, three = (pick_device_for_llm(gpus) for gpus in (2, 3))
    assert two.devices == [torch.device("cuda:0"), torch.device("cuda:1")]
    assert (two.dtype, two.reason) == (torch.bfloat16, "2 x RTX 3090 (sm_86); bfloat16")
    assert (three.count, three.dtype) == (3, torch.float16)
    assert three.reason.startswith("2 x RTX 3090 + TITAN RTX (sm_75); float16")
    assert pick_device(2).count == 2
    assert pick_device(0).devices == [torch.device("cpu")]


@pytest.mark.usefixtures("three_cards")
def test_fewer_cards_than_were_requested_are_refused_and_in_slurm_they_are_a_lost_card(monkeypatch):
    monkeypatch.delenv("SLURM_JOB_ID", raising=False)
    with pytest.raises(VersoError, match=r"4 cards were requested and 3 are visible here.* gpus: 3"):
        pick_device(4)
    monkeypatch.setenv("SLURM_JOB_ID", "17")
    found = pick_device(4)
    with pytest.raises(DeviceLost, match=r"was given 4 cards \(gpus: 4\) and sees 3"):
        promised_card_is_there(found, 4)
    promised_card_is_there(found, 3)


@pytest.mark.usefixtures("three_cards")
def test_of_two_cards_the_fullest_one_s_peak_counts_and_the_energy_of_both(monkeypatch):
    joules = {b"GPU-0": 5_000, b"GPU-1": 7_000, b"GPU-2": 100_000}
    library = SimpleNamespace(
        nvmlInit=lambda: None, nvmlDeviceGetHandleByUUID=lambda uuid: uuid, nvmlDeviceGetTotalEnergyConsumption=joules.__getitem__
    )
    monkeypatch.setitem(sys.modules, "pynvml", library)
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda number: SimpleNamespace(uuid=number))
    monkeypatch.setattr(torch.cuda, "reset_peak_memory_stats", lambda card: None)
    monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda card: [3e9, 2e9, 9e9][card.index])
    monkeypatch.setattr(torch.cuda, "max_memory_reserved", lambda card: [4e9, 5e9, 9e9][card.index])
    meter = Meter(pick_device(2))
    joules |= {b"GPU-0": 6_000, b"GPU-1": 9_000, b"GPU-2": 500_000}
    report = meter.report(1000)
    assert (report["peak_vram_mb"], report["peak_vram_reserved_mb"], report["energy_joules"]) == (3000, 5000, 3.0)
    assert (report["device"], report["device_name"]) == ("cuda", "2 x RTX 3090")
    assert report["energy_source"] == "NVML total energy of the 2 cards"


def test_the_threads_are_those_that_the_job_was_given(monkeypatch):
    before = torch.get_num_threads()
    try:
        monkeypatch.setenv("OMP_NUM_THREADS", "1")
        assert use_threads() == torch.get_num_threads() == 1
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize("wrong", ["0", "-2", "all"])
def test_a_wrong_number_of_threads_is_named(monkeypatch, wrong):
    monkeypatch.setenv("OMP_NUM_THREADS", wrong)
    with pytest.raises(VersoError, match="OMP_NUM_THREADS"):
        use_threads()


def test_a_report_is_json_and_leaves_out_the_machine_s_name():
    report = Meter(CPU).report(1000)
    assert json.loads(json.dumps(report)) == report
    assert set(report) == {
        "device", "device_name", "dtype", "reason", "threads", "wall_seconds", "peak_vram_mb", "peak_vram_reserved_mb",
        "peak_ram_mb", "tokens", "tokens_per_second", "energy_joules", "energy_source", "torch", "python", "verso",
    }  # fmt: skip
    assert report["peak_vram_mb"] is None
    assert report["energy_joules"] is None or report["energy_joules"] >= 0
    assert report["energy_source"]


def test_a_second_life_adds_its_time_and_keeps_the_higher_peak():
    kept = {**Meter(CPU).state(), "wall_seconds": 100.0, "peak_ram_mb": 1e9, "energy_joules": None}
    meter = Meter(CPU, kept)
    time.sleep(0.01)
    assert 100.01 <= meter.state()["wall_seconds"] < 110
    assert meter.state()["peak_ram_mb"] == 1e9


@pytest.fixture
def moved_training(monkeypatch):
    """What is kept of a training that began on one machine, went on on another and came back to the first."""
    kept = None
    for name, threads in (("Xeon", 2), ("EPYC", 2), ("Xeon", 2)):
        monkeypatch.setattr(hardware, "cpu_name", lambda name=name: name)
        monkeypatch.setattr(torch, "get_num_threads", lambda threads=threads: threads)
        kept = json.loads(json.dumps(Meter(CPU, kept).state()))
    return kept


def test_a_training_that_moved_names_every_machine_once(moved_training):
    report = Meter(CPU, moved_training).report(1000)
    assert (report["device_name"], report["threads"]) == ("Xeon + EPYC", 2)


def test_threads_that_changed_are_all_told(moved_training, monkeypatch):
    monkeypatch.setattr(torch, "get_num_threads", lambda: 4)
    assert Meter(CPU, moved_training).report(1000)["threads"] == "2 + 4"


def test_a_training_that_was_over_reports_the_machine_that_trained_it(moved_training, monkeypatch):
    monkeypatch.setattr(hardware, "cpu_name", lambda: "a laptop that only wrote the files")
    monkeypatch.setattr(torch, "get_num_threads", lambda: 64)
    meter = Meter(CPU, moved_training, over=True)
    time.sleep(0.01)
    report = meter.report(1000)
    assert (report["device_name"], report["threads"]) == ("Xeon + EPYC", 2)
    assert report["wall_seconds"] == round(moved_training["wall_seconds"], 3)
    assert meter.state() == moved_training


ASKED = {"mem_mb": 1100, "runtime": 45, "vram_mb": 3000, "cards": 2, "threads": 4}


@pytest.mark.parametrize(("device", "hours"), [("cuda", 3.0), ("cpu + cuda", 3.0), ("cpu", 0.0)])
def test_card_hours_are_counted_only_where_a_card_computed(device, hours):
    found = requested_and_used({"device": device, "wall_seconds": 5400.0}, ASKED)
    assert found == {"device": device, "wall_seconds": 5400.0, "asked": ASKED, "gpu_hours": hours}


def test_what_a_job_asked_stands_beside_all_that_it_used():
    report = Meter(CPU).report(1000)
    found = requested_and_used(report, ASKED | {"slurm_partition": "GPU"})
    assert {key: found[key] for key in report} == report
    assert found["asked"] == ASKED  # a site's partition is no quantity
    assert json.loads(json.dumps(found)) == found


def test_the_peak_remembers_memory_that_was_given_back():
    before = peak_ram_mb()
    block = torch.ones(int(before * 1e6 / 4) + 25_000_000)
    del block
    assert peak_ram_mb() > before + 50


def zone(folder, energy):
    folder.mkdir(exist_ok=True)
    (folder / "energy_uj").write_text(f"{energy}\n")
    (folder / "max_energy_range_uj").write_text("10000000\n")


def test_energy_is_summed_over_packages_and_survives_a_counter_that_comes_round(tmp_path, monkeypatch):
    monkeypatch.setattr(hardware, "POWERCAP", tmp_path)
    zone(tmp_path / "intel-rapl:0", 1_000_000)
    zone(tmp_path / "intel-rapl:1", 9_000_000)
    counter = EnergyCounter([torch.device("cpu")])
    zone(tmp_path / "intel-rapl:0", 3_000_000)
    zone(tmp_path / "intel-rapl:1", 500_000)
    assert counter.read() == pytest.approx(2.0 + 1.5)
    assert counter.read() == 0.0
    assert "RAPL" in counter.source


def test_a_machine_without_a_counter_says_so_and_gives_no_figure(tmp_path, monkeypatch):
    monkeypatch.setattr(hardware, "POWERCAP", tmp_path)
    counter = EnergyCounter([torch.device("cpu")])
    assert counter.read() is None
    assert "no RAPL" in counter.source
