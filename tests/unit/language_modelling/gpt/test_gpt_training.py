import itertools
import json
import math
import random

import pytest
import torch
from calls import changed, ignore, training_run

from verso.errors import VersoError
from verso.files import read_csv, read_json
from verso.language_modelling.gpt import training
from verso.language_modelling.gpt.family import GPTSettings
from verso.language_modelling.gpt.model import GPT, UNCOUNTED, load
from verso.language_modelling.gpt.packing import encoded
from verso.language_modelling.gpt.training import Pretraining, Texts, build, groups_of, pick, train
from verso.machine.hardware import Device
from verso.text.encoded import EncodedTexts
from verso.text.vocabulary import Vocabulary
from verso.training import loop
from verso.training.checkpoints import Checkpoints
from verso.training.steps import optimiser_of

CPU = Device(torch.device("cpu"), torch.float32, "a test")
LINES = ["the tide comes in", "the tide goes out", "we walk along the shore", "and count the boats", "until the evening"]
MODERN = {
    "positions": "rotary", "norm": "rms", "qk_norm": True, "activation": "squared_relu", "biases": False,
    "zero_projections": True, "pairs": 100, "optimiser": "muon", "betas": [0.9, 0.95], "dropout": 0.0,
}  # fmt: skip
REPORT = {"positions": "sinusoidal", "label_smoothing": 0.1, "learning_rate": 3e-3}
BLOCKS = pytest.mark.parametrize("block", [REPORT, MODERN], ids=["report", "modern"])


def settings_of(**keys):
    small = {"width": 16, "layers": 2, "heads": 2, "window": 16, "batch": 4, "epochs": 3, "learning_rate": 0.01}
    entry = GPTSettings(family="gpt", unit="char", **{**small, **keys})
    return entry.model_dump(exclude={"needs", "miniature", "scoring"})


def written(folder, train_texts, validation):
    for name, part in (("train", train_texts), ("validation", validation)):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps({"id": str(i), "text": t}) + "\n" for i, t in enumerate(part)))
    tokens = ["<|unknown|>", "<|start|>", "<|end|>", *sorted(set("".join(train_texts)))]
    vocabulary = {"unit": "char", "minimum_count": 1, "training_tokens": 0, "tokens": tokens, "counts": [0] * len(tokens)}
    (folder / "vocab_char.json").write_text(json.dumps(vocabulary))
    return folder


@pytest.fixture
def corpus(tmp_path):
    """Twelve short songs of our own, two of them held out, and their characters as a vocabulary."""
    chance = random.Random(3)
    texts = ["\n".join(chance.choices(LINES, k=4)) for _ in range(12)]
    return written(tmp_path, texts[:10], texts[10:])


def arguments(corpus, run, seconds=3600, **changes):
    return {
        "train": str(corpus / "train.jsonl"),
        "validation": str(corpus / "validation.jsonl"),
        "vocabulary": str(corpus / "vocab_char.json"),
        "weights": str(run / "model/weights.safetensors"),
        "run": training_run(run, settings_of(**changes), seconds),
    }


def documents(count=6, length=40):
    drawn = torch.Generator().manual_seed(2)
    return EncodedTexts.of_ids(
        ([1, *torch.randint(3, 30, (length,), generator=drawn).tolist(), 2] for _ in range(count)), UNCOUNTED
    )


def make(texts=None, parts=1, **changes):
    settings = settings_of(**changes)
    torch.manual_seed(0)
    known = texts or documents()
    return Pretraining(build(settings, 30), Texts(known, known, 1, 0), settings, 5, CPU, parts), settings


@BLOCKS
def test_a_training_writes_weights_architecture_history_and_hardware(corpus, tmp_path, block):
    run = tmp_path / "run"
    train(**arguments(corpus, run, epochs=4, **block))
    rows = read_csv(run / "history.csv")
    assert list(rows[0]) == [*loop.HISTORY, "validation_accuracy"]
    assert float(rows[-1]["validation_loss"]) < float(rows[0]["validation_loss"])
    assert read_json(run / "hardware.json")["tokens"] == int(rows[-1]["tokens"])
    model = load(run / "model", "cpu")
    assert model.shape.window == 16

    # The weights are the best epoch's, and its loss was honest: unsmoothed, without dropout, each document alone
    known = Vocabulary.load(corpus / "vocab_char.json")
    held_out = encoded(corpus / "validation.jsonl", known)
    paid, count = 0.0, 0
    stream = []
    for start, length in zip(held_out.starts.tolist(), held_out.lengths.tolist(), strict=True):
        tokens = held_out.tokens[start : start + length].tolist()
        stream += itertools.pairwise(tokens)
    for begin in range(0, len(stream), 16):
        window = stream[begin : begin + 16]
        edges = [0, *(place for place, (one, _) in enumerate(window) if one == known.start and place), len(window)]
        for first, last in itertools.pairwise(edges):
            inputs, targets = torch.tensor(window[first:last]).T
            paid -= model.target_log_likelihoods(model(inputs[None]), targets[None]).sum().item()
            count += last - first
    best = min(float(row["validation_loss"]) for row in rows)
    assert paid / count == pytest.approx(best, rel=1e-4)


@BLOCKS
def test_a_training_that_dies_in_mid_epoch_ends_with_the_same_bits(tmp_path, block):
    def power_cut(batches):
        yield from itertools.islice(batches, 3)
        raise RuntimeError("power cut")

    def fit(task, folder, seconds):
        groups = groups_of(task.model, settings)
        return loop.fit(task, settings, CPU, Checkpoints(folder, "a", 0.0), seconds, ignore, groups=groups)

    changes = {"epochs": 2, "batch": 1, "accumulation": 2, "measurements": 2, **block}
    (whole, settings), (dying, _), (resumed, _) = (make(**changes) for _ in range(3))
    torch.manual_seed(4)
    expected = fit(whole, tmp_path / "whole", 3600)
    torch.manual_seed(4)
    draw = dying.batches
    dying.batches = lambda epoch, first: draw(epoch, first) if epoch == 1 else power_cut(draw(epoch, first))
    with pytest.raises(RuntimeError, match="power cut"):
        fit(dying, tmp_path / "cut", 0)
    torch.manual_seed(5)
    outcome = fit(resumed, tmp_path / "cut", 3600)
    assert [row["validation_loss"] for row in outcome.history] == [row["validation_loss"] for row in expected.history]
    assert len(outcome.history) == 4
    for name, tensor in whole.model.state_dict().items():
        assert torch.equal(tensor, resumed.model.state_dict()[name])


def test_the_same_seed_gives_the_same_bytes_and_another_seed_gives_others(corpus, tmp_path):
    for name in ("a", "b"):
        train(**arguments(corpus, tmp_path / name, epochs=1))
    train(**changed(arguments(corpus, tmp_path / "c", epochs=1), seed=2))
    a, b, c = ((tmp_path / name / "model/weights.safetensors").read_bytes() for name in "abc")
    assert a == b != c


def gradient(task):
    batch = next(task.batches(1, 0))
    task.model.train()
    total = sum((share.backward(), share.item())[1] for share, _ in task.losses(batch))
    return total, [parameter.grad for parameter in task.model.parameters()]


@pytest.mark.parametrize("changes", [{"parts": 3}, {"batch": 2, "accumulation": 2}, {"batch": 1, "accumulation": 4}])
def test_micro_batches_and_accumulation_give_the_gradient_of_the_whole_batch(changes):
    """Padded windows too: each target weighs the same, in whatever part it stands."""
    whole, one = gradient(make(dropout=0.0)[0])
    parts, other = gradient(make(dropout=0.0, **changes)[0])
    assert parts == pytest.approx(whole, rel=1e-5)
    for first, second in zip(one, other, strict=True):
        assert torch.allclose(first, second, atol=1e-6)


def test_an_epoch_reads_each_token_once_and_no_epoch_cuts_as_another():
    task, _ = make(texts=documents(5, 37), batch=3)
    epochs = [list(task.batches(epoch, 0)) for epoch in (1, 2)]
    assert {len(batches) for batches in epochs} == {task.steps}
    for batches in epochs:
        sizes = [len(inputs) for inputs, _ in batches]
        assert max(sizes) <= 3
        assert max(sizes) - min(sizes) <= 1
        targets = torch.cat([targets for _, targets in batches])
        assert int((targets != UNCOUNTED).sum()) == 5 * 38
    assert not torch.equal(epochs[0][0][0], epochs[1][0][0])
    for (first, _), (again, _) in zip(epochs[0][1:], task.batches(1, 1), strict=True):
        assert torch.equal(first, again)


def test_documents_see_each_other_only_where_they_are_carried():
    apart, carried = (make(state=state, dropout=0.0)[0] for state in ("reset", "carried"))
    assert all(documents is not None for _, _, documents in apart._parts(apart._held_out))
    assert all(documents is None for _, _, documents in carried._parts(carried._held_out))


def losses_after(task, settings, folder):
    fitted = loop.fit(task, settings, CPU, Checkpoints(folder, "a", 0.0), 3600, ignore, groups=groups_of(task.model, settings))
    return fitted.history[-1]["validation_loss"]


def test_shifted_targets_are_caught(tmp_path):
    """A cycle is learnt: the token after each is certain. Were targets the inputs themselves, or the tokens two ahead, then what
    `validate` measures of the true next token would not fall.
    """
    cycle = EncodedTexts.of_ids([[1, *[3, 4, 5, 6, 7] * 30, 2] for _ in range(4)], UNCOUNTED)
    task, settings = make(texts=cycle, epochs=12, **MODERN)
    assert losses_after(task, settings, tmp_path / "right") < 0.1
    for shift in (-1, 1):
        wrong, _ = make(texts=cycle, epochs=12, **MODERN)
        draw = wrong.batches
        wrong.batches = lambda epoch, first, draw=draw, shift=shift: (
            (inputs, targets.roll(shift, dims=1)) for inputs, targets in draw(epoch, first)
        )
        assert losses_after(wrong, settings, tmp_path / f"wrong{shift}") > 1.0


def test_unknown_tokens_are_never_foreseen():
    texts = EncodedTexts.of_ids([[1, 0, 0, 0, 3, 2]], UNCOUNTED)
    task, _ = make(texts=texts)
    with torch.no_grad():
        for parameter in task.model.parameters():
            parameter.zero_()
        task.model.head.bias[0] = 5.0  # sure of the unknown token
        task.model.eval()
        task.validate()
        assert task.observed() == {"validation_accuracy": 0.0}
        task.model.head.bias[2] = 9.0  # and now of the end
        task.validate()
    assert task.observed() == {"validation_accuracy": 1 / 5}


def test_the_validation_loss_of_a_uniform_model_by_hand():
    task, _ = make(label_smoothing=0.1)
    with torch.no_grad():
        for parameter in task.model.parameters():
            parameter.zero_()
        assert task.validate() == pytest.approx(math.log(30), rel=1e-6)


# --- bad input ---


@pytest.mark.parametrize("block", [REPORT, MODERN])
@pytest.mark.parametrize(
    ("texts", "changes"),
    [
        (["ab", "ba", "aab"], {"window": 64}),  # longer than every document, and than all together
        (["abba" * 20], {}),  # one document
        (["abba" * 20], {"batch": 1000}),  # larger than the text
        (["a"], {"batch": 1000, "window": 128, "accumulation": 3}),
    ],
)
def test_small_texts_are_learnt_whole(tmp_path, texts, changes, block):
    corpus = written(tmp_path, texts, texts[:1])
    train(**arguments(corpus, tmp_path / "run", **{**block, "epochs": 2, **changes}))
    rows = read_csv(tmp_path / "run/history.csv")
    assert int(rows[-1]["tokens"]) == 2 * sum(len(text) + 1 for text in texts)
    assert math.isfinite(float(rows[-1]["validation_loss"]))


def test_a_corpus_without_documents_is_refused(corpus, tmp_path):
    (corpus / "validation.jsonl").write_text("")
    with pytest.raises(VersoError, match=r"validation\.jsonl: no document"):
        train(**arguments(corpus, tmp_path / "run"))


def test_a_card_that_is_too_small_halves_the_batch_within_the_training(corpus, tmp_path, monkeypatch):
    expected, run = tmp_path / "expected", tmp_path / "run"
    train(**changed(arguments(corpus, expected, epochs=2), micro_batches=2))
    forward = GPT.forward

    def limited(self, tokens, *given):
        if self.training and len(tokens) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return forward(self, tokens, *given)

    with monkeypatch.context() as patch:
        patch.setattr(GPT, "forward", limited)
        train(**arguments(corpus, run, epochs=2))
    assert read_json(run / "hardware.json")["batch_parts"] == 2
    assert (run / "model/weights.safetensors").read_bytes() == (expected / "model/weights.safetensors").read_bytes()


# --- optimisers and number types ---


def test_the_groups_of_each_optimiser():
    task, settings = make(**MODERN)
    matrices, rest = groups_of(task.model, settings)
    assert len(matrices["params"]) == 12
    assert settings["learning_rate"] * matrices["rate_factor"] == pytest.approx(0.02)
    assert rest["betas"] == (0.9, 0.95)
    found = {id(weight) for group in (matrices, rest) for weight in group["params"]}
    assert found == {id(weight) for weight in task.model.parameters()}
    (only,) = groups_of(task.model, {**settings, "optimiser": "adamw"})
    optimiser = optimiser_of({**settings, "optimiser": "adamw"}, [only], torch.device("cpu"))
    assert optimiser.param_groups[0]["betas"] == (0.9, 0.95)


def test_the_number_type_is_the_cards_or_the_configs(monkeypatch):
    assert pick(0, "auto").dtype is torch.float32
    chosen = pick(0, "bfloat16")
    assert chosen.dtype is torch.bfloat16
    assert chosen.reason == "CPU, for no card was requested; bfloat16 by config"
    cuda = Device(torch.device("cuda"), torch.float32, "a card; float32, for a small model gains nothing by halves")
    monkeypatch.setattr(training, "pick_device", lambda gpus: cuda)
    monkeypatch.setattr(training, "pick_device_for_llm", lambda gpus: Device(torch.device("cuda"), torch.float16, "old"))
    assert pick(1, "auto").dtype is torch.float16
    assert pick(1, "float32").reason == "a card; float32 by config"


def test_bfloat16_learns_about_the_same(corpus, tmp_path):
    for arithmetic in ("float32", "bfloat16"):
        train(**arguments(corpus, tmp_path / arithmetic, arithmetic=arithmetic, epochs=3, **MODERN))
    first, second = (float(read_csv(tmp_path / name / "history.csv")[-1]["validation_loss"]) for name in ("float32", "bfloat16"))
    assert first == pytest.approx(second, rel=0.05)
    assert read_json(tmp_path / "bfloat16/hardware.json")["dtype"] == "bfloat16"
