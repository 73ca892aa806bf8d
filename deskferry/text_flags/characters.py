"""Texts that were damaged on their way: decoded with the wrong table, characters lost, control characters.

Mojibake is UTF-8 that was read as Windows-1252, Latin-1 or Windows-1251: a letter like `Ã` or `â` before what no
language writes behind it. The letters alone are good Portuguese, French, Romanian, Vietnamese or Spanish.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from deskferry.text_flags.detector import Detector
from deskferry.text_flags.flags import Flag

_C1 = "\u0080-\u009f"
_CP1252 = "€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ"
_TRAIL = f"[{_C1}{_CP1252}\u00a0-\u00bf]"
"""What a byte from 0x80 to 0xBF is read as."""
_SURE_TRAIL = f"[{_C1}€‚ƒ„†‡ˆ‰Š‹ŒŽ˜™š›œžŸ¡-§©ª¬\u00ad®-¶¸-º¼-¿]"
"""Without what may stand behind a capital: quotation marks, dashes, dots, spaces, diaeresis."""
_CYRILLIC_TRAIL = "[\u0080-\u00bfЂЃ‚ѓ„…†‡€‰Љ‹ЊЌЋЏђ‘’“”•–—™љ›њќћџЎўЈҐЁЄЇІіґёєјЅѕї]"
_FREE = "(?<![A-ZÀ-Þ«‹“„‘ \u00a0\u202f])"
"""Neither a word in capitals nor a letter that stands alone."""

_UNDOUBTED = (
    f"Ã{_SURE_TRAIL}",  # Latin letters with accents
    "Â[¡-§©®¬°-´¶¿]",  # signs
    f"â€{_TRAIL}", "â‚¬", "â„¢", f"â[†œ˜ˆ]{_TRAIL}",  # quotation marks, dashes, euro, arrows
    f"ð[Ÿ\u009f]{_TRAIL}",  # emoji
    "[ÅÄ][\u0080-\u009f‚„›ˆ™‡†º¼¡¾±³½]",  # Central Europe
    f"(?:[ÐÑ]{_TRAIL}){{2}}",  # Cyrillic
    f"(?:[ØÙ]{_TRAIL}){{2}}",  # Arabic
    f"(?:ã[\u0081‚ƒ]{_TRAIL}){{2}}", f"(?:[å-éï]{_TRAIL}{_TRAIL}){{2}}",  # Japanese, Chinese
    f"(?:[РС]{_CYRILLIC_TRAIL}){{3}}",  # Cyrillic read as Windows-1251
)  # fmt: skip
_DOUBTED = (f"Ã{_TRAIL}", "Â[\u00a0«»·ªº]")
_MOJIBAKE = re.compile("|".join((*_UNDOUBTED, *(_FREE + one for one in _DOUBTED))))
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def mojibake(text: str) -> Iterator[int]:
    """Yield where characters were decoded with the wrong table."""
    return (found.start() for found in _MOJIBAKE.finditer(text))


def replacement_characters(text: str) -> Iterator[int]:
    """Yield where U+FFFD stands for what could not be decoded."""
    at = text.find("\ufffd")
    while at >= 0:
        yield at
        at = text.find("\ufffd", at + 1)


def control_characters(text: str) -> Iterator[int]:
    """Yield where control characters stand that no text needs."""
    return (found.start() for found in _CONTROL.finditer(text))


DETECTORS = (
    Detector(Flag.MOJIBAKE, "|".join((*_UNDOUBTED, *_DOUBTED)), mojibake),
    Detector(Flag.REPLACEMENT_CHARACTER, "\ufffd", replacement_characters),
    Detector(Flag.CONTROL_CHARACTER, r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", control_characters),
)
