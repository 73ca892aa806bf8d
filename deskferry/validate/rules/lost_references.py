"""References that lead nowhere, and tickets without a message: what a crossing needs, over a snapshot."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import ibis.expr.types as ir

from deskferry.store.export_processes import KEY_OF
from deskferry.validate.crossing_checks import WITHOUT_MESSAGE, reference_check
from deskferry.validate.desk import Desk
from deskferry.validate.references import Reference, references
from deskferry.validate.rule import Rule


def _of(reference: Reference) -> Rule:
    key = f"{KEY_OF}{reference.column}"
    reads = {reference.kind: (reference.column, key)}
    reads[reference.target] = (*reads.get(reference.target, ()), f"{KEY_OF}id")
    return replace(
        reference_check(reference),
        reads=reads,
        offending=partial(_lost, reference, key),
        among=lambda rows, _desk: rows[key].notnull(),
    )


def _lost(reference: Reference, key: str, desk: Desk) -> ir.Table:
    rows = desk.live(reference.kind)
    there = desk.everywhere(reference.target).select(there=f"{KEY_OF}id")
    return rows.filter(rows[key].notnull()).anti_join(there, [(key, "there")]).mutate(record_id="id")


def _without_message(desk: Desk) -> ir.Table:
    tickets = desk.live("ticket")
    tickets = tickets.filter(tickets.status.notin(("deleted", "merged")))
    written = desk.everywhere("message").select(key_of_id="key_of_ticket_id")
    return tickets.anti_join(written, "key_of_id").mutate(record_id="id")


RULES = (
    *(_of(reference) for reference in references()),
    replace(
        WITHOUT_MESSAGE,
        reads={"ticket": ("key_of_id", "status"), "message": ("key_of_ticket_id",)},
        offending=_without_message,
        among=lambda rows, _desk: rows.status.notin(("deleted", "merged")),
    ),
)
