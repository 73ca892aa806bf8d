"""M45: what share of tickets has which tag, or which value of a field.

Read where the card leaves it open:

- What is looked at is the option `of`, `tag` or `field:KEY`; else the first of them that is split by; else tags. Tags,
  and values of a field that takes several, make shares that sum above 100 %.
- Two classes are no values: `(none)`, the ticket has none; `(not on this form)`, the field is confined to forms,
  inboxes or types (`custom_field.applies_to`) that are not the ticket's. A value that is there wins over both.
- `value=created`: what the ticket had when it was created: what its events set at that instant, else what the first
  later change replaced, else, as nothing changed, what it has.
- Options are told apart by their value (the vendor's id of the option), and shown by the label that it has now.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import ibis
import ibis.expr.types as ir

from deskferry.metrics import dimensions
from deskferry.metrics.aggregation import Numbers
from deskferry.metrics.contacts import marked
from deskferry.metrics.definition import Finished, Metric, Need, Needs, Tables
from deskferry.metrics.desk import Ask
from deskferry.metrics.field_forms import FORM_COLUMNS, not_on_form
from deskferry.metrics.options import COHORT, Choice, Question
from deskferry.metrics.result import Line
from deskferry.store.json_texts import elements, member

NONE, NOT_ON_FORM = "(none)", "(not on this form)"


@dataclass(frozen=True, slots=True)
class Tickets:
    """How many tickets; rows are a ticket's values, so that one with several counts once in a total."""

    columns: tuple[str, ...] = ("ticket_id",)
    statistic: str = "count"
    unit: str = "tickets"
    is_count: bool = True
    is_estimate: bool = False
    is_share: bool = True

    def adds_up(self, rows: ir.Table) -> bool:
        """Whether measures of groups add up to those of all."""
        return False

    def measures(self, rows: ir.Table) -> dict[str, ir.Scalar]:
        """Count."""
        known = rows.ticket_id.nunique(where=rows.value.notnull())
        return {"n_eligible": rows.ticket_id.nunique(), "n_computed": known}

    def numbers(self, found: Mapping[str, Any], days: float | None) -> Numbers:
        """Return the number."""
        return Numbers(float(found["n_computed"]))


@dataclass(frozen=True, slots=True)
class _Looked:
    """What is looked at."""

    default: str = dimensions.TAG
    help: str = f"What is looked at: {dimensions.TAG}, or {dimensions.FIELD}KEY"

    def read(self, given: Any) -> str:
        """Return the dimension."""
        if not _can_be_looked_at(str(given)):
            raise ValueError(f"choose {dimensions.TAG}, {dimensions.FIELD}KEY")
        return str(given)


def _can_be_looked_at(name: str) -> bool:
    return name == dimensions.TAG or (name.startswith(dimensions.FIELD) and name != dimensions.FIELD)


def _rows(ask: Ask) -> ir.Table:
    of = ask.options["of"]
    tickets = ask.tickets()
    rows, _ = dimensions.attach(ask.desk, tickets.select("ticket_id", "connection", at="created_at"), (of,))
    rows = rows.rename(value_of=of)
    if ask.options["value"] == "created":
        rows = _at_creation(ask, rows)
    if of == dimensions.TAG:
        rows = rows.mutate(value_of=rows.value_of.fill_null(NONE))
    else:
        off = not_on_form(ask.desk, of.removeprefix(dimensions.FIELD))
        rows = marked(rows, off, "is_off")
        rows = rows.mutate(value_of=rows.value_of.coalesce(rows.is_off.ifelse(NOT_ON_FORM, NONE)))
    return rows.mutate(value=rows["at"].notnull().ifelse(1, None)).rename({of: "value_of"})


def _at_creation(ask: Ask, rows: ir.Table) -> ir.Table:
    """Return rows with the values that tickets had when they were created; one row each where there were several."""
    of, events = ask.options["of"], ask.table("ticket_event")
    key = of.removeprefix(dimensions.FIELD)
    names = ("tags",) if of == dimensions.TAG else (key, f"custom_field:{key}")
    changes = events.filter(events.field.isin(names), events.occurred_at.notnull())
    tickets = rows.select("ticket_id", "connection", "at").distinct()
    changes = changes.select("ticket_id", "occurred_at", "old_value", "new_value", order=changes.seq.fill_null(0))
    changes = changes.inner_join(tickets.select("ticket_id", created="at"), "ticket_id")
    order = ibis.window(group_by="ticket_id", order_by=["occurred_at", "order"])
    changes = changes.mutate(place=ibis.row_number().over(order).cast("int64"))
    early = changes.occurred_at <= changes.created
    first = changes.group_by("ticket_id").aggregate(
        n_early=changes.count(where=early),
        # A NULL among what is ordered would be passed over, and to be without a value is one.
        set_then=changes.new_value.fill_null("").argmax(early.ifelse(changes.place, None)),
        before=changes.old_value.fill_null("").argmin(changes.place),
    )
    first = first.select("ticket_id", text=(first.n_early > 0).ifelse(first.set_then, first.before))
    then = tickets.inner_join(first, "ticket_id")
    return rows.anti_join(first, "ticket_id").union(_values(then).select(*rows.columns))


def _values(then: ir.Table) -> ir.Table:
    """Return a row for each value of a text that may be a JSON list."""
    then = then.mutate(value_of=elements(then.text))
    is_list = then.value_of.notnull()
    many = then.filter(is_list)
    empty = many.filter(many.value_of.length() == 0).mutate(value_of=ibis.null("string"))
    many = many.filter(many.value_of.length() > 0)
    many = many.mutate(value_of=many.value_of.unnest())
    single = then.filter(~is_list)
    single = single.mutate(value_of=single.text.nullif(""))
    return single.union(many.select(*single.columns)).union(empty.select(*single.columns)).distinct()


def _with_note(ask: Ask, rows: ir.Table, lines: tuple[Line, ...]) -> Finished:
    return Finished(lines, notes=_several(ask.options["of"], lines))


def _several(of: str, lines: tuple[Line, ...]) -> tuple[str, ...]:
    total, *rest = lines
    summed = sum(line.value or 0 for line in rest if line.period is None and tuple(line.group) == (of,))
    if summed <= (total.value or 0):
        return ()
    return (f"a ticket may have several values of {of}: the shares sum above 100 %",)


def _needs(options: Mapping[str, Any]) -> Needs:
    if options["of"] == dimensions.TAG:
        return (Need("tagging", lambda tagging: tagging.kind == "ticket"),)
    key = options["of"].removeprefix(dimensions.FIELD)
    return (
        (
            Need("custom_field", lambda field: (field.kind == "ticket") & (field.key == key)),
            Need("ticket", lambda ticket: member(ticket.custom_fields, key).notnull()),
        ),
    )


def _tables(options: Mapping[str, Any]) -> Tables:
    found = dict(dimensions.tables((options["of"],)))
    if options["of"] != dimensions.TAG:
        found["custom_field"] += ("applies_to",)
        found["ticket"] += FORM_COLUMNS
    if options["value"] == "created":
        found["ticket_event"] = ("ticket_id", "seq", "occurred_at", "field", "old_value", "new_value")
    return found


def _looked_at(question: Question) -> Metric:
    """Return the distribution of what the option names, else of what is split by, else of tags."""
    by_question = (name for name in question.by if _can_be_looked_at(name))
    looked = _Looked(default=next(by_question, dimensions.TAG))
    given = {**question.settings.get("M45", {}), **question.settings.get("distribution", {})}
    of = str(given.get("of", looked.default))
    return replace(DISTRIBUTION, by=(of,), options={**DISTRIBUTION.options, "of": looked}, stands_for=None)


DISTRIBUTION = Metric(
    "M45",
    version=1,
    population="tickets of the base population, by their creation; those without a value are a class",
    tables=_tables,
    rows=_rows,
    needs=_needs,
    anchors={COHORT: "created_at"},
    aggregation=Tickets(),
    options={
        "of": _Looked(),
        "value": Choice(("current", "created"), "What tickets have now, or what they had when they were created"),
    },
    finish=_with_note,
    finishes_lines=True,
    stands_for=_looked_at,
)

METRICS: tuple[Metric, ...] = (DISTRIBUTION,)
