import pytest
from hypothesis import given
from hypothesis import strategies as st

from agcod_guard.protocol.operations import (
    OPERATIONS,
    OTHER_OPERATION,
    UNKNOWN_OPERATION,
    known_operation,
    operation_of,
)

TARGET = "com.amazonaws.agcod.AGCODService."


@pytest.mark.parametrize(
    ("path", "target", "operation"),
    [
        ("/CreateGiftCard", None, "CreateGiftCard"),
        ("/CreateGiftCard/", TARGET + "CancelGiftCard", "CreateGiftCard"),
        ("/proxy/agcod/GetAvailableFunds", None, "GetAvailableFunds"),
        ("/DesactivateGiftCard", None, "DesactivateGiftCard"),
        ("/", TARGET + "CreateGiftCard", "CreateGiftCard"),
        ("", TARGET + "/CreateGiftCard", "CreateGiftCard"),
        ("/v2", " " + TARGET + "CreateGiftCard ", "CreateGiftCard"),
        ("/", "AGCODService#CreateGiftCard", "CreateGiftCard"),
        ("/", None, "Unknown"),
        ("/../../etc/passwd%00", None, "Unknown"),
        ("/" + "A" * 65, "", "Unknown"),
        ("/12345", TARGET, "Unknown"),
    ],
)
def test_the_path_names_the_operation_and_then_the_target(path, target, operation):
    assert operation_of(path, target) == operation


@given(path=st.text(), target=st.none() | st.text())
def test_an_operation_is_always_a_short_word(path, target):
    operation = operation_of(path, target)

    assert operation.isascii()
    assert operation.isalpha()
    assert 3 <= len(operation) <= 64


def test_all_ten_operations_are_known():
    assert len(OPERATIONS) == 10


def test_an_undo_is_an_operation_that_takes_the_same_request_id():
    for operation in OPERATIONS.values():
        if operation.undo is not None:
            undo = OPERATIONS[operation.undo]
            assert undo.request_id_fields == operation.request_id_fields


def test_reading_is_always_safe_to_repeat():
    assert all(o.idempotent for o in OPERATIONS.values() if o.read_only)


@given(st.text())
def test_whatever_a_call_names_is_one_of_a_dozen(name):
    assert known_operation(name) in {*OPERATIONS, UNKNOWN_OPERATION, OTHER_OPERATION}


@pytest.mark.parametrize("name", [*OPERATIONS, UNKNOWN_OPERATION])
def test_an_operation_of_amazons_keeps_its_name(name):
    assert known_operation(name) == name
