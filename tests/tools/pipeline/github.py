"""As much of GitHub's REST API as the pipeline calls, on loopback, with what a repository holds.

The answers have the shape of GitHub's documentation ("REST API endpoints for issue comments", "for issues", "for pull
requests"), and pages, which are smaller here.
"""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

TOKEN: Final = "of-this-job"
BOT: Final = {"login": "github-actions[bot]"}
SOMEBODY: Final = {"login": "somebody"}


class Repository:
    """What it holds; `calls`: what was changed, in order; `refuses`: the status of every change, if any."""

    def __init__(self) -> None:
        self.address = ""
        self.pulls: list[dict[str, Any]] = []
        self.comments: dict[int, list[dict[str, Any]]] = {}
        self.issues: list[dict[str, Any]] = []
        self.calls: list[str] = []
        self.refuses = 0

    def read(self, path: str, query: dict[str, list[str]]) -> list[dict[str, Any]]:
        if path == "pulls":
            wanted = [pull for pull in self.pulls if pull["head"]["label"] == query["head"][0]]
            return [pull for pull in wanted if pull["base"]["ref"] == query["base"][0] and pull["state"] == "open"]
        if path == "issues":
            return [
                issue
                for issue in self.issues
                if issue["state"] == query["state"][0] and issue["user"]["login"] == query["creator"][0]
            ]
        found = re.fullmatch(r"issues/(\d+)/comments", path)
        assert found, path
        return self.comments.get(int(found[1]), [])

    def write(self, method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        self.calls.append(f"{method} {path}")
        if path == "issues":
            self.issues.append({"number": 70 + len(self.issues), "state": "open", "user": BOT, **body})
            return self.issues[-1]
        if method == "POST" and (found := re.fullmatch(r"issues/(\d+)/comments", path)):
            said = self.comments.setdefault(int(found[1]), [])
            said.append({"id": 1000 * int(found[1]) + len(said), "user": BOT, **body})
            return said[-1]
        kind, _, number = path.rpartition("/")
        changed = (
            [one for said in self.comments.values() for one in said if one["id"] == int(number)]
            if kind == "issues/comments"
            else [issue for issue in self.issues if issue["number"] == int(number)]
        )
        changed[0].update(body)
        return changed[0]


@contextmanager
def running() -> Iterator[Repository]:
    repository = Repository()

    class Handler(BaseHTTPRequestHandler):
        def _path(self) -> str:
            assert self.headers["Authorization"] == f"Bearer {TOKEN}"
            prefix = "/repos/example/cloudmart/"
            path = urlsplit(self.path).path
            assert path.startswith(prefix)
            return path.removeprefix(prefix)

        def _answer(self, status: int, body: Any) -> None:
            content = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def do_GET(self) -> None:
            query = parse_qs(urlsplit(self.path).query)
            size, page = int(query["per_page"][0]), int(query["page"][0])
            self._answer(200, repository.read(self._path(), query)[size * (page - 1) : size * page])

        def _write(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if repository.refuses:
                self._answer(repository.refuses, {"message": "Resource not accessible by integration"})
            else:
                self._answer(200, repository.write(self.command, self._path(), body))

        do_POST = do_PATCH = _write

        def log_message(self, format: str, *args: Any) -> None:
            """Quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        repository.address = f"http://127.0.0.1:{server.server_port}"
        yield repository
        server.shutdown()
