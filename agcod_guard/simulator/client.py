"""A partner's AGCOD client: plain `requests`, signed by hand, fake keys.

Stands for the code the guard is put around; it knows nothing of the guard.
Each call goes into the program's own log, by which the drill judges the guard.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import requests

from agcod_guard.protocol.endpoints import SIGNING_REGIONS
from agcod_guard.simulator.signing import signed_headers


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One call as the partner's program saw it.

    Attributes:
        endpoint: Region that was called.
        operation: AGCOD operation name.
        request_id: The program's own id; None for GetAvailableFunds.
        started_at_s: Wall-clock time before the call, Unix seconds.
        ended_at_s: Wall-clock time right after the call returned or raised.
        result: `SUCCESS`, an error such as `F500 GeneralError`, `HTTP 503`
            where the answer says nothing, or the exception's class name.
        status: HTTP status; None when the call raised.
    """

    endpoint: str
    operation: str
    request_id: str | None
    started_at_s: float
    ended_at_s: float
    result: str
    status: int | None


class PartnerClient:
    """AGCOD's client side on a `requests.Session`, with fake keys.

    Every method returns the Attempt it has logged; a `requests` exception is
    logged and raised on.

    Args:
        session: Sends the calls; whoever made it may have wrapped it.
        base_url: Endpoint without a slash at the end.
        partner_id: The account.
        region: AGCOD region: decides the signature's scope.
        timeout_s: Passed to `requests` with each call; None to wait for ever.
        log: Told of each attempt, from the thread that made it.
    """

    def __init__(
        self,
        session: requests.Session,
        base_url: str,
        *,
        partner_id: str,
        region: str,
        timeout_s: float | None = 6.0,
        log: Callable[[Attempt], object] = lambda attempt: None,
    ) -> None:
        self._session, self._base_url = session, base_url
        self.partner_id, self.region = partner_id, region
        self._timeout_s, self._log = timeout_s, log

    def create(self, request_id: str, amount: float, currency: str) -> Attempt:
        """Order a digital card."""
        value = {"currencyCode": currency, "amount": amount}
        content = {"creationRequestId": request_id, "value": value}
        return self._call("CreateGiftCard", request_id, content)

    def cancel(self, request_id: str) -> Attempt:
        """Cancel the card of `request_id`."""
        content = {"creationRequestId": request_id}
        return self._call("CancelGiftCard", request_id, content)

    def activate(
        self, request_id: str, card_number: str, amount: float, currency: str
    ) -> Attempt:
        """Activate a physical card."""
        content = {
            "activationRequestId": request_id,
            "cardNumber": card_number,
            "value": {"currencyCode": currency, "amount": amount},
        }
        return self._call("ActivateGiftCard", request_id, content)

    def deactivate(self, request_id: str, card_number: str) -> Attempt:
        """Take the activation `request_id` back."""
        content = {"activationRequestId": request_id, "cardNumber": card_number}
        return self._call("DeactivateGiftCard", request_id, content)

    def funds(self) -> Attempt:
        """Ask for the funds."""
        return self._call("GetAvailableFunds", None, {})

    def _call(
        self, operation: str, request_id: str | None, content: Mapping[str, Any]
    ) -> Attempt:
        url = f"{self._base_url}/{operation}"
        body = json.dumps({"partnerId": self.partner_id, **content}).encode()
        started_at_s = time.time()
        scope = SIGNING_REGIONS[self.region]
        headers = signed_headers(url, body, region=scope, now_s=started_at_s)

        def noted(ended_at_s: float, result: str, status: int | None) -> Attempt:
            attempt = Attempt(
                endpoint=self.region,
                operation=operation,
                request_id=request_id,
                started_at_s=started_at_s,
                ended_at_s=ended_at_s,
                result=result,
                status=status,
            )
            self._log(attempt)
            return attempt

        try:
            response = self._session.post(
                url, data=body, headers=headers, timeout=self._timeout_s
            )
        except Exception as error:
            noted(time.time(), type(error).__name__, None)
            raise
        ended_at_s = time.time()
        return noted(ended_at_s, _result(response), response.status_code)


def _result(response: requests.Response) -> str:
    try:
        content = response.json()
    except requests.JSONDecodeError:
        content = None
    if not isinstance(content, dict):
        content = {}
    if content.get("status") == "SUCCESS":
        return "SUCCESS"
    named = [content[name] for name in ("errorCode", "errorType") if content.get(name)]
    return " ".join(named) or f"HTTP {response.status_code}"
