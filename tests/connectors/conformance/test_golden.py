"""Every connector: what the vendor sends, and what the mapping makes of it; the expected rows were read by eye."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import jsonschema_rs
import pytest

import deskferry.canonical_schema
from deskferry.connectors.kit.contract import Connector
from deskferry.connectors.kit.coverage import Coverage
from tests.connectors.conformance.subjects import VENDORS

_FILE = Path(__file__).parents[2] / "golden" / "rewrite.py"
_SPEC = importlib.util.spec_from_file_location("golden_rewrite", _FILE)
assert _SPEC is not None
assert _SPEC.loader is not None
golden = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(golden)

CASES = [(vendor, raw) for vendor in VENDORS for raw in golden.cases(vendor.name)]
SCHEMAS = Path(deskferry.canonical_schema.__file__).parent / "json"
each_case = pytest.mark.parametrize(("vendor", "raw"), CASES, ids=lambda one: one.name.removesuffix(".raw.json"))


@each_case
def test_the_mapping_makes_the_expected_rows(vendor: Connector, raw: Path) -> None:
    expected = json.loads(golden.expected_file(raw).read_text(encoding="utf-8"))
    assert golden.rows_of(vendor, raw) == expected, f"python tests/golden/rewrite.py {vendor.name}"


@pytest.mark.parametrize("vendor", VENDORS, ids=lambda one: one.name)
def test_every_object_has_a_golden_payload(vendor: Connector) -> None:
    assert {name for raw in golden.cases(vendor.name) for name in golden.load(raw)} == set(vendor.maps)


@each_case
def test_every_key_is_accounted_for(vendor: Connector, raw: Path) -> None:
    unknown = {}
    for name, payloads in golden.load(raw).items():
        coverage = Coverage(vendor.maps[name])
        for payload in payloads:
            coverage.add([payload])
        unknown[name] = [path for path, what, _reason, _count in coverage.report() if what == "unknown"]
    assert not any(unknown.values()), unknown


@each_case
def test_rows_satisfy_the_json_schema(vendor: Connector, raw: Path) -> None:
    common = {"connection": "gold", "vendor": vendor.name, "content_hash": "0" * 32, "synced_at": golden.NOW}
    for kind, found in golden.rows_of(vendor, raw).items():
        validator = jsonschema_rs.validator_for(json.loads((SCHEMAS / f"{kind}.json").read_text(encoding="utf-8")))
        for row in found:
            problems = [problem.message for problem in validator.iter_errors({**row, **common})]
            assert not problems, (row["id"], problems)


@each_case
def test_no_record_tells_a_row_twice(vendor: Connector, raw: Path) -> None:
    for kind, found in golden.rows_of(vendor, raw).items():
        ids = [(row["id"], row["raw_record_id"]) for row in found]
        assert len(ids) == len(set(ids)), kind
