"""Exports of articles: the files that the original report's scripts read, and the attribution that a licence wants."""

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any

from verso.corpora.parts import PARTS
from verso.files import atomic_text, read_json, read_json_lines, sha256_of, write_csv, write_json
from verso.jobs.logs import progress
from verso.text.vocabulary import SPECIALS as CONTROLS
from verso.text.vocabulary import Vocabulary

ARTICLE_START = "<|article_start|>"
ARTICLE_END = "<|article_end|>"
MARKER, NO_MARKER = "<|article_", "< |article_"  # what both begin with, and how a text that holds it is written
SPECIALS = ("[PAD]", "[UNK]", "[BOS]", "[EOS]")  # in the original report's order, so with its ids
ATTRIBUTION = ("title", "url", "revision", "licence", "changed", "history", "part", "id")


def export_articles(prepared: Mapping[str, str | Path], corpus: str, words: int, exports: Mapping[str, str | Path]) -> None:
    """Write each part as marked text, the vocabulary, what there is to say about all of it, and where each article comes from.

    A marker within a text gets a blank, so that whoever splits at markers finds the articles, and no more.

    prepared: the corpus's train, validation, test, statistics and vocab_word. corpus: its name. words: of the exported
    vocabulary, besides SPECIALS. exports: the files to write: train_text, validation_text, test_text, vocabulary ({word: id}),
    dataset_info and attribution (a CSV of ATTRIBUTION, in the order of the parts). Streams, an article at a time.
    """
    marked = 0
    for part in PARTS:
        with atomic_text(exports[f"{part}_text"]) as out:
            for row in progress(read_json_lines(prepared[part]), f"export {part}", unit="articles"):
                marked += MARKER in row["text"]
                out.write(f"{ARTICLE_START}\n{row['text'].replace(MARKER, NO_MARKER)}\n{ARTICLE_END}\n")
    write_csv(exports["attribution"], _origins(prepared), ATTRIBUTION)
    most_frequent, covered = _most_frequent(Vocabulary.load(prepared["vocab_word"]), words)
    write_json(exports["vocabulary"], {token: number for number, token in enumerate([*SPECIALS, *most_frequent])})
    counted = read_json(prepared["statistics"])
    files = [*(exports[f"{part}_text"] for part in PARTS), exports["vocabulary"], exports["attribution"]]
    parts = counted["parts"]
    write_json(
        exports["dataset_info"],
        {
            "corpus": corpus,
            "articles": {part: parts[part]["documents"] for part in PARTS},
            "characters": {part: parts[part]["characters"] for part in PARTS},
            "words": {part: parts[part]["words"] for part in PARTS},
            "words_of_an_article": {part: parts[part]["words_per_document"] for part in PARTS},
            "vocabulary": {
                "words": len(most_frequent),
                "special_tokens": {token: number for number, token in enumerate(SPECIALS)},
                "covers_of_train": covered,
            },
            "licences": _licences(prepared),
            "articles_with_markers": marked,
            "split": counted["settings"]["split"],
            "cleaning": {"settings": counted["settings"]["cleaning"], **counted["cleaning"]},
            "minimum_characters": counted["settings"]["minimum_characters"],
            "files": {Path(path).name: {"sha256": sha256_of(path), "bytes": Path(path).stat().st_size} for path in files},
        },
    )


def _most_frequent(vocabulary: Vocabulary, most: int) -> tuple[list[str], float]:
    """So many words of train, and the share of its words that they are. One that is spelt like a special token is left out."""
    counted = zip(vocabulary.tokens[len(CONTROLS) :], vocabulary.counts[len(CONTROLS) :], strict=True)
    taken = list(islice(((word, count) for word, count in counted if word not in SPECIALS), most))
    return [word for word, _ in taken], round(sum(count for _, count in taken) / sum(vocabulary.counts), 4)


def _origins(prepared: Mapping[str, str | Path]) -> Iterator[dict[str, str]]:
    for part in PARTS:
        for row in read_json_lines(prepared[part]):
            known: Mapping[str, Any] = row["metadata"]
            found = {name: known.get(name, "") for name in ATTRIBUTION}
            yield {**found, "changed": known.get("changed", "no"), "part": part, "id": row["id"]}


def _licences(prepared: Mapping[str, str | Path]) -> dict[str, int]:
    """Articles by licence, "" where the source names none."""
    counts = Counter(row["metadata"].get("licence", "") for part in PARTS for row in read_json_lines(prepared[part]))
    return dict(counts.most_common())
