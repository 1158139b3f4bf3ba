"""Choose a job's device and number type, and measure its use of time, memory and energy."""

import os
import platform
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

import verso
from verso.errors import VersoError
from verso.machine.memory import peak_ram_mb
from verso.machine.processor import cpu_name

POWERCAP = Path("/sys/class/powercap")


@dataclass(frozen=True)
class Device:
    """A device, the number type to compute in, and the reason for both, for the log and the report.

    count: number of devices that share each step of a training; `device` is the first.
    """

    device: torch.device
    dtype: torch.dtype
    reason: str
    count: int = 1

    @property
    def devices(self) -> list[torch.device]:
        """All `count` devices, in the order in which they are visible."""
        on_cards = self.device.type == "cuda"
        return [torch.device("cuda", number) if on_cards else self.device for number in range(self.count)]


def pick_device(gpus: int) -> Device:
    """The first `gpus` visible CUDA cards, or the CPU where there are none; float32 on both.

    gpus: number of cards allocated to the job; with 0 visible cards are not used, since they may be another job's. Raises
    VersoError when there are some but fewer than `gpus` (in a SLURM job that is a lost card, see verso.machine.device).

    float32 because small models are bound by kernel launches and memory, not by arithmetic: half precision would not be faster,
    and cards before sm_80 have only float16, which overflows without loss scaling.
    """
    if gpus and torch.cuda.is_available():
        there = torch.cuda.device_count()
        if gpus > there and not _in_slurm():
            raise VersoError(
                f"{gpus} cards were requested and {there} are visible here: run it where there are more, or set the model's "
                f"needs to gpus: {there}, which changes the time it takes and not the result"
            )
        count = min(gpus, there)
        reason = f"{_cards_name(count)} {_sm(count)}; float32, for a small model gains nothing by halves"
        return Device(torch.device("cuda"), torch.float32, reason, count)
    if not gpus:
        why = "no card was requested"
    else:
        why = "PyTorch is built without CUDA" if torch.version.cuda is None else "no CUDA card is visible"
    return Device(torch.device("cpu"), torch.float32, f"CPU, for {why}; float32")


def pick_device_for_llm(gpus: int) -> Device:
    """As pick_device, for models of billions of weights: half precision on a card, float32 on the CPU.

    PyTorch reports bfloat16 support on cards before sm_80, but they only emulate it: they get float16. Raises VersoError when a
    card was requested and there is none.
    """
    found = pick_device(gpus)
    if gpus and found.device.type != "cuda" and not _in_slurm():  # in SLURM: a lost card, see verso.machine.device
        raise VersoError(
            f"a card was requested (gpus: {gpus}) and there is none ({found.reason}): such a model would take days; run it where "
            "there is a card, remove its experiment, or set its needs to gpus: 0"
        )
    if found.device.type != "cuda":
        return found
    name = f"{_cards_name(found.count)} {_sm(found.count)}"
    if _capability(found.count) >= (8, 0):
        return replace(found, dtype=torch.bfloat16, reason=f"{name}; bfloat16")
    return replace(found, dtype=torch.float16, reason=f"{name}; float16, for it computes no bfloat16 itself")


def _in_slurm() -> bool:
    return "SLURM_JOB_ID" in os.environ


def _capability(count: int) -> tuple[int, int]:
    """Lowest compute capability of the first `count` cards, since all compute in one number type."""
    return min(torch.cuda.get_device_capability(number) for number in range(count))


def _sm(count: int) -> str:
    major, minor = _capability(count)
    return f"(sm_{major}{minor})"


def _cards_name(count: int) -> str:
    """Names of the first `count` cards, such as "TITAN RTX" or "2 x TITAN RTX"; different ones joined by " + "."""
    names = Counter(torch.cuda.get_device_name(number) for number in range(count))
    return " + ".join(name if times == 1 else f"{times} x {name}" for name, times in names.items())


def arithmetic(device: Device) -> torch.autocast:
    """An autocast context: large products are computed in the device's number type; on the CPU all stays float32."""
    on_card = device.device.type == "cuda"
    return torch.autocast(device.device.type, dtype=device.dtype if on_card else None, enabled=on_card)


def use_threads() -> int:
    """Set PyTorch's number of threads from OMP_NUM_THREADS (unset: PyTorch's choice); returns the number.

    Two processes that each use every core run ten times slower than two that share them. Raises VersoError when the
    variable is not a positive number.
    """
    wanted = os.environ.get("OMP_NUM_THREADS", "").strip()
    if wanted:
        if not wanted.isdecimal() or int(wanted) < 1:
            raise VersoError(f'OMP_NUM_THREADS: "{wanted}" is no number of threads; set it to 1 or more, or unset it')
        torch.set_num_threads(int(wanted))
    return torch.get_num_threads()


class EnergyCounter:
    """Energy in joules since the last `read`, from the driver's counters.

    On GPUs the NVML total of the whole cards, including other jobs; on a CPU the RAPL packages, also whole. devices: of one
    kind. `source` names the counter, or the reason why there is none: `read` then returns None.
    """

    def __init__(self, devices: Sequence[torch.device]) -> None:
        self._nvml: tuple[Any, list[Any]] | None = None
        self._zones: list[Path] = []
        self.source = self._open_nvml(len(devices)) if devices[0].type == "cuda" else self._open_rapl()
        self._last = self._counters()

    def _open_nvml(self, count: int) -> str:
        try:
            import pynvml  # only where there is a card: it needs the driver

            pynvml.nvmlInit()
            # By UUID: CUDA_VISIBLE_DEVICES renumbers CUDA's cards but not NVML's.
            uuids = [torch.cuda.get_device_properties(number).uuid for number in range(count)]
            handles = [pynvml.nvmlDeviceGetHandleByUUID(f"GPU-{uuid}".encode()) for uuid in uuids]
            for handle in handles:
                pynvml.nvmlDeviceGetTotalEnergyConsumption(handle)
        except Exception as error:  # a missing package, driver or counter must not stop the run
            return f"none: NVML gives no energy ({error})"
        self._nvml = (pynvml, handles)
        return "NVML total energy of the card" if count == 1 else f"NVML total energy of the {count} cards"

    def _open_rapl(self) -> str:
        zones = sorted(POWERCAP.glob("intel-rapl:[0-9]")) + sorted(POWERCAP.glob("intel-rapl:[0-9][0-9]"))
        if not zones:
            return "none: no RAPL counter on this machine"
        try:
            for zone in zones:
                (zone / "energy_uj").read_text()
        except OSError:
            return "none: the RAPL counters are readable by root alone"
        self._zones = zones
        return "RAPL packages of the machine"

    def _counters(self) -> list[float]:
        if self._nvml:
            library, handles = self._nvml
            return [library.nvmlDeviceGetTotalEnergyConsumption(handle) / 1e3 for handle in handles]  # millijoules
        return [int((zone / "energy_uj").read_text()) / 1e6 for zone in self._zones]  # microjoules

    def read(self) -> float | None:
        """Joules since the last call; a RAPL counter that wrapped once between two calls is corrected."""
        now = self._counters()
        if not now:
            return None
        used = 0.0
        for index, (before, after) in enumerate(zip(self._last, now, strict=True)):
            used += after - before
            if after < before and self._zones:
                used += int((self._zones[index] / "max_energy_range_uj").read_text()) / 1e6
        self._last = now
        return used


class Meter:
    """Measures a training over all its attempts: the use stored in a checkpoint is added to that of this process.

    An attempt's time and energy count up to its last checkpoint: work lost by a kill is not included. Of several cards, the peak
    is that of the fullest and the energy that of all. over: an earlier attempt finished the training; this one, which only
    writes the outputs again, is not counted.
    """

    def __init__(self, device: Device, kept: dict[str, Any] | None = None, over: bool = False) -> None:
        self._device = device
        self._over = over
        self._kept: dict[str, Any] = kept or {"wall_seconds": 0.0}
        self._joules: float | None = self._kept.get("energy_joules")
        self._energy = EnergyCounter(device.devices)
        self._started = time.perf_counter()
        self._cards = device.devices if device.device.type == "cuda" else []
        for card in self._cards:
            torch.cuda.reset_peak_memory_stats(card)

    @property
    def wall_seconds(self) -> float:
        """Seconds of training so far, over all attempts."""
        if self._over:
            return self._kept["wall_seconds"]
        return self._kept["wall_seconds"] + time.perf_counter() - self._started

    def state(self) -> dict[str, Any]:
        """The measurements so far, for a checkpoint; call it often enough that no energy counter wraps twice between calls."""
        if self._over:
            return self._kept
        joules = self._energy.read()
        if joules is not None:
            self._joules = (self._joules or 0.0) + joules
        allocated = [torch.cuda.max_memory_allocated(card) / 1e6 for card in self._cards]
        reserved = [torch.cuda.max_memory_reserved(card) / 1e6 for card in self._cards]
        return {
            "wall_seconds": self.wall_seconds,
            "peak_vram_mb": self._peak("peak_vram_mb", allocated),
            "peak_vram_reserved_mb": self._peak("peak_vram_reserved_mb", reserved),
            "peak_ram_mb": self._peak("peak_ram_mb", [peak_ram_mb()]),
            "energy_joules": self._joules,
            "machines": self._machines(),
        }

    def _machines(self) -> list[dict[str, Any]]:
        """The machine of each attempt, in order, without duplicates."""
        this = {
            "device": self._device.device.type,
            "device_name": _cards_name(len(self._cards)) if self._cards else cpu_name(),
            "dtype": str(self._device.dtype).removeprefix("torch."),
            "reason": self._device.reason,
            "threads": torch.get_num_threads(),
            "energy_source": self._energy.source,
            "torch": str(torch.__version__),
            "python": platform.python_version(),
            "verso": verso.__version__,
        }
        before: list[dict[str, Any]] = self._kept.get("machines", [])
        return before if this in before else [*before, this]

    def _peak(self, key: str, now: list[float]) -> float | None:
        known = [value for value in (self._kept.get(key), *now) if value is not None]
        return max(known) if known else None

    def report(self, tokens: int) -> dict[str, Any]:
        """The content of hardware.json. tokens: trained on, scored or written; wall seconds include validation and checkpoints.

        Names of several machines, of a training that was resumed on another one, are joined by " + ".
        """
        used = self.state()
        ran_on = {key: _together([machine[key] for machine in used["machines"]]) for key in used["machines"][0]}
        return {
            **{key: ran_on[key] for key in ("device", "device_name", "dtype", "reason", "threads")},
            "wall_seconds": round(used["wall_seconds"], 3),
            "peak_vram_mb": used["peak_vram_mb"],
            "peak_vram_reserved_mb": used["peak_vram_reserved_mb"],
            "peak_ram_mb": round(used["peak_ram_mb"], 1),
            "tokens": tokens,
            "tokens_per_second": round(tokens / used["wall_seconds"], 1) if used["wall_seconds"] else None,
            "energy_joules": used["energy_joules"],
            **{key: ran_on[key] for key in ("energy_source", "torch", "python", "verso")},
        }


def _together(values: list[Any]) -> Any:
    """A single value unchanged; several different ones as text, in order, joined by " + "."""
    different = list(dict.fromkeys(values))
    return different[0] if len(different) == 1 else " + ".join(map(str, different))


def requested_and_used(hardware: dict[str, Any], requested: dict[str, Any]) -> dict[str, Any]:
    """The content of hardware.json: a Meter's report with the job's requests added.

    hardware: the report. requested: the requests mem_mb, runtime (minutes), vram_mb, cards and threads; other keys are dropped.
    Adds "asked" and "gpu_hours": cards times wall hours, 0.0 where no card was used though one was requested.
    """
    cards = requested["cards"] if "cuda" in hardware["device"] else 0  # "cpu + cuda" of a resumed training
    return {
        **hardware,
        "asked": {key: requested[key] for key in ("mem_mb", "runtime", "vram_mb", "cards", "threads")},
        "gpu_hours": round(cards * hardware["wall_seconds"] / 3600, 6),
    }
