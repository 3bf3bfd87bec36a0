"""Logging: the job and item on every line, secrets on none."""

import json
import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Literal

_context: ContextVar[Mapping[str, object]] = ContextVar("log_context", default=MappingProxyType({}))
# Telegram's own file and method addresses hold the token of whatever bot they belong to.
_TOKEN = re.compile(r"\d{5,}(?::|%3A)[A-Za-z0-9_-]{20,}")


@contextmanager
def log_context(**ids: object) -> Iterator[None]:
    """Put `job=7 item=12` in front of what is logged inside, in tasks made inside as well."""
    reset = _context.set({**_context.get(), **ids})
    try:
        yield
    finally:
        _context.reset(reset)


def set_up_logging(level: str, form: Literal["text", "json"], secrets: Iterable[str]) -> None:
    """Send all logging to standard error, in one format, with the secrets redacted."""
    handler = logging.StreamHandler()
    formatter = _JsonFormatter if form == "json" else _TextFormatter
    handler.setFormatter(formatter(secrets))
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # These write whole addresses or frames: signed links, keys in headers.
    for name in ("httpx", "httpcore", "hpack", "aiosqlite"):
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("aiogram.event").setLevel(logging.WARNING)  # a line for every update


class _Redacting(logging.Formatter):
    """Formats first, then redacts: a secret may be in a traceback as well."""

    def __init__(self, secrets: Iterable[str]) -> None:
        super().__init__()
        self._secrets = sorted((s for s in secrets if s), key=len, reverse=True)

    def redact(self, text: str) -> str:
        """The text without secrets."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return _TOKEN.sub("***", text)

    def when(self, record: logging.LogRecord) -> str:
        """The record's time, UTC, in milliseconds."""
        moment = datetime.fromtimestamp(record.created, UTC)
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


class _TextFormatter(_Redacting):
    def format(self, record: logging.LogRecord) -> str:
        context = " ".join(f"{name}={value}" for name, value in _context.get().items())
        text = f"{self.when(record)} {record.levelname:<7} {record.name}: "
        text += f"[{context}] {record.getMessage()}" if context else record.getMessage()
        if record.exc_info:
            text += "\n" + self.formatException(record.exc_info)
        return self.redact(text)


class _JsonFormatter(_Redacting):
    def format(self, record: logging.LogRecord) -> str:
        fields = {
            "time": self.when(record),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **{name: str(value) for name, value in _context.get().items()},
        }
        if record.exc_info:
            fields["exception"] = self.formatException(record.exc_info)
        # Before they are encoded: a quote in a secret would hide it behind a backslash.
        redacted = {name: self.redact(value) for name, value in fields.items()}
        return json.dumps(redacted, ensure_ascii=False)
