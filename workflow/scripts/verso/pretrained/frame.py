"""What a model's chat template writes around a request and its answer, learnt from the template alone:

    head           request   opening          lead   text   tail
    <s>[INST]_     ...       [/INST]          _      ...    </s>                   Mistral
    <|im_start|>…  ...       …assistant\\n            ...    <|im_end|>\\n           ChatML
    <|im_start|>…  ...       …</think>\\n\\n           ...    <|im_end|>\\n           Qwen3: its empty reasoning is no text's

The template is rendered once, with names in place of what is said, so what is said can change nothing of it.
"""

import re
from collections.abc import Mapping
from datetime import date
from typing import Any, NamedTuple

from verso.errors import VersoError

# In place of request and text: what no template holds, with what a template that changes texts would change (none changes letters
# in the middle; those that cut white space off the ends of a text would make it another text, and are not followed in that)
PLACES = ("\ue000Request Ñ,\n  1\ue001", "\ue000Text Ñ,\n  2\ue001")
TODAY = "2024-07-26"  # of a template that names the day: the one that Llama 3's own takes where it knows no other
NO_REASONING = {"enable_thinking": False}  # the name by which templates of models that reason have it switched off
OPENED = re.compile(r"([<\[])(\w+)([>\]])")


class Frame(NamedTuple):
    """The strings around a request and its text; head + request + opening is the prompt, and lead + text + tail the completion.

    lead: blanks before a text, which tokenizers make a part of its first token.
    """

    head: str
    opening: str
    lead: str
    tail: str


def frame_of(tokenizer: Any, chat_template: Mapping[str, Any]) -> Frame:
    """Learn the frame. chat_template: {"date": the day that the template is given, "variables": what else}, both may lack.

    Raises VersoError when the template fails, or changes what is said: a text's cost would be another text's.
    """
    day = date.fromisoformat(chat_template.get("date", TODAY))
    of_the_day = {"strftime_now": day.strftime, "date_string": day.strftime("%d %b %Y")}  # the second is Llama 3's own variable
    variables = {**of_the_day, **chat_template.get("variables", NO_REASONING)}
    request, text = PLACES
    turns = [{"role": "user", "content": request}, {"role": "assistant", "content": text}]
    head, between, tail = _split(_rendered(tokenizer, turns, False, variables), request, text)
    requested = _rendered(tokenizer, turns[:1], True, variables)
    opening = _opening(between, requested.removeprefix(head + request) if requested.startswith(head + request) else between)
    bare = opening.rstrip(" ")
    return Frame(head, bare, opening[len(bare) :], tail)


def _rendered(tokenizer: Any, turns: list[dict[str, str]], ask: bool, variables: Mapping[str, Any]) -> str:
    try:
        return str(tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=ask, **variables))
    except Exception as error:  # a template can raise anything, by its own words too
        who = "a user's turn" if ask else "a user's turn and an answer"
        raise VersoError(f"the model's chat template cannot write {who} ({error}); take another pretrained model") from error


def _split(whole: str, *places: str) -> list[str]:
    parts = []
    for place in places:
        before, found, whole = whole.partition(place)
        if not found or place in whole:
            raise VersoError("the chat template changes the text, so that its cost would be another text's; take another model")
        parts.append(before)
    return [*parts, whole]


def _opening(between: str, requested: str) -> str:
    """What stands before a text: as in a conversation, and where a question alone ends in more than that, such as an empty
    reasoning, that too. A reasoning that is opened there and not closed is no place for an answer.
    """
    more = requested.removeprefix(between) if requested.startswith(between) else ""
    is_open = any(f"{left}/{name}" not in more for left, name, _ in OPENED.findall(more))
    return between if is_open or not more.strip() else between + more
