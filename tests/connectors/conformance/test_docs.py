"""The computed part of a vendor's page says what the connector says."""

from __future__ import annotations

import pytest

from deskferry.connectors.documentation import BEGIN, page_of, rewritten
from deskferry.connectors.kit.contract import Connector
from tests.connectors.conformance.subjects import VENDORS


@pytest.mark.parametrize("vendor", VENDORS, ids=lambda one: one.name)
def test_the_page_is_in_step(vendor: Connector) -> None:
    page = page_of(vendor).read_text(encoding="utf-8")
    assert BEGIN in page
    assert rewritten(page, vendor) == page, "make docs"


def test_a_page_without_the_marks_is_left_alone_and_one_with_them_is_not() -> None:
    vendor = VENDORS[-1]
    assert rewritten("by hand", vendor) == "by hand"
    page = page_of(vendor).read_text(encoding="utf-8")
    assert rewritten(page.replace("| custom_field |", "| other_field |"), vendor) == page
