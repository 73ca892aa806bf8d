"""Defects that honestly are two findings, each with its reason."""

from __future__ import annotations

from types import MappingProxyType

ALSO = MappingProxyType({
    "person.agent_and_end_user": {
        "person.duplicate_email": "what tells that both are one is that they share their address",
    },
    "ticket.solved_before_created": {
        "vendor_metric.differs": "the vendor's own time of resolution is what it was",
    },
    "message.before_ticket": {
        "vendor_metric.differs": "the reply whose time the vendor tells is at another time",
    },
    "message.after_closing": {
        "vendor_metric.differs": "the reply whose time the vendor tells is at another time",
    },
    "message.several_openings": {
        "vendor_metric.differs": "the reply whose time the vendor tells counts as an opening",
    },
    "message.reply_by_nobody": {
        "vendor_metric.differs": "the reply whose time the vendor tells is no agent's any more",
    },
    "ticket.closed_before_solved": {
        "message.after_closing": "the reply with which it was solved is later than the closing now",
    },
    "ticket.merged_target_missing": {
        "event.contradicts_status": "nothing in its history says that it was merged",
    },
})  # fmt: skip
