"""The family `prompt`: chat models that predict the label of a text by their reply to a prompt, and learn nothing.

Names that transformers chose (`max_new_tokens`, `top_p`) stay as it spells them.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal

from pydantic import Field, model_validator

from verso.classification.prompt import estimate
from verso.classification.prompt.replies import must_differ_as_replies
from verso.classification.settings import with_own_texts
from verso.contract import MODEL, Family, Prediction, TrainedModel, Work
from verso.errors import VersoError
from verso.pretrained.estimate import architecture
from verso.pretrained.settings import ChatTemplate, NeedsOfLLM
from verso.settings.base import Decoding, ModelSettings, Name, PathOfFile


class ReplyDecoding(Decoding):
    """How a reply is sampled. The defaults are the original report's values."""

    temperature: float = Field(0.05, gt=0, description="Below 1 sharpens the distribution.")
    top_p: float = Field(0.8, gt=0, le=1, description="Draw from the smallest set of tokens with this total probability.")
    top_k: int = Field(10, ge=0, description="Draw from this many most probable tokens; 0: all.")


class Prompt(ModelSettings):
    """A chat model that predicts the label of each text by its reply to a prompt."""

    renamed: ClassVar[dict[str, str]] = {"way": "answer_by"}

    family: Literal["prompt"] = Field(description="A chat model that is prompted for labels, zero-shot or few-shot.")
    pretrained: Name = Field(description="An entry of `pretrained`: an instruction-tuned model, or a miniature.")
    quantisation: Literal["nf4", "none"] = Field(
        "nf4", description="`nf4`: weights in 4 bits, doubly quantised (Dettmers et al. 2023); `none`: as they were saved."
    )
    answer_by: Literal["generate", "likelihood"] = Field(
        "generate",
        description="`generate`: the model writes a reply, a label or invalid; `likelihood`: the label whose name is the "
        "most likely reply, never invalid.",
    )
    template: PathOfFile = Field(
        "resources/prompts/label.en.jinja",
        min_length=1,
        description="File of the prompt, a jinja2 template with the variables `text`, `labels` and "
        "`examples` (docs/classification/prompt.md).",
    )
    examples: int = Field(0, ge=0, description="Number of few-shot examples from train, balanced over labels.")
    max_new_tokens: int = Field(45, ge=1, description="`generate`: longest reply.")
    decoding: ReplyDecoding = Field(default_factory=ReplyDecoding, description="`generate`: how a reply is sampled.")
    attempts: int = Field(3, ge=1, description="`generate`: most prompts per text until a reply is a label; then it is invalid.")
    max_length: int = Field(
        4096, ge=64, description="Window in tokens for prompt, examples and reply; a longer text is cut at its end."
    )
    chat_template: ChatTemplate = Field(default_factory=ChatTemplate, description="What the model's chat template is given.")
    batch: int = Field(8, ge=1, description="Batch size; halved if the card's memory is too small.")
    miniature: bool = Field(
        False, description="A toy model; the report marks it as one. Always true for a base model that is a miniature."
    )
    needs: NeedsOfLLM = Field(default_factory=NeedsOfLLM, description="What a run requests of the machine.")

    @model_validator(mode="after")
    def _a_text_has_room_beside_its_reply(self) -> "Prompt":
        if self.answer_by == "generate" and self.max_new_tokens >= self.max_length:
            raise ValueError(
                f"max_new_tokens is {self.max_new_tokens} of the window's {self.max_length} (max_length): no prompt would fit; a "
                "label takes a few tokens"
            )
        return self


def _faults(entry: Mapping[str, Any], corpus: str, settings: Any) -> Iterator[str]:
    names = settings.names_of_classes()
    if not names:
        return
    if entry.get("answer_by", "generate") == "generate":
        try:
            must_differ_as_replies(names)
        except VersoError as error:
            yield f"writes its replies, and {error}"
    examples, most = entry.get("examples", 0), settings.texts_per_label
    if isinstance(examples, int) and most is not None and -(-examples // len(names)) > most:
        yield f"shows {examples} examples of {len(names)} labels, and corpora.{corpus} has {most} texts of each (texts_per_label)"


def _missing(entry: Any) -> Iterator[tuple[str, str]]:
    if not Path(entry.template).is_file():
        yield "template", f"{entry.template} does not exist (looked from {Path.cwd()})"
        return
    from verso.text.prompts import fault_of_template  # imports jinja2, so only for configs with prompts

    if fault := fault_of_template(entry.template):
        yield "template", fault


def _predict(model: TrainedModel, texts: Sequence[tuple[str, str]]) -> list[Prediction]:
    from verso.classification.prompt.predicting import predict_texts

    return predict_texts(model, texts)


FAMILY = Family(
    settings=Prompt,
    task="classification",
    kinds=frozenset({"labelled"}),
    made_by=lambda entry: "describe_base",
    works={
        "describe_base": Work("describing the base", MODEL),
        **with_own_texts(
            "answer_prompts",
            Work(
                "predicting",
                "scores.csv",
                seconds=lambda entry, base, size, corpus: estimate.seconds_of_use(
                    entry, architecture(base), size.characters, size.documents
                ),
                measured="scoring.json",
                resumable=True,
            ),
        ),
    },
    model_files=lambda entry: (),
    shown={"replies": "replies.jsonl"},
    undecisive=frozenset({"template", "batch", "answer_by", "examples", "max_new_tokens", "decoding", "attempts"}),
    inference=estimate.inference,
    starts_from="causal_lm",
    luck=lambda entry: entry.answer_by == "generate" or entry.examples > 0,  # a seed draws replies and examples
    faults=_faults,
    missing=_missing,
    predict=_predict,
)
