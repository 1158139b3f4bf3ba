import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from verso.errors import VersoError
from verso.language_modelling.gpt.model import UNCOUNTED
from verso.language_modelling.gpt.packing import documents_of, encoded, packed, window_count
from verso.text.encoded import EncodedTexts
from verso.text.vocabulary import SPECIALS, Vocabulary

START, END = 1, 2
TEXTS = st.lists(st.lists(st.integers(3, 9), max_size=8), min_size=1, max_size=6)


def texts(documents):
    return EncodedTexts.of_ids(([START, *tokens, END] for tokens in documents), UNCOUNTED)


def test_a_stream_by_hand():
    inputs, targets = packed(texts([[3, 4, 5], [6]]), [0, 1], 4)
    assert inputs.tolist() == [[1, 3, 4, 5], [1, 6, 6, 6]]
    assert targets.tolist() == [[3, 4, 5, 2], [6, 2, UNCOUNTED, UNCOUNTED]]
    inputs, targets = packed(texts([[3, 4, 5], [6]]), [1, 0], 4)
    assert inputs.tolist() == [[1, 6, 1, 3], [4, 5, 5, 5]]
    assert targets.tolist() == [[6, 2, 3, 4], [5, 2, UNCOUNTED, UNCOUNTED]]


def test_an_offset_puts_the_beginning_last():
    inputs, targets = packed(texts([[3, 4, 5], [6]]), [0, 1], 3, offset=2)
    assert inputs.tolist() == [[4, 5, 1], [6, 1, 3]]
    assert targets.tolist() == [[5, 2, 6], [2, 3, 4]]


@settings(max_examples=50, deadline=None)
@given(TEXTS, st.integers(2, 12), st.integers(0, 11), st.randoms())
def test_every_token_is_a_target_once_after_the_token_before_it(documents, window, offset, chance):
    """Whatever the order, the window and the cut: shifted targets, lost or doubled tokens would be other pairs."""
    known = texts(documents)
    order = list(range(len(documents)))
    chance.shuffle(order)
    inputs, targets = packed(known, order, window, min(offset, window - 1))
    assert inputs.shape == targets.shape == (window_count(known, window), window)
    counted = targets != UNCOUNTED
    found = sorted(zip(inputs[counted].tolist(), targets[counted].tolist(), strict=True))
    expected = sorted(pair for tokens in documents for pair in zip([START, *tokens], [*tokens, END], strict=True))
    assert found == expected
    assert int((~counted).sum()) < window
    follows = counted[:, 1:] & (inputs[:, 1:] != START)  # the target of a token is what stands after it, within a document
    assert torch.equal(targets[:, :-1][follows], inputs[:, 1:][follows])


@settings(max_examples=50, deadline=None)
@given(TEXTS, st.integers(2, 12), st.integers(0, 11))
def test_tokens_of_two_documents_are_never_of_one(documents, window, offset):
    """Each document's tokens are numbers of its own here, so that whose they are is known without the function."""
    own = [[100 * (number + 1) + place for place, _ in enumerate(tokens)] for number, tokens in enumerate(documents)]
    inputs, _ = packed(texts(own), range(len(own)), window, min(offset, window - 1))
    found = documents_of(inputs.long(), START)
    for row, numbers in enumerate(found if found is not None else torch.zeros_like(inputs)):
        for one, first in zip(inputs[row].tolist(), numbers.tolist(), strict=True):
            for other, second in zip(inputs[row].tolist(), numbers.tolist(), strict=True):
                if one >= 100 and other >= 100:
                    assert (first == second) <= (one // 100 == other // 100)


def test_windows_of_one_document_need_no_mask():
    inputs, _ = packed(texts([[3] * 30]), [0], 8)
    assert documents_of(inputs, START) is None
    inputs, _ = packed(texts([[3] * 30]), [0], 8, offset=3)
    assert documents_of(inputs[:3], START) is None
    assert documents_of(inputs[3:], START).tolist() == [[0, 0, 0, 0, 1, 1, 1, 1]]  # its end and its beginning


def test_a_part_without_documents_is_refused(tmp_path):
    (tmp_path / "train.jsonl").write_text("")
    with pytest.raises(VersoError, match=r"train\.jsonl: no document"):
        encoded(tmp_path / "train.jsonl", Vocabulary("char", [*SPECIALS, "a"], [0, 0, 0, 1]))


def test_documents_are_framed(tmp_path):
    (tmp_path / "train.jsonl").write_text('{"text": "ab"}\n{"text": "z"}\n')
    found = encoded(tmp_path / "train.jsonl", Vocabulary("char", [*SPECIALS, "a", "b"], [0, 0, 0, 1, 1]))
    assert found.tokens.tolist() == [1, 3, 4, 2, 1, 0, 2]
    assert found.lengths.tolist() == [4, 3]
