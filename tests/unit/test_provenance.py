"""Fingerprints: what counts as a change of the code that a driver executes."""

import os

import pytest

from verso.provenance import Code, fingerprint_of_code

DRIVER = "from verso.top import run\n\nrun()\n"
TOP = '''"""Top."""
import logging

from verso.deep import inner
from verso.many import called

log = logging.getLogger(__name__)


def run():
    """Run."""
    log.info("it runs %s", len("now"))
    return inner() + called()  # once
'''
MANY = """import re

LIMIT = 3
OTHER = 4
WORD = re.compile("a")


class Base:
    size = 1


class Called(Base):
    def size_of(self, scale=LIMIT):
        return scale * self.size


def called(values: list = ()) -> int:
    return Called().size_of()


def never_called():
    return OTHER
"""


@pytest.fixture
def code(tmp_path):
    """A driver and a library of its own: driver -> verso.top -> verso.deep.inner, verso.many; nobody reaches verso.other."""
    files = {
        "driver.py": DRIVER,
        "verso/__init__.py": '__version__ = "1"\n',
        "verso/top.py": TOP,
        "verso/many.py": MANY,
        "verso/deep/__init__.py": "from verso.deep.inner import deepest as inner\n",
        "verso/deep/inner.py": "def deepest():\n    return 1\n\n\ndef other():\n    return 1\n",
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
    "layout": ("verso/top.py", "return inner() + called()", "return (\n        inner() + called()\n    )", False),
    "the version": ("verso/__init__.py", '"1"', '"2"', False),
    "a module that nobody imports": ("verso/other.py", "1", "2", False),
    "a message to the log": ("verso/top.py", "it runs", "it is running", False),
    "the order of imports": (
        "verso/top.py",
        "from verso.deep import inner\nfrom verso.many import called\n",
        "from verso.many import called\nfrom verso.deep import inner\n",
        False,
    ),
    "a function that is never called": ("verso/many.py", "return OTHER", "return OTHER + 1", False),
    "a constant that is never read": ("verso/many.py", "OTHER = 4", "OTHER = 5", False),
    "an annotation": ("verso/many.py", "values: list = ()", "values: tuple = ()", False),
    "a new constant in the package on the way": ("verso/deep/__init__.py", "import deepest", "import other, deepest", False),
    "a function": ("verso/top.py", "return inner()", "return 1 + inner()", True),
    "a module two imports away": ("verso/deep/inner.py", "return 1\n\n\ndef", "return 2\n\n\ndef", True),
    "what a name in a package stands for": ("verso/deep/__init__.py", "deepest as", "other as", True),
    "an effect of the package on the way": ("verso/deep/__init__.py", "", "print(1)", True),
    "an effect of a module": ("verso/many.py", "OTHER = 4\n", "OTHER = 4\nBase.size = 7\n", True),
    "a name that is bound again": ("verso/many.py", "OTHER = 4\n", "OTHER = 4\nLIMIT = 5\n", True),
    "a default": ("verso/many.py", "scale=LIMIT", "scale=OTHER", True),
    "a constant that is a default": ("verso/many.py", "LIMIT = 3", "LIMIT = 2", True),
    "an attribute of a class above": ("verso/many.py", "size = 1", "size = 2", True),
    "an unknown decorator": ("verso/many.py", "def never_called", "@print\ndef never_called", True),
    "a known decorator of what is called": ("verso/many.py", "    def size_of", "    @property\n    def size_of", True),
    "a message that calls what may do something": ("verso/top.py", 'len("now")', "inner()", True),
    "the driver": ("driver.py", "run()\n", "run()\nrun()\n", True),
}


@pytest.mark.parametrize("edit", EDITS)
def test_only_what_is_executed_counts(code, edit):
    name, old, new, counts = EDITS[edit]
    before = fingerprint(code)
    path = code / name
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new) if old else new + "\n" + path.read_text())
    assert (fingerprint(code) != before) is counts


def test_a_moved_function_is_the_same(code):
    before = fingerprint(code)
    (code / "verso/apart").mkdir()
    (code / "verso/apart/place.py").write_text((code / "verso/deep/inner.py").read_text())
    (code / "verso/deep/inner.py").unlink()
    (code / "verso/deep/__init__.py").write_text("from verso.apart.place import deepest as inner\n")
    assert fingerprint(code) == before


def test_a_module_that_is_split_is_the_same(code):
    before = fingerprint(code)
    place = MANY.index("class Base")
    (code / "verso/limits.py").write_text(MANY[:place])
    (code / "verso/many.py").write_text("from verso.limits import LIMIT, OTHER\n" + MANY[place:])
    assert fingerprint(code) == before


def test_a_module_by_its_name_counts_as_what_is_read_of_it(code):
    (code / "verso/top.py").write_text("from verso import many\n\n\ndef run():\n    return many.called()\n")
    before = fingerprint(code)
    (code / "verso/many.py").write_text(MANY.replace("return OTHER", "return OTHER + 1"))
    assert fingerprint(code) == before
    (code / "verso/many.py").write_text(MANY.replace("LIMIT = 3", "LIMIT = 2"))
    assert fingerprint(code) != before


def test_a_module_that_is_handed_on_counts_as_a_whole(code):
    (code / "verso/top.py").write_text("from verso import many\n\n\ndef run(name):\n    return getattr(many, name)()\n")
    before = fingerprint(code)
    (code / "verso/many.py").write_text(MANY.replace("return OTHER", "return OTHER + 1"))
    assert fingerprint(code) != before


def test_an_import_inside_a_function_is_followed_where_the_function_is_called(code):
    (code / "verso/top.py").write_text(
        "def run():\n    import verso.other\n\n    return verso.other.VALUE\n\n\ndef idle():\n    import verso.many\n"
    )
    before = fingerprint(code)
    (code / "verso/many.py").write_text(MANY + "print(1)\n")
    assert fingerprint(code) == before
    (code / "verso/other.py").write_text("VALUE = 2\n")
    assert fingerprint(code) != before


def test_a_circle_of_functions_ends_and_counts(code):
    (code / "verso/deep/inner.py").write_text("import verso.top\n\n\ndef deepest():\n    return verso.top.run\n\n\nother = 1\n")
    before = fingerprint(code)
    assert len(before) == 16
    (code / "verso/top.py").write_text(TOP.replace("inner() + called()", "called()"))
    assert fingerprint(code) != before


def test_machinery_does_not_count(code):
    (code / "verso/errors.py").write_text("def explain():\n    return 1\n")
    (code / "verso/top.py").write_text("from verso.errors import explain\n\n\ndef run():\n    return explain\n")
    before = fingerprint(code)
    (code / "verso/errors.py").write_text("def explain():\n    return 2\n\n\nprint(1)\n")
    assert fingerprint(code) == before


def test_kept_fingerprints_are_those_of_the_code_as_it_is(code):
    before = fingerprint(code)
    kept = code / "verso/__pycache__/fingerprints.json"
    assert before in kept.read_text()
    assert Code(code / "verso").fingerprint(code / "driver.py") == before
    times = (code / "verso/many.py").stat()
    (code / "verso/many.py").write_text(MANY.replace("LIMIT = 3", "LIMIT = 2"))
    os.utime(code / "verso/many.py", ns=(times.st_atime_ns, times.st_mtime_ns))  # of the same size and time
    assert fingerprint(code) != before
    kept.write_text("{")
    assert fingerprint(code) != before


def test_a_broken_module_is_an_error(code):
    (code / "verso/many.py").write_text("def (\n")
    with pytest.raises(SyntaxError):
        fingerprint(code)
    with pytest.raises(FileNotFoundError):
        fingerprint_of_code(code / "nobody.py", code / "verso")
