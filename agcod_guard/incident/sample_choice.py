"""Bring samples and their calls together, and choose the one to show. Pure."""

from __future__ import annotations

from collections import OrderedDict

from agcod_guard.call import Call
from agcod_guard.frames import Sample
from agcod_guard.incident.failed_calls import rank
from agcod_guard.incident.sample import answered_at_s

_MOST_OFFSETS = 1_000
_CALLS_AWAITING_SAMPLES = 1_000
_SAMPLES_AWAITING_CALLS = 8


class SampleChoice:
    """Keeps the best pair of a failed call and its sample.

    Attributes:
        chosen: That pair; None if no sample was kept.
        offsets_s: Our clock minus the `Date` of each sampled answer, seconds.
    """

    def __init__(self) -> None:
        self.chosen: tuple[Call, Sample] | None = None
        self.offsets_s: list[float] = []
        self._calls: OrderedDict[str, Call] = OrderedDict()
        self._samples: OrderedDict[str, Sample] = OrderedDict()

    def add_call(self, call: Call) -> None:
        """Take in the next failed call."""
        sample = self._samples.pop(call.call_id, None)
        if sample:
            self._pair(call, sample)
            return
        self._calls[call.call_id] = call
        if len(self._calls) > _CALLS_AWAITING_SAMPLES:
            self._calls.popitem(last=False)

    def add_sample(self, sample: Sample) -> None:
        """Take in the next sample; about in order with its call."""
        call = self._calls.pop(sample.call_id, None)
        if call:
            self._pair(call, sample)
            return
        self._samples[sample.call_id] = sample
        if len(self._samples) > _SAMPLES_AWAITING_CALLS:
            self._samples.popitem(last=False)

    def _pair(self, call: Call, sample: Sample) -> None:
        if self.chosen is None or rank(call) < rank(self.chosen[0]):
            self.chosen = call, sample
        date_s = answered_at_s(sample.answer)
        if date_s is not None and len(self.offsets_s) < _MOST_OFFSETS:
            # The header has whole seconds: on average it is half a second late.
            self.offsets_s.append(call.ended_at_s - (date_s + 0.5))
