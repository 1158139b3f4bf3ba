"""Main memory of this process."""

from pathlib import Path


def peak_ram_mb() -> float:
    """Peak resident memory of this process in MB (10^6 bytes); 0 where the system does not report it.

    From VmHWM: getrusage's ru_maxrss starts with the size of the forking parent, here Snakemake's.
    """
    try:
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) * 1024 / 1e6
    except OSError:
        pass
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6  # macOS counts it in bytes
