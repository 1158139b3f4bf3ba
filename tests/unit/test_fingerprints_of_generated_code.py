"""Fingerprints of generated libraries: a change that changes what a driver computes is never missed, a move never seen.

A library is a list of definitions, each of which computes with those before it, laid out in modules that import each other in
every way that Python has. It is run for real, before and after a change.
"""

import sys
from dataclasses import dataclass, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from verso.provenance import fingerprint_of_code

LIBRARY = "generated"
FORMS = ("function", "class", "constant", "default", "decorated", "attribute", "effect", "rebound", "guarded")
WAYS = ("name", "alias", "module", "package", "re-export", "inside", "star")


@dataclass(frozen=True)
class Piece:
    """One definition. number: its own contribution; uses: earlier pieces that it computes with, each with how it is imported."""

    form: str
    number: int
    module: int
    uses: tuple[tuple[int, str], ...]


@st.composite
def libraries(draw):
    count = draw(st.integers(2, 6))
    pieces, module = [], 0
    for index in range(count):
        module += draw(st.booleans())  # imports go back only, so that none is in a circle
        further = draw(st.lists(st.tuples(st.integers(0, index - 1), st.sampled_from(WAYS)), max_size=1)) if index else []
        uses = [(index - 1, draw(st.sampled_from(WAYS))), *further] if index else []  # so that the last reaches all
        pieces.append(Piece(draw(st.sampled_from(FORMS)), draw(st.integers(0, 99)), module, tuple(uses)))
    return pieces


def place(pieces, index, modules):
    return f"m{modules[index]}"


def reference(pieces, use, own, modules):
    """An import statement and an expression by which a module gets at another's value; of its own it needs no import."""
    index, way = use
    module, name = place(pieces, index, modules), f"value{index}"
    if modules[index] == own:
        return "", name
    return {
        "name": (f"from {LIBRARY}.{module} import {name}", name),
        "alias": (f"from {LIBRARY}.{module} import {name} as other{index}", f"other{index}"),
        "module": (f"from {LIBRARY} import {module} as of_{module}", f"of_{module}.{name}"),
        "package": (f"import {LIBRARY}.{module}", f"{LIBRARY}.{module}.{name}"),
        "re-export": (f"from {LIBRARY}.public{index} import {name} as shown{index}", f"shown{index}"),
        "inside": (f"    from {LIBRARY}.{module} import {name} as inner{index}\n", f"inner{index}"),
        "star": (f"from {LIBRARY}.{module} import *", name),
    }[way]


def definition(piece, index, expressions, inside):
    """Text that binds value<index>, a function of no argument, in the piece's form."""
    total = " + ".join([str(piece.number), *(f"2 * {expression}()" for expression in expressions)])
    body = f"{inside}    return {total}\n"
    function = f"def value{index}():\n{body}"
    helper = f"def helper{index}():\n{body}"
    with_helper = f"{helper}\n{{}}\n\ndef value{index}({{}}):\n    return helper{index}() + {{}}\n"
    forms = {
        "function": function,
        "class": f"class K{index}:\n    @staticmethod\n    def compute():\n{indented(body)}\n\nvalue{index} = K{index}.compute\n",
        "constant": with_helper.format(f"NUMBER{index} = {piece.number}", "", f"NUMBER{index}"),
        "default": with_helper.format(f"LIMIT{index} = {piece.number}", f"limit=LIMIT{index}", "limit"),
        "decorated": f"def more{index}(other):\n    return lambda: other() + {piece.number}\n\n@more{index}\n{function}",
        "attribute": with_helper.format(f"class K{index}:\n    size = 0\n\nK{index}.size = {piece.number}", "", f"K{index}.size"),
        "effect": with_helper.format(f"MADE{index} = []\nMADE{index}.append({piece.number})", "", f"sum(MADE{index})"),
        "rebound": with_helper.format(f"SIZE{index} = 1\nSIZE{index} = {piece.number}", "", f"SIZE{index}"),
        "guarded": with_helper.format(
            f"try:\n    G{index} = {piece.number}\nexcept ValueError:\n    G{index} = 0", "", f"G{index}"
        ),
    }
    return forms[piece.form]


def indented(text):
    return "".join(f"    {line}\n" for line in text.splitlines())


def written(folder, pieces, modules=None):
    """Write the library and a driver that runs its last piece; what the driver computes and its fingerprint."""
    modules = modules or [piece.module for piece in pieces]
    texts = {number: ([], []) for number in set(modules)}
    for index, piece in enumerate(pieces):
        imports, parts = texts[modules[index]]
        found = [reference(pieces, use, modules[index], modules) for use in piece.uses]
        inside = "".join(text for text, _ in found if text.startswith("    "))
        imports += [text for text, _ in found if text and not text.startswith("    ")]
        parts.append(definition(piece, index, [expression for _, expression in found], inside))
    library = folder / LIBRARY
    library.mkdir(parents=True)
    (library / "__init__.py").write_text("")
    for index in range(len(pieces)):
        (library / f"public{index}.py").write_text(f"from {LIBRARY}.{place(pieces, index, modules)} import value{index}\n")
    for number, (imports, parts) in texts.items():
        (library / f"m{number}.py").write_text("\n".join([*dict.fromkeys(imports), "", *parts]))
    last = len(pieces) - 1
    (folder / "driver.py").write_text(
        f"from {LIBRARY}.{place(pieces, last, modules)} import value{last}\n\nresult = value{last}()\n"
    )
    return fingerprint_of_code(folder / "driver.py", library)


def run(folder):
    """What the driver computes."""
    sys.path.insert(0, str(folder))
    names = {}
    try:
        exec(compile((folder / "driver.py").read_text(), "driver", "exec"), names)
    finally:
        sys.path.remove(str(folder))
        for name in [name for name in sys.modules if name.split(".")[0] == LIBRARY]:
            del sys.modules[name]
    return names["result"]


@settings(max_examples=150, deadline=None)
@given(libraries(), st.data())
def test_a_change_of_what_is_computed_is_never_missed(tmp_path_factory, pieces, data):
    index = data.draw(st.integers(0, len(pieces) - 1))
    piece = pieces[index]
    changed = {
        "number": replace(piece, number=piece.number + 1),
        "form": replace(piece, form=data.draw(st.sampled_from(FORMS))),
        "binding": replace(piece, uses=tuple((data.draw(st.integers(0, index - 1)), way) for _, way in piece.uses)),
        "fewer": replace(piece, uses=piece.uses[:-1]),
    }[data.draw(st.sampled_from(["number", "form", "binding", "fewer"]))]
    folder = tmp_path_factory.mktemp("code")
    before = written(folder / "before", pieces)
    after = written(folder / "after", [*pieces[:index], changed, *pieces[index + 1 :]])
    if run(folder / "before") != run(folder / "after"):
        assert before != after


@settings(max_examples=100, deadline=None)
@given(libraries(), st.permutations(range(10)))
def test_renamed_modules_change_nothing(tmp_path_factory, pieces, names):
    named = [replace(piece, uses=tuple((index, "alias") for index, _ in piece.uses)) for piece in pieces]
    folder = tmp_path_factory.mktemp("code")
    before = written(folder / "before", named)
    assert written(folder / "after", named, [names[piece.module] for piece in named]) == before


@settings(max_examples=100, deadline=None)
@given(libraries(), st.lists(st.integers(0, 9), min_size=6, max_size=6))
def test_definitions_that_move_to_other_modules_change_nothing(tmp_path_factory, pieces, modules):
    """Of such as have no effect where they stand."""
    quiet = ("function", "class", "constant", "default")
    forms = [piece.form if piece.form in quiet else "function" for piece in pieces]
    # An import within the function names the same thing in the same words wherever both lie, unless they lie together
    moved = [replace(piece, form=form, module=10 + index) for index, (piece, form) in enumerate(zip(pieces, forms, strict=True))]
    moved = [replace(piece, uses=tuple((index, "name") for index, _ in piece.uses)) for piece in moved]
    folder = tmp_path_factory.mktemp("code")
    before = written(folder / "before", moved)
    assert written(folder / "after", moved, modules[: len(moved)]) == before
