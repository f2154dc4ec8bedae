"""What the partner's own channels are told, in the words of each."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agcod_guard.call import Endpoint, Environment, Scope
from agcod_guard.incident.incident import Incident
from agcod_guard.incident.notices import News, Notice, body
from agcod_guard.settings.mail import WebhookKind

FIRST_FAILED_AT_S = 1_795_346_105.0
AT_S = FIRST_FAILED_AT_S + 185.0
INCIDENT = Incident(
    incident_id="20261122T111505Z-eu-ab12",
    scope=Scope("Acmes", Endpoint("eu")),
    first_failed_at_s=FIRST_FAILED_AT_S,
    first_call_id="00000000000000aa",
    opened_at_s=AT_S,
)
OVER = replace(INCIDENT, first_success_at_s=AT_S + 3415, resolved_at_s=AT_S + 4000)
SANDBOX = replace(INCIDENT, scope=Scope("Acmes", Endpoint("eu", Environment.SANDBOX)))
KEY = "20261122T111505Z-eu-ab12/webhook/ops/opened"
CLAIM_CODE = "AAAA-BBBBBB-CCCC"


def made(news=News.OPENED, incident=INCIDENT, **facts):
    return Notice(incident=incident, news=news, at_s=AT_S, **facts)


def sent(kind, notice):
    return json.loads(body(notice, kind, key=KEY))


class TestWords:
    @pytest.mark.parametrize(
        ("notice", "summary"),
        [
            (made(), "AGCOD is down for Acmes at eu since 2026-11-22 11:15:05 GMT"),
            (
                made(News.PAGE_DUE, tier=2),
                "AGCOD is still down for Acmes at eu: the mail to tier 2 of Amazon's "
                "pager is due",
            ),
            (
                made(News.PAGE_SENT, tier=1),
                "AGCOD is down for Acmes at eu: the mail to tier 1 of Amazon's pager "
                "was sent",
            ),
            (
                made(News.PAGE_FAILED, tier=1, detail="550 no"),
                "AGCOD is down for Acmes at eu: the mail to tier 1 of Amazon's pager "
                "has failed (550 no)",
            ),
            (
                made(News.ACKNOWLEDGED, by="Ada Example"),
                "The outage of AGCOD for Acmes at eu is acknowledged by Ada Example",
            ),
            (
                made(News.RESOLVED, OVER),
                "AGCOD works again for Acmes at eu since 2026-11-22 12:15:05 GMT; it "
                "was down for 1 h 0 min",
            ),
        ],
        ids=lambda value: value.news.value if isinstance(value, Notice) else "",
    )
    def test_each_says_what_where_and_since_when(self, notice, summary):
        assert notice.summary == summary

    @pytest.mark.parametrize("news", News)
    def test_each_says_what_to_do_now(self, news):
        step = made(news, tier=1).next_step

        assert step
        if news is not News.ACKNOWLEDGED:
            assert "agcod-guard " in step

    def test_a_rehearsal_says_so_first(self):
        drill = made(incident=replace(INCIDENT, drill=True))

        assert drill.summary.startswith("DRILL: AGCOD is down")
        assert made(incident=SANDBOX).summary.startswith("NOT PRODUCTION: ")


class TestPagerDuty:
    """Events API v2: https://developer.pagerduty.com/docs/events-api-v2-overview."""

    @pytest.mark.parametrize(
        ("news", "action"),
        [
            (News.OPENED, "trigger"),
            (News.PAGE_DUE, "trigger"),
            (News.PAGE_SENT, "trigger"),
            (News.PAGE_FAILED, "trigger"),
            (News.ACKNOWLEDGED, "acknowledge"),
            (News.RESOLVED, "resolve"),
        ],
    )
    def test_all_news_of_an_incident_is_one_alert(self, news, action):
        event = sent(WebhookKind.PAGERDUTY, made(news, tier=1))

        assert event["event_action"] == action
        assert event["dedup_key"] == INCIDENT.incident_id
        assert ("payload" in event) == (action == "trigger")

    def test_a_trigger_has_what_pagerduty_requires_and_no_key(self):
        event = sent(WebhookKind.PAGERDUTY, made())

        assert "routing_key" not in event
        payload = event["payload"]
        assert payload["summary"] == made().summary
        assert payload["source"] == "Acmes/eu"
        assert payload["severity"] == "critical"
        assert payload["timestamp"] == "2026-11-22T11:18:10Z"
        assert payload["custom_details"]["next_step"] == made().next_step

    def test_a_rehearsal_wakes_nobody(self):
        event = sent(WebhookKind.PAGERDUTY, made(incident=SANDBOX))

        assert event["payload"]["severity"] == "info"


class TestSlack:
    def test_it_is_a_text_with_the_news_the_next_step_and_the_incident(self):
        assert sent(WebhookKind.SLACK, made()) == {
            "text": "*AGCOD is down for Acmes at eu since 2026-11-22 11:15:05 GMT*\n"
            "Read what Amazon will be told: agcod-guard packet "
            "20261122T111505Z-eu-ab12\n"
            "Incident `20261122T111505Z-eu-ab12`",
            "unfurl_links": False,
        }

    def test_nothing_that_somebody_typed_mentions_anybody(self):
        notice = made(News.ACKNOWLEDGED, by="<!channel> & <https://a.invalid|b>")

        text = sent(WebhookKind.SLACK, notice)["text"]

        assert "<" not in text
        assert "&lt;!channel&gt; &amp;" in text


class TestJson:
    def test_it_names_every_fact(self):
        assert sent(WebhookKind.JSON, made(News.PAGE_DUE, tier=2)) == {
            "format": 1,
            "id": KEY,
            "event": "page_due",
            "incident_id": "20261122T111505Z-eu-ab12",
            "summary": made(News.PAGE_DUE, tier=2).summary,
            "next_step": made(News.PAGE_DUE, tier=2).next_step,
            "at": "2026-11-22T11:18:10Z",
            "account": "Acmes",
            "endpoint": "eu",
            "stage": "open",
            "verdict": "unclear",
            "first_failed_at": "2026-11-22T11:15:05Z",
            "first_success_at": None,
            "tier": 2,
            "rehearsal": False,
        }


@pytest.mark.parametrize("kind", WebhookKind)
@given(
    by=st.text(max_size=400), detail=st.text(max_size=400), news=st.sampled_from(News)
)
def test_whatever_was_typed_a_notice_is_json_on_one_line_without_claim_codes(
    kind, by, detail, news
):
    notice = made(
        news, tier=1, by=f"{by} {CLAIM_CODE}", detail=f"{CLAIM_CODE} {detail}"
    )

    content = body(notice, kind, key=KEY)

    json.loads(content)
    assert content.isascii()
    assert b"\n" not in content
    assert b"BBBBBB" not in content
    assert len(notice.summary) <= 1024
