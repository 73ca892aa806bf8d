"""JSON Schemas: in step with the tables, and right about records."""

import json
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from jsonschema import Draft202012Validator

from deskferry.canonical_schema import TABLES, column_names
from deskferry.canonical_schema.json_schema import FOLDER, load_schema, schema_text, write_documents
from deskferry.canonical_schema.json_shapes import SHAPES

RECORD = {
    "id": "old:x:1",
    "connection": "old",
    "vendor": "zendesk",
    "source_object": "x",
    "source_id": "1",
    "created_at": "2026-01-02T03:04:05.123456Z",
}
REQUIRED_PARTS: dict[str, dict[str, Any]] = {
    "attachment": {},
    "sla_policy": {},
    "message": {"ticket_id": "old:ticket:1"},
    "custom_field": {"kind": "ticket", "key": "a"},
    "interaction": {},
    "vendor_metric": {"ticket_id": "old:ticket:1", "name": "n", "value": 1.5},
    "tagging": {"kind": "ticket", "record_id": "old:ticket:1", "tag": "vip"},
}


def accepts(kind: str, /, **values: Any) -> bool:
    """Return the verdict, on which the fast and the plain validator must agree."""
    record = {**RECORD, **REQUIRED_PARTS.get(kind, {}), **values}
    schema = load_schema(kind)
    fast = jsonschema_rs.Draft202012Validator(schema, validate_formats=True).is_valid(record)
    checker = Draft202012Validator.FORMAT_CHECKER
    plain = Draft202012Validator(schema, format_checker=checker).is_valid(record)
    assert plain or not fast, "the plain one explains, so it must not be stricter without the fast one"
    return fast


@pytest.mark.parametrize("kind", TABLES)
def test_documents_are_in_step_and_legal(kind: str) -> None:
    assert (FOLDER / f"{kind}.json").read_text(encoding="utf-8") == schema_text(kind), (
        "run: python -m deskferry.canonical_schema.json_schema"
    )
    schema = load_schema(kind)
    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert tuple(schema["properties"]) == column_names(kind)
    assert schema["additionalProperties"] is False


def test_no_document_is_left_over(tmp_path: Path) -> None:
    assert {path.stem for path in FOLDER.glob("*.json")} == set(TABLES)
    (tmp_path / "gone.json").write_text("{}")
    write_documents(tmp_path)
    assert {path.stem for path in tmp_path.iterdir()} == set(TABLES)


def test_an_unknown_kind_is_refused() -> None:
    with pytest.raises(KeyError, match="no kind"):
        load_schema("tickets")


EXAMPLES: list[tuple[str, str, Any]] = [
    ("person", "emails", [{"value": "a@x.org", "type": "work", "primary": True, "verified": None}]),
    ("person", "phones", [{"value": "+1", "type": "work", "primary": True, "verified": None}]),
    ("person", "identities", [{"type": "twitter", "value": "@a", "name": None}]),
    ("message", "to_addresses", [{"address": "a@x.org", "name": "A"}]),
    ("schedule", "intervals", [{"day": "mon", "start": "09:00", "end": "17:30"}]),
    ("schedule", "intervals", [{"day": "sun", "start": "00:00", "end": "24:00"}]),
    ("schedule", "holidays", [{"name": "…", "start": "2026-12-25", "end": "2026-12-26"}]),
    (
        "sla_policy",
        "targets",
        [{"metric": "first_reply_time", "priority": "high", "seconds": 3600, "business_hours": True}],
    ),
    ("custom_field", "options", [{"value": "a", "label": "A", "active": True}]),
    ("organization", "domains", ["x.org"]),
    ("ticket", "custom_fields", {"1": "a", "b": None}),
    ("ticket", "status", "on_hold"),
    ("ticket", "status", None),
    ("ticket", "created_at", None),
    ("attachment", "fetch_state", "refused"),
    ("attachment", "size", 2**40),
    ("interaction", "outcome", "callback"),
    ("article", "visibility", "signed_in"),
    ("organization", "deletion_evidence", "404"),
    ("vendor_metric", "value", 0),
    ("tagging", "tag", "ñ 日本"),
]


@pytest.mark.parametrize(("kind", "column", "value"), EXAMPLES)
def test_what_is_right_is_accepted(kind: str, column: str, value: Any) -> None:
    assert accepts(kind, **{column: value})


@pytest.mark.parametrize(
    ("kind", "column", "value"),
    [
        ("person", "emails", [{"value": "a@x.org", "surprise": 1}]),
        ("person", "emails", [{"type": "work"}]),
        ("person", "emails", ["a@x.org"]),
        ("person", "role", "boss"),
        ("message", "to_addresses", [{"name": "A"}]),
        ("schedule", "intervals", [{"day": "monday", "start": "09:00", "end": "17:30"}]),
        ("schedule", "intervals", [{"day": "mon", "start": "9:00", "end": "17:30"}]),
        ("schedule", "intervals", [{"day": "mon", "start": "09:00", "end": "25:00"}]),
        ("schedule", "holidays", [{"name": "…", "start": "25.12.2026", "end": "2026-12-26"}]),
        ("schedule", "holidays", [{"name": "…", "start": "2026-12-25"}]),
        ("sla_policy", "targets", [{"metric": "first_reply_time", "seconds": "3600"}]),
        ("custom_field", "options", [{"label": "A"}]),
        ("custom_field", "type", "dropdown"),
        ("organization", "domains", "x.org"),
        ("ticket", "custom_fields", []),
        ("ticket", "status", "resolved"),
        ("ticket", "is_spam", 0),
        ("ticket", "number", 7),
        ("ticket", "created_at", "yesterday"),
        ("ticket", "surprise", 1),
        ("ticket", "id", None),
        ("attachment", "size", 1.5),
        ("attachment", "fetch_state", "lost"),
        ("interaction", "outcome", "lost"),
        ("vendor_metric", "value", None),
        ("tagging", "kind", "tickets"),
        ("organization", "deletion_evidence", 404),
    ],
)
def test_what_is_wrong_is_refused(kind: str, column: str, value: Any) -> None:
    assert accepts(kind), "the record is right but for this value"
    assert not accepts(kind, **{column: value})


@pytest.mark.parametrize("missing", ["id", "connection", "vendor", "source_object", "source_id"])
def test_keys_are_required(missing: str) -> None:
    record = {key: value for key, value in RECORD.items() if key != missing}
    assert not jsonschema_rs.Draft202012Validator(load_schema("team")).is_valid(record)


def test_what_the_store_fills_may_be_absent() -> None:
    assert "content_hash" not in RECORD
    assert accepts("ticket")


@pytest.mark.parametrize("shape", SHAPES, ids=lambda shape: shape.name)
def test_the_examples_of_the_reference_fit_their_shapes(shape: Any) -> None:
    schema = json.loads(json.dumps(dict(shape.schema)))
    Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(shape.example)
