"""Prose from wikitext and from HTML: what a reader reads as sentences, and nothing of what stands around them."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from verso.corpora.sources.wikipedia.edition import Edition
from verso.corpora.sources.wikipedia.html import prose_of_html
from verso.corpora.sources.wikipedia.prose import block, prose_of
from verso.corpora.sources.wikipedia.wikitext import Unreadable, prose_of_wikitext, templates_of, without_tables

WIKI = Edition(
    "https://es.wikipedia.org",
    "Wikipedia",
    "CC BY-SA 4.0",
    "",
    frozenset({"archivo", "file"}),
    frozenset({"categoría", "category"}),
)


def of(wikitext):
    return prose_of_wikitext(wikitext, WIKI).text


@pytest.mark.parametrize(
    ("wikitext", "expected"),
    [
        ("'''Ávila''' es una ''ciudad''.", "Ávila es una ciudad."),
        ("L''''Hospitalet''' y l'''illa'''", "L'Hospitalet y lilla"),
        ("[[Ávila]], [[Ávila (España)|la capital]] y [[:Categoría:Ríos|ríos]]", "Ávila, la capital y ríos"),
        ("[https://x.es un sitio] y [https://x.es] y https://y.es/z fin", "un sitio y y fin"),
        ("Dato.<ref>Libro, p. 3.</ref> Otro.<ref name='a' /> Fin.<ref name=b>{{cita|t=x}}</ref>", "Dato. Otro. Fin."),
        ("Antes {{convertir|3|km|{{x}}}} después.", "Antes después."),
        (
            "Nació ({{fecha|1|2}}) allí (en latín: {{lang|la|x}}) y (; 1900) murió {{x}}, solo.",
            "Nació allí y (1900) murió, solo.",
        ),
        ("Uno.\n[[Archivo:A.jpg|thumb|300px|Un [[puente]] viejo]]\nDos.", "Uno.\n\nDos."),
        ("[[Category:A]]\n[[categoría:B|x]]\nTexto.", "Texto."),
        ("Con &amp; sin&nbsp;más &#233; <br/>línea <nowiki>[[x]]</nowiki>", "Con & sin más é línea [[x]]"),
        ("Vista<!-- oculta\n\nsigue --> clara. <!-- nunca acaba", "Vista clara."),
        ("__SIN_TDC__ __NOTOC__Texto", "Texto"),
        ("H<sub>2</sub>O y <math>\\frac{a}{b}</math> dan <code>x</code>", "H2O y dan x"),
        ("<gallery>\nA.jpg|uno\n</gallery>\nFin.", "Fin."),
        ("Una línea\nque sigue.\n\nOtra.", "Una línea que sigue.\n\nOtra."),
        (": Sangrado.\n;Término\nTexto.", "Sangrado. Término Texto."),
        ("Hay:\n* uno\n** [[dos]]\n# tres\nFin.", "Hay:\n\nuno\ndos\ntres\n\nFin."),
        ("Vale \ue000 lo \ue001que hay", "Vale lo que hay"),
    ],
)
def test_wikitext_becomes_what_a_reader_reads(wikitext, expected):
    assert of(wikitext) == expected


def test_headings_stay_with_their_level_where_something_stands_under_them():
    text = of("Uno.\n== A ==\n=== B ===\nDos.\n=== C ===\n{{x}}\n== D ==\n[[Archivo:x.jpg]]\n== E ==\nTres.")
    assert text == "Uno.\n\n== A ==\n\n=== B ===\n\nDos.\n\n== E ==\n\nTres."


def test_sections_of_lists_at_the_end_are_no_prose_in_any_language():
    end = "== 関連項目 ==\n* [[甲]]\n== 脚注 ==\n{{Reflist}}\n== 外部リンク ==\n* [https://x.jp 公式]"
    found = prose_of_wikitext(f"一。\n== 作品 ==\n二:\n* 丙\n* 丁\n{end}", WIKI)
    assert found.text == "一。\n\n== 作品 ==\n\n二:\n\n丙\n丁"
    assert (found.characters, found.in_lists) == (6, 2 / 6)


def test_an_article_of_lists_alone_is_all_lists():
    found = prose_of_wikitext("* uno\n* dos\n== Más ==\n* tres", WIKI)
    assert found.in_lists == 1
    assert found.characters == 10


# --- tables ---


@pytest.mark.parametrize(
    ("wikitext", "expected"),
    [
        ("A\n{| class=x\n|-\n| 1 || 2\n|}\nB", "A\n\nB"),
        ("A\n{|\n| x\n{|\n| interior\n|}\n| y\n|}\nB", "A\n\nB"),
        ("A\n::{|\n! Año\n|} y sigue\nB", "A\n y sigue\nB"),
        ("{{Ficha\n| a = 1\n|}}\nB", "{{Ficha\n| a = 1\n|}}\nB"),
        ("A\n|}\nB", "A\n|}\nB"),
        ("A\n{|\n| nunca acaba\n\nB", "A\n{|\n| nunca acaba\n\nB"),
        ("", ""),
    ],
)
def test_tables_are_taken_out_before_anything_is_parsed(wikitext, expected):
    assert without_tables(wikitext) == expected


def test_of_a_table_that_never_ends_the_rows_go_and_the_article_stays():
    assert (
        of("Antes.\n{| class='x'\n|-\n! Año !! Gente\n| 1900 || 12\n\nDespués de la tabla.") == "Antes.\n\nDespués de la tabla."
    )


@given(st.lists(st.sampled_from(["{|", "|}", "| celda", "Frase.", "", "{{x", "}}", "* ítem", "== T ==", "[[a|b", "]]", "<ref>"])))
@settings(max_examples=150)
def test_broken_markup_ends_no_corpus(lines):
    text = of("\n".join(lines))
    assert "\ue000" not in text
    assert "\ue001" not in text
    assert not [line for line in text.split("\n") if line.startswith(("{|", "|"))]


def test_a_text_without_markup_stays_as_it_is():
    text = "El molino muele, y el río corre. ¿Quién lo vio? «Nadie», dijo: 3 < 4 & 5 > 2."
    assert of(text) == text


def test_markup_nested_beyond_measure_is_said_to_be_unreadable_or_read():
    deep = "[[a|" * 3000 + "x" + "]]" * 3000
    try:
        prose_of_wikitext(deep, WIKI)
    except Unreadable:
        return


def test_names_of_templates_are_found_within_others_and_in_no_comment():
    text = "{{Ficha\n|x={{Esbozo_de_ríos|a}}}} {{ stub }} <!-- {{oculta}} --> {{{parámetro}}}"
    assert list(templates_of(text)) == ["ficha", "esbozo de ríos", "stub", "parámetro"]


# --- HTML ---


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<p>Uno <b>dos</b><br>tres.<sup class='mw-ref'>[1]</sup></p><p></p>", "Uno dos tres."),
        ("<table><tr><td>no</td></tr></table><div class='navbox'>no</div><figure>no</figure><p>Sí.</p>", "Sí."),
        ("<p>A.</p><h2>B</h2><p>C.</p><h2>Notas</h2><ol class='references'><li>x</li></ol>", "A.\n\n== B ==\n\nC."),
        ("<p>A:</p><ul><li>uno <ul><li>dos</li></ul></li><li><p>tres</p></li></ul><p>Fin.</p>", "A:\n\nuno\ndos\ntres\n\nFin."),
        ("<blockquote><p>Cita.</p></blockquote><dl><dd>Dicho.</dd></dl>", "Cita.\n\nDicho."),
        ("<p>x <span class='mwe-math-element'><math><mi>a</mi></math></span> y<style>p{}</style> &lt;b&gt;</p>", "x y <b>"),
        ("<p>Vista<!-- oculta --> clara.</p><h2>T<!-- x --></h2><p>B.</p>", "Vista clara.\n\n== T ==\n\nB."),
        ("<p>Está.<span id='coordinates'>Coordenadas: <span class='geo-nondefault'>1</span></span></p>", "Está."),
        ("<section><p>A.</p><section><h3>T</h3><p>B.</p></section></section>", "A.\n\n=== T ===\n\nB."),
        ("", ""),
    ],
)
def test_html_becomes_what_a_reader_reads(body, expected):
    assert prose_of_html(f"<!DOCTYPE html><html><head><title>T</title></head><body>{body}</body></html>").text == expected


@given(st.text(max_size=80).map(lambda text: text.replace("\x00", "")))
def test_a_block_has_no_spaces_at_its_ends_nor_two_in_a_row(text):
    found = block("paragraph", text).text
    assert found == found.strip()
    assert "  " not in found


@given(st.lists(st.tuples(st.sampled_from(["heading", "item", "paragraph"]), st.sampled_from(["a", "b c"]), st.integers(2, 4))))
def test_every_paragraph_of_an_article_is_in_its_prose(found):
    blocks = [block(kind, text, level if kind == "heading" else 0) for kind, text, level in found]
    prose = prose_of(blocks)
    paragraphs = [each.text for each in blocks if each.kind == "paragraph"]
    kept = [line for line in prose.text.split("\n") if line and not line.startswith("=")]
    assert len(kept) >= len(paragraphs)
    assert prose.characters == sum(map(len, kept))
    if paragraphs:
        assert kept[-1] in prose.text.rstrip().rsplit("\n", 1)[-1], "a heading ends it"
