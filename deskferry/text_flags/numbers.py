"""Payment card numbers and national ids: numbers whose checksum is right, where nothing says that they are another.

Precision comes first: a number within a longer one or an address, or after a word like "tracking" or "order", is none.
Checksums: Luhn and issuer ranges (ISO/IEC 7812); IBAN (ISO 13616: length by country, modulo 97); the letter of Spanish
DNI and NIE (modulo 23); both check digits of the Brazilian CPF. A US social security number has none, and a DNI is told
by chance from one in 23 numbers with a letter: these two need a word that says what they are.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from deskferry.text_flags.detector import Detector
from deskferry.text_flags.flags import Flag

_FREE_BEFORE = r"(?<![\w./#=&@%+$-])"
_FREE_AFTER = r"(?![\w@%/=-]|\.\w)"
_CARD = re.compile(
    _FREE_BEFORE
    + r"(?:\d{13,19}|\d{4}([ \u00a0-])\d{4}\1\d{4}\1\d{1,4}(?:\1\d{3})?|\d{4}([ \u00a0-])\d{6}\2\d{4,5})"
    + r"(?![\w@%=]|[-./]\w|[ \u00a0]\d{4}(?!\d))",
    re.ASCII,
)
_GROUP_BEFORE = re.compile(r"\d{3,6}[ \u00a0-]\Z")
_DNI = re.compile(
    _FREE_BEFORE + r"(?:(\d{8})|(\d\d)\.(\d{3})\.(\d{3}))-?([A-HJ-NP-TV-Za-hj-np-tv-z])" + _FREE_AFTER, re.ASCII
)
_NIE = re.compile(_FREE_BEFORE + r"([XYZ])-?(\d{7})-?([A-HJ-NP-TV-Z])" + _FREE_AFTER, re.ASCII)
_CPF = re.compile(_FREE_BEFORE + r"\d{3}\.\d{3}\.\d{3}-\d\d" + _FREE_AFTER, re.ASCII)
_SSN = re.compile(_FREE_BEFORE + r"(?!000|666|9)\d{3}([- ])(?!00)\d\d\1(?!0000)\d{4}" + _FREE_AFTER, re.ASCII)
_IBAN = re.compile(_FREE_BEFORE + r"[A-Z]{2}\d\d(?:[ \u00a0]?[A-Z0-9]){11,30}", re.ASCII)

_ANOTHER_NUMBER = re.compile(
    r"(?:track|seguim|env[ií]o|shipment|order|pedido|invoice|factura|imei|serial|serie|reference|referencia|\bref\b"
    r"|ticket|\bcase\b|\bcaso\b|transac|account id|build|version)[^\n]{0,24}\Z"
)
_CARD_WORD = re.compile(r"\bcard|visa\b|master|amex|american express|tarjeta|cartão|carte\b")
_DNI_WORD = re.compile(r"\b(?:dni|nif|nie|n\.i\.[fe]|d\.n\.i)\b|document|identi|pasaporte|cédula|\bid (?:card|num)")
_SSN_WORD = re.compile(r"\bssn\b|social security|seguro social|social sec")
_NEAR = 48

_IBAN_LENGTHS = {
    "AD": 24, "AE": 23, "AL": 28, "AT": 20, "AZ": 28, "BA": 20, "BE": 16, "BG": 22, "BH": 22, "BR": 29, "BY": 28,
    "CH": 21, "CR": 22, "CY": 28, "CZ": 24, "DE": 22, "DK": 18, "DO": 28, "EE": 20, "EG": 29, "ES": 24, "FI": 18,
    "FO": 18, "FR": 27, "GB": 22, "GE": 22, "GI": 23, "GL": 18, "GR": 27, "GT": 28, "HR": 21, "HU": 28, "IE": 22,
    "IL": 23, "IS": 26, "IT": 27, "JO": 30, "KW": 30, "KZ": 20, "LB": 28, "LI": 21, "LT": 20, "LU": 20, "LV": 21,
    "MC": 27, "MD": 24, "ME": 22, "MK": 19, "MR": 27, "MT": 31, "MU": 30, "NL": 18, "NO": 15, "PK": 24, "PL": 28,
    "PS": 29, "PT": 25, "QA": 29, "RO": 24, "RS": 22, "SA": 24, "SC": 31, "SE": 24, "SI": 19, "SK": 24, "SM": 27,
    "SV": 28, "TN": 24, "TR": 26, "UA": 29, "VA": 22, "VG": 24, "XK": 20,
}  # fmt: skip
"""Characters of an IBAN by country: the IBAN registry that SWIFT keeps for ISO 13616, most of its members."""


def cards(text: str) -> Iterator[int]:
    """Yield where card numbers begin."""
    for found in _CARD.finditer(text):
        digits = "".join(filter(str.isdigit, found[0]))
        if has_issuer(digits) and luhn(digits) and len(set(digits)) > 1 and _is_meant(text, found.start()):
            yield found.start()


def _is_meant(text: str, at: int) -> bool:
    before = _before(text, at)
    return _CARD_WORD.search(before) is not None or not (_GROUP_BEFORE.search(before) or _ANOTHER_NUMBER.search(before))


def has_issuer(digits: str) -> bool:
    """Whether a number of this length begins as those of a large issuer do."""
    size, two, four = len(digits), int(digits[:2]), int(digits[:4])
    if digits[0] == "4":
        return size in {13, 16, 19}
    if 51 <= two <= 55 or 2221 <= four <= 2720 or four == 6011 or 6440 <= four <= 6599 or 3528 <= four <= 3589:
        return size == 16
    if two in {34, 37}:
        return size == 15
    if two in {36, 38, 39} or 3000 <= four <= 3059:
        return size == 14
    return two == 62 and 16 <= size <= 19


_DOUBLED = (0, 2, 4, 6, 8, 1, 3, 5, 7, 9)


def luhn(digits: str) -> bool:
    """Whether the last digit is the right check digit of the others."""
    backwards = [int(digit) for digit in reversed(digits)]
    return (sum(backwards[::2]) + sum(_DOUBLED[digit] for digit in backwards[1::2])) % 10 == 0


def national_ids(text: str) -> Iterator[int]:
    """Yield where national ids and account numbers of banks begin."""
    for found in _DNI.finditer(text):
        number = found[1] or f"{found[2]}{found[3]}{found[4]}"
        if spanish_letter(number) == found[5].upper() and _is_called(text, found, _DNI_WORD):
            yield found.start()
    for found in _NIE.finditer(text):
        number = str("XYZ".index(found[1])) + found[2]
        if spanish_letter(number) == found[3] and not _ANOTHER_NUMBER.search(_before(text, found.start())):
            yield found.start()
    yield from (found.start() for found in _CPF.finditer(text) if is_cpf("".join(filter(str.isdigit, found[0]))))
    yield from (found.start() for found in _SSN.finditer(text) if _is_called(text, found, _SSN_WORD))
    yield from (found.start() for found in _IBAN.finditer(text) if begins_with_iban(found[0]))


def spanish_letter(number: str) -> str:
    """Return the letter that a DNI number bears."""
    return "TRWAGMYFPDXBNJZSQVHLCKE"[int(number) % 23]


def is_cpf(digits: str) -> bool:
    """Whether both check digits of a CPF are right."""
    if len(set(digits)) == 1:
        return False
    for size in (9, 10):
        weighed = sum(int(digit) * (size + 1 - n) for n, digit in enumerate(digits[:size]))
        if weighed * 10 % 11 % 10 != int(digits[size]):
            return False
    return True


def begins_with_iban(text: str) -> bool:
    """Whether a text in capitals, digits and spaces begins with an IBAN, and with no longer number."""
    length = _IBAN_LENGTHS.get(text[:2], 0)
    plain = ""
    for n, one in enumerate(text, start=1):
        plain += one.strip()
        if len(plain) == length:
            behind = text[n : n + 1].isalnum()
            return not behind and int("".join(str(int(sign, 36)) for sign in plain[4:] + plain[:4])) % 97 == 1
    return False


def _before(text: str, at: int) -> str:
    return text[max(0, at - _NEAR) : at].lower()


def _is_called(text: str, found: re.Match[str], words: re.Pattern[str]) -> bool:
    """Whether one of these words stands shortly before, or right behind."""
    behind = text[found.end() : found.end() + _NEAR // 2].lower()
    return words.search(_before(text, found.start())) is not None or words.search(behind) is not None


DETECTORS = (
    Detector(
        Flag.CARD_NUMBER,
        r"[0-9]{13}|[0-9]{4}[ \u00a0-][0-9]{4}[ \u00a0-][0-9]{4}[ \u00a0-][0-9]"
        r"|[0-9]{4}[ \u00a0-][0-9]{6}[ \u00a0-][0-9]{4}",
        cards,
    ),
    Detector(
        Flag.NATIONAL_ID,
        r"[0-9]{8}-?[A-Za-z]|[0-9]{2}\.[0-9]{3}\.[0-9]{3}-?[A-Za-z]|[XYZ]-?[0-9]{7}-?[A-Z]"
        r"|[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}|[0-9]{3}[- ][0-9]{2}[- ][0-9]{4}"
        r"|[A-Z]{2}[0-9]{2}[ \u00a0]?[A-Z0-9]{4}[ \u00a0]?[A-Z0-9]{4}[ \u00a0]?[A-Z0-9]{3}",
        national_ids,
    ),
)
