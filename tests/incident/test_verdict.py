from outage_traffic import Traffic

from agcod_guard.call import Outcome, Trouble
from agcod_guard.incident.verdict import Verdict, verdict_of, verdict_so_far
from agcod_guard.outage.path import Finding
from agcod_guard.outage.state import Outage

NOT_TRIED = "Not checked: names, connection and certificate on our own way."


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
        NOT_TRIED,
    )


def test_a_mixture_is_counted():
    _, reasons = verdict_of(outage(answered=3, silent=9, reference_usable=True))

    assert reasons[1:] == (
        "3 failing calls were answered with an error, 9 got no answer.",
        "A reference host outside Amazon was checked.",
        NOT_TRIED,
    )


def test_what_was_tried_is_told():
    tried = ("tried from shop-1: agcod-v2-eu.amazon.com:443: timed out",)

    _, reasons = verdict_of(outage(silent=12, tried=tried))

    assert reasons[-1] == "Tried from shop-1: agcod-v2-eu.amazon.com:443: timed out."


class TestSoFar:
    def verdict(self, traffic):
        return verdict_so_far(traffic.fold, traffic.scope, traffic.policy)

    def silent(self, traffic, first, last, trouble, finding):
        for second in range(first, last):
            traffic.fail(
                float(second),
                outcome=Outcome.NO_ANSWER,
                marked=False,
                via="",
                trouble=trouble,
            )
            if second % 20 == 1:
                traffic.check(second + 0.5, finding)

    def test_nothing_is_said_while_nothing_is_suspected(self):
        traffic = Traffic()
        traffic.fail(100.0)

        assert self.verdict(traffic) == (None, ())

    def test_amazons_own_word(self):
        traffic = Traffic()
        traffic.fail(*map(float, range(100, 110)))

        verdict, reasons = self.verdict(traffic)

        assert verdict is Verdict.AMAZON
        assert reasons[1] == "Every failing call was answered with an error."

    def test_a_way_that_is_open(self):
        traffic = Traffic()
        self.silent(traffic, 100, 130, Trouble.ANSWER, Finding(True, (), "open"))

        verdict, reasons = self.verdict(traffic)

        assert verdict is Verdict.AMAZON
        assert reasons[-1] == "Tried from shop-1: open."

    def test_what_may_be_either_side(self):
        traffic = Traffic()
        self.silent(traffic, 100, 130, Trouble.CONNECT, Finding(False, (), "refused"))

        verdict, reasons = self.verdict(traffic)

        assert verdict is Verdict.UNCLEAR
        assert reasons[-1] == "Tried from shop-1: refused."

    def test_our_own_side(self):
        traffic = Traffic()
        lost = Finding(False, (Trouble.NAME,), "no name can be looked up")
        self.silent(traffic, 100, 150, Trouble.NAME, lost)

        assert self.verdict(traffic) == (
            Verdict.OURS,
            ("No name can be looked up (tried from shop-1).",),
        )

    def test_an_outage_keeps_the_verdict_it_opened_with(self):
        traffic = Traffic()
        self.silent(traffic, 100, 300, Trouble.ANSWER, Finding(True, (), "open"))

        assert self.verdict(traffic) == verdict_of(traffic.state.outage)
        assert self.verdict(traffic)[0] is Verdict.AMAZON
