"""What may leave, and for where; asked before a socket is opened."""

import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from parcels import PAGER, mail, notice

from agcod_guard.delivery.gate import Gate, under_test_runner
from agcod_guard.errors import NotAllowed
from agcod_guard.incident.parcel import Purpose

T1 = "amazon-agcod-partner-urgent@amazon.com"
ELSEWHERE = "mail.shop.invalid"


def no():
    return False


@pytest.fixture
def in_earnest():
    """The gate of a production incident outside of any test run."""
    return Gate(rehearsal=False, is_testing=no)


class MarkedParcels:
    """A gate in earnest, to which every parcel comes marked as a rehearsal."""

    def __init__(self):
        self._gate = Gate(rehearsal=False, is_testing=no)

    def check_mail(self, host, parcel):
        self._gate.check_mail(host, replace(parcel, rehearsal=True))

    def check_url(self, url, parcel):
        self._gate.check_url(url, replace(parcel, rehearsal=True))


@pytest.fixture(params=["drill", "test run", "sandbox"])
def rehearsal(request):
    if request.param == "sandbox":
        return MarkedParcels()
    return Gate(
        rehearsal=request.param == "drill",
        is_testing=lambda: request.param == "test run",
    )


class TestInARehearsal:
    @pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost"])
    def test_mails_to_nobody_pass_on_this_machine(self, rehearsal, host):
        rehearsal.check_mail(host, mail())

    @pytest.mark.parametrize(
        "host", [ELSEWHERE, "192.0.2.1", "localhost.shop.invalid", "0.0.0.0", ""]
    )
    def test_no_server_elsewhere_is_spoken_to(self, rehearsal, host):
        with pytest.raises(NotAllowed, match="only servers on this machine"):
            rehearsal.check_mail(host, mail())
        with pytest.raises(NotAllowed, match="only servers on this machine"):
            rehearsal.check_url(f"https://{host}/x" if host else "https:///x", notice())

    @pytest.mark.parametrize("purpose", Purpose)
    @pytest.mark.parametrize(
        "address",
        [
            T1,
            "a@shop.example",
            "a@invalid.example",
            "a@invalid",
            "a@amazon.invalid.com",
        ],
    )
    def test_nobody_who_exists_is_written_to(self, rehearsal, address, purpose):
        for recipients in ((address,), (PAGER, address)):
            with pytest.raises(NotAllowed, match=r"names under \.invalid"):
                rehearsal.check_mail(
                    "127.0.0.1", mail(purpose=purpose, recipients=recipients)
                )

    @given(st.emails(), st.sampled_from(Purpose))
    def test_whatever_the_address_it_passes_only_under_invalid(self, address, purpose):
        gate = Gate(rehearsal=True)
        parcel = mail(recipients=(address,), purpose=purpose)
        if address.lower().endswith(".invalid"):
            gate.check_mail("127.0.0.1", parcel)
        else:
            with pytest.raises(NotAllowed):
                gate.check_mail("127.0.0.1", parcel)

    def test_webhooks_on_this_machine_pass(self, rehearsal):
        rehearsal.check_url("http://127.0.0.1:8080/hook", notice())
        rehearsal.check_url("http://[::1]:8080/hook", notice())


class TestInEarnest:
    def test_a_page_passes_to_the_pager(self, in_earnest):
        in_earnest.check_mail(ELSEWHERE, mail(recipients=(T1,)))

    @pytest.mark.parametrize(
        "address",
        [T1, T1.upper(), "a@giftcards.amazon.com", "a@amazon.co.uk", "a@amazon.de"],
    )
    def test_nothing_else_passes_to_amazon(self, in_earnest, address):
        recovery = mail(purpose=Purpose.NOTICE, recipients=("a@shop.example", address))

        with pytest.raises(NotAllowed, match="except for pages"):
            in_earnest.check_mail(ELSEWHERE, recovery)

    def test_the_partners_own_people_are_written_to(self, in_earnest):
        own = mail(purpose=Purpose.NOTICE, recipients=("oncall@shop.example",))

        in_earnest.check_mail(ELSEWHERE, own)
        in_earnest.check_url("https://hooks.shop.example/x", notice())

    def test_no_notice_goes_to_a_host_of_amazons(self, in_earnest):
        with pytest.raises(NotAllowed, match="hosts outside Amazon"):
            in_earnest.check_url("https://agcod-v2-eu.amazon.com/x", notice())


class TestTheTestRun:
    def test_this_is_one(self):
        assert under_test_runner()
        assert Gate(rehearsal=False).is_rehearsal

    @pytest.mark.parametrize(
        ("name", "expected"), [("PYTEST_CURRENT_TEST", True), ("SHOP", False)]
    )
    def test_a_program_that_a_test_starts_is_one_as_well(self, name, expected):
        env = {key: value for key, value in os.environ.items() if "PYTEST" not in key}
        program = (
            "from agcod_guard.delivery.gate import under_test_runner as it\nprint(it())"
        )

        ran = subprocess.run(
            [sys.executable, "-c", program],
            env=env | {name: "tests/test_shop.py (call)"},
            capture_output=True,
            text=True,
            check=True,
        )

        assert ran.stdout.strip() == str(expected)

    def test_the_error_says_that_nothing_was_sent_and_what_is_allowed(self):
        with pytest.raises(NotAllowed) as caught:
            Gate(rehearsal=True).check_url("https://hooks.shop.example/x", notice())

        assert str(caught.value) == (
            "nothing was sent to hooks.shop.example: in a rehearsal only servers on "
            "this machine are allowed"
        )
