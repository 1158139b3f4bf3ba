import json

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from verso.errors import VersoError
from verso.files import write_json_lines
from verso.language_modelling.recurrent_lm import model as recurrent_lm
from verso.language_modelling.recurrent_lm.model import RecurrentLM
from verso.language_modelling.recurrent_lm.sampling import sample, write_batch
from verso.language_modelling.sampling import DECODING, Request, draw, plan
from verso.language_modelling.trained import load_trained
from verso.text.vocabulary import SPECIALS, Vocabulary, build, load_vocabulary

CHARACTERS = [*SPECIALS, *"ab \n[]V1"]
WORDS = [*SPECIALS, "\n", "[Verse", "1]", "la", "rosa", "luna"]
PLAIN = {"temperature": 1.0, "top_p": 1.0, "top_k": 0, "repetition_penalty": 1.0}
TRAIN = [
    {"id": f"{group}{i}", "text": text, "group": group, "metadata": {}, "cluster": ""}
    for group in ("Ada", "Bo")
    for i, text in enumerate(["la rosa\nla luna", "la luna la luna", "rosa\n[Verse 1]\nla"])
]


def settings_with(**changes):
    return {
        "seed": 42,
        "per_group": 3,
        "prompts": ["[Verse 1]\n"],
        "prime": "group",
        "decoding": PLAIN,
        "max_tokens": {"char": 30, "word": 20},
        "groups": {},
        **changes,
    }


def tiny(size, cell="lstm"):
    torch.manual_seed(1)
    model = RecurrentLM(size, cell, 8, 12, 2, 0.3, False, "plain", [])
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, std=0.7)
    return model.eval()


def vocabulary(unit):
    tokens = CHARACTERS if unit == "char" else WORDS
    return Vocabulary(unit, tokens, [0, 0, 0, *[5] * (len(tokens) - 3)])


def run(folder, unit="word", cell="lstm", train=TRAIN, model=None, **changes):
    words = vocabulary(unit)
    folder.mkdir(exist_ok=True)
    recurrent_lm.save(model or tiny(len(words), cell), folder / "model")
    (folder / "vocabulary.json").write_text(
        json.dumps({"unit": unit, "minimum_count": 2, "training_tokens": 9, "tokens": words.tokens, "counts": words.counts})
    )
    (folder / "train.jsonl").write_text("".join(json.dumps(row) + "\n" for row in train))
    sample(
        folder / "train.jsonl", folder / "model", folder / "vocabulary.json", settings_with(**changes), folder / "samples.jsonl"
    )
    return [json.loads(line) for line in (folder / "samples.jsonl").read_text().splitlines()]


def drawn(probabilities, n=4000, seen=(), **decoding):
    """Share of each token among `n` draws at evenly spaced uniforms."""
    scores = torch.tensor(probabilities, dtype=torch.float64).log().expand(n, -1)
    mask = torch.zeros(scores.shape, dtype=torch.bool)
    mask[:, list(seen)] = True
    uniforms = (torch.arange(n, dtype=torch.float64) + 0.5) / n
    tensors = {key: torch.full((n, 1), float(value), dtype=torch.float64) for key, value in {**PLAIN, **decoding}.items()}
    return np.bincount(draw(scores, mask, uniforms, **tensors).numpy(), minlength=len(probabilities)) / n


def test_plain_decoding_draws_from_the_model_itself():
    assert drawn([0.2, 0.5, 0.0, 0.3]) == pytest.approx([0.2, 0.5, 0, 0.3], abs=1e-3)


def test_temperature_is_a_power_of_the_probabilities():
    expected = np.array([0.2, 0.5, 0.3]) ** (1 / 0.5)
    assert drawn([0.2, 0.5, 0.3], temperature=0.5) == pytest.approx(expected / expected.sum(), abs=1e-3)


def test_top_k_and_top_p_keep_the_likeliest():
    p = [0.1, 0.4, 0.2, 0.3]
    assert drawn(p, top_k=2) == pytest.approx([0, 4 / 7, 0, 3 / 7], abs=1e-3)
    assert drawn(p, top_p=0.65) == pytest.approx([0, 4 / 7, 0, 3 / 7], abs=1e-3)  # 0.4 + 0.3 is the least that holds 0.65
    assert drawn(p, top_p=0.01) == pytest.approx([0, 1, 0, 0])
    assert drawn(p, top_k=3, top_p=0.5) == pytest.approx([0, 4 / 7, 0, 3 / 7], abs=1e-3)  # of 0.9: 0.44 + 0.33


def test_the_repetition_penalty_follows_ctrl_from_a_uniform_guess():
    p = np.array([0.7, 0.1, 0.2, 0.0])
    found = drawn(p, seen=[0, 1, 3], repetition_penalty=1.5)
    likelier, rarer = (0.7 * 4) ** (1 / 1.5), (0.1 * 4) ** 1.5  # above and below a guess of 1/4
    expected = np.array([likelier, rarer, 0.2 * 4, 0])
    assert found == pytest.approx(expected / expected.sum(), abs=1e-3)
    assert found[0] < 0.7


def test_a_certain_loop_can_be_broken():
    """On log-probabilities themselves, CTRL's rule would leave a token of probability 0.99 as it is."""
    p = np.full(100, 0.01 / 99)
    p[0] = 0.99
    assert drawn(p, seen=[0], repetition_penalty=1.3)[0] < 0.975


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.floats(0.01, 1), min_size=2, max_size=6),
    st.floats(0, 1, exclude_max=True),
    st.floats(0.1, 3),
    st.floats(0.01, 1),
    st.integers(0, 7),
    st.floats(1, 2),
)
def test_a_banned_token_is_never_drawn(weights, uniform, temperature, top_p, top_k, penalty):
    scores = torch.tensor([[*weights, 0.0]], dtype=torch.float64).log()
    values = dict(zip(DECODING, (temperature, top_p, top_k, penalty), strict=True))
    tensors = {key: torch.tensor([[value]], dtype=torch.float64) for key, value in values.items()}
    token = draw(scores, torch.ones_like(scores, dtype=torch.bool), torch.tensor([uniform], dtype=torch.float64), **tensors)
    assert int(token) < len(weights)


@pytest.mark.parametrize("unit", ["char", "word"])
@pytest.mark.parametrize("cell", ["rnn", "lstm", "gru"])
def test_samples_are_the_same_when_made_again(tmp_path, unit, cell):
    rows = run(tmp_path, unit, cell)
    assert rows == run(tmp_path, unit, cell)
    assert rows != run(tmp_path, unit, cell, seed=43)
    assert [row["id"] for row in rows] == ["Ada-1", "Ada-2", "Ada-3", "Bo-1", "Bo-2", "Bo-3"]
    assert len({row["continuation"] for row in rows}) > 3


def test_a_sample_does_not_depend_on_the_others(tmp_path):
    rows = run(tmp_path / "all")
    alone = run(tmp_path / "alone", train=[row for row in TRAIN if row["group"] == "Bo"], per_group=2)
    assert alone == [row for row in rows if row["id"] in {"Bo-1", "Bo-2"}]


def test_a_row_says_everything_that_made_it(tmp_path):
    for row in run(tmp_path, "word", groups={"Bo": {"prompts": None, "temperature": 0.3, "top_k": 2}}):
        assert row["text"] == row["prompt"] + row["continuation"]
        assert row["primed_with"] in {document["id"] for document in TRAIN if document["group"] == row["group"]}
        assert row["decoding"] == {
            **PLAIN,
            **({"temperature": 0.3, "top_k": 2} if row["group"] == "Bo" else {}),
            "max_tokens": 20,
            "seed": 42,
        }
        assert row["stopped"] == ("end" if row["tokens"] < 20 else "length")


@pytest.mark.parametrize("unit", ["char", "word"])
def test_specials_are_never_written(tmp_path, unit):
    rows = run(tmp_path, unit, per_group=8, decoding={**PLAIN, "temperature": 5.0}, max_tokens={"char": 8, "word": 8})
    assert not any(special in row["continuation"] for row in rows for special in SPECIALS)
    assert {row["stopped"] for row in rows} == {"end", "length"}


def certain(token):
    """A model that says one token for ever."""
    model = tiny(len(WORDS))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
        model.output.bias[token] = 50.0
    return model


def test_words_are_joined_with_spaces_but_not_around_line_breaks(tmp_path):
    after_break = run(tmp_path, model=certain(WORDS.index("la")), max_tokens={"word": 3})[0]
    assert after_break["text"] == "[Verse 1]\nla la la"
    after_word = run(tmp_path, model=certain(WORDS.index("la")), max_tokens={"word": 3}, prompts=["la  rosa "])[0]
    assert (after_word["prompt"], after_word["continuation"]) == ("la rosa", " la la la")
    ended = run(tmp_path, model=certain(WORDS.index("<|end|>")))[0]
    assert (ended["continuation"], ended["tokens"], ended["stopped"]) == ("", 0, "end")


def test_byte_pairs_are_joined_as_they_are_and_half_a_character_is_shown_as_such(tmp_path):
    write_json_lines(tmp_path / "train.jsonl", TRAIN)
    build(tmp_path / "train.jsonl", "bpe-265", None, tmp_path / "vocabulary.json")
    pairs = load_vocabulary(tmp_path / "vocabulary.json")
    for token, said in (("Ġluna", " luna luna"), ("ã", "\N{REPLACEMENT CHARACTER}" * 2)):
        model = tiny(len(pairs))
        with torch.no_grad():
            for parameter in model.parameters():
                parameter.zero_()
            model.output.bias[pairs.tokens.index(token)] = 50.0
        (row,) = write_batch(model, pairs, [Request("Ada", 0, "[Verse 1]\nzafiro", PLAIN, None)], 1, 2)
        assert (row["prompt"], row["continuation"], row["stopped"]) == ("[Verse 1]\nzafiro", said, "length")
        assert row["text"] == row["prompt"] + said


def test_prompts_are_used_in_turn_and_may_hold_unknown_words(tmp_path):
    rows = run(tmp_path, prompts=["la", "zafiro azul"], prime="none")
    assert [row["prompt"] for row in rows[:3]] == ["la", "zafiro azul", "la"]
    assert rows[1]["text"].startswith("zafiro azul")
    assert {row["primed_with"] for row in rows} == {None}
    assert run(tmp_path, prompts=[""], prime="none")[0]["prompt"] == ""


def test_the_primed_document_is_read(tmp_path):
    words = vocabulary("word")
    model = tiny(len(words))
    texts = {
        document["id"]: write_batch(model, words, [Request("Ada", 0, "la", PLAIN, document)], 1, 20)[0]["text"]
        for document in TRAIN[:3]
    }
    assert len(set(texts.values())) > 1


def test_the_priming_document_is_chosen_whatever_the_order(tmp_path):
    chosen = []
    for name, rows in (("a", TRAIN), ("b", TRAIN[::-1])):
        (tmp_path / name).write_text("".join(json.dumps(row) + "\n" for row in rows))
        chosen.append([(request.id, request.document["id"]) for request in plan(tmp_path / name, settings_with(per_group=9))])
    assert chosen[0] == chosen[1]
    assert len({document for _, document in chosen[0]}) > 3


@pytest.mark.parametrize(("named", "meant"), [("Adda", "Ada"), ("BO", "Bo"), ("Zoltan", None)])
def test_a_group_that_nobody_bears_is_named_with_the_nearest_one(tmp_path, named, meant):
    with pytest.raises(VersoError) as caught:
        run(tmp_path, groups={"Ada": {"top_k": 2}, named: {"top_k": 2}})
    assert f'sampling.groups."{named}"' in str(caught.value)
    assert (f'did you mean "{meant}"?' in str(caught.value)) is (meant is not None)
    assert "did you mean" not in str(caught.value) or meant
    assert str(caught.value).endswith("groups of train: Ada, Bo")


def test_of_many_groups_ten_are_listed(tmp_path):
    with pytest.raises(VersoError, match=r"g00, g01, .*, g09 and 15 more$"):
        run(tmp_path, train=[{**TRAIN[0], "group": f"g{n:02}"} for n in range(25)], groups={"Ada": {}})


def test_sampling_takes_no_card(tmp_path, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    run(tmp_path)
    model, _ = load_trained(recurrent_lm.load, tmp_path / "model", tmp_path / "vocabulary.json")
    assert next(model.parameters()).device.type == "cpu"
