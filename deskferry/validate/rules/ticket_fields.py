"""Rules on what a ticket says of itself."""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from deskferry.validate.desk import Desk
from deskferry.validate.finding import Severity
from deskferry.validate.rule import Dimension, Rule

_DISPOSED = ("deleted", "merged")


def _kept(rows: ir.Table, _desk: Desk) -> ir.BooleanValue:
    return rows.status.isnull() | rows.status.notin(_DISPOSED)


def _is(flag: ir.BooleanValue) -> ir.BooleanValue:
    return flag.fill_null(ibis.literal(value=False))


RULES = (
    Rule(
        "ticket.no_requester", "ticket", Dimension.COMPLETENESS, Severity.ERROR, "Tickets without a requester",
        "nobody is named as its requester",
        "Pull the people, too; where the vendor has none either, name one there: it cannot cross without.",
        {"ticket": ("requester_id", "status")},
        where=lambda rows, _desk: rows.requester_id.isnull(), among=_kept,
    ),
    Rule(
        "ticket.no_channel", "ticket", Dimension.COMPLETENESS, Severity.WARNING, "Tickets without a channel",
        "the vendor's channel is {channel_label}",
        "A channel that is not known here counts nowhere: report the vendor's name of it.",
        {"ticket": ("channel", "channel_label", "status")},
        where=lambda rows, _desk: rows.channel.isnull(), among=_kept,
    ),
    Rule(
        "ticket.unknown_status", "ticket", Dimension.CONSISTENCY, Severity.ERROR, "Tickets of an unknown status",
        "the vendor's status is {status_label}",
        "Map the status in the mapping of the route, or report it: the ticket is in no backlog and never solved.",
        {"ticket": ("status", "status_label")},
        where=lambda rows, _desk: rows.status.isnull() | (rows.status == "unknown"),
    ),
    Rule(
        "ticket.unmapped_label", "ticket", Dimension.CONSISTENCY, Severity.WARNING,
        "Tickets with a priority that has no canonical one", "the vendor's priority is {priority_label}",
        "Report the vendor's name of it; until then such tickets are in no line by priority.",
        {"ticket": ("priority", "priority_label")},
        where=lambda rows, _desk: rows.priority.isnull(),
        among=lambda rows, _desk: rows.priority_label.notnull(),
    ),
    Rule(
        "ticket.spam_not_marked", "ticket", Dimension.CONSISTENCY, Severity.WARNING,
        "Tickets that are spam by half", "status {status}, marked as spam: {is_spam}",
        "Look at it at the vendor: status and mark of spam do not go together, and numbers count it in one place only.",
        {"ticket": ("status", "is_spam")},
        where=lambda rows, _desk: ((rows.status == "spam") & ~_is(rows.is_spam))
        | (_is(rows.is_spam) & rows.status.notin(("spam", *_DISPOSED))),
    ),
)  # fmt: skip
