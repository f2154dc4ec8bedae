"""Let any other client tell of its calls: a `with` round the exchange.

Not pure: tells the recorder. Exceptions pass through as they are, and nothing
here raises one of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Any, Self

from agcod_guard.errors import ChangedRequestIdError
from agcod_guard.open_call import OpenCall, kept_part
from agcod_guard.protocol.transport import hands_over_answer
from agcod_guard.recorder import Recorder

Text = str | bytes
Headers = Mapping[str, str] | Mapping[bytes, bytes] | Iterable[tuple[Text, Text]] | None
"""Headers as any client keeps them."""


def observe(
    recorder: Recorder,
    *,
    method: str,
    url: str,
    headers: Headers = None,
    body: object = None,
) -> Seen:
    """Return the exchange that is about to be made, for a `with` statement.

    Args:
        recorder: Told of the call.
        method: HTTP method.
        url: Full URL; a host that is not AGCOD's is recorded as unknown.
        headers: Request headers.
        body: Bytes or text; anything else is not touched.
    """
    return Seen(recorder, method=method, url=url, headers=headers, body=body)


class Seen:
    """One exchange, as the caller's own client tells of it.

    The call begins when it is entered. It ends with `answer`, or with the block.

    Outcomes without an answer: an error of the transport is NO_ANSWER; any other
    exception, or none at all, is ABANDONED. An exception by which a client hands
    over an answer (`urllib.error.HTTPError`, `httpx.HTTPStatusError`) is that
    answer, with its body not seen.
    """

    __slots__ = ("_opened", "_recorder", "_request")

    def __init__(
        self,
        recorder: Recorder,
        *,
        method: str,
        url: str,
        headers: Headers,
        body: object,
    ) -> None:
        self._recorder = recorder
        self._request = method, url, headers, body
        self._opened: OpenCall | None = None

    def answer(
        self, *, status: int | None, headers: Headers = None, body: object = None
    ) -> None:
        """Tell what came; the call has ended with it.

        What happens later within the `with` no longer counts, nor does a second
        answer: another exchange takes another `observe`.

        Args:
            status: HTTP status.
            headers: Headers of the answer.
            body: Bytes or text; None if it was not read.
        """
        try:
            if self._opened is not None:
                self._note_head(self._opened, status, headers)
                self._recorder.end(self._opened, body=kept_part(body))
        except Exception as error:
            self._recorder.contain("observe.answer", error)

    def __enter__(self) -> Self:
        method, url, headers, body = self._request
        try:
            self._opened = self._recorder.begin(
                method=method, url=url, headers=_mapping(headers), body=body
            )
        except ChangedRequestIdError:
            raise
        except Exception as error:
            self._recorder.contain("observe.begin", error)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        opened, self._opened = self._opened, None
        try:
            if opened is not None and hands_over_answer(error):
                self._note_answer_in(error, opened)
        except Exception as trouble:
            self._recorder.contain("observe.error", trouble)
        try:
            self._recorder.end(opened, error=error)
        except Exception as trouble:
            self._recorder.contain("observe.end", trouble)

    def _note_answer_in(self, error: Any, opened: OpenCall) -> None:
        response = getattr(error, "response", None)
        answer = error if response is None else response
        # requests and httpx say `status_code`, urllib and aiohttp `status`.
        status = getattr(answer, "status_code", None) or getattr(answer, "status", None)
        self._note_head(opened, status, getattr(answer, "headers", None))

    def _note_head(
        self, opened: OpenCall, status: int | None, headers: Headers
    ) -> None:
        self._recorder.answered(opened, status=status, headers=_mapping(headers))


def _mapping(headers: Any) -> Mapping[str, str]:
    """Return headers as a mapping; empty if they are none that can be read."""
    if isinstance(headers, Mapping):
        return headers
    try:
        return dict(headers or ())
    except (TypeError, ValueError):
        return {}
