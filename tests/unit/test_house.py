"""The house: imports go down the floors, rooms of different tasks never meet, and what the registry lists is there.

Read from the files and the registry, so that a new family, kind, source or task is held to the same without a line here.
"""

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from verso import contract, registry
from verso.config.reference import types
from verso.report.sections import SECTIONS

ROOT = Path(__file__).parents[2]
WORKFLOW = ROOT / "workflow"
SCRIPTS = WORKFLOW / "scripts"
LIBRARY = SCRIPTS / "verso"

# From the top down; what stands in one line lies on one floor, and rooms on one floor do not know each other.
FLOORS = (
    ("commands",),
    ("graph", "report"),
    ("needs",),
    ("config",),
    ("registry",),
    tuple(task.name for task in registry.TASKS),
    ("pretrained", "corpora", "search"),
    ("training", "text", "fetching", "slurm"),
    ("jobs", "display"),
    ("machine",),
    ("verdicts",),
    ("contract", "significance", "provenance"),
    ("settings", "fingerprint", "drafts"),
    ("files", "names"),
    ("errors",),
)
HEIGHT = {room: -height for height, floor in enumerate(FLOORS) for room in floor}

# The files of a room that are read when the Snakefile is: nothing heavier than pydantic
AT_PARSE_TIME = ("registry", "commands.status", "commands.plan", "graph.needs", "graph.descriptions", "graph.source_inputs")
HEAVY = {
    "torch",
    "transformers",
    "pandas",
    "numpy",
    "scipy",
    "sklearn",
    "jinja2",
    "altair",
    "datasets",
    "peft",
    "huggingface_hub",
    "optuna",
}

LONG_MODULES = {  # lines, and why each is one thought
    "training/loop.py": 330,  # one loop: epochs, best weights, checkpoints and its end share one state
    "jobs/run_lease.py": 320,  # one lock: claim, wait and handing over are one protocol
    "corpora/sources/genius/fetch.py": 325,  # one site: search, list and page share its faults
}


def modules():
    return sorted(path for path in LIBRARY.rglob("*.py") if path.name != "__init__.py")


def dotted(path):
    return ".".join(path.relative_to(LIBRARY).with_suffix("").parts)


def imported(path):
    """The library's modules that a module imports when it runs, without what it needs for type checking alone."""
    found = set()

    def visit(node):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            for statement in node.orelse:
                visit(statement)
            return
        if isinstance(node, ast.Import):
            found.update(alias.name.removeprefix("verso.") for alias in node.names if alias.name.startswith("verso."))
        assert not (isinstance(node, ast.ImportFrom) and node.level), f"{dotted(path)} imports relatively"
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "verso":
            parts = node.module.split(".")[1:]
            found.update(".".join([*parts, alias.name]) for alias in node.names)
        for child in ast.iter_child_nodes(node):
            visit(child)

    visit(ast.parse(path.read_text(encoding="utf-8")))
    return found


def test_every_room_has_its_floor():
    rooms = {dotted(path).split(".")[0] for path in modules()}
    assert rooms == set(HEIGHT)


@pytest.mark.parametrize("path", modules(), ids=dotted)
def test_imports_go_down_the_floors(path):
    room = dotted(path).split(".")[0]
    wrong = {name for name in imported(path) if (other := name.split(".")[0]) != room and HEIGHT[other] >= HEIGHT[room]}
    assert not wrong, f"{dotted(path)} imports what lies above it or beside it"


def test_rooms_of_corpora_are_no_circle():
    """A kind is made of preparing and sources; these know neither kinds nor each other the other way round."""
    height = {"sources": 0, "preparing": 1} | dict.fromkeys(registry.KIND, 2)
    for path in (LIBRARY / "corpora").rglob("*.py"):
        own = path.relative_to(LIBRARY / "corpora").parts[0]
        rooms = {name.split(".")[1] for name in imported(path) if name.startswith("corpora.")}
        if own in height:
            assert not {room for room in rooms - {own} if height.get(room, -1) >= height[own]}, dotted(path)


def test_families_of_one_task_do_not_know_each_other():
    for task in registry.TASKS:
        rooms = [path.name for path in (LIBRARY / task.name).iterdir() if path.is_dir() and not path.name.startswith("_")]
        for path in (LIBRARY / task.name).rglob("*.py"):
            own = dotted(path).split(".")[1]
            others = {f"{task.name}.{room}" for room in rooms if room != own}
            wrong = {name for name in imported(path) if any(name.startswith(f"{other}.") for other in others)}
            assert not wrong, f"{dotted(path)} imports another family"


def test_no_module_is_read_in_more_than_one_sitting():
    lengths = {str(path.relative_to(LIBRARY)): len(path.read_text(encoding="utf-8").splitlines()) for path in modules()}
    assert {name: length for name, length in lengths.items() if length > LONG_MODULES.get(name, 300)} == {}
    rules = {path.name: len(path.read_text(encoding="utf-8").splitlines()) for path in (WORKFLOW / "rules").rglob("*.smk")}
    assert {name: length for name, length in rules.items() if length > 200} == {}


def test_rule_files_hold_rules():
    """Their Python is what common.smk shares with all of them, and a table or a function of a rule or two."""
    for path in (WORKFLOW / "rules").rglob("*.smk"):
        text = path.read_text(encoding="utf-8")
        assert text.startswith('"""'), path
        if path.name != "common.smk":
            assert len(re.findall(r"^(?:rule \w+:|checkpoint \w+:| *rule:|use rule )", text, re.MULTILINE)) > 0, path
            assert len(re.findall(r"^def ", text, re.MULTILINE)) <= 1, path


@pytest.mark.parametrize("module", AT_PARSE_TIME)
def test_the_rules_are_read_without_anything_heavy(module):
    """In a Python of its own, for this one has imported everything."""
    code = f"import json, sys; import verso.{module}; print(json.dumps(sorted({{name.split('.')[0] for name in sys.modules}})))"
    done = subprocess.run(
        [sys.executable, "-c", code], env={"PYTHONPATH": str(SCRIPTS)}, capture_output=True, text=True, check=True
    )
    assert HEAVY & set(json.loads(done.stdout)) == set()


# --- what the registry lists ---


def rule_names():
    found = {}
    for path in (WORKFLOW / "rules").rglob("*.smk"):
        text = path.read_text(encoding="utf-8")
        for name in re.findall(r"^ *(?:(?:rule|checkpoint) (\w+):|f?\"(\w+)(?:\{ending\})?\"$)", text, re.MULTILINE):
            found[name[0] or name[1]] = path.relative_to(WORKFLOW).as_posix()
    return found


@pytest.mark.parametrize("family", registry.FAMILIES, ids=lambda family: family.name)
def test_every_family_has_its_rules_its_driver_and_its_keys(family):
    included = (WORKFLOW / "Snakefile").read_text(encoding="utf-8")
    known = rule_names()
    for rule, work in family.works.items():
        rule = rule.removesuffix("_and_own_texts")
        assert rule in known, f"{family.name} has a rule {rule} that no rule file has"
        assert f'include: "{known[rule]}"' in included
        assert (SCRIPTS / f"{rule}.py").is_file()
        assert work.doing
        assert work.result
    assert family.task in registry.TASK
    assert family.kinds <= set(registry.KIND)
    assert family.estimate is None or callable(family.estimate)
    assert [kind for _, kind in types() if kind is family.settings] == [family.settings]
    home = sys.modules[family.settings.__module__].__name__.split(".")
    assert home[1] == family.task, "a family lives in the room of its task"
    assert home[-1] == "family"


@pytest.mark.parametrize("task", registry.TASKS, ids=lambda task: task.name)
def test_every_task_has_its_section_its_words_and_its_captions(task):
    assert task.name in SECTIONS
    for folder, files in (("templates", ("summary.html.j2", "section.html.j2")), ("captions", ())):
        found = {path.name for path in (WORKFLOW / "report" / folder / task.name).iterdir()}
        captions = {f"{name}.rst" for name in (*task.tables, *task.figures)} if folder == "captions" else set()
        assert set(files) <= found
        assert captions <= found
    for verb in ("compare", "draw"):
        assert (SCRIPTS / f"{verb}_{task.name}.py").is_file()
    assert any(family.task == task.name for family in registry.FAMILIES)


def test_sections_stand_in_the_order_of_the_registry():
    assert list(SECTIONS) == [task.name for task in registry.TASKS]


def test_every_kind_and_source_has_its_rules_and_its_keys():
    known = rule_names()
    tables = [kind for _, kind in types()]
    for kind in registry.KINDS:
        assert kind.prepared_by in known
        assert kind.settings in tables
        assert not kind.exports or f"export_{kind.name}" in known
    for source in registry.SOURCES:
        assert source.fetch_rule is None or source.fetch_rule in known
    named = {
        tag
        for kind in tables
        if "type" in kind.model_fields and "source" in kind.__module__
        for tag in contract.get_args(kind.model_fields["type"].annotation)
    }
    assert named <= set(registry.SOURCE)


FAMILIES_KINDS_AND_SOURCES = {*registry.FAMILY, *registry.KIND, *registry.SOURCE} - {
    "file",
    "hub",
    "prompt",
    "encoder",
    "majority",
}


def test_nobody_else_lists_families_kinds_or_sources():
    """No module above the registry names one (but for names that are words of other things, too)."""
    above = [path for path in modules() if HEIGHT[dotted(path).split(".")[0]] > HEIGHT["registry"]]
    for path in above:
        texts = {
            node.value
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }
        assert texts & FAMILIES_KINDS_AND_SOURCES == set(), dotted(path)


def test_no_module_of_another_room_names_a_kind():
    """What differs from kind to kind is in its `Kind` and its settings."""
    for path in modules():
        if "corpora" in path.parts and not set(path.parts) & set(registry.KIND):
            compared = [node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Compare)]
            texts = {side.value for node in compared for side in ast.walk(node) if isinstance(side, ast.Constant)}
            assert not texts & set(registry.KIND), dotted(path)


def test_functions_have_few_parameters():
    """About eight at most: what many share is one object."""
    many = {}
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                names = [argument.arg for argument in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
                if len([name for name in names if name not in ("self", "cls")]) > 9:
                    many[f"{dotted(path)}.{node.name}"] = len(names)
    assert many == {}


@pytest.mark.parametrize("family", registry.FAMILIES, ids=lambda family: family.name)
def test_every_family_has_a_page_and_tests_under_the_name_of_its_folder(family):
    task, room = family.settings.__module__.split(".")[1:3]
    assert (ROOT / "docs" / task / f"{room}.md").is_file()
    assert list((ROOT / "tests" / "unit" / task / room).glob("test_*.py"))


def pages():
    folders = ("config", "docs", "profiles", "resources", "tests", "workflow")
    return sorted({*ROOT.glob("*.md"), *(page for folder in folders for page in (ROOT / folder).rglob("*.md"))})


@pytest.mark.parametrize("page", pages(), ids=lambda page: page.relative_to(ROOT).as_posix())
def test_a_link_of_a_page_leads_to_a_file_and_to_a_heading(page):
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if ":" not in target:
            path, _, heading = target.partition("#")
            found = (page.parent / path).resolve() if path else page
            assert found.exists(), target
            assert not heading or heading in headings(found), target


def headings(page):
    """The anchors of a page's headings, as GitHub makes them."""
    titles = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return [re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles]


def test_the_readme_leads_to_every_page():
    """Every page below docs."""
    named = {(ROOT / target).resolve() for target in re.findall(r"\]\(([^)\s#]+\.md)\)", (ROOT / "README.md").read_text("utf-8"))}
    assert {page for page in pages() if page.is_relative_to(ROOT / "docs")} <= named
