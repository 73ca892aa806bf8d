"""Rules on custom fields: values that are no option, required ones that are empty, values in several forms."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import partial, reduce
from operator import and_

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from deskferry.validate.desk import Desk
from deskferry.validate.finding import Severity
from deskferry.validate.rule import Dimension, Rule
from deskferry.validate.rules.custom_field_values import (
    FIELDS,
    CustomField,
    custom_fields,
    frequencies,
    parts,
    with_value,
)

_CHOICES = frozenset({"select", "nested_select", "multi_select"})
_CONFINED = {"forms": "form_id", "inboxes": "inbox_id", "types": "type"}
_KINDS = ("ticket", "person", "organization")
_FORMS = {
    "date": {
        "year first": r"\d{4}-\d{1,2}-\d{1,2}([T ].*)?",
        "with slashes": r"\d{1,2}/\d{1,2}/\d{2,4}",
        "with dots": r"\d{1,2}\.\d{1,2}\.\d{2,4}",
        "by name of the month": r"(\d{1,2} [A-Za-z]{3,9}|[A-Za-z]{3,9} \d{1,2}),? \d{4}",
    },
    "number": {
        "plain": r"-?\d+(\.\d+)?",
        "with a comma": r"-?\d{1,3}(\.\d{3})*,\d+|-?\d{1,3}(,\d{3})+(\.\d+)?",
        "with a unit": r"-?\d+([.,]\d+)? ?[A-Za-z€$£%]{1,8}|[€$£] ?-?\d+([.,]\d+)*",
    },
    "truth": {"yes and no": r"(?i)yes|no", "true and false": r"(?i)true|false", "1 and 0": r"[01]"},
}
"""Families of values, and the forms that they are written in. A plain 1 or 0 is a number first."""
_NO_UNIT = re.compile(r"[-\d.,\s]")
_MIXABLE = frozenset({"text", "number", "decimal", "currency", "date", "datetime", "regexp", None})


def _foreign(kind: str, desk: Desk) -> ir.Table:
    """Yield records with a value that is none of the options of its field."""
    rows = desk.live(kind).select("connection", record_id="id", field=ibis.null("string")).limit(0)
    for field in custom_fields(desk, kind):
        if field.type not in _CHOICES or not field.options:
            continue
        held = with_value(desk, field)
        foreign = [value for value in frequencies(held) if not _chosen(value, field)]
        if foreign:
            found = held.filter(held.value.isin(foreign))
            rows = rows.union(found.select("connection", record_id="id", field=ibis.literal(field.title)))
    return rows


def _chosen(value: str, field: CustomField) -> bool:
    return all(one in field.options or set(one.split("::")) <= set(field.options) for one in parts(value))


def _empty(desk: Desk) -> ir.Table:
    """Yield finished tickets that lack a required field of their form, since it has been there."""
    rows = desk.live("ticket").select("connection", record_id="id", field=ibis.null("string")).limit(0)
    for field in custom_fields(desk, "ticket"):
        if field.is_required and field.is_active:
            found = with_value(desk, field)
            found = found.filter(found.status.isin(("solved", "closed")), found.value.isnull(), _on_form(found, field))
            if field.created_at is not None:
                found = found.filter(found.created_at >= ibis.timestamp(field.created_at))
            rows = rows.union(found.select("connection", record_id="id", field=ibis.literal(field.title)))
    return rows


def _on_form(rows: ir.Table, field: CustomField) -> ir.BooleanValue:
    """Return whether a ticket is of the forms, inboxes and types that a field is for; unknown ones are not."""
    asked: list[ir.BooleanValue] = [ibis.literal(value=True)]
    for name, column in _CONFINED.items():
        allowed = sorted({str(one) for one in field.applies_to.get(name) or ()})
        if allowed:
            last = rows[column].re_replace("^.*:", "")
            asked.append((rows[column].isin(allowed) | last.isin(allowed)).fill_null(ibis.literal(value=False)))
    return reduce(and_, asked)


def _mixed(desk: Desk) -> ir.Table:
    """Yield fields whose values are of one family, written in several forms."""
    found = []
    for kind in _KINDS:
        for field in custom_fields(desk, kind):
            if field.type in _MIXABLE:
                told = mixture(frequencies(with_value(desk, field)))
                if told is not None:
                    found.append({"record_id": field.id, "connection": field.connection, "forms": told})
    names = ("record_id", "connection", "forms")
    table = pa.table({name: pa.array([one[name] for one in found], pa.string()) for name in names})
    held: ir.Table = desk.backend.create_table(ibis.util.gen_name("mixed"), table, temp=True)
    return held


def mixture(values: Mapping[str, int]) -> str | None:
    """Return in which forms values are written, by name and number; None where it is one, or they are free text."""
    forms: Counter[tuple[str, str]] = Counter()
    total = 0
    for value, count in values.items():
        for part in parts(value):
            total += count
            form = _form(part.strip())
            if form is not None:
                forms[form] += count
    for family in _FORMS:
        of_family = {form: count for (name, form), count in forms.items() if name == family}
        if len(of_family) > 1 and sum(of_family.values()) >= 0.9 * total:
            return ", ".join(f"{count} {form}" for form, count in sorted(of_family.items(), key=lambda one: -one[1]))
    return None


def _form(text: str) -> tuple[str, str] | None:
    for family, forms in _PATTERNS:
        for form, pattern in forms:
            if pattern.fullmatch(text):
                return family, _unit(form, text)
    return None


def _unit(form: str, text: str) -> str:
    return "in " + _NO_UNIT.sub("", text) if form == "with a unit" else form


def _compiled(forms: Mapping[str, str]) -> Iterable[tuple[str, re.Pattern[str]]]:
    return [(form, re.compile(pattern)) for form, pattern in forms.items()]


_PATTERNS = [(family, _compiled(forms)) for family, forms in _FORMS.items()]


def _filled(rows: ir.Table, _desk: Desk) -> ir.BooleanValue:
    return rows.custom_fields.notnull() & (rows.custom_fields != "{}")


def _options_of(kind: str, name: str) -> Rule:
    return Rule(
        id=name,
        kind=kind,
        dimension=Dimension.CONSISTENCY,
        severity=Severity.WARNING,
        name=f"Custom fields of a {kind} with a value that is no option",
        detail="the value of {field} is none of its options",
        advice="The option was renamed or removed: map the value in the mapping of the route, or correct it.",
        reads={"custom_field": FIELDS, kind: ("custom_fields",)},
        offending=partial(_foreign, kind),
        among=_filled,
    )


RULES = (
    _options_of("ticket", "custom_field.value_not_an_option"),
    _options_of("person", "person.field_value_not_an_option"),
    _options_of("organization", "organization.field_value_not_an_option"),
    Rule(
        "ticket.required_field_empty", "ticket", Dimension.COMPLETENESS, Severity.WARNING,
        "Finished tickets that lack a required field", "{field} is required, and empty",
        "It became required later, or was set aside by an import: numbers by this field leave the ticket out.",
        {"custom_field": FIELDS,
         "ticket": ("custom_fields", "status", "created_at", "form_id", "inbox_id", "type")},
        offending=_empty, among=lambda rows, _desk: rows.status.isin(("solved", "closed")),
    ),
    Rule(
        "custom_field.mixed_formats", "custom_field", Dimension.CONSISTENCY, Severity.WARNING,
        "Custom fields whose values are written in several forms", "{forms}",
        "Agree on one form and unit: sorted, summed and compared, such values mislead.",
        {"custom_field": FIELDS, **dict.fromkeys(_KINDS, ("custom_fields",))}, offending=_mixed,
    ),
)  # fmt: skip
