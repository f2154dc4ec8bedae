"""docs/examples is what the guard writes, and reads as Amazon asks."""

from __future__ import annotations

import email
import runpy
from email import policy
from pathlib import Path

import pytest

from agcod_guard.redaction import secrets_in

DOCS = Path(__file__).parents[2] / "docs"
EXAMPLES = sorted((DOCS / "examples").glob("*.eml"))
NAMES = [path.name for path in EXAMPLES]
PAGES = [path for path in EXAMPLES if path.name.startswith("urgent")]


def read(path: Path) -> email.message.EmailMessage:
    return email.message_from_bytes(path.read_bytes(), policy=policy.default)


def test_the_examples_are_what_the_generator_writes():
    generated = runpy.run_path(str(DOCS / "generate_mails.py"))["mails"]()

    shown = {path.name: path.read_bytes() for path in EXAMPLES}
    assert shown == generated, "run `python docs/generate_mails.py`"


def test_there_are_outages_of_every_kind():
    assert len(PAGES) == 4
    assert {"recovery-us.eml", "account-insufficient-funds-fr.eml"} <= set(NAMES)


@pytest.mark.parametrize("path", EXAMPLES, ids=NAMES)
def test_an_example_is_addressed_to_nobody_and_complete(path):
    message = read(path)
    text = message.get_body().get_content()

    for header in ("To", "Cc", "From", "Reply-To"):
        for address in (message[header] or "").split(","):
            assert address.endswith("@example.invalid") or not address
    assert "MISSING" not in text
    assert not [line for line in text.splitlines() if line.endswith((": ", ":\t"))]


@pytest.mark.parametrize("path", EXAMPLES, ids=NAMES)
def test_an_example_fits_on_one_screen(path):
    lines = read(path).get_body().get_content().splitlines()

    assert len(lines) <= 45
    assert max(map(len, lines)) <= 78


@pytest.mark.parametrize("path", EXAMPLES, ids=NAMES)
def test_an_example_holds_no_secret(path):
    for part in read(path).walk():
        if part.get_content_type() == "text/plain":
            assert secrets_in(part.get_content().replace("\r\n", "\n")) == ()


@pytest.mark.parametrize("path", PAGES, ids=[path.name for path in PAGES])
def test_a_pages_first_sentence_says_what_since_when_for_whom_and_how_much(path):
    message = read(path)
    first, _, _ = message.get_body().get_content().partition("\r\n\r\n")
    sentence = first.replace("\r\n", " ")

    assert sentence.startswith("AGCOD ")
    assert "2026-11-22 11:15:05 GMT" in sentence
    assert message["Subject"].split(" for ")[1].split(":")[0] in sentence
    assert "calls have failed" in sentence
    assert "not delivered" in sentence


def test_the_page_about_mails_shows_an_example_as_it_is():
    page = (DOCS / "mails.md").read_text("utf-8")
    text = read(DOCS / "examples" / "urgent-timeouts-jp.eml").get_body().get_content()

    shown = page.partition("```text\n")[2].partition("```")[0]

    assert text.replace("\r\n", "\n").startswith(shown)
    assert "Nine invented examples" in page
    assert len(EXAMPLES) == 9
