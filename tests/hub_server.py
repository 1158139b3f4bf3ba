"""A hub on this machine: what huggingface_hub asks for a model and its files, with the faults that a real one has."""

import hashlib
import json
import re
import threading
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

import safetensors.numpy
from local_server import LocalServer
from numpy import arange, float32

LARGE = 1000  # bytes from which a file has a SHA-256, as what lies in Git LFS
TOKEN = "hf_of_a_test_and_never_to_be_shown"


REPOSITORY = "someone/small-model"
WEIGHTS = safetensors.numpy.save({"layer.weight": arange(50_000, dtype=float32).reshape(500, 100)})
FILES = {
    "config.json": json.dumps({"model_type": "mistral", "hidden_size": 8}).encode(),
    "model.safetensors": WEIGHTS,
    "consolidated.safetensors": WEIGHTS,  # the same weights once more, as Mistral's repositories have them
    "original/params.json": b"{}",
    "tokenizer.json": b'{"version": "1.0"}',
    "modeling.py": b"print('never fetched')",
}

CARD = {"license": "apache-2.0", "language": ["es", "en"], "base_model": "someone/base"}  # the page's own head


def commit_of(files):
    return hashlib.sha1(repr(sorted(files.items())).encode()).hexdigest()


@dataclass
class Repository:
    """commits: {hash: {name: content}}. branches: {name: hash}."""

    commits: dict
    branches: dict
    gated: bool = False
    card: dict = field(default_factory=lambda: dict(CARD))

    def push(self, files, branch="main"):
        """A new commit, which the branch now is."""
        commit = commit_of(files)
        self.commits[commit] = files
        self.branches[branch] = commit
        return commit


@dataclass
class Hub(LocalServer):
    """Repositories by name, and the faults to come.

    cut_after: bytes of a file after which the connection ends, once. stall_after: bytes after which nothing more comes, until
    `released`. spoilt: files whose content comes wrong. lies: what it says of a file instead of the truth, and of the commit.
    """

    repositories: dict = field(default_factory=dict)
    requests: list = field(default_factory=list)  # (path, Range, Authorization)
    cut_after: dict = field(default_factory=dict)
    stall_after: dict = field(default_factory=dict)
    spoilt: set = field(default_factory=set)
    lies: dict = field(default_factory=dict)
    stalled: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)
    certificate: str | None = None  # file with key and certificate: it speaks TLS

    def add(self, name, files, gated=False):
        self.repositories[name] = Repository({}, {}, gated)
        return self.repositories[name].push(files)

    def asked_files(self):
        """(file, Range) of each request for a file."""
        return [(path.rsplit("/", 1)[1], ranged) for path, ranged, _ in self.requests if "/resolve/" in path]

    def __exit__(self, *error):
        self.released.set()
        super().__exit__(*error)

    def answer(self, request):
        path = unquote(urlsplit(request.path).path)
        self.requests.append((path, request.headers.get("Range"), request.headers.get("Authorization")))
        described = re.fullmatch(r"/api/models/([^/]+/[^/]+)(?:/revision/(.+))?", path)
        resolved = re.fullmatch(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path)
        name = (described or resolved)[1] if described or resolved else ""
        repository = self.repositories.get(name)
        if repository is None:
            return self.fault(request, 401, "RepoNotFound")  # the real one does not say whether it is private or not there
        revision = (described[2] if described else resolved[2]) or "main"
        commit = repository.branches.get(revision, revision)
        if commit not in repository.commits:
            return self.fault(request, 404, "RevisionNotFound")
        files = repository.commits[commit]
        if described:  # the real one tells anyone what a gated model's files are called
            return self.send(request, json.dumps(self.described(name, commit, files, repository)).encode(), {})
        if repository.gated and request.headers.get("Authorization") != f"Bearer {TOKEN}":
            return self.fault(request, 401, "GatedRepo")
        if resolved[3] not in files:
            return self.fault(request, 404, "EntryNotFound")
        return self.send_file(request, resolved[3], files[resolved[3]], commit)

    def described(self, name, commit, files, repository):
        siblings = []
        for file, content in files.items():
            blob = hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()
            sibling = {"rfilename": file, "size": len(content), "blobId": blob}
            if len(content) >= LARGE:
                sibling["lfs"] = {"sha256": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 130}
            siblings.append({**sibling, **self.lies.get(file, {})})
        return {
            "id": name,
            "sha": self.lies.get("commit", commit),
            "siblings": siblings,
            "gated": "manual" if repository.gated else False,
            "private": False,
            "downloads": 12345,
            "likes": 67,
            "createdAt": "2024-05-22T09:57:04.000Z",
            "lastModified": "2025-01-02T03:04:05.000Z",
            "library_name": "transformers",
            "pipeline_tag": "fill-mask",
            "cardData": repository.card,
            "tags": ["transformers", "safetensors", "region:us"],
        }

    def send_file(self, request, name, content, commit):
        headers = {"ETag": f'"{hashlib.sha256(content).hexdigest()}"', "X-Repo-Commit": commit, "Accept-Ranges": "bytes"}
        whole = bytes(255 - byte for byte in content) if name in self.spoilt else content
        begin, status = 0, 200
        if ranged := request.headers.get("Range"):
            begin, status = int(re.match(r"bytes=(\d+)-", ranged)[1]), 206
            headers["Content-Range"] = f"bytes {begin}-{len(whole) - 1}/{len(whole)}"
        self.send(request, whole[begin:], headers, status, self.cut_after.pop(name, None), self.stall_after.pop(name, None))

    def fault(self, request, status, code):
        self.send(request, b"{}", {"X-Error-Code": code, "X-Error-Message": code}, status)

    def send(self, request, content, headers, status=200, cut_after=None, stall_after=None):
        request.send_response(status)
        for key, value in {**headers, "Content-Length": str(len(content))}.items():
            request.send_header(key, value)
        request.end_headers()
        if request.command == "HEAD":
            return
        some = next((limit for limit in (cut_after, stall_after) if limit is not None), len(content))
        request.wfile.write(content[:some])
        request.wfile.flush()
        if stall_after is not None:
            self.stalled.set()
            self.released.wait(60)
        if some < len(content):
            request.close_connection = True
