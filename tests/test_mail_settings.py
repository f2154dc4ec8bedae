"""Settings of mails and webhooks: what is refused, and what is never shown."""

import pickle
from pathlib import Path

import pytest

from agcod_guard.errors import SettingsError
from agcod_guard.settings import Settings, SmtpAccount, Webhook
from agcod_guard.settings.mail import PAGERDUTY_URL, Secret, Security, WebhookKind
from agcod_guard.settings.problems import problems

PASSWORD = "hunter2-hunter2"
SLACK_URL = "https://hooks.slack.example/services/T000/B000/secretpath"
FILE = """
[smtp]
host = "mail.shop.invalid"
username = "guard"
password_file = "/run/secrets/smtp"
sender = "agcod-guard@shop.invalid"

[own]
addresses = ["oncall@shop.invalid", "desk@shop.invalid"]

[webhooks.pager]
kind = "pagerduty"
key_file = "/run/secrets/pagerduty"

[webhooks.chat]
kind = "slack"
url = "https://hooks.slack.example/services/T000/B000/secretpath"

[webhooks.ops]
kind = "json"
url = "http://127.0.0.1:8080/agcod"
key_file = "~/agcod-guard.key"
"""
SMTP = {"host": "mail.shop.invalid", "sender": "agcod-guard@shop.invalid"}


@pytest.fixture
def loaded(tmp_path):
    def load(text=FILE, env=None, **overrides):
        file = tmp_path / "agcod_guard.toml"
        file.write_text(text)
        return Settings.load(file, env or {}, **overrides)

    return load


def refusal(**overrides):
    with pytest.raises(SettingsError) as caught:
        Settings.load(env={}, **overrides)
    return caught.value


def hook(**facts):
    return {"webhooks": {"ops": facts}}


class TestWhatIsTaken:
    def test_a_file_says_how_mails_and_notices_leave(self, loaded):
        settings = loaded()

        assert settings.smtp == SmtpAccount(
            host="mail.shop.invalid",
            username="guard",
            password_file=Path("/run/secrets/smtp"),
            sender="agcod-guard@shop.invalid",
        )
        assert settings.own.addresses == ("oncall@shop.invalid", "desk@shop.invalid")
        assert settings.webhooks["ops"] == Webhook(
            kind=WebhookKind.JSON,
            url="http://127.0.0.1:8080/agcod",
            key_file=Path("~/agcod-guard.key").expanduser(),
        )
        assert settings.webhooks["pager"].url_in_force == PAGERDUTY_URL

    def test_without_any_nothing_can_be_sent(self):
        settings = Settings()

        assert settings.smtp.host is None
        assert (settings.own.addresses, dict(settings.webhooks)) == ((), {})

    @pytest.mark.parametrize(
        ("security", "port"), [("starttls", 587), ("tls", 465), ("none", 25)]
    )
    def test_the_port_is_the_usual_one_unless_it_is_set(self, security, port):
        usual = SmtpAccount(security=Security(security))

        assert usual.port_in_force == port
        assert SmtpAccount(security=Security(security), port=2525).port_in_force == 2525

    def test_the_password_comes_from_the_environment(self, loaded):
        settings = loaded(env={"AGCOD_GUARD_SMTP_PASSWORD": PASSWORD})

        assert settings.smtp.password == Secret(PASSWORD)
        assert settings.smtp.password.reveal() == PASSWORD

    def test_own_addresses_are_listed_with_commas_in_the_environment(self):
        env = {"AGCOD_GUARD_OWN_ADDRESSES": "a@shop.invalid, b@shop.invalid"}

        assert Settings.load(env=env).own.addresses == (
            "a@shop.invalid",
            "b@shop.invalid",
        )

    def test_they_are_compared_hashed_and_pickled_like_all_settings(self, loaded):
        settings = loaded(env={"AGCOD_GUARD_SMTP_PASSWORD": PASSWORD})

        assert pickle.loads(pickle.dumps(settings)) == settings
        assert hash(settings.smtp) == hash(pickle.loads(pickle.dumps(settings.smtp)))


class TestWhatIsRefused:
    def test_a_password_in_the_file_itself(self, loaded):
        with pytest.raises(SettingsError) as caught:
            loaded(f'[smtp]\npassword = "{PASSWORD}"')

        assert PASSWORD not in str(caught.value)
        assert "only in an argument of Settings.load or the environment" in str(
            caught.value
        )

    def test_a_password_where_its_file_should_be_named(self):
        error = refusal(smtp=SMTP | {"username": "a", "password_file": PASSWORD})

        assert error.setting == "smtp.password_file"
        assert PASSWORD not in str(error)

    def test_mails_in_the_clear_over_a_network(self):
        error = refusal(smtp=SMTP | {"security": "none"})

        assert error.setting == "smtp.security"
        assert (
            Settings.load(
                env={}, smtp=SMTP | {"host": "localhost"} | {"security": "none"}
            ).smtp.host
            == "localhost"
        )

    @pytest.mark.parametrize(
        ("facts", "setting"),
        [
            ({"host": "mail.shop.invalid"}, "smtp.sender"),
            (SMTP | {"username": "guard"}, "smtp.username"),
            (SMTP | {"port": 0}, "smtp.port"),
            (SMTP | {"port": 65_536}, "smtp.port"),
            (SMTP | {"port": True}, "smtp.port"),
            (SMTP | {"timeout_s": 301}, "smtp.timeout_s"),
            (SMTP | {"host": "https://mail.shop.invalid"}, "smtp.host"),
            (SMTP | {"username": "a\nb"}, "smtp.username"),
            (SMTP | {"password_file": "relative"}, "smtp.password_file"),
        ],
    )
    def test_an_account_that_cannot_work(self, facts, setting):
        assert refusal(smtp=facts).setting == setting

    @pytest.mark.parametrize(
        "addresses",
        [
            ["urgent@amazon.com"],
            ["a@giftcards.amazon.com"],
            ["no address"],
            "a@shop.invalid",
            [f"a{number}@shop.invalid" for number in range(21)],
        ],
    )
    def test_own_addresses_that_are_none_or_amazons(self, addresses):
        assert refusal(own={"addresses": addresses}).setting == "own.addresses"

    @pytest.mark.parametrize(
        ("facts", "setting"),
        [
            ({}, "webhooks.ops.kind"),
            ({"kind": "email"}, "webhooks.ops.kind"),
            ({"kind": "slack"}, "webhooks.ops.url"),
            ({"kind": "json", "url": "https://a.invalid/"}, "webhooks.ops.key_file"),
            ({"kind": "pagerduty"}, "webhooks.ops.key_file"),
            ({"kind": "slack", "url": "http://a.invalid/"}, "webhooks.ops.url"),
            ({"kind": "slack", "url": "https://u:p@a.invalid/"}, "webhooks.ops.url"),
            ({"kind": "slack", "url": "https://a.amazon.com/"}, "webhooks.ops.url"),
            ({"kind": "slack", "url": "https://a b/"}, "webhooks.ops.url"),
            ({"kind": "slack", "url": "https://[::1/"}, "webhooks.ops.url"),
            ({"kind": "slack", "url": 7}, "webhooks.ops.url"),
            ({"kind": "slack", "nonsense": 7}, "webhooks.ops.nonsense"),
        ],
    )
    def test_a_webhook_that_cannot_work_by_its_own_name(self, facts, setting):
        assert refusal(**hook(**facts)).setting == setting

    def test_a_webhook_whose_name_cannot_be_a_channel(self):
        assert "name of a-z" in refusal(webhooks={"a/b": {"kind": "slack"}}).expected

    def test_every_problem_is_found_by_the_check_as_well(self, tmp_path):
        file = tmp_path / "agcod_guard.toml"
        file.write_text('[smtp]\nport = 0\n[webhooks.ops]\nkind = "slack"\n')

        found = [error.setting for error in problems(file, {})]

        assert found == ["smtp.port", "webhooks.ops.url"]


class TestWhatIsShown:
    def test_no_secret_stands_in_what_is_in_force_or_in_any_repr(self, loaded):
        settings = loaded(env={"AGCOD_GUARD_SMTP_PASSWORD": PASSWORD})

        shown = (
            f"{settings!r} {settings.in_force()} {settings.smtp} {settings.webhooks}"
        )

        assert PASSWORD not in shown
        assert "secretpath" not in shown
        in_force = {name: value for name, value, _ in settings.in_force()}
        assert in_force["smtp.password"] == "***"
        assert in_force["smtp.password_file"] == "/run/secrets/smtp"
        assert in_force["webhooks.chat.url"] == "https://hooks.slack.example/***"
        assert in_force["webhooks.ops.key_file"].endswith("agcod-guard.key")
        assert in_force["own.addresses"] == "oncall@shop.invalid, desk@shop.invalid"

    def test_a_refused_url_is_not_shown_for_its_path_may_be_a_secret(self):
        url = SLACK_URL.replace("https", "ftp")

        assert "secretpath" not in str(refusal(**hook(kind="slack", url=url)))

    def test_a_refused_webhook_shows_nothing_of_what_stands_in_it(self):
        error = refusal(webhooks={"ops": SLACK_URL})

        assert "secretpath" not in str(error)
