"""Look at the facts that a packet rests on: who, to whom, and what time it is.

Reads and asks; makes and changes nothing.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

from agcod_guard.call import UNKNOWN_ACCOUNT
from agcod_guard.cli.data_findings import newest_s
from agcod_guard.cli.findings import Finding, Level
from agcod_guard.cli.times import iso
from agcod_guard.data_folder import DataFolder, policy_in_force, status_in
from agcod_guard.frames import Kind, Sample, decoded
from agcod_guard.incident.layout import listed
from agcod_guard.incident.sample import answered_at_s
from agcod_guard.storage.reading import SegmentReader
from agcod_guard.telemetry.observers import Observers

OLDEST_CONTACTS = timedelta(days=365)
CLOCK_OFF_S = 60.0
"""Signed requests are refused when the clock is off by minutes."""

CLOCK_LOOKS_BACK_S = 3600.0
_CREDIBLE_S = datetime(2025, 1, 1, tzinfo=UTC).timestamp()


def known_accounts(folder: DataFolder) -> list[str]:
    """Return the accounts that the settings name or that have made calls.

    Raises:
        DataError: The data folder cannot be read.
    """
    settings = folder.settings
    present = status_in(folder, policy=policy_in_force(folder), observer=Observers())
    named = {*settings.accounts, *(each.scope.account for each in present.scopes)}
    if settings.partner_id:
        named.add(settings.partner_id)
    return sorted(named - {UNKNOWN_ACCOUNT})


def packet_findings(folder: DataFolder) -> Iterator[Finding]:
    """Say what packets would lack, account by account."""
    accounts = known_accounts(folder)
    for account in accounts:
        missing = folder.settings.missing_for_packet(account)
        if missing:
            text = f"packets of {account} lack {listed(missing)}: set them"
            yield Finding(Level.PROBLEM, "packet", text)
        else:
            yield Finding(Level.OK, "packet", f"packets of {account} lack no setting")
    if not accounts:
        contact = [
            name
            for name in folder.settings.missing_for_packet(UNKNOWN_ACCOUNT)
            if name.startswith("contact.")
        ]
        lack = f"; packets lack {listed(contact)}: set them" if contact else ""
        level = Level.PROBLEM if contact else Level.OK
        yield Finding(level, "packet", f"no account is known yet{lack}")


def contacts_findings(folder: DataFolder) -> Iterator[Finding]:
    """Say how old the addresses at Amazon are."""
    today = datetime.fromtimestamp(folder.clock.wall_s(), UTC).date()
    rows = folder.settings.contacts.rows
    old = [row.as_of or date.min for row in rows]
    aged = [as_of for as_of in old if today - as_of > OLDEST_CONTACTS]
    if not aged:
        yield Finding(Level.OK, "contacts", f"all {len(rows)} are of the last year")
        return
    newest = max(old)
    yield Finding(
        Level.NOTE,
        "contacts",
        f"{len(aged)} of {len(rows)} addresses are older than a year, the newest of "
        f"{newest}: compare them with Amazon's pages, and put your own into contacts",
    )


def clock_findings(folder: DataFolder) -> Iterator[Finding]:
    """Look at the clock: credible, not set back, and in step with Amazon's."""
    now_s = folder.clock.wall_s()
    reader = folder.reader(Observers())
    last_s = newest_s(reader, reader.segments())
    if now_s < _CREDIBLE_S:
        text = f"it cannot be {iso(now_s)}: set the clock"
        yield Finding(Level.PROBLEM, "clock", text)
    elif last_s is not None and last_s > now_s + CLOCK_OFF_S:
        text = f"it is {iso(now_s)}, but calls are recorded up to {iso(last_s)}"
        yield Finding(Level.PROBLEM, "clock", f"{text}: set the clock")
    else:
        yield _against_amazon(_offsets_s(reader, now_s))


def _against_amazon(offsets_s: list[float]) -> Finding:
    """Hold our clock against the Date of Amazon's answers."""
    if not offsets_s:
        text = "no sampled answer of the last hour tells Amazon's time"
        return Finding(Level.OK, "clock", text)
    offset_s = statistics.median(offsets_s)
    direction = "ahead of" if offset_s > 0 else "behind"
    text = f"{abs(offset_s):.1f} s {direction} Amazon's, by {len(offsets_s)} answers"
    if abs(offset_s) > CLOCK_OFF_S:
        text += ": signed requests will be refused; set the clock"
        return Finding(Level.PROBLEM, "clock", text)
    return Finding(Level.OK, "clock", text)


def _offsets_s(reader: SegmentReader, now_s: float) -> list[float]:
    """Return our clock minus that of each answer which was kept lately."""
    samples = (
        decoded(each.kind, each.payload)
        for each in reader.between(now_s - CLOCK_LOOKS_BACK_S, now_s)
        if each.kind is Kind.SAMPLE
    )
    return [
        sample.wall_ns / 1e9 - (date_s + 0.5)  # the header has whole seconds
        for sample in samples
        if isinstance(sample, Sample)
        and sample.wall_ns / 1e9 >= now_s - CLOCK_LOOKS_BACK_S
        and (date_s := answered_at_s(sample.answer)) is not None
    ]
