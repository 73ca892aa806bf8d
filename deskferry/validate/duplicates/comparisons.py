"""What is compared of two people, field by field: levels from the same down to something else, as SQL of DuckDB.

The numbers are where training starts: how often people who are one, and people who are not, are of that level. What
the account itself says replaces them (see `linkage`).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from deskferry.validate.duplicates.attributes import Attribute

CONFLICT = "conflict"


@dataclass(frozen=True, slots=True)
class Level:
    """One degree of likeness."""

    how: str
    sql: str
    same_person: float
    others: float
    by_frequency: str | None = None
    """The column whose rare values say more than its frequent ones."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """A field of two people; the last level is all that remains."""

    field: str
    column: str
    """In the table of people; where it is empty nothing is compared."""
    levels: tuple[Level, ...]
    rest: tuple[float, float]
    rest_says: str | None = None

    def as_splink(self) -> dict[str, Any]:
        """Return it as Splink's settings have it."""
        column = self.column
        null = {"sql_condition": f"{column}_l IS NULL OR {column}_r IS NULL", "label_for_charts": "null",
                "is_null_level": True}  # fmt: skip
        rest = {"sql_condition": "ELSE", "label_for_charts": "rest", "m_probability": self.rest[0],
                "u_probability": self.rest[1]}  # fmt: skip
        return {
            "output_column_name": column, "comparison_description": self.field,
            "comparison_levels": [null, *map(_level, self.levels), rest],
        }  # fmt: skip

    def how(self, gamma: int) -> str | None:
        """Return what Splink's number of a level says: 0 is the rest, the first level has the highest."""
        if gamma < 0:
            return None
        return self.rest_says if gamma == 0 else self.levels[len(self.levels) - gamma].how


def _level(level: Level) -> dict[str, Any]:
    found = {
        "sql_condition": level.sql, "label_for_charts": level.how, "m_probability": level.same_person,
        "u_probability": level.others,
    }  # fmt: skip
    if level.by_frequency is not None:
        found |= {"tf_adjustment_column": level.by_frequency, "tf_adjustment_weight": 1.0}
    return found


def _typo(column: str, length: int = 4, most: int = 1) -> str:
    """Whether two texts are so many typing errors apart: asked only where a quicker measure does not rule it out."""
    return (
        f"CASE WHEN abs(length({column}_l) - length({column}_r)) <= {most} AND length({column}_l) >= {length}"
        f" AND {_near(column, 0.75)} THEN damerau_levenshtein({column}_l, {column}_r) <= {most} ELSE FALSE END"
    )


def _near(column: str, least: float) -> str:
    return f"jaro_winkler_similarity({column}_l, {column}_r) >= {least}"


_SWAPPED = (
    "name_key_l = name_key_r OR (given_l = family_r AND list_has_any(family_groups_l, groups_r))"
    " OR (family_l = given_r AND list_has_any(groups_l, family_groups_r))"
    " OR (jaro_winkler_similarity(given_l, family_r) >= 0.9 AND jaro_winkler_similarity(family_l, given_r) >= 0.9)"
)
_PART_OF_FAMILY = "starts_with(family_l, family_r || ' ') OR starts_with(family_r, family_l || ' ')"
_PART_OF_GIVEN = (
    "(least(length(given_l), length(given_r)) = 1 AND left(given_l, 1) = left(given_r, 1))"
    " OR starts_with(given_l, given_r || ' ') OR starts_with(given_r, given_l || ' ')"
    # A name of one word may be the family name of the other.
    " OR (family_l IS NULL AND jaro_winkler_similarity(given_l, family_r) >= 0.9)"
    " OR (family_r IS NULL AND jaro_winkler_similarity(given_r, family_l) >= 0.9)"
)
_TWO_GENDERS = (
    "given_l = given_r || 'a' OR given_r = given_l || 'a' OR (left(given_l, -1) = left(given_r, -1)"
    " AND right(given_l, 1) IN ('a', 'o') AND right(given_r, 1) IN ('a', 'o'))"
)
"""Daniel and Daniela, Mario and Maria."""
_BEGIN_ALIKE = (
    "least(length(given_l), length(given_r)) >= 3 AND left(given_l, length(given_r)) = left(given_r, length(given_l))"
)
GIVEN = Comparison(
    "first_name", "given",
    (
        Level("same", "given_l = given_r", 0.70, 0.01, "given"),
        Level("swapped", _SWAPPED, 0.03, 0.0001),
        Level("nickname", "list_has_any(groups_l, groups_r)", 0.05, 0.01),
        Level("initial", _PART_OF_GIVEN, 0.05, 0.01),
        # Two names that many bear are two names, however much they look alike; so are those of a sister and a brother.
        Level(CONFLICT, f"(given_common_l AND given_common_r) OR {_TWO_GENDERS}", 0.01, 0.90),
        Level("similar", f"{_BEGIN_ALIKE} OR {_typo('given')} OR {_near('given', 0.9)}", 0.12, 0.01),
        Level("near", _near("given", 0.78), 0.02, 0.02),
    ),
    (0.02, 0.10), CONFLICT,
)  # fmt: skip
FAMILY = Comparison(
    "last_name", "family",
    (
        Level("same", "family_l = family_r", 0.78, 0.005, "family"),
        Level("swapped", _SWAPPED, 0.03, 0.0001),
        Level("initial", _PART_OF_FAMILY, 0.03, 0.0005),
        Level("similar", f"{_typo('family')} OR {_near('family', 0.9)}", 0.11, 0.005),
        Level("near", _near("family", 0.78), 0.02, 0.02),
    ),
    (0.03, 0.97),
)  # fmt: skip
_FIXED = (
    GIVEN,
    FAMILY,
    Comparison(
        "email", "email",
        (
            Level("same", "list_has_any(emails_l, emails_r)", 0.45, 0.000001),
            Level("alias", "list_has_any(boxes_l, boxes_r)", 0.05, 0.000001),
            Level("similar", _typo("email", 8, 2), 0.15, 0.00001),
            Level("near", "split_part(email_l, '@', 1) = split_part(email_r, '@', 1)", 0.05, 0.0002),
        ),
        (0.30, 0.999),
    ),
    Comparison(
        "phone", "phone",
        (
            Level("same", "list_has_any(phones_l, phones_r)", 0.60, 0.00002),
            Level("similar", _typo("phone", 7), 0.05, 0.00002),
        ),
        (0.35, 0.999),
    ),
    Comparison(
        "address", "address",
        (Level("same", "address_l = address_r", 0.5, 0.0002, "address"),
         Level("similar", f"{_typo('address', 8)} OR {_near('address', 0.92)}", 0.25, 0.0005)),
        (0.25, 0.999),
    ),
    Comparison(
        "organization", "organization",
        (Level("same", "organization_l = organization_r", 0.9, 0.01, "organization"),),
        (0.1, 0.99),
    ),
    Comparison(
        "external_id", "external_id",
        (Level("same", "external_id_l = external_id_r", 0.5, 0.00001),
         Level("similar", _typo("external_id", 7), 0.1, 0.0001)),
        (0.4, 0.999),
    ),
)  # fmt: skip


def _of(attribute: Attribute) -> Comparison:
    column = attribute.column
    same = Level("same", f"{column}_l = {column}_r", 0.8, 0.02, column)
    if attribute.few:
        return Comparison(attribute.name, column, (same,), (0.2, 0.98))
    likeness = (
        Level("similar", _typo(column), 0.08, 0.005),
        Level("near", _near(column, 0.88), 0.05, 0.01),
    )
    return Comparison(attribute.name, column, (same, *likeness), (0.07, 0.965))


def comparisons(filled: Collection[str], attributes: Iterable[Attribute]) -> list[Comparison]:
    """Return what to compare, given the columns that are filled often enough."""
    every = (*_FIXED, *map(_of, attributes))
    return [one for one in every if one.column in filled]
