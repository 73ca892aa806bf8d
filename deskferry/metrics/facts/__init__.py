"""Fact tables at their natural grain: the hard derivations, done once. A metric is then short.

Every fact has `connection`; those with a `ticket_id` get the dimensions of the ticket. `build` says what a fact is made
of and lists its columns in the docstring of its module.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

import ibis.expr.types as ir

from deskferry.metrics.facts import (
    agent_day,
    assignment,
    customer,
    message,
    page_view,
    response_turn,
    sentiment_score,
    sla_instance,
    state,
    status,
    survey_answer,
    ticket,
)

if TYPE_CHECKING:
    from deskferry.metrics.desk import Desk


@dataclass(frozen=True, slots=True)
class Fact:
    """One fact table."""

    build: Callable[[Desk], ir.Table]
    tables: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))
    """Canonical tables that it reads itself, with their columns."""
    facts: tuple[str, ...] = ()
    """Facts that it reads."""
    is_view: bool = False
    """It is a cheap view of what is kept already: not to be kept once more."""
    is_kept: bool = False
    """It depends on nothing but the tables and what the question leaves out, and is worth keeping: `kept_facts`."""
    is_of_tickets: bool = False
    """It has one row a ticket at most, and no column of the fact `ticket` but the id and the connection."""


FACTS: Mapping[str, Fact] = MappingProxyType(
    {
        "ticket": Fact(ticket.build, ticket.TABLES, is_kept=True),
        "assignment": Fact(assignment.build, assignment.TABLES, ("ticket",), is_kept=True),
        "message": Fact(message.build, message.TABLES, ("ticket",), is_kept=True),
        "ticket_messages": Fact(message.by_ticket, facts=("message",), is_of_tickets=True, is_kept=True),
        "response_turn": Fact(response_turn.build, facts=("message", "ticket"), is_kept=True),
        "status_change": Fact(status.changes, status.TABLES, ("ticket",), is_view=True, is_kept=True),
        "status_interval": Fact(status.intervals, facts=("status_change",), is_view=True),
        "state_interval": Fact(state.build, state.TABLES, ("status_change", "ticket"), is_view=True),
        "survey_answer": Fact(survey_answer.build, survey_answer.TABLES, ("ticket",)),
        "agent_day": Fact(agent_day.build, agent_day.TABLES),
        "sentiment_score": Fact(sentiment_score.build, sentiment_score.TABLES),
        "sla_instance": Fact(sla_instance.build, sla_instance.TABLES),
        "sla_span": Fact(sla_instance.spans, sla_instance.TABLES),
        "customer": Fact(customer.build, customer.TABLES),
        "contact": Fact(customer.contacts, facts=("customer", "ticket")),
        "page_view": Fact(page_view.build, page_view.TABLES, ("customer",), is_kept=True),
        "resolution": Fact(status.resolutions, facts=("status_change", "ticket"), is_of_tickets=True, is_kept=True),
        "status_seconds": Fact(status.seconds_by_ticket("calendar"), facts=("status_interval",)),
        "status_seconds_business": Fact(status.seconds_by_ticket("business"), facts=("status_interval",)),
        "status_recorded": Fact(status.seconds_by_ticket("calendar", recorded=True), facts=("status_interval",)),
        "status_recorded_business": Fact(
            status.seconds_by_ticket("business", recorded=True), facts=("status_interval",)
        ),
    }
)


def tables_of(names: tuple[str, ...]) -> dict[str, set[str]]:
    """Return all canonical tables and columns that facts read, those of the facts that they read included."""
    found: dict[str, set[str]] = {}
    for name in names:
        for table, columns in (*FACTS[name].tables.items(), *tables_of(FACTS[name].facts).items()):
            found.setdefault(table, set()).update(columns)
    return found
