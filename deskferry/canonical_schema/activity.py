"""Facts from beside the desk that metrics use: shifts, purchases, subscriptions, mentions."""

from __future__ import annotations

from datetime import datetime

from deskferry.canonical_schema.canonical import Canonical
from deskferry.canonical_schema.columns import choice, real, text, time
from deskferry.canonical_schema.enums import AgentStateName, Channel, Direction


class AgentState(Canonical, table=True):
    """What an agent did from when to when."""

    __tablename__ = "agent_state"

    agent_id: str | None = text("The agent (a person)")
    state: str | None = choice(AgentStateName, "What the agent did")
    channel: str | None = choice(Channel, "On which channel; NULL: on all")
    from_at: datetime | None = time("From when on")
    to_at: datetime | None = time("Until when, exclusive; NULL: still")


class AgentShift(Canonical, table=True):
    """The time that an agent was scheduled (and paid) for."""

    __tablename__ = "agent_shift"

    agent_id: str | None = text("The agent (a person)")
    from_at: datetime | None = time("Begin of the shift")
    to_at: datetime | None = time("End of the shift, exclusive")


class Purchase(Canonical, table=True):
    """An order that a customer placed."""

    __tablename__ = "purchase"

    customer_id: str | None = text("The customer (a person)")
    occurred_at: datetime | None = time("When the order was placed")
    amount: float | None = real("Total in units of `currency`, before refunds")
    currency: str | None = text("ISO 4217 code, e.g. `EUR`")
    state: str | None = text("The shop's state of the order, e.g. `paid`, `cancelled`")
    refunded_amount: float | None = real("What was paid back, in units of `currency`")


class Subscription(Canonical, table=True):
    """From when to when somebody was a customer."""

    __tablename__ = "subscription"

    customer_id: str | None = text("The customer (a person or an organization)")
    active_from: datetime | None = time("From when on")
    active_to: datetime | None = time("Until when, exclusive; NULL: still")


class Mention(Canonical, table=True):
    """A mention of the company on a social network."""

    __tablename__ = "mention"

    network: str | None = text("The network, e.g. `mastodon`")
    external_id: str | None = text("The network's id of the post")
    author: str | None = text("Handle or name of who wrote it")
    occurred_at: datetime | None = time("When it was posted; edits keep the first time")
    ticket_id: str | None = text("The ticket that was made from it")
    direction: str | None = choice(Direction, "`in`: about the company; `out`: the company's answer")
