"""Macros as canned responses: the text with the vendor's own placeholders, for those who had it and no others."""

from __future__ import annotations

from typing import Any

from deskferry.canonical_schema.macros import confined_to, translated
from deskferry.connectors.freshdesk.compose_people import extra_lost, not_written, source_hash
from deskferry.connectors.freshdesk.desk import SUBJECT_LIMIT
from deskferry.connectors.freshdesk.pieces import as_html
from deskferry.connectors.kit.contract import Composition, Crossings, Loss, Operation, Ref, Row

FOLDER_RECORD = "deskferry:canned_response_folder:migrated"
"""Stands for the folder in the journal."""
FOLDER_PART = "macro_folder"
FOLDER_NAME = "Migrated"
_ALL_AGENTS, _SOME_GROUPS = 0, 2
_TOLD = frozenset({"restriction", "group_ids", "position", "folder", "folder_id"})
"""What of the old vendor crosses in another form, or means nothing elsewhere."""
_TEXTS = frozenset({"comment_value", "comment_value_html"})


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
    teams = _readers(row, crossings, losses)
    if teams is not None and not teams:
        return Composition((), (Loss(row["id"], "macro", row.get("name"), "macro_teams_unmatched"), *losses))
    html, unknown = translated(as_html(row.get("body_html"), row.get("body_text")), str(row["vendor"]), "freshdesk")
    losses += [Loss(row["id"], "placeholder", f"{{{{{one}}}}}", "placeholder_unknown") for one in unknown]
    name = " ".join(str(row.get("name") or "").split()) or str(row["source_id"])
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
    kept = {key: value for key, value in (row.get("extra") or {}).items() if key not in _TOLD}
    losses += extra_lost({**row, "extra": kept})
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
    if not (row.get("body_html") or row.get("body_text")):
        return "macro_without_text"
    if row.get("visibility") != "agents" and confined_to(row) is None:
        return "macro_personal"
    return None


def _readers(row: Row, crossings: Crossings, losses: list[Loss]) -> list[Ref] | None:
    """Return the groups that may use it, None for all agents: those that the desk lacks are left out, not replaced."""
    if row.get("visibility") == "agents":
        return None
    found = []
    for team in confined_to(row) or ():
        if crossings.target(team) is None:
            losses.append(Loss(row["id"], "team_id", team, "team_unmatched"))
        else:
            found.append(Ref(team))
    return found


def _actions(row: Row) -> list[Loss]:
    """Return the loss of what a macro did beside its text: a canned response is a text alone."""
    names = [str(one.get("field")) for one in row.get("actions") or () if isinstance(one, dict)]
    also = [name for name in names if name not in _TEXTS]
    return [Loss(row["id"], "actions", ", ".join(also), "macro_actions_not_written")] if also else []
