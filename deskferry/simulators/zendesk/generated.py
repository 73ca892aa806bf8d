"""A generated account as the state of a Zendesk account; records are rendered when they are asked for."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime
from functools import lru_cache
from typing import Any, Final

from deskferry.simulators.account import Account, File
from deskferry.simulators.kernel import SimClock
from deskferry.simulators.zendesk.business import OpenTime
from deskferry.simulators.zendesk.facts import Facts, TicketFacts, gathered
from deskferry.simulators.zendesk.ids import id_of, id_range, iso, key_of
from deskferry.simulators.zendesk.paging import Rows
from deskferry.simulators.zendesk.plans import has
from deskferry.simulators.zendesk.render_guide import GuideRenderer
from deskferry.simulators.zendesk.render_people import (
    group_memberships,
    identities,
    organization,
    organization_memberships,
    user,
)
from deskferry.simulators.zendesk.render_side import SideRenderer
from deskferry.simulators.zendesk.render_ticket import TicketRenderer
from deskferry.simulators.zendesk.state import Blob, EventIndex, Guide, Record, State, metrics_of
from deskferry.simulators.zendesk.store import Store
from deskferry.simulators.zendesk.tickets import TicketFile

FILES_OF_A_TICKET: Final = 8192 * 8


class GeneratedAccount:
    """Makes the parts of a `State` from a generated account."""

    def __init__(self, account: Account, host: str, plan: str) -> None:
        self.account = account
        self.host = host
        self.renderer = TicketRenderer(account, host, csat=has(plan, "csat"))
        self.guide = GuideRenderer(account, host)

    def ticket_file(self, place: int) -> TicketFile:
        """Return the ticket at a position."""
        ticket = self.account.tickets[place]
        file = TicketFile(
            record=self.renderer.record(ticket),
            make_audits=lambda: self.renderer.audits(ticket),
            generated=ticket.touched_at,
        )
        if ticket.disposition is not None:
            file.deleted_at = ticket.touched_at
            file.deleted_by = id_of("user", ticket.ended_by)
            file.state_before = ticket.status
        return file

    def facts(self) -> Facts:
        """Return the facts of all tickets."""
        return gathered(
            TicketFacts(
                created_at=ticket.created_at,
                updated_at=ticket.updated_at,
                touched_at=ticket.touched_at,
                closed=ticket.status == "closed",
                deleted=ticket.disposition is not None,
                rated=ticket.csat is not None and ticket.disposition is None,
                audits=self.renderer.audit_times(ticket),
            )
            for ticket in self.account.tickets
        )

    def identities(self, user_id: int) -> list[Record]:
        """Return the identities of a user."""
        key = key_of("user", user_id)
        return identities(self.host, self.account.people.by_key(key)) if 1 <= key <= len(self.account.people) else []

    def rating(self, identifier: int) -> Record:
        """Return a satisfaction rating, perhaps one that was only offered."""
        ticket = self.account.tickets.by_key(key_of("rating", identifier))
        csat = ticket.csat
        assert csat is not None
        reason = {"reason": csat.reason, "reason_id": 1001, "reason_code": 1} if csat.reason else {}
        return {
            "url": f"{self.host}/api/v2/satisfaction_ratings/{identifier}.json",
            "id": identifier,
            "assignee_id": None if ticket.assignee is None else id_of("user", ticket.assignee),
            "group_id": None if ticket.group is None else id_of("group", ticket.group),
            "requester_id": id_of("user", ticket.requester),
            "ticket_id": ticket.key,
            "score": csat.score,
            "created_at": iso(csat.offered_at),
            "updated_at": iso(csat.rated_at or csat.offered_at),
            "comment": csat.comment,
            **reason,
        }

    def blob(self, token: str) -> Blob | None:
        """Return the bytes behind the token of a URL, unless it is no valid one any more."""
        if token.startswith("article:"):
            file: File | None = self._article_file(token)
        else:
            file = self._ticket_file(token)
        if file is None:
            return None
        return Blob(str(file.key), file.name, file.content_type, file.size, file.content, file.health)

    def _article_file(self, token: str) -> File | None:
        key = key_of("article_attachment", int(token.removeprefix("article:")))
        return self.guide.file(key) if key in (1, 2) else None

    def _ticket_file(self, token: str) -> File | None:
        head, _, _ = token.partition("z")
        try:
            key = int(head, 16)
        except ValueError:
            return None
        place = key // FILES_OF_A_TICKET
        if not 1 <= place <= len(self.account.tickets):
            return None
        files = [file for _, message in self.account.tickets.by_key(place).messages for file in message.files]
        found = next((file for file in files if file.key == key), None)
        return found if found is not None and self.renderer.knows(found, token) else None

    def renew_urls(self) -> None:
        """Change the tokens of all attachment URLs, as signed ones change."""
        self.renderer.epoch += 1


def generated_state(account: Account, clock: SimClock, subdomain: str, plan: str) -> State:
    """Return the state of a Zendesk account with the content of a generated one."""
    host = f"https://{subdomain}.zendesk.com"
    made = GeneratedAccount(account, host, plan)
    side = SideRenderer(account, host)
    lists = side.collections()
    lists["group_memberships"] = group_memberships(host, account)
    people, companies = account.people, account.organizations

    def person(place: int) -> dict[str, Any]:
        return user(host, people[place])

    users = Store(id_range("user", len(people)), person, lambda place: people[place].updated_at)
    year = datetime.fromtimestamp(account.now, UTC).year
    hours = OpenTime(account.side.schedules[0], date(year - 3, 1, 1), date(year + 1, 12, 31))

    @lru_cache(maxsize=65536)
    def is_staff(key: int) -> bool:
        return people.by_key(key).is_staff

    def is_agent(identifier: int) -> bool:
        key = key_of("user", identifier)
        if 1 <= key <= len(people):
            return is_staff(key)
        added = users.get(identifier)
        return added is not None and added["role"] != "end-user"

    metric_set, metric_events = metrics_of(is_agent, hours, host, lists["sla_policies"])
    memberships = lru_cache(maxsize=1)(lambda: list(organization_memberships(host, account)))
    facts = lru_cache(maxsize=1)(made.facts)
    ratings = lru_cache(maxsize=1)(lambda: Rows([id_of("rating", place + 1) for place in facts().rated], made.rating))
    return State(
        clock=clock,
        subdomain=subdomain,
        account_id=int(hashlib.sha256(f"{account.seed}".encode()).hexdigest()[:6], 16),
        plan=plan,
        tickets=Store(range(1, len(account.tickets) + 1), made.ticket_file, lambda place: facts().touched[place]),
        users=users,
        organizations=Store(
            id_range("organization", len(companies)),
            lambda place: organization(host, companies[place]),
            lambda place: companies[place].updated_at,
        ),
        events=EventIndex(facts),
        lists=lists,
        guide=Guide(made.guide.collections(), made.guide.translations, made.guide.attachments),
        metrics=metric_set,
        metric_events=metric_events,
        identities=made.identities,
        organization_memberships=memberships,
        facts=facts,
        ratings=ratings,
        holidays=side.holidays(),
        blob=made.blob,
        renew_urls=made.renew_urls,
    )
