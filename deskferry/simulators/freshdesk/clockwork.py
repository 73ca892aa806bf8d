"""The times of a ticket: when its status moved, who answered when, and what is due, which is filled in late."""

from __future__ import annotations

from deskferry.simulators.freshdesk.account import Account
from deskferry.simulators.freshdesk.errors import Row
from deskferry.simulators.freshdesk.times import seconds_of, stamp

OPEN, PENDING, RESOLVED, CLOSED = 2, 3, 4, 5


def status_set(account: Account, row: Row, before: int | None) -> None:
    """Note a change of status in the ticket's own times."""
    stats, status, moment = row["_stats"], row["status"], account.now()
    if before is None:
        stats["status_updated_at"] = row.get("created_at", moment)
    if status == before:
        return
    stats["status_updated_at"] = moment if before is not None else stats["status_updated_at"]
    stats["pending_since"] = moment if status == PENDING else None
    if status in (RESOLVED, CLOSED):
        stats["resolved_at"] = stats.get("resolved_at") or moment
        stats["closed_at"] = moment if status == CLOSED else None
    elif before in (RESOLVED, CLOSED):
        stats |= {"reopened_at": moment, "resolved_at": None, "closed_at": None}


def answered(row: Row, note: Row) -> None:
    """Note a public message in the ticket's own times."""
    if note["private"]:
        return
    stats = row["_stats"]
    if note["incoming"]:
        stats["requester_responded_at"] = note["created_at"]
        return
    stats["agent_responded_at"] = note["created_at"]
    stats["first_responded_at"] = stats.get("first_responded_at") or note["created_at"]


def plan_due(account: Account, row: Row) -> None:
    """Fill in the due times some seconds from now, unless the call gave them."""
    if row.get("_due_given"):
        return
    row["due_by"] = row["fr_due_by"] = None

    def fill() -> None:
        fill_due(account, row)
        account.version += 1

    account.later(account.settings.due_delay, fill)


def fill_due(account: Account, row: Row) -> None:
    """Set the due times by the policy that fits, and whether they were missed."""
    target, start = _target(account, row), seconds_of(row["created_at"])
    row["due_by"] = stamp(start + target["resolve_within"])
    row["fr_due_by"] = stamp(start + target["respond_within"])
    row["fr_escalated"] = (row["_stats"].get("first_responded_at") or "") > row["fr_due_by"]
    row["is_escalated"] = row["fr_escalated"] or (row["_stats"].get("resolved_at") or "") > row["due_by"]


def _target(account: Account, row: Row) -> Row:
    for policy in sorted(account.tables["sla_policies"].values(), key=lambda policy: policy["position"]):
        where = policy["applicable_to"]
        fits = policy["is_default"] or row["group_id"] in where.get("group_ids", ())
        if policy["active"] and (fits or row["type"] in where.get("ticket_types", ())):
            target: Row = policy["sla_target"][f"priority_{row['priority']}"]
            return target
    return {"respond_within": 86_400, "resolve_within": 259_200}
