"""Lists of the set-up that are read otherwise than page by page: rules by their type, forms one by one, mailboxes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from deskferry.connectors.freshdesk.find import listed
from deskferry.connectors.freshdesk.read_rules import RULE_TYPES
from deskferry.connectors.kit.contract import Page, Raw, RawRecord, Tombstone
from deskferry.connectors.kit.session import Session, VendorStatus

RULES, FORMS, ADDRESSES = "automation_rules", "ticket_forms", "email_configs"
STREAMS = frozenset({RULES, FORMS, ADDRESSES})
_REFUSED = (403, 404)
_SECRET = frozenset({"auth_header", "custom_headers"})
"""What the call of a webhook is signed with."""


def pages(session: Session, stream: str, whole: Iterator[Page]) -> Iterator[Page]:
    """Yield a stream of the set-up; `whole` is its list as it stands."""
    if stream == RULES:
        yield _rules(session)
    elif stream == FORMS:
        yield from _forms(session, whole)
    else:
        yield from _addresses(session, whole)


def _rules(session: Session) -> Page:
    """Return the rules of every type in one page: there are few. Those of a type that is refused are not gone."""
    records, refused = [], []
    for kind in RULE_TYPES:
        try:
            rows = _rows(session, f"automations/{kind}/rules")
        except VendorStatus as refusal:
            if refusal.status not in _REFUSED or kind == next(iter(RULE_TYPES)):
                raise
            refused.append(f"{RULES}: those of type {kind} are refused ({refusal.status}).")
            continue
        records += [RawRecord("automation_rule", str(row["id"]), _unsigned(kind, row)) for row in rows]
    return Page(tuple(records), {}, last=True, complete=not refused, notes=tuple(refused))


def _rows(session: Session, path: str) -> list[Raw]:
    """Return all rows of a list, which is bare or lies under `rules`."""
    rows: list[Raw] = []
    page, more = 1, True
    while more:
        answer = session.get_page(path, {"page": page, "per_page": 100}, alike=page == 1)
        found = answer.body.get("rules") if isinstance(answer.body, Mapping) else answer.body
        rows += found or ()
        page, more = page + 1, bool(found) and 'rel="next"' in answer.headers.get("link", "")
    return rows


def _unsigned(kind: int, row: Raw) -> Raw:
    """Return a rule with its type, and without what its webhooks are signed with."""
    actions = [
        {key: kept for key, kept in one.items() if key not in _SECRET} if isinstance(one, dict) else one
        for one in row.get("actions") or ()
    ]
    return {"automation_type_id": kind, **row, **({"actions": actions} if row.get("actions") else {})}


def _forms(session: Session, whole: Iterable[Page]) -> Iterator[Page]:
    """Yield forms with their fields, which the list leaves out: one call more a form."""
    for page in whole:
        records = []
        for record in page.records:
            assert isinstance(record, RawRecord)
            payload = record.payload
            if "fields" not in payload:
                answer = session.request_json("GET", f"ticket-forms/{record.source_id}", allow=_REFUSED)
                payload = answer.body if answer.status == 200 and isinstance(answer.body, dict) else payload
            records.append(replace(record, payload=payload))
        yield replace(page, records=tuple(records))


def _addresses(session: Session, whole: Iterable[Page]) -> Iterator[Page]:
    """Yield the addresses of the desk; where the older list is refused, its mailboxes, which have the same ids."""
    began = False
    try:
        for page in whole:
            yield page
            began = True
    except VendorStatus as refusal:
        if began or refusal.status not in _REFUSED:
            raise
        rows = tuple(listed(session, "email/mailboxes", {}))
        records = tuple(RawRecord("email_config", str(row["id"]), row) for row in rows)
        yield Page(records, {}, last=True, complete=True)


def questioned(session: Session, ratings: Iterable[Page]) -> Iterator[Page]:
    """Yield ratings with the questions that they answer: a rating names its survey, and they are asked for once."""
    labels: dict[str, dict[str, str]] | None = None
    for page in ratings:
        if labels is None and any(_survey(record) for record in page.records):
            labels = _labels(session)
        yield replace(page, records=tuple(_asked(record, labels or {}) for record in page.records))


def _survey(record: RawRecord | Tombstone) -> str | None:
    told = record.payload.get("survey_id") if isinstance(record, RawRecord) else None
    return None if told is None else str(told)


def _asked(record: RawRecord | Tombstone, labels: Mapping[str, Mapping[str, str]]) -> RawRecord | Tombstone:
    known = labels.get(_survey(record) or "")
    if known is None or not isinstance(record, RawRecord):
        return record
    asked = {name: known[name] for name in record.payload.get("ratings") or {} if name in known}
    return replace(record, payload={**record.payload, "questions": asked}) if asked else record


def _labels(session: Session) -> dict[str, dict[str, str]]:
    """Return the labels of questions by survey and key; none where the role may not see them."""
    return {
        str(survey["id"]): {
            str(one["id"]): str(one["label"])
            for one in survey.get("questions") or ()
            if isinstance(one, Mapping) and one.get("label")
        }
        for survey in listed(session, "surveys", {}, _REFUSED)
    }
