"""Hand a frozen notice to one of the partner's own webhooks.

A second copy does no harm there (PagerDuty has its dedup_key, JSON its id), so
what is not answered is simply sent again. The request is made on a thread of its
own, at most one at a time: looking a name up, and a server that sends its answer
byte by byte, can take longer than any timeout says.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from collections.abc import Callable
from datetime import UTC
from email.utils import parsedate_to_datetime

import requests

from agcod_guard.delivery.gate import Gate
from agcod_guard.delivery.secret_files import secret_in
from agcod_guard.incident.parcel import Accepted, Later, Parcel, Refused, Result
from agcod_guard.settings.mail import Webhook, WebhookKind
from agcod_guard.version import __version__

TIMEOUT_S = 10.0
SIGNATURE = "X-Agcod-Guard-Signature"

_AGAIN_LATER = frozenset({408, 425, 429})


class WebhookCarrier:
    """Carries notices to one webhook."""

    def __init__(
        self,
        webhook: Webhook,
        gate: Gate,
        *,
        timeout_s: float = TIMEOUT_S,
        wall_s: Callable[[], float] = time.time,
    ) -> None:
        """Prepare to carry.

        Args:
            webhook: Where to, and in whose words.
            gate: Says what may leave.
            timeout_s: What one notice may take in all.
            wall_s: Clock for signatures, and for dates that servers give.
        """
        self._webhook, self._gate = webhook, gate
        self._timeout_s, self._wall_s = timeout_s, wall_s
        self._asking: threading.Thread | None = None

    @property
    def deadline_s(self) -> float:
        """What one notice takes at most, seconds."""
        return self._timeout_s

    def carry(self, parcel: Parcel, before_data: Callable[[], bool]) -> Result:
        """Hand the notice over; `before_data` need not be asked.

        Raises:
            NotAllowed: The gate is closed to it; no socket was opened.
        """
        self._gate.check_url(self._webhook.url_in_force, parcel)
        try:
            content, headers = self._finished(parcel.content)
        except OSError as error:
            return Later(f"the key cannot be read: {error}")
        if self._asking is not None and self._asking.is_alive():
            return Later("an earlier try has not ended yet")
        results: list[Result] = []
        self._asking = threading.Thread(
            target=lambda: results.append(self._result(content, headers)),
            name="agcod-guard-webhook",
            daemon=True,
        )
        self._asking.start()
        self._asking.join(self._timeout_s)
        return results[0] if results else Later(f"no answer in {self._timeout_s:g} s")

    def _finished(self, content: bytes) -> tuple[bytes, dict[str, str]]:
        """Return body and headers, with what is secret in them.

        Raises:
            OSError: The key cannot be read.
        """
        headers = {
            "Content-Type": "application/json",
            "User-Agent": f"agcod-guard/{__version__}",
        }
        if self._webhook.key_file is None:
            return content, headers
        key = secret_in(self._webhook.key_file)
        if self._webhook.kind is WebhookKind.PAGERDUTY:
            event = json.loads(content) | {"routing_key": key}
            return json.dumps(event).encode(), headers
        if self._webhook.kind is WebhookKind.JSON:
            headers[SIGNATURE] = signature(content, key, at_s=self._wall_s())
        return content, headers

    def _result(self, content: bytes, headers: dict[str, str]) -> Result:
        """Return what comes of one request; never raises."""
        try:
            return self._asked(content, headers)
        except Exception as error:
            # Its text is left out: it may hold the URL, which may be a secret.
            return Later(f"no answer: {type(error).__name__}")

    def _asked(self, content: bytes, headers: dict[str, str]) -> Result:
        with requests.Session() as session:
            # A proxy of the environment's would lead a rehearsal out of the house.
            session.trust_env = not self._gate.is_rehearsal
            with session.post(
                self._webhook.url_in_force,
                data=content,
                headers=headers,
                timeout=self._timeout_s,
                allow_redirects=False,
                stream=True,  # nobody reads what it says
                auth=_as_it_is,
            ) as answer:
                return self._judged(answer)

    def _judged(self, answer: requests.Response) -> Result:
        status = answer.status_code
        if 200 <= status < 300:
            return Accepted(f"answered {status}")
        if status in _AGAIN_LATER or status >= 500:
            after = answer.headers.get("Retry-After", "")
            return Later(f"answered {status}", _asked_for_s(after, self._wall_s()))
        if 300 <= status < 400:
            return Refused(f"answered {status}: a webhook's redirects are not followed")
        return Refused(f"answered {status}")


def signature(content: bytes, key: str, *, at_s: float) -> str:
    """Return the signature of a JSON notice: `t=<seconds>,v1=<HMAC-SHA256, hex>`.

    Signed are the seconds, a full stop and the body, so that an old notice cannot
    be passed off as a new one.
    """
    seconds = str(int(at_s))
    signed = f"{seconds}.".encode() + content
    digest = hmac.new(key.encode(), signed, hashlib.sha256).hexdigest()
    return f"t={seconds},v1={digest}"


def _as_it_is(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Add no login: without this, one from ~/.netrc would go along."""
    return request


def _asked_for_s(after: str, now_s: float) -> float | None:
    """Return how long a Retry-After header asks to wait; None if it does not."""
    if after.isascii() and after.isdecimal():
        return float(after[:9])
    try:
        until = parsedate_to_datetime(after)
    except (TypeError, ValueError):
        return None
    return max(0.0, until.replace(tzinfo=until.tzinfo or UTC).timestamp() - now_s)
