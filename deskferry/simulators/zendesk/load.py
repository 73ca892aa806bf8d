"""A recorded account: a directory of NDJSON files, one a stream, served verbatim.

A ticket whose comments were not recorded gets its opening comment from its description, by Zendesk's rule that the
submitter is the author of the first comment; nothing else of its history is made up. Metrics that were recorded are
served, others computed. A stream without a file is empty, and named in `missing_streams`.
"""

from __future__ import annotations

import html
import re
from collections import defaultdict
from collections.abc import Callable, Mapping
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Final, Literal

import orjson

from deskferry.errors import ConfigError
from deskferry.simulators.account.files import file_content
from deskferry.simulators.kernel import SimClock
from deskferry.simulators.zendesk.desk import ZendeskDesk
from deskferry.simulators.zendesk.facts import Facts, TicketFacts, gathered
from deskferry.simulators.zendesk.ids import audit_id, event_id, seconds
from deskferry.simulators.zendesk.paging import rows_of
from deskferry.simulators.zendesk.state import Blob, EventIndex, Guide, Record, State, metrics_of
from deskferry.simulators.zendesk.store import Store
from deskferry.simulators.zendesk.tickets import TicketFile

LISTS: Final = (
    "groups",
    "group_memberships",
    "brands",
    "recipient_addresses",
    "ticket_fields",
    "user_fields",
    "organization_fields",
    "ticket_forms",
    "custom_statuses",
    "macros",
    "triggers",
    "trigger_categories",
    "automations",
    "views",
    "sla_policies",
    "schedules",
    "custom_roles",
    "tags",
)
GUIDE: Final = ("categories", "sections", "articles", "user_segments")
OTHERS: Final = (
    "tickets",
    "comments",
    "audits",
    "ticket_metrics",
    "ticket_metric_events",
    "satisfaction_ratings",
    "users",
    "user_identities",
    "organizations",
    "organization_memberships",
    "holidays",
    "translations",
)
_DAY: Final = 86_400
_TOKEN: Final = re.compile(r"/attachments/token/([^/]+)/")


def load(directory: str | Path, clock_mode: Literal["real", "virtual"] = "virtual", **options: Any) -> ZendeskDesk:
    """Return a desk that serves the records of a directory; `options` are those of `ZendeskDesk`."""
    recording = Recording(read_directory(Path(directory)))
    plan = options.setdefault("plan", "suite_enterprise")
    clock = SimClock(recording.end if clock_mode == "virtual" else None, clock_mode)
    return ZendeskDesk(recording.state(clock, plan), **options)


def read_directory(directory: Path) -> dict[str, list[Record]]:
    """Return the records of each stream that has a file; raises ConfigError where none has."""
    if not directory.is_dir():
        raise ConfigError(f"{directory} is no directory.", "It should hold files such as tickets.ndjson.")
    files = {name: directory / f"{name}.ndjson" for name in (*OTHERS, *LISTS, *GUIDE)}
    found = {name: _read(path) for name, path in files.items() if path.exists()}
    if not found:
        raise ConfigError(f"{directory} has no stream.", "It should hold files such as tickets.ndjson.")
    return found


def _read(path: Path) -> list[Record]:
    with path.open("rb") as lines:
        return [orjson.loads(line) for line in lines if line.strip()]


class Recording:
    """The streams of an account, verbatim; those that are not given are empty."""

    def __init__(self, streams: Mapping[str, list[Record]]) -> None:
        self.missing = [name for name in (*OTHERS, *LISTS, *GUIDE) if name not in streams]
        self.streams = {name: streams.get(name, []) for name in (*OTHERS, *LISTS, *GUIDE)}
        self.tickets = sorted(self.streams["tickets"], key=lambda one: int(one["id"]))
        self._audits = self._by_ticket("audits")
        self._comments = self._by_ticket("comments")

    def _by_ticket(self, name: str) -> dict[int, list[Record]]:
        found: dict[int, list[Record]] = defaultdict(list)
        for record in self.streams[name]:
            found[record["ticket_id"]].append(record)
        return found

    @property
    def end(self) -> float:
        """A day after the last thing that happened."""
        moments = [seconds(one["updated_at"]) for one in (*self.tickets, *self.streams["users"])]
        moments += [int(one.get("generated_timestamp") or 0) for one in self.tickets]
        return float(max(moments, default=1_767_225_600) + _DAY)

    def _file(self, place: int) -> TicketFile:
        record = self.tickets[place]
        stamp = int(record.get("generated_timestamp") or seconds(record["updated_at"]))
        file = TicketFile(record, lambda: self.audits(place), stamp)
        if record["status"] == "deleted":
            file.deleted_at = stamp
        return file

    def audits(self, place: int) -> list[Record]:
        """Return the recorded audits of a ticket, else one for each recorded comment, else the opening one."""
        ticket = self.tickets[place]
        if self._audits.get(ticket["id"]):
            return sorted(self._audits[ticket["id"]], key=lambda one: (one["created_at"], one["id"]))
        comments = self._comments.get(ticket["id"])
        if comments:
            ordered = sorted(comments, key=lambda one: (one["created_at"], one["id"]))
            return [_audit_of_comment(ticket, comment) for comment in ordered]
        return [_opening_audit(ticket, place)]

    def _facts(self) -> Facts:
        return gathered(
            TicketFacts(
                created_at=seconds(ticket["created_at"]),
                updated_at=seconds(ticket["updated_at"]),
                touched_at=self._file(place).generated,
                closed=ticket["status"] == "closed",
                deleted=ticket["status"] == "deleted",
                rated=False,
                audits=[seconds(audit["created_at"]) for audit in self.audits(place)],
            )
            for place, ticket in enumerate(self.tickets)
        )

    def _metrics(self, computed: Callable[[TicketFile], Record]) -> Callable[[TicketFile], Record]:
        recorded = {one["ticket_id"]: one for one in self.streams["ticket_metrics"]}

        def metrics(file: TicketFile) -> Record:
            found = recorded.get(file.record["id"])
            return computed(file) if found is None else found

        return metrics

    def _metric_events(self) -> Callable[[TicketFile], list[Record]]:
        recorded = self._by_ticket("ticket_metric_events")
        return lambda file: recorded.get(file.record["id"], [])

    def _blob(self, token: str) -> Blob | None:
        record = self._attachments.get(token)
        if record is None:
            return None
        kind, size, number = str(record["content_type"]), int(record["size"]), int(record["id"])
        return Blob(str(number), record["file_name"], kind, size, lambda: file_content(0, number, kind, size))

    @cached_property
    def _attachments(self) -> dict[str, Record]:
        found: dict[str, Record] = {}
        for place in range(len(self.tickets)):
            for audit in self.audits(place):
                for event in audit["events"]:
                    for record in event.get("attachments", []):
                        token = _TOKEN.search(str(record.get("content_url")))
                        if token:
                            found[token[1]] = record
        return found

    def _translations(self, kind: str, identifier: int) -> list[Record]:
        word = {"articles": "Article", "sections": "Section", "categories": "Category"}[kind]
        rows = self.streams["translations"]
        return [one for one in rows if one["source_id"] == identifier and one["source_type"] == word]

    def _identities(self, user_id: int) -> list[Record]:
        return [one for one in self.streams["user_identities"] if one["user_id"] == user_id]

    def _holidays(self) -> dict[int, list[Record]]:
        found: dict[int, list[Record]] = {one["id"]: [] for one in self.streams["schedules"]}
        for row in self.streams["holidays"]:
            if "schedule_id" in row:
                kept = {name: value for name, value in row.items() if name != "schedule_id"}
                found.setdefault(row["schedule_id"], []).append(kept)
        return found

    def _subdomain(self) -> str:
        for rows in self.streams.values():
            for record in rows[:1]:
                found = re.match(r"https://([^./]+)\.zendesk\.com/", str(record.get("url")))
                if found:
                    return found[1]
        return "recorded"

    def _store(self, name: str) -> Store[Record]:
        rows = sorted(self.streams[name], key=lambda one: int(one["id"]))
        ids = [int(one["id"]) for one in rows]
        return Store(ids, rows.__getitem__, lambda place: seconds(rows[place]["updated_at"]))

    def state(self, clock: SimClock, plan: str) -> State:
        """Return the account."""
        subdomain = self._subdomain()
        users = self._store("users")

        def is_agent(identifier: int) -> bool:
            user = users.get(identifier)
            return user is not None and user["role"] != "end-user"

        metric_set, _ = metrics_of(is_agent, None, f"https://{subdomain}.zendesk.com", [])
        tags = {} if "tags" in self.missing else {"tags": self.streams["tags"]}
        lists = {name: self.streams[name] for name in LISTS if name != "tags"} | tags
        ids = [int(one["id"]) for one in self.tickets]
        facts = lru_cache(maxsize=1)(self._facts)
        return State(
            clock=clock,
            subdomain=subdomain,
            account_id=sum(map(ord, subdomain)),
            plan=plan,
            tickets=Store(ids, self._file, lambda place: facts().touched[place]),
            users=users,
            organizations=self._store("organizations"),
            events=EventIndex(facts),
            lists=lists,
            guide=Guide({name: self.streams[name] for name in GUIDE}, self._translations),
            metrics=self._metrics(metric_set),
            metric_events=self._metric_events(),
            identities=self._identities,
            organization_memberships=lambda: self.streams["organization_memberships"],
            facts=facts,
            ratings=lambda: rows_of(self.streams["satisfaction_ratings"]),
            holidays=self._holidays(),
            blob=self._blob,
            renew_urls=lambda: None,
            missing_streams=list(self.missing),
        )


def _audit(identifier: int, ticket: Record, at: str, author: int, events: list[Record]) -> Record:
    for place, event in enumerate(events):
        event.setdefault("id", event_id(identifier, place))
        if event["type"] in ("Comment", "VoiceComment"):
            event["audit_id"] = identifier
    return {
        "id": identifier,
        "ticket_id": ticket["id"],
        "created_at": at,
        "author_id": author,
        "metadata": {"system": {}, "custom": {}},
        "events": events,
        "via": ticket.get("via") or {"channel": "api", "source": {"from": {}, "to": {}, "rel": None}},
    }


def _audit_of_comment(ticket: Record, comment: Record) -> Record:
    event = {
        name: value for name, value in comment.items() if name not in ("ticket_id", "created_at", "via", "metadata")
    }
    event.setdefault("type", "Comment")
    event.setdefault("attachments", [])
    identifier = int(comment.get("audit_id") or int(comment["id"]) - 1)
    audit = _audit(identifier, ticket, comment["created_at"], comment["author_id"], [event])
    return audit | {name: comment[name] for name in ("via", "metadata") if comment.get(name)}


def _opening_audit(ticket: Record, place: int) -> Record:
    body = str(ticket.get("description") or "")
    paragraphs = [html.escape(part).replace("\n", "<br>") for part in body.strip().split("\n\n") if part]
    markup = "".join(f'<p dir="auto">{part}</p>' for part in paragraphs)
    comment = {
        "type": "Comment",
        "author_id": ticket["submitter_id"],
        "body": body,
        "html_body": f'<div class="zd-comment" dir="auto">{markup}</div>',
        "plain_body": body,
        "public": bool(ticket.get("is_public", True)),
        "attachments": [],
    }
    created = [
        {"type": "Create", "value": ticket["subject"], "field_name": "subject"},
        {"type": "Create", "value": str(ticket["requester_id"]), "field_name": "requester_id"},
    ]
    return _audit(audit_id(place, 0), ticket, ticket["created_at"], ticket["submitter_id"], [comment, *created])
