from __future__ import annotations

import pytest

from agcod_guard.formats.sniffing import Format, format_of


@pytest.mark.parametrize(
    ("head", "format_"),
    [
        (b'{"v":1,"started_at":1}', Format.NDJSON),
        (b'\xef\xbb\xbf \r\n{"v":1}', Format.NDJSON),
        (b'"b":1}\n{"v":1}\n', Format.NDJSON),
        (b'{"log":"text","v":1}', Format.NDJSON),
        (b'{"log":{"version":"1.2"', Format.HAR),
        (b'\xef\xbb\xbf{\n  "log" : {\n', Format.HAR),
        (b'\nH0000a6cafe0123{"source"', Format.JOURNAL),
        (b'{"v":1}\n\0\0\0', Format.NDJSON),
        (b"", None),
        (b" \n\t", None),
        (b"PK\x03\x04\x00\x00", None),
        ('{"v":1}'.encode("utf-16"), None),
    ],
)
def test_the_format_is_told_by_how_the_file_begins(head, format_):
    assert format_of(head) is format_
