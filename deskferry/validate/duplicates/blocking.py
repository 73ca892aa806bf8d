"""Which people are compared at all: those who share a key that few bear, so that the work grows with the account."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from deskferry.validate.duplicates.attributes import Attribute

BLOCK = 25
"""People who may share a key and all be compared with each other; a key that more bear says little."""
_SURE = {"email": "emails", "alias": "boxes", "phone": "phones", "handle": "handles"}
_PLAIN = {
    "external_id": "external_id",
    "name": "name_key",
    "given and start of family name": "given || '|' || left(family, 4)",
    "family name and initial": "family || '|' || left(given, 1)",
    "starts of both names": "left(given, 3) || '|' || left(family, 3)",
    "starts of both names, swapped": "left(family, 3) || '|' || left(given, 3)",
    "family name and domain": "family || '|' || split_part(email, '@', 2)",
    "family name and organization": "family || '|' || organization",
    "given name and organization": "given || '|' || organization",
    "local part": "CASE WHEN strpos(email, '@') > 5 THEN split_part(email, '@', 1) END",
    "start of address and domain": "left(email, 5) || '|' || right(email, 8)",
    "end of phone": "right(phone, 7)",
    "start of phone": "CASE WHEN length(phone) > 9 THEN left(phone, -2) END",
    "address": "address",
    "family name and address": "family || '|' || left(address, 8)",
}


def _of(attribute: Attribute) -> dict[str, str]:
    column, name = attribute.column, attribute.name
    with_names = {
        f"{name} and family name": f"{column} || '|' || left(family, 3)",
        f"{name} and given name": f"{column} || '|' || left(given, 3)",
    }
    return with_names if attribute.few else {name: column, **with_names}


def candidate_pairs(duck: Any, attributes: Collection[Attribute], filled: Collection[str]) -> int:
    """Write the table `candidates` as Splink reads it (each pair once), and return its number of rows."""
    plain = dict(_PLAIN)
    for attribute in attributes:
        plain |= _of(attribute)
    duck.execute("CREATE OR REPLACE TABLE keys (unique_id VARCHAR, rule VARCHAR, value VARCHAR)")
    for rule, column in _SURE.items():
        duck.execute(
            f"INSERT INTO keys SELECT unique_id, ?, unnest({column}) FROM people WHERE {column} IS NOT NULL", [rule]
        )
    for rule, expression in plain.items():
        if _columns(expression) <= set(filled) | {"name_key"}:
            duck.execute(
                "INSERT INTO keys SELECT unique_id, ?, value FROM "
                f"(SELECT unique_id, {expression} AS value FROM people) WHERE value IS NOT NULL",
                [rule],
            )
    pair_up(duck, ("email", "phone", "handle", "external_id"))
    ((number,),) = duck.execute("SELECT count(*) FROM candidates").fetchall()
    return int(number)


def _columns(expression: str) -> set[str]:
    known = {"given", "family", "email", "phone", "organization", "external_id", "address", "name_key"}
    return {name for name in known if name in expression}


def pair_up(duck: Any, sure: Iterable[str]) -> None:
    """Write the table `candidates` of all who share a key in the table `keys`; drop the latter.

    Where too many bear a key of a rule that is `sure`, each is paired with the first of them.
    """
    duck.execute(
        "CREATE OR REPLACE TABLE held AS SELECT rule, value, count(*) AS bearers, min(unique_id) AS first "
        "FROM keys GROUP BY rule, value HAVING count(*) > 1"
    )
    duck.execute(
        "CREATE OR REPLACE TABLE candidates AS SELECT '0' AS match_key, join_key_l, join_key_r FROM ("
        "SELECT DISTINCT a.unique_id AS join_key_l, b.unique_id AS join_key_r FROM held "
        "JOIN keys a USING (rule, value) JOIN keys b USING (rule, value) "
        f"WHERE held.bearers <= {BLOCK} AND a.unique_id < b.unique_id "
        "UNION SELECT first, unique_id FROM held JOIN keys USING (rule, value) "
        f"WHERE bearers > {BLOCK} AND rule IN ({_listed(sure)}) AND first < unique_id)"
    )
    duck.execute("DROP TABLE keys; DROP TABLE held")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)
