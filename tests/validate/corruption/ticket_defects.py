"""Faults of tickets: what they lack, what contradicts itself, what leads nowhere."""

from __future__ import annotations

from tests.validate.corruption.damage import CUSTOMER, OPEN, SOLVED, UNASKED, WITHOUT_FILES, Damage, later
from tests.validate.corruption.defect import Seen, defect, seen


@defect("ticket.no_requester")
def no_requester(desk: Damage) -> Seen:
    return seen(desk.set("ticket", desk.solved(), requester_id=None))


@defect("ticket.no_message")
def no_message(desk: Damage) -> Seen:
    ticket = desk.solved(WITHOUT_FILES)
    desk.remove("message", "ticket_id = :t", t=ticket)
    return seen(ticket)


@defect("ticket.no_channel")
def no_channel(desk: Damage) -> Seen:
    return seen(desk.set("ticket", desk.solved(), channel=None))


@defect("ticket.required_field_empty")
def required_field_empty(desk: Damage) -> Seen:
    """A field that agents must fill is empty in one ticket of all that were solved."""
    desk.insert("custom_field", kind="ticket", key="cf_must", label="Must", type="text", is_required=True,
                is_active=True, created_at="2020-01-07T09:00:00.000000Z")  # fmt: skip
    victim = desk.solved()
    for one in desk.ids("ticket", "1 = 1"):
        values = dict(desk.get("ticket", one, "custom_fields") or {})
        desk.set("ticket", one, custom_fields={**values, "cf_must": None if one == victim else "filled"})
    return seen(victim)


@defect("custom_field.value_not_an_option")
def value_not_an_option(desk: Damage) -> Seen:
    options = [{"value": one, "label": one.title(), "active": True} for one in ("gold", "silver")]
    field = desk.insert("custom_field", kind="ticket", key="cf_metal", label="Metal", type="select", options=options,
                        is_active=True, is_required=False)  # fmt: skip
    good, bad = desk.solved(), desk.solved()
    for ticket, value in ((good, "gold"), (bad, "plumbum")):
        values = dict(desk.get("ticket", ticket, "custom_fields") or {})
        desk.set("ticket", ticket, custom_fields={**values, "cf_metal": value})
    return seen(bad, instead=[field])


@defect("custom_field.mixed_formats")
def mixed_formats(desk: Damage) -> Seen:
    """Dates are written in two ways in one field of free text."""
    field = desk.insert("custom_field", kind="ticket", key="cf_when", label="When", type="text", is_active=True,
                        is_required=False)  # fmt: skip
    for place, ticket in enumerate(desk.ids("ticket", "1 = 1")):
        day = place % 27 + 1
        value = f"{day:02}/03/2026" if place % 2 else f"2026-03-{day:02}"
        values = dict(desk.get("ticket", ticket, "custom_fields") or {})
        desk.set("ticket", ticket, custom_fields={**values, "cf_when": value})
    return seen(field)


# --------------------------------------------------------------------------------------------------------------- times


@defect("ticket.solved_before_created")
def solved_before_created(desk: Damage) -> Seen:
    ticket = desk.solved(UNASKED)
    return seen(desk.set("ticket", ticket, solved_at=later(desk.get("ticket", ticket, "created_at"), days=-1)))


@defect("ticket.closed_before_solved")
def closed_before_solved(desk: Damage) -> Seen:
    ticket = desk.solved(UNASKED)
    return seen(desk.set("ticket", ticket, closed_at=later(desk.get("ticket", ticket, "solved_at"), hours=-1)))


@defect("ticket.updated_before_created")
def updated_before_created(desk: Damage) -> Seen:
    ticket = desk.solved()
    return seen(desk.set("ticket", ticket, updated_at=later(desk.get("ticket", ticket, "created_at"), days=-1)))


@defect("ticket.time_in_future")
def time_in_future(desk: Damage) -> Seen:
    return seen(desk.set("ticket", desk.solved(), updated_at=later(desk.now, days=40)))


@defect("ticket.first_response_before_creation")
def first_response_before_creation(desk: Damage) -> Seen:
    ticket = desk.solved()
    before = later(desk.get("ticket", ticket, "created_at"), hours=-1)
    return seen(desk.set("ticket", ticket, first_responded_at=before))


@defect("ticket.solved_without_time")
def solved_without_time(desk: Damage) -> Seen:
    return seen(desk.set("ticket", desk.solved(UNASKED), solved_at=None, closed_at=None))


@defect("ticket.time_without_solved")
def time_without_solved(desk: Damage) -> Seen:
    """It was solved by the last change that there was, and is open."""
    ticket = desk.ticket(OPEN)
    return seen(desk.set("ticket", ticket, solved_at=desk.get("ticket", ticket, "updated_at")))


@defect("ticket.open_for_ages")
def open_for_ages(desk: Damage) -> Seen:
    """A ticket of six years ago is still open, and nothing has happened since."""
    ticket = desk.ticket(OPEN, f"julianday('{desk.now}') - julianday(created_at) < 250")
    for kind, columns in (
        ("ticket", ("created_at", "updated_at", "first_responded_at", "due_at", "waiting_since")),
        ("message", ("created_at", "updated_at")),
        ("ticket_event", ("created_at", "occurred_at")),
        ("sla_event", ("created_at", "occurred_at")),
    ):
        key = "id" if kind == "ticket" else "ticket_id"
        for (row,) in desk.rows(f"SELECT id FROM {kind} WHERE {key} = :t", t=ticket):
            moments = {name: desk.get(kind, row, name) for name in columns}
            desk.set(kind, row, **{name: later(at, days=-2190) for name, at in moments.items() if at})
    return seen(ticket)


# ------------------------------------------------------------------------------------------------------------ statuses


@defect("ticket.unknown_status")
def unknown_status(desk: Damage) -> Seen:
    ticket = desk.ticket(OPEN)
    desk.remove("ticket_event", "ticket_id = :t", t=ticket)
    return seen(desk.set("ticket", ticket, status="unknown", status_label="Limbo"))


@defect("ticket.unmapped_label")
def unmapped_label(desk: Damage) -> Seen:
    return seen(desk.set("ticket", desk.solved(), priority=None, priority_label="P0 - panic"))


@defect("ticket.spam_not_marked")
def spam_not_marked(desk: Damage) -> Seen:
    ticket = desk.solved()
    before = desk.get("ticket", ticket, "status")
    return seen(desk.set("ticket", ticket, status="spam", status_before=before, is_spam=False))


# ---------------------------------------------------------------------------------------------------------- assignment


@defect("ticket.assignee_not_in_team")
def assignee_not_in_team(desk: Damage) -> Seen:
    team = desk.insert("team", name="Night watch")
    member, stranger = desk.person(role="agent"), desk.person(role="agent")
    desk.insert("team_member", team_id=team, person_id=member)
    other = desk.insert("team", name="Day watch")
    desk.insert("team_member", team_id=other, person_id=stranger)
    return seen(desk.set("ticket", desk.ticket(OPEN), team_id=team, assignee_id=stranger))


@defect("ticket.assignee_inactive")
def assignee_inactive(desk: Damage) -> Seen:
    gone = desk.person(role="agent", is_active=False)
    return seen(desk.set("ticket", desk.ticket(OPEN), team_id=None, assignee_id=gone))


@defect("ticket.assignee_is_end_user")
def assignee_is_end_user(desk: Damage) -> Seen:
    customer = desk.ids("person", CUSTOMER)[0]
    return seen(desk.set("ticket", desk.solved(), team_id=None, assignee_id=customer))


# -------------------------------------------------------------------------------------------------- merged and related


@defect("ticket.merged_target_missing")
def merged_target_missing(desk: Damage) -> Seen:
    """A merged ticket does not say into which one."""
    ticket = desk.solved()
    before = desk.get("ticket", ticket, "status")
    return seen(desk.set("ticket", ticket, status="merged", status_before=before, merged_into_id=None))


@defect("ticket.merge_cycle")
def merge_cycle(desk: Damage) -> Seen:
    one, two = desk.solved(), desk.solved()
    for ticket, other in ((one, two), (two, one)):
        before = desk.get("ticket", ticket, "status")
        desk.set("ticket", ticket, status="merged", status_before=before, merged_into_id=other)
    return seen(one, two)


@defect("ticket.parent_cycle")
def parent_cycle(desk: Damage) -> Seen:
    """Three tickets, each the child of the next."""
    family = [desk.ticket(SOLVED) for _ in range(3)]
    for ticket, parent in zip(family, [*family[1:], family[0]], strict=True):
        desk.set("ticket", ticket, parent_id=parent)
    return seen(*family)


# --------------------------------------------------------------------------------------------------- numbers, whole desks


@defect("ticket.duplicate_number")
def duplicate_number(desk: Damage) -> Seen:
    one, two = desk.ticket(SOLVED), desk.ticket(SOLVED)
    desk.set("ticket", two, number=desk.get("ticket", one, "number"))
    return seen(one, two)


@defect("ticket.number_gaps", by_itself=True)
def number_gaps(desk: Damage) -> Seen:
    """Two hundred numbers in the middle of a desk that counts without holes."""
    tickets = desk.desk(desk.beside("gappy"), days=40, per_day=10)
    for ticket in tickets[200:]:
        desk.set("ticket", ticket, number=str(int(desk.get("ticket", ticket, "number")) + 200))
    return seen(None, connection=desk.beside("gappy"))


@defect("ticket.volume_drop", by_itself=True)
def volume_drop(desk: Damage) -> Seen:
    """A busy desk without one ticket for four days: a hole in the pull. Its numbers go on, so that they tell nothing."""
    desk.desk(desk.beside("holed"), days=90, per_day=8)
    low, high = later(desk.now, days=-44.5), later(desk.now, days=-40.5)
    gone = [row[0] for row in desk.rows(
        "SELECT id FROM ticket WHERE connection = :c AND created_at > :low AND created_at < :high ORDER BY id",
        c=desk.beside("holed"), low=low, high=high,
    )]  # fmt: skip
    for ticket in gone:
        desk.remove("message", "ticket_id = :t", t=ticket)
        desk.remove("ticket", "id = :t", t=ticket)
    left = desk.rows("SELECT id FROM ticket WHERE connection = :c ORDER BY CAST(number AS INTEGER)",
                     c=desk.beside("holed"))  # fmt: skip
    for number, (ticket,) in enumerate(left, 1):
        desk.set("ticket", ticket, number=str(number))
    return seen(None, connection=desk.beside("holed"))


@defect("record.field_always_empty", by_itself=True)
def field_always_empty(desk: Damage) -> Seen:
    """A column of all tickets was filled until four months ago, and never since."""
    desk.desk(desk.beside("fading"), days=330, per_day=2, type=lambda back: "incident" if back > 120 else None)
    return seen(None, connection=desk.beside("fading"))


@defect("connection.stale", by_itself=True)
def stale(desk: Damage) -> Seen:
    """A desk was pulled four months ago, and never since."""
    sleepy, long_ago = desk.beside("sleepy"), later(desk.now, days=-120)
    desk.desk(sleepy, days=30, per_day=1)
    desk.execute("UPDATE run SET started_at = :at, ended_at = :at WHERE connection = :c", at=long_ago, c=sleepy)
    desk.execute("UPDATE stream_cursor SET updated_at = :at, finished_at = :at WHERE connection = :c", at=long_ago,
                 c=sleepy)  # fmt: skip
    moments = ["created_at", "updated_at", "synced_at"]
    for table, more in (("ticket", ["solved_at", "closed_at", "first_responded_at"]), ("message", []), ("person", [])):
        for name in moments + more:
            desk.execute(
                f"UPDATE {table} SET {name} = strftime('%Y-%m-%dT%H:%M:%S.000000Z', {name}, '-120 days') "
                "WHERE connection = :c", c=sleepy,
            )  # fmt: skip
    return seen(None, connection=desk.beside("sleepy"))
