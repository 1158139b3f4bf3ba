"""The processor of this machine; without PyTorch, for jobs that need none."""

import platform
from pathlib import Path


def cpu_name() -> str:
    """The processor's model name, or its architecture where the system does not report the name."""
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()
