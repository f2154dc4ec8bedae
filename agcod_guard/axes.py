"""One time axis for the frames of all boots and machines. Pure.

The axis is the monotonic clock of one boot, the home: the frames of that boot
stand on it as they are, and no step of a wall clock moves them. The frames of
every other boot are placed by wall time, through one anchor (wall and monotonic
time, read together) per boot: that of its earliest segment.
"""

from __future__ import annotations

from agcod_guard.frames import Header

_NS_PER_S = 1_000_000_000


class Axes:
    """Places monotonic times of any boot on the axis of one of them.

    Attributes:
        boot_id: The boot whose monotonic clock is the axis.
    """

    def __init__(self, home: Header) -> None:
        """Take the boot of `home` for the axis.

        `home` itself is the anchor only until a segment of that boot is
        learned: whoever reads the journal later knows the segments alone.
        """
        self.boot_id = home.boot_id
        self._home = home
        self._anchors: dict[str, Header] = {}
        self._shift_ns = {home.boot_id: 0}

    def learn(self, header: Header) -> None:
        """Take the header's anchor if it is the earliest of its boot so far.

        Learn every header before placing the first frame: an earlier anchor
        that is learned later moves the frames of its boot, and those of all
        other boots if it is the home's.
        """
        known = self._anchors.get(header.boot_id)
        if known is None or header.mono_ns < known.mono_ns:
            self._anchors[header.boot_id] = header
            self._place(header.boot_id)

    def axis_s(self, header: Header, mono_ns: int) -> float:
        """Return where a time of the header's boot stands on the axis, seconds."""
        shift_ns = self._shift_ns.get(header.boot_id)
        if shift_ns is None:
            self.learn(header)
            shift_ns = self._shift_ns[header.boot_id]
        return (mono_ns + shift_ns) / _NS_PER_S

    def wall_s(self, axis_s: float) -> float:
        """Return the wall time of a place on the axis, by the home's anchor."""
        return axis_s + self._epoch_ns(self.boot_id) / _NS_PER_S

    def _place(self, boot_id: str) -> None:
        moved = self._anchors if boot_id == self.boot_id else (boot_id,)
        home_ns = self._epoch_ns(self.boot_id)
        for name in moved:
            self._shift_ns[name] = self._epoch_ns(name) - home_ns

    def _epoch_ns(self, boot_id: str) -> int:
        """Return the wall time at which the boot's monotonic clock stood at 0."""
        anchor = self._anchors.get(boot_id, self._home)
        return anchor.wall_ns - anchor.mono_ns
