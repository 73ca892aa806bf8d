"""The query language of lists: `(field:"words" AND modifiedAt:[a TO *])`, with NOT, OR and parentheses."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from deskferry.simulators.help_scout.errors import ApiError, wrong
from deskferry.simulators.help_scout.times import read_time

_TOKEN = re.compile(
    r"\s*(?:(?P<open>\()|(?P<close>\))|(?P<word>AND|OR|NOT)\b|"
    r"(?:(?P<field>[A-Za-z_]\w*)\s*:\s*)?"
    r"(?:\[\s*(?P<low>[^\s\]]+)\s+TO\s+(?P<high>[^\s\]]+)\s*\]|\"(?P<quoted>(?:[^\"\\]|\\.)*)\"|(?P<bare>[^\s()\"\[\]]+)))"
)
Doc = Mapping[str, Any]
Test = Callable[[Doc], bool]

# Names in a query, and what they are called in a document. No name stands for a search in all of a record.
CONVERSATION_FIELDS = {
    "id": "id",
    "number": "number",
    "subject": "subject",
    "status": "status",
    "tag": "tag",
    "mailboxid": "mailboxId",
    "email": "email",
    "customerids": "customerIds",
    "assigned": "assigned",
    "createdat": "createdAt",
    "modifiedat": "modifiedAt",
    "waitingsince": "waitingSince",
}
CUSTOMER_FIELDS = {
    "id": "id",
    "firstname": "firstName",
    "lastname": "lastName",
    "email": "emails",
    "createdat": "createdAt",
    "modifiedat": "modifiedAt",
    "updatedat": "modifiedAt",
}
_TIMES = frozenset(("createdAt", "modifiedAt", "waitingSince"))


@dataclass(slots=True)
class _Reader:
    text: str
    names: Mapping[str, str]
    upper_bounds: bool
    at: int = 0
    ahead: re.Match[str] | None = field(default=None)

    def next(self) -> re.Match[str] | None:
        """Return the next token without taking it."""
        if self.ahead is None and self.text[self.at :].strip():
            self.ahead = _TOKEN.match(self.text, self.at)
            if self.ahead is None:
                raise _unreadable(self.text)
        return self.ahead

    def take(self) -> re.Match[str]:
        """Take the next token."""
        token = self.next()
        if token is None:
            raise _unreadable(self.text)
        self.at, self.ahead = token.end(), None
        return token

    def is_word(self, word: str) -> bool:
        """Say whether the next token is a connective."""
        token = self.next()
        return token is not None and token["word"] == word


def _unreadable(text: str) -> ApiError:
    return wrong("query", "is not a valid query", "Query", rejectedValue=text)


def parse(text: str, names: Mapping[str, str], upper_bounds: bool) -> Test:
    """Return the test that a query is; raises the 400 of one that cannot be read.

    Without `upper_bounds` the end of a range is not applied: clients report that it is not to be relied on.
    """
    if text.strip() == "*":
        return lambda _doc: True
    reader = _Reader(text, names, upper_bounds)
    test = _either(reader)
    if reader.next() is not None:
        raise _unreadable(text)
    return test


def _either(reader: _Reader) -> Test:
    tests = [_both(reader)]
    while reader.is_word("OR"):
        reader.take()
        tests.append(_both(reader))
    return tests[0] if len(tests) == 1 else lambda doc: any(test(doc) for test in tests)


def _both(reader: _Reader) -> Test:
    tests = [_one(reader)]
    while True:
        token = reader.next()
        if token is None or token["close"] or token["word"] == "OR":
            break
        if token["word"] == "AND":
            reader.take()
        tests.append(_one(reader))
    return tests[0] if len(tests) == 1 else lambda doc: all(test(doc) for test in tests)


def _one(reader: _Reader) -> Test:
    token = reader.take()
    if token["word"] == "NOT":
        inner = _one(reader)
        return lambda doc: not inner(doc)
    if token["word"] or token["close"]:
        raise _unreadable(reader.text)
    if token["open"]:
        test = _either(reader)
        if not reader.take()["close"]:
            raise _unreadable(reader.text)
        return test
    return _condition(reader, token)


def _condition(reader: _Reader, token: re.Match[str]) -> Test:
    if not token["field"]:
        return _anywhere(token["quoted"] if token["quoted"] is not None else token["bare"])
    name = reader.names.get(token["field"].casefold())
    if name is None:
        raise _unreadable(reader.text)
    if token["low"]:
        return _range(reader, name, token["low"], token["high"])
    wanted = token["quoted"] if token["quoted"] is not None else token["bare"]
    return lambda doc: _matches(doc.get(name), wanted)


def _range(reader: _Reader, name: str, low: str, high: str) -> Test:
    for end in (low, high):
        if name in _TIMES and end != "*" and read_time(end) is None:
            raise _unreadable(reader.text)
    top = high if reader.upper_bounds else "*"

    def within(doc: Doc) -> bool:
        value = doc.get(name)
        if value in (None, ""):
            return False
        if isinstance(value, int):
            return (low == "*" or value >= int(low)) and (top == "*" or value <= int(top))
        return (low == "*" or str(value) >= low) and (top == "*" or str(value) <= top)

    return within


def _matches(value: Any, wanted: str) -> bool:
    if isinstance(value, list):
        return any(_matches(item, wanted) for item in value)
    if value is None:
        return False
    if isinstance(value, int):
        return str(value) == wanted
    return wanted.casefold() in str(value).casefold()


def _anywhere(wanted: str) -> Test:
    return lambda doc: any(_matches(value, wanted) for value in doc.values() if isinstance(value, str | list))
