"""TLS in front of an engine that has none.

Owns the handshake of each protocol and the copying of bytes. PostgreSQL's is answered as RDS does with
rds.force_ssl=1: no session without TLS. Redis speaks TLS from the first byte. An engine that is not there is a closed
connection, never one that hangs.
"""

import asyncio
import ssl
import struct
from typing import Final, cast

_HIGH_WATER: Final = 1 << 20
_HANDSHAKE_SECONDS: Final = 10.0
_SHUTDOWN_SECONDS: Final = 1.0

# PostgreSQL's protocol, "Message Formats"
_SSL_REQUEST: Final = struct.pack("!ii", 8, 80877103)
_GSSENC_REQUEST: Final = struct.pack("!ii", 8, 80877104)
_CANCEL_REQUEST: Final = struct.pack("!ii", 16, 80877102)
_STARTUP_LIMIT: Final = 10_000


class _Upstream(asyncio.Protocol):
    """The connection to the engine."""

    def __init__(self, client: "Client") -> None:
        self._client = client
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=_HIGH_WATER)

    def data_received(self, data: bytes) -> None:
        self._client.write(data)

    def connection_lost(self, _: Exception | None) -> None:
        self._client.close()

    def pause_writing(self) -> None:
        self._client.pause()

    def resume_writing(self) -> None:
        self._client.resume()


class Client(asyncio.Protocol):
    """One client's connection, with TLS from the start: Redis."""

    def __init__(self, target: tuple[str, int], context: ssl.SSLContext) -> None:
        self._target, self._context = target, context
        self._transport: asyncio.Transport | None = None
        self._upstream: asyncio.Transport | None = None
        self._task: asyncio.Task[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=_HIGH_WATER)
        self._begin()

    def _begin(self) -> None:
        self.pause()
        self._task = asyncio.ensure_future(self._join())

    async def _join(self) -> None:
        """Connects to the engine; from then on bytes pass."""
        if await self._connect():
            self.resume()

    async def _connect(self) -> bool:
        try:
            transport, _ = await asyncio.get_running_loop().create_connection(lambda: _Upstream(self), *self._target)
        except OSError:
            self.close()
            return False
        self._upstream = transport
        if self._transport is None or self._transport.is_closing():
            transport.close()
        return True

    def data_received(self, data: bytes) -> None:
        if self._upstream is not None:
            self._upstream.write(data)

    def connection_lost(self, _: Exception | None) -> None:
        if self._upstream is not None:
            self._upstream.close()

    def pause_writing(self) -> None:
        if self._upstream is not None:
            self._upstream.pause_reading()

    def resume_writing(self) -> None:
        if self._upstream is not None:
            self._upstream.resume_reading()

    def write(self, data: bytes) -> None:
        if self._transport is not None:
            self._transport.write(data)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()

    def pause(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()

    def resume(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()


class PostgresClient(Client):
    """One client's connection that asks for TLS first, as PostgreSQL's clients do."""

    def __init__(self, target: tuple[str, int], context: ssl.SSLContext) -> None:
        super().__init__(target, context)
        self._asked = b""

    def _begin(self) -> None:
        loop = asyncio.get_running_loop()
        self._patience = loop.call_later(_HANDSHAKE_SECONDS, self.close)

    def data_received(self, data: bytes) -> None:
        if self._upstream is not None:
            self._upstream.write(data)
            return
        self._asked += data
        if len(self._asked) < struct.calcsize("!ii"):
            return
        length = struct.unpack("!i", self._asked[:4])[0]
        if not struct.calcsize("!ii") <= length <= _STARTUP_LIMIT:
            self.close()
        elif len(self._asked) >= length:
            self._answer(self._asked)
            self._asked = b""

    def _answer(self, request: bytes) -> None:
        if request == _SSL_REQUEST:
            self.pause()
            self._task = asyncio.ensure_future(self._secure())
        elif request == _GSSENC_REQUEST:
            self.write(b"N")
        elif request.startswith(_CANCEL_REQUEST):
            # Holds a secret of its own, and PostgreSQL takes it before it looks at pg_hba.conf.
            self._task = asyncio.ensure_future(self._cancel(request))
        else:
            self._refuse(request)

    async def _secure(self) -> None:
        """An engine that is down shows before the handshake."""
        if not await self._connect():
            return
        assert self._transport is not None
        self._transport.write(b"S")
        try:
            secured = await asyncio.get_running_loop().start_tls(
                self._transport,
                self,
                self._context,
                server_side=True,
                ssl_handshake_timeout=_HANDSHAKE_SECONDS,
                ssl_shutdown_timeout=_SHUTDOWN_SECONDS,
            )
        except (OSError, asyncio.CancelledError):
            # Also an ssl.SSLError: a client that does not trust us goes away.
            self.connection_lost(None)
            return
        self._patience.cancel()
        if secured is None:
            self.connection_lost(None)
            return
        self._transport = secured
        self._transport.set_write_buffer_limits(high=_HIGH_WATER)

    async def _cancel(self, request: bytes) -> None:
        if await self._connect():
            assert self._upstream is not None
            self._upstream.write(request)

    def _refuse(self, request: bytes) -> None:
        words = [word.decode(errors="replace") for word in request[8:].split(b"\0")]
        given = dict(zip(words[::2], words[1::2], strict=False))
        peer = self._transport.get_extra_info("peername")[0] if self._transport else ""
        text = (
            f'no pg_hba.conf entry for host "{peer}", user "{given.get("user", "")}", '
            f'database "{given.get("database", given.get("user", ""))}", no encryption'
        )
        fields = b"".join(code + value.encode() + b"\0" for code, value in _fatal("28000", text)) + b"\0"
        self.write(b"E" + struct.pack("!i", len(fields) + 4) + fields)
        self.close()

    def connection_lost(self, error: Exception | None) -> None:
        self._patience.cancel()
        super().connection_lost(error)


def _fatal(code: str, text: str) -> list[tuple[bytes, str]]:
    return [(b"S", "FATAL"), (b"V", "FATAL"), (b"C", code), (b"M", text)]


async def serve(kind: str, *, host: str, port: int, target: tuple[str, int], certificate: str) -> asyncio.Server:
    """Listens until the server is closed. `kind`: postgres or redis; `certificate`: PEM file with key and chain."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate)
    loop = asyncio.get_running_loop()
    if kind == "postgres":
        return await loop.create_server(lambda: PostgresClient(target, context), host, port, backlog=512)
    return await loop.create_server(
        lambda: Client(target, context),
        host,
        port,
        backlog=512,
        ssl=context,
        ssl_handshake_timeout=_HANDSHAKE_SECONDS,
        ssl_shutdown_timeout=_SHUTDOWN_SECONDS,
    )
