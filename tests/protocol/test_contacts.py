import tomllib
from datetime import date
from pathlib import Path

import pytest

import agcod_guard.protocol
from agcod_guard.errors import SettingsError
from agcod_guard.protocol.contacts import Contact, Contacts, contacts_from
from agcod_guard.protocol.endpoints import MARKETPLACES
from agcod_guard.protocol.failures import Door

SHIPPED = Path(agcod_guard.protocol.__file__).with_name("contacts.toml")
ROW = {"door": "integration", "address": "team@example.invalid", "source": "us"}


@pytest.fixture(scope="module")
def shipped() -> Contacts:
    return contacts_from(tomllib.loads(SHIPPED.read_text()), origin="contacts.toml")


def refusal(**changes: object) -> str:
    with pytest.raises(SettingsError) as refused:
        contacts_from({"contact": [ROW | changes]}, origin="mine.toml")
    return str(refused.value)


def test_the_pager_has_its_three_tiers(shipped):
    addresses = [shipped.tier(number).address for number in (1, 2, 3)]

    assert addresses == [
        f"amazon-agcod-partner-urgent{suffix}@amazon.com"
        for suffix in ("", "-t2", "-t3")
    ]


def test_every_marketplace_has_a_row_with_a_source(shipped):
    for marketplace in MARKETPLACES:
        contact = shipped.operations(marketplace.code)
        assert contact.marketplace == marketplace.code
        assert contact.source in {"S0", "S1", "A-OUT"}


@pytest.mark.parametrize("code", ["PL", "BE", "ZA"])
def test_where_no_operations_team_is_listed_the_row_says_who_stands_in(shipped, code):
    contact = shipped.operations(code)

    assert contact.address == shipped.integration().address
    assert "no operations team" in contact.note


def test_china_stands_with_a_note_and_no_date(shipped):
    contact = shipped.operations("CN")

    assert "dropped" in contact.note
    assert contact.as_of is None


def test_a_marketplace_nobody_knows_goes_to_the_integration_team(shipped):
    assert shipped.operations("XX") == shipped.integration()


def test_the_partners_own_row_replaces_the_shipped_one(shipped):
    row = ROW | {"door": "operations", "marketplace": "UK", "as_of": date(2026, 1, 2)}
    own = contacts_from({"contact": [row]}, origin="mine.toml")

    merged = shipped.replaced_by(own)

    assert merged.operations("UK") == Contact(
        door=Door.OPERATIONS,
        marketplace="UK",
        address="team@example.invalid",
        source="us",
        as_of=date(2026, 1, 2),
    )
    assert len(merged.rows) == len(shipped.rows)


def test_a_new_integration_team_also_stands_in_where_no_operations_team_is(shipped):
    own = contacts_from({"contact": [ROW]}, origin="mine.toml")

    merged = shipped.replaced_by(own)

    for code in ("PL", "BE", "ZA"):
        assert merged.operations(code).address == ROW["address"]
        assert merged.operations(code).source == "us"
    assert merged.operations("UK") == shipped.operations("UK")


@pytest.mark.parametrize(
    "domain",
    [
        "giftcards.amazon.com.rproxy.goskope.com",
        "giftcards.amazon.com.RPROXY.goskope.com",
        "amazon.com.proxy.example",
        "amazon.co.uk.mcas.ms",
    ],
)
def test_an_address_that_a_web_proxy_rewrote_is_refused_and_explained(domain):
    said = refusal(address=f"team@{domain}")

    assert "web proxy" in said
    assert "mine.toml" in said


@pytest.mark.parametrize("domain", ["amazon.com.au", "amazon.co.jp", "amazon.com"])
def test_amazons_own_domains_pass(domain):
    contacts_from({"contact": [ROW | {"address": f"a@{domain}"}]}, origin="mine.toml")


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"door": "reception"}, "door"),
        ({"address": "nobody"}, "address"),
        ({"address": "a@b..example"}, "address"),
        ({"address": "a@b.example."}, "address"),
        ({"address": 7}, "address"),
        ({"phone": "+1"}, "phone"),
        ({"tier": 1}, "tier"),
        ({"door": "urgent", "tier": 4}, "tier"),
        ({"door": "urgent", "tier": True}, "tier"),
        ({"door": "operations"}, "marketplace"),
        ({"marketplace": "UK"}, "marketplace"),
        ({"as_of": "2022"}, "as_of"),
    ],
)
def test_a_wrong_row_is_named_with_its_key(changes, named):
    assert f"contact[0].{named}" in refusal(**changes)


def test_a_missing_key_is_named():
    with pytest.raises(SettingsError, match=r"contact\[0\]\.source"):
        contacts_from(
            {"contact": [{"door": "integration", "address": "a@example.invalid"}]},
            origin="mine.toml",
        )


@pytest.mark.parametrize("rows", [{}, ["row"]])
def test_what_is_no_list_of_tables_is_refused(rows):
    with pytest.raises(SettingsError, match="table"):
        contacts_from({"contact": rows}, origin="mine.toml")
