"""Whether a phone number can exist, by the lengths that the numbering plan of its country gives out.

The plans are those of Google's libphonenumber (package `phonenumbers`, of the extra `analysis`); without it only the
shape of ITU-T E.164 is looked at: a plus sign, then seven to fifteen digits that do not begin with 0.
"""

from __future__ import annotations

import importlib
import importlib.util
import re

_E164 = re.compile(r"[1-9]\d{6,14}")
_FEWEST = 3
_EXTENSION = re.compile(r"(?:;ext=|\s*(?:ext\.?|x|extension|anexo|int\.?)\s*)\d{1,7}$", re.IGNORECASE)
_FORMATTING = re.compile(r"[\s().\-/\u00a0\u2010-\u2015\u2060]+|\(0\)")


def can_exist(number: str, region: str = "") -> bool:
    """Whether a number can exist; a national one is judged by the plan of `region` (`ES`).

    Without a region a national one passes that has digits enough for a short number.
    """
    if sum(map(str.isdigit, number)) < _FEWEST:
        return False
    if not number.lstrip().startswith("+") and not region:
        return True
    if importlib.util.find_spec("phonenumbers") is None:
        return _has_shape(number)
    return _fits_plan(number, region)


def _has_shape(number: str) -> bool:
    if not number.lstrip().startswith("+"):
        return True
    digits = _FORMATTING.sub("", _EXTENSION.sub("", number.strip().removeprefix("+").replace("(0)", "")))
    return _E164.fullmatch(digits) is not None


def _fits_plan(number: str, region: str) -> bool:
    phonenumbers = importlib.import_module("phonenumbers")
    try:
        parsed = phonenumbers.parse(number, region or None)
    except phonenumbers.NumberParseException:
        return False
    reason = phonenumbers.is_possible_number_with_reason(parsed)
    return bool(reason == phonenumbers.ValidationResult.IS_POSSIBLE)
