"""All defects, by the id of the rule that must see each."""

from __future__ import annotations

from deskferry.validate.references import references
from tests.validate.corruption import (
    history_defects,
    message_defects,
    people_defects,
    reference_defects,
    text_defects,
    ticket_defects,
)
from tests.validate.corruption.defect import DEFECTS, Defect

_MODULES = (ticket_defects, history_defects, message_defects, people_defects, text_defects)
reference_defects.register([(one.kind, one.column) for one in references()])


def of_vendor(vendor: str) -> list[Defect]:
    """Return the defects that an account of a vendor can have; those of what was sent come first."""
    found = [one for one in DEFECTS.values() if not one.vendors or vendor in one.vendors]
    return sorted(found, key=lambda one: not one.raw)
