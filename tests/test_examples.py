"""The examples end by themselves and show what they promise."""

from __future__ import annotations

import os
import runpy
from importlib.util import find_spec
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
    "async_batch.py": """\
morning: 40 SUCCESS
noon: 40 GeneralError
Acmes/eu-loopback is SUSPECT: 10 or more different orders failed in a row""",
    "queue_workers.py": """\
ordered: Acmes1=SUCCESS Acmes2=SUCCESS
ordered: Acmes3=F500 GeneralError Acmes4=F500 GeneralError \
Acmes5=F500 GeneralError Acmes6=F500 GeneralError \
Acmes7=F500 GeneralError Acmes8=F500 GeneralError
Acmes/eu-loopback is SUSPECT: 6 different orders failed in a row""",
    "django_command.py": """\
Acmes1: SUCCESS
Acmes2: SUCCESS
Acmes3: F500 GeneralError
Acmes/eu-loopback is OK: 1 order failed""",
    "fastapi_httpx.py": """\
before: {'sold': 'Acmes0'}
broken: {'detail': 'GeneralError'}
known:  {'detail': 'gift cards are not available now'}""",
    "flask_gunicorn.py": """\
2 workers have sold cards
a scrape of one shows the calls of both
Acmes/eu-loopback is SUSPECT: 6 different orders failed in a row""",
    "observe_any_client.py": """\
Acmes1: SUCCESS
Acmes2: ConnectionResetError
Acmes/eu-loopback: 1 call got no answer""",
}

NEEDED = {
    "async_batch.py": ["httpx"],
    "django_command.py": ["django"],
    "fastapi_httpx.py": ["fastapi", "httpx", "uvicorn"],
    "flask_gunicorn.py": ["flask", "gunicorn"],
}
"""What an example needs besides, out of the dependency group `examples`."""


def test_every_example_is_run():
    assert {path.name for path in EXAMPLES.glob("*.py")} == set(PRINTED)


@pytest.mark.parametrize("name", PRINTED)
def test_an_example_prints_what_it_promises(name, capsys):
    missing = [each for each in NEEDED.get(name, []) if find_spec(each) is None]
    if missing:
        _miss(f"{', '.join(missing)} not installed (dependency group examples)")

    runpy.run_path(str(EXAMPLES / name), run_name="__main__")

    printed = capsys.readouterr()
    assert printed.out.startswith(PRINTED[name])
    assert printed.err == ""


def _miss(reason: str) -> None:
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
