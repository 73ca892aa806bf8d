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
FEW = 30
WITHOUT_DEFECT = {
    "record.rejected": "what a mapping refuses; tests/migrate/test_normalize.py",
    "record.schema": "what a mapping must not write; every mapping is tested against the schemas",
}
"""Checks of our own machinery: no vendor's data can have what they find."""


each = pytest.mark.parametrize("subject", SUBJECTS, ids=lambda subject: subject.name)
at_once = pytest.mark.parametrize(
    "subject",
    [pytest.param(one, marks=() if one.name == "zendesk" else pytest.mark.exhaustive) for one in SUBJECTS],
    ids=lambda subject: subject.name,
)
"""A validation takes a dozen seconds, however small the account: Zendesk has the most kinds of records."""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(f"sqlite:///{tmp_path / 'store.db'}") as opened:
        yield opened


def known() -> set[str]:
    return {rule.id for rule in known_rules() if not rule.id.startswith("declared.")}


def test_every_rule_has_a_defect_and_every_defect_a_rule() -> None:
    defects = {one.rule for subject in SUBJECTS for one in of_vendor(subject.name)}
    assert known() - defects - WITHOUT_DEFECT.keys() == set()
    assert defects - known() == set()


@at_once
def test_all_at_once_every_rule_finds_its_own_and_a_clean_account_has_no_error(subject: Subject, store: Store) -> None:
    now = pull_clean(store, subject, TICKETS)
    copy_account(store, subject.name, "damaged")
    damaged = Damaged(Damage(store, subject.name, now, "damaged"), subject.name).suffer(of_vendor(subject.name))
    found = look(store, now)
    assert errors_in(found, subject.name) == []
    faults = damaged.faults(found)
    assert not faults, "\n".join(faults)


@pytest.mark.exhaustive
@each
def test_each_alone_is_found_by_its_rule_alone(subject: Subject, store: Store) -> None:
    now = pull_clean(store, subject, FEW)
    damaged = []
    for place, defect in enumerate(of_vendor(subject.name)):
        name = f"alone{place}"
        copy_account(store, subject.name, name, without="custom_field")  # each is a query more
        damaged.append(Damaged(Damage(store, subject.name, now, name), subject.name).suffer([defect]))
    found = look(store, now)
    faults = [f"{next(iter(one.expected))}: {fault}" for one in damaged for fault in one.faults(found)]
    assert not faults, "\n".join(faults)


def errors_in(found: Look, connection: str) -> list[tuple[str, str | None]]:
    """Return the errors that were named in a connection."""
    named = found.named.get(connection, set())
    return sorted((one for one in named if found.severities[one[0]] is Severity.ERROR), key=str)
