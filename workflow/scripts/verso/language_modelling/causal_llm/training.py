"""Tunes low-rank adapters on a pretrained causal language model in 4 bits (QLoRA, Dettmers et al. 2023).

One step of the optimiser reads `accumulation` batches of `batch` texts, each text in a window of its own: no packing, because
packed texts attend to their neighbours unless attention is masked, which is slow on cards before sm_80.

    tokens    <s> [INST] prompt [/INST] text </s>  pad pad      padded on the right to the longest of its batch
    targets       -      -       -      text </s>   -   -       by position, so </s> is learnt even if it is also the padding
"""

import hashlib
import logging
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from verso.errors import VersoError
from verso.files import read_json_lines
from verso.machine.device import working_device
from verso.machine.halving import HalvingBatches
from verso.machine.hardware import Device, arithmetic, pick_device_for_llm
from verso.pretrained import backends, causal_llm
from verso.pretrained.chat import Chat, Example, prompt_of
from verso.training.order import permutation
from verso.training.run import TrainingRun

log = logging.getLogger(__name__)

UNCOUNTED = -100  # ignored target: cross_entropy's default
RECITED, RECITED_TOKENS = 32, 50  # memorisation test: texts of a part, tokens to continue with
COLUMNS = ("train_recited", "validation_recited")


class Tuning:
    """Texts in batches, their loss and validation (see verso.training.learner.Learner).

    micro_batches: so many a batch is computed in, if a card cannot hold it at once.
    """

    def __init__(
        self,
        model: nn.Module,
        train: list[Example],
        validation: list[Example],
        settings: Mapping[str, Any],
        seed: int,
        padding: int,
        device: Device,
        micro_batches: int = 1,
    ) -> None:
        self.model = model
        self._train, self._held_out = train, sorted(validation, key=lambda example: len(example.tokens))
        self._seed, self._padding, self._device, self._only_completion = seed, padding, device, settings["completion_only"]
        self._texts = settings["batch"] * settings["accumulation"]  # in a step
        self._batch, self._held_out_at_once, self.micro_batches = settings["batch"], settings["batch"], micro_batches
        self.steps = -(-len(train) // self._texts)
        times = settings["measurements"]
        self._measured_after = {0, *(round(self.steps * time / times) for time in range(1, times))}
        self._noise = settings["neftune_noise_alpha"]
        if self._noise is not None:
            embeddings: nn.Module = model.get_input_embeddings()  # type: ignore[operator]
            embeddings.register_forward_hook(self._with_noise)

    def _with_noise(self, module: nn.Module, inputs: Any, embedded: Tensor) -> Tensor:
        """Add uniform noise of size alpha / sqrt(T D) to the embeddings (B, T, D) in training: NEFTune (Jain et al. 2023)."""
        if not self.model.training:
            return embedded
        assert self._noise is not None
        size = self._noise / (embedded.shape[1] * embedded.shape[2]) ** 0.5
        return embedded + torch.empty_like(embedded).uniform_(-size, size)

    def batches(self, epoch: int, first: int) -> Iterator[list[Example]]:
        """The texts of each step, in the epoch's order."""
        order = permutation(len(self._train), self._seed, epoch).tolist()
        for begin in range(first * self._texts, len(order), self._texts):
            yield [self._train[index] for index in order[begin : begin + self._texts]]

    def losses(self, batch: list[Example]) -> Iterator[tuple[Tensor, int]]:
        """Parts of the mean loss over all the step's targets, for batches of texts of similar length."""
        ordered = sorted(batch, key=lambda example: len(example.tokens))
        targets = sum(self._counted(example) for example in batch)
        for begin in range(0, len(ordered), self._at_once):
            some = ordered[begin : begin + self._at_once]
            summed, counted = self._summed_loss(some)
            yield summed / targets, counted

    @property
    def _at_once(self) -> int:
        return max(1, self._batch // self.micro_batches)

    def halve(self) -> bool:
        """Halve the micro-batches, down to one text."""
        before, self.micro_batches = self._at_once, 2 * self.micro_batches
        return self._at_once < before

    def measured_after(self, done: int) -> bool:
        """At equal distances, and before the first step (the untuned base model)."""
        return done in self._measured_after

    def validate(self) -> float:
        """Mean loss in nats over the validation texts' targets."""
        total, targets = 0.0, 0
        halving = HalvingBatches(min(self._at_once, self._held_out_at_once), "read")
        for summed, counted in halving.groups(self._held_out, self._summed_loss):
            total, targets = total + float(summed), targets + counted
        self._held_out_at_once = halving.at_once
        return total / targets

    def observed(self) -> dict[str, float]:
        """Verbatim memorisation of training texts, and of held-out ones for comparison.

        For RECITED texts the model gets the prompt and 50 tokens and continues with 50 more by greedy decoding (Carlini et al.
        2023): the share of these that it reproduces before its first error. Up to there the greedy text is the true one, so one
        pass over the true text measures it.
        """
        parts = (self._train, self._held_out)
        return {name: self._recited(part) for name, part in zip(COLUMNS, parts, strict=True)}

    def _recited(self, part: list[Example]) -> float:
        shares = []
        # By checksum, because sorted names begin with one artist's
        mixed = sorted(part, key=lambda example: hashlib.sha256(example.document.encode()).digest())
        for example in [example for example in mixed if example.completion > 2 * RECITED_TOKENS][:RECITED]:
            begin = example.prompt + RECITED_TOKENS
            tokens = torch.tensor([example.tokens[: begin + RECITED_TOKENS]], device=self._device.device)
            with arithmetic(self._device):
                guessed = self.model(input_ids=tokens[:, :-1]).logits[0, begin - 1 :].argmax(dim=-1)
            right = (guessed == tokens[0, begin:]).long().cumprod(dim=0)  # up to the first error
            shares.append(float(right.double().mean()))
        return sum(shares) / len(shares) if shares else float("nan")

    def _counted(self, example: Example) -> int:
        return example.completion if self._only_completion else len(example.tokens) - 1

    def _summed_loss(self, examples: Sequence[Example]) -> tuple[Tensor, int]:
        """The summed loss in nats over the targets of some texts, and their number."""
        longest = max(len(example.tokens) for example in examples)
        tokens = torch.full((len(examples), longest), self._padding)
        targets = torch.full((len(examples), longest), UNCOUNTED)
        for row, example in enumerate(examples):
            size = len(example.tokens)
            begin = example.prompt if self._only_completion else 1
            tokens[row, :size] = torch.tensor(example.tokens)
            targets[row, begin:size] = tokens[row, begin:size]
        lengths = torch.tensor([len(example.tokens) for example in examples])
        seen = torch.arange(longest) < lengths[:, None]
        tokens, targets, seen = (part.to(self._device.device) for part in (tokens, targets, seen))
        with arithmetic(self._device):
            logits = self.model(input_ids=tokens, attention_mask=seen.long()).logits  # (B, T, V)
        here = targets[:, 1:] != UNCOUNTED
        scores = logits[:, :-1][here].float()  # of the targets only: all logits in float32 would take a gigabyte
        return functional.cross_entropy(scores, targets[:, 1:][here], reduction="sum"), int(here.sum())

    def carried(self) -> None:
        """No state is carried from batch to batch."""

    def restore(self, carried: None) -> None:
        """Nothing did."""


def examples(documents: str | Path, chat: Chat, instruction: Mapping[str, str], settings: Mapping[str, Any]) -> list[Example]:
    """The texts of a part as tokens, none longer than settings["max_length"]; longer ones are counted in the log.

    Raises VersoError when a prompt alone fills the window, or the part is empty.
    """
    window, beyond = settings["max_length"], settings["long_texts"]
    found = []
    for document in read_json_lines(documents):
        whole = chat.with_prompt(prompt_of(document, instruction), document["text"], document["id"])
        if whole.prompt > window - 2:
            raise VersoError(
                f"{document['id']}: its prompt takes {whole.prompt} of the window's {window} tokens; make max_length larger or "
                "the corpus's instruction shorter"
            )
        room = window - whole.prompt
        pieces = [whole.tokens[begin : begin + room] for begin in range(whole.prompt, len(whole.tokens), room)]
        left = whole.completion
        for piece in pieces[:1] if beyond == "cut" else pieces:
            left -= len(piece)
            found.append(Example(whole.document, whole.tokens[: whole.prompt] + piece, whole.prompt, left))
    if not found:
        raise VersoError(f"{documents}: no document; the corpus needs at least one to learn from and one to validate with")
    longer, lost = beyond_window(found, beyond)
    if longer:
        what = f"{lost} tokens beyond it are not learnt" if beyond == "cut" else "they are learnt in pieces"
        log.warning("%s: %d texts are longer than the window of %d tokens; %s", documents, longer, window, what)
    return found


def beyond_window(part: list[Example], beyond: str) -> tuple[int, int]:
    """Log the number of texts longer than the window, and of their tokens that are in no example.

    beyond: "cut" or "split", as configured.
    """
    longer = {example.document for example in part if example.beyond}
    return len(longer), sum(example.beyond for example in part) if beyond == "cut" else 0


def train(train: str | Path, validation: str | Path, manifest: str | Path, instruction: dict[str, str], run: TrainingRun) -> None:
    """Tune adapters and write the best ones, the architecture, history and use of hardware.

    train, validation: JSON lines with "id", "text" and "metadata". manifest: pretrained.json of the base model. instruction: the
    corpus's {"instruction", "input"}.

    Raises what TrainingRun.fit raises, DeviceLost as any training, and VersoError when base model, tokenizer and settings do not
    fit, or as `examples` does.
    """
    settings = run.settings
    with working_device(run.gpus, pick_device_for_llm) as device:
        backend = backends.choose(settings, manifest, device)  # first, because unsloth must be imported before transformers
        causal_llm.must_hold_window(manifest, settings["max_length"])
        computed_by = {"backend": backends.described(backend)}
        log.info("computed by %s", computed_by["backend"])
        chat = causal_llm.load_chat(manifest, settings.get("chat_template", {}))
        learnt, held_out = (examples(part, chat, instruction, settings) for part in (train, validation))
        model = backends.tunable(backend, manifest, settings, device, run.seed)
        counts = causal_llm.parameter_counts(model)
        log.info("%s parameters, %s of them learnt", f"{sum(counts.values()):,}", f"{counts['trainable']:,}")
        task = Tuning(model, learnt, held_out, settings, run.seed, chat.padding, device, run.micro_batches)

        longer, lost = beyond_window(learnt, settings["long_texts"])
        held_out_longer, _ = beyond_window(held_out, settings["long_texts"])
        beyond = {"train_texts_longer": longer, "validation_texts_longer": held_out_longer, "tokens_not_learnt": lost}
        decisive = {"instruction": instruction, **computed_by}
        with run.fit(task, device, [train, validation, manifest], decisive, {**computed_by, **beyond}):
            causal_llm.save_adapters(model, run.architecture.parent)
            causal_llm.write_architecture(run.architecture, manifest, settings, counts)
