from pathlib import Path

import pytest

from agcod_guard.storage.boot import boot_id


def test_every_process_of_a_boot_gives_it_the_same_name(in_child):
    assert in_child(boot_id) == boot_id()


@pytest.mark.skipif(
    not Path("/proc/sys/kernel/random/boot_id").exists(), reason="needs Linux"
)
def test_the_name_is_the_kernel_s():
    kernel = Path("/proc/sys/kernel/random/boot_id").read_text()

    assert boot_id() == kernel.strip()
