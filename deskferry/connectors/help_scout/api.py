"""Reading one Help Scout account: who we are, lists, conversations, ratings, the knowledge base, files.

Reference: https://developer.helpscout.com/mailbox-api (v2) and https://developer.helpscout.com/docs-api (v1).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import cast

from deskferry.config import ConnectionConfig
from deskferry.connectors.help_scout import children, count, docs, lists, people, ratings, scan
from deskferry.connectors.help_scout.files import Download
from deskferry.connectors.help_scout.hal import fetch
from deskferry.connectors.help_scout.settings import HelpScoutSession
from deskferry.connectors.help_scout.streams import CONVERSATIONS, CUSTOMERS, DOCS, PEOPLE, RATINGS, STREAMS, WHOLE
from deskferry.connectors.help_scout.system_users import SystemUsers
from deskferry.connectors.kit.contract import Account, BlobRef, Child, Estimate, Page, PullRequest, Stream
from deskferry.connectors.kit.count_seam import Counting, Listed, Span
from deskferry.connectors.kit.limits import ACCOUNT, number
from deskferry.connectors.kit.session import Session, VendorStatus
from deskferry.errors import Refused

_LIMITED = "The role `{}` sees the inboxes only that it was given. Use an app of an owner or administrator."


def read_account(session: Session) -> Account:
    """Return who we are, by one call."""
    answer = session.request_json("GET", "users/me", allow=(403, 404))
    if answer.status != 200 or not isinstance(answer.body, dict):
        raise Refused(
            f"help_scout: GET users/me answered {answer.status}: the token belongs to no user.",
            "Use the app of a user who may access the API (Manage, Users, permissions).",
        )
    me = answer.body
    limit = number(answer.headers.get("x-ratelimit-limit-minute"))
    role = me.get("role")
    return Account(
        id=str(me.get("companyId") or session.base_url),
        name=None,
        user=me.get("email"),
        role=role,
        limits={} if limit is None else {ACCOUNT: limit},
        hides=(_LIMITED.format(role),) if role == "user" else (),
    )


class HelpScoutSource:
    """Reads one account."""

    def __init__(self, session: Session, connection: ConnectionConfig) -> None:
        self._session = cast("HelpScoutSession", session)
        self._connection = connection
        self._system_users = SystemUsers(session)

    def account(self) -> Account:
        """Return who we are."""
        return read_account(self._session)

    def streams(self) -> Sequence[Stream]:
        """Return the streams in the order in which they are pulled."""
        return STREAMS

    def estimate(self) -> Sequence[Estimate]:
        """Return what a full pull would cost, by the totals of the long lists."""
        found = {}
        for long in (scan.CUSTOMERS, scan.CONVERSATIONS):
            page = fetch(self._session, long.name, long.name, {**long.base, **long.order}, 1)
            size = len(page.rows) if page.more else max(page.total or 1, 1)
            calls = None if page.total is None else -(-page.total // max(size, 1)) + 2
            found[long.name] = Estimate(long.name, page.total, calls)
        note = "only those whose threads do not all come with the list"
        found[WHOLE] = Estimate(WHOLE, None, None, note)
        return [found.get(stream.name, Estimate(stream.name, None, None)) for stream in STREAMS]

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
            if stream == CUSTOMERS:
                yield from scan.pages(self._session, scan.CUSTOMERS, request)
            elif stream == CONVERSATIONS:
                yield from scan.pages(self._session, scan.CONVERSATIONS, request, self._system_users.named)
            elif stream == RATINGS:
                yield from ratings.pages(self._session, request)
            elif stream in DOCS:
                yield from docs.pages(self._session, stream, request)
            elif stream in lists.WALKS:
                yield from lists.walked(self._session, stream, request)
            else:
                yield from lists.whole(self._session, stream, request)
        except VendorStatus as refusal:
            if refusal.status in lists.REFUSED:
                raise refusal.refused() from refusal
            raise

    def child(self, stream: str, child: Child) -> Page:
        """Return one conversation with all its threads, or one person; a vanished one yields its tombstone."""
        if stream == PEOPLE:
            return people.named(self._session, child)
        assert stream == WHOLE
        return children.whole(self._session, child, self._system_users.named)

    def blob(self, ref: BlobRef) -> AbstractContextManager[Iterator[bytes]]:
        """Stream the bytes of an attachment."""
        return Download(self._session, ref)
