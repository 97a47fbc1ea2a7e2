"""One way to log: events with fields, as lines for people or JSON for collectors.

Never log names, phone numbers, addresses or anything a patient said; ids are enough.
"""

import logging
import sys
from typing import Any

import structlog

from server.settings import Settings


def configure(settings: Settings, process: str) -> None:
    """Send structlog and the standard library's logging through one pipeline to stderr."""
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    level = getattr(logging, settings.log_level.upper())
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                *_rendering(settings.log_format),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # SQL statements carry patient data in their parameters.
    logging.getLogger("sqlalchemy").setLevel(logging.WARNING)
    # HTTP clients log whole addresses: numbers, tokens, keys of robots.
    for client in ("httpx", "httpcore"):
        logging.getLogger(client).setLevel(logging.WARNING)
    structlog.contextvars.bind_contextvars(process=process)


def _rendering(log_format: str) -> list[Any]:
    # Both renderers would print the values of local variables by default: names, numbers, reasons.
    if log_format == "json":
        transform = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
        return [
            structlog.processors.ExceptionRenderer(transform),
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ]
    return [
        structlog.dev.ConsoleRenderer(
            colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    ]
