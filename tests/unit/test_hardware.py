import json
import time

import pytest
import torch

from verso import hardware
from verso.errors import VersoError
from verso.hardware import Device, EnergyCounter, Meter, peak_ram_mb, pick_device, use_threads

CPU = Device(torch.device("cpu"), torch.float32, "a test")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a card here")
def test_without_a_card_the_cpu_computes_in_float32_and_the_reason_says_why():
    device = pick_device()
    assert (device.device.type, device.dtype) == ("cpu", torch.float32)
    assert "CPU" in device.reason


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
    counter = EnergyCounter(torch.device("cpu"))
    zone(tmp_path / "intel-rapl:0", 3_000_000)
    zone(tmp_path / "intel-rapl:1", 500_000)
    assert counter.read() == pytest.approx(2.0 + 1.5)
    assert counter.read() == 0.0
    assert "RAPL" in counter.source


def test_a_machine_without_a_counter_says_so_and_gives_no_figure(tmp_path, monkeypatch):
    monkeypatch.setattr(hardware, "POWERCAP", tmp_path)
    counter = EnergyCounter(torch.device("cpu"))
    assert counter.read() is None
    assert "no RAPL" in counter.source
