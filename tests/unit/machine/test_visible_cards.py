"""Which cards a run sees: those of this machine that CUDA would show it, and then the leased one alone."""

import os

import pytest

from verso.errors import VersoError
from verso.machine import visible_cards


@pytest.fixture(autouse=True)
def all_cards_visible(monkeypatch):
    for name in ("CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER"):
        monkeypatch.setenv(name, "")  # so that what a test sets goes with it
        monkeypatch.delenv(name)


@pytest.fixture
def two_cards(tmp_path, monkeypatch):
    """A machine whose nvidia-smi answers for two cards."""
    tool = tmp_path / "bin" / "nvidia-smi"
    tool.parent.mkdir()
    tool.write_text("#!/bin/sh\nprintf '24576\\n8192\\n'\n")
    tool.chmod(0o755)
    monkeypatch.setenv("PATH", str(tool.parent), prepend=os.pathsep)
    return tool


@pytest.mark.parametrize(
    ("visible", "sizes"),
    [(None, [24576, 8192]), ("", []), ("1", [8192]), ("1,0", [8192, 24576]), ("1,-1,0", [8192]), ("0,7,1", [24576])],
)
def test_only_cards_that_cuda_would_see_are_counted(two_cards, monkeypatch, visible, sizes):
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert visible_cards.visible_cards() == sizes


def test_cards_by_other_names_are_no_silent_mistake(two_cards, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "GPU-8932f937")
    with pytest.raises(VersoError, match='CUDA_VISIBLE_DEVICES: "GPU-8932f937" lists no cards by number'):
        visible_cards.visible_cards()


def test_a_machine_without_cards_has_none(tmp_path, two_cards, monkeypatch):
    two_cards.write_text("#!/bin/sh\necho no driver >&2; exit 9\n")
    assert visible_cards.visible_cards() == []
    monkeypatch.setenv("PATH", str(tmp_path))
    assert visible_cards.visible_cards() == []


def test_a_card_whose_memory_is_unknown_is_no_silent_mistake(two_cards):
    two_cards.write_text("#!/bin/sh\necho '[N/A]'\n")
    with pytest.raises(VersoError, match="N/A"):
        visible_cards.visible_cards()


@pytest.mark.parametrize(
    ("visible", "indices", "seen"),
    [(None, [1], "1"), ("3,5", [1], "5"), ("3", [0], "3"), (None, [0, 2], "0,2"), ("3,1,5", [1, 2], "1,5")],
)
def test_a_run_sees_the_cards_that_it_leased_and_no_other(monkeypatch, visible, indices, seen):
    if visible:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    monkeypatch.setenv("CUDA_DEVICE_ORDER", "FASTEST_FIRST")
    visible_cards.use_cards(indices)
    assert (os.environ["CUDA_VISIBLE_DEVICES"], os.environ["CUDA_DEVICE_ORDER"]) == (seen, "PCI_BUS_ID")


def test_a_card_that_is_not_visible_cannot_be_used(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3")
    with pytest.raises(VersoError, match="shows 1"):
        visible_cards.use_cards([0, 1])
