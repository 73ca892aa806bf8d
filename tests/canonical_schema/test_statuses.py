"""The crosswalk."""

import pytest

from deskferry.canonical_schema.enums import Channel, Priority, Status
from deskferry.canonical_schema.statuses import (
    CHANNELS,
    PRIORITIES,
    STATUSES,
    CrosswalkRow,
    _by_value,
    canonical_channel,
    canonical_priority,
    canonical_status,
)

VENDORS = {"zendesk", "freshdesk", "zoho_desk", "help_scout", "hubspot", "intercom"}


@pytest.mark.parametrize("vendor", sorted(VENDORS))
@pytest.mark.parametrize("spelling", ["hold", "on-hold", "On hold", "Hold", "On Hold", "on_hold"])
def test_every_spelling_of_on_hold(vendor: str, spelling: str) -> None:
    assert canonical_status(vendor, spelling) is Status.ON_HOLD


@pytest.mark.parametrize(
    ("vendor", "value", "expected"),
    [
        ("zendesk", "new", Status.NEW),
        ("zendesk", "closed", Status.CLOSED),
        ("zendesk", "deleted", Status.DELETED),
        ("freshdesk", 2, Status.OPEN),
        ("freshdesk", 3, Status.PENDING),
        ("freshdesk", "4", Status.SOLVED),
        ("freshdesk", 5, Status.CLOSED),
        ("freshdesk", 6, Status.PENDING),
        ("freshdesk", 7, Status.ON_HOLD),
        ("freshdesk", "Waiting on Third Party", Status.ON_HOLD),
        ("freshdesk", 8, None),
        ("zoho_desk", "Escalated", Status.OPEN),
        ("zoho_desk", "Closed", Status.SOLVED),
        ("help_scout", "active", Status.OPEN),
        ("help_scout", "closed", Status.SOLVED),
        ("help_scout", "spam", Status.SPAM),
        ("hubspot", "2", Status.PENDING),
        ("hubspot", "CLOSED", Status.SOLVED),
        ("intercom", "snoozed", Status.PENDING),
        ("intercom", "submitted", Status.NEW),
        ("intercom", "resolved", Status.SOLVED),
        ("zendesk", None, None),
        ("zendesk", "", None),
        ("nobody", "open", None),
    ],
)
def test_statuses(vendor: str, value: str | int | None, expected: Status | None) -> None:
    assert canonical_status(vendor, value) is expected


@pytest.mark.parametrize(
    ("vendor", "value", "expected"),
    [
        ("zendesk", "normal", Priority.NORMAL),
        ("freshdesk", 2, Priority.NORMAL),
        ("freshdesk", 4, Priority.URGENT),
        ("zoho_desk", "High", Priority.HIGH),
        ("hubspot", "MEDIUM", Priority.NORMAL),
        ("intercom", "priority", Priority.HIGH),
        ("intercom", "none", None),
        ("help_scout", "high", None),
        ("zendesk", None, None),
    ],
)
def test_priorities(vendor: str, value: str | int | None, expected: Priority | None) -> None:
    assert canonical_priority(vendor, value) is expected


@pytest.mark.parametrize(
    ("vendor", "value", "expected"),
    [
        ("zendesk", "native_messaging", Channel.CHAT),
        ("zendesk", 4, Channel.EMAIL),
        ("freshdesk", 1, Channel.EMAIL),
        ("freshdesk", 4, Channel.PORTAL),
        ("freshdesk", 99, None),
        ("zoho_desk", "CUSTOMERPORTAL", Channel.PORTAL),
        ("zoho_desk", "FEEDBACK_WIDGET", Channel.WEB),
        ("help_scout", "heymarket", Channel.SMS),
        ("hubspot", "FORM", Channel.WEB),
        ("intercom", "conversation", Channel.CHAT),
        ("intercom", None, None),
    ],
)
def test_channels(vendor: str, value: str | int | None, expected: Channel | None) -> None:
    assert canonical_channel(vendor, value) is expected


def test_only_where_told_apart_is_a_ticket_closed() -> None:
    assert {row.vendor for row in STATUSES if row.canonical is Status.CLOSED} == {"zendesk", "freshdesk"}


def test_every_vendor_is_covered() -> None:
    assert {row.vendor for row in STATUSES} == {row.vendor for row in CHANNELS} == VENDORS
    assert {row.vendor for row in PRIORITIES} == VENDORS - {"help_scout"}
    for vendor in VENDORS:
        reached = {row.canonical for row in STATUSES if row.vendor == vendor}
        assert {Status.OPEN, Status.SOLVED} <= reached or {Status.OPEN, Status.CLOSED} <= reached


def test_rows_that_disagree_are_refused() -> None:
    rows = (CrosswalkRow("v", "Open", "", Status.OPEN), CrosswalkRow("v", "1", "open", Status.NEW))
    with pytest.raises(ValueError, match="reaches both"):
        _by_value(rows)
