"""Every reference of the canonical schema, led nowhere one at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from deskferry.canonical_schema import column_names
from deskferry.store.blobs import BlobStore
from tests.validate.corruption.damage import SOLVED, Damage
from tests.validate.corruption.defect import DEFECTS, Defect, Seen, seen

_NEEDED: dict[str, dict[str, Any]] = {
    "ticket_event": {"field": "status", "seq": 1},
    "custom_field": {"kind": "ticket", "key": "cf_x"},
    "ticket_link": {"kind": "related"},
    "vendor_metric": {"name": "x", "value": 1.0},
    "attachment": {"filename": "x.txt"},
    "article": {"body_html": "<p>Words.</p>", "body_text": "Words.", "status": "published"},
    "article_translation": {"title": "Ailleurs", "locale": "fr", "body_html": "<p>Mots.</p>", "body_text": "Mots."},
}
"""What a row of a kind must have."""


def _missing(desk: Damage) -> str:
    return f"{desk.connection}:nothing:404404404"


def nowhere(kind: str, column: str) -> Callable[[Damage], Seen]:
    """Return the defect of one reference."""

    def make(desk: Damage) -> Seen:
        if kind == "ticket":
            return seen(desk.set("ticket", desk.ticket(SOLVED), **{column: _missing(desk)}))
        needed = dict(_NEEDED.get(kind, {}))
        if kind == "attachment":
            kept = BlobStore(desk.store.blobs).put([b"words"])
            needed |= {"fetch_state": "done", "sha256": kept.sha256, "size": 5}
        for own in column_names(kind):
            if own == "ticket_id" and own != column:
                needed[own] = desk.ids("ticket", SOLVED)[0]
            elif own == "person_id" and own != column and kind in {"person_organization", "team_member", "role_change"}:
                needed[own] = desk.person(role="agent")
            elif own == "organization_id" and own != column and kind == "person_organization":
                needed[own] = desk.organization("Apple Court")
            elif own == "team_id" and own != column and kind == "team_member":
                needed[own] = desk.insert("team", name="Pear Court")
            elif own == "category_id" and own != column and kind == "article":
                needed[own] = desk.ids("article_category", "1 = 1")[0]
            elif own == "article_id" and own != column and kind in {"article_translation", "article_comment"}:
                needed[own] = desk.ids("article", "1 = 1")[0]
        if kind == "article":
            needed["title"] = f"Elsewhere, {column}"
        return seen(desk.insert(kind, **{**needed, column: _missing(desk)}))

    make.__name__ = f"nowhere_{kind}_{column}"
    return make


def register(references: list[tuple[str, str]]) -> None:
    """Register a defect for each (kind, column)."""
    for kind, column in references:
        rule = f"reference.{kind}.{column}"
        if rule not in DEFECTS:
            DEFECTS[rule] = Defect(rule, nowhere(kind, column))
