"""The browser proxy, in front of a real HTTP server on the loopback interface."""

import http.client
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from localcloud.proxy import MARK, Proxy

DOMAIN = "d123.cloudfront.net"
TOKEN = "the-token-of-this-cloud"
BIG = 10 * 1024 * 1024


class Emulator(BaseHTTPRequestHandler):
    """Answers by path; what it was asked is in the server's `seen`."""

    protocol_version = "HTTP/1.1"

    def log_message(self, format: str, *args: object) -> None:
        del format, args

    def _answer(self, status: int, headers: dict[str, str], body: bytes = b"") -> None:
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        if status != 304:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD" and status != 304:
            self.wfile.write(body)

    def _any(self) -> None:
        self.server.seen.append(dict(self.headers.items()))  # type: ignore[attr-defined]  # set by the fixture
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        match self.path:
            case "/redirect":
                self._answer(301, {"Location": f"https://{DOMAIN}/there?x=1"})
            case "/elsewhere":
                self._answer(302, {"Location": "https://example.com/"})
            case "/cookie":
                self._answer(
                    200, {"Set-Cookie": "a=1; Path=/; Secure; HttpOnly", "Strict-Transport-Security": "max-age=1"}
                )
            case "/unchanged":
                self._answer(304, {"ETag": '"x"'})
            case "/echo":
                self._answer(200, {}, body)
            case "/big":
                self._answer(200, {}, b"x" * BIG)
            case "/stream":
                self.send_response(200)
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                self.wfile.write(b"3\r\none\r\n")
                self.wfile.flush()
                read = self.server.first_part_read.wait(60)  # type: ignore[attr-defined]  # set by the fixture
                self.wfile.write(b"3\r\ntwo\r\n0\r\n\r\n" if read else b"4\r\nlate\r\n0\r\n\r\n")
            case _:
                self._answer(200, {"Content-Type": "text/html"}, b"<html>hello</html>")

    do_GET = do_HEAD = do_POST = _any  # names of http.server


@contextmanager
def serving(server: ThreadingHTTPServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(scope="module")
def upstream() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Emulator)
    server.daemon_threads = True
    server.seen = []  # type: ignore[attr-defined]  # read by the handler
    server.first_part_read = threading.Event()  # type: ignore[attr-defined]  # as above
    with serving(server):
        yield server


@pytest.fixture(scope="module")
def proxy(upstream: ThreadingHTTPServer) -> Iterator[Proxy]:
    server = Proxy(port=0, emulator_port=upstream.server_port, domain=DOMAIN, token=TOKEN)
    with serving(server):
        yield server


def ask(
    proxy: Proxy, path: str, *, method: str = "GET", body: bytes | None = None, headers: dict[str, str] | None = None
) -> tuple[http.client.HTTPResponse, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", proxy.server_port, timeout=60)
    connection.request(method, path, body=body, headers={"X-Forwarded-Proto": "http", **(headers or {})})
    response = connection.getresponse()
    content = response.read()
    connection.close()
    return response, content


def test_sets_what_the_cdn_expects(proxy: Proxy, upstream: ThreadingHTTPServer) -> None:
    response, body = ask(proxy, "/")
    assert (response.status, body) == (200, b"<html>hello</html>")
    seen = upstream.seen[-1]  # type: ignore[attr-defined]  # set by the fixture
    assert (seen["Host"], seen["X-Forwarded-Proto"]) == (DOMAIN, "https")


def test_marks_what_it_has_looked_at(proxy: Proxy, upstream: ThreadingHTTPServer) -> None:
    """By `localhost`, too; and a mark that a browser brings along is none."""
    for host in proxy.addresses:
        headers = {"Host": host, "Origin": f"http://{host}", "Sec-Fetch-Site": "same-origin", MARK: "forged"}
        assert ask(proxy, "/echo", method="POST", body=b"x", headers=headers)[0].status == 200
        assert upstream.seen[-1][MARK] == TOKEN  # type: ignore[attr-defined]  # set by the fixture


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        # A name of somebody else's that points to this machine.
        ({"Host": "evil.example:{port}"}, 421),
        ({"Host": "127.0.0.1:1"}, 421),
        ({"Host": DOMAIN}, 421),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "http://127.0.0.1:1"}, 403),
        ({"Origin": "https://127.0.0.1:{port}"}, 403),
        ({"Origin": "null"}, 403),
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_other_names_and_other_sites_are_refused(
    proxy: Proxy, upstream: ThreadingHTTPServer, method: str, headers: dict[str, str], status: int
) -> None:
    before = len(upstream.seen)  # type: ignore[attr-defined]  # set by the fixture
    sent = {key: value.format(port=proxy.server_port) for key, value in headers.items()}
    response, body = ask(proxy, "/echo", method=method, body=b"x", headers=sent)
    assert response.status == status
    assert b"evil" not in body
    assert len(upstream.seen) == before, "nothing of it arrives"  # type: ignore[attr-defined]  # as above


def test_redirects_come_back_here(proxy: Proxy) -> None:
    assert ask(proxy, "/redirect")[0].headers["Location"] == "/there?x=1"
    assert ask(proxy, "/elsewhere")[0].headers["Location"] == "https://example.com/"


def test_drops_what_plain_http_cannot_keep(proxy: Proxy) -> None:
    headers = ask(proxy, "/cookie")[0].headers
    assert headers["Set-Cookie"] == "a=1; Path=/; HttpOnly"
    assert "Strict-Transport-Security" not in headers


def test_bodies_pass_in_both_directions(proxy: Proxy) -> None:
    body = b"y" * BIG
    assert ask(proxy, "/echo", method="POST", body=body)[1] == body
    assert len(ask(proxy, "/big")[1]) == BIG


def test_head_and_not_modified_have_no_body_and_keep_the_connection(proxy: Proxy) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", proxy.server_port, timeout=60)
    for method, path, status in (("HEAD", "/", 200), ("GET", "/unchanged", 304), ("GET", "/", 200)):
        connection.request(method, path)
        response = connection.getresponse()
        content = response.read()
        assert response.status == status
        assert (content == b"") is (method == "HEAD" or status == 304)
    connection.close()


def test_streams(proxy: Proxy, upstream: ThreadingHTTPServer) -> None:
    """The second part is sent only once the first has arrived."""
    connection = http.client.HTTPConnection("127.0.0.1", proxy.server_port, timeout=60)
    connection.request("GET", "/stream")
    response = connection.getresponse()
    assert response.read(3) == b"one"
    upstream.first_part_read.set()  # type: ignore[attr-defined]  # set by the fixture
    assert response.read() == b"two"
    connection.close()


def test_survives_browsers_that_go_away(proxy: Proxy) -> None:
    here = proxy.addresses[0].encode()
    for request in (
        b"GET /big HTTP/1.1\r\nHost: %s\r\n\r\n" % here,
        b"POST /echo HTTP/1.1\r\nHost: %s\r\nContent-Length: 1000\r\n\r\nab" % here,
    ):
        with socket.create_connection(("127.0.0.1", proxy.server_port)) as browser:
            browser.sendall(request)
            time.sleep(0.05)
    assert ask(proxy, "/")[0].status == 200


def test_says_so_when_the_emulator_is_gone() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # taken, and never listening
        server = Proxy(port=0, emulator_port=nobody.getsockname()[1], domain=DOMAIN, token=TOKEN)
        with serving(server):
            response, body = ask(server, "/")
    assert response.status == 502
    assert b"make deploy" in body
