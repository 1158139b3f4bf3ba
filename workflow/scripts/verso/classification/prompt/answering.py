"""Predicts the labels of test texts with a chat model; writes scores.csv as any classifier does, the replies and the cost.

generate     the model writes a reply; if it is no label, it is prompted again, up to `attempts` times; then the text is invalid
likelihood   the label whose name is the most likely reply; never invalid, with probabilities

Replies are saved as they come (verso.training.resumable_rows): a restarted job prompts no text twice.
"""

import logging
import math
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import torch

from verso.classification.prompt.few_shot import few_shot
from verso.classification.prompt.label_likelihood import LabelLikelihood, names_as_replies
from verso.classification.prompt.label_prompts import Question, Questions
from verso.classification.prompt.replies import class_of_reply, must_differ_as_replies
from verso.classification.scores import InferenceRun
from verso.contract import Prediction
from verso.errors import VersoError
from verso.files import read_json_lines, write_csv, write_json, write_json_lines
from verso.jobs.logs import progress
from verso.machine.device import working_device
from verso.machine.hardware import Device, pick_device_for_llm, requested_and_used
from verso.pretrained.backends import described
from verso.pretrained.causal_llm import chat_of_run, load_tuned
from verso.pretrained.chat import Chat
from verso.pretrained.draws import numbers_of
from verso.pretrained.generation import answers
from verso.text.labels import Labels
from verso.text.prompts import Template
from verso.training.checkpoints import key_of_training
from verso.training.resumable_rows import ResumableRows, resumable_rows

log = logging.getLogger(__name__)


class Answered(NamedTuple):
    """The files of one prediction: documents (JSON lines), scores, replies (None: not kept), scoring."""

    documents: str | Path
    scores: str | Path
    replies: str | Path | None
    scoring: str | Path


class Prompting(NamedTuple):
    """The files, besides the texts, that determine the replies: train gives the examples."""

    train: str | Path
    labels: str | Path
    template: str | Path
    manifest: str | Path
    model_folder: str | Path


def answer(
    test: Answered,
    own_texts: Answered | None,
    prompting: Prompting,
    settings: dict[str, Any],
    seed: int,
    run: InferenceRun,
) -> None:
    """Write scores.csv of the test and of the user's own texts, in their order, the replies, and the cost of each.

    own_texts: None if the user wrote none. settings: answer_by, examples, max_length, max_new_tokens, decoding and attempts,
    as `Prompt` of the config describes. seed: of examples and draws. scores: as verso.classification.scores writes them,
    prediction empty if the reply was invalid, probabilities empty if there are none. replies: JSON lines of document,
    prompt_tokens, text_tokens_cut, replies (all of them), attempts, taken (number of the valid reply, from 1; null: none),
    prediction, and with likelihood log_likelihoods by label. scoring: the resources that all starts of the job used for these
    texts, as of a training, for the test with the loading; counts; and documents_per_second, from texts to labels, without the
    loading. run: the last checkpoint in its `kept` stays when the outputs are written, so that no text is prompted twice.

    Raises VersoError, before the model is loaded, for an invalid template, labels that cannot be predicted apart as replies, too
    few training texts for the examples, and a window too small; and as load_tuned and ResumableRows.rows do.
    """
    with working_device(run.requested["cards"], pick_device_for_llm) as device:
        names, prompt = Labels.load(prompting.labels), Template(prompting.template)
        examples = few_shot(prompting.train, names, settings["examples"], seed)
        model = None
        for texts in (test, own_texts):
            if texts is None:
                continue
            rows = list(read_json_lines(texts.documents))
            if not rows:
                raise VersoError(f"{texts.documents}: no document to predict the label of")
            true = [names.class_of(row, texts.documents) for row in rows]
            of_prompt = [prompting.train, prompting.labels, prompting.template, prompting.manifest]
            files = [texts.documents, *of_prompt, Path(prompting.model_folder, "architecture.json")]
            key = key_of_training(run.fingerprint, settings, seed, device.device.type, files)
            kept_in = run.kept / Path(texts.scores).stem
            with resumable_rows(kept_in, key, run.started, device, run.texts_at_once, run.report) as kept:
                if model is None:
                    model = _Model(prompting, prompt, names, examples, settings, device)
                found, counts = _answered(model, rows, settings, seed, kept)
                read = sum(len(one.tokens) * max(1, own.attempts) for one, own in found)
                used = requested_and_used(kept.meter.report(read + counts["reply_tokens"]), run.requested)
                columns = [f"probability_{place}" for place in range(len(names))]
                write_csv(texts.scores, _scores(true, found, names.names), ("document", "label", "prediction", *columns))
                if texts.replies is not None:
                    write_json_lines(texts.replies, (_row(one, own, names.names) for one, own in found))
                write_json(texts.scoring, {**counts, **used, "backend": described("transformers")})


class _Model:
    """Load the model and make its prompts. Raises VersoError, before it is loaded, if labels or window do not fit."""

    def __init__(
        self,
        prompting: Prompting,
        prompt: Template,
        names: Labels,
        examples: Sequence[Any],
        settings: dict[str, Any],
        device: Device,
    ) -> None:
        self.names = names
        self.chat = chat_of_run(prompting.model_folder, prompting.manifest)
        self.as_replies = names_as_replies(self.chat, names.names)
        self.by_likelihood = settings["answer_by"] == "likelihood"
        if not self.by_likelihood:
            must_differ_as_replies(names.names)
        longest = max(map(len, self.as_replies)) if self.by_likelihood else settings["max_new_tokens"]
        self.questions = Questions(self.chat, prompt, names, examples, settings["max_length"], longest)
        self.model, _ = load_tuned(prompting.model_folder, prompting.manifest, device.device, device.dtype)


def _answered(
    model: _Model, rows: Sequence[Any], settings: dict[str, Any], seed: int, kept: ResumableRows
) -> tuple["Found", dict[str, Any]]:
    """The result for each text, and the counts of scoring.json."""
    begin = time.perf_counter()
    every = [model.questions.of(row) for row in progress(rows, "Reading", unit="text")]
    # Texts of similar length together: padding costs time
    ordered = sorted(every, key=lambda one: len(one.tokens))
    read_in = time.perf_counter() - begin
    if model.by_likelihood:
        predicted = _likelihoods(model.model, ordered, model.as_replies, kept)
    else:
        predicted = _replies(model.model, model.chat, ordered, model.names.names, settings, seed, kept)
    found = [(one, predicted[one.document]) for one in every]
    counts = _counts(found, settings, read_in + kept.seconds) | {"examples_cut": model.questions.examples_cut}
    return found, counts


@dataclass
class Reply:
    """The result of one prompt.

    predicted: the class; None without a valid reply. taken: the number, from 1, of the reply that says it.
    """

    predicted: int | None = None
    replies: list[str] = field(default_factory=list)
    attempts: int = 0
    taken: int | None = None
    reply_tokens: int = 0
    log_likelihoods: list[float] = field(default_factory=list)  # of each label, if answer_by is likelihood


def _likelihoods(model: Any, ordered: Sequence[Question], as_replies: list[list[int]], kept: ResumableRows) -> dict[str, Reply]:
    likelihood = LabelLikelihood(model, [one.tokens for one in ordered], as_replies)
    rows = kept.rows(ordered, lambda some: likelihood([one.tokens for one in some]), lambda one: len(one.tokens))
    predicted = {}
    for one, values in zip(ordered, rows, strict=True):
        likeliest = max(range(len(values)), key=lambda place: values[place])  # the first of equals
        predicted[one.document] = Reply(likeliest, log_likelihoods=values)
    return predicted


def _replies(
    model: Any,
    chat: Chat,
    ordered: Sequence[Question],
    names: list[str],
    settings: dict[str, Any],
    seed: int,
    kept: ResumableRows,
) -> dict[str, Reply]:
    """Each text has its own random draws at each attempt, so neither order nor batch changes a reply."""
    predicted = {one.document: Reply() for one in ordered}
    waiting, limit = list(ordered), settings["max_new_tokens"]
    for attempt in range(1, settings["attempts"] + 1):
        if not waiting:
            break
        if attempt > 1:
            log.info("attempt %d: %d texts whose replies were no label", attempt, len(waiting))

        def written(some: Sequence[Question], attempt: int = attempt) -> list[list[int]]:
            uniforms = torch.stack([numbers_of(seed, one.document, attempt, "reply", limit) for one in some])
            given = answers(model, chat, [one.tokens for one in some], uniforms, settings["decoding"])
            return [chat.ended(tokens)[0] for tokens in given]

        rows = kept.rows(waiting, written, lambda one: len(one.tokens) + limit)
        for one, tokens in zip(waiting, rows, strict=True):
            # Control tokens are kept as text: a reply that holds one is no label
            reply = chat.tokenizer.decode(tokens, skip_special_tokens=False, clean_up_tokenization_spaces=False)
            own = predicted[one.document]
            own.replies.append(reply)
            own.attempts, own.predicted = attempt, class_of_reply(reply, names)
            own.taken = None if own.predicted is None else attempt
            own.reply_tokens += len(tokens)
        waiting = [one for one in waiting if predicted[one.document].predicted is None]
    return predicted


Found = Sequence[tuple[Question, Reply]]


def _counts(found: Found, settings: dict[str, Any], seconds: float) -> dict[str, Any]:
    """The entries of scoring.json besides resources; also logs cut texts and invalid replies."""
    cut = sum(one.cut > 0 for one, _ in found)
    if cut:
        log.warning("%d of %d texts were longer than the window and were cut at their end", cut, len(found))
    invalid = sum(own.predicted is None for _, own in found)
    if invalid:
        log.warning("%d of %d texts have no valid reply", invalid, len(found))
    return {
        "documents": len(found),
        "documents_per_second": round(len(found) / seconds, 3),
        "way": settings["answer_by"],
        "examples": settings["examples"],
        "texts_cut": cut,
        "text_tokens_cut": sum(one.cut for one, _ in found),
        "prompt_tokens": sum(len(one.tokens) for one, _ in found),
        "reply_tokens": sum(own.reply_tokens for _, own in found),
        "asked_again": sum(own.attempts > 1 for _, own in found) / len(found),
        "invalid": invalid / len(found),
    }


def _scores(true: list[int], found: Found, names: list[str]) -> Iterator[dict[str, Any]]:
    for label, (one, own) in zip(true, found, strict=True):
        shares = _softmax(own.log_likelihoods) if own.log_likelihoods else []
        predicted = {"document": one.document, "label": names[label], "prediction": _name(own, names)}
        yield predicted | {f"probability_{place}": value for place, value in enumerate(shares)}


def _softmax(values: Sequence[float]) -> list[float]:
    weights = [math.exp(value - max(values)) for value in values]
    return [weight / sum(weights) for weight in weights]


def _row(one: Question, own: Reply, names: list[str]) -> dict[str, Any]:
    """One row of replies.jsonl."""
    row = {"document": one.document, "prompt_tokens": len(one.tokens), "text_tokens_cut": one.cut}
    row |= {"replies": own.replies, "attempts": own.attempts, "taken": own.taken, "prediction": _name(own, names)}
    return row | ({"log_likelihoods": dict(zip(names, own.log_likelihoods, strict=True))} if own.log_likelihoods else {})


def _name(own: Reply, names: list[str]) -> str:
    return "" if own.predicted is None else names[own.predicted]


def loaded(prompting: Prompting, settings: dict[str, Any], seed: int, device: Device) -> _Model:
    """The chat model with the prompt, the labels and the examples of a run, as `answer` loads it."""
    names = Labels.load(prompting.labels)
    examples = few_shot(prompting.train, names, settings["examples"], seed)
    return _Model(prompting, Template(prompting.template), names, examples, settings, device)


def predicted_by(
    model: _Model, rows: Sequence[Any], settings: dict[str, Any], seed: int, kept: ResumableRows
) -> list[Prediction]:
    """What a chat model says of texts without a label: {"id", "text"} each. settings, seed: as of `answer`."""
    found, _ = _answered(model, rows, settings, seed, kept)
    names = model.names.names
    return [Prediction(_name(own, names), _softmax(own.log_likelihoods) if own.log_likelihoods else []) for _, own in found]
