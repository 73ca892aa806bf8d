"""Comments as requests bring them: who says what, when, with which files; and what is refused."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import Any, Final

from deskferry.simulators.zendesk import uploads
from deskferry.simulators.zendesk.errors import problem, record_invalid
from deskferry.simulators.zendesk.payloads import moment, whole
from deskferry.simulators.zendesk.state import Record, State
from deskferry.simulators.zendesk.ticket_edits import comment

KEYS: Final = frozenset({"body", "html_body", "public", "author_id", "uploads"})
IMPORT_KEYS: Final = KEYS | {"value", "created_at"}
_BREAKS: Final = re.compile(r"<br\s*/?>|</(?:p|div|li|tr|h[1-6]|blockquote)>", re.IGNORECASE)
_ELEMENTS: Final = re.compile(r"<[^>]+>")
_UNSAFE: Final = re.compile(r"<(script|style|iframe|object|embed)\b.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
_HANDLERS: Final = re.compile(r"\son\w+\s*=\s*(\"[^\"]*\"|'[^']*')", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Said:
    """One comment, checked and ready to be written."""

    author: int
    text: str
    markup: str | None
    public: bool
    at: int | None
    tokens: Any

    def event(self, state: State) -> Record:
        """Return the event of the comment; its uploads are spent now."""
        event = comment(self.author, self.text, self.public, self.markup)
        event["attachments"] = uploads.spend(state, self.tokens)
        return event


def read_comment(state: State, given: Any, author: int, public: bool, imports: bool = False) -> Said:
    """Return the comment of a request; the author and what is public unless it says so are given."""
    if isinstance(given, str):
        given = {"body": given}
    if not isinstance(given, dict):
        raise record_invalid(comment="Comment: is invalid")
    text, markup = _texts(state, given, imports)
    uploads.check(state, given.get("uploads"))
    writer = whole(given.get("author_id"), "author_id") or author
    check_author(state, writer)
    at = moment(given["created_at"], "created_at") if imports and given.get("created_at") else None
    if at is not None and not 0 <= at <= state.now():
        raise record_invalid(created_at="Created at: must be after 1970 and not in the future")
    said = given.get("public")
    visible = public if said is None else str(said).lower() not in ("false", "0")
    return Said(writer, text, markup, visible, at, given.get("uploads"))


def _texts(state: State, given: Record, imports: bool) -> tuple[str, str | None]:
    """Return the plain text and the markup of a comment; `html_body` wins over the others."""
    settings = state.written.settings
    markup = given.get("html_body")
    plain = given.get("body") or (given.get("value") if imports else None) or ""
    if markup:
        markup = _HANDLERS.sub("", _UNSAFE.sub("", str(markup)))
        plain = html.unescape(_ELEMENTS.sub("", _BREAKS.sub("\n", markup))).strip()
    text = str(plain).replace("\x00", "")
    blank = not text.strip() and not (markup and "<img" in markup)
    if blank and (settings.blank_comments_refused or not given.get("uploads")):
        raise record_invalid(base=problem("Comment: Body: cannot be blank", "BlankValue"))
    if max(len(text.encode()), len((markup or "").encode())) > settings.max_body:
        raise record_invalid(
            base=problem(f"Comment: Body: is too long (maximum is {settings.max_body} characters)", "TooLong")
        )
    return text, markup or None


def check_author(state: State, author: int) -> None:
    """Refuse an author whom the account does not have, or no longer has."""
    user = state.users.get(author)
    if user is None or not user["active"]:
        raise record_invalid(base=problem("Author: is invalid", "InvalidValue"))
