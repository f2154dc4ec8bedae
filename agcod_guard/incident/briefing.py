"""What a mail is made from: the incident with its facts, and who writes. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from agcod_guard.call import UNKNOWN_ACCOUNT
from agcod_guard.incident.clearing import cleared
from agcod_guard.incident.dossier import Dossier
from agcod_guard.incident.incident import Incident
from agcod_guard.incident.items import MISSING, Reporter, items
from agcod_guard.incident.layout import identifier, plain, wrapped
from agcod_guard.incident.message import header_text
from agcod_guard.protocol.contacts import Contacts

WITHHELD = (
    "WITHHELD: the text of this mail still held what looks like a secret after "
    "masking. Write it by hand; `agcod-guard calls` shows the calls."
)
"""What stands for a text that cannot be cleared of secrets."""

_NO_RESPONSE = "no response: "


@dataclass(frozen=True, slots=True, kw_only=True)
class Letterhead:
    """Who writes, and the addresses in force.

    Attributes:
        contacts: Amazon's addresses.
        reporter: The partner's contact.
        sender: Address the mail is sent from; None to send from the contact's.
    """

    contacts: Contacts
    reporter: Reporter
    sender: str | None = None

    @property
    def own_address(self) -> str | None:
        """Whose domain the mails' ids bear."""
        return self.sender or self.reporter.email


@dataclass(frozen=True, slots=True, kw_only=True)
class Briefing:
    """An incident and what is known of it.

    Attributes:
        incident: The outage.
        dossier: Its facts.
        files: What `packet_files` has made of both.
    """

    incident: Incident
    dossier: Dossier
    files: Mapping[str, bytes]

    def whose(self, reporter: Reporter) -> str:
        """Return partner id and marketplace: `Acmes (UK)`."""
        answers = items(self.incident, self.dossier, reporter, sample_attached=True)
        answer = next(item for item in answers if item.label == "Marketplace")
        marketplace = None if answer.missing else answer.answer[0]
        return whose(self.incident.scope.account, marketplace)

    @property
    def main_error(self) -> str:
        """What most calls failed with: `F500 GeneralError`."""
        names = [row.error for row in self.dossier.errors if row.technical]
        return in_words(names[0]) if names else "no error on record"

    @property
    def failed_how(self) -> str:
        """How the calls failed; goes on after `have failed`."""
        kinds = sum(row.technical for row in self.dossier.errors)
        return f"{', mostly' if kinds > 1 else ''} with {self.main_error}"


def whose(account: str, marketplace: str | None) -> str:
    """Return partner id and marketplace as a reader at Amazon expects them."""
    if account == UNKNOWN_ACCOUNT:
        name = "(partner ID to be filled in)"
    else:
        name = identifier(account)
    return f"{name} ({plain(marketplace or 'marketplace to be filled in')})"


def in_words(error: str) -> str:
    """Return an error as it is said in a sentence."""
    if error.startswith(_NO_RESPONSE):
        return f"no response ({plain(error.removeprefix(_NO_RESPONSE))})"
    return plain(error)


def paragraphs(*texts: str) -> str:
    """Return the texts as paragraphs of 78 columns; empty ones are left out."""
    return "\n\n".join("\n".join(wrapped(text)) for text in texts if text)


def fields(answers: Mapping[str, str]) -> str:
    """Return labels and answers, one a line; those without an answer are left out."""
    lines = (
        line
        for label, answer in answers.items()
        if answer
        for line in wrapped(f"{label}: {answer}", rest="    ")
    )
    return "\n".join(lines)


def contact_fields(reporter: Reporter) -> dict[str, str]:
    """Return who can be asked, under Amazon's labels; nothing is invented."""
    return {
        "Contact name": _given(reporter.name, "contact.name"),
        "Contact phone number": _given(reporter.phone, "contact.phone"),
        "Contact email": _given(reporter.email, "contact.email"),
    }


def in_subject(text: str) -> str:
    """Return `text` short enough to leave room in a subject for the rest."""
    return header_text(text, most=60)


def without_secrets(text: str) -> str:
    """Return `text` without anything that looks like a secret."""
    masked = cleared(text)
    return paragraphs(WITHHELD) if masked is None else masked


def subject_without_secrets(subject: str, instead: str) -> str:
    """Return `subject`; `instead` if it holds what looks like a secret."""
    return subject if cleared(subject) == subject else instead


def _given(value: str | None, setting: str) -> str:
    return plain(value or "") or f"{MISSING} setting {setting} is empty"
