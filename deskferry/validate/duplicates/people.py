"""People as they are compared: one row each in a table of DuckDB."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from itertools import islice
from typing import Any

from sqlalchemy import Connection, select

from deskferry.canonical_schema import sql_table
from deskferry.canonical_schema.enums import MACHINE_ROLES
from deskferry.store.snapshot import needed
from deskferry.validate.duplicates.attributes import Attribute, Fields, values_of
from deskferry.validate.duplicates.nicknames import name_groups
from deskferry.validate.duplicates.normalize import Phones, country_of, folded_text, mailbox, person_name

COLUMNS = (
    "id", "connection", "name", "first_name", "last_name", "email", "emails", "phone", "phones", "identities",
    "address", "organization_id", "external_id", "language", "custom_fields",
)  # fmt: skip
_LISTS = ("emails", "boxes", "phones", "handles", "groups", "family_groups")
_TEXTS = (
    "unique_id", "connection", "email", "phone", "given", "family", "suffix", "name_key", "address", "organization",
    "external_id",
)  # fmt: skip
_BATCH = 5_000


def people(database: Connection, connections: Collection[str]) -> Iterator[Any]:
    """Yield the live people of some connections who may be somebody's double: no machines, nobody merged already."""
    table = sql_table("person")
    statement = select(*(table.c[name] for name in COLUMNS)).where(
        table.c.connection.in_(sorted(connections)),
        table.c.deleted_at.is_(None),
        table.c.merged_into_id.is_(None),
        table.c.is_placeholder.is_not(True),
        table.c.role.is_(None) | table.c.role.not_in(sorted(MACHINE_ROLES)),
    )
    yield from database.execute(statement.order_by(table.c.id).execution_options(yield_per=1000))


def looked_at(database: Connection, connections: Collection[str]) -> tuple[list[Attribute], str | None]:
    """Return the custom fields to compare, and the country that numbers without a country code are of."""
    table = sql_table("custom_field")
    labels = {
        (row.connection, row.key): row.label or row.key
        for row in database.execute(
            select(table.c.connection, table.c.key, table.c.label).where(table.c.kind == "person")
        )
        if row.key
    }
    fields = Fields(labels)
    numbers: list[str] = []
    languages: set[str | None] = set()
    for row in people(database, connections):
        fields.look(row.connection, row.custom_fields)
        if len(numbers) < 20_000:
            numbers += [one for one in _numbers(row) if one.startswith(("+", "00"))]
        languages.add(row.language)
    return fields.chosen(), country_of(numbers, languages)


def write_people(
    duck: Any, database: Connection, connections: Collection[str], attributes: Collection[Attribute],
    country: str | None,
) -> int:  # fmt: skip
    """Write the table `people` and return its number of rows."""
    (arrow,) = needed("pyarrow")
    texts = (*_TEXTS, *(one.column for one in attributes))
    schema = arrow.schema(
        [(name, arrow.string()) for name in texts] + [(name, arrow.list_(arrow.string())) for name in _LISTS]
    )
    columns = ", ".join([*(f"{name} VARCHAR" for name in texts), *(f"{name} VARCHAR[]" for name in _LISTS)])
    duck.execute(f"CREATE OR REPLACE TABLE people ({columns})")
    phones, written = Phones(country), 0
    rows = (_compared(row, phones, attributes) for row in people(database, connections))
    while batch := list(islice(rows, _BATCH)):
        page = arrow.Table.from_pylist(batch, schema=schema)
        duck.register("page", page)
        duck.execute("INSERT INTO people SELECT * FROM page")
        duck.unregister("page")
        written += len(batch)
    return written


def _compared(row: Any, phones: Phones, attributes: Collection[Attribute]) -> dict[str, Any]:
    boxes = [found for found in map(mailbox, _listed(row.email, row.emails)) if found is not None]
    numbers = [found for found in map(phones.e164, _numbers(row)) if found is not None]
    name = person_name(row.name, row.first_name, row.last_name, [one.address for one in boxes])
    return {
        "unique_id": row.id, "connection": row.connection,
        "emails": _once(one.address for one in boxes), "boxes": _once(one.box for one in boxes),
        "email": boxes[0].address if boxes else None,
        "phones": _once(numbers), "phone": numbers[0] if numbers else None,
        "handles": _once(_handles(row.identities)),
        "given": name.given, "family": name.family, "suffix": name.suffix, "name_key": name.key,
        "groups": name_groups(name.given), "family_groups": name_groups(name.family),
        "address": folded_text(row.address), "organization": row.organization_id,
        "external_id": (row.external_id or "").strip() or None,
        **values_of(attributes, row.connection, row.custom_fields),
    }  # fmt: skip


def _listed(primary: str | None, listed: Any) -> list[str]:
    found = [one.get("value") for one in listed or () if isinstance(one, dict)]
    return [text for text in (primary, *found) if isinstance(text, str) and text.strip()]


def _numbers(row: Any) -> list[str]:
    return _listed(row.phone, row.phones)


def _handles(identities: Any) -> Iterator[str]:
    for one in identities or ():
        if isinstance(one, dict) and one.get("value") and one.get("type") not in ("email", "phone", "phone_number"):
            yield f"{one.get('type')}:{str(one['value']).strip().casefold()}"


def _once(values: Any) -> list[str] | None:
    """Return each value once; None for none, as Splink wants what is unknown."""
    return list(dict.fromkeys(values)) or None


def derive(duck: Any) -> None:
    """Add what is known only of all people together: which given names are names and no typing errors.

    Those are the ones of the list of nicknames, and whatever many families use.
    """
    duck.execute(
        "ALTER TABLE people ADD COLUMN given_common BOOLEAN; ALTER TABLE people ADD COLUMN phone_bearers BIGINT"
    )
    duck.execute(
        "UPDATE people SET given_common = len(groups) > 0 OR given IN "
        "(SELECT given FROM people WHERE given IS NOT NULL GROUP BY given "
        "HAVING count(DISTINCT family) >= greatest(3, (SELECT count(*) FROM people) / 2000))"
    )
    duck.execute(
        "UPDATE people SET phone_bearers = found.bearers FROM (SELECT phone, count(*) AS bearers FROM "
        "(SELECT unnest(phones) AS phone FROM people) GROUP BY phone) AS found WHERE people.phone = found.phone"
    )


def filled(duck: Any, attributes: Collection[Attribute]) -> set[str]:
    """Return the columns that are filled often enough to say something."""
    columns = (
        "given",
        "family",
        "email",
        "phone",
        "address",
        "organization",
        "external_id",
        *(one.column for one in attributes),
    )
    counted = ", ".join(f"count({name})" for name in columns)
    ((every, *counts),) = duck.execute(f"SELECT count(*), {counted} FROM people").fetchall()
    return {name for name, count in zip(columns, counts, strict=True) if count >= max(2, every / 100)}
