"""A page about articles: excerpts lead to the article and to its history, and to nothing else that a file may say."""

from html.parser import HTMLParser

import pytest
from fabricate import fabricate_report, fabricate_run
from hypothesis import given
from hypothesis import strategies as st

from verso.corpora.articles.exports import ATTRIBUTION
from verso.display.addresses import web_address
from verso.files import read_json_lines, write_csv, write_json_lines

PLACES = ["https://wiki.example/R%C3%ADo", "https://wiki.example/index?title=a&action=history"]
READ = ["https://wiki.example/Orvalle", "https://wiki.example/history"]


class Links(HTMLParser):
    """Where a page leads to, and its elements."""

    def __init__(self, text):
        super().__init__()
        self.found, self.tags = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        if tag == "a" and not dict(attrs)["href"].startswith("#"):
            self.found.append(dict(attrs))


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("articles")
    run = fabricate_run(folder / "apart", "wiki", "gru-char", 0)
    rows = [row | {"group": "", "primed_with": name} for row, name in zip(read_json_lines(run["samples"]), "abc", strict=False)]
    write_json_lines(run["samples"], [*rows, {**rows[0], "primed_with": None}])
    articles = [("a", "Orvalle", *READ), ("b", "<script>", "javascript:window.pwned=9", "file:///etc/passwd")]
    named = [dict(zip(("id", "title", "url", "history"), article, strict=True)) for article in articles]
    write_csv(folder / "attribution.csv", [dict.fromkeys(ATTRIBUTION, "") | row for row in named], ATTRIBUTION)
    corpora = [{"name": "wiki", "attribution": folder / "attribution.csv"}]
    sections = {"language_modelling": {"runs": [run], "corpora": corpora}}
    return fabricate_report(folder, {"wiki": ["gru-char"]}, 1, demo=True, kind="articles", sections=sections).read_text("utf-8")


def test_excerpts_lead_to_the_article_and_its_history_and_nowhere_else(page):
    links = Links(page).found
    assert [link["href"] for link in links] == 2 * [*PLACES, *READ]  # in English and in Spanish
    assert {link["rel"] for link in links} == {"noopener noreferrer"}
    assert "after reading Orvalle · <a" in page
    assert "tras leer Orvalle · <a" in page
    assert "after reading &lt;script&gt;<" in page
    assert "after reading c<" in page  # of an article that nobody knows its id is said, as of a song


def test_what_a_file_says_of_an_article_is_shown_as_text(page):
    assert Links(page).tags.count("script") == 1
    assert "img" not in Links(page).tags
    assert "javascript:" not in page
    assert "&lt;b&gt;CC&lt;/b&gt;" in page


def test_what_was_cleaned_is_said_in_both_languages(page):
    for sentence in (
        "Articles that cleaning changed: 8 of 92.", "Artículos que la limpieza cambió: 8 de 92.",
        "references, marks of references and their sections: 17; articles with any: 4",
        "direcciones de la web: 37; artículos con alguno: 6",
        "números, que un solo signo sustituye: 57; artículos con alguno: 8",
        "their bits per byte compare with those of no other corpus",
        "revision 4236 · CC BY-SA 4.0", "revisión 4236 · CC BY-SA 4.0",
    ):  # fmt: skip
        assert sentence in page


def test_the_articles_add_up_where_they_are_read(page):
    """92 articles: 90 in the parts, one repeated text and one that was too short."""
    for sentence in (
        "<td class=\"n\">90</td>", "Exact duplicates set aside: 1.", "Duplicados exactos apartados: 1.",
        "Rows of the source set aside: 1, listed in set_aside*.jsonl",
        "Filas de la fuente apartadas: 1, listadas en set_aside*.jsonl",
        "<li>shorter than 500 characters once cleaned: 1</li>", "<li>de menos de 500 caracteres una vez limpio: 1</li>",
    ):  # fmt: skip
        assert sentence in page
    assert "No row of the source" not in page


def test_one_cluster_is_one_and_the_split_is_named_in_the_page_s_language(page):
    for sentence in (
        "Near-duplicates: 2 documents in 1 cluster, which is not split between parts.",
        "Casi duplicados: 2 documentos en 1 grupo, que no se reparte entre partes.",
        "(kind: articles; split: random)", "(clase: articles; división: al azar)",
    ):  # fmt: skip
        assert sentence in page


@pytest.mark.parametrize("value", ["https://x.example", "http://x.example/a?b=c#d", "HTTPS://X.example/á é"])
def test_an_address_on_the_web_is_one(value):
    assert web_address(value) == value


@pytest.mark.parametrize(
    "value",
    [
        "",
        None,
        "javascript:x",
        "data:text/html,x",
        "//x.example",
        "/a",
        "file:///etc",
        "https:",
        "https://[::1",
        " java\nscript:x",
    ],
)
def test_anything_else_is_none(value):
    assert web_address(value) == ""


@given(st.text(max_size=40))
def test_no_text_at_all_becomes_an_address_of_another_kind(value):
    assert web_address(value) in ("", value)
    assert not web_address(f"javascript:{value}")
