"""Markup where none belongs: HTML and its entities in plain text, and placeholders that nobody filled in.

Placeholders by vendor: `{{ticket.id}}` (Zendesk, Freshdesk, HubSpot, Intercom), `{%customer.firstName%}` (Help Scout),
`${Cases.Subject}` (Zoho Desk). Only their own words count: a customer may well ask about a template of another program.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from deskferry.text_flags.detector import Detector
from deskferry.text_flags.flags import Flag

_TAG = (
    r"</?(?i:p|div|br|span|table|tbody|t[rdh]|ul|ol|li|strong|em|b|i|u|a|h[1-6]|font|img|blockquote|html|body)"
    r"(?:\s[^<>]{0,2000})?/?>"
)
_ENTITY = r"&(?:nbsp|amp|lt|gt|quot|apos|#[0-9]{1,7}|#x[0-9a-fA-F]{1,6});"
_PLACEHOLDER = (
    r"\{\{\{?\s*(?:ticket|requester|current_user|agent|user|contact|customer|conversation|company|organization"
    r"|satisfaction|account|helpdesk_name|dc|first_name|last_name|owner)(?:\.[A-Za-z0-9_.\[\]]+)?\s*"
    r"(?:\|[^{}]{0,120})?\}\}"
    r"|\{%-?\s*(?:customer|mailbox|user|conversation|company)\.[A-Za-z0-9_]+[^{}]{0,80}%\}"
    r"|\$\{(?:Cases|Contacts|Accounts|Agents|Tickets|Departments|Users|Organization)\.[A-Za-z0-9_ .]{1,60}\}"
)
_TAGS_WITHOUT_MEANING = 2
"""So many tags are no mention of one: people write `<b>` when they speak of it."""


def _places(pattern: str) -> Callable[[str], Iterator[int]]:
    compiled = re.compile(pattern)

    def places(text: str) -> Iterator[int]:
        return (found.start() for found in compiled.finditer(text))

    return places


PLACEHOLDERS = Detector(Flag.TEMPLATE, _PLACEHOLDER, _places(_PLACEHOLDER))
IN_PLAIN = (
    Detector(Flag.HTML_IN_PLAIN, _TAG, _places(_TAG), least=_TAGS_WITHOUT_MEANING),
    Detector(Flag.ENTITY_IN_PLAIN, _ENTITY, _places(_ENTITY)),
)
