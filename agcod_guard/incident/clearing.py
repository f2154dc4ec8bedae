"""Scan finished text for secrets, whatever was masked before. Pure."""

from __future__ import annotations

from agcod_guard.redaction import redact_text, secrets_in


def cleared(text: str) -> str | None:
    """Return `text` without anything that looks like a secret; None if it stays.

    Only lines with a finding are masked at first, so that one false alarm does
    not cost the rest; then, for what runs over several lines, the whole.
    """
    if not secrets_in(text):
        return text
    lines = "\n".join(
        redact_text(line) if secrets_in(line) else line for line in text.split("\n")
    )
    for masked in (lines, redact_text(lines)):
        if not secrets_in(masked):
            return masked
    return None
