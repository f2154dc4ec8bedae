"""The packet: Amazon's questions answered on one screen, and nothing secret."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from dataclasses import replace
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agcod_guard.call import Call, Endpoint, Environment, Outcome, Scope
from agcod_guard.frames import Sample
from agcod_guard.incident import clearing
from agcod_guard.incident.dossier import DossierBuilder
from agcod_guard.incident.incident import Incident
from agcod_guard.incident.items import Reporter, missing_items
from agcod_guard.incident.packet import packet_files
from agcod_guard.incident.verdict import Verdict

NOW_S = 1_795_346_105.123 + 320
LABELS = (
    "Contact name",
    "Contact phone number",
    "Contact email",
    "Partner ID of account",
    "Sample request ID",
    "Timestamp of sample request",
    "Timestamp of first failed response",
    "Sample card serial number (physical card activation only)",
    "API error response",
    "Marketplace",
    "Brief problem description",
    "Is the behavior consistent?",
    "Were there any recent changes on your end?",
    "Sample request payload (attached)",
)
NAMES = {"packet.txt", "sample-request.txt", "calls.csv"}
CODE = "AAAA-BBBBBB-CCCC"

TIMEOUTS = """\
VERDICT UNCLEAR: it cannot be told yet on whose side the failure is.

Contact name: Zoë Example
Contact phone number: +44 20 5550 0100
Contact email: oncall@example.invalid
Partner ID of account: Acmes
Sample request ID: Acmes33245000H2
Timestamp of sample request: 2026-11-22 11:14:59 GMT
Timestamp of first failed response: 2026-11-22 11:15:05 GMT
Sample card serial number (physical card activation only):
    does not apply (no card activation)
API error response: no response: ReadTimeout after 6.0 s
Marketplace: UK

Brief problem description:
    Since 2026-11-22 11:15:05 GMT all our calls to AGCOD Europe
    (agcod-v2-eu.amazon.com) have got no response (ReadTimeout): 12 calls for
    12 different orders (CreateGiftCard). 12 gift card orders worth GBP 300.00
    have not been delivered to our customers.

Is the behavior consistent?
    Yes. Not one call has succeeded since: 12 of 12 calls failed (12 different
    orders, 1 machine); last success before: 2026-11-22 11:15:00 GMT.

Were there any recent changes on your end?
    2026-11-22 09:15:05 GMT: deployed 4.2, with a new proxy

Sample request payload (attached):
    sample-request.txt: raw request with headers, and the answer
"""

ACTIVATIONS = """\
UNCONFIRMED: we made no test calls of our own; this rests on real orders
alone.
NOT COMPLETE: 5 facts to fill in before sending, marked MISSING.

Contact name: MISSING - fill in before sending: setting contact.name is empty
Contact phone number:
    MISSING - fill in before sending: setting contact.phone is empty
Contact email:
    MISSING - fill in before sending: setting contact.email is empty
Partner ID of account: Acmes
Sample request ID: Acmes33245000H2
Timestamp of sample request: 2026-11-22 11:15:04 GMT
Timestamp of first failed response: 2026-11-22 11:15:05 GMT
Sample card serial number (physical card activation only): 1400000000000000
API error response: F400 SystemTemporarilyUnavailable
Marketplace:
    MISSING - fill in before sending: the failed requests are in EUR; which
    country's account?

Brief problem description:
    Since 2026-11-22 11:15:05 GMT all our calls to AGCOD Europe
    (agcod-v2-eu.amazon.com) have failed with F400
    SystemTemporarilyUnavailable: 12 calls for 12 different orders
    (ActivateGiftCard). 12 gift card orders worth EUR 600.00 have not been
    delivered to our customers.

Is the behavior consistent?
    Yes. Not one call has succeeded since: 12 of 12 calls failed (12 different
    orders, 1 machine); last success before: 2026-11-22 11:15:00 GMT.

Were there any recent changes on your end?
    MISSING - fill in before sending: deployments, configuration, network,
    keys

Sample request payload (attached):
    sample-request.txt: raw request with headers, and the answer
"""

TIMEOUT = {
    "outcome": Outcome.NO_ANSWER,
    "error_code": None,
    "error_type": None,
    "message": None,
    "status": None,
    "amzn_request_id": None,
    "marked": False,
    "exception": "ReadTimeout",
    "duration_s": 6.0,
}
ACTIVATION = {
    "operation": "ActivateGiftCard",
    "error_code": "F400",
    "error_type": "SystemTemporarilyUnavailable",
    "amount": Decimal("50.00"),
    "currency": "EUR",
    "card_serial": "1400000000000000",
}


@pytest.fixture
def f500(call, sample, dossier, incident):
    """The dossier of twelve failing orders."""
    calls = [call(number) for number in range(12)]
    return dossier(incident, calls[0], sample(calls[0]), calls[1:])


def first_screen(files: dict[str, bytes]) -> str:
    return files["packet.txt"].decode().split("\n\n-----")[0] + "\n"


def all_text(files: dict[str, bytes]) -> str:
    return "\n".join(content.decode() for content in files.values())


def test_timeouts_of_unclear_origin_make_this_packet(
    call, sample, dossier, incident, reporter
):
    calls = [call(number, **TIMEOUT) for number in range(12)]
    incident = replace(incident, verdict=Verdict.UNCLEAR)
    facts = dossier(incident, calls[0], sample(calls[0]), calls[1:])
    changed = (calls[0].ended_at_s - 7200, "deployed 4.2,\n with a new proxy")
    reporter = replace(reporter, changes=(changed,))

    files = packet_files(incident, facts, reporter, now_s=NOW_S)

    assert first_screen(files) == TIMEOUTS
    answer = files["sample-request.txt"].decode().split("===== Answer =====\n")[1]
    assert answer == "no response: ReadTimeout after 6.0 s\n"


def test_activations_without_settings_make_a_packet_that_names_what_is_missing(
    call, sample, dossier, incident
):
    calls = [call(number, **ACTIVATION) for number in range(12)]
    incident = replace(incident, confirmed=False)
    facts = dossier(incident, calls[0], sample(calls[0]), calls[1:])

    files = packet_files(incident, facts, Reporter(), now_s=NOW_S)

    assert first_screen(files) == ACTIVATIONS
    assert missing_items(incident, facts, Reporter()) == (
        "Contact name",
        "Contact phone number",
        "Contact email",
        "Marketplace",
        "Were there any recent changes on your end?",
    )


def test_with_settings_and_a_sample_the_packet_is_complete(incident, f500, reporter):
    files = packet_files(incident, f500, reporter, now_s=NOW_S)

    assert missing_items(incident, f500, reporter) == ()
    assert set(files) == NAMES
    assert "MISSING" not in all_text(files)
    assert len(first_screen(files).splitlines()) <= 40


def test_a_contact_stands_in_the_packet_as_it_was_set(incident, f500, reporter):
    screen = first_screen(packet_files(incident, f500, reporter, now_s=NOW_S))

    assert "Contact name: Zoë Example\n" in screen
    assert "Contact phone number: +44 20 5550 0100\n" in screen
    assert "Contact email: oncall@example.invalid\n" in screen


@pytest.mark.parametrize(
    ("region", "currency", "marketplace"),
    [("na", "CAD", "CA"), ("eu", "PLN", "PL"), ("fe", "JPY", "JP")],
)
def test_the_marketplace_is_told_by_a_currency_that_only_it_has(
    call, dossier, incident, region, currency, marketplace
):
    endpoint = Endpoint(region)
    incident = replace(incident, scope=Scope("Acmes", endpoint))
    facts = dossier(incident, call(0, endpoint=endpoint, currency=currency))

    screen = first_screen(packet_files(incident, facts, Reporter(), now_s=NOW_S))

    assert f"\nMarketplace: {marketplace}\n" in screen


@pytest.mark.parametrize(
    ("currencies", "told"),
    [(("EUR",), "EUR"), (("GBP", "SEK"), "GBP and SEK"), (("USD",), "USD"), ((), "no")],
)
def test_no_marketplace_is_guessed(call, dossier, incident, reporter, currencies, told):
    calls = [call(at, currency=it) for at, it in enumerate(currencies or (None,))]
    facts = dossier(incident, calls)
    reporter = replace(reporter, marketplace=None)

    screen = first_screen(packet_files(incident, facts, reporter, now_s=NOW_S))

    answer = screen.split("Marketplace:\n")[1].split("Brief")[0]
    assert answer.strip().startswith("MISSING")
    assert told in answer


def test_the_answer_of_amazon_names_a_call_that_carries_no_id_of_ours(
    call, sample, dossier, incident, reporter
):
    asked = call(0, operation="GetAvailableFunds", request_id=None, amount=None)
    facts = dossier(incident, asked, sample(asked))

    screen = first_screen(packet_files(incident, facts, reporter, now_s=NOW_S))

    assert (
        "Sample request ID:\n"
        "    6d1f0c9e-0000-4000-8000-000000000000 (Amazon's x-amzn-RequestId;\n"
        "    GetAvailableFunds carries no ID of ours)\n"
    ) in screen


def test_a_sample_without_any_id_leaves_the_id_missing(
    call, dossier, incident, reporter
):
    asked = call(0, **TIMEOUT | {"request_id": None, "operation": "GetAvailableFunds"})

    missing = missing_items(incident, dossier(incident, asked), reporter)

    assert missing == ("Sample request ID", "Sample request payload (attached)")


def test_a_failed_activation_beside_the_sample_gives_its_serial(
    call, dossier, incident, reporter
):
    facts = dossier(incident, call(0), call(1, **ACTIVATION))

    screen = first_screen(packet_files(incident, facts, reporter, now_s=NOW_S))

    assert "1400000000000000 (another failed request, Acmes33245001H2)\n" in screen


def test_an_activation_without_a_serial_is_not_complete(
    call, sample, dossier, incident, reporter
):
    activation = call(0, **ACTIVATION | {"card_serial": None})
    facts = dossier(incident, activation, sample(activation))

    missing = missing_items(incident, facts, reporter)

    assert missing == ("Sample card serial number (physical card activation only)",)


def test_without_any_call_on_record_nothing_is_invented(dossier, incident, reporter):
    facts = dossier(incident)

    files = packet_files(incident, facts, reporter, now_s=NOW_S)

    assert set(files) == {"packet.txt", "calls.csv"}
    assert missing_items(incident, facts, reporter) == (
        "Sample request ID",
        "Timestamp of sample request",
        "API error response",
        "Brief problem description",
        "Is the behavior consistent?",
        "Sample request payload (attached)",
    )


def test_calls_that_were_refused_are_told_apart_from_those_that_failed(
    call, dossier, incident, reporter
):
    refused = call(3, outcome=Outcome.ACCOUNT, error_code="F300", error_type="X")
    throttled = call(4, outcome=Outcome.THROTTLED, error_code=None, error_type="Y")
    facts = dossier(incident, call(0), call(1), call(2), refused, throttled)

    files = packet_files(incident, facts, reporter, now_s=NOW_S)
    text = " ".join(files["packet.txt"].decode().split())

    assert "3 of our 5 calls (60 %) to AGCOD Europe" in text
    assert (
        "3 of 5 calls failed (3 different orders, 1 machine), 1 refused and 1 thr"
        in text
    )
    assert "F300 X - 1 call, 1 order, a refusal" in text


def test_an_outage_that_eased_in_between_is_not_called_consistent(
    call, success, dossier, incident, reporter
):
    facts = dossier(incident, call(0), success(5), call(9))

    text = first_screen(packet_files(incident, facts, reporter, now_s=NOW_S))

    assert "    Mostly; it eased in between (1 succeeded): 2 of 3 calls failed" in text


def test_other_errors_than_the_samples_are_named_beside_it(
    call, dossier, incident, reporter
):
    facts = dossier(incident, call(0), call(1), call(2, **TIMEOUT))

    screen = first_screen(packet_files(incident, facts, reporter, now_s=NOW_S))

    assert (
        "API error response: F500 GeneralError (also seen: no response: ReadTimeout)\n"
    ) in screen
    assert "have failed, mostly with F500 GeneralError" in " ".join(screen.split())


def test_after_recovery_it_says_first_of_all_that_the_outage_is_over(
    incident, f500, reporter
):
    over = replace(incident, first_success_at_s=incident.first_failed_at_s + 1445)

    text = packet_files(over, f500, reporter, now_s=NOW_S)["packet.txt"].decode()

    assert text.startswith("THE OUTAGE IS OVER: calls succeed again since 2026-11-22")
    assert "still\nbeing watched" in text
    assert "The outage lasted 24 min 5 s." in text
    assert "Yes, until calls succeeded again at 2026-11-22 11:39:10 GMT:" in text


def test_a_closed_incidents_packet_does_not_depend_on_the_time(
    incident, f500, reporter
):
    closed = replace(
        incident,
        first_success_at_s=incident.first_failed_at_s + 1445,
        resolved_at_s=incident.first_failed_at_s + 1745,
    )

    early = packet_files(closed, f500, reporter, now_s=NOW_S)

    assert early == packet_files(closed, f500, reporter, now_s=NOW_S + 86_400)
    assert b"being watched" not in early["packet.txt"]


@pytest.mark.parametrize("latest_s", [179, 182])
def test_times_stand_in_the_order_of_time(call, dossier, incident, reporter, latest_s):
    facts = dossier(incident, call(0), call(latest_s))

    files = packet_files(incident, facts, reporter, now_s=incident.opened_at_s + 60)
    _, _, evidence = files["packet.txt"].decode().partition("\nTimes\n")

    times = evidence.partition("\n\n")[0].splitlines()
    assert len(times) == 5
    assert times == sorted(times)


@pytest.mark.parametrize(
    ("changes", "opening"),
    [
        ({"verdict": Verdict.OURS}, "NOT FOR THE PAGER - the evidence points to our"),
        ({"verdict": Verdict.UNCLEAR}, "VERDICT UNCLEAR:"),
        ({"confirmed": False}, "UNCONFIRMED:"),
        ({"drill": True}, "NOT FOR THE PAGER - THIS IS A DRILL"),
        ({}, "Contact name: Zoë Example"),
    ],
)
def test_doubts_stand_before_everything_else(
    incident, f500, reporter, changes, opening
):
    incident = replace(incident, **changes)

    text = packet_files(incident, f500, reporter, now_s=NOW_S)["packet.txt"].decode()

    assert text.startswith(opening)


def test_a_drill_says_so_on_every_file(incident, f500, reporter):
    files = packet_files(
        replace(incident, drill=True), f500, reporter, now_s=NOW_S, banner="Room 7."
    )

    first_lines = {name: text.decode().split("\n")[0] for name, text in files.items()}
    assert set(files) == NAMES
    for name, line in first_lines.items():
        assert "NOT FOR THE PAGER - THIS IS A DRILL" in line, name
    assert first_lines["calls.csv"].startswith("# NOT")
    assert all(b"Room 7." in text for text in files.values())


@pytest.mark.parametrize("kind", [Environment.SANDBOX, Environment.LOOPBACK])
def test_other_endpoints_than_production_are_never_for_the_pager(
    call, sample, dossier, incident, reporter, kind
):
    endpoint = Endpoint("eu", kind)
    incident = replace(incident, scope=Scope("Acmes", endpoint))
    failed = call(0, endpoint=endpoint)

    files = packet_files(
        incident,
        dossier(incident, failed, sample(failed)),
        reporter,
        now_s=NOW_S,
    )

    assert set(files) == NAMES
    for text in files.values():
        assert b"NOT FOR THE PAGER - eu-" in text.split(b"\n")[0]


def test_the_same_facts_give_the_same_bytes(call, sample, dossier, incident, reporter):
    calls = [call(number) for number in range(12)]
    once, again = (
        packet_files(
            incident,
            dossier(incident, calls[0], sample(calls[0]), calls[1:]),
            reporter,
            now_s=NOW_S,
        )
        for _ in range(2)
    )

    assert once == again


def test_ordinary_ids_and_times_are_no_alarm(incident, f500, reporter):
    files = packet_files(incident, f500, reporter, now_s=NOW_S)

    assert "[removed" not in files["packet.txt"].decode()
    assert "[removed" not in files["calls.csv"].decode()


def test_a_claim_code_is_masked_wherever_it_slipped_through(
    call, sample, dossier, incident, reporter
):
    leaking = call(0, message=f"code {CODE}", exception=CODE, source=CODE)
    exchange = sample(leaking)
    exchange = Sample(
        call_id=exchange.call_id,
        wall_ns=0,
        mono_ns=0,
        request=exchange.request,
        answer=f"{exchange.answer}\r\n<gcClaimCode>{CODE}</gcClaimCode>",
    )
    incident = replace(incident, reasons=(f"saw {CODE}",))
    reporter = replace(reporter, changes=((NOW_S, f"tried {CODE}"),))
    facts = dossier(incident, leaking, exchange)

    files = packet_files(incident, facts, reporter, now_s=NOW_S)

    assert set(files) == NAMES
    assert CODE not in all_text(files)
    assert "Acmes33245000H2" in files["packet.txt"].decode()
    assert "oncall@example.invalid" in files["packet.txt"].decode()


def test_a_secret_in_a_noted_change_is_masked_before_it_is_broken_into_lines(
    incident, f500, reporter
):
    text = f"{'x' * 35} tried AAAA BBBBBB CCCC"
    reporter = replace(reporter, changes=((NOW_S, text),))

    packet = packet_files(incident, f500, reporter, now_s=NOW_S)["packet.txt"]

    assert b"BBBBBB" not in packet


def test_a_mask_that_makes_a_line_too_long_leaves_labels_where_they_were(
    call, dossier, incident, reporter
):
    error = f"{'0' * 20} {CODE} {'0' * 20}"
    facts = dossier(incident, call(0, error_code=None, error_type=error))

    text = packet_files(incident, facts, reporter, now_s=NOW_S)["packet.txt"].decode()

    assert "\nAPI error response: 00000000000000000000 [claim" in text
    assert max(map(len, text.splitlines())) <= 78


def test_a_file_that_cannot_be_cleared_is_withheld_and_the_packet_says_so(
    incident, f500, reporter, monkeypatch
):
    monkeypatch.setattr(
        clearing, "secrets_in", lambda text: ("x",) if "Host:" in text else ()
    )

    files = packet_files(incident, f500, reporter, now_s=NOW_S)

    assert set(files) == {"packet.txt", "calls.csv"}
    text = files["packet.txt"].decode()
    assert "WITHHELD: sample-request.txt" in text
    assert "MISSING - fill in before sending: a raw request" in text
    assert missing_items(incident, f500, reporter, sample_withheld=True) == (
        "Sample request payload (attached)",
    )


def test_a_packet_that_cannot_be_cleared_is_withheld_whole(
    incident, f500, reporter, monkeypatch
):
    monkeypatch.setattr(clearing, "secrets_in", lambda text: ("x",))

    files = packet_files(replace(incident, drill=True), f500, reporter, now_s=NOW_S)

    assert set(files) == {"packet.txt"}
    assert files["packet.txt"].startswith(b"NOT FOR THE PAGER - THIS IS A DRILL")
    assert b"WITHHELD: this packet" in files["packet.txt"]


hostile = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        [
            "../../etc/passwd\n",
            "x" * 300,
            "\u202egnp.exe",
            "\ud800",
            "=HYPERLINK(1)",
            "Contact name: someone else",
            "\r\nMarketplace: DE",
            "\x1b[2J",
            "字" * 80,
            CODE,
        ]
    ),
)
some_examples = settings(max_examples=40, deadline=None)
maybe = st.one_of(st.none(), hostile)


@st.composite
def hostile_calls(draw: st.DrawFn) -> Call:
    return Call(
        endpoint=Endpoint("eu"),
        operation=draw(hostile),
        outcome=draw(st.sampled_from([*Outcome])),
        started_at_s=NOW_S - 200,
        duration_s=draw(st.floats(0, 100)),
        call_id=draw(st.sampled_from(["0000000000000000", "1", "2"])),
        partner_id="Acmes",
        request_id=draw(maybe),
        error_code=draw(maybe),
        error_type=draw(maybe),
        message=draw(maybe),
        status=draw(st.one_of(st.none(), st.integers(100, 599))),
        amzn_request_id=draw(maybe),
        amount=draw(st.one_of(st.none(), st.decimals())),
        currency=draw(maybe),
        card_serial=draw(maybe),
        source=draw(hostile),
        exception=draw(maybe),
    )


@st.composite
def hostile_packets(draw: st.DrawFn) -> dict[str, bytes]:
    incident = Incident(
        incident_id="20261122T111505Z-eu-3f9a",
        scope=Scope("Acmes", Endpoint("eu")),
        first_failed_at_s=NOW_S - 320,
        first_call_id="0000000000000000",
        opened_at_s=NOW_S - 140,
        reasons=tuple(draw(st.lists(hostile, max_size=2))),
        drill=draw(st.booleans()),
    )
    builder = DossierBuilder(incident)
    for call in draw(st.lists(hostile_calls(), max_size=6)):
        builder.add_call(call)
    builder.add_sample(
        Sample(
            call_id=draw(st.sampled_from(["0000000000000000", "1"])),
            wall_ns=0,
            mono_ns=0,
            request=draw(hostile),
            answer=draw(hostile),
        )
    )
    reporter = Reporter(
        name=draw(maybe),
        phone=draw(maybe),
        email=draw(maybe),
        marketplace=draw(maybe),
        changes=tuple((NOW_S, text) for text in draw(st.lists(hostile, max_size=7))),
    )
    return packet_files(incident, builder.dossier(), reporter, now_s=NOW_S)


@some_examples
@given(files=hostile_packets())
def test_no_claim_code_is_ever_in_a_file(files):
    assert CODE not in all_text(files)


@some_examples
@given(files=hostile_packets())
def test_nothing_that_acts_on_a_terminal_is_ever_in_a_file(files):
    acting = re.compile(
        "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069]"
    )
    assert not acting.search(all_text(files))


@some_examples
@given(files=hostile_packets())
def test_no_line_is_wider_than_78_columns(files):
    for line in files["packet.txt"].decode().splitlines():
        wide = sum(unicodedata.east_asian_width(mark) in "WF" for mark in line)
        none = sum(bool(unicodedata.combining(mark)) for mark in line)
        assert len(line) + wide - none <= 78


@some_examples
@given(files=hostile_packets())
def test_every_label_stands_once_and_in_amazons_order(files):
    text = files["packet.txt"].decode()
    if "WITHHELD: this packet" in text:
        return
    heads = [label if label.endswith("?") else f"{label}:" for label in LABELS]
    lines = text.splitlines()
    places = [
        [at for at, line in enumerate(lines) if line.startswith(head)] for head in heads
    ]
    assert all(len(found) == 1 for found in places)
    assert all(before < after for [before], [after] in pairwise(places))


@some_examples
@given(files=hostile_packets())
def test_every_row_of_calls_csv_has_all_cells_and_none_is_a_formula(files):
    text = files["calls.csv"].decode()
    rows = list(csv.reader(io.StringIO(re.sub("(?m)^#.*\n", "", text))))
    assert {len(row) for row in rows} == {18}
    assert not [cell for row in rows for cell in row if cell[:1] in "=+-@" and cell]


def test_what_a_person_has_filled_in_stands_in_the_packet(
    incident, dossier, call, sample, reporter
):
    told = replace(
        reporter, action="gift cards taken off sale", changes_answer="new proxy at 11"
    )

    text = packet_files(
        incident, dossier(incident, call(0), sample(call(0))), told, now_s=NOW_S
    )["packet.txt"].decode()

    assert "What we have done: gift cards taken off sale" in text
    changes = text.partition("Were there any recent changes on your end?")[2]
    assert changes.split("\n")[1].strip() == "new proxy at 11"
