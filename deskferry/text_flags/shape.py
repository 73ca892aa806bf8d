"""The text of a message as a whole: none, nothing but a quotation, cut off."""

from __future__ import annotations

import re

from deskferry.text_flags.flags import Flag

BODY_LIMITS = frozenset({65_535, 65_536})
"""Characters of a comment at Zendesk ("Ticket comments", limits) and of a note or ticket text at HubSpot."""
SUBJECT_LIMITS = frozenset({255})
"""Characters of a subject that many desks keep in a column of that width."""

_INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00ad"
_TAGS = re.compile(r"<[^<>]*>|&(?:nbsp|zwnj|#160|#8203|#xa0);", re.IGNORECASE)
_SHOWS = re.compile(r"<(?:img|video|audio|iframe|object|embed|svg)\b", re.IGNORECASE)
_LONGEST_EMPTY = 20_000
"""Of HTML that may be without a word: more is not looked at."""
_INTRODUCES = re.compile(
    r"\s*(?:(?:On|El|Le|Am|Em|Il|Op)\b[^\n]{4,300}(?:wrote|escribió|écrit|schrieb|escreveu|scritto|schreef)\s?:"
    r"|-{2,12} ?(?:Original Message|Mensaje original|Forwarded message|Mensaje reenviado|Ursprüngliche Nachricht"
    r"|Message d'origine) ?-{2,12})[ \t\r]*(?:\n|\Z)"
)
_QUOTED_LINES = re.compile(r"(?:[ \t\r]*(?:>[^\n]*)?(?:\n|\Z))*")


def is_blank(body_text: str | None, body_html: str | None) -> bool:
    """Whether a reader sees nothing: no word, no picture."""
    if body_text is not None and body_text.strip().strip(_INVISIBLE):
        return False
    if not body_html:
        return True
    if len(body_html) > _LONGEST_EMPTY or _SHOWS.search(body_html):
        return False
    return not _TAGS.sub(" ", body_html).strip().strip(_INVISIBLE)


def is_quoted_only(text: str) -> bool:
    """Whether a text only repeats an earlier one."""
    start = text[:400]
    introduced = _INTRODUCES.match(start)
    if introduced is not None and "-" in introduced[0][:16] and "wrote" not in introduced[0]:
        return True
    rest = text[introduced.end() :] if introduced is not None else text
    if not rest.lstrip().startswith(">"):
        return False
    return all(not line or line.startswith(">") for line in map(str.strip, rest.splitlines()))


def is_cut_off(text: str, limits: frozenset[int]) -> bool:
    """Whether a text is exactly as long as a vendor allows, in characters or in bytes of UTF-8."""
    size = len(text)
    if size in limits:
        return True
    return size * 4 > min(limits) and not text.isascii() and len(text.encode("utf-8", "replace")) in limits


def message_flags(body_text: str | None, body_html: str | None) -> tuple[Flag, ...]:
    """Return what is wrong with a message as a whole."""
    if is_blank(body_text, body_html):
        return (Flag.BLANK,)
    text = body_text or body_html or ""
    quoted = (Flag.QUOTED_ONLY,) if body_text and is_quoted_only(body_text) else ()
    return (*quoted, Flag.CUT_OFF) if is_cut_off(text, BODY_LIMITS) else quoted
