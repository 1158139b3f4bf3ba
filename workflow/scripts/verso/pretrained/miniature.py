"""Make a miniature: learn a tokenizer from a corpus, pretrain a toy model on it for a while, save both as a hub would.

causal_lm   each document "<s>text</s>", shuffled, as one stream cut into windows; a loss at each token but <s>
masked_lm   each document "[CLS]text[SEP]", shuffled, as such a stream; of 15 % of the tokens four fifths are hidden, a tenth
            exchanged, a tenth left, and the loss is of those (Devlin et al. 2019, section 3.1)

Windows hold several documents, which see each other: good enough for a toy, and never so when a model is tuned or scored.
"""

import hashlib
import logging
import shutil
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import tokenizers
import torch
import transformers
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional as F
from transformers import PreTrainedModel

from verso.errors import VersoError
from verso.files import empty_folder, give_usual_rights, read_json_lines
from verso.machine.hardware import pick_device, use_threads
from verso.pretrained.manifest import PART, SNAPSHOT, refuse_links, write_manifest
from verso.pretrained.miniature_model import (
    PURPOSES,
    built,
    check_configuration,
    check_tokenizer,
    learnt_tokenizer,
    save_tokenizer,
)
from verso.training.order import permutation
from verso.training.run import TrainingRun

log = logging.getLogger(__name__)

Batch = tuple[Tensor, Tensor]  # inputs and targets (B, T), int64

UNCOUNTED = -100  # a target that is none: cross_entropy's own default
HIDDEN, MASKED, EXCHANGED = 0.15, 0.8, 0.1  # share of the tokens to guess; of those, shown as [MASK], shown as any token


class _Pretraining(ABC):
    """What both purposes share (see verso.training.learner.Learner): documents as a stream in windows (B, T).

    targets_after: how many tokens behind its input a window's target lies: 1 for the next token, 0 for hidden ones.
    """

    targets_after: int
    micro_batches = 1

    def __init__(
        self,
        model: PreTrainedModel,
        train: list[Tensor],
        validation: list[Tensor],
        settings: Mapping[str, Any],
        seed: int,
        source: str,
    ) -> None:
        self.model = model
        self._documents, self._seed = train, seed
        self._window, self._batch = settings["window"], settings["batch"]
        tokens = sum(map(len, train)) - self.targets_after
        if tokens < self._window:
            raise VersoError(
                f"{source}: {tokens} tokens do not fill one window of {self._window}; make pretraining.window smaller"
            )
        self._windows = tokens // self._window
        self.steps = -(-self._windows // self._batch)
        self._held_out = list(self._validation(torch.cat(validation)))

    def _rows(self, stream: Tensor) -> Batch:
        """Inputs and targets (windows, T) of a stream, before anything is hidden; its last tokens stay unused."""
        count = (len(stream) - self.targets_after) // self._window
        end = count * self._window
        after = stream[self.targets_after : end + self.targets_after]
        return stream[:end].view(count, self._window), after.view(count, self._window)

    def _validation(self, stream: Tensor) -> Iterator[Batch]:
        """The validation part in batches, every token of it: the last window is filled up with targets that do not count."""
        missing = -(len(stream) - self.targets_after) % self._window
        filled = torch.cat([stream, stream.new_full((missing,), int(stream[0]))])
        inputs, targets = self._rows(filled)
        targets = targets.clone()
        targets.view(-1)[targets.numel() - missing :] = UNCOUNTED
        for index, rows in enumerate(zip(inputs.split(self._batch), targets.split(self._batch), strict=True)):
            yield self._task(*rows, epoch=0, index=index)

    @abstractmethod
    def _task(self, inputs: Tensor, targets: Tensor, epoch: int, index: int) -> Batch:
        """What the model is shown of a batch, and what it must say (UNCOUNTED where nothing)."""

    def batches(self, epoch: int, first: int) -> Iterator[Batch]:
        """The windows of the epoch's stream, `batch` at a time."""
        order = permutation(len(self._documents), self._seed, epoch).tolist()
        inputs, targets = self._rows(torch.cat([self._documents[index] for index in order]))
        for index, rows in enumerate(zip(inputs.split(self._batch), targets.split(self._batch), strict=True)):
            if index >= first:
                yield self._task(*rows, epoch=epoch, index=index)

    def losses(self, batch: Batch) -> Iterator[tuple[Tensor, int]]:
        """The mean loss of the batch in nats, at once."""
        inputs, targets = batch
        logits = self.model(input_ids=inputs).logits
        yield F.cross_entropy(logits.flatten(0, 1), targets.flatten()), int((targets != UNCOUNTED).sum())

    def validate(self) -> float:
        """Mean nats over the counted tokens of the validation part."""
        total, tokens = 0.0, 0
        for batch in self._held_out:
            for loss, counted in self.losses(batch):
                total, tokens = total + float(loss) * counted, tokens + counted
        return total / tokens

    def halve(self) -> bool:
        """Never: it is made on the CPU."""
        return False

    def measured_after(self, done: int) -> bool:
        """At its end alone."""
        return False

    def observed(self) -> dict[str, float]:
        """Nothing."""
        return {}

    def carried(self) -> None:
        """Nothing goes from batch to batch."""
        return

    def restore(self, carried: None) -> None:
        """Nothing did."""
        assert carried is None


class NextToken(_Pretraining):
    """Each token from those before it; <s> follows every </s> and is no achievement."""

    targets_after = 1

    def __init__(self, *arguments: Any, start: int) -> None:
        self._start = start
        super().__init__(*arguments)

    def _task(self, inputs: Tensor, targets: Tensor, epoch: int, index: int) -> Batch:
        return inputs, targets.masked_fill(targets == self._start, UNCOUNTED)


class HiddenTokens(_Pretraining):
    """Hidden tokens from all around them; the same ones are hidden whenever (seed, epoch, batch) are the same.

    controls: ids below this are control tokens, which are never hidden. mask: the id of [MASK]. vocabulary: how many ids.
    """

    targets_after = 0

    def __init__(self, *arguments: Any, controls: int, mask: int, vocabulary: int) -> None:
        self._controls, self._mask, self._vocabulary = controls, mask, vocabulary
        super().__init__(*arguments)

    def _task(self, inputs: Tensor, targets: Tensor, epoch: int, index: int) -> Batch:
        key = hashlib.sha256(f"{self._seed} {epoch} {index}".encode()).digest()
        chance = torch.Generator().manual_seed(int.from_bytes(key[:8], "big") >> 1)
        chosen = (torch.rand(inputs.shape, generator=chance) < HIDDEN) & (inputs >= self._controls) & (targets != UNCOUNTED)
        if not chosen.any():  # a batch of a few tokens: a mean over none would be no number
            chosen[0, int((inputs[0] >= self._controls).nonzero()[0])] = True
        fate = torch.rand(inputs.shape, generator=chance)
        others = torch.randint(self._controls, self._vocabulary, inputs.shape, generator=chance)
        shown = torch.where(chosen & (fate < MASKED), self._mask, inputs)
        shown = torch.where(chosen & (fate >= MASKED) & (fate < MASKED + EXCHANGED), others, shown)
        return shown, targets.masked_fill(~chosen, UNCOUNTED)


def make(name: str, train: str | Path, validation: str | Path, run: TrainingRun) -> None:
    """Make the miniature `name`: its files in snapshot/ and the manifest beside it, then history and use of hardware.

    train, validation: JSON lines with "text". run.settings: architecture, purpose, vocabulary, configuration, seed, pretraining
    (see verso.pretrained.settings.Miniature). run.architecture: the manifest to write, pretrained.json. It is made on the CPU
    always.

    Raises VersoError when transformers does not know the architecture or a key of its configuration (before any work), when the
    texts are too few, or the tokenizer would change text; and what TrainingRun.fit raises.
    """
    settings, manifest = run.settings, run.architecture
    refuse_links(manifest)
    purpose, architecture = settings["purpose"], settings["architecture"]
    check_configuration(architecture, purpose, settings["configuration"])
    use_threads()
    device = pick_device(0)
    texts = {"train": _texts(train), "validation": _texts(validation)}
    tokenizer = learnt_tokenizer(texts["train"], settings["vocabulary"], purpose)
    if tokenizer.get_vocab_size() < settings["vocabulary"]:
        log.info("%s: its texts give %d tokens, not %d", train, tokenizer.get_vocab_size(), settings["vocabulary"])
    model = built(architecture, purpose, settings["configuration"], tokenizer, run.seed)
    longest = _longest(model, settings)
    log.info("%s: %s parameters", name, f"{model.num_parameters():,}")

    def save_all_but_weights(folder: Path) -> None:
        model.config.save_pretrained(folder)  # by it transformers chooses the tokenizer's class
        save_tokenizer(tokenizer, folder, purpose, longest)

    with TemporaryDirectory() as folder:
        save_all_but_weights(Path(folder))
        check_tokenizer(folder, tokenizer)  # before the work of training

    task = _task(model, tokenizer, texts, settings, str(train))
    pretraining = replace(run, settings=settings["pretraining"])
    key_facts = {"miniature": settings, "libraries": [transformers.__version__, tokenizers.__version__]}
    with pretraining.fit(task, device, [train, validation], key_facts, with_settings_key=False):
        making = manifest.parent / PART
        empty_folder(making)
        save_all_but_weights(making)
        model.eval().save_pretrained(making)
        _takes_the_place_of(making, manifest.parent / SNAPSHOT)
        about = {"name": name, "type": "miniature", "architecture": architecture, "purpose": purpose, "licence": None}
        names = [path.name for path in (manifest.parent / SNAPSHOT).iterdir()]
        write_manifest(manifest, {**about, "miniature": True, "commit": None}, names)


def _texts(documents: str | Path) -> list[str]:
    texts = [row["text"] for row in read_json_lines(documents)]
    if not texts:
        raise VersoError(f"{documents}: no document; a miniature needs at least one to learn from and one to validate with")
    return texts


def _task(
    model: PreTrainedModel, tokenizer: Tokenizer, texts: dict[str, list[str]], settings: dict[str, Any], source: str
) -> NextToken | HiddenTokens:
    """The documents, encoded and framed by control tokens, as what the loop trains on."""
    purpose = PURPOSES[settings["purpose"]]
    begin, end = ("bos_token", "eos_token") if settings["purpose"] == "causal_lm" else ("cls_token", "sep_token")
    ids: dict[str, int] = tokenizer.get_vocab()
    first, last = (ids[purpose.name_of(role)] for role in (begin, end))
    train, validation = (
        [torch.tensor([first, *encoding.ids, last]) for encoding in tokenizer.encode_batch(texts[part], add_special_tokens=False)]
        for part in ("train", "validation")
    )
    common = (model, train, validation, settings["pretraining"], settings["seed"], source)
    if settings["purpose"] == "causal_lm":
        return NextToken(*common, start=first)
    mask = ids[purpose.name_of("mask_token")]
    return HiddenTokens(*common, controls=len(purpose.controls), mask=mask, vocabulary=len(ids))


def _longest(model: PreTrainedModel, settings: Mapping[str, Any]) -> int:
    """Tokens that the model can see. Raises VersoError when a window of the pretraining is longer."""
    longest, window = int(model.config.max_position_embeddings), settings["pretraining"]["window"]
    if window > longest:
        raise VersoError(f"pretraining.window is {window}: longer than configuration.max_position_embeddings, {longest}")
    return longest


def _takes_the_place_of(new: Path, old: Path) -> None:
    """Give `new` the name `old`. The manifest, which vouches for its content, is not there while this goes on."""
    give_usual_rights(new)
    shutil.rmtree(old, ignore_errors=True)
    new.rename(old)
