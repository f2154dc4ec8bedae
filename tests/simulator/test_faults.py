"""Which fault acts on which request, and when."""

from __future__ import annotations

import pytest

from agcod_guard.errors import GuardError
from agcod_guard.simulator import FAULTS, Schedule, UnknownNameError
from agcod_guard.simulator.faults import FaultBoard, Rule, fault_named


def rule(name, **whom):
    return Rule(fault=fault_named(name), **whom)


def acting(board, region="eu", operation="CreateGiftCard", elapsed_s=0.0):
    found = board.rule_for(region, operation, elapsed_s)
    return found.fault.name if found else None


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_known_by_its_name_in_any_case(name):
    assert fault_named(name.upper()) is not None
    assert fault_named(name.replace("-", "_").lower()).name == name


@pytest.mark.parametrize(
    ("alias", "name"),
    [("F300", "InsufficientFunds"), ("F400", "RESEND"), ("403", "403-token")],
)
def test_a_class_is_short_for_its_best_known_fault(alias, name):
    assert fault_named(alias).name == name


def test_an_unknown_fault_is_an_error_that_names_it_and_all_others():
    with pytest.raises(UnknownNameError) as raised:
        fault_named("F50")

    assert isinstance(raised.value, GuardError)
    assert "'F50'" in str(raised.value)
    assert all(name in str(raised.value) for name in FAULTS)
    assert "did you mean 'F500'?" in str(raised.value)


def test_the_newest_fitting_rule_acts():
    board = FaultBoard()
    board.add(rule("F500"))
    board.add(rule("hang", region="na"))
    board.add(rule("reset", region="eu", operation="CancelGiftCard"))

    assert acting(board) == "F500"
    assert acting(board, region="na") == "hang"
    assert acting(board, operation="CancelGiftCard") == "reset"


def test_healing_one_region_leaves_the_others_broken():
    board = FaultBoard()
    board.add(rule("F500", region="na"))
    board.add(rule("hang", region="eu"))

    board.clear("eu")

    assert (acting(board, region="eu"), acting(board, region="na")) == (None, "F500")


def test_healing_everything_ends_the_schedule_too():
    board = FaultBoard(schedule=Schedule([(0, "F500")]))
    board.add(rule("hang"))

    board.clear()

    assert acting(board) is None


def test_a_replaced_rule_is_no_longer_in_force():
    board = FaultBoard()
    first = rule("hang", region="eu")
    board.add(first)

    board.add(rule("F500", region="eu"))

    assert not board.is_in_force(first, 0)


def test_a_share_hits_about_that_many_and_the_same_ones_for_a_seed():
    def hits(seed):
        board = FaultBoard(seed=seed)
        board.add(rule("F500", share=0.3))
        return [acting(board) for _ in range(1000)]

    assert 250 < hits(1).count("F500") < 350
    assert hits(1) == hits(1)
    assert hits(1) != hits(2)


def test_a_share_lies_on_top_of_what_was_broken_before():
    board = FaultBoard(seed=1)
    board.add(rule("F500"))
    board.add(rule("reset", share=0.5))

    assert {acting(board) for _ in range(50)} == {"F500", "reset"}


def test_a_schedule_plays_its_steps_by_the_time():
    steps = [(40, None), (10, "F500"), (30, "hang"), (0, None)]
    board = FaultBoard(schedule=Schedule(steps, region="eu"))

    played = [acting(board, elapsed_s=at_s) for at_s in (0, 9.9, 10, 30, 39.9, 40)]

    assert played == [None, None, "F500", "hang", "hang", None]
    assert acting(board, region="na", elapsed_s=20) is None


def test_a_schedule_names_the_fault_it_does_not_know():
    with pytest.raises(UnknownNameError, match="'F999'"):
        Schedule([(0, "F999")])


def test_a_fault_can_be_told_its_delay_and_whether_it_works():
    changed = fault_named("hang", delay_s=3.0, works=True)

    assert (changed.delay_s, changed.works) == (3.0, True)
    assert not FAULTS["hang"].works
