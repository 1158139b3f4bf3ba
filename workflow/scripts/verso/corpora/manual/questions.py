"""Questions about a manual: read, checked against its cleaned documents, counted; each row is used or set aside with its reason.

A gold passage becomes a span of a document's text in cleaned.jsonl, however the file gives it: as a span, as its own text, or as
the passage of a file in SQuAD's schema.
"""

import json
import logging
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from verso.corpora.losses import FEWEST, LIMIT
from verso.corpora.manual.passages import Passages, Span
from verso.corpora.manual.read_questions import Asked, read_questions
from verso.corpora.sources.file.readers import EXCERPT, Fault
from verso.errors import VersoError
from verso.files import atomic_text, read_json_lines, sha256_of, write_json
from verso.jobs.logs import announce

SHOWN = 10  # rows that cannot be used, and names of documents, in a message
WORDS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}

log = logging.getLogger(__name__)


class _Unusable(Exception):
    """Why a row cannot be used."""


def prepare_questions(
    cleaned: str | Path, path: str | Path, settings: Mapping[str, Any], outputs: Mapping[str, str | Path]
) -> None:
    """Write the questions of a file, those that are set aside, and their counts.

    cleaned: the corpus's cleaned.jsonl. settings: see read_questions.read_questions; "parallel": whether the file's passages are
    those of the documents in another language, place for place; "set_aside_limit": share or None. outputs: the files to write:
    questions (JSON lines of id, question, answerable, answers, gold: [{document, start, end}] and answer_spans, the same of
    each answer whose place is known), set_aside, statistics.
    Raises VersoError, with file, row, what was found and what is right, when the file cannot be read, more rows than are allowed
    cannot be used, or none can.
    """
    path = Path(path)
    passages = Passages(read_json_lines(cleaned))
    counts: Counter[str] = Counter()
    known: dict[str, str] = {}
    unusable: list[dict[str, str]] = []
    with atomic_text(outputs["questions"]) as out:
        for row in read_questions(path, settings):
            try:
                question = _question_of(row, passages, known, settings["parallel"])
            except _Unusable as error:
                excerpt = row.excerpt if isinstance(row, Fault) else row.question[:EXCERPT]
                unusable.append({"where": row.where, "reason": str(error), "excerpt": excerpt})
                continue
            counts["used"] += 1
            counts["answerable" if question["answerable"] else "unanswerable"] += 1
            counts["with_answer"] += bool(question["answers"])
            counts["with_gold"] += bool(question["gold"])
            counts["without_gold"] += question["answerable"] and not question["gold"]
            out.write(json.dumps(question, ensure_ascii=False) + "\n")
        _refuse_too_many(path, counts["used"], unusable, settings["set_aside_limit"])
    with atomic_text(outputs["set_aside"]) as aside:
        aside.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in unusable)
    names = ("used", "answerable", "unanswerable", "with_answer", "with_gold", "without_gold")
    counted = {name: counts[name] for name in names} | {"set_aside": len(unusable)}
    write_json(outputs["statistics"], {"file": path.name, "sha256": sha256_of(path), **counted})
    log.info("%s: %s", path, ", ".join(f"{name.replace('_', ' ')} {count}" for name, count in counted.items()))


def _question_of(row: Asked | Fault, passages: Passages, known: dict[str, str], parallel: bool) -> dict[str, Any]:
    """A row as questions.jsonl has it. known: the row of each id so far. Raises _Unusable."""
    if isinstance(row, Fault):
        raise _Unusable(row.reason)
    if not row.id:
        raise _Unusable("has no id; give each question one of its own")
    if row.id in known:
        raise _Unusable(f"the id {row.id!r} is that of {known[row.id]}, too; give each question one of its own")
    if not row.question:
        raise _Unusable("the question is empty; write one, or leave the row out")
    answerable = _answerable(row.answerable)
    gold = _gold_of(row, passages, parallel)
    if not answerable and (row.answers or (row.passage and not row.place)):
        raise _Unusable("answerable is false, and there is a gold answer or passage; leave one of them out")
    spans = [] if parallel or gold is None else _answer_spans(row, gold, passages)
    known[row.id] = row.where
    return {
        "id": row.id,
        "question": row.question,
        "answerable": answerable,
        "answers": list(dict.fromkeys(row.answers)),
        "gold": [gold._asdict()] if gold and answerable else [],
        "answer_spans": [span._asdict() for span in dict.fromkeys(spans)],
    }


def _answerable(said: Any) -> bool:
    value = str(said).strip().lower()
    if said is None or not value:
        return True
    if value not in WORDS:
        raise _Unusable(f"answerable is {said!r}; must be true or false")
    return WORDS[value]


def _gold_of(row: Asked, passages: Passages, parallel: bool) -> Span | None:
    """The gold passage of a row, None where it names none. Raises _Unusable where it stands nowhere."""
    if row.start not in (None, "") or row.end not in (None, ""):
        return _span_of(row, passages)
    if parallel:
        if (alike := passages.at(row.place)) is None:
            raise _Unusable(f"no document is the passage {row.place or 'of this row'}; parallel wants files of the same passages")
        return alike
    if not row.passage:
        return None
    found = passages.find(row.passage)
    if row.document:
        whole = _document_of(row, passages)
        found = [span for span in found if span.document == whole.document]
    if not found and row.place and (own := passages.own(f"{row.where.split(' data[')[0]} {row.place}", row.passage)):
        found = [own]
    if not found:
        begins = row.passage[:60].replace("\n", " ")
        raise _Unusable(
            f'the passage stands in no document (it begins "{begins}"); copy it from cleaned.jsonl, where blanks alone may differ'
        )
    if len(found) > 1:
        raise _Unusable(f"the passage stands {len(found)} times; give more of it, or document, start and end")
    return found[0]


def _span_of(row: Asked, passages: Passages) -> Span:
    whole = _document_of(row, passages)
    try:
        start, end = (int(value) for value in (row.start, row.end))
    except (TypeError, ValueError):
        raise _Unusable(f"start is {row.start!r} and end {row.end!r}; both must be whole numbers") from None
    if not 0 <= start < end <= whole.end:
        raise _Unusable(
            f"the gold span {start} to {end} is not within {row.document or 'the document'}, which has {whole.end:,} characters; "
            "count them in its text in cleaned.jsonl, from 0, the end being the first that is no part of it"
        )
    return Span(whole.document, start, end)


def _document_of(row: Asked, passages: Passages) -> Span:
    whole = passages.named(row.document)
    if whole is None:
        names = ", ".join(passages.names[:SHOWN]) + (", ..." if len(passages.names) > SHOWN else "")
        found = f"document {row.document!r} is none" if row.document else "no document is named, and there are several"
        raise _Unusable(f"{found}; there are: {names} (or their ids in cleaned.jsonl)")
    return whole


def _answer_spans(row: Asked, gold: Span, passages: Passages) -> list[Span]:
    spans = []
    for answer, start in zip(row.answers, row.starts, strict=False):
        if not isinstance(start, int) or not answer or not row.passage.startswith(answer, start):
            there = row.passage[start : start + len(answer)] if isinstance(start, int) and start >= 0 else ""
            raise _Unusable(f'answer_start is {start!r}, where "{there}" stands; the answer is "{answer}"')
        if span := passages.within(gold, row.passage[:start], answer):
            spans.append(span)
    return spans


def _refuse_too_many(path: Path, used: int, unusable: list[dict[str, str]], limit: float | None) -> None:
    """Raise VersoError when more rows cannot be used than `limit` allows (None: as of a corpus's rows), or none is left."""
    total = used + len(unusable)
    shown = "".join(f"\n  {row['where']}: {row['reason']}" for row in unusable[:SHOWN])
    more = f"\n  and {len(unusable) - SHOWN:,} more" if len(unusable) > SHOWN else ""
    said = f"{path}: {len(unusable):,} of {total:,} questions cannot be used:{shown}{more}"
    if not used:
        raise VersoError(said if unusable else f"{path}: holds no question; expected rows of id and question")
    few = len(unusable) < FEWEST if limit is None else False
    if unusable and not few and len(unusable) / total > (LIMIT if limit is None else limit):
        raise VersoError(f"{said}\nMend them, or, if the rest will do, say set_aside_limit: {len(unusable) / total + 0.01:.2f}")
    if unusable:
        announce(said)
