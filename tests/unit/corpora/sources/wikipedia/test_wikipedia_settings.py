"""What the config refuses of a source of Wikipedia's articles, and how it says it."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verso.config.load import load
from verso.corpora.sources.wikipedia.contact import fault_of_contact, user_agent
from verso.errors import VersoError

SOUND = {
    "corpora": {"wiki": {"kind": "articles", "source": {"type": "wikipedia", "language": "es", "articles": 1000}}},
    "models": {"lstm-char": {"family": "recurrent_lm", "cell": "lstm", "unit": "char"}},
    "experiments": {"wiki": {"corpus": "wiki", "models": ["lstm-char"]}},
}


def loaded(**source):
    raw = copy.deepcopy(SOUND)
    raw["corpora"]["wiki"]["source"] |= source
    return load(raw, "x").corpora["wiki"].source


def test_articles_at_random_need_no_more_than_a_language_and_a_number():
    source = loaded()
    assert (source.titles, source.category, source.revisions, source.contact) == (None, None, None, None)
    assert (source.requests_per_second, source.cache, source.text, source.site) == (2.0, "data/wikipedia", "wikitext", None)


@pytest.mark.parametrize("code", ["en", "simple", "zh-classical", "be-tarask", "nds-nl", "roa-rup"])
def test_any_edition_is_a_language(code):
    assert loaded(language=code).language == code


@pytest.mark.parametrize(
    ("source", "where", "what"),
    [
        ({"language": "ES"}, "language", "found 'ES'; must be the code of an edition, as es, en, simple or zh-classical"),
        ({"language": "es.evil/"}, "language", "must be the code of an edition"),
        ({"articles": None}, "", "articles is missing: how many are to be fetched? (the original report: 1000)"),
        ({"articles": None, "category": "A"}, "", "articles is missing"),
        ({"titles": ["A"]}, "", "articles is for articles at random or of a category; titles says how many there are"),
        ({"titles": ["A"], "category": "B"}, "", "titles and category are two ways to choose articles; keep one"),
        ({"articles": None, "titles": ["A", "B", "A"]}, "titles", "A is listed more than once"),
        ({"articles": None, "titles": ["A|B"]}, "titles", "'A|B' holds '|', which no title of Wikipedia does"),
        ({"articles": None, "titles": ["A\ufffdB"]}, "titles", "'A\ufffdB' holds '\ufffd', which no title of Wikipedia does"),
        ({"category": "A\nB"}, "category", "must be the name of one category"),
        ({"articles": None, "titles": ["A\nB"]}, "titles", r"'A\nB' holds '\n', which no title of Wikipedia does"),
        ({"articles": None, "titles": [" _"]}, "titles", "is empty or longer than 255 bytes"),
        ({"articles": None, "titles": ["ñ" * 128]}, "titles", "is empty or longer than 255 bytes"),
        ({"category": "A|B"}, "category", "must be the name of one category"),
        ({"depth": 2}, "", "depth is for a category alone"),
        ({"requests_per_second": 5.0}, "", "requests_per_second is 5; Wikimedia allows 3.3 (200 a minute)"),
        ({"contact": ""}, "contact", "is empty; give your e-mail address, or the address of a page about you or your project"),
        ({"contact": "you@example.org"}, "contact", "is 'you@example.org', an example; give your e-mail address"),
        ({"site": "http://es.wikipedia.org"}, "site", "is not encrypted"),
        ({"text": "extracts"}, "text", "wikitext"),
    ],
)
def test_what_cannot_be_fetched_is_refused_with_its_key(source, where, what):
    with pytest.raises(VersoError) as caught:
        loaded(**source)
    assert f"corpora.wiki.source{'.' * bool(where)}{where}" in str(caught.value)
    assert what in str(caught.value)


def test_songs_come_from_no_wiki():
    raw = copy.deepcopy(SOUND)
    raw["corpora"]["wiki"]["kind"] = "songs"
    with pytest.raises(VersoError, match=r"corpora\.wiki\.source"):
        load(raw, "x")


# --- contact ---


@pytest.mark.parametrize(
    "contact",
    [
        "ana@uni.mx",
        "ana.b+wiki@cs.uni-x.edu",
        "mail@ana.mx",
        "correo@uni.mx",
        "me@ana.mx",
        "https://uni.mx/~ana",
        "https://es.wikipedia.org/wiki/Usuario:Ana",
        "http://ana.mx",
    ],
)
def test_an_e_mail_address_or_a_page_is_a_contact(contact):
    assert fault_of_contact(contact) == ""


@pytest.mark.parametrize("contact", ["", "   ", "\n"])
def test_an_empty_contact_is_refused(contact):
    assert fault_of_contact(contact).startswith("is empty")


@pytest.mark.parametrize(
    "contact",
    [
        "you@example.com", "ana@example.org", "ana@mail.example.net", "ana@test", "your.name@uni.mx", "your-email@uni.mx",
        "nombre@uni.mx", "ana@your-domain.org", "https://example.org/me", "https://www.example.com", "http://wiki.test/x",
        "tu@ejemplo.com", "ana@ejemplo.com.mx", "https://tu-dominio.es", "ana@example.es", "tu_correo@uni.mx",
    ],
)  # fmt: skip
def test_an_example_is_refused(contact):
    assert fault_of_contact(contact)


@pytest.mark.parametrize(
    "contact", ["Ana", "ana", "@ana", "ana@", "ana@uni", "ana@uni.mx, bo@uni.mx", "javascript:x", "https://", "https://localhost"]
)  # fmt: skip
def test_what_reaches_nobody_is_refused(contact):
    assert fault_of_contact(contact)


@given(st.text())
def test_whatever_is_a_contact_can_stand_in_a_header(contact):
    if not fault_of_contact(contact):
        agent = user_agent(contact, "1.0", "library/2")
        assert agent.isascii()
        assert agent.isprintable()
        assert agent.count("(") == agent.count(")") == 1
