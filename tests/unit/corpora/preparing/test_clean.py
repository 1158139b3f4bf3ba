"""Cleaning: the guarantees that tokens and scores rest on."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verso.corpora.preparing.clean import clean, clean_name, repair_encoding

TEXTS = st.text() | st.text(alphabet=" \t\n\r\v\f\x1c\x85\xa0\u200b\u2028\u3000\ufeffae\u0301[]{}\x00")


@pytest.mark.parametrize(
    ("raw", "cleaned"),
    [
        ("a\r\nb\rc\u2028d", "a\nb\nc\nd"),
        ("  a \t b  \n\n\n\n c ", "a b\n\nc"),
        ("\ufeffzero\u200bwidth\x00", "zerowidth"),
        ("cafe\u0301", "café"),
        ("\n\n[Verse 1]\nuno\u00a0dos\n", "[Verse 1]\nuno dos"),
        ("\u200b \n", ""),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
    ],
)
def test_white_space_and_invisible_characters_take_one_form(raw, cleaned):
    assert clean(raw) == cleaned


@given(TEXTS)
def test_cleaning_twice_changes_nothing_more(text):
    once = clean(text)
    assert clean(once) == once


@given(TEXTS)
def test_a_clean_text_keeps_every_promise_of_its_docstring(text):
    text = clean(text)
    assert unicodedata.is_normalized("NFC", text)
    assert all(character in " \n" for character in text if character.isspace())
    assert "  " not in text
    assert "\n\n\n" not in text
    assert text == text.strip()
    assert all(line == line.strip() for line in text.split("\n"))
    assert not any(unicodedata.category(character) == "Cc" for character in text if character != "\n")


@given(st.text(alphabet="ab \n'-"))
def test_cleaning_never_loses_a_word(text):
    assert clean(text).split() == text.split()


@pytest.mark.parametrize("name", ["../../etc", 'Ol\' "Quotes" O/Neil', "Señor 🎤", "<b>Bold</b>"])
def test_an_artist_keeps_the_name_they_chose(name):
    assert clean_name(name) == name


def test_a_name_is_one_line():
    assert clean_name(" A\nB\tC\x07 ") == "A B C"


@pytest.mark.parametrize(
    ("broken", "sound"), [("canciÃ³n", "canción"), ("corazón\ncanciÃ³n", "corazón\ncanción"), ("â€œholaâ€\x9d", "“hola”")]
)
def test_mojibake_is_repaired(broken, sound):
    assert repair_encoding(broken) == sound


@pytest.mark.parametrize("sound", ["año naïve Ångström", "São Paulo Ã", "“quoted”", "🎤 été\r\n\r\n x", "ﬁne ½ ＡＢＣ"])
def test_sound_text_is_not_repaired(sound):
    assert repair_encoding(sound) == sound


@given(
    st.lists(st.sampled_from(["canción", "¿qué", "corazón,", "NIÑO", "¡ay!", "pingüino", "sol", "\n"]), max_size=12).map(" ".join)
)
def test_spanish_comes_back_from_a_wrong_decoding_whole(text):
    assert repair_encoding(text) == text
    assert repair_encoding("\n".join(line.encode("utf-8").decode("latin-1") for line in text.split("\n"))) == text
