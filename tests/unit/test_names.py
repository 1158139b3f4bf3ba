"""Names from outside: which of them may become a path."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verso.names import fault_of_path, shown


@pytest.mark.parametrize("name", ["config.json", "onnx/model.onnx", ".gitattributes", "a..b", "música.json", "con-text", "...a"])
def test_a_plain_name_may(name):
    assert fault_of_path(name) == ""


@pytest.mark.parametrize(
    "name",
    ["", ".", "..", "/a", "a/", "a//b", "a/./b", "a/../b", "a\\b", "C:a", "a\0", "a\n", "\u202ea", "a.", "a ", "NUL", "com1.json",
     "a/prn.txt", "\udc80", "x" * 256, "\u00f1" * 128, None, 3, b"a"],
)  # fmt: skip
def test_one_that_leads_elsewhere_or_is_none_may_not(name):
    assert fault_of_path(name)


@given(st.text() | st.lists(st.sampled_from(["..", ".", "a", "", "~", "\\"])).map("/".join))
def test_whatever_may_lies_below_the_folder(name):
    if not fault_of_path(name):
        place = os.path.normpath(Path("/folder", name))
        assert place.startswith("/folder/")
        assert place == f"/folder/{name}"


@given(st.text())
def test_a_shown_name_redraws_no_terminal(name):
    assert shown(name).isprintable()
