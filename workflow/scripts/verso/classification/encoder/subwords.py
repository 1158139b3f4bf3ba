"""Encodes texts with a pretrained encoder's tokenizer: [CLS] text [SEP], cut to a number of tokens.

A control token's name in a text does not become a control token; parts that the tokenizer cannot encode otherwise are left out.
"""

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

from tokenizers import normalizers

from verso.errors import VersoError
from verso.text.encoded import EncodedTexts

# Without one of these AutoTokenizer silently makes a tokenizer of control tokens alone
VOCABULARIES = ("tokenizer.json", "*.model", "vocab.txt", "vocab.json", "bpe.codes")
TOGETHER = 1000  # texts per call of the tokenizer


class Subwords:
    """The tokenizer of a pretrained encoder."""

    def __init__(self, tokenizer: Any) -> None:
        """tokenizer: one of transformers."""
        self._tokenizer = tokenizer
        self.padding: int = tokenizer.pad_token_id
        self._controls = {id_ for id_ in tokenizer.all_special_ids if id_ != tokenizer.unk_token_id}
        framed = tokenizer("a", return_special_tokens_mask=True)
        begin = framed["special_tokens_mask"].index(0)
        end = len(framed["special_tokens_mask"]) - framed["special_tokens_mask"][::-1].index(0)
        self._before, self._behind = framed["input_ids"][:begin], framed["input_ids"][end:]

    @classmethod
    def of(cls, snapshot: Path, known: int) -> "Subwords":
        """Load the tokenizer of a pretrained model's folder. known: number of tokens that the model has vectors for.

        Raises VersoError when it is missing or does not match the model.
        """
        from transformers import AutoTokenizer, PreTrainedTokenizerFast

        if not any(path for pattern in VOCABULARIES for path in snapshot.glob(pattern)):
            raise VersoError(
                f"{snapshot}: has no tokenizer (looked for {', '.join(VOCABULARIES)}); add it to the `files` of this pretrained "
                "model and fetch again"
            )
        try:
            tokenizer = AutoTokenizer.from_pretrained(snapshot, local_files_only=True, trust_remote_code=False)
            if (snapshot / "tokenizer.json").is_file():
                # By the file's own rules: classes of transformers 5 make others, which may drop capitals and accents that the
                # model has learnt with. They know which control tokens there are, which older repositories do not say
                roles: dict[str, Any] = {**tokenizer.special_tokens_map}
                tokenizer = PreTrainedTokenizerFast.from_pretrained(snapshot, local_files_only=True, **roles)
        except Exception as error:  # each kind of tokenizer raises its own exceptions
            raise VersoError(f"{snapshot}: its tokenizer cannot be read ({error})") from error
        if len(tokenizer) > known:
            raise VersoError(f"{snapshot}: its tokenizer has {len(tokenizer):,} tokens and the model {known:,}: they do not fit")
        if tokenizer.pad_token_id is None:
            raise VersoError(f"{snapshot}: its tokenizer has no padding token, so that texts could not be read together")
        if not (snapshot / "tokenizer.json").is_file():
            _normalise_as_sentencepiece(tokenizer, next(snapshot.glob("*.model"), None))
        return cls(tokenizer)

    def read(self, texts: Iterable[str], longest: int) -> EncodedTexts:
        """Encode at least one text, each cut to `longest` tokens including [CLS] and [SEP]."""
        return EncodedTexts.of_ids(self._encoded(texts, longest), self.padding)

    def _encoded(self, texts: Iterable[str], longest: int) -> Iterator[list[int]]:
        left = iter(texts)
        room = longest - len(self._before) - len(self._behind)
        while some := list(islice(left, TOGETHER)):
            # verbose=False: otherwise it warns of each text longer than the model's window, which is cut here
            found = self._tokenizer(some, add_special_tokens=False, split_special_tokens=True, verbose=False)["input_ids"]
            for ids in found:
                own = ids if self._controls.isdisjoint(ids) else [id_ for id_ in ids if id_ not in self._controls]
                yield [*self._before, *own[:room], *self._behind]


def _normalise_as_sentencepiece(tokenizer: Any, model: Path | None) -> None:
    """Add the sentencepiece file's character table (NFKC) to the tokenizer made from it; DeBERTa's class drops it.

    Without it "…", "ﬁ" and wide letters are unknown to a model that has learnt "...", "fi" and plain ones (transformers 5.17).
    """
    backend = tokenizer.backend_tokenizer
    if model is None or "Precompiled" in repr(backend.normalizer):
        return
    from sentencepiece import sentencepiece_model_pb2

    protocol: Any = sentencepiece_model_pb2  # its classes are created at import
    stored = protocol.ModelProto()
    stored.ParseFromString(model.read_bytes())
    if table := stored.normalizer_spec.precompiled_charsmap:
        backend.normalizer = normalizers.Sequence([normalizers.Precompiled(table), backend.normalizer])
