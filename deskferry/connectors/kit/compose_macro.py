"""What holds of a macro at every destination: who may use it, and its text with the placeholders of that vendor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deskferry.canonical_schema.macros import confined_to, translated
from deskferry.connectors.kit.contract import Crossings, Loss, Ref, Row
from deskferry.connectors.kit.pieces import as_html

TEXT_ACTIONS = frozenset({"comment_value", "comment_value_html"})
"""Actions that repeat the text."""


def is_personal(row: Row) -> bool:
    """Whether it was somebody's own, or it is not known who may use it."""
    return row.get("visibility") != "agents" and confined_to(row) is None


def action_name(action: Mapping[str, Any]) -> str:
    """Return what an action does, in its vendor's word."""
    return str(action.get("field") or action.get("name"))


def teams_of(row: Row, crossings: Crossings, losses: list[Loss]) -> list[Ref] | None:
    """Return the teams that may use it, None for all agents: those that the desk lacks are left out, not replaced."""
    if row.get("visibility") == "agents":
        return None
    found = []
    for team in confined_to(row) or ():
        if crossings.target(team) is None:
            losses.append(Loss(row["id"], "team_id", team, "team_unmatched"))
        else:
            found.append(Ref(team))
    return found


def has_text(row: Row) -> bool:
    """Whether it says something."""
    return bool(row.get("body_html") or row.get("body_text"))


def text_for(row: Row, vendor: str, losses: list[Loss]) -> str:
    """Return its text as HTML with a vendor's placeholders."""
    html, unknown = translated(as_html(row.get("body_html"), row.get("body_text")), str(row["vendor"]), vendor)
    losses += [Loss(row["id"], "placeholder", f"{{{{{one}}}}}", "placeholder_unknown") for one in unknown]
    return html
