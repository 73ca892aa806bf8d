"""What Zendesk computes for a ticket: the metric set, and the metric events of its clocks.

The rules are those of the help pages on native time metrics: a reply is a public comment of an agent that does not
open the ticket; requester wait is the time in new, open and on-hold, agent wait the time in pending, on-hold its own;
a status counts once it was left; the full resolution ends at the last solve. Minutes are rounded per span.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from deskferry.simulators.zendesk.business import OpenTime
from deskferry.simulators.zendesk.ids import id_of, iso, iso_or_none, seconds
from deskferry.simulators.zendesk.tickets import TicketFile

_FINAL: Final = frozenset({"solved", "closed"})
_WAITS: Final = {"requester": ("new", "open", "hold"), "agent": ("pending",), "hold": ("hold",)}
IsAgent = Callable[[int], bool]


@dataclass(slots=True)
class History:
    """A ticket's audits, read once: what the clocks need."""

    created: int
    statuses: list[tuple[int, str]] = field(default_factory=list)
    assignees: list[tuple[int, str]] = field(default_factory=list)
    groups: list[tuple[int, str]] = field(default_factory=list)
    public: list[tuple[int, bool, int]] = field(default_factory=list)  # when, by an agent, which audit
    comments: list[int] = field(default_factory=list)
    by_author: dict[int, int] = field(default_factory=dict)

    @property
    def replies(self) -> list[int]:
        """When agents answered in public; a ticket that an agent opened in public begins with none."""
        opening = self.comments[0] if self.comments else None
        first_counts = not (self.public and self.public[0][0] == opening and self.public[0][1])
        answers = [at for at, agent, _ in self.public if agent]
        return answers if first_counts else answers[1:]

    def spans(self) -> list[tuple[str, int, int]]:
        """Return (status, from, to) of every status that was left."""
        pairs = zip(self.statuses, self.statuses[1:], strict=False)
        return [(status, start, end) for (start, status), (end, _) in pairs]


def history(file: TicketFile, is_agent: IsAgent) -> History:
    """Return what a ticket's audits say."""
    found = History(seconds(file.record["created_at"]))
    for audit in file.audits[file.imported_audits :]:  # of what was imported nothing is computed
        at = seconds(audit["created_at"])
        found.by_author[audit["author_id"]] = at
        for event in audit["events"]:
            _note(found, event, at, audit["id"], is_agent)
    return found


def _note(found: History, event: dict[str, Any], at: int, audit: int, is_agent: IsAgent) -> None:
    if event["type"] in ("Comment", "VoiceComment"):
        found.comments.append(at)
        if event["public"]:
            found.public.append((at, is_agent(event["author_id"]), audit))
    elif event["type"] in ("Create", "Change"):
        lists = {"status": found.statuses, "assignee_id": found.assignees, "group_id": found.groups}
        target = lists.get(event["field_name"])
        if target is not None and event["value"] is not None:
            target.append((at, event["value"]))


class Metrics:
    """Computes metric sets; without opening hours, business time is calendar time."""

    def __init__(self, is_agent: IsAgent, hours: OpenTime | None, host: str) -> None:
        self._is_agent = is_agent
        self._hours = hours
        self._host = host

    def metric_set(self, file: TicketFile) -> dict[str, Any]:
        """Return the metrics of a ticket as Zendesk reports them."""
        past = history(file, self._is_agent)
        record = file.record
        solves = [at for at, status in past.statuses if status == "solved"]
        ends = solves or [at for at, status in past.statuses if status == "closed"]
        final = record["status"] in _FINAL
        replies = past.replies
        identifier = id_of("metric", record["id"])
        status_at = past.statuses[-1][0] if past.statuses else past.created
        assigned = [at for at, _ in past.assignees]
        return {
            "url": f"{self._host}/api/v2/ticket_metrics/{identifier}.json",
            "id": identifier,
            "ticket_id": record["id"],
            "created_at": record["created_at"],
            "updated_at": record["updated_at"],
            "group_stations": len({group for _, group in past.groups}),
            "assignee_stations": len({assignee for _, assignee in past.assignees}),
            "reopens": _reopens(past),
            "replies": len(replies),
            "assignee_updated_at": iso_or_none(past.by_author.get(record["assignee_id"] or 0)),
            "requester_updated_at": iso(past.by_author.get(record["requester_id"], past.created)),
            "status_updated_at": iso(status_at),
            "initially_assigned_at": iso(assigned[0]) if assigned else None,
            "assigned_at": iso(assigned[-1]) if assigned else None,
            "solved_at": iso(ends[-1]) if final and ends else file.solved_at if final else None,
            "latest_comment_added_at": iso(past.comments[-1]) if past.comments else None,
            "reply_time_in_minutes": self._span(past.created, replies[0] if replies else None),
            "first_resolution_time_in_minutes": self._span(past.created, ends[0] if ends else None),
            "full_resolution_time_in_minutes": self._span(past.created, ends[-1] if final and ends else None),
            "agent_wait_time_in_minutes": self._wait(past, "agent"),
            "requester_wait_time_in_minutes": self._wait(past, "requester"),
            "on_hold_time_in_minutes": self._wait(past, "hold", nothing=0),
            "custom_status_updated_at": iso(status_at),
            "reply_time_in_seconds": {"calendar": replies[0] - past.created if replies else None},
        }

    def minutes(self, start: int, end: int) -> tuple[int, int]:
        """Return the calendar and the business minutes of a span."""
        calendar = round((end - start) / 60)
        return calendar, calendar if self._hours is None else round(self._hours.between(start, end) / 60)

    def _span(self, start: int, end: int | None) -> dict[str, int | None]:
        if end is None:
            return {"calendar": None, "business": None}
        calendar, business = self.minutes(start, end)
        return {"calendar": calendar, "business": business}

    def _wait(self, past: History, kind: str, nothing: int | None = None) -> dict[str, int | None]:
        spans = [self.minutes(start, end) for status, start, end in past.spans() if status in _WAITS[kind]]
        if not spans:
            return {"calendar": nothing, "business": nothing}
        return {"calendar": sum(span[0] for span in spans), "business": sum(span[1] for span in spans)}


def _reopens(past: History) -> int:
    """Count the ways back from solved; within one update Zendesk sees none."""
    pairs = zip(past.statuses, past.statuses[1:], strict=False)
    return sum(1 for (at, old), (later, new) in pairs if old in _FINAL and new not in _FINAL and later > at)
