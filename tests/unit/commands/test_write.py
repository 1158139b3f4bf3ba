"""A trained language model writes after a prompt, the same texts each time, and shows nothing that a terminal would obey."""

import json
import shutil
from types import SimpleNamespace

import pytest
import torch
import yaml
from calls import ASKED

from verso.commands.terminal import printable_lines
from verso.commands.write import main, shown
from verso.files import read_json_lines
from verso.language_modelling.gpt import model as gpt
from verso.language_modelling.gpt.family import GPTSettings
from verso.language_modelling.gpt.training import build
from verso.language_modelling.recurrent_lm import model as recurrent_lm
from verso.language_modelling.recurrent_lm.model import RecurrentLM
from verso.pretrained.base_model import describe
from verso.text.vocabulary import SPECIALS

CHARACTERS = [*SPECIALS, *"abcdehilnorstwT \n[]V1"]
MODELS = {
    "lstm": {"family": "recurrent_lm", "cell": "lstm", "unit": "char"},
    "gpt": {"family": "gpt", "unit": "char"},
    "chat": {"family": "causal_llm", "pretrained": "toy", "tuning": "none", "quantisation": "none", "max_length": 256,
             "scoring": {"stride": 64}},
    "untrained": {"family": "recurrent_lm", "cell": "gru", "unit": "char"},
}  # fmt: skip
BASE = {"type": "hub", "repository": "owner/model", "revision": "0" * 40, "licence": "mit"}
SAMPLING = {"prompts": ["[V1]\n", "a"], "instructions": ["Write as {group}."], "max_tokens": {"char": 30, "subword": 6}}


@pytest.fixture(scope="module")
def study(tmp_path_factory, tiny, one_thread):
    """A results folder in which a language model of each family stands."""
    folder = tmp_path_factory.mktemp("study")
    corpus, base = folder / "results/corpora/songs", folder / "results/pretrained/toy"
    corpus.mkdir(parents=True)
    shutil.copytree(tiny.manifest.parent, base)
    vocabulary = {"unit": "char", "minimum_count": 1, "training_tokens": 9, "tokens": CHARACTERS, "counts": [5] * len(CHARACTERS)}
    (corpus / "vocab_char.json").write_text(json.dumps(vocabulary))
    (corpus / "statistics.json").write_text(json.dumps({"parts": {"train": {"groups": {"Bo": {}, "Ada": {}}}}}))
    torch.manual_seed(1)
    recurrent_lm.save(
        RecurrentLM(len(CHARACTERS), "lstm", 8, 12, 1, 0.0, False, "plain", []), folder / "results/runs/songs/lstm/seed-1/model"
    )
    shape = {"width": 8, "layers": 1, "heads": 2, "window": 16, "feed_forward": 2, "dropout": 0.0}
    entry = {**GPTSettings(family="gpt", unit="char").model_dump(), **shape}
    gpt.save(build(entry, len(CHARACTERS)), folder / "results/runs/songs/gpt/seed-1/model")
    run = folder / "results/runs/songs/chat/seed-1"
    entry = {"family": "causal_llm", "tuning": "none", "quantisation": "none", "max_length": 256}
    describe(base / "pretrained.json", entry, run / "model/architecture.json", run / "history.csv", run / "hardware.json", ASKED)
    config = {
        "results": str(folder / "results"),
        "corpora": {"songs": {"kind": "songs", "source": {"path": "songs.jsonl"}, "sampling": SAMPLING},
                    "others": {"kind": "songs", "source": {"path": "songs.jsonl"}}},
        "pretrained": {"toy": BASE},
        "models": MODELS,
        "experiments": {"lyrics": {"corpus": "songs", "models": [*MODELS]}, "more": {"corpus": "others", "models": ["lstm"]}},
    }  # fmt: skip
    (folder / "config.yaml").write_text(yaml.safe_dump(config))
    return SimpleNamespace(folder=folder)


@pytest.fixture
def write(study, tmp_path, capsys):
    """Run the command; gives back its exit code, the rows that it wrote and what it said."""

    def wrote(model, *options):
        target = tmp_path / f"{len(list(tmp_path.iterdir()))}.jsonl"
        code = main(["--config", str(study.folder / "config.yaml"), "--model", model, "--output", str(target), *options])
        said = capsys.readouterr()
        return code, list(read_json_lines(target)) if target.exists() else None, said.out + said.err

    return wrote


@pytest.mark.parametrize("model", ["lstm", "gpt", "chat"])
def test_a_model_of_each_family_writes_the_same_texts_until_other_draws_are_wanted(write, model):
    code, rows, said = write(model, "--prompt", r"[V1]\nThe", "--n", "2", "--length", "5", "--temperature", "1.5")
    assert code == 0, said
    assert [row["tokens"] <= 5 for row in rows] == [True, True]
    assert all(line in said for row in rows for line in printable_lines(row["text"]))
    assert all(row["decoding"]["temperature"] == 1.5 for row in rows)
    asked = {row.get("instruction") or row["prompt"] for row in rows}
    assert asked == {"[V1]\nThe"}
    assert rows[0]["text"] != rows[1]["text"]
    options = ("--prompt", r"[V1]\nThe", "--n", "2", "--length", "5", "--temperature", "1.5")
    assert write(model, *options)[1] == rows
    assert write(model, *options, "--draws", "2")[1] != rows


def test_without_a_prompt_the_openings_or_instructions_of_the_corpus_are_used_in_turn(write):
    _, rows, _ = write("lstm", "--n", "3")
    assert [row["prompt"] for row in rows] == ["[V1]\n", "a", "[V1]\n"]
    assert all(row["text"].startswith(row["prompt"]) and row["tokens"] <= 30 for row in rows)
    _, rows, _ = write("chat", "--n", "3")
    assert [row["instruction"] for row in rows] == ["Write as Ada.", "Write as Bo.", "Write as Ada."]


def test_a_terminal_is_shown_no_control_character():
    row = {"tokens": 3, "stopped": "end", "text": "one\x1b[2Jtwo\nthree\x07", "instruction": "say\x1b]0;x"}
    page = shown(row, 1, 2)
    assert [line for line in page.split("\n") if not line.isprintable()] == []
    assert page.split("\n") == ["--- 1 of 2: 3 tokens, ended by itself", "> say ]0;x", "one [2Jtwo", "three "]


def test_a_text_file_holds_the_texts_alone_and_is_never_written_over(study, tmp_path, capsys):
    target = tmp_path / "own.txt"
    command = [
        "--config",
        str(study.folder / "config.yaml"),
        "--model",
        "lstm",
        "--n",
        "1",
        "--prompt",
        "ab",
        "--output",
        str(target),
    ]
    assert main(command) == 0
    assert target.read_text().startswith("ab")
    before = target.read_text()
    assert main(command) == 1
    assert "own.txt is there already" in capsys.readouterr().err
    assert target.read_text() == before


def test_a_place_that_cannot_be_written_to_is_named_in_a_line(write, tmp_path):
    (tmp_path / "file").write_text("")
    code, _, said = write("lstm", "--n", "1", "--output", str(tmp_path / "file" / "own.txt"))
    assert code == 1
    assert "file: " in said.splitlines()[-1]
    assert "Traceback" not in said


def test_what_is_not_trained_or_is_trained_on_several_corpora_is_refused_with_what_there_is(study, write):
    code, _, said = write("untrained")
    assert code == 1
    assert "untrained is not trained yet" in said
    assert "Trained so far: chat (songs, seed 1); gpt (songs, seed 1); lstm (songs, seed 1)" in said
    others = study.folder / "results/runs/others"
    shutil.copytree(study.folder / "results/runs/songs/lstm", others / "lstm")
    try:
        code, _, said = write("lstm")
        assert code == 1
        assert "lstm is trained on others, songs: say which by CORPUS=others" in said
        assert write("lstm", "--corpus", "songs", "--n", "1")[0] == 0
        assert write("lstm", "--experiment", "lyrics", "--n", "1")[0] == 0
    finally:
        shutil.rmtree(others)


@pytest.mark.parametrize(
    "option",
    [
        ("--n", "0"),
        ("--n", "many"),
        ("--seed", "x"),
        ("--draws", "1.5"),
        ("--temperature", "hot"),
        ("--length", "-1"),
        ("--temperature", "0"),
        ("--temperature", "nan"),
    ],
)
def test_a_number_that_makes_no_sense_is_refused(write, option, capsys):
    with pytest.raises(SystemExit) as stopped:
        write("lstm", *option)
    assert stopped.value.code == 2
    (said,) = capsys.readouterr().err.splitlines()
    assert said.startswith(option[0].strip("-").upper() + ": found ")
    assert "must be" in said
