"""Background jobs: accepted at once, done when the clock has moved on."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import TypeVar

from deskferry.simulators.freshdesk.account import Account
from deskferry.simulators.freshdesk.errors import ApiError, Row, not_found
from deskferry.simulators.freshdesk.routing import Call, Route
from deskferry.simulators.kernel import SimResponse, json_response

T = TypeVar("T")


def open_job(account: Account, name: str) -> Row:
    """Store a job that is under way."""
    number = account.new_id("jobs")
    text = hashlib.sha256(f"{account.seed}:{name}:{number}".encode()).hexdigest()[:30]
    job: Row = {"id": number, "_key": text, "name": name, "status": "IN PROGRESS", "progress": 0}
    return account.add("jobs", job)


def start(account: Account, name: str, items: Sequence[T], work: Callable[[T], Row]) -> SimResponse:
    """Do work on each item later; return the 202 that names the job."""
    job = open_job(account, name)

    def run() -> None:
        job["data"] = [_outcome(item, work) for item in items]
        job.update(status="COMPLETED", progress=100, updated_at=account.now())

    account.later(account.settings.job_delay, run)
    return json_response({"job_id": job["_key"], "href": f"{account.origin()}/api/v2/jobs/{job['_key']}"}, 202)


def _outcome(item: T, work: Callable[[T], Row]) -> Row:
    try:
        return work(item)
    except ApiError as error:
        return {"id": item if isinstance(item, int) else None, "success": False, "errors": error.body}


def view(call: Call) -> SimResponse:
    """Return a job by its number or its key."""
    key = call.args[0]
    for job in call.account.tables["jobs"].values():
        if key in (job["_key"], str(job["id"])):
            shown = {name: value for name, value in job.items() if name[0] != "_"}
            return json_response({**shown, "id": key, "status_updated_at": job["updated_at"]})
    raise not_found()


ROUTES = (Route("GET", "/jobs/{text}", view),)
