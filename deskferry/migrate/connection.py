"""A connection that is ready to use: its connector, its source, its clock, and what the user configured."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from deskferry.connectors.kit.clock import Clock
from deskferry.connectors.kit.contract import Account, Connector, Destination, Source
from deskferry.connectors.kit.mapping import Context
from deskferry.connectors.kit.session import Session
from deskferry.store import Store
from deskferry.store.engine import now_text
from deskferry.store.state import pin_account


@dataclass
class OpenConnection:
    """One account, opened."""

    name: str
    connector: Connector
    session: Session
    source: Source
    clock: Clock
    site: str
    """Origin of the vendor's user interface, for links."""
    destination: Callable[[], Destination] | None = None
    threads: int = 4
    share_of_limit: float = 0.7
    start_date: str | None = None
    streams: tuple[str, ...] = ()
    """Only these streams, where the user named some."""
    account: Account | None = None

    @property
    def context(self) -> Context:
        """What the read mapping may know beside the record."""
        return Context(self.name, self.connector.name, self.site)

    def now(self) -> str:
        """Return the time of this connection's clock as canonical text."""
        return now_text(self.clock.now())

    def meet(self, store: Store) -> Account:
        """Ask who we are and hold the answer against the pin; raises Refused when it is another account."""
        if self.account is None:
            account = self.source.account()
            pin_account(store, self.name, self.connector.name, account, self.session.base_url, self.site, self.now())
            self.account = account
        return self.account
