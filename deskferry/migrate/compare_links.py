"""Links between records in written texts: they have to name the new addresses of what has crossed."""

from __future__ import annotations

import html
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from deskferry.connectors.kit.contract import Destination, Operation, Row
from deskferry.connectors.kit.links import LINKS_LEFT, Addresses, Link, LinkedText
from deskferry.migrate.compare_values import Difference, Seen
from deskferry.migrate.crossings import PlannedCrossings
from deskferry.migrate.decide import as_update
from deskferry.migrate.journal import Held, held_crossings
from deskferry.store import Store


@dataclass(slots=True)
class SeenLinks:
    """Where links of the source should point to at the destination."""

    store: Store
    account_id: str
    crossings: PlannedCrossings
    there: Addresses
    left: frozenset[str] = frozenset()
    """Records whose links in the ticket at hand keep the old address for good: a loss says so."""
    _known: dict[str, str | None] = field(default_factory=dict)

    def leaving(self, operations: Iterable[Operation], held: Mapping[tuple[str, str], Held],
                writer: Destination) -> SeenLinks:  # fmt: skip
        """Return the same for one ticket, without the links of texts that cannot be changed any more."""
        fixed = [one for one in operations if as_update(one, writer) is None and (one.record_id, one.part) in held]
        receipts = [held[one.record_id, one.part].receipt for one in fixed]
        return replace(self, left=frozenset(name for one in receipts for name in one.get(LINKS_LEFT) or ()))

    def told(self, text: str) -> str:
        """Return a text of the source with the addresses that it should have at the destination."""
        made, _ = self.crossings.linked(text)
        return made if isinstance(made, str) else made.told(self.address)

    def of(self, text: str) -> tuple[Link, ...]:
        """Return the links that stand in a text of the source."""
        made, _ = self.crossings.linked(text)
        return made.links() if isinstance(made, LinkedText) else ()

    def address(self, link: Link) -> str | None:
        """Return the new address of what a link names, or None where it has none."""
        if link.record_id in self.left:
            return None
        lead = self.crossings.matches.lead(link.record_id)
        if lead not in self._known:
            with self.store.read() as database:
                held = held_crossings(database, self.account_id, [lead]).get((lead, ""))
            self._known[lead] = None if held is None else held.remote_id
        remote_id = self._known[lead]
        return None if remote_id is None else self.there.url(link.kind, remote_id)


def compare_links(message: Row, written: Sequence[str], links: SeenLinks, seen: Seen) -> Iterator[Difference]:
    """Yield the links of a message that should have a new address and have not; `written` is HTML or plain text."""
    text = "".join(html.unescape(one) for one in written)
    for link in links.of(message.get("body_html") or message.get("body_text") or ""):
        address = links.address(link)
        if address is not None and address not in text:
            yield Difference("message", message["id"], "link", address, link.old, seen)
