import pytest
from hypothesis import given
from hypothesis import strategies as st

from agcod_guard.protocol.addresses import (
    host_and_port,
    origin_of,
    proxy_address,
    usual_origin,
)


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://agcod-v2.amazon.com/CreateGiftCard", "https://agcod-v2.amazon.com:443"),
        ("HTTP://127.0.0.1:8080/CreateGiftCard", "http://127.0.0.1:8080"),
        ("http://[::1]:81/", "http://[::1]:81"),
        ("https://someone:secret@stand-in.example.invalid/x", "https://stand-in.example.invalid:443"),
        ("ftp://stand-in.example.invalid/", ""),
        ("no url", ""),
        (None, ""),
    ],
)  # fmt: skip
def test_an_origin_is_scheme_host_and_port_and_nothing_else(url, origin):
    assert origin_of(url) == origin


@pytest.mark.parametrize(
    ("proxy", "address"),
    [
        ("http://someone:secret@example.invalid:3128", "example.invalid:3128"),
        ("proxy.example.invalid:3128", "proxy.example.invalid:3128"),
        ("https://proxy.example.invalid", "proxy.example.invalid:443"),
        ("10.1.2.3", "10.1.2.3:80"),
        ("socks5h://proxy.example.invalid/", "proxy.example.invalid:1080"),
        ("someone:se/cret@proxy.example.invalid:1", ""),
        ("proxy.example.invalid:70000", ""),
    ],
)  # fmt: skip
def test_a_proxys_address_is_host_and_port_and_never_who_may_use_it(proxy, address):
    assert proxy_address(proxy) == address


@given(st.text(max_size=80), st.sampled_from(["", "http://", "https://a:b@"]))
def test_what_is_read_as_an_address_can_be_taken_apart(text, scheme):
    for address in (origin_of(scheme + text), proxy_address(scheme + text)):
        if address:
            host, port = host_and_port(address)
            assert host
            assert 0 < port < 65_536


def test_amazons_own_origins_are_known_by_endpoint():
    assert usual_origin("eu") == "https://agcod-v2-eu.amazon.com:443"
    assert usual_origin("na-sandbox") == "https://agcod-v2-gamma.amazon.com:443"
    assert usual_origin("eu-loopback") == ""
