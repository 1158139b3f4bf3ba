"""Label texts with a trained classifier: `make predict CONFIG= MODEL= INPUT=texts.csv`, `python -m verso.commands.predict`.

    texts.csv ─► a text or a reason, each row once ─► the model of a run ─► a CSV file with a row for each row

Texts are read and cleaned as a corpus's are, so that those of the test get the predictions of scores.csv.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from verso.commands.terminal import Options, bars, counted, path_of, printable, said_on_the_screen
from verso.commands.trained import add_choice, choice_of, chosen, introduction, prepare_process, read_config
from verso.config.file import Config
from verso.contract import Prediction, TrainedModel
from verso.corpora.reading import Text, texts_of
from verso.corpora.sources.file.opened import Account
from verso.display.cells import plain_cell
from verso.errors import VersoError
from verso.files import write_csv
from verso.graph.paths import Paths, Run
from verso.registry import FAMILY, KIND
from verso.text.labels import Labels


def predicted(model: TrainedModel, texts: Sequence[Text]) -> list[Prediction | None]:
    """What a model says of each text, in order; None where it is missing. Raises VersoError when all are missing."""
    names = _names_of(texts)
    usable = [(name, text.text) for name, text in zip(names, texts, strict=True) if not text.reason]
    if not usable:
        reasons = Counter(text.reason for text in texts)
        found = "; ".join(f"{count} of {len(texts)} rows: {reason}" for reason, count in reasons.most_common())
        raise VersoError(f"there is no text to label{f' ({found})' if found else ''}")
    predict = FAMILY[model.entry.family].predict
    assert predict is not None
    found_by_text = iter(predict(model, usable))
    return [None if text.reason else next(found_by_text) for text in texts]


def _names_of(texts: Sequence[Text]) -> list[str]:
    """What each text is called: its own id, where no other has it, else where it stands."""
    counts = Counter(text.id for text in texts)
    return [text.id if text.id and counts[text.id] == 1 else text.where for text in texts]


def rows_of_output(labels: Sequence[str], texts: Sequence[Text], found: Sequence[Prediction | None]) -> Iterator[dict[str, Any]]:
    """For each row of the input: where it stands, its id, the prediction, a probability a label, or why they are missing."""
    for text, own in zip(texts, found, strict=True):
        row: dict[str, Any] = {"row": plain_cell(text.where), "id": plain_cell(text.id), "text": plain_cell(text.text)}
        row["reason"] = text.reason
        if own is not None:
            row["prediction"] = plain_cell(own.label)
            row["reason"] = "" if own.label else "the reply is none of the labels"
            row |= {f"probability_{label}": share for label, share in zip(labels, own.probabilities, strict=False)}
        yield row


def summary(texts: Sequence[Text], found: Sequence[Prediction | None], labels: Sequence[str]) -> list[str]:
    """How many rows got which label, and which got none and why."""
    counts = Counter(own.label for own in found if own is not None)
    lines = bars([(label, counts[label]) for label in labels], sum(counts.values()))
    reasons: dict[str, list[str]] = {}
    for text, own in zip(texts, found, strict=True):
        if own is None or not own.label:
            reasons.setdefault(text.reason or "the reply is none of the labels", []).append(text.where)
    lines += [f"{len(places):,} without a label: {why} (first: {printable(places[0])})" for why, places in reasons.items()]
    return [*lines, f"{counted(len(texts), 'row')}, {sum(counts[label] for label in labels):,} labelled"]


def output_of(config: Config, run: Run, source: Path, said: Path | None) -> Path:
    """The file to write: the one that was said, which must not be there yet, or one of the results."""
    if said is None:
        return Path(Paths(config.results.rstrip("/")).of_run(f"predictions/{source.stem}.csv", run))
    if said.exists():
        raise VersoError(f"{said} is there already: name another OUTPUT, or move it away")
    return said


def parser() -> argparse.ArgumentParser:
    """The command line."""
    found = Options(prog="python -m verso.commands.predict", description=(__doc__ or "").splitlines()[0])
    add_choice(found)
    found.add_argument(
        "--input", type=path_of, required=True, help="texts: a file that a corpus may be read from; a .txt has one a line"
    )
    found.add_argument("--column", help="that holds the text (default: the one that the model's corpus is read from)")
    found.add_argument(
        "--output", type=path_of, help="CSV file to write (default: predictions/<name>.csv in the folder of the run)"
    )
    return found


def _done(options: argparse.Namespace) -> int:
    config = read_config(options.config)
    run, model = chosen(config, options.config, choice_of(options), "predict")
    prepare_process(model)
    target = output_of(config, run, options.input, options.output)
    accounts: list[Account] = []
    texts = list(texts_of(options.input, options.column, _usual_column(config, run), accounts))
    print("".join(f"{account}\n" for account in accounts), end="", file=sys.stderr)
    print(f"{introduction(config, run)}; {counted(len(texts), 'row')} of {options.input}", file=sys.stderr)
    found = predicted(model, texts)
    labels = Labels.load(model.corpus / "labels.json").names
    columns = ["row", "id", "prediction", *(f"probability_{label}" for label in labels), "reason", "text"]
    write_csv(target, rows_of_output(labels, texts, found), columns)
    print("\n".join([*summary(texts, found, labels), f"written to {target}"]))
    return 0


def _usual_column(config: Config, run: Run) -> str:
    """The column that the corpus of a run is read from."""
    corpus: Any = config.corpora[run[0]]
    fields: Mapping[str, Any] = corpus.source.model_dump().get("fields") or {}
    return fields.get("text") or KIND[corpus.kind].text_key


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. Returns the exit code: 1 where nothing can be labelled, else 0."""
    options = parser().parse_args(arguments)
    return said_on_the_screen(lambda: _done(options))


if __name__ == "__main__":
    sys.exit(main())
