"""The processor of this machine; without PyTorch, for jobs that need none."""

import platform
from functools import lru_cache
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


@lru_cache(maxsize=1)
def flags() -> frozenset[str]:
    """The processor's abilities as Linux names them, such as avx512_bf16; empty where the system does not report them."""
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("flags"):
                return frozenset(line.split(":", 1)[1].split())
    except OSError:
        pass
    return frozenset()
