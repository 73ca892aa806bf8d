"""What the vendor sends, and what the mapping makes of it; the expected rows were read against the vendor's docs."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import jsonschema_rs
import pytest

import deskferry.canonical_schema
from deskferry.connectors.freshdesk import CONNECTOR
from deskferry.connectors.freshdesk.read import MAPS
from deskferry.connectors.kit.mapping import Context, Coverage, Mapper, explain

_FILE = Path(__file__).parents[2] / "golden" / "rewrite.py"
_SPEC = importlib.util.spec_from_file_location("golden_rewrite", _FILE)
assert _SPEC is not None
assert _SPEC.loader is not None
golden = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(golden)

CASES = golden.cases("freshdesk")
SCHEMAS = Path(deskferry.canonical_schema.__file__).parent / "json"
CONTEXT = Context("gold", "freshdesk", "https://acme.freshdesk.com")


@pytest.mark.parametrize("raw", CASES, ids=lambda raw: raw.name)
def test_the_mapping_makes_the_expected_rows(raw: Path) -> None:
    expected = json.loads(golden.expected_file(raw).read_text(encoding="utf-8"))
    assert golden.rows_of(CONNECTOR, raw) == expected, "python tests/golden/rewrite.py freshdesk"


def test_every_object_has_a_golden_payload() -> None:
    assert {name for raw in CASES for name in golden.load(raw)} == set(MAPS)


@pytest.mark.parametrize("raw", CASES, ids=lambda raw: raw.name)
def test_every_key_is_accounted_for(raw: Path) -> None:
    unknown = {}
    for name, payloads in golden.load(raw).items():
        coverage = Coverage(MAPS[name])
        for payload in payloads:
            coverage.add(payload)
        unknown[name] = [path for path, what, _reason, _count in coverage.report() if what == "unknown"]
    assert not any(unknown.values()), unknown


@pytest.mark.parametrize("raw", CASES, ids=lambda raw: raw.name)
def test_rows_satisfy_the_json_schema(raw: Path) -> None:
    common = {"connection": "gold", "vendor": "freshdesk", "content_hash": "0" * 32, "synced_at": golden.NOW}
    for kind, found in golden.rows_of(CONNECTOR, raw).items():
        validator = jsonschema_rs.validator_for(json.loads((SCHEMAS / f"{kind}.json").read_text(encoding="utf-8")))
        for row in found:
            problems = [problem.message for problem in validator.iter_errors({**row, **common})]
            assert not problems, (row["id"], problems)


def test_ids_of_a_case_are_distinct() -> None:
    for raw in CASES:
        for kind, found in golden.rows_of(CONNECTOR, raw).items():
            ids = [row["id"] for row in found]
            assert len(ids) == len(set(ids)), kind


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
