"""Links between records: what is recognised in a text, and what is written anew."""

from __future__ import annotations

import pytest

from deskferry.connectors.freshdesk.settings import ADDRESSES as FRESHDESK
from deskferry.connectors.kit.links import Addresses, Link, LinkedText, NewAddresses, linked
from deskferry.connectors.zendesk.settings import ADDRESSES as ZENDESK

OLD = Addresses("https://acme.zendesk.com", ZENDESK, ["127.0.0.1:8080"])
NEW = Addresses("https://acme.freshdesk.com", FRESHDESK)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("https://acme.zendesk.com/agent/tickets/42", ("ticket", "42", "")),
        ("see http://ACME.zendesk.com/agent/tickets/42.", ("ticket", "42", ".")),
        ("https://acme.zendesk.com/agent/tickets/42/", ("ticket", "42", "/")),
        ("(https://acme.zendesk.com/hc/en-us/requests/42)", ("ticket", "42", ")")),
        ("https://acme.zendesk.com/hc/requests/42?page=2#c9 and", ("ticket", "42", " and")),
        ("https://acme.zendesk.com/hc/es/articles/360012-Título-de", ("article", "360012", "")),
        ("https://acme.zendesk.com/agent/users/7/tickets", ("person", "7", "/tickets")),
        ("https://127.0.0.1:8080/agent/tickets/42", ("ticket", "42", "")),
    ],
)
def test_links_are_recognised(text: str, found: tuple[str, str, str]) -> None:
    (one,) = OLD.find(text)
    assert (one.kind, one.source_id, text[one.end :]) == found


@pytest.mark.parametrize(
    "text",
    [
        "https://other.zendesk.com/agent/tickets/42",
        "https://acme.zendesk.com.evil.example/agent/tickets/42",
        "https://acme.zendesk.com/agent/tickets/new",
        "https://acme.zendesk.com/attachments/token/42/?name=x",
        "ticket #42",
        "acme.zendesk.com/agent/tickets/42",
    ],
)
def test_what_is_no_link_to_a_record_stays(text: str) -> None:
    assert linked(text, "old", OLD) == text


def test_new_addresses_are_told_as_far_as_known() -> None:
    text = '<a href="https://acme.zendesk.com/agent/tickets/1">one</a> https://acme.zendesk.com/agent/tickets/2, end'
    made = linked(text, "old", OLD)
    assert isinstance(made, LinkedText)
    assert [link.record_id for link in made.links()] == ["old:ticket:1", "old:ticket:2"]
    told = NewAddresses(NEW, {"old:ticket:1": "901"}.__getitem__)
    assert made.told(told) == (
        '<a href="https://acme.freshdesk.com/a/tickets/901">one</a> https://acme.zendesk.com/agent/tickets/2, end'
    )
    assert told.left == ["old:ticket:2"]


def test_a_kind_without_a_page_keeps_its_old_address() -> None:
    bare = Addresses("https://x.example", ())
    assert bare.url("ticket", "1") is None
    assert NewAddresses(bare, lambda _record: "1")(Link("old:ticket:1", "ticket", "u")) is None
    assert list(bare.find("https://x.example/tickets/1")) == []
