"""Templates and tokenizers of the families that people use: each frames a text as its makers published it, and ends it once."""

import copy
from datetime import datetime
from itertools import pairwise

import pytest
from chat_families import FAMILIES, ends_of, tokenizer_of
from hypothesis import given, settings
from hypothesis import strategies as st

from verso.classification.prompt.label_likelihood import names_as_replies
from verso.errors import VersoError
from verso.pretrained.chat import Chat

EVERY = pytest.mark.parametrize("name", FAMILIES)
REQUEST, TEXT = "You write songs.\nWrite one, niño.", "[Verse 1]\nla marea sube despacio\n\nand nothing that we built will float"
MARKS = ["<s>", "</s>", "<|im_end|>", "<|eot_id|>", "<end_of_turn>", "<|end|>", "<think>", "</think>", "[/INST]", "<|endoftext|>"]
ANYTHING = (
    st.lists(st.one_of(st.sampled_from([*MARKS, " ", "\n", "\n\n", "▁"]), st.text(max_size=4))).map("".join).filter(str.strip)
)


def chat_of(name, **template):
    return Chat(tokenizer_of(name), ends_of(name), template)


def ids(name, characters):
    return tokenizer_of(name)(characters, add_special_tokens=False)["input_ids"]


@EVERY
def test_the_frame_is_the_published_one_and_the_text_ends_by_the_first_token_that_ends_an_answer(name):
    family, found = FAMILIES[name], chat_of(name).with_prompt(REQUEST, TEXT, "song")
    prompt, completion = family.prompt.format(request=REQUEST), family.completion.format(text=TEXT)
    assert found.tokens[: found.prompt] == ids(name, prompt)
    assert found.tokens == ids(name, prompt + completion)
    assert tokenizer_of(name).convert_ids_to_tokens(found.tokens[-1]) == family.end


@EVERY
def test_transformers_renders_the_same_conversation_so_nothing_but_what_is_behind_the_end_is_left_out(name):
    tokenizer, found = tokenizer_of(name), chat_of(name).with_prompt(REQUEST, TEXT, "song")
    turns = [{"role": "user", "content": REQUEST}, {"role": "assistant", "content": TEXT}]
    day = datetime(2024, 7, 26)
    whole = tokenizer.apply_chat_template(turns, tokenize=True, return_dict=False, strftime_now=day.strftime)
    assert whole[: len(found.tokens)] == found.tokens
    assert not tokenizer.decode(whole[len(found.tokens) :], skip_special_tokens=True).strip()


@EVERY
def test_a_model_is_asked_by_the_tokens_that_it_is_tuned_and_scored_with(name):
    chat = chat_of(name)
    found = chat.with_prompt(REQUEST, TEXT, "song")
    assert chat.question(REQUEST) == found.tokens[: found.prompt]
    tokenizer = tokenizer_of(name)
    asked = [{"role": "user", "content": REQUEST}]
    how = {"tokenize": True, "return_dict": False, "enable_thinking": False, "strftime_now": datetime(2024, 7, 26).strftime}
    published = tokenizer.apply_chat_template(asked, add_generation_prompt=True, **how)
    assert chat.question(REQUEST)[: len(published)] == published, "more may follow, as Zephyr's line break does"


@EVERY
def test_beginnings_are_never_doubled_and_a_text_alone_begins_as_in_pretraining(name):
    family, chat, tokenizer = FAMILIES[name], chat_of(name), tokenizer_of(name)
    alone = chat.without_prompt(TEXT, "song")
    assert tokenizer.convert_ids_to_tokens([alone.tokens[0], alone.tokens[-1]]) == [family.start, family.end]
    assert (alone.prompt, len(alone.tokens)) == (1, 2 + len(ids(name, TEXT)))
    found = chat.with_prompt(REQUEST, TEXT, "song").tokens
    begins = tokenizer.bos_token_id
    assert all(pair != (begins, begins) for pair in pairwise(found))
    assert (found[0] == begins) == family.prompt.startswith(str(tokenizer.bos_token))


@EVERY
def test_what_ends_an_answer_is_what_the_template_writes_and_what_the_makers_list(name):
    family, chat, tokenizer = FAMILIES[name], chat_of(name), tokenizer_of(name)
    assert {*tokenizer.convert_ids_to_tokens(chat.ends)} == {family.end, tokenizer.eos_token, *family.ends}
    for end in chat.ends:
        assert chat.ended([*ids(name, "la marea"), end, *ids(name, "sube")]) == (ids(name, "la marea"), True)


@EVERY
@settings(max_examples=25, deadline=None)
@given(request=ANYTHING, text=ANYTHING)
def test_whatever_is_said_stays_text_and_whole(name, request, text):
    chat, family, tokenizer = chat_of(name), FAMILIES[name], tokenizer_of(name)
    plain = chat.with_prompt("x", "x", "song")
    found = chat.with_prompt(request, text, "song")
    controls = {*tokenizer.convert_tokens_to_ids([*family.roles.values(), *family.controls, *family.plain])}
    controls -= {tokenizer.unk_token_id, *tokenizer.convert_tokens_to_ids(["\n\n", "▁▁"])}  # Gemma's line breaks are text
    assert [token for token in found.tokens if token in controls] == [token for token in plain.tokens if token in controls]
    alone = chat.without_prompt(text, "song").tokens
    assert not controls & {*alone[1:-1]}
    assert alone[-1] == found.tokens[-1] == chat.end
    exact = family.kind in ("tiktoken", "gpt-2")  # SentencePiece's kind reads its mark of a blank as one, and begins with one
    for own in (found.tokens[found.prompt : -1], alone[1:-1]):
        shown = tokenizer.decode(own, skip_special_tokens=False)
        assert (shown if exact else bare(shown)) == (text if exact else bare(text))


def bare(text):
    return text.replace("▁", "").replace(" ", "")


@pytest.mark.parametrize("text", ["\n\nla marea\n", "   la marea ", "\n   la marea", "\tla marea\n\n\n"])
@EVERY
def test_white_space_at_the_ends_of_a_text_is_paid_for_wherever_a_control_token_would_swallow_it(name, text):
    chat, tokenizer = chat_of(name), tokenizer_of(name)
    found = chat.with_prompt(REQUEST, text, "song")
    assert found.tokens[: found.prompt] == chat.question(REQUEST)
    own = tokenizer.decode([tokenizer.eos_token_id, *found.tokens[found.prompt : -1]], skip_special_tokens=False)
    lead, _, trail = FAMILIES[name].completion.removesuffix(FAMILIES[name].end).partition("{text}")
    shown, right = own.removeprefix(tokenizer.eos_token), lead + text + trail
    if FAMILIES[name].kind == "sentencepiece":  # it begins whatever it reads with a blank of its own
        shown, right = shown.replace(" ", ""), right.replace(" ", "")
    assert shown == right


@EVERY
def test_labels_are_replies_that_end_where_the_template_ends_them(name):
    chat, tokenizer = chat_of(name), tokenizer_of(name)
    replies = names_as_replies(chat, ["1", "10", "not so bad"])
    for reply, label in zip(replies, ["1", "10", "not so bad"], strict=True):
        assert tokenizer.convert_ids_to_tokens(reply[-1]) == FAMILIES[name].end
        assert not {*reply[:-1]} & {*chat.ends}
        assert tokenizer.decode(reply, skip_special_tokens=True).strip() == label


# --- what a template writes besides the conversation ---


def test_the_day_of_a_template_is_the_configs_and_never_todays():
    told = chat_of("llama-3", date="2026-01-05").question(REQUEST)
    assert "Today Date: 05 Jan 2026" in tokenizer_of("llama-3").decode(told)
    assert "Today Date: 26 Jul 2024" in tokenizer_of("llama-3").decode(chat_of("llama-3").question(REQUEST))
    older = copy.deepcopy(tokenizer_of("llama-3"))  # 3.1 calls nothing for the day, and has one of its own where none is given
    older.chat_template = older.chat_template.replace("strftime_now is defined", "false")
    assert "Today Date: 26 Jul 2024" in older.decode(Chat(older).question(REQUEST))
    assert "Today Date: 05 Jan 2026" in older.decode(Chat(older, (), {"date": "2026-01-05"}).question(REQUEST))


def test_a_variable_of_the_template_is_the_configs_and_a_reasoning_is_no_place_for_a_text():
    other = copy.deepcopy(tokenizer_of("qwen3"))
    history = "(loop.last or reasoning_content)"
    assert history in other.chat_template
    other.chat_template = other.chat_template.replace(
        history, "reasoning_content"
    )  # as later ones: no empty reasoning in history
    decoded = other.decode(Chat(other).with_prompt("Sing", "la marea", "song").tokens)
    assert decoded == "<|im_start|>user\nSing<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\nla marea<|im_end|>"
    thinking = Chat(other, (), {"variables": {"enable_thinking": True}})
    assert other.decode(thinking.question("Sing")) == "<|im_start|>user\nSing<|im_end|>\n<|im_start|>assistant\n"
    other.chat_template += "{%- if add_generation_prompt %}{{- '<think>\\n' }}{% endif %}"  # opened, as by DeepSeek-R1
    opened = Chat(other, (), {"variables": {"enable_thinking": True}})
    assert opened.question("Sing") == thinking.question("Sing")


def test_a_system_turn_of_the_template_belongs_to_the_prompt():
    for name in ("qwen2.5", "smollm2"):
        assert tokenizer_of(name).decode(chat_of(name).question("Sing")).startswith("<|im_start|>system\nYou are ")


# --- what was right before stays ---


@pytest.mark.parametrize("name", ["mistral-0.1", "mistral-0.3"])
@settings(max_examples=60, deadline=None)
@given(
    request=st.text(st.characters(exclude_categories=["Cs"], exclude_characters="<[")),
    text=ANYTHING.filter(lambda text: "<" not in text and "[" not in text),
)
def test_templates_such_as_mistrals_give_the_tokens_of_the_whole_conversation_as_ever(name, request, text):
    tokenizer = tokenizer_of(name)
    turns = [{"role": "user", "content": request}, {"role": "assistant", "content": text}]
    rendered = tokenizer.apply_chat_template(turns, tokenize=False)
    found = chat_of(name).with_prompt(request, text, "song")
    assert found.tokens == ids(name, rendered)
    assert found.tokens[: found.prompt] == ids(
        name, tokenizer.apply_chat_template(turns[:1], tokenize=False, add_generation_prompt=True)
    )
    alone = tokenizer(text, add_special_tokens=False, split_special_tokens=True)["input_ids"]
    assert chat_of(name).without_prompt(text, "song").tokens == [tokenizer.bos_token_id, *alone, tokenizer.eos_token_id]


@pytest.mark.parametrize("name", ["llama-3", "qwen3", "phi-3.5"])
def test_a_tokenizer_without_an_end_token_is_refused_though_its_template_ends_turns(name):
    other = copy.deepcopy(tokenizer_of(name))
    other.eos_token = None
    with pytest.raises(VersoError, match="has no end token"):
        Chat(other, ends_of(name))
