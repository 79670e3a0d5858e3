"""What stands before the shop in AWS, for a canary: the site's files, `config.json`, and `/api/*` to a running shop.

Owns faults that a customer would meet, one at a time; no expectation.
"""

import json
import mimetypes
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final

from tests.shop.harness import browser
from tests.support import PROJECT

SITE: Final = PROJECT / "cloudmart_cdk" / "assets" / "site"
_HTML: Final = "text/html; charset=utf-8"
_HSTS: Final = {"Strict-Transport-Security": "max-age=63072000"}


@dataclass(frozen=True)
class Reply:
    """An answer of the front's own."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)


Fault = Callable[[str, str], Reply | None]
"""Given method and path: what comes instead; None: what would come without the fault."""


@dataclass
class Front:
    """`url`, and what was asked, in order."""

    url: str
    asked: list[tuple[str, str]] = field(default_factory=list)
    agents: set[str] = field(default_factory=set)


@contextmanager
def front(
    shop_url: str, *, fault: Fault = lambda _method, _path: None, certificate: Path | None = None, hsts: bool = True
) -> Iterator[Front]:
    """Over HTTPS with a `certificate` (PEM, with its key), else over HTTP."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path = self.path.partition("?")[0]
            served.asked.append((self.command, path))
            served.agents.add(self.headers["User-Agent"])
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            reply = fault(self.command, path) or (
                self._shop(body) if path.startswith("/api/") else _file(path.lstrip("/") or "index.html")
            )
            self.send_response(reply.status)
            for name, value in {**reply.headers, **(_HSTS if hsts else {})}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(reply.body)))
            self.end_headers()
            self.wfile.write(reply.body)

        do_PUT = do_DELETE = do_GET

        def _shop(self, body: bytes) -> Reply:
            kept = {name: self.headers[name] for name in ("Cookie", "Content-Type") if name in self.headers}
            with browser(shop_url) as client:
                answer = client.request(
                    self.command, self.path, content=body, headers=kept | {"X-Forwarded-Proto": scheme}
                )
            headers = {name: answer.headers[name] for name in ("Content-Type", "Set-Cookie") if name in answer.headers}
            return Reply(answer.status_code, answer.content, headers)

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    scheme = "https" if certificate else "http"
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    served = Front(f"{scheme}://127.0.0.1:{server.server_port}/")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield served
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _file(path: str) -> Reply:
    """As CloudFront does: what is missing below no folder of assets is a page of the application."""
    if path == "config.json":
        return Reply(
            body=json.dumps({"stage": "lab", "api": "/api"}).encode(), headers={"Content-Type": "application/json"}
        )
    file = SITE / path
    if not file.is_file():
        return Reply(body=(SITE / "index.html").read_bytes(), headers={"Content-Type": _HTML})
    kind = _HTML if file.suffix == ".html" else mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    return Reply(body=file.read_bytes(), headers={"Content-Type": kind})
