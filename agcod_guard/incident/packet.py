"""Turn an incident and its dossier into the files that go to Amazon.

Pure: the same facts always give the same bytes. The first screen of packet.txt
is Amazon's items in Amazon's order; the evidence stands below. Files are
scanned for secrets when they are finished, whatever was masked before.
"""

from __future__ import annotations

from collections.abc import Iterator

from agcod_guard.call import Environment
from agcod_guard.incident.clearing import cleared
from agcod_guard.incident.dossier import Dossier, Traffic
from agcod_guard.incident.findings import evidence
from agcod_guard.incident.incident import Incident, Stage
from agcod_guard.incident.items import SAMPLE_FILE, Item, Reporter, items
from agcod_guard.incident.layout import (
    count,
    fits,
    gmt,
    identifier,
    plain,
    wrapped,
)
from agcod_guard.incident.rows import calls_csv
from agcod_guard.incident.sample import sample_file
from agcod_guard.incident.verdict import Verdict

PACKET_FILE = "packet.txt"
CALLS_FILE = "calls.csv"

_RULE = "-" * 78
_LAST_PROSE = "Were there any recent changes on your end?"
_PROSE = ("Brief problem description", "Is the behavior consistent?", _LAST_PROSE)


def packet_files(
    incident: Incident,
    dossier: Dossier,
    reporter: Reporter,
    *,
    now_s: float,
    banner: str | None = None,
) -> dict[str, bytes]:
    """Return `packet.txt`, `sample-request.txt` and `calls.csv`, as far as known.

    Args:
        incident: The outage.
        dossier: Its facts.
        reporter: What the partner alone can tell.
        now_s: Wall-clock time, told in the packet of an open incident.
        banner: Put first on every file, after `banner_of(incident)`.
    """
    head = " ".join(filter(None, (banner_of(incident), plain(banner or ""))))
    attached = _attachments(dossier, banner=head)
    answers = items(
        incident, dossier, reporter, sample_attached=bool(attached.get(SAMPLE_FILE))
    )
    withheld = tuple(name for name, text in attached.items() if text is None)
    notices = [head, *_notices(incident, dossier, answers, withheld=withheld)]
    lines = [line for notice in notices if notice for line in wrapped(notice)]
    lines += ["", *_screen(answers)] if lines else _screen(answers)
    told = evidence(incident, dossier, now_s=now_s, changes=reporter.changes)
    lines += ["", _RULE, *told, ""]
    packet = cleared("\n".join(lines)) or _withheld_packet(head)
    files = {PACKET_FILE: _refitted(packet), **attached}
    return {name: text.encode() for name, text in files.items() if text is not None}


def first_screen(packet: bytes) -> str:
    """Return what stands above the evidence: notices and Amazon's items."""
    return packet.decode("utf-8", "replace").partition(f"\n{_RULE}\n")[0].rstrip()


def banner_of(incident: Incident) -> str | None:
    """Return what every file of an incident that is none of Amazon's begins with."""
    if incident.drill:
        return "NOT FOR THE PAGER - THIS IS A DRILL: nothing here happened at Amazon."
    endpoint = incident.scope.endpoint
    if endpoint.environment is not Environment.PRODUCTION:
        name = identifier(str(endpoint))
        return f"NOT FOR THE PAGER - {name} is not a production endpoint."
    return None


def _attachments(dossier: Dossier, *, banner: str) -> dict[str, str | None]:
    """Return the files beside the packet; None for one that is withheld."""
    table = calls_csv(
        dossier.first_calls, dossier.last_calls, omitted=dossier.omitted_calls
    )
    remark = f"# {banner}\n" if banner else ""
    files = {CALLS_FILE: _cleared_rows(f"{remark}{table}")}
    if dossier.sample and dossier.sample_call:
        head = f"{banner}\n\n" if banner else ""
        text = sample_file(dossier.sample, dossier.sample_call)
        files[SAMPLE_FILE] = cleared(f"{head}{text}")
    return files


def _notices(
    incident: Incident,
    dossier: Dossier,
    answers: tuple[Item, ...],
    *,
    withheld: tuple[str, ...],
) -> Iterator[str]:
    """Yield what must be known before the first item is read."""
    if incident.verdict is Verdict.OURS:
        yield "NOT FOR THE PAGER - the evidence points to our own side (see below)."
    if incident.first_success_at_s is not None:
        watched = "" if incident.stage is Stage.RESOLVED else "; still being watched"
        yield (
            f"THE OUTAGE IS OVER: calls succeed again since "
            f"{gmt(incident.first_success_at_s)}{watched}. No longer for the pager."
        )
    if not incident.confirmed:
        yield f"UNCONFIRMED: {_why_unconfirmed(dossier.probes)}."
    if incident.verdict is Verdict.UNCLEAR:
        yield "VERDICT UNCLEAR: it cannot be told yet on whose side the failure is."
    missing = sum(item.missing for item in answers)
    if missing:
        facts = count(missing, "fact")
        yield f"NOT COMPLETE: {facts} to fill in before sending, marked MISSING."
    for name in withheld:
        yield f"WITHHELD: {name}, which still held what looks like a secret."


def _why_unconfirmed(probes: Traffic) -> str:
    if not probes.calls:
        return "we made no test calls of our own; this rests on real orders alone"
    tests = count(probes.calls, "test call")
    return (
        f"of {tests} of our own, {probes.failed:,} failed and "
        f"{probes.succeeded:,} succeeded"
    )


def _screen(answers: tuple[Item, ...]) -> Iterator[str]:
    """Yield Amazon's items; the short ones on one line each."""
    for item in answers:
        label = item.label if item.label.endswith("?") else f"{item.label}:"
        line = f"{label} {item.answer[0]}"
        if item.label in _PROSE:
            yield from ("", label, *_indented(item.answer))
            if item.label == _LAST_PROSE:
                yield ""
        elif fits(line):
            yield line
        else:
            yield from (label, *_indented(item.answer))


def _indented(paragraphs: tuple[str, ...]) -> Iterator[str]:
    for paragraph in paragraphs:
        yield from wrapped(paragraph, first="    ", rest="    ")


def _withheld_packet(head: str) -> str:
    lines = [
        head,
        "WITHHELD: this packet still held what looks like a secret after masking.",
        "Write to Amazon by hand; `agcod-guard calls` shows the failed calls.",
    ]
    return "\n".join([*filter(None, lines), ""])


def _refitted(text: str) -> str:
    """Return `text` with the lines broken that a mask has made too long."""
    pieces: list[str] = []
    for line in text.split("\n"):
        indent = line[: len(line) - len(line.lstrip())]
        refit = wrapped(line.lstrip(), first=indent, rest=f"{indent}    ")
        pieces += [line] if fits(line) else refit
    return "\n".join(pieces)


def _cleared_rows(table: str) -> str | None:
    """Return `table` as `cleared` does, row by row.

    A table may be long, and no other thread runs while a pattern is searched.
    """
    rows = [cleared(row) for row in table.splitlines(keepends=True)]
    return None if None in rows else "".join(filter(None, rows))
