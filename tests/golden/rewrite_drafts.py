"""Golden drafts: `python tests/golden/rewrite_drafts.py` writes what the writer composes of `<case>.case.json`.

A case holds a canonical record or a ticket with all that travels with it, and the answers of an imagined plan; beside
it `<case>.expected.json` holds the operations as they are journalled, and the losses. Read the difference by eye.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from deskferry.connectors.kit.contract import (
    Composition,
    FieldRule,
    FileSettings,
    HeaderSettings,
    Row,
    Target,
    TicketAggregate,
)
from deskferry.connectors.kit.links import Addresses, LinkedText, Text, linked
from deskferry.connectors.zendesk import compose_people, compose_ticket
from deskferry.connectors.zendesk.desk import Desk
from deskferry.connectors.zendesk.settings import ADDRESSES
from deskferry.migrate.requests import operation_json

HERE = Path(__file__).parent
NOW = datetime(2026, 1, 1, tzinfo=UTC).timestamp()
_PARTS = ("tags", "followers", "links", "events", "ratings", "time_entries")


@dataclass
class Answers:
    """The crossings of a case: what it does not name does not cross."""

    case: dict[str, Any]

    def __post_init__(self) -> None:
        self.header = HeaderSettings(**self.case.get("header", {}))
        self.files = FileSettings(**self.case.get("files", {}))
        self.migrated_tag: str | None = self.case.get("migrated_tag")

    def slice_hash(self, sha256: str, offset: int, size: int) -> str:
        return f"{sha256}/{offset}/{size}"

    def target(self, record_id: str | None) -> Target | None:
        known = self.case.get("targets", {}).get(record_id)
        return None if known is None else Target(**known)

    def field_rule(self, kind: str, key: str) -> FieldRule | None:
        known = self.case.get("fields", {}).get(f"{kind} {key}")
        return None if known is None else FieldRule(**{**known, "options": tuple(known.get("options", ()))})

    def value(self, what: str, value: str) -> str | None:
        found: str | None = self.case.get("values", {}).get(f"{what} {value}")
        return found

    def person(self, record_id: str | None) -> Row | None:
        found: Row | None = self.case.get("people", {}).get(record_id)
        return found

    def setting(self, name: str) -> str | None:
        found: str | None = self.case.get("settings", {}).get(name)
        return found

    def linked(self, text: str) -> tuple[Text, Sequence[str]]:
        made = linked(text, "old", _site())
        links = made.links() if isinstance(made, LinkedText) else ()
        return made, [one.old for one in links if self.target(one.record_id) is None]

    def address(self, record_id: str) -> str | None:
        _connection, name, source_id = record_id.split(":", 2)
        return _site().old(name, source_id)


def _site() -> Addresses:
    return Addresses("https://acme.zendesk.com", ADDRESSES)


def cases() -> list[Path]:
    """Return the cases."""
    return sorted((HERE / "zendesk" / "drafts").glob("*.case.json"))


def expected_file(case: Path) -> Path:
    """Return where the draft of a case is kept."""
    return case.with_name(case.name.replace(".case.json", ".expected.json"))


def draft_of(path: Path) -> dict[str, Any]:
    """Return the operations and losses of a case."""
    case = json.loads(path.read_text(encoding="utf-8"), object_hook=_timed)
    made = _composed(case, Answers(case))
    return {
        "operations": [
            {
                "record_id": one.record_id, "part": one.part, "kind": one.kind, "action": one.action, "call": one.call,
                "mark": one.mark, **operation_json(one),
            }
            for one in made.operations
        ],
        "losses": [[one.record_id, one.field, one.value, one.cause] for one in made.losses],
    }  # fmt: skip


def _timed(found: dict[str, Any]) -> dict[str, Any]:
    return {
        key: datetime.fromisoformat(value) if key.endswith("_at") and isinstance(value, str) else value
        for key, value in found.items()
    }


def _composed(case: dict[str, Any], answers: Any) -> Composition:
    if "organization" in case:
        return compose_people.organization(case["organization"], answers)
    if "person" in case:
        return compose_people.person(case["person"], answers)
    messages = tuple({**one, "ticket_id": case["ticket"]["id"]} for one in case.get("messages", ()))
    files = {key: tuple(rows) for key, rows in case.get("attachments", {}).items()}
    parts = {name: tuple(case.get(name, ())) for name in _PARTS}
    aggregate = TicketAggregate(case["ticket"], messages, files, **parts)
    known = case.get("desk", {})
    desk = Desk(
        statuses={label: tuple(found) for label, found in known.get("statuses", {}).items()},
        members={group: frozenset(users) for group, users in known.get("members", {}).items()},
        forms=known.get("forms", {}),
    )
    return compose_ticket.ticket(aggregate, answers, desk, NOW)


def main() -> None:
    """Rewrite the expected drafts."""
    for case in cases():
        text = json.dumps(draft_of(case), indent=1, ensure_ascii=False) + "\n"
        expected_file(case).write_text(text, encoding="utf-8", newline="\n")
        print(expected_file(case))


if __name__ == "__main__":
    main()
