"""Tell an outage in sentences that a person on call understands at once. Pure."""

from __future__ import annotations

from agcod_guard.call import REFUSALS, Endpoint, Environment, Outcome
from agcod_guard.incident.dossier import Dossier, Traffic
from agcod_guard.incident.incident import Incident
from agcod_guard.incident.layout import (
    count,
    gmt,
    identifier,
    length,
    listed,
    money,
    plain,
    some,
)
from agcod_guard.incident.tally import MOST_ORDERS
from agcod_guard.protocol.endpoints import HOSTS

_REGIONS = {"na": "North America", "eu": "Europe", "fe": "Far East"}
_LISTED = 4
_NO_RESPONSE = "no response: "


def problem(incident: Incident, dossier: Dossier) -> str:
    """Return what happened, since when, how much of it, and what it costs."""
    where = incident.scope.endpoint
    over = incident.first_success_at_s is not None
    error = _failed_how(dossier, over=over)
    share = "all our calls" if dossier.failed == dossier.calls else _share(dossier)
    outage = (
        f"{_period(incident)} {share} to {endpoint_name(where)}{_host(where)} {error}: "
        f"{count(dossier.failed, 'call')} for {orders(dossier)} "
        f"({some(map(identifier, dossier.operations))})."
    )
    return " ".join(filter(None, (outage, _impact(dossier))))


def consistency(incident: Incident, dossier: Dossier) -> tuple[str, ...]:
    """Return whether every call failed, in numbers; a paragraph each."""
    before = "no earlier success is on record"
    if dossier.last_success_at_s is not None:
        before = f"last success before: {gmt(dossier.last_success_at_s)}"
    machines = count(dossier.sources, "machine")
    counts = (
        f"{_answer(incident, dossier)} {dossier.failed:,} of "
        f"{count(dossier.calls, 'call')} failed ({orders(dossier)}, {machines})"
        f"{_rest(dossier)}; {before}."
    )
    paragraphs = [counts]
    if dossier.probes.calls:
        paragraphs.append(f"Our own test calls: {score(dossier.probes)}.")
    if dossier.others:
        states = (elsewhere(other, incident) for other in dossier.others[:_LISTED])
        paragraphs.append(f"Meanwhile {'; '.join(states)}.")
    return tuple(paragraphs)


def orders(dossier: Dossier) -> str:
    """Return how many different orders failed: `104 different orders`."""
    if dossier.orders_truncated:
        return f"more than {MOST_ORDERS:,} different orders"
    return count(dossier.failed_orders, "different order")


def elsewhere(traffic: Traffic, incident: Incident) -> str:
    """Return whose and which endpoint `traffic` is, and how its calls ended."""
    place = endpoint_name(traffic.scope.endpoint)
    if traffic.scope.account != incident.scope.account:
        place = f"{place}, account {identifier(traffic.scope.account)}"
    return f"{place}: {score(traffic)}"


def endpoint_name(endpoint: Endpoint) -> str:
    """Return the endpoint in words: `AGCOD Europe`."""
    if endpoint.environment is Environment.LOOPBACK:
        return f"a stand-in for AGCOD ({identifier(str(endpoint))})"
    region = _REGIONS.get(endpoint.region, identifier(endpoint.region))
    sandbox = "" if endpoint.environment is Environment.PRODUCTION else " sandbox"
    return f"AGCOD {region}{sandbox}"


def score(traffic: Traffic) -> str:
    """Return how many of the calls succeeded, and how many failed."""
    return (
        f"{traffic.succeeded:,} of {count(traffic.calls, 'call')} succeeded, "
        f"{traffic.failed:,} failed"
    )


def _host(endpoint: Endpoint) -> str:
    return next((f" ({host.name})" for host in HOSTS if host.endpoint == endpoint), "")


def _period(incident: Incident) -> str:
    start_s, end_s = incident.first_failed_at_s, incident.first_success_at_s
    if end_s is None:
        return f"Since {gmt(start_s)}"
    return f"From {gmt(start_s)} to {gmt(end_s)} ({length(end_s - start_s)})"


def _share(dossier: Dossier) -> str:
    percent = 100 * dossier.failed // max(1, dossier.calls)
    return f"{dossier.failed:,} of our {dossier.calls:,} calls ({percent} %)"


def _failed_how(dossier: Dossier, *, over: bool) -> str:
    """Return `have failed with F500 GeneralError`, in the right tense."""
    errors = [error for error in dossier.errors if error.technical]
    if not errors:
        return "failed" if over else "have failed"
    name = errors[0].error
    mostly = "" if len(errors) == 1 else "mostly "
    if name.startswith(_NO_RESPONSE):
        why = plain(name.removeprefix(_NO_RESPONSE))
        verb = "got no response" if over else "have got no response"
        return f"{verb}, {mostly}{why}" if mostly else f"{verb} ({why})"
    verb = "failed" if over else "have failed"
    return f"{verb}{', mostly' if mostly else ''} with {plain(name)}"


def _impact(dossier: Dossier) -> str:
    if not dossier.undelivered_orders:
        return ""
    at_least = "At least " if dossier.orders_truncated else ""
    worth = some(money(value, code) for code, value in dossier.undelivered.items())
    verb = "has" if dossier.undelivered_orders == 1 else "have"
    return (
        f"{at_least}{count(dossier.undelivered_orders, 'gift card order')} worth "
        f"{worth} {verb} not been delivered to our customers."
    )


def _answer(incident: Incident, dossier: Dossier) -> str:
    if dossier.succeeded:
        return f"Mostly; it eased in between ({dossier.succeeded:,} succeeded):"
    if incident.first_success_at_s is not None:
        ended = gmt(incident.first_success_at_s)
        return f"Yes, until calls succeeded again at {ended}:"
    return "Yes. Not one call has succeeded since:"


def _rest(dossier: Dossier) -> str:
    """Return what became of the calls that neither failed nor succeeded."""
    outcomes = dossier.outcomes
    refused = sum(outcomes.get(outcome, 0) for outcome in REFUSALS)
    parts = (
        (refused, "refused"),
        (outcomes.get(Outcome.THROTTLED, 0), "throttled"),
        (outcomes.get(Outcome.ABANDONED, 0), "given up by our program"),
    )
    told = [f"{number:,} {word}" for number, word in parts if number]
    return f", {listed(told)}" if told else ""
