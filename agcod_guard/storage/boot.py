"""Which boot of which machine the monotonic clock counts from."""

from __future__ import annotations

import uuid
from pathlib import Path

_KERNEL_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")

_PROCESS_BOOT_ID = str(uuid.uuid4())


def boot_id() -> str:
    """Return the name of this boot, the same for every process of the machine.

    Where the kernel tells none (anywhere but on Linux), the name holds for this
    process and its forks only: other processes are then placed by wall time.
    """
    try:
        return _KERNEL_BOOT_ID.read_text("ascii").strip() or _PROCESS_BOOT_ID
    except OSError:
        return _PROCESS_BOOT_ID
