"""Rules on texts: what the flags of records become."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from deskferry.canonical_schema import sql_table
from deskferry.store import Store, open_store
from deskferry.validate.rules.texts import RULES
from deskferry.validate.run_rules import checked, findings, opened

Found = set[tuple[str, str | None, str | None]]


def put(store: Store, table: str, number: int, **values: Any) -> None:
    row = {
        "id": f"old:{table}:{number}", "connection": "old", "vendor": "zendesk", "source_object": table,
        "source_id": str(number), "content_hash": "h", "synced_at": "2026-01-02T03:04:05.000000Z", **values,
    }  # fmt: skip
    with store.write() as database:
        database.execute(insert(sql_table(table)).values(**row))


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory) -> tuple[Found, dict[tuple[str, str], int]]:
    path: Path = tmp_path_factory.mktemp("texts") / "store.db"
    with open_store(f"sqlite:///{path}") as store:
        put(store, "ticket", 1, subject="-", text_flags="cut_off@subject:1,mojibake@subject:2")
        put(store, "ticket", 2, subject="-")
        flags = "card_number@body_text:2,national_id@body_text:1,password@body_text:1,secret@body_text:1"
        put(store, "message", 1, ticket_id="old:ticket:1", kind="public_reply", text_flags=flags)
        put(store, "message", 2, ticket_id="old:ticket:1", kind="public_reply", text_flags="blank@body_text:1")
        put(store, "message", 3, ticket_id="old:ticket:1", kind="public_reply", text_flags="blank@body_text:1")
        put(store, "attachment", 1, ticket_id="old:ticket:1", message_id="old:message:3")
        put(store, "message", 4, ticket_id="old:ticket:1", kind="system", text_flags="blank@body_text:1")
        put(store, "message", 5, ticket_id="old:ticket:1", kind="forward", text_flags="quoted_only@body_text:1")
        put(store, "message", 6, ticket_id="old:ticket:1", kind="public_reply", text_flags="quoted_only@body_text:1")
        put(store, "message", 7, ticket_id="old:ticket:1", kind="public_reply", text_flags="cut_off@body_text:1")
        put(store, "message", 8, ticket_id="old:ticket:1", deleted_at="2026-01-02T03:04:05.000000Z",
            text_flags="card_number@body_text:1")  # fmt: skip
        plain = "entity_in_plain@comment:1,html_in_plain@comment:2,replacement_character@comment:3,template@comment:1"
        put(store, "survey_response", 1, comment="-", text_flags=plain)
        put(store, "organization", 1, name="-", text_flags="control_character@name:1")
        desk = opened(store, RULES, ["old"], datetime(2026, 2, 1, tzinfo=UTC))
        found = {(one.rule, one.record_id, one.detail) for rule in RULES for one in findings(desk, rule)}
        kinds = {(one.record_id, one.kind) for rule in RULES for one in findings(desk, rule)}
        assert all(kind == str(record).split(":")[1] for record, kind in kinds)
        return found, checked(desk, RULES)


def test_each_flag_is_a_finding_of_its_record_with_its_column(
    outcome: tuple[Found, dict[tuple[str, str], int]],
) -> None:
    assert outcome[0] == {
        ("text.mojibake", "old:ticket:1", "2 places in subject"),
        ("ticket.subject_truncated", "old:ticket:1", "exactly as long as a vendor's limit"),
        ("text.card_number", "old:message:1", "2 in body_text"),
        ("text.national_id", "old:message:1", "1 in body_text"),
        ("text.password", "old:message:1", "1 in body_text"),
        ("text.secret", "old:message:1", "1 in body_text"),
        ("message.empty", "old:message:2", "neither a word nor a file"),
        ("message.quoted_only", "old:message:6", "nothing but a quotation"),
        ("message.truncated", "old:message:7", "exactly as long as a vendor's limit"),
        ("text.entity_in_plain", "old:survey_response:1", "1 in comment"),
        ("text.html_in_plain", "old:survey_response:1", "2 tags in comment"),
        ("text.replacement_character", "old:survey_response:1", "3 characters lost in comment"),
        ("text.leftover_template", "old:survey_response:1", "1 in comment"),
        ("text.control_character", "old:organization:1", "1 in name"),
    }


def test_rules_on_texts_look_at_every_living_record_that_has_any(
    outcome: tuple[Found, dict[tuple[str, str], int]],
) -> None:
    assert outcome[1]["text.mojibake", "old"] == 2 + 7 + 1 + 1
    assert outcome[1]["message.empty", "old"] == 6
    assert outcome[1]["message.quoted_only", "old"] == 6
