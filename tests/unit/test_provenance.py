"""Fingerprints: what counts as a change of the code that a driver executes."""

import pytest

from verso.provenance import fingerprint_of_code, reached_modules

DRIVER = "from verso.top import run\n\nrun()\n"
TOP = '''"""Top."""
from verso.deep import inner


def run():
    """Run."""
    return inner()  # once
'''


@pytest.fixture
def code(tmp_path):
    """A driver and a library of its own: driver -> verso.top -> verso.deep.inner; verso.other is reached by nobody."""
    files = {
        "driver.py": DRIVER,
        "verso/__init__.py": '__version__ = "1"\n',
        "verso/top.py": TOP,
        "verso/deep/__init__.py": "",
        "verso/deep/inner.py": "def inner():\n    return 1\n",
        "verso/other.py": "VALUE = 1\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def fingerprint(code):
    return fingerprint_of_code(code / "driver.py", code / "verso")


EDITS = {
    "a comment": ("verso/top.py", "# once", "# twice", False),
    "a docstring": ("verso/top.py", '"""Run."""', '"""Run it."""', False),
    "the module's docstring": ("verso/top.py", '"""Top."""', '"""Bottom."""', False),
    "layout": ("verso/top.py", "return inner()", "return (\n        inner()\n    )", False),
    "the version": ("verso/__init__.py", '"1"', '"2"', False),
    "a module that nobody imports": ("verso/other.py", "1", "2", False),
    "a function": ("verso/top.py", "return inner()", "return inner() + 1", True),
    "a module two imports away": ("verso/deep/inner.py", "1", "2", True),
    "the package on the way": ("verso/deep/__init__.py", "", "X = 1", True),
    "the driver": ("driver.py", "run()\n", "run()\nrun()\n", True),
}


@pytest.mark.parametrize("edit", EDITS)
def test_only_what_is_executed_counts(code, edit):
    name, old, new, counts = EDITS[edit]
    before = fingerprint(code)
    path = code / name
    path.write_text(path.read_text().replace(old, new) if old else new)
    assert (fingerprint(code) != before) is counts


def test_an_import_inside_a_function_is_followed(code):
    (code / "verso/top.py").write_text("def run():\n    import verso.other\n")
    assert "verso.other" in reached_modules(code / "driver.py", code / "verso")


def test_a_circle_of_imports_ends(code):
    (code / "verso/deep/inner.py").write_text("import verso.top\n")
    assert len(fingerprint(code)) == 16
