"""Reading one Freshdesk account: who we are, pages of lists, tickets, files.

Reference: https://developers.freshdesk.com/api as of 2026-01-16; lists are bare arrays, 100 rows a page at most,
`Link: rel="next"` where there is more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any

from deskferry.config import ConnectionConfig
from deskferry.connectors.freshdesk import children, count, knowledge, scan, setup_lists, whole_contacts
from deskferry.connectors.freshdesk.children import has_next
from deskferry.connectors.freshdesk.limits import plan_limits
from deskferry.connectors.freshdesk.settings import FreshdeskSettings
from deskferry.connectors.freshdesk.streams import BY_NAME, STREAMS
from deskferry.connectors.kit.contract import (
    Account,
    BlobRef,
    Child,
    Estimate,
    Page,
    PullRequest,
    RawRecord,
    Stream,
)
from deskferry.connectors.kit.count_seam import Counting, Listed, Span
from deskferry.connectors.kit.limits import number
from deskferry.connectors.kit.session import Answer, Denied, Session, VendorStatus
from deskferry.connectors.kit.settings import parse_settings
from deskferry.errors import Refused

_SCOPES = {1: "all tickets", 2: "tickets of own groups", 3: "own tickets"}
_UNPAGED = frozenset({"ticket_fields", "contact_fields", "company_fields"})
_FILE_REMEDY = "Ask an administrator for an API key of an agent with global access."


def read_account(session: Session) -> Account:
    """Return who we are by two calls: `/agents/me` and, where the role may, `/account`."""
    me = session.request_json("GET", "agents/me", allow=(403, 404))
    if me.status != 200 or not isinstance(me.body, dict):
        raise Refused(
            f"freshdesk: GET agents/me answered {me.status}: the key belongs to no agent.",
            "Use the API key of an agent (profile settings of the desk).",
        )
    facts = session.request_json("GET", "account", allow=(403, 404))
    known = facts.body if facts.status == 200 and isinstance(facts.body, dict) else {}
    person = me.body.get("contact") or {}
    scope = me.body.get("ticket_scope")
    return Account(
        id=str(known.get("account_id") or known.get("id") or session.base_url),
        name=known.get("account_name") or known.get("organisation_name"),
        user=person.get("email") or person.get("name"),
        role=", ".join(str(part) for part in (me.body.get("type"), _SCOPES.get(scope or 0)) if part) or None,
        plan=known.get("tier_type"),
        limits=plan_limits(number(me.headers.get("x-ratelimit-total"))),
        hides=_hidden(scope, facts.status),
    )


def _hidden(scope: Any, account_status: int) -> tuple[str, ...]:
    hidden = []
    if scope in (2, 3):
        hidden.append(f"The role sees {_SCOPES[scope]} only. {_FILE_REMEDY}")
    if account_status == 403:
        hidden.append(
            "The role is no administrator's: fields cannot be created, and some lists are refused. "
            "Use an administrator's API key."
        )
    return tuple(hidden)


class FreshdeskSource:
    """Reads one account."""

    def __init__(self, session: Session, connection: ConnectionConfig) -> None:
        self._session = session
        settings = parse_settings(FreshdeskSettings, connection)
        self._size, self._whole_contacts = settings.page_size, settings.whole_contacts

    def account(self) -> Account:
        """Return who we are."""
        return read_account(self._session)

    def streams(self) -> Sequence[Stream]:
        """Return the streams in the order in which they are pulled."""
        return STREAMS

    def estimate(self) -> Sequence[Estimate]:
        """Return what a full pull would cost; the vendor counts nothing, so the newest ticket's number stands in."""
        newest = self._session.get_json(
            "tickets",
            {"updated_since": scan.BEGINNING, "order_by": "created_at", "order_type": "desc", "per_page": 1},
        )
        tickets = int(newest[0]["id"]) if newest else 0
        pages = -(-tickets // self._size)
        note = "at most: tickets are numbered in sequence, and deleted and archived ones have numbers too"
        by_name = {
            "tickets": Estimate("tickets", tickets, pages + 3, note),
            children.STREAM: Estimate(
                children.STREAM, None, tickets, "two credits each; one call more from ten conversations on"
            ),
        }
        return [by_name.get(stream.name, Estimate(stream.name, None, None)) for stream in STREAMS]

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
        """Yield the pages of a stream; a refusal of a list raises Refused."""
        try:
            if stream == "tickets":
                yield from scan.tickets(self._list, request, self._session.clock)
            elif stream == "contacts":
                yield from scan.contacts(self._list, request, self._session.clock, whole=self._whole_contacts)
            elif stream == "satisfaction_ratings":
                ratings = scan.ratings(self._list, request, self._session.clock)
                yield from setup_lists.questioned(self._session, ratings)
            elif stream == "groups":
                yield from self._groups(request)
            elif stream in knowledge.STREAMS:
                yield from knowledge.pages(self._session, stream, request)
            elif stream in setup_lists.STREAMS:
                yield from setup_lists.pages(self._session, stream, self._whole(stream, request))
            else:
                yield from self._whole(stream, request)
        except VendorStatus as refusal:
            if refusal.status in {403, 404}:
                raise refusal.refused() from refusal
            raise

    def child(self, stream: str, child: Child) -> Page:
        """Return one ticket with all its conversations, or one contact; a vanished ticket yields its tombstone."""
        if stream == whole_contacts.STREAM:
            return whole_contacts.whole(self._session, child)
        assert stream == children.STREAM
        return children.whole(self._session, child, self._size)

    def blob(self, ref: BlobRef) -> AbstractContextManager[Iterator[bytes]]:
        """Stream the bytes of an attachment without credentials; an expired link is asked for anew."""
        return _Download(self._session, ref)

    # ------------------------------------------------------------------------------------------------------- helpers

    def _list(self, path: str, params: Mapping[str, Any], allow: Sequence[int] = ()) -> Answer:
        # The first page of a window, or of a list that is filtered otherwise, may well hold what the last page did.
        return self._session.get_page(
            path, {"per_page": self._size, **params}, allow=allow, alike=params.get("page", 1) == 1
        )

    def _whole(self, stream: str, request: PullRequest) -> Iterator[Page]:
        """Yield a list that is read whole every time; deletions show as absence."""
        name, path = BY_NAME[stream].objects[0], BY_NAME[stream].path
        page = int((request.cursor or {}).get("page", 1))
        first = page
        while True:
            params: dict[str, Any] = {} if stream in _UNPAGED else {"page": page}
            answer = self._list(path, params) if params else self._session.request_json("GET", path)
            records = tuple(RawRecord(name, str(row["id"]), row) for row in answer.body or ())
            last = not has_next(answer) or not records
            cursor = {"page": 1 if last else page + 1}
            yield Page(records, cursor, last, complete=last and first == 1)
            if last:
                return
            page += 1

    def _groups(self, request: PullRequest) -> Iterator[Page]:
        """Yield groups; the list omits `agent_ids`, so that each group is asked for once more."""
        for page in self._whole("groups", request):
            records = []
            for record in page.records:
                assert isinstance(record, RawRecord)
                payload = record.payload
                if "agent_ids" not in payload:
                    payload = self._session.get_json(f"groups/{record.source_id}") or payload
                records.append(RawRecord("group", record.source_id, payload))
            yield Page(tuple(records), page.cursor, page.last, page.complete)


class _Download:
    """A file behind a signed link that expires: on a refusal the link is read again from its ticket."""

    def __init__(self, session: Session, ref: BlobRef) -> None:
        self._session, self._ref = session, ref
        self._inner: AbstractContextManager[Iterator[bytes]] | None = None

    def __enter__(self) -> Iterator[bytes]:
        self._inner = self._session.stream(self._ref.url, with_credentials=False)
        try:
            return self._inner.__enter__()
        except Denied:
            fresh = self._fresh_url()
            if fresh is None:
                raise
        self._inner = self._session.stream(fresh, with_credentials=False)
        return self._inner.__enter__()

    def __exit__(self, *details: Any) -> bool | None:
        return self._inner.__exit__(*details) if self._inner is not None else None

    def _fresh_url(self) -> str | None:
        """Return a new link to the same file, from the article, the ticket or its conversations."""
        ticket = self._ref.parent
        if self._ref.article is not None:
            return knowledge.file_link(self._session, self._ref.article, self._ref.attachment_id.rpartition(":")[2])
        if ticket is None:
            return None
        return children.file_link(self._session, ticket, self._ref.attachment_id.rpartition(":")[2])
