"""Rules on texts. They read the flags that were found when a record was written (see `text_flags`), never a text."""

from __future__ import annotations

from functools import partial, reduce

import ibis
import ibis.expr.types as ir

from deskferry.text_flags import FLAGGED_KINDS, Flag
from deskferry.validate.desk import Desk
from deskferry.validate.finding import Severity
from deskferry.validate.rule import Dimension, Rule

_KIND = "text"
"""Of rules on texts of any kind: their findings tell the kind of each record."""
_READS = dict.fromkeys(sorted(FLAGGED_KINDS), ("text_flags",))


def _texts(desk: Desk) -> ir.Table:
    """Return the records that have texts."""
    tables = [
        desk.live(kind).select("connection", "id", "text_flags").mutate(kind=ibis.literal(kind)) for kind in _READS
    ]
    return reduce(lambda one, other: one.union(other), tables)


def _flags(desk: Desk) -> ir.Table:
    """Return a row for each flag of each column; they are few."""
    rows = _texts(desk)
    rows = rows.filter(rows.text_flags.notnull())
    rows = rows.mutate(part=rows.text_flags.split(",").unnest())
    place = rows.part.split("@")
    times = place[1].split(":")
    return rows.select(
        "connection", "kind", record_id="id", flag=place[0], column=times[0], times=times[1].cast("int64")
    )


def _flagged(flag: Flag, desk: Desk) -> ir.Table:
    rows = desk.shared(_flags)
    return rows.filter(rows.flag == flag.value)


def _has(flag: Flag, rows: ir.Table, _desk: Desk) -> ir.BooleanValue:
    return rows.text_flags.contains(f"{flag.value}@").fill_null(ibis.literal(value=False))


def _written(rows: ir.Table, _desk: Desk) -> ir.BooleanValue:
    """Return messages that somebody wrote: events and calls have no text of their own, a redacted one has lost it."""
    by_people = ~rows.kind.isin(("system", "voice")).fill_null(ibis.literal(value=False))
    return by_people & ~rows.redacted.fill_null(ibis.literal(value=False))


def _empty(desk: Desk) -> ir.Table:
    rows = desk.live("message")
    rows = rows.filter(_has(Flag.BLANK, rows, desk), _written(rows, desk))
    files = desk.live("attachment").select(held="key_of_message_id")
    return rows.anti_join(files, [("key_of_id", "held")]).mutate(record_id="id")


def _on_texts(
    name: str, flag: Flag, dimension: Dimension, severity: Severity, title: str, detail: str, advice: str
) -> Rule:
    return Rule(
        f"text.{name}", _KIND, dimension, severity, title, detail, advice, _READS,
        offending=partial(_flagged, flag), checked=_texts,
    )  # fmt: skip


RULES = (
    _on_texts(
        "mojibake", Flag.MOJIBAKE, Dimension.ACCURACY, Severity.WARNING,
        "Texts that were decoded with the wrong table", "{times} places in {column}",
        "An import or a mail gateway read UTF-8 as Windows-1252. Mend them at the vendor: they cross as they are.",
    ),
    _on_texts(
        "replacement_character", Flag.REPLACEMENT_CHARACTER, Dimension.ACCURACY, Severity.WARNING,
        "Texts that lost characters", "{times} characters lost in {column}",
        "What U+FFFD stands for is gone at the vendor too; the original e-mail may still have it.",
    ),
    _on_texts(
        "control_character", Flag.CONTROL_CHARACTER, Dimension.ACCURACY, Severity.INFO,
        "Texts with control characters", "{times} in {column}",
        "Some vendors refuse them, and exports break on them: take them out at the vendor.",
    ),
    _on_texts(
        "card_number", Flag.CARD_NUMBER, Dimension.SECURITY, Severity.ERROR,
        "Payment card numbers in texts", "{times} in {column}",
        "Redact them at the vendor and pull again: PCI DSS forbids to keep them, here and at the destination.",
    ),
    _on_texts(
        "password", Flag.PASSWORD, Dimension.SECURITY, Severity.WARNING,
        "Passwords in texts", "{times} in {column}",
        "Have the password changed, and redact the text at the vendor before it crosses.",
    ),
    _on_texts(
        "national_id", Flag.NATIONAL_ID, Dimension.SECURITY, Severity.WARNING,
        "National ids and bank accounts in texts", "{times} in {column}",
        "Redact what nobody needs, and see who may read these tickets at the destination.",
    ),
    _on_texts(
        "secret", Flag.SECRET, Dimension.SECURITY, Severity.ERROR,
        "Keys and tokens in texts", "{times} in {column}",
        "Revoke them where they were issued: whoever can read the ticket can use them. Then redact the text.",
    ),
    _on_texts(
        "leftover_template", Flag.TEMPLATE, Dimension.ACCURACY, Severity.WARNING,
        "Texts with placeholders that nobody filled in", "{times} in {column}",
        "Customers read the placeholder: look for the macro or trigger that sends it.",
    ),
    _on_texts(
        "html_in_plain", Flag.HTML_IN_PLAIN, Dimension.ACCURACY, Severity.INFO,
        "Plain texts that show HTML tags", "{times} tags in {column}",
        "An integration writes HTML into a plain field: mend it there; readers see the tags.",
    ),
    _on_texts(
        "entity_in_plain", Flag.ENTITY_IN_PLAIN, Dimension.ACCURACY, Severity.INFO,
        "Plain texts that show HTML entities", "{times} in {column}",
        "The text was escaped twice on its way: `&amp;` stands where `&` was meant.",
    ),
    Rule(
        "message.empty", "message", Dimension.COMPLETENESS, Severity.WARNING,
        "Messages without text and without a file", "neither a word nor a file",
        "Look at the message at the vendor: what it said may have been lost in an import.",
        {"message": ("text_flags", "kind", "redacted", "key_of_id"), "attachment": ("key_of_message_id",)},
        offending=_empty, among=_written,
    ),
    Rule(
        "message.truncated", "message", Dimension.COMPLETENESS, Severity.WARNING,
        "Messages as long as the vendor allows", "exactly as long as a vendor's limit",
        "The end is missing: the original e-mail or an attached file may have it.",
        {"message": ("text_flags",)}, where=partial(_has, Flag.CUT_OFF),
    ),
    Rule(
        "message.quoted_only", "message", Dimension.ACCURACY, Severity.INFO,
        "Messages that only repeat an earlier one", "nothing but a quotation",
        "The answer may stand between the quoted lines, or the gateway cut the new text off.",
        {"message": ("text_flags", "kind")}, where=partial(_has, Flag.QUOTED_ONLY),
        among=lambda rows, _desk: (rows.kind != "forward").fill_null(ibis.literal(value=True)),
    ),
    Rule(
        "ticket.subject_truncated", "ticket", Dimension.COMPLETENESS, Severity.INFO,
        "Subjects as long as the vendor allows", "exactly as long as a vendor's limit",
        "The end of the subject is missing; the first message may have it.",
        {"ticket": ("text_flags",)}, where=partial(_has, Flag.CUT_OFF),
    ),
)  # fmt: skip
