"""Where events go: the partner's structlog if it is configured, else logging.

Unconfigured structlog would print to the partner's stdout, so it is used only
once the partner has configured it; it is never imported from here. Otherwise
an event is one line for the stdlib logger `agcod_guard`, whose NullHandler
keeps it quiet until the partner listens. OpenTelemetry is never imported either:
where the partner has, an event says which span it is part of.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import Mapping
from operator import is_
from types import ModuleType
from typing import Any

LOGGER_NAME = "agcod_guard"

Fact = str | int | float | bool
_METHODS = {
    logging.DEBUG: "debug",
    logging.INFO: "info",
    logging.WARNING: "warning",
    logging.ERROR: "error",
}
_PLAIN = re.compile(r"[!-~]*")


class Channel:
    """Hands events over; what the partner's loggers raise comes through."""

    def __init__(self) -> None:
        self._logger = logging.getLogger(LOGGER_NAME)
        if not any(isinstance(at, logging.NullHandler) for at in self._logger.handlers):
            self._logger.addHandler(logging.NullHandler())
        self._bound_in: tuple[object, object, object] = (None, None, None)
        self._bound: Any = None

    def is_open(self, level: int) -> bool:
        """Return whether anyone listens at `level`; costs under 1 µs."""
        structlog = _configured_structlog()
        if structlog is None:
            return self._logger.isEnabledFor(level)
        bound = self._bound_logger(structlog.get_config())
        # Asked of the class: an instance makes any name into a log method.
        asks = getattr(type(bound), "is_enabled_for", None) or getattr(
            type(bound), "isEnabledFor", None
        )
        return asks is None or bool(asks(bound, level))

    def tell(self, level: int, event: str, facts: Mapping[str, Fact | None]) -> None:
        """Log the event with the facts that are known, and the span it is part of."""
        known = {name: fact for name, fact in facts.items() if fact is not None}
        known |= _span()
        structlog = _configured_structlog()
        if structlog is not None:
            getattr(self._telling(structlog), _METHODS[level])(event, **known)
        elif self._logger.isEnabledFor(level):
            # One attribute of our own: a fact named `name` would be refused.
            extra = {LOGGER_NAME: {"event": event, **known}}
            self._logger.log(level, "%s", _line(event, known), extra=extra)

    def _telling(self, structlog: ModuleType) -> Any:
        """Return the logger for one event: a new one unless the partner keeps them.

        What a partner prints to may change from event to event.
        """
        config = structlog.get_config()
        if config["cache_logger_on_first_use"]:
            return self._bound_logger(config)
        return structlog.get_logger(LOGGER_NAME)

    def _bound_logger(self, config: Mapping[str, Any]) -> Any:
        """Return the logger kept for the present configuration."""
        parts = config["processors"], config["wrapper_class"], config["logger_factory"]
        if not all(map(is_, parts, self._bound_in)):
            structlog = sys.modules["structlog"]
            self._bound = structlog.get_logger(LOGGER_NAME).bind()
            self._bound_in = parts
        return self._bound


def _configured_structlog() -> ModuleType | None:
    structlog = sys.modules.get("structlog")
    if structlog is None or not structlog.is_configured():
        return None
    return structlog


def _span() -> dict[str, str]:
    """Return the ids of OpenTelemetry's current span; nothing where there is none.

    The names are those of its specification for logs as JSON.
    """
    trace = sys.modules.get("opentelemetry.trace")
    if trace is None:
        return {}
    context = trace.get_current_span().get_span_context()
    if not context.is_valid:
        return {}
    return {
        "trace_id": f"{context.trace_id:032x}",
        "span_id": f"{context.span_id:016x}",
    }


def _line(event: str, facts: Mapping[str, Fact]) -> str:
    return " ".join(
        (event, *(f"{name}={_written(fact)}" for name, fact in facts.items()))
    )


def _written(fact: Fact) -> str:
    """Return the fact as it can stand in one line, quoted where it must be."""
    text = str(fact)
    plain = text and _PLAIN.fullmatch(text) and not set(text) & set("\"'=\\")
    return text if plain else json.dumps(text)
