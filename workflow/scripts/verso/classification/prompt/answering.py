"""Ask a chat model for the labels of test texts: scores.csv as any classifier's, what it replied, and what that took.

generate     it writes a reply, which is a label or is not; asked again up to `attempts` times, then invalid, never guessed
likelihood   the label whose name is its likeliest reply; never invalid, with probabilities

What it has replied outlives the job (verso.training.resumable_rows): no text is asked twice because a job died.
"""

import logging
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch

from verso.classification.prompt.few_shot import few_shot
from verso.classification.prompt.label_likelihood import LabelLikelihood, names_as_replies
from verso.classification.prompt.label_prompts import Question, Questions
from verso.classification.prompt.replies import class_of_reply, must_differ_as_replies
from verso.errors import VersoError
from verso.files import read_json_lines, write_csv, write_json, write_json_lines
from verso.jobs.logs import progress
from verso.machine.device import working_device
from verso.machine.hardware import asked_and_used, pick_device_for_llm
from verso.pretrained.backends import described
from verso.pretrained.causal_llm import load_tokenizer, load_tuned
from verso.pretrained.draws import numbers_of
from verso.pretrained.generation import answers, ended
from verso.text.labels import Labels
from verso.text.prompts import Template
from verso.training.checkpoints import key_of_training
from verso.training.resumable_rows import ResumableRows, resumable_rows

log = logging.getLogger(__name__)


def answer(
    documents: str | Path,
    train: str | Path,
    labels: str | Path,
    template: str | Path,
    manifest: str | Path,
    model_folder: str | Path,
    settings: dict[str, Any],
    seed: int,
    batch: int,
    scores: str | Path,
    replies: str | Path,
    scoring: str | Path,
    fingerprint: str,
    checkpoints: str | Path,
    started: float,
    report: Callable[[dict[str, Any]], None],
    asked: dict[str, int],
) -> None:
    """Write scores.csv of `documents` (JSON lines), in their order, what was replied, and what it took.

    train: where examples are taken from. settings: way, examples, max_length, max_new_tokens, decoding and attempts, as `Prompt`
    of the config describes. seed: of examples and draws. batch: texts asked at once. scores: as
    verso.classification.small_networks.predicting writes them, prediction empty where a reply was invalid, probabilities empty
    where there are none. replies: JSON lines of document, prompt_tokens, text_tokens_cut, replies (all of them), attempts, taken
    (which reply, from 1; null: none), prediction, and of likelihood log_likelihoods by label. scoring: what the whole job used
    over all its lives, loading included, as of a training; counts; and documents_per_second, from texts to labels, without the
    loading. fingerprint, checkpoints, started: as of a training; the last of `checkpoints` stays when the outputs stand. report:
    see verso.jobs.logs.reporting_progress.

    Raises VersoError, before the model is loaded, for a template that is none, labels that are not told apart, too few training
    texts for the examples, and a window too small; and as load_tuned and ResumableRows.rows do.
    """
    with working_device(asked["cards"], pick_device_for_llm) as device:
        names, prompt = Labels.load(labels), Template(template)
        rows = list(read_json_lines(documents))
        if not rows:
            raise VersoError(f"{documents}: no document to tell the label of")
        true = [names.class_of(row, documents) for row in rows]
        examples = few_shot(train, names, settings["examples"], seed)
        files = [documents, train, labels, template, manifest, Path(model_folder, "architecture.json")]
        key = key_of_training(fingerprint, settings, seed, device.device.type, files)
        with resumable_rows(checkpoints, key, started, device, batch, report) as kept:
            tokenizer = load_tokenizer(manifest)
            as_replies = names_as_replies(tokenizer, names.names)
            by_likelihood = settings["way"] == "likelihood"
            if not by_likelihood:
                must_differ_as_replies(names.names)
            longest = max(map(len, as_replies)) if by_likelihood else settings["max_new_tokens"]
            questions = Questions(tokenizer, prompt, names, examples, settings["max_length"], longest)
            model, _ = load_tuned(model_folder, manifest, device.device, device.dtype)

            begin = time.perf_counter()
            every = [questions.of(row) for row in progress(rows, "Reading", unit="text")]
            # Those of like length together: what is filled up costs time
            ordered = sorted(every, key=lambda one: len(one.tokens))
            read_in = time.perf_counter() - begin
            if by_likelihood:
                told = _likelihoods(model, ordered, as_replies, kept)
            else:
                told = _replies(model, tokenizer, ordered, names.names, settings, seed, kept)

            found = [(one, told[one.document]) for one in every]
            counts = _counts(found, settings, read_in + kept.seconds) | {"examples_cut": questions.examples_cut}
            read = sum(len(one.tokens) * max(1, own.attempts) for one, own in found)
            used = asked_and_used(kept.meter.report(read + counts["reply_tokens"]), asked)
            columns = [f"probability_{place}" for place in range(len(names))]
            write_csv(scores, _scores(true, found, names.names), ("document", "label", "prediction", *columns))
            write_json_lines(replies, (_row(one, own, names.names) for one, own in found))
            write_json(scoring, {**counts, **used, "backend": described("transformers")})


@dataclass
class Told:
    """What became of a question.

    told: the class, None of a text without a valid reply. taken: which of the replies, counted from 1, says it.
    """

    told: int | None = None
    replies: list[str] = field(default_factory=list)
    attempts: int = 0
    taken: int | None = None
    reply_tokens: int = 0
    log_likelihoods: list[float] = field(default_factory=list)  # of each label, where it was asked for them


def _likelihoods(model: Any, ordered: Sequence[Question], as_replies: list[list[int]], kept: ResumableRows) -> dict[str, Told]:
    likelihood = LabelLikelihood(model, [one.tokens for one in ordered], as_replies)
    rows = kept.rows(ordered, lambda some: likelihood([one.tokens for one in some]), lambda one: len(one.tokens))
    told = {}
    for one, values in zip(ordered, rows, strict=True):
        likeliest = max(range(len(values)), key=lambda place: values[place])  # of equals the first
        told[one.document] = Told(likeliest, log_likelihoods=values)
    return told


def _replies(
    model: Any,
    tokenizer: Any,
    ordered: Sequence[Question],
    names: list[str],
    settings: dict[str, Any],
    seed: int,
    kept: ResumableRows,
) -> dict[str, Told]:
    """Each text by draws of its own at each attempt, so that neither order nor batch changes any."""
    told = {one.document: Told() for one in ordered}
    waiting, limit = list(ordered), settings["max_new_tokens"]
    for attempt in range(1, settings["attempts"] + 1):
        if not waiting:
            break
        if attempt > 1:
            log.info("attempt %d: %d texts whose replies were no label", attempt, len(waiting))

        def written(some: Sequence[Question], attempt: int = attempt) -> list[list[int]]:
            uniforms = torch.stack([numbers_of(seed, one.document, attempt, "reply", limit) for one in some])
            given = answers(model, tokenizer, [one.tokens for one in some], uniforms, settings["decoding"])
            return [ended(tokenizer, tokens)[0] for tokens in given]

        rows = kept.rows(waiting, written, lambda one: len(one.tokens) + limit)
        for one, tokens in zip(waiting, rows, strict=True):
            # With control tokens as they are called: a reply that holds one is no label
            reply = tokenizer.decode(tokens, skip_special_tokens=False, clean_up_tokenization_spaces=False)
            own = told[one.document]
            own.replies.append(reply)
            own.attempts, own.told = attempt, class_of_reply(reply, names)
            own.taken = None if own.told is None else attempt
            own.reply_tokens += len(tokens)
        waiting = [one for one in waiting if told[one.document].told is None]
    return told


Found = Sequence[tuple[Question, Told]]


def _counts(found: Found, settings: dict[str, Any], seconds: float) -> dict[str, Any]:
    """What scoring.json says besides what was used; the log says what a reader should not miss."""
    cut = sum(one.cut > 0 for one, _ in found)
    if cut:
        log.warning("%d of %d texts were longer than the window and were cut at their end", cut, len(found))
    invalid = sum(own.told is None for _, own in found)
    if invalid:
        log.warning("%d of %d texts have no valid reply", invalid, len(found))
    return {
        "documents": len(found),
        "documents_per_second": round(len(found) / seconds, 3),
        "way": settings["way"],
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
        told = {"document": one.document, "label": names[label], "prediction": _name(own, names)}
        yield told | {f"probability_{place}": value for place, value in enumerate(shares)}


def _softmax(values: Sequence[float]) -> list[float]:
    weights = [math.exp(value - max(values)) for value in values]
    return [weight / sum(weights) for weight in weights]


def _row(one: Question, own: Told, names: list[str]) -> dict[str, Any]:
    """A row of replies.jsonl."""
    row = {"document": one.document, "prompt_tokens": len(one.tokens), "text_tokens_cut": one.cut}
    row |= {"replies": own.replies, "attempts": own.attempts, "taken": own.taken, "prediction": _name(own, names)}
    return row | ({"log_likelihoods": dict(zip(names, own.log_likelihoods, strict=True))} if own.log_likelihoods else {})


def _name(own: Told, names: list[str]) -> str:
    return "" if own.told is None else names[own.told]
