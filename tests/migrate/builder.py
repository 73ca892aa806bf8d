"""Canonical rows put straight into a store, as a pull would have left them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import insert

from deskferry.canonical_schema import KINDS, sql_table
from deskferry.connectors.kit.contract import Account
from deskferry.migrate.requests import digest
from deskferry.store import Store, machinery
from deskferry.store.blobs import BlobStore
from deskferry.store.state import begin_run, end_run, pin_account

START = "2026-03-01T08:00:00.000000Z"


class Builder:
    """Fills one connection."""

    def __init__(self, store: Store, connection: str, vendor: str, objects: dict[str, str]) -> None:
        self.store, self.connection, self.vendor, self.objects = store, connection, vendor, objects
        self.pulls = 0

    def id(self, what: str, source_id: str) -> str:
        return f"{self.connection}:{what}:{source_id}"

    def put(self, kind: str, source_id: str, /, **values: Any) -> str:
        """Write a row, over the one that has its id."""
        what = self.objects.get(kind, kind)
        record_id = values.pop("id", None) or self.id(what, source_id)
        row = {"created_at": START, "updated_at": START, **values}
        row.update(
            id=record_id, connection=self.connection, vendor=self.vendor, source_object=what, source_id=source_id,
            content_hash=digest({key: str(value) for key, value in row.items()}), synced_at=START,
        )  # fmt: skip
        table = sql_table(kind)
        with self.store.write() as database:
            database.execute(table.delete().where(table.c.id == record_id))
            database.execute(insert(table).values(**row))
        return record_id

    def clear(self) -> None:
        """Remove everything of the connection."""
        with self.store.write() as database:
            for kind in KINDS:
                table = sql_table(kind.value)
                database.execute(table.delete().where(table.c.connection == self.connection))

    def organization(self, source_id: str, name: str, **values: Any) -> str:
        return self.put("organization", source_id, name=name, **values)

    def person(self, source_id: str, name: str, email: str | None = None, role: str = "end_user", **values: Any) -> str:
        others = values.pop("others", ())
        listed = [{"value": one, "type": None, "primary": one == email, "verified": None}
                  for one in (email, *others) if one]  # fmt: skip
        return self.put("person", source_id, name=name, email=email, emails=listed or None, role=role,
                        is_active=values.pop("is_active", True), **values)  # fmt: skip

    def team(self, source_id: str, name: str) -> str:
        return self.put("team", source_id, name=name)

    def custom_field(
        self, key: str, label: str, kind: str = "text", options: Sequence[str] | None = None, of: str = "ticket"
    ) -> str:
        listed = [{"value": one, "label": one, "active": True} for one in options or ()] or None
        return self.put("custom_field", key, kind=of, key=key, label=label, type=kind, options=listed, is_active=True)

    def ticket(self, source_id: str, subject: str | None, *, tags: Sequence[str] = (), **values: Any) -> str:
        values.setdefault("status", "open")
        record_id = self.put("ticket", source_id, subject=subject, number=source_id, **values)
        table = sql_table("tagging")
        with self.store.write() as database:
            database.execute(table.delete().where(table.c.record_id == record_id))
        for tag in tags:
            self.put("tagging", f"{source_id}-{tag}", id=f"{record_id}/tag/{tag}", kind="ticket", record_id=record_id,
                     tag=tag)  # fmt: skip
        return record_id

    def message(
        self, ticket: str, source_id: str, text: str, *, author_id: str | None, public: bool = True, seq: int = 1,
        at: str | None = None, is_opening: bool | None = None, **values: Any,
    ) -> str:  # fmt: skip
        return self.put(
            "message", source_id, ticket_id=self.id(self.objects.get("ticket", "ticket"), ticket), body_text=text,
            author_id=author_id, is_public=public, seq=seq, created_at=at or f"2026-03-01T08:{seq:02}:00.000000Z",
            is_opening=seq == 1 if is_opening is None else is_opening,
            kind="public_reply" if public else "private_note",
            state=values.pop("state", "sent"), **values,
        )  # fmt: skip

    def attachment(
        self, ticket: str, source_id: str, filename: str, sha256: str, *, message: str, size: int | None = None
    ) -> str:
        return self.put(
            "attachment", source_id, ticket_id=self.id("ticket", ticket),
            message_id=self.id(self.objects.get("message", "message"), message), filename=filename, size=size,
            sha256=sha256, fetch_state="done",
        )  # fmt: skip

    def blob(self, content: bytes) -> str:
        """Store a file; returns its hash."""
        return BlobStore(self.store.blobs).put([content]).sha256

    def mark_pulled(self, exit_code: int | None = 0) -> None:
        """Leave what a finished pull leaves."""
        account = Account(f"{self.connection}-account", None, None, None)
        pin_account(self.store, self.connection, self.vendor, account, "https://x", "https://x", START)
        self.pulls += 1
        run_id = begin_run(self.store, "pull", self.connection, START.replace("08:00", f"08:{self.pulls:02}"))
        if exit_code is not None:
            end_run(self.store, run_id, exit_code, {}, [], START)
        table = machinery.stream_cursor
        with self.store.write() as database:
            database.execute(table.delete().where(table.c.connection == self.connection))
            database.execute(
                table.insert().values(
                    connection=self.connection, stream="tickets", cursor={}, scanning=False, updated_at=START
                )
            )
