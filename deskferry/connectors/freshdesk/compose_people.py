"""Organizations and people as companies and contacts."""

from __future__ import annotations

from typing import Any

from deskferry.connectors.freshdesk.desk import Desk
from deskferry.connectors.freshdesk.fields import custom_fields
from deskferry.connectors.freshdesk.words import ACTIVATION_EMAILS, word
from deskferry.connectors.kit.composing import (
    AGENT_ROLES,
    display_name,
    extra_lost,
    is_email,
    iso,
    not_written,
    source_hash,
)
from deskferry.connectors.kit.contract import Composition, Crossings, Loss, Operation, Ref, Row
from deskferry.connectors.kit.timezones import iana_to_rails

TIME_ZONE_SETTING = "contact_time_zone"
PLACEHOLDER_TAG = "deskferry-placeholder"
__all__ = [
    "AGENT_ROLES", "display_name", "extra_lost", "is_email", "iso", "not_written", "organization", "person",
    "source_hash",
]  # fmt: skip


# ------------------------------------------------------------------------------------------------------ organizations


def organization(row: Row, crossings: Crossings, desk: Desk) -> Composition:
    """Return the company of an organization. Its name is its identity: a twin of that name is adopted."""
    losses: list[Loss] = []
    name = (row.get("name") or "").strip()
    if not name:
        name = next(iter(row.get("domains") or ()), None) or row["id"]
        losses.append(Loss(row["id"], "name", None, "name_defaulted"))
    body: dict[str, Any] = {"name": name}
    if row.get("domains"):
        body["domains"] = list(row["domains"])
    if row.get("details"):
        body["description"] = row["details"]
    if row.get("notes"):
        body["note"] = row["notes"]
    values, lost = custom_fields("organization", row, crossings, desk)
    if values:
        body["custom_fields"] = values
    losses += lost
    losses += not_written(row, ("external_id", "address"))
    losses += not_written(row, ("created_at",), "time_not_written")
    losses += extra_lost(row)
    operation = Operation(
        record_id=row["id"],
        part="",
        kind="organization",
        action="create",
        call="company.create",
        object="company",
        body=body,
        mark=row["id"],
        source_hash=source_hash(row),
        adopt=True,
    )
    return Composition((operation,), tuple(losses))


# ------------------------------------------------------------------------------------------------------------- people


def person(row: Row, crossings: Crossings, desk: Desk) -> Composition:
    """Return the contact of a person; an agent without a seat there becomes a placeholder without an address."""
    target = crossings.target(row["id"])
    placeholder = row.get("role") in AGENT_ROLES | {"bot", "system"} or (target is not None and target.placeholder)
    body, losses = _placeholder(row, crossings) if placeholder else _contact(row, crossings, desk)
    losses += not_written(row, ("created_at",), "time_not_written")
    losses += not_written(row, ("identities", "signature"))
    losses += not_written(row, ("first_name", "last_name") if row.get("name") else ())
    losses += [Loss(row["id"], name, "true", "field_not_there") for name in ("suspended", "opted_out") if row.get(name)]
    losses += extra_lost(row)
    operation = Operation(
        record_id=row["id"],
        part="",
        kind="person",
        action="create",
        call="contact.create",
        object="user",
        body=body,
        mark=row["id"],
        source_hash=source_hash(row),
        effects=(ACTIVATION_EMAILS,) if body.get("email") else (),
        adopt=True,
    )
    return Composition((operation,), tuple(losses))


def _placeholder(row: Row, crossings: Crossings) -> tuple[dict[str, Any], list[Loss]]:
    """Return a stand-in: no address, so that no mail can reach the person, and the mark as its identity."""
    name = display_name(row) or word(crossings.header.language, "unknown_person")
    body: dict[str, Any] = {
        "name": name,
        "unique_external_id": row["id"],
        "description": word(crossings.header.language, "placeholder", name),
        "tags": [PLACEHOLDER_TAG],
    }
    fields = (
        "email", "phone", "job_title", "address", "notes", "external_id", "language", "timezone", "organization_id",
        "custom_fields",
    )  # fmt: skip
    return body, not_written(row, fields, "left_out_of_placeholder")


def _contact(row: Row, crossings: Crossings, desk: Desk) -> tuple[dict[str, Any], list[Loss]]:
    losses: list[Loss] = []
    body: dict[str, Any] = {}
    name = display_name(row)
    if not (row.get("name") or "").strip():
        losses.append(Loss(row["id"], "name", None, "name_defaulted"))
    body["name"] = name or word(crossings.header.language, "unknown_person")
    losses += _reach(row, body)
    external = row.get("external_id")
    if external:
        body["unique_external_id"] = str(external)
    elif not body.keys() & {"email", "phone", "mobile"}:
        # One identifier is required; the mark is one that finds the contact again.
        body["unique_external_id"] = row["id"]
    for field, key in (("job_title", "job_title"), ("address", "address"), ("notes", "description")):
        if row.get(field):
            body[key] = row[field]
    losses += _organization(row, crossings, body)
    losses += _locale(row, crossings, desk, body)
    values, lost = custom_fields("person", row, crossings, desk)
    if values:
        body["custom_fields"] = values
    return body, losses + lost


def _reach(row: Row, body: dict[str, Any]) -> list[Loss]:
    """Put in addresses and numbers."""
    losses = []
    listed = [entry.get("value") for entry in row.get("emails") or () if isinstance(entry, dict)]
    addresses = list(dict.fromkeys(str(one).strip().lower() for one in (row.get("email"), *listed) if one))
    valid = [one for one in addresses if is_email(one)]
    losses += [Loss(row["id"], "emails", one, "email_invalid") for one in addresses if one not in valid]
    if valid:
        body["email"] = valid[0]
        if valid[1:]:
            body["other_emails"] = valid[1:]
    numbers = [
        (str(entry["value"]), entry.get("type"))
        for entry in row.get("phones") or ()
        if isinstance(entry, dict) and entry.get("value")
    ]
    if row.get("phone") and str(row["phone"]) not in [number for number, _ in numbers]:
        numbers.insert(0, (str(row["phone"]), None))
    for number, kind in dict(numbers).items():
        key = "mobile" if kind == "mobile" or "phone" in body else "phone"
        if key in body:
            losses.append(Loss(row["id"], "phones", number, "phone_dropped"))
        else:
            body[key] = number
    return losses


def _organization(row: Row, crossings: Crossings, body: dict[str, Any]) -> list[Loss]:
    organization_id = row.get("organization_id")
    if organization_id is None:
        return []
    if crossings.target(organization_id) is None:
        return [Loss(row["id"], "organization_id", organization_id, "organization_unmatched")]
    body["company_id"] = Ref(organization_id)
    return []


def _locale(row: Row, crossings: Crossings, desk: Desk, body: dict[str, Any]) -> list[Loss]:
    """Put in language and time zone where the desk has them: both are features of the plan (403 `require_feature`)."""
    losses = []
    language = row.get("language")
    if language:
        known = {code.lower(): code for code in desk.languages}
        code = known.get(language.lower()) or known.get(language.partition("-")[0].lower())
        if code is None:
            losses.append(Loss(row["id"], "language", language, "language_not_written"))
        else:
            body["language"] = code
    zone = row.get("timezone")
    if zone:
        name = iana_to_rails(zone) if crossings.setting(TIME_ZONE_SETTING) == "true" else None
        if name is None:
            losses.append(Loss(row["id"], "timezone", zone, "timezone_not_written"))
        else:
            body["time_zone"] = name
    return losses
