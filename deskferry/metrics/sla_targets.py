"""The targets of service levels that policies promise, and which of them a clock is held against."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.types as ir

if TYPE_CHECKING:
    from deskferry.metrics.desk import Ask

_PRIORITIES = ("low", "normal", "high", "urgent", "")
TARGET = ("connection", "metric", "priority", "target_seconds", "business_hours")
Target = tuple[str, str, str, float, bool]
TABLES = {
    "sla_policy": ("text_of_id", "name", "targets", "filter"),
    "ticket_event": ("ticket_id", "occurred_at", "seq", "field", "old_value", "new_value"),
}


def targets(ask: Ask) -> tuple[list[Target], list[str]]:
    """Return the targets by connection, metric and priority, and connections whose policy is not known."""
    names = {one["key"]: one["text"] for one in ask.desk.texts("sla_policy").to_pyarrow().to_pylist()}
    found: list[Target] = []
    by_connection: dict[str, list[dict[str, Any]]] = {}
    for policy in ask.table("sla_policy").to_pyarrow().to_pylist():
        by_connection.setdefault(policy["connection"], []).append(policy)
    unclear = []
    for connection, policies in sorted(by_connection.items()):
        wanted = set(ask.options["policies"])
        chosen = [one for one in policies if {one["name"], names.get(one["id"])} & wanted]
        chosen = chosen or [one for one in policies if len(policies) == 1 and not json.loads(one["filter"] or "{}")]
        if len(chosen) != 1:
            unclear.append(connection)
            ask.notes.append(
                f"{connection}: which policy applies to which ticket is not known: name one by `policies`."
            )
            continue
        ask.notes.append(f"{connection}: no events of service levels, computed by the policy {chosen[0]['name']!r}.")
        found += [(connection, *one) for one in _by_priority(json.loads(chosen[0]["targets"] or "[]"))]
    return found, unclear


def _by_priority(targets: list[dict[str, Any]]) -> list[tuple[str, str, float, bool]]:
    """Return a target a metric and priority; one without priority is for those that have none of their own."""
    told = {(one["metric"], one.get("priority") or ""): one for one in targets}
    return [
        (metric, priority, float(one["seconds"]), bool(one.get("business_hours")))
        for metric in sorted({metric for metric, _priority in told})
        for priority in _PRIORITIES
        if (one := told.get((metric, priority)) or told.get((metric, "")))
    ]


def with_priority(ask: Ask, runs: ir.Table) -> ir.Table:
    """Return runs with the priority of their ticket when they ended; "" where it had none."""
    events = ask.table("ticket_event")
    events = events.filter(events.field == "priority", events.occurred_at.notnull())
    events = events.select(_ticket="ticket_id", _at="occurred_at", _seq=events.seq.fill_null(0), _new="new_value",
                           _old="old_value")  # fmt: skip
    keys = ["ticket_id", "metric", "instance"]
    moved = runs.inner_join(events, runs.ticket_id == events["_ticket"])
    before = moved["_at"] <= moved.ended_at
    order = ibis.window(group_by=keys, order_by=[moved["_at"], moved["_seq"]])
    moved = moved.mutate(_place=ibis.row_number().over(order).cast("int64"), _before=before)
    found = moved.group_by(*keys).aggregate(
        _last=moved["_place"].max(where=before),
        _new=moved["_new"].fill_null("").argmax(before.ifelse(moved["_place"], None)),
        _old=moved["_old"].fill_null("").argmin(moved["_place"]),
    )  # fmt: skip
    joined = runs.left_join(found, keys).drop(*(f"{key}_right" for key in keys))
    today = ask.fact("ticket").select("ticket_id", _today="priority")
    joined = joined.left_join(today, "ticket_id").drop("ticket_id_right")
    then = joined["_last"].notnull().ifelse(joined["_new"], joined["_old"].coalesce(joined["_today"], ibis.literal("")))
    return joined.mutate(priority=then).drop("_last", "_new", "_old", "_today")
