"""Rules on people's names, addresses and phone numbers, each as it is kept; details never repeat them."""

from __future__ import annotations

import re

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from deskferry.validate.desk import Desk
from deskferry.validate.finding import Severity
from deskferry.validate.phone_plans import can_exist
from deskferry.validate.rule import Dimension, Rule
from deskferry.validate.word_lists import words

_EMAIL = (
    r"^[\p{L}\p{N}!#$%&'*+/=?^_`{|}~-]+(?:\.[\p{L}\p{N}!#$%&'*+/=?^_`{|}~-]+)*"
    r"@(?:[\p{L}\p{N}](?:[\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?\.)+(?:\p{L}{2,63}|xn--[a-z0-9-]{2,59})$"
)
"""A dot-atom (RFC 5322) at a host name with a domain; letters of any script (RFC 6531). Quoted local parts are legal,
and no desk takes them."""
_LONGEST = 254
"""Of an address, by RFC 5321 (256 with its angle brackets)."""
_INTERNATIONAL = r"^\s*(?:\+|00)\s*\d"
_NO_LETTER = r"^[^\p{L}]*$"


def _people(rows: ir.Table, _desk: Desk) -> ir.BooleanValue:
    """Return who stands for himself: merged people and stand-ins do not, and nobody writes to a bot."""
    own = rows.key_of_merged_into_id.isnull() & ~rows.is_placeholder.fill_null(ibis.literal(value=False))
    return own & ~rows.role.isin(("bot", "system")).fill_null(ibis.literal(value=False))


def _with(column: str, rows: ir.Table, desk: Desk) -> ir.BooleanValue:
    return rows[column].notnull() & (rows[column] != "") & _people(rows, desk)


def _with_email(rows: ir.Table, desk: Desk) -> ir.BooleanValue:
    return _with("email", rows, desk)


def _customer_with_email(rows: ir.Table, desk: Desk) -> ir.BooleanValue:
    return _with("email", rows, desk) & (rows.role == "end_user").fill_null(ibis.literal(value=False))


def _with_phone(rows: ir.Table, desk: Desk) -> ir.BooleanValue:
    return _with("phone", rows, desk)


def _with_name(rows: ir.Table, desk: Desk) -> ir.BooleanValue:
    return _with("name", rows, desk)


def _invalid_email(rows: ir.Table, _desk: Desk) -> ir.BooleanValue:
    return ~rows.email.re_search(_EMAIL) | (rows.email.length() > _LONGEST)


def _disposable(rows: ir.Table, desk: Desk) -> ir.BooleanValue:
    domains = (*words("disposable_domains"), *desk.options["domains"])
    pattern = rf"[@.](?:{'|'.join(re.escape(one) for one in domains)})$"
    return rows.email.re_search(pattern)


def _role_mailbox(rows: ir.Table, desk: Desk) -> ir.BooleanValue:
    names = (*words("role_mailboxes"), *desk.options["names"])
    return rows.email.split("@")[0].lower().isin(names)


def _name_is_email(rows: ir.Table, _desk: Desk) -> ir.BooleanValue:
    return rows.name.re_search(r"^\s*[^\s@]+@[^\s@]+\.[^\s@]+\s*$")


def _placeholder_name(rows: ir.Table, desk: Desk) -> ir.BooleanValue:
    names = (*words("placeholder_names"), *desk.options["names"])
    return rows.name.strip().lower().isin(names) | rows.name.re_search(_NO_LETTER)


def _national(rows: ir.Table, _desk: Desk) -> ir.BooleanValue:
    return ~rows.phone.re_search(_INTERNATIONAL)


def _invalid_phones(desk: Desk) -> ir.Table:
    """Yield people whose number cannot exist: each different number is judged once."""
    rows = desk.live("person")
    rows = rows.filter(_with_phone(rows, desk))
    region = str(desk.options["region"])
    told = rows.select("phone").distinct().to_pyarrow()["phone"].to_pylist()
    wrong = [number for number in told if not can_exist(number, region)]
    if not wrong:
        return rows.filter(ibis.literal(value=False)).mutate(record_id="id")
    return rows.semi_join(ibis.memtable(pa.table({"phone": wrong})), "phone").mutate(record_id="id")


_OWN = ("key_of_merged_into_id", "is_placeholder", "role")
_EMAIL_READ, _PHONE_READ, _NAME_READ = ({"person": (name, *_OWN)} for name in ("email", "phone", "name"))

RULES = (
    Rule(
        "person.email_invalid", "person", Dimension.ACCURACY, Severity.WARNING,
        "E-mail addresses that are none", "the primary address is not of the form name@host.domain",
        "Correct it at the vendor: desks refuse it, or no answer ever arrives.",
        _EMAIL_READ, where=_invalid_email, among=_with_email,
    ),
    Rule(
        "person.email_disposable", "person", Dimension.ACCURACY, Severity.INFO,
        "Throw-away addresses", "the address is at a provider of throw-away mailboxes",
        "Nobody reads there after an hour: leave such people out of surveys, and look for another address.",
        _EMAIL_READ, where=_disposable, among=_with_email, options={"domains": ()},
    ),
    Rule(
        "person.email_role", "person", Dimension.ACCURACY, Severity.INFO,
        "Addresses of a function, not of a person", "the mailbox is that of a function",
        "Several people write from it: its history is not one person's, and it must not be merged by name.",
        _EMAIL_READ, where=_role_mailbox,
        among=_customer_with_email,
        options={"names": ()},
    ),
    Rule(
        "person.phone_invalid", "person", Dimension.ACCURACY, Severity.WARNING,
        "Phone numbers that cannot exist", "no number of this form is given out",
        "Correct it at the vendor; `region` of this rule (as ES) judges national numbers as well.",
        _PHONE_READ, offending=_invalid_phones, among=_with_phone, options={"region": ""},
    ),
    Rule(
        "person.phone_not_international", "person", Dimension.CONSISTENCY, Severity.INFO,
        "Phone numbers without a country code", "the number does not begin with + and a country code",
        "Write numbers as +34 600 123 456: without it they match no caller abroad, and duplicates stay unseen.",
        _PHONE_READ, where=_national, among=_with_phone,
    ),
    Rule(
        "person.name_is_email", "person", Dimension.COMPLETENESS, Severity.INFO,
        "People whose name is an e-mail address", "an address stands where the name belongs",
        "The desk made the person from an e-mail without a name; answers greet them with the address.",
        _NAME_READ, where=_name_is_email, among=_with_name,
    ),
    Rule(
        "person.name_placeholder", "person", Dimension.COMPLETENESS, Severity.INFO,
        "People whose name says nothing", "a filler, or no letter, stands where the name belongs",
        "Find the name in their messages, or leave the field empty; `names` of this rule adds other fillers.",
        _NAME_READ, where=_placeholder_name, among=_with_name, options={"names": ()},
    ),
)  # fmt: skip
