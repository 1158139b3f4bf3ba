"""Which entries another seed can give other scores: a verdict on a recipe wants several seeds of these alone."""

import pytest

from verso.registry import FAMILY


@pytest.mark.parametrize(
    ("entry", "luck"),
    [
        ({"family": "majority"}, False),
        ({"family": "tfidf"}, False),
        ({"family": "textcnn"}, True),
        ({"family": "gpt", "unit": "char"}, True),
        ({"family": "causal_llm", "pretrained": "base"}, True),
        ({"family": "causal_llm", "pretrained": "base", "tuning": "none"}, False),
        ({"family": "prompt", "pretrained": "base"}, True),
        ({"family": "prompt", "pretrained": "base", "answer_by": "likelihood"}, False),
        ({"family": "prompt", "pretrained": "base", "answer_by": "likelihood", "examples": 4}, True),
    ],
)
def test_a_seed_matters_where_something_is_drawn_by_it(entry, luck):
    family = FAMILY[entry["family"]]
    assert family.luck(family.settings.model_validate(entry)) is luck
