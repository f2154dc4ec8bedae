"""That all are told and none can harm the others or the caller."""

import logging
from pathlib import Path
from unittest.mock import Mock

import pytest
from prometheus_client import CollectorRegistry

from agcod_guard import errors
from agcod_guard.call import Scope
from agcod_guard.outage.own_side import OwnSideTransition
from agcod_guard.outage.state import Phase
from agcod_guard.ports import Observer
from agcod_guard.telemetry.channel import LOGGER_NAME
from agcod_guard.telemetry.events import Events
from agcod_guard.telemetry.metrics import Metrics
from agcod_guard.telemetry.observers import Observers

NEWS = sorted(name for name in vars(Observer) if name[0] != "_")


@pytest.fixture
def facts(make_call, make_transition, make_operation, incident, entry):
    """The arguments of each kind of news."""
    return {
        "call_ended": (make_call(),),
        "transition": (make_transition(Phase.OK, Phase.SUSPECT),),
        "operation_changed": (make_operation(is_down=True),),
        "own_side_changed": (
            OwnSideTransition(
                scope=Scope.parse("Acmes/eu"), is_broken=True, at_s=7.0, reason="why"
            ),
        ),
        "packet_written": (incident, Path("/data/incidents/x")),
        "packet_failed": (incident, OSError("disk full")),
        "page_due": (incident, 2, ("page.mode is draft: a person sends it.",)),
        "draft_written": (Path("/data/drafts/x.eml"), "AGCOD account Acmes"),
        **{name: (entry,) for name in NEWS if name.startswith("mail_")},
        "frames_lost": (3, "disk full"),
        "journal_resumed": (),
        "journal_bytes": (4096,),
        "frames_skipped": (1, "a.seg"),
        "call_without_timeout": ("CreateGiftCard",),
        "hidden_retries": ("CreateGiftCard", 3),
        "internal_error": ("capture.begin", ValueError("odd")),
    }


def an_observer():
    return Mock(spec=[*NEWS])


@pytest.mark.parametrize("news", NEWS)
def test_everyone_is_told_the_same_news_once(news, facts):
    one, two = an_observer(), an_observer()

    getattr(Observers(one, two), news)(*facts[news])

    for observer in (one, two):
        assert [call[0] for call in observer.method_calls] == [news]
        getattr(observer, news).assert_called_once_with(*facts[news])


@pytest.mark.parametrize("news", [name for name in NEWS if name != "internal_error"])
def test_what_one_raises_is_told_to_the_others_and_to_nobody_else(
    news, facts, swallowed
):
    broken, first, last = an_observer(), an_observer(), an_observer()
    raised = RuntimeError("broken handler")
    getattr(broken, news).side_effect = raised

    getattr(Observers(first, broken, last), news)(*facts[news])

    for observer in (first, last):
        getattr(observer, news).assert_called_once_with(*facts[news])
        observer.internal_error.assert_called_once_with(f"observer.{news}", raised)
    broken.internal_error.assert_not_called()
    assert swallowed == [(f"observer.{news}", raised)]


def test_two_that_break_on_everything_do_not_play_it_back_and_forth(facts, swallowed):
    broken = [an_observer(), an_observer()]
    for observer in broken:
        for news in NEWS:
            getattr(observer, news).side_effect = RuntimeError(news)

    for news in NEWS:
        getattr(Observers(*broken), news)(*facts[news])

    assert all(len(observer.method_calls) <= 2 * len(NEWS) for observer in broken)
    assert {stage for stage, _ in swallowed} == {f"observer.{name}" for name in NEWS}


def test_a_listener_that_raises_harms_nobody(facts, monkeypatch):
    def listener(stage, error):
        raise error

    monkeypatch.setattr(errors, "swallowed_listeners", [listener])
    broken = an_observer()
    broken.call_ended.side_effect = broken.internal_error.side_effect = RuntimeError()

    Observers(broken).call_ended(*facts["call_ended"])
    Observers(broken).internal_error(*facts["internal_error"])


def test_an_interrupt_is_nobodys_to_contain(facts):
    broken = an_observer()
    broken.call_ended.side_effect = KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Observers(broken).call_ended(*facts["call_ended"])


def test_a_logging_handler_that_raises_is_counted_and_harms_no_call(facts, swallowed):
    class Broken(logging.Handler):
        def emit(self, record):
            raise RuntimeError("no log today")

    registry = CollectorRegistry()
    metrics = Metrics(registry, endpoints=[], accounts={"Acmes"})
    logger, handler = logging.getLogger(LOGGER_NAME), Broken()
    logger.addHandler(handler)
    try:
        Observers(metrics, Events()).frames_lost(*facts["frames_lost"])
    finally:
        logger.removeHandler(handler)

    stage = {"stage": "observer.frames_lost"}
    value = registry.get_sample_value
    assert value("agcod_guard_frames_lost_total") == 3
    assert value("agcod_guard_internal_errors_total", stage) == 1
    assert [stage for stage, _ in swallowed] == ["observer.frames_lost"]
