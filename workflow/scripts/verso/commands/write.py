"""Let a trained language model write: `make write CONFIG= MODEL=`, `python -m verso.commands.write`.

Without a prompt it gets those of its corpus's `sampling`, in turn, as in the report. The same call writes the same texts.
"""

import argparse
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from verso.commands.terminal import Options, path_of, printable_lines, said_on_the_screen, whole_number
from verso.commands.trained import add_choice, choice_of, chosen, introduction, prepare_process, read_config
from verso.config.file import Config
from verso.contract import TrainedModel, Writing
from verso.errors import VersoError
from verso.files import read_json, write_json_lines, write_text
from verso.graph.inputs import Inputs
from verso.graph.paths import Paths, Run
from verso.graph.runs import Runs
from verso.registry import FAMILY


def written(config: Config, run: Run, model: TrainedModel, options: argparse.Namespace) -> Iterator[Mapping[str, Any]]:
    """The texts that a model writes, rows as of samples.jsonl. options: of the command line."""
    family = FAMILY[model.entry.family]
    sampling = Inputs(Runs(config, Paths(config.results))).sampling_of(run[0], run[1], family.prompted_by)
    decoding = {**sampling["decoding"], **({} if options.temperature is None else {"temperature": options.temperature})}
    (longest,) = sampling["max_tokens"].values()
    prompts = [options.prompt] if options.prompt is not None else sampling[family.prompted_by]
    names = _groups_of(model.corpus) or [""]
    texts = [prompts[n % len(prompts)].replace("{group}", names[n // len(prompts) % len(names)]) for n in range(options.number)]
    assert family.write is not None
    return family.write(model, Writing(texts, options.length or longest, decoding, options.draws))


def _groups_of(corpus: Path) -> list[str]:
    """The groups (artists) of a corpus's training part, as its statistics have them."""
    statistics = corpus / "statistics.json"
    return sorted(read_json(statistics)["parts"]["train"]["groups"]) if statistics.is_file() else []


def shown(row: Mapping[str, Any], number: int, count: int) -> str:
    """A text as a terminal may show it: its prompt, where the text does not begin with it, and how it ended."""
    end = "ended by itself" if row["stopped"] == "end" else "cut at LENGTH"
    head = f"--- {number} of {count}: {row['tokens']} tokens, {end}"
    request = row.get("instruction")
    quoted = [f"> {line}" for line in printable_lines(request)] if request else []
    return "\n".join([head, *quoted, *printable_lines(row["text"])])


def save(rows: Sequence[Mapping[str, Any]], path: Path) -> None:
    """Write texts to a file that is not there yet: JSON lines as samples.jsonl where it ends so, else the texts alone."""
    if path.suffix == ".jsonl":
        write_json_lines(path, rows)
    else:
        write_text(path, "\n\n".join(row["text"] for row in rows) + "\n")


def parser() -> argparse.ArgumentParser:
    """The command line."""
    found = Options(prog="python -m verso.commands.write", description=(__doc__ or "").splitlines()[0])
    add_choice(found)
    found.add_argument("--prompt", help=r"what it continues, or its request; \n is a line break (default: those of its corpus)")
    found.add_argument("--n", dest="number", type=_positive_number, default=3, metavar="N", help="texts (%(default)s)")
    found.add_argument("--length", type=_positive_number, help="most tokens of a text (default: max_tokens of its corpus)")
    found.add_argument("--temperature", type=_temperature, help="below 1 it dares less (default: that of its corpus)")
    found.add_argument("--draws", type=whole_number, default=1, help="another number, other texts (%(default)s)")
    found.add_argument("--output", type=path_of, help="also write them to this file; .jsonl with all that is known of them")
    return found


def _positive_number(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"found {text}; must be a whole number, 1 or more")
    return int(text)


def _temperature(text: str) -> float:
    value = float(text) if re.fullmatch(r"\d+(\.\d*)?|\.\d+", text) else 0.0
    if not 0 < value < 100:
        raise argparse.ArgumentTypeError(f"found {text}; must be a number above 0, such as 0.8")
    return value


def _done(options: argparse.Namespace) -> int:
    if options.output and options.output.exists():
        raise VersoError(f"{options.output} is there already: name another OUTPUT, or move it away")
    config = read_config(options.config)
    run, model = chosen(config, options.config, choice_of(options), "write")
    prepare_process(model)
    print(f"{introduction(config, run)}; draws {options.draws}", file=sys.stderr)
    rows = []
    for row in written(config, run, model, options):
        rows.append(row)
        print(shown(row, len(rows), options.number), flush=True)
    if options.output:
        save(rows, options.output)
        print(f"written to {options.output}", file=sys.stderr)
    return 0


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line. Returns the exit code: 1 where the model cannot write, else 0."""
    options = parser().parse_args(arguments)
    options.prompt = None if options.prompt is None else options.prompt.replace("\\n", "\n")
    return said_on_the_screen(lambda: _done(options))


if __name__ == "__main__":
    sys.exit(main())
