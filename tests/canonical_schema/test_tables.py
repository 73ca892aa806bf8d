"""The tables against a contract that is written here by hand."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, inspect
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateTable

from deskferry.canonical_schema import (
    ENGINE_COLUMNS,
    KINDS,
    TABLES,
    VOLATILE_COLUMNS,
    Kind,
    bool_columns,
    column_names,
    json_columns,
    metadata,
    required_columns,
    sql_table,
    time_columns,
)
from deskferry.text_flags import FLAGGED_KINDS

COMMON = (
    "id connection vendor source_object source_id source_url created_at updated_at deleted_at deletion_evidence"
    " content_hash synced_at extra"
)

CONTRACT = {
    "organization": "name domains external_id address details notes custom_fields",
    "person": "name first_name last_name email emails phone phones identities role job_title address notes"
    " organization_id external_id language timezone is_active suspended opted_out merged_into_id is_placeholder"
    " signature custom_fields",
    "person_organization": "person_id organization_id is_primary",
    "team": "name description",
    "team_member": "team_id person_id",
    "inbox": "name email kind",
    "status_definition": "label category kind inbox_id position",
    "ticket": "number subject status status_label status_before priority priority_label type channel channel_label"
    " requester_id submitter_id assignee_id team_id organization_id inbox_id brand_id form_id external_id solved_at"
    " closed_at first_responded_at due_at snoozed_until waiting_since is_spam is_archived is_escalated"
    " merged_into_id parent_id follow_up_of_id language custom_fields",
    "message": "ticket_id seq author_id author_kind kind state direction is_public is_opening channel body_html"
    " body_text via sender to_addresses cc_addresses bcc_addresses rfc_message_id in_reply_to chat_session_id"
    " side_conversation_id edited_at redacted",
    "side_conversation": "ticket_id subject state channel participants",
    "attachment": "ticket_id message_id article_id filename content_type size is_inline content_id fetch_state"
    " sha256 url",
    "ticket_event": "ticket_id seq occurred_at field old_value new_value actor_id actor_kind update_id via",
    "ticket_follower": "ticket_id person_id email kind",
    "ticket_link": "ticket_id other_ticket_id kind other_object",
    "tagging": "kind record_id tag",
    "custom_field": "kind key label type options applies_to is_required is_active",
    "survey_response": "kind question ticket_id person_id agent_id score scale_min scale_max label reason comment"
    " revision sent_at answered_at",
    "sla_policy": "name targets filter",
    "sla_event": "ticket_id policy_id metric instance kind occurred_at target_seconds business_hours",
    "schedule": "name timezone intervals holidays",
    "ticket_schedule": "ticket_id schedule_id from_at",
    "role_change": "person_id role from_at",
    "time_entry": "ticket_id person_id started_at seconds kind billable note",
    "macro": "name body_html body_text actions visibility",
    "config_item": "kind name definition is_active",
    "article_category": "name description parent_id position locale",
    "article": "category_id category_ids title body_html body_text status visibility author_id locale labels",
    "article_translation": "article_id locale title body_html",
    "interaction": "ticket_id person_id agent_id channel queue_entered_at answered_at ended_at outcome recording_url",
    "agent_state": "agent_id state from_at to_at",
    "article_view": "visitor_id session_id occurred_at",
    "purchase": "customer_id occurred_at amount currency state refunded_amount",
    "mention": "network external_id author occurred_at ticket_id direction",
    "subscription": "customer_id active_from active_to",
    "sentiment": "message_id ticket_id label score model model_version",
    "review": "ticket_id agent_id reviewer_id score scale_min scale_max reviewed_at",
    "vendor_metric": "ticket_id name value unit",
}

OURS = {
    "person": "signup_at",
    "attachment": "error",
    "ticket_event": "old_value_chained",
    "ticket": "status_definition_id",
    "message": "opening_by_order",
    "macro": "is_active",
    "article_translation": "body_text status",
    "agent_state": "channel",
    "article_view": "article_id person_id",
    "agent_shift": "agent_id from_at to_at",
    "article_comment": "article_id author_id body_html body_text locale ticket_id",
}

NOT_NULL = {
    "person_organization": "person_id organization_id",
    "role_change": "person_id",
    "team_member": "team_id person_id",
    "custom_field": "kind key",
    "article_translation": "article_id",
    "article_comment": "article_id",
    "side_conversation": "ticket_id",
    "message": "ticket_id",
    "ticket_event": "ticket_id field",
    "ticket_follower": "ticket_id",
    "ticket_link": "ticket_id kind",
    "tagging": "kind record_id tag",
    "sla_event": "ticket_id",
    "ticket_schedule": "ticket_id",
    "vendor_metric": "ticket_id name value",
}

INDEXES = {
    "person": "email",
    "person_organization": "person_id organization_id raw_record_id",
    "role_change": "person_id",
    "team_member": "team_id person_id raw_record_id",
    "article_translation": "article_id",
    "article_comment": "article_id",
    "ticket": "requester_id",
    "side_conversation": "ticket_id",
    "message": "ticket_id",
    "attachment": "ticket_id article_id raw_record_id",
    "ticket_event": "ticket_id",
    "ticket_follower": "ticket_id raw_record_id",
    "ticket_link": "ticket_id other_ticket_id raw_record_id",
    "tagging": "record_id raw_record_id",
    "survey_response": "ticket_id",
    "sla_event": "ticket_id",
    "ticket_schedule": "ticket_id",
    "time_entry": "ticket_id",
    "interaction": "ticket_id",
    "review": "ticket_id",
    "vendor_metric": "ticket_id raw_record_id",
    "sentiment": "ticket_id",
}

RESERVED: dict[str, list[str]] = json.loads((Path(__file__).parent / "reserved_words.json").read_text())
# The contract names this column; only a Spark with spark.sql.ansi.enforceReservedKeywords=true minds.
COLLISIONS = {("spark", "filter")}


@pytest.fixture(scope="module")
def engine() -> Iterator[Engine]:
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    yield engine
    engine.dispose()


def names_of_everything() -> set[str]:
    return {column.name for table in metadata.tables.values() for column in table.columns} | set(metadata.tables)


def test_every_table_is_there_and_none_is_forgotten_here(engine: Engine) -> None:
    assert set(inspect(engine).get_table_names()) == set(CONTRACT) | {"agent_shift", "article_comment"}
    assert set(TABLES) == set(metadata.tables)
    assert tuple(TABLES) == tuple(KINDS) == tuple(Kind)


@pytest.mark.parametrize("kind", TABLES)
def test_columns_are_those_of_the_contract_and_our_own(engine: Engine, kind: str) -> None:
    found = [column["name"] for column in inspect(engine).get_columns(kind)]
    expected = [
        *COMMON.split(),
        "raw_record_id",
        *CONTRACT.get(kind, "").split(),
        *OURS.get(kind, "").split(),
        *({"text_flags"} if kind in FLAGGED_KINDS else ()),
    ]
    assert sorted(found) == sorted(expected)
    assert tuple(found) == column_names(kind), "a plain tuple is in the order of the table"


@pytest.mark.parametrize("kind", TABLES)
def test_not_null(engine: Engine, kind: str) -> None:
    always = "id connection vendor source_object source_id content_hash synced_at"
    expected = {*always.split(), *NOT_NULL.get(kind, "").split()}
    assert {c["name"] for c in inspect(engine).get_columns(kind) if not c["nullable"]} == expected
    assert required_columns(kind) == expected


@pytest.mark.parametrize("kind", TABLES)
def test_indexes_and_keys(engine: Engine, kind: str) -> None:
    indexes = {index["column_names"][0]: index["column_names"] for index in inspect(engine).get_indexes(kind)}
    assert set(indexes) == set(INDEXES.get(kind, "").split())
    assert all(len(columns) == 1 for columns in indexes.values())
    assert inspect(engine).get_pk_constraint(kind)["constrained_columns"] == ["id"]
    assert inspect(engine).get_foreign_keys(kind) == []


@pytest.mark.parametrize(
    ("kind", "column", "on_sqlite", "on_postgresql"),
    [
        ("ticket", "number", "TEXT", "TEXT"),
        ("ticket", "solved_at", "TEXT", "TIMESTAMP WITH TIME ZONE"),
        ("ticket", "custom_fields", "TEXT", "JSONB"),
        ("ticket", "is_spam", "BOOLEAN", "BOOLEAN"),
        ("attachment", "size", "BIGINT", "BIGINT"),
        ("message", "seq", "INTEGER", "INTEGER"),
        ("vendor_metric", "value", "REAL", "DOUBLE PRECISION"),
    ],
)
def test_physical_types(kind: str, column: str, on_sqlite: str, on_postgresql: str) -> None:
    for dialect, expected in ((sqlite.dialect(), on_sqlite), (postgresql.dialect(), on_postgresql)):
        assert sql_table(kind).c[column].type.compile(dialect=dialect) == expected


@pytest.mark.parametrize("kind", TABLES)
def test_postgresql_types_follow_the_names(kind: str) -> None:
    ddl = str(CreateTable(sql_table(kind)).compile(dialect=postgresql.dialect()))
    lines = [line.strip().rstrip(",").split(" ", 1) for line in ddl.splitlines() if line.startswith("\t")]
    types = {name.strip('"'): rest.removesuffix(" NOT NULL") for name, rest in lines if name != "PRIMARY"}
    for name, found in types.items():
        assert (found == "TIMESTAMP WITH TIME ZONE") == (name in time_columns(kind)), name
        assert (found == "JSONB") == (name in json_columns(kind)), name
        assert (found == "BOOLEAN") == (name in bool_columns(kind)), name
    at = {name for name in types if name.endswith("_at")}
    assert at <= time_columns(kind)
    assert {name for name in types if name.startswith("is_")} <= bool_columns(kind)


def test_columns_by_type_are_the_right_ones() -> None:
    extra = {"snoozed_until", "waiting_since"}
    assert time_columns("ticket") == extra | {c for c in column_names("ticket") if c.endswith("_at")}
    assert json_columns("message") == {"extra", "to_addresses", "cc_addresses", "bcc_addresses"}
    assert bool_columns("person") == {"is_active", "suspended", "opted_out", "is_placeholder"}
    assert time_columns("subscription") >= {"active_from", "active_to"}


def test_engine_columns() -> None:
    common = {"content_hash", "synced_at"}
    own = {
        "ticket_event": {"seq"},
        "message": {"seq", "opening_by_order"},
        "attachment": {"fetch_state", "sha256", "error"},
    }
    texts = {kind: {"text_flags"} if kind in FLAGGED_KINDS else set() for kind in TABLES}
    assert {kind: common | own.get(kind, set()) | texts[kind] for kind in TABLES} == ENGINE_COLUMNS
    assert {kind: columns for kind, columns in VOLATILE_COLUMNS.items() if columns} == {"attachment": {"url"}}
    for kind in TABLES:
        assert (ENGINE_COLUMNS[kind] | VOLATILE_COLUMNS[kind]) <= set(column_names(kind))
        assert not ENGINE_COLUMNS[kind] & VOLATILE_COLUMNS[kind]


@pytest.mark.parametrize("kind", TABLES)
def test_everything_is_described(kind: str) -> None:
    assert (TABLES[kind].__doc__ or "").strip()
    for column in sql_table(kind).columns:
        assert len(column.info["description"]) > 3, column.name
        assert TABLES[kind].model_fields[column.name].description == column.info["description"]


def test_no_name_is_a_reserved_word() -> None:
    assert set(RESERVED) == {"sqlite", "postgresql", "duckdb", "spark"}
    assert all("select" in words for words in RESERVED.values())
    found = {(where, name) for where, words in RESERVED.items() for name in names_of_everything() & set(words)}
    assert found == COLLISIONS


def test_sqlite_takes_every_name_without_quotes() -> None:
    with sqlite3.connect(":memory:") as database:
        for kind in TABLES:
            database.execute(f"create table {kind} ({', '.join(column_names(kind))})")
            database.execute(f"select {', '.join(column_names(kind))} from {kind}")
    database.close()


def test_names_are_plain() -> None:
    assert all(name.isascii() and name.islower() and name.isidentifier() for name in names_of_everything())


def test_a_plain_tuple_goes_in_by_the_driver(engine: Engine) -> None:
    row = dict.fromkeys(column_names("ticket"))
    row |= {
        "id": "old:ticket:42",
        "connection": "old",
        "vendor": "zendesk",
        "source_object": "ticket",
        "source_id": "42",
        "content_hash": "h",
        "synced_at": "2026-01-02T03:04:05.123456Z",
        "extra": '{"a":1}',
        "is_spam": False,
    }
    marks = ", ".join("?" * len(row))
    with engine.begin() as connection:
        connection.exec_driver_sql(f"insert into ticket values ({marks})", tuple(row.values()))
        read = connection.execute(sql_table("ticket").select()).mappings().one()
    assert read["extra"] == {"a": 1}
    assert read["is_spam"] is False
    assert read["synced_at"].isoformat() == "2026-01-02T03:04:05.123456+00:00"
    assert read["custom_fields"] is None
