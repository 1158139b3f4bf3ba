"""Articles from a wiki: chosen in four ways, passed over with a reason, fetched once, and again by their revisions."""

import csv
import datetime
import threading
import time
import unicodedata
from urllib.parse import urlsplit

import pytest
from wikipedia_server import article, prose

from verso.corpora.sources.wikipedia.settings import WikipediaSource
from verso.fetching.alone import alone_at

ALIKE = "Los molinos de la ribera muelen de noche y de día. "


def ids(rows):
    return [(row["page"], row["revision"]) for row in rows]


def titles(rows):
    return [row["title"] for row in rows]


def reasons(rows):
    return {row["excerpt"]: row["reason"] for row in rows}


def said(capfd):
    return "".join(capfd.readouterr())


def test_articles_at_random_come_each_once_with_revision_history_and_licence(wiki, fetched):
    found = fetched(articles=3)
    assert len({row["page"] for row in found.articles}) == 3
    first = found.articles[0]
    number = first["page"]
    assert first == {
        "title": f"Pueblo {number}",
        "text": f"Pueblo {number} es un pueblo inventado. {prose(number)}\n\n== Historia ==\n\n{prose(number + 5000)}",
        "url": f"{wiki.root}/wiki/Pueblo_{number}",
        "revision": str(number * 10),
        "licence": "CC BY-SA 4.0",
        "history": f"{wiki.root}/w/index.php?title=Pueblo_{number}&action=history",
        "changed": "prose taken from wikitext",
        "page": number,
        "language": "es",
        "timestamp": "2026-11-01T10:00:00Z",
    }
    assert wiki.count() == {"siteinfo": 1, "random": 1, "pageids": 1}, "of fifty pages one request was enough"
    assert found.aside == []


def test_random_draws_go_on_until_there_are_enough_or_the_wiki_has_no_more(wiki, fetched, capfd):
    for number in range(100, 104):
        wiki.add(number, text="Corto.")
    found = fetched(articles=14)
    assert len(found.articles) == 12
    assert found.summary["passed_over"] == {"shorter than 500 characters": 4}
    assert (found.summary["looked_at"], found.summary["taken"]) == (16, 12)
    assert wiki.count()["random"] == 3, "two draws without a new page end it"
    assert "14 articles were requested, and there are 12 (not taken: 4 shorter than 500 characters)" in said(capfd)


def test_html_keeps_what_templates_say_and_says_that_it_did(wiki, fetched):
    (row,) = fetched(text="html", titles=["Pueblo 3"]).articles
    assert row["text"].startswith("Pueblo 3 (en latín: oppidum) es un pueblo inventado. ")
    assert "Véase" not in row["text"]
    assert "Ficha" not in row["text"]
    assert row["changed"] == "prose taken from HTML"
    assert row["revision"] == "30"
    assert wiki.queries("html") == [{}]
    summary = fetched(text="html", titles=["Pueblo 3"]).summary
    assert summary["text"]["taken_from"] == "html"
    assert summary["text"]["read_by"].startswith("beautifulsoup4 ")
    assert wiki.count()["html"] == 1, "the page was fetched again"


# --- by title ---


def test_titles_go_through_the_wikis_spelling_and_redirects_and_each_article_comes_once(wiki, fetched):
    wiki.redirects |= {"Villa 3": "Villa vieja", "Villa vieja": "Pueblo 3"}
    found = fetched(titles=["Pueblo 2", "pueblo_4", "Villa 3", "Villa vieja", "Pueblo 3"])
    assert titles(found.articles) == ["Pueblo 2", "Pueblo 4", "Pueblo 3"]
    same = "the same article as another title"  # one reason, however many titles there are
    assert [(row["excerpt"], row["reason"], row["lost"]) for row in found.aside] == [
        ("Villa vieja = Villa 3", same, False),
        ("Pueblo 3 = Villa 3", same, False),
    ]


def test_two_corpora_with_caches_of_their_own_fetch_from_one_wiki_one_after_the_other(wiki, fetched, caplog):
    host = urlsplit(wiki.root).netloc
    other = threading.Thread(target=fetched, kwargs={"titles": ["Pueblo 2"], "cache": "another"})
    with alone_at(host), caplog.at_level("INFO"):
        other.start()
        deadline = time.monotonic() + 20
        while "waiting" not in caplog.text and time.monotonic() < deadline:
            time.sleep(0.02)
        assert f"{host}: another job fetches from it; waiting" in caplog.text
        assert wiki.count().total() == 0
    other.join(timeout=30)
    assert fetched.outputs["articles"].exists()


def test_titles_with_slashes_quotes_and_emoji_are_titles_like_others(wiki, fetched):
    names = [
        "AC/DC", 'El "Pueblo"', "L'Hospitalet & Cía.?", "🎸 guitarra", "C++", "100 % lana", "👨\u200d👩\u200d👧", "می\u200cخواهم",
    ]  # fmt: skip
    loaded = WikipediaSource(type="wikipedia", language="es", titles=names)
    for number, name in enumerate(names, start=50):
        wiki.add(number, name)
    found = fetched(titles=loaded.titles)
    assert [row["title"] for row in found.articles] == [name[:1].upper() + name[1:] for name in names]
    assert found.articles[0]["url"].endswith("/wiki/AC/DC")
    assert found.articles[1]["url"].endswith("/wiki/El_%22Pueblo%22")
    assert found.articles[2]["history"].endswith("?title=L%27Hospitalet_%26_C%C3%ADa.%3F&action=history")
    assert [row["title"] for row in csv.DictReader(found.revisions.open(newline=""))] == names


def test_a_title_whose_accents_are_characters_of_their_own_is_the_same_title(wiki, fetched):
    wiki.add(50, "Ávila (España)")
    spelled = unicodedata.normalize("NFD", "ávila_(España)")
    assert spelled != "ávila_(España)"
    assert titles(fetched(titles=[spelled]).articles) == ["Ávila (España)"]


def test_a_title_that_leads_to_no_article_is_set_aside_as_lost_with_the_reason(wiki, fetched):
    wiki.redirects |= {"Rueda": "Noria", "Noria": "Molino", "Molino": "Rueda"}
    wiki.add(90, "Anexo:Pueblos", namespace=104)
    found = fetched(titles=["Pueblo 1", "Nunca visto", "Rueda", "//", "Anexo:Pueblos", "Fr:Village", "Especial:Buscar"])
    assert titles(found.articles) == ["Pueblo 1"]
    assert reasons(found.aside) == {
        "Nunca visto": "no article of that title",
        "Rueda": "its redirects lead round in a circle",
        "//": "no title that the wiki accepts (The title begins with slashes.)",
        "Anexo:Pueblos": "no article, but a page of namespace 104",
        "Fr:Village": "leads to another wiki",
        "Especial:Buscar": "no article of that title",
    }
    assert all(row["lost"] for row in found.aside), "what the config names and is not there is lost"


def test_many_titles_are_requested_fifty_at_a_time_and_fewer_where_addresses_grow_too_long(wiki, fetched):
    names = [f"Aldea {number}" for number in range(1000, 1060)] + [f"{'Ñ' * 100} {number}" for number in range(20)]
    for number, name in enumerate(names, start=1000):
        wiki.add(number, name)
    found = fetched(titles=names)
    assert len(found.articles) == 80
    for kind in ("titles", "pageids"):
        sizes = [len(query[kind].split("|")) for query in wiki.queries(kind)]
        assert max(sizes) == 50
        assert sum(sizes) == 80
    assert len(wiki.queries("titles")) > 2


# --- by category ---


def test_a_category_gives_so_many_of_its_articles_in_an_order_drawn_by_the_seed(wiki, fetched):
    wiki.categories["Pueblos"] = list(range(1, 13))
    found = fetched(category="Pueblos", articles=12)
    assert sorted(row["page"] for row in found.articles) == list(range(1, 13))
    order = ids(found.articles)
    assert order != sorted(order)
    assert ids(fetched(category="Categoría:Pueblos", articles=5).articles) == order[:5], "its prefix in the wiki's own words"
    assert ids(fetched(category="Category:Pueblos", articles=5, seed=1).articles) != order[:5]


def test_subcategories_count_as_deep_as_the_config_says_and_a_circle_of_them_ends(wiki, fetched):
    wiki.categories |= {"Pueblos": [1, 2, "Villas"], "Villas": [2, 3, "Aldeas"], "Aldeas": [4, "Pueblos"]}
    counts = [sorted(row["page"] for row in fetched(category="Pueblos", depth=depth).articles) for depth in (0, 1, 2, 5)]
    assert counts == [[1, 2], [1, 2, 3], [1, 2, 3, 4], [1, 2, 3, 4]]
    requested = [(query["cmtitle"], query["cmtype"]) for query in wiki.queries("category")]
    assert len(requested) == len({(name.partition(":")[2], kinds) for name, kinds in requested}) == 6, (
        "a category was listed twice"
    )


def test_an_empty_category_says_so(wiki, reported):
    wiki.categories["Vacía"] = ["Villas"]
    wiki.categories["Villas"] = [1]
    message = reported(category="Vacía")
    assert (
        "Category:Vacía has no article, subcategories (source.depth) not counted. Is its name spelled as on the wiki?" in message
    )
    assert "has no article. Is its name" in reported(category="Nada", depth=2)


def test_of_a_category_of_a_million_articles_only_so_many_are_listed(wiki, fetched, monkeypatch, capfd):
    monkeypatch.setattr("verso.corpora.sources.wikipedia.candidates.MOST_LISTED", 8)
    wiki.categories["Todo"] = list(range(1, 13))
    assert {row["page"] for row in fetched(category="Todo").articles} <= set(range(1, 9))
    assert wiki.count()["category"] == 2
    assert "has more than 8 pages; the articles are drawn from the first 8" in said(capfd)


# --- passed over ---


def test_what_is_no_article_is_passed_over_and_counted_by_reason(wiki, fetched):
    long = prose(77)
    odd = {
        "Desvío": {"text": "#REDIRECCIÓN [[Pueblo 1]]", "redirect": True},
        "Molino (desambiguación)": {"text": long, "disambiguation": True},
        "Lista de pueblos": {"text": long},
        "Corta": {"text": "Es corta."},
        "Vacía": {"text": " \n"},
        "Sin prosa": {"text": "{{Ficha}}\n[[Categoría:Pueblos]]"},
        "Datos": {"text": "{}" * 500, "model": "json"},
        "Esbozada": {"text": f"{long}\n{{{{Esbozo|pueblo}}}}"},
        "Ríos": {"text": f"{ALIKE}\n\n" + "\n".join(f"* [[Río {n}]], {ALIKE}" for n in range(20))},
        "Estuvo": {"text": long, "deleted": True},
    }
    for number, (title, facts) in enumerate(odd.items(), start=200):
        wiki.add(number, title, **facts)
    wiki.categories["Pueblos"] = [1, 2, *range(200, 210)]
    found = fetched(category="Pueblos")
    assert sorted(titles(found.articles)) == ["Pueblo 1", "Pueblo 2"]
    assert reasons(found.aside) == {
        "Desvío": "a redirect",
        "Molino (desambiguación)": "a disambiguation page",
        "Lista de pueblos": "a list, by its title",
        "Corta": "shorter than 500 characters",
        "Vacía": "no text",
        "Sin prosa": "no text",
        "Datos": "not written in wikitext",
        "Esbozada": "a stub",
        "Ríos": "a list: more than 50% of its text is in items",
        "Estuvo": "deleted since the wiki listed it",
    }
    assert sum(found.summary["passed_over"].values()) == 10
    assert not any(row["lost"] for row in found.aside), "what the wiki listed and is no article is no loss"


def test_an_edition_whose_words_are_not_known_says_so_and_takes_those_of_the_config(wiki, fetched, capfd):
    wiki.add(300, "Rejstřík vesnic", text=prose(1))
    wiki.add(301, "Ves", text=f"{prose(2)} {{{{Geografický pahýl}}}}")
    wanted = ["Rejstřík vesnic", "Ves"]
    assert len(fetched(language="cs", titles=wanted).articles) == 2
    assert "give source.list_titles and source.stub_templates, or only their length and form speak against them" in said(capfd)
    found = fetched(language="cs", titles=[*wanted, "Pueblo 1"], list_titles=["rejstřík "], stub_templates=["pahýl"])
    assert reasons(found.aside) == {"Rejstřík vesnic": "a list, by its title", "Ves": "a stub"}
    assert "not known how" not in said(capfd)


def test_when_nothing_is_left_the_reasons_are_said(wiki, reported):
    wiki.pages = {}
    wiki.add(1, text="Corto.")
    wiki.add(2, disambiguation=True)
    message = reported(articles=3)
    assert "no usable article among 2 (1 " in message
    assert "1 a disambiguation page" in message
    assert "1 shorter than 500 characters" in message


# --- fetched once ---


@pytest.mark.parametrize("way", [{}, {"category": "Todo"}, {"titles": ["Pueblo 1", "Rueda", "Pueblo 5", "Estuvo"]}])
@pytest.mark.parametrize("text", ["wikitext", "html"])
def test_a_second_start_requests_nothing_though_the_wiki_has_changed(wiki, fetched, way, text):
    wiki.categories["Todo"] = list(range(1, 13))
    wiki.redirects["Rueda"] = "Rueda"
    wiki.add(20, "Estuvo", text="Corto.")
    before = fetched(text=text, **way)
    requests = len(wiki.requests)
    for number in range(1, 13):
        wiki.edit(number, article(number + 400, f"Pueblo {number}"))
        wiki.pages[number]["deleted"] = number % 2 == 0
    again = fetched(text=text, contact=None, **way)
    assert (again.articles, again.aside, again.summary) == (before.articles, before.aside, before.summary)
    assert len(wiki.requests) == requests


def test_more_articles_fetch_only_the_further_ones(wiki, fetched):
    for number in range(13, 120):
        wiki.add(number)
    first = fetched(articles=4)
    more = fetched(articles=40)
    assert titles(more.articles)[:4] == titles(first.articles)
    pages = [int(page) for query in wiki.queries("pageids") for page in query["pageids"].split("|")]
    assert len(pages) == len(set(pages)), "a page was fetched twice"
    assert wiki.count()["random"] == 1


def test_a_refresh_draws_and_fetches_again_once(wiki, fetched):
    yesterday = fetched().articles
    fetched.grow_old()
    today = datetime.date.today().isoformat()
    again = fetched(refresh=today)
    requests = len(wiki.requests)
    assert again.articles != yesterday, "the draw is a new one"
    assert fetched(refresh=today).articles == again.articles
    assert len(wiki.requests) == requests


# --- by revision ---


@pytest.mark.parametrize("text", ["wikitext", "html"])
def test_the_same_corpus_is_fetched_again_by_its_revisions(wiki, fetched, tmp_path, text):
    before = fetched(text=text)
    kept = before.revisions.rename(tmp_path / "kept.csv")
    for number in range(1, 13):
        wiki.edit(number, article(number + 400, f"Pueblo {number}"))
    again = fetched(text=text, revisions=kept, cache="another")
    assert [row["text"] for row in again.articles] == [row["text"] for row in before.articles]
    assert again.revisions.read_bytes() == kept.read_bytes()
    assert wiki.count()["revids"] == 1
    assert fetched(text=text, revisions=kept, cache="another", contact=None).articles == again.articles, "it was fetched twice"


def test_an_older_revision_in_the_cache_does_not_become_the_newest(wiki, fetched, tmp_path):
    wiki.edit(3, article(500, "Pueblo 3"))
    newest = fetched(titles=["Pueblo 3"])
    older = tmp_path / "older.csv"
    older.write_text("language,page,revision,title\nes,3,30,Pueblo 3\n")
    assert ids(fetched(revisions=older).articles) == [(3, "30")]
    assert ids(fetched(titles=["Pueblo 3"]).articles) == ids(newest.articles) == [(3, "31")]


@pytest.mark.parametrize("gone", ["deleted", "hidden"])
def test_a_revision_that_was_deleted_is_lost_and_said(wiki, fetched, tmp_path, gone):
    wiki.pages[2][gone] = True
    (tmp_path / "r.csv").write_text("language,page,revision,title\nes,1,10,Pueblo 1\nes,2,20,Pueblo 2\n")
    for _ in range(2):
        found = fetched(revisions=tmp_path / "r.csv")
        assert titles(found.articles) == ["Pueblo 1"]
        assert [(row["excerpt"], row["reason"], row["lost"]) for row in found.aside] == [
            ("Pueblo 2", "its revision was deleted", True)
        ]
    assert wiki.count()["revids"] == 1


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("page,revision\n1,10\n", "no column language, title; source.revisions is a revisions.csv that fetching wrote"),
        ("language,page,revision,title\n", "names no revision"),
        ("language,page,revision,title\nes,1,10,A\nen,1,10,A\n", "line 3 is of the edition en, and source.language is es"),
        ("language,page,revision,title\nes,1,x/../y,A\n", "line 2: page 1, revision x/../y; both must be numbers"),
        (f"language,page,revision,title\nes,{'9' * 30},10,A\n", "line 2: page 9999"),
        ("language,page,revision,title\nes,0,10,A\n", "line 2: page 0, revision 10; both must be numbers"),
        (
            "language,page,revision,title\nes,1,10,A\nes,1,11,A\n",
            "line 3 names page 1 again; a corpus has one revision of each article",
        ),
        (f"language,page,revision,title\nes,1,{'9' * 5000},A\n", "line 2: page 1, revision 9999"),
        ("language;page;revision;title\nes;1;10;A\n", "no column language, page, revision, title; source.revisions is a"),
        ("language,page,revision,title\nes,1\n", "line 2: page 1, revision None; both must be numbers"),
    ],
)
def test_a_file_that_is_none_of_revisions_is_said_with_its_line(reported, tmp_path, lines, expected):
    (tmp_path / "r.csv").write_text(lines)
    assert f"r.csv: {expected}" in reported(revisions=tmp_path / "r.csv")


def test_a_file_of_revisions_that_a_spreadsheet_saved_is_read_and_one_that_is_no_text_is_named(fetched, reported, tmp_path):
    (tmp_path / "r.csv").write_bytes("\ufefflanguage,page,revision,title\r\nes,1,10,Pueblo 1\r\n".encode())
    assert titles(fetched(revisions=tmp_path / "r.csv").articles) == ["Pueblo 1"]
    (tmp_path / "r.csv").write_bytes(b"language,page\xff")
    assert "r.csv: cannot be read as CSV in UTF-8 ('utf-8' codec" in reported(revisions=tmp_path / "r.csv")


# --- contact ---


def test_without_a_contact_nothing_is_requested_and_it_is_said_how_to_give_one(wiki, reported, monkeypatch, tmp_path):
    monkeypatch.delenv("WIKIMEDIA_CONTACT", raising=False)
    monkeypatch.chdir(tmp_path)
    message = reported(contact=None)
    assert "source: contact: ..., or as WIKIMEDIA_CONTACT=... in the environment or .env" in message
    monkeypatch.setenv("WIKIMEDIA_CONTACT", " ")
    assert "there is no contact" in reported(contact=None)
    monkeypatch.setenv("WIKIMEDIA_CONTACT", "you@example.org")
    assert "WIKIMEDIA_CONTACT is 'you@example.org', an example; give your e-mail address" in reported(contact=None)
    assert wiki.requests == []


def test_each_request_names_program_operator_and_library_and_reads_compressed_answers(wiki, fetched, monkeypatch):
    monkeypatch.setenv("WIKIMEDIA_CONTACT", "https://uni.mx/~ana/corpus")
    fetched(contact=None, text="html", articles=2)
    agents = {headers["User-Agent"] for *_, headers in wiki.requests}
    (agent,) = agents
    assert agent.startswith("Verso/")
    assert " (https://uni.mx/~ana/corpus) python-requests/" in agent
    assert {headers["Accept-Encoding"] for *_, headers in wiki.requests} == {"gzip"}
    assert {query["maxlag"] for _, kind, query, _ in wiki.requests if kind != "html"} == {"5"}
