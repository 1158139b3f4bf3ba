"""A site like Genius on this machine: its API, its pages and its faults; every song in it was written for the tests."""

import json
import time
from collections import Counter
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

from local_server import LocalServer

TOKEN = "the-right-token"
TITLES = ["Kite Weather", "Copper Moon", "Slow Ferry", "Night Bus"]


def lyrics_of(title, number):
    """Made up on the spot, different for each song."""
    words = ["paper", "lantern", "harbour", "copper", "window", "gravel", "orchard", "kettle", "marble", "thunder"]
    lines = [f"{words[(number + i) % 10]} {words[(number * 3 + i * 7) % 10]} {title.lower()} line {i}" for i in range(8)]
    return ["[Verse 1]", *lines[:4], "", "[Chorus]", *lines[4:]]


def page_of(title, lines):
    """A page as Genius makes them now: two containers, a header inside the first."""
    half = lines.index("") if "" in lines else len(lines)
    header = f'<div data-exclude-from-selection="true"><span>3 Contributors</span><h2>{title} Lyrics</h2></div>'
    containers = [f"{header}{'<br/>'.join(lines[:half])}", "<br/>".join(lines[half + 1 :])]
    inside = "".join(
        f'<div data-lyrics-container="true" class="Lyrics__Container-sc-{i}">{c}</div>' for i, c in enumerate(containers)
    )
    return f'<!DOCTYPE html><html><body><div id="lyrics-root">{inside}</div></body></html>'


@dataclass
class GeniusServer(LocalServer):
    """artists: {id: name}. songs: by id, the API's facts. A fault is a function of (handler) that answers instead; given
    for a path, it is used up once.
    """

    artists: dict = field(default_factory=dict)
    songs: dict = field(default_factory=dict)
    pages: dict = field(default_factory=dict)
    found_for: dict = field(default_factory=dict)  # search term: ids of artists
    faults: dict = field(default_factory=dict)
    requests: list = field(default_factory=list)  # (moment, path, authorization)
    certificate: str | None = None  # file with key and certificate: it speaks TLS

    def add_artist(self, number, name, titles):
        """An artist whose songs stand in the list in this order."""
        self.artists[number] = name
        for position, title in enumerate(titles):
            id_ = number * 1000 + position
            path = f"/{name}-{title}-lyrics".replace(" ", "-")
            self.songs[id_] = {
                "id": id_,
                "title": title,
                "url": f"{self.root}{path}",
                "lyrics_state": "complete",
                "instrumental": False,
                "primary_artist": {"id": number, "name": name},
                "listed_for": [number],
            }
            self.pages[path] = page_of(title, lyrics_of(title, id_))
        return [id_ for id_ in self.songs if id_ // 1000 == number]

    def fail(self, path, *faults):
        """The next requests for `path` get these instead of an answer."""
        self.faults.setdefault(path, []).extend(faults)

    def count(self):
        """How often each path was asked for."""
        return Counter(path for _, path, _ in self.requests)

    def pages_asked(self):
        return [path for _, path, _ in self.requests if path in self.pages]

    def answer(self, handler):
        parts = urlsplit(handler.path)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        self.requests.append((time.monotonic(), parts.path, handler.headers.get("authorization")))
        waiting = self.faults.get(parts.path) or self.faults.get("*")
        if waiting:
            waiting.pop(0)(handler)
        elif parts.path == "/api/search/multi":
            hits = [
                {"index": "artist", "result": {"_type": "artist", "id": id_, "name": self.artists[id_]}}
                for id_ in self.found_for.get(
                    query["q"], [id_ for id_, name in self.artists.items() if name.lower() == query["q"].lower()]
                )
            ]
            say_json(handler, {"sections": [{"type": "top_hit", "hits": hits[:1]}, {"type": "artist", "hits": hits}]})
        elif parts.path.startswith("/artists/"):
            self.answer_of_api(handler, parts.path.split("/"), query)
        elif parts.path in self.pages:
            say(handler, self.pages[parts.path])
        else:
            say(handler, "<html>no such page</html>", 404)

    def answer_of_api(self, handler, path, query):
        if handler.headers.get("authorization") != f"Bearer {TOKEN}":
            say(handler, json.dumps({"meta": {"status": 401}, "seen": handler.headers.get("authorization")}), 401)
        elif int(path[2]) not in self.artists:
            say(handler, json.dumps({"meta": {"status": 404}}), 404)
        elif len(path) == 3:
            say_json(handler, {"artist": {"id": int(path[2]), "name": self.artists[int(path[2])]}})
        else:
            page, size = int(query["page"]), int(query["per_page"])
            listed = [song for song in self.songs.values() if int(path[2]) in song["listed_for"]]
            following = page + 1 if page * size < len(listed) else None
            say_json(handler, {"songs": listed[(page - 1) * size : page * size], "next_page": following})


def say(handler, body, status=200, headers=None):
    data = body if isinstance(body, bytes) else body.encode()
    handler.send_response(status)
    for name, value in (headers or {}).items():
        handler.send_header(name, value)
    handler.send_header("Content-Length", str(len(data)))
    handler.end_headers()
    handler.wfile.write(data)


def say_json(handler, response):
    say(handler, json.dumps({"meta": {"status": 200}, "response": response}))


# --- faults ---


def status(code, **headers):
    return lambda handler: say(
        handler, "<html>no</html>", code, {name.replace("_", "-"): value for name, value in headers.items()}
    )


def instead(body):
    return lambda handler: say(handler, body)


def cut(handler):
    """Half an answer, and the line is gone."""
    handler.send_response(200)
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    handler.wfile.write(b"<html>half of it")
    handler.close_connection = True


def hang_up(handler):
    """Not a byte."""
    handler.close_connection = True


def drip(handler):
    """A byte every now and then: each in time, the whole never."""
    handler.send_response(200)
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    try:
        for _ in range(300):
            handler.wfile.write(b"x")
            time.sleep(0.05)
    except OSError:
        handler.close_connection = True


def silence(handler):
    """Nothing at all for longer than anybody waits."""
    time.sleep(3)
    handler.close_connection = True


def endless(sent):
    """A hundred megabytes, without saying so before (the system alone buffers ten); `sent` counts what could be sent."""

    def answer(handler):
        handler.send_response(200)
        handler.send_header("Connection", "close")
        handler.end_headers()
        try:
            for _ in range(1600):
                handler.wfile.write(b"<p>" + b"x" * 65533)
                sent.append(65536)
        except OSError:
            pass
        handler.close_connection = True

    return answer


def titles(rows):
    """Of songs as they are scraped."""
    return [row["title"] for row in rows]
