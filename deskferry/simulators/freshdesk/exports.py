"""Exports: contacts and companies as CSV, the account as JSON, and what happened to tickets day by day."""

from __future__ import annotations

import csv
import io
from functools import partial
from typing import Any

import orjson

from deskferry.simulators.freshdesk import attachments, companies, contacts, jobs, notes, ticket_views
from deskferry.simulators.freshdesk.account import Account
from deskferry.simulators.freshdesk.checks import HASH, HASHES, TEXT, TEXTS, fields, one_of, read
from deskferry.simulators.freshdesk.errors import ApiError, Row, fault, invalid, not_found
from deskferry.simulators.freshdesk.forms import Payload
from deskferry.simulators.freshdesk.routing import Call, Route
from deskferry.simulators.freshdesk.times import is_date
from deskferry.simulators.kernel import SimResponse, json_response

KINDS = {"contacts": contacts.show, "companies": companies.show}
RESOURCES = (
    "tickets",
    "archive_tickets",
    "contacts",
    "companies",
    "groups",
    "canned_responses",
    "surveys",
    "solutions",
)


def start(call: Call, kind: str) -> SimResponse:
    """Begin a CSV export; one at a time."""
    account = call.account
    given = call.values(fields({HASH: "fields"}), ("fields",))["fields"]
    wanted = read(Payload(given), fields({TEXTS: "default_fields custom_fields"}), prefix="fields.")
    running = [
        row for row in account.tables["exports"].values() if row["_kind"] == kind and row["status"] != "completed"
    ]
    if running:
        raise ApiError(409, {"code": "inconsistent_state", "message": "An export is under way already."})
    key = account.blobs.sign(f"export-{account.new_id('exports')}")
    row: Row = {"id": key, "status": "in_progress", "_kind": kind}
    account.tables["exports"][len(account.tables["exports"])] = row

    def finish() -> None:
        data = _csv(account, kind, wanted)
        row.update(status="completed", _file=attachments.add_file(account, f"{kind}.csv", "text/csv", data)["id"])

    account.later(account.settings.job_delay, finish)
    return json_response({"id": key}, 201)


def _csv(account: Account, kind: str, wanted: Row) -> bytes:
    names = [*(wanted.get("default_fields") or ()), *(wanted.get("custom_fields") or ())]
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(names)
    for row in account.tables[kind].values():
        shown = KINDS[kind](account, row)
        writer.writerow([_cell(shown.get(name, shown["custom_fields"].get(name))) for name in names])
    return text.getvalue().encode()


def _cell(value: Any) -> Any:
    return ",".join(str(item) for item in value) if isinstance(value, list) else value


def poll(call: Call, kind: str) -> SimResponse:
    """Return the state of a CSV export, with a link once it is complete."""
    account = call.account
    for row in account.tables["exports"].values():
        if row["id"] == call.args[0] and row["_kind"] == kind:
            shown = {"id": row["id"], "status": row["status"]}
            if "_file" in row:
                shown["download_url"] = attachments.file_url(account, account.tables["attachments"][row["_file"]])
            return json_response(shown)
    raise not_found()


def whole_account(call: Call) -> SimResponse:
    """Begin an export of the account; the job's answer links to one JSON file."""
    account = call.account
    values = call.values(fields({HASH: "date_range", HASHES: "resources", TEXT: "output_format"}), ("resources",))
    names = [str(item.get("name")) for item in values["resources"]]
    for name in names:
        one_of("resources[name]", name, (*RESOURCES, "forums"))
    span = values.get("date_range") or {}
    job = jobs.open_job(account, "ACCOUNT::EXPORT")

    def finish() -> None:
        data = orjson.dumps({name: _resource(account, name, span) for name in names})
        file = attachments.add_file(account, "export.json", "application/json", data)
        job.update(status="COMPLETED", progress=100, download_url=attachments.file_url(account, file))

    account.later(account.settings.job_delay, finish)
    href = f"{account.settings.domain}.freshdesk.com/api/v2/jobs/{job['id']}"
    return json_response({"job": {"id": job["id"], "link": {"href": href, "method": "GET"}}})


def _resource(account: Account, name: str, span: Row) -> list[Row]:
    if name in ("tickets", "archive_tickets"):
        archived = name == "archive_tickets"
        rows = [row for row in account.tables["tickets"].values() if bool(row.get("_archived")) is archived]
        return [_ticket(account, row) for row in rows if _within(row, span)]
    if name in KINDS:
        return [KINDS[name](account, row) for row in account.tables[name].values() if _within(row, span)]
    tables = {"solutions": "solution_articles", "forums": "forums"}
    rows = list(account.tables[tables.get(name, name)].values())
    return [{key: value for key, value in row.items() if key[0] != "_"} for row in rows]


def _ticket(account: Account, row: Row) -> Row:
    said = [notes.show(account, note) for note in notes.of_ticket(account, row["id"])]
    return {**ticket_views.whole(account, row, ["stats", "requester"]), "notes": said}


def _within(row: Row, span: Row) -> bool:
    created = str(row["created_at"])
    return str(span.get("start_date") or "") <= created <= str(span.get("end_date") or "9999")


def activities(call: Call) -> SimResponse:
    """Return links to the files of a day's ticket activities; 404 where there is none."""
    account = call.account
    day = call.query("created_at").get("created_at", account.now()[:10])
    if not is_date(day):
        raise invalid(fault("created_at", "It should be in the 'yyyy-mm-dd' format"))
    rows = [row for row in account.tables["activities"].values() if row["at"][:10] == day]
    if not rows or day >= account.now()[:10]:
        raise not_found()
    shown = [_activity(row) for row in rows]
    file = attachments.add_file(account, f"{day}.json", "application/json", orjson.dumps({"activities_data": shown}))
    return json_response({"export": [{"url": attachments.file_url(account, file), "created_at": day}]})


def _activity(row: Row) -> Row:
    year, month, day = row["at"][:10].split("-")
    moment = f"{day}-{month}-{year} {row['at'][11:19]} +0000"
    performer = {"performer_type": "user", "performer_id": row["performer"]}
    return {"ticket_id": row["ticket_id"], "performed_at": moment, **performer, "activity": row["activity"]}


ROUTES = (
    *(Route("POST", f"/{kind}/export", partial(start, kind=kind), admin=True) for kind in KINDS),
    *(Route("GET", f"/{kind}/export/{{text}}", partial(poll, kind=kind), admin=True) for kind in KINDS),
    Route("POST", "/account/export", whole_account, admin=True, feature="account_export"),
    Route("GET", "/export/ticket_activities", activities, admin=True, feature="scheduled_ticket_export"),
)
