"""Zendesk's rate limits: the account's by plan, those of single endpoints, and the headers that tell them (2026-10)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from deskferry.connectors.kit.limits import ACCOUNT, Bucket, Reading, standard_readings

EXPORTS = "incremental_exports"

BUCKETS = (
    # Suite Team's limit until the first answer tells the account's own (200 to 2,500 by plan).
    # Bytes of files lie outside the API: they have a limit of their own, and the account's header does not move.
    Bucket(ACCOUNT, 200, match=r"^\w+ /(api|oauth)/"),
    # 10 a minute for all exports together (30 with High Volume); the header tells.
    Bucket(EXPORTS, 10, match=r"^GET /api/v2/incremental/"),
    Bucket("search_export", 100, match=r"^GET /api/v2/search/export"),
    Bucket("deleted_tickets", 10, match=r"^GET /api/v2/deleted_tickets"),
    Bucket("attachments", 2500, match=r"^GET /(attachments|system|hc/article_attachments)/"),
    Bucket("ticket_update", 100, match=r"^PUT /api/v2/tickets/\d+"),
    Bucket.of("one_ticket_update", 30, 600, match=r"^PUT /api/v2/tickets/(?P<key>\d+)"),
    Bucket("ticket_delete", 400, match=r"^DELETE /api/v2/tickets/\d+"),
    Bucket("user_update", 60, match=r"^(PUT /api/v2/users/\d+|POST /api/v2/users/create_or_update)"),
    Bucket("one_user_update", 5, match=r"^PUT /api/v2/users/(?P<key>\d+)"),
    Bucket("one_organization_update", 5, match=r"^PUT /api/v2/organizations/(?P<key>\d+)"),
    Bucket("field_options", 100, match=r"^POST /api/v2/ticket_fields/\d+/options"),
)

_ENDPOINTS = {
    "zendesk-ratelimit-incremental-exports": EXPORTS,
}
_PARTS = re.compile(r"(total|remaining|resets)\s*=\s*(\d+)")


def readings(headers: Mapping[str, str], now: float) -> Iterable[Reading]:
    """Yield what headers say: `X-Rate-Limit…` of the account, `total=10; remaining=9; resets=38` of an endpoint.

    `ratelimit-reset` is seconds from now (Rate limits).
    """
    known = list(standard_readings(headers, now))
    for header, bucket in _ENDPOINTS.items():
        told = dict(_PARTS.findall(headers.get(header) or ""))
        if told:
            numbers = (float(told[name]) if name in told else None for name in ("total", "remaining", "resets"))
            known.append(Reading(bucket, *numbers))
    return known
