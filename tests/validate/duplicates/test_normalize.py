"""What is written in several ways comes out the same, and what differs stays different."""

from __future__ import annotations

import pytest

from deskferry.validate.duplicates.nicknames import name_groups
from deskferry.validate.duplicates.normalize import (
    Phones,
    country_of,
    folded_text,
    mailbox,
    person_name,
)


@pytest.mark.parametrize(
    ("one", "other", "addresses", "boxes"),
    [
        ("Jane.Roe+x@Gmail.com", "janeroe@googlemail.com", True, True),
        ("jane.roe@acme.example", "janeroe@acme.example", False, False),
        ("a+x@acme.example", "a@acme.example", False, True),
        ("A@Acme.Example", " a@acme.example ", True, True),
        ("a@bücher.example", "a@xn--bcher-kva.example", True, True),
    ],
)
def test_addresses(one: str, other: str, addresses: bool, boxes: bool) -> None:
    first, second = mailbox(one), mailbox(other)
    assert first is not None
    assert second is not None
    assert ((first.address == second.address), (first.box == second.box)) == (addresses, boxes)


@pytest.mark.parametrize("text", [None, "", "jane", "jane@", "a b@c.d", "@acme.example"])
def test_what_is_no_address(text: str | None) -> None:
    assert mailbox(text) is None


def test_numbers() -> None:
    phones = Phones("ES")
    forms = ("611 222 333", "+34 611222333", "0034-611-222-333", "(+34) 611 22 23 33")
    assert {phones.e164(one) for one in forms} == {"+34611222333"}
    assert phones.e164("911 222 333 ext. 12") != phones.e164("911 222 333 ext. 13")
    assert phones.e164("n/a") is None
    assert country_of(["+34611222333", "0034 611222334", "+12125550100"]) == "ES"
    assert country_of([], ["pt-BR", None, "en"]) == "BR"
    assert country_of([]) is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Юрий Ковалёв", "Yuriy Kovalev"), ("JOSÉ  Núñez", "Jose Nunez"), ("Dr. Ana Ruiz", "Ana Ruiz"),
        ("Ruiz, Ana", "Ana Ruiz"), ("O'Neil Pat", "ONeil Pat"),
    ],
)  # fmt: skip
def test_names_that_are_one(one: str, other: str) -> None:
    assert person_name(one, None, None) == person_name(other, None, None)


def test_names_that_say_nothing() -> None:
    for name in ("ana@acme.example", "12345", "", None):
        assert person_name(name, None, None).given is None
    assert person_name("ana", None, None, ["ana@acme.example"]).given is None
    assert person_name("Ana", None, None, ["x@acme.example"]).given == "ana"
    assert person_name("Robert Dunez Jr.", None, None).suffix == "jr"
    assert person_name("Ana Ruiz", None, None).key == person_name("Ruiz Ana", None, None).key


def test_nicknames() -> None:
    assert set(name_groups("bob")) & set(name_groups("robert"))
    assert not set(name_groups("maria")) & set(name_groups("mario"))
    assert name_groups("zzz") == name_groups(None) == []
    assert folded_text("  Ça-va? ") == "ca va"
