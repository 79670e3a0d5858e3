"""What a browser opens: `python -m localcloud.proxy PORT EMULATOR_PORT DISTRIBUTION_DOMAIN`.

Owns the translation between a browser's plain HTTP on 127.0.0.1 and the emulated CDN, which expects
its own host name and TLS: sets `Host` and `X-Forwarded-Proto`, turns `Location` back to this address,
drops HSTS and `Secure`. Answers under its own address only, and no page of another site: neither a
name that somebody lets point here nor a page elsewhere is the shop. Marks what it passes on, for the
emulator's guard. Bodies stream through in both directions; nothing is cached or changed.
"""

import http.client
import os
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final

MARK: Final = "X-Localcloud-Proxy"
"""The header with the token: a browser's request that has been looked at."""
TOKEN_VARIABLE: Final = "LOCALCLOUD_TOKEN"

_HOP_BY_HOP: Final = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
    }
)
_HTTP_PORT: Final = 80
_CHUNK: Final = 65536
_TIMEOUT_SECONDS: Final = 120
_BODILESS: Final = frozenset({204, 304})


class ClientGoneError(Exception):
    """The browser closed its connection."""


class Handler(BaseHTTPRequestHandler):
    """One browser connection. The server's attributes say where to."""

    protocol_version = "HTTP/1.1"
    timeout = _TIMEOUT_SECONDS
    server: "Proxy"

    def log_message(self, format: str, *args: object) -> None:
        """Requests are the emulator's to log."""

    def _forward(self) -> None:
        if refusal := self._refusal():
            self._say(*refusal)
            return
        upstream = http.client.HTTPConnection("127.0.0.1", self.server.emulator_port, timeout=_TIMEOUT_SECONDS)
        self._answering = False
        try:
            response = self._ask(upstream)
            self._answer(response)
        except ClientGoneError:
            self.close_connection = True
        except (OSError, http.client.HTTPException) as error:
            if self._answering:
                # Half an answer is out: only a closed connection still tells the browser.
                self.close_connection = True
            else:
                self._gateway_error(error)
        finally:
            upstream.close()

    def _refusal(self) -> tuple[int, str, str] | None:
        """Status, title and text for a request that is not meant for the shop, or None."""
        hosts = self.headers.get_all("Host") or []
        if len(hosts) != 1 or hosts[0].lower() not in self.server.addresses:
            return (
                421,
                "Another address",
                f"<p>Here is only the shop of the local cloud: http://{self.server.addresses[0]}/",
            )
        if any(origin != f"http://{hosts[0].lower()}" for origin in self.headers.get_all("Origin") or []):
            return 403, "Another site", "<p>Only the shop's own pages may call it."
        return None

    def _ask(self, upstream: http.client.HTTPConnection) -> http.client.HTTPResponse:
        chunked = "chunked" in (self.headers.get("Transfer-Encoding") or "").lower()
        upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        upstream.putheader("Host", self.server.domain)
        upstream.putheader("X-Forwarded-Proto", "https")
        upstream.putheader(MARK, self.server.token)
        for key, value in self.headers.items():
            if key.lower() not in _HOP_BY_HOP | {"host", "x-forwarded-proto", "expect", MARK.lower()}:
                upstream.putheader(key, value)
        if chunked:
            upstream.putheader("Transfer-Encoding", "chunked")
        upstream.endheaders()
        if chunked:
            for part in self._chunks():
                upstream.send(b"%x\r\n%s\r\n" % (len(part), part))
            upstream.send(b"0\r\n\r\n")
        else:
            for part in self._body(int(self.headers.get("Content-Length") or 0)):
                upstream.send(part)
        return upstream.getresponse()

    def _body(self, length: int) -> Iterator[bytes]:
        while length > 0:
            part = self._read(min(length, _CHUNK))
            length -= len(part)
            yield part

    def _chunks(self) -> Iterator[bytes]:
        while True:
            size = int(self.rfile.readline().split(b";")[0] or b"0", 16)
            part = self._read(size) if size else b""
            self.rfile.readline()
            if size == 0:
                return
            yield part

    def _read(self, size: int) -> bytes:
        try:
            part = self.rfile.read(size)
        except OSError:
            raise ClientGoneError from None
        if len(part) < size:
            raise ClientGoneError
        return part

    def _answer(self, response: http.client.HTTPResponse) -> None:
        has_body = self.command != "HEAD" and response.status not in _BODILESS and response.status >= 200
        length = response.headers.get("Content-Length")
        # Without a length the end of the body is the end of a chunk sequence, so that the connection stays.
        chunked = has_body and length is None
        self._answering = True
        self.send_response_only(response.status, response.reason)
        for key, value in response.getheaders():
            translated = self._header(key.lower(), value)
            if translated is not None:
                self.send_header(key, translated)
        if chunked:
            self.send_header("Transfer-Encoding", "chunked")
        self._write_headers()
        if not has_body:
            return
        while part := response.read1(_CHUNK):
            self._write(b"%x\r\n%s\r\n" % (len(part), part) if chunked else part)
        if response.length:
            # The emulator broke off; a closed connection is how the browser learns it.
            self.close_connection = True
        elif chunked:
            self._write(b"0\r\n\r\n")

    def _header(self, key: str, value: str) -> str | None:
        """The header for the browser, or None when it must not see it."""
        if key in _HOP_BY_HOP or key == "strict-transport-security":
            return None
        if key == "location":
            for scheme in ("https", "http"):
                value = value.removeprefix(f"{scheme}://{self.server.domain}") or "/"
            return value
        if key == "set-cookie":
            parts = [part for part in value.split(";") if part.strip().lower() != "secure"]
            return ";".join(parts)
        return value

    def _write_headers(self) -> None:
        try:
            self.end_headers()
        except OSError:
            raise ClientGoneError from None

    def _write(self, data: bytes) -> None:
        try:
            self.wfile.write(data)
        except OSError:
            raise ClientGoneError from None

    def _gateway_error(self, error: Exception) -> None:
        self._say(
            502,
            "The local cloud does not answer",
            f"<p>The emulator on 127.0.0.1:{self.server.emulator_port} is not there ({type(error).__name__})."
            "<p>Run <code>make deploy</code> to start it again.",
        )

    def _say(self, status: int, title: str, text: str) -> None:
        """A page of our own, and the end of the connection. `text`: HTML."""
        page = f"<!doctype html><title>{status} - local cloud</title><h1>{title}</h1>{text}\n".encode()
        self.close_connection = True
        try:
            self.send_response_only(status)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(page)))
            self.send_header("Connection", "close")
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(page)
        except OSError:
            return

    # The names are http.server's.
    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _forward


class Proxy(ThreadingHTTPServer):
    """Listens on the loopback interface."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, *, port: int, emulator_port: int, domain: str, token: str) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.emulator_port = emulator_port
        self.domain = domain
        self.token = token
        names = ("127.0.0.1", "localhost")
        self.addresses = [f"{name}:{self.server_port}" for name in names]
        if self.server_port == _HTTP_PORT:
            # A browser leaves the usual port out.
            self.addresses += names

    def handle_error(self, request: object, client_address: object) -> None:
        """A browser that goes away in the middle is no error of ours."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]  # as given


def main() -> None:
    port, emulator_port, domain = sys.argv[1:]
    token = os.environ[TOKEN_VARIABLE]
    Proxy(port=int(port), emulator_port=int(emulator_port), domain=domain, token=token).serve_forever()


if __name__ == "__main__":
    main()
