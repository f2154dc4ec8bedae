"""What is wrong with an account, gathered per error and day."""

from __future__ import annotations

import pytest

from agcod_guard.call import Call, Endpoint, Outcome
from agcod_guard.incident.troubles import EXAMPLES, AccountTrouble, TroubleBook

NOON_S = 1_795_348_800.0
"""2026-11-22 12:00:00 GMT."""

DAY_S = 86_400.0


def refused(number: int = 1, *, at_s: float = NOON_S, **changes: object) -> Call:
    known: dict[str, object] = {
        "endpoint": Endpoint("eu"),
        "operation": "CreateGiftCard",
        "outcome": Outcome.ACCOUNT,
        "started_at_s": at_s,
        "duration_s": 0.0,
        "partner_id": "Acmes",
        "request_id": f"Acmes{number}",
        "error_code": "F300",
        "error_type": "InsufficientFunds",
        "message": "Insufficient funds",
        "currency": "EUR",
    }
    return Call(**(known | changes))  # type: ignore[arg-type]


def book_of(*calls: Call) -> TroubleBook:
    book = TroubleBook()
    for each in calls:
        book.follow(each)
    return book


def test_the_calls_of_a_day_with_one_error_make_one_trouble():
    book = book_of(
        refused(1), refused(2, at_s=NOON_S + 60), refused(2, at_s=NOON_S + 90)
    )

    assert book.today() == [
        AccountTrouble(
            day="2026-11-22",
            account="Acmes",
            endpoint="eu",
            error_code="F300",
            error_type="InsufficientFunds",
            operation="CreateGiftCard",
            first_at_s=NOON_S,
            last_at_s=NOON_S + 90,
            calls=3,
            message="Insufficient funds",
            request_ids=("Acmes1", "Acmes2"),
            currencies=("EUR",),
        )
    ]


@pytest.mark.parametrize(
    "other",
    [
        refused(error_type="ActiveContractNotFound"),
        refused(partner_id="Other"),
        refused(endpoint=Endpoint("na")),
    ],
)
def test_another_error_account_or_endpoint_is_another_trouble(other):
    assert len(book_of(refused(), other).today()) == 2


@pytest.mark.parametrize(
    "outcome", [each for each in Outcome if each is not Outcome.ACCOUNT]
)
def test_no_other_outcome_is_a_trouble_of_the_account(outcome):
    assert book_of(refused(outcome=outcome)).today() == []


def test_amazons_mock_ids_make_no_trouble():
    assert book_of(refused(request_id="F3003")).today() == []


def test_a_new_day_begins_anew_and_late_news_of_the_old_one_makes_no_trouble_today():
    book = book_of(refused(1), refused(2, at_s=NOON_S + DAY_S), refused(3))

    assert [each.day for each in book.today()] == ["2026-11-23"]


def test_no_more_than_a_few_request_ids_are_kept():
    (trouble,) = book_of(*(refused(number) for number in range(20))).today()

    assert trouble.calls == 20
    assert len(trouble.request_ids) == EXAMPLES


def test_a_book_goes_on_from_what_was_kept():
    book = TroubleBook(book_of(refused(1)).today())

    book.follow(refused(2))

    assert [each.calls for each in book.today()] == [2]
    assert [each.calls for each in book.changed()] == [2]


def test_errors_that_are_ever_new_do_not_fill_the_memory(monkeypatch):
    monkeypatch.setattr("agcod_guard.incident.troubles.MOST_A_DAY", 3)

    book = book_of(*(refused(error_type=f"New{number}") for number in range(9)))

    assert len(book.today()) == 3
