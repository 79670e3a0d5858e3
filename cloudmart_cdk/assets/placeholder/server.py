"""The server that stands in for the shop's backend until the shop arrives: standard library only.

It keeps the backend's contract: port 8080 (`PORT` chooses another, 0 a free one), `GET /health` answers 200 while
alive; `/api/...` answers as JSON problem documents (RFC 9457), because there is nothing to sell yet.
"""

import json
import os
import signal
import socket
import sys
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Handler(BaseHTTPRequestHandler):
    """One request: `/health`, `/api/health`, or "not found"."""

    protocol_version = "HTTP/1.1"
    timeout = 30

    def do_GET(self) -> None:
        path = self.path.split("?", 1)[0]
        if path in ("/health", "/api/health"):
            self._answer(HTTPStatus.OK, "application/json", {"status": "ok", "instance": socket.gethostname()})
        else:
            problem = {
                "type": "about:blank",
                "title": "Not Found",
                "status": 404,
                "detail": f"{path}: the shop is not here yet",
            }
            self._answer(HTTPStatus.NOT_FOUND, "application/problem+json", problem)

    do_HEAD = do_GET

    def _answer(self, status: HTTPStatus, content_type: str, document: dict[str, object]) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        print(json.dumps({"client": self.address_string(), "message": format % args}), flush=True)


def main() -> None:
    server = ThreadingHTTPServer((os.environ.get("HOST", "0.0.0.0"), int(os.environ.get("PORT", "8080"))), Handler)
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    print(json.dumps({"message": "listening", "port": server.server_port}), flush=True)
    server.serve_forever()
    sys.exit(0)


if __name__ == "__main__":
    main()
