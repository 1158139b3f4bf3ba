"""Documents: what each reader keeps of a text, and what is said of files that hold none."""

import json
import shutil

import pytest
from pdf_files import pdf

from verso.corpora.manual.accents import mended, split_accents
from verso.corpora.manual.document import Document, Line
from verso.corpora.manual.headings import mark_headings
from verso.corpora.manual.read_html import read_html
from verso.corpora.manual.read_pdf import read_pdf
from verso.corpora.manual.read_text import read_markdown, read_plain
from verso.corpora.manual.reading import Files, read_documents
from verso.corpora.sources.file.readers import Fault
from verso.errors import VersoError

SOURCE = {"format": "auto", "encoding": "auto", "mend_accents": True}
SPANISH = ["La documentación está en español así: ¿qué más?", "Órdenes útiles: cd ~no (fin)", "aquí, allí y después también"]


def read(place, **source):
    rows = list(read_documents(place, {**SOURCE, **source}, []))
    return [
        row if isinstance(row, Fault) else Document.of(row.values["title"], row.values["text"], row.structure) for row in rows
    ]


def headings(document):
    return [(line.level, line.title) for line in document.lines if line.level]


def written(path, content):
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


# --- formats ---


def test_plain_text_stays_as_it_is_and_lines_of_signs_make_headings():
    text = "1 Uno\r\n*****\n\nText.\n\n1.1 Dos\n=======\ntext\nMás\n---\ntext\n\n2 Tres\n******\n\nend ---\n"
    document = read_plain(text, "book", "book.txt")
    assert document.text == text.replace("\r\n", "\n")
    assert headings(document) == [(1, "1 Uno"), (2, "1.1 Dos"), (1, "2 Tres")]
    assert document.pages == []


def test_form_feeds_begin_pages():
    document = read_plain("one\n1\n\ftwo\n2\n\f", "book", "book.txt")
    assert [line.text for line in document.lines] == ["one", "1", "two", "2"]
    assert document.pages == [0, 2]


def test_markdown_keeps_code_and_a_comment_in_it_is_no_heading():
    text = (
        "# Title #\n\n```sh\n# no heading\n  indented\n```\n\n## Two\n~~~~\n~~~\n# in code\n~~~~\nSetext\n======\n\nThree\n---\n"
    )
    document = read_markdown(text, "x", "x.md")
    assert document.title == "Title"
    assert document.text == text
    assert headings(document) == [(1, "Title"), (2, "Two"), (1, "Setext"), (2, "Three")]
    assert [line.text for line in document.lines if line.code] == [
        "```sh", "# no heading", "  indented", "```", "~~~~", "~~~", "# in code", "~~~~",
    ]  # fmt: skip


def test_html_is_its_text_without_menus_scripts_and_comments():
    document = read_html(
        "<!DOCTYPE html><html><head><title>The\n manual</title><style>p {}</style></head><body><nav>Home</nav>"
        "<h1>Uno <em>dos</em></h1><p>A &lt;b&gt;\n c.<!-- no --><br>d</p><pre>if x:\n    y\n\nz</pre>"
        "<ul><li>one</li><li>two</li></ul>"
        "<table><tr><th>k</th><td>v</td></tr></table><script>alert(1)</script><div>last</div></body></html>",
        "file",
        "file.html",
    )
    assert document.title == "The manual"
    assert [line.text for line in document.lines if line.text] == [
        "Uno dos", "A <b> c.", "d", "if x:", "    y", "z", "- one", "- two", "k | v", "last",
    ]  # fmt: skip
    assert headings(document) == [(1, "Uno dos")]
    assert [line.text for line in document.lines if line.code] == ["if x:", "    y", "", "z"]


def test_html_that_nests_deeper_than_python_is_read():
    assert "deep" in read_html("<div>" * 5000 + "deep", "x", "x").text


def test_passages_of_squad_are_documents_under_the_titles_of_their_articles(tmp_path):
    data = {"data": [{"title": "A", "paragraphs": [{"context": "Uno.", "qas": []}, {"context": "Dos."}]}]}
    found = read(written(tmp_path / "x.json", json.dumps(data)))
    assert [(document.title, document.text, document.source) for document in found] == [
        ("A", "Uno.", "x.json data[0].paragraphs[0]"),
        ("A", "Dos.", "x.json data[0].paragraphs[1]"),
    ]


def test_a_document_comes_back_from_its_text_and_its_structure():
    lines = [Line("a", 2), Line("  b", code=True), Line("c", code=True), Line("d"), Line("e", code=True)]
    document = Document("t", "s", lines, [0, 3])
    assert Document.of("t", document.text, json.loads(json.dumps(document.structure()))) == document


# --- PDF ---


def test_accents_over_their_letters_are_put_back_and_a_tilde_beside_one_stays(tmp_path):
    path = written(tmp_path / "x.pdf", pdf(SPANISH, split=True))
    document = read_pdf(path, mend_accents=True)
    assert [line.text for line in document.lines] == SPANISH
    assert (
        document.found["accents"]
        == document.found["accents_put_back"]
        == sum("áéíóúñÓ".count(one) for line in SPANISH for one in line)
    )
    assert "documentaci´on" in read_pdf(path, mend_accents=False).text


def test_a_sound_pdf_is_not_mended_and_a_few_stray_accents_are_left_alone(tmp_path):
    sound = read_pdf(written(tmp_path / "x.pdf", pdf(SPANISH)), mend_accents=True)
    assert ([line.text for line in sound.lines], sound.found["accents"]) == (SPANISH, 0)
    few = read_pdf(written(tmp_path / "y.pdf", pdf(["Only one accent: canción, and no other"], split=True)), mend_accents=True)
    assert (few.found["accents"], few.found["accents_put_back"]) == (1, 0)
    assert "canci´on" in few.text


def test_an_accent_that_an_extractor_puts_at_the_end_of_the_line_goes_to_its_capital():
    boxes = {0: (0, 0, 8, 7), 4: (30, 0, 34, 5), 6: (3, 7.5, 5, 9)}  # O, n, and the accent above the O
    characters = list("Orden ´")
    found = split_accents(characters, lambda place: boxes.get(place, (10.0 * place, 0, 10.0 * place + 8, 5)))
    assert found == {6: 0}
    assert "".join(mended(characters, found)) == "Órden"


def test_headings_of_a_pdf_are_those_of_its_outline_in_any_spelling(tmp_path):
    pages = [
        ["Contents", "1 Qué es Bash . . . . 2"],
        ["1 Qué es Bash", "Bash is a shell, and more than that.", "1.1 Un título", "largo", "x"],
    ]
    path = written(
        tmp_path / "x.pdf", pdf(*pages, outline=[("?Que es Bash", 0), ("Nowhere", 0), ("Un titulo largo", 1)], title="A guide")
    )
    document = read_pdf(path, mend_accents=True)
    assert document.title == "A guide"
    assert headings(document) == [(1, "1 Qué es Bash"), (2, "1.1 Un título largo")]
    assert document.pages == [0, 2]


def test_of_a_title_that_headers_repeat_the_first_is_the_heading():
    lines = [Line(text) for text in ("One", "a", "One", "b", "Two", "One", "Two")]
    mark_headings(lines, [Line("One", 1), Line("Two", 1)])
    assert [number for number, line in enumerate(lines) if line.level] == [0, 4]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("locked.pdf", pdf(SPANISH, locked=True), "is locked by a password; save it without one"),
        ("scan.pdf", pdf([""], [""]), "has no text layer: 2 pages with 0 characters in all, as a scan has; recognise its text"),
        ("half.pdf", pdf(SPANISH)[:700], "is a PDF that was cut off: its 700 bytes do not end in %%EOF; fetch it again"),
        ("broken.pdf", b"%PDF-1.4\n" + b"x" * 500 + b"%%EOF", "is a broken PDF"),
        ("text.pdf", b"hello", "is no PDF (it begins with b'hello'); give it the ending of what it is"),
        ("empty.md", b"", "the file is empty; expected the text of a manual"),
        ("blank.md", b" \n\n", "holds no text; leave it out, or name the file that has the manual's text"),
        ("blank.html", b"<script>1</script>", "holds no text"),
        ("book.txt", pdf(SPANISH), "is by its content a PDF document; give it the ending of what it is"),
        ("book.docx", b"PK\3\4", "no format is known by '.docx'; a manual ends in .txt, .text, .md"),
        ("bad.txt", b"abc\xff\x81\n" * 3, "bad.txt"),
        ("x.json", b'{"a": 1}', "the file has no list `data`; SQuAD's schema is"),
        ("x.json", b'{"data": [{"paragraphs": [{"text": "a"}]}]}', "data[0].paragraphs[0] has no text under `context`"),
        ("x.json", b"{", "is no JSON"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_document_is_named_with_what_is_wrong_and_what_is_right(tmp_path, name, content, said):
    path = written(tmp_path / name, content)
    with pytest.raises(VersoError) as error:
        read(path)
    assert str(path) in str(error.value) or name in str(error.value)
    assert said in str(error.value)


# --- files and folders ---


def test_a_folder_is_all_its_documents_and_one_that_cannot_be_read_is_set_aside(tmp_path, caplog):
    (tmp_path / "more").mkdir()
    written(tmp_path / "more" / "b.md", "# B\n\ntext")
    written(tmp_path / "a.txt", "text")
    written(tmp_path / "c.pdf", pdf([""]))
    written(tmp_path / "picture.png", b"x")
    written(tmp_path / ".hidden.md", "no")
    first, fault, second = read(tmp_path)
    assert (first.source, second.source, second.title) == ("a.txt", "more/b.md", "B")
    assert fault.where == "c.pdf"
    assert fault.reason.startswith("has no text layer: 1 pages")
    shutil.rmtree(tmp_path / "more")
    with pytest.raises(VersoError, match="holds no file that ends in"):
        read(tmp_path, format="html")


def test_files_of_a_list_come_in_its_order_and_a_missing_one_stops(tmp_path):
    paths = [written(tmp_path / name, name) for name in ("b.txt", "a.md")]
    assert [document.source for document in read(Files(tuple(paths)))] == ["b.txt", "a.md"]
    with pytest.raises(VersoError, match=r"c\.txt: no such file"):
        read(Files((*paths, tmp_path / "c.txt")))
