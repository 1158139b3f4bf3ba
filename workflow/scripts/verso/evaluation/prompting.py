"""Ask a chat model for the labels of test texts: scores.csv as any classifier's, what it replied, and what that took.

    generate     it writes a reply, which is a label or is not; asked again up to `attempts` times, then invalid, never guessed
    likelihood   the label whose name is its likeliest reply; never invalid, with probabilities
"""

import logging
import math
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import torch

from verso.errors import VersoError
from verso.evaluation.causal_generation import answers, ended
from verso.evaluation.few_shot import few_shot
from verso.evaluation.generation import numbers_of
from verso.evaluation.label_likelihood import LabelLikelihood, names_as_replies
from verso.evaluation.questions import Question, Questions
from verso.evaluation.side_by_side import SideBySide
from verso.files import read_json_lines, write_csv, write_json, write_json_lines
from verso.hardware import Meter, asked_and_used, pick_device_for_llm, use_threads
from verso.logs import progress
from verso.models.causal_llm import load_tokenizer, load_tuned
from verso.text.labels import Labels
from verso.text.prompts import Template
from verso.text.replies import class_of_reply, must_differ_as_replies
from verso.training.backends import described
from verso.training.card import card_must_answer, promised_card_is_there

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
    asked: dict[str, int],
) -> None:
    """Write scores.csv of `documents` (JSON lines), in their order, what was replied, and what it took.

    train: where examples are taken from. settings: way, examples, max_length, max_new_tokens, decoding and attempts, as `Prompt` of
    the config describes. seed: of examples and draws. batch: texts asked at once. scores: as verso.evaluation.classification writes
    them, prediction empty where a reply was invalid, probabilities empty where there are none. replies: JSON lines of document,
    prompt_tokens, text_tokens_cut, replies (all that were given), attempts, taken (which reply, from 1; null: none), and of
    likelihood log_likelihoods by label. scoring: what the whole job used, loading included, as of a training; counts; and
    documents_per_second, from texts to labels, without the loading.

    Raises VersoError, before the model is loaded, for a template that is none, labels that are not told apart, too few training
    texts for the examples, and a window too small; and as load_tuned does.
    """
    use_threads()
    with card_must_answer():
        device = pick_device_for_llm(asked["cards"])
        log.info(device.reason)
        promised_card_is_there(device, asked["cards"])
        names, prompt = Labels.load(labels), Template(template)
        rows = list(read_json_lines(documents))
        if not rows:
            raise VersoError(f"{documents}: no document to tell the label of")
        true = [names.class_of(row, documents) for row in rows]
        examples = few_shot(train, names, settings["examples"], seed)
        meter = Meter(device)
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
        if by_likelihood:
            told = _likelihoods(model, ordered, as_replies, batch, meter)
        else:
            told = _replies(model, tokenizer, ordered, names.names, settings, seed, batch, meter)
        seconds = time.perf_counter() - begin

        found = [{"document": one.document, "prompt_tokens": len(one.tokens), "text_tokens_cut": one.cut} for one in every]
        found = [row | told[row["document"]] for row in found]
        counts = _counts(found, settings, questions.examples_cut, seconds)
        read = sum(row["prompt_tokens"] * max(1, row["attempts"]) for row in found)
        used = asked_and_used(meter.report(read + counts["reply_tokens"]), asked)
        columns = [f"probability_{place}" for place in range(len(names))]
        write_csv(scores, _scores(rows, true, found, names.names), ("document", "label", "prediction", *columns))
        write_json_lines(replies, (_named(row, names.names) for row in found))
        write_json(scoring, {**counts, **used, "backend": described("transformers")})


Told = dict[str, dict[str, Any]]  # by document


def _likelihoods(model: Any, ordered: Sequence[Question], as_replies: list[list[int]], batch: int, meter: Meter) -> Told:
    found = LabelLikelihood(model, [one.tokens for one in ordered], as_replies)
    told: Told = {}

    def computed(some: Sequence[Question]) -> list[list[float]]:
        return found([one.tokens for one in some])

    rows = _metered(SideBySide(batch, "asked").rows(ordered, computed), len(ordered), meter)
    for one, values in zip(ordered, rows, strict=True):
        likeliest = max(range(len(values)), key=values.__getitem__)  # of equals the first
        reply = {"class": likeliest, "replies": [], "attempts": 0, "taken": None, "reply_tokens": 0}
        told[one.document] = reply | {"log_likelihoods": values}
    return told


def _replies(
    model: Any,
    tokenizer: Any,
    ordered: Sequence[Question],
    names: list[str],
    settings: dict[str, Any],
    seed: int,
    batch: int,
    meter: Meter,
) -> Told:
    """Each text by draws of its own at each attempt, so that neither order nor batch changes any."""
    told: Told = {one.document: {"class": None, "replies": [], "attempts": 0, "taken": None, "reply_tokens": 0} for one in ordered}
    side_by_side, waiting, limit = SideBySide(batch, "asked"), list(ordered), settings["max_new_tokens"]
    for attempt in range(1, settings["attempts"] + 1):
        if waiting and attempt > 1:
            log.info("attempt %d: %d texts whose replies were no label", attempt, len(waiting))

        def written(some: Sequence[Question], attempt: int = attempt) -> list[list[int]]:
            uniforms = torch.stack([numbers_of(seed, one.document, attempt, "reply", limit) for one in some])
            return answers(model, tokenizer, [one.tokens for one in some], uniforms, settings["decoding"])

        for one, tokens in zip(waiting, _metered(side_by_side.rows(waiting, written), len(waiting), meter), strict=True):
            kept, _ = ended(tokenizer, tokens)
            reply = tokenizer.decode(kept, skip_special_tokens=False, clean_up_tokenization_spaces=False)
            own = told[one.document]
            own["replies"].append(reply)
            own |= {"class": class_of_reply(reply, names), "attempts": attempt, "reply_tokens": own["reply_tokens"] + len(kept)}
            own["taken"] = None if own["class"] is None else attempt
        waiting = [one for one in waiting if told[one.document]["class"] is None]
    return told


def _metered(rows: Iterator[Any], count: int, meter: Meter) -> Iterator[Any]:
    with progress(list[Any](), "Asking", total=count, unit="text") as bar:
        for row in rows:
            bar.update()
            meter.state()  # read often, so that no energy counter comes round twice unseen
            yield row


def _counts(found: Sequence[dict[str, Any]], settings: dict[str, Any], examples_cut: int, seconds: float) -> dict[str, Any]:
    """What scoring.json says besides where it was computed."""

    def share(counts: Callable[[dict[str, Any]], bool]) -> float:
        return sum(map(counts, found)) / len(found)

    cut = sum(row["text_tokens_cut"] > 0 for row in found)
    if cut:
        log.warning("%d of %d texts were longer than the window and were cut at their end", cut, len(found))
    invalid = share(lambda row: row["class"] is None)
    if invalid:
        log.warning("%.1f %% of the texts have no valid reply", 100 * invalid)
    return {
        "documents": len(found),
        "documents_per_second": round(len(found) / seconds, 3),
        "way": settings["way"],
        "examples": settings["examples"],
        "examples_cut": examples_cut,
        "texts_cut": cut,
        "text_tokens_cut": sum(row["text_tokens_cut"] for row in found),
        "prompt_tokens": sum(row["prompt_tokens"] for row in found),
        "reply_tokens": sum(row["reply_tokens"] for row in found),
        "asked_again": share(lambda row: row["attempts"] > 1),
        "invalid": invalid,
    }


def _scores(rows: Sequence[dict[str, Any]], true: list[int], found: Sequence[dict[str, Any]], names: list[str]) -> Iterator[Any]:
    for row, label, own in zip(rows, true, found, strict=True):
        prediction = "" if own["class"] is None else names[own["class"]]
        shares = _softmax(own["log_likelihoods"]) if "log_likelihoods" in own else []
        told = {"document": row["id"], "label": names[label], "prediction": prediction}
        yield told | {f"probability_{place}": value for place, value in enumerate(shares)}


def _softmax(values: Sequence[float]) -> list[float]:
    most = max(values)
    weights = [math.exp(value - most) for value in values]
    return [weight / sum(weights) for weight in weights]


def _named(row: dict[str, Any], names: list[str]) -> dict[str, Any]:
    """A row of replies.jsonl."""
    found = {key: value for key, value in row.items() if key not in ("class", "reply_tokens")}
    if "log_likelihoods" in row:
        found["log_likelihoods"] = dict(zip(names, row["log_likelihoods"], strict=True))
    return found | {"prediction": "" if row["class"] is None else names[row["class"]]}
