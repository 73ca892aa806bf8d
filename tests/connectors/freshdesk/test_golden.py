"""What the vendor sends, and what the mapping makes of it; the expected rows were read against the vendor's docs."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

from deskferry.connectors.freshdesk.read import MAPS
from deskferry.connectors.kit.explain import explain
from deskferry.connectors.kit.mapper import Mapper
from deskferry.connectors.kit.mapping import Context

_FILE = Path(__file__).parents[2] / "golden" / "rewrite.py"
_SPEC = importlib.util.spec_from_file_location("golden_rewrite", _FILE)
assert _SPEC is not None
assert _SPEC.loader is not None
golden = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(golden)

CONTEXT = Context("gold", "freshdesk", "https://acme.freshdesk.com")


def test_signed_links_and_last_logins_are_no_change() -> None:
    ticket = golden.load(_FILE.parent / "freshdesk" / "tickets.raw.json")["ticket"][0]
    mapper = Mapper(MAPS["ticket"], CONTEXT)
    moved = json.loads(json.dumps(ticket).replace("X-Amz-Signature=abc", "X-Amz-Signature=xyz"))
    assert moved != ticket
    assert mapper.raw_hash(ticket) == mapper.raw_hash(moved)
    agent = golden.load(_FILE.parent / "freshdesk" / "people.raw.json")["user"][2]
    later = {**agent, "available": False, "contact": {**agent["contact"], "last_login_at": None}}
    mapper = Mapper(MAPS["user"], CONTEXT)
    assert mapper.raw_hash(agent) == mapper.raw_hash(later)
    assert mapper.raw_hash(agent) != mapper.raw_hash({**agent, "signature": "x"})


def test_explain_tells_how_a_status_came_about() -> None:
    ticket = golden.load(_FILE.parent / "freshdesk" / "tickets.raw.json")["ticket"][0]
    by_field = {one.field: one for one in explain(MAPS["ticket"], CONTEXT, ticket, "ticket", "gold:ticket:42")}
    assert (by_field["status"].converter, by_field["status"].result) == ("status", "closed")
    assert by_field["source_url"].result == "https://acme.freshdesk.com/a/tickets/42"
