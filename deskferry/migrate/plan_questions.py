"""What a plan has to ask: what the destination needs, and what was asked while composing and had no answer."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from sqlalchemy import select

from deskferry.canonical_schema import split_id, sql_table
from deskferry.connectors.kit.contract import Question, RefusesSuspended
from deskferry.migrate.compose import Composer
from deskferry.migrate.crossings import PlannedCrossings
from deskferry.migrate.matches import AGENT_ROLES, MACHINE_ROLES, quoted
from deskferry.store.upsert import chunks

LOST = "lost, a loss row each"
_ASKED = frozenset({"agent_unmatched", "team_unmatched", "inbox_unmatched", "field_unmatched", "option_unmatched"})
"""Questions that wait for an answer once a mapping names them."""
STAND_IN = "a placeholder"
_AMONG = 500


def open_questions(composer: Composer) -> list[Question]:
    """Return what the mapping leaves open, those without a default first; call it after everything was composed."""
    crossings = composer.crossings
    asked = [
        *composer.destination.questions(composer.fields()),
        *crossings.matches.questions,
        *_targets(crossings),
        *_suspended(composer),
        *_fields(composer),
    ]
    still = {
        (one.code, one.subject): replace(one, default=None) if _blank(one, crossings) else one
        for one in asked
        if not crossings.mapping.answers(one.answer) and not _filled(one, crossings)
    }
    return sorted(still.values(), key=lambda one: (one.default is not None, one.code, one.subject))


def _blank(question: Question, crossings: PlannedCrossings) -> bool:
    """Whether the mapping names what is asked and leaves the answer blank: then nothing is done by default."""
    return question.code in _ASKED and crossings.mapping.leaves_blank(question.answer)


def _filled(question: Question, crossings: PlannedCrossings) -> bool:
    """Whether a question asks which field fills one of the destination's (`…` stands for it), and one does."""
    try:
        wanted = tomllib.loads(question.answer).get("fields", {})
    except tomllib.TOMLDecodeError:
        return False
    rules = crossings.matches.fields
    return any(
        rule.key == choice["…"].get("to")
        for kind, choice in wanted.items()
        if "…" in choice
        for (of, _key), rule in rules.items()
        if of == kind
    )


def _targets(crossings: PlannedCrossings) -> Iterator[Question]:
    for record_id, count in sorted(crossings.unanswered.targets.items()):
        if record_id in crossings.matches.refused:
            continue
        if record_id in crossings.matches.unfound:
            yield _unfound(crossings, record_id, count)
            continue
        lead = crossings.matches.lead(record_id)
        person = crossings.person(lead)
        if lead in crossings.selection.missing_people:
            yield _missing("person", lead, count, STAND_IN)
        elif person is not None and person.get("role") in AGENT_ROLES:
            yield _agent(person["name"], person["email"], lead, count)
        elif person is None and lead not in crossings.selection.left_organizations:
            yield _missing("organization", lead, count, LOST)
        elif person is not None and person.get("role") not in MACHINE_ROLES and lead in crossings.selection.left_people:
            yield _left(person["name"] or lead, lead, count)


def _suspended(composer: Composer) -> Iterator[Question]:
    """Yield the people who are matched with somebody suspended there, where tickets of such people are refused."""
    crossings = composer.crossings
    if not isinstance(composer.destination, RefusesSuspended):
        return
    table, ticket = sql_table("person"), sql_table("ticket")
    by_id = {f"{composer.destination_name}:{one.object}:{one.remote_id}": record_id
             for record_id, one in crossings.matches.found.items() if one.kind != "organization"}  # fmt: skip
    suspended = select(table.c.id, table.c.name).where(
        table.c.connection == composer.destination_name, table.c.suspended.is_(True), table.c.deleted_at.is_(None)
    )
    with composer.store.read() as database:
        stopped = {by_id[row.id]: row.name for row in database.execute(suspended) if row.id in by_id}
        lead = crossings.matches.lead
        asking = sorted({*stopped, *(one for one in crossings.matches.leads if lead(one) in stopped)})
        waiting: Counter[str] = Counter()
        for part in chunks(asking, _AMONG):
            named = select(ticket.c.id, ticket.c.requester_id).where(ticket.c.requester_id.in_(part))
            rows = (row for row in database.execute(named) if row.id in crossings.selection.ticket_set)
            waiting.update(lead(row.requester_id) for row in rows)
    for record_id, count in sorted(waiting.items()):
        key = quoted(split_id(record_id).source_id)
        yield Question(
            "requester_suspended",
            stopped[record_id] or record_id,
            "The destination refuses tickets of people who are suspended there: lift it, or name another person.",
            f'[people]\n{key} = ""',
            None,
            count,
        )


def _unfound(crossings: PlannedCrossings, record_id: str, count: int) -> Question:
    kind, name, source_id = crossings.matches.unfound[record_id]
    section = "teams" if kind == "team" else "inboxes"
    known = f"The destination has no {kind} of this name." if name else f"The source did not tell of this {kind}."
    return Question(
        f"{kind}_unmatched" if name else f"{kind}_unknown",
        name or source_id,
        known,
        f'[{section}]\n{quoted(name or source_id)} = ""',
        LOST,
        count,
    )


def _agent(name: str | None, email: str | None, record_id: str, count: int) -> Question:
    key = email or split_id(record_id).source_id
    subject = f"{name} <{email}>" if name and email else name or key
    return Question(
        "agent_unmatched",
        subject,
        "The destination has no agent with this e-mail address.",
        f'[agents]\n{quoted(key)} = ""',
        STAND_IN,
        count,
    )


def _missing(kind: str, record_id: str, count: int, default: str) -> Question:
    source_id = split_id(record_id).source_id
    section = "people" if kind == "person" else "organizations"
    return Question(
        f"{kind}_unknown",
        source_id,
        f"Records of the source name this {kind}, and the source did not tell of it.",
        f'[{section}]\n{quoted(source_id)} = ""',
        default,
        count,
    )


def _left(name: str, record_id: str, count: int) -> Question:
    key = quoted(split_id(record_id).source_id)
    return Question(
        "person_left_out", name, "Tickets name this person, who stays behind.", f'[people]\n{key} = ""', LOST, count
    )


def _fields(composer: Composer) -> Iterator[Question]:
    crossings = composer.crossings
    table = sql_table("custom_field")
    with composer.store.read() as database:
        rows = database.execute(
            select(table.c.kind, table.c.key, table.c.label).where(table.c.connection == composer.source)
        )
        labels = {(row.kind, row.key): row.label for row in rows}
    asked_already = {one.subject for one in crossings.matches.questions if one.code == "field_ambiguous"}
    for (kind, key), count in sorted(crossings.unanswered.fields.items()):
        label = labels.get((kind, key))
        chosen = crossings.mapping.field_choice(kind, key, label)
        subject = f"{kind} field {label or key}"
        if chosen is not None or subject in asked_already:
            continue
        told = (kind, key) in labels
        known = "No field of the destination fits." if told else "The source did not tell of this field."
        yield Question(
            "field_unmatched" if told else "field_unknown",
            subject,
            known,
            f'[fields.{kind}.{quoted(key)}]\nto = ""',
            LOST,
            count,
        )
