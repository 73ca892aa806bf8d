"""Reading one Zendesk account: who we are, pages of lists and exports, what belongs to one ticket, files.

Reference: https://developer.zendesk.com/api-reference as of October 2026.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any

import httpx

from deskferry.config import ConnectionConfig
from deskferry.connectors.kit.contract import Account, BlobRef, Child, Estimate, Page, PullRequest, Raw, Stream
from deskferry.connectors.kit.count_seam import Counting, Listed, Span
from deskferry.connectors.kit.session import Session, VendorStatus
from deskferry.connectors.kit.settings import parse_settings
from deskferry.connectors.zendesk import account, children, count, pages
from deskferry.connectors.zendesk.exports import begin_at, by_cursor, by_link, by_time, seconds
from deskferry.connectors.zendesk.lists import (
    REFUSED,
    call,
    every_row,
    next_place,
    records,
    unavailable,
    whole,
)
from deskferry.connectors.zendesk.settings import DEPRECATION, SUFFIX, ZendeskSettings
from deskferry.connectors.zendesk.streams import BY_NAME, LIST_SIZE, LISTINGS, STREAMS, WHOLE, Listing

_TICKETS = {"support_type_scope": "all", "include": "metric_sets,comment_count"}
"""Without the scope, tickets that AI agents handled are missing; side-loads that an account lacks are ignored."""
_NO_EXPORT = (
    "tickets: these credentials may not use the exports (403), so the list of tickets is read instead. It lacks "
    "archived and deleted tickets, and comments and history cost two calls a ticket. Use an administrator's token."
)
_NO_EVENTS = (
    "ticket_events: these credentials may not use the export (403); comments and audits are read one ticket at a time."
)
_LISTED = {
    "tickets": Listing("tickets", "tickets", "ticket", params={"sort": "-updated_at", **_TICKETS}),
    "users": Listing("users", "users", "user", params={"include": "identities"}),
    "organizations": Listing("organizations", "organizations", "organization"),
}
"""What stands in for an export that is refused."""


class _NoExport(Exception):
    """The export is refused to these credentials."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


class ZendeskSource:
    """Reads one account."""

    def __init__(self, session: Session, connection: ConnectionConfig) -> None:
        settings = parse_settings(ZendeskSettings, connection)
        self._session = session
        self._size = settings.page_size
        self._by_api_token = settings.by_api_token
        self._notes: tuple[str, ...] = (DEPRECATION,) if settings.by_api_token else ()

    def account(self) -> Account:
        """Return who we are."""
        return account.read_account(self._session, by_token=not self._by_api_token)

    def streams(self) -> Sequence[Stream]:
        """Return the streams in the order in which they are pulled."""
        return STREAMS

    def estimate(self) -> Sequence[Estimate]:
        """Return what a full pull would cost."""
        return account.estimate(self._session)

    def counting(self) -> Counting:
        """Return what is counted; costs no call."""
        return count.COUNTING

    def counts(self, kind: str, spans: Sequence[Span]) -> list[int | None]:
        """Return how many records of a kind were created in each span."""
        return count.counts(self._session, kind, spans)

    def listed(self, kind: str, span: Span) -> Iterator[Sequence[Listed]]:
        """Yield what was created in a span."""
        return count.listed(self._session, kind, span)

    def pages(self, stream: str, request: PullRequest) -> Iterator[Page]:
        """Yield the pages of a stream; a refusal of a list that every account has raises Refused."""
        reader: Callable[[PullRequest], Iterator[Page]] | None = {
            "tickets": self._tickets,
            "ticket_events": self._events,
            "users": self._users,
            "organizations": self._organizations,
            "satisfaction_ratings": self._ratings,
            "ticket_metric_events": self._metric_events,
            "articles": self._articles,
            "schedules": self._schedules,
        }.get(stream)
        found = reader(request) if reader is not None else self._whole(stream, request)
        try:
            for page in found:
                notes, self._notes = self._notes, ()
                yield replace(page, notes=(*notes, *page.notes)) if notes else page
        except VendorStatus as refusal:
            if refusal.status in REFUSED:
                raise refusal.refused() from refusal
            raise

    def child(self, stream: str, child: Child) -> Page:
        """Return all that belongs to one parent; a vanished parent yields its tombstone."""
        read = {
            "comments": children.of_ticket,
            WHOLE: children.whole,
            "audits": children.audits,
            "article_attachments": children.article_files,
            "translations": children.translations,
        }[stream]
        return read(self._session, child)

    def blob(self, ref: BlobRef) -> AbstractContextManager[Iterator[bytes]]:
        """Stream the bytes of a file; credentials go to the account's own host only, never along a redirect."""
        return self._session.stream(self._own(ref.url))

    def _own(self, url: str) -> str:
        """Return a file's address as a path where `base_url` stands in for the vendor's host."""
        parsed = httpx.URL(url)
        elsewhere = not httpx.URL(self._session.base_url).host.endswith(SUFFIX)
        if elsewhere and parsed.host.endswith(SUFFIX):
            return parsed.raw_path.decode("ascii")
        return url

    # ------------------------------------------------------------------------------------------------------- exports

    def _export(self, path: str, params: Mapping[str, Any]) -> Any:
        answer = self._session.get_page(path, {"per_page": self._size, **params}, allow=REFUSED, alike=True)
        if answer.status in REFUSED:
            raise _NoExport(answer.status)
        return answer.body

    def _linked(self, path: str, params: Mapping[str, Any]) -> Any:
        return self._session.get_page(path, params, alike=True).body

    def _exported(
        self,
        name: str,
        request: PullRequest,
        exported: Callable[[PullRequest], Iterator[Page]],
        page: Callable[..., Page],
    ) -> Iterator[Page]:
        """Yield an export, or the list that stands in for it.

        A list that was stopped is gone on with; one that had ended makes way for the export where it is permitted now.
        """
        listed = dict((request.cursor or {}).get("listed") or {})
        if not (listed.keys() & {"after", "next"}):
            try:
                yield from exported(replace(request, cursor=None) if "listed" in (request.cursor or {}) else request)
            except _NoExport:
                note = _NO_EXPORT if name == "tickets" else f"{name}: the export is refused (403); the list is read."
                for one in self._listed(name, listed, page):
                    yield replace(one, notes=(note, *one.notes))
            return
        yield from self._listed(name, listed, page)

    def _listed(self, name: str, place: dict[str, Any], page: Callable[..., Page]) -> Iterator[Page]:
        """Yield the list that stands in for an export.

        Tickets come with the latest change first, down to the one that the last scan began with: what is changed
        meanwhile comes first next time. The other lists are read whole.
        """
        listing, since, high = _LISTED[name], str(place.get("since") or ""), place.get("high")
        while True:
            body = call(self._session, listing, place, min(self._size, LIST_SIZE)).body
            changes = [str(row.get("updated_at") or "") for row in body.get("tickets") or ()]
            high = high or max(changes, default=since)
            follower = None if since and min(changes, default="") < since else next_place(body)
            if follower is not None:
                follower |= {"since": since, "high": high}
            if since:
                fresh = [row for row in body.get("tickets") or () if str(row.get("updated_at") or "") >= since]
                body = {**body, "tickets": fresh}
            yield page(body, {"listed": follower or {"since": high}}, last=follower is None)
            if follower is None:
                return
            place = follower

    def _tickets(self, request: PullRequest) -> Iterator[Page]:
        def exported(request: PullRequest) -> Iterator[Page]:
            path = "incremental/tickets/cursor"
            for one in by_cursor(self._export, path, _TICKETS, "tickets", request, self._session.clock):
                yield pages.ticket_page(one.body, one.cursor, last=one.last, children=False)

        def listed(body: Raw, cursor: Any, *, last: bool) -> Page:
            return pages.ticket_page(body, cursor, last=last, children=True)

        return self._exported("tickets", request, exported, listed)

    def _users(self, request: PullRequest) -> Iterator[Page]:
        def exported(request: PullRequest) -> Iterator[Page]:
            params = {"include": "identities"}
            path = "incremental/users/cursor"
            for one in by_cursor(self._export, path, params, "users", request, self._session.clock):
                yield pages.user_page(one.body, one.cursor, last=one.last)

        return self._exported("users", request, exported, pages.user_page)

    def _organizations(self, request: PullRequest) -> Iterator[Page]:
        def exported(request: PullRequest) -> Iterator[Page]:
            params = {"per_page": self._size}
            path = "incremental/organizations"
            for one in by_time(self._export, path, params, "organizations", request, self._session.clock):
                yield pages.organization_page(one.body, one.cursor, last=one.last, note=one.note)

        return self._exported("organizations", request, exported, pages.organization_page)

    def _events(self, request: PullRequest) -> Iterator[Page]:
        params = {"include": "comment_events", "support_type_scope": "all", "per_page": self._size}
        path = "incremental/ticket_events"
        try:
            for one in by_time(self._export, path, params, "ticket_events", request, self._session.clock):
                yield pages.event_page(one.body, one.cursor, last=one.last, note=one.note)
        except _NoExport:
            yield Page((), last=True, notes=(_NO_EVENTS,))

    def _metric_events(self, request: PullRequest) -> Iterator[Page]:
        """Yield metric events 1,000 a page; paged by cursor they would be 100."""
        params = {"per_page": self._size}
        path, rows = "incremental/ticket_metric_events", "ticket_metric_events"
        try:
            for one in by_time(self._export, path, params, rows, request, self._session.clock):
                found = records("ticket_metric_event", one.body.get(rows) or ())
                yield Page(found, one.cursor, one.last, notes=(one.note,) if one.note else ())
        except _NoExport as refusal:
            yield Page((), last=True, notes=(unavailable(rows, refusal.status),))

    def _articles(self, request: PullRequest) -> Iterator[Page]:
        """Yield articles with translations and segments; deleted ones are not signalled (HC Articles)."""
        _, segments = every_row(
            self._session, Listing("help_center/user_segments.json", "user_segments", "user_segment"), REFUSED
        )
        path = BY_NAME["articles"].path
        params = {"include": "translations", "per_page": LIST_SIZE}
        try:
            for one in by_link(self._linked, path, params, "articles", request, self._session.clock):
                yield pages.article_page(one.body, one.cursor, segments, last=one.last)
        except VendorStatus as refusal:
            if refusal.status not in REFUSED:
                raise
            yield Page((), last=True, notes=(unavailable("articles", refusal.status),))

    # --------------------------------------------------------------------------------------------------------- lists

    def _whole(self, stream: str, request: PullRequest) -> Iterator[Page]:
        size = min(self._size, LIST_SIZE)
        optional = BY_NAME[stream].optional
        return whole(self._session, LISTINGS[stream], request, size, optional=optional, title=stream)

    def _schedules(self, request: PullRequest) -> Iterator[Page]:
        """Yield schedules with their holidays, which the vendor lists one schedule at a time."""

        def with_holidays(row: Raw) -> Raw:
            path = f"business_hours/schedules/{row['id']}/holidays"
            status, rows = every_row(self._session, Listing(path, "holidays", "holiday", paged=False), REFUSED)
            return {**row, "holidays": rows} if status not in REFUSED else row

        listing = LISTINGS["schedules"]
        return whole(self._session, listing, request, LIST_SIZE, optional=True, title="schedules", amend=with_holidays)

    def _ratings(self, request: PullRequest) -> Iterator[Page]:
        """Yield ratings from the last change that was seen on; the list is in no order that the vendor promises."""
        cursor = request.cursor or {}
        start = int(cursor.get("start", begin_at(request, self._session.clock)))
        high, place = int(cursor.get("high", start)), {"after": cursor["after"]} if "after" in cursor else {}
        params = {"start_time": start} if start else {}
        listing = Listing("satisfaction_ratings", "satisfaction_ratings", "satisfaction_rating", params=params)
        while True:
            answer = call(self._session, listing, place, min(self._size, LIST_SIZE), REFUSED)
            if answer.status in REFUSED:
                yield Page((), last=True, notes=(unavailable("satisfaction_ratings", answer.status),))
                return
            rows = answer.body.get("satisfaction_ratings") or ()
            high = max([high, *(seconds(row.get("updated_at")) for row in rows)])
            follower = next_place(answer.body)
            resting = {"start": high} if follower is None else {"start": start, "high": high, **follower}
            yield Page(records("satisfaction_rating", rows), resting, follower is None)
            if follower is None:
                return
            place = follower
