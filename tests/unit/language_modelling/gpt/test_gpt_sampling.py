import json

import pytest
import torch
from drivers import run_driver

from verso.contract import TrainedModel, Writing
from verso.language_modelling.gpt import model as gpt
from verso.language_modelling.gpt import sampling, scoring
from verso.language_modelling.gpt.family import GPTSettings
from verso.language_modelling.gpt.model import GPT, Shape
from verso.language_modelling.gpt.sampling import Reader, sample, write, write_batch
from verso.language_modelling.sampling import Request
from verso.text.vocabulary import SPECIALS, Vocabulary

WORDS = [*SPECIALS, "\n", "[Verse", "1]", "la", "rosa", "luna"]
PLAIN = {"temperature": 1.0, "top_p": 1.0, "top_k": 0, "repetition_penalty": 1.0}
TRAIN = [
    {"id": f"{group}{i}", "text": text, "group": group, "metadata": {}, "cluster": ""}
    for group in ("Ada", "Bo")
    for i, text in enumerate(["la rosa\nla luna", "la luna la luna", "rosa\n[Verse 1]\nla"])
]
BLOCKS = {
    "report": {"positions": "sinusoidal"},
    "learnt": {"positions": "learnt"},
    "modern": {"positions": "rotary", "norm": "rms", "qk_norm": True, "activation": "squared_relu", "biases": False},
    "pairs": {"positions": "rotary", "pairs": 40},
}


def settings_with(**changes):
    return {
        "seed": 42, "per_group": 3, "prompts": ["[Verse 1]\n"], "prime": "group", "decoding": PLAIN, "max_tokens": {"word": 20},
        "groups": {}, "state": "reset", **changes,
    }  # fmt: skip


def tiny(size=9, window=8, block="modern"):
    torch.manual_seed(1)
    plain = {"norm": "layer", "qk_norm": False, "activation": "gelu", "biases": True, "pairs": 0}
    shape = Shape(size, 8, 2, 2, 2, window, **{**plain, **BLOCKS[block]}, zero_projections=False, tie_weights=False, dropout=0.3)
    model = GPT(shape)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.7)
    return model.eval()


def vocabulary():
    return Vocabulary("word", WORDS, [0, 0, 0, *[5] * (len(WORDS) - 3)])


def prepared(folder, model=None):
    folder.mkdir(exist_ok=True)
    gpt.save(model or tiny(), folder / "model")
    (folder / "vocab_word.json").write_text(
        json.dumps({"unit": "word", "minimum_count": 2, "training_tokens": 9, "tokens": WORDS, "counts": vocabulary().counts})
    )
    for part in ("train", "test"):
        (folder / f"{part}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in TRAIN))
    return folder


def run(folder, model=None, **changes):
    prepared(folder, model)
    sample(
        folder / "train.jsonl", folder / "model", folder / "vocab_word.json", settings_with(**changes), folder / "samples.jsonl"
    )
    return [json.loads(line) for line in (folder / "samples.jsonl").read_text().splitlines()]


@pytest.mark.parametrize("window", [2, 9, 10])
@pytest.mark.parametrize("block", BLOCKS)
def test_what_is_kept_of_a_text_gives_what_its_window_read_anew_gives(block, window):
    """Texts of other lengths beside it change nothing, nor does a full window, of which the older half is forgotten."""
    model = tiny(30, window=window, block=block)
    drawn = torch.Generator().manual_seed(3)
    texts = torch.randint(3, 30, (3, 45), generator=drawn)
    begun = [2, 25, 7]
    with torch.inference_mode():
        reader = Reader(model, [text[:length].tolist() for text, length in zip(texts, begun, strict=True)])
        held = [min(length, window) for length in begun]  # of each text alone, whatever the others hold
        for step in range(20):
            for row, length in enumerate(begun):
                known = texts[row, : length + step]
                expected = model(known[None, -held[row] :])[0, -1]
                assert torch.allclose(reader.features[row], expected, atol=1e-4), (step, row)
            reader.append(torch.stack([text[length + step] for text, length in zip(texts, begun, strict=True)]))
            held = [one + 1 if one < window else (window + 1) // 2 for one in held]


def test_samples_are_the_same_when_made_again_and_do_not_depend_on_the_others(tmp_path):
    rows = run(tmp_path / "all")
    assert rows == run(tmp_path / "all")
    assert rows != run(tmp_path / "all", seed=43)
    assert [row["id"] for row in rows] == ["Ada-1", "Ada-2", "Ada-3", "Bo-1", "Bo-2", "Bo-3"]
    assert len({row["continuation"] for row in rows}) > 3


def test_a_longer_prompt_beside_it_changes_no_sample():
    """Both go far beyond the window, and reach its end at other times."""
    short, long = (Request("", number, text, PLAIN, None) for number, text in enumerate(["la rosa", "luna la rosa la luna la"]))
    model, words, seed = tiny(), vocabulary(), 5
    alone = [write_batch(model, words, [request], seed, 40)[0]["text"] for request in (short, long)]
    assert [row["text"] for row in write_batch(model, words, [short, long], seed, 40)] == alone
    assert min(len(text.split()) for text in alone) > 16


def test_each_token_is_drawn_from_the_models_own_distribution():
    """Greedy decoding is the likeliest token after the likeliest, each by a pass over the window."""
    model, words = tiny(), vocabulary()
    (row,) = write_batch(model, words, [Request("", 0, "la rosa", {**PLAIN, "top_k": 1}, None)], 1, 6)
    tokens = [words.start, *words.encode("la rosa")]
    with torch.inference_mode():
        for _ in range(6):
            scores = model.log_probabilities(model(torch.tensor([tokens[-8:]])))[0, -1]
            scores[words.never_written] = -torch.inf
            best = int(scores.argmax())
            if best == words.end or len(tokens) == 8:
                break
            tokens.append(best)
    assert words.encode(row["text"])[: len(tokens) - 1] == tokens[1:]


def test_a_row_says_everything_that_made_it(tmp_path):
    for row in run(tmp_path, groups={"Bo": {"prompts": None, "temperature": 0.3, "top_k": 2}}):
        assert row["text"] == row["prompt"] + row["continuation"]
        own = {"temperature": 0.3, "top_k": 2} if row["group"] == "Bo" else {}
        assert row["decoding"] == {**PLAIN, **own, "max_tokens": 20, "seed": 42}
        assert row["stopped"] == ("end" if row["tokens"] < 20 else "length")
        assert not any(special in row["continuation"] for special in SPECIALS)


def test_a_document_is_read_first_where_documents_are_carried_and_nowhere_else(tmp_path):
    assert {row["primed_with"] for row in run(tmp_path)} == {None}
    rows = run(tmp_path, tiny(window=32), state="carried")
    assert {row["primed_with"] for row in rows} <= {document["id"] for document in TRAIN}
    assert None not in {row["primed_with"] for row in rows}
    model, words = tiny(window=32), vocabulary()
    texts = {write_batch(model, words, [Request("Ada", 0, "la", PLAIN, document)], 1, 20)[0]["text"] for document in TRAIN[:3]}
    assert len(texts) > 1


def test_a_prompt_longer_than_the_window_is_continued_from_its_end(tmp_path):
    (row, *_) = run(tmp_path, prompts=["la rosa luna " * 20], max_tokens={"word": 3})
    assert row["text"].startswith(" ".join(["la rosa luna"] * 20))


def test_make_write_continues_the_given_prompts(tmp_path):
    folder = prepared(tmp_path)
    entry = GPTSettings(family="gpt", unit="word")
    model = TrainedModel(entry, folder / "model", 1, folder, None, 0)
    rows = list(write(model, Writing(["la", "zafiro"], 5, PLAIN, 3)))
    assert [row["prompt"] for row in rows] == ["la", "zafiro"]
    assert all(row["tokens"] <= 5 for row in rows)
    assert rows == list(write(model, Writing(["la", "zafiro"], 5, PLAIN, 3)))


def test_of_scores_and_samples_only_what_changed_is_made_again(tmp_path, monkeypatch):
    folder, done = prepared(tmp_path), []
    for module, name in ((scoring, "score"), (sampling, "sample")):
        real = getattr(module, name)
        monkeypatch.setattr(module, name, lambda real=real, name=name, **files: (done.append(name), real(**files)))
    params = {"scoring": {"state": "reset", "stride": 4}, "sampling": settings_with(), "scoring_code": "a", "sampling_code": "b"}

    def evaluated(**changes):
        done.clear()
        given = {name: folder / f"{name}.jsonl" for name in ("train", "test")} | {"vocabulary": folder / "vocab_word.json"}
        given |= {"weights": folder / "model/weights.safetensors", "architecture": folder / "model/architecture.json"}
        made = {"scores": folder / "scores.csv", "samples": folder / "samples.jsonl"}
        run_driver("evaluate_gpt", folder, given, made, {**params, **changes})
        return list(done)

    assert evaluated() == ["score", "sample"]
    assert evaluated() == []
    params["scoring"] = {"state": "reset", "stride": 8}
    assert evaluated() == ["score"]
    assert evaluated(sampling=settings_with(seed=9)) == ["sample"]
