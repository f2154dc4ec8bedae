"""The examples end by themselves and show what they promise."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"

PRINTED = {
    "pos_loop.py": """\
before the outage: SUCCESS
gift cards are off the shelf
gift cards are back
after the outage: SUCCESS""",
    "wrap_a_session.py": """\
Acmes0: SUCCESS
Acmes1: SUCCESS
Acmes2: F500 GeneralError
Acmes3: F500 GeneralError
Acmes4: F500 GeneralError
Acmes/eu-loopback is OK: 3 different orders failed in a row""",
    "observe_any_client.py": """\
Acmes1: SUCCESS
Acmes2: ConnectionResetError
Acmes/eu-loopback: 1 call got no answer""",
}


def test_every_example_is_run():
    assert {path.name for path in EXAMPLES.glob("*.py")} == set(PRINTED)


@pytest.mark.parametrize("name", PRINTED)
def test_an_example_prints_what_it_promises(name, capsys):
    runpy.run_path(str(EXAMPLES / name), run_name="__main__")

    printed = capsys.readouterr()
    assert printed.out.startswith(PRINTED[name])
    assert printed.err == ""
