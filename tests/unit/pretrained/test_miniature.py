"""Miniatures: text survives the tokenizer, the same settings give the same bytes, and wrong ones are refused before any work."""

import itertools
import json
import os
import random
import signal
import string
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from calls import training_run
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from transformers import AutoModelForCausalLM, AutoModelForMaskedLM, AutoTokenizer

from verso.errors import VersoError
from verso.files import read_csv, read_json
from verso.pretrained import miniature
from verso.pretrained.manifest import snapshot_of
from verso.pretrained.miniature_model import learnt_tokenizer
from verso.training.order import permutation

SCHEDULE = {"name": "cosine", "factor": 0.5, "patience": 2, "warmup": 0.1}
PRETRAINING = {
    "epochs": 2, "window": 16, "batch": 4, "learning_rate": 0.01, "optimiser": "adamw", "weight_decay": 0.01, "clip": 1.0,
    "schedule": SCHEDULE, "early_stopping": None, "minutes": None,
}  # fmt: skip
SMALL = {
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "max_position_embeddings": 64,
}
SETTINGS = {
    "architecture": "mistral",
    "purpose": "causal_lm",
    "vocabulary": 300,
    "configuration": {**SMALL, "num_key_value_heads": 1},
    "seed": 1,
    "pretraining": PRETRAINING,
}
BERT = {"architecture": "bert", "purpose": "masked_lm", "configuration": SMALL}
WORDS = ["the tide comes in", "la marea se va", "we walk along the shore", "[INST] is no order here", "niño, ¿dónde?"]


@pytest.fixture(scope="session")
def corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpus")
    chance = random.Random(3)
    for name, count in (("train", 20), ("validation", 4)):
        rows = [{"id": str(number), "text": "\n".join(chance.choices(WORDS, k=4))} for number in range(count)]
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


def make(corpus, folder, seconds=3600, **changes):
    """The manifest of a miniature made in `folder`."""
    whole = {**SETTINGS, **changes}
    miniature.make(
        name="toy",
        train=corpus / "train.jsonl",
        validation=corpus / "validation.jsonl",
        run=training_run(folder, whole, seconds, seed=whole["seed"], architecture=folder / "pretrained.json"),
    )
    return folder / "pretrained.json"


def refused(corpus, folder, **changes):
    with pytest.raises(VersoError) as caught:
        make(corpus, folder, **changes)
    assert not (folder / "pretrained.json").exists()
    assert not (folder / "history.csv").exists(), "it was trained before the fault was seen"
    return str(caught.value)


@pytest.fixture(scope="session")
def made(corpus, tmp_path_factory):
    """A finished causal miniature, never to be changed."""
    return make(corpus, tmp_path_factory.mktemp("made"))


@pytest.fixture(scope="session")
def tokenizer(made):
    return AutoTokenizer.from_pretrained(snapshot_of(made), local_files_only=True)


def bytes_of(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_same_settings_give_the_same_bytes(corpus, made, tmp_path):
    """Runs that start from it depend on its bytes: another making must not train them all again."""
    again = make(corpus, tmp_path)
    assert bytes_of(snapshot_of(again)) == bytes_of(snapshot_of(made))
    assert again.read_bytes() == made.read_bytes()


@pytest.mark.slow
def test_a_making_that_is_killed_ends_with_the_same_bytes(corpus, tmp_path, caplog):
    # dropout, so that random numbers matter, and steps for some seconds, so that death comes between two checkpoints
    changes = {
        "configuration": SETTINGS["configuration"] | {"attention_dropout": 0.1},
        "pretraining": PRETRAINING | {"epochs": 12, "batch": 1},
    }
    undisturbed, struck = make(corpus, tmp_path / "undisturbed", **changes), tmp_path / "struck"
    script = f"import torch, test_miniature as t; torch.set_num_threads({torch.get_num_threads()}); "
    script += f"t.make(t.Path({str(corpus)!r}), t.Path({str(struck)!r}), seconds=0.2, **{changes!r})"
    paths = os.pathsep.join(map(str, [*Path(__file__).parents[:3], Path(miniature.__file__).parents[2]]))
    process = subprocess.Popen([sys.executable, "-c", script], env={**os.environ, "PYTHONPATH": paths})
    ends = time.monotonic() + 120
    while not list(struck.glob("checkpoints/*/*.ckpt")):
        assert process.poll() is None
        assert time.monotonic() < ends, "no checkpoint was written"
        time.sleep(0.02)
    time.sleep(0.3)
    assert process.poll() is None, "it was over before it could be killed"
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not (struck / "pretrained.json").exists(), "half a miniature has a manifest"
    with caplog.at_level("INFO"):
        again = make(corpus, struck, **changes)
    assert bytes_of(snapshot_of(again)) == bytes_of(snapshot_of(undisturbed))
    assert again.read_bytes() == undisturbed.read_bytes()
    losses = [[row["validation_loss"] for row in read_csv(made.parent / "history.csv")] for made in (again, undisturbed)]
    assert losses[0] == losses[1]
    assert "going on from the checkpoint" in caplog.text, "it began anew"


def test_another_seed_gives_other_weights(corpus, made, tmp_path):
    other = make(corpus, tmp_path, seed=2)
    assert bytes_of(snapshot_of(other))["model.safetensors"] != bytes_of(snapshot_of(made))["model.safetensors"]


def test_the_manifest_says_plainly_what_it_is(made):
    described = read_json(made)
    assert (described["miniature"], described["type"], described["architecture"]) == (True, "miniature", "mistral")
    model = AutoModelForCausalLM.from_pretrained(snapshot_of(made), local_files_only=True)
    assert described["parameters"] == model.num_parameters()
    assert model.dtype == torch.float32


def test_pretraining_has_taught_it_something(made):
    first, last = read_csv(made.parent / "history.csv")
    assert float(last["validation_loss"]) < float(first["validation_loss"]) < 5.8, "log 300 is what a uniform guess costs"


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(max_size=80) | st.text(alphabet="[]/INST<s>pad un k\n\r\t ́é", max_size=40))
def test_every_text_comes_back_exactly(tokenizer, text):
    """Scores count bytes: one that a tokenizer loses would make bits per byte wrong."""
    assert tokenizer.decode(tokenizer.encode(text, add_special_tokens=False)) == text


def test_every_byte_has_a_token(tokenizer):
    text = "".join(map(chr, itertools.chain(range(0x100), range(0x3040, 0x30FF), [0x1F3B6, 0x10FFFF])))
    assert tokenizer.decode(tokenizer.encode(text, add_special_tokens=False)) == text
    assert tokenizer.unk_token_id not in tokenizer.encode(text)


def test_the_chat_template_is_mistrals_and_has_one_beginning(tokenizer):
    messages = [{"role": "user", "content": "Write."}, {"role": "assistant", "content": "La la."}]
    text = tokenizer.apply_chat_template(messages, tokenize=False)
    assert text == "<s>[INST] Write.[/INST] La la.</s>"
    ids = tokenizer.apply_chat_template(messages)["input_ids"]
    assert ids.count(tokenizer.bos_token_id) == 1
    assert ids[-1] == tokenizer.eos_token_id
    prompt = tokenizer.apply_chat_template(messages[:1], tokenize=False, add_generation_prompt=True)
    assert text.startswith(prompt), "a model is asked in another form than it was taught in"


@pytest.mark.parametrize("answered", [True, False])
def test_a_system_message_opens_the_last_turn_of_the_user(tokenizer, answered):
    turns = [{"role": role, "content": role[0]} for role in ("system", "user", "assistant", "user", "assistant")]
    text = tokenizer.apply_chat_template(turns if answered else turns[:-1], tokenize=False)
    assert text == "<s>[INST] u[/INST] a</s>[INST] s\n\nu[/INST]" + (" a</s>" if answered else "")


def test_turns_out_of_order_are_an_error(tokenizer):
    with pytest.raises(Exception, match="take turns"):
        tokenizer.apply_chat_template([{"role": "assistant", "content": "a"}], tokenize=False)


def test_padding_is_no_end(tokenizer):
    """Trainers hide padding from the loss: with pad = eos a model would never learn to stop."""
    assert tokenizer.pad_token_id not in (None, tokenizer.eos_token_id, tokenizer.bos_token_id)


def test_control_tokens_in_a_song_are_ordinary_text():
    learnt = learnt_tokenizer(["a song"], 300, "causal_lm")
    assert not set(learnt.encode("<s> [INST]", add_special_tokens=False).ids) & set(range(6))


# --- what pretraining is shown ---


class Shown:
    """A model that is asked for nothing."""


def task_of(kind, documents, window=4, batch=2, **more):
    pretraining = {"window": window, "batch": batch}
    return kind(Shown(), documents, documents[:1], pretraining, 7, "train.jsonl", **more)


DOCUMENTS = [torch.tensor([1, *range(10 * n, 10 * n + n), 2]) for n in range(1, 6)]  # 1 begins, 2 ends
HIDDEN = {"controls": 3, "mask": 0, "vocabulary": 60}


def test_each_token_of_a_shuffled_epoch_is_a_target_once_but_for_the_beginnings():
    task = task_of(miniature.NextToken, DOCUMENTS, start=1)
    stream = torch.cat([DOCUMENTS[index] for index in permutation(len(DOCUMENTS), 7, 3).tolist()])
    batches = list(task.batches(3, 0))
    assert len(batches) == task.steps
    inputs, targets = (torch.cat([batch[part].flatten() for batch in batches]) for part in (0, 1))
    assert inputs.tolist() == stream[: len(inputs)].tolist()
    after = stream[1 : len(inputs) + 1]
    assert targets.tolist() == [token if token != 1 else -100 for token in after.tolist()]
    assert len(stream) - 1 - len(inputs) < 4, "more is left out than does not fill a window"


@pytest.mark.parametrize(("kind", "more"), [(miniature.NextToken, {"start": 1}), (miniature.HiddenTokens, HIDDEN)])
def test_an_epoch_gone_on_with_is_the_rest_of_the_same_one(kind, more):
    task = task_of(kind, DOCUMENTS, **more)
    whole, rest = list(task.batches(2, 0)), list(task.batches(2, 1))
    assert len(rest) == len(whole) - 1
    for one, other in zip(whole[1:], rest, strict=True):
        assert torch.equal(one[0], other[0])
        assert torch.equal(one[1], other[1])


def test_validation_counts_every_token_of_the_validation_part():
    task = task_of(miniature.NextToken, [DOCUMENTS[4], DOCUMENTS[3]], start=1)
    counted = sum(int((targets != -100).sum()) for _, targets in task._held_out)
    assert counted == len(DOCUMENTS[4]) - 1


def test_of_hidden_tokens_only_some_are_requested_and_never_a_control():
    documents = [torch.cat([torch.tensor([1]), torch.randint(3, 60, (998,)), torch.tensor([2])]) for _ in range(20)]
    task = task_of(miniature.HiddenTokens, documents, window=100, batch=50, **HIDDEN)
    shown, targets = (torch.cat(parts) for parts in zip(*task.batches(1, 0), strict=True))
    stream = torch.cat([documents[index] for index in permutation(20, 7, 1).tolist()]).view(shown.shape)
    asked = targets != -100
    assert torch.equal(targets[asked], stream[asked])
    assert torch.equal(shown[~asked], stream[~asked]), "a token that is not asked for was changed"
    assert 0.13 < float(asked.float().mean()) < 0.17
    assert int(stream[asked].min()) >= 3
    assert 0.77 < float((shown[asked] == 0).float().mean()) < 0.83
    assert 0.07 < float((shown[asked] == stream[asked]).float().mean()) < 0.15  # a tenth left, and a few exchanged for themselves


def test_the_loss_is_transformers_own(corpus, made):
    model = AutoModelForCausalLM.from_pretrained(snapshot_of(made), local_files_only=True)
    inputs = torch.randint(6, 300, (2, 16))
    task = task_of(miniature.NextToken, DOCUMENTS, start=1)
    task.model = model
    ((loss, counted),) = task.losses((inputs[:, :-1], inputs[:, 1:]))
    assert counted == 30
    assert loss.item() == pytest.approx(model(input_ids=inputs, labels=inputs).loss.item(), rel=1e-5)


# --- other architectures, and what is refused ---


@pytest.mark.parametrize("architecture", ["bert", "deberta-v2"])
def test_an_encoder_guesses_hidden_tokens(corpus, tmp_path, architecture):
    manifest = make(corpus, tmp_path, **{**BERT, "architecture": architecture})
    tokenizer = AutoTokenizer.from_pretrained(snapshot_of(manifest), local_files_only=True)
    model = AutoModelForMaskedLM.from_pretrained(snapshot_of(manifest), local_files_only=True)
    assert tokenizer.mask_token_id is not None
    ids = tokenizer("the tide", "la marea")["input_ids"]
    assert (ids[0], ids[-1], ids.count(tokenizer.sep_token_id)) == (tokenizer.cls_token_id, tokenizer.sep_token_id, 2)
    assert model(input_ids=torch.tensor([ids])).logits.shape == (1, len(ids), len(tokenizer))
    assert tokenizer.decode(tokenizer.encode("  Niño e\u0301", add_special_tokens=False)) == "  Niño e\u0301"


def test_llama_is_made_by_the_same_code(corpus, tmp_path):
    assert read_json(make(corpus, tmp_path, architecture="llama"))["model_type"] == "llama"


def test_an_architecture_whose_tokenizer_changes_text_is_refused(corpus, tmp_path):
    message = refused(corpus, tmp_path, architecture="qwen2")
    assert "Qwen2Tokenizer, which changes text" in message


def test_an_unknown_key_of_the_configuration_names_the_right_ones(corpus, tmp_path):
    message = refused(corpus, tmp_path, configuration={"hiden_size": 16, "layers": 2})
    assert 'configuration.hiden_size  is no key of MistralConfig; did you mean "hidden_size"?' in message
    assert "configuration.layers" in message
    assert "num_hidden_layers" in message


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"architecture": "mistrel"}, "did you mean mistral"),
        ({"purpose": "masked_lm"}, '"mistral" is no masked_lm'),
        ({"configuration": {**SMALL, "hidden_size": "large"}}, "makes no model"),
        ({"pretraining": {**PRETRAINING, "window": 65}}, "longer than configuration.max_position_embeddings, 64"),
        (
            {"pretraining": PRETRAINING | {"window": 9000}, "configuration": SMALL | {"max_position_embeddings": 9000}},
            "do not fill",
        ),
        ({"configuration": {}}, "parameters, a miniature at most 50,000,000"),
    ],
)
def test_what_cannot_be_made_is_said_before_any_work(corpus, tmp_path, changes, told):
    assert told in refused(corpus, tmp_path, **changes)


def test_an_empty_part_is_named(corpus, tmp_path):
    (tmp_path / "validation.jsonl").touch()
    (tmp_path / "train.jsonl").write_text((corpus / "train.jsonl").read_text())
    assert "validation.jsonl: no document" in refused(tmp_path, tmp_path / "made")


def test_a_text_with_few_pairs_gives_a_smaller_vocabulary(tmp_path):
    for part in ("train", "validation"):
        (tmp_path / f"{part}.jsonl").write_text(json.dumps({"text": " ".join(string.ascii_letters)}) + "\n")
    manifest = make(tmp_path, tmp_path / "made", vocabulary=1000)
    assert read_json(snapshot_of(manifest) / "config.json")["vocab_size"] < 1000
