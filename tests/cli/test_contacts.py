import io
import json

import click
import pytest

from agcod_guard.cli.contacts import show_contacts
from agcod_guard.protocol.contacts import contacts_from
from agcod_guard.settings.contacts import shipped_contacts


def told(contacts, **how):
    out = io.StringIO()
    assert show_contacts(contacts, out, as_json=True, **how) == 0
    return json.loads(out.getvalue())["contacts"]


def test_every_address_comes_with_its_source_and_date():
    found = told(shipped_contacts())

    assert len(found) == len(shipped_contacts().rows)
    assert found[0] == {
        "door": "urgent",
        "tier": 1,
        "marketplace": None,
        "address": "amazon-agcod-partner-urgent@amazon.com",
        "source": "A-OUT",
        "as_of": "2022-12-16",
        "note": "",
        "own": False,
    }


def test_a_marketplace_is_shown_with_the_doors_that_all_share():
    doors = [each["door"] for each in told(shipped_contacts(), marketplace="de")]

    assert doors == ["urgent", "urgent", "urgent", "integration", "operations"]


def test_an_address_of_the_settings_is_told_apart():
    own = {
        "door": "operations",
        "marketplace": "UK",
        "address": "ours@example.invalid",
        "source": "our account manager",
    }
    contacts = shipped_contacts().replaced_by(
        contacts_from({"contact": [own]}, origin="a test")
    )

    (row,) = [each for each in told(contacts) if each["own"]]
    assert row["address"] == "ours@example.invalid"
    assert row["as_of"] is None


def test_a_marketplace_that_is_none_is_refused_with_those_there_are():
    with pytest.raises(click.BadParameter, match=r"'XX' is none of AU, BE"):
        show_contacts(shipped_contacts(), io.StringIO(), marketplace="XX")


def test_as_typed_the_table_says_what_is_odd(run):
    done = run("contacts", "--marketplace", "CN")

    assert done.exit_code == 0
    assert "undated     only in the older, undated list; dropped since" in done.output
