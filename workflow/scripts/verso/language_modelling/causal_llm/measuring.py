"""Measures the predictions of a pretrained causal language model, base or tuned, as those of the other families are measured.

What differs is in docs/language_modelling/measures.md: the targets are a text's own tokens after its prompt, as it is scored.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from verso.files import read_json_lines, write_json
from verso.jobs.logs import progress
from verso.language_modelling.causal_llm.predictor import PretrainedPredictor, Subwords
from verso.language_modelling.measuring import Chosen, measure
from verso.machine.device import working_device
from verso.machine.hardware import Meter, pick_device_for_llm, requested_and_used
from verso.pretrained.backends import described
from verso.pretrained.causal_llm import chat_of_run, load_tuned
from verso.pretrained.chat import Chat, prompt_of


def measure_pretrained(
    parts: Mapping[str, str | Path],
    model_folder: str | Path,
    manifest: str | Path,
    instruction: dict[str, str],
    settings: dict[str, Any],
    made: Mapping[str, str | Path],
    requested: dict[str, int],
) -> None:
    """Write made["predictions"], ["frequencies"] and ["latencies"] (verso.language_modelling.measuring), and what that used to
    made["hardware"].

    The other arguments are those of verso.language_modelling.causal_llm.scoring.score, and so is what is raised.
    """
    with working_device(requested["cards"], pick_device_for_llm) as device:
        meter, done = Meter(device), 0
        chat = chat_of_run(model_folder, manifest)
        model, about = load_tuned(model_folder, manifest, device.device, device.dtype)
        training = (row["text"] for row in progress(read_json_lines(parts["train"]), "Counting tokens", unit="document"))
        vocabulary = Subwords(chat, _size(model, chat.start), training)

        def read(document: Chosen) -> tuple[list[int], int]:
            nonlocal done
            meter.state()  # read often, so that no overflow of an energy counter is missed
            tokens, first = tokens_and_first_target(chat, document, instruction if settings["prompt"] == "with" else None)
            done += len(tokens) - first
            return tokens, first

        measure(
            predictor=PretrainedPredictor(model, chat, vocabulary, about["max_length"], settings["stride"]),
            parts=parts,
            predictions=made["predictions"],
            frequencies=made["frequencies"],
            latencies=made["latencies"],
            read=read,
            computed_on=(device.device.type, str(meter.report(0)["device_name"])),
        )
        write_json(made["hardware"], requested_and_used(meter.report(done), requested) | {"backend": described("transformers")})


def tokens_and_first_target(chat: Chat, document: Chosen, instruction: Mapping[str, str] | None) -> tuple[list[int], int]:
    """What is read of a document, and the place of its text's first token. instruction: of the corpus; None: without a prompt."""
    if instruction is None:
        example = chat.without_prompt(document.text, document.name)
    else:
        prompt = prompt_of({"metadata": document.metadata}, instruction)
        example = chat.with_prompt(prompt, document.text, document.name)
    return example.tokens[:-1] if document.cut else example.tokens, example.prompt


@torch.inference_mode()
def _size(model: Any, start: int) -> int:
    """Tokens that the model gives a probability to: for some more than its tokenizer has."""
    device = next(model.parameters()).device
    return int(model(input_ids=torch.tensor([[start]], device=device)).logits.shape[-1])
