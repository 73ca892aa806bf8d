"""Flags of rows, and that pulls, normalizations and sweeps keep them."""

from __future__ import annotations

import pytest

from deskferry.canonical_schema import TABLES, column_names, json_text
from deskferry.text_flags import FLAGGED_KINDS, flagged, flags_of


def row(kind: str, **values: object) -> tuple[object, ...]:
    return tuple(values.get(name) for name in column_names(kind))


def flags(kind: str, **values: object) -> object:
    (found,) = flagged(kind, [row(kind, **values)])
    return found[column_names(kind).index("text_flags")]


def test_kinds_with_flags_are_those_with_the_column() -> None:
    assert {kind for kind in TABLES if "text_flags" in column_names(kind)} == FLAGGED_KINDS


def test_flags_are_told_sorted_with_column_and_count() -> None:
    told = flags("ticket", subject="EspaÃ±a Ã¡ {{ticket.id}}", custom_fields=json_text({"a": "4111111111111111"}))
    assert told == "card_number@custom_fields:1,mojibake@subject:2,template@subject:1"
    assert flags("ticket", subject="a" * 255) == "cut_off@subject:1"
    assert flags("ticket", subject="fine") is None


def test_of_two_forms_of_a_text_the_plain_one_is_read() -> None:
    assert flags("message", body_text="fine", body_html="<p>4111111111111111</p>") is None
    assert flags("message", body_html="<p>4111111111111111</p><br>") == "card_number@body_html:1"
    assert flags("message", body_text="<br><br>") == "html_in_plain@body_text:2"
    assert flags("message", body_text="> a\n> password: hunter2") == "password@body_text:1,quoted_only@body_text:1"
    assert flags("message") == "blank@body_html:1"


def test_templates_are_at_home_in_macros_and_articles() -> None:
    assert flags("macro", name="-", body_text="Hi {{ticket.id}} <br><br>") is None
    assert flags("article", title="-", body_html="EspaÃ±a") == "mojibake@body_html:1"


def test_only_rows_with_findings_are_made_anew_and_all_stay_in_their_order() -> None:
    rows = [row("message", id=str(n), body_text="PerÃº" if n % 3 == 1 else "fine") for n in range(9)]
    found = flagged("message", rows)
    assert [one[0] for one in found] == [one[0] for one in rows]
    assert [n for n, one in enumerate(found) if one is not rows[n]] == [1, 4, 7]
    assert flagged("tagging", [row("tagging", tag="PerÃº")]) == [row("tagging", tag="PerÃº")]


def test_a_record_by_its_columns_has_the_flags_of_its_row() -> None:
    fields = dict.fromkeys(column_names("ticket")) | {
        "subject": "PerÃº", "custom_fields": {"a": "4111111111111111"}, "text_flags": "old",
    }  # fmt: skip
    assert flags_of("ticket", fields) == "card_number@custom_fields:1,mojibake@subject:1"
    assert flags_of("ticket", {**fields, "subject": "Perú", "custom_fields": None}) is None


@pytest.mark.parametrize("kind", sorted(FLAGGED_KINDS))
def test_the_text_itself_is_never_told(kind: str) -> None:
    secret = "4111111111111111"
    texts = ("name", "title", "subject", "body_text", "body_html", "comment", "notes", "details")
    told = flags(kind, **{name: f"card {secret}" for name in texts if name in column_names(kind)})
    assert secret not in str(told)
    assert "card_number" in str(told)
