"""Every rule, by the file of its subject."""

from __future__ import annotations

from deskferry.validate.rule import Rule
from deskferry.validate.rules import (
    attachment_rules,
    custom_field_rules,
    inventory_rules,
    lost_references,
    message_rules,
    people_rules,
    service_rules,
    status_history,
    survey_rules,
    texts,
    ticket_fields,
    ticket_links,
    ticket_numbers,
    ticket_times,
    timeliness,
    vendor_number_rules,
)

_SUBJECTS = (
    ticket_fields, ticket_times, ticket_numbers, ticket_links, message_rules, status_history, attachment_rules,
    people_rules, survey_rules, service_rules, custom_field_rules, inventory_rules, vendor_number_rules, timeliness,
    lost_references, texts,
)  # fmt: skip

RULES: tuple[Rule, ...] = tuple(rule for subject in _SUBJECTS for rule in subject.RULES)
"""In the order of reports."""
