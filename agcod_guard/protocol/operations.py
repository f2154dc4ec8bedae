"""Know AGCOD's operations: their request ids, undo, and signs of success.

Pure. From fact sheet 2. What no source shows is said in `note`, and the reader
then takes whichever known field is there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

UNKNOWN_OPERATION = "Unknown"
"""The operation of a call that names none."""

OTHER_OPERATION = "other"
"""What stands for every operation that is not one of Amazon's."""

REQUEST_ID_FIELDS = (
    "loadBalanceRequestId",
    "creationRequestId",
    "activationRequestId",
    "statusCheckRequestId",
    "requestId",
)
"""Every field in which some operation carries the caller's request id."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation of AGCOD.

    Attributes:
        name: As in the path and in `x-amz-target`.
        request_id_fields: Where the request carries the caller's id, the
            likeliest first; empty when it carries none.
        read_only: It changes nothing, so it may be repeated at will.
        idempotent: A repeat with the same request id does nothing twice; None
            when no source says.
        undo: The operation that takes it back, with the same request id.
        success_fields: Fields of which one is non-null in a success; empty
            when no source shows them.
        takes_card: It names a physical card by `cardNumber`.
        note: What about it is not certain; empty when all is.
    """

    name: str
    request_id_fields: tuple[str, ...]
    read_only: bool = False
    idempotent: bool | None = True
    undo: str | None = None
    success_fields: frozenset[str] = frozenset()
    takes_card: bool = False
    note: str = ""


_CARD = frozenset({"cardInfo"})

OPERATIONS: Mapping[str, Operation] = MappingProxyType(
    {
        operation.name: operation
        for operation in (
            Operation(
                name="CreateGiftCard",
                request_id_fields=("creationRequestId",),
                undo="CancelGiftCard",
                success_fields=frozenset({"gcClaimCode", "gcId", "cardInfo"}),
            ),
            Operation(
                name="CancelGiftCard",
                request_id_fields=("creationRequestId",),
                success_fields=frozenset({"gcId"}),
            ),
            Operation(
                name="ActivateGiftCard",
                request_id_fields=("activationRequestId",),
                undo="DeactivateGiftCard",
                success_fields=_CARD,
                takes_card=True,
            ),
            Operation(
                name="DeactivateGiftCard",
                request_id_fields=("activationRequestId",),
                success_fields=_CARD,
                takes_card=True,
            ),
            Operation(
                name="ActivationStatusCheck",
                request_id_fields=("statusCheckRequestId",),
                read_only=True,
                success_fields=_CARD,
                takes_card=True,
            ),
            Operation(
                name="GetAvailableFunds",
                request_id_fields=(),
                read_only=True,
                success_fields=frozenset({"availableFunds"}),
            ),
            Operation(
                name="GetGiftCardActivityPage",
                request_id_fields=("requestId",),
                read_only=True,
                success_fields=frozenset({"cardActivityList"}),
            ),
            Operation(
                name="ValidateAccountForAmazonBalanceLoad",
                request_id_fields=REQUEST_ID_FIELDS,
                read_only=True,
                note="no source shows a request id or an answer",
            ),
            Operation(
                name="LoadAmazonBalance",
                request_id_fields=REQUEST_ID_FIELDS,
                idempotent=None,
                undo="VoidAmazonBalanceLoad",
                note="no source shows the field's name, idempotency or an answer",
            ),
            Operation(
                name="VoidAmazonBalanceLoad",
                request_id_fields=REQUEST_ID_FIELDS,
                idempotent=None,
                note="no source shows the field's name, idempotency or an answer",
            ),
        )
    }
)

KNOWN_OPERATIONS = frozenset({*OPERATIONS, UNKNOWN_OPERATION, OTHER_OPERATION})
"""What `known_operation` can return."""

_LONGEST_NAME = 64
_NAME = re.compile(r"[A-Za-z]{3,64}")
_SEPARATORS = re.compile(r"[./#]")


def operation_of(url_path: str, target_header: str | None) -> str:
    """Return the operation's name, `Unknown` when neither place has one.

    The path decides, for it is what AGCOD routes by: one client sends no
    target, another the malformed `AGCODService./CreateGiftCard`.

    Args:
        url_path: Path of the URL, without query.
        target_header: Value of `x-amz-target`; None when it is absent.
    """
    segment = url_path.rstrip("/").rpartition("/")[2]
    if segment in OPERATIONS or _NAME.fullmatch(segment):
        return segment
    name = _SEPARATORS.split((target_header or "").strip()[-4 * _LONGEST_NAME :])[-1]
    return name if _NAME.fullmatch(name) else UNKNOWN_OPERATION


def known_operation(name: str) -> str:
    """Return the name, `other` if it is not one of Amazon's: a closed set."""
    return name if name in KNOWN_OPERATIONS else OTHER_OPERATION
