"""What an encoder reads of a text: its own tokenizer's sub-words, framed, cut, and never a control token from within."""

import json

import pytest
import torch
from tiny_encoder import described, make
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers
from transformers import PreTrainedTokenizerFast

from verso.classification.encoder.subwords import Subwords
from verso.errors import VersoError
from verso.pretrained.manifest import snapshot_of
from verso.text.encoded import EncodedTexts


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory):
    return snapshot_of(make(tmp_path_factory.mktemp("toy"), "bert"))


@pytest.fixture(scope="module")
def subwords(snapshot):
    return Subwords.of(snapshot, 320)


def ids(subwords, text, longest=40):
    read = subwords.read([text], longest)
    return read.tokens.tolist()


def test_a_text_stands_between_its_control_tokens_and_is_cut_within_them(subwords):
    whole = ids(subwords, "a lovely room by the sea")
    assert (whole[0], whole[-1]) == (2, 3)  # [CLS], [SEP]
    assert ids(subwords, "a lovely room by the sea", 8) == [*whole[:7], 3]
    assert len(ids(subwords, "x" * 100_000)) == 40


def test_a_text_that_says_nothing_is_its_control_tokens_alone(subwords):
    assert ids(subwords, "") == [2, 3]


def test_the_name_of_a_control_token_in_a_text_is_no_control_token(subwords):
    found = ids(subwords, "a [SEP] b [PAD] [MASK][CLS]")
    assert (found[0], found[-1]) == (2, 3)
    assert not set(found[1:-1]) & {0, 2, 3, 4}


def test_texts_are_padded_with_the_model_s_own_padding():
    texts = EncodedTexts.of_ids([[7], [7, 8, 9]], padding=5)
    tokens, lengths = texts.padded(torch.tensor([0, 1]))
    assert (tokens.tolist(), lengths.tolist()) == ([[7, 5, 5], [7, 8, 9]], [1, 3])


def test_a_missing_tokenizer_is_reported_and_not_made_up(tmp_path):
    manifest = make(tmp_path, "deberta-v2")
    (tmp_path / "snapshot/tokenizer.json").unlink()
    snapshot = snapshot_of(described(tmp_path, name="toy", miniature=True))
    assert manifest.is_file()
    with pytest.raises(VersoError, match="has no tokenizer"):
        Subwords.of(snapshot, 320)
    (snapshot / "spm.model").write_bytes(b"\x00 no model")
    with pytest.raises(VersoError, match="its tokenizer cannot be read"):
        Subwords.of(snapshot, 320)


def test_a_tokenizer_with_more_tokens_than_the_model_is_refused(snapshot):
    with pytest.raises(VersoError, match="tokens and the model 100: they do not fit"):
        Subwords.of(snapshot, 100)


def test_deberta_s_sentencepiece_file_alone_reads_as_sentencepiece_does(tmp_path):
    """transformers 5.17 drops the file's table of characters: "…" and wide letters would be unknown."""
    sentencepiece = pytest.importorskip("sentencepiece")
    texts = ["The room was fine ... and the view fine too.", "Una habitación con vista al mar", "ABC def 1 2 3"]
    (tmp_path / "corpus.txt").write_text("\n".join(texts * 20))
    sentencepiece.SentencePieceTrainer.train(
        input=str(tmp_path / "corpus.txt"), model_prefix=str(tmp_path / "spm"), vocab_size=36, model_type="unigram",
        pad_id=0, bos_id=1, eos_id=2, unk_id=3, pad_piece="[PAD]", bos_piece="[CLS]", eos_piece="[SEP]", unk_piece="[UNK]",
        minloglevel=2,
    )  # fmt: skip
    (tmp_path / "config.json").write_text('{"model_type": "deberta-v2", "vocab_size": 70}')
    (tmp_path / "tokenizer_config.json").write_text('{"do_lower_case": false, "vocab_type": "spm"}')  # as microsoft's are
    subwords = Subwords.of(tmp_path, 70)
    expected = sentencepiece.SentencePieceProcessor(model_file=str(tmp_path / "spm.model"))
    for text in (*texts, "…", "ＡＢＣ", "ﬁne", "  two  spaces\nand\u00a0lines ", "habitacio\u0301n", "😀"):
        assert ids(subwords, text, 1000) == [1, *expected.encode(text), 2], text
    assert 3 not in ids(subwords, "… ＡＢＣ ﬁne"), "unknown"


@pytest.mark.parametrize("named", [True, False], ids=["roles named", "roles known to the class alone"])
def test_capitals_and_accents_are_kept_or_dropped_as_tokenizer_json_says(tmp_path, named):
    backend = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    backend.normalizer = normalizers.BertNormalizer(lowercase=False, strip_accents=False)
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    controls = {"pad_token": "[PAD]", "unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]", "mask_token": "[MASK]"}
    trainer = trainers.WordPieceTrainer(vocab_size=100, special_tokens=[*controls.values()], show_progress=False)
    backend.train_from_iterator(["El niño cantó ayer"] * 3, trainer)
    backend.post_processor = processors.TemplateProcessing(single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)])
    PreTrainedTokenizerFast(tokenizer_object=backend, **controls).save_pretrained(tmp_path)
    # As many repositories have it: of capitals and accents this file says nothing
    said = {"tokenizer_class": "BertTokenizer", **(controls if named else {})}
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(said))
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "bert"}))
    found = ids(Subwords.of(tmp_path, 200), "El niño cantó")
    assert found == [2, *(backend.token_to_id(word) for word in ("El", "niño", "cantó")), 3]
