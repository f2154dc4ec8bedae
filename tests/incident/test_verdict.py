from agcod_guard.incident.verdict import Verdict, verdict_of
from agcod_guard.outage.state import Outage


def outage(**facts):
    return Outage(
        first_failed_at_s=1.0,
        first_failed_wall_ns=1,
        first_call_id="ab",
        opened_at_s=181.0,
        **facts,
    )


def test_marked_answers_make_it_amazons():
    verdict, reasons = verdict_of(outage(path_proven=True, answered=12))

    assert verdict is Verdict.AMAZON
    assert reasons[0] == "Our own way to Amazon was open when the calls failed."
    assert reasons[1] == "Every failing call was answered with an error."


def test_silence_alone_leaves_it_unclear_and_says_so():
    verdict, reasons = verdict_of(outage(silent=12))

    assert verdict is Verdict.UNCLEAR
    assert reasons == (
        "Nothing shows that our own way to Amazon was open.",
        "No failing call was answered at all.",
        "Not checked: a reference host outside Amazon (none set, or none usable).",
    )


def test_a_mixture_is_counted():
    _, reasons = verdict_of(outage(answered=3, silent=9, reference_usable=True))

    assert reasons[1:] == (
        "3 failing calls were answered with an error, 9 got no answer.",
        "A reference host outside Amazon was checked.",
    )
