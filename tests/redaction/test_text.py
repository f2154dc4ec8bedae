"""The promises of `redact_text` that hold for every text."""

from __future__ import annotations

import json
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agcod_guard import errors
from agcod_guard.redaction import redact_text, secrets_in
from agcod_guard.redaction.text import CUT, DROPPED, LIMIT_CHARACTERS

LETTERS = string.ascii_uppercase + string.digits
names = st.text(max_size=20)
claim_codes = st.one_of(
    st.from_regex(
        rf"[A-Z0-9]{{4}}-[A-Z0-9]{{{middle}}}-[A-Z0-9]{{{end}}}", fullmatch=True
    )
    for middle, end in ((6, 4), (6, 5), (4, 4))
)
bare_codes = st.text(LETTERS, min_size=14, max_size=15)
code_names = st.sampled_from(
    ("gcClaimCode", "claimCode", "gc_claim_code", "GC-CLAIM-CODE", "ns:gcClaimCode")
)
request_ids = st.builds(
    str.__add__,
    st.from_regex(r"[A-Z][a-z]{4}[0-9]", fullmatch=True),
    st.text(string.ascii_letters + string.digits, max_size=33),
)
dashed_request_ids = st.from_regex(
    r"[A-Z][a-z]{4}([-_][A-Z0-9]{2,8}){1,4}", fullmatch=True
)
id_names = st.sampled_from(
    ("creationRequestId", "activationRequestId", "statusCheckRequestId", "requestId")
)


@given(body=st.dictionaries(names, st.text()), name=names, code=claim_codes)
def test_a_claim_code_is_never_kept_under_any_name(body, name, code):
    assert code not in redact_text(json.dumps(body | {name: code}))


@given(before=st.text(), code=claim_codes, after=st.text())
def test_a_claim_code_that_stands_alone_is_never_kept(before, code, after):
    assert code not in redact_text(f"{before} {code} {after}")


@given(
    name=code_names,
    code=bare_codes,
    template=st.sampled_from(
        (
            '{"%s":"%s"}',
            "{'%s': '%s'}",
            "%s=%s",
            "<%s>%s</b>",
            '\\"%s\\":\\"%s\\"',
            "%s => %s",
            '<f name="%s">%s</f>',
            '{"name":"%s","value":"%s"}',
        )
    ),
)
def test_a_bare_code_is_never_kept_beside_its_name(name, code, template):
    assert code not in redact_text(template % (name, code))


@given(request_id=st.one_of(request_ids, dashed_request_ids), name=id_names)
def test_request_ids_always_survive_under_their_names(request_id, name):
    body = json.dumps({"partnerId": request_id[:5], name: request_id})

    assert redact_text(body) == body


@given(
    request_id=st.one_of(request_ids, dashed_request_ids).filter(
        lambda request_id: len(request_id) < 40
    )
)
def test_request_ids_always_survive_in_prose(request_id):
    text = f"order {request_id} failed with F500 GeneralError"

    assert redact_text(text) == text


@given(uuid=st.uuids())
def test_uuids_always_survive(uuid):
    assert redact_text(f"{uuid} {str(uuid).upper()}") == f"{uuid} {str(uuid).upper()}"


@given(gc_id=bare_codes, status=st.sampled_from(("SUCCESS", "FAILURE", "RESEND")))
def test_a_gc_id_always_survives_beside_an_empty_claim_code(gc_id, status):
    body = json.dumps({"gcClaimCode": None, "gcId": gc_id, "status": status})

    assert redact_text(body) == body


pieces = st.lists(
    st.one_of(
        st.text(max_size=12),
        claim_codes,
        bare_codes,
        st.sampled_from(
            (
                '"',
                "'",
                "\\",
                "%2",
                "%41",
                "&#45;",
                "&amp;",
                "<a>",
                "</a>",
                "\n",
                "{",
                "}",
                "claim code",
                "gcClaimCode",
                "password",
                "account",
                "Cookie: ",
                "=",
                ":",
                "Credential=AKIAEXAMPLE/",
                "Signature=",
                "[removed]",
                "[claim code removed]",
                "://a:b@",
                "Bearer ",
                "QUFBQS1CQkJCQkItQ0NDQw==",
                "\u200b",
                "\u2013",
            )
        ),
    ),
    max_size=12,
).map("".join)


@given(text=pieces)
def test_redacting_twice_is_redacting_once(text):
    once = redact_text(text)

    assert redact_text(once) == once
    assert secrets_in(once) == () or once == DROPPED


@given(text=st.text(st.characters(), max_size=200))
def test_any_text_can_be_redacted(text):
    assert isinstance(redact_text(text), str)


def test_a_long_text_is_cut_and_says_so():
    kept = redact_text("word: " * LIMIT_CHARACTERS)

    assert kept.endswith(CUT)
    assert len(kept) <= LIMIT_CHARACTERS
    assert redact_text(kept) == kept


def test_a_code_that_the_cut_runs_through_leaves_nothing_behind():
    text = "x" * (LIMIT_CHARACTERS - 40) + " AAAA-BBBBBB-CCCC" * 4

    assert "AAAA" not in redact_text(text)


def test_masks_do_not_make_a_text_too_long():
    kept = redact_text("AAAA-BBBB-CCCC " * (LIMIT_CHARACTERS // 15))

    assert CUT not in kept
    assert redact_text(kept) == kept


def test_a_text_that_cannot_be_redacted_is_dropped_and_the_reason_is_told(monkeypatch):
    told = []
    monkeypatch.setattr(
        errors, "swallowed_listeners", [lambda *args: told.append(args)]
    )

    assert redact_text(b"AAAA-BBBBBB-CCCC") == DROPPED
    assert [(stage, type(error)) for stage, error in told] == [("redaction", TypeError)]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("code AAAA-BBBBBB-CCCC!", ("claim code at 5-21",)),
        ("password=hunter2", ("secret at 9-16",)),
        ("cardNumber=1400000000000000987", ("card checksum at 27-30",)),
        ('"email":"jane@example.invalid"', ()),
        ("request Acmes3324500H2", ()),
    ],
)
def test_the_scan_says_what_it_saw_and_where_but_not_the_secret(text, found):
    assert secrets_in(text) == found


@pytest.mark.parametrize("depth", [10, 1_000, 10_000])
@pytest.mark.parametrize(
    "piece", ['{"a":', "[", "<a>", '{"account":', "&amp;amp;", "%25"]
)
def test_nesting_of_any_depth_is_read_without_recursion(piece, depth):
    text = (piece * depth)[:LIMIT_CHARACTERS] + '"x" AAAA-BBBBBB-CCCC'

    assert "BBBBBB" not in redact_text(text)
