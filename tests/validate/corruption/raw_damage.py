"""Changes of what the vendor sent: a payload is written again as a pull would bring it, and mapped as it arrives."""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import Any

from deskferry.connectors.kit.contract import Page, RawRecord
from deskferry.connectors.kit.mapping import Context
from deskferry.connectors.registry import connector
from deskferry.store.page_writer import PageWriter
from deskferry.store.raw_archive import RawArchive
from deskferry.store.settle import settle
from tests.validate.corruption.damage import CUSTOMER, Damage

_TEXTS = frozenset({"body", "html_body", "plain_body", "body_text", "description", "description_text"})
SPOKEN = "is_public AND COALESCE(state, 'sent') = 'sent' AND LENGTH(body_text) > 20 AND NOT is_opening"
ALONE = f"{SPOKEN} AND NOT EXISTS (SELECT 1 FROM attachment a WHERE a.message_id = message.id)"


def say(desk: Damage, text: str, where: str = ALONE) -> str:
    """Have a message say something else; returns the message."""
    message = desk.take("message", where)
    said = desk.get("message", message, "body_text")
    changed = _rewritten(desk, "message", message, lambda payload: _replaced(payload, said, text))
    assert changed, (desk.vendor, message)
    return message


def _replaced(value: Any, said: str, text: str) -> bool:
    """Put a text where another one is, in every form that the payload has it; whether there was any."""
    if isinstance(value, list):
        return any([_replaced(one, said, text) for one in value])
    if not isinstance(value, dict):
        return False
    done = False
    for key, held in value.items():
        if key in _TEXTS and isinstance(held, str) and _begins(said) in html.unescape(held):
            markup = "<" in held and key not in {"plain_body", "body_text", "description_text"}
            value[key] = "".join(f"<p>{html.escape(line)}</p>" for line in text.split("\n")) if markup else text
            done = True
        else:
            done = _replaced(held, said, text) or done
    return done


def _begins(said: str) -> str:
    return said.split("\n")[0][:15]


# -------------------------------------------------------------------------------------------------------------- people


def _zendesk_email(payload: dict[str, Any], value: str) -> None:
    payload["email"] = value
    for one in payload.get("identities") or ():
        if one.get("type") == "email" and one.get("primary"):
            one["value"] = value


def _help_scout(list_name: str) -> Callable[[dict[str, Any], str], None]:
    def put(payload: dict[str, Any], value: str) -> None:
        payload.setdefault("_embedded", {})[list_name] = [{"id": 9000001, "type": "work", "value": value}]

    return put


def _help_scout_name(payload: dict[str, Any], value: str) -> None:
    first, _space, last = value.partition(" ")
    payload.update(firstName=first, lastName=last or None)


def _key(name: str) -> Callable[[dict[str, Any], str], None]:
    return lambda payload, value: payload.update({name: value})


_SETTERS: dict[tuple[str, str], Callable[[dict[str, Any], str], None]] = {
    ("zendesk", "email"): _zendesk_email, ("zendesk", "phone"): _key("phone"), ("zendesk", "name"): _key("name"),
    ("freshdesk", "email"): _key("email"), ("freshdesk", "phone"): _key("phone"), ("freshdesk", "name"): _key("name"),
    ("help_scout", "email"): _help_scout("emails"), ("help_scout", "phone"): _help_scout("phones"),
    ("help_scout", "name"): _help_scout_name,
}  # fmt: skip


def tell(desk: Damage, what: str, value: str) -> str:
    """Have a customer another `email`, `phone` or `name`; returns the customer."""
    person = desk.take("person", CUSTOMER)

    def change(payload: dict[str, Any]) -> bool:
        _SETTERS[desk.vendor, what](payload, value)
        return True

    _rewritten(desk, "person", person, change)
    return person


def _rewritten(desk: Damage, kind: str, record_id: str, change: Callable[[Any], bool]) -> bool:
    """Write the payload of a record anew, changed, as the next pull would."""
    raw_id = desk.get(kind, record_id, "raw_record_id")
    vendor = connector(desk.vendor)
    with desk.store.write() as database:
        stored = RawArchive(desk.connection).one(database, raw_id)
        assert stored is not None
        done = change(stored.payload)
        parent = desk.rows("SELECT parent_id FROM raw_record WHERE id = :i", i=raw_id)[0][0]
        record = RawRecord(stored.object, stored.source_id, stored.payload, parent)
        writer = PageWriter(Context(desk.connection, desk.vendor, ""), vendor.maps, "damage")
        writer.write_page(database, stored.stream, Page((record,)), desk.now, full=False)
        settle(database, desk.connection)
    return done
