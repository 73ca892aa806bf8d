"""Background jobs: bulk calls answer with one at once, its rows are worked off while the clock moves on.

A job can be `completed` while rows of it failed: each row has its own result. Thirty may be queued or running.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from deskferry.simulators.kernel import SimResponse, json_response
from deskferry.simulators.zendesk.errors import VendorRefusal, described, no_record, refuse
from deskferry.simulators.zendesk.paging import Rows, paged, wants_cursor
from deskferry.simulators.zendesk.payloads import shaped
from deskferry.simulators.zendesk.routing import Call, routes
from deskferry.simulators.zendesk.state import Record, State

JOB_FAULTS: Final = ("fail", "kill", "lose", "truncate", "stall")
_UNFINISHED: Final = ("queued", "working")
_HEADER: Final = "Zendesk-RateLimit-inflight-jobs"
Row = Callable[[int, Any], Record]


@dataclass(slots=True)
class Job:
    """One job; `ends` is what goes wrong with it after how many rows, if anything does."""

    id: str
    number: int
    kind: str
    items: Sequence[Any]
    row: Row
    state: State
    ends: tuple[str, int] | None
    finished: Callable[[], None] | None = None
    status: str = "queued"
    message: str | None = None
    results: list[Record] = field(default_factory=list)
    done_at: float = 0.0
    progress: int | None = None

    def begin(self) -> None:
        """Start working; every row has its own moment."""
        self.status, self.progress = "working", 0
        self._next()

    def _next(self) -> None:
        self.state.later(self.state.written.settings.job_row, self._step)

    def _step(self) -> None:
        place = len(self.results)
        if self.ends is not None and self.ends[1] <= place and self.ends[0] in ("fail", "kill", "stall"):
            if self.ends[0] != "stall":
                self._end("failed" if self.ends[0] == "fail" else "killed", "The job was stopped before it was done")
            return
        if place >= len(self.items):
            if self.finished is not None:
                self.finished()
            self._end("completed", f"Completed at {_words(self.state.now())}")
            return
        self.results.append(self._outcome(place, self.items[place]))
        self.progress = len(self.results)
        self._next()

    def _outcome(self, place: int, item: Any) -> Record:
        try:
            return self.row(place, shaped(item) if isinstance(item, dict) else item)
        except VendorRefusal as refusal:
            error, details = described(refusal)
            known = {"id": item} if isinstance(item, int) else {"index": place}
            if isinstance(item, dict) and isinstance(item.get("id"), int):
                known = {"id": item["id"]}
            action = "create" if "index" in known else "update"
            return {**known, "action": action, "success": False, "error": error, "details": details}

    def _end(self, status: str, message: str) -> None:
        self.status, self.message, self.done_at = status, message, float(self.state.now())

    def shown(self) -> Record:
        """Return the job as the API shows it; results come with its end."""
        results: list[Record] | None = None if self.status in (*_UNFINISHED, "killed") else self.results
        if results is not None and self.ends is not None and self.ends[0] == "truncate":
            results = results[: self.ends[1]]
        return {
            "id": self.id,
            "job_type": self.kind,
            "url": f"{self.state.host}/api/v2/job_statuses/{self.id}.json",
            "total": len(self.items),
            "progress": self.progress,
            "status": self.status,
            "message": self.message,
            "results": results,
        }


def start_job(
    call: Call, kind: str, items: Sequence[Any], row: Row, finished: Callable[[], None] | None = None
) -> SimResponse:
    """Queue work on items and answer with the job; `row` gives the result of one, or refuses it."""
    state = call.state
    running = [job for job in state.written.jobs.values() if job.status in _UNFINISHED]
    limit = state.written.settings.job_limit
    if len(running) >= limit:
        body = {
            "error": "TooManyJobs",
            "description": f"Too many jobs are currently queued or running. Try again later (limit {limit}).",
            "current_job_ids": [job.id for job in running],
        }
        raise refuse(429, body, {"Retry-After": "10", _HEADER: f"total={limit}; remaining=0; resets=10"})
    number = state.written.counters["job"] = state.written.counters.get("job", 0) + 1
    identifier = hashlib.sha256(f"job/{state.subdomain}/{number}".encode()).hexdigest()[:32]
    faults = state.written.job_faults
    job = Job(identifier, number, kind, items, row, state, faults.pop(0) if faults else None, finished)
    if job.ends is None or job.ends[0] != "lose":
        state.written.jobs[identifier] = job
    state.later(state.written.settings.job_start, job.begin)
    headers = {_HEADER: f"total={limit}; remaining={limit - len(running) - 1}; resets=60"}
    return json_response({"job_status": job.shown()}, 200, headers)


def many(given: Any, name: str, limit: int = 100) -> list[Any]:
    """Return the rows of a bulk call; more than the limit, or no list, is refused."""
    rows = given.get(name) if isinstance(given, dict) else None
    if not isinstance(rows, list) or not rows:
        raise refuse(400, {"error": "BadRequest", "description": f"{name} must be a list with at least one element"})
    if not all(isinstance(one, int if name == "ids" else dict) for one in rows):
        raise refuse(400, {"error": "BadRequest", "description": f"{name} has an element of the wrong type"})
    return at_most(rows, name, limit)


def at_most(rows: list[Any], name: str, limit: int = 100) -> list[Any]:
    """Return a list that is not too long."""
    if len(rows) > limit:
        raise refuse(400, {"error": "TooManyValues", "description": f"{name} must have at most {limit} values"})
    return rows


def ids_of(call: Call, name: str = "ids") -> list[int]:
    """Return the ids that the query names."""
    words = [one.strip() for one in (call.request.param(name) or "").split(",") if one.strip()]
    if not words or not all(one.isdigit() for one in words):
        raise refuse(400, {"error": "BadRequest", "description": f"{name} must be a comma-separated list of ids"})
    return [int(one) for one in at_most(words, name)]


def _alive(state: State) -> list[Job]:
    jobs: list[Job] = list(state.written.jobs.values())
    for job in jobs:
        if job.done_at and job.done_at < state.now() - state.written.settings.job_life:
            del state.written.jobs[job.id]
    # By the time of completion first, then of creation, the newest first: what still runs stands at the top.
    found: list[Job] = list(state.written.jobs.values())
    return sorted(found, key=lambda job: (job.done_at or float("inf"), job.number), reverse=True)


def list_jobs(call: Call) -> Record:
    """Answer `GET /job_statuses`: by cursor only."""
    found = {job.number: job for job in _alive(call.state)}
    rows = Rows(list(found), lambda number: found[number].shown(), ascending=False)
    request = call.request
    if not wants_cursor(request):
        page = {"job_statuses": [job.shown() for job in list(found.values())[:100]]}
        return {**page, "meta": {"has_more": False, "after_cursor": None, "before_cursor": None}, "links": {}}
    return paged(request, call.state.host, "job_statuses", rows)


def show_job(call: Call) -> Record:
    """Answer `GET /job_statuses/{id}`."""
    _alive(call.state)
    job: Job | None = call.state.written.jobs.get(call.words[0])
    if job is None:
        raise no_record()
    return {"job_status": job.shown()}


def show_many_jobs(call: Call) -> Record:
    """Answer `GET /job_statuses/show_many`: unknown ones are left out."""
    _alive(call.state)
    wanted = (call.request.param("ids") or "").split(",")
    jobs = call.state.written.jobs
    return {"job_statuses": [jobs[one].shown() for one in at_most(wanted, "ids") if one in jobs]}


def _words(moment: int) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M:%S +0000")


ROUTES: Final = routes(
    ("GET /api/v2/job_statuses", list_jobs),
    ("GET /api/v2/job_statuses/show_many", show_many_jobs),
    ("GET /api/v2/job_statuses/{word}", show_job),
)
