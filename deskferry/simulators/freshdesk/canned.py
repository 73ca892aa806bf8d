"""Canned responses and their folders."""

from __future__ import annotations

from deskferry.simulators.freshdesk import attachments, jobs, markup
from deskferry.simulators.freshdesk.account import Account
from deskferry.simulators.freshdesk.checks import ANY, HASHES, TEXT, WHOLE, WHOLES, fields, one_of, read
from deskferry.simulators.freshdesk.customs import BLANK
from deskferry.simulators.freshdesk.errors import Row, duplicate, fault, invalid, no_match
from deskferry.simulators.freshdesk.forms import Payload, Upload
from deskferry.simulators.freshdesk.paging import paged
from deskferry.simulators.freshdesk.routing import Call, Route, created
from deskferry.simulators.kernel import SimResponse, json_response

SPEC = fields({TEXT: "title content_html", WHOLE: "folder_id visibility", WHOLES: "group_ids", ANY: "attachments"})
NEEDED = ("title", "content_html", "folder_id", "visibility")
EVERYBODY, PERSONAL, SOME_GROUPS = 0, 1, 2


def show(account: Account, row: Row) -> Row:
    """Return a canned response as the API shows it."""
    shown = {key: value for key, value in row.items() if key[0] != "_"}
    files = attachments.show(account, row["_files"])
    return {**shown, "content": markup.plain(row["content_html"]), "attachments": files}


def _check(account: Account, values: Row, visibility: int) -> None:
    one_of("visibility", visibility, (EVERYBODY, PERSONAL, SOME_GROUPS))
    if "folder_id" in values and values["folder_id"] not in account.tables["canned_response_folders"]:
        raise no_match("folder_id", "folder")
    if visibility == SOME_GROUPS and not values.get("group_ids"):
        raise invalid(fault("group_ids", BLANK, "missing_field"))
    if values.get("group_ids") and visibility != SOME_GROUPS:
        raise invalid(fault("group_ids", "It can be set only when visibility is 2", "incompatible_field"))


def _store(account: Account, values: Row, files: list[Upload]) -> Row:
    _check(account, values, values["visibility"])
    attachments.check_size(account, files)
    row: Row = {"id": 0, "title": values["title"], "folder_id": values["folder_id"]}
    row |= {"content_html": markup.clean(values["content_html"]), "visibility": values["visibility"]}
    row |= {"group_ids": values.get("group_ids") or [], "_files": attachments.keep(account, files)}
    return account.add("canned_responses", row)


def create(call: Call) -> SimResponse:
    """Create a canned response."""
    values, files = call.form(SPEC, NEEDED)
    row = _store(call.account, values, files)
    return created(call, "/canned_responses", show(call.account, row))


def update(call: Call) -> SimResponse:
    """Change a canned response."""
    account = call.account
    row = account.get("canned_responses", call.id)
    values, files = call.form(SPEC)
    if "visibility" in values or "group_ids" in values:
        merged = {**row, **values}
        _check(account, merged, merged["visibility"])
    if "content_html" in values:
        values["content_html"] = markup.clean(values["content_html"])
    row.update(values)
    row["_files"] += attachments.keep(account, files)
    account.touch(row)
    return json_response(show(account, row))


def bulk(call: Call) -> SimResponse:
    """Create many canned responses in the background."""
    account = call.account
    given = call.values(fields({HASHES: "canned_responses"}), ("canned_responses",))["canned_responses"]
    rows = [read(Payload(item), SPEC, NEEDED) for item in given]

    def one(values: Row) -> Row:
        return {"id": _store(account, values, [])["id"], "success": True}

    return jobs.start(account, "CannedResponses::BulkCreate", rows, one)


def _of_folder(account: Account, folder_id: int) -> list[Row]:
    return [row for row in account.tables["canned_responses"].values() if row["folder_id"] == folder_id]


def folders(call: Call) -> SimResponse:
    """Return the folders with the number of their responses."""
    account = call.account
    rows = list(account.tables["canned_response_folders"].values())
    return paged(call, rows, lambda row: {**row, "responses_count": len(_of_folder(account, row["id"]))})


def folder(call: Call) -> SimResponse:
    """Return a folder with the titles in it."""
    row = call.account.get("canned_response_folders", call.id)
    titles = [{"id": item["id"], "title": item["title"]} for item in _of_folder(call.account, call.id)]
    return json_response({**row, "canned_responses": titles})


def responses(call: Call) -> SimResponse:
    """Return the responses of a folder in full."""
    call.account.get("canned_response_folders", call.id)
    return paged(call, _of_folder(call.account, call.id), lambda row: show(call.account, row))


def write_folder(call: Call) -> SimResponse:
    """Create or rename a folder; the answer spells its id `Id`."""
    account = call.account
    name = call.values(fields({TEXT: "name"}), ("name",))["name"]
    rows = account.tables["canned_response_folders"]
    if any(row["name"].casefold() == name.casefold() for row in rows.values()):
        raise duplicate("name")
    if call.request.method == "POST":
        row = account.add("canned_response_folders", {"id": 0, "name": name, "personal": False})
        return json_response({"Id": row["id"], "name": name}, 201)
    row = account.get("canned_response_folders", call.id)
    row["name"] = name
    account.touch(row)
    return json_response({"Id": row["id"], "name": name})


def view(call: Call) -> SimResponse:
    """Return one canned response."""
    return json_response(show(call.account, call.account.get("canned_responses", call.id)))


ROUTES = (
    Route("POST", "/canned_responses", create, admin=True),
    Route("POST", "/canned_responses/bulk", bulk, admin=True),
    Route("GET", "/canned_responses/{id}", view, admin=True),
    Route("PUT", "/canned_responses/{id}", update, admin=True),
    Route("GET", "/canned_response_folders", folders, admin=True),
    Route("GET", "/canned_response_folders/{id}", folder, admin=True),
    Route("GET", "/canned_response_folders/{id}/responses", responses, admin=True),
    *(Route("POST", f"/canned_response_{name}", write_folder, admin=True) for name in ("folder", "folders")),
    *(Route("PUT", f"/canned_response_{name}/{{id}}", write_folder, admin=True) for name in ("folder", "folders")),
)
