import pytest

from agcod_guard.call import Outcome
from agcod_guard.protocol.failures import (
    CLASSES,
    FAILURES,
    Door,
    Owner,
    code_of,
    failure_of,
    is_mock_id,
)


@pytest.mark.parametrize(
    ("code", "outcome", "door"),
    [
        ("F100", Outcome.FAULT, Door.URGENT),
        ("F200", Outcome.REJECTED, Door.FIX),
        ("F300", Outcome.ACCOUNT, Door.OPERATIONS),
        ("F400", Outcome.FAULT, Door.URGENT),
        ("F500", Outcome.FAULT, Door.URGENT),
        ("F250", Outcome.REJECTED, Door.FIX),
        ("F3XX", Outcome.ACCOUNT, Door.OPERATIONS),
        (" f500\t", Outcome.FAULT, Door.URGENT),
        ("F900", Outcome.FAULT, Door.URGENT),
    ],
)
def test_a_type_nobody_listed_inherits_its_class(code, outcome, door):
    failure = failure_of(code, "SomethingNew")

    assert (failure.outcome, failure.door) == (outcome, door)


@pytest.mark.parametrize(
    ("code", "outcome"),
    [
        ("F100", Outcome.FAULT),
        ("F200", Outcome.REJECTED),
        ("F300", Outcome.ACCOUNT),
        ("F500", Outcome.FAULT),
        (None, Outcome.FAULT),
    ],
)
def test_the_code_decides_what_a_general_error_is(code, outcome):
    assert failure_of(code, "GeneralError").outcome is outcome


@pytest.mark.parametrize(
    "error_type",
    ["SimpleAmountIsNull", "AmountIsNull", "CurrencyCodeIsNull", "EmptyCardInfoList"],
)
def test_an_internal_error_that_means_missing_input_is_no_fault(error_type):
    failure = failure_of("F100", error_type)

    assert failure.outcome is Outcome.REJECTED
    assert failure.door is Door.FIX


@pytest.mark.parametrize("code", ["F300", None])
@pytest.mark.parametrize(
    "error_type",
    [
        "InsufficientFunds",
        "AccountHasProblems",
        "OperationNotPermitted",
        "ActiveContractNotFound",
        "ProductTypeNotEnabledInTheContract",
    ],
)
def test_amazons_five_contract_errors_go_to_the_operations_team(code, error_type):
    failure = failure_of(code, error_type)

    assert failure.outcome is Outcome.ACCOUNT
    assert failure.door is Door.OPERATIONS


def test_all_of_f300_is_a_matter_of_the_account_and_never_the_pagers():
    rows = [row for row in FAILURES if row.error_class == "F300"]

    assert {row.outcome for row in rows} == {Outcome.ACCOUNT}
    assert Door.URGENT not in {row.door for row in rows}


def test_nobody_is_written_to_over_an_end_customers_account():
    doors = {row.door for row in FAILURES if row.owner is Owner.CUSTOMER}

    assert doors == {Door.NOBODY}


def test_only_technical_failures_lead_to_the_pager():
    urgent = {row.outcome for row in FAILURES if row.door is Door.URGENT}

    assert urgent == {Outcome.FAULT}


@pytest.mark.parametrize(
    "spelt", ["insufficientfunds", " InsufficientFunds\t", "Insufficient Funds"]
)
def test_names_are_compared_loosely(spelt):
    assert failure_of("F300", spelt).error_type == "InsufficientFunds"


def test_a_type_of_another_class_does_not_outrank_the_code():
    assert failure_of("F500", "InsufficientFunds").outcome is Outcome.FAULT


@pytest.mark.parametrize(
    ("error_type", "outcome"),
    [
        ("ThrottlingException", Outcome.THROTTLED),
        ("UnknownOperationException", Outcome.REJECTED),
        ("SerializationException", Outcome.REJECTED),
        ("InvalidSignatureException", Outcome.DENIED),
        ("InternalFailure", Outcome.FAULT),
        ("NeverHeardOf", Outcome.FAULT),
        (None, Outcome.FAULT),
    ],
)
def test_answers_without_a_code_are_told_by_their_type(error_type, outcome):
    assert failure_of(None, error_type).outcome is outcome


def test_no_row_is_given_twice():
    keys = [(row.error_class, row.error_type) for row in FAILURES]

    assert len(keys) == len(set(keys))


def test_every_class_of_amazon_has_its_own_row():
    assert set(CLASSES) == {"F100", "F200", "F300", "F400", "F500"}


@pytest.mark.parametrize("text", ["", None, "500", "F50", "FAILURE", "F50O", "F" * 99])
def test_what_is_no_code_is_none(text):
    assert code_of(text) is None


@pytest.mark.parametrize(
    ("request_id", "mock"),
    [
        ("F0000", True),
        ("F3003", True),
        ("F5000", True),
        ("Acmes000017", False),
        ("F000017", False),
        ("F9000", False),
        ("", False),
        (None, False),
    ],
)
def test_mock_ids_are_told_from_real_ones(request_id, mock):
    assert is_mock_id(request_id) is mock
