"""Chunks cover their documents, lie where they say and overlap as much as was requested."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from verso.errors import VersoError
from verso.files import write_json_lines
from verso.question_answering.rag.chunking import chunks_of, count_words, windows
from verso.question_answering.rag.documents import Document, Heading, read_documents

LINES = st.sampled_from(
    [
        "",
        "",
        "  ",
        "una palabra",
        "cd [dir]",
        "    $ ls -l",
        "\t\tcode();",
        "```",
        "~~~ sh",
        "ñandú áéí 🙂 x",
        "a" * 40,
        "\x1c",
        "fin.\r",
    ]
)


@st.composite
def documents(draw):
    """Texts of prose, code, fences and blanks, with headings at some of their lines."""
    lines = draw(st.lists(LINES, min_size=1, max_size=40))
    text, starts = "", []
    for line in lines:
        starts += [len(text)] if line.strip() else []  # a heading is a line that says something
        text += line + "\n"
    chosen = sorted(draw(st.sets(st.sampled_from(starts), max_size=6) if starts else st.just(set())))
    headings = tuple(Heading(draw(st.integers(1, 3)), f"h{start}", start) for start in chosen)
    return Document("d", text, headings=headings)


def count_characters(texts):
    return [len(text) for text in texts]


def covered(document, chunks):
    """Characters but blanks that lie in no chunk."""
    seen = [False] * len(document.text)
    for chunk in chunks:
        seen[chunk.start : chunk.end] = [True] * (chunk.end - chunk.start)
    return [
        place
        for place, (was, character) in enumerate(zip(seen, document.text, strict=True))
        if not was and not character.isspace()
    ]


@settings(max_examples=150, deadline=None)
@given(documents(), st.integers(2, 9), st.data())
def test_windows_of_words_cover_all_and_overlap_exactly(document, size, data):
    overlap = data.draw(st.integers(0, size - 1))
    chunks = list(chunks_of([document], "words", size, overlap))
    assert covered(document, chunks) == []
    words = [document.text[chunk.start : chunk.end].split() for chunk in chunks]
    for chunk in chunks:
        assert document.text[chunk.start : chunk.end] == chunk.text == chunk.text.strip() != ""
    for before, after in pairwise(words):
        assert len(before) == size
        assert before[size - overlap :] == after[:overlap]
        assert len(after) > overlap  # what is left is more than what was shared
    assert sum(len(own) - overlap for own in words) + (overlap if words else 0) == len(document.text.split())


@settings(max_examples=150, deadline=None)
@given(documents(), st.integers(2, 60), st.booleans())
def test_chunks_by_structure_cover_all_once_and_stay_in_their_section(document, size, in_words):
    count = count_words if in_words else count_characters
    chunks = list(chunks_of([document], "structure", size, count=count))
    assert covered(document, chunks) == []
    for chunk in chunks:
        assert document.text[chunk.start : chunk.end] == chunk.text == chunk.text.strip() != ""
        assert count([chunk.text])[0] <= size
        path = document.headings_at(chunk.start)
        assert chunk.headings == tuple(heading.title for heading in path)
        assert document.headings_at(chunk.end - 1)[: len(path)] == path
    for before, after in pairwise(chunks):
        assert before.end <= after.start


@given(st.lists(st.integers(1, 12), max_size=40), st.integers(2, 20), st.data())
def test_runs_of_tokens_keep_within_size_and_overlap(sizes, size, data):
    overlap = data.draw(st.integers(0, size - 1))
    runs = list(windows(sizes, size, overlap))
    assert {place for first, last in runs for place in range(first, last)} == set(range(len(sizes)))
    for first, last in runs:
        assert sum(sizes[first:last]) <= size or last == first + 1
    for (_, last), (first, end) in pairwise(runs):
        assert end > last
        assert sum(sizes[first:last]) <= overlap


MANUAL = """Preface.

# Builtins

Commands of the shell.

## cd

Changes the directory.

```
cd -

pwd
```

## umask

Sets the mask of new files, which is long enough to be a chunk of its own here.
"""


def manual(text=MANUAL):
    headings = [
        Heading(len(line) - len(line.lstrip("#")), line.lstrip("# "), text.index(line))
        for line in text.splitlines()
        if line.startswith("#")
    ]
    return Document("bash", text, headings=tuple(headings))


def test_code_stays_whole_and_headings_with_their_text():
    chunks = [(chunk.headings, chunk.text.split()[-1]) for chunk in chunks_of([manual()], "structure", 14)]
    assert chunks == [
        ((), "Preface."),
        (("Builtins",), "shell."),
        (("Builtins", "cd"), "```"),
        (("Builtins", "umask"), "be"),  # the heading went with the first piece of a paragraph that is too long
        (("Builtins", "umask"), "here."),
    ]


def test_sections_that_fit_are_one_chunk_with_the_heading_above_them():
    assert [chunk.headings for chunk in chunks_of([manual()], "structure", 100)] == [(), ("Builtins",)]


def test_indented_code_with_a_blank_line_is_one_block():
    text = "     Prose of a page with a margin.\n\n          for x in a b; do\n\n          done\n\n     More prose that follows."
    chunks = list(chunks_of([Document("d", text)], "structure", 8))
    assert [chunk.text.split()[0] for chunk in chunks] == ["Prose", "for", "More"]


def test_a_chunk_never_crosses_documents_and_the_last_is_no_part_of_the_one_before():
    both = [Document("a", "1 2 3 4 5"), Document("b", "6 7")]
    found = [(chunk.document, chunk.text) for chunk in chunks_of(both, "words", 3, 1)]
    assert found == [("a", "1 2 3"), ("a", "3 4 5"), ("b", "6 7")]


@pytest.mark.parametrize(("size", "overlap"), [(0, 0), (3, 3), (3, 4), (3, -1)])
def test_an_overlap_that_is_not_below_the_size_is_refused(size, overlap):
    with pytest.raises(VersoError, match="overlap"):
        list(chunks_of([Document("a", "x")], "words", size, overlap))


def test_documents_are_read_with_their_headings(tmp_path):
    row = {"id": "bash", "text": "# A\ntext\n## B\nmore", "title": "T", "source": "s.md", "headings": []}
    row["headings"] = [{"level": 1, "title": "A", "start": 0}, {"level": 2, "title": "B", "start": 9}]
    write_json_lines(tmp_path / "documents.jsonl", [row])
    (document,) = read_documents(tmp_path / "documents.jsonl")
    assert [heading.title for heading in document.headings_at(14)] == ["A", "B"]
    assert document.source == "s.md"


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([{"text": "x"}], "no id"),
        ([{"id": "a", "text": " \n"}], "is empty"),
        ([{"id": "a", "text": "x"}, {"id": "a", "text": "y"}], "of an earlier one"),
        ([{"id": "a", "text": "x", "headings": [{"level": 1, "title": "h", "start": 1}]}], "starts at 1, the text has 1"),
        (
            [{"id": "a", "text": "xy", "headings": [{"level": 1, "title": h, "start": s} for h, s in (("h", 1), ("g", 0))]}],
            "order of their starts",
        ),
    ],
)
def test_faulty_documents_are_named(tmp_path, rows, says):
    write_json_lines(tmp_path / "documents.jsonl", rows)
    with pytest.raises(VersoError, match=rf"documents\.jsonl: document \d.*{says}"):
        list(read_documents(tmp_path / "documents.jsonl"))
