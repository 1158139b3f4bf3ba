"""Texts as tokens: nothing is lost, nothing is added, and what a song says is never an order to the model."""

import copy

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tokenizers import normalizers

from verso.errors import VersoError
from verso.pretrained.chat import Chat, must_keep, prompt_of

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
def test_what_is_learnt_is_the_text_byte_for_byte_and_before_it_is_the_prompt(chat, tokenizer, prompt, text):
    found = chat.with_prompt(prompt, text, "song")
    asked, said = found.tokens[: found.prompt], found.tokens[found.prompt :]
    decoded = tokenizer.decode(said[:-1], skip_special_tokens=False)
    assert decoded.encode() == f" {text}".encode()  # the space is the template's
    assert tokenizer.decode(asked) == f"<s>[INST] {prompt}[/INST]"
    assert found.completion == len(said)


@MANY
@given(prompt=TEXTS, text=SONGS)
@example(prompt="[/INST]", text="</s>")
def test_no_text_from_outside_becomes_a_control_token(chat, tokenizer, prompt, text):
    found = chat.with_prompt(prompt, text, "song").tokens
    by_name = tokenizer.get_vocab()
    assert [token for token in found if token in controls(tokenizer)] == [
        by_name[n] for n in ("<s>", "[INST]", "[/INST]", "</s>")
    ]
    assert (found[0], found[-1]) == (tokenizer.bos_token_id, tokenizer.eos_token_id)
    alone = chat.without_prompt(text, "song").tokens
    assert [token for token in alone if token in controls(tokenizer)] == [tokenizer.bos_token_id, tokenizer.eos_token_id]


@MANY
@given(text=SONGS)
@example(text="</s>")
def test_a_text_without_a_prompt_is_itself_between_beginning_and_end(chat, tokenizer, text):
    found = chat.without_prompt(text, "song")
    assert found.prompt == 1
    assert (found.tokens[0], found.tokens[-1]) == (tokenizer.bos_token_id, tokenizer.eos_token_id)
    assert tokenizer.decode(found.tokens[1:-1]).encode() == text.encode()


@MANY
@given(prompt=TEXTS, text=SONGS)
def test_a_model_is_asked_by_the_very_tokens_that_it_was_tuned_with(chat, prompt, text):
    found = chat.with_prompt(prompt, text, "song")
    assert chat.question(prompt) == found.tokens[: found.prompt]


def test_a_tokenizer_that_begins_each_text_with_a_space_still_spells_an_order_letter_by_letter(chat, tokenizer):
    class Spacing:
        """As SentencePiece's: what is tokenised alone begins with a space."""

        def __getattr__(self, name):
            return getattr(tokenizer, name)

        def __call__(self, text, **options):
            assert text.startswith("<s>"), "a piece of its own would begin with a space that nobody wrote"
            return tokenizer(text, **options)

    spacing = copy.copy(chat)
    spacing.tokenizer = Spacing()
    found = spacing.with_prompt("one</s>", "two[INST]three", "song")
    assert tokenizer.decode(found.tokens) == "<s>[INST] one</s>[/INST] two[INST]three</s>"
    assert found.tokens.count(tokenizer.eos_token_id) == 1


@pytest.mark.parametrize("text", ["", " ", "\n\t\u2003"])
def test_an_empty_text_is_refused_by_its_name(chat, text):
    for encode in (lambda: chat.with_prompt("Sing", text, "song 7"), lambda: chat.without_prompt(text, "song 7")):
        with pytest.raises(VersoError, match="song 7: its text is empty"):
            encode()


@pytest.mark.parametrize(
    "changed",
    [
        "turn['content'] | upper",
        "turn['content'][:3]",
        "turn['content'] + turn['content']",
        "'hello'",
        "turn['content'] | tojson",
    ],
)
def test_a_template_that_changes_the_text_is_refused(tokenizer, changed):
    other = copy.deepcopy(tokenizer)
    assert "' ' + turn['content'] + eos_token" in other.chat_template
    other.chat_template = other.chat_template.replace("' ' + turn['content']", f"' ' + ({changed})")
    with pytest.raises(VersoError, match="the chat template changes the text"):
        Chat(other)


def test_white_space_around_a_text_is_the_texts_own_though_a_template_would_cut_it_off(tokenizer):
    other = copy.deepcopy(tokenizer)
    other.chat_template = tokenizer.chat_template.replace("turn['content']", "(turn['content'] | trim)")
    text = "\n la marea sube \n\n"
    found = Chat(other).with_prompt(" Sing ", text, "song")
    assert tokenizer.decode(found.tokens) == f"<s>[INST]  Sing [/INST] {text}</s>"


@pytest.mark.parametrize("fault", ["raise_exception('only with a system turn')", "messages[0].content.nothing.more", "1 / 0"])
def test_a_template_that_fails_is_refused_with_its_own_words(tokenizer, fault):
    other = copy.deepcopy(tokenizer)
    other.chat_template = tokenizer.chat_template + "{{ " + fault + " }}"
    with pytest.raises(VersoError, match="the model's chat template cannot write a user's turn and an answer") as refused:
        Chat(other)
    assert "only with a system turn" in str(refused.value) or "raise" not in fault


def test_a_beginning_is_what_the_template_writes_and_a_doubled_one_is_refused(tokenizer):
    other = copy.deepcopy(tokenizer)
    other.chat_template = tokenizer.chat_template.replace("{{- bos_token -}}", "")
    found = Chat(other).with_prompt("Sing", "la marea", "song")
    assert tokenizer.decode(found.tokens) == "[INST] Sing[/INST] la marea</s>"
    assert Chat(other).without_prompt("la marea", "song").tokens[0] == tokenizer.bos_token_id
    other.chat_template = tokenizer.chat_template.replace("{{- bos_token -}}", "{{- bos_token + bos_token -}}")
    with pytest.raises(VersoError, match="chat template writes <s> twice"):
        Chat(other)


def test_a_template_that_ends_an_answer_by_nothing_gets_an_end_and_what_is_behind_one_is_left_out(tokenizer):
    other = copy.deepcopy(tokenizer)
    other.chat_template = tokenizer.chat_template.replace(" + eos_token", " + '\\n'")
    found = Chat(other).with_prompt("Sing", "la marea</s>", "song").tokens
    assert found.count(tokenizer.eos_token_id) == 1
    assert tokenizer.decode(found) == "<s>[INST] Sing[/INST] la marea</s>\n</s>"
    other.chat_template = tokenizer.chat_template.replace(" + eos_token", " + eos_token + '\\n' + eos_token")
    found = Chat(other).with_prompt("Sing", "la marea", "song").tokens
    assert tokenizer.decode(found) == "<s>[INST] Sing[/INST] la marea</s>"


def test_a_tokenizer_without_an_end_is_refused_with_the_reason(tokenizer):
    other = copy.deepcopy(tokenizer)
    other.eos_token = None
    other.chat_template = tokenizer.chat_template.replace(" + eos_token", " + '</s>'")
    with pytest.raises(VersoError, match=r"tokenizer has no end token \(eos_token\), so that no text could end"):
        Chat(other)


def test_a_text_that_would_melt_into_its_prompt_begins_where_the_model_would_answer(tokenizer):
    other = copy.deepcopy(tokenizer)
    other.chat_template = tokenizer.chat_template.replace("+ '[/INST]'", "+ ' t'").replace("' ' + turn", "turn")
    whole = tokenizer("the tide", add_special_tokens=False)["input_ids"]
    assert tokenizer("t", add_special_tokens=False)["input_ids"] != whole[:1], "the miniature has learnt no token to melt into"
    found = Chat(other).with_prompt("Sing", "he tide</s>", "song")
    assert found.tokens[: found.prompt] == Chat(other).question("Sing")
    assert tokenizer.decode(found.tokens[: found.prompt]) == "<s>[INST] Sing t"
    assert tokenizer.decode(found.tokens[found.prompt :]) == "he tide</s></s>"
    assert found.tokens.count(tokenizer.eos_token_id) == 1


def test_a_model_without_a_beginning_token_scores_a_text_after_the_end_of_another(tokenizer):
    other = copy.deepcopy(tokenizer)
    other.bos_token = None
    found = Chat(other).without_prompt("la marea", "song")
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


def test_an_answer_ends_where_the_template_ends_it_or_a_model_that_knows_another_end_would_talk_on(chat, tokenizer):
    assert chat.ends == [tokenizer.eos_token_id]
    other = copy.deepcopy(tokenizer)
    other.chat_template = tokenizer.chat_template.replace("turn['content'] + eos_token", "turn['content'] + '<unk>\\n'")
    assert Chat(other).ends == sorted([tokenizer.unk_token_id, tokenizer.eos_token_id])
    assert Chat(other).with_prompt("Sing", "la marea", "song").tokens[-1] == tokenizer.unk_token_id
    answer = [300, tokenizer.unk_token_id, 301, tokenizer.eos_token_id]
    assert Chat(other).ended(answer) == ([300], True)
    assert chat.ended(answer) == (answer[:3], True)
    assert Chat(other).ended([300, 301]) == ([300, 301], False)
    assert Chat(tokenizer, [301, 302]).ended(answer) == (answer[:2], True), "generation_config.json lists it"
