"""Passwords that are told in a text, and keys that bear the mark of who issued them.

Marks: access keys of AWS and Google, tokens of GitHub, GitLab, Slack, Shopify, npm and SendGrid, live keys of Stripe,
JSON Web Tokens (RFC 7519), PEM private keys (RFC 7468).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from deskferry.text_flags.detector import Detector
from deskferry.text_flags.flags import Flag

_SECRET = re.compile(
    r"(?<![A-Za-z0-9_])(?:"
    r"A[KS]IA[0-9A-Z]{16}(?![A-Za-z0-9/+])"
    r"|AIza[A-Za-z0-9_-]{35}(?![A-Za-z0-9_-])"
    r"|gh[pousr]_[A-Za-z0-9]{36,255}|github_pat_[A-Za-z0-9_]{60,255}|glpat-[A-Za-z0-9_-]{20,255}"
    r"|xox[abeoprs]-\d{8,14}-[A-Za-z0-9-]{16,255}"
    r"|shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}"
    r"|npm_[A-Za-z0-9]{36}"
    r"|SG\.[A-Za-z0-9_-]{20,24}\.[A-Za-z0-9_-]{40,46}"
    r"|[sr]k_live_[A-Za-z0-9]{16,255}"
    r"|eyJ[A-Za-z0-9_-]{8,4000}\.eyJ[A-Za-z0-9_-]{8,8000}\.[A-Za-z0-9_-]{16,2000}"
    r")|-----BEGIN [A-Z ]{0,20}PRIVATE KEY-----"
)

_PASSWORD = re.compile(
    r"(?<![A-Za-z0-9_-])(?:(?P<sure>password|passwd|passcode|pwd|contrase[ñn]a)|pass|clave(?: de acceso)?)"
    r"[ \t]{0,3}(?:[:=]|(?P<is>(?:is|es)[ :]))"
    r"""[ \t]{0,3}["'`“]?(?P<value>[^\s"'`<>,;()“”]{4,64})""",
    re.IGNORECASE,
)
_NO_PASSWORD = re.compile(
    r"https?:|www\.|[{\[<$%(*•·#/\\]|\d{1,4}[-/.]\d{1,2}[-/.]\d{1,4}\b|(?:env|file|keyring):", re.IGNORECASE
)
_DIGIT, _LETTER = re.compile(r"\d"), re.compile(r"[^\W\d_]")
_SIGN, _MIXED = re.compile(r"\w[!@#$%^&*+?~]+\w|[!@#$%^&*]$"), re.compile(r"[a-z]\w*[A-Z]")


def secrets(text: str) -> Iterator[int]:
    """Yield where keys begin."""
    return (found.start() for found in _SECRET.finditer(text))


def passwords(text: str) -> Iterator[int]:
    """Yield where passwords are told."""
    for found in _PASSWORD.finditer(text):
        if is_plausible(found["value"], mixed=found["sure"] is None or found["is"] is not None):
            yield found.start()


def is_plausible(value: str, *, mixed: bool) -> bool:
    """Whether a word is one that people choose as a password and hardly write otherwise.

    After "password is" and after words of other meanings it must be `mixed`: letters, and a digit or sign among them.
    """
    word = value.rstrip(".!?:")
    if len(word) < 4 or _NO_PASSWORD.match(word) or len(set(word.lower())) < 3:
        return False
    has_sign = _SIGN.search(value.rstrip(".?:")) is not None
    if mixed:
        return _LETTER.search(word) is not None and (_DIGIT.search(word) is not None or has_sign)
    return _DIGIT.search(word) is not None or has_sign or _MIXED.search(word) is not None


DETECTORS = (
    Detector(
        Flag.PASSWORD,
        r"(?i:password|passwd|passcode|pwd|contrase[ñÑn]a|pass|clave|acceso)[ \t]{0,3}(?:[:=]|(?i:is|es)[ :])",
        passwords,
    ),
    Detector(
        Flag.SECRET,
        r"A[KS]IA[0-9A-Z]{16}|AIza[A-Za-z0-9_-]{8}|gh[pousr]_[A-Za-z0-9]{8}|github_pat_|glpat-|xox[abeoprs]-[0-9]"
        r"|shp(?:at|ca|pa|ss)_[0-9a-fA-F]|npm_[A-Za-z0-9]{8}|SG\.[A-Za-z0-9_-]{8}|[sr]k_live_"
        r"|eyJ[A-Za-z0-9_-]{8}|PRIVATE KEY-----",
        secrets,
    ),
)
