"""Files of questions: JSON lines, CSV, or JSON in SQuAD's schema, as rows of what each says."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from verso.corpora.manual.read_squad import SCHEMA, paragraphs_of
from verso.corpora.sources.file.opened import Reading
from verso.corpora.sources.file.readers import Fault, read_json_lines
from verso.corpora.sources.file.readers_csv import read_csv
from verso.errors import VersoError

LONGEST = 10_000_000  # bytes of a row


@dataclass(frozen=True)
class Asked:
    """A row of a file of questions as it stands there; None and "" where it says nothing.

    start, end: of the gold passage in the text of `document`. passage: its text. place: of a passage in SQuAD's schema, as
    `data[0].paragraphs[1]`. starts: of the answers, where each stands in the passage.
    """

    where: str
    id: str
    question: str
    answers: tuple[str, ...] = ()
    answerable: Any = None
    document: str = ""
    start: Any = None
    end: Any = None
    passage: str = ""
    place: str = ""
    starts: tuple[Any, ...] = field(default=())


def read_questions(path: Path, settings: Mapping[str, Any]) -> Iterator[Asked | Fault]:
    """The rows of a file of questions.

    settings: {"format": "jsonl", "csv" or "squad", "encoding", "fields": {what it is: the file's name of it}}. Raises VersoError
    when the file cannot be read, or a CSV has no column for the question.
    """
    if not path.is_file():
        raise VersoError(f"{path}: no such file; give the corpus's questions.path")
    if path.stat().st_size == 0:
        raise VersoError(f"{path}: the file is empty; expected questions")
    if settings["format"] == "squad":
        yield from _of_squad(path)
        return
    fields = settings["fields"]
    reader = {"jsonl": read_json_lines, "csv": read_csv}[settings["format"]]
    for row in reader(path, Reading.of(settings, LONGEST, frozenset({fields["question"]}))):
        yield row if isinstance(row, Fault) else _of_row(row.where, {ours: row.values.get(name) for ours, name in fields.items()})


def _of_row(where: str, said: Mapping[str, Any]) -> Asked:
    answers = said["answer"]
    several = answers if isinstance(answers, list) else [answers]
    return Asked(
        where,
        _text(said["id"]),
        _text(said["question"]),
        tuple(text for answer in several if (text := _text(answer))),
        said["answerable"],
        _text(said["document"]),
        said["start"],
        said["end"],
        _text(said["passage"]),
    )


def _of_squad(path: Path) -> Iterator[Asked]:
    for place, _, paragraph in paragraphs_of(path.read_text(encoding="utf-8-sig"), path.name):
        questions = paragraph.get("qas", [])
        if not isinstance(questions, list) or not all(isinstance(question, dict) for question in questions):
            raise VersoError(f"{path}: {place}.qas is no list of questions; SQuAD's schema is {SCHEMA}")
        for number, asked in enumerate(questions):
            answers = [answer for answer in asked.get("answers") or () if isinstance(answer, dict)]
            yield Asked(
                f"{path.name} {place}.qas[{number}]",
                _text(asked.get("id")),
                _text(asked.get("question")),
                tuple(_text(answer.get("text")) for answer in answers),
                None if asked.get("is_impossible") is None else not asked["is_impossible"],
                passage=paragraph["context"],
                place=place,
                starts=tuple(answer.get("answer_start") for answer in answers),
            )


def _text(value: Any) -> str:
    """A value as text; "" of none. Numbers are text: a question may be called 17."""
    if value is None:
        return ""
    return value.strip() if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
