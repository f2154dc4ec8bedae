"""Funds, the activity page and the balance-load operations.

Pure, on the account's state. What a balance load answers beyond its status
and its request id is not public, so nothing more is answered here.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from agcod_guard.call import Environment
from agcod_guard.simulator import checks
from agcod_guard.simulator.accounts import Load, Money
from agcod_guard.simulator.checks import Case
from agcod_guard.simulator.refusals import refused
from agcod_guard.simulator.wire import Answer


def available_funds(case: Case) -> Answer:
    """Tell the account's funds; the sandbox always says 0."""
    funds = case.account.funds
    if case.account.endpoint.environment is Environment.SANDBOX:
        funds = Money(funds.amount * 0, funds.currency)
    wire = {"amount": float(funds.amount), "currencyCode": funds.currency}
    return Answer(fields={"availableFunds": wire, "timestamp": compact(case.now_s)})


def activity_page(case: Case) -> Answer:
    """List the orders of a period, oldest first."""
    start_s, end_s = checks.period(case)
    rows = checks.page(case)
    noops = str((case.request.fields or {}).get("showNoOps", "")).lower() == "true"
    found = [
        dict(activity.fields)
        for activity in case.account.activity
        if start_s <= activity.at_s <= end_s and (noops or activity.real)
    ]
    total = {"totalNumberOfTransactionsInRequestedTimeFrame": len(found)}
    return Answer(fields={"cardActivityList": found[rows], **total})


def validate(case: Case) -> Answer:
    """Tell that the customer's account can be loaded."""
    _require_customer(case)
    return Answer()


def load(case: Case) -> Answer:
    """Load a customer's balance, or give the first answer again."""
    request_id = checks.request_id(case, "loadBalanceRequestId")
    _require_customer(case)
    value = checks.money(case, name="amount", amount="value")
    known = case.account.loads.get(request_id)
    if known and known.value != value:
        raise refused("RequestedDenominationMismatch")
    if known is None:
        case.account.spend(value)
        case.account.loads[request_id] = Load(value=value)
    fields = {"loadBalanceRequestId": request_id}
    return Answer(fields=fields, created=known is None, repeated=known is not None)


def void(case: Case) -> Answer:
    """Take a load back; a repeat says so again."""
    request_id = checks.request_id(case, "loadBalanceRequestId")
    known = case.account.loads.get(request_id)
    if known is None:
        raise refused("OrderNotFound")
    repeated = not known.standing
    if not repeated:
        known.standing = False
        case.account.give_back(known.value)
    return Answer(fields={"loadBalanceRequestId": request_id}, repeated=repeated)


def compact(now_s: float) -> str:
    """Return `now_s` as AGCOD writes times on the wire: 20261122T101500Z."""
    return datetime.fromtimestamp(now_s, UTC).strftime("%Y%m%dT%H%M%SZ")


def _require_customer(case: Case) -> None:
    customer = (case.request.fields or {}).get("account")
    if not isinstance(customer, Mapping) or not customer.get("id"):
        raise refused("InvalidRequestInput")
