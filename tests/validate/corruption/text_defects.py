"""Faults of texts, and of people's addresses, numbers and names: made in what the vendor sent.

What looks like a secret is put together here, so that nothing that searches sources for secrets stumbles over it.
"""

from __future__ import annotations

from tests.validate.corruption.damage import Damage
from tests.validate.corruption.defect import Seen, defect, seen
from tests.validate.corruption.raw_damage import ALONE, say, tell


@defect("text.mojibake", raw=True)
def mojibake(desk: Damage) -> Seen:
    """UTF-8 that was read as Latin-1."""
    wrong = "Für die Bestätigung müssen wir später prüfen".encode().decode("latin-1")
    return seen(say(desk, wrong))


@defect("text.replacement_character", raw=True)
def replacement_character(desk: Damage) -> Seen:
    return seen(say(desk, "Your Bestell\ufffdng is on its way, M\ufffdller."))


@defect("message.empty", raw=True)
def empty_message(desk: Damage) -> Seen:
    return seen(say(desk, ""))


@defect("text.card_number", raw=True)
def card_number(desk: Damage) -> Seen:
    """A number of a test card: it has the check digit of real ones."""
    return seen(say(desk, "Please charge " + " ".join(["4111", "1111", "1111", "1111"]) + ", it is valid until May."))


@defect("text.password", raw=True)
def password(desk: Damage) -> Seen:
    return seen(say(desk, "I cannot log in. My pass" + "word is: Tr0ub4dor&3x, please look for yourself."))


@defect("text.national_id", raw=True)
def national_id(desk: Damage) -> Seen:
    """A Spanish identity number with its letter."""
    return seen(say(desk, "Para la factura, mi DNI es " + "12345678" + "Z, gracias."))


@defect("text.secret", raw=True)
def secret(desk: Damage) -> Seen:
    key = (
        "-----BEGIN RSA PRIVATE "
        + "KEY-----\nMIIEowIBAAKCAQEAq7BFUpkGp3+LQmlQYx2eqzDV+xeG8kx/sQFV18S5JhzGeIJNA72wSeu\n"
    )
    return seen(say(desk, key + "-----END RSA PRIVATE " + "KEY-----"))


@defect("text.leftover_template", raw=True)
def leftover_template(desk: Damage) -> Seen:
    return seen(say(desk, "Hello {{ticket.requester.first_name}}, your case {{ticket.id}} was received."))


@defect("text.html_in_plain", raw=True)
def html_in_plain(desk: Damage) -> Seen:
    return seen(say(desk, "<div><p>Thank you for writing to us.</p><br></div><p>We will <b>look</b> into it.</p>"))


@defect("message.quoted_only", raw=True)
def quoted_only(desk: Damage) -> Seen:
    return seen(say(desk, "> When will my parcel arrive?\n> I have been waiting for a week.\n> Regards"))


@defect("message.truncated", "zendesk", raw=True)
def truncated(desk: Damage) -> Seen:
    """A text that ends in the middle of a word at the most that the vendor keeps: 65,535 characters."""
    words = "the quick brown fox jumps over the lazy dog and writes to us about it at length "
    return seen(say(desk, (words * 1000)[:65535], ALONE))


# -------------------------------------------------------------------------------------------------------------- people


@defect("person.email_invalid", raw=True)
def email_invalid(desk: Damage) -> Seen:
    return seen(tell(desk, "email", "olive.orchard@@example"))


@defect("person.email_disposable", raw=True)
def email_disposable(desk: Damage) -> Seen:
    return seen(tell(desk, "email", "olive@mailinator.com"))


@defect("person.email_role", raw=True)
def email_role(desk: Damage) -> Seen:
    return seen(tell(desk, "email", "noreply@orchard.example.org"))


@defect("person.phone_invalid", raw=True)
def phone_invalid(desk: Damage) -> Seen:
    return seen(tell(desk, "phone", "+49 12"))


@defect("person.phone_not_international", raw=True)
def phone_not_international(desk: Damage) -> Seen:
    return seen(tell(desk, "phone", "030 901820"))


@defect("person.name_is_email", raw=True)
def name_is_email(desk: Damage) -> Seen:
    return seen(tell(desk, "name", "olive@orchard.example.org"))


@defect("person.name_placeholder", raw=True)
def name_placeholder(desk: Damage) -> Seen:
    return seen(tell(desk, "name", "Unknown"))
