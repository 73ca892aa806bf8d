"""Where each message of a ticket went that crossed in one operation: known once the ticket was read back."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from deskferry.migrate.compare import Expected
from deskferry.migrate.decide import APPENDED
from deskferry.migrate.journal import held_crossings, write_crossings
from deskferry.store import Store, machinery

_OF_TICKET = ("account_id", "record_id", "mapping_hash", "run_id", "written_at")


def place_messages(store: Store, account_id: str, verified: Sequence[Expected]) -> None:
    """Write a crossing for each carried message that is there, under the run that wrote its ticket."""
    found = {
        (expected.ticket.record_id, part.carried): part.remote_id.split(":", 2)[1:]
        for expected in verified
        for parts in expected.parts.values()
        for part in parts
        if part.carried and not part.receipt.get(APPENDED) and part.remote_id in expected.seen
    }
    if not found:
        return
    table = machinery.crossing
    tickets = {record_id for record_id, _part in found}
    with store.write() as database:
        held = held_crossings(database, account_id, tickets)
        own = select(*(table.c[name] for name in _OF_TICKET)).where(
            table.c.account_id == account_id, table.c.record_id.in_(tickets), table.c.part == ""
        )
        rows = {row["record_id"]: dict(row) for row in database.execute(own).mappings()}
        write_crossings(
            database,
            [
                {
                    **rows[record_id], "part": part, "kind": "message", "state": "created",
                    "remote_object": object_name, "remote_id": remote_id, "request_hash": None, "source_hash": None,
                    "placeholder": False, "receipt": None,
                }
                for (record_id, part), (object_name, remote_id) in found.items()
                if (known := held.get((record_id, part))) is None or known.remote_id != remote_id
            ],
        )  # fmt: skip
