"""Questions about a manual: each row is used, its gold passage a span of a document's text, or set aside with its reason."""

import csv
import json

import pytest
from drivers import run_driver
from hypothesis import given
from hypothesis import strategies as some

from verso.corpora.manual.passages import Passages
from verso.corpora.manual.questions import prepare_questions
from verso.corpora.manual.settings import Questions
from verso.errors import VersoError
from verso.files import read_json, read_json_lines, write_json_lines

GUIDE = "# Shell\n\nThe builtin cd changes the\n  working directory. It is a builtin.\n\nunset removes a name."
DOCUMENTS = [
    {"id": "guide-1", "title": "Guide", "source": "guide.md", "text": GUIDE, "headings": []},
    {"id": "more-2", "title": "More", "source": "more.md", "text": "Nothing.", "headings": []},
]
PASSAGE = "The builtin cd changes the working directory."
START = GUIDE.index("The")
END = GUIDE.index("directory.") + len("directory.")


@pytest.fixture
def run(tmp_path):
    def prepared(rows, documents=DOCUMENTS, name="q.jsonl", limit=None, **settings):
        path = tmp_path / name
        if isinstance(rows, bytes):
            path.write_bytes(rows)
        elif name.endswith(".jsonl"):
            write_json_lines(path, rows)
        else:
            path.write_text(json.dumps(rows))
        write_json_lines(tmp_path / "cleaned.jsonl", documents)
        outputs = {key: tmp_path / f"out-{key}" for key in ("questions", "set_aside", "statistics")}
        given = {**Questions(path=str(path), **settings).reading(), "set_aside_limit": limit}
        prepare_questions(tmp_path / "cleaned.jsonl", path, given, outputs)
        aside = [(row["where"], row["reason"]) for row in read_json_lines(outputs["set_aside"])]
        return list(read_json_lines(outputs["questions"])), aside, read_json(outputs["statistics"])

    return prepared


def asked(**more):
    return {"id": "q", "question": "What does cd do?", **more}


def squad(*questions, context="El comando cd\ncambia el directorio. Fin."):
    return {"data": [{"title": "A", "paragraphs": [{"context": context, "qas": list(questions)}]}]}


def test_a_gold_passage_is_a_span_however_the_file_gives_it_and_all_is_counted(run):
    rows = [
        asked(id="text", passage=PASSAGE, answer="the working directory"),
        asked(id="span", document="guide.md", start=START, end=END, answer=["a", "b"]),
        asked(id="by id", document="guide-1", start=str(START), end=str(END)),
        asked(id=4, question="¿Y ahora?"),
        asked(id="none", answerable=False),
    ]
    questions, aside, statistics = run(rows)
    gold = [{"document": "guide-1", "start": START, "end": END}]
    assert [question["gold"] for question in questions] == [gold, gold, gold, [], []]
    assert [question["answers"] for question in questions] == [["the working directory"], ["a", "b"], [], [], []]
    assert [question["answerable"] for question in questions] == [True, True, True, True, False]
    assert [question["id"] for question in questions] == ["text", "span", "by id", "4", "none"]
    assert aside == []
    assert {name: value for name, value in statistics.items() if name not in ("file", "sha256")} == {
        "used": 5, "answerable": 4, "unanswerable": 1, "with_answer": 2, "with_gold": 3, "without_gold": 1, "set_aside": 0,
    }  # fmt: skip


def test_a_csv_says_the_same_under_its_own_names(run, tmp_path):
    with (tmp_path / "q.csv").open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerows([["nr", "pregunta", "texto", "answerable"], ["1", "¿cd?", PASSAGE, ""], ["2", "¿ls?", "", "false"]])
    fields = {"id": "nr", "question": "pregunta", "passage": "texto"}
    questions, _, _ = run((tmp_path / "q.csv").read_bytes(), name="q.csv", fields=fields)
    assert [(question["id"], question["answerable"], len(question["gold"])) for question in questions] == [
        ("1", True, 1),
        ("2", False, 0),
    ]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"question": "a?"}, "has no id; give each question one of its own"),
        (asked(id="first"), "the id 'first' is that of q.jsonl line 1, too"),
        (asked(question=" "), "the question is empty; write one, or leave the row out"),
        (
            asked(document="guide.md", start=5, end=5000),
            "the gold span 5 to 5000 is not within guide.md, which has 96 characters; count",
        ),
        (asked(document="guide.md", start=9, end=9), "the gold span 9 to 9 is not within"),
        (asked(document="guide.md", start="a", end=9), "start is 'a' and end 9; both must be whole numbers"),
        (asked(document="other.md", start=1, end=9), "document 'other.md' is none; there are: guide.md, more.md"),
        (asked(start=1, end=9), "no document is named, and there are several; there are: guide.md"),
        (
            asked(passage="The builtin cd does"),
            'the passage stands in no document (it begins "The builtin cd does"); copy it from',
        ),
        (asked(passage=PASSAGE, document="more.md"), "the passage stands in no document"),
        (asked(passage="builtin"), "the passage stands 2 times; give more of it, or document, start and end"),
        (asked(answerable="perhaps"), "answerable is 'perhaps'; must be true or false"),
        (asked(answerable=False, answer="x"), "answerable is false, and there is a gold answer or passage"),
    ],
)
def test_a_row_that_cannot_be_used_is_set_aside_with_file_line_and_what_is_right(run, row, reason):
    questions, aside, statistics = run([asked(id="first"), row])
    assert [question["id"] for question in questions] == ["first"]
    ((where, said),) = aside
    assert where == "q.jsonl line 2"
    assert said.startswith(reason)
    assert statistics["set_aside"] == 1


def test_many_such_rows_stop_and_each_is_named(run):
    rows = [asked(id="first"), *({"id": str(number), "question": ""} for number in range(12))]
    with pytest.raises(VersoError) as error:
        run(rows)
    assert "q.jsonl: 12 of 13 questions cannot be used:\n  q.jsonl line 2: the question is empty" in str(error.value)
    assert "and 2 more\nMend them, or, if the rest will do, say set_aside_limit: 0.93" in str(error.value)
    assert len(run(rows, limit=0.95)[1]) == 12
    with pytest.raises(VersoError, match="1 of 1 questions cannot be used"):
        run([asked(question="")])
    with pytest.raises(VersoError, match="the file is empty; expected questions"):
        run(b"")
    with pytest.raises(VersoError, match="holds no question"):
        run(b"\n\n")


def test_passages_of_squad_are_gold_and_answers_stand_where_they_stood_before_cleaning(run):
    context = "El comando cd\n cambia  el directorio. Fin."
    document = {
        "id": "a-1",
        "title": "A",
        "source": "x.json data[0].paragraphs[0]",
        "text": "El comando cd\ncambia el directorio. Fin.",
    }
    answer = {"text": "el directorio", "answer_start": context.index("el directorio")}
    wrong = {"text": "Fin", "answer_start": 3}
    questions, aside, _ = run(
        squad(
            {"id": "1", "question": "¿qué?", "answers": [answer]},
            {"id": "2", "question": "¿quién?", "answers": [], "is_impossible": True},
            {"id": "3", "question": "¿cuándo?", "answers": [wrong]},
            context=context,
        ),
        [document],
        name="x.json",
    )
    start = document["text"].index("el directorio")
    assert questions[0]["gold"] == [{"document": "a-1", "start": 0, "end": len(document["text"])}]
    assert questions[0]["answer_spans"] == [{"document": "a-1", "start": start, "end": start + len("el directorio")}]
    assert (questions[1]["answerable"], questions[1]["gold"]) == (False, [])
    assert aside == [("x.json data[0].paragraphs[0].qas[2]", 'answer_start is 3, where "com" stands; the answer is "Fin"')]


def test_a_passage_that_cleaning_took_dots_out_of_is_found_by_its_place(run):
    document = {"id": "a-1", "title": "A", "source": "x.json data[0].paragraphs[0]", "text": "Siria y Egipto cd, cd."}
    answer = {"text": "cd", "answer_start": 21}
    (question,), _, _ = run(
        squad({"id": "1", "question": "?", "answers": [answer]}, context="Siria .... y Egipto  cd, cd."),
        [document],
        name="x.json",
    )
    assert question["gold"] == [{"document": "a-1", "start": 0, "end": 22}]
    assert question["answer_spans"] == []  # where it stands now is not known


def test_parallel_passages_of_another_language_correspond_by_their_places(run):
    document = {
        "id": "a-1",
        "title": "A",
        "source": "en.json data[0].paragraphs[0]",
        "text": "The command cd changes the directory.",
    }
    question = {"id": "1", "question": "¿qué?", "answers": [{"text": "cd", "answer_start": 11}]}
    questions, _, _ = run(squad(question), [document], name="es.json", parallel=True)
    assert (questions[0]["gold"], questions[0]["answers"]) == ([{"document": "a-1", "start": 0, "end": 37}], ["cd"])
    with pytest.raises(VersoError, match=r"no document is the passage data\[0\]\.paragraphs\[0\]"):
        run(squad(question), DOCUMENTS, name="es.json", parallel=True)


def test_the_driver_writes_all_three(tmp_path):
    write_json_lines(tmp_path / "cleaned.jsonl", DOCUMENTS)
    write_json_lines(tmp_path / "q.jsonl", [asked(passage=PASSAGE)])
    outputs = {key: tmp_path / f"out-{key}" for key in ("questions", "set_aside", "statistics")}
    settings = {**Questions(path=str(tmp_path / "q.jsonl")).reading(), "set_aside_limit": None}
    inputs = {"cleaned": tmp_path / "cleaned.jsonl", "questions": tmp_path / "q.jsonl"}
    run_driver("prepare_questions", tmp_path, inputs, outputs, {"settings": settings})
    assert read_json(outputs["statistics"])["with_gold"] == 1


@given(some.text(some.sampled_from("ab \n\u00a0"), max_size=40), some.integers(0, 39), some.integers(0, 39))
def test_every_piece_of_a_document_is_found_where_it_stands(text, first, last):
    piece = text[first : last + 1].strip()
    found = Passages([{"id": "d", "source": "d", "text": text}]).find(piece)
    if piece:
        assert any(text[span.start : span.end].split() and (span.start, span.end) for span in found)
        assert all("".join(text[span.start : span.end].split()) == "".join(piece.split()) for span in found)
    else:
        assert found == []
