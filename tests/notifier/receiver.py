"""A channel's other end: a real HTTP server on loopback that does what it is told, the bad things too.

Owns what one answer is. What was taken is what was answered with 2xx, as Slack and PagerDuty see it.
"""

import contextlib
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Answer = Callable[["_Handler"], None]


def status(code: int, body: bytes = b"no", **headers: str) -> Answer:
    """A plain answer; `headers`: names with `_` for `-`."""

    def answer(handler: "_Handler") -> None:
        handler.send_response(code)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


OK = status(200, b"ok")


def silence(handler: "_Handler") -> None:
    """Nothing, until the server goes."""
    handler.server.gone.wait(30)


def cut(handler: "_Handler") -> None:
    """The line ends before there is an answer."""
    handler.connection.shutdown(socket.SHUT_RDWR)


def cut_in_the_status(handler: "_Handler") -> None:
    handler.wfile.write(b"HTTP/1.1 20")
    cut(handler)


def cut_in_the_body(code: int) -> Answer:
    """It has answered; what comes after the headers is cut."""

    def answer(handler: "_Handler") -> None:
        handler.send_response(code)
        handler.send_header("Content-Length", "1000")
        handler.end_headers()
        handler.wfile.write(b"beginning")
        cut(handler)

    return answer


def endless(code: int) -> Answer:
    """A body without an end."""

    def answer(handler: "_Handler") -> None:
        handler.send_response(code)
        handler.end_headers()
        with contextlib.suppress(OSError):
            while not handler.server.gone.is_set():
                handler.wfile.write(b"x" * 65536)

    return answer


def drip(handler: "_Handler") -> None:
    """A byte now and then, so that no read ever times out."""
    with contextlib.suppress(OSError):
        for byte in b"HTTP/1.1 200 OK\r\n" + b"X-Slow: 1\r\n" * 1000:
            handler.wfile.write(bytes([byte]))
            if handler.server.gone.wait(0.1):
                return


@dataclass
class Receiver:
    """`script`: the next answers, oldest first; then `usual`. `taken`: bodies that were answered with 2xx."""

    port: int = 0
    usual: Answer = OK
    script: list[Answer] = field(default_factory=list)
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    """Path and body of every request."""
    taken: list[dict[str, Any]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def url(self, path: str = "/services/T0/B0/sesame") -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def next(self, path: str, body: dict[str, Any]) -> Answer:
        with self.lock:
            self.asked.append((path, body))
            return self.script.pop(0) if self.script else self.usual


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # so that closing waits for them
    request_queue_size = 64

    def __init__(self, receiver: Receiver) -> None:
        self.receiver = receiver
        self.gone = threading.Event()
        super().__init__(("127.0.0.1", 0), _Handler)

    def handle_error(self, *_: object) -> None:
        """Lines are cut on purpose."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    body: dict[str, Any]

    def do_POST(self) -> None:
        self.body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.receiver.next(self.path, self.body)(self)

    def send_response(self, code: int, message: str | None = None) -> None:
        if 200 <= code < 300:
            with self.server.receiver.lock:
                self.server.receiver.taken.append(self.body)
        super().send_response(code, message)

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


@contextmanager
def receiving() -> Iterator[Receiver]:
    """A receiver that runs."""
    receiver = Receiver()
    server = _Server(receiver)
    receiver.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.gone.set()
        server.shutdown()
        server.server_close()
        thread.join()
