import pytest
from hypothesis import given
from hypothesis import strategies as st

from agcod_guard.call import Endpoint, Environment
from agcod_guard.protocol.endpoints import (
    HOSTS,
    MARKETPLACES,
    SIGNING_REGIONS,
    endpoint_of,
    host_of,
    marketplaces_of,
)

EU = Endpoint("eu")
anything = st.one_of(st.none(), st.integers(), st.text(), st.binary())


class Unspeakable:
    def __str__(self):
        raise RuntimeError("no text")


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("agcod-v2.amazon.com", "na"),
        ("agcod-v2-gamma.amazon.com", "na-sandbox"),
        ("agcod-v2-eu.amazon.com", "eu"),
        ("agcod-v2-eu-gamma.amazon.com", "eu-sandbox"),
        ("agcod-v2-fe.amazon.com", "fe"),
        ("agcod-v2-fe-gamma.amazon.com", "fe-sandbox"),
        ("agcod-v2.amazon.co.uk", "eu"),
        ("agcod-v2-gamma.amazon.co.uk", "eu-sandbox"),
        ("agcod-v2.amazon.co.jp", "fe"),
        ("agcod-v2-gamma.amazon.co.jp", "fe-sandbox"),
    ],
)
def test_every_host_of_amazon_is_known(host, name):
    assert str(endpoint_of(host)) == name


@pytest.mark.parametrize(
    "host",
    [
        "AGCOD-V2-EU.Amazon.COM",
        "agcod-v2-eu.amazon.com.",
        "agcod-v2-eu.amazon.com:443",
        " agcod-v2-eu.amazon.com.:443",
    ],
)
def test_case_trailing_dot_and_port_do_not_hide_a_host(host):
    assert endpoint_of(host) == EU


@pytest.mark.parametrize(
    "host",
    [
        "",
        "amazon.com",
        "x.agcod-v2.amazon.com",
        "agcod-v2.amazon.com.example.invalid",
        "agcod-v2-us.amazon.com",
    ],
)
def test_a_foreign_host_is_no_agcod(host):
    assert endpoint_of(host) is None


def test_the_settings_names_go_before_amazons():
    drill = Endpoint("eu", Environment.LOOPBACK)
    hosts = {"127.0.0.1": drill, "::1": drill, "agcod-v2-eu.amazon.com": drill}

    assert endpoint_of("127.0.0.1:8443", hosts) == drill
    assert endpoint_of("[::1]:8443", hosts) == drill
    assert endpoint_of("agcod-v2-eu.amazon.com", hosts) == drill
    assert endpoint_of("agcod-v2.amazon.com", hosts) == Endpoint("na")


@pytest.mark.parametrize(
    ("url", "host"),
    [
        ("https://agcod-v2-eu.amazon.com/CreateGiftCard", "agcod-v2-eu.amazon.com"),
        ("HTTPS://Agcod-V2-EU.amazon.com.:443?x=/", "agcod-v2-eu.amazon.com"),
        (b"https://127.0.0.1:8443/CreateGiftCard", "127.0.0.1"),
        ("https://[::1]:8443/CreateGiftCard", "::1"),
        ("https://agcod-v2.amazon.com@example.invalid/", "example.invalid"),
        ("https://example.invalid\\@agcod-v2.amazon.com/", "example.invalid"),
        ("https://example.invalid#@agcod-v2.amazon.com/", "example.invalid"),
        ("/CreateGiftCard", ""),
        ("mailto:a@example.invalid", ""),
        (None, ""),
        (Unspeakable(), ""),
    ],
)
def test_the_host_of_a_url_is_the_one_that_is_connected_to(url, host):
    assert host_of(url) == host


@given(url=anything)
def test_the_host_of_anything_is_text(url):
    assert isinstance(host_of(url), str)


def test_the_far_east_signs_with_an_american_region():
    assert SIGNING_REGIONS == {"na": "us-east-1", "eu": "eu-west-1", "fe": "us-west-2"}


def test_only_production_hosts_can_concern_the_pager():
    for host in HOSTS:
        sandbox = host.endpoint.environment is Environment.SANDBOX
        assert sandbox == ("-gamma." in host.name)


@pytest.mark.parametrize(
    ("currency", "region", "codes"),
    [
        ("GBP", "eu", ("UK",)),
        ("AED", "eu", ("UAE",)),
        ("JPY", "fe", ("JP",)),
        ("EUR", "eu", ("DE", "FR", "IT", "ES", "NL", "BE")),
        ("EUR", "na", ()),
        ("XXX", "eu", ()),
    ],
)
def test_a_currency_names_the_marketplaces_of_its_region(currency, region, codes):
    assert marketplaces_of(currency, region) == codes


def test_marketplaces_bear_amazons_codes_and_not_isos():
    differing = {m.code: m.iso for m in MARKETPLACES if m.code != m.iso}

    assert differing == {"UK": "GB", "UAE": "AE", "KSA": "SA"}
