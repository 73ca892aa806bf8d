"""How likely two people are one: Splink's Fellegi-Sunter model, trained on the account itself, without labels."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from typing import Any

from deskferry.store.snapshot import needed
from deskferry.validate.duplicates.attributes import Attribute
from deskferry.validate.duplicates.comparisons import Comparison

_SEED = 20_240_229
_SAMPLED = 400_000
_TRAINED_ON = 500_000
_ENOUGH = 200
"""Pairs that a block needs for something to be learnt from it."""
_log = logging.getLogger(__name__)


def scored(duck: Any, compared: Sequence[Comparison], attributes: Collection[Attribute], people: int) -> str:
    """Score the table `candidates` of pairs of `people`; return the name of the table with the result."""
    if not compared:
        duck.execute(
            "CREATE OR REPLACE TABLE unscored AS SELECT join_key_l AS unique_id_l, join_key_r AS unique_id_r, "
            "0.0 AS match_probability FROM candidates"
        )
        return "unscored"
    (splink,) = needed("splink", extra="duplicates")
    for noisy in ("splink", "splink.internals"):
        logging.getLogger(noisy).setLevel(logging.ERROR)
    api = splink.DuckDBAPI(connection=duck)
    settings = splink.SettingsCreator(
        link_type="dedupe_only", comparisons=[one.as_splink() for one in compared],
        blocking_rules_to_generate_predictions=[], retain_matching_columns=False,
        max_iterations=20, em_convergence=0.001,
        probability_two_random_records_match=_expected(duck, people),
    )  # fmt: skip
    linker = splink.Linker(api.register("people"), settings, log_level=None, validate_settings=False)
    linker.training.estimate_u_using_random_sampling(max_pairs=_SAMPLED, seed=_SEED, num_chunks=1)
    for rule in _training(duck, compared, attributes):
        _learn(linker, rule)
    linker.table_management.register_blocked_pairs_for_predict(api.register("candidates"))
    found: str = linker.inference.predict(warning_mode="never").physical_name
    return found


def _expected(duck: Any, people: int) -> float:
    """Return the chance that two people taken at random are one: pairs that agree twice, and as many again unseen."""
    agree = (
        "(list_has_any(l.boxes, r.boxes))::INT", "(list_has_any(l.phones, r.phones))::INT",
        "(l.name_key = r.name_key)::INT", "(l.external_id = r.external_id)::INT", "(l.address = r.address)::INT",
    )  # fmt: skip
    twice = " + ".join(f"coalesce({one}, 0)" for one in agree)
    ((pairs,),) = duck.execute(
        "SELECT count(*) FROM candidates JOIN people l ON l.unique_id = join_key_l "
        f"JOIN people r ON r.unique_id = join_key_r WHERE {twice} >= 2"
    ).fetchall()
    every = max(people * (people - 1) / 2, 1)
    expected: float = min(max(2 * pairs, people / 50, 1) / every, 0.5)
    return expected


def _training(duck: Any, compared: Sequence[Comparison], attributes: Collection[Attribute]) -> list[str]:
    """Return conditions under which many pairs are one person: names, then whatever else tells people apart."""
    held = {one.column for one in compared}
    telling = [one.column for one in attributes if not one.few]
    wanted = [("given", "family"), ("email",), ("phone",), *((one,) for one in telling[:2]), ("address",)]
    rules = [columns for columns in wanted if held.issuperset(columns)]
    return [
        " AND ".join(f"l.{column} = r.{column}" for column in columns)
        for columns in rules
        if _pairs(duck, columns) >= _ENOUGH
    ]


def _pairs(duck: Any, columns: Sequence[str]) -> int:
    filled = " AND ".join(f"{column} IS NOT NULL" for column in columns)
    ((pairs,),) = duck.execute(
        "SELECT sum(n * (n - 1) / 2) FROM "
        f"(SELECT count(*) AS n FROM people WHERE {filled} GROUP BY {', '.join(columns)})"
    ).fetchall()
    return int(pairs or 0)


def _learn(linker: Any, rule: str) -> None:
    """Learn from the pairs of one condition; the model stays as it is where they are all alike."""
    try:
        linker.training.estimate_parameters_using_expectation_maximisation(
            rule, estimate_without_term_frequencies=True, max_pairs=_TRAINED_ON
        )
    except ValueError as error:  # Splink refuses what it learnt itself when a share becomes 0 (< 1e-300)
        _log.info("nothing is learnt from %s: %s", rule, error)
