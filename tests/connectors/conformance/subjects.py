"""Every connector that has a simulator, and what a test must know of it beside its capabilities."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from deskferry.config import ConnectionConfig
from deskferry.connectors.freshdesk import CONNECTOR as FRESHDESK
from deskferry.connectors.help_scout import CONNECTOR as HELP_SCOUT
from deskferry.connectors.kit.contract import Connector
from deskferry.connectors.kit.settings import is_secret_field
from deskferry.connectors.zendesk import CONNECTOR as ZENDESK
from deskferry.migrate.connection import OpenConnection
from deskferry.migrate.pull import PullOptions, PullResult, pull
from deskferry.redaction import Secret
from deskferry.simulators.faults import parse_faults
from deskferry.simulators.kernel import Desk
from deskferry.simulators.server import SimTransport
from deskferry.simulators.start import Profile, build
from deskferry.store import Store

VENDORS = (ZENDESK, FRESHDESK, HELP_SCOUT)
ORIGIN = "http://127.0.0.1:9"


@dataclass(frozen=True)
class Subject:
    """A connector under test, against the simulator of its vendor."""

    connector: Connector
    credentials: tuple[str, ...]
    """Settings of a connection, of those that the simulator offers."""
    tickets: str
    """Path of the list of tickets, as a fault names it."""
    setup: str
    """Path of a short list."""
    truth: Callable[[Mapping[str, Any]], Mapping[str, set[str]]]
    """Picture of the account → kind → source ids of what a pull must bring."""
    renews: bool = False
    """Whether credentials that were refused are renewed."""
    drop: Callable[[Mapping[str, Any]], tuple[Mapping[str, Any], str, str]] | None = None
    """Picture of the account → a change that withholds a message, its ticket's id, how far the count is trusted.
    None: the vendor declares no counts of messages."""

    @property
    def name(self) -> str:
        """The vendor."""
        return self.connector.name


def _ids(rows: Any, keep: Callable[[Any], bool] = lambda _row: True) -> set[str]:
    return {str(row["id"]) for row in rows if keep(row)}


def _drop_comment(state: Mapping[str, Any]) -> tuple[Mapping[str, Any], str, str]:
    chosen = state["comments"][-1]
    return {"op": "drop_comment", "id": chosen["id"]}, f"old:ticket:{chosen['ticket_id']}", "bound"


def _drop_thread(state: Mapping[str, Any]) -> tuple[Mapping[str, Any], str, str]:
    live = {one["id"] for one in state["conversations"] if one["state"] != "deleted" and one["merged_into"] is None}
    chosen = next(
        one for one in reversed(state["threads"])
        if one["conversation"] in live and one["type"] != "lineitem" and one["state"] == "published"
    )  # fmt: skip
    return {"op": "drop_thread", "id": chosen["id"]}, f"old:conversation:{chosen['conversation']}", "exact"


SUBJECTS = (
    Subject(
        ZENDESK, ("subdomain", "oauth_token"), "/incremental/tickets", "/groups",
        lambda state: {
            "ticket": _ids(state["tickets"]),
            "organization": _ids(state["organizations"]),
            "team": _ids(state["groups"]),
        },
        drop=_drop_comment,
    ),
    Subject(
        FRESHDESK, ("domain", "api_key"), "/api/v2/tickets$", "/groups",
        lambda state: {
            "ticket": _ids(state["tickets"]),
            "organization": _ids(state["companies"]),
            "team": _ids(state["groups"]),
            "schedule": _ids(state["business_hours"]),
            "sla_policy": _ids(state["sla_policies"]),
        },
    ),
    Subject(
        HELP_SCOUT, ("app_id", "app_secret", "docs_api_key"), "/v2/conversations", "/teams",
        lambda state: {
            "ticket": _ids(state["conversations"], lambda row: row["state"] != "deleted"),
            "message": _ids(
                state["threads"],
                lambda row: row["type"] != "lineitem" and row["conversation"] in {
                    one["id"] for one in state["conversations"]
                    if one["state"] != "deleted" and one["merged_into"] is None
                },
            ),
            "organization": _ids(state["organizations"]),
            "team": _ids(state["teams"]),
            "macro": _ids(state["saved_replies"], lambda row: not row["deleted"]),
            "article": _ids(state["docs_articles"]),
        },
        renews=True,
        drop=_drop_thread,
    ),
)  # fmt: skip


class Account:
    """A simulated account and the connection to it; whoever asks for `pull` gets what one run brings."""

    def __init__(
        self,
        subject: Subject,
        *,
        seed: int = 3,
        tickets: int = 12,
        profile: Profile = "ugly",
        name: str = "old",
        page_size: int | None = None,
    ) -> None:
        self.subject = subject
        self.desk: Desk = build(subject.name, seed=seed, tickets=tickets, profile=profile)
        self.transport = SimTransport(self.desk)
        offered = self.desk.credentials()
        fields = subject.connector.settings.model_fields
        settings = {
            key: Secret(offered[key]) if is_secret_field(fields[key].annotation) else offered[key]
            for key in subject.credentials
        }
        self.config = ConnectionConfig(
            name, subject.name, base_url=ORIGIN, settings=MappingProxyType(settings), requests_per_minute=1e6,
            page_size=page_size,
        )  # fmt: skip

    def pull(self, store: Store, **options: Any) -> PullResult:
        """Pull, as one run of the command does."""
        connector = self.subject.connector
        with connector.session(self.config, self.desk.clock, self.transport) as session:
            opened = OpenConnection(
                self.config.name, connector, session, connector.source(session, self.config), self.desk.clock,
                connector.site(self.config), threads=1,
            )  # fmt: skip
            return pull(store, opened, "run", PullOptions(**options))

    def change(self, **operation: Any) -> Any:
        """Change the account behind the API's back."""
        return self.desk.patch(operation)

    def faults(self, spec: str) -> None:
        """Put these faults into force, and no others."""
        self.transport.faults[:] = parse_faults(spec)
