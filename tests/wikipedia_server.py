"""A wiki like Wikipedia on this machine: its API, its pages and its faults; every article in it was written for the tests."""

import gzip
import json
import random
import time
import unicodedata
from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import parse_qs, quote, urlsplit

from genius_server import say
from local_server import LocalServer

WORDS = [
    "puerto",
    "campana",
    "molino",
    "sendero",
    "ladrillo",
    "fuente",
    "tejado",
    "cosecha",
    "ribera",
    "taller",
    "colina",
    "herrero",
    "puente",
    "cantera",
    "olivo",
]


def prose(number, sentences=12):
    """Sentences that are this article's alone."""
    draw = random.Random(number)
    return " ".join(
        f"{' '.join(draw.choice(WORDS) for _ in range(9))} {number * 100 + place}.".capitalize() for place in range(sentences)
    )


def article(number, title):
    """Wikitext as an article has it: an infobox, a table, links, references and the lists at its end."""
    return (
        f"{{{{Ficha\n| nombre = {title}\n| año = {{{{fecha|1|2|1900}}}}\n}}}}\n'''{title}''' (en latín: {{{{lang|la|x}}}}) es "
        f"[[Pueblo|un pueblo]] inventado.<ref>Libro {number}.</ref> {prose(number)}\n\n== Historia ==\n{prose(number + 5000)}\n\n"
        "{| class='wikitable'\n! Año !! Gente\n|-\n| 1900 || 12\n|}\n\n== Véase también ==\n* [[Otro pueblo]]\n\n"
        "== Referencias ==\n{{listaref}}\n[[Categoría:Pueblos]]"
    )


def page_of(title, number):
    """The same as Parsoid shows it, with what the template says."""
    return (
        f"<!DOCTYPE html><html><head><title>{title}</title><style>p{{}}</style></head><body><section>"
        f"<table class='infobox'><tr><td>Ficha</td></tr></table><p><b>{title}</b> (en latín: <i>oppidum</i>) es "
        f"<a href='./Pueblo'>un pueblo</a> inventado.<sup class='mw-ref reference'>[1]</sup> {prose(number)}</p></section>"
        f"<section><h2>Historia</h2><p>{prose(number + 5000)}</p></section>"
        "<section><h2>Véase también</h2><ul><li>Otro pueblo</li></ul></section></body></html>"
    )


@dataclass
class WikipediaServer(LocalServer):
    """pages: by number, as `add` makes them. redirects: title to title. categories: name to numbers of pages or names of
    categories. faults: by kind of request ("random", "titles", "pageids", "revids", "category", "siteinfo", "html"), each used
    up once. most: titles a request. content_in_an_answer: pages whose text one answer holds; the rest follow by `continue`.
    """

    pages: dict = field(default_factory=dict)
    redirects: dict = field(default_factory=dict)
    categories: dict = field(default_factory=dict)
    faults: dict = field(default_factory=dict)
    requests: list = field(default_factory=list)  # (moment, kind, query, headers)
    most: int = 50
    content_in_an_answer: int = 50
    draws: int = 0

    def add(self, number, title=None, text=None, **others):
        """An article; others: namespace, model, disambiguation, redirect, deleted, hidden."""
        title = title or f"Pueblo {number}"
        text = article(number, title) if text is None else text
        self.pages[number] = {"title": title, "revisions": {number * 10: text}, "namespace": 0, "model": "wikitext", **others}

    def edit(self, number, text):
        """A newer revision of a page."""
        revisions = self.pages[number]["revisions"]
        revisions[max(revisions) + 1] = text

    def fail(self, kind, *faults):
        self.faults.setdefault(kind, []).extend(faults)

    def count(self):
        return Counter(kind for _, kind, _, _ in self.requests)

    def queries(self, kind):
        return [query for _, found, query, _ in self.requests if found == kind]

    def answer(self, handler):
        parts = urlsplit(handler.path)
        query = {key: values[0] for key, values in parse_qs(parts.query, keep_blank_values=True).items()}
        kind = "html" if parts.path.startswith("/w/rest.php/") else _kind_of(query)
        self.requests.append((time.monotonic(), kind, query, dict(handler.headers.items())))
        if waiting := self.faults.get(kind):
            return waiting.pop(0)(handler)
        if kind == "html":
            return self.say_page(handler, int(parts.path.split("/")[-2]))
        for key in ("titles", "pageids", "revids"):
            if (count := len(query.get(key, "").split("|"))) > self.most:
                return say_error(handler, "toomanyvalues", f"Too many values for {key}: {count}", limit=self.most)
        return say_json(handler, getattr(self, f"_{kind}")(query))

    def say_content(self, handler):
        """The usual answer to a request for pages, where a fault is to come after it."""
        say_json(handler, self._pageids(self.requests[-1][2]))

    def say_page(self, handler, revision):
        for number, page in self.pages.items():
            if revision in page["revisions"] and not page.get("deleted"):
                return say(handler, page.get("html") or page_of(page["title"], number))
        return say(handler, '{"messageTranslations": {}}', 404)

    def _siteinfo(self, query):
        names = {
            "-2": ("Medio", "Media"), "0": ("", ""), "6": ("Archivo", "File"), "14": ("Categoría", "Category")
        }  # fmt: skip
        spaces = {key: {"id": int(key), "name": name, "canonical": canonical} for key, (name, canonical) in names.items()}
        rights = {"url": "https://creativecommons.org/licenses/by-sa/4.0/deed.es", "text": "Atribución-CompartirIgual"}
        general = {"sitename": "Una wiki", "lang": "es", "server": self.root}
        aliases = [{"id": 6, "alias": "Imagen"}]
        return {"query": {"general": general, "namespaces": spaces, "namespacealiases": aliases, "rightsinfo": rights}}

    def _random(self, query):
        """Another draw at each request; `continue` would draw on without end, as the real one does."""
        self.draws += 1
        there = sorted(n for n, page in self.pages.items() if page["namespace"] == 0 and not page.get("redirect"))
        random.Random(self.draws).shuffle(there)
        listed = [{"id": n, "ns": 0, "title": self.pages[n]["title"]} for n in there[: int(query["rnlimit"])]]
        return {"continue": {"rncontinue": f"0.{self.draws}|0|0", "continue": "-||"}, "query": {"random": listed}}

    def _category(self, query):
        name = query["cmtitle"].partition(":")[2]
        start = int(query.get("cmcontinue", "0"))
        size = min(int(query["cmlimit"]), 4)  # fewer than allowed, as a wiki may
        there = [each for each in self.categories.get(name, ()) if isinstance(each, int) or "subcat" in query["cmtype"]]
        listed = [
            {"pageid": each, "ns": self.pages[each]["namespace"], "title": self.pages[each]["title"]}
            if isinstance(each, int)
            else {"pageid": 9000 + len(each), "ns": 14, "title": f"Categoría:{each}"}
            for each in there[start : start + size]
        ]
        onward = {"continue": {"cmcontinue": str(start + size), "continue": "-||"}} if start + size < len(there) else {}
        return {"batchcomplete": True, "query": {"categorymembers": listed}, **onward}

    def _titles(self, query):
        normalized, redirects, pages, elsewhere = [], [], {}, []
        by_title = {page["title"]: number for number, page in self.pages.items() if not page.get("deleted")}
        for requested in query["titles"].split("|"):
            title = unicodedata.normalize("NFC", requested).replace("_", " ").strip()
            title = title[:1].upper() + title[1:]
            if title != requested:
                encoded = unicodedata.normalize("NFC", requested) != requested
                normalized.append({"fromencoded": encoded, "from": quote(requested) if encoded else requested, "to": title})
            passed = set()
            while title in self.redirects and title not in passed:
                passed.add(title)
                redirects.append({"from": title, "to": self.redirects[title]})
                title = self.redirects[title]
            if title in passed:
                continue  # as the real one: such a page is not among the pages
            if title.startswith("Fr:"):
                elsewhere.append({"title": title, "iw": "fr"})
            elif title in by_title:
                number = by_title[title]
                pages[title] = {"pageid": number, "ns": self.pages[number]["namespace"], "title": title}
            elif title.startswith("Especial:"):
                pages[title] = {"ns": -1, "title": title, "special": True}
            elif title.startswith("//"):
                pages[title] = {"title": title, "invalidreason": "The title begins with slashes.", "invalid": True}
            else:
                pages[title] = {"ns": 0, "title": title, "missing": True}
        found = {"normalized": normalized, "redirects": redirects, "pages": list(pages.values()), "interwiki": elsewhere}
        return {"batchcomplete": True, "query": {key: value for key, value in found.items() if value}}

    def _pageids(self, query):
        numbers = [int(number) for number in query["pageids"].split("|")]
        return self._content(query, [(number, None) for number in numbers])

    def _revids(self, query):
        where = {revision: number for number, page in self.pages.items() for revision in page["revisions"]}
        wanted = [int(revision) for revision in query["revids"].split("|")]
        there = {revision for revision in wanted if revision in where and not self.pages[where[revision]].get("deleted")}
        gone = {str(revision): {"revid": revision, "missing": True} for revision in wanted if revision not in there}
        found = self._content(query, [(where[revision], revision) for revision in wanted if revision in there])
        if gone:
            found["query"]["badrevids"] = gone
        return found

    def _content(self, query, wanted):
        """The text of so many in one answer; of the others their facts, and the text with a later answer."""
        start = int(query.get("rvcontinue", "0|0").split("|")[0])
        shown = range(start, start + self.content_in_an_answer)
        pages = []
        for place, (number, revision) in enumerate(wanted):
            page = self.pages.get(number)
            if page is None or page.get("deleted"):
                pages.append({"pageid": number, "missing": True})
                continue
            facts = {"pageid": number, "ns": page["namespace"], "title": page["title"]}
            facts |= {"redirect": True} if page.get("redirect") else {}
            facts |= {"pageprops": {"disambiguation": ""}} if page.get("disambiguation") else {}
            if place in shown:
                revision = revision or max(page["revisions"])
                text = {"texthidden": True} if page.get("hidden") else {"content": page["revisions"][revision]}
                slots = {"main": {"contentmodel": page["model"], **text}}
                facts["revisions"] = [{"revid": revision, "timestamp": "2026-11-01T10:00:00Z", "slots": slots}]
            pages.append(facts)
        onward = shown.stop < len(wanted)
        found = {"query": {"pages": pages}}
        return found | (
            {"continue": {"rvcontinue": f"{shown.stop}|x", "continue": "||info"}} if onward else {"batchcomplete": True}
        )


def _kind_of(query):
    if query.get("meta") == "siteinfo":
        return "siteinfo"
    if "list" in query:
        return {"random": "random", "categorymembers": "category"}[query["list"]]
    return next(key for key in ("titles", "pageids", "revids") if key in query)


def say_json(handler, value, status=200, **headers):
    """An answer, compressed where the client says that it can read that."""
    body = json.dumps(value).encode()
    headers = {name.replace("_", "-"): text for name, text in headers.items()} | {"Content-Type": "application/json"}
    if "gzip" in handler.headers.get("accept-encoding", ""):
        body, headers = gzip.compress(body, 1), headers | {"Content-Encoding": "gzip"}
    say(handler, body, status, headers)


def say_error(handler, code, info="", status=200, retry_after=None, **others):
    """The API's own way to fail."""
    headers = {"MediaWiki_API_Error": code} | ({"Retry_After": retry_after} if retry_after else {})
    say_json(handler, {"error": {"code": code, "info": info, **others}, "servedby": "mw1"}, status, **headers)


def error(code, info="", **options):
    """The same as a fault."""
    return lambda handler: say_error(handler, code, info, **options)
