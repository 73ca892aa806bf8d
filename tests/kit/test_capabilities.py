"""Capabilities: every kind has an answer, absence has its cause, and refusal costs no call."""

from __future__ import annotations

import orjson
import pytest

from deskferry.canonical_schema.enums import Kind
from deskferry.connectors.kit.capabilities import (
    Ability,
    Both,
    Capabilities,
    Support,
    not_yet,
    partly,
    same,
    vendor_cannot,
    yes,
)
from deskferry.errors import CapabilityError

ACME = Capabilities(
    vendor="acme",
    kinds={
        **same((Kind.TICKET, Kind.MESSAGE), yes(), partly("without times")),
        "macro": Both(yes(), vendor_cannot("its API only reads them")),
        "article": Both(not_yet("planned"), not_yet("planned")),
    },
    rest=Both(vendor_cannot("no such thing"), vendor_cannot("no such thing")),
    keeps_created_at=vendor_cannot("the server sets it"),
    keeps_author=yes(),
    writes_silently=partly("with notifications off"),
    appends_silently=yes(),
    finds_by_origin=yes("external id"),
    keeps_threading=vendor_cannot("no message ids"),
    search_lag=120,
    list_caps={"tickets": 30_000},
    plan_gated={"surveys": "Pro"},
    rollback_leaves=("trashed tickets",),
)


def test_what_can_be_done_passes() -> None:
    ACME.refuse_before_http("ticket", "read")
    ACME.refuse_before_http("message", "write")
    assert ACME.kinds_of("write") == ("ticket", "message")
    assert ACME.kinds_of("read") == ("macro", "ticket", "message")


@pytest.mark.parametrize(
    ("kind", "direction", "says"),
    [
        ("macro", "write", "macro cannot be written to acme (vendor cannot: its API only reads them)"),
        ("article", "read", "article cannot be read from the connector of acme (not yet: planned)"),
        ("interaction", "read", "no such thing"),
        ("tickets", "read", "There is no kind 'tickets'"),
    ],
)
def test_what_cannot_be_done_is_refused_with_its_cause(kind: str, direction: str, says: str) -> None:
    with pytest.raises(CapabilityError) as caught:
        ACME.refuse_before_http(kind, "read" if direction == "read" else "write")
    assert says in str(caught.value)
    assert caught.value.exit_code == 2


def test_absence_needs_a_cause() -> None:
    with pytest.raises(ValueError, match="needs its cause"):
        Ability(Support.PARTLY)
    with pytest.raises(ValueError, match="no such kinds: tickets"):
        Capabilities("acme", {"tickets": Both(yes(), yes())}, Both(yes(), yes()), *[yes()] * 6)


def test_rows_and_json_name_every_kind() -> None:
    table = ACME.to_rows()
    assert [row["kind"] for row in table] == [kind.value for kind in Kind]
    macro = next(row for row in table if row["kind"] == "macro")
    assert macro == {
        "vendor": "acme",
        "kind": "macro",
        "read": "yes",
        "read_note": "",
        "write": "vendor cannot",
        "write_note": "its API only reads them",
    }
    document = orjson.loads(orjson.dumps(ACME.to_json()))
    assert document["traits"]["keeps_created_at"] == {"support": "vendor cannot", "note": "the server sets it"}
    assert (document["search_lag"], document["list_caps"]) == (120, {"tickets": 30_000})


def test_abilities_read_as_what_they_are() -> None:
    assert bool(yes())
    assert bool(partly("a"))
    assert not vendor_cannot("a")
    assert not not_yet("a")
    assert (str(yes()), str(partly("only text"))) == ("yes", "partly: only text")
