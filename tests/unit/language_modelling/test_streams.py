import json

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from verso.errors import VersoError
from verso.language_modelling.streams import (
    encoded,
    lane_count,
    lanes,
    last_token_batches,
    padded_lanes,
    window_bounds,
    window_starts,
)
from verso.text.vocabulary import Vocabulary
from verso.training.order import permutation

CHARACTERS = Vocabulary("char", ["<|unknown|>", "<|start|>", "<|end|>", "a", "b"], [0, 0, 0, 3, 2])


def test_a_document_is_framed_by_start_and_end(tmp_path):
    path = tmp_path / "train.jsonl"
    path.write_text("".join(json.dumps({"id": text, "text": text}) + "\n" for text in ("ab", "bca")))
    assert [document.tolist() for document in encoded(path, CHARACTERS)] == [[1, 3, 4, 2], [1, 4, 0, 3, 2]]


def test_a_part_without_a_document_is_named(tmp_path):
    (tmp_path / "validation.jsonl").write_text("")
    with pytest.raises(VersoError, match=r"validation\.jsonl: no document"):
        encoded(tmp_path / "validation.jsonl", CHARACTERS)


def test_an_epoch_s_order_depends_on_seed_and_epoch_alone():
    torch.manual_seed(1)
    first = permutation(50, 3, 4)
    torch.manual_seed(2)
    assert torch.equal(permutation(50, 3, 4), first)
    assert not torch.equal(permutation(50, 3, 5), first)
    assert not torch.equal(permutation(50, 4, 4), first)
    assert sorted(first.tolist()) == list(range(50))


def test_lanes_follow_one_another_in_the_stream_and_each_target_is_the_next_token():
    inputs, targets = lanes(torch.arange(12), 2)
    assert inputs.tolist() == [[0, 1, 2, 3, 4], [5, 6, 7, 8, 9]]
    assert targets.tolist() == [[1, 2, 3, 4, 5], [6, 7, 8, 9, 10]]


@given(st.integers(2, 200), st.integers(1, 20))
def test_padded_lanes_lose_no_token_and_count_none_twice(tokens, count):
    stream = torch.arange(1, tokens + 1)
    inputs, targets = padded_lanes(stream, count, padding=0)
    assert inputs.shape == targets.shape
    assert len(inputs) == count
    assert [token for token in targets.flatten().tolist() if token] == list(range(2, tokens + 1))
    assert [token for token in inputs.flatten().tolist() if token][: tokens - 1] == list(range(1, tokens))


@given(st.integers(1, 2000), st.integers(1, 150))
def test_windows_cover_a_lane_once_none_longer_than_asked_and_none_much_shorter(length, window):
    bounds = window_bounds(length, window)
    sizes = [end - begin for begin, end in bounds]
    assert [position for begin, end in bounds for position in range(begin, end)] == list(range(length))
    assert max(sizes) <= window
    assert max(sizes) - min(sizes) <= 1


def test_a_short_stream_fills_fewer_lanes_and_says_so(caplog):
    caplog.set_level("INFO")
    assert lane_count(6400, 64, 100, "train.jsonl") == 64
    assert not caplog.text
    assert lane_count(1050, 64, 100, "train.jsonl") == 10
    assert "10 lanes" in caplog.text


def test_a_text_shorter_than_a_window_is_an_error_that_names_the_file():
    with pytest.raises(VersoError, match=r"train\.jsonl: 99 tokens do not fill one window of 100"):
        lane_count(99, 64, 100, "train.jsonl")


def test_a_last_token_window_is_followed_by_its_target_and_none_is_left_out():
    stream = torch.arange(10, 20)
    assert window_starts(10, 4, 1).tolist() == [0, 1, 2, 3, 4, 5]
    assert window_starts(10, 4, 3).tolist() == [0, 3]
    batches = list(last_token_batches(stream, torch.tensor([5, 0, 2]), 4, 2, 0))
    assert [inputs.tolist() for inputs, _ in batches] == [[[15, 16, 17, 18], [10, 11, 12, 13]], [[12, 13, 14, 15]]]
    assert [targets.tolist() for _, targets in batches] == [[19, 14], [16]]


def test_a_resumed_epoch_begins_with_the_batch_that_comes_next():
    stream, starts = torch.arange(30), torch.arange(20)
    whole = list(last_token_batches(stream, starts, 4, 3, 0))
    rest = list(last_token_batches(stream, starts, 4, 3, 5))
    assert len(whole) == 7
    assert [targets.tolist() for _, targets in rest] == [targets.tolist() for _, targets in whole[5:]]
