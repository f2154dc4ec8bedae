"""A mail arrives, whatever its facts are, and never at the pager by mistake."""

from __future__ import annotations

import email
import re
from dataclasses import replace
from email import policy
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from hypothesis import assume, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from agcod_guard import settings
from agcod_guard.incident.message import (
    Mail,
    NeverToThePager,
    NotAnAddress,
    header_text,
    is_address,
    known_message_id,
    message_id,
)
from agcod_guard.protocol.contacts import Contact, Contacts
from agcod_guard.protocol.failures import Door

SENT_S = 1_795_346_400.0

MAIL = Mail(
    to=("team@example.invalid",),
    cc=("manager@example.invalid",),
    subject="AGCOD account Acmes (UK): F300 InsufficientFunds",
    text="AGCOD refuses our orders.\n\nPlease help.\n",
    message_id=message_id("2026-11-22-F300", "guard@example.invalid"),
    dated_s=SENT_S,
    contacts=settings.Settings().contacts,
    sender="guard@example.invalid",
    reply_to="oncall@example.invalid",
    thread=("<first@example.invalid>", "<second@example.invalid>"),
    attachments={"packet.txt": b"Contact name: Zo\xc3\xab\n"},
)
ONCE = (
    "Message-ID",
    "Date",
    "From",
    "To",
    "Cc",
    "Reply-To",
    "Subject",
    "In-Reply-To",
    "References",
    "MIME-Version",
    "Content-Type",
)

hostile = st.one_of(
    st.text(max_size=80),
    st.text(st.characters(codec=None), max_size=40),
    st.sampled_from(
        [
            "x\r\nBcc: all@example.invalid",
            "x\nTo: all@example.invalid\n\nbody",
            "=?utf-8?q?a=0D=0ABcc:_all@example.invalid?=",
            "=?utf-8?b?DQpCY2M6IGFsbEBleGFtcGxlLmludmFsaWQ=?=",
            "a\u2028Bcc: all@example.invalid\u2029b\x85c\x0bd\x0ce",
            "\ud800\udfff",
            "\udc80\udcff",
            "A" * 300,
            "nul\x00nul",
            "\u202egnp.exe\u200f",
            "\t",
            "",
            ', ; : <a@b> "quoted" (comment) [id] \\',
            "é" * 300,
            ".\r\n.\r\nQUIT",
        ]
    ),
)

unhurried = examples(max_examples=60, deadline=None)
addresses = st.from_regex(
    r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@([A-Za-z0-9][A-Za-z0-9-]{0,20}\.){1,3}"
    r"[A-Za-z]{2,10}",
    fullmatch=True,
)


def parsed(content: bytes) -> email.message.EmailMessage:
    return email.message_from_bytes(content, policy=policy.default)


def text_of(message: email.message.EmailMessage) -> str:
    return message.get_body().get_content().replace("\r\n", "\n")


def test_a_mail_says_all_it_was_told():
    message = parsed(MAIL.content())

    assert {name: message[name] for name in ONCE[:9]} == {
        "Message-ID": "<2026-11-22-F300@example.invalid>",
        "Date": "Sun, 22 Nov 2026 11:20:00 +0000",
        "From": "guard@example.invalid",
        "To": "team@example.invalid",
        "Cc": "manager@example.invalid",
        "Reply-To": "oncall@example.invalid",
        "Subject": "AGCOD account Acmes (UK): F300 InsufficientFunds",
        "In-Reply-To": "<first@example.invalid>",
        "References": "<first@example.invalid> <second@example.invalid>",
    }
    assert text_of(message) == MAIL.text
    (attached,) = message.iter_attachments()
    assert attached.get_filename() == "packet.txt"
    assert attached.get_content() == "Contact name: Zoë\r\n"


def test_the_same_facts_give_the_same_bytes():
    assert MAIL.content() == replace(MAIL).content()
    assert MAIL.draft() == replace(MAIL).draft()


def test_only_a_draft_is_marked_as_unsent():
    draft, content = parsed(MAIL.draft()), parsed(MAIL.content())

    assert draft["X-Unsent"] == "1"
    assert content["X-Unsent"] is None
    assert draft.get_boundary() == content.get_boundary()


@unhurried
@given(
    subject=hostile, text=hostile, name=hostile, attached=hostile, unsent=st.booleans()
)
def test_whatever_ids_and_messages_hold_a_mail_goes_out_with_one_of_each_header(
    subject, text, name, attached, unsent
):
    mail = replace(
        MAIL,
        subject=subject or "x",
        text=text,
        message_id=message_id(name, MAIL.sender),
        attachments={"packet.txt": attached.encode("utf-8", "surrogatepass")},
    )

    content = mail.draft() if unsent else mail.content()

    message = parsed(content)
    assert [message.get_all(header) for header in ONCE if header != "Subject"] == [
        [message[header]] for header in ONCE if header != "Subject"
    ]
    assert len(message.get_all("Subject", [])) <= 1
    assert {each for each in message if each.title() not in map(str.title, ONCE)} <= {
        "X-Unsent"
    }
    assert message["To"] == "team@example.invalid"
    assert message["Message-ID"] == mail.message_id
    assert [part.defects for part in message.walk()] == [[], [], []]
    assert content.isascii()
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)|\x00", content)
    assert max(map(len, content.split(b"\r\n"))) <= 998


@unhurried
@given(text=st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"])))
def test_a_text_that_prints_arrives_letter_by_letter(text):
    message = parsed(replace(MAIL, text=text, attachments={}).content())

    assert text_of(message) == f"{text}\n"


@unhurried
@given(value=hostile)
def test_a_headers_text_is_one_short_line_of_visible_ascii(value):
    shown = header_text(value)

    assert len(shown) <= 300
    assert header_text(shown) == shown
    assert all(" " <= mark <= "~" for mark in shown)
    assert "=?" not in shown


@pytest.mark.parametrize(
    "address",
    [
        "nobody",
        "a@b@c",
        "Ann <ann@example.invalid>",
        "ann@example.invalid, bob@example.invalid",
        "ann@example.invalid\r\nBcc: x@example.invalid",
        '"amazon-agcod-partner-urgent"@amazon.com',
        "(x)amazon-agcod-partner-urgent@amazon.com",
        "=?utf-8?q?x?=@example.invalid",
        "zoë@example.invalid",
        "amazon-agcod-partner-urgent@amazon.com.",
        "a@example..invalid",
        f"{'a' * 65}@example.invalid",
        "",
    ],
)
def test_what_is_no_plain_address_is_refused_and_named(address):
    with pytest.raises(NotAnAddress) as refused:
        replace(MAIL, to=(address,))

    assert not is_address(address)
    assert repr(address) in str(refused.value)
    assert "name@example.com" in str(refused.value)


@unhurried
@given(address=addresses)
def test_every_address_that_the_settings_take_arrives_as_it_is(address):
    assume("=?" not in address)
    assert is_address(address)
    taken = settings.Contact(email=address).email
    mail = replace(MAIL, to=(taken,), sender=taken, reply_to=taken)

    message = parsed(mail.content())

    for header in ("From", "To", "Reply-To"):
        assert message.get_all(header) == [address]


@pytest.mark.parametrize("field", ["sender", "reply_to"])
def test_a_sender_that_is_no_plain_address_is_refused(field):
    with pytest.raises(NotAnAddress):
        replace(MAIL, **{field: "x\r\ny@example.invalid"})


@pytest.mark.parametrize("field", ["to", "cc"])
@pytest.mark.parametrize(
    "address",
    [
        "amazon-agcod-partner-urgent@amazon.com",
        "AMAZON-agcod-partner-urgent-T2@Amazon.com",
        "amazon-agcod-partner-urgent-t3@amazon.com",
        "amazon-agcod-partner-urgent+x@amazon.com",
        "amazon-agcod-partner-urgent%amazon.com@relay.example.invalid",
        "urgent-t1@amazon.invalid",
    ],
)
def test_a_mail_that_is_no_page_cannot_be_addressed_to_the_pager(field, address):
    with pytest.raises(NeverToThePager, match="only the page of an outage"):
        replace(MAIL, **{field: (address,)})


def test_the_partners_own_row_for_a_tier_is_the_pager_as_well():
    row = Contact(
        door=Door.URGENT, tier=1, address="new-urgent@example.invalid", source="us"
    )
    contacts = MAIL.contacts.replaced_by(Contacts((row,)))

    with pytest.raises(NeverToThePager):
        replace(MAIL, contacts=contacts, to=("New-Urgent@example.invalid",))


def test_without_a_sender_the_contact_is_the_sender():
    message = parsed(replace(MAIL, sender=None).content())

    assert message["From"] == "oncall@example.invalid"


def test_a_header_without_a_value_is_left_out():
    mail = replace(MAIL, to=(), cc=(), sender=None, reply_to=None, thread=())

    assert parsed(mail.draft()).keys() == [
        "Message-ID",
        "Date",
        "Subject",
        "X-Unsent",
        "MIME-Version",
        "Content-Type",
    ]


def test_long_ids_of_earlier_mails_are_not_broken():
    first = f"<{'a' * 120}@{'b' * 120}.example.invalid>"
    mail = replace(MAIL, thread=(first, first.replace("a", "c")))

    message = parsed(mail.content())

    assert message["In-Reply-To"] == first
    assert message["References"].split() == list(mail.thread)


@pytest.mark.parametrize(
    ("copied", "known"),
    [
        ("<a.b@c.example>", "<a.b@c.example>"),
        ("  a.b@c.example \n", "<a.b@c.example>"),
        ("<a b@c.example>", None),
        ("<a@b>\r\nBcc: x@example.invalid", None),
        ("<=?utf-8?q?a?=@b>", None),
        ("none", None),
        ("", None),
    ],
)
def test_a_copied_message_id_is_taken_only_if_it_is_one(copied, known):
    assert known_message_id(copied) == known


def test_names_that_differ_only_in_odd_letters_have_different_message_ids():
    names = ["a/b", "a b", "a-b", "a\nb", "a" * 100, "a" * 101, "", "é"]

    ids = {message_id(name, "guard@example.invalid") for name in names}

    assert len(ids) == len(names)


def test_a_link_opens_the_mail_with_all_its_text():
    link = replace(MAIL, text="Zoë & co: 100 %\n").mailto()

    parts = urlsplit(link)
    query = parse_qs(parts.query)
    assert unquote(parts.path) == "team@example.invalid"
    assert query["cc"] == ["manager@example.invalid"]
    assert query["subject"] == [MAIL.subject]
    assert query["body"] == ["Zoë & co: 100 %\r\n\r\nAttach: packet.txt\r\n"]


@unhurried
@given(text=st.text(max_size=5000))
def test_a_link_is_short_enough_for_every_mail_program(text):
    link = replace(MAIL, text=text * 3).mailto()

    assert len(link) <= 1_900
    assert re.fullmatch(r"mailto:[A-Za-z0-9@.-]+\?[A-Za-z0-9._~%@&=-]*", link)


def test_a_long_text_is_shortened_at_a_line_and_the_link_says_so():
    body = parse_qs(urlsplit(replace(MAIL, text="a line\n" * 900).mailto()).query)[
        "body"
    ]

    assert body[0].endswith(
        "a line\r\n\r\n[shortened: paste the rest of the mail's text here]\r\n\r\n"
        "Attach: packet.txt\r\n"
    )


def test_the_block_to_copy_has_everything_a_mail_program_asks_for():
    assert replace(MAIL, cc=()).pasted() == (
        "To: team@example.invalid\n"
        "Subject: AGCOD account Acmes (UK): F300 InsufficientFunds\n"
        "\n"
        "AGCOD refuses our orders.\n\nPlease help.\n"
        "\n"
        "Attach: packet.txt\n"
    )
    assert replace(MAIL, to=()).pasted().startswith("To: (fill in)\nCc: manager@")
