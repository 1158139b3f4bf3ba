"""Candidates: which articles may become documents, at random, by title, by category, or by the revisions of an earlier fetching.

What the wiki lists is kept in the cache: a draw at random is made once, and the same whenever it is read again.
"""

import csv
import random
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from verso.corpora.sources.wikipedia.api import MOST, Api, Found
from verso.corpora.sources.wikipedia.edition import ARTICLES, CATEGORIES, Edition
from verso.errors import VersoError
from verso.jobs.logs import announce, watched_progress
from verso.names import shown

PER_LIST = 500  # pages in an answer that lists them, its most
MOST_LISTED = 20_000  # members of a category that are listed: 40 requests, and one for each subcategory
CIRCLE = "its redirects lead round in a circle"
COLUMNS = ("language", "page", "revision", "title")  # of revisions.csv
NUMBER = re.compile(r"[1-9][0-9]{0,17}")
WANTED = "source.revisions is a revisions.csv that fetching wrote"


class Candidate(NamedTuple):
    """A page of the wiki by its number; revision: the one that is wanted, None for the newest."""

    page: int
    title: str
    revision: int | None = None


class Unfound(NamedTuple):
    """What leads to no article.

    where: as the config or the wiki spells it. lost: whether the config names it itself. title: of the article that is taken
    already, for which the reason is one, however many there are.
    """

    where: str
    reason: str
    lost: bool = True
    title: str = ""


def at_random(api: Api, most: int) -> Iterator[Candidate]:
    """Articles that the wiki draws, each once, `most` at most.

    An answer's pages follow each other in the wiki's random order from a random one on: a sample without replacement.
    """
    seen: set[int] = set()
    barren = number = 0
    while len(seen) < most and barren < 2:  # a wiki may have fewer articles than are wanted
        number += 1
        query = {"list": "random", "rnnamespace": ARTICLES, "rnfilterredir": "nonredirects", "rnlimit": PER_LIST}
        first = next(api.pieces(query, ("random",), number=number))  # its `continue` would draw on without end
        drawn = [Candidate(page["id"], page["title"]) for page in first["query"]["random"]]
        new = [candidate for candidate in drawn if candidate.page not in seen][: most - len(seen)]
        seen.update(candidate.page for candidate in new)
        barren = 0 if new else barren + 1
        yield from new


def by_title(api: Api, titles: Sequence[str]) -> Iterator[Candidate | Unfound]:
    """The articles of these titles, through the wiki's spelling and its redirects, in their order, each once."""
    seen: dict[int, str] = {}
    for start in range(0, len(titles), MOST):
        batch = titles[start : start + MOST]
        found = api.look_up("titles", batch, {"prop": "info", "redirects": 1}, kept=True)
        pages = {page.get("title"): page for page in found.pages}
        for title in batch:
            last, is_circle = _followed(title, found)
            page = pages.get(last, {"elsewhere": last in found.elsewhere})
            if reason := CIRCLE if is_circle else _reason_against(page):
                yield Unfound(title, reason)
            elif page["pageid"] in seen:
                yield Unfound(title, "the same article as another title", lost=False, title=seen[page["pageid"]])
            else:
                seen[page["pageid"]] = title
                yield Candidate(page["pageid"], page["title"])


def _followed(title: str, found: Found) -> tuple[str, bool]:
    """Where a title leads, and whether it leads round in a circle."""
    passed = {title}
    while (onward := found.onward.get(title)) is not None:
        if onward in passed:
            return onward, True
        passed.add(onward)
        title = onward
    return title, False


def _reason_against(page: dict[str, Any]) -> str:
    if "elsewhere" in page:
        return "leads to another wiki" if page["elsewhere"] else "the wiki says nothing of it"
    if page.get("invalid"):
        return f"no title that the wiki accepts ({shown(page.get('invalidreason'))})"
    if page.get("missing") or not page.get("pageid"):
        return "no article of that title"
    return "" if page.get("ns") == ARTICLES else f"no article, but a page of namespace {page.get('ns')}"


def of_category(api: Api, edition: Edition, name: str, depth: int, seed: int) -> list[Candidate]:
    """The articles of a category and so many levels below it, in an order drawn by `seed`.

    Raises VersoError when it has none. No more than MOST_LISTED pages are listed, and the screen says so.
    """
    first = edition.category(name)
    waiting, seen = [(first, 0)], {first}
    members: dict[int, Candidate] = {}
    listed = 0
    with watched_progress(desc=f"wikipedia: list {first}", unit="pages") as bar:  # of many subcategories, minutes
        while waiting and listed < MOST_LISTED:
            category, level = waiting.pop(0)
            kinds = "page|subcat" if level < depth else "page"
            query = {"list": "categorymembers", "cmtitle": category, "cmtype": kinds, "cmprop": "ids|title", "cmlimit": PER_LIST}
            for piece in api.pieces(query, ("categorymembers",)):
                for page in piece["query"]["categorymembers"]:
                    title = str(page["title"])
                    if page["ns"] == ARTICLES:
                        members.setdefault(page["pageid"], Candidate(page["pageid"], title))
                    elif page["ns"] == CATEGORIES and (name := edition.category(title)) not in seen:
                        seen.add(name)
                        waiting.append((name, level + 1))
                listed += len(piece["query"]["categorymembers"])
                bar.update(len(piece["query"]["categorymembers"]))
                if listed >= MOST_LISTED:
                    announce(f"{first}: has more than {MOST_LISTED:,} pages; the articles are drawn from the first {listed:,}")
                    break
    if not members:
        raise VersoError(
            f"{api.site}: {shown(first)} has no article" + ("" if depth else ", subcategories (source.depth) not counted")
            + ". Is its name spelled as on the wiki?"
        )  # fmt: skip
    order = sorted(members)
    random.Random(seed).shuffle(order)
    return [members[page] for page in order]


def of_revisions(path: str | Path, language: str) -> list[Candidate]:
    """The revisions of a file with COLUMNS, in its order. Raises VersoError naming file and line for a row that names none."""
    found: dict[int, Candidate] = {}
    for line, row in _rows_of(path):
        where = f"{path}: line {line}"
        if row["language"] != language:
            raise VersoError(f"{where} is of the edition {shown(row['language'])}, and source.language is {language}")
        page, revision = (str(row[name]) for name in ("page", "revision"))
        if not NUMBER.fullmatch(page) or not NUMBER.fullmatch(revision):
            raise VersoError(f"{where}: page {shown(page)}, revision {shown(revision)}; both must be numbers")
        if int(page) in found:
            raise VersoError(f"{where} names page {page} again; a corpus has one revision of each article")
        found[int(page)] = Candidate(int(page), str(row["title"]), int(revision))
    if not found:
        raise VersoError(f"{path}: names no revision")
    return list(found.values())


def _rows_of(path: str | Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """The rows of a file with COLUMNS, each with its line's number."""
    try:
        with Path(path).open(encoding="utf-8-sig", newline="") as stream:  # a spreadsheet may have put a mark before it
            reader = csv.DictReader(stream)
            if missing := set(COLUMNS) - set(reader.fieldnames or ()):
                raise VersoError(f"{path}: no column {', '.join(sorted(missing))}; {WANTED}, with commas between columns")
            for row in reader:
                yield reader.line_num, row
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise VersoError(f"{path}: cannot be read as CSV in UTF-8 ({error}); {WANTED}") from error
