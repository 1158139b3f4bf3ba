"""The config's type of a chat model that is asked for the label of a text, and learns nothing.

Names that transformers chose (`max_new_tokens`, `top_p`) stay as it spells them.
"""

from typing import Literal

from pydantic import Field, model_validator

from verso.pretrained.settings import NeedsOfLLM
from verso.settings.base import Decoding, Name, Settings


class ReplyDecoding(Decoding):
    """How a reply is drawn: the report's values."""

    temperature: float = Field(0.05, gt=0, description="Below 1 sharpens the distribution.")
    top_p: float = Field(0.8, gt=0, le=1, description="Draw from the smallest set of tokens that holds this much probability.")
    top_k: int = Field(10, ge=0, description="Draw from that many likeliest tokens; 0 means all.")


class Prompt(Settings):
    """A chat model that is asked for the label of each text."""

    family: Literal["prompt"] = Field(description="A chat model that is asked for labels: zero-shot, or with a few examples.")
    pretrained: Name = Field(description="An entry of `pretrained`: an instruction-tuned model, or a miniature.")
    quantisation: Literal["nf4", "none"] = Field(
        "nf4", description="`nf4`: weights in 4 bits, doubly quantised (Dettmers et al. 2023); `none`: as they were saved."
    )
    way: Literal["generate", "likelihood"] = Field(
        "generate",
        description="`generate`: the model writes a reply, which is a label or invalid; `likelihood`: the label whose name "
        "is the likeliest reply, and never invalid.",
    )
    template: str = Field(
        "resources/prompts/label.en.jinja",
        min_length=1,
        description="File with the prompt, a jinja2 template that is given `text`, `labels` and `examples` (docs/prompting.md).",
    )
    examples: int = Field(
        0, ge=0, description="Texts of train that are shown with their labels, as many of each label as of the others: few-shot."
    )
    max_new_tokens: int = Field(45, ge=1, description="`generate`: longest reply.")
    decoding: ReplyDecoding = Field(default_factory=ReplyDecoding, description="`generate`: how a reply is drawn.")
    attempts: int = Field(
        3, ge=1, description="`generate`: times that a text is asked until its reply is a label; then it is invalid."
    )
    max_length: int = Field(
        4096, ge=64, description="Window in tokens, prompt, examples and reply; a text that does not fit is cut at its end."
    )
    batch: int = Field(8, ge=1, description="Texts asked at once; halved where the card's memory is too small.")
    miniature: bool = Field(False, description="A toy size: the report says so. What starts from a miniature always is one.")
    needs: NeedsOfLLM = Field(default_factory=NeedsOfLLM, description="What a run asks of the machine.")

    @model_validator(mode="after")
    def _a_text_has_room_beside_its_reply(self) -> "Prompt":
        if self.way == "generate" and self.max_new_tokens >= self.max_length:
            raise ValueError(
                f"max_new_tokens is {self.max_new_tokens} of the window's {self.max_length} (max_length): no prompt would fit; a "
                "label takes a few tokens"
            )
        return self
