"""Macros: the text with the vendor's own placeholders and the actions that mean the same here, for the same agents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deskferry.canonical_schema.macros import confined_to, translated
from deskferry.connectors.kit.composing import extra_lost, not_written, source_hash
from deskferry.connectors.kit.contract import Composition, Crossings, Loss, Operation, Ref, Row
from deskferry.connectors.kit.pieces import as_html

_TOLD = frozenset({"restriction", "group_ids", "position", "folder", "folder_id", "categories", "permissions"})
"""What of the old vendor crosses in another form, or means nothing elsewhere."""
_TEXTS = frozenset({"comment_value", "comment_value_html"})
_SAME = frozenset(
    {"status", "priority", "type", "subject", "set_tags", "current_tags", "remove_tags", "comment_mode_is_public"}
)
"""Actions that name nothing of their own account."""


def macro(row: Row, crossings: Crossings) -> Composition:
    """Return the macro; one that would do nothing here, or that was somebody's own, has none."""
    losses: list[Loss] = []
    teams = None if row.get("visibility") == "agents" else confined_to(row)
    if row.get("visibility") != "agents":
        if teams is None:
            return Composition((), (Loss(row["id"], "macro", row.get("name"), "macro_personal"),))
        losses += [Loss(row["id"], "team_id", one, "team_unmatched") for one in teams if crossings.target(one) is None]
        teams = [one for one in teams if crossings.target(one) is not None]
        if not teams:
            return Composition((), (Loss(row["id"], "macro", row.get("name"), "macro_teams_unmatched"), *losses))
    actions = _actions(row, losses)
    if not actions:
        return Composition((), (Loss(row["id"], "macro", row.get("name"), "macro_without_effect"), *losses))
    name = " ".join(str(row.get("name") or "").split()) or str(row["source_id"])
    body: dict[str, Any] = {"title": name, "active": True, "actions": actions}
    if teams:
        body["restriction"] = {"type": "Group", "ids": [Ref(one) for one in teams]}
    losses += not_written(row, ("created_at",), "time_not_written")
    kept = {key: value for key, value in (row.get("extra") or {}).items() if key not in _TOLD}
    losses += extra_lost({**row, "extra": kept})
    operation = Operation(
        record_id=row["id"], part="", kind="macro", action="create", call="macro.create", object="macro", body=body,
        mark=name, source_hash=source_hash(row),
    )  # fmt: skip
    return Composition((operation,), tuple(losses))


def _actions(row: Row, losses: list[Loss]) -> list[dict[str, Any]]:
    same = row.get("vendor") == "zendesk"
    listed = [one for one in row.get("actions") or () if isinstance(one, Mapping)]
    kept = [dict(one) for one in listed if same and one.get("field") in _SAME]
    left = [str(one.get("field")) for one in listed if one.get("field") not in _TEXTS and dict(one) not in kept]
    if left:
        losses.append(Loss(row["id"], "actions", ", ".join(left), "macro_actions_not_written"))
    if row.get("body_html") or row.get("body_text"):
        html, unknown = translated(as_html(row.get("body_html"), row.get("body_text")), str(row["vendor"]), "zendesk")
        losses += [Loss(row["id"], "placeholder", f"{{{{{one}}}}}", "placeholder_unknown") for one in unknown]
        kept.insert(0, {"field": "comment_value_html", "value": html})
    return kept
