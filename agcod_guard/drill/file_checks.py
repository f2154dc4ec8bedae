"""Check the files that a drill has left: what they say, and what they must not. Pure.

Every file below the folder is looked at, in its raw bytes, whatever its kind.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from agcod_guard.drill.findings import Check, Findings, no_incident
from agcod_guard.drill.story import BANNER
from agcod_guard.incident.items import MISSING, SAMPLE_FILE
from agcod_guard.incident.packet import CALLS_FILE, PACKET_FILE
from agcod_guard.simulator.signing import FAKE_KEY_ID, FAKE_SECRET
from agcod_guard.simulator.truth import Entry

_SIGNATURE = re.compile(rb"Signature=[0-9a-f]{64}")
_CHANGES_LATER = "Brief problem description"
"""It tells of orders not delivered yet, and the program goes on sending them."""


def packet_is_complete(findings: Findings) -> Check:
    """Check that no person has to fill anything in, and that all files are there."""
    promise = "the packet is complete"
    if findings.incident is None:
        return no_incident(promise)
    missing = [item.label for item in findings.answers if item.missing]
    files = (PACKET_FILE, SAMPLE_FILE, CALLS_FILE)
    missing += [name for name in files if not _file(findings, name)]
    if MISSING.encode() in _file(findings, PACKET_FILE):
        missing.append(f"what {PACKET_FILE} asks for")
    detail = f"missing: {', '.join(missing)}" if missing else f"{len(files)} files"
    return Check(promise, not missing, detail)


def packet_says_so(findings: Findings) -> Check:
    """Check that the packet on disk tells these very facts."""
    promise = "the packet on disk says just that"
    if findings.incident is None:
        return no_incident(promise)
    text = _flowing(_file(findings, PACKET_FILE).decode())
    told = [item for item in findings.answers if item.label != _CHANGES_LATER]
    absent = [
        item.label
        for item in told
        if any(_flowing(paragraph) not in text for paragraph in item.answer)
    ]
    detail = f"not as found: {', '.join(absent)}" if absent else f"{len(told)} items"
    return Check(promise, not absent, detail)


def drill_is_named(findings: Findings) -> Check:
    """Check that nobody can take a file of a drill for a true one."""
    start = BANNER.encode()
    texts = {
        path: content
        for path, content in findings.files.items()
        if path.endswith((".txt", ".csv"))
    }
    bare = [
        path
        for path, content in texts.items()
        if not content.removeprefix(b"# ").startswith(start)
    ]
    detail = f"without: {', '.join(bare)}" if bare else f"{len(texts)} files"
    return Check(
        "every file says that this is a drill", bool(texts) and not bare, detail
    )


def no_secret(findings: Findings, entries: Iterable[Entry]) -> Check:
    """Check that no claim code, key or signature stands in any file, in any byte."""
    codes = {entry.claim_code for entry in entries if entry.claim_code}
    secrets = {
        text.encode() for code in codes for text in (code, code.replace("-", ""))
    } | {FAKE_KEY_ID.encode(), FAKE_SECRET.encode()}
    leaking = [
        path
        for path, content in findings.files.items()
        if _SIGNATURE.search(content) or any(it in content for it in secrets)
    ]
    told = f"{len(codes)} claim codes, {len(findings.files)} files"
    return Check(
        "no claim code, key or signature in any file",
        bool(codes) and not leaking,
        f"found in {', '.join(leaking)}" if leaking else told,
    )


def _file(findings: Findings, name: str) -> bytes:
    incident = findings.incident
    name_of = incident.incident_id if incident else ""
    return findings.files.get(f"incidents/{name_of}/{name}", b"")


def _flowing(text: str) -> str:
    """Return `text` as one line, however it was wrapped."""
    return " ".join(text.split())
