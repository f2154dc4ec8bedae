"""What a partner can set, where, and what is said when it cannot be."""

import os
import pickle
from contextlib import suppress
from dataclasses import fields, replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agcod_guard.call import Endpoint, Environment
from agcod_guard.errors import SettingsError
from agcod_guard.outage.policy import OutagePolicy
from agcod_guard.settings import Account, Contact, PageMode, Reference, Settings
from agcod_guard.settings.contacts import shipped_contacts
from agcod_guard.settings.fields import FIELDS, TABLES, TOP
from agcod_guard.settings.given import Given

DOCS = Path(__file__).parents[1] / "docs"
FULL_FILE = """
data_dir = "/var/lib/agcod-guard"
source = "shop-1"
partner_id = "Acmes"
hosts = ["AGCOD.example.invalid"]

[contact]
name = "Ada Example"
phone = "+44 20 0000 0000"
email = "oncall@example.invalid"

[accounts.Acmes]
marketplace = "UK"
account_manager = "manager@example.invalid"

[policy]
hold_s = 240
failed = 12

[reference]
url = "https://status.example.invalid/health"
timeout_s = 2.5

[page]
mode = "ask"

[fleet]
single_host = true

[journal]
max_bytes = 50_000_000
max_days = 7

[events]
calls = true

[[contacts]]
door = "operations"
marketplace = "PL"
address = "pl-gc@amazon.com"
source = "our account manager"
"""


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def file_of(text: str) -> Path:
    path = Path("given.toml").absolute()
    path.write_text(text, "utf-8")
    return path


def refusal(path=None, env=None, **overrides) -> SettingsError:
    with pytest.raises(SettingsError) as caught:
        Settings.load(path, env or {}, **overrides)
    return caught.value


class TestWhereSettingsComeFrom:
    def test_the_guard_works_without_any_settings(self):
        settings = Settings.load(env={})

        assert settings.page.mode is PageMode.DRAFT
        assert settings.policy == OutagePolicy()
        assert settings.source
        assert not settings.live_armed

    def test_every_table_of_the_file_is_read_under_its_own_name(self):
        settings = Settings.load(file_of(FULL_FILE), env={})

        assert settings == Settings(
            data_dir=Path("/var/lib/agcod-guard"),
            source="shop-1",
            partner_id="Acmes",
            hosts={"agcod.example.invalid": Endpoint("local", Environment.LOOPBACK)},
            contact=Contact(
                name="Ada Example",
                phone="+44 20 0000 0000",
                email="oncall@example.invalid",
            ),
            accounts={
                "Acmes": Account(
                    marketplace="UK", account_manager="manager@example.invalid"
                )
            },
            policy=OutagePolicy(hold_s=240.0, failed=12),
            reference=Reference(
                url="https://status.example.invalid/health", timeout_s=2.5
            ),
            page=replace(settings.page, mode=PageMode.ASK),
            fleet=replace(settings.fleet, single_host=True),
            journal=replace(settings.journal, max_bytes=50_000_000, max_days=7),
            events=replace(settings.events, calls=True),
            contacts=settings.contacts,
        )
        assert settings.contacts.operations("PL").address == "pl-gc@amazon.com"
        assert settings.contacts.tier(1) == shipped_contacts().tier(1)

    def test_an_argument_goes_before_environment_file_and_default(self):
        path = file_of("[policy]\nhold_s = 1\nfresh_s = 1\npath_s = 1")
        env = {"AGCOD_GUARD_POLICY_HOLD_S": "2", "AGCOD_GUARD_POLICY_FRESH_S": "2"}

        policy = Settings.load(path, env, policy={"hold_s": 3}).policy

        assert (policy.hold_s, policy.fresh_s, policy.path_s) == (3, 2, 1)
        assert policy.clear_s == OutagePolicy().clear_s

    def test_the_file_in_the_working_folder_is_read_if_it_is_there(self):
        Path("agcod_guard.toml").write_text('source = "here"')

        assert Settings.load(env={}).source == "here"

    def test_the_environment_can_name_the_file_and_an_argument_another(self):
        Path("agcod_guard.toml").write_text('source = "here"')
        Path("named.toml").write_text('source = "named"')
        env = {"AGCOD_GUARD_SETTINGS": "named.toml"}

        assert Settings.load(env=env).source == "named"
        assert Settings.load("agcod_guard.toml", env).source == "here"

    def test_the_process_environment_is_read_by_default(self, monkeypatch):
        monkeypatch.setenv("AGCOD_GUARD_SOURCE", "shop-9")

        assert Settings.load().source == "shop-9"

    def test_an_empty_environment_value_counts_as_not_set(self):
        env = {"AGCOD_GUARD_SOURCE": "  ", "AGCOD_GUARD_SETTINGS": ""}

        assert Settings.load(env=env) == Settings.load(env={})

    @pytest.mark.parametrize(
        ("name", "text", "table", "value"),
        [
            ("CONTACT_PHONE", "+1 206 000 0000", "contact", "+1 206 000 0000"),
            ("POLICY_FAILED", "20", "policy", 20),
            ("POLICY_HOLD_S", "90.5", "policy", 90.5),
            ("PAGE_MODE", "live", "page", PageMode.LIVE),
            ("FLEET_SINGLE_HOST", "True", "fleet", True),
            ("EVENTS_CALLS", "0", "events", False),
            ("JOURNAL_MAX_BYTES", "2_000_000", "journal", 2_000_000),
        ],
    )
    def test_every_single_value_can_come_from_the_environment(
        self, name, text, table, value
    ):
        settings = Settings.load(env={f"AGCOD_GUARD_{name}": text})

        key = name.partition("_")[2].lower()
        assert getattr(getattr(settings, table), key) == value

    def test_hosts_from_the_environment_are_names_with_commas(self):
        settings = Settings.load(env={"AGCOD_GUARD_HOSTS": "Localhost, 127.0.0.1,"})

        assert dict(settings.hosts) == {
            "localhost": Endpoint("local", Environment.LOOPBACK),
            "127.0.0.1": Endpoint("local", Environment.LOOPBACK),
        }

    def test_an_address_is_a_host_in_its_shortest_spelling(self):
        settings = Settings.load(env={"AGCOD_GUARD_HOSTS": "[::1], 0:0::2, 10.0.0.1"})

        assert list(settings.hosts) == ["::1", "::2", "10.0.0.1"]

    def test_values_and_mappings_are_both_fit_for_an_argument(self):
        contact = Contact(name="Ada Example")

        one = Settings.load(
            env={},
            contact=contact,
            policy=OutagePolicy().scaled(1 / 30),
            accounts={"Acmes": Account(marketplace="UK")},
            hosts={"127.0.0.1": Endpoint("eu", Environment.LOOPBACK)},
        )
        other = Settings.load(
            env={},
            contact={"name": "Ada Example"},
            policy=OutagePolicy().scaled(1 / 30),
            accounts={"Acmes": {"marketplace": "UK"}},
            hosts={"127.0.0.1": {"region": "eu", "environment": "loopback"}},
        )

        assert one == other
        assert one.policy.hold_s == pytest.approx(6.0)

    def test_none_as_an_argument_puts_a_setting_back_to_its_default(self):
        path = file_of('partner_id = "Acmes"\n[contact]\nname = "Ada Example"')

        settings = Settings.load(path, {}, partner_id=None, contact=Contact())

        assert (settings.partner_id, settings.contact) == (None, Contact())

    def test_a_nearer_table_of_accounts_stands_for_all_of_it(self):
        path = file_of('[accounts.Acmes]\nmarketplace = "UK"')

        settings = Settings.load(path, {}, accounts={"Bravo": {}})

        assert dict(settings.accounts) == {"Bravo": Account()}

    def test_live_is_armed_by_the_environment_alone(self):
        assert Settings.load(env={"AGCOD_GUARD_LIVE": "1"}).live_armed
        assert not Settings.load(env={"AGCOD_GUARD_LIVE": "0"}).live_armed

        for error in (
            refusal(file_of("live_armed = true")),
            refusal(live_armed=True),
        ):
            assert "can be set only in the environment" in str(error)
        assert refusal(env={"AGCOD_GUARD_LIVE": "yes"}).expected.startswith("1,")

    def test_a_rehearsal_is_ordered_by_an_argument_alone(self):
        assert Settings.load(env={}, drill=True).drill

        for error in (
            refusal(file_of("drill = true")),
            refusal(env={"AGCOD_GUARD_DRILL": "1"}),
        ):
            assert error.setting == "drill"
            assert "only in an argument" in str(error)

    def test_accounts_never_stand_in_the_environment(self):
        error = refusal(env={"AGCOD_GUARD_ACCOUNTS_ACMES_MARKETPLACE": "UK"})

        assert error.setting == "accounts"
        assert "the settings file" in error.expected


class TestDataFolder:
    def test_it_is_the_one_of_the_environment_else_under_xdg_else_under_home(
        self, monkeypatch, tmp_path
    ):
        monkeypatch.setenv("HOME", str(tmp_path))
        xdg = {"XDG_STATE_HOME": "/state"}

        named = Settings.load(env=xdg | {"AGCOD_GUARD_DATA_DIR": "~/guard"})

        assert named.data_dir == tmp_path / "guard"
        assert Settings.load(env=xdg).data_dir == Path("/state/agcod-guard")
        assert Settings.load(env={}).data_dir == tmp_path / ".local/state/agcod-guard"

    def test_a_relative_state_folder_is_ignored_as_xdg_says(self, monkeypatch):
        monkeypatch.setenv("HOME", "/home/ada")

        settings = Settings.load(env={"XDG_STATE_HOME": "state"})

        assert settings.data_dir == Path("/home/ada/.local/state/agcod-guard")

    def test_a_relative_folder_stays_where_it_was_meant(self, tmp_path):
        settings = Settings(data_dir=Path("here"))

        os.chdir("/")

        assert settings.data_dir == tmp_path / "here"


class TestRefusals:
    @pytest.mark.parametrize(
        ("text", "setting", "nearest"),
        [
            ("[policy]\nhold = 5", "policy.hold", "policy.hold_s"),
            ('[contact]\nfone = "1"', "contact.fone", "contact.phone"),
            ("acounts = {}", "acounts", "accounts"),
            ('[polcy]\nhold_s = "x"', "polcy", "policy"),
            (
                '[accounts.Acmes]\nmarket = "UK"',
                "accounts.Acmes.market",
                "accounts.Acmes.marketplace",
            ),
        ],
    )
    def test_an_unknown_name_in_the_file_comes_with_the_nearest(
        self, text, setting, nearest
    ):
        path = file_of(text)

        error = refusal(path)

        assert (error.setting, error.origin) == (setting, str(path))
        assert error.expected == f"a setting that exists; the nearest is {nearest}"

    def test_an_unknown_name_in_the_environment_comes_with_the_nearest(self):
        error = refusal(env={"AGCOD_GUARD_POLICY_HOLDS": "5"})

        assert str(error) == (
            "AGCOD_GUARD_POLICY_HOLDS is '5' (set in the environment) but must be a "
            "setting that exists; the nearest is AGCOD_GUARD_POLICY_HOLD_S"
        )

    def test_an_unknown_argument_comes_with_the_nearest(self):
        assert refusal(polisy={}).expected.endswith("the nearest is policy")

    @pytest.mark.parametrize(
        ("text", "setting", "expected"),
        [
            ('[policy]\nfailed = "10"', "policy.failed", "a whole number"),
            ("[policy]\nfailed = 10.0", "policy.failed", "a whole number"),
            ("[policy]\nfailed = true", "policy.failed", "a whole number"),
            ("[policy]\nhold_s = 0", "policy.hold_s", "a number of seconds above 0"),
            ("[policy]\nhold_s = nan", "policy.hold_s", "a number of seconds above 0"),
            ("[policy]\nhold_s = inf", "policy.hold_s", "a number of seconds above 0"),
            ("[policy]\nhold_s = 2024-01-01", "policy.hold_s", "a number of seconds"),
            ("policy = 3", "policy", "a table of hold_s"),
            ('[page]\nmode = "auto"', "page.mode", "one of draft, ask, live"),
            ("[fleet]\nsingle_host = 1", "fleet.single_host", "true or false"),
            ("[journal]\nmax_days = 0", "journal.max_days", "a whole number of at lea"),
            ('source = ""', "source", "a printable name"),
            ('source = "a\\nb"', "source", "a printable name"),
            ('data_dir = ""', "data_dir", "the path of a folder"),
            ('data_dir = "a\\u0000b"', "data_dir", "the path of a folder"),
            ('partner_id = " A"', "partner_id", "a partner id"),
            ('[contact]\nphone = "call me"', "contact.phone", "a phone number"),
            ('[contact]\nphone = "()-()-()"', "contact.phone", "a phone number"),
            ('[contact]\nemail = "a@b"', "contact.email", "an e-mail address"),
            ('[contact]\nemail = "a b@c.de"', "contact.email", "an e-mail address"),
            ('[contact]\nname = "A\\nBcc: x"', "contact.name", "a name"),
            ('[accounts.A]\nmarketplace = "GB"', "accounts.A.marketplace", "one of Am"),
            ('[accounts]\nA = "UK"', "accounts.A", "a table of marketplace and"),
            (f"[accounts.{'A' * 33}]", f"accounts.{'A' * 33}", "a partner id"),
            ("accounts = 1", "accounts", "a table of partner ids"),
            ('hosts = ["a:443"]', "hosts.a:443", "a host name without scheme, port"),
            ('hosts = ["https://a"]', "hosts.https://a", "a host name without scheme"),
            ('hosts = "a"', "hosts", "a list of host names"),
            ("hosts = [1]", "hosts", "a list of host names"),
            ('hosts = {a = {region = "eu"}}', "hosts.a.environment", "one of product"),
            (
                'hosts = {a = {region = "EU", environment = "sandbox"}}',
                "hosts.a.region",
                "a short name",
            ),
            (
                'hosts = {a = {region = "eu-sandbox", environment = "production"}}',
                "hosts.a.region",
                "a short name",
            ),
            (
                'hosts = {a = {region = "eu", environment = "live"}}',
                "hosts.a.environment",
                "one of production, sandbox, loopback",
            ),
            (
                'hosts = ["agcod-v2-eu.amazon.com"]',
                "hosts.agcod-v2-eu.amazon.com",
                "a host name without scheme, port or path, and not one of Amazon's",
            ),
            ("[reference]\ntimeout_s = 61", "reference.timeout_s", "a number of sec"),
            ('[[contacts]]\ndoor = "urgent"', "contacts[0].address", "given"),
            ("contacts = 1", "contacts", "a list of tables"),
        ],
    )
    def test_what_cannot_be_names_the_setting_the_rule_and_the_file(
        self, text, setting, expected
    ):
        path = file_of(text)

        error = refusal(path)

        assert (error.setting, error.origin) == (setting, str(path))
        assert error.expected.startswith(expected)

    @pytest.mark.parametrize(
        "url",
        [
            "https://www.amazon.com/",
            "https://amazon.co.uk",
            "http://sub.amazon.com.au./x",
            "https://AWS.Amazon.de:8443",
            "https://s3.eu-west-1.amazonaws.com/x",
        ],
    )
    def test_a_reference_at_amazon_is_refused_and_says_why(self, url):
        error = refusal(env={"AGCOD_GUARD_REFERENCE_URL": url})

        assert error.setting == "reference.url"
        assert "outside Amazon: it tells whether our own way" in error.expected

    @pytest.mark.parametrize(
        "url",
        [
            "ftp://example.invalid",
            "example.invalid",
            "https://",
            "https://[::1",
            "https://a:99999",
            "https://a b",
            "https://ada:pw@example.invalid",
        ],
    )
    def test_a_reference_is_an_http_address_without_a_password(self, url):
        assert "http or https URL" in refusal(reference={"url": url}).expected

    def test_a_name_that_only_sounds_like_amazon_may_be_the_reference(self):
        for host in (
            "amazonia.example.invalid",
            "not-amazon.com",
            "amazon.example.org",
        ):
            url = f"https://{host}/"
            assert Settings.load(env={}, reference={"url": url}).reference.url == url

    def test_a_wrong_environment_value_names_its_variable(self):
        error = refusal(env={"AGCOD_GUARD_POLICY_HOLD_S": "soon"})

        assert str(error) == (
            "policy.hold_s is 'soon' (set in AGCOD_GUARD_POLICY_HOLD_S) but must be "
            "a number of seconds above 0 and at most 1000000000"
        )

    def test_values_that_contradict_each_other_name_where_both_were_set(self):
        env = {"AGCOD_GUARD_POLICY_FAILED": "3"}

        against_default = refusal(env=env)
        against_argument = refusal(env=env, policy={"suspect_failed": 4})

        assert against_default.setting == "policy.suspect_failed"
        assert against_default.origin == (
            "the default, against AGCOD_GUARD_POLICY_FAILED"
        )
        assert against_argument.origin == "an argument"

    def test_broken_toml_names_the_file_and_the_line(self):
        path = file_of('source = "a"\n[contact\n')

        error = refusal(path)

        assert (error.setting, error.origin) == ("the settings file", str(path))
        assert "line 2" in error.expected

    @pytest.mark.parametrize(
        "content",
        [
            b'source = "\xff"',
            b"x = " + b"[" * 5000,
            b"[policy]\nfailed = " + b"9" * 5000,
            b"[policy]\nfailed = 0x" + b"f" * 5000,
            b"# " + b"x" * 1_000_001,
        ],
        ids=["no UTF-8", "deep", "endless number", "endless hex", "huge"],
    )
    def test_a_hostile_file_is_an_ordinary_settings_error(self, content):
        Path("hostile.toml").write_bytes(content)

        assert "hostile.toml" in str(refusal("hostile.toml"))

    def test_a_file_with_a_mark_and_windows_lines_is_read(self):
        Path("win.toml").write_bytes(b'\xef\xbb\xbfsource = "a"\r\n')

        assert Settings.load("win.toml", {}).source == "a"

    def test_a_file_that_cannot_be_read_says_where_its_name_came_from(self):
        missing = refusal(env={"AGCOD_GUARD_SETTINGS": "/nowhere/guard.toml"})
        folder = refusal(Path.cwd())

        assert missing.origin == "AGCOD_GUARD_SETTINGS"
        assert "No such file" in missing.expected
        assert "Is a directory" in folder.expected

    def test_a_value_checks_itself_however_it_is_made(self):
        for make in (
            lambda: Contact(email="nobody"),
            lambda: Account(marketplace="GB"),
            lambda: Settings(hosts={"a:1": Endpoint("eu")}),
            lambda: Settings(source=""),
        ):
            with pytest.raises(SettingsError, match="set in an argument"):
                make()

    def test_two_spellings_of_one_host_cannot_mean_different_things(self):
        hosts = {name: Endpoint(region) for name, region in (("A", "eu"), ("a", "na"))}

        error = refusal(hosts=hosts)

        assert (error.setting, error.expected[:10]) == ("hosts.a", "given once")

    def test_a_secret_is_not_shown_in_the_error_about_it(self):
        nested = refusal(smtp={"token": "hunter2", "host": "mail"})
        in_url = refusal(reference={"url": "ftp://ada:hunter2@example.invalid"})
        by_name = refusal(env={"AGCOD_GUARD_SMTP_TOKEN": "hunter2"})

        for error in (nested, in_url, by_name):
            assert "hunter2" not in str(error)
            assert "***" in str(error)

    @given(
        overrides=st.dictionaries(
            st.sampled_from([*TOP, *TABLES, "nonsense"]),
            st.recursive(
                st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
                lambda inner: (
                    st.lists(inner, max_size=3)
                    | st.dictionaries(
                        st.sampled_from(["name", "url", "hold_s", "Acmes", "a"])
                        | st.text(),
                        inner,
                        max_size=3,
                    )
                ),
                max_leaves=6,
            ),
            max_size=3,
        )
    )
    def test_nothing_but_a_settings_error_is_ever_raised(self, overrides):
        with suppress(SettingsError):
            assert Settings.load(None, {}, **overrides).in_force()

    @given(st.binary(max_size=200))
    def test_no_file_raises_anything_but_a_settings_error(self, content):
        Path("any.toml").write_bytes(content)

        with suppress(SettingsError):
            assert Settings.load("any.toml", {}).in_force()


class TestFrozenValue:
    def test_settings_are_equal_hashed_and_pickled_by_what_they_say(self):
        one = Settings.load(file_of(FULL_FILE), {})
        other = Settings.load(None, {}, **vars_of(one))

        assert one == other
        assert hash(one) == hash(other)
        assert pickle.loads(pickle.dumps(one)) == one
        assert one.origins != other.origins

    def test_no_table_of_settings_can_be_changed(self):
        settings = Settings(hosts={"localhost": Endpoint("eu")})

        with pytest.raises(TypeError):
            settings.hosts["other"] = Endpoint("eu")

    def test_what_was_taken_once_is_taken_again_unchanged(self):
        settings = Settings.load(file_of(FULL_FILE), {})

        for name, kind in TOP.items():
            value = getattr(settings, name)
            if value is not None:
                assert kind.take(Given((name,), value, "test")) == value

    def test_every_knob_of_the_policy_is_a_setting(self):
        assert set(TABLES["policy"]) == {knob.name for knob in fields(OutagePolicy)}

    def test_no_two_settings_share_a_name_in_the_environment(self):
        names = [field.env_name for field in FIELDS.values()]

        assert len(set(names)) == len(names)


def vars_of(settings: Settings) -> dict[str, object]:
    return {
        name: getattr(settings, name)
        for name in (*TOP, *TABLES)
        if name not in {"live_armed"}
    }


class TestWhatIsInForce:
    def test_each_setting_is_listed_with_its_value_and_origin(self):
        path = file_of('[contact]\nname = "Ada Example"\n[policy]\nhold_s = 60')
        env = {"AGCOD_GUARD_HOSTS": "localhost", "AGCOD_GUARD_PAGE_MODE": "ask"}

        listed = Settings.load(
            path, env, accounts={"Acmes": {"marketplace": "UK"}}
        ).in_force()

        assert {
            ("contact.name", "Ada Example", str(path)),
            ("contact.phone", "not set", "the default"),
            ("policy.hold_s", "60.0", str(path)),
            ("policy.failed", "10", "the default"),
            ("hosts.localhost", "local-loopback", "AGCOD_GUARD_HOSTS"),
            ("page.mode", "ask", "AGCOD_GUARD_PAGE_MODE"),
            ("accounts.Acmes.marketplace", "UK", "an argument"),
            ("fleet.single_host", "false", "the default"),
            (
                "contacts.urgent.1",
                "amazon-agcod-partner-urgent@amazon.com",
                "the default",
            ),
        } <= set(listed)

    def test_an_address_of_the_partners_own_shows_where_it_was_set(self):
        path = file_of(FULL_FILE)

        listed = Settings.load(path, {}).in_force()

        row = ("contacts.operations.PL", "pl-gc@amazon.com", str(path))
        assert row in listed

    def test_what_a_packet_still_needs_is_named_as_it_must_be_set(self):
        settings = Settings.load(
            env={}, contact={"phone": "+1 206 000 0000"}, accounts={"Acmes": {}}
        )

        assert settings.missing_for_packet("Acmes") == [
            "contact.name",
            "contact.email",
            "accounts.Acmes.marketplace",
        ]
        assert Settings.load(file_of(FULL_FILE), {}).missing_for_packet("Acmes") == []


def documented_table() -> str:
    default = {
        name: value for name, value, _ in Settings(data_dir="/x", source="x").in_force()
    } | {
        "data_dir": "under the user's state folder",
        "source": "this machine's name",
        "contacts": "as shipped",
    }
    rows = [
        f"| `{field.name}` "
        f"| {f'`{field.env_name}`' if 'the environment' in field.places else ''} "
        f"| {default[field.name]} | {field.kind.expected} |"
        for field in FIELDS.values()
    ]
    head = [
        "| setting | environment | default | must be |",
        "| --- | --- | --- | --- |",
    ]
    return "\n".join([*head, *rows])


def test_the_table_in_the_documentation_is_that_of_the_code():
    table = documented_table()

    assert table in (DOCS / "settings.md").read_text("utf-8"), table


def test_the_example_in_the_documentation_is_a_settings_file_that_loads():
    text = (DOCS / "settings.md").read_text("utf-8")
    example = text.partition("```toml\n")[2].partition("```")[0]

    settings = Settings.load(file_of(example), {})

    assert settings.missing_for_packet("Acmes") == []
