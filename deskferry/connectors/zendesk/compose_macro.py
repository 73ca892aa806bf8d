"""Macros: the text with the vendor's own placeholders and the actions that mean the same here, for the same agents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from deskferry.connectors.kit.compose_macro import (
    TEXT_ACTIONS,
    action_name,
    has_text,
    is_personal,
    teams_of,
    text_for,
)
from deskferry.connectors.kit.composing import extra_lost, not_written, source_hash
from deskferry.connectors.kit.contract import Composition, Crossings, Loss, Operation, Row
from deskferry.connectors.kit.names import one_line

_TOLD = frozenset({"restriction", "group_ids", "position", "folder", "folder_id", "categories", "permissions"})
"""What of the old vendor crosses in another form, or means nothing elsewhere."""
_SAME = frozenset(
    {"status", "priority", "type", "subject", "set_tags", "current_tags", "remove_tags", "comment_mode_is_public"}
)
"""Actions that name nothing of their own account."""


def macro(row: Row, crossings: Crossings) -> Composition:
    """Return the macro; one that would do nothing here, or that was somebody's own, has none."""
    if is_personal(row):
        return Composition((), (Loss(row["id"], "macro", row.get("name"), "macro_personal"),))
    losses: list[Loss] = []
    teams = teams_of(row, crossings, losses)
    if teams is not None and not teams:
        return Composition((), (Loss(row["id"], "macro", row.get("name"), "macro_teams_unmatched"), *losses))
    actions = _actions(row, losses)
    if not actions:
        return Composition((), (Loss(row["id"], "macro", row.get("name"), "macro_without_effect"), *losses))
    name = one_line(row.get("name")) or str(row["source_id"])
    body: dict[str, Any] = {"title": name, "active": True, "actions": actions}
    if teams:
        body["restriction"] = {"type": "Group", "ids": teams}
    losses += not_written(row, ("created_at",), "time_not_written")
    losses += extra_lost(row, _TOLD)
    operation = Operation(
        record_id=row["id"], part="", kind="macro", action="create", call="macro.create", object="macro", body=body,
        mark=name, source_hash=source_hash(row),
    )  # fmt: skip
    return Composition((operation,), tuple(losses))


def _actions(row: Row, losses: list[Loss]) -> list[dict[str, Any]]:
    same = row.get("vendor") == "zendesk"
    listed = [one for one in row.get("actions") or () if isinstance(one, Mapping)]
    kept = [dict(one) for one in listed if same and one.get("field") in _SAME]
    left = [action_name(one) for one in listed if one.get("field") not in TEXT_ACTIONS and dict(one) not in kept]
    if left:
        losses.append(Loss(row["id"], "actions", ", ".join(left), "macro_actions_not_written"))
    if has_text(row):
        kept.insert(0, {"field": "comment_value_html", "value": text_for(row, "zendesk", losses)})
    return kept
