"""What a call can come to, in this benchmark: the outcome and how long it takes."""

from __future__ import annotations

from dataclasses import dataclass

from agcod_guard.call import Outcome, Trouble

FOREVER = float("inf")


@dataclass(frozen=True, slots=True)
class Answer:
    """How a call ends.

    Attributes:
        outcome: What it says about AGCOD's health.
        marked: Whether it carries Amazon's marks.
        after_s: Typical time to its end; infinite for a call that hangs.
        exact: It ends after just that time, as a client's timeout does.
        trouble: How far the call came, if no answer came and the client told.
    """

    outcome: Outcome
    marked: bool
    after_s: float
    exact: bool = False
    trouble: Trouble | None = None


SUCCESS = Answer(Outcome.SUCCESS, True, 0.3)
SLOW_SUCCESS = Answer(Outcome.SUCCESS, True, 4.0)
SLOWEST_SUCCESS = Answer(Outcome.SUCCESS, True, 40.0)
EXPORT = Answer(Outcome.SUCCESS, True, 400.0)
VERY_SLOW_SUCCESS = Answer(Outcome.SUCCESS, True, 100.0)

F100 = Answer(Outcome.FAULT, True, 0.4)
F500 = Answer(Outcome.FAULT, True, 0.2)
RESEND = Answer(Outcome.FAULT, True, 1.5)
EMPTY_503 = Answer(Outcome.FAULT, False, 0.1)
HTML_502 = Answer(Outcome.FAULT, False, 0.3)
GATEWAY_504 = Answer(Outcome.FAULT, False, 5.0)


def _given_up(after_s: float, trouble: Trouble) -> Answer:
    return Answer(Outcome.NO_ANSWER, False, after_s, exact=True, trouble=trouble)


TIMEOUT = _given_up(6.0, Trouble.ANSWER)
SHORT_TIMEOUT = _given_up(0.1, Trouble.ANSWER)
LONG_TIMEOUT = _given_up(30.0, Trouble.ANSWER)
VERY_LONG_TIMEOUT = _given_up(90.0, Trouble.ANSWER)
NO_CONNECTION = _given_up(6.0, Trouble.CONNECT)
LONG_NO_CONNECTION = _given_up(30.0, Trouble.CONNECT)
RESET = Answer(Outcome.NO_ANSWER, False, 0.05)
REFUSED = Answer(Outcome.NO_ANSWER, False, 0.01, trouble=Trouble.REFUSED)
NO_NAME = Answer(Outcome.NO_ANSWER, False, 0.02, trouble=Trouble.NAME)
BAD_CERTIFICATE = Answer(Outcome.NO_ANSWER, False, 0.08, trouble=Trouble.UNTRUSTED)
HANG = Answer(Outcome.NO_ANSWER, False, FOREVER)

F200 = Answer(Outcome.REJECTED, True, 0.15)
F300 = Answer(Outcome.ACCOUNT, True, 0.15)
RATE_EXCEEDED = Answer(Outcome.THROTTLED, True, 0.05)
FORBIDDEN = Answer(Outcome.DENIED, True, 0.1)
GIVEN_UP = Answer(Outcome.ABANDONED, False, 1.0)

NOISE = (F500, F500, RESEND, TIMEOUT, RESET, EMPTY_503)
"""What single failures of healthy days are made of."""

MIXTURE = (F500, RESEND, TIMEOUT, RESET, EMPTY_503, HTML_502)
"""An outage that shows a different face to every call."""
