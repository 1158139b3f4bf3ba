"""Byte pairs: every text comes back as it was, whatever its alphabet, and one training text gives one vocabulary."""

import hashlib
import json
import os
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import decoders, pre_tokenizers

from verso.corpora.preparing.clean import clean
from verso.errors import VersoError
from verso.files import read_json, write_json, write_json_lines
from verso.text.bpe import BYTE_OF, BytePairs, blocks
from verso.text.vocabulary import build, load_vocabulary

TEXTS = ["La rosa roja, la rosa blanca.\n\nEn el año 1492, la rosa: ñandú 👍\n" * 3, "the rose the rose's 1492 la la"]
PREPARED = (st.text() | st.text(alphabet="laros e'ñ1.\n👍日")).map(clean)


def built(folder, texts, unit):
    write_json_lines(folder / "train.jsonl", ({"id": str(n), "text": text} for n, text in enumerate(texts)))
    build(folder / "train.jsonl", unit, None, folder / f"vocab_{unit}.json")
    return folder / f"vocab_{unit}.json"


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return built(tmp_path_factory.mktemp("bpe"), TEXTS, "bpe-280")


@pytest.fixture(scope="module")
def known(path):
    return load_vocabulary(path)


@given(text=PREPARED)
def test_every_prepared_text_decodes_to_itself(known, text):
    ids = known.encode(text)
    assert known.decode([known.start, *ids, known.end]) == text
    assert known.join(known.pieces(text)) == text
    assert len(known.pieces(text)) == len(ids) <= len(text.encode())
    assert known.unknown_pieces(text) == []
    assert {known.start, known.end}.isdisjoint(ids)


@given(text=st.text(alphabet="ab' \n\t1.日👍\x1c\x85\xa0"), size=st.integers(1, 9))
@settings(max_examples=300)
def test_a_text_that_is_cut_to_save_memory_has_the_tokens_of_the_whole(known, text, size):
    parts = list(blocks(text, size))
    assert "".join(parts) == text
    assert all(len(part) >= size for part in parts[:-1])
    assert [number for part in parts for number in known.encode(part)] == known.encode(text)


def test_it_has_the_size_of_its_name_and_no_unknown_token(known, path):
    assert len(known) == 280 + 2
    assert known.tokens[:2] == ["<|start|>", "<|end|>"]
    assert known.unknown is None
    assert known.never_written == [known.start]
    assert len(set(known.tokens)) == len(known.tokens) == len(known.counts)
    stored = read_json(path)
    assert stored["unit"] == "bpe-280"
    assert len(stored["merges"]) == 280 - 256
    assert known.counts[2:] == sorted(known.counts[2:], reverse=True), "an adaptive softmax cuts the ids by frequency"
    assert sum(known.counts) == stored["training_tokens"] == sum(len(known.encode(text)) for text in TEXTS)


def test_frequent_words_are_one_token_and_control_tokens_in_a_text_are_text(known):
    assert known.pieces("la rosa la") == ["la", "Ġrosa", "Ġla"]
    assert known.end not in known.encode("<|end|>")
    assert known.decode(known.encode("<|end|> <|start|>")) == "<|end|> <|start|>"


def test_a_character_that_is_cut_in_two_is_shown_as_such(known):
    ids = known.encode("日")
    assert known.decode(ids[:2]) == "\N{REPLACEMENT CHARACTER}"
    assert [known.shown(number) for number in ids] == [r"\xe6", r"\x97", r"\xa5"]
    assert known.shown(known.end) == "<|end|>"
    assert known.shown(known.tokens.index("Ġrosa")) == " rosa"


def test_the_alphabet_is_that_of_the_library():
    assert sorted(BYTE_OF) == sorted(pre_tokenizers.ByteLevel.alphabet())
    decoder = decoders.ByteLevel()
    for spelt, byte in BYTE_OF.items():
        if byte < 0x80:
            assert decoder.decode([spelt]) == chr(byte)
    assert {BYTE_OF[character] for character in "Ã±"} == set("ñ".encode())


def test_256_tokens_are_the_bytes(tmp_path):
    known = load_vocabulary(built(tmp_path, ["ñu"], "bpe-256"))
    assert len(known.encode("ñu 日")) == len("ñu 日".encode())
    assert len(known) == 258


def test_more_tokens_than_the_text_has_are_refused_with_the_most_there_are(tmp_path):
    with pytest.raises(
        VersoError, match=r"vocabulary: 300 of unit bpe is more than the text has: 257 bytes and pairs that occur 2"
    ):
        built(tmp_path, ["ab abc"], "bpe-300")
    assert len(load_vocabulary(built(tmp_path, ["ab ab"], "bpe-257"))) == 259


def test_the_same_text_gives_the_same_file_in_any_process_and_with_any_number_of_threads(tmp_path):
    words = [f"{hashlib.sha256(str(n % 997).encode()).hexdigest()[: 3 + n % 5]} " for n in range(6000)]
    texts = ["".join(words[start : start + 300]).strip() for start in range(0, 6000, 300)]
    found = {built(tmp_path, texts, "bpe-700").read_bytes()}
    code = "import sys; from verso.text.vocabulary import build; build(sys.argv[1], 'bpe-700', None, sys.argv[2])"
    for threads in ("1", "3"):
        again = tmp_path / f"again-{threads}.json"
        given = {**os.environ, "RAYON_NUM_THREADS": threads, "PYTHONPATH": os.pathsep.join(sys.path)}
        subprocess.run([sys.executable, "-c", code, str(tmp_path / "train.jsonl"), str(again)], check=True, env=given)
        found.add(again.read_bytes())
    assert len(found) == 1


@pytest.mark.parametrize(
    "change", [{"merges": [["zz", "y"]]}, {"merges": None}, {"tokens": ["a"]}, {"counts": []}, {"unit": "bpe-x"}]
)
def test_a_file_that_was_edited_is_refused(path, tmp_path, change):
    write_json(tmp_path / "vocabulary.json", json.loads(path.read_text()) | change)
    with pytest.raises(VersoError, match="no vocabulary of this version"):
        load_vocabulary(tmp_path / "vocabulary.json")


def test_characters_and_words_are_loaded_by_the_same_function(tmp_path):
    for unit in ("char", "word"):
        write_json_lines(tmp_path / "train.jsonl", [{"id": "1", "text": "la la rosa"}])
        build(tmp_path / "train.jsonl", unit, 1, tmp_path / "vocabulary.json")
        loaded = load_vocabulary(tmp_path / "vocabulary.json")
        assert not isinstance(loaded, BytePairs)
        assert loaded.unit == unit
        assert loaded.decode(loaded.encode("la rosa")) == "la rosa"
