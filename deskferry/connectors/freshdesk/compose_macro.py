"""Macros as canned responses: the text with the vendor's own placeholders, for those who had it and no others."""

from __future__ import annotations

from typing import Any

from deskferry.connectors.freshdesk.desk import SUBJECT_LIMIT
from deskferry.connectors.kit.compose_macro import (
    TEXT_ACTIONS,
    action_name,
    has_text,
    is_personal,
    teams_of,
    text_for,
)
from deskferry.connectors.kit.composing import extra_lost, not_written, source_hash
from deskferry.connectors.kit.contract import Composition, Crossings, Loss, Operation, Ref, Row
from deskferry.connectors.kit.names import one_line

FOLDER_RECORD = "deskferry:canned_response_folder:migrated"
"""Stands for the folder in the journal."""
FOLDER_PART = "macro_folder"
FOLDER_NAME = "Migrated"
_ALL_AGENTS, _SOME_GROUPS = 0, 2
_TOLD = frozenset({"restriction", "group_ids", "position", "folder", "folder_id"})
"""What of the old vendor crosses in another form, or means nothing elsewhere."""


def folder() -> Operation:
    """Return the operation that creates the folder for canned responses, where it is missing."""
    return Operation(
        record_id=FOLDER_RECORD,
        part=FOLDER_PART,
        kind="macro",
        action="create",
        call="canned_folder.create",
        object="canned_response_folder",
        body={"name": FOLDER_NAME},
        mark=FOLDER_NAME,
        adopt=True,
    )


def macro(row: Row, crossings: Crossings, *, may_write: bool) -> Composition:
    """Return the canned response of a macro; one without a text, or somebody's own, has none."""
    reason = _left(row, may_write=may_write)
    if reason is not None:
        return Composition((), (Loss(row["id"], "macro", row.get("name"), reason),))
    losses: list[Loss] = []
    teams = teams_of(row, crossings, losses)
    if teams is not None and not teams:
        return Composition((), (Loss(row["id"], "macro", row.get("name"), "macro_teams_unmatched"), *losses))
    html = text_for(row, "freshdesk", losses)
    name = one_line(row.get("name")) or str(row["source_id"])
    if len(name) > SUBJECT_LIMIT:
        losses.append(Loss(row["id"], "name", name, "title_cut"))
        name = name[: SUBJECT_LIMIT - 1] + "…"
    body: dict[str, Any] = {
        "title": name,
        "content_html": html,
        "folder_id": Ref(FOLDER_RECORD, FOLDER_PART),
        "visibility": _ALL_AGENTS if teams is None else _SOME_GROUPS,
    }
    if teams:
        body["group_ids"] = teams
    losses += _actions(row)
    losses += not_written(row, ("created_at",), "time_not_written")
    losses += extra_lost(row, _TOLD)
    operation = Operation(
        record_id=row["id"],
        part="",
        kind="macro",
        action="create",
        call="canned_response.create",
        object="canned_response",
        body=body,
        mark=name,
        source_hash=source_hash(row),
    )
    return Composition((operation,), tuple(losses))


def _left(row: Row, *, may_write: bool) -> str | None:
    if not may_write:
        return "administrator_needed"
    if not has_text(row):
        return "macro_without_text"
    return "macro_personal" if is_personal(row) else None


def _actions(row: Row) -> list[Loss]:
    """Return the loss of what a macro did beside its text: a canned response is a text alone."""
    names = [action_name(one) for one in row.get("actions") or () if isinstance(one, dict)]
    also = [name for name in names if name not in TEXT_ACTIONS]
    return [Loss(row["id"], "actions", ", ".join(also), "macro_actions_not_written")] if also else []
