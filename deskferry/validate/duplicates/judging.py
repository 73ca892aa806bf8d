"""From a score and the fields that agree to a verdict on two people."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from deskferry.validate.duplicates.attributes import Attribute
from deskferry.validate.duplicates.comparisons import CONFLICT, Comparison
from deskferry.validate.duplicates.verdict import Agreement, Pair, Verdict

LIKELY, VERY_LIKELY, POSSIBLE = 0.9, 0.9999, 0.5
_ONE_NAME = frozenset({"same", "swapped", "nickname"})
_ALIKE = _ONE_NAME | {"similar", "initial"}
_NAMES = frozenset({"first_name", "last_name"})
_KEYS = ("email", "handle", "external_id")
_HOUSEHOLD = 4
"""People who may share a number before it is that of a switchboard."""
_BATCH = 5_000
_SAME = {
    "email": "list_has_any(emails_l, emails_r)", "alias": "list_has_any(boxes_l, boxes_r)",
    "phone": "list_has_any(phones_l, phones_r)", "handle": "list_has_any(handles_l, handles_r)",
    "external_id": "external_id_l = external_id_r",
}  # fmt: skip
_READ = (
    "connection", "given", "given_common", "family", "name_key", "groups", "family_groups", "suffix", "email", "emails",
    "boxes", "phone", "phones", "phone_bearers", "handles", "address", "organization", "external_id",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Likeness:
    """What is known of two people beside each other."""

    probability: float
    hows: Mapping[str, str | None]
    """Field → how it agrees; fields that one of them lacks are not in it."""
    keys: frozenset[str]
    """Of email, alias, phone, handle, external_id those that are the same."""
    personal: bool | None
    """Whether a customer number or the like is the same; False: it is another; None: not known of both."""
    generations: bool
    """Whether one is called junior and the other is not."""
    one_connection: bool
    shared_number: int
    """How many bear the phone number that is the same."""

    @property
    def conflict(self) -> bool:
        """Whether the names are those of two people."""
        return self.hows.get("first_name") == CONFLICT or self.generations

    @property
    def same_name(self) -> bool:
        """Whether both names are written alike, swapped, or as a nickname."""
        return self.hows.get("first_name") in _ONE_NAME and self.hows.get("last_name") in _ALIKE

    @property
    def another_family(self) -> bool:
        """Whether the family names are two and the given names do not make up for it."""
        apart = "last_name" in self.hows and self.hows["last_name"] is None
        return apart and self.hows.get("first_name") not in _ONE_NAME

    @property
    def beside_names(self) -> set[str]:
        """The fields other than names that agree."""
        return {field for field, how in self.hows.items() if field not in _NAMES and how in _ALIKE | {"alias", "near"}}


def verdict(two: Likeness) -> tuple[Verdict, float] | None:
    """Return verdict and score; None for two people."""
    if two.conflict:
        return _with_two_names(two)
    if _certain(two):
        return Verdict.CERTAIN, 1.0 if two.keys & {*_KEYS, "phone"} else two.probability
    key = bool(two.keys & {*_KEYS, "alias"}) and not two.another_family
    likely = two.probability >= LIKELY and bool(two.beside_names)
    if key or likely:
        return Verdict.PROBABLE, max(two.probability, LIKELY)
    if two.probability >= POSSIBLE or two.keys & {*_KEYS, "alias"}:
        return Verdict.POSSIBLE, max(min(two.probability, LIKELY), POSSIBLE)
    return None


def _with_two_names(two: Likeness) -> tuple[Verdict, float] | None:
    """Relatives share numbers, addresses, birthdays of twins; what names one person only outweighs the names."""
    if two.personal and two.probability >= LIKELY and not two.generations:
        return Verdict.PROBABLE, two.probability
    if two.personal or two.keys & {*_KEYS}:
        return Verdict.POSSIBLE, POSSIBLE
    return None


def _certain(two: Likeness) -> bool:
    if two.personal is False:
        return False
    if two.keys & {"email", "handle"} and not two.another_family:
        return True
    if "external_id" in two.keys and two.one_connection and two.same_name:
        return True
    if "phone" in two.keys and two.same_name and two.shared_number <= _HOUSEHOLD:
        return True
    telling = {field for field in two.beside_names if two.hows[field] == "same"}
    return two.probability >= VERY_LIKELY and two.same_name and (bool(two.personal) or len(telling) >= 2)


def judged(duck: Any, table: str, compared: Sequence[Comparison], attributes: Collection[Attribute]) -> Iterator[Pair]:
    """Yield the pairs of a table of scores that may be one person."""
    cursor = duck.cursor()
    cursor.execute(_statement(table, compared, attributes))
    names = [column[0] for column in cursor.description]
    while rows := cursor.fetchmany(_BATCH):
        for values in rows:
            row = dict(zip(names, values, strict=True))
            two = _likeness(row, compared)
            found = verdict(two)
            if found is not None:
                yield Pair("person", row["one"], row["other"], round(found[1], 6), found[0], _explained(two))


def _explained(two: Likeness) -> tuple[Agreement, ...]:
    told = {field: how for field, how in two.hows.items() if how not in (None, "near")}
    told |= dict.fromkeys(two.keys - {"alias", "handle"}, "same")
    if "handle" in two.keys:
        told["identity"] = "same"
    if "alias" in two.keys and told.get("email") != "same":
        told["email"] = "alias"
    if two.generations:
        told["first_name"] = CONFLICT
    return tuple(Agreement(field, how) for field, how in told.items())


def _statement(table: str, compared: Sequence[Comparison], attributes: Collection[Attribute]) -> str:
    told = [f"{_level(one)} AS level_{one.column}" for one in compared]
    told += [f"coalesce({sql}, FALSE) AS key_{name}" for name, sql in _SAME.items()]
    personal = [f"({one.column}_l = {one.column}_r)" for one in attributes if one.personal]
    number = f"list_bool_or([{', '.join(personal)}])" if personal else "NULL"
    sure = " OR ".join(f"coalesce({_SAME[name]}, FALSE)" for name in (*_KEYS, "alias"))
    columns = (*_READ, *(one.column for one in attributes))
    beside = ", ".join(f"l.{name} AS {name}_l, r.{name} AS {name}_r" for name in columns)
    return (
        f"SELECT one, other, probability, {', '.join(told)}, {number} AS personal, "
        "coalesce(suffix_l, '') <> coalesce(suffix_r, '') AS generations, "
        "connection_l = connection_r AS one_connection, "
        "coalesce(least(phone_bearers_l, phone_bearers_r), 0) AS bearers "
        f"FROM (SELECT unique_id_l AS one, unique_id_r AS other, match_probability AS probability, {beside} "
        f"FROM {table} "
        "JOIN people l ON l.unique_id = unique_id_l JOIN people r ON r.unique_id = unique_id_r) "
        f"WHERE probability >= {POSSIBLE} OR {sure} ORDER BY one, other"
    )


def _level(comparison: Comparison) -> str:
    """Return the number of the level of two people, as Splink counts: -1 unknown, 0 the rest."""
    column, number = comparison.column, len(comparison.levels)
    steps = " ".join(f"WHEN {level.sql} THEN {number - at}" for at, level in enumerate(comparison.levels))
    return f"CASE WHEN {column}_l IS NULL OR {column}_r IS NULL THEN -1 {steps} ELSE 0 END"


def _likeness(row: Mapping[str, Any], compared: Sequence[Comparison]) -> Likeness:
    levels = {one: row[f"level_{one.column}"] for one in compared}
    return Likeness(
        row["probability"], {one.field: one.how(level) for one, level in levels.items() if level >= 0},
        frozenset(name for name in _SAME if row[f"key_{name}"]), row["personal"], row["generations"],
        row["one_connection"], row["bearers"],
    )  # fmt: skip
