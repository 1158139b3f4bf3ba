"""For all tests: what the machine lacks is installed before any begins, and those begin first that take longest."""

import signal
from pathlib import Path

import pytest
from needed import install_for

TESTS = Path(__file__).parent
ROOMS = ("slurm", "workflow", "browser", "unit")  # in this order: a worker that takes a long file last leaves the others idle
LONG = (
    "slurm/test_demo.py", "slurm/test_soak.py", "slurm/test_deaths_around_jobs.py", "slurm/test_deaths_of_jobs.py",
    "slurm/test_deaths_of_searches.py",
)  # fmt: skip


def pytest_configure(config: pytest.Config) -> None:
    """Once, in the process that starts the workers; what `-k` or `-m` choose installs for itself what it needs."""
    # A shell that starts the tests in the background has Ctrl-C ignored, in their children too: seven tests of it would fail
    signal.signal(signal.SIGINT, signal.default_int_handler)
    config.addinivalue_line("markers", "slow: a unit test of whole trainings in processes of their own, not for each commit")
    worker, chosen = hasattr(config, "workerinput"), config.option.keyword or config.option.markexpr
    if not (worker or chosen or config.option.collectonly or config.option.help):
        failed = install_for(rooms_of(config))
        for reason in failed:
            config.issue_config_time_warning(pytest.PytestWarning(reason), stacklevel=1)


def rooms_of(config: pytest.Config) -> set[str]:
    """The folders that hold what is asked for."""
    asked = [(config.invocation_params.dir / argument.split("::")[0]).resolve() for argument in config.args]
    folders = {room: TESTS / room for room in ROOMS}
    return {
        room
        for room, folder in folders.items()
        if any(folder.is_relative_to(path) or path.is_relative_to(folder) for path in asked)
    }


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=place)


def place(item: pytest.Item) -> tuple[int, int]:
    """Long files first, then room by room; within a file tests stay as they are."""
    name = item.path.relative_to(TESTS).as_posix()
    return (
        LONG.index(name) if name in LONG else len(LONG),
        ROOMS.index(name.split("/")[0]) if name.split("/")[0] in ROOMS else 0,
    )
