"""A manual acquired and prepared: its documents for retrieval, its parts for language models, and what became of the rest."""

import json

import pytest
from drivers import Named, run_driver
from pdf_files import pdf
from whole_config import RAW

from verso.config.load import load
from verso.corpora.acquire import acquire
from verso.corpora.manual.prepare import prepare_manual
from verso.errors import VersoError
from verso.files import read_json, read_json_lines
from verso.graph.paths import Paths
from verso.graph.runs import Runs
from verso.graph.source_inputs import SourceInputs

PARTS = ("train", "validation", "test")
OUTPUTS = {part: f"{part}.jsonl" for part in (*PARTS, "cleaned")}
OUTPUTS |= {"statistics": "statistics.json", "set_aside": "set_aside_documents.jsonl"}


def sources_with(path, **more):
    raw = json.loads(json.dumps(RAW))
    raw["corpora"]["book"] = {"kind": "manual", "source": {"path": path}, **more}
    return SourceInputs(Runs(load(raw, "test"), Paths("results"))), Named(corpus="book")


@pytest.fixture
def run(tmp_path):
    def prepared(path, **more):
        sources, book = sources_with(path, **more)
        folder = tmp_path / "out"
        folder.mkdir(exist_ok=True)
        acquire(sources.reading(book), sources.path(book), folder / "documents.jsonl", folder / "acquired.jsonl")
        outputs = {name: folder / file for name, file in OUTPUTS.items()}
        prepare_manual(folder / "documents.jsonl", sources.preparation(book), folder / "acquired.jsonl", outputs)
        rows = {name: list(read_json_lines(file)) for name, file in outputs.items() if name != "statistics"}
        return rows, read_json(outputs["statistics"]), sources.files(book)

    return prepared


def section(number):
    return "\n".join(f"Line {number} {line} of a section about command {number * 31 + line}." for line in range(9))


def test_one_document_is_kept_whole_with_its_headings_and_cut_in_three(tmp_path, run):
    text = "".join(f"{number} Title\n*******\n\n{section(number)}\n\n" for number in range(12))
    (tmp_path / "guide.txt").write_text(text)
    rows, statistics, files = run(str(tmp_path / "guide.txt"), split={"test": 0.1})
    (document,) = rows["cleaned"]
    assert (document["title"], document["source"], document["text"]) == ("guide", "guide.txt", text.strip())
    assert [document["text"][heading["start"] :][: len(heading["title"])] for heading in document["headings"]] == [
        f"{number} Title" for number in range(12)
    ]
    parts = [row for part in PARTS for row in rows[part]]
    assert [row["id"] for row in parts] == [f"{document['id']}:{part}" for part in PARTS]
    assert "\n".join(row["text"] for row in parts).replace("\n", "") == document["text"].replace("\n", "")
    assert {(row["group"], json.dumps(row["metadata"])) for row in parts} == {("", '{"title": "guide"}')}
    assert statistics["settings"]["split"]["method"] == "position"
    assert statistics["documents"][0] | {"characters": 0} == {
        "title": "guide", "source": "guide.txt", "characters": 0, "headings": 12,
        "pages": 0, "pages_without_text": 0, "accents": 0,
    }  # fmt: skip
    assert files == [str(tmp_path / "guide.txt")]


def test_the_drivers_read_and_prepare_a_pdf_with_its_accents_mended_and_its_headers_gone(tmp_path):
    pages = [
        ["Guía de órdenes", f"la sección número {number} está aquí, así que la línea", f"{number}"] for number in range(1, 6)
    ]
    (tmp_path / "guide.pdf").write_bytes(pdf(*pages, split=True))
    sources, book = sources_with(str(tmp_path / "guide.pdf"))
    acquired = tmp_path / "acquired.json"
    params = {"source": sources.reading(book), "path": sources.path(book)}
    run_driver("acquire_corpus", tmp_path, {"scraping": []}, {"acquired": acquired}, params)
    outputs = {name: tmp_path / file for name, file in OUTPUTS.items()}
    run_driver("prepare_manual", tmp_path, {"acquired": acquired}, outputs, {"settings": sources.preparation(book)})
    (document,) = read_json_lines(outputs["cleaned"])
    assert document["text"] == "\n".join(page[1] for page in pages)
    steps = read_json(outputs["statistics"])["cleaning"]["steps"]
    assert {step: counted["found"] for step, counted in steps.items() if counted["found"]} == {
        "accents_put_back": 5 * 8, "page_numbers": 5, "running_headers": 5,
    }  # fmt: skip


def test_many_documents_are_in_one_part_each_and_what_is_no_document_is_set_aside_and_counted(tmp_path, run):
    folder = tmp_path / "docs"
    folder.mkdir()
    for number in range(10):
        (folder / f"{number}.md").write_text(f"# Part {number}\n\n{section(number)}\n")
    (folder / "again.txt").write_text(f"#   Part 3\n\n\n{section(3)}")
    (folder / "locked.pdf").write_bytes(pdf(["Nobody reads this page, for it is locked"], locked=True))
    rows, statistics, files = run(str(folder))
    assert sorted(row["id"] for part in PARTS for row in rows[part]) == sorted(row["id"] for row in rows["cleaned"])
    assert {part: len(rows[part]) for part in PARTS} == {"train": 7, "validation": 1, "test": 2}
    assert [row["source"] for row in rows["cleaned"]] == [f"{number}.md" for number in range(10)]
    assert rows["cleaned"][4]["headings"] == [{"level": 1, "title": "Part 4", "start": 0}]
    assert [(row["where"], row["reason"]) for row in rows["set_aside"]] == [("again.txt", "same text as another document")]
    assert statistics["settings"]["split"]["method"] == "document"
    assert statistics["losses"]["lost_by_reason"] == {
        "is locked by a password; save it without one (print it to a PDF), and name that": {"": 1}
    }
    assert statistics["exact_duplicates"] == 1
    assert sorted(files) == [str(folder / name) for name in sorted([*(f"{n}.md" for n in range(10)), "again.txt", "locked.pdf"])]


def test_two_files_of_a_list_are_cut_in_three_each(tmp_path, run):
    paths = [str(tmp_path / name) for name in ("b.txt", "a.txt")]
    for number, path in enumerate(paths):
        (tmp_path / path).write_text(section(number))
    rows, _, files = run(paths)
    assert [row["metadata"]["title"] for row in rows["test"]] == ["b", "a"]
    assert files == paths


def test_a_document_of_which_cleaning_leaves_nothing_stops_with_what_to_do(tmp_path, run):
    (tmp_path / "index.txt").write_text("\n".join(f"word {number} . . . . . {number}" for number in range(20)))
    with pytest.raises(VersoError, match=r"of 1 documents none has any text once cleaned; switch steps off \(cleaning\)"):
        run(str(tmp_path / "index.txt"))
    assert run(str(tmp_path / "index.txt"), cleaning={"contents": False})[1]["cleaning"]["steps"]["dot_leaders"]["found"] == 20


def test_documents_that_are_one_another_s_copies_cannot_be_split(tmp_path, run):
    for number in range(3):
        (tmp_path / f"{number}.md").write_text(f"{section(1)}\n{number}")
    with pytest.raises(VersoError, match="1 of 3 documents differ"):
        run(str(tmp_path))
