"""Rules on names, addresses and phones: one person for each value, judged together in one snapshot."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert

from deskferry.canonical_schema import sql_table
from deskferry.store import open_store
from deskferry.validate import phone_plans
from deskferry.validate.desk import Desk
from deskferry.validate.phone_plans import can_exist
from deskferry.validate.rules.people_addresses import RULES
from deskferry.validate.run_rules import checked, findings, opened
from deskferry.validate.word_lists import words

BAD: dict[str, tuple[tuple[str, str], ...]] = {
    "person.email_invalid": tuple(("email", one) for one in (
        "ann", "ann@", "@example.com", "ann@example", "ann@@example.com", "ann smith@example.com", "ann.@example.com",
        ".ann@example.com", "a..b@example.com", "ann@example..com", "ann@-example.com", "ann@example.c",
        "ann@example.com,bob@example.com", "<ann@example.com>", "ann@exa_mple.com", "a" * 250 + "@example.com",
        "ann@example.com.", "ann@127.0.0.1", "ann@example.com\nbob",
    )),
    "person.email_disposable": (("email", "x1@mailinator.com"), ("email", "x2@sub.yopmail.com")),
    "person.email_role": (("email", "info@acme.example"), ("email", "no-reply@acme.example")),
    "person.phone_invalid": (("phone", "+1 555 0100"), ("phone", "+0 123 456 789"), ("phone", "+34 600"),
                             ("phone", "+1234567890123456"), ("phone", "+49 call me"), ("phone", "call me")),
    "person.phone_not_international": (("phone", "600 123 456"), ("phone", "(555) 201-3344")),
    "person.name_is_email": (("name", "ann@example.com"), ("name", " bob@example.org ")),
    "person.name_placeholder": (("name", "Unknown"), ("name", " n/a "), ("name", "???"), ("name", "12345"),
                                ("name", "Sin nombre")),
}  # fmt: skip
GOOD = (
    ("email", "ann@example.com"), ("email", "o'brien+news@mail.example.co.uk"), ("email", "jörg@müller.de"),
    ("email", "a@b.xn--p1ai"), ("email", "用户@例子.中国"), ("email", "information@acme.com"),
    ("email", "ann@notmailinator.com"), ("email", "ann@yopmail.com.example.org"), ("email", None),
    ("phone", "+34 600 123 456"), ("phone", "+1 (212) 555-0100"), ("phone", "0034 600 123 456"),
    ("phone", "+44 (0)20 7946 0958"), ("phone", "+1 212 555 0100 ext. 12"), ("phone", None),
    ("name", "Ann Smith"), ("name", "李小龙"), ("name", "Testa Rossa"), ("name", "X Æ A-12"), ("name", None),
    ("name", "ann @ work"), ("name", "Nada"),
)  # fmt: skip


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Desk:
    path: Path = tmp_path_factory.mktemp("people") / "store.db"
    values = [pair for pairs in BAD.values() for pair in pairs] + list(GOOD)
    rows: list[dict[str, Any]] = [
        {"role": "end_user", "name": "Ann", "email": None, "phone": None, column: value} for column, value in values
    ]
    rows.append({"role": "bot", "name": "n/a", "email": "bot", "phone": "+1"})
    rows.append({"role": "end_user", "name": "n/a", "email": "gone", "phone": "+1", "is_placeholder": True})
    rows.append({"role": "end_user", "name": "n/a", "email": "in", "phone": "+1", "merged_into_id": "old:user:0"})
    rows.append({"role": "agent", "name": "Support", "email": "support@acme.example", "phone": None})
    with open_store(f"sqlite:///{path}") as store:
        with store.write() as database:
            for number, row in enumerate(rows):
                identity = {
                    "id": f"old:user:{number}", "connection": "old", "vendor": "zendesk", "source_object": "user",
                    "source_id": str(number), "content_hash": "h", "synced_at": "2026-01-02T03:04:05.000000Z",
                }  # fmt: skip
                database.execute(insert(sql_table("person")).values(**identity, **row))
        return opened(store, RULES, ["old"], datetime(2026, 2, 1, tzinfo=UTC))


def test_each_rule_objects_to_its_own_people_only(desk: Desk) -> None:
    values = [pair for pairs in BAD.values() for pair in pairs] + list(GOOD)
    found = {
        rule.id: sorted({values[int(str(one.record_id).rpartition(":")[2])] for one in findings(desk, rule)})
        for rule in RULES
    }
    expected = {rule: sorted(pairs) for rule, pairs in BAD.items()}
    expected["person.phone_not_international"].append(("phone", "call me"))  # it is no number either
    assert found == expected


def test_rules_look_at_people_who_have_such_a_value_and_stand_for_themselves(desk: Desk) -> None:
    looked = checked(desk, RULES)
    assert looked["person.phone_invalid", "old"] == 6 + 2 + 5
    assert looked["person.email_invalid", "old"] == looked["person.email_role", "old"] + 1


def test_options_add_to_the_lists_and_name_the_region_of_national_numbers(desk: Desk) -> None:
    told = {"email_disposable": {"domains": ("acme.example",)}, "phone_invalid": {"region": "ES"},
            "name_placeholder": {"names": ("ann smith",)}}  # fmt: skip
    rules = {rule.id.split(".")[1]: rule for rule in RULES}
    changed = [replace(rules[name], options={**rules[name].options, **options}) for name, options in told.items()]
    more = {rule.id: len(list(findings(desk, rule))) - len(BAD[rule.id]) for rule in changed}
    assert more == {"person.email_disposable": 3, "person.phone_invalid": 1, "person.name_placeholder": 1}


def test_without_the_plans_of_countries_the_shape_of_a_number_is_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(phone_plans.importlib.util, "find_spec", lambda _name: None)
    assert can_exist("+34 600-123-456")
    assert can_exist("+44 (0)20 7946 0958 ext. 7")
    assert can_exist("600 123 456", "ES")
    assert not can_exist("+0123456789")
    assert not can_exist("+34 600")
    assert not can_exist("+49 call me")


def test_word_lists_are_in_lower_case_and_name_their_source() -> None:
    for name in ("disposable_domains", "role_mailboxes", "placeholder_names"):
        assert len(words(name)) > 20
        assert all(word == word.lower().strip() for word in words(name))
