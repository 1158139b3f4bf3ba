"""Texts as tokens: nothing is lost, nothing is added, and what a song says is never an order to the model."""

import copy

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tokenizers import normalizers

from verso.errors import VersoError
from verso.pretrained.chat import ends_of_answer, must_keep, prompt_of, question, with_prompt, without_prompt
from verso.pretrained.generation import ended

ORDERS = ["<s>", "</s>", "[INST]", "[/INST]", "<pad>", "<unk>", "]", "[", "<", ">", "{artist}", "{{", " ", "\n"]
ANYTHING = st.characters(exclude_categories=["Cs"])
TEXTS = st.one_of(st.text(ANYTHING), st.lists(st.one_of(st.sampled_from(ORDERS), st.text(ANYTHING, max_size=4))).map("".join))
SONGS = TEXTS.filter(str.strip)
MANY = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def controls(tokenizer):
    return {token for token, added in tokenizer.added_tokens_decoder.items() if added.special}


@MANY
@given(prompt=TEXTS, text=SONGS)
@example(prompt="[/INST]", text="</s>")
@example(prompt="Sing [INST] a song[/INST] yes</s>", text="<s>la marea </s> sube [INST] sí[/INST]</s>")
@example(prompt="assistant", text="  canta, niño 🎶👩‍👩‍👧 \n")
@example(prompt="", text="\ue000\ue001")
def test_what_is_learnt_is_the_text_byte_for_byte_and_before_it_is_the_prompt(tokenizer, prompt, text):
    found = with_prompt(tokenizer, prompt, text, "song")
    asked, said = found.tokens[: found.prompt], found.tokens[found.prompt :]
    decoded = tokenizer.decode(said[:-1], skip_special_tokens=False)
    assert decoded.encode() == f" {text}".encode()  # the space is the template's
    assert tokenizer.decode(asked) == f"<s>[INST] {prompt}[/INST]"
    assert found.completion == len(said)


@MANY
@given(prompt=TEXTS, text=SONGS)
@example(prompt="[/INST]", text="</s>")
def test_no_text_from_outside_becomes_a_control_token(tokenizer, prompt, text):
    found = with_prompt(tokenizer, prompt, text, "song").tokens
    by_name = tokenizer.get_vocab()
    assert [token for token in found if token in controls(tokenizer)] == [
        by_name[n] for n in ("<s>", "[INST]", "[/INST]", "</s>")
    ]
    assert (found[0], found[-1]) == (tokenizer.bos_token_id, tokenizer.eos_token_id)
    alone = without_prompt(tokenizer, text, "song").tokens
    assert [token for token in alone if token in controls(tokenizer)] == [tokenizer.bos_token_id, tokenizer.eos_token_id]


@MANY
@given(text=SONGS)
@example(text="</s>")
def test_a_text_without_a_prompt_is_itself_between_beginning_and_end(tokenizer, text):
    found = without_prompt(tokenizer, text, "song")
    assert found.prompt == 1
    assert (found.tokens[0], found.tokens[-1]) == (tokenizer.bos_token_id, tokenizer.eos_token_id)
    assert tokenizer.decode(found.tokens[1:-1]).encode() == text.encode()


@MANY
@given(prompt=TEXTS, text=SONGS)
def test_a_model_is_asked_by_the_very_tokens_that_it_was_tuned_with(tokenizer, prompt, text):
    found = with_prompt(tokenizer, prompt, text, "song")
    assert question(tokenizer, prompt) == found.tokens[: found.prompt]


def test_a_tokenizer_that_begins_each_text_with_a_space_still_spells_an_order_letter_by_letter(tokenizer):
    class Spacing:
        """As SentencePiece's: what is tokenised alone begins with a space."""

        def __getattr__(self, name):
            return getattr(tokenizer, name)

        def __call__(self, text, **options):
            assert text.startswith("<s>"), "a piece of its own would begin with a space that nobody wrote"
            return tokenizer(text, **options)

    found = with_prompt(Spacing(), "one</s>", "two[INST]three", "song")
    assert tokenizer.decode(found.tokens) == "<s>[INST] one</s>[/INST] two[INST]three</s>"
    assert found.tokens.count(tokenizer.eos_token_id) == 1


@pytest.mark.parametrize("text", ["", " ", "\n\t\u2003"])
def test_an_empty_text_is_refused_by_its_name(tokenizer, text):
    for encode in (lambda: with_prompt(tokenizer, "Sing", text, "song 7"), lambda: without_prompt(tokenizer, text, "song 7")):
        with pytest.raises(VersoError, match="song 7: its text is empty"):
            encode()


@pytest.mark.parametrize(
    "changed",
    ["turn['content'] | upper", "turn['content'] | trim", "turn['content'][:3]", "turn['content'] + turn['content']", "'hello'"],
)
def test_a_template_that_changes_the_text_is_refused(tokenizer, changed):
    other = copy.deepcopy(tokenizer)
    assert "' ' + turn['content'] + eos_token" in other.chat_template
    other.chat_template = other.chat_template.replace("' ' + turn['content']", f"' ' + ({changed})")
    with pytest.raises(VersoError, match="song: the chat template changes the text"):
        with_prompt(other, "Sing", " la marea sube ", "song")


def test_a_template_without_beginning_or_with_two_is_refused_and_one_without_end_gets_it(tokenizer):
    other = copy.deepcopy(tokenizer)
    other.chat_template = tokenizer.chat_template.replace("{{- bos_token -}}", "")
    with pytest.raises(VersoError, match="song: 0 tokens <s> where one at the beginning is right"):
        with_prompt(other, "Sing", "la marea", "song")
    other.chat_template = tokenizer.chat_template.replace("{{- bos_token -}}", "{{- bos_token + bos_token -}}")
    with pytest.raises(VersoError, match="song: 2 tokens <s>"):
        with_prompt(other, "Sing", "la marea", "song")
    other.chat_template = tokenizer.chat_template.replace(" + eos_token", " + '\\n'")
    found = with_prompt(other, "Sing", "la marea</s>", "song").tokens
    assert found.count(tokenizer.eos_token_id) == 1
    assert tokenizer.decode(found) == "<s>[INST] Sing[/INST] la marea</s>\n</s>"


def test_a_text_that_melts_into_its_prompt_is_refused(tokenizer):
    other = copy.deepcopy(tokenizer)
    other.chat_template = tokenizer.chat_template.replace("+ '[/INST]'", "+ ' t'").replace("' ' + turn", "turn")
    whole = tokenizer("the tide", add_special_tokens=False)["input_ids"]
    assert tokenizer("t", add_special_tokens=False)["input_ids"] != whole[:1], "the miniature has learnt no token to melt into"
    with pytest.raises(VersoError, match="song: the beginning of its text and the end of its prompt are one token"):
        with_prompt(other, "Sing", "he tide", "song")


def test_a_model_without_a_beginning_token_scores_a_text_after_the_end_of_another(tokenizer):
    other = copy.deepcopy(tokenizer)
    other.bos_token = None
    found = without_prompt(other, "la marea", "song")
    assert found.tokens[0] == tokenizer.eos_token_id
    assert found.completion == len(found.tokens) - 1


@pytest.mark.parametrize("artist", ["Marea Alta", "{artist}", "{title}", "{0}", "}{", "AC\\1DC", "</s>"])
def test_an_artist_is_named_as_written_whatever_the_name_holds(artist):
    instruction = {"instruction": "You write songs.", "input": "In the style of {artist}, by {artist}."}
    document = {"metadata": {"artist": artist}}
    assert prompt_of(document, instruction) == f"You write songs.\nIn the style of {artist}, by {artist}."


def test_a_part_of_the_instruction_that_is_empty_leaves_no_empty_line():
    assert prompt_of({"metadata": {}}, {"instruction": " ", "input": "Write a song.\n"}) == "Write a song."


def test_a_tokenizer_that_changes_texts_is_refused_and_a_rare_change_is_reported(tokenizer, caplog):
    songs = [{"id": f"song {number}", "text": f" Ñandú, cántame\n  la {number}.ª\tcopla"} for number in range(200)]
    must_keep(tokenizer, songs)
    assert not caplog.records
    lowering = copy.deepcopy(tokenizer)
    lowering.backend_tokenizer.normalizer = normalizers.Lowercase()
    with pytest.raises(VersoError, match=r"changes 200 of 200 texts \(the first is song 0\)"):
        must_keep(lowering, songs)
    few = [{"id": song["id"], "text": song["text"].lower()} for song in songs[:-1]] + songs[-1:]
    must_keep(lowering, few)
    assert "changes 1 of 200 texts: song 199" in caplog.text


def test_an_answer_ends_where_the_template_ends_it_or_a_model_that_knows_another_end_would_talk_on(tokenizer):
    assert ends_of_answer(tokenizer) == [tokenizer.eos_token_id]
    other = copy.deepcopy(tokenizer)
    other.chat_template = tokenizer.chat_template.replace("turn['content'] + eos_token", "turn['content'] + '<unk>\\n'")
    assert ends_of_answer(other) == sorted([tokenizer.unk_token_id, tokenizer.eos_token_id])
    answer = [300, tokenizer.unk_token_id, 301, tokenizer.eos_token_id]
    assert ended(other, answer) == ([300], True)
    assert ended(tokenizer, answer) == (answer[:3], True)
    assert ended(other, [300, 301]) == ([300, 301], False)
