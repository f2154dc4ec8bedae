"""However calls reach the journal, the verdict on them is the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from agcod_guard.call import Call, Endpoint, Outcome
from agcod_guard.frames import End, Header, Kind, encoded, end_of
from agcod_guard.journal.stream import event_of
from agcod_guard.outage.fold import Fold
from agcod_guard.outage.policy import OutagePolicy
from agcod_guard.ports import Position, Segment, Stored
from agcod_guard.watching.reckoning import Reckoning

POLICY = OutagePolicy(
    hold_s=20.0,
    failed=3,
    suspect_failed=2,
    fresh_s=20.0,
    clear_s=20.0,
    clear_successes=2,
)
UNTIL_S = 130.0
HEADER = Header(
    source="shop-1", boot_id="boot", pid=1, wall_ns=0, mono_ns=0, version="0"
)


class Written(NamedTuple):
    """A frame, and when it reaches the journal."""

    arrives_s: float
    end: End


class ListReader:
    """A journal that is a list of frames for each process."""

    def __init__(self, segments: Mapping[str, list[Written]]) -> None:
        self._segments = segments
        self.now_s = float("inf")

    def segments(self) -> list[Segment]:
        return [
            Segment(name, HEADER, len(self._arrived(name)), changed_at_s=0.0)
            for name in self._segments
        ]

    def frames(self, segment: str, offset: int) -> Iterator[Stored]:
        for number, (_, end) in enumerate(self._arrived(segment)[offset:], offset):
            position = Position(segment, number)
            yield Stored(HEADER, position, number + 1, Kind.END, encoded(end))

    def tail(self, offsets: Mapping[str, int]) -> Iterator[Stored]:
        for name in self._segments:
            yield from self.frames(name, offsets.get(name, 0))

    def _arrived(self, name: str) -> list[Written]:
        return [each for each in self._segments[name] if each.arrives_s <= self.now_s]


def end(at_ms: int, outcome: Outcome, operation: str, order: int) -> End:
    call = Call(
        endpoint=Endpoint("eu"),
        operation=operation,
        outcome=outcome,
        started_at_s=0.0,
        duration_s=1.0,
        call_id=f"{at_ms:016x}",
        partner_id="Acmes",
        request_id=f"Acmes{order:05}",
        marked=outcome is not Outcome.NO_ANSWER,
    )
    return end_of(call, wall_ns=at_ms * 1_000_000, mono_ns=at_ms * 1_000_000)


ENDS = st.lists(
    st.builds(
        end,
        st.integers(1, 100_000),
        st.sampled_from([Outcome.FAULT] * 4 + [Outcome.SUCCESS, Outcome.NO_ANSWER]),
        st.sampled_from(["CreateGiftCard", "CreateGiftCard", "GetAvailableFunds"]),
        st.integers(0, 30),
    ),
    unique_by=lambda each: each.mono_ns,
    min_size=10,
    max_size=60,
)


def folded(ends: list[End]) -> Fold:
    """Return what comes of the calls when nothing stands in between."""
    fold = Fold(POLICY)
    events = [
        event_of(each, each.mono_ns / 1e9, source="shop-1")
        for each in sorted(ends, key=lambda each: each.mono_ns)
    ]
    fold.fold(events, UNTIL_S)
    return fold


def verdict(fold: Fold) -> tuple[object, ...]:
    return fold.scopes, fold.operations.at_rest()


def reckoning_of(reader: ListReader) -> Reckoning:
    return Reckoning(reader, policy=POLICY, header=HEADER)


@given(ends=ENDS, writers=st.lists(st.integers(0, 3), min_size=60, max_size=60))
def test_calls_of_several_processes_are_judged_like_those_of_one(ends, writers):
    segments: dict[str, list[Written]] = {}
    for each, writer in zip(
        sorted(ends, key=lambda each: each.mono_ns), writers, strict=False
    ):
        segments.setdefault(f"{writer}.seg", []).append(Written(0.0, each))

    reckoning = reckoning_of(ListReader(segments))
    reckoning.catch_up(float("-inf"), now_s=UNTIL_S)
    reckoning.look(UNTIL_S)

    assert verdict(reckoning.present) == verdict(folded(ends))


@given(
    ends=ENDS,
    lates=st.lists(st.floats(0, 0.99 * POLICY.late_s), min_size=60, max_size=60),
)
def test_the_order_of_frames_within_the_lateness_changes_nothing(ends, lates):
    arriving = sorted(
        (
            Written(each.mono_ns / 1e9 + late_s, each)
            for each, late_s in zip(ends, lates, strict=False)
        ),
        key=lambda each: each.arrives_s,
    )
    reader = ListReader({"a.seg": arriving})
    reckoning = reckoning_of(reader)

    for second in range(int(UNTIL_S) + 1):
        reader.now_s = float(second)
        reckoning.read()
        reckoning.look(reader.now_s)

    assert verdict(reckoning.present) == verdict(folded(ends))
