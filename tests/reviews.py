"""Made-up reviews with a label each, and the files that a prepared labelled corpus has."""

import json
import random

from verso.text.tokens import SPECIALS, TOKEN

TELLING = {"1": "awful cold rude", "2": "fine plain quiet", "3": "lovely warm kind"}  # words that give a label away
OTHER = "the room was near a beach and we had soup there with bread while it rained on the old town all day long"


def reviews(count, seed, longest=30):
    """Rows as prepared: of few or many words, one of them telling, wherever it stands."""
    chance = random.Random(seed)
    rows = []
    for number in range(count):
        label = chance.choice(sorted(TELLING))
        words = chance.choices(OTHER.split(), k=chance.randint(1, longest))
        words.insert(chance.randint(0, len(words)), chance.choice(TELLING[label].split()))
        rows.append({"id": f"{seed}-{number}", "text": " ".join(words).capitalize() + ".", "group": label, "metadata": {}})
    return rows


def write_source(path, train=120, validation=40, test=30):
    """A JSON object of given splits, as a person brings it."""
    parts = {"train": reviews(train, 1), "validation": reviews(validation, 2), "test": reviews(test, 3)}
    rows = {part: [{"text": row["text"], "label": row["group"]} for row in of_part] for part, of_part in parts.items()}
    path.write_text(json.dumps(rows))


def write_corpus(folder, train=120, validation=40, test=30, ordered=True):
    """train.jsonl, validation.jsonl, test.jsonl, labels.json, vocab_token.json and statistics.json in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = {"train": reviews(train, 1), "validation": reviews(validation, 2), "test": reviews(test, 3)}
    for name, rows in parts.items():
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (folder / "labels.json").write_text(json.dumps({"names": sorted(TELLING), "ordered": ordered}))
    tokens = sorted({token for row in parts["train"] for token in TOKEN.findall(row["text"].lower())})
    vocabulary = {"unit": "token", "minimum_count": 1, "training_tokens": 0, "tokens": [*SPECIALS, *tokens]}
    (folder / "vocab_token.json").write_text(json.dumps(vocabulary | {"counts": [0] * len(vocabulary["tokens"])}))
    words = sum(len(row["text"].split()) for row in parts["train"])
    characters = sum(len(row["text"]) for row in parts["train"])
    counted = {"documents": train, "characters": characters, "words": words, "lines": train}
    (folder / "statistics.json").write_text(json.dumps({"kind": "labelled", "parts": {"train": counted}}))
    return folder
