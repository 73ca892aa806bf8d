"""Clean accounts of every vendor, damaged in every way that the issue names: every rule finds exactly its own.

All defects at once, and (exhaustive) each of them alone: a copy of the account for each, all in one store, so that one
validation looks at them all. Defects are written apart from the rules, from the issue's words and the tables.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from deskferry.store import Store, open_store
from deskferry.validate.finding import Severity
from deskferry.validate.validation import known_rules
from tests.connectors.conformance.subjects import SUBJECTS, Subject
from tests.validate.corruption.accounts import copy_account, pull_clean
from tests.validate.corruption.bench import Damaged, Look, look
from tests.validate.corruption.damage import Damage
from tests.validate.corruption.defects import of_vendor

TICKETS = 120
FEW = 60
AWAITED = frozenset({
    "message.empty", "message.quoted_only", "message.truncated", "person.email_disposable", "person.email_invalid",
    "person.email_role", "person.name_is_email", "person.name_placeholder", "person.phone_invalid",
    "person.phone_not_international", "text.card_number", "text.html_in_plain", "text.leftover_template",
    "text.mojibake", "text.national_id", "text.password", "text.replacement_character", "text.secret",
})  # fmt: skip
"""Rules that have a defect and are still to come."""
WITHOUT_DEFECT = {
    "record.rejected": "what a mapping refuses; tests/migrate/test_normalize.py",
    "record.schema": "what a mapping must not write; every mapping is tested against the schemas",
}
"""Checks of our own machinery: no vendor's data can have what they find."""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path / 'store.db'}") as opened:
        yield opened


def known() -> set[str]:
    return {rule.id for rule in known_rules() if not rule.id.startswith("declared.")}


def test_every_rule_has_a_defect_and_every_defect_a_rule() -> None:
    defects = {one.rule for subject in SUBJECTS for one in of_vendor(subject.name)}
    assert known() - defects - WITHOUT_DEFECT.keys() == set()
    assert defects - known() == AWAITED


def test_all_at_once_every_rule_finds_its_own_and_nothing_in_a_clean_account(store: Store) -> None:
    damaged: list[Damaged] = []
    for subject in SUBJECTS:
        now = pull_clean(store, subject, TICKETS)
        name = f"{subject.name}_damaged"
        copy_account(store, subject.name, name)
        damaged.append(Damaged(Damage(store, subject.name, now, name), subject.name))
    for place, one in enumerate(damaged):
        chosen = [each for each in of_vendor(one.desk.vendor) if each.rule not in AWAITED]
        one.suffer(each for each in chosen if not each.by_itself or place == 0)
    found = look(store, now)
    errors = clean_errors(found)
    assert errors == []
    faults = [f"{one.desk.vendor}: {fault}" for one in damaged for fault in one.faults(found)]
    assert not faults, "\n".join(faults)


def clean_errors(found: Look) -> list[tuple[str, str, str | None]]:
    """Return the errors in accounts that nobody damaged."""
    return [
        (subject.name, rule, record)
        for subject in SUBJECTS
        for rule, record in sorted(found.named.get(subject.name, set()), key=str)
        if found.severities[rule] is Severity.ERROR
    ]


@pytest.mark.exhaustive
@pytest.mark.parametrize("subject", SUBJECTS, ids=lambda subject: subject.name)
def test_each_alone_is_found_by_its_rule_alone(subject: Subject, store: Store) -> None:
    now = pull_clean(store, subject, FEW)
    damaged = []
    for place, defect in enumerate(each for each in of_vendor(subject.name) if each.rule not in AWAITED):
        name = f"alone{place}"
        copy_account(store, subject.name, name)
        damaged.append(Damaged(Damage(store, subject.name, now, name), subject.name).suffer([defect]))
    found = look(store, now)
    faults = [f"{next(iter(one.expected))}: {fault}" for one in damaged for fault in one.faults(found)]
    assert not faults, "\n".join(faults)
