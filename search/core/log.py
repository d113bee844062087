"""Logging: one output for all log lines, ours and the libraries'; JSON, or colours at a terminal; no secrets."""

from __future__ import annotations

import logging
import re
import sys
from logging.handlers import WatchedFileHandler
from pathlib import Path
from typing import TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from search.core.errors import ConfigurationError

REDACTED = "[redacted]"
# The name of the audit log's logger.
AUDIT = "search.audit"

_SECRET_KEY = re.compile(r"authorization|token|secret|signature|nonce|password|cookie|credential", re.IGNORECASE)
_MAX_DEPTH = 5

# At INFO these log every URL that they call, some with the query in it.
_QUIET = ("httpx", "httpcore", "opensearchpy", "aiohttp.access")
# The engine's client logs a traceback for every failure that it also raises.
_SILENT = ("uvicorn.access", "opensearch", "opensearch.trace")


def configure(
    level: str = "INFO",
    *,
    stream: TextIO | None = None,
    pretty: bool | None = None,
    audit_file: Path | None = None,
) -> None:
    """Send structlog's and the standard library's lines to `stream` (default: standard error).

    `pretty`: for people rather than as JSON; by default if the stream is a terminal. `audit_file`: a file to append the
    audit log to instead; its lines are JSON and written at every level. Start uvicorn with `log_config=None`, or it
    adds handlers of its own. Raises ConfigurationError when the audit file cannot be opened.
    """
    target = sys.stderr if stream is None else stream
    for_eyes = target.isatty() if pretty is None else pretty
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_shared(),
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
    )
    handler = logging.StreamHandler(target)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=_shared(), processors=_rendering(for_eyes, target))
    )
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    logging.captureWarnings(True)
    _route_libraries()
    _route_audit(logging.StreamHandler(target) if audit_file is None else _appended(audit_file))


def redact(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Replace the values of keys that look like credentials, however deeply nested. This is a structlog processor."""
    for key, value in event.items():
        # Entries of structlog itself, such as the arguments of a standard library record, are not printed.
        if not key.startswith("_"):
            event[key] = REDACTED if _SECRET_KEY.search(key) else _clean(value, _MAX_DEPTH)
    return event


def _shared() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        redact,
    ]


def _rendering(for_eyes: bool, target: TextIO) -> list[Processor]:
    plain = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    # Tracebacks never show local variables: requests and their credentials are among them.
    if for_eyes:
        console = structlog.dev.ConsoleRenderer(
            colors=target.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
        return [plain, console]
    return [plain, structlog.processors.format_exc_info, structlog.processors.JSONRenderer(ensure_ascii=False)]


def _route_libraries() -> None:
    for name in ("uvicorn", "uvicorn.error"):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [], True
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    for name in _SILENT:
        logging.getLogger(name).disabled = True


def _route_audit(handler: logging.Handler) -> None:
    logger = logging.getLogger(AUDIT)
    for former in logger.handlers:
        former.close()
    # Always as JSON: in the readable format, text from a caller could look like another field.
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=_shared(), processors=_rendering(False, sys.stderr))
    )
    logger.handlers, logger.propagate = [handler], False
    logger.setLevel(logging.INFO)


def _appended(file: Path) -> logging.Handler:
    """Return a handler that appends to `file`, and opens it anew after log rotation has moved it away."""
    try:
        file.touch(mode=0o600, exist_ok=True)
        return WatchedFileHandler(file, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(
            f"The audit log {file} cannot be written ({error.strerror}); "
            "set OFFICE_SEARCH_AUDIT_FILE to a file in a folder that is there and ours."
        ) from None


def _clean(value: object, depth: int) -> object:
    """Return a copy without secrets; the logged object itself must not change."""
    if not isinstance(value, dict | list | tuple):
        return value
    if depth == 0:
        return REDACTED
    if isinstance(value, dict):
        return {key: REDACTED if _SECRET_KEY.search(str(key)) else _clean(one, depth - 1) for key, one in value.items()}
    return [_clean(one, depth - 1) for one in value]
