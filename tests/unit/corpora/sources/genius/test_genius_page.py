"""Pages of Genius: what is sung comes out, line by line, and nothing else does. Every page here was written for these tests."""

import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from verso.corpora.sources.genius.page import NoLyrics, read_page


def page(inside, before="", after=""):
    return f'<html><head><title>x</title></head><body>{before}<div id="lyrics-root">{inside}</div>{after}</body></html>'


def container(inside, css="Lyrics__Container-sc-78fb6627-1 hiRbsH"):
    return f'<div data-lyrics-container="true" class="{css}">{inside}</div>'


def read(html, title="Kite Weather", artist="Mara Quill"):
    return read_page(html, title, artist)


HEADER = (
    '<div data-exclude-from-selection="true"><div class="LyricsHeader__Container-sc-5e4b7146-1">30 Contributors'
    "<ul><li>Translations</li><li>Español</li></ul><h2>Kite Weather Lyrics</h2>The first single. <span>Read More</span>"
    "</div></div>"
)


def test_lines_sections_and_blank_lines_are_as_on_the_page():
    html = page(container("[Verse 1]<br/>Paper on the wind<br/>String in my hand<br/><br/>[Chorus]<br/>Up, up"))
    assert read(html) == "[Verse 1]\nPaper on the wind\nString in my hand\n\n[Chorus]\nUp, up"


def test_containers_do_not_run_into_each_other():
    html = page(container("[Verse 1]<br>la la") + container("la lo<br>end") + container("[Verse 2]<br>more"))
    assert read(html) == "[Verse 1]\nla la\nla lo\nend\n\n[Verse 2]\nmore"


def test_the_header_inside_the_first_container_is_no_lyrics():
    assert read(page(container(HEADER + "[Intro]<br>Hey"))) == "[Intro]\nHey"
    unmarked = HEADER.replace(' data-exclude-from-selection="true"', "")
    assert read(page(container(unmarked + "[Intro]<br>Hey"))) == "[Intro]\nHey"
    nameless = unmarked.replace("LyricsHeader", "q7Zx")
    assert read(page(container(nameless + "[Intro]<br>Hey"))) == "[Intro]\nHey"


@pytest.mark.parametrize(
    "header",
    [
        "30 ContributorsKite Weather Lyrics",
        "1 ContributorKite Weather Lyrics",
        "30 ContributorsTranslationsEspañolPortuguêsKite Weather Lyrics",
        "30 ContributorsKite Weather Lyrics“Kite Weather” opens the second album… Read More ",
    ],
)
def test_a_header_that_is_plain_text_is_no_lyrics_either(header):
    assert read(page(container(header + "[Verse 1]<br>Paper"))) == "[Verse 1]\nPaper"


def test_a_title_that_holds_the_word_lyrics_loses_no_part_of_it():
    html = page(container("2 ContributorsLyrics to Nothing LyricsLyrics to nothing<br>Read More books"))
    assert read(html, title="Lyrics to Nothing") == "Lyrics to nothing\nRead More books"


def test_an_annotation_over_several_lines_is_read_over_several_lines():
    link = '<a class="ReferentFragment-desktop__ClickTarget" href="/1"><span>two lines<br/>in <i>one</i> link</span></a>'
    assert read(page(container(f"before<br>{link}<br>after"))) == "before\ntwo lines\nin one link\nafter"


def test_styles_and_entities_are_text_and_line_breaks_of_the_source_are_none():
    html = page(container("<b>Bold &amp; <i>tender</i></b>\n   and\tspaced&nbsp;out<br>\n  next<!-- not this -->"))
    assert read(html) == "Bold & tender and spaced out\nnext"


@pytest.mark.parametrize("end", ["12Embed", "Embed", "1.2KEmbed", "3Embed  "])
def test_the_button_glued_to_the_last_word_is_cut_off(end):
    assert read(page(container(f"la la<br>goodbye{end}"))) == "la la\ngoodbye"


def shares(count):
    """The state of a page whose button says how often its song was shared."""
    state = {"songPage": {"song": 12345}, "entities": {"songs": {"9": {"pyongsCount": 7}, "12345": {"pyongsCount": count}}}}
    return f"<script>window.__PRELOADED_STATE__ = JSON.parse('{json.dumps(state)}');</script>"


@pytest.mark.parametrize(
    ("count", "end", "sung"),
    [
        (12, "back in 199912Embed", "back in 1999"),
        (9, "back in 19999Embed", "back in 1999"),
        (None, "back in 1999Embed", "back in 1999"),
        (0, "back in 1999Embed", "back in 1999"),
        (1234, "back in 19991.2KEmbed", "back in 1999"),
        (2000, "back in 19992KEmbed", "back in 1999"),
        (1234, "back in 19991,234Embed", "back in 1999"),
        (12, "three<br>two<br>112Embed", "three\ntwo\n1"),
        (12, "goodbye12Embed", "goodbye"),
        (12, "U212Embed", "U2"),
        (12, "back in 1999", "back in 1999"),
    ],
)
def test_the_count_that_the_page_states_is_cut_off_and_no_digit_that_is_sung(caplog, count, end, sung):
    assert read(page(container(end), after=shares(count))) == sung
    assert caplog.text == ""


@pytest.mark.parametrize("state", ["", shares(3), shares("many")])
def test_digits_of_which_the_page_does_not_say_whose_they_are_are_kept_and_it_is_said(caplog, state):
    assert read(page(container("la la<br>back in 199912Embed"), after=state)) == "la la\nback in 199912"
    assert "Kite Weather: 199912 at its end: may hold a count of shares" in caplog.text
    assert read(page(container("la la<br>12Embed"), after=state)) == "la la", "a line of its own is the button's"


def test_a_song_may_sing_of_numbers_and_of_embedding():
    assert read(page(container("Embed me in 1999<br>count to 12"))) == "Embed me in 1999\ncount to 12"


def test_recommendations_and_tickets_between_the_lines_are_no_lyrics():
    glued = "last wordSee Mara Quill LiveGet tickets as low as $65You might also like[Chorus]<br>Up"
    assert read(page(container(glued))) == "last word\n\n[Chorus]\nUp"
    own = "one<br>You might also like<br>two<br>See Mara Quill Live<br>three"
    assert [line for line in read(page(container(own))).split("\n") if line] == ["one", "two", "three"]
    marked = (
        container("one") + '<div data-exclude-from-selection="true">You might also like<p>Other Song</p></div>' + container("two")
    )
    assert read(page(marked)) == "one\ntwo"


def test_a_line_that_only_resembles_them_is_sung():
    kept = "See the whole town live<br>You might also like me<br>See Somebody Live"
    assert read(page(container(kept))) == kept.replace("<br>", "\n")


def test_the_old_layout_is_read():
    old = '<div class="lyrics"><!--sse--><p>[Verse 1]<br>\nOld paper<br>\nOld wind</p><script>no()</script></div>'
    assert read(f"<html><body>{old}</body></html>") == "[Verse 1]\nOld paper\nOld wind"


@pytest.mark.parametrize("css", ["Lyrics__Container-sc-1ynbvzw-5", "q7Zx", ""])
def test_no_class_matters_for_its_hash_changes(css):
    assert read(page(container("Paper", css))) == "Paper"


def state(html):
    """As the page's script has it: JSON in a JavaScript string in single quotes."""
    value = json.dumps({"songPage": {"lyricsData": {"body": {"html": html}}}})
    return "<script>window.__PRELOADED_STATE__ = JSON.parse('" + value.replace("\\", "\\\\").replace("'", "\\'") + "');</script>"


def test_the_state_of_the_script_is_read_when_the_page_shows_nothing():
    html = page("", after=state("<p>[Verse 1]<br>\nIt's &quot;paper&quot;<br>\nél 🪁</p>"))
    assert read(html) == '[Verse 1]\nIt\'s "paper"\nél 🪁'
    stub = page(container(HEADER), after=state("<p>from the state</p>"))
    assert read(stub) == "from the state"


@pytest.mark.parametrize(
    "broken", ["JSON.parse('{')", "JSON.parse('{\\u12')", "JSON.parse('[1]')", "JSON.parse('\\u{ffffffff}')"]
)
def test_a_broken_state_is_no_error(broken):
    with pytest.raises(NoLyrics, match="no lyrics on the page"):
        read(page("", after=f"<script>window.__PRELOADED_STATE__ = {broken};</script>"))


@pytest.mark.parametrize(
    ("html", "reason"),
    [
        (page(container(HEADER)), "a stub"),
        (page(container("")), "a stub"),
        (page("<div>Please check your browser</div>"), "no lyrics on the page"),
        ("", "no lyrics on the page"),
        (page("<div>This song is an instrumental</div>"), "instrumental"),
        (page(container(HEADER + "This song is an instrumental")), "instrumental"),
        (page(container("[Instrumental]")), "instrumental"),
        (page("<div>Lyrics for this song have yet to be released. Please check back later.</div>"), "not released yet"),
        (page(container("Lyrics for this song have yet to be transcribed.")), "not released yet"),
    ],
)
def test_a_page_without_lyrics_says_why(html, reason):
    with pytest.raises(NoLyrics, match=reason):
        read(html)


def test_a_page_that_nests_without_end_is_read_all_the_same():
    assert read(page(container("<span>" * 3000 + "deep" + "</span>" * 3000))) == "deep"


LINES = st.lists(
    st.text(alphabet="abc xyz[]1é", min_size=1, max_size=12).filter(lambda line: line.strip()), min_size=1, max_size=12
)


@given(LINES, st.integers(0, 11))
def test_whatever_is_sung_comes_out_however_it_is_cut_into_containers(lines, cut):
    """Not a word lost, none glued to another, in the same order."""
    halves = [lines[:cut], lines[cut:]]
    html = page("".join(container("<br>".join(half)) for half in halves if half))
    sung = [" ".join(line.split()) for line in lines]
    if "".join(sung).lower() == "[instrumental]":
        return
    assert [line for line in read(html).split("\n") if line] == sung


@given(st.text(alphabet="<>/div brap\"'=-\\&;! [CDATA", max_size=200))
def test_no_page_breaks_the_parser(text):
    with contextlib.suppress(NoLyrics):
        assert read(page(text) + text).strip()


@pytest.mark.parametrize("markup", ["<![foo[ la", "<![endfoo la]>"])
def test_a_page_that_the_parser_rejects_loses_one_song_and_no_more(markup):
    with pytest.raises(NoLyrics, match="cannot be parsed"):
        read_page(f"<html>{markup}</html>", "Kite", "Ada")
