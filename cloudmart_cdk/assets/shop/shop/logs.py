"""JSON logs on stdout, one line an event.

Owns the shape of a line. A line of a request carries its trace id and never a session, a query string or a body.
"""

import asyncio
import json
import logging
import sys
import time
from collections.abc import Mapping
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Final

trace_id: ContextVar[str | None] = ContextVar("trace_id", default=None)

_QUIET: Final = {"opentelemetry": 300.0, "psycopg.pool": 10.0}
"""Loggers that repeat themselves while something is away, and the seconds in which one line of theirs is enough."""


_TOGETHER: Final = 0.05
"""Seconds for which lines of requests are collected."""
_ENCODE: Final = json.JSONEncoder(separators=(",", ":"), default=str).encode


class JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        fields: dict[str, object] = dict(getattr(record, "fields", {}))
        if (trace := trace_id.get()) is not None:
            fields["trace_id"] = trace
        if record.exc_info:
            fields["exception"] = self.formatException(record.exc_info)
        return _line(record.created, record.levelname.lower(), record.name, record.getMessage(), fields)


class Seldom(logging.Filter):
    """Lets one line in a while through of those who repeat themselves."""

    def __init__(self) -> None:
        super().__init__()
        self._next = dict.fromkeys(_QUIET, 0.0)

    def filter(self, record: logging.LogRecord) -> bool:
        for name, seconds in _QUIET.items():
            if record.name.startswith(name):
                if (now := time.monotonic()) < self._next[name]:
                    return False
                self._next[name] = now + seconds
        return True


class RequestLog:
    """One line a request. Lines of the same moment are written together: this is on everybody's way.

    Past `logging`, whose machinery costs more than the answer from a cache.
    """

    def __init__(self) -> None:
        self._lines: list[str] = []

    def request(self, **fields: object) -> None:
        if not self._lines:
            asyncio.get_running_loop().call_later(_TOGETHER, self.write)
        self._lines.append(_line(time.time(), "info", "shop.request", "request", fields))

    def write(self) -> None:
        """All lines so far."""
        lines, self._lines = self._lines, []
        sys.stdout.write("\n".join([*lines, ""]))
        sys.stdout.flush()


def _line(seconds: float, level: str, logger: str, message: str, fields: Mapping[str, object]) -> str:
    moment = datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
    # In ASCII, so that nothing a client sends can end a line or steer a terminal.
    return _ENCODE({"time": moment, "level": level, "logger": logger, "message": message, **fields})


def set_up() -> None:
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter())
    handler.addFilter(Seldom())
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    for name in ("botocore", "psycopg.pool", "uvicorn", "opentelemetry", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)


def event(logger: logging.Logger, message: str, *, level: int = logging.INFO, **fields: object) -> None:
    """One line with `fields` beside the message."""
    logger.log(level, message, extra={"fields": fields})
