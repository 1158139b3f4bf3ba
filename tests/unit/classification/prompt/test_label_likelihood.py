"""How likely each label is as a reply: known probabilities, and the same whatever stands beside it."""

import copy
import math
from itertools import pairwise

import pytest
import torch
from bigram_llm import bigram_model
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import normalizers

from verso.classification.prompt.label_likelihood import LabelLikelihood, names_as_replies
from verso.errors import VersoError
from verso.language_modelling.causal_llm.scoring import log_likelihood
from verso.pretrained.chat import Chat, Example

NAMES = ["1", "10", "awful", "not so bad"]


@pytest.fixture(scope="module")
def model(tiny):
    return tiny.base().eval()


@pytest.fixture(scope="module")
def prompts(chat):
    texts = ["la marea", "the gulls know every street in town " * 9, "", "¿quién apagó la lámpara?", "a", "one more, please"]
    return [chat.question(f"1, 10? {text}") for text in texts]


def test_a_name_that_begins_as_another_is_an_event_of_its_own_and_probabilities_are_those_of_the_model(chat):
    one, ten = names_as_replies(chat, ["1", "10"])
    assert (one[-1], ten[-1]) == (chat.tokenizer.eos_token_id, chat.tokenizer.eos_token_id)
    last = chat.question("?")[-1]
    common = [a for a, b in zip(one, ten, strict=False) if a == b]
    assert len(common) == len(one) - 1, "the miniature has learnt 10 as one token"
    following = {last: {common[0]: 0.8, chat.tokenizer.eos_token_id: 0.2}}
    following |= {a: {b: 1.0} for a, b in pairwise(common)}
    following[common[-1]] = {chat.tokenizer.eos_token_id: 0.25, ten[len(common)]: 0.75}
    likelihood = LabelLikelihood(
        bigram_model(chat.tokenizer, following), [chat.question(text) for text in ("?", "??")], [one, ten]
    )
    for row in likelihood([chat.question("?"), chat.question("??")]):
        assert [math.exp(value) for value in row] == pytest.approx([0.8 * 0.25, 0.8 * 0.75], rel=1e-4)


def test_log_likelihoods_are_those_of_the_whole_text_read_at_once(model, chat, prompts):
    replies = names_as_replies(chat, NAMES)
    found = LabelLikelihood(model, prompts, replies)(prompts)
    for prompt, row in zip(prompts, found, strict=True):
        right = [log_likelihood(model, Example("x", prompt + reply, len(prompt)), 4096, 1024) for reply in replies]
        assert row == pytest.approx(right, abs=1e-4)


@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_likelihoods_do_not_depend_on_the_texts_beside(model, chat, prompts, data):
    replies = names_as_replies(chat, NAMES)
    every = LabelLikelihood(model, prompts, replies)(prompts)
    some = data.draw(st.lists(st.integers(0, len(prompts) - 1), min_size=1, max_size=4))
    others = data.draw(st.sampled_from([prompts, [prompts[place] for place in some]]))  # that share less or more
    found = LabelLikelihood(model, others, replies)([prompts[place] for place in some])
    for place, row in zip(some, found, strict=True):
        assert row == pytest.approx(every[place], abs=1e-4)


def test_one_text_alone_and_texts_that_are_the_same_are_prompted(model, chat, prompts):
    replies = names_as_replies(chat, NAMES)
    (alone,) = LabelLikelihood(model, prompts[:1], replies)(prompts[:1])
    twice = LabelLikelihood(model, [prompts[0]] * 2, replies)([prompts[0]] * 2)
    assert twice == [pytest.approx(alone, abs=1e-4)] * 2


def test_labels_that_are_the_same_tokens_are_refused(chat):
    lowering = copy.deepcopy(chat.tokenizer)
    lowering.backend_tokenizer.normalizer = normalizers.Lowercase()
    with pytest.raises(VersoError, match='the labels "Good" and "good" are the same tokens to this model'):
        names_as_replies(Chat(lowering), ["bad", "Good", "good"])
    assert len(names_as_replies(chat, ["bad", "Good", "good"])) == 3


def test_a_reply_ends_where_the_model_would_stop_whatever_the_template_adds(chat):
    other = copy.deepcopy(chat.tokenizer)
    other.chat_template = chat.tokenizer.chat_template.replace(" + eos_token", " + eos_token + '\\n'")
    assert names_as_replies(Chat(other), NAMES) == names_as_replies(chat, NAMES)


def test_weights_that_are_no_numbers_are_reported(chat, prompts, model):
    broken = copy.deepcopy(model)
    with torch.no_grad():
        broken.lm_head.weight.fill_(torch.nan)
    with pytest.raises(VersoError, match="the weights are not finite"):
        LabelLikelihood(broken, prompts, names_as_replies(chat, NAMES))(prompts)
