"""Fact `customer`: who a person is as a customer, the same over all connections: a row a person.

person_id, connection, customer (of the persons that share an e-mail address the same one for all; where there is no
address the person itself, or the one it was merged into), has_mail, role

Fact `contact`, a row a ticket of the base population: ticket_id, connection, created_at, customer (who requested it),
has_mail (the customer has an address)
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import ibis.expr.types as ir

if TYPE_CHECKING:
    from deskferry.metrics.desk import Desk

TABLES: Mapping[str, tuple[str, ...]] = {"person": ("id", "key_of_email", "merged_into_id", "role")}


def build(desk: Desk) -> ir.Table:
    """Return the fact."""
    people = desk.table("person", deleted=True)
    people = people.select(
        "connection",
        "role",
        person_id="id",
        own=people.key_of_email,
        survivor=people.merged_into_id.coalesce(people.id),
    )
    survivors = people.select(_survivor="person_id", mail="own")
    joined = people.left_join(survivors, people.survivor == survivors["_survivor"])
    joined = joined.mutate(mail=joined.mail.coalesce(joined.own)).drop("_survivor", "own")
    shared = joined.filter(joined.mail.notnull()).group_by("mail").aggregate(first=joined.survivor.min())
    found = joined.left_join(shared, "mail")
    return found.select(
        "person_id", "connection", "role", customer=found.first.coalesce(found.survivor), has_mail=found.mail.notnull()
    )


def contacts(desk: Desk) -> ir.Table:
    """Return the fact `contact`."""
    tickets = desk.base.select("ticket_id", "connection", "created_at", "requester_id")
    return identified(desk, tickets, "requester_id").drop("requester_id")


def identified(desk: Desk, rows: ir.Table, column: str) -> ir.Table:
    """Return rows with `customer`: whom a column of persons means (an organization means itself), and `has_mail`."""
    people = desk.fact("customer").select(_person="person_id", customer="customer", has_mail="has_mail")
    found = rows.left_join(people, rows[column] == people["_person"]).drop("_person")
    return found.mutate(customer=found.customer.coalesce(found[column]), has_mail=found.has_mail.fill_null(False))
