"""A hub of datasets on this machine: what `datasets` asks for, over the hub of models (hub_server)."""

import hashlib
import json
import re
from urllib.parse import parse_qs, unquote, urlsplit

from hub_server import TOKEN, Hub


def described(files, below=""):
    return [
        {
            "type": "file",
            "path": name,
            "size": len(content),
            "oid": hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest(),
        }
        for name, content in files.items()
        if name.startswith(f"{below}/" if below else "")
    ]


class DatasetHub(Hub):
    """Repositories of datasets; everything else as of a hub of models. lists_for_ever: each list of files names a next page."""

    lists_for_ever: bool = False

    def answer(self, request):
        path = unquote(urlsplit(request.path).path)
        body = request.rfile.read(int(request.headers.get("Content-Length") or 0)).decode()
        found = re.fullmatch(r"/api/datasets/([^/]+/[^/]+)/(tree|revision|paths-info|auth-check)(?:/(.+))?", path)
        resolved = re.fullmatch(r"/datasets/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path)
        name = next((match[1] for match in (found, resolved) if match), "")
        repository = self.repositories.get(name)
        self.requests.append((path, request.headers.get("Range"), request.headers.get("Authorization")))
        if repository is None:
            return self.fault(request, 401, "RepoNotFound")
        if repository.gated and (resolved or found[2] == "auth-check") and not self.may_read(request):
            return self.fault(request, 401, "GatedRepo")
        asked = (found[3] if found else resolved[2]) or "main"
        revision, _, below = asked.partition("/") if found and found[2] == "tree" else (asked, "", "")
        commit = repository.branches.get(revision, revision)
        if commit not in repository.commits:
            return self.fault(request, 404, "RevisionNotFound")
        files = repository.commits[commit]
        if resolved:
            if resolved[3] not in files:
                return self.fault(request, 404, "EntryNotFound")
            return self.send_file(request, resolved[3], files[resolved[3]], commit)
        if found[2] == "paths-info":
            paths = parse_qs(body)["paths"]
            return self.send(request, json.dumps([entry for entry in described(files) if entry["path"] in paths]).encode(), {})
        if found[2] == "tree":
            following = {"Link": f'<{self.root}{path}?cursor={len(self.requests)}>; rel="next"'} if self.lists_for_ever else {}
            return self.send(request, json.dumps(described(files, below)).encode(), following)
        return self.send(request, json.dumps(self.described(name, commit, files, repository)).encode(), {})

    @staticmethod
    def may_read(request):
        return request.headers.get("Authorization") == f"Bearer {TOKEN}"
