"""Adding a task to the page: its section, its words and its two templates, and no other file that knows of it."""

import ast
import re
import shutil
from dataclasses import fields
from pathlib import Path

import pytest
from fabricate import TEMPLATES, fabricate_report

from verso import registry
from verso.display.hardware_table import HARDWARE
from verso.display.section import Compares, Section
from verso.files import write_csv
from verso.report import page
from verso.report.sections import SECTIONS

ROOT = Path(__file__).parents[3] / "workflow"
NAMES = {name for task in registry.TASKS for name in (task.name, *task.tables, *task.figures)}
PLAIN = {"comparisons", "samples", "hardware", "differences"}  # tables and figures that are called by a word of every day


@pytest.mark.parametrize("room", ["report", "display"])
def test_no_module_of_the_frame_names_a_task_a_table_or_a_figure(room):
    for path in (ROOT / "scripts" / "verso" / room).glob("*.py"):
        if path.name not in ("sections.py", "words_en.py", "words_es.py"):
            found = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            texts = {node.value for node in found if isinstance(node, ast.Constant) and isinstance(node.value, str)}
            assert texts & NAMES == set(), path


def test_no_template_of_the_frame_names_a_task_a_table_or_a_figure():
    for path in TEMPLATES.glob("*.j2"):
        assert set(re.findall(r"\w+", path.read_text(encoding="utf-8"))) & (NAMES - PLAIN) == set(), path


def test_every_section_reads_tables_of_its_task():
    for name, section in SECTIONS.items():
        assert {section.models, section.jobs, section.compares.pairs} <= set(registry.TASK[name].tables)


@pytest.fixture
def with_clocks(monkeypatch, tmp_path):
    """A third task: its section in the list, its templates in their folder."""
    words = {
        "en": {
            "clocks": "Telling the time",
            "model": "Clock",
            "right": "{model} is right <b>twice</b>",
            "work_winding": "winding",
        },
        "es": {
            "clocks": "Dar la hora",
            "model": "Reloj",
            "right": "{model} acierta <b>dos</b> veces",
            "work_winding": "dar cuerda",
        },
    }
    section = Section(
        found=lambda tables, given, settings: {
            "parts": ["clocks"],
            "best": tables["clocks"][0]["model"],
            "files": [run["hands"] for run in given["runs"]],
            "settings": settings,
        },
        words=words,
        figure_labels={"en": {"hour": "hour"}, "es": {"hour": "hora"}},
        models="clocks",
        jobs="clock_jobs",
        compares=Compares("clock_pairs", "right"),
    )
    monkeypatch.setitem(SECTIONS, "clocks", section)
    templates = tmp_path / "templates"
    shutil.copytree(TEMPLATES, templates)
    (templates / "clocks").mkdir()
    (templates / "clocks" / "summary.html.j2").write_text('<p class="verdict">{{ say("right", model=tasks.clocks.best) }}</p>\n')
    (templates / "clocks" / "section.html.j2").write_text(
        '<section id="{{ code }}-clocks"><h2>{{ say("clocks") }}</h2><p>{{ named(tasks.clocks.best) }}</p>'
        '{{ figure(figures.faces, say("clocks"), "faces") }}<p>{{ tasks.clocks.files|join }}</p></section>\n'
    )
    return templates


def test_a_third_task_stands_behind_the_others_with_its_own_words_colours_figures_and_jobs(with_clocks, tmp_path):
    songs = fabricate_report(tmp_path / "songs", {"songs": ["gru-char"]}, seeds=1, demo=False).parent
    job = dict.fromkeys(HARDWARE, "") | {"corpus": "tower", "model": "sundial", "seed": 1, "work": "winding", "gpu_hours": 3}
    write_csv(tmp_path / "clocks.csv", [{"model": "sundial", "miniature": False}], ("model", "miniature"))
    write_csv(tmp_path / "clock_jobs.csv", [job | {"wall_seconds": 60, "cpu_hours": 0}], HARDWARE)
    (tmp_path / "faces.svg").write_text('<svg xmlns="http://www.w3.org/2000/svg"><text>hour</text></svg>')
    task = registry.TASK["language_modelling"]
    study = {field.name: [] for field in fields(page.Study)} | {"title": "Clocks", "language": "en", "models": {"sundial": {}}}
    page.render(
        tmp_path / "report.html",
        page.Study(**study),
        tables={name: songs / f"{name}.csv" for name in task.tables}
        | {name: tmp_path / f"{name}.csv" for name in ("clocks", "clock_jobs")},
        figures={name: songs / f"{name}.svg" for name in task.figures} | {"faces": tmp_path / "faces.svg"},
        sections={"clocks": {"runs": [{"hands": "<i>two</i>"}], "corpora": []}, task.name: {"runs": [], "corpora": []}},
        templates=with_clocks,
        provenance={"versions": {"verso": "0"}, "fingerprints": {}, "config": "c", "commit": None, "date": "d"},
    )
    text = (tmp_path / "report.html").read_text(encoding="utf-8")
    for language, heading, right, hour, winding in (
        ("en", "Telling the time", "sundial is right <b>twice</b>", "hour", "winding"),
        ("es", "Dar la hora", "sundial acierta <b>dos</b> veces", "hora", "dar cuerda"),
    ):
        ids = re.findall(rf'<section id="{language}-(\w+)">', text)
        assert ids.index("measures") + 1 == ids.index("clocks") == ids.index("hardware") - 1
        assert re.findall(rf'<li><a href="#{language}-(\w+)">', text) == ids
        own = text.split(f'<section id="{language}-clocks">')[1].split("</section>")[0]
        assert f"<h2>{heading}</h2>" in own
        assert f">{hour}</text>" in own
        assert '<span class="dot" style="--colour: #' in own
        assert "&lt;i&gt;two&lt;/i&gt;" in own
        assert right in text
        used = text.split(f'<section id="{language}-hardware">')[1].split("</section>")[0]
        assert f"<td>{winding}</td>" in used
    assert len(re.findall(r"Total: 3.00 GPU-hours", text)) == 1
