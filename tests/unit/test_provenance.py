"""Fingerprints: what counts as a change of the code that a driver executes."""

import os
import shutil

import pytest

from verso.provenance import LIBRARY, Code, fingerprint_of_code, key_of_files

DRIVER = "from verso.top import run\n\nrun()\n"
TOP = '''"""Top."""
import logging

from verso.deep import inner
from verso.many import called
from verso.errors import VersoError
from verso.jobs.logs import progress

log = logging.getLogger(__name__)


def run():
    """Run."""
    log.info("it runs %s", len("now"))
    if inner() > 100:
        raise VersoError(f"too large: {inner()}")
    list(progress([], "run", unit="steps"))
    return inner() + called()  # once


def logging_elsewhere(log):
    log.info(1)


run.also = logging_elsewhere
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
        "verso/errors.py": "class VersoError(Exception):\n    pass\n",
        "verso/jobs/__init__.py": "",
        "verso/jobs/logs.py": "def progress(items, label, unit=None):\n    return items\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def fingerprint(code):
    return fingerprint_of_code(code / "driver.py", code / "verso")


UNDER = 'if __name__ {} "__main__":\n    Base.size = 7\n'
ELSE = 'if __name__ == "__main__":\n    pass\nelse:\n    Base.size = 7\n'
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
    "the words of an error that ends the job": ("verso/top.py", "too large:", "much too large:", False),
    "the label of a progress bar": ("verso/top.py", '"run", unit="steps"', '"running"', False),
    "when an error ends the job": ("verso/top.py", "> 100", "> 99", True),
    "what a progress bar goes over by its name": ("verso/top.py", 'progress([], "run"', 'progress(label="run", items=[1]', True),
    "what a progress bar goes over": ("verso/top.py", "progress([]", "progress([1]", True),
    "what is called as a logger's method and is none": ("verso/top.py", "log.info(1)", "log.info(2)", True),
    "what does not stand under main": ("verso/many.py", "OTHER = 4\n", "OTHER = 4\n" + UNDER.format("!="), True),
    "what stands under else of main": ("verso/many.py", "OTHER = 4\n", "OTHER = 4\n" + ELSE, True),
    "a call that only seems to make a value": (
        "verso/many.py",
        "import re\n",
        "import re, numpy\n_ = numpy.random.seed(1)\n",
        True,
    ),
    "a value that some function sorted": ("verso/many.py", "OTHER = 4\n", "OTHER = 4\n_ = sorted([1], key=print)\n", True),
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


@pytest.mark.parametrize(
    ("top", "changes"),
    [
        ("import importlib\n\n\ndef run():\n    return importlib.import_module('verso.other').VALUE\n", True),
        ("from importlib import import_module as im\n\n\ndef run():\n    return im('verso.other').VALUE\n", True),
        ("from importlib import import_module as im\n\n\ndef run(name='other'):\n    return im(f'verso.{name}').VALUE\n", True),
        ("import importlib\n\n\ndef run():\n    return importlib.import_module('json')\n", False),
        ("import sys\n\n\ndef run():\n    return sys.modules['verso.other'].VALUE\n", True),
        ("import sys\n\n\ndef run():\n    return sys.modules.get('json')\n", False),
        ("class A:\n    pass\n\n\ndef run():\n    return A.__subclasses__()\n", True),
    ],
)
def test_a_module_that_is_looked_up_by_its_name_counts(code, top, changes):
    (code / "verso/top.py").write_text(top)
    before = fingerprint(code)
    (code / "verso/other.py").write_text("VALUE = 2\n")
    assert (fingerprint(code) != before) is changes


def test_a_relative_import_is_refused(code):
    (code / "verso/top.py").write_text("from .other import VALUE\n\n\ndef run():\n    return VALUE\n")
    with pytest.raises(SyntaxError, match="relative import"):
        fingerprint(code)


def test_a_default_counts_as_it_is_where_it_stands(code):
    """Before or after its value is bound again."""
    (code / "verso/top.py").write_text("X = 1\n\n\ndef run(x=X):\n    return x\n\n\nX = 2\n")
    before = fingerprint(code)
    (code / "verso/top.py").write_text("X = 1\nX = 2\n\n\ndef run(x=X):\n    return x\n")
    assert fingerprint(code) != before


def test_what_a_star_takes_over_counts(code):
    (code / "verso/top.py").write_text("from verso.other import *\n\n\ndef run():\n    return VALUE\n")
    (code / "verso/other.py").write_text("__all__ = ['VALUE']\nVALUE = 1\n")
    before = fingerprint(code)
    (code / "verso/other.py").write_text("__all__ = []\nVALUE = 1\n")
    assert fingerprint(code) != before


def test_a_name_of_a_lambda_hides_none_of_the_function_around_it(code):
    (code / "verso/top.py").write_text("VALUE = 1\n\n\ndef run(key=lambda VALUE: 2):\n    return VALUE\n")
    before = fingerprint(code)
    (code / "verso/top.py").write_text("VALUE = 3\n\n\ndef run(key=lambda VALUE: 2):\n    return VALUE\n")
    assert fingerprint(code) != before


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


# --- of one function ---


def of_function(code, module="verso.many", function="called"):
    return Code(code / "verso").fingerprint_of(f"{module}.{function}")


def test_a_function_s_fingerprint_is_of_what_it_executes_and_of_no_more(code):
    before, other = of_function(code), of_function(code, "verso.deep.inner", "other")
    assert len(before) == len(other) == 16
    assert before != other
    edits = [
        ("verso/top.py", "return inner()", "return 1 + inner()", False, False),  # which calls it
        ("verso/many.py", "return OTHER", "return OTHER + 1", False, False),
        ("verso/deep/inner.py", "def other():\n    return 1", "def other():\n    return 2", False, True),
        ("verso/many.py", "LIMIT = 3", "LIMIT = 2", True, False),
        ("verso/many.py", "return Called().size_of()", "return 1 + Called().size_of()", True, False),
    ]
    for name, old, new, counts, counts_for_other in edits:
        text = (code / name).read_text()
        assert old in text
        (code / name).write_text(text.replace(old, new))
        assert (of_function(code) != before) is counts, new
        assert (of_function(code, "verso.deep.inner", "other") != other) is counts_for_other, new
        (code / name).write_text(text)
    assert (of_function(code), of_function(code, "verso.deep.inner", "other")) == (before, other)


def test_a_function_s_fingerprint_is_kept_as_a_driver_s_is(code):
    before = of_function(code)
    assert before in (code / "verso/__pycache__/fingerprints.json").read_text()
    kept = Code(code / "verso")
    assert kept.fingerprint_of("verso.many.called") == before
    assert kept._graph is None, "it was computed again"


def test_a_function_that_is_moved_keeps_its_fingerprint_where_its_old_module_still_knows_it(code):
    before = of_function(code)
    (code / "verso/moved.py").write_text(MANY)
    (code / "verso/many.py").write_text("from verso.moved import called\n")
    assert of_function(code) == before == of_function(code, "verso.moved")


@pytest.mark.parametrize(("module", "function"), [("verso.many", "nobody"), ("verso.nowhere", "called")])
def test_a_function_that_there_is_not_has_no_fingerprint(code, module, function):
    """A rule that names one would else never see a change again."""
    with pytest.raises(LookupError, match=f"{module}.*{function}"):
        of_function(code, module, function)


def test_of_several_functions_each_counts(code):
    def together():
        return Code(code / "verso").fingerprint_of("verso.many.called", "verso.deep.inner.other")

    before = together()
    assert before not in (of_function(code), of_function(code, "verso.deep.inner", "other"))
    for name, old, new in [
        ("verso/many.py", "LIMIT = 3", "LIMIT = 2"),
        ("verso/deep/inner.py", "def other():\n    return 1", "def other():\n    return 2"),
    ]:
        text = (code / name).read_text()
        (code / name).write_text(text.replace(old, new))
        assert together() != before, new
        (code / name).write_text(text)
    assert together() == before
    with pytest.raises(LookupError, match=r"verso\.many.*nobody"):
        Code(code / "verso").fingerprint_of("verso.deep.inner.other", "verso.many.nobody")


@pytest.mark.parametrize(("family", "other"), [("recurrent_lm", "gpt"), ("gpt", "recurrent_lm")])
def test_the_functions_that_a_rule_keeps_apart_count_apart(tmp_path, family, other):
    """Scoring and sampling of a model: the code of one is no reason to do the other again, nor is another family's."""
    shutil.copytree(LIBRARY, tmp_path / "verso", ignore=shutil.ignore_patterns("__pycache__"))
    folder, room = tmp_path / "verso/language_modelling", "verso.language_modelling"

    def found(family):
        kept = Code(tmp_path / "verso")
        scoring = kept.fingerprint_of(f"{room}.evaluating.score_or_reuse", f"{room}.{family}.scoring.score")
        return scoring, kept.fingerprint_of(f"{room}.evaluating.sample_or_reuse", f"{room}.{family}.sampling.sample")

    def edit(name, old, new):
        text = (folder / name).read_text()
        assert old in text
        (folder / name).write_text(text.replace(old, new, 1))

    before, others = found(family), found(other)
    edit(f"{family}/sampling.py", "vocabulary.encode(request.prompt)", "vocabulary.encode(request.prompt + '')")
    sampled = found(family)
    assert (sampled[0], sampled[1] != before[1]) == (before[0], True)
    edit(f"{family}/scoring.py", "vocabulary.encode(document[", "vocabulary.encode('' + document[")
    scored = found(family)
    assert (scored[0] != before[0], scored[1]) == (True, sampled[1])
    assert found(other) == others
    edit("evaluating.py", "documents=given.test", "documents=given.train")
    assert (found(family)[0] != scored[0], found(family)[1]) == (True, scored[1])
    edit("trained.py", "hardware.use_threads()", "hardware.use_threads(), None")
    assert all(new != old for new, old in zip((*found(family), *found(other)), (*scored, *others), strict=True))


# --- of results ---


def test_a_result_s_key_follows_from_code_settings_and_the_content_of_its_files(tmp_path):
    one, other = tmp_path / "one", tmp_path / "other"
    one.write_text("a")
    other.write_text("b")
    key = key_of_files("code", {"x": 1, "y": [2]}, [one, other])
    assert len(key) == 16
    assert key == key_of_files("code", {"y": [2], "x": 1}, [str(one), str(other)])
    changed = [
        key_of_files("other code", {"x": 1, "y": [2]}, [one, other]),
        key_of_files("code", {"x": 2, "y": [2]}, [one, other]),
        key_of_files("code", {"x": 1, "y": [2]}, [other, one]),
        key_of_files("code", {"x": 1, "y": [2]}, [one]),
        key_of_files("code", {"x": 1, "y": [2]}, []),
    ]
    assert len({key, *changed}) == 6
    (tmp_path / "elsewhere").mkdir()
    moved = other.rename(tmp_path / "elsewhere" / "of another name")
    os.utime(moved, (1, 1))
    assert key_of_files("code", {"x": 1, "y": [2]}, [one, moved]) == key, "neither name nor time counts"
    moved.write_text("c")
    assert key_of_files("code", {"x": 1, "y": [2]}, [one, moved]) != key
    with pytest.raises(FileNotFoundError):
        key_of_files("code", {}, [tmp_path / "nowhere"])
