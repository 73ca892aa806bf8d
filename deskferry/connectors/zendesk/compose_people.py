"""Organizations and people as organizations and users.

The external id is the mark by which they are found again: the source's own where it has one (unique there, as it has to
be here), else the id of the source record.
"""

from __future__ import annotations

from typing import Any

from deskferry.connectors.kit.composing import AGENT_ROLES, display_name, extra_lost, is_email, not_written, source_hash
from deskferry.connectors.kit.contract import Composition, Crossings, Loss, Operation, Ref, Row
from deskferry.connectors.kit.timezones import iana_to_rails
from deskferry.connectors.zendesk.fields import custom_fields, tags_of
from deskferry.connectors.zendesk.values import VENDOR
from deskferry.connectors.zendesk.words import word

PLACEHOLDER_TAG = "deskferry-placeholder"
_IDENTITIES = frozenset({"twitter", "facebook", "google"})
_USER_EXTRA = ("alias", "details", "verified", "moderator", "only_private_comments")
_DERIVED = frozenset({"role_type", "shared_phone_number", "restricted_agent", "ticket_restriction"})
"""Of a user's own fields what follows from the others."""
_ORGANIZATION_EXTRA = ("shared_tickets", "shared_comments")


def mark_of(row: Row) -> str:
    """Return the external id of what is created for a row."""
    return str(row.get("external_id") or row["id"])


def own_extra(row: Row, taken: tuple[str, ...]) -> dict[str, Any]:
    """Return what a record of this vendor has beyond the canonical schema, of these names."""
    if row.get("vendor") != VENDOR:
        return {}
    extra = row.get("extra") or {}
    return {name: extra[name] for name in taken if extra.get(name) not in (None, "", False)}


def extra_left(row: Row, taken: tuple[str, ...], derived: frozenset[str] = frozenset()) -> list[Loss]:
    """Return the loss of what only the old vendor has and is not written: one row a record, with the names."""
    if row.get("vendor") != VENDOR:
        return extra_lost(row)
    left = {
        name: value
        for name, value in (row.get("extra") or {}).items()
        if name not in taken and name not in derived and value not in (None, "", False, [], {})
    }
    return extra_lost({**row, "extra": left})


# ------------------------------------------------------------------------------------------------------ organizations


def organization(row: Row, crossings: Crossings) -> Composition:
    """Return the organization. Its name is unique: a twin of that name is adopted."""
    losses: list[Loss] = []
    name = " ".join((row.get("name") or "").split())
    if not name:
        name = next(iter(row.get("domains") or ()), None) or row["id"]
        losses.append(Loss(row["id"], "name", None, "name_defaulted"))
    body: dict[str, Any] = {"name": name, "external_id": mark_of(row)}
    if row.get("domains"):
        body["domain_names"] = list(row["domains"])
    if row.get("details") or row.get("address"):
        body["details"] = row.get("details") or row["address"]
    if row.get("notes"):
        body["notes"] = row["notes"]
    losses += not_written(row, ("address",))
    body |= own_extra(row, _ORGANIZATION_EXTRA)
    losses += _group(row, crossings, body)
    values, lost = custom_fields("organization", row, crossings)
    if values:
        body["organization_fields"] = values
    losses += lost + _tags(row, body)
    losses += not_written(row, ("created_at",), "time_not_written")
    losses += extra_left(row, (*_ORGANIZATION_EXTRA, "group_id"))
    return Composition((_created(row, "organization", "organization", body),), tuple(losses))


def _group(row: Row, crossings: Crossings, body: dict[str, Any]) -> list[Loss]:
    """Put in the group that new tickets of an organization get, where the same vendor had one."""
    group = own_extra(row, ("group_id",)).get("group_id")
    if group is None:
        return []
    record_id = f"{row['connection']}:group:{group}"
    if crossings.target(record_id) is None:
        return [Loss(row["id"], "extra", f"group_id {group}", "team_unmatched")]
    body["group_id"] = Ref(record_id)
    return []


# ------------------------------------------------------------------------------------------------------------- people


def person(row: Row, crossings: Crossings) -> Composition:
    """Return the user of a person; an agent without a seat there becomes a placeholder without an address."""
    target = crossings.target(row["id"])
    placeholder = row.get("role") in AGENT_ROLES | {"bot", "system"} or (target is not None and target.placeholder)
    body, losses = _placeholder(row, crossings) if placeholder else _user(row, crossings)
    body["skip_verify_email"] = True
    losses += not_written(row, ("created_at",), "time_not_written")
    losses += not_written(row, ("signature",))
    losses += not_written(row, ("first_name", "last_name") if row.get("name") else ())
    if row.get("suspended"):
        losses.append(Loss(row["id"], "suspended", "true", "suspension_lifted"))
    if row.get("opted_out"):
        losses.append(Loss(row["id"], "opted_out", "true", "field_not_there"))
    if row.get("is_active") is False:
        losses.append(Loss(row["id"], "is_active", "false", "field_not_there"))
    losses += extra_left(row, _USER_EXTRA, _DERIVED)
    return Composition((_created(row, "person", "user", body),), tuple(losses))


def _placeholder(row: Row, crossings: Crossings) -> tuple[dict[str, Any], list[Loss]]:
    """Return a stand-in: no address, so that no mail can reach the person, and the mark as its identity."""
    name = display_name(row) or word(crossings.header.language, "unknown_person")
    body: dict[str, Any] = {
        "name": name,
        "external_id": row["id"],
        "details": word(crossings.header.language, "placeholder", name),
        "tags": [PLACEHOLDER_TAG],
    }
    fields = (
        "email", "phone", "job_title", "address", "notes", "external_id", "language", "timezone", "organization_id",
        "custom_fields", "identities",
    )  # fmt: skip
    losses = not_written(row, fields, "left_out_of_placeholder")
    return body, losses + [Loss(row["id"], "tag", tag, "left_out_of_placeholder") for tag in row.get("tags") or ()]


def _user(row: Row, crossings: Crossings) -> tuple[dict[str, Any], list[Loss]]:
    losses: list[Loss] = []
    if not (row.get("name") or "").strip():
        losses.append(Loss(row["id"], "name", None, "name_defaulted"))
    name = display_name(row) or word(crossings.header.language, "unknown_person")
    body: dict[str, Any] = {"name": name, "external_id": mark_of(row)}
    losses += _reach(row, body)
    if row.get("notes"):
        body["notes"] = row["notes"]
    extra = own_extra(row, _USER_EXTRA)
    details = [text for text in (extra.pop("details", None), row.get("job_title"), row.get("address")) if text]
    if details:
        body["details"] = "\n".join(map(str, details))
        losses += not_written(row, ("job_title", "address"))
    body |= extra
    losses += _organizations(row, crossings, body)
    if row.get("language"):
        body["locale"] = row["language"]
    losses += _time_zone(row, body)
    values, lost = custom_fields("person", row, crossings)
    if values:
        body["user_fields"] = values
    return body, losses + lost + _tags(row, body)


def _reach(row: Row, body: dict[str, Any]) -> list[Loss]:
    """Put in addresses, numbers and identities; the first of each in its own field."""
    losses = []
    listed = [entry.get("value") for entry in row.get("emails") or () if isinstance(entry, dict)]
    addresses = list(dict.fromkeys(str(one).strip().lower() for one in (row.get("email"), *listed) if one))
    valid = [one for one in addresses if is_email(one) and one.isascii()]
    losses += [Loss(row["id"], "emails", one, "email_invalid") for one in addresses if one not in valid]
    phones = [entry.get("value") for entry in row.get("phones") or () if isinstance(entry, dict)]
    numbers = list(dict.fromkeys(str(one) for one in (row.get("phone"), *phones) if one))
    identities = [("email", one) for one in valid[1:]] + [("phone_number", one) for one in numbers[1:]]
    for one in row.get("identities") or ():
        if one.get("type") in _IDENTITIES and one.get("value"):
            identities.append((one["type"], str(one["value"])))
        else:
            losses.append(
                Loss(row["id"], "identities", f"{one.get('type')} {one.get('value')}", "identity_not_written")
            )
    if valid:
        body["email"] = valid[0]
    if numbers:
        body["phone"] = numbers[0]
    if identities:
        body["identities"] = [{"type": kind, "value": value} for kind, value in identities]
    return losses


def _organizations(row: Row, crossings: Crossings, body: dict[str, Any]) -> list[Loss]:
    """Put in the organizations, the main one first."""
    losses, crossing = [], []
    for one in dict.fromkeys((row.get("organization_id"), *(row.get("memberships") or ()))):
        if one is None:
            continue
        if crossings.target(one) is None:
            losses.append(Loss(row["id"], "organization_id", one, "organization_unmatched"))
        else:
            crossing.append(Ref(one))
    if crossing:
        body["organization_id"] = crossing[0]
    if crossing[1:]:
        body["organization_ids"] = crossing
    return losses


def _time_zone(row: Row, body: dict[str, Any]) -> list[Loss]:
    zone = row.get("timezone")
    if not zone:
        return []
    name = iana_to_rails(zone)
    if name is None:
        return [Loss(row["id"], "timezone", zone, "timezone_not_written")]
    body["time_zone"] = name
    return []


def _tags(row: Row, body: dict[str, Any]) -> list[Loss]:
    tags, losses = tags_of(row["id"], row.get("tags") or ())
    if tags:
        body["tags"] = tags
    return losses


def _created(row: Row, kind: str, object_name: str, body: dict[str, Any]) -> Operation:
    return Operation(
        record_id=row["id"],
        part="",
        kind=kind,
        action="create",
        call=f"{object_name}.create",
        object=object_name,
        body=body,
        mark=str(body["external_id"]),
        source_hash=source_hash(row, also=(*(row.get("tags") or ()), *(row.get("memberships") or ()))),
        adopt=True,
    )
