"""The families of streams: everything that may happen to a partner, one by one."""

from __future__ import annotations

from benchmarks.detection.families import (
    hosts,
    nights,
    operations,
    ours,
    partial,
    quiet,
    refusals,
    returns,
    timing,
    total,
)
from benchmarks.detection.families.staging import FAMILIES

__all__ = [
    "FAMILIES",
    "hosts",
    "nights",
    "operations",
    "ours",
    "partial",
    "quiet",
    "refusals",
    "returns",
    "timing",
    "total",
]
