"""Measures samples and held-out songs: sample_measures.csv. docs/language_modelling/samples.md defines each column."""

import re
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from verso.files import read_json_lines, write_csv
from verso.jobs.logs import progress
from verso.language_modelling.function_words import Languages
from verso.language_modelling.memorisation import CONTAINMENT, longest_matches, measure_memorisation
from verso.language_modelling.style import bare_words, measure_style, sung_lines, tag_name

CONTROLS = 60  # held-out documents: enough for a mean, few enough to stay in memory
COLUMNS = (
    "source",
    "document",
    "group",
    "words",
    "characters",
    "lines",
    "words_per_line",
    "distinct_1",
    "distinct_2",
    "distinct_3",
    "repetition",
    "longest_loop_words",
    "section_tags",
    "section_tag_validity",
    "unknown_words",
    "function_words",
    "rhyme_density",
    "longest_run_words",
    "longest_run_characters",
    *(f"containment_{n}" for n in CONTAINMENT),
)


def measure(samples: str | Path, train: str | Path, test: str | Path, measures: str | Path) -> None:
    """Write one row per sample and per document of the control (at most 60 held-out documents).

    Of a sample only the continuation is measured, because the prompt is not the model's. A control is cut to the median length
    in words of the non-empty samples, because most measures depend on length. `train` is streamed twice; only its tag names, the
    measured words that it contains and each group's language are kept. An undefined measure is an empty cell.
    """
    texts = [_text("sample", row, whole_words(row["continuation"], row["stopped"])) for row in read_json_lines(samples)]
    typical = round(statistics.median([n for text in texts if (n := len(text["text"].split()))] or [0]))
    texts += [_text("held_out", row, first_words(row["text"], typical)) for row in controls(test)]
    wanted = {word for text in texts for word in bare_words(sung_lines(text["text"]))}
    known_words: set[str] = set()
    known_names: set[str] = set()
    languages = Languages()
    for row in progress(read_json_lines(train), "Reading words and tags", unit="document"):
        known_words |= wanted.intersection(bare_words(sung_lines(row["text"])))
        known_names |= {name for line in row["text"].split("\n") if (name := tag_name(line))}
        languages.add("\n".join(sung_lines(row["text"])), row["group"])
    language_of = languages.found()
    words = [text["text"].split() for text in texts]
    training = (row["text"].split() for row in progress(read_json_lines(train), "Looking for copies", unit="document"))
    matches = longest_matches(words, training)
    write_csv(
        measures,
        (
            {
                **{key: value for key, value in text.items() if key != "text"},
                **measure_style(text["text"], known_words, known_names, language_of.get(text["group"])),
                **measure_memorisation(of_text, found),
            }
            for text, of_text, found in zip(texts, words, matches, strict=True)
        ),
        COLUMNS,
    )


def whole_words(continuation: str, stopped: str) -> str:
    """A stripped continuation; if it ended at the length limit, without its last word, which may be incomplete."""
    if stopped == "length":
        continuation = _without_open_tag(re.sub(r"(?<=\s)\S+\Z", "", continuation))
    return continuation.strip()


def first_words(text: str, n: int) -> str:
    """The first `n` words of a text with the spaces and line breaks between them; the whole text if it is shorter."""
    if n == 0:
        return ""
    for count, match in enumerate(re.finditer(r"\S+", text), start=1):
        if count == n:
            return _without_open_tag(text[: match.end()])
    return text


def _without_open_tag(cut: str) -> str:
    """A cut text without a tag that the cut broke: "[Verse" must not count as the text's own broken tag."""
    return re.sub(r"(?:^|\n)\[[^\]\n]*\Z", "", cut)


def controls(test: str | Path) -> Sequence[dict[str, Any]]:
    """At most 60 held-out documents, evenly spaced, each group in proportion to its size."""
    order = sorted((row["group"], index) for index, row in enumerate(read_json_lines(test)))
    count = min(CONTROLS, len(order))
    chosen = {order[i * len(order) // count][1] for i in range(count)}
    return [row for index, row in enumerate(read_json_lines(test)) if index in chosen]


def _text(source: str, row: dict[str, Any], text: str) -> dict[str, str]:
    return {"source": source, "document": row["id"], "group": row["group"], "text": text}
