"""JSON logs on stdout, one line an event.

Owns the shape of a line. A line of a request carries its trace id and never a session, a query string or a body.
"""

import json
import logging
import sys
import time
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Final

trace_id: ContextVar[str | None] = ContextVar("trace_id", default=None)

_QUIET: Final = {"opentelemetry": 300.0, "psycopg.pool": 10.0}
"""Loggers that repeat themselves while something is away, and the seconds in which one line of theirs is enough."""


class JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        line.update(getattr(record, "fields", {}))
        if (trace := trace_id.get()) is not None:
            line["trace_id"] = trace
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        # In ASCII, so that nothing a client sends can end a line or steer a terminal.
        return json.dumps(line, separators=(",", ":"), default=str)


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
